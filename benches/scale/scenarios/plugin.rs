//! The kubectl plugin: how long `status` and `tree` take with as many objects as one account of a busy team has.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::figures::{Figures, Target};
use crate::stage::{Stage, progress};
use support::process::plugin_binary;
use support::release::text;

/// Runs of each command; the median counts.
const RUNS: usize = 5;
/// What a person waits for without noticing, in seconds.
const LIMIT: f64 = 1.0;

/// All objects of the stage are there.
pub async fn run(stage: &mut Stage) -> Figures {
    progress("the plugin's commands");
    let mark = stage.mark().await;
    let plugin = plugin_binary();
    let namespace = stage.world.namespace.clone();
    let (kubeconfig, kubectl) = (stage.world.plane.kubeconfig(), stage.world.plane.program("kubectl"));
    let seconds = |program: &Path, arguments: &[&str]| median(program, &kubeconfig, &[&["-n", &namespace], arguments].concat());
    let (status, tree) = (seconds(&plugin, &["status"]), seconds(&plugin, &["tree"]));
    // Another cluster may have had the same address.
    let cache = stage.world.plane.dir().join("kubectl-cache");
    let all = seconds(&kubectl, &["--cache-dir", text(&cache), "get", "directconnect", "-o", "json"]);
    let spent = stage.since(&mark).await;
    let targets = vec![Target::at_most("seconds of `status`", status, LIMIT), Target::at_most("seconds of `tree`", tree, LIMIT)];
    stage.row("plugin", ("seconds of `kubectl dc status`", status), ("`kubectl get directconnect -o json`", all), &spent, targets)
}

/// The median time of a command, in seconds.
fn median(program: &Path, kubeconfig: &Path, arguments: &[&str]) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let ended = Command::new(program).args(arguments).env("KUBECONFIG", kubeconfig).stdout(Stdio::null()).status().unwrap();
            assert!(ended.success(), "{} {} ended with {ended}", program.display(), arguments.join(" "));
            begun.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
