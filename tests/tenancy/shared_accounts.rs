//! What one tenant can do with an account that others use, too, and the ways around it that are closed: raw ids, import, the account's
//! annotation, references to other namespaces, the natural key of another team.

use serde_json::{Value, json};
use support::line::{self, gateway, vpc, with};
use support::simulator::{LINE_A, LINE_B};
use support::world::{API_VERSION, KINDS, World, api, condition, is};

/// An interface that leads to `gateway`, as these fields of its spec say.
fn interface(name: &str, vlan: u16, gateway: &Value) -> Value {
    with(with(line::interface(name, "", vlan), &json!({ "virtualGatewayRef": null })), gateway)
}

/// A peer of `interface`, as these fields of its spec say.
fn peer(name: &str, interface: &Value) -> Value {
    with(with(line::peer(name, ""), &json!({ "virtualInterfaceRef": null })), interface)
}

fn by_name(field: &str, name: &str, namespace: Option<&str>) -> Value {
    let mut reference = json!({ "name": name });
    if let Some(namespace) = namespace {
        reference["namespace"] = json!(namespace);
    }
    json!({ field: reference })
}

fn message(object: &Value) -> &str {
    condition(object, "Ready").unwrap()["message"].as_str().unwrap()
}

/// Nothing that an object or an event of this namespace says names what another one holds.
async fn tells_nothing_of(world: &World, words: &[&str]) {
    for kind in KINDS {
        for object in world.api(kind).list(&kube::api::ListParams::default()).await.unwrap() {
            let status = object.data["status"].to_string();
            for word in words {
                assert!(!status.contains(word), "{kind} {:?} tells of {word}: {status}", object.metadata.name);
            }
        }
    }
    let events =
        api(&world.client, Some(&world.namespace), "events.k8s.io/v1", "Event").list(&kube::api::ListParams::default()).await.unwrap();
    for event in events {
        let note = event.data["note"].to_string();
        for word in words {
            assert!(!note.contains(word), "an event tells of {word}: {note}");
        }
    }
}

/// What is no longer granted of an interface is not granted to its peers either.
#[tokio::test]
async fn a_narrowed_grant_stops_what_hangs_on_it_too() {
    let world = World::new().await;
    let grant = |line: &str| json!({ "grants": [{ "namespaces": { "names": [world.namespace] }, "connectionIds": [line] }] });
    world.account_with(&grant(LINE_A)).await;
    world.account_in_force().await;
    world.apply(&gateway("gw", 1)).await;
    world.apply(&interface("vif", 100, &by_name("virtualGatewayRef", "gw", None))).await;
    world.apply(&line::peer("peer", "vif")).await;
    world.wait_ready("Peer", "peer").await;
    let writes = world.cloud.count("UpdateVifPeer").await;
    world.account_with(&grant(LINE_B)).await;
    world.account_in_force().await;
    world.patch("Peer", "peer", json!({ "spec": { "remoteEpGroup": ["fd00:cccc::/64"] } })).await;
    let refused = world.wait_reason("Peer", "peer", "NotGranted").await;
    assert!(message(&refused).contains("spec.virtualInterfaceRef: "), "{refused:#}");
    world.wait_reason("VirtualInterface", "vif", "NotGranted").await;
    assert_eq!(world.cloud.count("UpdateVifPeer").await, writes);
    world.account_with(&grant(LINE_A)).await;
    world.wait_ready("Peer", "peer").await;
    assert_eq!(world.cloud.count("UpdateVifPeer").await, writes + 1);
    world.finish().await;
}

