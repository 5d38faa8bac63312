//! Rules of virtual gateways.

use super::{
    check_gateway_unlocked, check_name_unique,
    fields::{Field, FieldType, require, validate},
    network::{AddressFamily, local_subnets, overlap, parse_subnets},
    of_project,
};
use crate::{
    http::ApiError,
    settings::{GatewaySubnets, PendingDelete, Settings},
    state::{Cloud, Object, is_pending, number, peers, text, texts},
};

const CREATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("vpc_id", FieldType::Uuid),
    // Not in the schema, but in the vendor's second example of this operation.
    ("enterprise_router_id", FieldType::Uuid),
    ("type", FieldType::OneOf(&["default"])),
    ("local_ep_group", FieldType::Texts(0, 200)),
    ("local_ep_group_ipv6", FieldType::Texts(0, 50)),
    ("bgp_asn", FieldType::Asn),
    ("enterprise_project_id", FieldType::EnterpriseProject),
    ("tags", FieldType::Tags),
];

const UPDATE: &[Field] = &[
    ("name", FieldType::Text(64)),
    ("description", FieldType::Description),
    ("local_ep_group", FieldType::Texts(1, 200)),
    ("local_ep_group_ipv6", FieldType::Texts(1, 50)),
];

const IMMUTABLE: &[&str] = &["id", "vpc_id", "enterprise_router_id", "bgp_asn", "enterprise_project_id", "tags", "type", "status"];

/// Returns the validated body.
pub fn check_create(cloud: &Cloud, body: Object, project_id: &str, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, CREATE, &[], settings)?;
    if !body.contains_key("enterprise_router_id") {
        require(&body, &["vpc_id", "local_ep_group"])?;
    }
    check_local_subnets(&body, settings)?;
    if settings.missing_vpcs.iter().any(|missing| missing == text(&body, "vpc_id")) {
        return Err(ApiError::bad_request("DC.0007"));
    }
    let same_vpc = |gateway: &Object| body.contains_key("vpc_id") && text(gateway, "vpc_id") == text(&body, "vpc_id");
    if cloud.gateways.values().any(same_vpc) {
        return Err(ApiError::bad_request("DC.1110"));
    }
    check_name_unique(&cloud.gateways, project_id, "", &body, settings)?;
    if of_project(&cloud.gateways, project_id).count() >= settings.quotas.virtual_gateways {
        return Err(ApiError::with_detail(&settings.quota_code, "The quota of virtual gateways is used up."));
    }
    Ok(body)
}

/// Returns the validated changes.
pub fn check_update(cloud: &Cloud, gateway: &Object, body: Object, settings: &Settings) -> Result<Object, ApiError> {
    let body = validate(body, UPDATE, IMMUTABLE, settings)?;
    check_unlocked(cloud, gateway, settings)?;
    check_local_subnets(&body, settings)?;
    for key in ["local_ep_group", "local_ep_group_ipv6"] {
        check_removed_subnets(gateway, &body, key, settings)?;
    }
    check_remote_overlap(cloud, gateway, &body)?;
    check_name_unique(&cloud.gateways, text(gateway, "tenant_id"), text(gateway, "id"), &body, settings)?;
    Ok(body)
}

pub fn check_delete(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Result<(), ApiError> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_gateway_unlocked(gateway, settings)?;
    }
    if cloud.interfaces_of_gateway(text(gateway, "id")).next().is_some() {
        return Err(ApiError::bad_request("DC.1106"));
    }
    Ok(())
}

fn check_unlocked(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Result<(), ApiError> {
    check_gateway_unlocked(gateway, settings)?;
    let busy = cloud.interfaces_of_gateway(text(gateway, "id")).any(is_pending);
    if settings.locks.interface_locks_gateway && busy { Err(ApiError::bad_request(&settings.locks.gateway_code)) } else { Ok(()) }
}

fn check_local_subnets(body: &Object, settings: &Settings) -> Result<(), ApiError> {
    for (key, family) in [("local_ep_group", AddressFamily::V4), ("local_ep_group_ipv6", AddressFamily::V6)] {
        if parse_subnets(&texts(body, key), family)?.len() > settings.quotas.local_subnets {
            return Err(ApiError::bad_request("DC.1101"));
        }
    }
    Ok(())
}

/// Whether an update may remove subnets (`docs/design/uncertain-facts.md#u1`).
fn check_removed_subnets(gateway: &Object, body: &Object, key: &str, settings: &Settings) -> Result<(), ApiError> {
    let kept = texts(body, key);
    let removed = body.contains_key(key) && texts(gateway, key).iter().any(|subnet| !kept.contains(subnet));
    if removed && settings.switches.u1_gateway_subnets == GatewaySubnets::AddOnly {
        return Err(ApiError::invalid_parameter(&format!("subnets of {key} cannot be removed")));
    }
    Ok(())
}

/// New local subnets must not overlap the remote subnets of the gateway's interfaces.
fn check_remote_overlap(cloud: &Cloud, gateway: &Object, body: &Object) -> Result<(), ApiError> {
    for family in [AddressFamily::V4, AddressFamily::V6] {
        let local = local_subnets(body, family);
        let remote: Vec<_> = cloud
            .interfaces_of_gateway(text(gateway, "id"))
            .flat_map(peers)
            .flat_map(|peer| texts(peer, "remote_ep_group"))
            .filter_map(|text| text.parse().ok())
            .collect();
        if overlap(&local, &remote) {
            return Err(ApiError::bad_request("DC.1105"));
        }
    }
    Ok(())
}

pub fn asn(gateway: &Object) -> Option<u64> {
    number(gateway, "bgp_asn")
}
