//! What a kind takes: one that the library has never heard of, with a cloud of its own, is registered by one line and goes through a life.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use clap::Parser;
use direct_connect_operator::accounts::Use;
use direct_connect_operator::api::{self, AccountRef, Import, Managed, Policy, Status, Tags};
use direct_connect_operator::cloud::{Call, Listed, Method, Tag};
use direct_connect_operator::cluster::leader_election::Leadership;
use direct_connect_operator::config::{Cli, Command};
use direct_connect_operator::reconcile::{Desired, Difference, Health, Kind, Place, Refer, Registration, ResourcePhase, SpecTags};
use direct_connect_operator::telemetry::metrics::Metrics;
use direct_connect_operator::telemetry::probes::StartupPhase;
use direct_connect_operator::{kinds, operator};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{CustomResource, CustomResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::controlplane::ControlPlane;
use support::eventually;
use support::simulator::PROJECT;
use support::world::{API_VERSION, BOUND, READ_LAG, World, condition};
use tokio::net::TcpListener;
use tokio::sync::watch;

type ToyStatus = Status<ToyObserved>;

/// The custom resource.
#[derive(Clone, Debug, Serialize, Deserialize, CustomResource, JsonSchema)]
#[kube(group = "directconnect.huaweicloud.com", version = "v1alpha1", kind = "Toy", plural = "toys", namespaced, status = "ToyStatus")]
#[serde(rename_all = "camelCase")]
struct ToySpec {
    name: Option<String>,
    color: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct ToyObserved {
    color: Option<String>,
}

impl Managed for Toy {
    type Observed = ToyObserved;

    fn account_ref(&self) -> Option<&AccountRef> {
        None
    }

    fn policy(&self) -> &Policy {
        Policy::NONE
    }

    fn import(&self) -> Option<&Import> {
        None
    }

    fn status(&self) -> Option<&ToyStatus> {
        self.status.as_ref().filter(|status| status.observed_generation != Some(0) || !status.conditions.is_empty())
    }

    fn spec_name(&self) -> Option<&String> {
        self.spec.name.as_ref()
    }
}

/// The cloud resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    id: String,
    name: String,
    color: String,
}

impl Listed for Seen {
    const COLLECTION: &'static str = "toys";
    const PLURAL: &'static str = "toys";
    const SINGULAR: &'static str = "toy";
    const OPERATIONS: (&'static str, &'static str) = ("ListToys", "ShowToy");

    fn id(&self) -> &str {
        &self.id
    }

    fn natural_keys(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }
}

/// The kind.
struct ToyKind;

impl Kind for ToyKind {
    type Object = Toy;
    type Listed = Seen;
    type Resource = Seen;

    const NAME: &'static str = "Toy";
    const PLACE: Place = Place::Gateway;
    const WRITES: &'static [&'static str] = &["CreateToy", "UpdateToy", "DeleteToy"];

    fn tags_of(_: &Toy) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn uses(_: &Toy) -> Vec<Use> {
        Vec::new()
    }

    fn resources(listed: &Seen) -> Vec<Seen> {
        vec![listed.clone()]
    }

    fn place(_: Option<&Seen>, seen: Seen) -> Option<Seen> {
        Some(seen)
    }

    fn id(seen: &Seen) -> &str {
        &seen.id
    }

    fn tags(_: &Seen) -> Tags {
        Tags::new()
    }

    fn natural_key(desired: &Desired<'_, Toy>) -> Option<String> {
        Some(desired.object.cloud_name())
    }

    fn is_at(desired: &Desired<'_, Toy>, seen: &Seen) -> bool {
        seen.name == desired.object.cloud_name()
    }

    fn create(desired: &Desired<'_, Toy>) -> Option<Call> {
        let body = json!({ "name": desired.object.cloud_name(), "color": desired.object.spec.color });
        Some(Call::new("CreateToy", Method::Post, &["dcaas", "toys"], "toy").with_body(&body))
    }

    fn delete(seen: &Seen) -> Option<Call> {
        Some(Call::new("DeleteToy", Method::Delete, &["dcaas", "toys", &seen.id], "toy"))
    }

    fn compare(desired: &Desired<'_, Toy>, seen: &Seen) -> Vec<Difference> {
        let color = &desired.object.spec.color;
        let differs = *color != seen.color;
        let (desired, observed) = (color.clone(), seen.color.clone());
        let difference = Difference { path: "color", mutable: true, is_shown: true, is_of_spec: true, desired, observed };
        differs.then_some(difference).into_iter().collect()
    }

    fn update(desired: &Desired<'_, Toy>, seen: &Seen, _: &[Difference]) -> Option<Call> {
        let body = json!({ "color": desired.object.spec.color });
        Some(Call::new("UpdateToy", Method::Put, &["dcaas", "toys", &seen.id], "toy").with_body(&body))
    }

    fn phase(_: &Seen) -> ResourcePhase {
        ResourcePhase::Settled
    }

    fn health(_: &Seen) -> Health {
        Health::Up
    }

    fn observed(seen: &Seen) -> ToyObserved {
        ToyObserved { color: Some(seen.color.clone()) }
    }

    fn spec_of(seen: &Seen, _: &Refer<'_>) -> Result<ToySpec, String> {
        Ok(ToySpec { name: Some(seen.name.clone()), color: seen.color.clone() })
    }
}

/// The toys of the cloud by id, and the writes that it was sent.
#[derive(Default)]
struct Shelf {
    toys: BTreeMap<String, Seen>,
    writes: Vec<String>,
}

type Cloud = Arc<Mutex<Shelf>>;
type Answer = (StatusCode, Json<Value>);

