//! Which of a region's two base URLs a client uses.

use axum::http::StatusCode;
use direct_connect_operator::cloud::regions::candidates;
use direct_connect_operator::cloud::{BaseUrl, Endpoint, ErrorClass, Listed, RequestOutcome, Settings, VirtualGateway};
use std::sync::atomic::Ordering;
use support::contract::sources::read_documents;

use super::{access_key, client_with, serve, settings};

const GONE: &str = "http://no-such-name.invalid";
const GATEWAY: &str = r#"{"virtual_gateway": {"id": "1"}}"#;

fn one_of(first: &str, second: &str) -> Settings {
    Settings { dc_endpoint: BaseUrl::OneOf([first.to_owned(), second.to_owned()]), ..settings(GONE) }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_passed_over_before_anything_is_sent() {
    let (url, hits) = serve(|_, _| (StatusCode::OK, GATEWAY)).await;
    let client = client_with(one_of(GONE, &url), access_key("AK", "SK"));
    assert_eq!(client.endpoint_in_use(Endpoint::Dc), None);
    for calls in 1..=2 {
        client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.unwrap();
        assert_eq!(hits.load(Ordering::Relaxed), calls);
        assert_eq!(client.endpoint_in_use(Endpoint::Dc), Some(url.as_str()));
    }
    assert_eq!(client.endpoint_in_use(Endpoint::Iam), None, "it was not called");
}

/// Who has a name and does not answer may have got the request.
#[tokio::test]
async fn a_name_that_resolves_is_kept_though_nobody_answers_there() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let (url, hits) = serve(|_, _| (StatusCode::OK, GATEWAY)).await;
    let client = client_with(one_of(&closed, &url), access_key("AK", "SK"));
    for _ in 0..2 {
        let error = client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), ("Unreachable", ErrorClass::Server), "{error}");
    }
    assert_eq!(client.endpoint_in_use(Endpoint::Dc), Some(closed.as_str()));
    assert_eq!(hits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn both_names_are_told_when_neither_resolves() {
    let other = "http://nor-this-one.invalid";
    let client = client_with(one_of(GONE, other), access_key("AK", "SK"));
    let error = client.fetch::<VirtualGateway>(&VirtualGateway::show("1", None)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.outcome), ("Unreachable", RequestOutcome::Refused), "{error}");
    assert!(error.message.contains(GONE) && error.message.contains(other) && error.message.contains("spec.endpoints"), "{error}");
    assert_eq!(client.endpoint_in_use(Endpoint::Dc), None, "the next call looks again");
}

/// Each document names the host of its service in one region.
#[test]
fn the_first_name_is_the_one_of_the_vendors_documents() {
    for (service, package) in [
        (Endpoint::Dc, "huawei-cloud-api-definitions-DC"),
        (Endpoint::Iam, "huawei-cloud-api-definitions-IAM"),
        (Endpoint::Sts, "huawei-cloud-api-definitions-STS"),
    ] {
        let documents = read_documents(package, None);
        assert!(!documents.is_empty(), "{package}");
        for document in documents {
            let text = |key: &str| document[key].as_str().unwrap();
            let BaseUrl::OneOf([first, _]) = candidates(text("region_id"), service) else { panic!("not configured") };
            assert_eq!(first, format!("https://{}", text("host")), "{}", text("name"));
        }
    }
}
