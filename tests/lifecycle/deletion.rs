//! How objects, accounts and Secrets go: in any order, by themselves, and never before the cloud is clean or somebody has said that it need not be.

use serde_json::{Value, json};
use support::eventually;
use support::line::{gateway, id, interface, peer, with};
use support::world::{API_VERSION, BOUND, World, condition, is};

const ABANDON: &str = "directconnect.huaweicloud.com/abandon";

async fn is_there(world: &World, version: &str, kind: &str, namespace: Option<&str>, name: &str) -> bool {
    support::world::api(&world.client, namespace, version, kind).get_opt(name).await.unwrap().is_some()
}

/// The credentials lack the permission to list.
fn refused_list() -> Value {
    json!({ "operation": "ListVirtualGateways", "kind": "status", "status": 403, "code": "DC.0013", "message": "no", "times": 100_000 })
}

/// Everything at once, the account and its Secret first: objects need them to the end.
#[tokio::test]
async fn a_namespace_goes_with_all_that_is_in_it_and_the_account_after_it() {
    let world = World::new().await;
    for object in [gateway("gw", 1), interface("vif", "gw", 60), peer("peer", "vif")] {
        world.apply(&object).await;
    }
    world.wait_ready("Peer", "peer").await;
    world.plane.kubectl(&["delete", "cloudaccount", &world.namespace, "--wait=false"]);
    world.plane.kubectl(&["delete", "secret", "credentials", "-n", &world.namespace, "--wait=false"]);
    let account = eventually("the account names those who keep it", BOUND, || async {
        let account = world.get_account().await;
        condition(&account, "Reconciling").is_some().then_some(account)
    })
    .await;
    let told = condition(&account, "Reconciling").unwrap();
    assert_eq!(told["reason"], "WaitingForDependants", "{account:#}");
    assert!(told["message"].as_str().unwrap().contains(&format!("VirtualGateway {}/gw", world.namespace)), "{account:#}");
    assert!(is_there(&world, "v1", "Secret", Some(&world.namespace), "credentials").await, "the Secret is kept");
    eventually("the account says so", BOUND, || async {
        let account = world.get_account().await;
        let message = condition(&account, "Ready")?["message"].as_str()?.to_owned();
        message.contains("/credentials is being deleted, and stays as long as objects use this account").then_some(())
    })
    .await;
    world.plane.kubectl(&["delete", "namespace", &world.namespace, "--timeout=60s"]);
    eventually("the account is gone", BOUND, || async {
        (!is_there(&world, API_VERSION, "CloudAccount", None, &world.namespace).await).then_some(())
    })
    .await;
    assert!(world.cloud.is_empty().await, "{}", world.cloud.resources().await);
    world.cloud.check_contract().await;
}

#[tokio::test]
async fn a_secret_that_no_object_needs_any_more_goes() {
    let world = World::new().await;
    world.apply(&gateway("gw", 2)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let kept = || async {
        let secret = support::world::api(&world.client, Some(&world.namespace), "v1", "Secret").get("credentials").await.unwrap();
        secret.metadata.finalizers.unwrap_or_default()
    };
    eventually("the Secret is kept", BOUND, || async { (kept().await == ["directconnect.huaweicloud.com/account-in-use"]).then_some(()) })
        .await;
    // A pass after the Secret's metadata changed, but not its keys, keeps the client and what is known of the cloud: a new one reads the quotas anew.
    world.plane.kubectl(&["label", "secret", "credentials", "-n", &world.namespace, "changed=true"]);
    world.patch_account(json!({ "allowedNamespaces": { "names": [world.namespace] } })).await;
    world.account_in_force().await;
    assert_eq!(world.cloud.count("ShowQuotas").await, 1);
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    eventually("the Secret is let go", BOUND, || async { kept().await.is_empty().then_some(()) }).await;
    world.plane.kubectl(&["delete", "secret", "credentials", "-n", &world.namespace, "--timeout=30s"]);
    world.finish().await;
}

#[tokio::test]
async fn what_never_reached_the_cloud_or_is_gone_from_it_is_no_obstacle() {
    let world = World::new().await;
    world.apply(&interface("vif", "gw", 60)).await;
    world.wait_reason("VirtualInterface", "vif", "WaitingForReference").await;
    world.delete("VirtualInterface", "vif").await;
    world.wait_gone("VirtualInterface", "vif").await;

    world.apply(&gateway("gw", 3)).await;
    let id = world.wait_ready("VirtualGateway", "gw").await["status"]["id"].as_str().unwrap().to_owned();
    world.cloud.delete(&id).await;
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 1, "it was not made again on its way out");
    world.finish().await;
}

