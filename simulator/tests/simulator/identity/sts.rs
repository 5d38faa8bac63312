//! STS.

use super::*;

async fn oidc(cloud: &Simulator, changes: Value) -> Answer {
    send(cloud, Method::POST, OIDC, &[], Some(with(oidc_request(&id_token(json!({}))), changes))).await
}

#[tokio::test]
async fn an_id_token_gets_keys_of_an_agency() {
    let cloud = Simulator::start(json!({})).await;
    let answer = oidc(&cloud, json!({"duration_seconds": 900})).await;
    let (key, expires_at) = key_of(&answer);
    assert_eq!(read(&cloud, &key, PROJECT).await.0, 200);
    let left = expires_at.duration_since(Timestamp::now()).as_secs();
    assert!((890..=900).contains(&left), "{left}");
    let shown = json!({
        "assumed_agency": {
            "urn": format!("sts::{DOMAIN}::assumed-agency:direct-connect/direct-connect-operator"),
            "id": format!("{DOMAIN}:direct-connect-operator"),
        },
        "audience": "direct-connect-operator", "provider": format!("iam::{DOMAIN}:oidcProvider:cluster"),
        "subject_from_id_token": "system:serviceaccount:direct-connect:direct-connect-operator",
        "source_identity": "system-serviceaccount-direct-connect-direct-connect-operator",
    });
    assert_eq!(with(answer.body, json!({"credentials": null})), shown);

    let projects = key.call(&cloud, Method::GET, "/v3/projects?name=eu-west-101", None).await;
    assert_eq!(projects.body["projects"][0]["id"], PROJECT);
    assert_eq!(read(&cloud, &key, PARTNER).await, (403, "APIGW.0302".to_owned()));
}

#[tokio::test]
async fn an_id_token_is_checked() {
    let cloud = Simulator::start(json!({"identity": {"providers": {"cluster": {"issuer": "https://kubernetes.default.svc"}}}})).await;
    let past = Timestamp::now().as_second() - 1;
    let table = [
        (json!({}), 200, ""),
        (json!({"exp": past}), 400, "expired"),
        (json!({"sub": null}), 400, "malformed"),
        (json!({"iss": "https://another"}), 400, "issuer"),
        (json!({"aud": ["https://kubernetes.default.svc"]}), 400, "audience"),
        (json!({"sub": "repo:somebody/else"}), 403, "no identity-based policy allows sts:agencies:assumeWithOIDC"),
    ];
    for (claims, status, text) in table {
        let answer = oidc(&cloud, json!({"id_token": id_token(claims.clone())})).await;
        assert_eq!(answer.status, status, "{claims}: {}", answer.body);
        assert!(message(&answer).contains(text), "{claims}: {}", answer.body);
        assert_eq!(answer.body.get("encoded_authorization_message").is_some(), status == 403, "{}", answer.body);
    }
    assert_eq!(exchanges(&cloud).await["count"], 1);

    // Its clock decides: it is 20 minutes ahead, and later behind.
    let ends_in = |minutes: i64| json!({"id_token": id_token(json!({"exp": Timestamp::now().as_second() + minutes * 60}))});
    cloud.settings(json!({"clock_offset_s": 1200})).await;
    assert_eq!([oidc(&cloud, ends_in(19)).await.status, oidc(&cloud, ends_in(21)).await.status], [400, 200]);
    let (_, expires_at) = key_of(&oidc(&cloud, json!({})).await);
    assert!(expires_at.duration_since(Timestamp::now()).as_secs() > 3600 + 1190, "{expires_at}");
    cloud.settings(json!({"clock_offset_s": -1200})).await;
    assert_eq!([oidc(&cloud, ends_in(-19)).await.status, oidc(&cloud, ends_in(-21)).await.status], [200, 400]);
}

