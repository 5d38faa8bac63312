//! Successful answers: pages and single resources of each collection, and quotas.

use direct_connect_operator::cloud::{Answer, CloudError, Item, Listed, Page, Quotas, RequestOutcome, VirtualGateway, VirtualInterface};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;

use super::mutation::{Mutation, mutated, mutations};

fn gateway(id: &str) -> Value {
    json!({
        "id": id, "name": "gw", "description": "", "vpc_id": "v", "local_ep_group": ["10.0.0.0/8 192.168.0.0/16"],
        "local_ep_group_ipv6": null, "bgp_asn": 64512, "status": "ACTIVE", "device_id": "d", "redundant_device_id": "e",
        "enterprise_project_id": "0", "tags": [{ "key": "k", "value": "v" }], "tenant_id": "t", "global_dc_gateway_id": null,
    })
}

fn peer(id: &str, family: &str) -> Value {
    json!({
        "id": id, "vif_id": "i", "name": "p", "address_family": family, "local_gateway_ip": "10.0.0.1/30",
        "remote_gateway_ip": "10.0.0.2/30", "route_mode": "bgp", "bgp_asn": 65000, "bgp_md5": "secret", "bgp_status": "ACTIVE",
        "remote_ep_group": ["10.1.0.0/16"], "service_ep_group": [], "status": "ACTIVE", "receive_route_num": -1, "device_id": "d",
    })
}

fn interface(id: &str) -> Value {
    json!({
        "id": id, "name": "if", "direct_connect_id": "c", "type": "private", "service_type": "VGW", "vgw_id": "g", "vlan": 30,
        "bandwidth": 50, "priority": "normal", "enable_bfd": false, "enable_nqa": null, "route_limit": 50, "status": "DOWN",
        "extend_attribute": { "ha_type": "bfd", "min_rx_interval": 1000 }, "remote_ep_group": [], "tags": [],
        "vif_peers": [peer("p4", "ipv4"), peer("p6", "ipv6")], "create_time": "2026-04-25T09:30:00.000Z",
    })
}

fn page(plural: &str, items: &[Value]) -> Value {
    json!({ plural: items, "page_info": { "next_marker": "m", "previous_marker": "", "current_count": items.len() }, "request_id": "r" })
}

fn quotas() -> Value {
    json!({ "quotas": { "resources": [{ "type": "virtualGateway", "quota": 5, "used": 1, "min": 0 }] } })
}

fn listed<R: Listed>(text: impl Into<Vec<u8>>) -> Result<Page<Item<R>>, CloudError> {
    Answer::of(text).page(R::OPERATIONS.0, R::PLURAL, Item::read)
}

fn show<R: Listed>(text: impl Into<Vec<u8>>) -> Result<R, CloudError> {
    Answer::of(text).object(R::OPERATIONS.1, R::SINGULAR)
}

fn read_quotas(text: impl Into<Vec<u8>>) -> Result<Quotas, CloudError> {
    Answer::of(text).object("ShowQuotas", "quotas")
}

/// What stands at `path`, as a reader finds it who takes the last of what stands twice and looks at nothing else.
fn found<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
    let [key, rest @ ..] = path else { return Some(text) };
    let fields: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    found(fields.get(*key)?.get(), rest)
}

/// The elements of the list at `path`, as the same reader finds them.
fn elements<'a>(text: &'a str, path: &[&str]) -> Option<Vec<&'a str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(found(text, path)?).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

fn string(text: &str, path: &[&str]) -> Option<String> {
    serde_json::from_str(found(text, path)?).ok()
}

