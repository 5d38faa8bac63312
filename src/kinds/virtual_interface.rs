//! `VirtualInterface`: a VLAN of a connection that leads to a gateway. Its first peer is part of it.

use serde_json::json;
use std::collections::BTreeMap;

use crate::accounts::{Allocation, Use, What};
use crate::api::virtual_interface::{ExtendAttribute, InterfaceType, ObservedPeer, Priority};
use crate::api::{
    AddressFamily, Managed, ObjectReference, RouteMode, SecretKeyReference, Tags, VirtualInterface, VirtualInterfaceObserved,
    VirtualInterfaceSpec,
};
use crate::cloud::{self, Call, CreateVirtualInterface, Listed, UpdateVifPeer, UpdateVirtualInterface, VifPeer};
use crate::reconcile::{ById, Desired, Difference, Health, Kind, Place, Refer, Reference, ResourcePhase, SpecTags, recall};

use super::compare::{Comparison, TagChange, differs, from_wire, to_wire, with_contributed};
use super::disruption::{RESETS, lowered, removed};
use super::express::{needed, word};
use super::global_gateway::named;
use super::peer::session_down;
use super::{ConnectionKind, GlobalGatewayKind, HostedConnectionKind, VirtualGatewayKind, express, extend_attribute, imported};

/// Fields that refer to what it hangs on.
const GATEWAY: &str = "virtualGatewayRef";
const GLOBAL_GATEWAY: &str = "globalGatewayRef";
const CONNECTION: &str = "connectionRef";
const HOSTED_CONNECTION: &str = "hostedConnectionRef";

/// The kind.
pub struct VirtualInterfaceKind;

impl Kind for VirtualInterfaceKind {
    type Object = VirtualInterface;
    type Listed = cloud::VirtualInterface;
    type Resource = cloud::VirtualInterface;

