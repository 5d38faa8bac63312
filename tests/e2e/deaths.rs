//! Pods and processes that die, and a cloud that stands still.

use std::time::{Duration, Instant};

use crate::LINES;
use crate::cloud::Cloud;
use crate::cluster::{Cluster, RELEASE, SIMULATOR, SYSTEM};
use crate::line::Line;
use support::{eventually, figure};

/// The lease's duration, a look of the other, and what a loaded machine needs besides.
const TAKEOVER: Duration = Duration::from_secs(40);

/// A change that is asked for while the leader dies is made by the next.
async fn another_takes_over(cluster: &Cluster, line: &Line<'_>, what: &str, kill: impl FnOnce(&str)) {
    let old = cluster.leader().await.expect("one leads");
    let start = Instant::now();
    kill(old.split('_').next().unwrap());
    line.ask();
    // The killed process may come back in its pod and be the first to see that the lease has run out.
    eventually("another leads", TAKEOVER, || async { cluster.leader().await.filter(|holder| *holder != old) }).await;
    let taken = start.elapsed();
    line.arrives().await;
    figure(&format!(
        "{what}: another leads after {:.1} s, a change asked for meanwhile is in the cloud after {:.1} s",
        taken.as_secs_f64(),
        start.elapsed().as_secs_f64()
    ));
    cluster.rolled_out();
    cluster.all_ready(LINES).await;
}

pub async fn pod_is_deleted(cluster: &Cluster, line: &Line<'_>) {
    let kill = |pod: &str| drop(cluster.tools.kubectl(&["-n", SYSTEM, "delete", "pod", pod, "--grace-period=0", "--force"]));
    another_takes_over(cluster, line, "the leader's pod deleted by force", kill).await;
}

pub async fn process_is_killed(cluster: &Cluster, line: &Line<'_>) {
    let pods = cluster.pods("direct-connect-operator");
    let node = cluster.node.as_ref().unwrap();
    let kill = |pod: &str| node.signal("KILL", pods.iter().find(|found| found["metadata"]["name"] == pod).unwrap());
    another_takes_over(cluster, line, "the leader's process killed", kill).await;
}

/// The simulator keeps its connections and answers nothing; soon its Service has no endpoint either.
pub async fn cloud_stands_still(cluster: &Cluster, cloud: &Cloud, line: &Line<'_>) {
    let node = cluster.node.as_ref().unwrap();
    let [pod] = &cluster.pods(SIMULATOR)[..] else { panic!("one simulator") };
    let (restarts, writes) = (cluster.restarts(RELEASE), cloud.writes().await);
    node.signal("STOP", pod);
    // Its liveness probe would restart it after five minutes, with an empty cloud.
    let paused = Instant::now();
    line.ask();
    let told = eventually("the operator says that the cloud is away", Duration::from_mins(1), || async {
        let object = line.object().await;
        let conditions = object["status"]["conditions"].as_array()?.clone();
        conditions.into_iter().find(|condition| condition["reason"] == "CloudUnavailable")
    })
    .await;
    let after = paused.elapsed();
    node.signal("CONT", pod);
    let resumed = Instant::now();
    line.arrives().await;
    let recovered = resumed.elapsed();
    cluster.all_ready(LINES).await;
    figure(&format!(
        "the cloud away: told by {} after {:.1} s; back: the change is in the cloud after {:.1} s",
        told["type"],
        after.as_secs_f64(),
        recovered.as_secs_f64()
    ));
    assert_eq!(cluster.restarts(SIMULATOR), 0, "the simulator was restarted");
    assert_eq!(cluster.restarts(RELEASE), restarts, "an operator was restarted because the cloud was away");
    assert!(cloud.writes().await > writes);
    cluster.rolled_out();
}
