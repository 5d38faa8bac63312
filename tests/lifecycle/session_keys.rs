//! Keys of BGP sessions: no session is made without the key that the spec asks for.

use k8s_openapi::ByteString;
use serde_json::{Value, json};
use support::line::{gateway, interface, peer, with};
use support::world::{World, condition};

fn secret(data: &Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "bgp" }, "data": data })
}

fn md5(bytes: &[u8]) -> Value {
    secret(&json!({ "md5": ByteString(bytes.to_vec()) }))
}

/// Waits until an object says this of its key, and that it waits for the Secret.
async fn waits(world: &World, kind: &str, name: &str, problem: &str) {
    let told = format!("Secret bgp, key md5: {problem}");
    world
        .wait(kind, name, &told, |object| {
            condition(object, "Ready").is_some_and(|ready| {
                ready["reason"] == "WaitingForReference" && ready["message"].as_str().is_some_and(|message| message.contains(&told))
            }) && object["status"]["waitingFor"] == json!([{ "kind": "Secret", "name": "bgp" }])
        })
        .await;
}

#[tokio::test]
async fn a_session_waits_for_a_key_that_can_be_used_and_says_what_is_wrong_with_it() {
    let world = World::new().await;
    let session = json!({ "routeMode": "bgp", "bgpAsn": 65001, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" } });
    world.apply(&gateway("gw", 1)).await;
    world.apply(&with(interface("vif", "gw", 101), &session)).await;
    waits(&world, "VirtualInterface", "vif", "the Secret does not exist").await;
    for (wrong, problem) in [
        (secret(&json!({ "other": ByteString(b"Qaz12345678".to_vec()) })), "the Secret does not have the key"),
        (md5(b"\n"), "the value is empty"),
        (md5(b" \t\n"), "the value is blank"),
        (md5(b"\xff\xfe"), "the value is not UTF-8"),
        (md5("k".repeat(256).as_bytes()), "the value has 256 characters"),
    ] {
        world.apply(&wrong).await;
        waits(&world, "VirtualInterface", "vif", problem).await;
    }
    assert_eq!(world.cloud.count("CreateVirtualInterface").await, 0, "no session without its key");
    world.apply(&md5(b"Qaz12345678\n")).await;
    world.wait_ready("VirtualInterface", "vif").await;
    assert_eq!(world.cloud.all("virtual_interfaces").await[0]["vif_peers"][0]["bgp_md5"], "Qaz12345678");

    // The second session needs its key, too.
    world.apply(&md5(b"")).await;
    world.apply(&with(peer("peer", "vif"), &session)).await;
    waits(&world, "Peer", "peer", "the value is empty").await;
    world.apply(&md5(b"Qaz12345678")).await;
    world.wait_ready("Peer", "peer").await;
    assert_eq!(world.cloud.count("CreateVifPeer").await, 1);
    world.finish().await;
}

/// The cloud may refuse what the operator takes: a change of the Secret ends the wait.
#[tokio::test]
async fn a_session_that_was_refused_for_its_key_is_created_when_the_secret_changes() {
    let world = World::new().await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.apply(&md5(b"short")).await;
    let refusal = json!({ "operation": "CreateVirtualInterface", "kind": "status", "status": 400, "code": "DC.0017", "times": 100 });
    world.cloud.fault(refusal).await;
    let session = json!({ "routeMode": "bgp", "bgpAsn": 65001, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" } });
    world.apply(&with(interface("vif", "gw", 101), &session)).await;
    world.wait("VirtualInterface", "vif", "it is refused", |object| support::world::is(object, "Stalled", "True")).await;
    world.cloud.clear_faults().await;
    world.apply(&md5(b"Qaz12345678")).await;
    world.wait_ready("VirtualInterface", "vif").await;
    world.finish().await;
}
