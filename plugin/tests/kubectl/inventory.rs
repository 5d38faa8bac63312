//! `orphans`, `connections`, `locations`, `quotas`, `tags`, `undo`.

use serde_json::{Value, json};
use support::eventually;
use support::line::{gateway, interface, with};
use support::simulator::{LINE_A, LINE_B};
use support::world::{BOUND, World};

use crate::plugin::dc;

const TAG: &str = "direct-connect-operator-owner";

/// Of a list in JSON the gateways by why they are listed, sorted. The cloud has a hosted connection, too.
fn by_why(document: &Value) -> Vec<(&str, &str)> {
    let rows = document["items"].as_array().unwrap().iter().filter(|row| row["kind"] == "VirtualGateway");
    let mut rows: Vec<(&str, &str)> = rows.map(|row| (row["reason"].as_str().unwrap(), row["id"].as_str().unwrap())).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_owns_is_listed_from_the_status_and_from_the_cloud() {
    let world = World::new().await;
    let account = world.namespace.as_str();
    let console = world.foreign_gateway("console", 3, &json!([])).await;
    let elsewhere = world.foreign_gateway("elsewhere", 4, &json!([{ "key": TAG, "value": "other-cluster:team/gw" }])).await;
    world.apply(&gateway("main", 1)).await;
    world.apply(&with(gateway("kept", 2), &json!({ "policy": { "deletion": "Retain" } }))).await;
    world.apply(&with(gateway("lost", 5), &json!({ "policy": { "drift": "Detect" } }))).await;
    world.wait_ready("VirtualGateway", "main").await;
    let id = |object: &Value| object["status"]["id"].as_str().unwrap().to_owned();
    let kept = id(&world.wait_ready("VirtualGateway", "kept").await);
    let lost = id(&world.wait_ready("VirtualGateway", "lost").await);
    world.delete("VirtualGateway", "kept").await;
    world.wait_gone("VirtualGateway", "kept").await;
    world.cloud.delete(&lost).await;
    world.look("VirtualGateway", "lost").await;
    world.wait_reason("VirtualGateway", "lost", "NotFound").await;

    let mut wanted = [("AnotherCluster", &elsewhere), ("NoTag", &console), ("ObjectGone", &kept), ("ResourceGone", &lost)]
        .map(|(why, id)| (why, id.as_str()));
    wanted.sort_unstable();
    let live = dc(&world, &["orphans", "--account", account, "--cloud", "-o", "json"]).json();
    assert_eq!(by_why(&live), wanted, "{live:#}");
    assert_eq!(live["kind"], "Orphans");
    let row = live["items"].as_array().unwrap().iter().find(|row| row["id"] == kept.as_str()).unwrap();
    assert!(row["owner"].as_str().unwrap().ends_with(&format!(":{account}/kept")), "{row:#}");

    world.inventory("the three resources", |inventory| inventory["unownedTotal"] == 3).await;
    let told = dc(&world, &["orphans", "--account", account, "-o", "json"]).json();
    assert_eq!(by_why(&told), wanted, "{told:#}");
    let table = dc(&world, &["orphans", "--account", account, "--exit-code"]);
    assert!(table.stderr.contains("kubectl dc import --account") && table.stderr.contains("virtual_gateways"), "{}", table.stderr);
    let table = table.ended(1);
    assert!(table.starts_with("KIND"), "{table}");
    let row = table.lines().find(|line| line.contains(&console)).unwrap();
    assert_eq!(
        row.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>(),
        ["VirtualGateway", &console, "console", "-", "no tag"]
    );
    assert!(table.contains("another cluster") && table.contains("object is gone") && table.contains("resource is gone"), "{table}");

    let writes = |counters: &Value| counters.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("Delete")).count();
    assert_eq!(writes(&world.cloud.counters().await), 0, "nothing is deleted");
    for id in [console, elsewhere, kept] {
        world.cloud.delete(&id).await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_looked_at_is_no_good_news() {
    let world = World::new().await;
    let orphans = |more: &[&str]| dc(&world, &[&["orphans", "--account", &world.namespace], more].concat());
    // No object uses the account: its status has no inventory.
    for (arguments, code) in [(&[][..], 0), (&["--exit-code"][..], 2)] {
        let run = orphans(arguments);
        assert!(run.code == code && run.stderr.contains("not looked at: cloudaccount/"), "{arguments:?}: {run:?}");
        assert!(!run.stderr.contains("nothing was found"), "{arguments:?}: {run:?}");
    }
    let answers = |status: u16, code: &str| json!({ "operation": "ListVirtualGateways", "kind": "status", "status": status, "code": code, "message": "no", "times": 1000 });
    world.cloud.fault(answers(403, "DC.0403")).await;
    let run = orphans(&["--cloud", "--exit-code"]);
    assert!(run.code == 2 && run.stderr.contains("not looked at: virtualgateways: "), "{run:?}");
    world.cloud.clear_faults().await;
    // What the region does not have is nobody's.
    world.cloud.fault(answers(404, "APIGW.0101")).await;
    let run = orphans(&["--cloud", "--exit-code"]);
    assert!(run.code < 2 && run.stderr.contains("virtualgateways: the region does not have such resources"), "{run:?}");
    let manifest = crate::plan::file(&[gateway("main", 1)]);
    let plan = dc(&world, &["plan", "--cloud", "-f", manifest.path().to_str().unwrap()]);
    assert!(plan.code < 2 && plan.stderr.contains("virtualgateways: the region does not have such resources"), "{plan:?}");
    // Nor what the account does without.
    world.patch_account(json!({ "features": { "globalGateways": "disabled" } })).await;
    world.cloud.clear_faults().await;
    let before = world.cloud.count("ListGlobalDcGateways").await;
    assert_eq!(orphans(&["--cloud"]).code, 0);
    assert_eq!(world.cloud.count("ListGlobalDcGateways").await, before);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_tell_what_is_left_and_quotas_locations_and_tags_what_there_is() {
    let world = World::new().await;
    let account = world.namespace.as_str();
    world.apply(&with(gateway("main", 1), &json!({ "tags": { "team": "network" } }))).await;
    world.apply(&interface("office", "main", 30)).await;
    world.wait_ready("VirtualInterface", "office").await;

    let live = dc(&world, &["connections", "--account", account, "--cloud", "-o", "json"]).json();
    let connection = |id: &str| live["items"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone();
    let taken = connection(LINE_A);
    assert_eq!(taken["vlans"], json!([30]), "{taken:#}");
    assert_eq!([&taken["bandwidth"], &taken["allocated"], &taken["free"]], [&json!(10_000), &json!(50), &json!(9_950)]);
    assert_eq!([&connection(LINE_B)["allocated"], &connection(LINE_B)["vlans"]], [&json!(0), &json!([])]);
    world.inventory("the connections", |inventory| inventory["connections"].is_array()).await;
    let told = dc(&world, &["connections", "--account", account]).ok();
    let row = told.lines().find(|line| line.contains("line-a")).unwrap_or_else(|| panic!("{told}"));
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells, [account, "line-a", "ACTIVE", "10000", "50", "9950", "-", "location-a"]);

    let quota = |document: &Value| {
        let rows = document["items"].as_array().unwrap();
        rows.iter().find(|row| row["type"] == "virtualInterface").unwrap_or_else(|| panic!("{document:#}")).clone()
    };
    let told = quota(&dc(&world, &["quotas", "--account", account, "-o", "json"]).json());
    assert_eq!(told["limit"], 50);
    let live = quota(&dc(&world, &["quotas", "--account", account, "--cloud", "-o", "json"]).json());
    assert_eq!([&live["used"], &live["limit"], &live["free"]], [&json!(1), &json!(50), &json!(49)]);

    let locations = dc(&world, &["locations", "--account", account, "-o", "json"]).json();
    let first = &locations["items"][0];
    assert_eq!(
        (first["name"].as_str(), &first["availablePortSpeeds"]),
        (Some("location-a"), &json!(["1G", "10G", "100G"])),
        "{locations:#}"
    );
    let one = dc(&world, &["locations", first["id"].as_str().unwrap(), "--account", account]).ok();
    assert!(one.lines().count() == 2 && one.contains("1G,10G,100G   Simulated Carrier"), "{one}");

    let tags = dc(&world, &["tags", "--account", account]).ok();
    assert!(tags.lines().any(|line| line.split_whitespace().collect::<Vec<_>>() == ["dc-vgw", "team", "network"]), "{tags}");
    let of_lines = dc(&world, &["tags", "--account", account, "--type", "dc-directconnect", "-o", "json"]).json();
    assert_eq!(of_lines["items"], json!([]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_somebody_left_on_is_ended_by_one_call() {
    let world = World::new().await;
    let shuts = async |id: &str| world.cloud.patch(id, json!({ "status": "ADMIN_SHUTDOWN" })).await;
    let status = async |id: &str| world.cloud.find(id).await.unwrap()["status"].clone();
    world.apply(&gateway("main", 1)).await;
    world.apply(&interface("office", "main", 30)).await;
    let id = world.wait_ready("VirtualInterface", "office").await["status"]["id"].as_str().unwrap().to_owned();
    let idle = dc(&world, &["undo", "vif/office", "--yes"]);
    assert!(idle.code == 0 && idle.stderr.contains("nothing was sent"), "{idle:?}");
    shuts(&id).await;
    let unasked = dc(&world, &["undo", "vif/office"]);
    assert!(unasked.code == 2 && unasked.stderr.contains("--yes"), "{unasked:?}");
    assert_eq!(world.cloud.count("SwitchoverTest").await, 0);
    assert_eq!(dc(&world, &["undo", "vif/office", "--yes"]).ok(), "vif/office: the switchover test is being ended\n");
    eventually("the interface works again", BOUND, async || (status(&id).await == "ACTIVE").then_some(())).await;
    shuts(&id).await;
    let by_id = dc(&world, &["undo", "--id", &id, "--account", &world.namespace, "--yes"]).ok();
    assert!(by_id.contains(&id), "{by_id}");
    eventually("the interface works again", BOUND, async || (status(&id).await == "ACTIVE").then_some(())).await;
    assert_eq!(world.cloud.count("SwitchoverTest").await, 2);
    let gateway = dc(&world, &["undo", "vgw/main", "--yes"]);
    assert!(gateway.code == 2 && gateway.stderr.contains("only a virtual interface"), "{gateway:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_told_whose_right_it_is() {
    let world = World::new().await;
    for command in [vec!["orphans"], vec!["connections"], vec!["quotas"], vec!["locations", "--account", &world.namespace], vec!["tags"]] {
        let refused = dc(&world, &[command.as_slice(), &["--as", "tenant"]].concat());
        assert_eq!(refused.code, 2, "{command:?}: {refused:?}");
        assert!(refused.stderr.contains("platform team") && refused.stderr.contains("cloudaccount"), "{command:?}: {refused:?}");
    }
    world.finish().await;
}
