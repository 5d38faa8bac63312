//! What the operator asks of the API server before it begins: whether it serves our kinds in this version, and which cluster it is. An API
//! server that is away is waited for.

use k8s_openapi::api::core::v1::Namespace;
use kube::core::Status;
use kube::{Api, Client, ResourceExt};
use std::time::Duration;

use crate::api::{DirectConnectGrant, GROUP, VERSION};
use crate::backoff::exponential;
use crate::cluster::watch::shard::Shard;
use crate::telemetry::probes::Obstacle;

/// First and longest wait between two looks.
const LOOKS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(30);

/// Waits until the custom resources of these plural names are served; `told` takes what is in the way, each time that is looked for.
///
/// It is asked by discovery, which everybody may read, so that no rights on custom resource definitions are needed; and discovery lists a kind
/// when its definition is established.
pub async fn kinds_served(client: &Client, plurals: &[String], mut told: impl FnMut(Obstacle)) {
    let mut looks = 0;
    loop {
        let missing = match answer("the custom resource definitions", &mut told, || missing_kinds(client, plurals)).await {
            Ok(missing) if missing.is_empty() => break,
            Ok(missing) => missing,
            Err(status) => {
                tracing::warn!(%status, "whether the custom resource definitions are established can't be looked up; the operator starts as if they were");
                return;
            }
        };
        if looks == 0 {
            tracing::warn!(missing = missing.join(", "), "waiting until the custom resource definitions are established");
        }
        told(Obstacle::NotEstablished(missing));
        looks += 1;
        pause(looks).await;
    }
    if looks > 0 {
        tracing::info!("the custom resource definitions are now established");
    }
}

/// The uid of the namespace `kube-system`, which names the cluster; `told` takes what is in the way meanwhile.
///
/// # Errors
/// When the API server refuses it.
pub async fn cluster_id(client: &Client, mut told: impl FnMut(Obstacle)) -> Result<Option<String>, kube::Error> {
    let namespaces = Api::<Namespace>::all(client.clone());
    let namespace = answer("the namespace kube-system", &mut told, || namespaces.get_metadata("kube-system")).await;
    namespace.map(|namespace| namespace.uid()).map_err(kube::Error::Api)
}

/// Whether the API server understands the shard's label selector; `told` takes what is in the way meanwhile.
///
/// # Errors
/// With what the API server says against the selector. Other refusals are not of the selector: the watches report them.
pub async fn selector_understood(client: &Client, shard: &Shard, mut told: impl FnMut(Obstacle)) -> Result<(), String> {
    match answer("the label selector", &mut told, || shard.try_selector::<DirectConnectGrant>(client)).await {
        Err(status) if status.code == 400 => Err(status.message),
        _ => Ok(()),
    }
}

/// Asks the API server for `what` until it answers in time, and returns what it says, or the refusal that more questions would not change.
async fn answer<T, F>(what: &str, told: &mut impl FnMut(Obstacle), mut ask: impl FnMut() -> F) -> Result<T, Box<Status>>
where
    F: Future<Output = Result<T, kube::Error>>,
{
    let mut looks = 0;
    loop {
        let answered = tokio::time::timeout(ANSWER, ask()).await;
        match answered.unwrap_or_else(|late| Err(kube::Error::Service(late.into()))) {
            Ok(answer) => return Ok(answer),
            Err(kube::Error::Api(status)) if matches!(status.code, 400 | 401 | 403 | 404) => return Err(status),
            Err(error) => tracing::warn!(%error, "the API server could not be asked for {what}; it is asked again"),
        }
        told(Obstacle::ApiServerUnavailable);
        looks += 1;
        pause(looks).await;
    }
}

async fn pause(looks: u32) {
    tokio::time::sleep(exponential(LOOKS.0, LOOKS.1, looks)).await;
}

