//! `VirtualGateway`: the cloud side's end of a line, one for each VPC.

use crate::accounts::{Use, What};
use crate::api::{Managed, Tags, VirtualGateway, VirtualGatewayObserved, VirtualGatewaySpec};
use crate::cloud::{self, Call, CreateVirtualGateway, UpdateVirtualGateway};
use crate::reconcile::{ById, Desired, Difference, Health, Kind, Place, Refer, ResourcePhase, SpecTags};

use super::compare::{Comparison, TagChange, differs, from_wire, to_wire};
use super::disruption::removed;
use super::{express, imported};

/// The kind.
pub struct VirtualGatewayKind;

impl Kind for VirtualGatewayKind {
    type Object = VirtualGateway;
    type Listed = cloud::VirtualGateway;
    type Resource = cloud::VirtualGateway;

    const NAME: &'static str = "VirtualGateway";
    const PLACE: Place = Place::Gateway;
    const WRITES: &'static [&'static str] = cloud::VirtualGateway::WRITES;

    /// What it leads to. One that the account does not show counts as a network of that id, which an account can grant.
    const BY_ID: Option<ById<cloud::VirtualGateway>> = Some(ById {
        uses: |gateway| gateway.vpc_id.iter().chain(&gateway.enterprise_router_id).cloned().map(What::Network).collect(),
        uses_of_absent: |id| vec![What::Network(id.to_owned())],
    });

    fn tags_of(object: &VirtualGateway) -> SpecTags<'_> {
        object.spec.tags.as_ref().into()
    }

    fn uses(object: &VirtualGateway) -> Vec<Use> {
        let spec = &object.spec;
        let vpc = spec.vpc_id.iter().map(|id| Use::new("vpcId", What::Network(id.clone())));
        let router = spec.enterprise_router_id.iter().map(|id| Use::new("enterpriseRouterId", What::Network(id.clone())));
        vpc.chain(router).chain(imported(Some(Self::NAME), spec.import.as_ref())).collect()
    }

    fn resources(listed: &cloud::VirtualGateway) -> Vec<cloud::VirtualGateway> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::VirtualGateway>, seen: cloud::VirtualGateway) -> Option<cloud::VirtualGateway> {
        Some(seen)
    }

    fn id(seen: &cloud::VirtualGateway) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::VirtualGateway) -> Option<&str> {
        seen.name.as_deref()
    }

    fn tags(seen: &cloud::VirtualGateway) -> Tags {
        from_wire(&seen.tags)
    }

    fn natural_key(desired: &Desired<'_, VirtualGateway>) -> Option<String> {
        let spec = &desired.object.spec;
        spec.vpc_id.clone().or_else(|| spec.enterprise_router_id.clone())
    }

    fn describe_natural_key(desired: &Desired<'_, VirtualGateway>) -> Option<String> {
        let spec = &desired.object.spec;
        let of_router =
            spec.enterprise_router_id.as_ref().map(|router| format!("the name {} at enterprise router {router}", name(desired)));
        spec.vpc_id.as_ref().map(|vpc| format!("VPC {vpc}")).or(of_router)
    }

    /// One gateway for each VPC (DC.1110). A router may have several: there the name must do, as the owner's tag comes first anyway.
    fn is_at(desired: &Desired<'_, VirtualGateway>, seen: &cloud::VirtualGateway) -> bool {
        let spec = &desired.object.spec;
        match (&spec.vpc_id, &spec.enterprise_router_id) {
            (Some(vpc), _) => seen.vpc_id.as_ref() == Some(vpc),
            (None, Some(router)) => seen.enterprise_router_id.as_ref() == Some(router) && seen.name == Some(name(desired)),
            (None, None) => false,
        }
    }

    /// A VPC has one gateway.
    fn competitor(desired: &Desired<'_, VirtualGateway>, listed: &cloud::VirtualGateway) -> Option<String> {
        let spec = &desired.object.spec;
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        let competes = same(&spec.vpc_id, &listed.vpc_id) || same(&spec.enterprise_router_id, &listed.enterprise_router_id);
        competes.then(|| listed.id.clone())
    }

    /// A router takes several gateways of any name.
    fn is_guarded(object: &VirtualGateway) -> bool {
        object.spec.vpc_id.is_some()
    }

    fn create(desired: &Desired<'_, VirtualGateway>) -> Option<Call> {
        let spec = &desired.object.spec;
        let create = CreateVirtualGateway {
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            vpc_id: spec.vpc_id.clone(),
            enterprise_router_id: spec.enterprise_router_id.clone(),
            local_ep_group: spec.vpc_id.as_ref().map(|_| spec.local_ep_group.clone()),
            local_ep_group_ipv6: spec.local_ep_group_ipv6.clone(),
            bgp_asn: spec.bgp_asn,
            enterprise_project_id: spec.enterprise_project_id.clone().or_else(|| desired.defaults.enterprise_project_id.clone()),
            tags: to_wire(&Self::desired_tags(desired).tags),
        };
        Some(create.call())
    }

    fn delete(gateway: &cloud::VirtualGateway) -> Option<Call> {
        Some(cloud::VirtualGateway::delete(&gateway.id))
    }

    fn compare(desired: &Desired<'_, VirtualGateway>, seen: &cloud::VirtualGateway) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        comparison.fixed("vpcId", spec.vpc_id.as_ref(), seen.vpc_id.as_ref());
        comparison.fixed("enterpriseRouterId", spec.enterprise_router_id.as_ref(), seen.enterprise_router_id.as_ref());
        comparison.fixed("bgpAsn", spec.bgp_asn, seen.bgp_asn);
        comparison.fixed("enterpriseProjectId", spec.enterprise_project_id.as_ref(), seen.enterprise_project_id.as_ref());
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        // An update can't empty a list (minItems 1): an empty one in the spec says nothing. A router's gateway has none.
        if spec.vpc_id.is_some() && !spec.local_ep_group.is_empty() {
            comparison.networks("localEpGroup", &spec.local_ep_group, &seen.local_ep_group);
        }
        if !spec.local_ep_group_ipv6.is_empty() {
            comparison.networks("localEpGroupIpv6", &spec.local_ep_group_ipv6, &seen.local_ep_group_ipv6);
        }
        comparison.tags(&Self::desired_tags(desired), &from_wire(&seen.tags));
        comparison.finish()
    }

    fn update(desired: &Desired<'_, VirtualGateway>, seen: &cloud::VirtualGateway, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let when = |path| differs(differences, path);
        let body = UpdateVirtualGateway {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| spec.description.clone().unwrap_or_default()),
            local_ep_group: when("localEpGroup").then(|| spec.local_ep_group.clone()),
            local_ep_group_ipv6: when("localEpGroupIpv6").then(|| spec.local_ep_group_ipv6.clone()),
        };
        if body != UpdateVirtualGateway::default() {
            return Some(body.call(&seen.id));
        }
        if !when("tags") {
            return None;
        }
        TagChange::between(&Self::desired_tags(desired), &from_wire(&seen.tags)).map(|change| change.call("dc-vgw", &seen.id))
    }

    fn phase(seen: &cloud::VirtualGateway) -> ResourcePhase {
        ResourcePhase::of(seen.status.as_deref(), None)
    }

    fn health(seen: &cloud::VirtualGateway) -> Health {
        Health::of(seen.status.as_deref(), &[])
    }

    fn observed(seen: &cloud::VirtualGateway) -> VirtualGatewayObserved {
        let cloud::VirtualGateway {
            id: _,
            name,
            description: _,
            vpc_id,
            enterprise_router_id,
            local_ep_group,
            local_ep_group_ipv6,
            bgp_asn,
            status,
            device_id,
            redundant_device_id,
            enterprise_project_id,
            tags,
        } = seen.clone();
        VirtualGatewayObserved {
            name,
            status,
            vpc_id,
            enterprise_router_id,
            local_ep_group,
            local_ep_group_ipv6,
            bgp_asn,
            device_id,
            redundant_device_id,
            enterprise_project_id,
            tags: from_wire(&tags),
        }
    }

    fn spec_of(seen: &cloud::VirtualGateway, _: &Refer<'_>) -> Result<VirtualGatewaySpec, String> {
        let vpc_id = seen.vpc_id.clone();
        let enterprise_router_id = seen.enterprise_router_id.clone().filter(|_| vpc_id.is_none());
        let of_vpc = if vpc_id.is_some() { express::networks("local_ep_group", &seen.local_ep_group, 50)? } else { Vec::new() };
        if vpc_id.is_some() && of_vpc.is_empty() || vpc_id.is_none() && enterprise_router_id.is_none() {
            return Err(format!("the cloud does not show its {}", if vpc_id.is_some() { "local_ep_group" } else { "vpc_id" }));
        }
        Ok(VirtualGatewaySpec {
            account_ref: None,
            policy: None,
            import: None,
            vpc_id,
            enterprise_router_id,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 128),
            local_ep_group: of_vpc,
            local_ep_group_ipv6: express::networks("local_ep_group_ipv6", &seen.local_ep_group_ipv6, 50)?,
            bgp_asn: seen.bgp_asn.filter(|asn| *asn > 0),
            enterprise_project_id: seen.enterprise_project_id.clone(),
            tags: express::tags(&seen.tags),
        })
    }

    fn disruption(difference: &Difference) -> Option<&'static str> {
        match difference.path {
            "localEpGroup" | "localEpGroupIpv6" => removed(difference),
            _ => None,
        }
    }
}

/// The name by which a create that may have been sent is known, or the one that the resource is to have.
fn name(desired: &Desired<'_, VirtualGateway>) -> String {
    desired.created_as.map_or_else(|| desired.object.cloud_name(), str::to_owned)
}