/// Two teams share an account; each has what is granted to it, and nothing reaches the cloud of what is not.
#[tokio::test]
async fn a_grant_is_asked_before_the_cloud_is() {
    let world = World::new().await;
    let team = world.neighbour("team", json!({ "tier": "gold" })).await;
    let grant = |bandwidth: i32| {
        json!({ "grants": [{
            "namespaces": { "selector": { "matchLabels": { "tier": "gold" } } },
            "connectionIds": [LINE_A], "vpcIds": [vpc(1)], "vlans": ["100-199"], "maxBandwidth": bandwidth, "import": "Deny",
        }] })
    };
    world.account_with(&grant(60)).await;
    world.account_in_force().await;
    let before = world.cloud.log().await.len();

    // A namespace that no grant names.
    world.apply(&gateway("gw", 2)).await;
    let refused = world.wait_reason("VirtualGateway", "gw", "NotGranted").await;
    assert!(message(&refused).contains("no grant in spec.grants selects this namespace"), "{refused:#}");
    // Field, value and what is allowed.
    team.apply(&gateway("other-vpc", 2)).await;
    let refused = team.wait_reason("VirtualGateway", "other-vpc", "NotGranted").await;
    assert!(message(&refused).contains(&format!("spec.vpcId: {} is not granted; allowed: {}", vpc(2), vpc(1))), "{refused:#}");
    assert!(is(&refused, "Stalled", "True"), "{refused:#}");
    let mut imported = gateway("imported", 1);
    imported["spec"]["import"] = json!({ "naturalKey": true });
    team.apply(&imported).await;
    assert!(message(&team.wait_reason("VirtualGateway", "imported", "NotGranted").await).contains("spec.import"));
    let rows = [
        ("vlan", interface("vlan", 200, &by_name("virtualGatewayRef", "gw", None)), "spec.vlan: 200 is not granted; allowed: 100-199"),
        (
            "bandwidth",
            interface("bandwidth", 100, &by_name("virtualGatewayRef", "gw", None)),
            "spec.bandwidth: 80 is not granted; allowed: up to 60",
        ),
        ("line", interface("line", 100, &by_name("virtualGatewayRef", "gw", None)), "spec.connectionId"),
    ];
    for (name, mut object, told) in rows {
        match name {
            "bandwidth" => object["spec"]["bandwidth"] = json!(80),
            "line" => object["spec"]["connectionId"] = json!(LINE_B),
            _ => {}
        }
        team.apply(&object).await;
        let refused = team.wait_reason("VirtualInterface", name, "NotGranted").await;
        assert!(message(&refused).contains(told), "{name}: {refused:#}");
    }
    let calls: Vec<String> =
        world.cloud.log().await[before..].iter().map(|entry| entry["operation"].as_str().unwrap().to_owned()).collect();
    assert!(calls.iter().all(|call| !call.contains("Virtual")), "the cloud was asked before the grant was: {calls:?}");
    team.apply(&peer("unseen", &json!({ "virtualInterfaceId": vpc(77) }))).await;
    let refused = team.wait_reason("Peer", "unseen", "NotGranted").await;
    assert!(message(&refused).contains("spec.virtualInterfaceId: "), "an interface that does not exist has no VLAN to grant: {refused:#}");
    team.delete("Peer", "unseen").await;

    // What is granted comes up.
    team.delete("VirtualGateway", "imported").await;
    team.wait_gone("VirtualGateway", "imported").await;
    team.apply(&gateway("gw", 1)).await;
    team.apply(&interface("vif", 100, &by_name("virtualGatewayRef", "gw", None))).await;
    team.wait_ready("VirtualInterface", "vif").await;

    // Narrowed: further changes stop, nothing is deleted; widened: they are carried out at once.
    let writes = world.cloud.count("UpdateVirtualInterface").await;
    world.account_with(&grant(40)).await;
    let narrowed = team.wait_reason("VirtualInterface", "vif", "NotGranted").await;
    assert!(message(&narrowed).contains("50 is not granted; allowed: up to 40"), "{narrowed:#}");
    assert!(narrowed["status"]["id"].is_string() && narrowed["status"]["observed"]["bandwidth"] == 50, "{narrowed:#}");
    team.patch("VirtualInterface", "vif", json!({ "spec": { "description": "changed" } })).await;
    team.wait_reason("VirtualInterface", "vif", "NotGranted").await;
    assert_eq!(world.cloud.count("UpdateVirtualInterface").await, writes);
    assert_eq!(world.cloud.all("virtual_interfaces").await.len(), 1);
    world.account_with(&grant(60)).await;
    team.wait_ready("VirtualInterface", "vif").await;
    assert_eq!(world.cloud.all("virtual_interfaces").await[0]["description"], "changed");

    // What goes may go, whatever is granted.
    world.account_with(&json!({ "grants": [] , "allowedNamespaces": { "names": [] } })).await;
    tells_nothing_of(&team, &["credentials", &format!("{}/", world.namespace)]).await;
    team.clear().await;
    tells_nothing_of(&team, &["credentials", &format!("{}/", world.namespace)]).await;
    world.finish().await;
}

