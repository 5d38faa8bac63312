//! Accounts and definitions that are there already, from the hook of an earlier version or from a release that is gone, and accounts whose
//! release goes.

use serde_json::{Value, json};
use std::sync::Arc;

use super::{account, account_with, field};
use support::controlplane::{ControlPlane, root};
use support::release::{Release, accounts_chart, chart, text};

/// Which creates an account by a hook. Its definitions are those of the control plane.
const WITH_HOOK: &str = "tests/fixtures/upgrade/dd54d2c/chart";
const SYSTEM: &str = "moves";
/// What would be of the whole cluster.
const ONCE: &str = "crds.enabled=false,protection.enabled=false,rbac.aggregateClusterRoles=false";

fn release(plane: &Arc<ControlPlane>, name: &'static str) -> Release {
    Release { plane: Arc::clone(plane), name, namespace: SYSTEM }
}

/// A release of the earlier chart, with an account of the same name.
fn with_hook(plane: &Arc<ControlPlane>, name: &'static str) -> Release {
    let release = release(plane, name);
    let values = json!({ "account": {
        "create": true, "name": name, "region": "eu-west-101", "credentials": account()["credentials"], "extraSpec": { "syncInterval": "10m" },
    } });
    let file = plane.dir().join(format!("hook-{name}.json"));
    std::fs::write(&file, values.to_string()).unwrap();
    let chart = root().join(WITH_HOOK);
    release.helm(&["install", name, text(&chart), "--create-namespace", "--set", ONCE, "-f", text(&file)]);
    assert_eq!(field(plane, name, ".metadata.annotations.helm\\.sh/hook"), "post-install,post-upgrade");
    release
}

/// Runs helm for the release of the accounts.
fn accounts(plane: &ControlPlane, command: &str, release: &str, account: &str, more: &[&str]) -> Result<String, String> {
    let values = plane.dir().join(format!("moved-{account}.json"));
    let spec = account_with(&json!({ "syncInterval": "10m" }));
    std::fs::write(&values, json!({ "accounts": { account: spec } }).to_string()).unwrap();
    let chart = accounts_chart();
    plane.run("helm", &[&[command, release, text(&chart), "-n", SYSTEM, "-f", text(&values)], more].concat())
}

/// The account is the same object, and changes by the values.
fn is_taken_over(plane: &ControlPlane, release: &str, account: &str, uid: &str) {
    let set = format!("accounts.{account}.syncInterval=12m");
    accounts(plane, "upgrade", release, account, &["--set", &set]).unwrap();
    let fields = [".metadata.uid", ".spec.syncInterval", ".metadata.annotations.helm\\.sh/resource-policy"];
    assert_eq!(fields.map(|path| field(plane, account, path)), [uid, "12m", "keep"]);
}

