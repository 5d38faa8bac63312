//! How the operator comes to keys: from a Secret, or with `IDENTITY=pod` from the pod identity agent of its node, without any key in the cluster.

use serde_json::{Value, json};

use support::controlplane::ControlPlane;
use support::simulator::{self, Simulator};

use crate::SYSTEM;

/// Lifetime of the agent's keys in seconds: short enough to be renewed during the demo.
const LIFETIME: u32 = 20;

#[derive(Clone, Copy)]
pub enum Identity {
    Secret,
    Pod,
}

impl Identity {
    pub fn from_environment() -> Self {
        match std::env::var("IDENTITY").unwrap_or_default().as_str() {
            "" => Self::Secret,
            "pod" => Self::Pod,
            other => panic!("IDENTITY is pod, or nothing, not {other}"),
        }
    }

    /// The credentials of the account, with the Secret that they need.
    pub fn credentials(self, plane: &ControlPlane) -> Value {
        match self {
            Self::Secret => {
                let (access, secret) = (
                    format!("--from-literal=accessKey={}", simulator::ACCESS_KEY),
                    format!("--from-literal=secretKey={}", simulator::SECRET_KEY),
                );
                plane.kubectl(&["create", "secret", "generic", "credentials", "-n", SYSTEM, &access, &secret]);
                json!({ "accessKey": { "secretRef": { "name": "credentials" } } })
            }
            Self::Pod => json!({ "podIdentity": {} }),
        }
    }

    /// What the platform adds to the environment of the operator's pod, which has this service account.
    pub async fn environment(self, plane: &ControlPlane, cloud: &Simulator, service_account: &str) -> Vec<(String, String)> {
        match self {
            Self::Secret => Vec::new(),
            Self::Pod => {
                cloud.associate(SYSTEM, service_account).await;
                cloud.settings(json!({ "identity": { "pod_identity": { "key_lifetime_s": LIFETIME } } })).await;
                let token = plane.service_account_token(SYSTEM, service_account, vec![simulator::POD_AUDIENCE.to_owned()]).await;
                let file = plane.dir().join("pod-identity-token");
                std::fs::write(&file, token).unwrap();
                println!("  the pod identity agent of the node is {}", cloud.agent_url());
                println!("  {SYSTEM}/{service_account} is associated with an agency; its keys last {LIFETIME} s");
                vec![
                    ("HC_CONTAINER_CREDENTIALS_FULL_URI".to_owned(), cloud.agent_url()),
                    ("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE".to_owned(), file.display().to_string()),
                ]
            }
        }
    }

    /// Checks that the operator has come to its keys in this way.
    pub async fn check(self, cloud: &Simulator) {
        let exchanges = cloud.exchanges().await;
        let list = exchanges["exchanges"].as_array().unwrap();
        match self {
            Self::Secret => assert!(list.is_empty(), "the operator has keys, and asked for others: {exchanges:#}"),
            Self::Pod => {
                let by_agent = list.iter().all(|exchange| exchange["operation"] == "ShowPodIdentityCredentials");
                assert!(by_agent && !list.is_empty(), "not all keys are those of the agent: {exchanges:#}");
                println!("  keys from the agent: {}, calls with expired ones: {}", list.len(), exchanges["rejected_expired_keys"]);
            }
        }
    }
}
