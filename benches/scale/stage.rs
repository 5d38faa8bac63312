//! One stage: a control plane, a cloud and an operator of its own, and the means to see what they do.

use futures::{FutureExt, StreamExt, stream};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

use crate::figures::{Figures, Target, count, machine};
use support::controlplane::ControlPlane;
use support::eventually;
use support::load::{AT_ONCE, Load, apply, gateway, until_ready};
use support::metrics::Scrape;
use support::operator::Operator;
use support::usage::Usage;
use support::world::{API_VERSION, KINDS, LINE, World};

/// Of every call, at the cloud.
pub const LATENCY: Duration = Duration::from_millis(50);
/// Of what is created, changed and deleted.
pub const SETTLE: Duration = Duration::from_secs(5);
/// Of the accounts.
pub const SYNC: Duration = Duration::from_mins(1);
/// Far more than anything here needs, on slow machines, too.
pub const BOUND: Duration = Duration::from_hours(1);

pub struct Stage {
    pub world: World,
    pub operator: Option<Operator>,
    pub load: Load,
    starts: usize,
}

/// All that is counted, at one moment.
pub struct Mark {
    at: Instant,
    calls: BTreeMap<String, u64>,
    writes: BTreeMap<String, u64>,
    usage: Option<Usage>,
}

/// What was counted between two marks.
pub struct Spent {
    pub calls: BTreeMap<String, u64>,
    /// Of objects and events, by what was done to what.
    pub writes: BTreeMap<String, u64>,
    pub cpu: f64,
    pub seconds: f64,
}

impl Spent {
    pub fn all(&self) -> u64 {
        self.calls.values().sum()
    }

    pub fn written(&self) -> u64 {
        self.writes.values().sum()
    }

    /// Writes of lines and of events about them.
    pub fn written_for_lines(&self) -> u64 {
        let writes = self.writes.iter().filter(|(what, _)| !what.contains(" cloudaccounts"));
        writes.map(|(_, writes)| writes).sum()
    }

    /// Calls whose name begins with one of these words.
    pub fn of(&self, words: &[&str]) -> f64 {
        let calls = self.calls.iter().filter(|(operation, _)| words.iter().any(|word| operation.starts_with(word)));
        calls.map(|(_, calls)| count(*calls)).sum()
    }
}

/// By how much `now` is more.
pub fn more(mut now: BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    for (key, before) in before {
        if let Some(count) = now.get_mut(key) {
            *count = count.saturating_sub(*before);
        }
    }
    now.retain(|_, count| *count > 0);
    now
}

impl Stage {
    /// Without an operator yet. The account may make as many calls as it likes.
    pub async fn set(name: &str, load: Load) -> Self {
        let stage = Self::bare(name, load).await;
        furnish(&stage.world, load).await;
        stage
    }

    /// Without an account.
    pub async fn bare(name: &str, load: Load) -> Self {
        progress(&format!("{name}: a control plane and a cloud for {} objects", load.total()));
        let world = World::on(plane().await, name).await;
        Self::at(world, load)
    }

    /// In a world that is there.
    pub const fn at(world: World, load: Load) -> Self {
        Self { world, operator: None, load, starts: 0 }
    }

    /// Starts the operator, and waits until it works.
    pub async fn operate(&mut self) {
        self.begin();
        self.operator().ready().await;
    }

    /// Starts the operator.
    pub fn begin(&mut self) {
        self.starts += 1;
        self.operator = Some(begin(&self.world, self.starts));
    }

    pub fn operator(&mut self) -> &mut Operator {
        self.operator.as_mut().expect("the operator was started")
    }

    pub async fn mark(&self) -> Mark {
        Mark {
            at: Instant::now(),
            calls: calls(&self.world).await,
            writes: writes(&self.world),
            usage: self.operator.as_ref().map(Usage::of),
        }
    }

    /// What was counted since. A mark without an operator counts that of the one which came later from its beginning.
    pub async fn since(&self, mark: &Mark) -> Spent {
        let now = self.mark().await;
        let cpu = |usage: &Option<Usage>| usage.as_ref().map_or(0.0, |usage| usage.processor);
        Spent {
            calls: more(now.calls, &mark.calls),
            writes: more(now.writes, &mark.writes),
            cpu: cpu(&now.usage) - cpu(&mark.usage),
            seconds: now.at.duration_since(mark.at).as_secs_f64(),
        }
    }

