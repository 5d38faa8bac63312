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

/// An API server with an operator of one pod that was restarted once, a pod that only has its label, and two lines. `refuses` says which paths
/// may not be read.
fn cluster(refuses: fn(&str) -> bool) -> (Cluster, Asked) {
    cluster_of(refuses, answer)
}

fn cluster_of(refuses: fn(&str) -> bool, answer: fn(&str) -> String) -> (Cluster, Asked) {
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

/// Metadata of an object of the operator's namespace, which the object with the uid `owner` controls.
fn metadata(name: &str, owner: &str) -> Value {
    let owners = json!([{ "apiVersion": "apps/v1", "kind": "any", "name": "any", "uid": owner, "controller": true }]);
    json!({ "namespace": "system", "name": name, "uid": format!("uid-{name}"), "ownerReferences": owners, "managedFields": [{ "manager": "helm" }] })
}

/// The events that a query asks for. Those of lines come in two pages.
fn events(query: &str) -> Value {
    let event = |namespace: &str, note: &str| json!({ "metadata": { "namespace": namespace, "name": note }, "note": note });
    if query.contains("fieldSelector=regarding.apiVersion%3Ddirectconnect.huaweicloud.com%2Fv1alpha1") {
        return if query.contains("continue=next") {
            json!({ "metadata": {}, "items": [event("team", "of another line")] })
        } else {
            json!({ "metadata": { "continue": "next" }, "items": [event("team", "of a line")] })
        };
    }
    for (kind, name) in [("Deployment", "dc"), ("ReplicaSet", "dc-new"), ("Pod", "dc-0")] {
        if query.contains(&format!("fieldSelector=regarding.kind%3D{kind}%2Cregarding.name%3D{name}")) {
            return json!({ "metadata": {}, "items": [event("system", &format!("of the {kind}"))] });
        }
    }
    json!({ "metadata": {}, "items": [event("team", "of something else")] })
}

fn answer(path: &str) -> String {
    let list = |items: Vec<Value>| json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": items }).to_string();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    match path.rsplit('/').next().unwrap_or_default() {
        "version" => json!({ "gitVersion": "v1.34.0" }).to_string(),
        "metrics" => format!("directconnect_cloud_calls_total 12\n# token={SECRET}\n"),
        "log" => format!("{{\"message\":\"signed\",\"secretKey\":\"{SECRET}\"}}\n"),
        "pods" => {
            let env = json!([{ "name": "HTTPS_PROXY", "value": format!("http://user:{SECRET}@proxy:3128") }, { "name": "DC_OPERATOR_SK", "value": SECRET }]);
            let container = json!({ "name": "operator", "env": env, "ports": [{ "name": "http", "containerPort": 9090 }] });
            let status = json!({ "containerStatuses": [{ "restartCount": 1 }] });
            let pod = |metadata: Value| json!({ "metadata": metadata, "spec": { "containers": [container] }, "status": status });
            list(vec![pod(metadata("dc-0", "uid-dc-new")), pod(metadata("stranger", "uid-of-others"))])
        }
        "deployments" => {
            let container = json!({ "name": "operator", "image": format!("https://user:{SECRET}@registry/operator:0.1.0") });
            let selector = json!({ "matchLabels": { "app.kubernetes.io/name": "dc" } });
            let spec = json!({ "replicas": 1, "selector": selector, "template": { "spec": { "containers": [container] } } });
            list(vec![json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("dc", ""), "spec": spec })])
        }
        "replicasets" => {
            let set =
                |name: &str, owner: &str, replicas: u8| json!({ "metadata": metadata(name, owner), "spec": { "replicas": replicas } });
            list(vec![set("dc-new", "uid-dc", 1), set("dc-old", "uid-dc", 0), set("others", "uid-others", 1)])
        }
        "direct-connect-operator" => {
            json!({ "metadata": metadata("direct-connect-operator", ""), "spec": { "holderIdentity": "dc-0" } }).to_string()
        }
        "events" => events(query).to_string(),
        "cloudaccounts" => {
            let refused = json!({
                "type": "Ready", "status": "False", "reason": "CloudError", "message": format!("secretKey={SECRET} was refused"),
                "lastTransitionTime": "2026-11-29T20:05:00Z",
            });
            let secret = json!({ "namespace": "system", "name": "keys" });
            let agency = json!({ "urn": "iam::0123456789abcdef0123456789abcdef:agency:dc", "externalId": SECRET });
            let spec = json!({ "region": "eu-west-101", "credentials": { "accessKey": { "secretRef": secret }, "assumeAgency": agency } });
            list(vec![json!({
                "apiVersion": "directconnect.huaweicloud.com/v1alpha1", "kind": "CloudAccount", "metadata": { "name": "main" },
                "spec": spec, "status": { "conditions": [refused] },
            })])
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
        "operator/replicasets.yaml",
        "operator/leases.yaml",
        "operator/metrics/system/dc-0.txt",
        "operator/logs/system/dc-0.log",
        "operator/logs/system/dc-0-previous.log",
    ] {
        assert!(files.contains_key(file), "{file} in {:?}", files.keys());
    }
    for (file, content) in &files {
        assert!(!content.contains(SECRET) && !content.contains("managedFields"), "{file}: {content}");
    }
    assert!(files["operator/logs/system/dc-0.log"].contains(r#""secretKey":"***""#), "{}", files["operator/logs/system/dc-0.log"]);
    assert!(files["operator/metrics/system/dc-0.txt"].contains("directconnect_cloud_calls_total 12"));
    assert!(files["objects/virtualinterfaces.yaml"].contains("name: office"));
    assert!(files["index.html"].contains("office") && files["crds.yaml"].contains("v1alpha1") && !files["crds.yaml"].contains("schema"));
    let events = &files["events.yaml"];
    for note in ["of a line", "of another line", "of the Deployment", "of the ReplicaSet", "of the Pod"] {
        assert!(events.contains(note), "{note}: {events}");
    }
    assert!(!events.contains("of something else"), "{events}");
    assert!(files["index.html"].contains("secretKey=*** was refused") && files["index.html"].contains("https://***registry/operator"));
    // Others' pods and ReplicaSets may have the same labels.
    assert!(!files["operator/pods.yaml"].contains("stranger") && !files["operator/replicasets.yaml"].contains("others"));
    let asked = asked.lock().unwrap();
    assert!(asked.iter().any(|path| path == "/api/v1/namespaces/system/pods/dc-0:9090/proxy/metrics"), "{asked:?}");
    assert!(
        asked.iter().any(|path| path.ends_with("/log?container=operator&tailLines=10000&limitBytes=20000000&previous=true")),
        "{asked:?}"
    );
    assert!(!asked.iter().any(|path| path.contains("stranger") || path.split('?').next().unwrap().ends_with("/leases")), "{asked:?}");
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
        "version of the API server",
        "customresourcedefinition cloudaccounts.directconnect.huaweicloud.com",
    ] {
        assert!(list.contains(&format!("what: {what}")), "{what}: {list}");
    }
    assert!(
        list.contains("/apis/apps/v1/deployments?") && !list.contains("/apis/apps/v1/namespaces"),
        "the first refusal is told, once: {list}"
    );
    assert_eq!(list.matches("what: ").count(), unread, "{list}");
    assert!(files["objects/virtualinterfaces.yaml"].contains("name: office") && !files.contains_key("operator/pods.yaml"));
    assert!(files["index.html"].contains("<h2>Not read</h2>") && files["index.html"].contains("no right to /apis/apps/v1/deployments"));
    assert!(
        asked.lock().unwrap().iter().any(|path| path.starts_with("/apis/apps/v1/namespaces/team/deployments")),
        "the own namespace is tried, too"
    );
    let (nobody, _) = cluster(|_| true);
    let (files, _) = bundle(&nobody, true).await;
    assert!(files["index.html"].contains("<h1>No lines can be read</h1>"), "{}", files["index.html"]);
}

#[tokio::test]
async fn a_list_without_end_is_read_up_to_a_bound() {
    let endless = |path: &str| {
        if !path.contains("/events?") {
            return answer(path);
        }
        let event = |number: usize| json!({ "metadata": { "namespace": "team", "name": number.to_string() } });
        json!({ "metadata": { "continue": "next" }, "items": (0..500).map(event).collect::<Vec<_>>() }).to_string()
    };
    let (cluster, asked) = cluster_of(|path| path.contains("/deployments"), endless);
    let (files, _) = bundle(&cluster, true).await;
    assert_eq!(asked.lock().unwrap().iter().filter(|path| path.contains("/events?")).count(), 20);
    assert!(files["unread.yaml"].contains("there are more than the 10000 that were read"), "{}", files["unread.yaml"]);
}

#[tokio::test]
async fn the_same_cluster_gives_the_same_files() {
    let (cluster, _) = cluster(|_| false);
    assert_eq!(bundle(&cluster, true).await, bundle(&cluster, true).await);
}
