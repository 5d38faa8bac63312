//! What a node offers to its pods: the metadata service and the pod identity agent.

use super::*;

async fn metadata_token(cloud: &Simulator, headers: &[(&str, &str)]) -> (u16, String) {
    let answer = send(cloud, Method::PUT, METADATA_TOKEN, headers, None).await;
    (answer.status, message(&answer).to_owned())
}

async fn metadata_keys(cloud: &Simulator, headers: &[(&str, &str)]) -> Answer {
    send(cloud, Method::GET, METADATA_KEYS, headers, None).await
}

const SIX_HOURS: [(&str, &str); 1] = [("X-Metadata-Token-Ttl-Seconds", "21600")];

#[tokio::test]
async fn the_metadata_service_has_keys_with_and_without_a_token() {
    let cloud = Simulator::start(json!({})).await;
    let (status, token) = metadata_token(&cloud, &SIX_HOURS).await;
    assert_eq!(status, 200, "{token}");
    let with_token = [("X-Metadata-Token", token.as_str())];
    for headers in [[].as_slice(), &with_token] {
        let (key, _) = key_of(&metadata_keys(&cloud, headers).await);
        assert_eq!(read(&cloud, &key, PROJECT).await.0, 200, "{headers:?}");
    }
    let table = [("60", 200), ("21600", 200), ("59", 400), ("21601", 400), ("soon", 400)];
    for (seconds, status) in table {
        assert_eq!(metadata_token(&cloud, &[("X-Metadata-Token-Ttl-Seconds", seconds)]).await.0, status, "{seconds}");
    }
    let forwarded = ("X-Forwarded-For", "10.0.0.1");
    assert_eq!(metadata_token(&cloud, &[SIX_HOURS[0], forwarded]).await.0, 403);
    assert_eq!(metadata_keys(&cloud, &[with_token[0], forwarded]).await.status, 403);
}

#[tokio::test]
async fn a_node_can_require_tokens_or_not_know_them() {
    let cloud = Simulator::start(json!({"identity": {"metadata": {"versions": "v2"}}})).await;
    let (_, token) = metadata_token(&cloud, &SIX_HOURS).await;
    let statuses = async || {
        let (without, with_one) = (metadata_keys(&cloud, &[]).await, metadata_keys(&cloud, &[("X-Metadata-Token", &token)]).await);
        (without.status, with_one.status)
    };
    assert_eq!(statuses().await, (401, 200));
    assert_eq!(metadata_keys(&cloud, &[("X-Metadata-Token", "nonsense")]).await.status, 401);
    cloud.admin(Method::POST, "tokens/expire", None).await;
    assert_eq!(statuses().await, (401, 401), "an expired token");

    for status in [404, 405, 503] {
        cloud.settings(json!({"identity": {"metadata": {"versions": "v1", "no_v2_status": status}}})).await;
        assert_eq!(metadata_token(&cloud, &SIX_HOURS).await.0, status);
        assert_eq!(statuses().await, (200, 200));
    }
    cloud.settings(json!({"identity": {"metadata": {"versions": "both", "token_lifetime_s": 0}}})).await;
    let (_, token) = metadata_token(&cloud, &SIX_HOURS).await;
    assert_eq!(metadata_keys(&cloud, &[("X-Metadata-Token", &token)]).await.status, 401, "a token of no time");
}

#[tokio::test]
async fn a_node_can_have_no_agency() {
    let cloud = Simulator::start(json!({"identity": {"metadata": {"agency": ""}}})).await;
    let answer = metadata_keys(&cloud, &[]).await;
    assert_eq!((answer.status, message(&answer)), (401, "Please configure Cloud Service Agency first"));
}

#[tokio::test]
async fn the_agent_has_keys_for_the_token_of_a_pod() {
    let cloud = Simulator::start(json!({})).await;
    let ask = async |token: &str| send(&cloud, Method::POST, AGENT, &[("Authorization", token)], Some(json!({}))).await;
    let answer = ask(&pod_token(json!({}))).await;
    let (key, _) = key_of(&answer);
    assert_eq!(read(&cloud, &key, PROJECT).await.0, 200);
    assert_eq!(answer.body["subject"], json!({"namespace": "direct-connect", "serviceAccount": "direct-connect-operator"}));
    assert_eq!(answer.body["audience"], "service.cce.pods");
    assert!(answer.body["assumedAgency"]["urn"].as_str().unwrap().contains("assumed-agency:pods/cce-"), "{}", answer.body);

    cloud.settings(json!({"identity": {"pod_identity": {"trust_agencies": false}}})).await;
    let plain = ask(&pod_token(json!({}))).await.body;
    assert!(plain.get("assumedAgency").is_none() && plain.get("audience").is_none(), "{plain}");

    let table = [
        (format!("Bearer {}", pod_token(json!({}))), 401),
        ("nonsense".to_owned(), 401),
        (pod_token(json!({"exp": 1})), 401),
        (id_token(json!({})), 401),
        (pod_token(json!({"sub": "somebody"})), 401),
        (pod_token(json!({"sub": "system:serviceaccount:direct-connect:default"})), 404),
    ];
    for (token, status) in table {
        let answer = ask(&token).await;
        assert_eq!((answer.status, answer.body.is_string()), (status, true), "{}", answer.body);
    }
    cloud.settings(json!({"identity": {"pod_identity": {"associations": {"a/b": "pods"}}}})).await;
    key_of(&ask(&pod_token(json!({"sub": "system:serviceaccount:a:b"}))).await);
}