    const NAME: &'static str = "VirtualInterface";
    const REFERENCES: &'static [(&'static str, &'static str)] = &[
        (CONNECTION, ConnectionKind::NAME),
        (HOSTED_CONNECTION, HostedConnectionKind::NAME),
        (GATEWAY, VirtualGatewayKind::NAME),
        (GLOBAL_GATEWAY, GlobalGatewayKind::NAME),
    ];
    const PLACE: Place = Place::Interface;
    const WRITES: &'static [&'static str] = cloud::VirtualInterface::WRITES;
    const ALLOCATES: bool = true;

    /// Its connection or group, and its VLAN. Of one that the account does not show neither is known.
    const BY_ID: Option<ById<cloud::VirtualInterface>> = Some(ById {
        uses: |interface| {
            let line = interface.direct_connect_id.iter().chain(&interface.lag_id).cloned().map(What::Connection);
            line.chain(interface.vlan.map(What::Vlan)).collect()
        },
        uses_of_absent: |id| vec![What::Connection(id.to_owned()), What::UnknownVlan],
    });

    /// Another tenant's interface takes tags only once that tenant has accepted it.
    fn tags_of(object: &VirtualInterface) -> SpecTags<'_> {
        if object.spec.resource_tenant_id.is_some() { SpecTags::Unsupported } else { object.spec.tags.as_ref().into() }
    }

    fn references(object: &VirtualInterface) -> Vec<Reference> {
        let spec = &object.spec;
        let references =
            [&spec.connection_ref, &spec.hosted_connection_ref, &spec.virtual_gateway_ref, &spec.global_gateway_ref].into_iter();
        let named = Self::REFERENCES.iter().zip(references);
        named.filter_map(|((field, kind), reference)| Some(Reference::new(field, kind, reference.as_ref()?))).collect()
    }

    fn uses(object: &VirtualInterface) -> Vec<Use> {
        let spec = &object.spec;
        let line = [("connectionId", &spec.connection_id), ("lagId", &spec.lag_id)];
        let line = line.into_iter().filter_map(|(field, id)| Some(Use::new(field, What::Connection(id.clone()?))));
        let gateway =
            spec.virtual_gateway_id.iter().map(|id| Use::new("virtualGatewayId", What::Resource(VirtualGatewayKind::NAME, id.clone())));
        let gateway = gateway.chain(spec.global_gateway_id.iter().flat_map(|id| named("globalGatewayId", id)));
        let size = [Use::new("vlan", What::Vlan(spec.vlan)), Use::new("bandwidth", What::Bandwidth(spec.bandwidth))];
        line.chain(gateway).chain(size).chain(imported(Some(Self::NAME), spec.import.as_ref())).collect()
    }

    fn secret(object: &VirtualInterface) -> Option<&SecretKeyReference> {
        object.spec.bgp_md5_secret_ref.as_ref()
    }

    fn resources(listed: &cloud::VirtualInterface) -> Vec<cloud::VirtualInterface> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::VirtualInterface>, seen: cloud::VirtualInterface) -> Option<cloud::VirtualInterface> {
        Some(seen)
    }

    fn id(seen: &cloud::VirtualInterface) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::VirtualInterface) -> Option<&str> {
        seen.name.as_deref()
    }

    fn allocation(seen: &cloud::VirtualInterface) -> Option<Allocation> {
        Some(Allocation { connection: seen.direct_connect_id.clone()?, bandwidth: seen.bandwidth?.into(), vlan: seen.vlan })
    }

    fn tags(seen: &cloud::VirtualInterface) -> Tags {
        from_wire(&seen.tags)
    }

    fn natural_key(desired: &Desired<'_, VirtualInterface>) -> Option<String> {
        let spec = &desired.object.spec;
        let line = connection(desired).or(spec.lag_id.as_ref())?;
        Some(cloud::VirtualInterface::natural_key(line, spec.vlan))
    }

    fn describe_natural_key(desired: &Desired<'_, VirtualInterface>) -> Option<String> {
        let spec = &desired.object.spec;
        let connection = connection(desired).map(|id| format!("connection {id}"));
        let line = connection.or_else(|| spec.lag_id.as_ref().map(|id| format!("link aggregation group {id}")))?;
        Some(format!("VLAN {} of {line}", spec.vlan))
    }

    /// One interface for each VLAN of a connection (DC.1209).
    fn is_at(desired: &Desired<'_, VirtualInterface>, seen: &cloud::VirtualInterface) -> bool {
        Self::natural_key(desired).is_some_and(|key| seen.natural_keys().contains(&key))
    }

    /// Others on the same connection, whose bandwidth they share, or at the same gateway, whose networks must not overlap.
    fn competitor(desired: &Desired<'_, VirtualInterface>, listed: &cloud::VirtualInterface) -> Option<String> {
        let spec = &desired.object.spec;
        let same = |one: Option<&String>, other: &Option<String>| one.is_some() && one == other.as_ref();
        let competes = same(connection(desired), &listed.direct_connect_id)
            || same(spec.lag_id.as_ref(), &listed.lag_id)
            || same(virtual_gateway(desired), &listed.vgw_id)
            || same(global_gateway(desired), &listed.gateway_id);
        let cloud::VirtualInterface { id, vlan, bandwidth, vgw_id, gateway_id, remote_ep_group, .. } = listed;
        competes.then(|| format!("{id} {vlan:?} {bandwidth:?} {vgw_id:?} {gateway_id:?} {remote_ep_group:?}"))
    }

    fn is_shut_down(listed: &cloud::VirtualInterface) -> bool {
        listed.status.as_deref() == Some("ADMIN_SHUTDOWN")
    }

    fn parent(seen: &cloud::VirtualInterface) -> Option<(&'static str, Call)> {
        let global = seen.gateway_id.as_deref().map(|gateway| (GLOBAL_GATEWAY, cloud::GlobalGateway::show(gateway, None)));
        // One of a global gateway may show a virtual one, too.
        global.or_else(|| seen.vgw_id.as_deref().map(|gateway| (GATEWAY, cloud::VirtualGateway::show(gateway, None))))
    }

    fn create(desired: &Desired<'_, VirtualInterface>) -> Option<Call> {
        let spec = &desired.object.spec;
        let v4 = spec.address_family_or_default() == AddressFamily::Ipv4;
        let (local, remote) = (&spec.local_gateway_ip, &spec.remote_gateway_ip);
        let foreign = spec.resource_tenant_id.is_some();
        let create = CreateVirtualInterface {
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            direct_connect_id: connection(desired).cloned(),
            lag_id: spec.lag_id.clone(),
            kind: spec.type_or_default().as_str(),
            service_type: if global_gateway(desired).is_some() { "GDGW" } else { "VGW" },
            vgw_id: virtual_gateway(desired).cloned(),
            gateway_id: global_gateway(desired).cloned(),
            vlan: spec.vlan,
            bandwidth: spec.bandwidth,
            route_mode: spec.route_mode.as_str(),
            bgp_asn: spec.bgp_asn,
            address_family: spec.address_family_or_default().as_str(),
            local_gateway_v4_ip: v4.then(|| local.clone()),
            remote_gateway_v4_ip: v4.then(|| remote.clone()),
            local_gateway_v6_ip: (!v4).then(|| local.clone()),
            remote_gateway_v6_ip: (!v4).then(|| remote.clone()),
            remote_ep_group: spec.remote_ep_group.clone(),
            service_ep_group: spec.service_ep_group.clone(),
            priority: spec.priority.map(Priority::as_str),
            enable_bfd: spec.enable_bfd,
            enable_nqa: spec.enable_nqa,
            resource_tenant_id: spec.resource_tenant_id.clone(),
            // The cloud takes no enterprise project and, until it is accepted, no tags for another tenant's interface.
            enterprise_project_id: (!foreign)
                .then(|| spec.enterprise_project_id.clone().or_else(|| desired.defaults.enterprise_project_id.clone()))
                .flatten(),
            tags: to_wire(&Self::desired_tags(desired).tags),
        };
        Some(create.call(desired.secret.clone()))
    }

    fn delete(interface: &cloud::VirtualInterface) -> Option<Call> {
        Some(cloud::VirtualInterface::delete(&interface.id))
    }

    fn compare(desired: &Desired<'_, VirtualInterface>, seen: &cloud::VirtualInterface) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        let line = if spec.connection_id.is_some() {
            "connectionId"
        } else if spec.hosted_connection_ref.is_some() {
            HOSTED_CONNECTION
        } else {
            CONNECTION
        };
        comparison.fixed(line, connection(desired), seen.direct_connect_id.as_ref());
        comparison.fixed("lagId", spec.lag_id.as_ref(), seen.lag_id.as_ref());
        let gateway_field = if spec.virtual_gateway_id.is_some() { "virtualGatewayId" } else { GATEWAY };
        comparison.fixed(gateway_field, virtual_gateway(desired), seen.vgw_id.as_ref());
        let field = if spec.global_gateway_id.is_some() { "globalGatewayId" } else { GLOBAL_GATEWAY };
        comparison.fixed(field, global_gateway(desired), seen.gateway_id.as_ref());
        // Of the other type of gateway no ID is shown.
        match (virtual_gateway(desired), global_gateway(desired)) {
            (Some(_), _) if seen.vgw_id.is_none() => comparison.fixed(gateway_field, Some("VGW"), seen.service_type.as_deref()),
            (_, Some(_)) if seen.gateway_id.is_none() => comparison.fixed(field, Some("GDGW"), seen.service_type.as_deref()),
            _ => {}
        }
        comparison.fixed("type", Some(spec.type_or_default().as_str()), seen.kind.as_deref());
        comparison.fixed("vlan", Some(spec.vlan), seen.vlan);
        comparison.fixed("enterpriseProjectId", spec.enterprise_project_id.as_ref(), seen.enterprise_project_id.as_ref());
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.mutable("bandwidth", Some(spec.bandwidth), seen.bandwidth);
        let networks = remote_ep_group(desired, seen);
        if let Some(peer) = first_peer(desired.object, seen) {
            comparison.fixed("routeMode", Some(spec.route_mode.as_str()), peer.route_mode.as_deref());
            comparison.fixed("bgpAsn", spec.bgp_asn, peer.bgp_asn);
            comparison.address("localGatewayIp", &spec.local_gateway_ip, peer.local_gateway_ip.as_deref());
            comparison.address("remoteGatewayIp", &spec.remote_gateway_ip, peer.remote_gateway_ip.as_deref());
            comparison.networks("remoteEpGroup", &networks, &peer.remote_ep_group);
        } else {
            comparison.networks("remoteEpGroup", &networks, &seen.remote_ep_group);
        }
        if !spec.service_ep_group.is_empty() {
            comparison.networks("serviceEpGroup", &spec.service_ep_group, &seen.service_ep_group);
        }
        comparison.mutable("priority", spec.priority.map(Priority::as_str), seen.priority.as_deref());
        // What is off need not be shown.
        let or_off = |desired: Option<bool>, observed: Option<bool>| observed.or(desired.filter(|desired| !desired));
        comparison.mutable("enableBfd", spec.enable_bfd, or_off(spec.enable_bfd, seen.enable_bfd));
        comparison.mutable("enableNqa", spec.enable_nqa, or_off(spec.enable_nqa, seen.enable_nqa));
        if let Some(attribute) = &spec.extend_attribute {
            extend_attribute::compare(&mut comparison, attribute, seen.extend_attribute.as_ref());
        }
        comparison.tags(&Self::desired_tags(desired), &from_wire(&seen.tags));
        comparison.finish()
    }

    /// The order is the cloud's: plain fields, `priority` alone, one detection off before another goes on, extended attributes, tags.
    fn update(desired: &Desired<'_, VirtualInterface>, seen: &cloud::VirtualInterface, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let id = seen.id.as_str();
        let when = |path| differs(differences, path);
        let networks = when("remoteEpGroup").then(|| remote_ep_group(desired, seen));
        // With two peers the interface's own list is ambiguous: then the peer is changed by itself.
        let (networks, peer_networks) = if seen.vif_peers.len() > 1 { (None, networks) } else { (networks, None) };
        let plain = UpdateVirtualInterface {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| spec.description.clone().unwrap_or_default()),
            bandwidth: when("bandwidth").then_some(spec.bandwidth),
            remote_ep_group: networks,
            service_ep_group: when("serviceEpGroup").then(|| spec.service_ep_group.clone()),
            ..UpdateVirtualInterface::default()
        };
        if plain != UpdateVirtualInterface::default() {
            return Some(plain.call(id));
        }
        if let (Some(networks), Some(peer)) = (peer_networks, first_peer(desired.object, seen)) {
            return Some(UpdateVifPeer { remote_ep_group: Some(networks), ..UpdateVifPeer::default() }.call(&peer.id).partial());
        }
        if let (true, Some(priority)) = (when("priority"), spec.priority) {
            return Some(UpdateVirtualInterface { priority: Some(priority.as_str()), ..UpdateVirtualInterface::default() }.call(id));
        }
        let bfd = when("enableBfd").then_some(spec.enable_bfd).flatten();
        let nqa = when("enableNqa").then_some(spec.enable_nqa).flatten();
        for wanted in [false, true] {
            if bfd == Some(wanted) {
                return Some(UpdateVirtualInterface { enable_bfd: bfd, ..UpdateVirtualInterface::default() }.call(id));
            }
            if nqa == Some(wanted) {
                return Some(UpdateVirtualInterface { enable_nqa: nqa, ..UpdateVirtualInterface::default() }.call(id));
            }
        }
        if let (true, Some(attribute)) = (when("extendAttribute"), &spec.extend_attribute) {
            return Some(extend_attribute::to_cloud(attribute).call(id));
        }
        if !when("tags") {
            return None;
        }
        TagChange::between(&Self::desired_tags(desired), &from_wire(&seen.tags)).map(|change| change.call("dc-vif", id))
    }

    fn phase(seen: &cloud::VirtualInterface) -> ResourcePhase {
        let phase = ResourcePhase::of(seen.status.as_deref(), seen.reason.as_deref());
        // A change that went to its own peer is settled by that peer; the interface says ACTIVE meanwhile.
        let pending = own_peer(seen)
            .map(|peer| ResourcePhase::of(peer.status.as_deref(), None))
            .filter(|peer| matches!(peer, ResourcePhase::Settling(_)));
        pending.filter(|_| phase == ResourcePhase::Settled).unwrap_or(phase)
    }

    fn health(seen: &cloud::VirtualInterface) -> Health {
        let down: Vec<String> = seen.vif_peers.iter().filter_map(session_down).collect();
        Health::of(seen.status.as_deref(), &down)
    }

    /// Its peers, by their address family.
    fn parts(observed: &VirtualInterfaceObserved) -> BTreeMap<&'static str, String> {
        let peer = |family: AddressFamily| {
            let peer = observed.peers.iter().find(|peer| peer.address_family.as_deref() == Some(family.as_str()))?;
            Some((family.as_str(), peer.id.clone()?))
        };
        [AddressFamily::Ipv4, AddressFamily::Ipv6].into_iter().filter_map(peer).collect()
    }

    fn parent_ids(observed: &VirtualInterfaceObserved) -> Vec<&String> {
        [&observed.virtual_gateway_id, &observed.global_gateway_id, &observed.connection_id].into_iter().flatten().collect()
    }

    fn observed(seen: &cloud::VirtualInterface) -> VirtualInterfaceObserved {
        // The interface's own field is ambiguous once there are two peers.
        let own = own_peer(seen).map(|peer| peer.remote_ep_group.clone()).filter(|networks| !networks.is_empty());
        let cloud::VirtualInterface {
            id: _,
            name,
            description: _,
            address_family: _,
            direct_connect_id,
            lag_id,
            kind: _,
            service_type,
            vgw_id,
            gateway_id,
            vlan,
            bandwidth,
            priority,
            enable_bfd,
            enable_nqa,
            extend_attribute,
            remote_ep_group,
            service_ep_group: _,
            status,
            reason,
            device_id,
            route_limit,
            enterprise_project_id,
            tags,
            vif_peers,
        } = seen.clone();
        VirtualInterfaceObserved {
            name,
            status,
            connection_id: direct_connect_id,
            lag_id,
            virtual_gateway_id: vgw_id,
            global_gateway_id: gateway_id,
            service_type,
            vlan,
            bandwidth,
            priority,
            enable_bfd,
            enable_nqa,
            route_limit,
            device_id,
            reason: reason.filter(|text| !text.is_empty()),
            remote_ep_group: own.unwrap_or(remote_ep_group),
            extend_attribute: extend_attribute.map(extend_attribute::observed),
            enterprise_project_id,
            tags: from_wire(&tags),
            // One that is being made is told by its own object: here it would only cost a second write.
            peers: vif_peers.into_iter().filter(|peer| peer.status.as_deref() != Some("PENDING_CREATE")).map(observed_peer).collect(),
        }
    }

    /// With its own peer. Settings that are as the cloud sets them by itself need not be said.
    fn spec_of(seen: &cloud::VirtualInterface, refer: &Refer<'_>) -> Result<VirtualInterfaceSpec, String> {
        let own = needed("peers", own_peer(seen))?;
        let family = word(own.address_family.as_ref().or(seen.address_family.as_ref())).unwrap_or_default();
        // With the family, networks are compared with those of its peer.
        let networks = if own.address_family.is_some() { &own.remote_ep_group } else { &seen.remote_ep_group };
        let kind: InterfaceType = word(seen.kind.as_ref()).unwrap_or_default();
        let connection = seen.direct_connect_id.as_deref();
        let connection_ref = connection.and_then(|id| refer(ConnectionKind::NAME, id));
        let hosted_connection_ref = connection.filter(|_| connection_ref.is_none()).and_then(|id| refer(HostedConnectionKind::NAME, id));
        let is_referred = connection_ref.is_some() || hosted_connection_ref.is_some();
        let lag_id = seen.lag_id.clone().filter(|_| connection.is_none());
        let ([virtual_gateway_ref, global_gateway_ref], [virtual_gateway_id, global_gateway_id]) = gateway_of(seen, refer)?;
        if connection.is_none() && lag_id.is_none() {
            return Err("the cloud does not show its direct_connect_id".to_owned());
        }
        let route_mode = needed("route_mode", word(own.route_mode.as_ref()))?;
        let is_bgp = route_mode == RouteMode::Bgp;
        let remote_ep_group = express::networks("remote_ep_group", networks, if is_bgp { 100 } else { 50 })?;
        Ok(VirtualInterfaceSpec {
            account_ref: None,
            policy: None,
            import: None,
            connection_ref,
            hosted_connection_ref,
            connection_id: connection.filter(|_| !is_referred).map(str::to_owned),
            lag_id,
            virtual_gateway_ref,
            virtual_gateway_id,
            global_gateway_ref,
            global_gateway_id,
            type_: Some(kind).filter(|kind| *kind != InterfaceType::default()),
            vlan: needed("vlan", seen.vlan)?,
            bandwidth: needed("bandwidth", seen.bandwidth)?,
            route_mode,
            bgp_asn: if is_bgp { Some(needed("bgp_asn", own.bgp_asn)?) } else { None },
            bgp_md5_secret_ref: None,
            address_family: Some(family).filter(|family| *family != AddressFamily::default()),
            local_gateway_ip: needed("local_gateway_ip", own.local_gateway_ip.clone())?,
            remote_gateway_ip: needed("remote_gateway_ip", own.remote_gateway_ip.clone())?,
            remote_ep_group: express::routable(remote_ep_group, is_bgp)?,
            service_ep_group: match kind {
                InterfaceType::Private => Vec::new(),
                InterfaceType::Public => express::networks("service_ep_group", &seen.service_ep_group, 200)?,
            },
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 128),
            priority: word(seen.priority.as_ref()).filter(|priority| *priority == Priority::Low && is_bgp),
            enable_bfd: seen.enable_bfd.filter(|on| *on),
            enable_nqa: seen.enable_nqa.filter(|on| *on && seen.enable_bfd != Some(true)),
            extend_attribute: seen
                .extend_attribute
                .as_ref()
                .map(extend_attribute::spec_of)
                .filter(|attribute| *attribute != ExtendAttribute::default()),
            resource_tenant_id: None,
            enterprise_project_id: seen.enterprise_project_id.clone(),
            tags: express::tags(&seen.tags),
        })
    }

    /// The status shows little of its own peer, which is as the spec says. Before the cloud has given it an ID it stands for itself.
    fn recalled(
        desired: &Desired<'_, VirtualInterface>,
        id: &str,
        observed: Option<&VirtualInterfaceObserved>,
    ) -> Option<cloud::VirtualInterface> {
        let names = [
            ("connection_id", "direct_connect_id"),
            ("virtual_gateway_id", "vgw_id"),
            ("global_gateway_id", "gateway_id"),
            ("peers", "vif_peers"),
        ];
        let fields = Self::create(desired)?.body?.get_mut(cloud::VirtualInterface::SINGULAR)?.take();
        let mut seen: cloud::VirtualInterface = recall(fields, (cloud::VirtualInterface::ID, id), observed, &names)?;
        let spec = &desired.object.spec;
        let family = spec.address_family_or_default().as_str();
        if seen.vif_peers.is_empty() {
            let peer = json!({ "id": format!("{id}/{family}"), "address_family": family, "remote_ep_group": spec.remote_ep_group });
            seen.vif_peers.extend(serde_json::from_value::<VifPeer>(peer));
        }
        for peer in seen.vif_peers.iter_mut().filter(|peer| peer.address_family.as_deref() == Some(family)) {
            peer.route_mode = Some(spec.route_mode.as_str().to_owned());
            peer.bgp_asn = spec.bgp_asn;
            (peer.local_gateway_ip, peer.remote_gateway_ip) = (Some(spec.local_gateway_ip.clone()), Some(spec.remote_gateway_ip.clone()));
        }
        Some(seen)
    }

    fn disruption(difference: &Difference) -> Option<&'static str> {
        match difference.path {
            "enableBfd" | "enableNqa" | "extendAttribute" | "priority" => Some(RESETS),
            "remoteEpGroup" => removed(difference),
            "bandwidth" => lowered(difference),
            _ => None,
        }
    }
}

