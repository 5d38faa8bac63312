//! The form of resources in responses.
//!
//! The deprecated address and subnet fields of an interface repeat those of its peers. They are not stored but added
//! here, as is everything that depends on the settings.

use serde_json::{Value, json};

use crate::{
    settings::{AbsentFields, CidrOrder, DetectionTimes, Md5Echo, SegmentRows, Settings},
    state::{Cloud, Object, peers, set, text},
};

const SUBNET_LISTS: [&str; 4] = ["local_ep_group", "local_ep_group_ipv6", "remote_ep_group", "service_ep_group"];

/// What the partner sees of a hosted connection.
const HOSTED: [&str; 17] = [
    "id",
    "name",
    "description",
    "tenant_id",
    "type",
    "hosting_id",
    "vlan",
    "bandwidth",
    "port_type",
    "location",
    "peer_location",
    "provider",
    "provider_status",
    "admin_state_up",
    "status",
    "apply_time",
    "create_time",
];

pub fn connection(connection: &Object, settings: &Settings) -> Value {
    apply_settings(connection.clone(), settings)
}

pub fn hosted_connection(connection: &Object, settings: &Settings) -> Value {
    apply_settings(only(connection, &HOSTED), settings)
}

/// Adds what follows from the global EIPs of the gateway.
pub fn connect_gateway(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Value {
    let mut shown = gateway.clone();
    let id = text(gateway, "id");
    set(&mut shown, "current_geip_count", cloud.bound_to(id).count());
    let package = cloud.bound_to(id).filter_map(|bound| bound.get("gcb_id")).find(|package| !package.is_null());
    set(&mut shown, "gcb_id", package.cloned().unwrap_or_default());
    if !settings.extra_fields {
        shown.remove("reason");
    }
    apply_settings(shown, settings)
}

/// A segment has an id of its own kind, and by a setting the other, too (`docs/design/uncertain-facts.md#u35`).
pub fn global_eip(bound: &Object, settings: &Settings) -> Value {
    let mut shown = bound.clone();
    for stored in ["id", "tenant_id", "connect_gateway_id"] {
        shown.remove(stored);
    }
    if text(bound, "type") == "IP_SEGMENT" && settings.switches.u35_segment_rows == SegmentRows::SegmentOnly {
        shown.remove("global_eip_id");
    }
    apply_settings(shown, settings)
}

pub fn location(location: &Object, settings: &Settings) -> Value {
    let mut shown = location.clone();
    shown.remove("status");
    apply_settings(shown, settings)
}

/// Its times have one of two forms (`docs/design/uncertain-facts.md#u40`). One that goes on has no end.
pub fn detection(detection: &Object, settings: &Settings) -> Value {
    let mut shown = detection.clone();
    shown.remove("tenant_id");
    for key in ["start_time", "end_time"] {
        if settings.switches.u40_detection_times == DetectionTimes::Spaced && !text(detection, key).is_empty() {
            set(&mut shown, key, text(detection, key).replace('T', " ").replace('Z', ""));
        }
    }
    apply_settings(shown, settings)
}

pub fn gateway(gateway: &Object, settings: &Settings) -> Value {
    let mut shown = gateway.clone();
    if settings.extra_fields {
        set(&mut shown, "reserved_features", json!({"ipsec": false, "zones": []}));
    }
    apply_settings(shown, settings)
}

pub fn interface(interface: &Object, settings: &Settings) -> Value {
    let mut shown = interface.clone();
    copy_peer_fields(&mut shown, interface);
    if settings.extra_fields
        && let Some(first) = peers(interface).next()
    {
        for key in ["route_mode", "bgp_asn", "bgp_md5"] {
            set(&mut shown, key, first.get(key).cloned().unwrap_or_default());
        }
        apply_md5_setting(&mut shown, settings);
    }
    let list = peers(interface).map(|peer| self::peer(peer, settings)).collect();
    shown.insert("vif_peers".to_owned(), Value::Array(list));
    apply_settings(shown, settings)
}

pub fn peer(peer: &Object, settings: &Settings) -> Value {
    let mut shown = peer.clone();
    apply_md5_setting(&mut shown, settings);
    if settings.extra_fields {
        set(&mut shown, "enable_gre", false);
        for key in ["gre_status", "local_gre_tunnel_ip", "remote_gre_tunnel_ip"] {
            set(&mut shown, key, Value::Null);
        }
    }
    apply_settings(shown, settings)
}

fn only(object: &Object, keys: &[&str]) -> Object {
    object.iter().filter(|(key, _)| keys.contains(&key.as_str())).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Adds the deprecated fields. With two peers the subnets are those of the last one, as in the vendor's example.
fn copy_peer_fields(shown: &mut Object, interface: &Object) {
    for key in ["local_gateway_v4_ip", "remote_gateway_v4_ip", "local_gateway_v6_ip", "remote_gateway_v6_ip"] {
        set(shown, key, Value::Null);
    }
    for peer in peers(interface) {
        let version = if text(peer, "address_family") == "ipv6" { "v6" } else { "v4" };
        set(shown, &format!("local_gateway_{version}_ip"), text(peer, "local_gateway_ip"));
        set(shown, &format!("remote_gateway_{version}_ip"), text(peer, "remote_gateway_ip"));
        set(shown, "remote_ep_group", peer.get("remote_ep_group").cloned().unwrap_or_default());
    }
}

/// Shows, masks or hides the BGP key (`docs/design/uncertain-facts.md#u9`).
fn apply_md5_setting(shown: &mut Object, settings: &Settings) {
    if shown.get("bgp_md5").is_none_or(Value::is_null) {
        return;
    }
    match settings.switches.u9_bgp_md5 {
        Md5Echo::Echo => {}
        Md5Echo::Mask => set(shown, "bgp_md5", "******"),
        Md5Echo::Hide => set(shown, "bgp_md5", Value::Null),
    }
}

pub fn apply_settings(mut shown: Object, settings: &Settings) -> Value {
    for key in SUBNET_LISTS {
        if let Some(Value::Array(list)) = shown.get_mut(key) {
            match settings.switches.u12_cidr_order {
                CidrOrder::AsGiven => {}
                CidrOrder::Sorted => list.sort_by_key(ToString::to_string),
                CidrOrder::Reversed => list.reverse(),
            }
        }
    }
    if settings.absent_fields == AbsentFields::Missing {
        shown.retain(|_, value| !value.is_null());
    }
    Value::Object(shown)
}