#[tokio::test]
async fn the_account_of_a_hook_outlives_the_upgrade_and_is_taken_over() {
    let plane = ControlPlane::shared().await;
    let operator = with_hook(&plane, "hooked");
    let uid = field(&plane, "hooked", ".metadata.uid");

    // The values as they were are refused with what to do.
    let chart = chart();
    let upgrade = ["upgrade", operator.name, text(&chart), "-n", SYSTEM, "--reset-then-reuse-values"];
    let refused = plane.run("helm", &upgrade).unwrap_err();
    for part in ["account.create was removed", "direct-connect-accounts", "docs/upgrade.md"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(std::fs::read_to_string(root().join("docs/upgrade.md")).unwrap().contains("CloudAccounts have their own chart"));
    operator.helm(&["upgrade", operator.name, text(&chart), "--reset-values", "--set", ONCE]);
    assert_eq!(field(&plane, "hooked", ".metadata.uid"), uid);

    let refused = accounts(&plane, "install", "hooked-accounts", "hooked", &[]).unwrap_err();
    assert!(refused.contains("invalid ownership metadata"), "{refused}");
    accounts(&plane, "install", "hooked-accounts", "hooked", &["--take-ownership"]).unwrap();
    assert_eq!(field(&plane, "hooked", ".metadata.annotations.helm\\.sh/hook"), "", "it is no hook any more");
    is_taken_over(&plane, "hooked-accounts", "hooked", &uid);
}

/// For Helm before 3.17, which has no `--take-ownership`.
#[tokio::test]
async fn an_account_is_taken_over_by_its_labels_and_annotations() {
    let plane = ControlPlane::shared().await;
    with_hook(&plane, "labelled");
    let uid = field(&plane, "labelled", ".metadata.uid");
    let [name, namespace] =
        [("name", "labelled-accounts"), ("namespace", SYSTEM)].map(|(of, value)| format!("meta.helm.sh/release-{of}={value}"));
    plane.kubectl(&["label", "cloudaccount", "labelled", "app.kubernetes.io/managed-by=Helm", "--overwrite"]);
    let annotate = ["annotate", "cloudaccount", "labelled", "--overwrite", &name, &namespace];
    plane.kubectl(&[&annotate[..], &["helm.sh/resource-policy=keep", "helm.sh/hook-", "helm.sh/hook-delete-policy-"]].concat());
    accounts(&plane, "install", "labelled-accounts", "labelled", &[]).unwrap();
    is_taken_over(&plane, "labelled-accounts", "labelled", &uid);
}

#[tokio::test]
async fn accounts_stay_when_their_release_goes_unless_the_values_say_otherwise() {
    let plane = ControlPlane::shared().await;
    let (kept, release) = (json!({ "accounts": { "kept-a": account(), "kept-b": account() } }), release(&plane, "keeper"));
    release.install(&accounts_chart(), &kept);
    let uids = || ["kept-a", "kept-b"].map(|name| field(&plane, name, ".metadata.uid"));
    let before = uids();
    assert!(before.iter().all(|uid| !uid.is_empty()), "{before:?}");
    release.upgrade(&accounts_chart(), &json!({ "accounts": { "kept-a": account() } }));
    release.helm(&["uninstall", release.name]);
    assert_eq!(uids(), before);

    // And it comes back to what it left.
    release.install(&accounts_chart(), &kept);
    assert_eq!(uids(), before);
    release.upgrade(&accounts_chart(), &with_keep(&kept, false));
    release.upgrade(&accounts_chart(), &with_keep(&json!({ "accounts": { "kept-a": account() } }), false));
    assert_eq!(uids(), [before[0].as_str(), ""], "removed from the values, it is deleted");
    release.helm(&["uninstall", release.name, "--wait"]);
    assert_eq!(uids(), ["", ""]);
}

fn with_keep(values: &Value, keep: bool) -> Value {
    let mut values = values.clone();
    values["keep"] = json!(keep);
    values
}

/// As docs/upgrade.md says.
#[tokio::test]
async fn definitions_that_outlived_a_release_or_came_by_kubectl_are_taken_over() {
    let plane = Arc::new(ControlPlane::start().await);
    // Of an earlier version, so that there is something to change.
    let earlier = root().join("tests/fixtures/upgrade/dd54d2c/crds");
    for definition in earlier.read_dir().unwrap().flatten().filter(|entry| !entry.file_name().to_string_lossy().contains("grants")) {
        plane.kubectl(&["apply", "--server-side", "-f", text(&definition.path())]);
    }
    let chart = chart();
    let install = |release: &str, flags: &[&str]| {
        let install = ["upgrade", "--install", release, text(&chart), "-n", SYSTEM, "--create-namespace"];
        plane.run("helm", &[&install[..], flags].concat())
    };
    let owner = || {
        let path = "jsonpath={.metadata.annotations.meta\\.helm\\.sh/release-name}";
        plane.kubectl(&["get", "crd", "cloudaccounts.directconnect.huaweicloud.com", "-o", path])
    };
    let refused = install("first", &[]).unwrap_err();
    assert!(refused.contains("invalid ownership metadata"), "{refused}");
    let refused = install("first", &["--take-ownership"]).unwrap_err();
    assert!(refused.contains("conflict with \"kubectl\""), "{refused}");
    install("first", &["--take-ownership", "--force-conflicts"]).unwrap();
    assert_eq!(owner(), "first");

    plane.run("helm", &["uninstall", "first", "-n", SYSTEM]).unwrap();
    assert!(install("second", &[]).unwrap_err().contains("invalid ownership metadata"));
    install("second", &["--take-ownership"]).unwrap();
    assert_eq!(owner(), "second");
    install("second", &["--set", "config.logLevel=debug"]).unwrap();
}
