//! The two services of the node: the agent of pod identity, and the metadata service. All traffic but theirs to this machine's address goes to a proxy that
//! is dead: they must not.

use serde_json::{Value, json};
use support::group::Group;
use support::operator::Operator;
use support::simulator::POD_AUDIENCE;
use support::world::{CALL_TIMEOUT, World, is};

use crate::{account_ready, account_says, gateway_ready};

static NODE: Group = Group::new();
const SERVICE_ACCOUNT: &str = "operator";

/// An operator whose node is in the world's cloud.
async fn start(world: &World) -> Operator {
    let token_file = world.plane.dir().join("pod-identity-token");
    world.apply(&json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": SERVICE_ACCOUNT } })).await;
    let token = world.plane.service_account_token(&world.namespace, SERVICE_ACCOUNT, vec![POD_AUDIENCE.to_owned()]).await;
    std::fs::write(&token_file, format!("{token}\n")).unwrap();
    let environment = [
        ("HC_CONTAINER_CREDENTIALS_FULL_URI", world.cloud.agent_url()),
        ("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file.display().to_string()),
        ("DC_OPERATOR_METADATA_ENDPOINT", world.cloud.url().to_owned()),
        ("HTTP_PROXY", "http://127.0.0.1:9".to_owned()),
        ("NO_PROXY", "localhost".to_owned()),
    ];
    let arguments = ["run", "--call-timeout", CALL_TIMEOUT, "--settle-interval", "200ms", "--read-lag", "300ms", "--log", "debug"];
    let log = world.plane.dir().join("operator-node.log");
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    Operator::start(&world.plane.kubeconfig(), &log, &arguments.map(str::to_owned), &environment).await
}

fn spec(world: &World, credentials: &Value) -> Value {
    let url = world.cloud.url().replace("127.0.0.1", "localhost");
    json!({ "credentials": credentials, "endpoints": { "dc": url, "iam": url, "sts": url, "insecure": true } })
}

#[tokio::test]
async fn keys_come_from_the_node_and_by_no_proxy() {
    let world = World::on(NODE.plane().await, "node").await;
    world.furnish_with(&spec(&world, &json!({ "podIdentity": {} }))).await;
    let operator = start(&world).await;
    let exchanges = async |operation: &str| {
        let all = world.cloud.exchanges().await;
        all["exchanges"].as_array().unwrap().iter().filter(|exchange| exchange["operation"] == operation).count()
    };

    // Nobody has made the association; once it is there, the operator finds out.
    account_says(&world, "CredentialsRejected", "association").await;
    world.cloud.associate(&world.namespace, SERVICE_ACCOUNT).await;
    account_ready(&world).await;
    gateway_ready(&world, 1).await;
    assert_eq!(exchanges("ShowPodIdentityCredentials").await, 1);
    world.cloud.expire_temporary_keys().await;
    gateway_ready(&world, 2).await;
    assert_eq!(exchanges("ShowPodIdentityCredentials").await, 2);

    // The clock of the node is wrong, and so is that of the agent.
    world.cloud.settings(json!({ "clock_offset_s": -1200 })).await;
    world.cloud.expire_temporary_keys().await;
    gateway_ready(&world, 3).await;
    world.cloud.settings(json!({ "clock_offset_s": 0 })).await;
    world.clear().await;

    // The agency of the node, in both versions of the service, and without one.
    let none = json!({ "identity": { "metadata": { "agency": "" } } });
    world.cloud.settings(none).await;
    world.account_with(&spec(&world, &json!({ "metadata": {} }))).await;
    account_says(&world, "CredentialsRejected", "the node has no agency").await;
    for (number, versions) in [(4, "v2"), (5, "v1"), (6, "both")] {
        world.cloud.settings(json!({ "identity": { "metadata": { "agency": "node", "versions": versions } } })).await;
        world.cloud.expire_temporary_keys().await;
        account_ready(&world).await;
        gateway_ready(&world, number).await;
    }
    assert_eq!(exchanges("ShowSecurityKey").await, 3);
    let account = world.get_account().await;
    assert!(is(&account, "Ready", "True") && account["status"]["credentialsExpireAt"].is_null(), "{account:#}");

    let token = std::fs::read_to_string(world.plane.dir().join("pod-identity-token")).unwrap();
    let secret = &token.trim()[token.trim().len() - 40..];
    for told in [operator.log(), operator.get("/metrics").await.unwrap(), account.to_string()] {
        assert!(!told.contains(secret), "the token of the pod was told");
    }
    world.finish().await;
    drop(operator);
}
