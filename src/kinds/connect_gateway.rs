//! `ConnectGateway`: the gateway of global EIPs. The cloud lets several have one name; here a name has one.

use crate::accounts::Use;
use crate::api::cloud_account::{Feature, Features};
use crate::api::{ConnectGateway, ConnectGatewayObserved, ConnectGatewaySpec, GatewayAddressFamily, Managed, Tags};
use crate::cloud::{self, Call, CreateConnectGateway, UpdateConnectGateway};
use crate::reconcile::{ById, Desired, Difference, Health, Kind, Place, Refer, ResourcePhase, SpecTags};

use super::compare::{Comparison, differs};
use super::disruption::narrowed;
use super::{express, imported};

/// The kind.
pub struct ConnectGatewayKind;

impl Kind for ConnectGatewayKind {
    type Object = ConnectGateway;
    type Listed = cloud::ConnectGateway;
    type Resource = cloud::ConnectGateway;

    const NAME: &'static str = "ConnectGateway";
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = Some(|features| features.connect_gateways);
    const PLACE: Place = Place::Gateway;
    const WRITES: &'static [&'static str] = cloud::ConnectGateway::WRITES;

    /// Nothing that an account grants stands behind it: what is bound to it is granted by itself.
    const BY_ID: Option<ById<cloud::ConnectGateway>> = Some(ById { uses: |_| Vec::new(), uses_of_absent: |_| Vec::new() });

    fn tags_of(_: &ConnectGateway) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn uses(object: &ConnectGateway) -> Vec<Use> {
        imported(Some(Self::NAME), object.spec.import.as_ref()).collect()
    }

    fn resources(listed: &cloud::ConnectGateway) -> Vec<cloud::ConnectGateway> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::ConnectGateway>, seen: cloud::ConnectGateway) -> Option<cloud::ConnectGateway> {
        Some(seen)
    }

    fn id(seen: &cloud::ConnectGateway) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::ConnectGateway) -> Option<&str> {
        seen.name.as_deref()
    }

    fn tags(_: &cloud::ConnectGateway) -> Tags {
        Tags::new()
    }

    fn natural_key(desired: &Desired<'_, ConnectGateway>) -> Option<String> {
        Some(name(desired))
    }

    fn describe_natural_key(desired: &Desired<'_, ConnectGateway>) -> Option<String> {
        Some(format!("the name {}", name(desired)))
    }

    /// The name, or the one that a create was sent with: nobody else has it, or that create would not have been sent
    /// (`docs/design/uncertain-facts.md#u11`).
    fn is_at(desired: &Desired<'_, ConnectGateway>, seen: &cloud::ConnectGateway) -> bool {
        seen.name == Some(name(desired))
    }

    /// Where names are unique, whoever has the name.
    fn competitor(desired: &Desired<'_, ConnectGateway>, listed: &cloud::ConnectGateway) -> Option<String> {
        (listed.name == Some(desired.object.cloud_name())).then(|| listed.id.clone())
    }

    /// Names are not unique.
    fn is_guarded(_: &ConnectGateway) -> bool {
        false
    }

    fn create(desired: &Desired<'_, ConnectGateway>) -> Option<Call> {
        let spec = &desired.object.spec;
        let create = CreateConnectGateway {
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            address_family: spec.address_family.map(GatewayAddressFamily::as_str),
        };
        Some(create.call())
    }

    fn delete(gateway: &cloud::ConnectGateway) -> Option<Call> {
        Some(cloud::ConnectGateway::delete(&gateway.id))
    }

    fn compare(desired: &Desired<'_, ConnectGateway>, seen: &cloud::ConnectGateway) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.mutable("addressFamily", spec.address_family.map(GatewayAddressFamily::as_str), seen.address_family.as_deref());
        comparison.finish()
    }

    fn update(desired: &Desired<'_, ConnectGateway>, seen: &cloud::ConnectGateway, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let when = |path| differs(differences, path);
        let body = UpdateConnectGateway {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| spec.description.clone().unwrap_or_default()),
            address_family: spec.address_family.map(GatewayAddressFamily::as_str).filter(|_| when("addressFamily")),
        };
        (body != UpdateConnectGateway::default()).then(|| body.call(&seen.id))
    }

    fn phase(seen: &cloud::ConnectGateway) -> ResourcePhase {
        ResourcePhase::of(seen.status.as_deref(), None)
    }

    /// A gateway is `DOWN` from its create on, until something uses it.
    fn health(seen: &cloud::ConnectGateway) -> Health {
        match seen.status.as_deref() {
            Some("DOWN") => Health::Down("not used, or its device is down".to_owned()),
            status => Health::of(status, &[]),
        }
    }

    fn observed(seen: &cloud::ConnectGateway) -> ConnectGatewayObserved {
        let cloud::ConnectGateway {
            id: _,
            name,
            description: _,
            address_family,
            bgp_asn,
            status,
            access_site,
            gateway_site,
            gcb_id,
            current_geip_count,
        } = seen.clone();
        ConnectGatewayObserved { name, status, address_family, bgp_asn, access_site, gateway_site, gcb_id, current_geip_count }
    }

    fn spec_of(seen: &cloud::ConnectGateway, _: &Refer<'_>) -> Result<ConnectGatewaySpec, String> {
        Ok(ConnectGatewaySpec {
            account_ref: None,
            policy: None,
            import: None,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 255),
            address_family: express::word(seen.address_family.as_ref()),
        })
    }

    fn disruption(difference: &Difference) -> Option<&'static str> {
        match difference.path {
            "addressFamily" => narrowed(difference),
            _ => None,
        }
    }
}

/// The name that its resource has or would have.
fn name(desired: &Desired<'_, ConnectGateway>) -> String {
    desired.created_as.map_or_else(|| desired.object.cloud_name(), str::to_owned)
}
