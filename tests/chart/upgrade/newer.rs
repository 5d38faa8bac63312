//! Definitions and objects of a version that is not there yet: what the API server has of it after an upgrade whose operator was rolled back, or
//! before the operator has followed its definitions.

use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use super::{KINDS, MANAGER, NAMESPACE, gateway, scope, start, world_with, writes};
use support::controlplane::root;
use support::line::{interface, peer};
use support::world::{API_VERSION, World, api, is};

const OBJECTS: [(&str, &str); 3] = [("VirtualGateway", "gw"), ("VirtualInterface", "vif"), ("Peer", "peer")];
/// A field that no version knows, in the spec and in the status.
const FIELD: &str = "laterField";
const LATER_VERSION: &str = "v1alpha2";

/// Applies the definitions with one more field in the spec and in the status of each kind, and with one more version.
fn install_newer(world: &World) {
    let folder = world.plane.dir().join("newer");
    std::fs::create_dir_all(&folder).unwrap();
    for entry in root().join("crds").read_dir().unwrap().flatten() {
        let mut definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(entry.path()).unwrap()).unwrap();
        let versions = definition["spec"]["versions"].as_array_mut().unwrap();
        for part in ["spec", "status"] {
            // A grant has no status.
            if let Some(part) = versions[0]["schema"]["openAPIV3Schema"]["properties"].get_mut(part) {
                part["properties"][FIELD] = json!({ "type": "string", "maxLength": 20 });
            }
        }
        let mut later = versions[0].clone();
        later["name"] = json!(LATER_VERSION);
        later["storage"] = json!(false);
        versions.push(later);
        std::fs::write(folder.join(entry.file_name()).with_extension("json"), definition.to_string()).unwrap();
    }
    let folder = folder.to_str().unwrap();
    world.plane.kubectl(&["apply", "--server-side", "-f", folder]);
    world.plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", folder]);
}

fn objects() -> impl Iterator<Item = (&'static str, &'static str)> {
    KINDS.into_iter().map(|kind| (kind, OBJECTS.iter().find(|(of, _)| *of == kind).map_or(NAMESPACE, |(_, name)| name)))
}

fn later(world: &World, kind: &str) -> Api<DynamicObject> {
    api(&world.client, scope(kind), &API_VERSION.replace("v1alpha1", LATER_VERSION), kind)
}

async fn get(world: &World, kind: &str, name: &str) -> Value {
    serde_json::to_value(api(&world.client, scope(kind), API_VERSION, kind).get(name).await.unwrap()).unwrap()
}

/// Writes the field into the spec, and into the status by this field manager, as the later version does it.
async fn write_field(world: &World, kind: &str, name: &str, manager: &str) {
    let spec = json!({ "spec": { FIELD: "asked for" } });
    later(world, kind).patch(name, &PatchParams::default(), &Patch::Merge(spec)).await.unwrap();
    let object = get(world, kind, name).await;
    let mut status = if manager == MANAGER { object["status"].clone() } else { json!({}) };
    status[FIELD] = json!("told");
    let status = json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": name }, "status": status });
    let all = api(&world.client, scope(kind), API_VERSION, kind);
    let written = all.patch_status(name, &PatchParams::apply(manager).force(), &Patch::Apply(status)).await.unwrap();
    assert_eq!(written.data["status"][FIELD], "told", "{kind}");
}

/// All are looked at, are Ready, and have the field in their specs.
async fn at_rest(world: &World, field: &Value) {
    for (kind, name) in OBJECTS {
        world.look(kind, name).await;
        world.wait_ready(kind, name).await;
    }
    world.account_in_force().await;
    for (kind, name) in objects() {
        let object = get(world, kind, name).await;
        assert!(is(&object, "Ready", "True"), "{object:#}");
        assert_eq!(&object["spec"][FIELD], field, "{kind} {name}");
    }
}

/// Another object comes up and goes; meanwhile nothing is written to those that are at rest.
async fn left_alone(world: &World, other: u8) {
    let written = || world.plane.writes_where(|object| OBJECTS.iter().any(|(_, name)| object["name"] == *name)).len();
    let before = written();
    let name = format!("other-{other}");
    world.apply(&gateway(&name, other)).await;
    world.wait_ready("VirtualGateway", &name).await;
    world.delete("VirtualGateway", &name).await;
    world.wait_gone("VirtualGateway", &name).await;
    assert_eq!(written(), before, "objects at rest were written to");
}

async fn ids(world: &World) -> Vec<Value> {
    let mut ids = Vec::new();
    for (kind, name) in OBJECTS {
        ids.push(world.wait_ready(kind, name).await["status"]["id"].clone());
    }
    ids
}

/// A change of each object reaches the cloud.
async fn change(world: &World, description: &str) {
    for (kind, name) in OBJECTS {
        world.patch(kind, name, json!({ "spec": { "description": description } })).await;
        world.wait_ready(kind, name).await;
    }
    let cloud = world.cloud.resources().await.to_string();
    assert_eq!(cloud.matches(&format!("\"description\":\"{description}\"")).count(), OBJECTS.len(), "{cloud}");
}

#[tokio::test]
async fn definitions_and_objects_that_are_newer_than_the_operator_are_served() {
    let world = world_with(&root().join("crds")).await;
    world.account(json!({ "accessKey": { "secretRef": { "namespace": NAMESPACE, "name": "credentials" } } })).await;
    let mut operator = start(&world, "before").await;
    for object in [gateway("gw", 1), interface("vif", "gw", 30), peer("peer", "vif")] {
        world.apply(&object).await;
    }
    let ids = ids(&world).await;
    let count_updates = async || writes(&world).await.iter().filter(|write| write.starts_with("Update")).count();

    // An upgrade whose definitions come first, and a field in the status that is of somebody else.
    install_newer(&world);
    for (kind, name) in objects() {
        write_field(&world, kind, name, "somebody-else").await;
    }
    at_rest(&world, &json!("asked for")).await;
    left_alone(&world, 5).await;
    for (kind, name) in objects() {
        assert_eq!(get(&world, kind, name).await["status"][FIELD], "told", "{kind}: what is of others stays");
    }

    // A rollback: the later operator has written statuses as the operator itself.
    assert!(operator.stop(), "{}", operator.tail());
    for (kind, name) in objects() {
        write_field(&world, kind, name, MANAGER).await;
    }
    let mut operator = start(&world, "rolled-back").await;
    at_rest(&world, &json!("asked for")).await;
    left_alone(&world, 6).await;
    assert_eq!(count_updates().await, 0, "a field that is not known is no change");
    change(&world, "with newer definitions").await;
    at_rest(&world, &json!("asked for")).await;

    // The definitions are rolled back, too, under an operator that runs; and one that begins anew.
    let updated = count_updates().await;
    world.plane.install_crds();
    at_rest(&world, &Value::Null).await;
    left_alone(&world, 7).await;
    assert!(operator.stop(), "{}", operator.tail());
    let _operator = start(&world, "after").await;
    at_rest(&world, &Value::Null).await;
    left_alone(&world, 8).await;
    assert_eq!(count_updates().await, updated);
    change(&world, "with the own definitions").await;
    assert_eq!(self::ids(&world).await, ids);
    world.finish().await;
}
