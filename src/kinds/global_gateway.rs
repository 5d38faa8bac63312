//! `GlobalGateway`: the gateway of lines that lead to several regions.

use crate::accounts::{IMPORT, TagScope, Use, What};
use crate::api::cloud_account::{Feature, Features};
use crate::api::{GatewayAddressFamily, GlobalGateway, GlobalGatewayObserved, GlobalGatewaySpec, Managed, Tags};
use crate::cloud::{self, Call, CreateGlobalGateway, Listed, UpdateGlobalGateway};
use crate::reconcile::{ById, Desired, Difference, Health, Kind, Place, Refer, ResourcePhase, SpecTags};

use super::compare::{Comparison, differs, from_wire, to_wire};
use super::disruption::narrowed;
use super::{express, imported};

/// The kind.
pub struct GlobalGatewayKind;

impl Kind for GlobalGatewayKind {
    type Object = GlobalGateway;
    type Listed = cloud::GlobalGateway;
    type Resource = cloud::GlobalGateway;

    const NAME: &'static str = "GlobalGateway";
    const PLACE: Place = Place::Gateway;
    const WRITES: &'static [&'static str] = cloud::GlobalGateway::WRITES;
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = Some(|features| features.global_gateways);
    /// The operations on tags know no global gateways.
    const TAG_SCOPE: TagScope = TagScope::Create(cloud::GlobalGateway::PLURAL);

    /// Nothing that an account grants stands behind it: what is named by its id is granted by that id.
    const BY_ID: Option<ById<cloud::GlobalGateway>> = Some(ById { uses: |_| Vec::new(), uses_of_absent: |_| Vec::new() });

    fn tags_of(object: &GlobalGateway) -> SpecTags<'_> {
        object.spec.tags.as_ref().into()
    }

    fn uses(object: &GlobalGateway) -> Vec<Use> {
        let import = object.spec.import.as_ref();
        let id = import.and_then(|import| import.id.as_ref()).map(|id| Use::new(IMPORT, What::Network(id.clone())));
        imported(Some(Self::NAME), import).chain(id).collect()
    }

    fn resources(listed: &cloud::GlobalGateway) -> Vec<cloud::GlobalGateway> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::GlobalGateway>, seen: cloud::GlobalGateway) -> Option<cloud::GlobalGateway> {
        Some(seen)
    }

    fn id(seen: &cloud::GlobalGateway) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::GlobalGateway) -> Option<&str> {
        seen.name.as_deref()
    }

    fn tags(seen: &cloud::GlobalGateway) -> Tags {
        from_wire(&seen.tags)
    }

    fn natural_key(desired: &Desired<'_, GlobalGateway>) -> Option<String> {
        Some(name(desired))
    }

    fn describe_natural_key(desired: &Desired<'_, GlobalGateway>) -> Option<String> {
        Some(format!("the name {}", name(desired)))
    }

    /// The name must do where a region keeps no tags. So none other may have it, wherever that is: what bears it after a create of ours came from
    /// that create.
    fn is_at(desired: &Desired<'_, GlobalGateway>, seen: &cloud::GlobalGateway) -> bool {
        seen.name.as_deref() == Some(&name(desired))
    }

    /// What has the name.
    fn competitor(desired: &Desired<'_, GlobalGateway>, listed: &cloud::GlobalGateway) -> Option<String> {
        Self::is_at(desired, listed).then(|| listed.id.clone())
    }

    /// Names are not unique in the cloud (`docs/design/uncertain-facts.md#u11`).
    fn is_guarded(_: &GlobalGateway) -> bool {
        false
    }

    fn create(desired: &Desired<'_, GlobalGateway>) -> Option<Call> {
        let spec = &desired.object.spec;
        let create = CreateGlobalGateway {
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            bgp_asn: spec.bgp_asn,
            address_family: spec.address_family.map(GatewayAddressFamily::as_str),
            enterprise_project_id: spec.enterprise_project_id.clone().or_else(|| desired.defaults.enterprise_project_id.clone()),
            tags: to_wire(&Self::desired_tags(desired).tags),
        };
        Some(create.call())
    }

    fn delete(gateway: &cloud::GlobalGateway) -> Option<Call> {
        Some(cloud::GlobalGateway::delete(&gateway.id))
    }

    fn compare(desired: &Desired<'_, GlobalGateway>, seen: &cloud::GlobalGateway) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        comparison.fixed("bgpAsn", spec.bgp_asn, seen.bgp_asn);
        comparison.fixed("enterpriseProjectId", spec.enterprise_project_id.as_ref(), seen.enterprise_project_id.as_ref());
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.mutable("addressFamily", spec.address_family.map(GatewayAddressFamily::as_str), seen.address_family.as_deref());
        comparison.tags_of_create(spec.tags.as_ref(), &Self::desired_tags(desired), &from_wire(&seen.tags));
        comparison.finish()
    }

    fn update(desired: &Desired<'_, GlobalGateway>, seen: &cloud::GlobalGateway, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let when = |path| differs(differences, path);
        let body = UpdateGlobalGateway {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| spec.description.clone().unwrap_or_default()),
            address_family: spec.address_family.map(GatewayAddressFamily::as_str).filter(|_| when("addressFamily")),
        };
        (body != UpdateGlobalGateway::default()).then(|| body.call(&seen.id))
    }

    fn phase(seen: &cloud::GlobalGateway) -> ResourcePhase {
        ResourcePhase::of(seen.status.as_deref(), seen.reason.as_deref())
    }

    fn health(seen: &cloud::GlobalGateway) -> Health {
        match seen.status.as_deref() {
            Some("DOWN") => Health::Down("not connected: no virtual interface of the gateway works".to_owned()),
            other => Health::of(other, &[]),
        }
    }

    fn observed(seen: &cloud::GlobalGateway) -> GlobalGatewayObserved {
        let cloud::GlobalGateway {
            id: _,
            name,
            description: _,
            bgp_asn,
            address_family,
            status,
            reason,
            current_peer_link_count,
            available_peer_link_count,
            location_name,
            region_id,
            global_center_network_id,
            enterprise_project_id,
            tags,
        } = seen.clone();
        GlobalGatewayObserved {
            name,
            status,
            bgp_asn,
            address_family,
            current_peer_link_count,
            available_peer_link_count,
            location_name,
            region_id,
            global_center_network_id,
            enterprise_project_id,
            reason,
            tags: from_wire(&tags),
        }
    }

    fn spec_of(seen: &cloud::GlobalGateway, _: &Refer<'_>) -> Result<GlobalGatewaySpec, String> {
        Ok(GlobalGatewaySpec {
            account_ref: None,
            policy: None,
            import: None,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 255),
            bgp_asn: seen.bgp_asn.filter(|asn| *asn > 0),
            address_family: express::word(seen.address_family.as_ref()),
            enterprise_project_id: seen.enterprise_project_id.clone(),
            tags: express::tags(&seen.tags),
        })
    }

    fn disruption(difference: &Difference) -> Option<&'static str> {
        match difference.path {
            "addressFamily" => narrowed(difference),
            _ => None,
        }
    }
}

/// What `field` uses that names a global gateway by its id: it counts as a network of that id, which an account can grant, and it is had by the leave
/// of its object.
pub(super) fn named(field: &'static str, id: &str) -> [Use; 2] {
    [What::Network(id.to_owned()), What::Resource(GlobalGatewayKind::NAME, id.to_owned())].map(|what| Use::new(field, what))
}

/// The name by which a create that may have been sent is known, or the one that the resource is to have.
fn name(desired: &Desired<'_, GlobalGateway>) -> String {
    desired.created_as.map_or_else(|| desired.object.cloud_name(), str::to_owned)
}
