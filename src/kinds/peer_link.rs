//! `PeerLink`: from a global gateway to an enterprise router or another global gateway.

use crate::accounts::{Use, What};
use crate::api::cloud_account::{Feature, Features};
use crate::api::peer_link::{ObservedPeerSite, PeerSite};
use crate::api::{Managed, PeerLink, PeerLinkObserved, PeerLinkSpec, Tags};
use crate::cloud::{self, Call, CreatePeerLink, CreatePeerSite, UpdatePeerLink};
use crate::reconcile::{Desired, Difference, Health, Kind, Place, Refer, Reference, ResourcePhase, SpecTags, recall};

use super::compare::{Comparison, differs};
use super::express::needed;
use super::global_gateway::{GlobalGatewayKind, named};
use super::virtual_interface::VirtualInterfaceKind;
use super::{express, imported};

/// Fields that refer to the gateway, to that of the other side, and to an interface of the gateway.
const GATEWAY: &str = "globalGatewayRef";
const PEER: &str = "peerSite.globalGatewayRef";
const INTERFACE: &str = "virtualInterfaceRef";
/// Says who made a link. No field of the spec: what another service has made is its own.
const CREATE_OWNER: &str = "createOwner";
/// Direct Connect itself, as whose user the operator creates links.
const DIRECT_CONNECT: &str = "dc";

/// The kind.
pub struct PeerLinkKind;

impl Kind for PeerLinkKind {
    type Object = PeerLink;
    type Listed = cloud::PeerLink;
    type Resource = cloud::PeerLink;

