//! Half an hour of creates, changes and deletes under faults: memory stays flat, nothing is lost and nothing made twice.

use kube::api::ListParams;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::figures::{Figures, Target, count};
use crate::stage::{BOUND, Stage, progress};
use support::eventually;
use support::line::peer;
use support::load::{Load, gateway, interface};
use support::usage::Usage;
use support::world::{KINDS, is};

/// How long, in minutes; `SOAK_MINUTES` names another time.
const MINUTES: u64 = 30;
/// Between two operations.
const BEAT: Duration = Duration::from_millis(200);
/// Operations between two faults.
const FAULT_EVERY: u32 = 15;
/// Between two looks at the memory.
const LOOK: Duration = Duration::from_secs(10);
/// Lines that come and go: a gateway, an interface and a peer each.
const LINES: usize = 150;
/// Choices repeat from run to run.
const SEED: u64 = 20_261_126;

/// One line's place in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Absent,
    There(u32),
}

pub async fn run() -> Figures {
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(MINUTES);
    let load = Load { gateways: LINES, interfaces: LINES, peers: LINES };
    let mut stage = Stage::set("soak", load).await;
    stage.world.cloud.settings(json!({ "settle_ms": { "create": 500, "update": 300, "delete": 500 } })).await;
    stage.operate().await;
    let mark = stage.mark().await;
    let mut chance = fastrand::Rng::with_seed(SEED);
    let mut lines = vec![Line::Absent; LINES];
    let mut memory = Vec::new();
    let (begun, length) = (Instant::now(), Duration::from_secs(60 * minutes));
    let mut beat = tokio::time::interval(BEAT);
    let (mut looked, mut operations) = (Instant::now(), 0_u32);
    let mut twins = Twins::since(&stage).await;
    while begun.elapsed() < length {
        beat.tick().await;
        operations += 1;
        if operations.is_multiple_of(FAULT_EVERY) {
            stage.world.cloud.fault(fault(&mut chance)).await;
        }
        // One that is still on its way out has no turn: another one has.
        loop {
            let number = chance.usize(..LINES);
            if let Some(line) = turn(&stage, number, lines[number], &mut chance).await {
                lines[number] = line;
                break;
            }
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            twins.read(&stage).await;
            let usage = Usage::of(stage.operator());
            memory.push(usage.resident);
            if memory.len().is_multiple_of(6) {
                progress(&format!(
                    "soak: {} of {minutes} min, {operations} operations, {:.1} MiB",
                    begun.elapsed().as_secs() / 60,
                    usage.resident
                ));
            }
        }
    }
    stage.world.cloud.clear_faults().await;
    let (lost, doubles) = account_for(&stage, &lines).await;
    twins.read(&stage).await;
    let spent = stage.since(&mark).await;
    let third = memory.len() / 3;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / count(part.len().max(1));
    let (middle, latest) = (mean(&memory[third..2 * third]), mean(&memory[2 * third..]));
    let targets = vec![
        Target::between("RSS of the last third by that of the middle third", latest / middle, 0.0, 1.05),
        Target::exactly("objects and resources without each other", count(lost), 0.0),
        Target::exactly("resources made twice", count(doubles), 0.0),
        Target::exactly("creates that the cloud refused because the resource was there", count(twins.refused), 0.0),
    ];
    stage.row("soak", ("MiB in the last third", latest), ("MiB in the middle third", middle), &spent, targets)
}

/// A lost answer, a refusal, an error or a slow answer.
fn fault(chance: &mut fastrand::Rng) -> Value {
    let mut fault = match chance.u8(..5) {
        0 => json!({ "kind": "lose_answer" }),
        1 => json!({ "kind": "reset_before" }),
        2 => json!({ "kind": "status", "status": 500 }),
        3 => json!({ "kind": "status", "status": 503 }),
        _ => json!({ "kind": "delay", "ms": 3000 }),
    };
    fault["operation"] = json!("*");
    fault
}

/// Creates of what was there: the cloud refuses them, and none should come to that.
struct Twins {
    next: u64,
    refused: usize,
}

