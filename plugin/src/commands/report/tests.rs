//! What a bundle holds, against an API server that a function plays.

use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::{Args, files};
use crate::bundle::{Files, Masks};
use crate::cluster::{Cluster, Scope};
use crate::fixtures;

/// What a careless log or object may hold.
const SECRET: &str = "hunter2hunter2";

/// The paths that were asked for.
type Asked = Arc<Mutex<Vec<String>>>;

/// An API server with an operator of one pod that was restarted once, and two lines. `refuses` says which paths may not be read.
fn cluster(refuses: fn(&str) -> bool) -> (Cluster, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let service = tower::service_fn(move |request: Request<Body>| {
        assert_eq!(request.method(), Method::GET, "{request:?}");
        let path = request.uri().path_and_query().unwrap().as_str().trim_end_matches(['?', '&']).to_owned();
        seen.lock().unwrap().push(path.clone());
        let (status, content) = if refuses(&path) {
            let refusal = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "reason": "Forbidden", "message": format!("no right to {path}") });
            (StatusCode::FORBIDDEN, refusal.to_string())
        } else {
            (StatusCode::OK, answer(&path))
        };
        let response = Response::builder().status(status).body(Body::from(content.into_bytes())).unwrap();
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    (Cluster { client: Client::new(service, "team"), namespace: "team".to_owned() }, asked)
}

fn answer(path: &str) -> String {
    let list = |items: Vec<Value>| json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": items }).to_string();
    let metadata = |name: &str| json!({ "namespace": "system", "name": name, "managedFields": [{ "manager": "helm" }] });
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    match path.rsplit('/').next().unwrap_or_default() {
        "version" => json!({ "gitVersion": "v1.34.0" }).to_string(),
        "metrics" => format!("directconnect_cloud_calls_total 12\n# token={SECRET}\n"),
        "log" => format!("{{\"message\":\"signed\",\"secretKey\":\"{SECRET}\"}}\n"),
        "pods" => {
            let env = json!([{ "name": "HTTPS_PROXY", "value": format!("http://user:{SECRET}@proxy:3128") }, { "name": "DC_OPERATOR_SK", "value": SECRET }]);
            let container = json!({ "name": "operator", "env": env, "ports": [{ "name": "http", "containerPort": 9090 }] });
            list(vec![
                json!({ "metadata": metadata("dc-0"), "spec": { "containers": [container] }, "status": { "containerStatuses": [{ "restartCount": 1 }] } }),
            ])
        }
        "deployments" => {
            let spec = json!({ "replicas": 1, "selector": {}, "template": { "spec": { "containers": [{ "name": "operator", "image": "operator:0.1.0" }] } } });
            list(vec![json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("dc"), "spec": spec })])
        }
        "leases" => list(vec![json!({ "metadata": metadata("dc"), "spec": { "holderIdentity": "dc-0" } })]),
        "events" => {
            let event = |namespace: &str, version: &str, note: &str| json!({ "metadata": { "namespace": namespace, "name": note }, "regarding": { "apiVersion": version }, "note": note });
            let ours = "directconnect.huaweicloud.com/v1alpha1";
            list(vec![event("team", ours, "of a line"), event("team", "v1", "of another pod"), event("system", "v1", "of the operator")])
        }
        kind if path.contains("customresourcedefinitions") => {
            json!({ "metadata": { "name": kind }, "spec": { "versions": [{ "name": "v1alpha1", "schema": { "long": "schema" } }] } })
                .to_string()
        }
        plural => {
            let mut objects: Vec<Value> =
                fixtures::lines().into_iter().filter(|object| object.kind.plural() == plural).map(|object| object.value).collect();
            for object in &mut objects {
                object["metadata"]["annotations"] = json!({ "note": format!("password: {SECRET}") });
            }
            list(objects)
        }
    }
}