    /// Applies all objects, in their order, and tells how long it took until all but the peers were there, and until all were.
    pub async fn apply(&self) -> [f64; 2] {
        let begun = Instant::now();
        let mut others = self.load.objects();
        let peers = others.split_off(self.load.gateways + self.load.interfaces);
        apply(&self.world, others).await;
        let without_peers = begun.elapsed();
        apply(&self.world, peers).await;
        [without_peers, begun.elapsed()].map(|time| time.as_secs_f64())
    }

    /// Waits for a task, and fails when the operator ends before it.
    pub async fn until(&mut self, task: JoinHandle<()>) {
        let task = task.map(|ended| ended.expect("what is waited for comes"));
        let mut task = std::pin::pin!(task);
        while tokio::time::timeout(Duration::from_secs(1), &mut task).await.is_err() {
            self.operator().check();
        }
    }

    /// Watches until all objects are Ready; begin it before they are applied.
    pub fn all_ready(&self) -> impl Future<Output = ()> + Send + 'static {
        all_ready(LINE.into_iter().zip(self.load.counts()), |kind| self.world.api(kind))
    }

    /// Brings all objects up, and waits until the operator has come to rest.
    pub async fn come_up(&mut self) {
        self.operate().await;
        let ready = tokio::spawn(self.all_ready());
        self.apply().await;
        self.until(ready).await;
        self.rest().await;
    }

    /// Waits until nothing settles any more and the operator has nothing to do.
    pub async fn rest(&mut self) {
        Usage::at_rest(self.operator()).await;
    }

    /// How many writes of a status the API server carries out in a second, with nothing else to do.
    pub async fn write_rate(&self) -> f64 {
        const OBJECTS: usize = 100;
        const TIMES: usize = 8;
        progress("the API server's own rate of writes");
        let probe = self.world.neighbour("probe", json!({})).await;
        let objects: Vec<Value> = (0..OBJECTS).map(gateway).collect();
        apply(&probe, objects).await;
        let api = probe.api("VirtualGateway");
        let begun = Instant::now();
        stream::iter(0..OBJECTS * TIMES)
            .for_each_concurrent(AT_ONCE, |number| {
                let api = api.clone();
                async move {
                    let condition = |type_: &str| {
                        json!({ "type": type_, "status": "False", "reason": "Probe", "message": format!("probe {number}"),
                            "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z" })
                    };
                    let conditions: Vec<Value> = ["Ready", "Synced", "Reconciling", "Stalled"].map(condition).into();
                    let patch = json!({ "apiVersion": API_VERSION, "kind": "VirtualGateway",
                        "status": { "observedGeneration": 1, "conditions": conditions } });
                    let name = format!("gateway-{}", number % OBJECTS);
                    api.patch_status(&name, &PatchParams::apply("probe").force(), &Patch::Apply(patch)).await.expect("a probe is written");
                }
            })
            .await;
        let rate = count(OBJECTS * TIMES) / begun.elapsed().as_secs_f64();
        api.delete_collection(&DeleteParams::default(), &ListParams::default()).await.expect("the probes are deleted");
        eventually("the probes are gone", BOUND, || async { api.list(&ListParams::default()).await.ok()?.items.is_empty().then_some(()) })
            .await;
        rate
    }

    /// How long a client takes to list all objects, page by page, the kinds side by side.
    pub async fn list_time(&self) -> Duration {
        let begun = Instant::now();
        let lists = KINDS.map(|kind| {
            let api = self.world.api(kind);
            async move {
                let mut parameters = ListParams::default().limit(500);
                loop {
                    let page = api.list(&parameters).await.expect("objects are listed");
                    match page.metadata.continue_.filter(|next| !next.is_empty()) {
                        Some(next) => parameters = parameters.continue_token(&next),
                        None => return,
                    }
                }
            }
        });
        futures::future::join_all(lists).await;
        begun.elapsed()
    }

    /// A row of the table.
    pub fn row(
        &mut self,
        scenario: &str,
        (what, figure): (&str, f64),
        (floor_is, floor): (&str, f64),
        spent: &Spent,
        targets: Vec<Target>,
    ) -> Figures {
        let usage = Usage::of(self.operator());
        Figures {
            scenario: scenario.to_owned(),
            what: what.to_owned(),
            figure,
            floor,
            floor_is: floor_is.to_owned(),
            ratio_to_floor: figure / floor.max(f64::MIN_POSITIVE),
            objects: self.load.total(),
            cloud_calls: spent.all(),
            kubernetes_writes: spent.written(),
            rss_mib: usage.resident,
            rss_peak_mib: usage.peak,
            cpu_seconds: spent.cpu,
            targets,
            machine: machine(),
            date: jiff::Zoned::now().date().to_string(),
        }
    }
}

