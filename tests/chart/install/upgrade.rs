//! From the previous version of the chart to this one, back, and away: nothing is written to the cloud, and no object is lost.
//!
//! The previous chart lies with the other things that this version left, `tests/fixtures/upgrade/README.md`. Its operator is no more: the present one
//! runs with the earlier chart's arguments and rights. How it takes over what an earlier operator left is shown by `tests/chart/upgrade.rs`.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use super::{LINES, accounts, accounts_release, values, world};
use support::controlplane::root;
use support::line::{gateway, interface, peer};
use support::operator::Operator;
use support::release::{self, Release, accounts_chart, chart, copy_without_definitions, text};
use support::world::{BOUND, World};
use support::{eventually, figure};

const PREVIOUS: &str = "tests/fixtures/upgrade/dd54d2c";
const KINDS: [(&str, &str); 3] = [("VirtualGateway", "gw"), ("VirtualInterface", "vif"), ("Peer", "peer")];
/// Of the previous version.
const DEFINITIONS: usize = 5;

#[tokio::test]
async fn an_upgrade_a_rollback_and_an_uninstallation_write_nothing_to_the_cloud_and_lose_no_object() {
    let (world, release) = world().await;
    let previous = previous_chart(world.plane.dir());
    release.install(&previous, &previous_values(&world));
    bring_new_kinds(&world, &release);
    assert!(!definitions_are_those_of(&world, &root().join("crds")), "an upgrade of equal definitions would show nothing");
    let old = release.start("old").await;
    come_up(&world).await;
    let (identities, written) = (identities(&world).await, writes(&world).await);

    let account = account(&world);
    release.upgrade(&chart(), &values());
    take_account_over(&world, &release);
    assert_eq!(self::account(&world), account, "the account is still the same");
    assert!(definitions_are_those_of(&world, &root().join("crds")), "the upgrade reaches the definitions");
    let new = hand_over(&release, old, "new").await;
    at_rest(&world, &identities, written).await;

    release.helm(&["rollback", release.name, "1"]);
    assert!(definitions_are_those_of(&world, &root().join(PREVIOUS).join("crds")), "the rollback reaches the definitions");
    let mut again = hand_over(&release, new, "again").await;
    at_rest(&world, &identities, written).await;

    let manifest = release.helm(&["get", "manifest", release.name]);
    release.helm(&["uninstall", release.name]);
    assert!(again.stop(), "it ends by itself\n{}", again.tail());
    only_definitions_stay(&world, &release, &manifest);
    assert_eq!(self::account(&world), account);
    assert_eq!(self::identities(&world).await, identities, "an uninstallation leaves the objects");
    assert_eq!(writes(&world).await, written, "and the cloud");

    // What was left is taken up again, and goes like any other.
    release.install(&chart(), &values());
    let _operator = release.start("last").await;
    at_rest(&world, &identities, written).await;
    figure(&format!("chart: install, upgrade, rollback, uninstall, install: {written} writes to the cloud at first, none later"));
    world.clear().await;
    assert!(world.cloud.is_empty().await, "left in the cloud: {}", world.cloud.resources().await);
}

/// That chart makes an account itself.
fn previous_values(world: &World) -> Value {
    let (mut values, mut spec) = (values(), accounts(world)["accounts"]["default"].clone());
    let mut account = json!({ "create": true, "extraSpec": {} });
    for field in ["region", "credentials", "endpoints"] {
        account[field] = spec.as_object_mut().unwrap().remove(field).unwrap();
    }
    account["extraSpec"] = spec;
    values["account"] = account;
    values
}

/// The uid and the spec of the account.
fn account(world: &World) -> (Value, Value) {
    let account = world.plane.kubectl(&["get", "cloudaccount", "default", "-o", "json"]);
    let account: Value = serde_json::from_str(&account).unwrap();
    (account["metadata"]["uid"].clone(), account["spec"].clone())
}

/// As docs/upgrade.md says.
fn take_account_over(world: &World, release: &Release) {
    let (accounts_release, values) = (accounts_release(release), world.plane.dir().join("accounts.json"));
    std::fs::write(&values, accounts(world).to_string()).unwrap();
    accounts_release.helm(&["install", accounts_release.name, text(&accounts_chart()), "--take-ownership", "-f", text(&values)]);
}

/// The recorded chart with the definitions of its version, which are kept once.
fn previous_chart(dir: &Path) -> PathBuf {
    let (recorded, chart) = (root().join(PREVIOUS), dir.join("previous-chart"));
    copy_without_definitions(&recorded.join("chart"), &chart);
    copy_without_definitions(&recorded.join("crds"), &chart.join(release::DEFINITIONS));
    chart
}