/// A page is what stands there: a list, of as many items, with these ids; and an error says that nothing is known.
fn holds_what_stands_there<R: Listed>(text: &str, read: Result<Page<Item<R>>, CloudError>) -> Result<(), TestCaseError> {
    match read {
        Ok(Page { items, next_marker }) => {
            let listed = elements(text, &[R::PLURAL]);
            prop_assert_eq!(Some(items.len()), listed.as_ref().map(Vec::len), "{}", text);
            for (item, there) in items.iter().zip(listed.into_iter().flatten()) {
                prop_assert_eq!(Some(item.id().to_owned()), string(there, &["id"]), "{}", text);
            }
            let next = string(text, &["page_info", "next_marker"]).filter(|next| !next.is_empty());
            prop_assert_eq!(next_marker, next, "{}", text);
        }
        Err(error) => is_malformed(&error)?,
    }
    Ok(())
}

/// No quotas are what stands there too.
fn holds_these_quotas(text: &str, read: Result<Quotas, CloudError>) -> Result<(), TestCaseError> {
    const PATH: [&str; 2] = ["quotas", "resources"];
    match read {
        Ok(Quotas { resources }) if resources.is_empty() && found(text, &PATH) == Some("null") => Ok(()),
        Ok(Quotas { resources }) => {
            prop_assert_eq!(Some(resources.len()), elements(text, &PATH).map(|listed| listed.len()), "{}", text);
            Ok(())
        }
        Err(error) => is_malformed(&error),
    }
}

fn is_malformed(error: &CloudError) -> Result<(), TestCaseError> {
    prop_assert_eq!((error.code.as_str(), error.outcome), ("Malformed", RequestOutcome::Unknown));
    prop_assert!(error.message.chars().count() <= 513);
    Ok(())
}

fn spoilt<R: Listed>(items: &[Value], mutations: &[Mutation]) -> Result<(), TestCaseError> {
    let text = mutated(&page(R::PLURAL, items), mutations);
    holds_what_stands_there(&text, listed::<R>(text.as_str()))
}

/// Bytes, and texts that look like JSON.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400),
        r#"[\[\]{}:,"0-9a-z_ \\.-]{0,200}"#.prop_map(String::into_bytes),
        r#"\{"(virtual_gateways|virtual_interfaces|quotas|page_info)":[\[\]{}:,"0-9a-z -]{0,60}\}?"#.prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn garbage_is_no_answer(bytes in garbage()) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        holds_what_stands_there(&text, listed::<VirtualGateway>(bytes.as_slice()))?;
        holds_what_stands_there(&text, listed::<VirtualInterface>(bytes.as_slice()))?;
        holds_these_quotas(&text, read_quotas(bytes.as_slice()))?;
        is_malformed(&show::<VirtualGateway>(bytes.as_slice()).unwrap_err())?;
    }

    #[test]
    fn a_spoilt_page_of_gateways_is_no_other_page(mutations in mutations()) {
        spoilt::<VirtualGateway>(&[gateway("1"), gateway("2"), gateway("3")], &mutations)?;
    }

    #[test]
    fn a_spoilt_page_of_interfaces_is_no_other_page(mutations in mutations()) {
        spoilt::<VirtualInterface>(&[interface("1"), interface("2"), interface("3")], &mutations)?;
    }

    #[test]
    fn a_page_that_was_cut_is_no_page(cut in any::<proptest::sample::Index>()) {
        for (plural, item) in [("virtual_gateways", gateway("1")), ("virtual_interfaces", interface("1"))] {
            let mut text = page(plural, &[item]).to_string().into_bytes();
            text.truncate(cut.index(text.len()));
            is_malformed(&listed::<VirtualGateway>(text.as_slice()).unwrap_err())?;
            is_malformed(&listed::<VirtualInterface>(text).unwrap_err())?;
        }
    }

    /// A peer has no answer of its own: it is lost from its interface only where it was removed there.
    #[test]
    fn a_spoilt_interface_keeps_its_peers(mutations in mutations()) {
        let text = mutated(&json!({ "virtual_interface": interface("1") }), &mutations);
        match show::<VirtualInterface>(text.as_str()) {
            Ok(shown) => {
                let id = string(&text, &["virtual_interface", "id"]);
                let peers = elements(&text, &["virtual_interface", "vif_peers"]).map_or(0, |peers| peers.len());
                prop_assert_eq!((Some(shown.id), shown.vif_peers.len()), (id, peers), "{}", text);
            }
            Err(error) => is_malformed(&error)?,
        }
    }

    #[test]
    fn spoilt_quotas_are_no_other_quotas(mutations in mutations()) {
        let text = mutated(&quotas(), &mutations);
        holds_these_quotas(&text, read_quotas(text.as_str()))?;
    }
}

