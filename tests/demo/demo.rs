//! `make demo`: dedicated lines come up from `kubectl apply`, to VPCs and over a global gateway to two regions, on a real control plane and a
//! simulated cloud.
//!
//! There is no kubelet: the operator runs as a process, with the arguments, the environment and the rights that the chart gives it.
//! Stays until Ctrl-C; with `ONCE=1` it deletes all, checks that the cloud is empty, and ends. With `IDENTITY=pod` no Secret holds keys.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "the demo ends at the first surprise")]

mod follow;
mod identity;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use follow::Follower;
use identity::Identity;
use support::controlplane::{ControlPlane, root};
use support::operator::Operator;
use support::release::{Release, text};
use support::simulator::{self, Simulator};
use support::{eventually, process};

const RELEASE: &str = "direct-connect";
/// Where the operator and the account's keys are.
const SYSTEM: &str = "direct-connect-system";
/// Where the lines are.
const NAMESPACE: &str = "demo";
const SAMPLES: [&str; 3] = ["single-connection-bgp", "dual-stack", "global-gateway-two-regions"];
/// Far more than any step needs.
const BOUND: Duration = Duration::from_mins(2);

static STAYING: AtomicBool = AtomicBool::new(false);
static STOPPING: AtomicBool = AtomicBool::new(false);
static OPERATOR_LOG: OnceLock<PathBuf> = OnceLock::new();

#[tokio::main]
async fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| tell_failure(panic.payload_as_str().unwrap_or("a panic without a message"))));
    let once = std::env::var("ONCE").is_ok_and(|once| !["", "0"].contains(&once.as_str()));
    let told_to_end = direct_connect_operator::shutdown::signal().unwrap();
    let mut story = tokio::spawn(story(once));
    tokio::select! {
        ended = &mut story => return if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        () = told_to_end => {}
    }
    STOPPING.store(true, Ordering::Relaxed);
    println!("\nStopping.");
    // Ends control plane, cloud and operator in order, and takes their data away.
    story.abort();
    let _ = story.await;
    if STAYING.load(Ordering::Relaxed) { ExitCode::SUCCESS } else { ExitCode::from(130) }
}

fn tell_failure(why: &str) {
    // Ctrl-C ends a kubectl under way too; that it failed may be known before the signal is.
    std::thread::sleep(Duration::from_millis(100));
    if STOPPING.load(Ordering::Relaxed) {
        return;
    }
    eprintln!("\ndemo failed: {why}");
    if let Some(log) = OPERATOR_LOG.get() {
        eprintln!("\nThe operator's log ends with:\n{}", process::tail(log, 30));
    }
}

