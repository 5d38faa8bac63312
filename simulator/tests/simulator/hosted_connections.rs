//! Hosted connections, which a partner provides for the tenants of others.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{documents, harness::*};

const HOSTED_CONNECTS: &str = "dcaas/hosted-connects";
/// The operations connection of the vendor's examples.
const OF_EXAMPLES: &str = "2cfb53be-b05f-40d5-a2f8-3a59ac383836";

fn hosted() -> Value {
    json!({"name": "for-partner", "hosting_id": OPERATIONS, "vlan": 200, "bandwidth": 50, "resource_tenant_id": PARTNER})
}

fn status(answer: &Answer) -> &str {
    answer.body["hosted_connect"]["status"].as_str().unwrap_or_default()
}

fn path_of(id: &str) -> String {
    format!("{HOSTED_CONNECTS}/{id}")
}

/// Creates a hosted connection whose creation has ended.
async fn create(cloud: &Simulator, body: Value) -> String {
    let id = cloud.post(HOSTED_CONNECTS, json!({"hosted_connect": body})).await.id("hosted_connect");
    cloud.settle().await;
    id
}

/// A request of the partner, who is the tenant here.
async fn by_tenant(cloud: &Simulator, method: Method, path: &str, body: Option<Value>) -> Answer {
    let token = cloud.sign_in(&password("partner")).await;
    cloud.send(method, &format!("{}/v3/{PARTNER}/dcaas/{path}", cloud.base), &token, body).await.expect("an answer")
}

/// Calls every operation of the family, with the vendor's examples.
pub async fn session(cloud: &Simulator) {
    let hosting = json!({"id": OF_EXAMPLES, "type": "hosting", "bandwidth": 10_000});
    cloud.admin(Method::POST, "resources", Some(json!({"kind": "direct_connect", "body": hosting}))).await;
    for body in documents::example_requests("CreateHostedDirectConnect") {
        let id = cloud.post(HOSTED_CONNECTS, body).await.id("hosted_connect");
        cloud.settle().await;
        cloud.get(&path_of(&id)).await;
        cloud.get(&format!("{}?fields=id,status", path_of(&id))).await;
        cloud
            .get(&format!("{HOSTED_CONNECTS}?limit=1&hosting_id={OF_EXAMPLES}&id={id}&name=client-dc-faf1&sort_key=id&sort_dir=desc"))
            .await;
        for body in documents::example_requests("UpdateHostedDirectConnect") {
            assert_eq!(cloud.put(&path_of(&id), body).await.status, 200);
            cloud.settle().await;
        }
        assert_eq!(cloud.delete(&path_of(&id)).await.status, 204);
        cloud.settle().await;
    }
}

#[tokio::test]
async fn life_of_a_hosted_connection() {
    let cloud = Simulator::start(slow()).await;
    let created = cloud.post(HOSTED_CONNECTS, json!({"hosted_connect": hosted()})).await;
    let path = path_of(&created.id("hosted_connect"));
    assert_eq!((created.status, status(&created)), (201, "PENDING_CREATE"));
    let shown = &created.body["hosted_connect"];
    for (key, value) in [("tenant_id", json!(PARTNER)), ("hosting_id", json!(OPERATIONS)), ("vlan", json!(200)), ("bandwidth", json!(50))] {
        assert_eq!(shown[key], value, "{key}");
    }
    let of_hosting = (&shown["type"], &shown["port_type"], &shown["location"], &shown["provider"]);
    assert_eq!(of_hosting, (&json!("hosted"), &json!("100G"), &json!("location-a"), &json!("Simulated Carrier")));
    let locked = [cloud.put(&path, json!({"hosted_connect": {"name": "x"}})).await, cloud.delete(&path).await];
    assert_eq!(locked.each_ref().map(Answer::code), ["DC.1005"; 2], "pending is locked");
    cloud.settle().await;
    assert_eq!(status(&cloud.get(&path).await), "BUILD", "which says provisioned");

    let changes = json!({"name": "new", "description": "text", "bandwidth": 60, "peer_location": "somewhere"});
    let answer = cloud.put(&path, json!({"hosted_connect": changes})).await;
    assert_eq!((answer.status, status(&answer)), (200, "PENDING_UPDATE"));
    cloud.settle().await;
    let settled = cloud.get(&path).await;
    assert_eq!(status(&settled), "BUILD");
    for (key, value) in changes.as_object().unwrap() {
        assert_eq!(&settled.body["hosted_connect"][key], value);
    }

    assert_eq!(cloud.delete(&path).await.status, 204);
    assert_eq!(status(&cloud.get(&path).await), "PENDING_DELETE");
    cloud.settle().await;
    let gone = cloud.get(&path).await;
    assert_eq!((gone.status, gone.code()), (404, "DC.1012"));
}

