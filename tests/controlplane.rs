//! The control plane that all tests stand on: it starts, and nothing of it stays behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::controlplane::ControlPlane;
use support::eventually;

/// With this set, the test below is the process that is to be killed.
const VICTIM: &str = "DC_TEST_VICTIM";

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
    // A zombie that nobody has waited for yet is dead.
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z') && !rest.is_empty())
}

#[tokio::test]
async fn victim() {
    let Ok(told) = std::env::var(VICTIM) else { return };
    let plane = ControlPlane::start().await;
    let pids: Vec<String> = plane.pids().iter().map(ToString::to_string).collect();
    std::fs::write(format!("{told}.new"), pids.join(" ")).unwrap();
    std::fs::rename(format!("{told}.new"), told).unwrap();
    tokio::time::sleep(Duration::from_mins(10)).await;
}

#[tokio::test]
async fn nothing_stays_behind_when_the_owner_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let told = dir.path().join("pids");
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim"])
        .env(VICTIM, &told)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pids =
        eventually("the victim has started its control plane", Duration::from_mins(3), || async { std::fs::read_to_string(&told).ok() })
            .await;
    let pids: Vec<u32> = pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() == 3 && pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("all its processes are gone", Duration::from_secs(10), || async { pids.iter().all(|pid| !is_alive(*pid)).then_some(()) })
        .await;
}

#[tokio::test]
async fn objects_outlive_a_restart_of_the_api_server() {
    let plane = ControlPlane::start().await;
    plane.kubectl(&["create", "configmap", "kept", "--from-literal=a=b"]);
    plane.restart_apiserver().await;
    assert_eq!(plane.kubectl(&["get", "configmap", "kept", "-o", "jsonpath={.data.a}"]), "b");
}
