//! Tokens of service accounts of a real API server, and the simulated cloud that exchanges them for keys.

use serde_json::{Value, json};
use support::controlplane::ControlPlane;
use support::simulator::{self, Simulator, http_client};

#[tokio::test]
async fn tokens_of_the_api_server_get_keys_where_their_issuer_is_trusted() {
    let plane = ControlPlane::shared().await;
    let cloud = Simulator::start(plane.dir(), "service-accounts").await;
    cloud.trust_issuer(&plane).await;
    let token = async |audience: &str| plane.service_account_token("default", "default", vec![audience.to_owned()]).await;
    let own = token(simulator::AUDIENCE).await;
    let (signed, signature) = own.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    let table = [(own.clone(), 200), (token("another").await, 400), (forged, 400)];
    for (token, status) in table {
        let request = json!({
            "provider_urn": simulator::PROVIDER_URN, "agency_urn": simulator::AGENCY_URN, "agency_session_name": "test", "id_token": token,
        });
        let url = format!("{}/v5/agencies/assume-with-oidc", cloud.url());
        let answer = http_client(false).post(url).json(&request).send().await.unwrap();
        assert_eq!(answer.status(), status, "{}", answer.text().await.unwrap());
    }

    cloud.associate("default", "default").await;
    for (audience, status) in [(simulator::POD_AUDIENCE, 200), (simulator::AUDIENCE, 401)] {
        let token = token(audience).await;
        let request = http_client(false).post(cloud.agent_url()).header("Authorization", token).json(&json!({}));
        assert_eq!(request.send().await.unwrap().status(), status, "{audience}");
    }
    let operations: Vec<Value> =
        cloud.exchanges().await["exchanges"].as_array().unwrap().iter().map(|exchange| exchange["operation"].clone()).collect();
    assert_eq!(operations, ["AssumeAgencyWithOIDC", "ShowPodIdentityCredentials"]);
    cloud.check_contract().await;
}