fn slow() -> Value {
    let minute = json!({"create": 60_000, "update": 60_000, "delete": 60_000});
    json!({"settle_ms": {"hosted_connection": minute}})
}

#[tokio::test]
async fn a_failed_change_ends_in_error() {
    let cloud = Simulator::start(json!({})).await;
    cloud.fault(json!({"operation": "CreateHostedDirectConnect", "kind": "error_state", "reason": "no port", "times": 1})).await;
    let id = create(&cloud, hosted()).await;
    assert_eq!(status(&cloud.get(&path_of(&id)).await), "ERROR");
    assert_eq!(cloud.delete(&path_of(&id)).await.status, 204);
}

#[tokio::test]
async fn the_tenant_uses_what_the_partner_provides() {
    let cloud = Simulator::start(json!({})).await;
    let id = create(&cloud, hosted()).await;
    let line = by_tenant(&cloud, Method::GET, &format!("direct-connects/{id}"), None).await;
    let shown = &line.body["direct_connect"];
    assert_eq!((&shown["type"], &shown["vlan"], &shown["status"]), (&json!("hosted"), &json!(200), &json!("BUILD")));
    assert_eq!(cloud.get(&format!("dcaas/direct-connects/{id}")).await.code(), "DC.1012", "the partner has no such connection");
    assert_eq!(by_tenant(&cloud, Method::GET, &format!("hosted-connects/{id}"), None).await.code(), "DC.1012", "the tenant provides none");
    let none = by_tenant(&cloud, Method::GET, "hosted-connects", None).await;
    assert_eq!(none.body["hosted_connects"], json!([]));

    let vgw = by_tenant(&cloud, Method::POST, "virtual-gateways", Some(json!({"virtual_gateway": gateway()}))).await.id("virtual_gateway");
    let body = |vlan: u32| Some(json!({"virtual_interface": interface(&vgw, &id, vlan)}));
    assert_eq!(by_tenant(&cloud, Method::POST, "virtual-interfaces", body(201)).await.code(), "DC.1207");
    let vif = by_tenant(&cloud, Method::POST, "virtual-interfaces", body(200)).await.id("virtual_interface");
    assert_eq!(by_tenant(&cloud, Method::POST, "virtual-interfaces", body(200)).await.code(), "DC.1206");
    cloud.settle().await;
    assert_eq!(cloud.delete(&path_of(&id)).await.code(), "DC.1007", "it is in use");
    by_tenant(&cloud, Method::DELETE, &format!("virtual-interfaces/{vif}"), None).await;
    cloud.settle().await;
    assert_eq!(cloud.delete(&path_of(&id)).await.status, 204);
}

