//! One test's world: the control plane of its group, a cloud and a namespace of its own, and the operator of the group.

use futures::StreamExt;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::controlplane::ControlPlane;
use crate::group::{Group, SHARED};
use crate::operator::Operator;
use crate::process::tail;
use crate::proxy::Proxy;
use crate::record::Recording;
use crate::secrets;
use crate::simulator::{self, Simulator};

/// All kinds, in the order in which they need each other.
pub const KINDS: [&str; 10] = [
    "Connection",
    "HostedConnection",
    "VirtualGateway",
    "GlobalGateway",
    "VirtualInterface",
    "Peer",
    "PeerLink",
    "GlobalGatewayRoute",
    "ConnectGateway",
    "GlobalEipAssociation",
];
/// The kinds of a line with a virtual gateway, in the same order.
pub const LINE: [&str; 3] = ["VirtualGateway", "VirtualInterface", "Peer"];
pub const API_VERSION: &str = "directconnect.huaweicloud.com/v1alpha1";
/// Far more than any wait needs; a test that reaches it has failed.
pub const BOUND: Duration = Duration::from_mins(1);
/// Longest call of the operator under test: a create in doubt is waited out for twice as long.
pub const CALL_TIMEOUT: &str = "2s";
/// The simulated cloud's reads do not lag, but where a test says so.
pub const READ_LAG: &str = "300ms";

static NEXT: AtomicU32 = AtomicU32::new(1);

pub struct World {
    /// Ends before the cloud does.
    _recording: Option<Recording>,
    pub plane: Arc<ControlPlane>,
    pub cloud: Arc<Simulator>,
    pub client: Client,
    pub namespace: String,
    /// Where the account looks for its cloud.
    endpoint: String,
}

impl World {
    /// With the operator that tests share which name no group.
    pub async fn new() -> Self {
        let world = Self::without_operator_in(&SHARED).await;
        SHARED.operator().await;
        world
    }

    /// A cloud that settles fast, an account of the namespace's name, and the namespace that names it.
    pub async fn without_operator_in(group: &Group) -> Self {
        let world = Self::bare(group).await;
        world.furnish().await;
        world
    }

    /// The same behind a proxy: an operator that is given its kubeconfig sees this account only.
    pub async fn behind_proxy_in(group: &Group) -> (Self, Proxy) {
        let mut world = Self::bare(group).await;
        let proxy = Proxy::start(&world.plane, world.cloud.url(), &world.namespace).await;
        proxy.url().clone_into(&mut world.endpoint);
        world.furnish().await;
        (world, proxy)
    }

