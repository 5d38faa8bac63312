//! `Connection`: a leased line. It is found, described and referred to; it is ordered and cancelled elsewhere.

use serde_json::json;

use crate::accounts::{IMPORT, Use, What};
use crate::api::{Connection, ConnectionObserved, ConnectionSpec, DeletionPolicy, Reason, Tags};
use crate::cloud::{self, Call, UpdateConnection};
use crate::reconcile::{ById, Desired, DesiredTags, Difference, Health, Kind, Place, Refer, ResourcePhase, SpecTags, Tagging, recall};

use super::compare::{Comparison, TagChange, differs, from_wire};
use super::{express, imported};

/// The kind.
pub struct ConnectionKind;

impl Kind for ConnectionKind {
    type Object = Connection;
    type Listed = cloud::Connection;
    type Resource = cloud::Connection;

    const NAME: &'static str = "Connection";
    const PLACE: Place = Place::Line;
    const WRITES: &'static [&'static str] = cloud::Connection::WRITES;

    /// An id that the account does not show is one of another account's lines, which an account can grant all the same.
    const BY_ID: Option<ById<cloud::Connection>> = Some(ById {
        uses: |connection| vec![What::Connection(connection.id.clone())],
        uses_of_absent: |id| vec![What::Connection(id.to_owned())],
    });

    const DELETION: Option<DeletionPolicy> = Some(DeletionPolicy::Retain);

    /// Not ours to mark: neither the owner's tag nor the account's default ones are set.
    fn tags_of(_: &Connection) -> SpecTags<'_> {
        SpecTags::Unsupported
    }

    /// The spec's are added to those of others, and none is taken off.
    fn desired_tags(desired: &Desired<'_, Connection>) -> DesiredTags {
        let spec = &desired.object.spec;
        let tags = spec.tags.clone().filter(|_| desired.tagging != Tagging::None).unwrap_or_default();
        let ignored = spec.policy.iter().flat_map(|policy| &policy.ignore_tags).chain(&desired.defaults.ignore_tags).cloned().collect();
        DesiredTags { tags, is_whole: false, ignored }
    }

    /// One that is known by its name only is none of those that an account grants by their ids.
    fn uses(object: &Connection) -> Vec<Use> {
        let spec = &object.spec;
        let by_name = spec.import.as_ref().is_some_and(|import| import.natural_key == Some(true));
        let found = object.status.as_ref().and_then(|status| status.id.clone());
        let named = match (by_name, found, &spec.name) {
            (true, Some(id), _) => Some(Use::new(IMPORT, What::Resource(Self::NAME, id))),
            (true, None, Some(name)) => Some(Use::new("name", What::Connection(name.clone()))),
            _ => None,
        };
        imported(Some(Self::NAME), spec.import.as_ref()).chain(named).collect()
    }

    fn resources(listed: &cloud::Connection) -> Vec<cloud::Connection> {
        vec![listed.clone()]
    }

    fn place(_: Option<&cloud::Connection>, seen: cloud::Connection) -> Option<cloud::Connection> {
        Some(seen)
    }

    fn id(seen: &cloud::Connection) -> &str {
        &seen.id
    }

    fn name(seen: &cloud::Connection) -> Option<&str> {
        seen.name.as_deref()
    }

    /// None that says whose it is.
    fn tags(_: &cloud::Connection) -> Tags {
        Tags::new()
    }

    /// The name, where the import asks for it.
    fn natural_key(desired: &Desired<'_, Connection>) -> Option<String> {
        let spec = &desired.object.spec;
        let by_name = spec.import.as_ref().is_some_and(|import| import.natural_key == Some(true));
        spec.name.clone().filter(|_| by_name)
    }

    fn describe_natural_key(desired: &Desired<'_, Connection>) -> Option<String> {
        Self::natural_key(desired).map(|name| format!("the connection named {name}"))
    }

    fn is_at(desired: &Desired<'_, Connection>, seen: &cloud::Connection) -> bool {
        seen.name.is_some() && seen.name == Self::natural_key(desired)
    }

    fn create(_: &Desired<'_, Connection>) -> Option<Call> {
        None
    }

    fn delete(_: &cloud::Connection) -> Option<Call> {
        None
    }

    /// What the spec does not name is not compared, the name neither.
    fn compare(desired: &Desired<'_, Connection>, seen: &cloud::Connection) -> Vec<Difference> {
        let spec = &desired.object.spec;
        let mut comparison = Comparison::default();
        comparison.text("name", spec.name.as_deref(), seen.name.as_deref());
        comparison.text("description", spec.description.as_deref(), seen.description.as_deref());
        comparison.text("peerLocation", spec.peer_location.as_deref(), seen.peer_location.as_deref());
        comparison.tags(&Self::desired_tags(desired), &from_wire(&seen.tags));
        comparison.finish()
    }

    fn update(desired: &Desired<'_, Connection>, seen: &cloud::Connection, differences: &[Difference]) -> Option<Call> {
        let spec = &desired.object.spec;
        let when = |path, value: &Option<String>| value.clone().filter(|_| differs(differences, path));
        let body = UpdateConnection {
            name: when("name", &spec.name),
            description: when("description", &spec.description),
            peer_location: when("peerLocation", &spec.peer_location),
        };
        if body != UpdateConnection::default() {
            return Some(body.call(&seen.id));
        }
        if !differs(differences, "tags") {
            return None;
        }
        TagChange::between(&Self::desired_tags(desired), &from_wire(&seen.tags)).map(|change| change.call("dc-directconnect", &seen.id))
    }

    /// The stages of a delivery take days.
    fn phase(seen: &cloud::Connection) -> ResourcePhase {
        match seen.status.as_deref() {
            Some("APPLY" | "PENDING_SURVEY" | "PENDING_PAY" | "PAID" | "LEASED_LINE_DELIVERY" | "BUILD") => {
                ResourcePhase::Settling(Reason::Delivering)
            }
            Some("DENY") => {
                let reason = seen.reason.as_deref().filter(|reason| !reason.is_empty());
                ResourcePhase::Failed(
                    Reason::CloudFailed,
                    reason.map_or_else(|| "the order was denied".to_owned(), |reason| format!("the order was denied: {reason}")),
                )
            }
            status => ResourcePhase::of(status, seen.reason.as_deref()),
        }
    }

    fn health(seen: &cloud::Connection) -> Health {
        Health::of(seen.status.as_deref(), &[])
    }

    fn observed(seen: &cloud::Connection) -> ConnectionObserved {
        let cloud::Connection {
            id: _,
            name,
            description: _,
            kind,
            port_type,
            bandwidth,
            location,
            peer_location,
            provider,
            vlan,
            hosting_id,
            device_id,
            lag_id,
            charge_mode,
            status,
            reason,
            tags,
        } = seen.clone();
        ConnectionObserved {
            name,
            status,
            type_: kind,
            port_type,
            bandwidth,
            location,
            provider,
            peer_location,
            vlan,
            hosting_id,
            device_id,
            lag_id,
            charge_mode,
            reason,
            tags: from_wire(&tags),
        }
    }

    /// Its tags are left to whoever has set them.
    fn spec_of(seen: &cloud::Connection, _: &Refer<'_>) -> Result<ConnectionSpec, String> {
        Ok(ConnectionSpec {
            account_ref: None,
            policy: None,
            import: None,
            name: express::name(seen.name.as_ref()),
            description: express::description(seen.description.as_ref(), 128),
            peer_location: express::text(seen.peer_location.as_ref(), 255),
            tags: None,
        })
    }

    /// The status shows all but the description.
    fn recalled(desired: &Desired<'_, Connection>, id: &str, observed: Option<&ConnectionObserved>) -> Option<cloud::Connection> {
        let fields = json!({ "description": desired.object.spec.description });
        recall(fields, (<cloud::Connection as cloud::Listed>::ID, id), observed, &[])
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
