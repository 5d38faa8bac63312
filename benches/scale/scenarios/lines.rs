//! One account with many lines: they come up at once, rest, survive a restart, and are set back after others changed them.

use futures::{StreamExt, stream};
use serde_json::json;
use std::time::{Duration, Instant};

use crate::Rows;
use crate::figures::{Figures, Target, count};
use crate::scenarios::plugin;
use crate::stage::{BOUND, LATENCY, SETTLE, SYNC, Spent, Stage, progress, verified};
use support::eventually;
use support::load::{AT_ONCE, Load};
use support::usage::Usage;

/// Objects of the account.
const OBJECTS: usize = 1500;
/// Sizes between which growth is told.
const SIZES: [usize; 3] = [100, 1000, 10_000];
/// How many objects somebody else changes.
const CHANGED: usize = 100;
/// Most of one page of a LIST.
const PAGE: usize = 2000;
/// How long the operator is watched at rest: alone, and in a whole run.
const REST: Duration = Duration::from_mins(10);
const REST_IN_A_RUN: Duration = Duration::from_mins(2);
const READS: [&str; 3] = ["List", "Show", "Keystone"];
const LISTS: [&str; 2] = ["ListVirtualGateways", "ListVirtualInterfaces"];
const SINGLE: [&str; 2] = ["ShowVirtualGateway", "ShowVirtualInterface"];
const WRITES: [&str; 4] = ["Create", "Update", "Delete", "Batch"];

/// The scenarios that need the same objects.
pub async fn run(is_chosen: impl Fn(&str) -> bool, alone: bool, rows: &mut Rows) {
    let mut stage = Stage::set("lines", Load::of(OBJECTS)).await;
    let burst = burst(&mut stage, "burst").await;
    if is_chosen("burst") {
        rows.take(burst);
    }
    if is_chosen("plugin") {
        rows.take(plugin::run(&mut stage).await);
    }
    if is_chosen("drift") {
        rows.take(drift(&mut stage).await);
    }
    if is_chosen("steady") {
        rows.take(steady(&mut stage, if alone { REST } else { REST_IN_A_RUN }).await);
    }
    if is_chosen("restart") {
        rows.take(restart(&mut stage, "restart", 5.0).await);
    }
}

/// Burst and restart at several sizes.
pub async fn sizes(rows: &mut Rows) {
    for objects in SIZES {
        let mut stage = Stage::set("growth", Load::of(objects)).await;
        rows.take(burst(&mut stage, &format!("burst-{objects}")).await);
        let limit = if objects > OBJECTS { 20.0 } else { 5.0 };
        rows.take(restart(&mut stage, &format!("restart-{objects}"), limit).await);
    }
}

async fn burst(stage: &mut Stage, name: &str) -> Figures {
    let rate = stage.write_rate().await;
    stage.operate().await;
    let ready = tokio::spawn(stage.all_ready());
    let (mark, begun) = (stage.mark().await, Instant::now());
    let [without_peers, applied] = stage.apply().await;
    progress(&format!("{name}: all are applied after {applied:.1} s"));
    stage.until(ready).await;
    let took = begun.elapsed().as_secs_f64();
    let row_so_far = stage.since(&mark).await;
    // Events come a little behind what they tell of.
    stage.rest().await;
    let spent = Spent { writes: stage.since(&mark).await.writes, ..row_so_far };
    progress(&format!("{name}: calls {:?}, writes {:?}", spent.calls, spent.writes));
    let load = stage.load;
    // A peer is created, settles and is seen; an interface before it too, behind the create of its gateway.
    let peer = 2.0 * LATENCY.as_secs_f64() + SETTLE.as_secs_f64();
    let line = 2.0 * peer + LATENCY.as_secs_f64();
    let chain = (without_peers + line).max(applied + peer);
    // The apply, the finalizer, the intent, the id; and, where something settles, that it has.
    let writes = count(load.total() + 3 * load.gateways + 4 * (load.interfaces + load.peers)) / rate;
    let floor = chain.max(writes);
    let floor_is = format!(
        "the longest of the time to apply gateways and interfaces ({without_peers:.1} s) with a line's chain behind it ({line:.2} s), of that to apply \
         all ({applied:.1} s) with a peer's behind it ({peer:.2} s), and of the writes needed, at {rate:.0}/s ({writes:.1} s)"
    );
    let objects = count(load.total());
    let mut targets = vec![
        Target::exactly("creates", spent.of(&["Create"]), objects),
        Target::at_most("Kubernetes writes per object", count(spent.written_for_lines()) / objects, 5.0),
    ];
    // Reads go with the time, not with the objects; and of a short time the beats, within which what settled is seen, are a larger part.
    if load.total() == OBJECTS {
        targets.push(Target::at_most("ratio to the floor", took / floor, 1.3));
        targets.push(Target::at_most("reads", spent.of(&READS), 60.0));
    }
    stage.row(name, ("seconds to the last Ready", took), (&floor_is, floor), &spent, targets)
}

