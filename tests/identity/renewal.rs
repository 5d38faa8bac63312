//! Keys are renewed before they end, and what fails is told only when it matters.

use serde_json::{Value, json};
use std::time::Duration;
use support::eventually;
use support::simulator::AUDIENCE;
use support::world::{BOUND, condition, is};

use crate::{EXCHANGE, Tokens, account_ready, account_says, exchanges, gateway_ready};

/// The keys that were given last, by their end.
async fn is_renewed(tokens: &Tokens, times: u64) {
    let before = exchanges(&tokens.world).await;
    eventually("the keys are renewed", BOUND, || async {
        tokens.world.look("VirtualGateway", "gw-1").await;
        (exchanges(&tokens.world).await >= before + times).then_some(())
    })
    .await;
}

async fn is_ready(tokens: &Tokens) {
    let account = tokens.world.get_account().await;
    assert!(is(&account, "Ready", "True"), "{account:#}");
    assert!(account["status"]["credentialsExpireAt"].is_null(), "{account:#}");
}

#[tokio::test]
async fn keys_of_two_seconds_serve_as_well() {
    let mut tokens = Tokens::new().await;
    tokens.write(AUDIENCE).await;
    tokens.world.cloud.settings(json!({ "identity": { "lifetime_s": 2 } })).await;
    tokens.account(&tokens.by_sts()).await;
    account_ready(&tokens.world).await;
    for number in 1..4 {
        gateway_ready(&tokens.world, number).await;
        is_renewed(&tokens, 2).await;
        is_ready(&tokens).await;
    }
    let all = tokens.world.cloud.exchanges().await;
    support::figure(&format!(
        "keys of two seconds: {} exchanges, {} calls with keys that had ended",
        all["count"], all["rejected_expired_keys"]
    ));
    assert_eq!(tokens.world.cloud.count("CreateVirtualGateway").await - refused(&tokens, "CreateVirtualGateway").await, 3);
    tokens.finish().await;
}

async fn refused(tokens: &Tokens, operation: &str) -> u64 {
    tokens.world.cloud.counters().await[operation]["by_status"]["401"].as_u64().unwrap_or(0)
}

/// The cloud ends them early, as by a change of the agency: the call that finds out is sent again with new ones.
#[tokio::test]
async fn keys_that_end_in_flight_are_replaced_and_nobody_notices() {
    let tokens = Tokens::ready().await;
    let before = exchanges(&tokens.world).await;
    tokens.world.cloud.expire_temporary_keys().await;
    gateway_ready(&tokens.world, 2).await;
    is_ready(&tokens).await;
    assert_eq!(exchanges(&tokens.world).await, before + 1);
    for number in 1..3 {
        let gateway = tokens.world.get("VirtualGateway", &format!("gw-{number}")).await;
        assert!(is(&gateway, "Ready", "True") && gateway["status"]["lastError"].is_null(), "{gateway:#}");
    }
    tokens.finish().await;
}

/// Something else than the keys was wrong for a moment.
#[tokio::test]
async fn one_refusal_costs_one_exchange_and_two_are_the_end() {
    let tokens = Tokens::ready().await;

    let before = exchanges(&tokens.world).await;
    tokens.world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "status", "status": 401, "code": "APIGW.0301" })).await;
    gateway_ready(&tokens.world, 2).await;
    assert_eq!(exchanges(&tokens.world).await, before + 1);
    is_ready(&tokens).await;
    tokens.finish().await;

    let tokens = Tokens::ready().await;
    let dc = |entry: &&Value| entry["operation"] == "ListVirtualGateways" && entry["status"] == 401;
    tokens
        .world
        .cloud
        .fault(json!({ "operation": "ListVirtualGateways", "kind": "status", "status": 401, "code": "APIGW.0301", "times": 1000 }))
        .await;
    tokens.world.ask("VirtualGateway", "gw-1", "look").await;
    account_says(&tokens.world, "CredentialsRejected", "ListVirtualGateways").await;
    let before = exchanges(&tokens.world).await;
    assert_eq!((before, tokens.world.cloud.log().await.iter().filter(dc).count()), (2, 2), "one exchange, and then quiet");
    // Nothing is sent any more; new settings are another try.
    tokens.world.cloud.clear_faults().await;
    tokens.account(&json!({ "workloadIdentity": { "idpId": "cluster", "tokenPath": tokens.path } })).await;
    tokens.world.account_in_force().await;
    account_ready(&tokens.world).await;
    tokens.world.wait_ready("VirtualGateway", "gw-1").await;

    tokens.finish().await;
}

