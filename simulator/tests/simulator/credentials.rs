//! Tokens, signatures and projects. Unit tests check signatures in detail, with test vectors.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{harness::*, signing::Key};

const GATEWAYS: &str = "dcaas/virtual-gateways";

#[tokio::test]
async fn a_token_is_issued_with_its_description() {
    let cloud = Simulator::start(json!({})).await;
    let url = format!("{}/v3/auth/tokens?nocatalog=true", cloud.base);
    let answer = cloud.send(Method::POST, &url, "", Some(password("operator"))).await.unwrap();
    assert_eq!(answer.status, 201);
    assert!(answer.headers.contains_key("x-subject-token"));
    assert_eq!(answer.body["token"]["project"]["id"], PROJECT);
    assert!(answer.body["token"]["expires_at"].as_str().unwrap().ends_with('Z'));

    let wrong = |pointer: &str, value: Value| {
        let mut body = password("operator");
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let table = [
        (wrong("/auth/identity/password/user/password", json!("x")), 401),
        (wrong("/auth/identity/password/user/domain/name", json!("x")), 401),
        (wrong("/auth/scope/project/name", json!("x")), 404),
        (wrong("/auth/scope", json!({"domain": {"name": "x"}})), 404),
        (wrong("/auth/scope", json!({"domain": {}})), 404),
        (wrong("/auth/identity", json!({})), 400),
    ];
    for (body, status) in table {
        let answer = cloud.send(Method::POST, &url, "", Some(body.clone())).await.unwrap();
        assert_eq!((answer.status, answer.body["error"]["code"].as_u64()), (status, Some(status.into())), "{body}");
    }
}

#[tokio::test]
async fn a_token_comes_without_its_catalog_on_request() {
    let cloud = Simulator::start(json!({})).await;
    for (query, shown) in [("", true), ("?nocatalog=", true), ("?nocatalog=true", false), ("?nocatalog=0", false)] {
        let url = format!("{}/v3/auth/tokens{query}", cloud.base);
        let answer = cloud.send(Method::POST, &url, "", Some(password("operator"))).await.unwrap();
        assert_eq!((answer.status, answer.body["token"].get("catalog").is_some()), (201, shown), "{query:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_token_for_the_domain_is_good_for_iam_only() {
    let cloud = Simulator::start(json!({})).await;
    let tokens = format!("{}/v3/auth/tokens", cloud.base);
    let domain = json!({"domain": {"name": "simulated-domain"}});
    for scope in [domain, json!({})] {
        let mut body = password("operator");
        body["auth"]["scope"] = scope;
        let answer = cloud.send(Method::POST, &tokens, "", Some(body)).await.unwrap();
        let token = &answer.body["token"];
        assert_eq!((answer.status, &token["domain"]["name"]), (201, &json!("simulated-domain")), "{}", answer.body);
        assert!(token.get("project").is_none(), "{token}");
        let token = answer.headers["x-subject-token"].to_str().unwrap();
        let projects = cloud.send(Method::GET, &format!("{}/v3/projects", cloud.base), token, None).await.unwrap();
        assert_eq!(projects.body["projects"][0]["id"], PROJECT);
        let gateways = cloud.send(Method::GET, &format!("{}/v3/{PROJECT}/{GATEWAYS}", cloud.base), token, None).await.unwrap();
        assert_eq!((gateways.status, gateways.code()), (403, "APIGW.0302"));
    }
    let mut both = password("operator");
    both["auth"]["scope"]["domain"] = json!({"name": "simulated-domain"});
    let answer = cloud.send(Method::POST, &tokens, "", Some(both)).await.unwrap();
    assert_eq!(answer.body["token"]["project"]["id"], PROJECT, "a project wins over a domain");
}

#[tokio::test]
async fn requests_without_valid_credentials_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let url = format!("{}/v3/{PROJECT}/{GATEWAYS}", cloud.base);
    let partner = cloud.sign_in(&password("partner")).await;
    let table = [("", 401, "APIGW.0301"), ("nonsense", 401, "APIGW.0301"), (partner.as_str(), 403, "APIGW.0302")];
    for (token, status, code) in table {
        let answer = cloud.send(Method::GET, &url, token, None).await.unwrap();
        assert_eq!((answer.status, answer.code()), (status, code), "{token}");
    }
    let signed =
        |authorization: &str, date: &str| cloud.client.get(&url).header("X-Sdk-Date", date).header("Authorization", authorization).send();
    let known = "SDK-HMAC-SHA256 Access=AKSIMULATOR000000001, SignedHeaders=host;x-sdk-date, Signature=00";
    let table = [
        ("Bearer x", "20260425T093000Z", "APIGW.0301"),
        ("SDK-HMAC-SHA256 Access=AKNOBODY, SignedHeaders=host;x-sdk-date, Signature=00", "20260425T093000Z", "APIGW.0301"),
        (known, "yesterday", "APIGW.0301"),
        (known, "20200425T093000Z", "APIGW.0303"),
    ];
    for (authorization, date, code) in table {
        let response = signed(authorization, date).await.unwrap();
        assert_eq!(response.status(), 401);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error_code"], code, "{authorization} {date}");
    }
}

#[tokio::test]
async fn tokens_expire() {
    let cloud = Simulator::start(json!({})).await;
    assert_eq!(cloud.get(GATEWAYS).await.status, 200);
    cloud.admin(Method::POST, "tokens/expire", None).await;
    let expired = cloud.get(GATEWAYS).await;
    assert_eq!((expired.status, expired.code()), (401, "APIGW.0307"));
    cloud.settings(json!({"token_lifetime_s": 0})).await;
    let token = cloud.sign_in(&password("operator")).await;
    let url = format!("{}/v3/{PROJECT}/{GATEWAYS}", cloud.base);
    assert_eq!(cloud.send(Method::GET, &url, &token, None).await.unwrap().code(), "APIGW.0307");
}

#[tokio::test]
async fn projects_are_found_by_name() {
    let cloud = Simulator::start(json!({})).await;
    let find = async |name: &str| {
        let url = format!("{}/v3/projects?name={name}", cloud.base);
        cloud.send(Method::GET, &url, &cloud.token, None).await.unwrap()
    };
    assert_eq!(find("eu-west-101").await.body["projects"][0]["id"], PROJECT);
    assert_eq!(find("elsewhere").await.body["projects"], json!([]));
    cloud.settings(json!({"project_missing": true})).await;
    assert_eq!(find("eu-west-101").await.body["projects"], json!([]));
    let answer = cloud.get(GATEWAYS).await;
    assert_eq!((answer.status, answer.code()), (403, "APIGW.0310"));
}

#[tokio::test]
async fn projects_are_filtered_and_linked() {
    let cloud = Simulator::start(json!({})).await;
    let list = async |query: &str| {
        let url = format!("{}/v3/projects?{query}", cloud.base);
        cloud.send(Method::GET, &url, &cloud.token, None).await.unwrap()
    };
    let all = list("").await.body;
    let domain = all["projects"][0]["domain_id"].as_str().unwrap();
    let table = [
        ("enabled=true".to_owned(), 1),
        ("enabled=false".to_owned(), 0),
        (format!("domain_id={domain}&name=eu-west-101&enabled=true"), 1),
        (format!("domain_id={PROJECT}"), 0),
        (format!("parent_id={domain}"), 1),
        (format!("parent_id={PROJECT}"), 0),
    ];
    for (query, expected) in table {
        assert_eq!(list(&query).await.body["projects"].as_array().unwrap().len(), expected, "{query}");
    }
    assert_eq!(list("enabled=perhaps").await.status, 400);
    let base = "https://iam.eu-west-101.myhuaweicloud.eu/v3/projects";
    assert_eq!(all["links"], json!({"self": base, "previous": null, "next": null}));
    assert_eq!(all["projects"][0]["links"], json!({"self": format!("{base}/{PROJECT}"), "previous": null, "next": null}));
}

#[tokio::test]
async fn requests_above_the_limit_are_throttled() {
    let cloud = Simulator::start(json!({"rate_limits": {"writes_per_minute": 2}, "switches": {"u14_retry_after_s": 6}})).await;
    cloud.gateway().await;
    cloud.gateway().await;
    let third = cloud.post(GATEWAYS, json!({"virtual_gateway": gateway()})).await;
    assert_eq!((third.status, third.code()), (429, "APIGW.0308"));
    assert_eq!(third.headers["retry-after"], "6");
    assert_eq!(cloud.get(GATEWAYS).await.status, 200, "reads are counted apart");
}

/// Lists the gateways with a signed request, and with the security token unless it is empty.
async fn signed_read(cloud: &Simulator, key: &str, secret: &str, token: &str) -> u16 {
    signed_read_at(cloud, Timestamp::now(), key, secret, token).await
}

async fn signed_read_at(cloud: &Simulator, at: Timestamp, key: &str, secret: &str, token: &str) -> u16 {
    let path = format!("/v3/{PROJECT}/{GATEWAYS}");
    let key = Key { at: Some(at), ..Key::new(key, secret, token) };
    key.call(cloud, Method::GET, &path, None).await.status
}

#[tokio::test]
async fn signed_requests_are_accepted() {
    let cloud = Simulator::start(json!({})).await;
    let own = ("AKSIMULATOR000000001", "SKsimulator/000000000000000000000000000+");
    let temporary = ("AKSIMULATORTEMP00001", "SKsimulatorTemp/00000000000000000000000+");
    let other = ("AKSIMULATOR000000002", "SKsimulator/000000000000000000000000002+");
    let token = "SIMULATEDSECURITYTOKEN0001+/=";
    let table = [
        ("own keys", own, "", 200),
        ("another's secret", (own.0, other.1), "", 401),
        ("another's project", other, "", 403),
        ("temporary keys", temporary, token, 200),
        ("temporary keys without token", temporary, "", 401),
        ("temporary keys with another token", temporary, "x", 401),
        ("own keys with a token", own, token, 401),
    ];
    for (case, (key, secret), token, status) in table {
        assert_eq!(signed_read(&cloud, key, secret, token).await, status, "{case}");
    }
}

#[tokio::test]
async fn the_clock_of_the_cloud_can_differ() {
    let cloud = Simulator::start(json!({})).await;
    let (key, secret) = ("AKSIMULATOR000000001", "SKsimulator/000000000000000000000000000+");
    for minutes in [0, 20, -20] {
        cloud.settings(json!({"clock_offset_s": minutes * 60})).await;
        let offset = SignedDuration::from_mins(minutes);
        let about = |time: Timestamp, expected: Timestamp| time.duration_since(expected).abs() < SignedDuration::from_secs(5);

        let answer = cloud.send(Method::POST, &format!("{}/v3/auth/tokens", cloud.base), "", Some(password("operator"))).await.unwrap();
        let date = rfc2822::parse(answer.headers["date"].to_str().unwrap()).unwrap().timestamp();
        assert!(about(date, Timestamp::now() + offset), "{minutes} min: Date is {date}");
        let issued_at: Timestamp = answer.body["token"]["issued_at"].as_str().unwrap().parse().unwrap();
        assert!(about(issued_at, Timestamp::now() + offset), "{minutes} min: a token was issued at {issued_at}");

        let on_time = signed_read_at(&cloud, Timestamp::now() + offset, key, secret, "").await;
        assert_eq!((on_time, signed_read(&cloud, key, secret, "").await), (200, if minutes == 0 { 200 } else { 401 }), "{minutes} min");
    }
}
