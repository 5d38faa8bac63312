//! The charts come and go.

use serde_json::json;
use std::time::Instant;

use crate::cloud::Cloud;
use crate::cluster::{ACCOUNTS, BOUND, Cluster, RELEASE, SIMULATOR, SYSTEM};
use crate::identity;
use support::release::{accounts_chart, chart, text};
use support::world::{API_VERSION, api, is};
use support::{eventually, figure};

/// Short, so that a cloud that stands still is noticed soon, long before its probe restarts it after five minutes.
const CALL_TIMEOUT: &str = "5s";

/// The image that the environment names, as repository and tag.
fn image(variable: &str, default: &str) -> serde_json::Value {
    let name = std::env::var(variable).unwrap_or_else(|_| format!("{default}:dev"));
    // What comes last may be the port of a registry.
    let (repository, tag) = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((&name, "latest"));
    json!({ "repository": repository, "tag": tag })
}

fn values(cluster: &Cluster) -> String {
    let mut values = identity::values(cluster);
    values["replicaCount"] = json!(2);
    values["image"] = image("E2E_IMAGE", "direct-connect-operator");
    values["simulator"]["enabled"] = json!(true);
    values["simulator"]["image"] = image("E2E_SIMULATOR_IMAGE", "direct-connect-simulator");
    values["config"] = json!({ "callTimeout": CALL_TIMEOUT });
    cluster.file("values.json", &values)
}

fn helm_install(cluster: &Cluster) {
    cluster.tools.helm(&["install", RELEASE, chart().to_str().unwrap(), "-n", SYSTEM, "-f", &values(cluster), "--wait", "--timeout", "3m"]);
}

async fn account_is_ready(cluster: &Cluster) {
    eventually("the account is Ready", BOUND, || async {
        let account = api(&cluster.client, None, API_VERSION, "CloudAccount").get_opt("default").await.unwrap()?;
        is(&serde_json::to_value(account).unwrap(), "Ready", "True").then_some(())
    })
    .await;
}

/// From nothing to an account that is Ready.
pub async fn install(cluster: &Cluster) {
    cluster.create_namespace(SYSTEM);
    let start = Instant::now();
    helm_install(cluster);
    let installed = start.elapsed();
    let account = format!("accounts.default.simulator={SIMULATOR}");
    cluster.tools.helm(&["install", ACCOUNTS, text(&accounts_chart()), "-n", SYSTEM, "--set", &account]);
    account_is_ready(cluster).await;
    figure(&format!(
        "helm install --wait: {:.1} s; the account is Ready after {:.1} s",
        installed.as_secs_f64(),
        start.elapsed().as_secs_f64()
    ));
    let pods = cluster.pods("direct-connect-operator");
    assert_eq!(pods.len(), 2, "two replicas");
    for pod in pods {
        let status = &pod["status"]["containerStatuses"][0];
        assert!(status["ready"] == true && status["restartCount"] == 0, "{status}");
    }
    assert!(cluster.leader().await.is_some(), "one leads");
}

/// Nothing of the operator's release is left but the definitions, the account and the objects.
pub async fn uninstall(cluster: &Cluster, namespace: &str) {
    let before = cluster.objects(namespace).await.len();
    cluster.tools.helm(&["uninstall", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "3m"]);
    assert_eq!(cluster.objects(namespace).await.len(), before, "all objects stay");
    assert!(before >= 4, "{before} objects");
    assert_eq!(
        cluster.tools.kubectl(&["get", "crds", "-o", "name"]).matches("directconnect.huaweicloud.com").count(),
        direct_connect_operator::kinds::crds().len()
    );
    assert_eq!(cluster.tools.kubectl(&["get", "cloudaccounts", "-o", "name"]).lines().count(), 1);
    eventually("its pods are gone", BOUND, || async {
        (cluster.pods("direct-connect-operator").is_empty() && cluster.pods(SIMULATOR).is_empty()).then_some(())
    })
    .await;
}

/// The new simulator knows nothing of what the old one had, so the operator makes it anew.
pub async fn install_again(cluster: &Cluster, cloud: &Cloud, namespace: &str) {
    let start = Instant::now();
    helm_install(cluster);
    account_is_ready(cluster).await;
    let resources = cluster.objects(namespace).await.iter().filter(|(kind, _)| *kind != "Peer").count();
    eventually("all is in the cloud again", BOUND, || async { (cloud.count().await == resources).then_some(()) }).await;
    cluster.all_ready(namespace).await;
    figure(&format!("installed again: the lines are made anew after {:.1} s", start.elapsed().as_secs_f64()));
}

/// Not even the definitions stay.
pub async fn remove(cluster: &Cluster) {
    cluster.tools.kubectl(&["delete", "cloudaccounts", "--all", "--timeout=2m"]);
    cluster.tools.helm(&["uninstall", ACCOUNTS, "-n", SYSTEM]);
    cluster.tools.helm(&["uninstall", RELEASE, "-n", SYSTEM, "--wait", "--timeout", "3m"]);
    let definitions = cluster.tools.kubectl(&["get", "crds", "-o", "name"]);
    let ours: Vec<&str> = definitions.lines().filter(|name| name.contains("directconnect.huaweicloud.com")).collect();
    // The policy that protected them went with the release; the API server may hold on to it for a moment.
    eventually("the definitions are gone", BOUND, || async {
        cluster.tools.run("kubectl", &[&["delete", "--ignore-not-found", "--timeout=2m"], &ours[..]].concat()).ok()
    })
    .await;
    cluster.tools.kubectl(&["delete", "namespace", SYSTEM, "--timeout=3m"]);
}