impl Twins {
    /// The cloud's codes for a VPC, a VLAN and an address family that are taken.
    const TAKEN: [&str; 3] = ["DC.1110", "DC.1209", "DC.0001"];

    async fn since(stage: &Stage) -> Self {
        Self { next: stage.world.cloud.log_since(u64::MAX).await.1, refused: 0 }
    }

    async fn read(&mut self, stage: &Stage) {
        let (log, next) = stage.world.cloud.log_since(self.next).await;
        let is_refused = |entry: &&Value| entry["method"] == "POST" && Self::TAKEN.iter().any(|code| entry["error_code"] == *code);
        (self.next, self.refused) = (next, self.refused + log.iter().filter(is_refused).count());
    }
}

/// One operation on a line: made where it is not, else changed or deleted whole. `None` while it is on its way out.
async fn turn(stage: &Stage, number: usize, line: Line, chance: &mut fastrand::Rng) -> Option<Line> {
    let world = &stage.world;
    let names = [
        ("Peer", format!("peer-{number}")),
        ("VirtualInterface", format!("interface-{number}")),
        ("VirtualGateway", format!("gateway-{number}")),
    ];
    match line {
        Line::Absent => {
            for (kind, name) in &names {
                if world.api(kind).get_opt(name).await.expect("the API server answers").is_some() {
                    return None;
                }
            }
            for object in [gateway(number), interface(number), peer(&format!("peer-{number}"), &format!("interface-{number}"))] {
                world.apply(&object).await;
            }
            Some(Line::There(0))
        }
        Line::There(changes) if chance.u8(..3) > 0 => {
            let (kind, name) = &names[chance.usize(..names.len())];
            world.patch(kind, name, json!({ "spec": { "description": format!("change {changes}") } })).await;
            Some(Line::There(changes + 1))
        }
        Line::There(_) => {
            for (kind, name) in &names {
                world.delete(kind, name).await;
            }
            Some(Line::Absent)
        }
    }
}

/// Waits until all that is there is Ready and all that is not is gone, then holds the cloud against it: how many stand alone on either side, and
/// how many were made twice.
async fn account_for(stage: &Stage, lines: &[Line]) -> (usize, usize) {
    let there = lines.iter().filter(|line| **line != Line::Absent).count();
    progress(&format!("soak: {there} lines are to be there at the end"));
    for kind in KINDS {
        let api = stage.world.api(kind);
        eventually(&format!("each {kind} is Ready or gone"), BOUND, || async {
            let all = api.list(&ListParams::default()).await.ok()?.items;
            let ready = all.iter().filter(|object| serde_json::to_value(object).is_ok_and(|object| is(&object, "Ready", "True")));
            (all.len() == there && ready.count() == there).then_some(())
        })
        .await;
    }
    let mut ids = BTreeSet::new();
    for kind in ["VirtualGateway", "VirtualInterface"] {
        for object in stage.world.api(kind).list(&ListParams::default()).await.expect("objects are listed").items {
            ids.insert(object.data["status"]["id"].as_str().expect("an id").to_owned());
        }
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut in_cloud = BTreeSet::new();
    for collection in ["virtual_gateways", "virtual_interfaces"] {
        for resource in stage.world.cloud.all(collection).await {
            in_cloud.insert(resource["id"].as_str().expect("an id").to_owned());
            *names.entry(format!("{collection}/{}", resource["name"])).or_default() += 1;
        }
    }
    // The first peer comes with the interface, the other is ours.
    let peers = |interface: &Value| interface["vif_peers"].as_array().map_or(0, Vec::len);
    let interfaces = stage.world.cloud.all("virtual_interfaces").await;
    let [fewer, more] = [interfaces.iter().filter(|one| peers(one) < 2).count(), interfaces.iter().filter(|one| peers(one) > 2).count()];
    let doubles = names.values().filter(|resources| **resources > 1).count();
    (ids.symmetric_difference(&in_cloud).count() + fewer, doubles + more)
}