/// By name an interface needs the other namespace's leave; by the gateway's id, too.
#[tokio::test]
async fn another_namespaces_gateway_needs_its_leave_by_name_and_by_id() {
    let owner = World::new().await;
    let team = owner.neighbour("team", json!({})).await;
    owner.apply(&gateway("shared-by-us", 10)).await;
    let id = owner.wait_ready("VirtualGateway", "shared-by-us").await["status"]["id"].as_str().unwrap().to_owned();
    team.apply(&interface("by-name", 110, &by_name("virtualGatewayRef", "shared-by-us", Some(&owner.namespace)))).await;
    let waiting = team.wait_reason("VirtualInterface", "by-name", "WaitingForReference").await;
    let missing = json!([{ "kind": "VirtualGateway", "namespace": owner.namespace, "name": "shared-by-us" }]);
    assert_eq!(waiting["status"]["waitingFor"], missing, "the words of its own spec, and no more");
    let granted_and_absent = message(&waiting).to_owned();
    team.apply(&interface("absent", 111, &by_name("virtualGatewayRef", "no-such-gateway", Some(&owner.namespace)))).await;
    let absent = team.wait_reason("VirtualInterface", "absent", "WaitingForReference").await;
    assert_eq!(message(&absent).replace("no-such-gateway", "shared-by-us"), granted_and_absent, "not granted reads as not there");
    team.delete("VirtualInterface", "absent").await;

    team.apply(&interface("by-id", 112, &json!({ "virtualGatewayId": id }))).await;
    let refused = team.wait_reason("VirtualInterface", "by-id", "NotGranted").await;
    assert!(message(&refused).contains(&id) && !message(&refused).contains("shared-by-us"), "{refused:#}");
    assert_eq!(owner.cloud.count("CreateVirtualInterface").await, 0);
    // One who was not let in holds nobody up.
    owner.patch("VirtualGateway", "shared-by-us", json!({ "spec": { "description": "ours" } })).await;
    owner.wait_ready("VirtualGateway", "shared-by-us").await;

    let grant = json!({
        "apiVersion": API_VERSION, "kind": "DirectConnectGrant", "metadata": { "name": "team" },
        "spec": { "from": [{ "kind": "VirtualInterface", "namespace": team.namespace }], "to": [{ "kind": "VirtualGateway", "name": "shared-by-us" }] },
    });
    owner.apply(&grant).await;
    team.wait_ready("VirtualInterface", "by-name").await;
    team.delete("VirtualInterface", "by-id").await;
    team.wait_gone("VirtualInterface", "by-id").await;

    // The gateway waits for it, without naming it; taking the leave away deletes nothing and stops nothing that stands.
    owner.api("DirectConnectGrant").delete("team", &kube::api::DeleteParams::default()).await.unwrap();
    owner.delete("VirtualGateway", "shared-by-us").await;
    let waiting = owner
        .wait("VirtualGateway", "shared-by-us", "it waits", |object| {
            condition(object, "Ready").is_some_and(|ready| ready["reason"] == "WaitingForDependants")
        })
        .await;
    assert_eq!(waiting["status"]["waitingFor"], json!([{ "kind": "VirtualInterface", "namespace": team.namespace, "name": "*" }]));
    tells_nothing_of(&owner, &["by-name"]).await;
    team.wait_ready("VirtualInterface", "by-name").await;
    assert_eq!(owner.cloud.all("virtual_interfaces").await.len(), 1);
    team.clear().await;
    owner.wait_gone("VirtualGateway", "shared-by-us").await;
    owner.finish().await;
}

/// To name another team's gateway holds it no more than to name a gateway that is not there.
#[tokio::test]
async fn a_gateway_does_not_wait_for_what_names_it_without_leave_and_hangs_elsewhere() {
    let owner = World::new().await;
    let team = owner.neighbour("team", json!({})).await;
    owner.apply(&gateway("shared-by-us", 12)).await;
    team.apply(&gateway("theirs", 13)).await;
    let retained = json!({ "policy": { "deletion": "Retain" } });
    team.apply(&line::with(interface("vif", 113, &by_name("virtualGatewayRef", "theirs", None)), &retained)).await;
    let first = team.wait_ready("VirtualInterface", "vif").await;
    team.delete("VirtualInterface", "vif").await;
    team.wait_gone("VirtualInterface", "vif").await;
    // Its own tag says that it is its own, wherever it hangs.
    team.apply(&interface("vif", 113, &by_name("virtualGatewayRef", "shared-by-us", Some(&owner.namespace)))).await;
    let taken_up = team.wait("VirtualInterface", "vif", "taken up", |object| object["status"]["id"].is_string()).await;
    assert_eq!(taken_up["status"]["id"], first["status"]["id"]);
    owner.wait_ready("VirtualGateway", "shared-by-us").await;
    owner.delete("VirtualGateway", "shared-by-us").await;
    owner.wait_gone("VirtualGateway", "shared-by-us").await;
    assert_eq!(owner.cloud.all("virtual_interfaces").await.len(), 1);
    team.clear().await;
    owner.finish().await;
}

