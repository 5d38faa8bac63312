//! What an earlier version left, objects with their statuses and resources in the cloud, is taken over by the present one without a single
//! write to the cloud. How they are recorded is told in `tests/fixtures/upgrade/README.md`.

mod newer;

use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::controlplane::{ControlPlane, root};
use support::eventually;
use support::operator::Operator;
use support::release::{chart, copy_without_definitions};
use support::simulator::{self, LINE_A};
use support::world::{API_VERSION, BOUND, World, api, condition, is, start_operator};

const NAMESPACE: &str = "upgrade";
/// Both versions must name the cluster alike: it is part of the owner's tag.
const CLUSTER: [&str; 2] = ["--cluster-id", "upgrade-test"];
/// Names the folder that is recorded into.
const RECORD: &str = "DC_OPERATOR_RECORD_UPGRADE";
const MANAGER: &str = "direct-connect-operator";
const ASKED: &str = "directconnect.huaweicloud.com/reconcile-at";
const PAUSED: &str = "directconnect.huaweicloud.com/paused";
const KINDS: [&str; 4] = ["CloudAccount", "VirtualGateway", "VirtualInterface", "Peer"];

/// A control plane of its own with these definitions, an empty cloud, the namespace and the Secret.
async fn world_with(crds: &Path) -> World {
    let plane = Arc::new(ControlPlane::start().await);
    plane.kubectl(&["apply", "--server-side", "-f", crds.to_str().unwrap()]);
    plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", crds.to_str().unwrap()]);
    let world = World::on(plane, NAMESPACE).await;
    let annotations = json!({ "directconnect.huaweicloud.com/account": NAMESPACE });
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE, "annotations": annotations } });
    world.try_apply(None, &namespace).await.unwrap();
    world.access_key_secret(simulator::SECRET_KEY).await;
    world
}

fn scope(kind: &str) -> Option<&'static str> {
    (kind != "CloudAccount").then_some(NAMESPACE)
}

async fn start(world: &World, name: &str) -> Operator {
    start_operator(&world.plane, name, &CLUSTER).await
}

fn gateway(name: &str, number: u8) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "VirtualGateway", "metadata": { "name": name },
        "spec": {
            "vpcId": format!("00000000-0000-4000-8000-0000000000{number:02}"),
            "localEpGroup": [format!("172.16.{number}.0/24")], "localEpGroupIpv6": [format!("fd00:{number}::/64")],
        },
    })
}

/// The fixture of the next version can be written: into a folder that is thrown away, or for good when [`RECORD`] is set.
#[tokio::test]
async fn the_present_version_can_be_recorded() {
    let crds = root().join("crds");
    let world = world_with(&crds).await;
    world.account(json!({ "accessKey": { "secretRef": { "namespace": NAMESPACE, "name": "credentials" } } })).await;
    let mut operator = start(&world, "recorded").await;
    let line = json!({
        "connectionId": LINE_A, "virtualGatewayRef": { "name": "gateway" }, "vlan": 30, "bandwidth": 50, "routeMode": "static",
        "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"], "tags": { "team": "network" },
    });
    let peer = json!({
        "virtualInterfaceRef": { "name": "line" }, "addressFamily": "ipv6", "routeMode": "static",
        "localGatewayIp": "fd00:aaaa::1/64", "remoteGatewayIp": "fd00:aaaa::2/64", "remoteEpGroup": ["fd00:bbbb::/64"],
    });
    world.apply(&gateway("gateway", 1)).await;
    for (kind, name, spec) in [("VirtualInterface", "line", line), ("Peer", "line-ipv6", peer)] {
        world.apply(&json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": name }, "spec": spec })).await;
        world.wait_ready(kind, name).await;
    }

    world.apply(&gateway("paused", 2)).await;
    world.wait_ready("VirtualGateway", "paused").await;
    world.patch("VirtualGateway", "paused", json!({ "metadata": { "annotations": { PAUSED: "true" } } })).await;
    world
        .wait("VirtualGateway", "paused", "paused", |object| condition(object, "Synced").is_some_and(|synced| synced["reason"] == "Paused"))
        .await;

    let mut drifted = gateway("drifted", 3);
    drifted["spec"]["policy"] = json!({ "drift": "Detect" });
    world.apply(&drifted).await;
    let id = world.wait_ready("VirtualGateway", "drifted").await["status"]["id"].as_str().unwrap().to_owned();
    world.cloud.patch(&id, json!({ "name": "renamed" })).await;
    world.patch("VirtualGateway", "drifted", json!({ "metadata": { "annotations": { ASKED: "recorded" } } })).await;
    world.wait_reason("VirtualGateway", "drifted", "Drifted").await;

    // The process dies after its intent, and never hears that the create arrived: while it looks for it, it is killed.
    world.cloud.fault(json!({ "operation": "ListVirtualGateways", "kind": "delay", "ms": 1500, "times": 100 })).await;
    world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "lose_answer" })).await;
    world.apply(&gateway("intended", 4)).await;
    eventually("the create arrived", BOUND, || async { (world.cloud.all("virtual_gateways").await.len() == 4).then_some(()) }).await;
    operator.kill();
    let intended = world.get("VirtualGateway", "intended").await;
    assert!(intended["status"]["intent"].is_object() && intended["status"]["id"].is_null(), "{intended:#}");

    let thrown_away = tempfile::tempdir().unwrap();
    let folder = match std::env::var(RECORD) {
        Ok(version) => root().join("tests/fixtures/upgrade").join(version),
        Err(_) => thrown_away.path().to_owned(),
    };
    write(&world, &crds, &folder).await;
    let written = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| std::fs::metadata(entry.path()).unwrap().len());
    assert!(
        written.fold(0, |files, length| files + u32::from(length > 0)) >= 4,
        "definitions, chart, objects, resources: {}",
        folder.display()
    );
}

