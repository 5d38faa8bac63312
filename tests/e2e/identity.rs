//! Accounts without keys: the kubelet's token of the `ServiceAccount` is read by the pod, and exchanged at the simulated cloud, which verifies it with the
//! public keys of the cluster.

use serde_json::{Value, json};

use crate::cluster::{BOUND, Cluster, RELEASE, SIMULATOR, SYSTEM};
use support::eventually;
use support::world::{API_VERSION, api, condition, is};

/// The client id under which the cloud knows the cluster.
const AUDIENCE: &str = "direct-connect-operator";
/// Account and project of the simulated cloud.
const ACCOUNT: &str = "37829608110c28f2675d0033a8675060";
const PROJECT: &str = "0605768a3300d5762f82c01180692873";

/// What the chart needs for them, and what the cloud has to know of the cluster.
pub fn values(cluster: &Cluster) -> Value {
    let served = |path: &str| serde_json::from_str::<Value>(&cluster.tools.kubectl(&["get", "--raw", path])).unwrap();
    let provider = json!({
        "issuer": served("/.well-known/openid-configuration")["issuer"], "jwks": served("/openid/v1/jwks"), "client_ids": [AUDIENCE],
    });
    let agency = |subject: &str| json!({ "provider": "cluster", "subjects": [format!("system:serviceaccount:{SYSTEM}:{subject}")] });
    json!({
        "workloadIdentity": { "enabled": true, "audience": AUDIENCE },
        "simulator": { "settings": { "identity": {
            "providers": { "cluster": provider },
            "agencies": { "direct-connect": agency(RELEASE), "others": agency("other") },
        } } },
    })
}

fn at_sts(agency: &str) -> Value {
    json!({ "workloadIdentity": {
        "providerUrn": format!("iam::{ACCOUNT}:oidcProvider:cluster"), "agencyUrn": format!("iam::{ACCOUNT}:agency:{agency}"),
    } })
}

fn account(cluster: &Cluster, name: &str, credentials: &Value) {
    let endpoint = format!("http://{SIMULATOR}.{SYSTEM}.svc:8080");
    let account = json!({
        "apiVersion": API_VERSION, "kind": "CloudAccount", "metadata": { "name": name },
        "spec": {
            "region": "eu-west-101", "credentials": credentials,
            "endpoints": { "dc": endpoint, "iam": endpoint, "sts": endpoint, "insecure": true },
        },
    });
    cluster.tools.kubectl(&["apply", "-f", &cluster.file("account.json", &account)]);
}

/// Waits until the condition Ready of an account has this status.
async fn settled(cluster: &Cluster, name: &str, ready: &str) -> Value {
    eventually(&format!("the account {name} has Ready={ready}"), BOUND, || async {
        let account = api(&cluster.client, None, API_VERSION, "CloudAccount").get_opt(name).await.unwrap()?;
        let account = serde_json::to_value(account).unwrap();
        is(&account, "Ready", ready).then_some(account)
    })
    .await
}

/// Both exchanges, and an agency that trusts another `ServiceAccount` only.
pub async fn accounts_without_keys(cluster: &Cluster) {
    account(cluster, "by-sts", &at_sts("direct-connect"));
    account(cluster, "by-iam", &json!({ "workloadIdentity": { "idpId": "cluster" } }));
    account(cluster, "not-trusted", &at_sts("others"));
    for name in ["by-sts", "by-iam"] {
        let ready = settled(cluster, name, "True").await;
        assert_eq!(ready["status"]["projectId"], PROJECT, "{ready:#}");
        assert_eq!(ready["status"]["endpoints"]["sts"].is_string(), name == "by-sts", "{ready:#}");
    }
    let refused = settled(cluster, "not-trusted", "False").await;
    assert_eq!(condition(&refused, "Ready").unwrap()["reason"], "CredentialsRejected", "{refused:#}");
    cluster.tools.kubectl(&["delete", "cloudaccount", "by-sts", "by-iam", "not-trusted", "--timeout=2m"]);
}
