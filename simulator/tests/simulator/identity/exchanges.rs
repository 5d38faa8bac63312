//! The life of temporary keys, the record of what was issued, and faults.

use std::time::{Duration, Instant};

use super::*;

async fn oidc(cloud: &Simulator) -> Answer {
    send(cloud, Method::POST, OIDC, &[], Some(oidc_request(&id_token(json!({}))))).await
}

#[tokio::test]
async fn a_security_token_must_be_sent_and_signed() {
    let cloud = Simulator::start(json!({})).await;
    let (key, _) = key_of(&oidc(&cloud).await);
    let (other, _) = key_of(&oidc(&cloud).await);
    let table = [
        ("its own", key.clone(), 200),
        ("none", Key { token: None, ..key.clone() }, 401),
        ("another's", Key { token: other.token, ..key.clone() }, 401),
        ("its own, not signed", Key { signs_token: false, ..key.clone() }, 401),
        ("an unknown key", Key { id: "AKSIMULATORNOBODY000".to_owned(), ..key }, 401),
    ];
    for (case, key, status) in table {
        let (got, code) = read(&cloud, &key, PROJECT).await;
        assert_eq!((got, code.as_str()), (status, if status == 200 { "" } else { "APIGW.0301" }), "{case}");
    }
    assert_eq!(exchanges(&cloud).await["rejected_expired_keys"], 0, "none of them had expired");
}

#[tokio::test]
async fn keys_expire_by_the_clock_of_the_cloud() {
    let cloud = Simulator::start(json!({"identity": {"lifetime_s": 2}})).await;
    let (key, expires_at) = key_of(&oidc(&cloud).await);
    let end = Instant::now() + Duration::from_secs(10);
    let mut statuses = vec![read(&cloud, &key, PROJECT).await];
    while statuses.last().unwrap().0 == 200 {
        assert!(Instant::now() < end, "it never expires");
        tokio::time::sleep(Duration::from_millis(50)).await;
        statuses.push(read(&cloud, &key, PROJECT).await);
    }
    assert!(Timestamp::now() >= expires_at, "it expired too early");
    assert_eq!(statuses.pop().unwrap(), (401, "APIGW.0301".to_owned()));
    let record = exchanges(&cloud).await;
    assert_eq!((&record["count"], &record["rejected_expired_keys"]), (&json!(1), &json!(1)));
    let one = &record["exchanges"][0];
    assert_eq!((&one["operation"], &one["access_key"]), (&json!("AssumeAgencyWithOIDC"), &json!(key.id)));
    assert_eq!((one["calls"].as_u64(), &one["rejected"]), (Some(statuses.len() as u64), &json!(1)));

    // The same with a token, and with the other code.
    cloud.settings(json!({"identity": {"lifetime_s": null, "expired_key_code": "APIGW.0307"}})).await;
    let (key, _) = key_of(&oidc(&cloud).await);
    assert_eq!(read(&cloud, &key, PROJECT).await.0, 200);
    cloud.admin(Method::POST, "temporary-keys/expire", None).await;
    assert_eq!(read(&cloud, &key, PROJECT).await, (401, "APIGW.0307".to_owned()), "rejected early");
    assert_eq!(read(&cloud, &Key::own(), PROJECT).await.0, 200, "own keys do not expire");
    assert_eq!(exchanges(&cloud).await["rejected_expired_keys"], 2);
    cloud.admin(Method::POST, "reset", None).await;
    assert_eq!(exchanges(&cloud).await["count"], 0);
}

#[tokio::test]
async fn exchanges_have_faults_and_are_logged_without_secrets() {
    let cloud = Simulator::start(json!({})).await;
    let status = |status: u16, code: &str| json!({"operation": "AssumeAgencyWithOIDC", "kind": "status", "status": status, "code": code});
    cloud.fault(status(500, "STS5.1001")).await;
    cloud.fault(json!({"operation": "AssumeAgencyWithOIDC", "kind": "delay", "ms": 300, "after": 1})).await;
    let failed = oidc(&cloud).await;
    assert_eq!((failed.status, failed.code()), (500, "STS5.1001"));
    let start = Instant::now();
    let (key, _) = key_of(&oidc(&cloud).await);
    assert!(start.elapsed() >= Duration::from_millis(300));
    for (operation, method, path) in [("ShowSecurityKey", Method::GET, METADATA_KEYS), ("ShowPodIdentityCredentials", Method::POST, AGENT)]
    {
        cloud.fault(json!({"operation": operation, "kind": "reset_before"})).await;
        let url = format!("{}/{path}", cloud.base);
        assert!(cloud.send(method, &url, "", None).await.is_err(), "{operation} is away");
    }
    let (_, token) = {
        let answer = send(&cloud, Method::PUT, METADATA_TOKEN, &[], None).await;
        (answer.status, message(&answer).to_owned())
    };
    send(&cloud, Method::GET, METADATA_KEYS, &[("X-Metadata-Token", &token)], None).await;
    send(&cloud, Method::POST, AGENT, &[("Authorization", &pod_token(json!({})))], Some(json!({}))).await;
    let body = json!({"auth": {"id_token": {"id": id_token(json!({}))}}});
    let answer = send(&cloud, Method::POST, TOKENS, &[("X-Idp-Id", "cluster")], Some(body)).await;
    let unscoped = answer.headers["x-subject-token"].to_str().unwrap();
    let body = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": unscoped}}}});
    assert_eq!(send(&cloud, Method::POST, KEYS, &[], Some(body)).await.status, 201);

    let log = json!(cloud.log(0).await).to_string();
    for secret in ["SKsimulator", "SIMULATEDSECURITYTOKEN", "SIMULATEDMETADATATOKEN", "MIISIMULATED", "eyJ"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
    assert!(log.contains(&key.id), "the id of a key is no secret");
}
