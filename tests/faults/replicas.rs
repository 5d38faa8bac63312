//! Several replicas, of which one works: told apart in the API server's audit log by the service account that each has of its own. Figures are
//! printed: `cargo test --test faults replicas -- --nocapture`.

use clap::Parser;
use direct_connect_operator::cluster::leader_election::Leadership;
use direct_connect_operator::config::{Cli, Command};
use direct_connect_operator::telemetry::metrics::Metrics;
use direct_connect_operator::telemetry::probes::StartupPhase;
use direct_connect_operator::{kinds, operator};
use jiff::Timestamp;
use kube::config::{KubeConfigOptions, Kubeconfig};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::eventually;
use support::group::Group;
use support::operator::Operator;
use support::world::{API_VERSION, BOUND, CALL_TIMEOUT, READ_LAG, World, api};
use tokio::sync::{Mutex, MutexGuard, watch};

/// Several operators beside each other.
static GROUP: Group = Group::new();

/// Lease duration, renew deadline, retry period.
const SHORT: [&str; 3] = ["3s", "2s", "500ms"];
/// Run out within a test's bound, and not because the machine stood still for a moment.
const MIDDLING: [&str; 3] = ["10s", "7s", "500ms"];
/// So long that nobody waits for its end within a test's bound by chance.
const LONG: [&str; 3] = ["40s", "30s", "500ms"];
/// What the operator and its chart take when nothing is said.
const DEFAULT: [&str; 3] = ["15s", "10s", "2s"];
const WORKS: &str = "ok\n";
const STANDS_BY: &str = "ok: standby, another replica leads\n";

/// How an operator under test works, besides its longest call.
const WORK: [&str; 6] = ["--read-lag", READ_LAG, "--settle-interval", "200ms", "--settle-interval-max", "1s"];

/// One test at a time: operators look after all accounts of the control plane.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// A world whose service accounts may do everything.
async fn world() -> World {
    let world = World::without_operator_in(&GROUP).await;
    let group = format!("--group=system:serviceaccounts:{}", world.namespace);
    world.plane.kubectl(&["create", "clusterrolebinding", &world.namespace, "--clusterrole=cluster-admin", &group]);
    world
}

/// A kubeconfig for a service account of the replica's own.
async fn kubeconfig(world: &World, name: &str) -> PathBuf {
    world.plane.kubectl(&["create", "serviceaccount", name, "-n", &world.namespace]);
    world.plane.service_account_kubeconfig(&world.namespace, name).await
}

/// Starts a replica and waits until it is ready, working or standing by.
async fn replica(world: &World, name: &str, timing: [&str; 3]) -> Operator {
    patient_replica(world, name, timing, CALL_TIMEOUT).await
}

/// The same with a longest call of its own.
async fn patient_replica(world: &World, name: &str, timing: [&str; 3], call_timeout: &str) -> Operator {
    let namespace = world.namespace.as_str();
    let [duration, deadline, retry] = timing;
    let place = ["run", "--shard", "test", "--watch-namespaces", namespace, "--log", "direct_connect_operator=debug,warn"];
    let election = ["--leader-elect", "--lease-namespace", namespace, "--lease-duration", duration];
    let more = ["--lease-renew-deadline", deadline, "--lease-retry-period", retry, "--call-timeout", call_timeout];
    let arguments: Vec<String> = place.iter().chain(&WORK).chain(&election).chain(&more).map(ToString::to_string).collect();
    let log = world.plane.dir().join(format!("operator-{namespace}-{name}.log"));
    Operator::start(&kubeconfig(world, name).await, &log, &arguments, &[]).await
}

fn gateway(number: usize) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "VirtualGateway", "metadata": { "name": format!("gw-{number}") },
        "spec": { "vpcId": vpc(number), "localEpGroup": ["172.16.0.0/24"] },
    })
}

fn vpc(number: usize) -> String {
    format!("00000000-0000-4000-8000-0000000002{number:02}")
}

/// What the API server received of this replica's writes.
fn audit(world: &World, replica: &str) -> Vec<Value> {
    let user = format!("system:serviceaccount:{}:{replica}", world.namespace);
    world.plane.audit().into_iter().filter(|entry| entry["user"]["username"] == user.as_str()).collect()
}

/// When it received them, in order.
fn writes(world: &World, replica: &str) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = audit(world, replica).iter().map(received).collect();
    times.sort();
    times
}