fn answer(toy: Option<&Seen>) -> Answer {
    match toy {
        Some(toy) => (StatusCode::OK, Json(json!({ "toy": toy }))),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error_code": "DC.0014", "error_msg": "no such toy" }))),
    }
}

async fn list(State(cloud): State<Cloud>) -> Json<Value> {
    Json(json!({ "toys": cloud.lock().unwrap().toys.values().collect::<Vec<_>>() }))
}

async fn show(State(cloud): State<Cloud>, Path((_, id)): Path<(String, String)>) -> Answer {
    answer(cloud.lock().unwrap().toys.get(&id))
}

async fn create(State(cloud): State<Cloud>, Json(body): Json<Value>) -> Answer {
    let mut shelf = cloud.lock().unwrap();
    let id = format!("{:08}-0000-4000-8000-000000000000", shelf.writes.len() + 1);
    let text = |field: &str| body["toy"][field].as_str().unwrap().to_owned();
    let toy = Seen { id: id.clone(), name: text("name"), color: text("color") };
    shelf.writes.push(format!("create {}", toy.color));
    shelf.toys.insert(id, toy.clone());
    answer(Some(&toy))
}

async fn update(State(cloud): State<Cloud>, Path((_, id)): Path<(String, String)>, Json(body): Json<Value>) -> Answer {
    let mut shelf = cloud.lock().unwrap();
    let color = body["toy"]["color"].as_str().unwrap().to_owned();
    shelf.writes.push(format!("update {color}"));
    let toy = shelf.toys.get_mut(&id);
    answer(toy.map(|toy| {
        toy.color = color;
        &*toy
    }))
}

async fn delete(State(cloud): State<Cloud>, Path((_, id)): Path<(String, String)>) -> Response {
    let mut shelf = cloud.lock().unwrap();
    shelf.writes.push("delete".to_owned());
    match shelf.toys.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => answer(None).into_response(),
    }
}

/// A cloud that knows toys and nothing else.
async fn cloud() -> (Cloud, String) {
    let cloud = Cloud::default();
    let routes = Router::new()
        .route("/v3/{project}/dcaas/quotas", get(|| async { Json(json!({ "quotas": { "resources": [] } })) }))
        .route("/v3/{project}/dcaas/toys", get(list).post(create))
        .route("/v3/{project}/dcaas/toys/{id}", get(show).put(update).delete(delete))
        .with_state(Arc::clone(&cloud));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (cloud, url)
}

fn toy(color: &str) -> Value {
    json!({ "apiVersion": API_VERSION, "kind": "Toy", "metadata": { "name": "it" }, "spec": { "color": color } })
}

#[tokio::test]
async fn a_kind_of_somebody_else_lives_by_one_line() {
    let plane = ControlPlane::start().await;
    plane.install_crds();
    let world = World::on(Arc::new(plane), "toys").await;
    let definition = api::crds([Toy::crd()]).into_iter().find(|crd| crd.spec.names.kind == "Toy").unwrap();
    world.try_apply(None, &serde_json::to_value(definition).unwrap()).await.unwrap();
    let (cloud, url) = cloud().await;
    world.furnish_with(&json!({ "endpoints": { "dc": url, "iam": url, "insecure": true }, "projectId": PROJECT })).await;

    let registered: Vec<Registration> = kinds::ALL.iter().copied().chain([Registration::of::<ToyKind>()]).collect();
    let (stop, stopped) = watch::channel(false);
    let arguments = ["dc-operator", "run", "--read-lag", READ_LAG, "--settle-interval", "200ms", "--settle-interval-max", "1s"];
    let Command::Run(config) = Cli::parse_from(arguments).command else { panic!("run") };
    let kubeconfig = Kubeconfig::read_from(world.plane.kubeconfig()).unwrap();
    let cluster = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    let phase = watch::Sender::new(StartupPhase::Starting);
    let (metrics, alone) = (Metrics::new(), Leadership::alone());
    let told = metrics.clone();
    let operator = tokio::spawn(async move { operator::work(&config, &registered, cluster, alone, &phase, &metrics, stopped).await });

    eventually("the definition is established", BOUND, || async { world.try_apply(Some(&world.namespace), &toy("red")).await.ok() }).await;
    let ready = world.wait_ready("Toy", "it").await;
    assert_eq!(ready["status"]["observed"]["color"], "red", "{ready:#}");
    assert_eq!(condition(&ready, "Healthy").unwrap()["status"], "True", "{ready:#}");
    world.apply(&toy("green")).await;
    world.wait("Toy", "it", "it is green", |object| object["status"]["observed"]["color"] == "green").await;
    // Somebody else changes it, and it is set back.
    cloud.lock().unwrap().toys.values_mut().for_each(|toy| toy.color = "blue".to_owned());
    world.look("Toy", "it").await;
    eventually("it is green again", BOUND, || async { cloud.lock().unwrap().toys.values().all(|toy| toy.color == "green").then_some(()) })
        .await;
    let scrape = told.render().unwrap();
    for series in [r#"directconnect_objects{kind="Toy""#, r#"directconnect_reconciles_in_flight{kind="Toy"}"#, r#"collection="toys""#] {
        assert!(scrape.contains(series), "{series}\n{scrape}");
    }
    world.delete("Toy", "it").await;
    world.wait_gone("Toy", "it").await;
    let (writes, left) = {
        let shelf = cloud.lock().unwrap();
        (shelf.writes.join(", "), shelf.toys.len())
    };
    assert_eq!((writes.as_str(), left), ("create red, update green, update green, delete", 0));
    stop.send_replace(true);
    operator.await.unwrap().unwrap();
}
