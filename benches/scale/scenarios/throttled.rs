//! A cloud that allows few writes and counts those that it refuses: corrections queue, and somebody's change overtakes them.

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::figures::{Figures, Target, count};
use crate::stage::{BOUND, Stage, progress};
use support::load::{AT_ONCE, Load};

const QUEUED: usize = 200;
/// Writes that the cloud allows.
const PER_MINUTE: u32 = 10;
/// How long it is watched after the first refusal.
const WINDOW: Duration = Duration::from_mins(4);

pub async fn run() -> Figures {
    let load = Load { gateways: QUEUED + 1, interfaces: 0, peers: 0 };
    let mut stage = Stage::set("throttled", load).await;
    stage.come_up().await;
    // From here on with the limits that an account has by default.
    stage.world.patch_account(json!({ "rateLimit": null, "syncInterval": "30s" })).await;
    stage.world.cloud.settings(json!({ "rate_limits": { "writes_per_minute": PER_MINUTE, "throttled_calls_count": true } })).await;
    let gateways = stage.world.cloud.all("virtual_gateways").await;
    let named = |gateway: &&Value| gateway["name"] != "gateway-200";
    let ids: Vec<String> = gateways.iter().filter(named).map(|gateway| gateway["id"].as_str().expect("an id").to_owned()).collect();
    let (mark, since) = (stage.mark().await, stage.world.cloud.log_since(u64::MAX).await.1);
    stream::iter(&ids)
        .for_each_concurrent(AT_ONCE, |id| {
            let cloud = &stage.world.cloud;
            async move { cloud.patch(id, json!({ "name": "changed-by-somebody-else" })).await }
        })
        .await;
    progress(&format!("throttled: somebody else changed {QUEUED} gateways, and the cloud takes {PER_MINUTE} writes a minute"));
    let mut writes = Writes { all: Vec::new(), next: since };
    until(&stage, &mut writes, "the cloud refuses a write", |writes| refused(writes).next().is_some()).await;
    let asked = writes.all.len();
    let begun = Instant::now();
    stage.world.patch("VirtualGateway", "gateway-200", json!({ "spec": { "description": "asked for" } })).await;
    let is_users = |entry: &Value| entry["request_body"].to_string().contains("asked for");
    until(&stage, &mut writes, "the user's change is made", |writes| writes.iter().any(|entry| is_users(entry) && entry["status"] == 200))
        .await;
    let took = begun.elapsed().as_secs_f64();
    let before_it = writes.all[asked..].iter().take_while(|entry| !is_users(entry)).count();
    // The cloud counts refused calls too: it takes a write when it has forgotten so many.
    let debt = refused(&writes.all).count();
    // A measure, not a wait.
    tokio::time::sleep(WINDOW.saturating_sub(begun.elapsed())).await;
    writes.read(&stage).await;
    let times: Vec<f64> = refused(&writes.all).map(seconds).collect();
    let first = times.first().copied().unwrap_or_default();
    // Those that were under way together with the first are not after it.
    let after: Vec<f64> = times.iter().map(|time| time - first).filter(|after| *after > 1.0).collect();
    let most = (0..after.len()).map(|at| after[at..].iter().take_while(|time| **time - after[at] < 60.0).count()).max().unwrap_or_default();
    let taken = writes.all.iter().filter(|entry| entry["status"] == 200).count();
    let spent = stage.since(&mark).await;
    // Half of what the cloud allows in the time that is left of the window when the first refusals are forgotten.
    let least = f64::from(PER_MINUTE) * (WINDOW.as_secs_f64() / 60.0 - 1.0) / 2.0;
    let targets = vec![
        Target::at_most("most throttled calls within a minute, after the first", count(most), 1.0),
        Target::at_most("writes that went before the user's change", count(before_it), 1.0),
        Target::at_most("throttled calls with the first", count(times.len() - after.len()), 10.0),
        Target::between("writes that the cloud took", count(taken), least, count(QUEUED + 1)),
    ];
    let floor = 60.0 / f64::from(PER_MINUTE) * (count(debt) + 1.0);
    let floor_is = format!("the cloud's time until it takes a write behind {debt} that it refused");
    stage.row("throttled", ("seconds to the user's change", took), (&floor_is, floor), &spent, targets)
}

/// Writes that came to the cloud, in their order.
struct Writes {
    all: Vec<Value>,
    next: u64,
}

impl Writes {
    async fn read(&mut self, stage: &Stage) {
        let (log, next) = stage.world.cloud.log_since(self.next).await;
        self.all.extend(log.into_iter().filter(|entry| entry["method"] != "GET"));
        self.next = next;
    }
}

/// Reads what comes to the cloud until it is as awaited.
async fn until(stage: &Stage, writes: &mut Writes, what: &str, awaited: impl Fn(&[Value]) -> bool) {
    let begun = Instant::now();
    while !awaited(&writes.all) {
        assert!(begun.elapsed() < BOUND, "not within {BOUND:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        writes.read(stage).await;
    }
}

fn refused(writes: &[Value]) -> impl Iterator<Item = &Value> {
    writes.iter().filter(|entry| entry["status"] == 429)
}

/// When the cloud took a request, in seconds of its clock.
fn seconds(entry: &Value) -> f64 {
    let time: jiff::Timestamp = entry["time"].as_str().expect("a time").parse().expect("a time");
    time.as_duration().as_secs_f64()
}
