//! Credentials that turn invalid: one failed call and no more, all objects told, and all back at once when the Secret changes. And clocks that
//! differ, of which the cloud says the same as of wrong credentials.

use serde_json::{Value, json};
use support::eventually;
use support::simulator::{ACCESS_KEY, SECRET_KEY};
use support::world::{API_VERSION, BOUND, World, condition, is};

const OBJECTS: u8 = 4;

fn gateway(number: u8) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "VirtualGateway", "metadata": { "name": format!("gw-{number}") },
        "spec": { "vpcId": format!("00000000-0000-4000-8000-0000000005{number:02}"), "localEpGroup": ["172.16.0.0/24"] },
    })
}

async fn with_objects() -> World {
    let world = World::new().await;
    for number in 0..OBJECTS {
        world.apply(&gateway(number)).await;
    }
    for number in 0..OBJECTS {
        world.wait_ready("VirtualGateway", &format!("gw-{number}")).await;
    }
    world
}

/// Somebody changes all objects and asks for a look: reasons enough to call the cloud, if it were called.
async fn stir(world: &World, mark: &str) {
    for number in 0..OBJECTS {
        let annotations = json!({ "directconnect.huaweicloud.com/reconcile-at": mark });
        let patch = json!({ "metadata": { "annotations": annotations }, "spec": { "description": mark } });
        world.patch("VirtualGateway", &format!("gw-{number}"), patch).await;
    }
}

async fn all_told(world: &World) {
    for number in 0..OBJECTS {
        let told = world.wait_reason("VirtualGateway", &format!("gw-{number}"), "CredentialsRejected").await;
        assert!(is(&told, "Stalled", "True") && told["status"]["id"].is_string(), "{told:#}");
        let message = condition(&told, "Ready").unwrap()["message"].as_str().unwrap();
        assert!(!told["status"].to_string().contains(ACCESS_KEY) && !message.is_empty(), "{told:#}");
    }
    eventually("the account says so, too", BOUND, || async {
        let account = world.get_account().await;
        (condition(&account, "Ready")?["reason"] == "CredentialsRejected").then_some(())
    })
    .await;
}

async fn all_back(world: &World, mark: &str) {
    for number in 0..OBJECTS {
        world.wait_ready("VirtualGateway", &format!("gw-{number}")).await;
    }
    let descriptions: Vec<Value> = world.cloud.all("virtual_gateways").await.iter().map(|gateway| gateway["description"].clone()).collect();
    assert_eq!(descriptions, vec![json!(mark); OBJECTS.into()]);
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, u64::from(OBJECTS));
}

async fn refused_calls(world: &World) -> usize {
    world.cloud.log().await.iter().filter(|entry| entry["status"] == 401).count()
}

#[tokio::test]
async fn a_key_that_the_cloud_revokes_is_used_once_more_and_never_again() {
    let world = with_objects().await;
    let revoked = json!({ "operation": "*", "kind": "status", "status": 401, "code": "APIGW.0301", "message": "revoked", "times": 1000 });
    world.cloud.fault(revoked).await;
    stir(&world, "first").await;
    all_told(&world).await;
    let before = world.cloud.log().await.len();
    for mark in ["second", "third"] {
        stir(&world, mark).await;
        all_told(&world).await;
    }
    let refused = refused_calls(&world).await;
    support::figure(&format!(
        "calls refused after the key was revoked: {refused}, and {} more calls while {OBJECTS} objects were changed twice",
        world.cloud.log().await.len() - before
    ));
    // Those that were under way at the same moment are not called back.
    assert!((1..=usize::from(OBJECTS) + 1).contains(&refused), "{refused}");
    assert_eq!(world.cloud.log().await.len(), before, "no call after that");
    world.cloud.clear_faults().await;
    // New credentials; that they work is found out at once.
    world
        .apply(&json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" },
            "stringData": { "accessKey": ACCESS_KEY, "secretKey": SECRET_KEY, "rotated": "yes" },
        }))
        .await;
    all_back(&world, "third").await;
    world.finish().await;
}

#[tokio::test]
async fn a_secret_with_a_wrong_key_costs_one_call_and_the_right_one_mends_it() {
    let world = with_objects().await;
    world.access_key_secret("wrong").await;
    all_told(&world).await;
    for mark in ["first", "second"] {
        stir(&world, mark).await;
        all_told(&world).await;
    }
    // What never reached the cloud goes without it.
    world.apply(&gateway(10)).await;
    let refused = world.wait_reason("VirtualGateway", "gw-10", "CredentialsRejected").await;
    assert_eq!(refused["status"]["lastError"]["code"], "APIGW.0301", "{refused:#}");
    world.delete("VirtualGateway", "gw-10").await;
    world.wait_gone("VirtualGateway", "gw-10").await;
    assert_eq!(refused_calls(&world).await, 1);
    world.access_key_secret(SECRET_KEY).await;
    all_back(&world, "second").await;
    world.finish().await;
}

/// This machine's clock is twenty minutes slow, then fast: signatures are refused by their time, and nothing is made twice.
#[tokio::test]
async fn a_clock_that_is_twenty_minutes_off_is_no_wrong_key() {
    let world = World::new().await;
    for (number, minutes) in [(10, 20), (11, -20)] {
        world.cloud.settings(json!({ "clock_offset_s": minutes * 60 })).await;
        world.apply(&gateway(number)).await;
        let ready = world.wait_ready("VirtualGateway", &format!("gw-{number}")).await;
        assert!(ready["status"]["lastError"].is_null(), "{ready:#}");
    }
    assert!(is(&world.get_account().await, "Ready", "True"));
    let log = world.cloud.log().await;
    let created = log.iter().filter(|entry| entry["operation"] == "CreateVirtualGateway" && entry["committed"] == true).count();
    support::figure(&format!(
        "clock off by 20 minutes: {} calls refused by their time, {created} creates of 2 objects",
        refused_calls(&world).await
    ));
    assert_eq!(created, 2);
    world.finish().await;
}

#[tokio::test]
async fn an_account_tells_where_it_calls() {
    let world = World::new().await;
    let told = eventually("the account is ready", BOUND, || async {
        let account = world.get_account().await;
        is(&account, "Ready", "True").then_some(account)
    })
    .await;
    let endpoint = &told["spec"]["endpoints"]["dc"];
    assert_eq!(told["status"]["endpoints"], json!({ "dc": endpoint, "iam": endpoint }), "nothing calls STS");
    world.finish().await;
}
