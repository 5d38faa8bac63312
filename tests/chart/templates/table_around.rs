//! What the values do of all that stands around the operator: the simulated cloud, monitoring, the network.

use serde_json::{Value, json};

use super::harness::{Effect, Row, comes, goes, is, row};

/// The cloud that plays one.
pub fn clouds() -> Vec<Row> {
    let simulator = || json!({ "simulator": { "enabled": true } });
    let container =
        |pointer: &str, value: Value| is("Deployment/simulator", &format!("/spec/template/spec/containers/simulator{pointer}"), value);
    let simulated =
        |path, pointer: &str, value: &str, told: &str| row(path, value, vec![container(pointer, json!(told))]).given(simulator());
    let file = |path, name: &str, value: Value, content: &str| {
        let checksum = "/spec/template/metadata/annotations/checksum~1config";
        // The pod is made anew when the file is another.
        let anew = Effect::Differs("Deployment/simulator".to_owned(), checksum.to_owned());
        row(path, value, vec![is("ConfigMap/simulator", &format!("/data/{name}"), content), anew]).given(simulator())
    };
    let digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
    let line = json!({ "id": "c0000000-0000-4000-8000-000000000007", "name": "line-d", "bandwidth": 100 });
    vec![
        row(
            "/simulator/enabled",
            true,
            vec![comes("Deployment/simulator"), comes("Service/simulator"), comes("ConfigMap/simulator"), comes("Secret/simulator")],
        ),
        simulated(
            "/simulator/image/repository",
            "/image",
            "registry.example.com/cloud",
            concat!("registry.example.com/cloud:", env!("CARGO_PKG_VERSION")),
        ),
        simulated("/simulator/image/tag", "/image", "dev", "direct-connect-simulator:dev"),
        simulated("/simulator/image/digest", "/image", digest, &format!("direct-connect-simulator@{digest}")),
        simulated("/simulator/image/pullPolicy", "/imagePullPolicy", "Never", "Never"),
        simulated("/simulator/resources/requests/cpu", "/resources/requests/cpu", "1", "1"),
        simulated("/simulator/resources/requests/memory", "/resources/requests/memory", "1Gi", "1Gi"),
        simulated("/simulator/resources/limits/memory", "/resources/limits/memory", "2Gi", "2Gi"),
        file("/simulator/settings", "settings.json", json!({ "settle_ms": { "create": 5 } }), r#"{"settle_ms":{"create":5}}"#),
        file("/simulator/connections", "seeds.json", json!([line]), &json!({ "connections": [line] }).to_string()),
        simulated("/simulator/region", "/env/DC_SIMULATOR_REGION/value", "eu-west-0", "eu-west-0"),
    ]
}

pub fn monitoring() -> Vec<Row> {
    let mut rows = vec![
        row("/service/port", 9090, vec![is("Service", "/spec/ports/http/port", 9090)]),
        row("/service/ipFamilyPolicy", "PreferDualStack", vec![is("Service", "/spec/ipFamilyPolicy", "PreferDualStack")]),
        row("/service/ipFamilies", json!(["IPv6"]), vec![is("Service", "/spec/ipFamilies", json!(["IPv6"]))]),
        row("/service/annotations", json!({ "a": "b" }), vec![is("Service", "/metadata/annotations/a", "b")]),
    ];
    let relabeling = json!([{ "action": "labeldrop", "regex": "pod" }]);
    for (monitor, kind, endpoints, paths) in [
        (
            "serviceMonitor",
            "ServiceMonitor",
            "endpoints",
            [
                "/monitoring/serviceMonitor/enabled",
                "/monitoring/serviceMonitor/interval",
                "/monitoring/serviceMonitor/scrapeTimeout",
                "/monitoring/serviceMonitor/labels",
                "/monitoring/serviceMonitor/annotations",
                "/monitoring/serviceMonitor/relabelings",
                "/monitoring/serviceMonitor/metricRelabelings",
            ],
        ),
        (
            "podMonitor",
            "PodMonitor",
            "podMetricsEndpoints",
            [
                "/monitoring/podMonitor/enabled",
                "/monitoring/podMonitor/interval",
                "/monitoring/podMonitor/scrapeTimeout",
                "/monitoring/podMonitor/labels",
                "/monitoring/podMonitor/annotations",
                "/monitoring/podMonitor/relabelings",
                "/monitoring/podMonitor/metricRelabelings",
            ],
        ),
    ] {
        let [enabled, interval, timeout, labels, annotations, relabelings, metric_relabelings] = paths;
        let on = || json!({ "monitoring": { monitor: { "enabled": true } } });
        let endpoint = |field: &str, value: Value| is(kind, &format!("/spec/{endpoints}/0/{field}"), value);
        rows.extend([
            row(enabled, true, vec![endpoint("port", json!("http")), endpoint("path", json!("/metrics"))]),
            row(interval, "15s", vec![endpoint("interval", json!("15s"))]).given(on()),
            row(timeout, "5s", vec![endpoint("scrapeTimeout", json!("5s"))]).given(on()),
            row(labels, json!({ "release": "prometheus" }), vec![is(kind, "/metadata/labels/release", "prometheus")]).given(on()),
            row(annotations, json!({ "a": "b" }), vec![is(kind, "/metadata/annotations/a", "b")]).given(on()),
            row(relabelings, relabeling.clone(), vec![endpoint("relabelings", relabeling.clone())]).given(on()),
            row(metric_relabelings, relabeling.clone(), vec![endpoint("metricRelabelings", relabeling.clone())]).given(on()),
        ]);
    }
    rows.extend(rules_and_dashboard());
    rows
}

fn rules_and_dashboard() -> Vec<Row> {
    let (rule, dashboard) = ("PrometheusRule", "ConfigMap/dashboard");
    let rules = || json!({ "monitoring": { "prometheusRule": { "enabled": true } } });
    let shown = || json!({ "monitoring": { "grafanaDashboard": { "enabled": true } } });
    vec![
        row("/monitoring/prometheusRule/enabled", true, vec![comes(rule)]),
        row("/monitoring/prometheusRule/labels", json!({ "a": "b" }), vec![is(rule, "/metadata/labels/a", "b")]).given(rules()),
        row("/monitoring/prometheusRule/annotations", json!({ "a": "b" }), vec![is(rule, "/metadata/annotations/a", "b")]).given(rules()),
        // Where each link leads is told by a test of its own.
        row(
            "/monitoring/prometheusRule/runbookUrl",
            "https://wiki.example.com/",
            vec![Effect::Differs(rule.to_owned(), "/spec/groups".to_owned())],
        )
        .given(rules()),
        row("/monitoring/grafanaDashboard/enabled", true, vec![comes(dashboard)]),
        row("/monitoring/grafanaDashboard/namespace", "grafana", vec![goes(dashboard), comes("ConfigMap/dashboard@grafana")])
            .given(shown()),
        row(
            "/monitoring/grafanaDashboard/labels/grafana_dashboard",
            "yes",
            vec![is(dashboard, "/metadata/labels/grafana_dashboard", "yes")],
        )
        .given(shown()),
        row(
            "/monitoring/grafanaDashboard/annotations",
            json!({ "grafana_folder": "Network" }),
            vec![is(dashboard, "/metadata/annotations/grafana_folder", "Network")],
        )
        .given(shown()),
    ]
}

pub fn network() -> Vec<Row> {
    let policy = |pointer: &str, value: Value| vec![is("NetworkPolicy", &format!("/spec{pointer}"), value)];
    let on = || json!({ "networkPolicy": { "enabled": true } });
    let also = |who: &str| json!({ "networkPolicy": { "enabled": true, "egress": { who: { "enabled": true } } } });
    let to = json!([{ "ipBlock": { "cidr": "10.0.0.0/8" } }]);
    let from = json!([{ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "monitoring" } } }]);
    let port = |port: u16, protocol: &str| json!({ "port": port, "protocol": protocol });
    vec![
        row("/networkPolicy/enabled", true, vec![comes("NetworkPolicy")]),
        row("/networkPolicy/ingress/from", from.clone(), policy("/ingress/0/from", from)).given(on()),
        row("/networkPolicy/egress/apiServer/to", to.clone(), policy("/egress/0/to", to.clone())).given(on()),
        row("/networkPolicy/egress/apiServer/ports", json!([443]), policy("/egress/0/ports", json!([port(443, "TCP")]))).given(on()),
        row("/networkPolicy/egress/dns/to", to.clone(), policy("/egress/1/to", to.clone())).given(on()),
        row("/networkPolicy/egress/dns/ports", json!([1053]), policy("/egress/1/ports", json!([port(1053, "UDP"), port(1053, "TCP")])))
            .given(on()),
        row("/networkPolicy/egress/cloud/to", to.clone(), policy("/egress/2/to", to.clone())).given(on()),
        row("/networkPolicy/egress/cloud/ports", json!([3128]), policy("/egress/2/ports", json!([port(3128, "TCP")]))).given(on()),
        row(
            "/networkPolicy/egress/metadata/enabled",
            true,
            policy("/egress/3", json!({ "ports": [port(80, "TCP")], "to": [{ "ipBlock": { "cidr": "169.254.169.254/32" } }] })),
        )
        .given(on()),
        row("/networkPolicy/egress/metadata/to", to.clone(), policy("/egress/3/to", to.clone())).given(also("metadata")),
        row("/networkPolicy/egress/metadata/ports", json!([8775]), policy("/egress/3/ports", json!([port(8775, "TCP")])))
            .given(also("metadata")),
        row("/networkPolicy/egress/podIdentity/enabled", true, policy("/egress/3", json!({ "ports": [port(80, "TCP")] }))).given(on()),
        row("/networkPolicy/egress/podIdentity/to", to.clone(), policy("/egress/3/to", to)).given(also("podIdentity")),
        row("/networkPolicy/egress/podIdentity/ports", json!([8080]), policy("/egress/3/ports", json!([port(8080, "TCP")])))
            .given(also("podIdentity")),
        row("/networkPolicy/egress/extra", json!([{ "ports": [{ "port": 4318 }] }]), policy("/egress/3/ports/0/port", json!(4318)))
            .given(on()),
        row("/simulator/enabled", true, {
            let reached = json!({ "app.kubernetes.io/name": "direct-connect-operator-simulator", "app.kubernetes.io/instance": "test" });
            let mut effects = policy("/egress/3/to/0/podSelector/matchLabels", reached);
            effects.extend(["Deployment", "Service", "ConfigMap", "Secret"].map(|kind| comes(&format!("{kind}/simulator"))));
            effects
        })
        .given(on()),
    ]
}
