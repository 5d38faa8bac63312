//! The older IAM.

use super::*;

fn body(scope: &Value) -> Value {
    json!({"auth": with(json!({"id_token": {"id": id_token(json!({}))}}), json!({"scope": scope}))})
}

async fn token(cloud: &Simulator, idp: &str, body: Value) -> Answer {
    send(cloud, Method::POST, TOKENS, &[("X-Idp-Id", idp)], Some(body)).await
}

#[tokio::test]
async fn an_id_token_gets_a_token() {
    let cloud = Simulator::start(json!({})).await;
    let gateways = format!("{}/v3/{PROJECT}/dcaas/virtual-gateways", cloud.base);
    let scopes = [
        (json!({"project": {"name": "eu-west-101"}}), 200),
        (json!({"project": {"id": PROJECT}}), 200),
        (json!({"domain": {"name": "simulated-domain"}}), 403),
        (Value::Null, 403),
    ];
    for (scope, status) in scopes {
        let answer = token(&cloud, "cluster", body(&scope)).await;
        assert_eq!((answer.status, &answer.body["token"]["methods"]), (201, &json!(["mapped"])), "{scope}: {}", answer.body);
        assert_eq!(answer.headers["x-iam-trace-id"], answer.headers["x-request-id"]);
        assert_eq!(answer.body["token"]["user"]["OS-FEDERATION"]["identity_provider"]["id"], "cluster");
        let token = answer.headers["x-subject-token"].to_str().unwrap();
        assert_eq!(cloud.send(Method::GET, &gateways, token, None).await.unwrap().status, status, "{scope}");
        let projects = cloud.send(Method::GET, &format!("{}/v3/projects", cloud.base), token, None).await.unwrap();
        assert_eq!(projects.body["projects"][0]["id"], PROJECT, "{scope}");
    }
    let of = |claims: Value| json!({"auth": {"id_token": {"id": id_token(claims)}}});
    let refused = [
        ("cluster", of(json!({"exp": 1})), 401, "IAM.0001"),
        ("cluster", of(json!({"aud": "another"})), 401, "IAM.0001"),
        ("cluster", json!({"auth": {"id_token": {"id": "eyJhbGciOiJSU..."}}}), 400, "IAM.0011"),
        ("cluster", json!({"auth": {}}), 400, "IAM.0011"),
        ("", body(&Value::Null), 400, "IAM.0011"),
        ("nobody", body(&Value::Null), 404, "IAM.0004"),
        ("cluster", body(&json!({"project": {"name": "elsewhere"}})), 404, "IAM.0004"),
    ];
    for (idp, body, status, code) in refused {
        let answer = token(&cloud, idp, body.clone()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{idp} {body}: {}", answer.body);
        assert!(answer.headers.contains_key("x-iam-trace-id"));
    }
}

#[tokio::test]
async fn a_token_gets_keys() {
    let cloud = Simulator::start(json!({})).await;
    let unscoped = token(&cloud, "cluster", body(&Value::Null)).await.headers["x-subject-token"].to_str().unwrap().to_owned();
    let identity = |token: Value| json!({"auth": {"identity": with(json!({"methods": ["token"]}), json!({"token": token}))}});
    let headers = [("X-Auth-Token", unscoped.as_str())];
    let table = [
        (headers.as_slice(), Value::Null, 201, 900),
        (&headers, json!({}), 201, 900),
        (&headers, json!({"duration_seconds": 21_600}), 201, 21_600),
        (&headers, json!({"duration_seconds": 899}), 400, 0),
        (&headers, json!({"duration_seconds": 86_401}), 400, 0),
        (&[], json!({"id": unscoped, "duration_seconds": 900}), 201, 900),
        (&[], json!({}), 401, 0),
        (&[], json!({"id": "nonsense"}), 401, 0),
    ];
    for (headers, body, status, lifetime) in table {
        let answer = send(&cloud, Method::POST, KEYS, headers, Some(identity(body.clone()))).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        if status == 201 {
            let (key, expires_at) = key_of(&answer);
            assert_eq!(read(&cloud, &key, PROJECT).await.0, 200);
            let left = expires_at.duration_since(Timestamp::now()).as_secs();
            assert!((lifetime - 10..=lifetime).contains(&left), "{left} of {lifetime}");
        }
    }
    cloud.admin(Method::POST, "tokens/expire", None).await;
    assert_eq!(send(&cloud, Method::POST, KEYS, &headers, Some(identity(Value::Null))).await.status, 401);
    assert_eq!(exchanges(&cloud).await["rejected_expired_tokens"], 1);
}

#[tokio::test]
async fn an_agency_is_assumed_by_its_name() {
    let cloud = Simulator::start(json!({})).await;
    let role = |role: Value| json!({"auth": {"identity": {"methods": ["assume_role"], "assume_role": role}}});
    let partner = json!({"agency_name": "partner", "domain_name": "simulated-partner"});
    let table = [
        (partner.clone(), 201),
        (json!({"agency_name": "partner", "domain_id": PARTNERS_DOMAIN, "duration_seconds": 86_400}), 201),
        (with(partner.clone(), json!({"duration_seconds": 60})), 400),
        (json!({"agency_name": "partner"}), 400),
        (json!({"agency_name": "partner", "domain_name": "simulated-domain"}), 404),
        (json!({"agency_name": "nobody", "domain_name": "simulated-partner"}), 404),
        (json!({"agency_name": "node", "domain_name": "simulated-domain"}), 403),
    ];
    for (fields, status) in table {
        let body = role(fields);
        let by_token = send(&cloud, Method::POST, KEYS, &[("X-Auth-Token", &cloud.token)], Some(body.clone())).await;
        let by_keys = Key::own().call(&cloud, Method::POST, &format!("/{KEYS}"), Some(&body)).await;
        assert_eq!((by_token.status, by_keys.status), (status, status), "{body}: {}", by_token.body);
        if status == 201 {
            assert_eq!(read(&cloud, &key_of(&by_keys).0, PARTNER).await.0, 200);
        }
    }
    assert_eq!(send(&cloud, Method::POST, KEYS, &[], Some(role(partner))).await.status, 401);
    let operations: Vec<Value> =
        exchanges(&cloud).await["exchanges"].as_array().unwrap().iter().map(|one| one["operation"].clone()).collect();
    assert_eq!(operations, vec![json!("CreateTemporaryAccessKeyByAgency"); 4]);
}