    const NAME: &'static str = "PeerLink";
    const REFERENCES: &'static [(&'static str, &'static str)] =
        &[(GATEWAY, GlobalGatewayKind::NAME), (PEER, GlobalGatewayKind::NAME), (INTERFACE, VirtualInterfaceKind::NAME)];
    const PLACE: Place = Place::Attachment;
    const WRITES: &'static [&'static str] = cloud::PeerLink::WRITES;
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = GlobalGatewayKind::FEATURE;

    fn tags_of(_: &PeerLink) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn references(object: &PeerLink) -> Vec<Reference> {
        let spec = &object.spec;
        let gateway = spec.global_gateway_ref.iter().map(|to| Reference::new(GATEWAY, GlobalGatewayKind::NAME, to));
        let peer = spec.peer_site.global_gateway_ref.iter().map(|to| Reference::new(PEER, GlobalGatewayKind::NAME, to));
        let interface = spec.virtual_interface_ref.iter().map(|to| Reference::new(INTERFACE, VirtualInterfaceKind::NAME, to));
        gateway.chain(peer).chain(interface).collect()
    }

    fn uses(object: &PeerLink) -> Vec<Use> {
        let (spec, site) = (&object.spec, &object.spec.peer_site);
        let own = spec.global_gateway_id.iter().flat_map(|id| named("globalGatewayId", id));
        let peer = site.global_gateway_id.iter().flat_map(|id| named("peerSite.globalGatewayId", id));
        let router = site.enterprise_router_id.iter().map(|id| Use::new("peerSite.enterpriseRouterId", What::Network(id.clone())));
        own.chain(peer).chain(router).chain(imported(None, spec.import.as_ref())).collect()
    }

    fn resources(listed: &cloud::PeerLink) -> Vec<cloud::PeerLink> {
        vec![listed.clone()]
    }

    /// The next LIST tells where one is whose answer does not say so.
    fn place(_: Option<&cloud::PeerLink>, seen: cloud::PeerLink) -> Option<cloud::PeerLink> {
        Some(seen).filter(|seen| seen.global_dc_gateway_id.is_some())
    }

    fn id(seen: &cloud::PeerLink) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::PeerLink) -> Option<&str> {
        seen.name.as_deref()
    }

    fn tags(_: &cloud::PeerLink) -> Tags {
        Tags::new()
    }

    fn natural_key(desired: &Desired<'_, PeerLink>) -> Option<String> {
        Some(cloud::PeerLink::natural_key(&gateway(desired)?, &peer(desired)?))
    }

    fn describe_natural_key(desired: &Desired<'_, PeerLink>) -> Option<String> {
        Some(format!("the link of global gateway {} to {}", gateway(desired)?, peer(desired)?))
    }

    fn is_at(desired: &Desired<'_, PeerLink>, seen: &cloud::PeerLink) -> bool {
        Self::natural_key(desired).is_some_and(|key| cloud::Listed::natural_keys(seen).contains(&key))
    }

    /// The gateway with its other links.
    fn competitor(desired: &Desired<'_, PeerLink>, listed: &cloud::PeerLink) -> Option<String> {
        let competes = gateway(desired).is_some_and(|gateway| Some(&gateway) == listed.global_dc_gateway_id.as_ref());
        competes.then(|| listed.id.clone())
    }

    /// Whether the cloud takes a second link to the same peer is not known (`docs/design/uncertain-facts.md#u24`).
    fn is_guarded(_: &PeerLink) -> bool {
        false
    }

    fn listed_under(desired: &Desired<'_, PeerLink>) -> Option<String> {
        let observed = desired.object.status.as_ref().and_then(|status| status.observed.as_ref());
        observed.and_then(|observed| observed.global_gateway_id.clone()).or_else(|| gateway(desired))
    }

    fn create(desired: &Desired<'_, PeerLink>) -> Option<Call> {
        let spec = &desired.object.spec;
        let create = CreatePeerLink {
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            peer_site: CreatePeerSite {
                gateway_id: peer(desired).unwrap_or_default(),
                project_id: spec.peer_site.project_id.clone(),
                region_id: spec.peer_site.region_id.clone(),
            },
        };
        Some(create.call(&gateway(desired).unwrap_or_default()))
    }

    /// What another service has made is left to it.
    fn delete(link: &cloud::PeerLink) -> Option<Call> {
        is_of_direct_connect(link).then(|| link.delete())
    }

    fn compare(desired: &Desired<'_, PeerLink>, seen: &cloud::PeerLink) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        let field = if spec.global_gateway_id.is_some() { "globalGatewayId" } else { GATEWAY };
        comparison.fixed(field, gateway(desired).as_ref(), seen.global_dc_gateway_id.as_ref());
        if let Some(site) = &seen.peer_site {
            comparison.fixed("peerSite", peer(desired).as_ref(), site.gateway_id.as_ref());
            comparison.fixed("peerSite", Some(&spec.peer_site.region_id), site.region_id.as_ref());
            comparison.fixed("peerSite", Some(&spec.peer_site.project_id), site.project_id.as_ref());
        }
        if desired.owner.is_some() {
            comparison.required(CREATE_OWNER, DIRECT_CONNECT, seen.create_owner.as_deref());
        }
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.finish()
    }

    fn update(desired: &Desired<'_, PeerLink>, seen: &cloud::PeerLink, differences: &[Difference]) -> Option<Call> {
        let when = |path| differs(differences, path);
        let body = UpdatePeerLink {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| desired.object.spec.description.clone().unwrap_or_default()),
        };
        (body != UpdatePeerLink::default() && is_of_direct_connect(seen)).then(|| body.call(seen))
    }

    fn phase(seen: &cloud::PeerLink) -> ResourcePhase {
        ResourcePhase::of(seen.status.as_deref(), seen.reason.as_deref())
    }

    fn health(seen: &cloud::PeerLink) -> Health {
        Health::of(seen.status.as_deref(), &[])
    }

    fn parent_ids(observed: &PeerLinkObserved) -> Vec<&String> {
        let peer = observed.peer_site.as_ref().and_then(|site| site.gateway_id.as_ref());
        observed.global_gateway_id.iter().chain(peer).collect()
    }

    fn observed(seen: &cloud::PeerLink) -> PeerLinkObserved {
        let cloud::PeerLink {
            id: _,
            global_dc_gateway_id,
            name,
            description: _,
            peer_site,
            bandwidth_info,
            status,
            reason,
            instance_id,
            create_owner,
        } = seen.clone();
        let bandwidth = bandwidth_info.unwrap_or_default();
        PeerLinkObserved {
            global_gateway_id: global_dc_gateway_id,
            name,
            status,
            peer_site: peer_site.map(observed_site),
            bandwidth: bandwidth.bandwidth_size,
            gcb_id: bandwidth.gcb_id,
            instance_id,
            create_owner,
            reason,
        }
    }

    fn spec_of(seen: &cloud::PeerLink, refer: &Refer<'_>) -> Result<PeerLinkSpec, String> {
        let gateway = needed("global_dc_gateway_id", seen.global_dc_gateway_id.clone())?;
        let global_gateway_ref = refer(GlobalGatewayKind::NAME, &gateway);
        Ok(PeerLinkSpec {
            account_ref: None,
            policy: None,
            import: None,
            global_gateway_id: Some(gateway).filter(|_| global_gateway_ref.is_none()),
            global_gateway_ref,
            peer_site: site_of(needed("peer_site", seen.peer_site.as_ref())?, refer)?,
            virtual_interface_ref: None,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 128),
        })
    }

    fn only_observed(seen: &cloud::PeerLink) -> Option<&'static str> {
        (!is_of_direct_connect(seen)).then_some("another service has made it, such as a central network of Cloud Connect")
    }

    /// A create names the gateway in its path.
    fn recalled(desired: &Desired<'_, PeerLink>, id: &str, observed: Option<&PeerLinkObserved>) -> Option<cloud::PeerLink> {
        let mut fields = Self::create(desired)?.body?.get_mut("peer_link")?.take();
        fields.as_object_mut()?.insert("global_dc_gateway_id".to_owned(), gateway(desired).into());
        let names = [("global_gateway_id", "global_dc_gateway_id")];
        let mut seen: cloud::PeerLink = recall(fields, (<cloud::PeerLink as cloud::Listed>::ID, id), observed, &names)?;
        let bandwidth =
            |observed: &PeerLinkObserved| cloud::BandwidthInfo { bandwidth_size: observed.bandwidth, gcb_id: observed.gcb_id.clone() };
        seen.bandwidth_info = observed.map(bandwidth);
        Some(seen)
    }
}

