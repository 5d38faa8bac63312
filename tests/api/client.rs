//! The cloud client against servers that answer as the simulator never would, and against a simulated cloud whose clock is another.

mod connections;
mod endpoints;
mod nested;

use axum::Router;
use axum::extract::{Query, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;
use direct_connect_operator::cloud::{
    Client, CloudError, CreateVirtualGateway, Credentials, ErrorClass, Item, Keys, Limits, Listed, Priority, RequestOutcome, Settings,
    VirtualGateway,
};
use direct_connect_operator::telemetry::metrics;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::simulator::{self, Simulator};
use tokio::time::timeout;

/// Serves `answer` to everything on a port of its own.
async fn serve<R, F>(answer: F) -> (String, Arc<AtomicUsize>)
where
    R: IntoResponse,
    F: Fn(HashMap<String, String>, Request) -> R + Clone + Send + Sync + 'static,
{
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let handler = move |Query(query): Query<HashMap<String, String>>, request: Request| {
        counted.fetch_add(1, Ordering::Relaxed);
        let answer = answer(query, request).into_response();
        async move { answer }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(any(handler))).await });
    (url, hits)
}

/// The longest that what is to happen at once may take.
const AT_ONCE: Duration = Duration::from_secs(5);

fn settings(url: &str) -> Settings {
    Settings {
        region: "r".into(),
        dc_endpoint: url.into(),
        iam_endpoint: url.into(),
        sts_endpoint: url.into(),
        project_id: Some("p".into()),
        ca_bundle: None,
        reads_per_minute: 6000,
        writes_per_minute: 6000,
        burst: 100,
        limits: Limits { call: Duration::from_secs(2), ..Limits::default() },
    }
}

fn access_key(access_key: &str, secret_key: &str) -> Credentials {
    let keys = Keys { access_key: access_key.into(), secret_key: secret_key.into(), security_token: None };
    Credentials::AccessKey { keys, expires_at: None }
}

fn password(password: &str) -> Credentials {
    Credentials::Password { domain: simulator::DOMAIN.into(), user: simulator::USER.into(), password: password.into() }
}

fn client_with(settings: Settings, credentials: Credentials) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(settings, credentials, metrics::Cloud::default()).unwrap()
}

fn client(url: &str) -> Client {
    client_with(settings(url), access_key("AK", "SK"))
}

/// A client of a simulated cloud.
fn client_of(cloud: &Simulator, credentials: Credentials) -> Client {
    let settings = Settings { region: simulator::REGION.into(), project_id: Some(simulator::PROJECT.into()), ..settings(cloud.url()) };
    client_with(settings, credentials)
}

async fn show(url: &str) -> Result<VirtualGateway, CloudError> {
    client(url).fetch(&VirtualGateway::show("1", None)).await
}