/// A control plane with our definitions.
pub async fn plane() -> Arc<ControlPlane> {
    let plane = ControlPlane::start().await;
    plane.install_crds();
    Arc::new(plane)
}

/// Watches until so many objects of each of these kinds are Ready.
pub fn all_ready(
    counts: impl IntoIterator<Item = (&'static str, usize)>,
    api: impl Fn(&str) -> Api<DynamicObject>,
) -> impl Future<Output = ()> + Send + 'static {
    let watches = counts.into_iter().map(|(kind, wanted)| {
        let mut next = wanted.div_ceil(4);
        until_ready(api(kind), wanted, move |ready| {
            if ready >= next {
                next = ready + wanted.div_ceil(4);
                progress(&format!("{ready} of {wanted} {kind} are Ready"));
            }
        })
    });
    let watches: Vec<_> = watches.collect();
    async {
        let ready = tokio::time::timeout(BOUND, futures::future::join_all(watches)).await;
        assert!(ready.is_ok(), "not all objects are Ready within {BOUND:?}");
    }
}

/// An account that may make as many calls as it likes, and the latency, settling times, quotas and connections of its cloud.
pub async fn furnish(world: &World, load: Load) {
    let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let settle = milliseconds(SETTLE);
    world
        .cloud
        .settings(json!({
            "latencies": { "default_ms": milliseconds(LATENCY) },
            "settle_ms": { "create": settle, "update": settle, "delete": settle },
        }))
        .await;
    load.make_room(&world.cloud).await;
    let limits = json!({ "readsPerMinute": 60_000, "writesPerMinute": 60_000, "burst": 1000 });
    world.furnish_with(&json!({ "syncInterval": format!("{}s", SYNC.as_secs()), "rateLimit": limits })).await;
}

/// An operator of the release, with the environment of its image (deploy/Dockerfile).
pub fn begin(world: &World, number: usize) -> Operator {
    begin_with(world, number, &[])
}

/// The same with these variables besides.
pub fn begin_with(world: &World, number: usize, more: &[(&str, String)]) -> Operator {
    let log = world.plane.dir().join(format!("operator-{number}.log"));
    let allocator = [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "8192")].map(|(name, value)| (name, value.to_owned()));
    let environment: Vec<_> = allocator.iter().chain(more).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Operator::begin(&world.plane.kubeconfig(), &log, &["run".to_owned()], &environment)
}

/// Writes of our objects, of events about them and of their account so far, by what was done to what. Without the benchmark's own applies.
pub fn writes(world: &World) -> BTreeMap<String, u64> {
    let name = &world.namespace;
    writes_where(&world.plane, |object| object["namespace"] == *name || (object["resource"] == "cloudaccounts" && object["name"] == *name))
}

/// The same of the objects that are concerned.
pub fn writes_where(plane: &ControlPlane, concerned: impl Fn(&Value) -> bool) -> BTreeMap<String, u64> {
    let mut writes = BTreeMap::new();
    for entry in plane.writes_where(concerned) {
        let [verb, resource, part] = [&entry["verb"], &entry["objectRef"]["resource"], &entry["objectRef"]["subresource"]]
            .map(|text| text.as_str().unwrap_or_default());
        *writes.entry(format!("{verb} {resource} {part}").trim_end().to_owned()).or_default() += 1;
    }
    writes
}

/// Requests of the cloud's own API so far, by operation.
pub async fn calls(world: &World) -> BTreeMap<String, u64> {
    let counters = world.cloud.counters().await;
    let counters = counters.as_object().into_iter().flatten();
    counters.filter_map(|(operation, counter)| Some((operation.clone(), counter["total"].as_u64()?))).collect()
}

/// Whether so many passes over lines found nothing to do since the operator began, and none is to come: then each line was verified.
pub async fn verified(operator: &Operator, objects: f64) -> bool {
    let scrape = Scrape::of(operator).await;
    let sum = |name: &str, labels: &[(&str, &str)]| -> f64 {
        KINDS.iter().map(|kind| scrape.sum(name, &[&[("kind", *kind)], labels].concat())).sum()
    };
    let to_come = sum("directconnect_queue_depth", &[]) + sum("directconnect_reconciles_in_flight", &[]);
    sum("directconnect_reconciles_total", &[("result", "up_to_date")]) >= objects && to_come == 0.0
}

pub fn progress(text: &str) {
    eprintln!("  … {text}");
}