#[tokio::test]
async fn uncertain_facts_are_switches() {
    let switches = json!({"u38_fresh_hosted_status": "ACTIVE", "u39_delete_used_hosted": "accept", "u49_tenants_hosted_id": "own"});
    let cloud = Simulator::start(json!({"switches": switches})).await;
    let id = create(&cloud, with(hosted(), json!({"resource_tenant_id": PROJECT}))).await;
    assert_eq!(status(&cloud.get(&path_of(&id)).await), "ACTIVE");
    assert_eq!(cloud.get(&format!("dcaas/direct-connects/{id}")).await.code(), "DC.1012", "the tenant sees another id");
    let lines = cloud.get("dcaas/direct-connects?name=for-partner").await;
    let own = lines.body["direct_connects"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(cloud.get(&path_of(&own)).await.code(), "DC.1012", "which is not the partner's");
    let listed = cloud.get(&format!("{HOSTED_CONNECTS}?name=for-partner")).await;
    assert_eq!(listed.body["hosted_connects"][0]["id"], json!(id));
    cloud.interface(with(interface(&cloud.gateway().await, &own, 200), json!({"bandwidth": 50}))).await;
    assert_eq!(cloud.delete(&path_of(&id)).await.status, 204, "even while it is used");
    cloud.settle().await;
    assert_eq!(cloud.get(&format!("dcaas/direct-connects/{own}")).await.code(), "DC.1012");

    let cloud = Simulator::start(slow()).await;
    let pending = cloud.post(HOSTED_CONNECTS, json!({"hosted_connect": hosted()})).await.id("hosted_connect");
    cloud.settings(json!({"switches": {"u3_delete_while_pending": "accept"}})).await;
    assert_eq!(cloud.delete(&path_of(&pending)).await.status, 204);
}

#[tokio::test]
async fn invalid_hosted_connections_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    create(&cloud, hosted()).await;
    let theirs = json!({"kind": "direct_connect", "body": {"id": NOBODY, "type": "hosting", "tenant_id": PARTNER}});
    cloud.admin(Method::POST, "resources", Some(theirs)).await;
    let building = json!({"kind": "direct_connect", "body": {"id": OF_EXAMPLES, "type": "hosting", "status": "BUILD"}});
    cloud.admin(Method::POST, "resources", Some(building)).await;
    let other = |changes: Value| with(with(hosted(), json!({"vlan": 201})), changes);
    let table = [
        ("the VLAN is free", hosted(), "DC.1008"),
        ("the VLAN of a connection from elsewhere is free, too", other(json!({"vlan": 100})), "DC.1008"),
        ("the VLAN is there", other(json!({"vlan": null})), "DC.1003"),
        ("the VLAN is not 0", other(json!({"vlan": 0})), "DC.1017"),
        ("the VLAN is in range", other(json!({"vlan": 4000})), "DC.0001"),
        ("the operations connection is there", other(json!({"hosting_id": null})), "DC.0001"),
        ("the operations connection is the caller's", other(json!({"hosting_id": NOBODY})), "DC.1012"),
        ("the operations connection is one", other(json!({"hosting_id": LINE_A})), "DC.1004"),
        ("the operations connection is ready", other(json!({"hosting_id": OF_EXAMPLES})), "DC.1005"),
        ("the bandwidth is there", other(json!({"bandwidth": null})), "DC.0001"),
        ("the bandwidth is in range", other(json!({"bandwidth": 1})), "DC.0001"),
        ("the bandwidth is what the others leave", other(json!({"bandwidth": 99_451})), "DC.1000"),
        ("the tenant is there", other(json!({"resource_tenant_id": null})), "DC.0001"),
        ("the tenant is a project", other(json!({"resource_tenant_id": "x".repeat(32)})), "DC.0001"),
        ("the name is short", other(json!({"name": "x".repeat(65)})), "DC.0001"),
        ("the description is short", other(json!({"description": "x".repeat(129)})), "DC.0001"),
        ("the place is short", other(json!({"peer_location": "x".repeat(256)})), "DC.0001"),
        ("keys are known", other(json!({"port_type": "10G"})), "DC.0001"),
    ];
    for (rule, body, code) in table {
        let answer = cloud.post(HOSTED_CONNECTS, json!({"hosted_connect": body})).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
    assert_eq!(cloud.post(HOSTED_CONNECTS, json!({"direct_connect": hosted()})).await.code(), "DC.0000");
    create(&cloud, other(json!({"bandwidth": 99_450}))).await;
}

#[tokio::test]
async fn invalid_updates_of_hosted_connections_are_rejected() {
    let cloud = Simulator::start(json!({})).await;
    let path = path_of(&create(&cloud, hosted()).await);
    let table = [
        ("the bandwidth is not decreased", json!({"bandwidth": 49}), "DC.1010"),
        ("the bandwidth is what the others leave", json!({"bandwidth": 99_501}), "DC.1000"),
        ("the VLAN stays", json!({"vlan": 201}), "DC.0001"),
        ("the operations connection stays", json!({"hosting_id": NOBODY}), "DC.0001"),
        ("the tenant stays", json!({"resource_tenant_id": PROJECT}), "DC.0001"),
        ("the status is the cloud's", json!({"status": "ACTIVE"}), "DC.0001"),
    ];
    for (rule, body, code) in table {
        let answer = cloud.put(&path, json!({"hosted_connect": body})).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{rule}: {}", answer.body);
    }
    cloud.settings(json!({"switches": {"u11_unique_names": true}})).await;
    let twin = with(hosted(), json!({"vlan": 202}));
    assert_eq!(cloud.post(HOSTED_CONNECTS, json!({"hosted_connect": twin})).await.code(), "DC.0001", "names can be unique");
    assert_eq!(cloud.put(&path, json!({"hosted_connect": {"bandwidth": 99_500}})).await.status, 200);
    for status in [404, 400] {
        cloud.settings(json!({"switches": {"u4_not_found_status": status}})).await;
        let body = || Some(json!({"hosted_connect": {}}));
        for (method, body, expected) in [(Method::GET, None, 404), (Method::DELETE, None, 404), (Method::PUT, body(), status)] {
            for absent in [NOBODY, LINE_A] {
                let answer = cloud.call(method.clone(), &path_of(absent), body.clone()).await;
                assert_eq!((answer.status, answer.code()), (expected, "DC.1012"), "{method} {absent}");
            }
        }
    }
}

#[tokio::test]
async fn hosted_connections_are_listed() {
    let cloud = Simulator::start(json!({})).await;
    let mut all = vec![HOSTED.to_owned()];
    for vlan in 200..204 {
        all.push(create(&cloud, with(hosted(), json!({"vlan": vlan, "name": format!("vlan-{vlan}")}))).await);
    }
    let by_vlan = [all[1].clone(), all[2].clone()];
    all.sort();
    let ids = |answer: &Answer| -> Vec<String> {
        let list = answer.body["hosted_connects"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
        list.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&cloud.get(HOSTED_CONNECTS).await), all);
    let page = cloud.get(&format!("{HOSTED_CONNECTS}?limit=2&marker={}", all[0])).await;
    assert_eq!((ids(&page), &page.body["page_info"]["next_marker"]), (all[1..3].to_vec(), &json!(all[2])));
    let named = cloud.get(&format!("{HOSTED_CONNECTS}?name=vlan-200,vlan-201&sort_key=vlan&sort_dir=desc")).await;
    assert_eq!(ids(&named), [by_vlan[1].clone(), by_vlan[0].clone()]);
    assert_eq!(ids(&cloud.get(&format!("{HOSTED_CONNECTS}?id={}&id={NOBODY}", by_vlan[0])).await), [by_vlan[0].clone()]);
    assert_eq!(ids(&cloud.get(&format!("{HOSTED_CONNECTS}?hosting_id={NOBODY}")).await), Vec::<String>::new());
    let fields = cloud.get(&format!("{}?fields=name,vlan", path_of(&by_vlan[0]))).await;
    assert_eq!(fields.body["hosted_connect"], json!({"name": "vlan-200", "vlan": 200}));

    let ghosts = json!({"read_lag_ms": {"ghosts": 600_000}});
    cloud.settings(ghosts).await;
    cloud.admin(Method::DELETE, &format!("resources/{HOSTED}"), None).await;
    assert_eq!(cloud.get(&path_of(HOSTED)).await.status, 404);
    assert_eq!(ids(&cloud.get(HOSTED_CONNECTS).await), all, "lists still show what was deleted");
}
