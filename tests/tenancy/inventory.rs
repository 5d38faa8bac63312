//! What an account tells of its cloud: what is there, what is left of the connections, and what no object of the cluster owns.

#![allow(clippy::float_cmp, reason = "counts are whole numbers")]

use serde_json::{Value, json};
use support::eventually;
use support::group::Group;
use support::line::{gateway, interface, with};
use support::metrics::Scrape;
use support::simulator::LINE_A;
use support::world::{BOUND, World, start_operator};

/// Its operators see the account of one test only.
static GROUP: Group = Group::new();

const TAG: &str = "direct-connect-operator-owner";

fn rows<'a>(inventory: &'a Value, field: &str, keys: [&str; 2]) -> Vec<[&'a Value; 2]> {
    inventory[field].as_array().into_iter().flatten().map(|row| keys.map(|key| &row[key])).collect()
}

#[tokio::test]
async fn an_account_tells_what_nobody_owns_and_an_operator_of_a_shard_does_not() {
    let world = World::without_operator_in(&GROUP).await;
    let mut whole = start_operator(&world.plane, &format!("{}-whole", world.namespace), &[]).await;
    let elsewhere = json!([{ "key": TAG, "value": "other-cluster:team/gw" }]);
    let foreign = [
        world.foreign_gateway("console", 3, &json!([])).await,
        world.foreign_gateway("elsewhere", 4, &elsewhere).await,
        world.foreign_gateway("observed", 5, &json!([])).await,
    ];
    world.apply(&gateway("main", 1)).await;
    world.apply(&interface("office", "main", 30)).await;
    world.apply(&with(gateway("kept", 2), &json!({ "policy": { "deletion": "Retain" } }))).await;
    let observes = json!({ "import": { "id": foreign[2] }, "policy": { "management": "ObserveOnly" } });
    world.apply(&with(gateway("observed", 5), &observes)).await;
    world.wait_ready("VirtualInterface", "office").await;
    world.wait_ready("VirtualGateway", "observed").await;
    let kept = world.wait_ready("VirtualGateway", "kept").await["status"]["id"].clone();
    // While their objects live, ours are nobody else's.
    let told = world.inventory("the gateways that others made", |inventory| inventory["unownedTotal"] == 2).await;
    let collections = rows(&told, "collections", ["name", "resources"]);
    assert!(collections.contains(&[&json!("virtual_gateways"), &json!(5)]), "{told:#}");
    world.delete("VirtualGateway", "kept").await;
    world.wait_gone("VirtualGateway", "kept").await;

    let told = world.inventory("the gateway that was kept", |inventory| inventory["unownedTotal"] == 3).await;
    let mut unowned = rows(&told, "unowned", ["id", "reason"]);
    unowned.sort_by_key(|row| row[1].to_string());
    let wanted = [[&json!(foreign[1]), &json!("AnotherCluster")], [&json!(foreign[0]), &json!("NoTag")], [&kept, &json!("ObjectGone")]];
    assert_eq!(unowned, wanted, "{told:#}");
    let is_kept = |row: &&Value| row["id"] == kept;
    let row = told["unowned"].as_array().unwrap().iter().find(is_kept).unwrap();
    assert!(row["name"] == "kept" && row["owner"].as_str().unwrap().ends_with(&format!(":{}/kept", world.namespace)), "{row:#}");

    let told = world.inventory("the connections", |inventory| inventory["connections"].is_array()).await;
    let line = told["connections"].as_array().unwrap().iter().find(|line| line["id"] == LINE_A).unwrap();
    assert_eq!([&line["bandwidth"], &line["allocated"], &line["status"]], [&json!(10_000), &json!(50), &json!("ACTIVE")], "{line:#}");
    assert_eq!(world.cloud.count("ListDirectConnects").await, 1, "once an hour");
    let scrape = Scrape::of(&whole).await;
    for (why, number) in [("no_tag", 1.0), ("another_cluster", 1.0), ("object_gone", 1.0)] {
        let labels = [("kind", "VirtualGateway"), ("reason", why)];
        assert_eq!(scrape.get("directconnect_unowned_resources", &labels), Some(number), "{why}");
    }
    assert_eq!(scrape.sum("directconnect_unowned_resources", &[]), 3.0);

    // The next process tells the same, and lists the connections when they are due.
    let told = world.get_account().await["status"]["inventory"].clone();
    assert!(whole.stop(), "{}", whole.tail());
    let mut again = start_operator(&world.plane, &format!("{}-again", world.namespace), &[]).await;
    eventually("it knows what is unowned", 2 * BOUND, async || {
        (Scrape::of(&again).await.sum("directconnect_unowned_resources", &[]) == 3.0).then_some(())
    })
    .await;
    world.look("VirtualGateway", "main").await;
    assert_eq!(world.get_account().await["status"]["inventory"], told);
    assert_eq!(world.cloud.count("ListDirectConnects").await, 1);

    // What it may not know it does not tell.
    assert!(again.stop(), "{}", again.tail());
    let arguments = ["--shard", "some", "--selector", "shard notin (other)"];
    let shard = start_operator(&world.plane, &format!("{}-shard", world.namespace), &arguments).await;
    world.inventory("there is none any more", Value::is_null).await;
    assert_eq!(Scrape::of(&shard).await.get("directconnect_unowned_resources", &[]), None);
    world.clear().await;
    for id in foreign.iter().map(String::as_str).chain(kept.as_str()) {
        world.cloud.delete(id).await;
    }
    world.finish().await;
}