#[tokio::test]
async fn a_retained_resource_stays_and_is_taken_up_again() {
    let world = World::new().await;
    let mut retained = gateway("gw", 4);
    retained["spec"]["policy"] = json!({ "deletion": "Retain" });
    world.apply(&retained).await;
    let id = world.wait_ready("VirtualGateway", "gw").await["status"]["id"].clone();
    world.delete("VirtualGateway", "gw").await;
    world.wait_gone("VirtualGateway", "gw").await;
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["id"], id);
    assert_eq!(world.cloud.count("DeleteVirtualGateway").await, 0);
    // The same name in the same namespace of the same cluster: the tag says that it is its own.
    world.apply(&gateway("gw", 4)).await;
    assert_eq!(world.wait_ready("VirtualGateway", "gw").await["status"]["id"], id);
    assert_eq!(world.cloud.count("CreateVirtualGateway").await, 1);
    world.finish().await;
}

/// The account is torn out with its finalizer: what is in the cloud can't be reached any more.
#[tokio::test]
async fn without_its_account_an_object_stays_until_it_is_abandoned_by_word() {
    let world = World::new().await;
    world.apply(&gateway("gw", 5)).await;
    let id = world.wait_ready("VirtualGateway", "gw").await["status"]["id"].as_str().unwrap().to_owned();
    world.plane.kubectl(&["delete", "cloudaccount", &world.namespace, "--wait=false"]);
    world.plane.kubectl(&["patch", "cloudaccount", &world.namespace, "--type=merge", "-p", r#"{"metadata":{"finalizers":[]}}"#]);
    let told = world.wait_reason("VirtualGateway", "gw", "WaitingForAccount").await;
    assert!(!is(&told, "Ready", "True"), "{told:#}");
    world.delete("VirtualGateway", "gw").await;
    let told = world
        .wait("VirtualGateway", "gw", "it tells the way out", |object| {
            condition(object, "Ready").is_some_and(|ready| ready["message"].as_str().unwrap().contains(ABANDON))
        })
        .await;
    assert_eq!(told["status"]["id"], json!(id), "{told:#}");
    world.patch("VirtualGateway", "gw", json!({ "metadata": { "annotations": { ABANDON: "true" } } })).await;
    world.wait_gone("VirtualGateway", "gw").await;
    let events = world.events("VirtualGateway", "gw").await;
    assert!(events.iter().any(|(reason, note)| reason == "Abandoned" && note.contains(&id)), "{events:?}");
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["id"], json!(id), "it is left in the cloud");
    assert_eq!(world.cloud.count("DeleteVirtualGateway").await, 0);
}

/// The answer to the create is lost, the interface's object is gone (what it stands for is retained) and the peer is being deleted before anybody could
/// look: nothing but the intent tells where to look, since a peer has no tag.
#[tokio::test]
async fn a_peer_that_nobody_has_seen_goes_though_its_interface_is_no_more() {
    let world = World::new().await;
    world.apply(&gateway("gw", 11)).await;
    world.apply(&with(interface("vif", "gw", 61), &json!({ "policy": { "deletion": "Retain" } }))).await;
    world.wait_ready("VirtualInterface", "vif").await;
    world.create_unseen(&peer("peer", "vif"), "CreateVifPeer", "ListVirtualInterfaces").await;
    for (kind, name) in [("VirtualInterface", "vif"), ("Peer", "peer")] {
        world.delete(kind, name).await;
    }
    world.wait_gone("VirtualInterface", "vif").await;
    assert!(world.get("Peer", "peer").await["status"]["id"].is_null(), "nobody has seen it");
    world.cloud.clear_faults().await;
    world.wait_gone("Peer", "peer").await;
    assert_eq!((world.cloud.count("CreateVifPeer").await, world.cloud.count("DeleteVifPeer").await), (1, 1));
    // The interface is taken up again and goes like any other.
    world.apply(&interface("vif", "gw", 61)).await;
    let ready = world.wait_ready("VirtualInterface", "vif").await;
    assert_eq!(ready["status"]["observed"]["peers"].as_array().unwrap().len(), 1, "{ready:#}");
    world.finish().await;
}

/// The credentials may do all but read the collection: what needs no look goes, what does waits or is let go by word.
#[tokio::test]
async fn a_collection_that_may_not_be_listed_keeps_nothing_that_never_was_in_the_cloud() {
    let world = World::new().await;
    world.apply(&gateway("there", 12)).await;
    world.apply(&with(gateway("retained", 13), &json!({ "policy": { "deletion": "Retain" } }))).await;
    for name in ["there", "retained"] {
        world.wait_ready("VirtualGateway", name).await;
    }
    world.cloud.fault(refused_list()).await;
    // Another key in the Secret is another client, and its mirror has never been filled.
    let more = r#"{"stringData":{"more":"1"}}"#;
    world.plane.kubectl(&["patch", "secret", "credentials", "-n", &world.namespace, "--type=merge", "-p", more]);
    world.wait_reason("VirtualGateway", "there", "Forbidden").await;
    world.apply(&gateway("never", 14)).await;
    world.wait_reason("VirtualGateway", "never", "Forbidden").await;
    for name in ["never", "retained", "there"] {
        world.delete("VirtualGateway", name).await;
    }
    world.wait_gone("VirtualGateway", "never").await;
    world.wait_gone("VirtualGateway", "retained").await;
    world
        .wait("VirtualGateway", "there", "it tells the way out", |object| {
            condition(object, "Ready").is_some_and(|ready| ready["message"].as_str().unwrap().contains(ABANDON))
        })
        .await;
    let id = id(&world.get("VirtualGateway", "there").await);
    world.patch("VirtualGateway", "there", json!({ "metadata": { "annotations": { ABANDON: "true" } } })).await;
    world.wait_gone("VirtualGateway", "there").await;
    assert!(world.told("VirtualGateway", "there", "Abandoned", 1).await[0].contains(&id), "{id}");
    assert_eq!((world.cloud.all("virtual_gateways").await.len(), world.cloud.count("DeleteVirtualGateway").await), (2, 0));
}

/// The permission to list is withdrawn while the operator works: what waits for a list says so, and goes on when it is given back.
#[tokio::test]
async fn a_deletion_that_waits_for_a_list_that_is_refused_says_so() {
    let world = World::new().await;
    world.apply(&gateway("gw", 15)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.cloud.fault(refused_list()).await;
    world.delete("VirtualGateway", "gw").await;
    let told = world.wait_reason("VirtualGateway", "gw", "Forbidden").await;
    assert!(condition(&told, "Ready").unwrap()["message"].as_str().unwrap().contains(ABANDON), "{told:#}");
    assert!(world.cloud.is_empty().await, "deleted, and not yet seen to be");
    world.cloud.clear_faults().await;
    world.wait_gone("VirtualGateway", "gw").await;
    assert_eq!(world.notes("VirtualGateway", "gw", "Abandoned").await, Vec::<String>::new());
    world.finish().await;
}

/// A cloud that answers nonsense may come to its senses: it is given the time of a call or two, whatever was annotated before.
#[tokio::test]
async fn a_cloud_that_is_silent_for_long_keeps_nothing_that_is_abandoned_by_word() {
    let world = World::new().await;
    for (name, number) in [("passing", 16), ("lasting", 17)] {
        let mut abandoned = gateway(name, number);
        abandoned["metadata"]["annotations"] = json!({ ABANDON: "true" });
        world.apply(&abandoned).await;
        world.wait_ready("VirtualGateway", name).await;
    }
    let nonsense = json!({ "operation": "ListVirtualGateways", "kind": "garbage", "format": "html", "times": 100_000 });
    let mut once = nonsense.clone();
    once["times"] = json!(1);
    world.cloud.fault(once).await;
    world.delete("VirtualGateway", "passing").await;
    world.wait_gone("VirtualGateway", "passing").await;
    assert_eq!(world.cloud.faults_to_come("ListVirtualGateways").await, 0);
    assert_eq!(world.notes("VirtualGateway", "passing", "Abandoned").await, Vec::<String>::new());

    world.cloud.fault(nonsense).await;
    world.cloud.fault(json!({ "operation": "DeleteVirtualGateway", "kind": "reset_before", "times": 100_000 })).await;
    let id = id(&world.get("VirtualGateway", "lasting").await);
    world.delete("VirtualGateway", "lasting").await;
    world.wait_gone("VirtualGateway", "lasting").await;
    assert!(world.told("VirtualGateway", "lasting", "Abandoned", 1).await[0].contains(&id), "{id}");
    assert_eq!(world.cloud.all("virtual_gateways").await.len(), 1, "it is left in the cloud");
}

/// An account that works is no account that is gone: the annotation does not orphan anything then.
#[tokio::test]
async fn the_way_out_is_closed_while_the_account_works() {
    let world = World::new().await;
    let mut abandoned = gateway("gw", 6);
    abandoned["metadata"]["annotations"] = json!({ ABANDON: "true" });
    world.apply(&abandoned).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.finish().await;
    assert_eq!(world.cloud.count("DeleteVirtualGateway").await, 1);
}

#[tokio::test]
async fn missing_credentials_are_said_while_something_is_deleted() {
    let world = World::new().await;
    world.apply(&gateway("gw", 7)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    let secret = r#"{"metadata":{"finalizers":[]}}"#;
    eventually("the Secret is torn out", BOUND, || async {
        let _ = world.plane.run("kubectl", &["delete", "secret", "credentials", "-n", &world.namespace, "--wait=false"]);
        let _ = world.plane.run("kubectl", &["patch", "secret", "credentials", "-n", &world.namespace, "--type=merge", "-p", secret]);
        (!is_there(&world, "v1", "Secret", Some(&world.namespace), "credentials").await).then_some(())
    })
    .await;
    world.delete("VirtualGateway", "gw").await;
    let told = world.wait_reason("VirtualGateway", "gw", "SecretMissing").await;
    let message = condition(&told, "Ready").unwrap()["message"].as_str().unwrap();
    assert!(message.contains("the deletion waits") && !message.contains("credentials\""), "{told:#}");
    // It comes back, and all goes on at once.
    world.access_key_secret(support::simulator::SECRET_KEY).await;
    world.finish().await;
}

/// Paused means hands off: nothing is written but the condition that says so, and the deletion waits, too.
#[tokio::test]
async fn a_paused_object_is_let_be_and_its_deletion_waits() {
    let world = World::new().await;
    let annotation = "directconnect.huaweicloud.com/paused";
    let mut never_begun = gateway("never-begun", 9);
    never_begun["metadata"]["annotations"] = json!({ annotation: "true" });
    world.apply(&gateway("gw", 8)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.patch("VirtualGateway", "gw", json!({ "metadata": { "annotations": { annotation: "true" } } })).await;
    world.apply(&never_begun).await;
    let paused = |object: &Value| condition(object, "Synced").is_some_and(|synced| synced["reason"] == "Paused");
    for name in ["gw", "never-begun"] {
        world.wait("VirtualGateway", name, "paused", paused).await;
    }
    let calls = |log: Vec<Value>| log.into_iter().filter(|entry| entry["method"] != "GET").count();
    let before = calls(world.cloud.log().await);
    let writes = world.plane.writes(&world.namespace).len();
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "later" } })).await;
    world.delete("VirtualGateway", "gw").await;
    // Another object's way to Ready takes longer than anything that the paused one could have had done to it.
    world.apply(&gateway("other", 10)).await;
    world.wait_ready("VirtualGateway", "other").await;
    let object = world.get("VirtualGateway", "gw").await;
    assert!(object["metadata"]["deletionTimestamp"].is_string() && paused(&object), "{object:#}");
    let log = world.cloud.log().await;
    assert_eq!(calls(log), before + 1, "the other's create alone");
    let touched: Vec<Value> = world.plane.writes(&world.namespace)[writes..]
        .iter()
        .filter(|entry| entry["objectRef"]["name"] == "gw" && entry["objectRef"]["subresource"] != "status" && entry["verb"] != "delete")
        .filter(|entry| !entry["requestURI"].as_str().unwrap().ends_with("/gw?"))
        .cloned()
        .collect();
    assert_eq!(touched, Vec::<Value>::new());
    for name in ["gw", "never-begun"] {
        world.patch("VirtualGateway", name, json!({ "metadata": { "annotations": { annotation: null } } })).await;
    }
    world.wait_gone("VirtualGateway", "gw").await;
    world.wait_ready("VirtualGateway", "never-begun").await;
    world.finish().await;
}
