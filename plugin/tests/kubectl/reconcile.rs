//! `reconcile` and `abandon`.

use serde_json::json;
use std::io::Write;
use std::process::Stdio;
use support::line::{gateway, interface, with};
use support::world::World;

use crate::plugin::{Run, dc, kubectl};

#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_ends_with_what_came_of_it() {
    let world = World::new().await;
    world.apply(&with(gateway("main", 1), &json!({ "localEpGroupIpv6": null }))).await;
    let id = support::line::id(&world.wait_ready("VirtualGateway", "main").await);
    // A change in the cloud is seen, and corrected.
    world.cloud.patch(&id, json!({ "local_ep_group": ["172.16.9.0/24"] })).await;
    let run = dc(&world, &["reconcile", "vgw/main", "--wait"]);
    assert!(run.stderr.contains("vgw/main: "), "{}", run.stderr);
    assert_eq!(run.ok(), "vgw/main is Ready\n");
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["local_ep_group"], json!(["172.16.1.0/24"]));
    assert_eq!(dc(&world, &["reconcile", "vgw/main"]).ok(), "vgw/main reconcile requested\n");

    // What waits for another is not ready in time; what is not granted is not looked at.
    world.apply(&interface("waits", "missing", 70)).await;
    world.wait_reason("VirtualInterface", "waits", "WaitingForReference").await;
    let run = dc(&world, &["reconcile", "vif/waits", "--wait", "--timeout", "3s"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.contains("the time is up for vif/waits (") && run.stderr.contains("WaitingForReference"), "{}", run.stderr);
    world.patch_account(json!({ "grants": [{ "namespaces": { "names": [world.namespace] }, "vlans": ["1-9"] }] })).await;
    world.wait_reason("VirtualInterface", "waits", "NotGranted").await;
    let run = dc(&world, &["reconcile", "vif/waits", "vgw/main", "--wait"]);
    let text = run.ended(1);
    assert!(text.contains("vgw/main is Ready\n") && text.contains("vif/waits is still Stalled: NotGranted: "), "{text}");

    dc(&world, &["pause", "vgw/main"]).ok();
    let run = dc(&world, &["reconcile", "vgw/main"]);
    assert!(run.code == 2 && run.stderr.contains("kubectl dc resume vgw/main"), "{}", run.stderr);
    let run = dc(&world, &["reconcile", "--all"]);
    assert!(run.stderr.contains("left out: vgw/main is paused"), "{}", run.stderr);
    assert_eq!(run.ok(), "vif/waits reconcile requested\n");
    dc(&world, &["resume", "vgw/main"]).ok();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_abandoned_when_it_is_being_deleted_and_somebody_says_yes() {
    let world = World::new().await;
    world.apply(&gateway("main", 1)).await;
    let id = support::line::id(&world.wait_ready("VirtualGateway", "main").await);
    let refused = dc(&world, &["abandon", "vgw/main", "--yes"]);
    assert!(refused.code == 2 && refused.stderr.contains("vgw/main is not being deleted"), "{}", refused.stderr);
    assert_eq!(dc(&world, &["abandon", "--all", "--yes"]).code, 2);
    world.plane.kubectl(&["delete", "cloudaccount", &world.namespace, "--wait=false"]);
    world.plane.kubectl(&["patch", "cloudaccount", &world.namespace, "--type=merge", "-p", r#"{"metadata":{"finalizers":[]}}"#]);
    world.wait_reason("VirtualGateway", "main", "WaitingForAccount").await;
    world.delete("VirtualGateway", "main").await;

    let answered = |answer: &str| {
        let mut command = kubectl(&world);
        command.args(["dc", "--namespace", &world.namespace, "abandon", "vgw/main"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    };
    for answer in ["", "n\n"] {
        let run = answered(answer);
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains(&format!("{id} stays in the cloud")) && run.stderr.contains("nothing was done"), "{}", run.stderr);
    }
    let object = world.get("VirtualGateway", "main").await;
    assert_eq!(object["metadata"]["annotations"]["directconnect.huaweicloud.com/abandon"], json!(null));
    assert_eq!(answered("y\n").ok(), "vgw/main abandon requested\n");
    world.wait_gone("VirtualGateway", "main").await;
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["id"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_objects_are_paused_at_once() {
    let world = World::new().await;
    for (name, number) in [("one", 1), ("two", 2)] {
        let mut object = gateway(name, number);
        object["metadata"]["labels"] = json!({ "env": name });
        world.apply(&object).await;
    }
    let none = dc(&world, &["pause"]);
    assert!(none.code == 2 && none.stderr.contains("--all or -l"), "{}", none.stderr);
    assert_eq!(dc(&world, &["pause", "--all"]).ok(), "vgw/one paused\nvgw/two paused\n");
    assert_eq!(dc(&world, &["pause", "vgw", "-l", "env=one"]).ok(), "vgw/one paused already\n");
    assert_eq!(dc(&world, &["resume", "-l", "env=two"]).ok(), "vgw/two resumed\n");
    assert_eq!(dc(&world, &["resume", "vgw/one"]).ok(), "vgw/one resumed\n");
    assert!(dc(&world, &["pause", "vif", "--all"]).stderr.contains("no object is selected"));
    for name in ["one", "two"] {
        world.wait_ready("VirtualGateway", name).await;
    }
    world.finish().await;
}