fn received(entry: &Value) -> Timestamp {
    time(&entry["requestReceivedTimestamp"])
}

fn told(entry: &Value) -> String {
    format!("{} {} {} → {}", received(entry), entry["verb"], entry["requestURI"], entry["responseStatus"]["code"])
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Writes that the cloud executed since `start`, as operation and VPC.
async fn cloud_writes(world: &World, start: Timestamp) -> Vec<(String, String)> {
    let log = world.cloud.log().await.into_iter();
    log.filter(|entry| entry["method"] != "GET" && time(&entry["time"]) >= start)
        .map(|entry| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&entry["operation"]), text(&entry["request_body"]["virtual_gateway"]["vpc_id"]))
        })
        .collect()
}

async fn says(replica: &Operator, body: &str) {
    eventually(&format!("/readyz says {body:?}\n{}", replica.tail()), BOUND, || async {
        (replica.readiness().await? == body).then_some(())
    })
    .await;
}

/// It ended by itself, with an error, and told why.
async fn ends(replica: &mut Operator, why: &str) {
    let status = eventually("it ends by itself", BOUND, || std::future::ready(replica.ended())).await;
    assert_eq!(status.code(), Some(1), "{}", replica.tail());
    assert!(replica.log().contains("dc-operator: leadership was lost"), "{}", replica.tail());
    assert!(replica.log().contains(why), "{why}:\n{}", replica.tail());
}

