//! Somebody edits an account by hand, and then the releases are upgraded.

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

use super::{account_with, field};
use support::controlplane::ControlPlane;
use support::release::{Release, accounts_chart, chart, text};

const SYSTEM: &str = "system";
const SYNC: &str = ".spec.syncInterval";
const BURST: &str = ".spec.rateLimit.burst";

fn release(plane: &Arc<ControlPlane>, name: &'static str) -> Release {
    Release { plane: Arc::clone(plane), name, namespace: SYSTEM }
}

/// What `kubectl edit` does.
fn edit(plane: &ControlPlane, name: &str, spec: &Value) {
    let patch = json!({ "spec": spec }).to_string();
    plane.kubectl(&["patch", "cloudaccount", name, "--type=merge", "--field-manager=kubectl-edit", "-p", &patch]);
}

fn upgrade(release: &Release, account: &str, spec: &Value, flags: &[&str]) -> Result<String, String> {
    let values = release.plane.dir().join(format!("edited-{account}.json"));
    std::fs::write(&values, json!({ "accounts": { account: account_with(spec) } }).to_string()).unwrap();
    let chart = accounts_chart();
    let upgrade = ["upgrade", release.name, text(&chart), "-n", release.namespace, "--reset-values", "-f", text(&values)];
    release.plane.run("helm", &[&upgrade[..], flags].concat())
}

#[tokio::test]
async fn a_hand_edit_of_an_account_stops_no_upgrade_of_the_operator_and_never_leaves_one_half_done() {
    let plane = Arc::new(ControlPlane::start().await);
    let (operator, accounts) = (release(&plane, "operator"), release(&plane, "accounts"));
    operator.install(&chart(), &json!({}));
    plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "cloudaccounts.directconnect.huaweicloud.com"]);
    accounts.install(&accounts_chart(), &json!({ "accounts": { "default": account_with(&json!({ "syncInterval": "10m" })) } }));
    let deployment = || {
        let path = "jsonpath={.metadata.generation}";
        plane.kubectl(&["get", "deployment", "operator-direct-connect-operator", "-n", SYSTEM, "-o", path])
    };
    edit(&plane, "default", &json!({ "syncInterval": "7m" }));

    operator.upgrade(&chart(), &json!({ "config": { "logLevel": "debug" } }));
    assert_eq!((deployment().as_str(), field(&plane, "default", SYNC).as_str()), ("2", "7m"));

    // The edited field is told, with who edited it, and nothing is changed.
    let wanted = json!({ "syncInterval": "10m", "rateLimit": { "burst": 50 } });
    let refused = upgrade(&accounts, "default", &wanted, &[]).unwrap_err();
    let page = std::fs::read_to_string(accounts_chart().join("README.md")).unwrap();
    let told = page.split("```\n").find(|block| block.starts_with("conflict occurred")).unwrap().trim().replace('\n', " ");
    assert!(refused.contains(&told), "{refused}");
    assert_eq!((field(&plane, "default", SYNC).as_str(), field(&plane, "default", BURST).as_str()), ("7m", ""));
    assert_eq!(deployment(), "2");

    upgrade(&accounts, "default", &wanted, &["--force-conflicts"]).unwrap();
    assert_eq!((field(&plane, "default", SYNC).as_str(), field(&plane, "default", BURST).as_str()), ("10m", "50"));
    assert_eq!(deployment(), "2");
}

/// A control plane that others use too, a release of one account there, and its name.
async fn installed(name: &'static str, spec: &Value) -> (Arc<ControlPlane>, Release) {
    let plane = ControlPlane::shared().await;
    let release = release(&plane, name);
    release.install(&accounts_chart(), &json!({ "accounts": { name: account_with(spec) } }));
    (plane, release)
}

#[tokio::test]
async fn an_edit_that_the_values_follow_or_do_not_name_is_no_conflict() {
    let (plane, release) = installed("followed", &json!({ "syncInterval": "10m" })).await;
    edit(&plane, "followed", &json!({ "syncInterval": "7m", "defaults": { "tags": { "team": "network" } } }));
    upgrade(&release, "followed", &json!({ "syncInterval": "7m", "rateLimit": { "burst": 50 } }), &[]).unwrap();
    let fields = [SYNC, BURST, ".spec.defaults.tags.team"].map(|path| field(&plane, "followed", path));
    assert_eq!(fields, ["7m", "50", "network"]);
}

/// Helm 3, and Helm 4 for a release of Helm 3, apply on the client's side: what the values change wins, other edits stay.
#[tokio::test]
async fn without_server_side_apply_only_what_the_values_change_is_overwritten() {
    let (plane, release) = installed("client-side", &json!({ "syncInterval": "10m" })).await;
    edit(&plane, "client-side", &json!({ "syncInterval": "7m" }));
    let client_side = ["--server-side=false"];
    upgrade(&release, "client-side", &json!({ "syncInterval": "10m", "rateLimit": { "burst": 50 } }), &client_side).unwrap();
    assert_eq!([SYNC, BURST].map(|path| field(&plane, "client-side", path)), ["7m", "50"]);
    upgrade(&release, "client-side", &json!({ "syncInterval": "12m", "rateLimit": { "burst": 50 } }), &client_side).unwrap();
    assert_eq!(field(&plane, "client-side", SYNC), "12m");
}

/// Argo CD renders the chart, and applies the objects itself.
#[tokio::test]
async fn what_another_tool_applies_survives_a_hand_edit() {
    let plane = ControlPlane::shared().await;
    let values = plane.dir().join("rendered-values.json");
    let manifest = plane.dir().join("rendered.yaml");
    let render = |sync: &str| {
        let all = json!({ "accounts": { "rendered": account_with(&json!({ "syncInterval": sync })) } });
        std::fs::write(&values, all.to_string()).unwrap();
        let yaml = plane.run("helm", &["template", "rendered", text(&accounts_chart()), "-n", SYSTEM, "-f", text(&values)]).unwrap();
        assert!(!yaml.contains("helm.sh/hook"), "{yaml}");
        std::fs::write(&manifest, yaml).unwrap();
    };
    let apply = |how: &[&str]| plane.kubectl(&[&["apply", "-f", text(Path::new(&manifest))], how].concat());
    let server_side = ["--server-side", "--force-conflicts", "--field-manager=argocd-controller"];
    for (way, sync) in [(&[][..], "10m"), (&[], "11m"), (&server_side, "12m"), (&server_side, "13m")] {
        render(sync);
        apply(way);
        assert_eq!(field(&plane, "rendered", SYNC), sync);
        edit(&plane, "rendered", &json!({ "syncInterval": "7m" }));
    }
}
