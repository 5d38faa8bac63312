//! Reads for the resource management service.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

const REGION: &str = "eu-west-101";

fn domain(project: &str) -> String {
    project.chars().rev().collect()
}

async fn read(cloud: &Simulator, token: &str, domain: &str, rest: &str) -> Answer {
    let url = format!("{}/v3/providers/dcaas/domains/{domain}/regions/{rest}", cloud.base);
    cloud.send(Method::GET, &url, token, None).await.unwrap()
}

async fn own(cloud: &Simulator, rest: &str) -> Answer {
    read(cloud, &cloud.token, &domain(PROJECT), rest).await
}

fn names(answer: &Answer) -> Vec<&str> {
    let list = answer.body["global_dc_gateways"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    list.iter().map(|gateway| gateway["name"].as_str().unwrap()).collect()
}

async fn create(cloud: &Simulator, name: &str) -> String {
    let body = json!({"name": name, "tags": [{"key": "team", "value": "net"}, {"key": "empty"}]});
    cloud.post("dcaas/global-dc-gateways", json!({"global_dc_gateway": body})).await.id("global_dc_gateway")
}

/// Calls both operations.
pub async fn session(cloud: &Simulator) {
    let id = create(cloud, "rms").await;
    let query =
        format!("limit=10&offset=1&page_reverse=false&sort_key=id&sort_dir=asc&id={id}&name=rms&status=DOWN&enterprise_project_id=0");
    own(cloud, &format!("{REGION}/gdgw")).await;
    own(cloud, &format!("{REGION}/gdgw?{query}&fields=id,name&ext_fields=x&global_center_network_id={NOBODY}")).await;
    own(cloud, &format!("{REGION}/gdgw?site_network_id={NOBODY}&cloud_connection_id={NOBODY}&marker=&limit=1")).await;
    own(cloud, &format!("{REGION}/gdgw/{id}")).await;
    own(cloud, &format!("{REGION}/gdgw/{id}?fields=id&ext_fields=x")).await;
    own(cloud, &format!("{REGION}/gdgw/{NOBODY}")).await;
    cloud.delete(&format!("dcaas/global-dc-gateways/{id}")).await;
}

#[tokio::test]
async fn gateways_of_a_domain_are_listed_and_shown() {
    let cloud = Simulator::start(json!({})).await;
    let one = create(&cloud, "one").await;
    create(&cloud, "two").await;
    let elsewhere = json!({"kind": "global_dc_gateway", "body": {"name": "elsewhere", "region_id": "eu-west-102"}});
    cloud.admin(Method::POST, "resources", Some(elsewhere)).await;
    let nowhere = json!({"kind": "global_dc_gateway", "body": {"name": "nowhere"}});
    cloud.admin(Method::POST, "resources", Some(nowhere)).await;

    let list = own(&cloud, &format!("{REGION}/gdgw?sort_key=name")).await;
    assert_eq!((list.status, names(&list)), (200, vec!["nowhere", "one", "two"]));
    assert_eq!((&list.body["page_info"]["current_count"], list.body.get("total_count")), (&json!(3), None));
    assert_eq!(names(&own(&cloud, "eu-west-102/gdgw").await), ["elsewhere"]);
    assert_eq!(names(&own(&cloud, &format!("{REGION}/gdgw?sort_key=name&limit=1&offset=1")).await), ["one"]);
    assert_eq!(names(&own(&cloud, &format!("{REGION}/gdgw?name=two,elsewhere")).await), ["two"]);
    assert_eq!(names(&own(&cloud, &format!("{REGION}/gdgw?id={one}&status=DOWN")).await), ["one"]);

    let shown = own(&cloud, &format!("{REGION}/gdgw/{one}")).await;
    let gateway = &shown.body["global_dc_gateway"];
    assert_eq!((shown.status, &gateway["tags"]), (200, &json!({"team": "net", "empty": ""})), "tags are an object");
    assert_eq!(
        (&gateway["available_peer_link_count"], &gateway["region_id"], &gateway["tenant_id"]),
        (&json!(3), &json!(REGION), &json!(PROJECT))
    );
    for absent in ["address_family", "reason"] {
        assert_eq!(gateway.get(absent), None, "{gateway}");
    }
    assert_eq!(gateway["site_network_id"], Value::Null);
    let few = own(&cloud, &format!("{REGION}/gdgw/{one}?fields=id,name")).await;
    assert_eq!(few.body["global_dc_gateway"], json!({"id": one, "name": "one"}));
}

#[tokio::test]
async fn only_gateways_of_the_own_domain_can_be_read() {
    let cloud = Simulator::start(json!({})).await;
    let id = create(&cloud, "one").await;
    let foreign = read(&cloud, &cloud.token, &domain(PARTNER), &format!("{REGION}/gdgw")).await;
    assert_eq!((foreign.status, foreign.code()), (403, "APIGW.0302"));
    let partner = cloud.sign_in(&password("partner")).await;
    assert_eq!(names(&read(&cloud, &partner, &domain(PARTNER), &format!("{REGION}/gdgw")).await), Vec::<&str>::new());
    let anonymous = read(&cloud, "", &domain(PROJECT), &format!("{REGION}/gdgw")).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "APIGW.0301"));
    for (rest, expected) in [
        (format!("{REGION}/gdgw/{NOBODY}"), (404, "DC.0002")),
        (format!("eu-west-102/gdgw/{id}"), (404, "DC.0002")),
        (format!("{REGION}/vgw"), (400, "DC.0001")),
        (format!("{REGION}/gdgw?limit=0"), (400, "DC.0001")),
    ] {
        let answer = own(&cloud, &rest).await;
        assert_eq!((answer.status, answer.code()), expected, "{rest}");
    }
    let url = format!("{}/v3/providers/vpc/domains/{}/regions/{REGION}/gdgw", cloud.base, domain(PROJECT));
    assert_eq!(cloud.send(Method::GET, &url, &cloud.token, None).await.unwrap().code(), "DC.0001");
    cloud.settings(json!({"project_missing": true})).await;
    assert_eq!(own(&cloud, &format!("{REGION}/gdgw")).await.code(), "APIGW.0310");
}
