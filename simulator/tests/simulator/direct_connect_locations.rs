//! The locations at which connections end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::*;

const LOCATIONS: &str = "dcaas/direct-connect-locations";
const LOCATION_A: &str = "d0000000-0000-4000-8000-000000000001";
const LOCATION_B: &str = "d0000000-0000-4000-8000-000000000002";

/// Calls every operation of the family.
pub async fn session(cloud: &Simulator) {
    cloud.get(LOCATIONS).await;
    cloud.get(&format!("{LOCATIONS}?limit=1&id={LOCATION_A}&name=location-a&status=ACTIVE&sort_key=id&sort_dir=desc")).await;
    cloud.get(&format!("{LOCATIONS}/{LOCATION_A}")).await;
}

fn names(answer: &Answer) -> Vec<&str> {
    let list = answer.body["direct_connect_locations"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    list.iter().map(|location| location["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn locations_are_listed_and_shown() {
    let cloud = Simulator::start_with(&["--region", "eu-west-101"], json!({})).await;
    let all = cloud.get(LOCATIONS).await;
    assert_eq!(names(&all), ["location-a", "location-b"]);
    let lines = cloud.get("dcaas/direct-connects").await;
    for line in lines.body["direct_connects"].as_array().unwrap() {
        assert!(names(&all).contains(&line["location"].as_str().unwrap()), "every connection ends at one of them: {line}");
    }
    let one = cloud.get(&format!("{LOCATIONS}/{LOCATION_B}")).await;
    let location = &one.body["direct_connect_location"];
    assert_eq!(location, &all.body["direct_connect_locations"][1]);
    assert_eq!((&location["region_id"], &location["available_port_speeds"]), (&json!("eu-west-101"), &json!(["10G"])));
    assert_eq!(location["provider_list"][0]["provider_value"]["en_us"], "Simulated Carrier");
    assert!(location.get("status").is_none(), "no document shows it: {location}");

    for (query, expected) in [
        ("limit=1", vec!["location-a"]),
        (&format!("limit=1&marker={LOCATION_A}"), vec!["location-b"]),
        (&format!("id={LOCATION_B}&id={NOBODY}"), vec!["location-b"]),
        ("name=location-b,elsewhere", vec!["location-b"]),
        ("status=ACTIVE&sort_dir=desc", vec!["location-b", "location-a"]),
        ("status=DOWN", vec![]),
    ] {
        assert_eq!(names(&cloud.get(&format!("{LOCATIONS}?{query}")).await), expected, "{query}");
    }
    let gone = cloud.get(&format!("{LOCATIONS}/{NOBODY}")).await;
    assert_eq!((gone.status, gone.code()), (404, "DC.0002"));
}

#[tokio::test]
async fn locations_are_of_the_region_not_of_a_project() {
    let cloud = Simulator::start(json!({})).await;
    let new = json!({"kind": "direct_connect_location", "body": {"name": "location-c"}});
    let id = cloud.admin(Method::POST, "resources", Some(new)).await.body["id"].as_str().unwrap().to_owned();
    let token = cloud.sign_in(&password("partner")).await;
    let theirs = format!("{}/v3/{PARTNER}/{LOCATIONS}", cloud.base);
    let listed = cloud.send(Method::GET, &theirs, &token, None).await.unwrap();
    assert!(names(&listed).contains(&"location-c"));
    cloud.admin(Method::PATCH, &format!("resources/{id}"), Some(json!({"status": "DOWN"}))).await;
    assert_eq!(names(&cloud.get(&format!("{LOCATIONS}?status=DOWN")).await), ["location-c"]);
    let all = cloud.admin(Method::GET, "resources", None).await;
    assert_eq!(all.body["direct_connect_locations"].as_array().map(Vec::len), Some(3));
    assert_eq!(cloud.admin(Method::DELETE, &format!("resources/{id}"), None).await.status, 204);
    let answer = cloud.send(Method::GET, &format!("{theirs}/{id}"), &token, None).await.unwrap();
    assert_eq!((answer.status, &answer.body["direct_connect_location"]), (404, &Value::Null));
    assert_eq!(cloud.delete(&format!("{LOCATIONS}/{LOCATION_A}")).await.code(), "APIGW.0101", "they are only read");
}