fn readable<R>(page: &Page<Item<R>>, index: usize) -> &R {
    match &page.items[index] {
        Item::Readable(item) => item,
        Item::Unreadable(unreadable) => panic!("{}", unreadable.problem),
    }
}

#[test]
fn what_is_valid_is_read() {
    let gateways = listed::<VirtualGateway>(page("virtual_gateways", &[gateway("1"), gateway("2")]).to_string()).unwrap();
    assert_eq!((gateways.items.len(), gateways.next_marker.as_deref()), (2, Some("m")));
    assert_eq!(readable(&gateways, 0).local_ep_group, ["10.0.0.0/8", "192.168.0.0/16"]);
    let interfaces = listed::<VirtualInterface>(page("virtual_interfaces", &[interface("1")]).to_string()).unwrap();
    assert_eq!(readable(&interfaces, 0).vif_peers.len(), 2);
    assert_eq!(read_quotas(quotas().to_string()).unwrap().resources[0].limit, 5);
    for empty in [r#"{"virtual_gateways":[]}"#, r#"{"virtual_gateways":[],"page_info":null}"#, r#"{"virtual_gateways":[],"page_info":{}}"#]
    {
        assert_eq!(listed::<VirtualGateway>(empty), Ok(Page { items: Vec::new(), next_marker: None }), "{empty}");
    }
}

#[test]
fn what_could_be_taken_for_an_empty_page_is_none() {
    let table = [
        r"{}",
        r"[]",
        r"[[]]",
        r#"{"virtual_gateways":null}"#,
        r#"{"virtual_gateways":{}}"#,
        r#"{"virtual_gateways":""}"#,
        r#"{"virtual_gateways":[null]}"#,
        r#"{"virtual_gateways":[{}]}"#,
        r#"{"virtual_gateways":[]"#,
        r#"{"virtual_gateways":[]}]"#,
        r#"{"virtual_gateways":[{"id":"1"}],"virtual_gateways":[]}"#,
        r#"{"virtual_gateway":[]}"#,
        r#"{"virtual_gateways":[],"page_info":[]}"#,
        r#"{"virtual_gateways":[],"page_info":{"next_marker":7}}"#,
        r#"{"virtual_gateways":[],"page_info":{"next_marker":"2"},"page_info":{}}"#,
    ];
    for text in table {
        assert_eq!(listed::<VirtualGateway>(text).map_err(|error| error.code), Err("Malformed".to_owned()), "{text}");
    }
    for text in [r#"{"quotas":[]}"#, r#"{"quotas":[[]]}"#, r#"{"quotas":{}}"#, r#"{"quotas":null}"#, r#"{"quotas":{"resources":{}}}"#] {
        assert!(read_quotas(text).is_err(), "{text}");
    }
}

#[test]
fn depth_that_would_exhaust_the_stack_is_no_harm() {
    const DEPTH: usize = 200_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}0{}", open.repeat(DEPTH), close.repeat(DEPTH));
        let unread = format!(r#"{{"virtual_gateways":[{{"id":"1","new":{deep}}}],"new":{deep}}}"#);
        assert_eq!(listed::<VirtualGateway>(unread).unwrap().items.len(), 1, "what is not read may be as deep as it likes");
        assert!(listed::<VirtualGateway>(format!(r#"{{"virtual_gateways":{deep}}}"#)).is_err());
        assert!(listed::<VirtualGateway>(deep).is_err());
    }
}