#[tokio::test]
async fn all_pages_are_read_and_a_marker_that_stands_still_is_an_error() {
    let (url, hits) = serve(|query, _| {
        assert_eq!(query["limit"], "2000");
        let (ids, next) = match query.get("marker").map(String::as_str) {
            None => (["1", "2"].as_slice(), Some("2")),
            Some("2") => (["3", "4"].as_slice(), Some("4")),
            Some(_) => (["5"].as_slice(), None),
        };
        let items: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "tags": null, "new_field": {} })).collect();
        axum::Json(json!({ "virtual_gateways": items, "page_info": { "next_marker": next, "current_count": items.len() } }))
    })
    .await;
    let all = client(&url).list::<VirtualGateway>(Priority::Background).await.unwrap();
    assert_eq!(all.iter().map(Item::id).collect::<Vec<_>>(), ["1", "2", "3", "4", "5"]);
    assert_eq!(hits.load(Ordering::Relaxed), 3);

    let (url, _) = serve(|_, _| axum::Json(json!({ "virtual_gateways": [{ "id": "1" }], "page_info": { "next_marker": "1" } }))).await;
    assert_eq!(client(&url).list::<VirtualGateway>(Priority::Background).await.unwrap_err().code, "Malformed");

    let (url, hits) = serve(|query, _| {
        let next = if query.get("marker").map(String::as_str) == Some("1") { "2" } else { "1" };
        axum::Json(json!({ "virtual_gateways": [{ "id": "1" }], "page_info": { "next_marker": next } }))
    })
    .await;
    assert_eq!(client(&url).list::<VirtualGateway>(Priority::Background).await.unwrap_err().code, "Malformed", "pages that go round");
    assert_eq!(hits.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn credentials_follow_no_redirect() {
    let (elsewhere, visits) = serve(|_, _| "stolen").await;
    let (url, _) = serve(move |_, _| (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, elsewhere.clone())])).await;
    let error = show(&url).await.unwrap_err();
    assert_eq!((error.class, error.http_status), (ErrorClass::Server, Some(307)), "{error}");
    assert_eq!(visits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn whatever_is_no_answer_is_an_error_of_class_server_with_unknown_effect() {
    let bodies: [&[u8]; 6] = [b"", b"<html>", b"{\"virtual_gateway\":", b"[]", b"{\"virtual_gateway\": 5}", b"\xff\xfe"];
    for body in bodies {
        let (url, _) = serve(move |_, _| body).await;
        let error = show(&url).await.unwrap_err();
        assert_eq!(
            (error.class, error.outcome, error.code.as_str()),
            (ErrorClass::Server, RequestOutcome::Unknown, "Malformed"),
            "{body:?}"
        );
    }
    let (url, _) = serve(|_, _| vec![b' '; 40 << 20]).await;
    assert_eq!(show(&url).await.unwrap_err().code, "TooLarge");
    let refused = show("http://127.0.0.1:1").await.unwrap_err();
    assert_eq!((refused.class, refused.outcome), (ErrorClass::Server, RequestOutcome::Refused), "nothing was sent: {refused}");
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let error = show(&url).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.outcome), ("Timeout", RequestOutcome::Unknown));
    silent.abort();
}

fn refusal(status: u16, code: &str) -> (StatusCode, axum::Json<Value>) {
    (StatusCode::from_u16(status).unwrap(), axum::Json(json!({ "error_code": code, "error_msg": "no" })))
}

