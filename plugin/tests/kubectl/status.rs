//! `status`.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use support::line::{gateway, interface, with};
use support::world::{BOUND, World, is};

use crate::plugin::{dc, kubectl};

fn names(status: &Value) -> Vec<&str> {
    status["objects"].as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_do_not_work_come_first() {
    let world = World::new().await;
    let empty = dc(&world, &["status"]);
    assert!(empty.stderr.contains("there are no objects in namespace"), "{}", empty.stderr);
    empty.ok();
    world.apply(&gateway("main", 1)).await;
    world
        .apply(&with(interface("branch", "missing", 41), &json!({ "remoteGatewayIp": "10.0.1.2/30", "localGatewayIp": "10.0.1.1/30" })))
        .await;
    world.apply(&interface("office", "main", 40)).await;
    world.wait_ready("VirtualInterface", "office").await;
    world.wait_reason("VirtualInterface", "branch", "WaitingForReference").await;

    let text = dc(&world, &["status", "--exit-code"]).ended(1);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |name: &str| lines.iter().position(|line| line.get(1) == Some(&name)).unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(row("vif/branch") < row("vgw/main") && row("vgw/main") < row("vif/office"), "{text}");
    assert_eq!(lines[row("vif/office")][2..7], ["True", "True", "40", "50", "vgw/main"], "{text}");
    assert!(lines[row("vif/branch")].join(" ").contains("WaitingForReference: waiting for referenced objects"), "{text}");
    assert!(text.contains("3 objects: 1 pending, 2 working"), "{text}");
    // The platform's part, which this user may read: all accounts of the control plane, among them this one's.
    assert!(lines.iter().any(|line| line.first() == Some(&world.namespace.as_str()) && line.get(1) == Some(&"True")), "{text}");

    let status = dc(&world, &["status", "-o", "json"]).json();
    assert_eq!((&status["apiVersion"], &status["kind"]), (&json!("plugin.directconnect.huaweicloud.com/v1alpha1"), &json!("Status")));
    assert_eq!(names(&status), ["branch", "main", "office"]);
    assert_eq!(status["objects"][0]["state"], "Pending");
    assert_eq!(status["objects"][0]["waitingFor"][0]["name"], "missing");
    let group = "directconnect.huaweicloud.com";
    let expected = format!("virtualinterface.{group}/branch\nvirtualgateway.{group}/main\nvirtualinterface.{group}/office\n");
    assert_eq!(dc(&world, &["status", "-o", "name"]).ok(), expected);

    let one = dc(&world, &["status", "vif/office", "-v", "--exit-code"]).ok();
    assert!(one.contains("observed:") && one.contains("status: ACTIVE") && !one.contains("vif/branch"), "{one}");
    let other = dc(&world, &["status", "vif/branch", "-v"]).ok();
    assert!(other.contains("waits for: VirtualGateway missing"), "{other}");
    let other = dc(&world, &["status", "vif/other"]);
    assert!(other.code == 2 && other.stderr.ends_with("\"other\" not found\n"), "{}", other.stderr);
    // Who looks at nothing has not seen that all is well; what would be ignored is refused.
    let nothing = dc(&world, &["status", "--exit-code", "-l", "env=nowhere"]);
    assert!(nothing.code == 2 && nothing.stderr.contains("no object has these labels"), "{}", nothing.stderr);
    for command in ["status", "tree"] {
        for more in [&["-A"][..], &["-l", "env=production"]] {
            assert_eq!(dc(&world, &[&[command, "vif/office"], more].concat()).code, 2, "{command} {more:?}");
        }
    }
    let interfaces = dc(&world, &["status", "vif"]).ok();
    assert!(interfaces.contains("2 objects: 1 pending, 1 working") && interfaces.contains(" vif/office "), "{interfaces}");

    // Who is paused still works.
    dc(&world, &["pause", "vgw/main"]).ok();
    world.wait("VirtualGateway", "main", "paused", |object| is(object, "Synced", "False")).await;
    let paused = dc(&world, &["status", "vgw/main", "--exit-code"]).ok();
    assert!(paused.contains("1 object: 1 pending") && paused.contains("Paused: paused by the annotation"), "{paused}");
    dc(&world, &["resume", "vgw/main"]).ok();

    let coloured = dc(&world, &["status", "--color", "always"]).ok();
    assert!(coloured.contains("\u{1b}[33m") && coloured.contains("\u{1b}[32m") && !text.contains('\u{1b}'), "{coloured:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_told_with_both_values() {
    let world = World::new().await;
    world.apply(&with(gateway("main", 1), &json!({ "policy": { "drift": "Detect" }, "localEpGroupIpv6": null }))).await;
    let id = support::line::id(&world.wait_ready("VirtualGateway", "main").await);
    world.cloud.patch(&id, json!({ "local_ep_group": ["172.16.9.0/24"] })).await;
    world.look("VirtualGateway", "main").await;
    let text = dc(&world, &["status", "-v", "--exit-code"]).ended(1);
    assert!(text.contains("drift: spec.localEpGroup is") && text.contains("172.16.9.0/24"), "{text}");
    let tree = dc(&world, &["tree"]).ok();
    assert!(tree.contains("drift in 1 field"), "{tree}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_shows_each_change() {
    let world = World::new().await;
    for (command, shown, changed) in [("status", "vgw/first", "vgw/status"), ("tree", "vgw/first", "vgw/tree")] {
        if command == "status" {
            world.apply(&gateway("first", 1)).await;
        }
        let mut watch = kubectl(&world);
        watch.args(["dc", "--namespace", &world.namespace, command, "--watch"]).stdout(Stdio::piped());
        let mut watch = watch.spawn().unwrap();
        let (send, lines) = mpsc::channel();
        let output = BufReader::new(watch.stdout.take().unwrap());
        let reader = std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| _ = send.send(line)));
        let wait = |text: &str| {
            let mut seen = Vec::new();
            while !seen.iter().any(|line: &String| line.contains(text)) {
                seen.push(lines.recv_timeout(BOUND).unwrap_or_else(|_| panic!("{command} never showed {text}: {seen:#?}")));
            }
        };
        wait(shown);
        world.apply(&gateway(command, if command == "status" { 2 } else { 3 })).await;
        wait(changed);
        watch.kill().unwrap();
        watch.wait().unwrap();
        reader.join().unwrap();
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_nobody_reads_ends() {
    let world = World::new().await;
    world.apply(&gateway("first", 1)).await;
    let mut watch = kubectl(&world);
    watch.args(["dc", "--namespace", &world.namespace, "status", "--watch"]).stdout(Stdio::piped());
    let mut watch = watch.spawn().unwrap();
    let mut output = BufReader::new(watch.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    drop(output);
    world.apply(&gateway("second", 2)).await;
    let ended = support::eventually("the watch ends", BOUND, || std::future::ready(watch.try_wait().unwrap())).await;
    assert!(ended.success(), "{ended}");
    world.finish().await;
}