#[tokio::test]
async fn a_peer_comes_to_another_namespaces_interface_neither_by_name_nor_by_id() {
    let owner = World::new().await;
    let team = owner.neighbour("team", json!({})).await;
    owner.apply(&gateway("gw", 20)).await;
    owner.apply(&interface("line-of-ours", 120, &by_name("virtualGatewayRef", "gw", None))).await;
    let ours = owner.wait_ready("VirtualInterface", "line-of-ours").await;
    let (id, observed) = (line::id(&ours), &ours["status"]["observed"]);
    let held = [&observed["virtualGatewayId"], &observed["peers"][0]["remoteEpGroup"][0]].map(|value| value.as_str().unwrap());
    team.apply(&peer("by-name", &by_name("virtualInterfaceRef", "line-of-ours", Some(&owner.namespace)))).await;
    team.wait_reason("Peer", "by-name", "WaitingForReference").await;
    team.apply(&peer("by-id", &json!({ "virtualInterfaceId": id }))).await;
    team.wait_reason("Peer", "by-id", "NotGranted").await;
    // Its first peer, by import of its id.
    let theirs = owner.cloud.all("virtual_interfaces").await[0]["vif_peers"][0].clone();
    let [first, local, remote] = ["id", "local_gateway_ip", "remote_gateway_ip"].map(|field| theirs[field].as_str().unwrap().to_owned());
    let mut imported = peer("imported", &json!({ "virtualInterfaceId": id }));
    imported["spec"]["import"] = json!({ "id": first });
    team.apply(&imported).await;
    team.wait_reason("Peer", "imported", "NotGranted").await;
    // Nor through an interface that is not there, or that is not granted: where it would hang is not known then.
    for (name, interface) in [
        ("nowhere", by_name("virtualInterfaceRef", "nowhere", None)),
        ("not-granted", by_name("virtualInterfaceRef", "line-of-ours", Some(&owner.namespace))),
    ] {
        let mut imported = peer(name, &interface);
        imported["spec"]["import"] = json!({ "id": first });
        team.apply(&imported).await;
        let waiting = team.wait_reason("Peer", name, "WaitingForReference").await;
        assert!(waiting["status"]["id"].is_null() && waiting["status"]["observed"].is_null(), "{waiting:#}");
    }
    assert_eq!(owner.cloud.count("CreateVifPeer").await, 0);
    tells_nothing_of(&team, &[&local, &remote]).await;
    tells_nothing_of(&team, &held).await;
    team.clear().await;
    assert_eq!(owner.cloud.count("DeleteVifPeer").await, 0);
    owner.finish().await;
}

#[tokio::test]
async fn another_teams_natural_key_and_id_are_taken_by_nobody_else() {
    let owner = World::new().await;
    let team = owner.neighbour("team", json!({})).await;
    owner.apply(&gateway("secret-project", 30)).await;
    let id = owner.wait_ready("VirtualGateway", "secret-project").await["status"]["id"].clone();
    let by_key = gateway("by-key", 30);
    let mut imported = gateway("imported", 30);
    imported["spec"]["import"] = json!({ "naturalKey": true });
    let mut by_id = gateway("by-id", 30);
    by_id["spec"]["import"] = json!({ "id": id });
    let mut observed = gateway("observed", 30);
    observed["spec"]["import"] = json!({ "id": id });
    observed["spec"]["policy"] = json!({ "management": "ObserveOnly" });
    for object in [by_key, imported, by_id, observed] {
        team.apply(&object).await;
        let name = object["metadata"]["name"].as_str().unwrap();
        let refused = team.wait_reason("VirtualGateway", name, "Conflict").await;
        assert!(message(&refused).contains("another namespace"), "{refused:#}");
        assert!(refused["status"]["id"].is_null() && refused["status"]["observed"].is_null(), "{refused:#}");
    }
    tells_nothing_of(&team, &["secret-project", &format!("{}/", owner.namespace)]).await;
    team.clear().await;
    assert_eq!(owner.cloud.count("DeleteVirtualGateway").await, 0);
    owner.wait_ready("VirtualGateway", "secret-project").await;
    owner.finish().await;
}

