//! `HostedConnection`: a VLAN of a partner's operations connection, for another tenant.

use crate::accounts::{Allocation, Use, What};
use crate::api::cloud_account::{Feature, Features};
use crate::api::{HostedConnection, HostedConnectionObserved, HostedConnectionSpec, Managed, Tags};
use crate::cloud::{self, Call, CreateHostedConnection, Listed, UpdateHostedConnection};
use crate::reconcile::{ById, Desired, Difference, Health, Kind, Place, Refer, Reference, ResourcePhase, SpecTags};

use super::compare::{Comparison, differs};
use super::connection::ConnectionKind;
use super::disruption::lowered;
use super::express::needed;
use super::{express, imported};

/// Field that refers to the operations connection.
const HOSTING: &str = "hostingConnectionRef";

/// The kind.
pub struct HostedConnectionKind;

impl Kind for HostedConnectionKind {
    type Object = HostedConnection;
    type Listed = cloud::HostedConnection;
    type Resource = cloud::HostedConnection;

    const NAME: &'static str = "HostedConnection";
    const REFERENCES: &'static [(&'static str, &'static str)] = &[(HOSTING, ConnectionKind::NAME)];
    const PLACE: Place = Place::Share;
    const WRITES: &'static [&'static str] = cloud::HostedConnection::WRITES;
    const ALLOCATES: bool = true;
    const FEATURE: Option<fn(&Features) -> Option<Feature>> = Some(|features| features.hosted_connections);

    /// The operations connection and its VLAN. One that the account does not show is a line of that id.
    const BY_ID: Option<ById<cloud::HostedConnection>> = Some(ById {
        uses: |hosted| {
            let line = What::Connection(hosted.hosting_id.as_ref().unwrap_or(&hosted.id).clone());
            vec![line, hosted.vlan.map_or(What::UnknownVlan, What::Vlan)]
        },
        uses_of_absent: |id| vec![What::Connection(id.to_owned()), What::UnknownVlan],
    });

    fn tags_of(_: &HostedConnection) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    fn references(object: &HostedConnection) -> Vec<Reference> {
        let hosting = object.spec.hosting_connection_ref.iter();
        hosting.map(|hosting| Reference::new(HOSTING, ConnectionKind::NAME, hosting)).collect()
    }

    fn uses(object: &HostedConnection) -> Vec<Use> {
        let spec = &object.spec;
        let line = spec.hosting_id.iter().map(|id| Use::new("hostingId", What::Connection(id.clone())));
        let size = [Use::new("vlan", What::Vlan(spec.vlan)), Use::new("bandwidth", What::Bandwidth(spec.bandwidth))];
        line.chain(size).chain(imported(Some(Self::NAME), spec.import.as_ref())).collect()
    }

    fn resources(listed: &cloud::HostedConnection) -> Vec<cloud::HostedConnection> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::HostedConnection>, seen: cloud::HostedConnection) -> Option<cloud::HostedConnection> {
        Some(seen)
    }

    fn id(seen: &cloud::HostedConnection) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::HostedConnection) -> Option<&str> {
        seen.name.as_deref()
    }

    fn allocation(seen: &cloud::HostedConnection) -> Option<Allocation> {
        Some(Allocation { connection: seen.hosting_id.clone()?, bandwidth: seen.bandwidth?.into(), vlan: seen.vlan })
    }

    fn tags(_: &cloud::HostedConnection) -> Tags {
        Tags::new()
    }

    fn natural_key(desired: &Desired<'_, HostedConnection>) -> Option<String> {
        Some(cloud::HostedConnection::natural_key(&hosting(desired)?, desired.object.spec.vlan))
    }

    fn describe_natural_key(desired: &Desired<'_, HostedConnection>) -> Option<String> {
        Some(format!("VLAN {} of connection {}", desired.object.spec.vlan, hosting(desired)?))
    }

    /// One hosted connection for each VLAN (DC.1008).
    fn is_at(desired: &Desired<'_, HostedConnection>, seen: &cloud::HostedConnection) -> bool {
        Self::natural_key(desired).is_some_and(|key| seen.natural_keys().contains(&key))
    }

    /// Others on the same connection, whose bandwidth they share.
    fn competitor(desired: &Desired<'_, HostedConnection>, listed: &cloud::HostedConnection) -> Option<String> {
        let hosting = hosting(desired);
        let cloud::HostedConnection { id, vlan, bandwidth, hosting_id, .. } = listed;
        (hosting.is_some() && hosting == *hosting_id).then(|| format!("{id} {vlan:?} {bandwidth:?}"))
    }

    fn create(desired: &Desired<'_, HostedConnection>) -> Option<Call> {
        let spec = &desired.object.spec;
        let body = CreateHostedConnection {
            name: desired.object.cloud_name(),
            description: spec.description.clone(),
            hosting_id: hosting(desired)?,
            vlan: spec.vlan,
            bandwidth: spec.bandwidth,
            resource_tenant_id: spec.resource_tenant_id.clone(),
            peer_location: spec.peer_location.clone(),
        };
        Some(body.call())
    }

    fn delete(hosted: &cloud::HostedConnection) -> Option<Call> {
        Some(cloud::HostedConnection::delete(&hosted.id))
    }

    fn compare(desired: &Desired<'_, HostedConnection>, seen: &cloud::HostedConnection) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        let field = if spec.hosting_id.is_some() { "hostingId" } else { HOSTING };
        comparison.fixed(field, hosting(desired).as_ref(), seen.hosting_id.as_ref());
        comparison.fixed("vlan", Some(spec.vlan), seen.vlan);
        comparison.fixed("resourceTenantId", Some(&spec.resource_tenant_id), seen.tenant_id.as_ref());
        comparison.text("name", Some(&desired.object.cloud_name()), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.mutable("bandwidth", Some(spec.bandwidth), seen.bandwidth);
        comparison.text("peerLocation", spec.peer_location.as_deref(), seen.peer_location.as_deref());
        comparison.finish()
    }

    fn update(desired: &Desired<'_, HostedConnection>, seen: &cloud::HostedConnection, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let when = |path| differs(differences, path);
        let body = UpdateHostedConnection {
            name: when("name").then(|| desired.object.cloud_name()),
            description: when("description").then(|| spec.description.clone().unwrap_or_default()),
            bandwidth: when("bandwidth").then_some(spec.bandwidth),
            peer_location: when("peerLocation").then(|| spec.peer_location.clone().unwrap_or_default()),
        };
        (body != UpdateHostedConnection::default()).then(|| body.call(&seen.id))
    }

    /// `BUILD` is the cloud's word for one that is provided (`docs/design/uncertain-facts.md#u38`).
    fn phase(seen: &cloud::HostedConnection) -> ResourcePhase {
        match seen.status.as_deref() {
            Some("BUILD") => ResourcePhase::Settled,
            status => ResourcePhase::of(status, None),
        }
    }

    fn health(seen: &cloud::HostedConnection) -> Health {
        Health::of(seen.status.as_deref().filter(|status| *status != "BUILD"), &[])
    }

    fn parent_ids(observed: &HostedConnectionObserved) -> Vec<&String> {
        observed.hosting_id.iter().collect()
    }

    fn observed(seen: &cloud::HostedConnection) -> HostedConnectionObserved {
        let cloud::HostedConnection {
            id: _,
            name,
            description: _,
            hosting_id,
            vlan,
            bandwidth,
            tenant_id,
            location,
            peer_location: _,
            port_type,
            provider,
            provider_status,
            status,
            apply_time,
        } = seen.clone();
        HostedConnectionObserved {
            name,
            status,
            hosting_id,
            vlan,
            bandwidth,
            tenant_id,
            location,
            port_type,
            provider,
            provider_status,
            apply_time,
        }
    }

    fn spec_of(seen: &cloud::HostedConnection, refer: &Refer<'_>) -> Result<HostedConnectionSpec, String> {
        let hosting = needed("hosting_id", seen.hosting_id.clone())?;
        let hosting_connection_ref = refer(ConnectionKind::NAME, &hosting);
        Ok(HostedConnectionSpec {
            account_ref: None,
            policy: None,
            import: None,
            hosting_id: Some(hosting).filter(|_| hosting_connection_ref.is_none()),
            hosting_connection_ref,
            vlan: needed("vlan", seen.vlan)?,
            bandwidth: needed("bandwidth", seen.bandwidth)?,
            resource_tenant_id: needed("tenant_id", seen.tenant_id.clone())?,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 128),
            peer_location: express::text(seen.peer_location.as_ref(), 255),
        })
    }

    fn disruption(difference: &Difference) -> Option<&'static str> {
        match difference.path {
            "bandwidth" => lowered(difference),
            _ => None,
        }
    }
}

/// The operations connection.
fn hosting(desired: &Desired<'_, HostedConnection>) -> Option<String> {
    desired.links.get(HOSTING).or(desired.object.spec.hosting_id.as_ref()).cloned()
}
