//! All documents together: well formed, accepted by a real API server, and pods that Pod Security `restricted` lets in.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::harness::{documents, merge};
use super::{chart, of_kind, rendered, text};
use support::controlplane::ControlPlane;

const GROUP_OF_PROMETHEUS: &str = "monitoring.coreos.com/v1";

/// All that can be switched on together.
pub fn everything() -> Value {
    json!({
        "commonLabels": { "team": "network" },
        "watchNamespaces": ["left", "right"],
        "selector": "shard in (a,b)",
        "rbac": { "secretNamespaces": ["left", "right"] },
        "config": { "clusterId": "blue" },
        "simulator": {
            "enabled": true, "settings": { "settle_ms": { "create": 5 } },
            "connections": [{ "id": "c0000000-0000-4000-8000-000000000007", "name": "line-d" }],
        },
        "monitoring": {
            "serviceMonitor": { "enabled": true, "interval": "30s", "labels": { "release": "prometheus" } },
            "prometheusRule": { "enabled": true, "runbookUrl": "https://wiki.example.com/runbooks/" },
            "grafanaDashboard": { "enabled": true },
        },
        "networkPolicy": { "enabled": true, "egress": { "metadata": { "enabled": true }, "podIdentity": { "enabled": true } } },
        "workloadIdentity": { "enabled": true, "audience": "direct-connect" },
        "volumes": [{ "name": "more", "emptyDir": {} }],
        "volumeMounts": [{ "name": "more", "mountPath": "/more" }],
    })
}

#[tokio::test]
async fn every_document_is_an_object_with_the_charts_labels() {
    let plane = ControlPlane::shared().await;
    for values in [json!({}), everything(), json!({ "crds": { "enabled": false }, "rbac": { "create": false } })] {
        // That no two are of one object is seen there.
        for (name, document) in documents(&plane, &values) {
            for label in ["name", "instance", "version", "managed-by"] {
                assert!(document["metadata"]["labels"][format!("app.kubernetes.io/{label}")].is_string(), "{name} has no label {label}");
            }
            assert!(document["metadata"]["labels"]["helm.sh/chart"].is_string(), "{name}");
            assert!(document["apiVersion"].is_string() && document.as_object().unwrap().len() > 2, "{name} says nothing: {document}");
        }
        let yaml = plane.run("helm", &["template", "test", text(&chart()), "--set", "rbac.create=false"]).unwrap();
        for part in yaml.split("\n---").skip(1) {
            assert!(part.lines().any(|line| !line.is_empty() && !line.starts_with('#')), "an empty document: {part}");
        }
    }
}

/// What the operator's selectors find is the operator.
#[tokio::test]
async fn the_simulator_is_found_by_no_selector_of_the_operator() {
    let plane = ControlPlane::shared().await;
    let mut values = everything();
    merge(&mut values, &json!({ "podLabels": { "app": "operator" } }));
    let all = documents(&plane, &values);
    let matches = |selector: &Value, deployment: &str| {
        let labels = &all[deployment]["spec"]["template"]["metadata"]["labels"];
        let selector = selector.as_object().unwrap_or_else(|| panic!("{selector}"));
        !selector.is_empty() && selector.iter().all(|(key, value)| labels[key] == *value)
    };
    let operators = [
        ("Deployment", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
        ("Deployment", "/spec/template/spec/topologySpreadConstraints/0/labelSelector/matchLabels"),
    ];
    for (name, pointer) in operators {
        let selector = all[name].pointer(pointer).unwrap();
        assert_eq!((matches(selector, "Deployment"), matches(selector, "Deployment/simulator")), (true, false), "{name}{pointer}");
    }
    for (name, pointer) in [("Deployment/simulator", "/spec/selector/matchLabels"), ("Service/simulator", "/spec/selector")] {
        let selector = all[name].pointer(pointer).unwrap();
        assert_eq!((matches(selector, "Deployment"), matches(selector, "Deployment/simulator")), (false, true), "{name}{pointer}");
    }
    // The ServiceMonitor looks for Services.
    let wanted = &all["ServiceMonitor"]["spec"]["selector"]["matchLabels"];
    let found = |service: &str| wanted.as_object().unwrap().iter().all(|(key, value)| all[service]["metadata"]["labels"][key] == *value);
    assert_eq!((found("Service"), found("Service/simulator")), (true, false));
}

#[tokio::test]
async fn alerts_and_dashboard_keep_their_own_templates_and_link_to_the_runbooks() {
    let plane = ControlPlane::shared().await;
    let stored = |file: &str| std::fs::read_to_string(chart().join("files").join(file)).unwrap();
    let with = |url: &str| {
        let values =
            json!({ "monitoring": { "prometheusRule": { "enabled": true, "runbookUrl": url }, "grafanaDashboard": { "enabled": true } } });
        rendered(&plane, &values).unwrap()
    };
    let all = with("https://wiki.example.com/");
    let dashboard = of_kind(&all, "ConfigMap")[0]["data"]["test-direct-connect-operator.json"].as_str().unwrap();
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parsed(dashboard), parsed(&stored("dashboard.json")));

    let mut groups = serde_saphyr::from_str::<Value>(&stored("alerts.yaml")).unwrap()["groups"].clone();
    let alerts = |groups: &mut Value, edit: &mut dyn FnMut(&str, &mut serde_json::Map<String, Value>)| {
        for rule in groups.as_array_mut().unwrap().iter_mut().flat_map(|group| group["rules"].as_array_mut().unwrap()) {
            let Some(name) = rule["alert"].as_str().map(str::to_owned) else { continue };
            edit(&name, rule["annotations"].as_object_mut().unwrap());
        }
    };
    let mut count = 0;
    alerts(&mut groups, &mut |name, annotations| {
        assert_eq!(annotations["runbook_url"], format!("https://runbooks.invalid/{name}"));
        annotations.insert("runbook_url".to_owned(), json!(format!("https://wiki.example.com/{name}")));
        count += 1;
    });
    assert!(count > 0, "there are alerts");
    assert_eq!(of_kind(&all, "PrometheusRule")[0]["spec"]["groups"], groups);
    alerts(&mut groups, &mut |_, annotations| drop(annotations.remove("runbook_url")));
    assert_eq!(of_kind(&with(""), "PrometheusRule")[0]["spec"]["groups"], groups, "no link leads nowhere");
}