#[tokio::test]
async fn a_token_file_that_is_rotated_is_read_anew() {
    let mut tokens = Tokens::ready().await;
    // The provider knows the next token only, as if the first had expired.
    let provider = json!({ "identity": { "providers": { "cluster": { "client_ids": ["next"] } } } });
    tokens.world.cloud.settings(provider).await;
    tokens.write("next").await;
    tokens.world.cloud.expire_temporary_keys().await;
    gateway_ready(&tokens.world, 2).await;
    is_ready(&tokens).await;
    tokens.finish().await;
}

#[tokio::test]
async fn a_source_that_is_away_for_longer_than_the_keys_live_is_told_and_recovers_by_itself() {
    let tokens = Tokens::ready_in(json!({ "identity": { "lifetime_s": 20 } })).await;
    let away = json!({ "operation": EXCHANGE, "kind": "status", "status": 503, "code": "STS5.1001", "times": 1000 });
    tokens.world.cloud.fault(away).await;
    let last = last_end(&tokens).await;
    let told = account_says(&tokens.world, "CloudUnavailable", "the credentials have not been renewed since").await;
    let message = condition(&told, "Ready").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(EXCHANGE) && (message.contains("those in use end at") || message.contains("they have ended")), "{message}");
    if message.contains("those in use end at") {
        assert!(!told["status"]["credentialsExpireAt"].is_null(), "{told:#}");
        // They hold: what is there goes on.
        assert!(is(&tokens.world.get("VirtualGateway", "gw-1").await, "Ready", "True"));
    }
    account_says(&tokens.world, "CloudUnavailable", "they have ended").await;
    let asked = tokens.world.cloud.count(EXCHANGE).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let storm = tokens.world.cloud.count(EXCHANGE).await - asked;
    assert!(storm <= 5, "{storm} exchanges in five seconds");
    assert_eq!(last, last_end(&tokens).await, "no keys were given meanwhile");
    tokens.world.cloud.settings(json!({ "identity": { "lifetime_s": null } })).await;
    tokens.world.cloud.clear_faults().await;
    account_ready(&tokens.world).await;
    gateway_ready(&tokens.world, 2).await;
    tokens.world.wait_ready("VirtualGateway", "gw-1").await;
    is_ready(&tokens).await;
    tokens.finish().await;
}

async fn last_end(tokens: &Tokens) -> Value {
    let all = tokens.world.cloud.exchanges().await;
    all["exchanges"].as_array().unwrap().last().unwrap()["expires_at"].clone()
}

#[tokio::test]
async fn a_slow_exchange_delays_nobody_while_the_keys_hold() {
    let tokens = Tokens::ready_in(json!({ "identity": { "lifetime_s": 10 } })).await;
    tokens.world.cloud.fault(json!({ "operation": EXCHANGE, "kind": "delay", "ms": 1500, "times": 1000 })).await;
    is_renewed(&tokens, 2).await;
    is_ready(&tokens).await;
    let all = tokens.world.cloud.exchanges().await;
    assert_eq!(all["rejected_expired_keys"], 0, "{all:#}");
    tokens.world.cloud.clear_faults().await;
    tokens.finish().await;
}

#[tokio::test]
async fn a_clock_that_is_twenty_minutes_off_ends_no_keys() {
    for minutes in [20, -20] {
        let tokens = Tokens::ready_in(json!({ "clock_offset_s": minutes * 60, "identity": { "lifetime_s": 900 } })).await;
        is_ready(&tokens).await;
        assert_eq!(exchanges(&tokens.world).await, 1, "{minutes} min: an hour by either clock");
        tokens.finish().await;
    }
}
