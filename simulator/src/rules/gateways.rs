//! Rules of virtual gateways.

use super::{
    fields::{Field, Form, accept, require},
    gateway_unlocked, name_free,
    network::{Family, local_subnets, overlap, subnets},
    owned,
};
use crate::{
    errors::Refusal,
    settings::{GatewaySubnets, PendingDelete, Settings},
    state::{Cloud, Object, is_pending, number, peers, text, texts},
};

const CREATE: &[Field] = &[
    ("name", Form::Text(64)),
    ("description", Form::Description),
    ("vpc_id", Form::Uuid),
    // Undocumented in the schema, but in the vendor's second example of this operation.
    ("enterprise_router_id", Form::Uuid),
    ("local_ep_group", Form::Texts(0, 200)),
    ("local_ep_group_ipv6", Form::Texts(0, 50)),
    ("bgp_asn", Form::Asn),
    ("enterprise_project_id", Form::EnterpriseProject),
    ("tags", Form::Tags),
];

const UPDATE: &[Field] = &[
    ("name", Form::Text(64)),
    ("description", Form::Description),
    ("local_ep_group", Form::Texts(1, 200)),
    ("local_ep_group_ipv6", Form::Texts(1, 50)),
];

const IMMUTABLE: &[&str] = &["id", "vpc_id", "enterprise_router_id", "bgp_asn", "enterprise_project_id", "tags", "type", "status"];

/// Rules of a creation; answers the accepted body.
pub fn create(cloud: &Cloud, body: Object, project_id: &str, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, CREATE, &[], settings)?;
    if !body.contains_key("enterprise_router_id") {
        require(&body, &["vpc_id", "local_ep_group"])?;
    }
    subnets_fit(&body, settings)?;
    if settings.missing_vpcs.iter().any(|missing| missing == text(&body, "vpc_id")) {
        return Err(Refusal::rule("DC.0007"));
    }
    let same_vpc = |gateway: &Object| body.contains_key("vpc_id") && text(gateway, "vpc_id") == text(&body, "vpc_id");
    if cloud.gateways.values().any(same_vpc) {
        return Err(Refusal::rule("DC.1110"));
    }
    name_free(&cloud.gateways, project_id, "", &body, settings)?;
    if owned(&cloud.gateways, project_id).count() >= settings.quotas.virtual_gateways {
        return Err(Refusal::rule_because(&settings.quota_code, "The quota of virtual gateways is used up."));
    }
    Ok(body)
}

/// Rules of an update; answers the accepted body.
pub fn update(cloud: &Cloud, gateway: &Object, body: Object, settings: &Settings) -> Result<Object, Refusal> {
    let body = accept(body, UPDATE, IMMUTABLE, settings)?;
    unlocked(cloud, gateway, settings)?;
    subnets_fit(&body, settings)?;
    for key in ["local_ep_group", "local_ep_group_ipv6"] {
        subnets_may_change(gateway, &body, key, settings)?;
    }
    remote_subnets_fit(cloud, gateway, &body)?;
    name_free(&cloud.gateways, text(gateway, "tenant_id"), text(gateway, "id"), &body, settings)?;
    Ok(body)
}

/// Rules of a deletion.
pub fn delete(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Result<(), Refusal> {
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        gateway_unlocked(gateway, settings)?;
    }
    if cloud.interfaces_of_gateway(text(gateway, "id")).next().is_some() {
        return Err(Refusal::rule("DC.1106"));
    }
    Ok(())
}

fn unlocked(cloud: &Cloud, gateway: &Object, settings: &Settings) -> Result<(), Refusal> {
    gateway_unlocked(gateway, settings)?;
    let busy = cloud.interfaces_of_gateway(text(gateway, "id")).any(is_pending);
    if settings.locks.interface_locks_gateway && busy { Err(Refusal::rule(&settings.locks.gateway_code)) } else { Ok(()) }
}

fn subnets_fit(body: &Object, settings: &Settings) -> Result<(), Refusal> {
    for (key, family) in [("local_ep_group", Family::V4), ("local_ep_group_ipv6", Family::V6)] {
        if subnets(&texts(body, key), family)?.len() > settings.quotas.local_subnets {
            return Err(Refusal::rule("DC.1101"));
        }
    }
    Ok(())
}

/// Whether an update may take subnets away (`docs/design/uncertain-facts.md#u1`).
fn subnets_may_change(gateway: &Object, body: &Object, key: &str, settings: &Settings) -> Result<(), Refusal> {
    let kept = texts(body, key);
    let removed = body.contains_key(key) && texts(gateway, key).iter().any(|subnet| !kept.contains(subnet));
    if removed && settings.switches.u1_gateway_subnets == GatewaySubnets::AddOnly {
        return Err(Refusal::parameter(&format!("subnets of {key} cannot be removed")));
    }
    Ok(())
}

/// New local subnets must not overlap what lies behind the gateway's interfaces.
fn remote_subnets_fit(cloud: &Cloud, gateway: &Object, body: &Object) -> Result<(), Refusal> {
    for family in [Family::V4, Family::V6] {
        let local = local_subnets(body, family);
        let remote: Vec<_> = cloud
            .interfaces_of_gateway(text(gateway, "id"))
            .flat_map(peers)
            .flat_map(|peer| texts(peer, "remote_ep_group"))
            .filter_map(|text| text.parse().ok())
            .collect();
        if overlap(&local, &remote) {
            return Err(Refusal::rule("DC.1105"));
        }
    }
    Ok(())
}

/// The ASN of the cloud's side.
pub fn asn(gateway: &Object) -> Option<u64> {
    number(gateway, "bgp_asn")
}
