//! `GlobalGatewayRoute`: one route in the table of a global gateway, which may have several writers.

use serde_json::json;

use crate::accounts::{Use, What};
use crate::api::cloud_account::{Feature, Features};
use crate::api::global_gateway_route::NextHopType;
use crate::api::{AddressFamily, GlobalGatewayRoute, GlobalGatewayRouteObserved, GlobalGatewayRouteSpec, Tags};
use crate::cloud::{self, Call, Listed, RouteKey};
use crate::graph::Contribution;
use crate::reconcile::{Desired, Difference, Kind, Place, Refer, Reference, ResourcePhase, SpecTags, recall};

use super::compare::Comparison;
use super::express::{needed, word};
use super::global_gateway::{GlobalGatewayKind, named};
use super::peer::PeerKind;
use super::virtual_interface::VirtualInterfaceKind;
use super::{express, imported};

/// Fields that refer to the gateway, and to what can be the next hop.
const GATEWAY: &str = "globalGatewayRef";
const INTERFACE: &str = "virtualInterfaceRef";
const PEER: &str = "peerRef";
const NEXT_GATEWAY: &str = "nextHopGlobalGatewayRef";
const NEXT_HOP: &str = "nexthop";

/// The kind.
pub struct GlobalGatewayRouteKind;

impl Kind for GlobalGatewayRouteKind {
    type Object = GlobalGatewayRoute;
    type Listed = cloud::GlobalGatewayRoute;
    type Resource = cloud::GlobalGatewayRoute;