async fn write(world: &World, crds: &Path, folder: &Path) {
    std::fs::create_dir_all(folder.join("crds")).unwrap();
    for entry in crds.read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), folder.join("crds").join(entry.file_name())).unwrap();
    }
    copy_without_definitions(&chart(), &folder.join("chart"));
    let mut objects = String::new();
    for kind in KINDS {
        for object in api(&world.client, scope(kind), API_VERSION, kind).list(&kube::api::ListParams::default()).await.unwrap() {
            let mut object = serde_json::to_value(object).unwrap();
            object["apiVersion"] = json!(API_VERSION);
            object["kind"] = json!(kind);
            object["metadata"].as_object_mut().unwrap().retain(|key, _| ["name", "annotations", "finalizers"].contains(&key.as_str()));
            // Another simulator listens elsewhere.
            object["spec"].as_object_mut().unwrap().remove("endpoints");
            objects.push_str("---\n");
            objects.push_str(&serde_saphyr::to_string(&object).unwrap());
        }
    }
    std::fs::write(folder.join("objects.yaml"), objects).unwrap();
    let mut cloud = world.cloud.resources().await;
    cloud.as_object_mut().unwrap().retain(|key, _| ["virtual_gateways", "virtual_interfaces"].contains(&key.as_str()));
    std::fs::write(folder.join("cloud.yaml"), serde_saphyr::to_string(&cloud).unwrap()).unwrap();
}

/// Puts the fixture's resources into the cloud as they were.
async fn restore_cloud(world: &World, fixture: &Path) {
    let cloud: Value = serde_saphyr::from_str(&std::fs::read_to_string(fixture.join("cloud.yaml")).unwrap()).unwrap();
    for (collection, kind) in [("virtual_gateways", "virtual_gateway"), ("virtual_interfaces", "virtual_interface")] {
        for resource in cloud[collection].as_array().unwrap() {
            world.cloud.create(kind, resource.clone()).await;
            // What the simulator makes up itself, among it the id of the first peer, is overwritten.
            world.cloud.patch(resource["id"].as_str().unwrap(), resource.clone()).await;
        }
        assert_eq!(&json!(world.cloud.all(collection).await), &cloud[collection], "{collection}: the cloud is as it was recorded");
    }
}

/// Creates the fixture's objects, and writes their statuses as the operator does.
async fn restore_objects(world: &World, objects: &[Value]) {
    for object in objects {
        let (kind, name) = (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        let mut spec = object["spec"].clone();
        if kind == "CloudAccount" {
            spec["endpoints"] = json!({ "dc": world.cloud.url(), "iam": world.cloud.url(), "insecure": true });
        }
        let created = json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": object["metadata"], "spec": spec });
        let status = json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": name }, "status": object["status"] });
        let api = api(&world.client, scope(kind), API_VERSION, kind);
        api.create(&PostParams::default(), &serde_json::from_value(created).unwrap()).await.unwrap();
        let written = api.patch_status(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&status)).await.unwrap();
        assert_eq!(written.data["status"], object["status"], "{kind} {name}: the status is as it was recorded");
    }
}

/// Writes to the cloud so far.
async fn writes(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    let writes = log.iter().filter(|entry| entry["method"] != "GET");
    writes.map(|entry| format!("{} {} {}", entry["operation"], entry["path"], entry["request_body"])).collect()
}

#[tokio::test]
async fn everything_is_taken_over_from_8f5ebcd() {
    taken_over(&root().join("tests/fixtures/upgrade/8f5ebcd")).await;
}