/// Whether the API server's definitions are those of this folder.
fn definitions_are_those_of(world: &World, folder: &Path) -> bool {
    let files = folder.read_dir().unwrap().flatten().map(|entry| std::fs::read_to_string(entry.path()).unwrap());
    let wanted: Vec<Value> = files.map(|text| serde_saphyr::from_str(&text).unwrap()).collect();
    assert!(wanted.len() >= DEFINITIONS);
    wanted.iter().all(|wanted| {
        let name = wanted["metadata"]["name"].as_str().unwrap();
        let there: Value = serde_json::from_str(&world.plane.kubectl(&["get", "crd", name, "-o", "json"])).unwrap();
        there["spec"]["versions"][0]["schema"] == wanted["spec"]["versions"][0]["schema"]
    })
}

/// What docs/upgrade.md asks for between the two versions: the kind of grants has got another name, and the same short name. The earlier operator
/// would do without the new kinds; the present one, which runs in its place, is given them at once, as parts of the release, with the rights on them.
fn bring_new_kinds(world: &World, release: &Release) {
    let old = "referencegrants.directconnect.huaweicloud.com";
    world.plane.kubectl(&["annotate", "crd", old, "directconnect.huaweicloud.com/protected=false"]);
    world.plane.kubectl(&["delete", "crd", old, "--timeout=60s"]);
    let [name, namespace] =
        [("name", release.name), ("namespace", release.namespace)].map(|(of, value)| format!("meta.helm.sh/release-{of}={value}"));
    let before = root().join(PREVIOUS).join("crds");
    let mut resources = Vec::new();
    for definition in root().join("crds").read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if before.join(definition.file_name().unwrap()).exists() {
            continue;
        }
        let (_, plural) = definition.file_stem().unwrap().to_str().unwrap().split_once('_').unwrap();
        let crd = format!("{plural}.directconnect.huaweicloud.com");
        world.plane.kubectl(&["apply", "--server-side", "-f", text(&definition)]);
        world.plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", &crd]);
        world.plane.kubectl(&["label", "crd", &crd, "app.kubernetes.io/managed-by=Helm"]);
        world.plane.kubectl(&["annotate", "crd", &crd, &name, &namespace]);
        resources.extend([crd.clone(), format!("{crd}/status")]);
    }
    assert!(resources.len() >= 2, "there are new kinds");
    let group = format!("--group=system:serviceaccounts:{}", release.namespace);
    let resources = format!("--resource={}", resources.join(","));
    world.plane.kubectl(&["create", "clusterrole", "new-kinds", "--verb=get,list,watch,patch", &resources]);
    world.plane.kubectl(&["create", "clusterrolebinding", "new-kinds", "--clusterrole=new-kinds", &group]);
}

async fn come_up(world: &World) {
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": LINES } });
    world.try_apply(None, &namespace).await.unwrap();
    for object in [gateway("gw", 1), interface("vif", "gw", 30), peer("peer", "vif")] {
        world.apply(&object).await;
    }
    for (kind, name) in KINDS {
        world.wait_ready(kind, name).await;
    }
}

/// The uid and the cloud's id of each object.
async fn identities(world: &World) -> Vec<(Value, Value)> {
    let mut all = Vec::new();
    for (kind, name) in KINDS {
        let object = world.get(kind, name).await;
        assert!(object["status"]["id"].is_string(), "{object:#}");
        all.push((object["metadata"]["uid"].clone(), object["status"]["id"].clone()));
    }
    all
}

/// Writes to the cloud so far.
async fn writes(world: &World) -> usize {
    world.cloud.log().await.iter().filter(|entry| entry["method"] != "GET").count()
}

/// As a Deployment does it: the next pod stands by before the last one is told to end.
async fn hand_over(release: &Release, mut last: Operator, name: &str) -> Operator {
    let next = release.start(name).await;
    assert!(last.stop(), "it ends by itself\n{}", last.tail());
    eventually(&format!("it leads\n{}", next.tail()), BOUND, || async { (!next.readiness().await?.contains("standby")).then_some(()) })
        .await;
    next
}

/// All objects have been looked at anew, and all is as it was.
async fn at_rest(world: &World, identities: &[(Value, Value)], written: usize) {
    for (kind, name) in KINDS {
        world.look(kind, name).await;
        world.wait_ready(kind, name).await;
    }
    assert_eq!(self::identities(world).await, identities);
    assert_eq!(writes(world).await, written, "something was written to the cloud");
}

/// Of all that the release held, the definitions are there and nothing else.
fn only_definitions_stay(world: &World, release: &Release, manifest: &str) {
    let objects: Vec<Value> = serde_saphyr::from_multiple(manifest).unwrap();
    let mut definitions = 0;
    for object in objects.iter().filter(|object| object.is_object()) {
        let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        let group = object["apiVersion"].as_str().unwrap().split_once('/').map_or("", |(group, _)| group);
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or(release.namespace);
        let resource = format!("{kind}.{group}");
        let there =
            world.plane.kubectl(&["get", resource.trim_end_matches('.'), name, "-n", namespace, "--ignore-not-found", "-o", "name"]);
        let stays = kind == "CustomResourceDefinition";
        assert_eq!(!there.is_empty(), stays, "{kind} {name} after `helm uninstall`: {there:?}");
        definitions += usize::from(stays);
    }
    assert_eq!(definitions, DEFINITIONS);
}