    const NAME: &'static str = "GlobalGatewayRoute";
    const REFERENCES: &'static [(&'static str, &'static str)] = &[
        (GATEWAY, GlobalGatewayKind::NAME),
        (INTERFACE, VirtualInterfaceKind::NAME),
        (PEER, PeerKind::NAME),
        (NEXT_GATEWAY, GlobalGatewayKind::NAME),
    ];
    const PLACE: Place = Place::Attachment;
    const WRITES: &'static [&'static str] = cloud::GlobalGatewayRoute::WRITES;
    const HAS_HEALTH: bool = false;
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = GlobalGatewayKind::FEATURE;

    fn tags_of(_: &GlobalGatewayRoute) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn references(object: &GlobalGatewayRoute) -> Vec<Reference> {
        let spec = &object.spec;
        let family = family(&spec.destination);
        let gateway = spec.global_gateway_ref.iter().map(|to| Reference::new(GATEWAY, GlobalGatewayKind::NAME, to));
        let interface = spec.virtual_interface_ref.iter();
        let interface = interface.map(|to| Reference::new(INTERFACE, VirtualInterfaceKind::NAME, to).to_part(family.as_str()));
        let peer = spec.peer_ref.iter().map(|to| Reference::new(PEER, PeerKind::NAME, to));
        let next = spec.next_hop_global_gateway_ref.iter().map(|to| Reference::new(NEXT_GATEWAY, GlobalGatewayKind::NAME, to));
        gateway.chain(interface).chain(peer).chain(next).collect()
    }

    fn uses(object: &GlobalGatewayRoute) -> Vec<Use> {
        let spec = &object.spec;
        let gateway = spec.global_gateway_id.iter().flat_map(|id| named("globalGatewayId", id));
        let is_gateway = type_of(object) == NextHopType::Gdgw;
        let next = spec.nexthop.iter().flat_map(|id| {
            let peer = || vec![Use::new(NEXT_HOP, What::Resource(PeerKind::NAME, id.clone()))];
            if is_gateway { named(NEXT_HOP, id).to_vec() } else { peer() }
        });
        gateway.chain(next).chain(imported(None, spec.import.as_ref())).collect()
    }

    fn resources(listed: &cloud::GlobalGatewayRoute) -> Vec<cloud::GlobalGatewayRoute> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::GlobalGatewayRoute>, seen: cloud::GlobalGatewayRoute) -> Option<cloud::GlobalGatewayRoute> {
        Some(seen)
    }

    fn id(seen: &cloud::GlobalGatewayRoute) -> &str {
        &seen.id
    }

    fn tags(_: &cloud::GlobalGatewayRoute) -> Tags {
        Tags::new()
    }

    fn natural_key(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<String> {
        key(desired).as_ref().map(RouteKey::natural_key)
    }

    fn describe_natural_key(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<String> {
        let RouteKey { gateway, type_: _, destination, nexthop } = key(desired)?;
        Some(format!("the route of global gateway {gateway} to {destination} by {nexthop}"))
    }

    /// The cloud takes a route once (`docs/design/uncertain-facts.md#u31`).
    fn is_at(desired: &Desired<'_, GlobalGatewayRoute>, seen: &cloud::GlobalGatewayRoute) -> bool {
        Self::natural_key(desired).is_some_and(|key| seen.natural_keys().contains(&key))
    }

    /// The other routes of the gateway.
    fn competitor(desired: &Desired<'_, GlobalGatewayRoute>, listed: &cloud::GlobalGatewayRoute) -> Option<String> {
        let competes = gateway(desired).is_some_and(|gateway| Some(&gateway) == listed.gateway_id.as_ref());
        competes.then(|| listed.id.clone())
    }

    fn listed_under(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<String> {
        let observed = desired.object.status.as_ref().and_then(|status| status.observed.as_ref());
        observed.and_then(|observed| observed.global_gateway_id.clone()).or_else(|| gateway(desired))
    }

    fn create(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<Call> {
        Some(key(desired).unwrap_or_default().add(desired.object.spec.description.as_deref()))
    }

    fn delete(route: &cloud::GlobalGatewayRoute) -> Option<Call> {
        // The cloud refuses one that it does not show whole, and the object stays.
        Some(route.key().unwrap_or_default().delete())
    }

    fn compare(desired: &Desired<'_, GlobalGatewayRoute>, seen: &cloud::GlobalGatewayRoute) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        let field = if spec.global_gateway_id.is_some() { "globalGatewayId" } else { GATEWAY };
        comparison.fixed(field, gateway(desired).as_ref(), seen.gateway_id.as_ref());
        comparison.address("destination", &spec.destination, seen.destination.as_deref());
        comparison.fixed(next_hop_field(desired.object), next_hop(desired).as_ref(), seen.nexthop.as_ref());
        comparison.fixed("type", spec.type_.map(NextHopType::as_str), seen.type_.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.finish()
    }

    fn update(_: &Desired<'_, GlobalGatewayRoute>, seen: &cloud::GlobalGatewayRoute, differences: &[Difference]) -> Option<Call> {
        let description = differences.iter().find(|difference| difference.path == "description")?;
        Some(seen.key()?.describe(&description.desired))
    }

    fn phase(seen: &cloud::GlobalGatewayRoute) -> ResourcePhase {
        ResourcePhase::of(seen.status.as_deref(), None)
    }

    fn parent_ids(observed: &GlobalGatewayRouteObserved) -> Vec<&String> {
        observed.global_gateway_id.iter().chain(&observed.nexthop).collect()
    }

    /// The destination appears among the networks of the peer that is the next hop (`docs/design/uncertain-facts.md#u30`).
    fn contributions(object: &GlobalGatewayRoute) -> Vec<Contribution> {
        if type_of(object) != NextHopType::VifPeer {
            return Vec::new();
        }
        let status = object.status.as_ref();
        let observed = status.and_then(|status| status.observed.as_ref()?.nexthop.as_ref());
        let aimed = status.and_then(|status| status.intent.as_ref()?.target.as_ref());
        let aimed = aimed.and_then(|target| target.references.get(INTERFACE).or_else(|| target.references.get(PEER)));
        let named = object.spec.nexthop.as_ref().filter(|_| status.is_some_and(|status| status.intent.is_some()));
        let peer = observed.or(named).or(aimed);
        peer.map(|peer| (peer.clone(), object.spec.destination.clone())).into_iter().collect()
    }

    fn observed(seen: &cloud::GlobalGatewayRoute) -> GlobalGatewayRouteObserved {
        let cloud::GlobalGatewayRoute {
            id: _,
            gateway_id,
            destination,
            nexthop,
            type_,
            address_family,
            obtain_mode,
            description: _,
            status,
        } = seen.clone();
        GlobalGatewayRouteObserved { global_gateway_id: gateway_id, destination, nexthop, type_, address_family, obtain_mode, status }
    }

    fn spec_of(seen: &cloud::GlobalGatewayRoute, refer: &Refer<'_>) -> Result<GlobalGatewayRouteSpec, String> {
        let gateway = needed("gateway_id", seen.gateway_id.clone())?;
        let next = needed("nexthop", seen.nexthop.clone())?;
        let type_ = needed("type", word(seen.type_.as_ref()))?;
        let is_peer = type_ == NextHopType::VifPeer;
        let to = |kind, is_type: bool| if is_type { refer(kind, &next) } else { None };
        let (peer_ref, next_hop_global_gateway_ref) = (to(PeerKind::NAME, is_peer), to(GlobalGatewayKind::NAME, !is_peer));
        let virtual_interface_ref = to(VirtualInterfaceKind::NAME, is_peer && peer_ref.is_none());
        let is_referred = peer_ref.is_some() || virtual_interface_ref.is_some() || next_hop_global_gateway_ref.is_some();
        let global_gateway_ref = refer(GlobalGatewayKind::NAME, &gateway);
        Ok(GlobalGatewayRouteSpec {
            account_ref: None,
            policy: None,
            import: None,
            global_gateway_id: Some(gateway).filter(|_| global_gateway_ref.is_none()),
            global_gateway_ref,
            destination: express::destination(&needed("destination", seen.destination.clone())?)?,
            virtual_interface_ref,
            peer_ref,
            next_hop_global_gateway_ref,
            nexthop: Some(next).filter(|_| !is_referred),
            type_: Some(type_).filter(|_| !is_referred),
            description: express::description(seen.description.as_ref(), 255),
        })
    }

    fn recalled(
        desired: &Desired<'_, GlobalGatewayRoute>,
        id: &str,
        observed: Option<&GlobalGatewayRouteObserved>,
    ) -> Option<cloud::GlobalGatewayRoute> {
        let RouteKey { gateway, type_, destination, nexthop } = key(desired).unwrap_or_default();
        let description = &desired.object.spec.description;
        let fields = json!({
            "gateway_id": gateway, "type": type_, "destination": destination, "nexthop": nexthop, "description": description,
        });
        recall(fields, (cloud::GlobalGatewayRoute::ID, id), observed, &[("global_gateway_id", "gateway_id")])
    }
}

fn key(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<RouteKey> {
    Some(RouteKey {
        gateway: gateway(desired)?,
        type_: type_of(desired.object).as_str().to_owned(),
        destination: desired.object.spec.destination.clone(),
        nexthop: next_hop(desired)?,
    })
}

fn gateway(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<String> {
    desired.links.get(GATEWAY).or(desired.object.spec.global_gateway_id.as_ref()).cloned()
}

fn next_hop(desired: &Desired<'_, GlobalGatewayRoute>) -> Option<String> {
    let referred = [INTERFACE, PEER, NEXT_GATEWAY].into_iter().find_map(|field| desired.links.get(field));
    referred.or(desired.object.spec.nexthop.as_ref()).cloned()
}

fn next_hop_field(object: &GlobalGatewayRoute) -> &'static str {
    let spec = &object.spec;
    match (&spec.virtual_interface_ref, &spec.peer_ref, &spec.next_hop_global_gateway_ref) {
        (Some(_), _, _) => INTERFACE,
        (_, Some(_), _) => PEER,
        (_, _, Some(_)) => NEXT_GATEWAY,
        (None, None, None) => NEXT_HOP,
    }
}

fn type_of(object: &GlobalGatewayRoute) -> NextHopType {
    let spec = &object.spec;
    let of_reference = if spec.next_hop_global_gateway_ref.is_some() { NextHopType::Gdgw } else { NextHopType::VifPeer };
    spec.type_.unwrap_or(of_reference)
}

fn family(destination: &str) -> AddressFamily {
    if destination.contains(':') { AddressFamily::Ipv6 } else { AddressFamily::Ipv4 }
}