fn gateway(desired: &Desired<'_, PeerLink>) -> Option<String> {
    desired.links.get(GATEWAY).or(desired.object.spec.global_gateway_id.as_ref()).cloned()
}

/// The router or gateway at the other side.
fn peer(desired: &Desired<'_, PeerLink>) -> Option<String> {
    let site = &desired.object.spec.peer_site;
    desired.links.get(PEER).or(site.global_gateway_id.as_ref()).or(site.enterprise_router_id.as_ref()).cloned()
}

fn is_of_direct_connect(link: &cloud::PeerLink) -> bool {
    link.create_owner.as_deref().is_none_or(|owner| owner == DIRECT_CONNECT)
}

/// The other side as a spec has it.
fn site_of(site: &cloud::PeerSite, refer: &Refer<'_>) -> Result<PeerSite, String> {
    let id = needed("peer_site.gateway_id", site.gateway_id.clone())?;
    let global_gateway_ref = refer(GlobalGatewayKind::NAME, &id);
    let is_global = match site.type_.as_deref() {
        Some("GDGW") => true,
        Some("ER") => false,
        other => return Err(format!("peer links to a {} are not supported", other.unwrap_or("site whose type is not shown"))),
    };
    Ok(PeerSite {
        enterprise_router_id: Some(&id).filter(|_| !is_global).cloned(),
        global_gateway_id: Some(id).filter(|_| is_global && global_gateway_ref.is_none()),
        global_gateway_ref: global_gateway_ref.filter(|_| is_global),
        region_id: needed("peer_site.region_id", site.region_id.clone())?,
        project_id: needed("peer_site.project_id", site.project_id.clone())?,
    })
}

fn observed_site(site: cloud::PeerSite) -> ObservedPeerSite {
    let cloud::PeerSite { type_, gateway_id, project_id, region_id, link_id, site_code } = site;
    ObservedPeerSite { type_, gateway_id, region_id, project_id, link_id, site_code }
}