async fn story(once: bool) {
    let start = Instant::now();
    let identity = Identity::from_environment();
    step("A control plane: etcd, kube-apiserver, kube-controller-manager");
    let plane = Arc::new(ControlPlane::start().await);
    println!("  ready after {:.1} s", start.elapsed().as_secs_f64());

    step("A simulated cloud");
    let cloud = Simulator::start(plane.dir(), "demo").await;
    println!("  listens on {}", cloud.url());

    step("helm install: kinds, rights, Deployment; then the default account");
    install(&plane, &cloud, identity);

    step("The operator, as the Deployment says");
    let mut operator = run_deployment(&plane, &cloud, identity).await;
    kubectl(&plane, &["wait", "cloudaccount/default", "--for=condition=Ready", "--timeout=60s"]);
    kubectl(&plane, &["get", "cloudaccounts"]);

    step("The samples");
    plane.kubectl(&["create", "namespace", NAMESPACE]);
    for sample in SAMPLES {
        kubectl(&plane, &["apply", "-n", NAMESPACE, "-f", &format!("deploy/samples/{sample}")]);
    }
    let mut follower = Follower::new(plane.client().await, NAMESPACE).await;
    let total = follower.count();
    assert!(total > 0, "the samples hold no objects");
    beside(&mut operator, follower.until("Ready", BOUND, Follower::all_ready)).await;
    let ready = follower.count_ready();
    kubectl(&plane, &["get", "directconnect", "-n", NAMESPACE]);
    plugin(&plane, &["tree", "-n", NAMESPACE]);

    step("One field is changed");
    follower.begin();
    change_bandwidth(&plane, &cloud, 200).await;
    beside(&mut operator, follower.until("changed", BOUND, |objects| !objects.all_ready())).await;
    beside(&mut operator, follower.until("Ready", BOUND, Follower::all_ready)).await;
    operator.check();

    if once {
        step("All is deleted");
        follower.begin();
        for sample in SAMPLES {
            kubectl(&plane, &["delete", "-n", NAMESPACE, "--wait=false", "-f", &format!("deploy/samples/{sample}")]);
        }
        beside(&mut operator, follower.until("gone", BOUND, Follower::all_gone)).await;
        assert!(cloud.is_empty().await, "left in the cloud: {:#}", cloud.resources().await);
        println!("  the cloud is empty");
        cloud.check_contract().await;
        println!("  every request and answer was as the vendor's documents say");
        identity.check(&cloud).await;
        assert!(operator.stop(), "the operator did not end within its time");
        println!("\nDone in {:.0} s.", start.elapsed().as_secs_f64());
        println!("demo: {ready}/{total} Ready, {}/{total} gone", total - follower.count());
        return;
    }
    invite(&plane, &cloud);
    STAYING.store(true, Ordering::Relaxed);
    loop {
        operator.check();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Does `work`, and fails at once when the operator ends.
async fn beside(operator: &mut Operator, work: impl Future<Output = ()>) {
    let watched = async {
        loop {
            operator.check();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = watched => {}
    }
}

fn step(what: &str) {
    println!("\n── {what}");
}

/// Runs kubectl and shows both what is typed and what comes back.
fn kubectl(plane: &ControlPlane, arguments: &[&str]) {
    println!("  $ kubectl {}", arguments.join(" "));
    for line in plane.kubectl(arguments).lines() {
        println!("    {line}");
    }
}

/// Runs the plugin and shows both what is typed and what comes back. It is called as kubectl would call it.
fn plugin(plane: &ControlPlane, arguments: &[&str]) {
    println!("  $ kubectl dc {}", arguments.join(" "));
    let output = Command::new(process::plugin_binary()).args(arguments).env("KUBECONFIG", plane.kubeconfig()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        println!("    {line}");
    }
}

fn install(plane: &ControlPlane, cloud: &Simulator, identity: Identity) {
    plane.kubectl(&["create", "namespace", SYSTEM]);
    let credentials = identity.credentials(plane);
    helm_install(plane, RELEASE, "charts/direct-connect-operator", &json!({}));
    kubectl(plane, &["wait", "crd/cloudaccounts.directconnect.huaweicloud.com", "--for=condition=Established", "--timeout=60s"]);
    let account = json!({
        "region": simulator::REGION, "credentials": credentials,
        "endpoints": { "dc": cloud.url(), "iam": cloud.url(), "insecure": true }, "syncInterval": "30s",
    });
    helm_install(plane, "accounts", "charts/direct-connect-accounts", &json!({ "accounts": { "default": account } }));
}

fn helm_install(plane: &ControlPlane, release: &str, chart: &str, values: &Value) {
    let file = plane.dir().join(format!("{release}.json"));
    std::fs::write(&file, values.to_string()).unwrap();
    println!("  $ helm install {release} {chart} -n {SYSTEM} -f {release}.json");
    plane
        .run("helm", &["install", release, text(&root().join(chart)), "-n", SYSTEM, "-f", text(&file), "--timeout", "2m"])
        .unwrap_or_else(|error| panic!("{error}"));
    println!("    installed");
}

/// What a kubelet would do.
async fn run_deployment(plane: &Arc<ControlPlane>, cloud: &Simulator, identity: Identity) -> Operator {
    let release = Release { plane: Arc::clone(plane), name: RELEASE, namespace: SYSTEM };
    let _ = OPERATOR_LOG.set(release.log("demo"));
    let pod = release.pod().await;
    let added = identity.environment(plane, cloud, &pod.service_account).await;
    let operator = release.start_with("demo", &added).await;
    println!("  $ dc-operator {}", pod.arguments.join(" "));
    println!("    ready, as service account {SYSTEM}/{}; probes on http://127.0.0.1:{}", pod.service_account, operator.port());
    operator
}

/// Changes the interface of the first sample, and waits until the cloud has the new value.
async fn change_bandwidth(plane: &ControlPlane, cloud: &Simulator, wanted: i64) {
    let interface = "bgp-line";
    let id = plane.kubectl(&["get", "vif", interface, "-n", NAMESPACE, "-o", "jsonpath={.status.id}"]);
    let seen = || async {
        let all = cloud.all("virtual_interfaces").await;
        all.iter().find(|seen| seen["id"] == *id).map(|seen| seen["bandwidth"].as_i64().unwrap_or_default())
    };
    let before = seen().await.unwrap_or_else(|| panic!("the cloud has no interface {id}"));
    let patch = json!({ "spec": { "bandwidth": wanted } }).to_string();
    println!("  the cloud: interface {id} has {before} Mbit/s");
    kubectl(plane, &["patch", "vif", interface, "-n", NAMESPACE, "--type=merge", "-p", &patch]);
    let start = Instant::now();
    eventually("the cloud has the new bandwidth", BOUND, || async { (seen().await == Some(wanted)).then_some(()) }).await;
    println!("  the cloud: interface {id} has {wanted} Mbit/s after {:.1} s", start.elapsed().as_secs_f64());
}

fn invite(plane: &ControlPlane, cloud: &Simulator) {
    step("Yours until Ctrl-C");
    println!("  export KUBECONFIG={}", plane.kubeconfig().display());
    println!(
        "  export PATH={}:{}:$PATH     # kubectl and helm of the control plane's version, and the plugin",
        plane.program("kubectl").parent().unwrap().display(),
        process::plugin_binary().parent().unwrap().display()
    );
    println!();
    println!("  kubectl dc status -n {NAMESPACE}");
    println!("  kubectl dc tree -n {NAMESPACE}");
    println!("  kubectl get directconnect -n {NAMESPACE} -o wide");
    println!("  kubectl describe vif bgp-line -n {NAMESPACE}");
    println!("  kubectl apply -n {NAMESPACE} -f deploy/samples/two-connections-active-standby");
    println!("  curl -s {}/admin/resources     # what is in the cloud; more in docs/simulator.md", cloud.url());
    println!("  tail -f {}     # what the operator says", OPERATOR_LOG.get().unwrap().display());
}