/// A tenant who may annotate the namespace, or name an account, still needs the account's leave; and what is in the cloud stays with the account
/// it was made with.
#[tokio::test]
async fn an_account_is_chosen_by_name_but_opened_by_its_owner() {
    let closed = World::new().await;
    closed.account_with(&json!({ "allowedNamespaces": { "names": ["somewhere-else"] } })).await;
    closed.account_in_force().await;
    let team = World::new().await;
    let mut named = gateway("named", 40);
    named["spec"]["accountRef"] = json!({ "name": closed.namespace });
    team.apply(&named).await;
    let refused = team.wait_reason("VirtualGateway", "named", "WaitingForAccount").await;
    assert!(message(&refused).contains("does not allow this namespace"), "{refused:#}");

    team.apply(&gateway("gw", 41)).await;
    let id = team.wait_ready("VirtualGateway", "gw").await["status"]["id"].clone();
    let annotate = |account: &str| {
        let annotation = format!("directconnect.huaweicloud.com/account={account}");
        team.plane.kubectl(&["annotate", "namespace", &team.namespace, "--overwrite", &annotation])
    };
    annotate(&closed.namespace);
    team.apply(&gateway("later", 42)).await;
    team.wait_reason("VirtualGateway", "later", "WaitingForAccount").await;
    team.patch("VirtualGateway", "gw", json!({ "spec": { "description": "still here" } })).await;
    let ready = team.wait_ready("VirtualGateway", "gw").await;
    assert_eq!((&ready["status"]["id"], &ready["status"]["account"]), (&id, &json!(team.namespace)));
    assert_eq!(team.cloud.all("virtual_gateways").await[0]["description"], "still here");
    assert!(closed.cloud.is_empty().await);

    // Opened by label, for others; then by name: it is taken up by itself.
    closed.account_with(&json!({ "allowedNamespaces": { "selector": { "matchLabels": { "tier": "gold" } } } })).await;
    let golden = closed.neighbour("golden", json!({ "tier": "gold" })).await;
    golden.apply(&gateway("gw", 43)).await;
    golden.wait_ready("VirtualGateway", "gw").await;
    team.wait_reason("VirtualGateway", "named", "WaitingForAccount").await;
    golden.clear().await;
    closed.account_with(&json!({ "allowedNamespaces": { "names": [team.namespace] } })).await;
    team.wait_ready("VirtualGateway", "later").await;
    assert_eq!(closed.cloud.all("virtual_gateways").await.len(), 2);
    team.clear().await;
    team.finish().await;
    closed.finish().await;
}

/// Credentials of another project: all objects would seem to be gone, and all of them would be made again there.
#[tokio::test]
async fn credentials_of_another_project_are_refused_while_objects_are_in_the_first() {
    let world = World::new().await;
    world.apply(&gateway("gw", 50)).await;
    let id = world.wait_ready("VirtualGateway", "gw").await["status"]["id"].clone();
    let keys = |access: &str, secret: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" },
            "stringData": { "accessKey": access, "secretKey": secret },
        })
    };
    world.apply(&keys("AKSIMULATOR000000002", "SKsimulator/000000000000000000000000002+")).await;
    world.wait_reason("VirtualGateway", "gw", "Conflict").await;
    let account = world.get_account().await;
    assert!(message(&account).contains("another CloudAccount"), "{account:#}");
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 1);
    world.access_key_secret(support::simulator::SECRET_KEY).await;
    assert_eq!(world.wait_ready("VirtualGateway", "gw").await["status"]["id"], id);
    world.finish().await;
}

