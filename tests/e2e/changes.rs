//! New pods, a new chart, the old one again: no line notices.

use serde_json::Value;
use std::path::Path;
use std::time::Instant;

use crate::LINES;
use crate::cloud::Cloud;
use crate::cluster::{Cluster, RELEASE, SYSTEM};
use crate::line::Line;
use support::figure;
use support::release::{chart, copy};

/// While the pods are replaced, a change arrives.
pub async fn roll(cluster: &Cluster, line: &Line<'_>) {
    let before = cluster.leader().await;
    let start = Instant::now();
    cluster.tools.kubectl(&["-n", SYSTEM, "rollout", "restart", "deployment", RELEASE]);
    line.ask();
    cluster.rolled_out();
    let rolled = start.elapsed();
    line.arrives().await;
    cluster.all_ready(LINES).await;
    figure(&format!("a roll of both replicas: {:.1} s, a change asked for meanwhile is in the cloud", rolled.as_secs_f64()));
    assert_ne!(cluster.leader().await, before, "the old leader is gone");
    assert_eq!(cluster.restarts(RELEASE), 0);
}

/// What identifies the objects and what the cloud has of them.
async fn objects(cluster: &Cluster) -> Vec<(Value, Value, Value)> {
    let objects = cluster.objects(LINES).await;
    objects
        .into_iter()
        .map(|(_, object)| (object["metadata"]["uid"].clone(), object["metadata"]["generation"].clone(), object["status"]["id"].clone()))
        .collect()
}

/// Does it, and sees that neither objects nor cloud have changed.
async fn unnoticed(cluster: &Cluster, cloud: &Cloud, what: &str, change: impl FnOnce()) {
    let (before, writes) = (objects(cluster).await, cloud.writes().await);
    let start = Instant::now();
    change();
    cluster.rolled_out();
    let took = start.elapsed();
    cluster.all_ready(LINES).await;
    assert_eq!(objects(cluster).await, before, "{what}: objects have changed");
    assert_eq!(cloud.writes().await, writes, "{what}: the cloud was written to");
    figure(&format!("{what}: {:.1} s, no write to the cloud", took.as_secs_f64()));
}

/// To a chart of a higher version with another setting, so that the pods are new ones.
pub async fn upgrade(cluster: &Cluster, cloud: &Cloud) {
    let next = cluster.dir().join("chart");
    copy(&chart(), &next, Path::new(""));
    let file = next.join("Chart.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let version = text.lines().find(|line| line.starts_with("version:")).unwrap();
    std::fs::write(&file, text.replace(version, "version: 99.0.0")).unwrap();
    unnoticed(cluster, cloud, "helm upgrade", || {
        let more = ["--reuse-values", "--set", "config.logLevel=debug", "--wait", "--timeout", "3m"];
        cluster.tools.helm(&[&["upgrade", RELEASE, next.to_str().unwrap(), "-n", SYSTEM], &more[..]].concat());
    })
    .await;
    assert!(cluster.tools.helm(&["list", "-n", SYSTEM]).contains("99.0.0"));
}

pub async fn roll_back(cluster: &Cluster, cloud: &Cloud) {
    unnoticed(cluster, cloud, "helm rollback", || {
        cluster.tools.helm(&["rollback", RELEASE, "1", "-n", SYSTEM, "--wait", "--timeout", "3m"]);
    })
    .await;
    assert!(!cluster.tools.helm(&["list", "-n", SYSTEM]).contains("99.0.0"));
}