async fn steady(stage: &mut Stage, window: Duration) -> Figures {
    progress(&format!("steady: at rest for {} minutes", window.as_secs() / 60));
    stage.rest().await;
    let mark = stage.mark().await;
    // A measure, not a wait.
    tokio::time::sleep(window).await;
    let spent = stage.since(&mark).await;
    let (reads, beats) = (spent.of(&READS), window.as_secs_f64() / SYNC.as_secs_f64());
    let pages = count(pages(stage.load));
    let resident = Usage::of(stage.operator()).resident;
    let targets = vec![
        // A beat comes after 80 to 100 % of the interval.
        Target::between("reads", reads, pages * (beats - 1.0), pages * (beats / 0.8 + 1.0)),
        Target::exactly("reads that are no page of a LIST", reads - spent.of(&LISTS), 0.0),
        Target::exactly("writes to the cloud", spent.of(&WRITES), 0.0),
        Target::exactly("writes to Kubernetes", count(spent.written()), 0.0),
        Target::at_most("% of a core", 100.0 * spent.cpu / spent.seconds, 1.0),
        Target::at_most("RSS in MiB", resident, 60.0),
    ];
    let floor_is = format!("{pages} pages for each sync interval of {} s", SYNC.as_secs());
    let what = format!("reads in {} minutes", window.as_secs() / 60);
    stage.row("steady", (&what, reads), (&floor_is, pages * beats), &spent, targets)
}

async fn restart(stage: &mut Stage, name: &str, limit: f64) -> Figures {
    progress(&format!("{name}: the operator ends and begins again"));
    stage.operator().stop();
    stage.operator = None;
    let listed = stage.list_time().await.as_secs_f64();
    let (mark, begun) = (stage.mark().await, Instant::now());
    stage.begin();
    stage.operator().ready().await;
    let objects = count(stage.load.total());
    // A look at the metrics costs the operator something for each object: it is not to be what is measured.
    let between = Duration::from_micros(20) * u32::try_from(stage.load.total()).unwrap_or(u32::MAX);
    eventually("all objects are verified", BOUND, || async {
        tokio::time::sleep(between).await;
        verified(stage.operator.as_ref()?, objects).await.then_some(())
    })
    .await;
    let took = begun.elapsed().as_secs_f64();
    // The next LIST may come soon: it has a time of its own.
    let Spent { calls, .. } = stage.since(&mark).await;
    stage.rest().await;
    let spent = Spent { calls, ..stage.since(&mark).await };
    progress(&format!("{name}: calls {:?}, writes {:?}", spent.calls, spent.writes));
    let resident = Usage::of(stage.operator()).resident;
    let pages = count(pages(stage.load));
    let mut targets = vec![
        Target::at_most("seconds until all are verified", took, limit),
        Target::exactly("writes to the cloud", spent.of(&WRITES), 0.0),
        Target::exactly("writes of objects and events", count(spent.written_for_lines()), 0.0),
        // It is read anew at each start, and has changed since it was read before there was anything.
        Target::at_most("writes of the account's quota", count(spent.written() - spent.written_for_lines()), 1.0),
        Target::exactly("pages of LISTs", spent.of(&LISTS), pages),
        Target::exactly("reads of single objects", spent.of(&SINGLE), 0.0),
    ];
    if stage.load.total() > OBJECTS {
        targets.push(Target::at_most("RSS in MiB", resident, 150.0));
    }
    let page = LATENCY.as_secs_f64() * count(stage.load.gateways.max(stage.load.interfaces).div_ceil(PAGE));
    let floor_is = format!("listing all objects ({listed:.2} s), and the pages of the cloud one after the other ({page:.2} s)");
    stage.row(name, ("seconds until all are verified", took), (&floor_is, listed + page), &spent, targets)
}

async fn drift(stage: &mut Stage) -> Figures {
    progress(&format!("drift: somebody else changes {CHANGED} interfaces"));
    stage.rest().await;
    let interfaces = stage.world.cloud.all("virtual_interfaces").await;
    let ids: Vec<String> = interfaces.iter().take(CHANGED).map(|interface| interface["id"].as_str().expect("an id").to_owned()).collect();
    let mark = stage.mark().await;
    stream::iter(&ids)
        .for_each_concurrent(AT_ONCE, |id| {
            let cloud = &stage.world.cloud;
            async move { cloud.patch(id, json!({ "bandwidth": 3 })).await }
        })
        .await;
    let begun = Instant::now();
    eventually("all are to be set back", BOUND, || async {
        (stage.world.cloud.count("UpdateVirtualInterface").await >= u64::try_from(CHANGED).ok()?).then_some(())
    })
    .await;
    eventually("all are set back", BOUND, || async {
        let interfaces = stage.world.cloud.all("virtual_interfaces").await;
        interfaces.iter().all(|interface| interface["bandwidth"] == 2).then_some(())
    })
    .await;
    let took = begun.elapsed().as_secs_f64();
    // What was set back settles.
    stage.all_ready().await;
    stage.rest().await;
    let spent = stage.since(&mark).await;
    let floor = SYNC.as_secs_f64() + 2.0 * LATENCY.as_secs_f64();
    let targets = vec![
        Target::at_most("seconds until all are set back", took, SYNC.as_secs_f64() + 3.0),
        Target::exactly("updates", spent.of(&["Update"]), count(CHANGED)),
    ];
    stage.row("drift", ("seconds until all are set back", took), ("a sync interval, a LIST and an update", floor), &spent, targets)
}

/// Pages of both collections.
const fn pages(load: Load) -> usize {
    load.gateways.div_ceil(PAGE) + load.interfaces.div_ceil(PAGE)
}
