//! Many accounts, each with a cloud of its own: their reads are spread, and a cloud that is away slows no other.

use futures::{StreamExt, stream};
use kube::api::DynamicObject;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::figures::{Figures, Target, count};
use crate::stage::{BOUND, SYNC, Spent, Stage, all_ready, calls, furnish, more, plane, progress, verified, writes_where};
use support::eventually;
use support::load::{Load, apply};
use support::usage::Usage;
use support::world::{API_VERSION, LINE, World, api};

const ACCOUNTS: usize = 200;
const OBJECTS: usize = 50;
/// Accounts that are brought up at a time.
const AT_ONCE: usize = 8;
/// Over which reads are counted.
const WINDOW: Duration = Duration::from_mins(2);
/// Accounts in which somebody changes something while another's cloud is away.
const ASKED: usize = 5;
/// A change of one object: two looks of this program, a write of the spec, and one call to the cloud.
const CHANGE: f64 = 1.0;

pub async fn run() -> Figures {
    progress(&format!("accounts: a control plane and {ACCOUNTS} clouds for {OBJECTS} objects each"));
    let (plane, load) = (plane().await, Load::of(OBJECTS));
    let worlds: Vec<World> = stream::iter(0..ACCOUNTS)
        .map(|number| {
            let plane = Arc::clone(&plane);
            async move {
                let world = World::on(plane, &format!("account-{number}")).await;
                furnish(&world, load).await;
                world
            }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut worlds = worlds.into_iter();
    let mut stage = Stage::at(worlds.next().expect("there are accounts"), Load::of(ACCOUNTS * OBJECTS));
    let worlds: Vec<World> = worlds.collect();
    stage.operate().await;
    let counts = LINE.into_iter().zip(load.counts().map(|objects| objects * ACCOUNTS));
    let client = stage.world.client.clone();
    let ready = tokio::spawn(all_ready(counts, |kind| -> kube::Api<DynamicObject> { api(&client, None, API_VERSION, kind) }));
    let all = || worlds.iter().chain(std::iter::once(&stage.world));
    stream::iter(all()).for_each_concurrent(AT_ONCE, |world| apply(world, load.objects())).await;
    progress("accounts: all are applied");
    stage.until(ready).await;
    // All begin together: the hardest case for what is to be spread.
    stage.operator().stop();
    stage.operate().await;
    let objects = count(ACCOUNTS * OBJECTS);
    eventually("all objects are verified", BOUND, || async { verified(stage.operator.as_ref()?, objects).await.then_some(()) }).await;
    let before = changes(&worlds, "before").await;

    progress(&format!("accounts: one cloud stops answering, and {} s of the others' reads are counted", WINDOW.as_secs()));
    stage.world.cloud.pause();
    for number in 0..load.gateways {
        let change = json!({ "spec": { "description": "for a cloud that is away" } });
        stage.world.patch("VirtualGateway", &format!("gateway-{number}"), change).await;
    }
    let (processor, written, called) = (Usage::of(stage.operator()).processor, written(&stage), called(&worlds).await);
    let nexts = nexts(&worlds).await;
    // A measure, not a wait: longer than a call to the dead cloud takes.
    tokio::time::sleep(WINDOW).await;
    let seconds = reads(&worlds, &nexts).await;
    let spent = Spent {
        calls: more(self::called(&worlds).await, &called),
        writes: more(self::written(&stage), &written),
        cpu: Usage::of(stage.operator()).processor - processor,
        seconds: WINDOW.as_secs_f64(),
    };
    let all: usize = seconds.values().sum();
    let mean = count(all) / WINDOW.as_secs_f64();
    let peak = count(seconds.values().copied().max().unwrap_or_default());
    let during = changes(&worlds, "during").await;
    stage.world.cloud.resume();

    let beats = count(2 * (ACCOUNTS - 1)) * WINDOW.as_secs_f64() / SYNC.as_secs_f64();
    let targets = vec![
        Target::between("reads", count(all), beats * 0.8, beats / 0.8 * 1.1),
        Target::at_most("peak second by the mean", peak / mean, 3.0),
        Target::at_most("seconds of a change while another cloud is away", during, before + CHANGE),
    ];
    let floor_is = format!("2 pages for each sync interval of {} s and account whose cloud answers", SYNC.as_secs());
    stage.row("accounts", ("reads while one cloud is away", count(all)), (&floor_is, beats), &spent, targets)
}

/// What the clouds were asked so far.
async fn called(worlds: &[World]) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    let mut each = stream::iter(worlds).map(calls).buffered(AT_ONCE);
    while let Some(calls) = each.next().await {
        calls.into_iter().for_each(|(operation, calls)| *all.entry(operation).or_default() += calls);
    }
    all
}

/// What was written of all objects and accounts so far.
fn written(stage: &Stage) -> BTreeMap<String, u64> {
    let is_account = |name: &Value| name.as_str().is_some_and(|name| name.starts_with("account-"));
    writes_where(&stage.world.plane, |object| is_account(&object["namespace"]) || is_account(&object["name"]))
}

/// The longest time of a change in some accounts, from its patch to the cloud.
async fn changes(worlds: &[World], mark: &str) -> f64 {
    let mut longest = 0.0_f64;
    for world in worlds.iter().take(ASKED) {
        let begun = Instant::now();
        world.patch("VirtualGateway", "gateway-0", json!({ "spec": { "description": mark } })).await;
        eventually("a change is made", BOUND, || async {
            world.cloud.all("virtual_gateways").await.iter().any(|gateway| gateway["description"] == mark).then_some(())
        })
        .await;
        longest = longest.max(begun.elapsed().as_secs_f64());
    }
    longest
}

/// Where the logs of the clouds end now.
async fn nexts(worlds: &[World]) -> Vec<u64> {
    stream::iter(worlds).map(|world| async { world.cloud.log_since(u64::MAX).await.1 }).buffered(AT_ONCE).collect().await
}

/// Reads by the second in which they came.
async fn reads(worlds: &[World], since: &[u64]) -> BTreeMap<String, usize> {
    let mut seconds = BTreeMap::new();
    for (world, since) in worlds.iter().zip(since) {
        for entry in world.cloud.log_since(*since).await.0.iter().filter(|entry| entry["method"] == "GET") {
            *seconds.entry(second(entry)).or_default() += 1;
        }
    }
    seconds
}

fn second(entry: &Value) -> String {
    entry["time"].as_str().expect("a time").chars().take("2026-01-01T00:00:00".len()).collect()
}