/// The engine in this process, which does not end when the term does: what it does then is to be seen.
#[tokio::test]
async fn without_leadership_the_engine_reads_and_writes_nothing() {
    let _alone = alone().await;
    let world = world().await;
    let (stop, stopped) = watch::channel(false);
    let term = watch::Sender::new(tokio::time::Instant::now() + BOUND * 10);
    let leadership = Leadership::until(term.subscribe());
    let place = ["dc-operator", "run", "--shard", "test", "--watch-namespaces", &world.namespace, "--call-timeout", CALL_TIMEOUT];
    let Command::Run(config) = Cli::parse_from(place.iter().chain(&WORK)).command else { panic!("run") };
    let cluster = Kubeconfig::read_from(kubeconfig(&world, "engine").await).unwrap();
    let cluster = kube::Config::from_custom_kubeconfig(cluster, &KubeConfigOptions::default()).await.unwrap();
    let phase = watch::Sender::new(StartupPhase::Starting);
    let engine =
        tokio::spawn(async move { operator::work(&config, kinds::ALL, cluster, leadership, &phase, &Metrics::new(), stopped).await });
    for number in [40, 41] {
        world.apply(&gateway(number)).await;
    }
    for name in ["gw-40", "gw-41"] {
        world.wait_ready("VirtualGateway", name).await;
    }

    // The term ends under a create. One gateway is to be changed, one to be deleted, one to be made anew.
    world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "delay", "ms": 1000 })).await;
    world.apply(&gateway(42)).await;
    world.wait("VirtualGateway", "gw-42", "an intent", |object| object["status"]["intent"].is_object()).await;
    term.send_replace(tokio::time::Instant::now());
    let ended = Timestamp::now();
    world.patch("VirtualGateway", "gw-40", json!({ "spec": { "description": "changed" } })).await;
    world.delete("VirtualGateway", "gw-41").await;
    world.apply(&gateway(43)).await;
    // The create may have ended before the term did: then nothing but a request makes it look.
    for look in 0..5 {
        let lists = world.cloud.count("ListVirtualGateways").await;
        world.ask("VirtualGateway", "gw-40", &format!("look-{look}")).await;
        eventually("it goes on to look", BOUND, || async { (world.cloud.count("ListVirtualGateways").await > lists).then_some(()) }).await;
    }
    let under_way = ("CreateVirtualGateway".to_owned(), vpc(42));
    let cloud = cloud_writes(&world, ended).await;
    assert!(cloud.iter().all(|write| *write == under_way) && cloud.len() <= 1, "{cloud:?}");
    let late: Vec<Timestamp> = writes(&world, "engine").into_iter().filter(|time| *time > ended).collect();
    assert!(late.is_empty(), "wrote to the API server at {late:?}, without leadership since {ended}");

    term.send_replace(tokio::time::Instant::now() + BOUND * 10);
    world.wait_gone("VirtualGateway", "gw-41").await;
    for name in ["gw-40", "gw-42", "gw-43"] {
        world.wait_ready("VirtualGateway", name).await;
    }
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 4, "one create for each");
    world.finish().await;
    stop.send_replace(true);
    engine.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_leader_that_was_paused_writes_nothing_after_another_has_taken_over() {
    const OBJECTS: usize = 16;
    const AT_ONCE: usize = 12;
    /// Longer than a create takes here, and that longer than the first intents wait for the last.
    const PATIENT: &str = "8s";
    let _alone = alone().await;
    let world = world().await;
    world.cloud.settings(json!({ "quotas": { "virtual_gateways": 50 } })).await;
    // The others queue for the budget, one a second.
    let slow = json!({ "spec": { "rateLimit": { "writesPerMinute": 60, "burst": AT_ONCE } } });
    let accounts = api(&world.client, None, API_VERSION, "CloudAccount");
    accounts.patch(&world.namespace, &kube::api::PatchParams::default(), &kube::api::Patch::Merge(slow)).await.unwrap();

    let mut first = patient_replica(&world, "first", MIDDLING, PATIENT).await;
    says(&first, WORKS).await;
    let second = patient_replica(&world, "second", MIDDLING, PATIENT).await;
    says(&second, STANDS_BY).await;
    world.apply(&gateway(0)).await;
    world.wait_ready("VirtualGateway", "gw-0").await;
    assert!(!writes(&world, "first").is_empty() && writes(&world, "second").is_empty(), "only the leader works");

    // The leader stands still while creates are under way and more are waiting.
    world.cloud.settings(json!({ "latencies": { "operations": { "CreateVirtualGateway": 6000 } } })).await;
    let objects: Vec<Value> = (1..OBJECTS).map(gateway).collect();
    futures::future::join_all(objects.iter().map(|object| world.apply(object))).await;
    eventually("creates are under way", BOUND, || async {
        let objects = world.api("VirtualGateway").list(&kube::api::ListParams::default()).await.ok()?;
        (objects.iter().filter(|object| object.data["status"]["intent"].is_object()).count() >= AT_ONCE - 1).then_some(())
    })
    .await;
    first.pause();
    let paused = Timestamp::now();
    // Those under way take as long as they were to.
    world.cloud.settings(json!({ "latencies": null })).await;
    says(&second, WORKS).await;
    for number in 1..OBJECTS {
        world.wait_ready("VirtualGateway", &format!("gw-{number}")).await;
    }
    let taken_over = writes(&world, "second")[0];

    // It comes back with its hands full, while the other has nothing to do.
    let resumed = Timestamp::now();
    first.resume();
    ends(&mut first, "the lease was not renewed in time").await;
    let ended = Timestamp::now();
    // A further object, whose create is the only write of the cloud's log from then on.
    world.apply(&gateway(OBJECTS)).await;
    world.wait_ready("VirtualGateway", &format!("gw-{OBJECTS}")).await;
    // What was in the connection's hands when the process was paused may still arrive: a status from before is refused then, since the object
    // has changed, and an event changes nothing.
    let late = audit(&world, "first").into_iter().filter(|entry| received(entry) >= taken_over);
    let took_effect = |entry: &Value| entry["responseStatus"]["code"].as_u64().is_none_or(|code| code < 300);
    let late: Vec<String> =
        late.filter(|entry| took_effect(entry) && entry["objectRef"]["resource"] != "events").map(|entry| told(&entry)).collect();
    let times = format!("paused {paused}, taken over {taken_over}, resumed {resumed}, ended {ended}");
    assert!(late.is_empty(), "the old leader wrote to the API server: {late:#?}\n{times}\n{}", first.tail());
    assert_eq!(cloud_writes(&world, resumed).await, [("CreateVirtualGateway".to_owned(), vpc(OBJECTS))]);
    let mut creates = BTreeMap::new();
    for (_, vpc) in cloud_writes(&world, Timestamp::UNIX_EPOCH).await {
        *creates.entry(vpc).or_insert(0) += 1;
    }
    assert_eq!(creates, (0..=OBJECTS).map(|number| (vpc(number), 1)).collect(), "one create for each");

    let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
    support::figure(&format!("lease 10 s: first write of the next leader {:.2} s after the pause", seconds(paused, taken_over)));
    support::figure(&format!("the paused leader ended {:.3} s after it was resumed, without a write", seconds(resumed, ended)));
    world.finish().await;
}