/// The connection, hosted or not; none if it is on a link aggregation group.
fn connection<'a>(desired: &Desired<'a, VirtualInterface>) -> Option<&'a String> {
    let referred = desired.links.get(CONNECTION).or_else(|| desired.links.get(HOSTED_CONNECTION));
    referred.or(desired.object.spec.connection_id.as_ref())
}

fn virtual_gateway<'a>(desired: &Desired<'a, VirtualInterface>) -> Option<&'a String> {
    desired.links.get(GATEWAY).or(desired.object.spec.virtual_gateway_id.as_ref())
}

fn global_gateway<'a>(desired: &Desired<'a, VirtualInterface>) -> Option<&'a String> {
    desired.links.get(GLOBAL_GATEWAY).or(desired.object.spec.global_gateway_id.as_ref())
}

/// The networks of its own peer: those of the spec, and those that routes add.
fn remote_ep_group(desired: &Desired<'_, VirtualInterface>, seen: &cloud::VirtualInterface) -> Vec<String> {
    let networks = &desired.object.spec.remote_ep_group;
    match first_peer(desired.object, seen) {
        Some(peer) => with_contributed(networks, &peer.remote_ep_group, desired.contributions.to(&peer.id)),
        None => networks.clone(),
    }
}

/// The peer that the interface itself describes: the one of its address family.
fn first_peer<'a>(object: &VirtualInterface, seen: &'a cloud::VirtualInterface) -> Option<&'a VifPeer> {
    let family = object.spec.address_family_or_default().as_str();
    seen.vif_peers.iter().find(|peer| peer.address_family.as_deref() == Some(family))
}

