//! Connections and what is provided on them: whose they are, and who may have how much of them.

use serde_json::{Value, json};
use support::line::{id, object, with};
use support::simulator::PARTNER;
use support::world::{World, condition, is};

const KIND: &str = "HostedConnection";

/// An operations connection of this world's own: one ID is one line, whichever cloud shows it.
async fn operations(world: &World, name: &str) -> String {
    let body = json!({ "name": name, "type": "hosting", "bandwidth": 100_000 });
    world.cloud.create("direct_connect", body).await["id"].as_str().unwrap().to_owned()
}

fn hosted(name: &str, hosting: &Value, vlan: u16, bandwidth: u32) -> Value {
    with(object(KIND, name, &json!({ "vlan": vlan, "bandwidth": bandwidth, "resourceTenantId": PARTNER })), hosting)
}

fn message(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

/// Writes to the cloud so far.
async fn writes(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    log.iter().filter(|entry| entry["method"] != "GET").map(|entry| entry["operation"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn another_namespaces_line_is_had_by_its_leave() {
    let world = World::new().await;
    let team = world.neighbour("team", json!({})).await;
    let line = operations(&world, "operations").await;
    world.apply(&object("Connection", "operations", &json!({ "import": { "id": line } }))).await;
    world.wait_ready("Connection", "operations").await;
    let reference = json!({ "hostingConnectionRef": { "name": "operations", "namespace": world.namespace } });
    team.apply(&hosted("hosted", &reference, 300, 50)).await;
    let waiting = team.wait_reason(KIND, "hosted", "WaitingForReference").await;
    let expected = json!([{ "kind": "Connection", "namespace": world.namespace, "name": "operations" }]);
    assert_eq!(waiting["status"]["waitingFor"], expected, "{waiting:#}");
    assert!(!waiting["status"].to_string().contains(&line), "{waiting:#}");
    assert_eq!(writes(&world).await, Vec::<String>::new());
    // A grant for others, or for another line, is none.
    let grant = |kind: &str, namespace: &str, name: &str| {
        let spec = json!({ "from": [{ "kind": kind, "namespace": namespace }], "to": [{ "kind": "Connection", "name": name }] });
        object("DirectConnectGrant", "grant", &spec)
    };
    for other in [
        grant("VirtualInterface", &team.namespace, "operations"),
        grant(KIND, "elsewhere", "operations"),
        grant(KIND, &team.namespace, "another"),
    ] {
        world.apply(&other).await;
        team.look(KIND, "hosted").await;
        team.wait_reason(KIND, "hosted", "WaitingForReference").await;
    }
    world.apply(&grant(KIND, &team.namespace, "operations")).await;
    let ready = team.wait_ready(KIND, "hosted").await;
    assert_eq!(ready["status"]["observed"]["hostingId"], json!(line));
    // What is there stays when the leave is taken away.
    world.delete("DirectConnectGrant", "grant").await;
    let ready = team.look(KIND, "hosted").await;
    assert!(is(&ready, "Ready", "True"), "{ready:#}");
    team.clear().await;
    assert_eq!(writes(&world).await, ["CreateHostedDirectConnect", "DeleteHostedDirectConnect"]);
    world.finish().await;
}

#[tokio::test]
async fn a_team_has_the_lines_vlans_and_bandwidth_that_are_granted_to_it() {
    let world = World::new().await;
    let team = world.neighbour("team", json!({ "tier": "gold" })).await;
    let (ours, theirs) = (operations(&world, "ours").await, operations(&world, "theirs").await);
    let namespaces = json!({ "selector": { "matchLabels": { "tier": "gold" } } });
    let grant = json!({ "namespaces": namespaces, "connectionIds": [ours], "vlans": ["100-199"], "maxBandwidth": 60 });
    world.account_with(&json!({ "grants": [grant] })).await;
    world.account_in_force().await;
    let on = |line: &str| json!({ "hostingId": line });
    let rows = [
        ("line", hosted("line", &on(&theirs), 100, 50), format!("spec.hostingId: {theirs} is not granted; allowed: {ours}")),
        ("vlan", hosted("vlan", &on(&ours), 200, 50), "spec.vlan: 200 is not granted; allowed: 100-199".to_owned()),
        ("bandwidth", hosted("bandwidth", &on(&ours), 100, 61), "spec.bandwidth: 61 is not granted; allowed: up to 60".to_owned()),
    ];
    for (name, object, told) in rows {
        team.apply(&object).await;
        let refused = team.wait_reason(KIND, name, "NotGranted").await;
        assert!(message(&refused).contains(&told), "{name}: {refused:#}");
    }
    // Neither is a line described that is another's: by its id, and by its name, which no grant names.
    let import = |import: Value| object("Connection", "line", &json!({ "import": import, "name": "theirs" }));
    for (asked, field) in [(json!({ "id": theirs }), "spec.import"), (json!({ "naturalKey": true }), "spec.name")] {
        team.apply(&import(asked)).await;
        let refused = team.wait_reason("Connection", "line", "NotGranted").await;
        assert!(message(&refused).contains(field) && refused["status"]["observed"].is_null(), "{refused:#}");
        team.delete("Connection", "line").await;
        team.wait_gone("Connection", "line").await;
    }
    assert_eq!(writes(&world).await, Vec::<String>::new());
    // What is granted comes up, by the id and by the name of an object.
    team.apply(&object("Connection", "line", &json!({ "import": { "id": ours } }))).await;
    team.wait_ready("Connection", "line").await;
    team.apply(&hosted("by-id", &on(&ours), 100, 60)).await;
    team.apply(&hosted("by-name", &json!({ "hostingConnectionRef": { "name": "line" } }), 101, 60)).await;
    let hosted = id(&team.wait_ready(KIND, "by-name").await);
    team.wait_ready(KIND, "by-id").await;
    // Narrowed, it goes on and is not changed.
    let narrowed = json!({ "namespaces": namespaces, "connectionIds": [theirs] });
    world.account_with(&json!({ "grants": [narrowed] })).await;
    world.account_in_force().await;
    team.patch(KIND, "by-name", json!({ "spec": { "bandwidth": 61 } })).await;
    let refused = team.wait_reason(KIND, "by-name", "NotGranted").await;
    assert!(message(&refused).contains(&format!("spec.hostingConnectionRef: {ours} is not granted")), "{refused:#}");
    assert_eq!(world.cloud.find(&hosted).await.unwrap()["bandwidth"], 60);
    team.clear().await;
    assert_eq!(world.cloud.find(&hosted).await, None);
    world.finish().await;
}

/// An import takes over what is there only within the grants, whatever the VLAN that the cloud shows.
#[tokio::test]
async fn a_hosted_connection_is_imported_within_the_grants() {
    let world = World::new().await;
    let line = operations(&world, "operations").await;
    let body = json!({ "name": "hosted", "type": "hosted", "hosting_id": line, "vlan": 200, "bandwidth": 50, "tenant_id": PARTNER });
    let cloud = world.cloud.create("direct_connect", body).await["id"].as_str().unwrap().to_owned();
    let grant =
        |vlans: &str| json!({ "grants": [{ "namespaces": { "names": [world.namespace] }, "connectionIds": [line], "vlans": [vlans] }] });
    world.account_with(&grant("100-199")).await;
    world.account_in_force().await;
    // The spec names a VLAN that is granted, and the one in the cloud is not.
    let import = json!({ "hostingId": line, "import": { "id": cloud } });
    world.apply(&hosted("hosted", &import, 100, 50)).await;
    let refused = world.wait_reason(KIND, "hosted", "NotGranted").await;
    assert!(message(&refused).contains("spec.import: 200 is not granted"), "{refused:#}");
    assert!(refused["status"]["observed"].is_null(), "{refused:#}");
    world.delete(KIND, "hosted").await;
    world.wait_gone(KIND, "hosted").await;
    world.account_with(&grant("200")).await;
    world.account_in_force().await;
    world.apply(&hosted("hosted", &import, 200, 50)).await;
    assert_eq!(id(&world.wait_ready(KIND, "hosted").await), cloud);
    world.finish().await;
}