#[tokio::test]
async fn a_leader_that_is_told_to_stop_hands_over_at_once() {
    let _alone = alone().await;
    let world = world().await;
    let mut first = replica(&world, "first", LONG).await;
    says(&first, WORKS).await;
    let second = replica(&world, "second", LONG).await;
    world.apply(&gateway(30)).await;
    world.wait_ready("VirtualGateway", "gw-30").await;

    let told = Instant::now();
    assert!(first.stop(), "it ends by itself");
    let stopped = told.elapsed();
    assert_eq!(first.ended().and_then(|status| status.code()), Some(0), "{}", first.tail());
    says(&second, WORKS).await;
    let handed_over = told.elapsed();
    assert!(handed_over < Duration::from_secs(20), "{handed_over:?} of a lease of 40 s\n{}", second.tail());
    support::figure(&format!("lease 40 s: ended {stopped:.2?}, and the next worked {handed_over:.2?} after SIGTERM"));
    world.apply(&gateway(31)).await;
    world.wait_ready("VirtualGateway", "gw-31").await;
    world.finish().await;
}

#[tokio::test]
async fn a_leader_that_dies_is_followed_when_its_lease_has_run_out() {
    let _alone = alone().await;
    let world = world().await;
    let mut first = replica(&world, "first", DEFAULT).await;
    says(&first, WORKS).await;
    let mut second = replica(&world, "second", DEFAULT).await;
    says(&second, STANDS_BY).await;
    world.apply(&gateway(50)).await;
    world.wait_ready("VirtualGateway", "gw-50").await;

    let told = Instant::now();
    assert!(first.stop(), "it ends by itself");
    says(&second, WORKS).await;
    let after_term = told.elapsed();
    let third = replica(&world, "third", DEFAULT).await;
    says(&third, STANDS_BY).await;
    world.apply(&gateway(51)).await;
    world.wait_ready("VirtualGateway", "gw-51").await;

    let killed = Instant::now();
    second.kill();
    // What is asked for while nobody leads is done by the next.
    world.apply(&gateway(52)).await;
    says(&third, WORKS).await;
    let after_kill = killed.elapsed();
    // One that was only cut off might have worked on until its renew deadline.
    assert!(after_kill > Duration::from_secs(10), "{after_kill:?}: the lease was not waited for\n{}", third.tail());
    world.wait_ready("VirtualGateway", "gw-52").await;
    support::figure(&format!("lease 15 s: the next worked {after_term:.2?} after SIGTERM, {after_kill:.2?} after SIGKILL"));
    let mut creates = cloud_writes(&world, Timestamp::UNIX_EPOCH).await;
    creates.sort();
    assert_eq!(creates, [50, 51, 52].map(|number| ("CreateVirtualGateway".to_owned(), vpc(number))), "one create for each");
    world.finish().await;
}

#[tokio::test]
async fn a_leader_ends_when_it_cannot_renew_and_when_it_sees_another() {
    let _alone = alone().await;
    let world = world().await;
    let mut first = replica(&world, "first", SHORT).await;
    says(&first, WORKS).await;
    let lease = |more: &[&str]| {
        let get = ["get", "lease", "direct-connect-operator-test", "-n", world.namespace.as_str()];
        world.plane.kubectl(&get.iter().chain(more).copied().collect::<Vec<_>>())
    };
    // A label changes the lease's resource version and nothing else.
    world.plane.kubectl(&["label", "lease", "direct-connect-operator-test", "-n", &world.namespace, "a=b"]);
    let renewed = || lease(&["-o", "jsonpath={.spec.renewTime}"]);
    let before = renewed();
    eventually("it is renewed all the same", BOUND, || std::future::ready((renewed() != before).then_some(()))).await;

    // The API server is there and does not answer.
    world.plane.signal_apiserver(Signal::STOP);
    let away = Instant::now();
    ends(&mut first, "the lease was not renewed in time").await;
    support::figure(&format!("renew deadline 2 s: the leader ended {:.2?} after the API server fell silent", away.elapsed()));
    world.plane.signal_apiserver(Signal::CONT);

    let mut second = replica(&world, "second", LONG).await;
    says(&second, WORKS).await;
    let taken = json!({ "spec": { "holderIdentity": "somebody" } }).to_string();
    world.plane.kubectl(&["patch", "lease", "direct-connect-operator-test", "-n", &world.namespace, "--type=merge", "-p", &taken]);
    ends(&mut second, "somebody has the lease").await;
    assert_eq!(lease(&["-o", "jsonpath={.spec.holderIdentity}"]), "somebody", "it takes nothing back");
}
