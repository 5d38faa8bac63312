//! A few words about an object, from the fields that it has.

use serde_json::Value;

use crate::object::Object;

/// Fields worth a word, in this order, and what stands before and behind the value.
const FACTS: &[(&str, &str, &str)] = &[
    ("/status/observed/location", "", ""),
    ("/spec/vlan", "VLAN ", ""),
    ("/spec/addressFamily", "", ""),
    ("/spec/destination", "to ", ""),
    ("/spec/peerSite/regionId", "region ", ""),
    ("/status/observed/cidr", "", ""),
    ("/status/observed/bgpStatus", "BGP ", ""),
];

/// Mbit/s: what the spec asks for, or what the cloud shows; 0 is none.
const BANDWIDTH: [&str; 2] = ["/spec/bandwidth", "/status/observed/bandwidth"];

/// The words.
#[must_use]
pub fn facts(object: &Object) -> Vec<String> {
    let fact = |(pointer, before, behind): &(&str, &str, &str)| {
        let text = object.text(pointer);
        (!text.is_empty()).then(|| format!("{before}{text}{behind}"))
    };
    let mut facts: Vec<String> = FACTS.iter().filter_map(fact).collect();
    let bandwidth = BANDWIDTH.iter().map(|pointer| object.text(pointer)).find(|text| !text.is_empty() && text != "0");
    facts.extend(bandwidth.map(|bandwidth| format!("{bandwidth} Mbit/s")));
    facts.extend(sessions(object).map(|sessions| format!("BGP {sessions}")));
    facts
}

/// States of the BGP sessions of an interface, as the cloud shows them: `ESTABLISHED`, or `ipv4 ESTABLISHED, ipv6 IDLE` where they differ.
#[must_use]
pub fn sessions(object: &Object) -> Option<String> {
    let peers = object.field("/status/observed/peers").as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |peer: &Value, field: &str| peer.get(field).and_then(Value::as_str).map(str::to_owned);
    let sessions: Vec<(String, String)> = peers
        .iter()
        .filter_map(|peer| {
            Some((text(peer, "addressFamily").unwrap_or_default(), text(peer, "bgpStatus").filter(|status| !status.is_empty())?))
        })
        .collect();
    let (_, first) = sessions.first()?;
    if sessions.iter().all(|(_, status)| status == first) {
        return Some(first.clone());
    }
    Some(sessions.iter().map(|(family, status)| format!("{family} {status}")).collect::<Vec<_>>().join(", "))
}