async fn missing_kinds(client: &Client, plurals: &[String]) -> Result<Vec<String>, kube::Error> {
    let served: Vec<String> = match client.list_api_group_resources(&format!("{GROUP}/{VERSION}")).await {
        Ok(served) => served.resources.into_iter().map(|resource| resource.name).collect(),
        // A group that nobody serves is answered in plain text, without a reason.
        Err(kube::Error::Api(status)) if status.code == 404 => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(plurals.iter().filter(|plural| !served.contains(plural)).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::{Value, json};
    use std::convert::Infallible;

    /// An API server that gives these answers, one after the other.
    fn server(answers: impl IntoIterator<Item = (u16, Value)>) -> Client {
        let mut answers = answers.into_iter().collect::<Vec<_>>().into_iter();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (code, body) = answers.next().unwrap_or_else(|| panic!("one question too many: {}", request.uri()));
            let answer = Response::builder().status(code).body(Body::from(body.to_string().into_bytes())).unwrap();
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        Client::new(service, "default")
    }

    fn refusal(code: u16) -> (u16, Value) {
        (code, json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "code": code }))
    }

    fn served(plurals: &[&str]) -> (u16, Value) {
        let resources: Vec<Value> = plurals
            .iter()
            .map(|name| json!({ "name": name, "singularName": "", "namespaced": true, "kind": "Any", "verbs": ["list"] }))
            .collect();
        (
            200,
            json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{GROUP}/{VERSION}"), "resources": resources }),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn kinds_are_waited_for_and_an_api_server_that_is_away_too() {
        let plurals = ["cloudaccounts", "peers"].map(str::to_owned);
        let all: Vec<&str> = plurals.iter().map(String::as_str).collect();
        let client = server([refusal(500), refusal(404), served(&all[1..]), served(&all)]);
        let mut told = Vec::new();
        kinds_served(&client, &plurals, |obstacle| told.push(obstacle)).await;
        let missing = |plurals: &[&str]| Obstacle::NotEstablished(plurals.iter().map(|&plural| plural.to_owned()).collect());
        assert_eq!(told, [Obstacle::ApiServerUnavailable, missing(&all), missing(&all[..1])]);
    }

    #[tokio::test(start_paused = true)]
    async fn kinds_that_may_not_be_looked_up_are_not_waited_for() {
        kinds_served(&server([refusal(403)]), &["peers".to_owned()], |obstacle| panic!("{obstacle:?}")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_cluster_is_named_by_an_api_server_that_comes_back() {
        let namespace = json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": { "name": "kube-system", "uid": "the-uid" },
        });
        let mut told = Vec::new();
        let id = cluster_id(&server([refusal(500), refusal(500), (200, namespace)]), |obstacle| told.push(obstacle)).await;
        assert_eq!(id.unwrap().as_deref(), Some("the-uid"));
        assert_eq!(told, [Obstacle::ApiServerUnavailable, Obstacle::ApiServerUnavailable]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_api_server_that_refuses_to_name_the_cluster_ends_it() {
        for code in [400, 401, 403, 404] {
            let refused = cluster_id(&server([refusal(code)]), |obstacle| panic!("{obstacle:?}")).await;
            assert!(matches!(refused, Err(kube::Error::Api(status)) if status.code == code));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_selector_is_refused_by_the_api_server_alone() {
        let shard = |selector: &str| Shard { selector: Some(selector.to_owned()), ..Shard::default() };
        let told = |obstacle| assert_eq!(obstacle, Obstacle::ApiServerUnavailable);
        assert_eq!(selector_understood(&server([]), &Shard::default(), told).await, Ok(()), "nothing is asked");
        let list = json!({ "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "items": [] });
        assert_eq!(selector_understood(&server([refusal(500), (200, list)]), &shard("a=b"), told).await, Ok(()));
        assert_eq!(selector_understood(&server([refusal(400)]), &shard("a=b=c"), told).await, Err("no".to_owned()));
        assert_eq!(selector_understood(&server([refusal(403)]), &shard("a=b=c"), told).await, Ok(()));
    }
}
