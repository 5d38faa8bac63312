//! No objects and no accounts.

use std::time::Duration;

use crate::figures::{Figures, Target, count};
use crate::stage::Stage;
use support::load::Load;
use support::usage::Usage;

const WINDOW: Duration = Duration::from_secs(10);
/// What it may take.
const LIMIT: f64 = 16.0;

pub async fn run() -> Figures {
    let mut stage = Stage::bare("idle", Load { gateways: 0, interfaces: 0, peers: 0 }).await;
    stage.operate().await;
    stage.rest().await;
    let mark = stage.mark().await;
    // A measure, not a wait.
    tokio::time::sleep(WINDOW).await;
    let spent = stage.since(&mark).await;
    let resident = Usage::of(stage.operator()).resident;
    let targets = vec![Target::at_most("RSS in MiB", resident, LIMIT), Target::exactly("cloud calls", count(spent.all()), 0.0)];
    stage.row("idle", ("MiB resident", resident), ("the limit", LIMIT), &spent, targets)
}