async fn bundle(cluster: &Cluster, all_namespaces: bool) -> (Files, usize) {
    let scope = Scope { all_namespaces, selector: None };
    let args = Args { scope, file: "report.html".into(), bundle: Some("support.zip".into()), logs: true };
    let at: Timestamp = "2026-11-29T20:05:00Z".parse().unwrap();
    files(cluster, &args, &Masks::new().unwrap(), at).await.unwrap()
}

#[tokio::test]
async fn a_bundle_holds_all_but_secrets() {
    let (cluster, asked) = cluster(|_| false);
    let (files, unread) = bundle(&cluster, true).await;
    assert_eq!(unread, 0, "{}", files["unread.yaml"]);
    for file in [
        "index.html",
        "version.yaml",
        "crds.yaml",
        "events.yaml",
        "objects/virtualinterfaces.yaml",
        "objects/directconnectgrants.yaml",
        "objects/cloudaccounts.yaml",
        "operator/deployments.yaml",
        "operator/pods.yaml",
        "operator/leases-system.yaml",
        "operator/metrics/dc-0.txt",
        "operator/logs/dc-0.log",
        "operator/logs/dc-0-previous.log",
    ] {
        assert!(files.contains_key(file), "{file} in {:?}", files.keys());
    }
    for (file, content) in &files {
        assert!(!content.contains(SECRET) && !content.contains("managedFields"), "{file}: {content}");
    }
    assert!(files["operator/logs/dc-0.log"].contains(r#""secretKey":"***""#), "{}", files["operator/logs/dc-0.log"]);
    assert!(files["operator/metrics/dc-0.txt"].contains("directconnect_cloud_calls_total 12"));
    assert!(files["objects/virtualinterfaces.yaml"].contains("name: office"));
    assert!(files["index.html"].contains("office") && files["crds.yaml"].contains("v1alpha1") && !files["crds.yaml"].contains("schema"));
    let events = &files["events.yaml"];
    assert!(events.contains("of a line") && events.contains("of the operator") && !events.contains("of another pod"), "{events}");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().any(|path| path == "/api/v1/namespaces/system/pods/dc-0:9090/proxy/metrics"), "{asked:?}");
    assert!(asked.iter().any(|path| path.ends_with("/log?container=operator&tailLines=10000&previous=true")), "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("secrets")), "{asked:?}");
}

#[tokio::test]
async fn what_may_not_be_read_is_listed_and_the_rest_is_there() {
    let (tenant, asked) = cluster(|path| !path.contains("/namespaces/team/") || path.contains("/pods") || path.contains("/deployments"));
    let (files, unread) = bundle(&tenant, false).await;
    let list = &files["unread.yaml"];
    for what in [
        "cloudaccounts",
        "deployments",
        "pods",
        "version of the API server",
        "customresourcedefinition cloudaccounts.directconnect.huaweicloud.com",
    ] {
        assert!(list.contains(&format!("what: {what}")), "{what}: {list}");
    }
    assert!(list.contains("/api/v1/pods?") && !list.contains("/api/v1/namespaces"), "the first refusal is told, once: {list}");
    assert_eq!(list.matches("what: ").count(), unread, "{list}");
    assert!(files["objects/virtualinterfaces.yaml"].contains("name: office") && !files.contains_key("operator/pods.yaml"));
    assert!(files["index.html"].contains("<h2>Not read</h2>") && files["index.html"].contains("no right to /api/v1/pods"));
    assert!(asked.lock().unwrap().iter().any(|path| path.starts_with("/api/v1/namespaces/team/pods")), "the own namespace is tried, too");
    let (nobody, _) = cluster(|_| true);
    let (files, _) = bundle(&nobody, true).await;
    assert!(files["index.html"].contains("<h1>No lines can be read</h1>"), "{}", files["index.html"]);
}

#[tokio::test]
async fn the_same_cluster_gives_the_same_files() {
    let (cluster, _) = cluster(|_| false);
    assert_eq!(bundle(&cluster, true).await, bundle(&cluster, true).await);
}