#[tokio::test]
async fn requests_are_checked() {
    let cloud = Simulator::start(json!({})).await;
    let of = |account: &str, kind: &str, name: &str| format!("iam::{account}:{kind}:{name}");
    let table = [
        (json!({"provider_urn": null}), 400),
        (json!({"provider_urn": of(DOMAIN, "oidcProvider", "nobody")}), 404),
        (json!({"provider_urn": of(PARTNERS_DOMAIN, "oidcProvider", "cluster")}), 404),
        (json!({"agency_urn": "direct-connect"}), 400),
        (json!({"agency_urn": of(DOMAIN, "agency", "nobody")}), 404),
        (json!({"agency_urn": of(PARTNERS_DOMAIN, "agency", "direct-connect")}), 404),
        (json!({"agency_urn": of(DOMAIN, "agency", "second")}), 403),
        (json!({"agency_session_name": "x"}), 400),
        (json!({"agency_session_name": "a space"}), 400),
        (json!({"agency_session_name": "a_+=,.@-Z9"}), 200),
        (json!({"id_token": "abc"}), 400),
        (json!({"id_token": "x".repeat(20_001)}), 400),
        (json!({"duration_seconds": 899}), 400),
        (json!({"duration_seconds": 3600}), 200),
        (json!({"duration_seconds": 3601}), 400),
        (json!({"duration_seconds": "900"}), 400),
        (json!({"policy": ""}), 400),
        (json!({"policy_ids": vec!["x"; 21]}), 400),
    ];
    for (changes, status) in table {
        let answer = oidc(&cloud, changes.clone()).await;
        assert_eq!(answer.status, status, "{changes}: {}", answer.body);
        assert!(status == 200 || answer.code().starts_with("STS5."), "{}", answer.body);
    }
    assert_eq!(send(&cloud, Method::POST, OIDC, &[], None).await.status, 400, "no body");
    cloud.settings(json!({"identity": {"agencies": {"direct-connect": {"max_session_s": 43_200}}}})).await;
    assert_eq!(oidc(&cloud, json!({"duration_seconds": 43_200})).await.status, 200, "as long as the agency allows");
}

#[tokio::test]
async fn keys_get_keys_of_another_agency() {
    let external = json!({"identity": {"agencies": {"second": {"external_id": "them"}, "partner": {"max_session_s": 43_200}}}});
    let cloud = Simulator::start(external).await;
    let (temporary, _) = key_of(&oidc(&cloud, json!({})).await);
    let urn = |account: &str, name: &str| format!("iam::{account}:agency:{name}");
    let (partner, second) = (urn(PARTNERS_DOMAIN, "partner"), urn(DOMAIN, "second"));
    let own = Key::own();
    let table = [
        (&own, json!({"agency_urn": partner}), 200),
        (&own, json!({"agency_urn": partner, "duration_seconds": 43_200}), 200),
        (&temporary, json!({"agency_urn": partner}), 200),
        (&temporary, json!({"agency_urn": partner, "duration_seconds": 3600}), 200),
        (&temporary, json!({"agency_urn": partner, "duration_seconds": 3601}), 400),
        (&own, json!({"agency_urn": second}), 403),
        (&own, json!({"agency_urn": second, "external_id": "us"}), 403),
        (&own, json!({"agency_urn": second, "external_id": "them"}), 200),
        (&own, json!({"agency_urn": second, "external_id": "x"}), 400),
        (&own, json!({"agency_urn": urn(DOMAIN, "node")}), 403),
        (&own, json!({"agency_urn": urn(DOMAIN, "nobody")}), 404),
    ];
    for (key, body, status) in table {
        let body = with(body, json!({"agency_session_name": "session"}));
        let answer = key.call(&cloud, Method::POST, &format!("/{ASSUME}"), Some(&body)).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        if status == 200 {
            let (key, _) = key_of(&answer);
            let owner = if body["agency_urn"] == partner { PARTNER } else { PROJECT };
            assert_eq!(read(&cloud, &key, owner).await.0, 200, "{body}");
        }
    }
    let body = json!({"agency_urn": partner, "agency_session_name": "session"});
    let unsigned = send(&cloud, Method::POST, ASSUME, &[("X-Auth-Token", &cloud.token)], Some(body.clone())).await;
    assert_eq!((unsigned.status, unsigned.code()), (401, "APIGW.0301"));
    let stranger = Key::new("AKSIMULATOR000000002", "SKsimulator/000000000000000000000000002+", "");
    let answer = stranger.call(&cloud, Method::POST, &format!("/{ASSUME}"), Some(&body)).await;
    assert_eq!(answer.status, 403, "an account that is not trusted: {}", answer.body);
}
