//! What the operator takes of a machine, as the chart runs it, without objects and with a thousand: the chart's requests and limits follow from
//! the figures. They are printed: `cargo test --test chart sizing -- --nocapture`. A debug build takes more time and somewhat more memory; for the
//! figures of the real one, `DC_OPERATOR_BINARY=target/release/dc-operator` names another binary.

use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::eventually;
use support::group::Group;
use support::load::{Load, apply, until_ready};
use support::operator::Operator;
use support::release::{Release, chart};
use support::usage::Usage;
use support::world::{BOUND, LINE, World};

/// Its operator is measured.
static GROUP: Group = Group::new();

const OBJECTS: usize = 1000;
/// Far more than a thousand objects need.
const ALL: Duration = Duration::from_mins(5);
/// Over which the idle operator is looked at.
const IDLE: Duration = Duration::from_secs(5);

/// Writes to the cloud, and to objects and events, so far. The account counts its objects once a minute, and is told apart.
async fn writes(world: &World) -> (usize, Vec<String>) {
    let cloud = world.cloud.log().await.iter().filter(|entry| entry["method"] != "GET").count();
    let written = world.plane.writes(&world.namespace);
    (cloud, written.iter().map(|entry| format!("{} {}", entry["verb"], entry["requestURI"])).collect())
}

/// Fails when the operator ends by itself.
async fn ended(operator: &mut Operator) {
    loop {
        operator.check();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// The limit of the memory in the chart, in MiB.
async fn limit(release: &Release) -> f64 {
    let limit = release.pod().await.limits["memory"].0.clone();
    limit.strip_suffix("Mi").unwrap_or_else(|| panic!("{limit} is not in Mi")).parse().unwrap()
}

#[tokio::test]
async fn a_thousand_objects_come_to_rest_within_the_memory_that_the_chart_allows() {
    let world = World::without_operator_in(&GROUP).await;
    let load = Load::of(OBJECTS);
    load.make_room(&world.cloud).await;
    let release = Release { plane: Arc::clone(&world.plane), name: "sizing", namespace: "sizing" };
    // On a machine that does much besides, the API server may be too busy with a thousand objects to renew a lease in time.
    let patient = json!({ "leaseDuration": "2m", "renewDeadline": "1m" });
    release.install(&chart(), &json!({ "crds": { "enabled": false }, "leaderElection": patient }));
    let mut operator = release.start("sizing").await;
    let start = Usage::of(&operator);
    // A measure, not a wait.
    tokio::time::sleep(IDLE).await;
    let idle = Usage::of(&operator);
    idle.tell("without objects", &start);

    apply(&world, load.objects()).await;
    let counts = LINE.into_iter().zip(load.counts());
    let ready = futures::future::join_all(counts.map(|(kind, count)| until_ready(world.api(kind), count, |_| {})));
    tokio::select! {
        ready = tokio::time::timeout(ALL, ready) => assert!(ready.is_ok(), "not all are ready\n{}", operator.tail()),
        () = ended(&mut operator) => {}
    }
    let loaded = Usage::of(&operator);
    loaded.tell(&format!("while {OBJECTS} objects come up"), &idle);
    for (operation, count) in ["CreateVirtualGateway", "CreateVirtualInterface", "CreateVifPeer"].into_iter().zip(load.counts()) {
        assert_eq!(world.cloud.count(operation).await, u64::try_from(count).unwrap(), "{operation}: one for each");
    }

    // All are looked at anew, in the rhythm of the account's sync interval.
    let lists = async || (world.cloud.count("ListVirtualGateways").await, world.cloud.count("ListVirtualInterfaces").await);
    let begun = Usage::at_rest(&operator).await;
    let before = (writes(&world).await, lists().await);
    eventually("both collections are listed again", BOUND, || async {
        let now = lists().await;
        (now.0 > before.1.0 && now.1 > before.1.1).then_some(())
    })
    .await;
    let rest = Usage::at_rest(&operator).await;
    rest.tell(&format!("with {OBJECTS} objects at rest, a look every 30 s"), &begun);
    let after = writes(&world).await;
    assert_eq!(after.0, before.0.0, "at rest nothing is written to the cloud");
    assert_eq!(after.1[before.0.1.len()..], [""; 0], "nor to the API server");
    let limit = limit(&release).await;
    assert!(rest.peak < limit, "{} MiB at most, and the chart allows {limit}", rest.peak);
}