#[tokio::test]
async fn everything_is_taken_over_from_dd54d2c() {
    taken_over(&root().join("tests/fixtures/upgrade/dd54d2c")).await;
}

#[test]
fn every_fixture_has_its_test() {
    let source = include_str!("upgrade.rs");
    let folders: Vec<PathBuf> = root().join("tests/fixtures/upgrade").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    for folder in folders.iter().filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap().to_string_lossy();
        assert!(source.contains(&format!("\"tests/fixtures/upgrade/{name}\"")), "{name} has no test");
    }
}

async fn taken_over(fixture: &Path) {
    let world = world_with(&fixture.join("crds")).await;
    let objects: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(fixture.join("objects.yaml")).unwrap()).unwrap();
    let ids: Map<String, Value> =
        objects.iter().map(|object| (object["metadata"]["name"].as_str().unwrap().to_owned(), object["status"]["id"].clone())).collect();
    restore_cloud(&world, fixture).await;
    restore_objects(&world, &objects).await;

    // As docs/upgrade.md says: both kinds of grants have the same short name, and the new one is not served beside the old one.
    world.plane.kubectl(&["delete", "crd", "referencegrants.directconnect.huaweicloud.com", "--ignore-not-found", "--timeout=60s"]);
    world.plane.install_crds();
    let _operator = start(&world, "present").await;

    for (kind, name) in [("VirtualGateway", "gateway"), ("VirtualInterface", "line"), ("Peer", "line-ipv6")] {
        world.look(kind, name).await;
        let ready = world.wait_ready(kind, name).await;
        assert!(is(&ready, "Healthy", "True") && is(&ready, "Synced", "True"), "{ready:#}");
        assert_eq!(ready["status"]["id"], ids[name], "{name} keeps its id");
    }
    // An intent whose answer was never heard: its create had arrived, and is found by its tag.
    let intended = world.wait_ready("VirtualGateway", "intended").await;
    let arrived = world.cloud.all("virtual_gateways").await.into_iter().find(|gateway| gateway["name"] == "intended").unwrap();
    assert_eq!((&intended["status"]["id"], &intended["status"]["intent"], &ids["intended"]), (&arrived["id"], &Value::Null, &Value::Null));
    // A drift is still told, and told only.
    let drifted = world.look("VirtualGateway", "drifted").await;
    assert_eq!(drifted["status"]["drift"], json!([{ "path": "spec.name", "desired": "drifted", "observed": "renamed" }]), "{drifted:#}");
    // A paused object is left as it was but for the condition that says so.
    let paused = world.get("VirtualGateway", "paused").await;
    assert!(is(&paused, "Synced", "False") && paused["status"]["id"] == ids["paused"], "{paused:#}");
    let account = serde_json::to_value(api(&world.client, None, API_VERSION, "CloudAccount").get(NAMESPACE).await.unwrap()).unwrap();
    assert!(is(&account, "Ready", "True"), "{account:#}");
    let written = writes(&world).await;
    support::figure(&format!("upgrade: {} objects taken over with {} writes to the cloud", objects.len(), written.len()));
    assert_eq!(written, Vec::<String>::new(), "an upgrade writes nothing to the cloud");

    it_goes_on(&world, &ids).await;
}

/// What was taken over lives on like any other: it changes, and goes.
async fn it_goes_on(world: &World, ids: &Map<String, Value>) {
    world.patch("VirtualInterface", "line", json!({ "spec": { "bandwidth": 80 } })).await;
    let changed = world.wait_ready("VirtualInterface", "line").await;
    assert_eq!((&changed["status"]["id"], &world.cloud.all("virtual_interfaces").await[0]["bandwidth"]), (&ids["line"], &json!(80)));
    world.patch("VirtualGateway", "drifted", json!({ "spec": { "policy": { "drift": "Correct" } } })).await;
    world.wait_ready("VirtualGateway", "drifted").await;
    world.patch("VirtualGateway", "paused", json!({ "metadata": { "annotations": { PAUSED: null } } })).await;
    world.wait("VirtualGateway", "paused", "compared again", |object| is(object, "Synced", "True") && is(object, "Ready", "True")).await;
    let names: Vec<Value> = world.cloud.all("virtual_gateways").await.into_iter().map(|gateway| gateway["name"].clone()).collect();
    assert!(names.contains(&json!("drifted")) && !names.contains(&json!("renamed")), "{names:?}");
    let made = world.cloud.counters().await;
    assert!(made.as_object().unwrap().keys().all(|operation| !operation.starts_with("Create")), "{made}");
    world.finish().await;
}