#[tokio::test]
async fn the_api_server_takes_all_of_it_and_warns_of_nothing() {
    let plane = ControlPlane::shared().await;
    for namespace in ["system", "left", "right"] {
        ensure_namespace(&plane, namespace);
    }
    for (name, values) in [("default", json!({})), ("everything", everything())] {
        let all = rendered(&plane, &values).unwrap();
        // Whose definitions are not here.
        let known: Vec<&Value> = all.iter().filter(|document| document["apiVersion"] != GROUP_OF_PROMETHEUS).collect();
        let file = plane.dir().join(format!("{name}.json"));
        std::fs::write(&file, json!({ "apiVersion": "v1", "kind": "List", "items": known }).to_string()).unwrap();
        let apply =
            ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors", "-o", "name", "-f", text(&file)];
        let applied = plane.kubectl(&apply);
        assert_eq!(applied.lines().count(), known.len(), "{applied}");
    }
}

fn ensure_namespace(plane: &ControlPlane, name: &str) {
    let file = plane.dir().join(format!("namespace-{name}.json"));
    std::fs::write(&file, json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }).to_string()).unwrap();
    plane.kubectl(&["apply", "--server-side", "-f", text(&file)]);
}

#[tokio::test]
async fn pods_pass_the_restricted_standard() {
    let plane = ControlPlane::shared().await;
    plane.kubectl(&["create", "namespace", "restricted"]);
    plane.kubectl(&["label", "namespace", "restricted", "pod-security.kubernetes.io/enforce=restricted"]);
    // A pod is refused without its service account, whatever its security.
    for account in ["test-direct-connect-operator", "default"] {
        let exists = plane.run("kubectl", &["-n", "restricted", "get", "serviceaccount", account]).is_ok();
        let create = ["-n", "restricted", "create", "serviceaccount", account];
        // The controller makes `default` by itself, perhaps just now.
        assert!(exists || plane.run("kubectl", &create).is_ok() || account == "default", "{account}");
    }
    let admitted = |values: &Value| {
        let all = rendered(&plane, values).unwrap();
        let pods = of_kind(&all, "Deployment").into_iter().map(|deployment| {
            let name = deployment["metadata"]["name"].as_str().unwrap();
            let spec = &deployment["spec"]["template"]["spec"];
            let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "restricted" }, "spec": spec });
            let file = plane.dir().join(format!("pod-{name}.json"));
            std::fs::write(&file, pod.to_string()).unwrap();
            plane.run("kubectl", &["create", "--dry-run=server", "-o", "name", "-f", text(&file)])
        });
        pods.collect::<Vec<_>>()
    };
    let identity = json!({ "enabled": true, "audience": "direct-connect" });
    let pods = admitted(&json!({ "simulator": { "enabled": true }, "workloadIdentity": identity }));
    assert_eq!(pods.len(), 2);
    for pod in pods {
        pod.unwrap_or_else(|error| panic!("{error}"));
    }
    let unsafe_container = json!({ "simulator": { "enabled": true }, "containerSecurityContext": { "allowPrivilegeEscalation": true } });
    for refused in admitted(&unsafe_container).into_iter().chain(admitted(&json!({ "hostNetwork": true }))) {
        let error = refused.expect_err("the namespace really is restricted");
        assert!(error.contains("violates PodSecurity"), "{error}");
    }
}

#[tokio::test]
async fn kinds_of_the_prometheus_operator_are_left_out_unless_they_are_asked_for() {
    let plane = ControlPlane::shared().await;
    let kinds = |values: &Value| -> BTreeSet<String> {
        let all = rendered(&plane, values).unwrap().into_iter();
        all.filter(|document| document["apiVersion"] == GROUP_OF_PROMETHEUS)
            .map(|document| document["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(kinds(&json!({})).is_empty(), "a cluster without them would refuse the release");
    assert_eq!(kinds(&everything()), BTreeSet::from(["PrometheusRule".to_owned(), "ServiceMonitor".to_owned()]));
}
