//! HTTP proxies: which calls go through them, and what is told of a dead one.

use serde_json::json;
use std::sync::Arc;
use support::controlplane::ControlPlane;
use support::eventually;
use support::operator::Operator;
use support::world::{BOUND, World, condition, is};

/// Nobody listens there.
const PROXY: &str = "http://127.0.0.1:1";
const PASSWORD: &str = "pr0xy-pass";

#[tokio::test]
async fn a_proxy_serves_whom_no_proxy_does_not_exempt_and_is_told_without_its_password() {
    let plane = Arc::new(ControlPlane::start().await);
    plane.install_crds();
    let world = World::on(Arc::clone(&plane), "proxies").await;
    let endpoint = "https://dcaas.eu-west-101.example.com";
    world.furnish_with(&json!({ "endpoints": { "dc": endpoint, "iam": endpoint } })).await;
    let with_password = PROXY.replace("//", &format!("//operator:{PASSWORD}@"));
    let environment = |exempt: &str| [("HTTPS_PROXY".to_owned(), with_password.clone()), ("NO_PROXY".to_owned(), exempt.to_owned())];
    let arguments = ["run".to_owned()];

    // The API server is exempted, the cloud is not.
    let log = plane.dir().join("operator-exempted.log");
    let operator = Operator::start(&plane.kubeconfig(), &log, &arguments, &environment("127.0.0.1,localhost")).await;
    let account = eventually("the account tells of the proxy", BOUND, || async {
        let account = world.get_account().await;
        is(&account, "Ready", "False").then_some(account).filter(|account| account["status"].to_string().contains("proxy"))
    })
    .await;
    let ready = condition(&account, "Ready").unwrap();
    assert_eq!(ready["reason"], "EndpointUnreachable");
    assert!(ready["message"].as_str().unwrap().contains(PROXY), "{ready}");
    assert!(!account.to_string().contains(PASSWORD) && !operator.log().contains(PASSWORD));
    drop(operator);

    // Nothing is exempted.
    let log = plane.dir().join("operator-proxied.log");
    let mut operator = Operator::begin(&plane.kubeconfig(), &log, &arguments, &environment(""));
    eventually("the log tells of the proxy", BOUND, || async { operator.log().contains(PROXY).then_some(()) }).await;
    assert!(operator.ended().is_none(), "{}", operator.tail());
    assert!(!operator.log().contains(PASSWORD));
}