#[tokio::test]
async fn rejected_keys_are_tried_once_and_never_again() {
    let (url, hits) = serve(|_, _| refusal(401, "APIGW.0301")).await;
    let sparing = Settings { reads_per_minute: 1, burst: 1, ..settings(&url) };
    let client = client_with(sparing, access_key("AK", "SK"));
    let show = VirtualGateway::show("1", None);
    client.permit(&show, Priority::Background).await;
    assert_eq!(client.rejected(), None);

    // Who waits for the budget of a minute, and who waits for the rejection, are released by it.
    let waiting = async { tokio::join!(client.permit(&show, Priority::Background), client.until_rejected()) };
    let (first, _) = timeout(AT_ONCE, async { tokio::join!(client.fetch::<VirtualGateway>(&show), waiting) }).await.unwrap();
    let first = first.unwrap_err();
    assert_eq!((first.class, first.outcome, first.code.as_str()), (ErrorClass::Auth, RequestOutcome::Refused, "APIGW.0301"));

    let later = async {
        for _ in 0..10 {
            client.permit(&show, Priority::Background).await;
            let errors = [
                client.fetch::<VirtualGateway>(&show).await.err(),
                client.send(&VirtualGateway::delete("1")).await.err(),
                client.list::<VirtualGateway>(Priority::Change).await.err(),
                client.project_id().await.err(),
                client.rejected(),
            ];
            assert!(errors.iter().all(|error| error.as_ref() == Some(&first)), "{errors:?}");
        }
        client.until_rejected().await;
    };
    timeout(AT_ONCE, later).await.unwrap();
    assert_eq!(hits.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_by_all_who_wait_for_the_login() {
    let wrong = json!({ "error": { "code": 401, "message": "The username or password is wrong.", "title": "Unauthorized" } });
    let (url, hits) = serve(move |_, _| (StatusCode::UNAUTHORIZED, axum::Json(wrong.clone()))).await;
    for project_id in [Some("p".to_owned()), None] {
        let client = client_with(Settings { project_id, ..settings(&url) }, password("wrong"));
        let show = VirtualGateway::show("1", None);
        let all = join_all((0..10).map(|_| client.fetch::<VirtualGateway>(&show))).await;
        assert!(all.iter().all(|one| one.as_ref().is_err_and(|error| error.operation == "KeystoneCreateUserTokenByPassword")), "{all:?}");
        assert_eq!((hits.swap(0, Ordering::Relaxed), client.rejected().map(|error| error.class)), (1, Some(ErrorClass::Auth)));
    }
}

#[tokio::test]
async fn what_is_refused_for_another_reason_is_asked_again() {
    let table = [
        (403, "APIGW.0302", "the user lacks a permission"),
        (403, "APIGW.0310", "the project is unavailable"),
        (400, "DC.0001", "a parameter is wrong"),
        (503, "APIGW.0301", "the server is not well"),
    ];
    for (status, code, why) in table {
        let (url, hits) = serve(move |_, _| refusal(status, code)).await;
        let client = client(&url);
        for _ in 0..3 {
            assert!(client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.is_err());
        }
        assert_eq!((hits.load(Ordering::Relaxed), client.rejected()), (3, None), "{why}");
    }
}

/// Gives out tokens and refuses all of them with `code`.
async fn no_token_serves(code: &'static str) -> (String, Arc<AtomicUsize>) {
    serve(move |_, request| {
        if request.uri().path() != "/v3/auth/tokens" {
            return refusal(401, code).into_response();
        }
        let body = json!({ "token": { "expires_at": "2999-01-01T00:00:00Z", "project": { "id": "p" } } });
        (StatusCode::CREATED, [("X-Subject-Token", "t")], axum::Json(body)).into_response()
    })
    .await
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_before_its_owner_counts_as_rejected() {
    // Two logins and two calls, then nothing.
    let (url, hits) = no_token_serves("APIGW.0301").await;
    let client = client_with(settings(&url), password("right"));
    for _ in 0..3 {
        assert_eq!(client.project_id().await.is_ok(), client.rejected().is_none());
        let error = client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.unwrap_err();
        assert_eq!((error.code.as_str(), hits.load(Ordering::Relaxed)), ("APIGW.0301", 4));
    }
    // A token that is to be renewed says nothing of the password that it was given for.
    let (url, hits) = no_token_serves("APIGW.0307").await;
    let client = client_with(settings(&url), password("right"));
    for calls in 1..4 {
        assert!(client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.is_err());
        assert_eq!(client.rejected(), None);
        // The first call has it renewed; for each one after that a login would be a storm.
        assert!((calls + 3..=10).contains(&hits.load(Ordering::Relaxed)), "it is asked again");
    }
}

async fn cloud_ahead(dir: &tempfile::TempDir, minutes: i64) -> Simulator {
    let cloud = Simulator::start(dir.path(), &format!("ahead-{minutes}")).await;
    cloud.settings(json!({ "clock_offset_s": minutes * 60 })).await;
    cloud
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected_and_nothing_is_made_twice() {
    let dir = tempfile::tempdir().unwrap();
    for minutes in [20, -20, 60 * 24 * 400] {
        let cloud = cloud_ahead(&dir, minutes).await;
        let client = client_of(&cloud, access_key(simulator::ACCESS_KEY, simulator::SECRET_KEY));
        for vpc in ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"] {
            let create = CreateVirtualGateway {
                name: "gw".into(),
                vpc_id: Some(vpc.into()),
                local_ep_group: Some(vec!["192.168.0.0/16".into()]),
                ..CreateVirtualGateway::default()
            };
            client.fetch::<VirtualGateway>(&create.call()).await.unwrap();
            let made = cloud.all("virtual_gateways").await.iter().filter(|gateway| gateway["vpc_id"] == vpc).count();
            assert_eq!(made, 1, "{minutes} min, {vpc}");
        }
        let answers = cloud.counters().await["CreateVirtualGateway"]["by_status"].clone();
        assert_eq!(answers, json!({ "201": 2, "401": 1 }), "{minutes} min: only the first bore the wrong time");
        // The machine's clock is set right while the client runs.
        cloud.settings(json!({ "clock_offset_s": 0 })).await;
        assert_eq!(client.list::<VirtualGateway>(Priority::Background).await.unwrap().len(), 2);
        assert_eq!(client.rejected(), None);
        cloud.check_contract().await;
    }
}

#[tokio::test]
async fn calls_that_bear_the_wrong_time_together_are_all_corrected() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = cloud_ahead(&dir, 20).await;
    cloud.settings(json!({ "latencies": { "default_ms": 100 } })).await;
    let client = client_of(&cloud, access_key(simulator::ACCESS_KEY, simulator::SECRET_KEY));
    let all = join_all((0..10).map(|_| client.list::<VirtualGateway>(Priority::Background))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(cloud.counters().await["ListVirtualGateways"]["by_status"], json!({ "200": 10, "401": 10 }));
}

#[tokio::test]
async fn a_wrong_key_is_rejected_whatever_the_clock() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = cloud_ahead(&dir, 20).await;
    let client = client_of(&cloud, access_key(simulator::ACCESS_KEY, "wrong"));
    for _ in 0..10 {
        assert_eq!(client.list::<VirtualGateway>(Priority::Background).await.unwrap_err().code, "APIGW.0301");
    }
    assert_eq!(cloud.count("ListVirtualGateways").await, 2, "with this machine's time and with the cloud's");
}

#[tokio::test]
async fn a_clock_that_nobody_tells_is_no_rejection() {
    // hyper dates what has no date: an unreadable one stands for none.
    let (url, hits) = serve(|_, _| ([(header::DATE, "today")], refusal(401, "APIGW.0303"))).await;
    let client = client(&url);
    for _ in 0..3 {
        assert!(client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.is_err());
    }
    assert_eq!((hits.load(Ordering::Relaxed), client.rejected()), (3, None));
}

#[tokio::test]
async fn a_token_is_judged_by_the_clouds_time() {
    let dir = tempfile::tempdir().unwrap();
    // By this machine's clock each token of a day would have expired at its birth.
    let cloud = cloud_ahead(&dir, -60 * 25).await;
    let client = client_of(&cloud, password(simulator::PASSWORD));
    for _ in 0..5 {
        client.list::<VirtualGateway>(Priority::Background).await.unwrap();
    }
    assert_eq!(cloud.count("KeystoneCreateUserTokenByPassword").await, 1);
}

#[tokio::test]
async fn a_throttled_client_waits_as_long_as_the_cloud_asks_for() {
    let (url, hits) = serve(|_, _| ([(header::RETRY_AFTER, "1")], refusal(429, "APIGW.0308"))).await;
    let client = client(&url);
    let show = VirtualGateway::show("1", None);
    client.permit(&show, Priority::Background).await;
    let error = client.fetch::<VirtualGateway>(&show).await.unwrap_err();
    assert_eq!((error.class, error.retry_after), (ErrorClass::Throttled, Some(Duration::from_secs(1))));
    let reads = client.rate_limiters().into_iter().find(|(direction, _)| *direction == "read").unwrap().1;
    assert!(reads.paused && reads.ratio < 0.6, "{reads:?}");
    // A minute if it had not said so; and not at once either.
    assert!(timeout(Duration::from_millis(500), client.permit(&show, Priority::Background)).await.is_err());
    timeout(AT_ONCE, client.permit(&show, Priority::Background)).await.unwrap();
    assert_eq!(hits.load(Ordering::Relaxed), 1);
}
