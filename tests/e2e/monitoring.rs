//! A real Prometheus that finds the operator by its Service, with the chart's own rules; and what it says of alerts and dashboard.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cluster::{BOUND, Cluster, RELEASE, SYSTEM};
use support::controlplane::root;
use support::monitoring::{alerts, dashboard, queries};
use support::process::{Process, free_port};
use support::release::chart;
use support::simulator::http_client;
use support::{eventually, figure};

/// What Grafana would take for rates, at least.
const RATE_INTERVAL: &str = "1m";

pub struct Prometheus {
    port: u16,
    _server: Process,
    /// The way to the API server, for the discovery of targets and, where pods can't be reached, for all.
    _proxy: Process,
}

/// Prometheus and promtool.
fn binaries() -> PathBuf {
    let output = Command::new(root().join("tests/e2e/prometheus/build")).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "Prometheus can't be built");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().lines().last().unwrap())
}

/// That Prometheus takes the rules, and that each fires when it should.
pub fn rules_are_sound() {
    let output = Command::new(root().join("tests/e2e/prometheus/check")).stderr(Stdio::inherit()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    figure(&format!("promtool: {}", told.split_whitespace().collect::<Vec<_>>().join(" ")));
}

impl Prometheus {
    /// Starts it, and waits until it has read from both replicas.
    pub async fn start(cluster: &Cluster) -> Self {
        let (port, proxy_port) = (free_port(), free_port());
        let mut proxy = Command::new(cluster.tools.bin.join("kubectl"));
        proxy.arg("proxy").arg(format!("--port={proxy_port}")).env("KUBECONFIG", &cluster.tools.kubeconfig);
        let proxy = Process::start("kubectl proxy", proxy, &cluster.dir().join("proxy.log"));
        cluster.file("rules.json", &rules(cluster));
        let config = cluster.file("prometheus.json", &config(proxy_port, cluster.node.is_some()));
        let mut server = Command::new(binaries().join("prometheus"));
        server
            .arg(format!("--config.file={config}"))
            .arg(format!("--storage.tsdb.path={}", cluster.dir().join("prometheus").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let server = Process::start("prometheus", server, &cluster.dir().join("prometheus.log"));
        let log = server.log.clone();
        let prometheus = Self { port, _server: server, _proxy: proxy };
        eventually("Prometheus reads from both replicas", BOUND, || async {
            let up = prometheus.try_query("count(up == 1 and on (instance) directconnect_build_info)").await;
            (up.as_ref().and_then(|found| found.first()).map(value) == Some(2.0)).then_some(())
        })
        .await;
        assert!(log.exists());
        prometheus
    }

    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let url = reqwest::Url::parse_with_params(&format!("http://127.0.0.1:{}/api/v1/{path}", self.port), parameters).unwrap();
        let answer = http_client(false).get(url).send().await.map_err(|error| error.to_string())?;
        let body: Value = answer.json().await.map_err(|error| error.to_string())?;
        if body["status"] == "success" { Ok(body["data"].clone()) } else { Err(body["error"].to_string()) }
    }

    async fn try_query(&self, expr: &str) -> Option<Vec<Value>> {
        self.get("query", &[("query", expr)]).await.ok()?["result"].as_array().cloned()
    }

    /// What an expression returns now.
    async fn query(&self, expr: &str) -> Vec<Value> {
        let data = self.get("query", &[("query", expr)]).await.unwrap_or_else(|error| panic!("{expr}: {error}"));
        data["result"].as_array().unwrap_or_else(|| panic!("{expr}: {data}")).clone()
    }

    /// All is well: each panel shows something, and no alert is on.
    pub async fn all_is_well(&self) {
        let all = queries(&dashboard(), RATE_INTERVAL);
        for query in all.iter().filter(|query| query.always) {
            eventually(&format!("the panel {} shows something: {}", query.place, query.expr), BOUND, || async {
                // A quantile of nothing is there, and no number.
                self.query(&query.expr).await.iter().any(|found| value(found).is_finite()).then_some(())
            })
            .await;
        }
        for query in all.iter().filter(|query| !query.always) {
            self.query(&query.expr).await;
        }
        for alert in alerts() {
            // A single scrape may have failed or be from before.
            eventually(&format!("the alert {} is silent while all is well: {}", alert.name, alert.expr), BOUND, || async {
                self.query(&alert.expr).await.is_empty().then_some(())
            })
            .await;
        }
        let shown = all.iter().filter(|query| query.always).count();
        figure(&format!("{shown} queries of the dashboard show something, {} alerts are silent", alerts().len()));
        let memory = self.query("max(process_resident_memory_bytes and on (instance) directconnect_leader == 1)").await;
        figure(&format!("memory of the leader: {:.0} MiB", value(&memory[0]) / 1024.0 / 1024.0));
    }

    /// Waits until these alerts were on at some time of the last minutes; tells all that were.
    pub async fn told_of(&self, wanted: &[&str]) {
        let were_on = async || {
            let mut on = BTreeSet::new();
            for alert in alerts() {
                if !self.query(&format!("count_over_time(({})[10m:1s])", alert.expr)).await.is_empty() {
                    on.insert(alert.name);
                }
            }
            on
        };
        let on = eventually(&format!("alerts were on: {wanted:?}"), BOUND, || async {
            let on = were_on().await;
            wanted.iter().all(|name| on.contains(*name)).then_some(on)
        })
        .await;
        figure(&format!("alerts that were on, if not for long enough to tell anybody: {}", on.into_iter().collect::<Vec<_>>().join(", ")));
    }

    /// Prometheus has evaluated all rules without an error.
    pub async fn rules_are_healthy(&self) {
        let groups = self.get("rules", &[]).await.unwrap()["groups"].clone();
        let rules: Vec<&Value> = groups.as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
        assert_eq!(rules.len(), alerts().len());
        for rule in rules {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
    }
}

fn value(found: &Value) -> f64 {
    found["value"][1].as_str().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// The rules as they come out of the chart.
fn rules(cluster: &Cluster) -> Value {
    let arguments = ["--set", "monitoring.prometheusRule.enabled=true", "--show-only", "templates/prometheusrule.yaml"];
    let rendered = cluster.tools.helm(&[&["template", RELEASE, chart().to_str().unwrap(), "-n", SYSTEM], &arguments[..]].concat());
    let rule: Value = serde_saphyr::from_str(&rendered).unwrap();
    json!({ "groups": rule["spec"]["groups"] })
}

/// As the Prometheus operator makes it of the chart's `ServiceMonitor`.
fn config(proxy_port: u16, direct: bool) -> Value {
    let rename = |from: &str, to: &str| json!({ "source_labels": [from], "target_label": to });
    let mut labels = vec![
        json!({
            "source_labels": ["__meta_kubernetes_service_name", "__meta_kubernetes_endpointslice_port_name"],
            "regex": format!("{RELEASE};http"), "action": "keep",
        }),
        rename("__meta_kubernetes_namespace", "namespace"),
        rename("__meta_kubernetes_service_name", "service"),
        rename("__meta_kubernetes_service_name", "job"),
        rename("__meta_kubernetes_pod_name", "pod"),
        rename("__address__", "instance"),
    ];
    if !direct {
        labels.push(json!({
            "source_labels": ["namespace", "pod"], "separator": "/pods/http:", "target_label": "__metrics_path__",
            "regex": "(.*)", "replacement": "/api/v1/namespaces/$1:8080/proxy/metrics",
        }));
        labels.push(json!({ "target_label": "__address__", "replacement": format!("127.0.0.1:{proxy_port}") }));
    }
    json!({
        "global": { "scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s" },
        "rule_files": ["rules.json"],
        "scrape_configs": [{
            "job_name": "operator",
            "kubernetes_sd_configs": [{
                "role": "endpointslice", "api_server": format!("http://127.0.0.1:{proxy_port}"), "namespaces": { "names": [SYSTEM] },
            }],
            "relabel_configs": labels,
        }],
    })
}
