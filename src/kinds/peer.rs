//! `Peer`: the second address family of a virtual interface. The cloud shows it only inside the interface.

use crate::accounts::{Use, What};
use crate::api::{Managed, Peer, PeerObserved, PeerSpec, RouteMode, SecretKeyReference, Tags};
use crate::cloud::{self, Call, CreateVifPeer, UpdateVifPeer, VifPeer, VirtualInterface};
use crate::reconcile::{ById, Desired, Difference, Health, Kind, Place, Refer, Reference, ResourcePhase, SpecTags, recall};

use super::compare::{Comparison, differs, with_contributed};
use super::disruption::removed;
use super::express::{needed, word};
use super::virtual_interface::{VirtualInterfaceKind, own_peer};
use super::{express, imported};

/// Field that refers to the interface.
const INTERFACE: &str = "virtualInterfaceRef";

/// The kind.
pub struct PeerKind;

impl Kind for PeerKind {
    type Object = Peer;
    type Listed = VirtualInterface;
    type Resource = VifPeer;

    const NAME: &'static str = "Peer";
    const REFERENCES: &'static [(&'static str, &'static str)] = &[(INTERFACE, VirtualInterfaceKind::NAME)];
    const PLACE: Place = Place::Interface;
    const WRITES: &'static [&'static str] = VifPeer::WRITES;

    /// The interface is listed, not the peer: its ID is one that no account shows, and could be one of any line.
    const BY_ID: Option<ById<VirtualInterface>> = VirtualInterfaceKind::BY_ID;

    fn tags_of(_: &Peer) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn references(object: &Peer) -> Vec<Reference> {
        let interface = object.spec.virtual_interface_ref.iter();
        interface.map(|interface| Reference::new(INTERFACE, VirtualInterfaceKind::NAME, interface)).collect()
    }

    fn uses(object: &Peer) -> Vec<Use> {
        let interface = object
            .spec
            .virtual_interface_id
            .iter()
            .map(|id| Use::new("virtualInterfaceId", What::Resource(VirtualInterfaceKind::NAME, id.clone())));
        interface.chain(imported(None, object.spec.import.as_ref())).collect()
    }

    fn secret(object: &Peer) -> Option<&SecretKeyReference> {
        object.spec.bgp_md5_secret_ref.as_ref()
    }

    /// Inside an interface a peer need not say whose it is.
    fn resources(listed: &VirtualInterface) -> Vec<VifPeer> {
        let peers = listed.vif_peers.iter();
        peers.map(|peer| VifPeer { vif_id: Some(listed.id.clone()), ..peer.clone() }).collect()
    }

    fn place(listed: Option<&VirtualInterface>, seen: VifPeer) -> Option<VirtualInterface> {
        let mut interface = listed?.clone();
        interface.vif_peers.retain(|peer| peer.id != seen.id);
        interface.vif_peers.push(seen);
        Some(interface)
    }

    fn id(seen: &VifPeer) -> &str {
        &seen.id
    }

    fn name(seen: &VifPeer) -> Option<&str> {
        seen.name.as_deref()
    }

    fn listed_id(seen: &VifPeer) -> &str {
        seen.vif_id.as_deref().unwrap_or_default()
    }

    fn tags(_: &VifPeer) -> Tags {
        Tags::new()
    }

    /// The interface, which holds its peers.
    fn natural_key(desired: &Desired<'_, Peer>) -> Option<String> {
        interface(desired)
    }

    fn describe_natural_key(desired: &Desired<'_, Peer>) -> Option<String> {
        Some(format!("the {} peer of virtual interface {}", desired.object.spec.address_family.as_str(), interface(desired)?))
    }

    /// One peer for each address family of an interface.
    fn is_at(desired: &Desired<'_, Peer>, seen: &VifPeer) -> bool {
        let interface = interface(desired);
        interface.is_some()
            && seen.vif_id == interface
            && seen.address_family.as_deref() == Some(desired.object.spec.address_family.as_str())
    }

    fn listed_id_of(desired: &Desired<'_, Peer>, _: &str) -> Option<String> {
        let observed = desired.object.status.as_ref().and_then(|status| status.observed.as_ref());
        observed.and_then(|observed| observed.virtual_interface_id.clone()).or_else(|| interface(desired))
    }

    /// An interface keeps its last peer as long as it lives (`docs/design/uncertain-facts.md#u5`).
    fn is_deleted_with_parent(listed: &VirtualInterface, seen: &VifPeer) -> bool {
        listed.vif_peers.iter().all(|peer| peer.id == seen.id)
    }

    fn is_shut_down(listed: &cloud::VirtualInterface) -> bool {
        listed.status.as_deref() == Some("ADMIN_SHUTDOWN")
    }

    /// The interface with its other peers.
    fn competitor(desired: &Desired<'_, Peer>, listed: &cloud::VirtualInterface) -> Option<String> {
        let peers = listed.vif_peers.iter().map(|peer| format!("{} {:?} {:?}", peer.id, peer.address_family, peer.remote_ep_group));
        let competes = interface(desired).is_some_and(|interface| interface == listed.id);
        competes.then(|| format!("{:?} {:?} {}", listed.vgw_id, listed.status, peers.collect::<Vec<_>>().join(" ")))
    }

    fn create(desired: &Desired<'_, Peer>) -> Option<Call> {
        let spec = &desired.object.spec;
        let create = CreateVifPeer {
            vif_id: interface(desired).unwrap_or_default(),
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            address_family: spec.address_family.as_str(),
            local_gateway_ip: spec.local_gateway_ip.clone(),
            remote_gateway_ip: spec.remote_gateway_ip.clone(),
            route_mode: spec.route_mode.as_str(),
            bgp_asn: spec.bgp_asn,
            remote_ep_group: spec.remote_ep_group.clone(),
        };
        Some(create.call(desired.secret.clone()))
    }

    fn delete(peer: &VifPeer) -> Option<Call> {
        Some(VifPeer::delete(&peer.id))
    }

    fn compare(desired: &Desired<'_, Peer>, seen: &VifPeer) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        let field = if spec.virtual_interface_id.is_some() { "virtualInterfaceId" } else { INTERFACE };
        comparison.fixed(field, interface(desired).as_ref(), seen.vif_id.as_ref());
        comparison.fixed("addressFamily", Some(spec.address_family.as_str()), seen.address_family.as_deref());
        comparison.fixed("routeMode", Some(spec.route_mode.as_str()), seen.route_mode.as_deref());
        comparison.fixed("bgpAsn", spec.bgp_asn, seen.bgp_asn);
        comparison.address("localGatewayIp", &spec.local_gateway_ip, seen.local_gateway_ip.as_deref());
        comparison.address("remoteGatewayIp", &spec.remote_gateway_ip, seen.remote_gateway_ip.as_deref());
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.networks("remoteEpGroup", &remote_ep_group(desired, seen), &seen.remote_ep_group);
        comparison.finish()
    }

    fn update(desired: &Desired<'_, Peer>, seen: &VifPeer, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let when = |path| differs(differences, path);
        let body = UpdateVifPeer {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| spec.description.clone().unwrap_or_default()),
            remote_ep_group: when("remoteEpGroup").then(|| remote_ep_group(desired, seen)),
        };
        (body != UpdateVifPeer::default()).then(|| body.call(&seen.id))
    }

    fn phase(seen: &VifPeer) -> ResourcePhase {
        ResourcePhase::of(seen.status.as_deref(), None)
    }

    fn health(seen: &VifPeer) -> Health {
        Health::of(seen.status.as_deref(), session_down(seen).as_slice())
    }

    fn parent_ids(observed: &PeerObserved) -> Vec<&String> {
        observed.virtual_interface_id.iter().collect()
    }

    fn observed(seen: &VifPeer) -> PeerObserved {
        let VifPeer {
            id: _,
            vif_id,
            name,
            description: _,
            address_family,
            local_gateway_ip,
            remote_gateway_ip,
            route_mode,
            bgp_asn,
            remote_ep_group,
            service_ep_group: _,
            status,
            bgp_status,
            receive_route_num,
            device_id,
        } = seen.clone();
        PeerObserved {
            virtual_interface_id: vif_id,
            name,
            status,
            bgp_status,
            received_routes: receive_route_num.filter(|count| *count >= 0),
            address_family,
            route_mode,
            bgp_asn,
            local_gateway_ip,
            remote_gateway_ip,
            remote_ep_group,
            device_id,
        }
    }

    fn spec_of(seen: &VifPeer, refer: &Refer<'_>) -> Result<PeerSpec, String> {
        let interface = needed("vif_id", seen.vif_id.clone())?;
        let virtual_interface_ref = refer(VirtualInterfaceKind::NAME, &interface);
        let route_mode = needed("route_mode", word(seen.route_mode.as_ref()))?;
        let is_bgp = route_mode == RouteMode::Bgp;
        let remote_ep_group = express::networks("remote_ep_group", &seen.remote_ep_group, if is_bgp { 100 } else { 50 })?;
        Ok(PeerSpec {
            account_ref: None,
            policy: None,
            import: None,
            virtual_interface_id: Some(interface).filter(|_| virtual_interface_ref.is_none()),
            virtual_interface_ref,
            address_family: needed("address_family", word(seen.address_family.as_ref()))?,
            local_gateway_ip: needed("local_gateway_ip", seen.local_gateway_ip.clone())?,
            remote_gateway_ip: needed("remote_gateway_ip", seen.remote_gateway_ip.clone())?,
            route_mode,
            bgp_asn: if is_bgp { Some(needed("bgp_asn", seen.bgp_asn)?) } else { None },
            bgp_md5_secret_ref: None,
            remote_ep_group: express::routable(remote_ep_group, is_bgp)?,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 128),
        })
    }

    /// The peer that came with the interface is part of it.
    fn is_told_by_parent(listed: &VirtualInterface, seen: &VifPeer) -> bool {
        own_peer(listed).is_some_and(|own| own.id == seen.id)
    }

    fn recalled(desired: &Desired<'_, Peer>, id: &str, observed: Option<&PeerObserved>) -> Option<VifPeer> {
        let fields = Self::create(desired)?.body?.get_mut("vif_peer")?.take();
        recall(fields, (&["id"], id), observed, &[("virtual_interface_id", "vif_id"), ("received_routes", "receive_route_num")])
    }

    fn disruption(difference: &Difference) -> Option<&'static str> {
        match difference.path {
            "remoteEpGroup" => removed(difference),
            _ => None,
        }
    }
}

