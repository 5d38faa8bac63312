//! `make e2e`: the operator's life in pods, from the installation with Helm to its end, as one story. Each step tells its time.
//!
//! A test runner must not start this by itself: it wants a cluster, which `tests/e2e/run` provides or `E2E_KUBECONFIG` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod changes;
mod cloud;
mod cluster;
mod deaths;
mod identity;
mod installation;
mod line;
mod monitoring;

use cloud::Cloud;
use cluster::{Cluster, SYSTEM};
use line::Line;
use monitoring::Prometheus;
use std::sync::Arc;
use std::time::Instant;
use support::controlplane::root;
use support::simulator::link_by_cloud_connect;
use support::world::is;
use support::{eventually, figure};

/// Where the lines are.
const LINES: &str = "direct-connect-e2e-lines";
/// What stays over all disturbances.
const LASTING: [&str; 2] = ["single-connection-bgp", "dual-stack"];

#[tokio::test]
async fn the_operator_lives_in_pods() {
    let cluster = Arc::new(Cluster::new().await);
    let told = tokio::spawn(story(Arc::clone(&cluster))).await;
    if let Err(failure) = told {
        cluster.tell_failure();
        cluster.tell_what_is_left(LINES);
        std::panic::resume_unwind(failure.into_panic());
    }
}

async fn story(cluster: Arc<Cluster>) {
    let cloud = Cloud(cluster.client.clone());
    let (cluster, cloud) = (&*cluster, &cloud);

    cluster.step("promtool takes the rules, and each fires when it should", async { monitoring::rules_are_sound() }).await;
    cluster
        .step("helm install --wait: two replicas and the simulated cloud, Pod Security restricted", installation::install(cluster))
        .await;
    cluster.step("accounts without keys: the ServiceAccount's token is exchanged", identity::accounts_without_keys(cluster)).await;
    let prometheus = cluster.step("a Prometheus finds both replicas by the Service", Prometheus::start(cluster)).await;
    cluster.create_namespace(LINES);
    for sample in samples() {
        cluster.step(&format!("{sample} comes up and goes"), comes_up_and_goes(cluster, cloud, &sample)).await;
    }

    for sample in LASTING {
        cluster.step(&format!("{sample} comes up to stay"), cluster.apply_sample(LINES, sample)).await;
    }
    cluster.step("alerts and dashboard, while all is well", prometheus.all_is_well()).await;
    let line = Line::new(cluster, cloud, LINES, "bgp-line").await;
    cluster.step("the leader's pod is deleted by force", deaths::pod_is_deleted(cluster, &line)).await;
    if cluster.node.is_some() {
        cluster.step("the leader's process is killed", deaths::process_is_killed(cluster, &line)).await;
        cluster.step("an alert has noticed", prometheus.told_of(&["DirectConnectNoLeader"])).await;
        cluster.step("the cloud stands still, and goes on", deaths::cloud_stands_still(cluster, cloud, &line)).await;
    } else {
        println!(
            "not done, on a cluster whose processes are out of reach: the leader's process is killed; the cloud stands still, and goes on"
        );
    }
    cluster.step("the Deployment is rolled", changes::roll(cluster, &line)).await;
    cluster.step("the chart is upgraded", changes::upgrade(cluster, cloud)).await;
    cluster.step("the chart is rolled back", changes::roll_back(cluster, cloud)).await;
    line.is_changed("after all of this").await;
    prometheus.rules_are_healthy().await;
    let exchanges = cloud.check_contract().await;
    figure(&format!("{exchanges} exchanges with the cloud, all as the vendor's documents say"));

    cluster.step("helm uninstall: definitions and objects stay", installation::uninstall(cluster, LINES)).await;
    cluster.step("helm install takes them up again", installation::install_again(cluster, cloud, LINES)).await;
    cluster.step("a namespace is deleted with everything in it", namespace_is_deleted(cluster, cloud)).await;
    cluster.step("everything is taken away", installation::remove(cluster)).await;
}

/// All there are, so that none is forgotten, but for those with accounts of their own.
fn samples() -> Vec<String> {
    let folders = root().join("deploy/samples").read_dir().unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let folders = folders.filter(|entry| !entry.path().join("01-accounts.yaml").exists());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

async fn comes_up_and_goes(cluster: &Cluster, cloud: &Cloud, sample: &str) {
    let start = Instant::now();
    cluster.apply(LINES, sample);
    let theirs = made_by_others(cluster, cloud, sample).await;
    let objects = cluster.all_ready(LINES).await;
    assert!(objects >= 2, "{sample} has {objects} objects");
    let (ready, made) = (start.elapsed(), cloud.count().await);
    assert!(made >= 2, "{sample} made {made} resources in the cloud");
    // The gateway goes when it is taken out of the central network.
    if let Some(theirs) = theirs {
        cloud.delete(&theirs).await;
    }
    let start = Instant::now();
    let folder = root().join("deploy/samples").join(sample);
    cluster.tools.kubectl(&["-n", LINES, "delete", "--timeout=3m", "-f", folder.to_str().unwrap()]);
    assert!(cloud.is_empty().await, "{sample} left something in the cloud");
    let gone = start.elapsed();
    figure(&format!("{sample}: {objects} objects, Ready after {:.1} s, gone after {:.1} s", ready.as_secs_f64(), gone.as_secs_f64()));
}

/// What another service makes for a sample.
async fn made_by_others(cluster: &Cluster, cloud: &Cloud, sample: &str) -> Option<String> {
    if sample != "central-network" {
        return None;
    }
    let [link, gateway] = eventually("the gateway has its interface", cluster::BOUND, || async {
        let objects = cluster.objects(LINES).await;
        let of = |wanted: &str| objects.iter().find(|(kind, _)| *kind == wanted).map(|(_, object)| object.clone());
        let interface = of("VirtualInterface")?;
        is(&interface, "Ready", "True").then_some([of("PeerLink")?, of("GlobalGateway")?])
    })
    .await;
    let theirs = cloud.make(&link_by_cloud_connect(&link, &gateway)).await;
    // Otherwise it is seen within the account's syncInterval of five minutes.
    let link = format!("peerlink/{}", link["metadata"]["name"].as_str().unwrap());
    cluster.tools.kubectl(&["-n", LINES, "annotate", &link, "directconnect.huaweicloud.com/reconcile-at=made-by-cloud-connect"]);
    Some(theirs)
}

async fn namespace_is_deleted(cluster: &Cluster, cloud: &Cloud) {
    assert!(cloud.count().await >= 2);
    let start = Instant::now();
    cluster.tools.kubectl(&["delete", "namespace", LINES, "--timeout=3m"]);
    eventually("the cloud is empty", cluster::BOUND, || async { cloud.is_empty().await.then_some(()) }).await;
    figure(&format!("a namespace with all its lines: gone after {:.1} s", start.elapsed().as_secs_f64()));
    assert_eq!(cluster.restarts(cluster::SIMULATOR), 0, "the simulator of {SYSTEM} was restarted and lost its cloud");
}