/// What an object leaves open is the account's to say; what it says itself goes before that.
#[tokio::test]
async fn an_account_has_defaults_for_what_its_objects_leave_open() {
    let world = World::new().await;
    let defaults = json!({
        "deletionPolicy": "Retain", "driftPolicy": "Detect", "tags": { "team": "network", "env": "test" },
        "enterpriseProjectId": "00000000-0000-4000-8000-00000000e001",
    });
    world.patch_account(json!({ "defaults": defaults })).await;
    let many: serde_json::Map<String, Value> = (1..=8).map(|number| (format!("tag-{number}"), json!("x"))).collect();
    world.apply(&line::with(gateway("many", 62), &json!({ "tags": many }))).await;
    let stalled = world.wait_reason("VirtualGateway", "many", "Invalid").await;
    assert!(message(&stalled).contains("spec.tags: 11 tags"), "{stalled:#}");
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 0);
    world.delete("VirtualGateway", "many").await;
    world.wait_gone("VirtualGateway", "many").await;
    let mut own = gateway("own", 61);
    own["spec"]["tags"] = json!({ "env": "own" });
    own["spec"]["policy"] = json!({ "deletion": "Delete", "drift": "Correct" });
    for object in [gateway("open", 60), own] {
        world.apply(&object).await;
    }
    let tags = |object: &Value| (object["status"]["observed"]["tags"]["team"].clone(), object["status"]["observed"]["tags"]["env"].clone());
    let (open, own) = (world.wait_ready("VirtualGateway", "open").await, world.wait_ready("VirtualGateway", "own").await);
    assert_eq!((tags(&open), tags(&own)), ((json!("network"), json!("test")), (json!("network"), json!("own"))));
    assert_eq!(open["status"]["observed"]["enterpriseProjectId"], "00000000-0000-4000-8000-00000000e001", "{open:#}");
    for object in [&open, &own] {
        world.cloud.patch(object["status"]["id"].as_str().unwrap(), json!({ "name": "renamed" })).await;
        world.ask("VirtualGateway", object["metadata"]["name"].as_str().unwrap(), "now").await;
    }
    world.wait_reason("VirtualGateway", "open", "Drifted").await;
    world
        .wait("VirtualGateway", "own", "its name is put back", |object| {
            is(object, "Ready", "True")
                && object["status"]["observed"]["name"] == "own"
                && object["status"]["lastHandledReconcileAt"] == "now"
        })
        .await;
    world.clear().await;
    let left: Vec<Value> = world.cloud.all("virtual_gateways").await.iter().map(|gateway| gateway["id"].clone()).collect();
    assert_eq!(left, [open["status"]["id"].clone()], "the one is retained, the other gone");
    assert_eq!(world.cloud.count("UpdateVirtualGateway").await, 1);
}

/// The leave to import is no leave to what stands behind an id; and what is not granted is not looked at for anybody.
#[tokio::test]
async fn an_import_by_id_needs_the_leave_for_what_stands_behind_it() {
    let world = World::new().await;
    let foreign = json!({ "name": "of-the-platform", "vpc_id": vpc(70), "local_ep_group": ["172.16.0.0/24"] });
    let id = world.cloud.create("virtual_gateway", foreign).await["id"].clone();
    world.account_with(&json!({ "grants": [{ "namespaces": { "names": [world.namespace] }, "vpcIds": [vpc(71)] }] })).await;
    world.account_in_force().await;
    let mut imported = gateway("imported", 71);
    imported["spec"]["import"] = json!({ "id": id });
    imported["spec"]["policy"] = json!({ "ignoreFields": ["vpcId", "localEpGroup", "localEpGroupIpv6", "name"] });
    world.apply(&imported).await;
    let refused = world.wait_reason("VirtualGateway", "imported", "NotGranted").await;
    assert!(message(&refused).contains(&format!("spec.import: {} is not granted", vpc(70))), "{refused:#}");
    assert!(refused["status"]["observed"].is_null() && refused["status"]["id"].is_null(), "{refused:#}");
    // Granted, it still could never be what the spec says, whatever is to be ignored.
    world.account_with(&json!({})).await;
    world.wait_reason("VirtualGateway", "imported", "Immutable").await;
    world.clear().await;
    assert_eq!(world.cloud.count("DeleteVirtualGateway").await, 0);
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["id"], id);
}

/// A namespace that is given its account later needs nobody to stir its objects.
#[tokio::test]
async fn an_annotation_of_the_namespace_is_taken_up_at_once() {
    let world = World::new().await;
    let late = world.neighbour("late", json!({})).await;
    let annotate = |annotation: &str| late.plane.kubectl(&["annotate", "namespace", &late.namespace, "--overwrite", annotation]);
    annotate("directconnect.huaweicloud.com/account=no-such-account");
    late.apply(&gateway("gw", 80)).await;
    late.wait_reason("VirtualGateway", "gw", "WaitingForAccount").await;
    annotate(&format!("directconnect.huaweicloud.com/account={}", world.namespace));
    late.wait_ready("VirtualGateway", "gw").await;
    late.clear().await;
    world.finish().await;
}