/// Its networks: those of the spec, and those that routes add.
fn remote_ep_group(desired: &Desired<'_, Peer>, seen: &VifPeer) -> Vec<String> {
    with_contributed(&desired.object.spec.remote_ep_group, &seen.remote_ep_group, desired.contributions.to(&seen.id))
}

fn interface(desired: &Desired<'_, Peer>) -> Option<String> {
    desired.links.get(INTERFACE).or(desired.object.spec.virtual_interface_id.as_ref()).cloned()
}

/// Whether this is a word for a BGP session that is up. The cloud's words are not documented (`docs/design/uncertain-facts.md#u6`): `ACTIVE` is the
/// word it uses for things that work, and is read as such although BGP's own `Active` means the opposite.
pub(super) fn is_session_up(state: &str) -> bool {
    ["ACTIVE", "UP", "ESTABLISHED"].iter().any(|word| state.eq_ignore_ascii_case(word))
}

/// The BGP session of `peer`, when it is known not to be up.
pub(super) fn session_down(peer: &VifPeer) -> Option<String> {
    let state = peer.bgp_status.as_deref().filter(|state| !state.is_empty())?;
    (!is_session_up(state) && peer.route_mode.as_deref() == Some("bgp"))
        .then(|| format!("{} is {state}", peer.address_family.as_deref().unwrap_or("the session")))
}