/// The same, as far as the cloud tells it: where it no longer names the family, the peer that came with the interface is the first.
pub(super) fn own_peer(seen: &cloud::VirtualInterface) -> Option<&VifPeer> {
    let of_family = seen.vif_peers.iter().find(|peer| peer.address_family.is_some() && peer.address_family == seen.address_family);
    of_family.or(seen.vif_peers.first())
}

/// References to its gateways, virtual and global, or else their IDs: one of the four.
#[allow(clippy::type_complexity, reason = "two pairs of the same form")]
fn gateway_of(seen: &cloud::VirtualInterface, refer: &Refer<'_>) -> Result<([Option<ObjectReference>; 2], [Option<String>; 2]), String> {
    let (vgw, global) = (&seen.vgw_id, &seen.gateway_id);
    let is_global = match seen.service_type.as_deref() {
        Some("VGW") => false,
        Some("GDGW") => true,
        None => global.is_some() && vgw.is_none(),
        Some(other) => return Err(format!("interfaces with the service type {other} are not supported")),
    };
    let (kind, id) = if is_global { (GlobalGatewayKind::NAME, global) } else { (VirtualGatewayKind::NAME, vgw) };
    let id = needed(if is_global { "gateway_id" } else { "vgw_id" }, id.clone())?;
    let reference = refer(kind, &id);
    let id = Some(id).filter(|_| reference.is_none());
    Ok(if is_global { ([None, reference], [None, id]) } else { ([reference, None], [id, None]) })
}

fn observed_peer(peer: VifPeer) -> ObservedPeer {
    ObservedPeer {
        id: Some(peer.id),
        name: peer.name,
        address_family: peer.address_family,
        status: peer.status,
        bgp_status: peer.bgp_status.filter(|_| peer.route_mode.as_deref() == Some(RouteMode::Bgp.as_str())),
        received_routes: peer.receive_route_num.filter(|count| *count >= 0),
        remote_ep_group: peer.remote_ep_group,
    }
}