    async fn bare(group: &Group) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::on(group.plane().await, &format!("world-{number}")).await
    }

    /// A cloud that settles fast, beside this control plane, and nothing yet in Kubernetes.
    pub async fn on(plane: Arc<ControlPlane>, namespace: &str) -> Self {
        let cloud = Simulator::start(plane.dir(), namespace).await;
        cloud.settings(json!({ "settle_ms": { "create": 300, "update": 200, "delete": 300 } })).await;
        let client = plane.client().await;
        let endpoint = cloud.url().to_owned();
        let recording = Recording::start(&plane, Some(cloud.url()), namespace).await;
        Self { _recording: recording, plane, cloud: Arc::new(cloud), client, namespace: namespace.to_owned(), endpoint }
    }

    /// The namespace, its Secret and the account.
    pub async fn furnish(&self) {
        self.furnish_with(&json!({})).await;
    }

    /// The same with these fields of the account's spec besides the usual ones.
    pub async fn furnish_with(&self, account: &Value) {
        let annotations = json!({ "directconnect.huaweicloud.com/account": self.namespace });
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": self.namespace, "annotations": annotations } });
        self.apply_in(None, &namespace).await;
        self.access_key_secret(simulator::SECRET_KEY).await;
        self.account_with(account).await;
    }

    pub async fn access_key_secret(&self, secret_key: &str) {
        self.apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" },
            "stringData": { "accessKey": simulator::ACCESS_KEY, "secretKey": secret_key },
        }))
        .await;
    }

    /// (Re)writes the account with these credentials.
    pub async fn account(&self, credentials: Value) {
        self.account_with(&json!({ "credentials": credentials })).await;
    }

    /// (Re)writes the account with these fields of its spec besides the usual ones.
    pub async fn account_with(&self, fields: &Value) {
        let mut spec = json!({
            "region": simulator::REGION, "syncInterval": "30s",
            "credentials": { "accessKey": { "secretRef": { "namespace": self.namespace, "name": "credentials" } } },
            "rateLimit": { "readsPerMinute": 6000, "writesPerMinute": 6000, "burst": 200 },
            "endpoints": { "dc": self.endpoint, "iam": self.endpoint, "insecure": true },
        });
        for (field, value) in fields.as_object().unwrap() {
            spec[field] = value.clone();
        }
        self.apply_in(
            None,
            &json!({ "apiVersion": API_VERSION, "kind": "CloudAccount", "metadata": { "name": self.namespace }, "spec": spec }),
        )
        .await;
    }

    /// The same cloud and account from another namespace, which this makes.
    pub async fn neighbour(&self, name: &str, labels: Value) -> Self {
        let namespace = format!("{}-{name}", self.namespace);
        let neighbour = Self {
            _recording: Recording::start(&self.plane, None, &namespace).await,
            plane: Arc::clone(&self.plane),
            cloud: Arc::clone(&self.cloud),
            client: self.client.clone(),
            namespace: namespace.clone(),
            endpoint: self.endpoint.clone(),
        };
        let annotations = json!({ "directconnect.huaweicloud.com/account": self.namespace });
        let metadata = json!({ "name": namespace, "labels": labels, "annotations": annotations });
        self.apply_in(None, &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata })).await;
        neighbour
    }

    /// Waits until the operator goes by the account as it is written now.
    pub async fn account_in_force(&self) {
        crate::eventually("the account is in force as it is written", BOUND, || async {
            let account = self.get_account().await;
            (account["status"]["observedGeneration"] == account["metadata"]["generation"]).then_some(())
        })
        .await;
    }

    /// The account as it is.
    pub async fn get_account(&self) -> Value {
        let account = api(&self.client, None, API_VERSION, "CloudAccount").get(&self.namespace).await.unwrap();
        serde_json::to_value(account).unwrap()
    }

    /// Waits until the account's inventory passes `test`: an absent one is null. Has the operator look at the account again and again.
    pub async fn inventory(&self, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        let accounts = api(&self.client, None, API_VERSION, "CloudAccount");
        let mut looks = 0;
        crate::eventually(what, 2 * BOUND, || {
            looks += 1;
            let (test, accounts) = (&test, &accounts);
            async move {
                if looks % 40 == 1 {
                    let touched = json!({ "metadata": { "annotations": { "touched": format!("{looks}") } } });
                    accounts.patch(&self.namespace, &PatchParams::default(), &Patch::Merge(touched)).await.unwrap();
                }
                let inventory = self.get_account().await["status"]["inventory"].clone();
                test(&inventory).then_some(inventory)
            }
        })
        .await
    }

    /// Deletes all objects of ours in this namespace at once, in no order, and waits until they are gone.
    pub async fn clear(&self) {
        let mut names = Vec::new();
        for kind in KINDS {
            for object in self.api(kind).list(&ListParams::default()).await.unwrap() {
                match self.api(kind).delete(&object.name_any(), &kube::api::DeleteParams::default()).await {
                    Ok(_) => {}
                    // It was on its way out when it was listed.
                    Err(kube::Error::Api(status)) if status.is_not_found() => {}
                    Err(error) => panic!("{kind} {}: {error}", object.name_any()),
                }
                names.push((kind, object.name_any()));
            }
        }
        for (kind, name) in names {
            self.wait_gone(kind, &name).await;
        }
    }

    /// Server-side apply in this world's namespace.
    pub async fn apply(&self, object: &Value) -> DynamicObject {
        self.apply_in(Some(&self.namespace), object).await
    }

    async fn apply_in(&self, namespace: Option<&str>, object: &Value) -> DynamicObject {
        self.try_apply(namespace, object).await.unwrap_or_else(|error| panic!("{object}: {error}"))
    }

    pub async fn try_apply(&self, namespace: Option<&str>, object: &Value) -> Result<DynamicObject, kube::Error> {
        let (version, kind) = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        let api = api(&self.client, namespace, version, kind);
        let name = object["metadata"]["name"].as_str().unwrap();
        api.patch(name, &PatchParams::apply("test").force(), &Patch::Apply(object)).await
    }

    pub fn api(&self, kind: &str) -> Api<DynamicObject> {
        api(&self.client, Some(&self.namespace), API_VERSION, kind)
    }

    /// Merge patch.
    pub async fn patch(&self, kind: &str, name: &str, patch: Value) {
        self.api(kind)
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap_or_else(|error| panic!("{kind} {name}: {error}"));
    }

    pub async fn get(&self, kind: &str, name: &str) -> Value {
        serde_json::to_value(self.api(kind).get(name).await.unwrap_or_else(|error| panic!("{kind} {name}: {error}"))).unwrap()
    }

    /// Applies an object whose create is carried out and seen by nobody: its answer is lost, and LISTs fail until the faults are cleared. The mirror
    /// of its collection MUST have been filled before.
    pub async fn create_unseen(&self, object: &Value, create: &str, list: &str) {
        self.cloud.fault(json!({ "operation": list, "kind": "reset_before", "times": 1000 })).await;
        self.cloud.fault(json!({ "operation": create, "kind": "lose_answer" })).await;
        self.apply(object).await;
        crate::eventually("the create is carried out", BOUND, || async {
            let log = self.cloud.log().await;
            let is_lost = |entry: &&Value| entry["operation"] == create && entry["fault"] == "lose_answer" && entry["committed"] == true;
            log.iter().find(is_lost).map(|_| ())
        })
        .await;
    }

    pub async fn delete(&self, kind: &str, name: &str) {
        self.api(kind).delete(name, &kube::api::DeleteParams::default()).await.unwrap_or_else(|error| panic!("{kind} {name}: {error}"));
    }

    /// Watches until `test` holds.
    pub async fn wait(&self, kind: &str, name: &str, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let objects = watcher(self.api(kind), config).default_backoff().applied_objects();
        futures::pin_mut!(objects);
        let mut last = Value::Null;
        let found = tokio::time::timeout(BOUND, async {
            while let Some(object) = objects.next().await {
                let Ok(object) = object else { continue };
                last = serde_json::to_value(object).unwrap();
                if test(&last) {
                    return true;
                }
            }
            false
        })
        .await;
        assert!(found == Ok(true), "{kind} {name}: not within {BOUND:?}: {what}\n{last:#}\noperator:\n{}", self.operator_tail());
        last
    }

    /// Waits until the object is ready for the spec it has now.
    pub async fn wait_ready(&self, kind: &str, name: &str) -> Value {
        self.wait(kind, name, "Ready", |object| is(object, "Ready", "True")).await
    }

    /// Waits until it is not ready for `reason`, with the spec it has now.
    pub async fn wait_reason(&self, kind: &str, name: &str, reason: &str) -> Value {
        self.wait(kind, name, reason, |object| {
            condition(object, "Ready")
                .is_some_and(|ready| ready["reason"] == reason && ready["observedGeneration"] == object["metadata"]["generation"])
        })
        .await
    }

    pub async fn wait_gone(&self, kind: &str, name: &str) {
        let api = self.api(kind);
        crate::eventually(&format!("{kind} {name} is gone"), BOUND, || async { api.get_opt(name).await.ok()?.is_none().then_some(()) })
            .await;
    }

    /// Asks the operator to look at the cloud now.
    pub async fn ask(&self, kind: &str, name: &str, mark: &str) {
        self.patch(kind, name, json!({ "metadata": { "annotations": { "directconnect.huaweicloud.com/reconcile-at": mark } } })).await;
    }

    /// Has the operator look at the cloud now, and waits until it has.
    pub async fn look(&self, kind: &str, name: &str) -> Value {
        let mark = format!("look-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.ask(kind, name, &mark).await;
        self.wait(kind, name, "looked at", |object| object["status"]["lastHandledReconcileAt"] == json!(mark)).await
    }

    /// Changes the account's spec, and waits until that is in force.
    pub async fn patch_account(&self, spec: Value) {
        let accounts = api(&self.client, None, API_VERSION, "CloudAccount");
        accounts.patch(&self.namespace, &PatchParams::default(), &Patch::Merge(json!({ "spec": spec }))).await.unwrap();
        crate::eventually("the account is ready", BOUND, || async {
            let account = serde_json::to_value(accounts.get(&self.namespace).await.ok()?).ok()?;
            is(&account, "Ready", "True").then_some(())
        })
        .await;
    }

    /// Waits for `count` events of `reason` about an object and returns their notes; more than `count` are a failure.
    pub async fn told(&self, kind: &str, name: &str, reason: &str, count: usize) -> Vec<String> {
        crate::eventually(&format!("{count} events {reason} about {kind} {name}"), BOUND, || async {
            let notes = self.notes(kind, name, reason).await;
            assert!(notes.len() <= count, "{reason} more than {count} times: {notes:#?}");
            (notes.len() == count).then_some(notes)
        })
        .await
    }

    /// Notes of the events of `reason` about an object, the first first; one that was repeated counts as often.
    pub async fn notes(&self, kind: &str, name: &str, reason: &str) -> Vec<String> {
        let all = api(&self.client, Some(&self.namespace), "events.k8s.io/v1", "Event").list(&ListParams::default()).await.unwrap();
        let mut events: Vec<Value> = all
            .into_iter()
            .map(|event| event.data)
            .filter(|event| event["regarding"]["kind"] == kind && event["regarding"]["name"] == name && event["reason"] == reason)
            .collect();
        events.sort_by_key(|event| event["eventTime"].as_str().unwrap_or_default().to_owned());
        let times = |event: &Value| usize::try_from(event["series"]["count"].as_u64().unwrap_or(1)).unwrap();
        events.iter().flat_map(|event| vec![event["note"].as_str().unwrap_or_default().to_owned(); times(event)]).collect()
    }

    /// Reasons of the events about an object.
    pub async fn events(&self, kind: &str, name: &str) -> Vec<(String, String)> {
        let api = api(&self.client, Some(&self.namespace), "events.k8s.io/v1", "Event");
        let all = api.list(&ListParams::default()).await.unwrap();
        let about = all.into_iter().filter(|event| event.data["regarding"]["kind"] == kind && event.data["regarding"]["name"] == name);
        about
            .map(|event| {
                (event.data["reason"].as_str().unwrap_or_default().to_owned(), event.data["note"].as_str().unwrap_or_default().to_owned())
            })
            .collect()
    }

    /// Deletes all objects at once, in no order, and waits until the cloud is empty; then holds the exchanges against the vendor's documents,
    /// and all that was told against the secrets.
    pub async fn finish(&self) {
        self.tells_no_secret().await;
        self.clear().await;
        assert!(self.cloud.is_empty().await, "left in the cloud: {}", self.cloud.resources().await);
        self.cloud.check_contract().await;
        self.tells_no_secret().await;
    }

    /// Looks through objects, events and the logs of all operators.
    pub async fn tells_no_secret(&self) {
        let mut leaks = secrets::leaks("objects and events", &self.told_all().await);
        let logs = self.operator_logs();
        assert!(!logs.is_empty(), "no operator has a log");
        for log in logs {
            leaks.extend(secrets::leaks(&log.display().to_string(), &std::fs::read_to_string(&log).unwrap()));
        }
        assert!(leaks.is_empty(), "secrets were told:\n{}", leaks.join("\n"));
    }

    /// The account, the objects and the events of this world, one a line.
    async fn told_all(&self) -> String {
        let mut told = String::new();
        let mine = Some(&*self.namespace);
        let objects = KINDS.into_iter().map(|kind| (mine, API_VERSION, kind));
        for (namespace, version, kind) in objects.chain([(None, API_VERSION, "CloudAccount"), (mine, "events.k8s.io/v1", "Event")]) {
            let all = api(&self.client, namespace, version, kind).list(&ListParams::default()).await.unwrap();
            let mine = all.into_iter().filter(|object| namespace.is_some() || object.name_any() == self.namespace);
            told.extend(mine.map(|object| serde_json::to_string(&object).unwrap() + "\n"));
        }
        told
    }

    /// The end of the log that was written last.
    fn operator_tail(&self) -> String {
        let written = |path: &PathBuf| path.metadata().and_then(|metadata| metadata.modified()).ok();
        self.operator_logs().into_iter().max_by_key(written).map(|log| tail(&log, 40)).unwrap_or_default()
    }

    /// Of all operators that ran on this control plane.
    fn operator_logs(&self) -> Vec<PathBuf> {
        let files = self.plane.dir().read_dir().unwrap().flatten().map(|entry| entry.path());
        files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("operator-"))).collect()
    }
}

/// An operator of a test's own; `more` may name what is to be logged and how far reads lag.
pub async fn start_operator(plane: &ControlPlane, name: &str, more: &[&str]) -> Operator {
    let log = plane.dir().join(format!("operator-{name}.log"));
    let common = ["run", "--call-timeout", CALL_TIMEOUT, "--settle-interval", "200ms", "--settle-interval-max", "1s"];
    let defaults = [["--log", "direct_connect_operator=debug,warn"], ["--read-lag", READ_LAG]];
    let defaults = defaults.iter().filter(|[flag, _]| !more.contains(flag)).flatten();
    let arguments = common.iter().chain(defaults).chain(more).map(ToString::to_string);
    Operator::start(&plane.kubeconfig(), &log, &arguments.collect::<Vec<_>>(), &[]).await
}

pub fn api(client: &Client, namespace: Option<&str>, version: &str, kind: &str) -> Api<DynamicObject> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

pub fn condition<'a>(object: &'a Value, type_: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == type_)
}

/// Whether a condition has this status for the present spec.
pub fn is(object: &Value, type_: &str, status: &str) -> bool {
    condition(object, type_)
        .is_some_and(|condition| condition["status"] == status && condition["observedGeneration"] == object["metadata"]["generation"])
}
