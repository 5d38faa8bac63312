//! The kinds, one small pure file each: spec → create body, (spec, seen) → differences, seen → health. No IO, no `async`.

mod compare;
mod connect_gateway;
mod connection;
mod disruption;
#[cfg(test)]
mod existing_tests;
mod express;
mod extend_attribute;
#[cfg(test)]
mod fields_tests;
mod global_eip_association;
mod global_gateway;
mod global_gateway_route;
mod hosted_connection;
mod metrics;
mod peer;
mod peer_link;
mod virtual_gateway;
mod virtual_interface;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use crate::accounts::{IMPORT, Use, What};
use crate::api::{self, Import};
use crate::cloud::COMMON_OPERATIONS;
use crate::reconcile::Registration;
use crate::telemetry::metrics::Registered;

pub use connect_gateway::ConnectGatewayKind;
pub use connection::ConnectionKind;
pub use global_eip_association::GlobalEipAssociationKind;
pub use global_gateway::GlobalGatewayKind;
pub use global_gateway_route::GlobalGatewayRouteKind;
pub use hosted_connection::HostedConnectionKind;
pub use peer::PeerKind;
pub use peer_link::PeerLinkKind;
pub use virtual_gateway::VirtualGatewayKind;
pub use virtual_interface::VirtualInterfaceKind;

/// Every kind that the operator runs: what goes over the kinds goes over this list. A kind comes after those that it refers to.
pub const ALL: &[Registration] = &[
    Registration::of::<ConnectionKind>(),
    Registration::of::<HostedConnectionKind>(),
    Registration::of::<VirtualGatewayKind>(),
    Registration::of::<GlobalGatewayKind>(),
    Registration::of::<VirtualInterfaceKind>().with_metrics(metrics::lines),
    Registration::of::<PeerKind>(),
    Registration::of::<PeerLinkKind>(),
    Registration::of::<GlobalGatewayRouteKind>(),
    Registration::of::<ConnectGatewayKind>(),
    Registration::of::<GlobalEipAssociationKind>(),
];

/// The kind of this name.
#[must_use]
pub fn named(kind: &str) -> Option<&'static Registration> {
    ALL.iter().find(|registration| registration.kind == kind)
}

/// The definitions of all custom resources, in the order in which they are to be applied.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    api::crds(ALL.iter().map(Registration::definition))
}

/// Every operation that is called, once: the values of a label of metrics.
#[must_use]
pub fn operations(kinds: &[Registration]) -> Vec<&'static str> {
    let mut all = Vec::new();
    for operation in kinds.iter().flat_map(Registration::operations).chain(COMMON_OPERATIONS.iter().copied()) {
        if !all.contains(&operation) {
            all.push(operation);
        }
    }
    all
}

/// What labels of metrics tell of these kinds.
#[must_use]
pub fn registered(kinds: &[Registration]) -> Registered {
    let collection = |kind: &Registration| kind.resource_type.collection;
    Registered { kinds: kinds.iter().map(|kind| kind.kind).collect(), collections: kinds.iter().map(collection).collect() }
}

/// What an import uses: the leave to take over what is there, and what stands behind its id, where that is a resource of its own.
fn imported(resource: Option<&'static str>, import: Option<&Import>) -> impl Iterator<Item = Use> {
    let id = resource.and_then(|kind| Some(What::Resource(kind, import?.id.clone()?)));
    import.map(|_| What::Import).into_iter().chain(id).map(|what| Use::new(IMPORT, what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DirectConnectGrant, GlobalGatewayRoute, HostedConnection, Peer, PeerLink, VirtualInterface};
    use crate::cloud;
    use crate::reconcile::Kind;
    use kube::CustomResourceExt;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn registration(kind: &str) -> &'static Registration {
        named(kind).unwrap_or_else(|| panic!("{kind} is not registered"))
    }

    #[test]
    fn a_kind_refers_to_kinds_before_it_whose_resources_can_be_judged() {
        for (place, registration) in ALL.iter().enumerate() {
            for (field, kind) in registration.references {
                let target = ALL[..place].iter().find(|target| target.kind == *kind);
                let target = target.unwrap_or_else(|| panic!("{} {field}: {kind} is not before it", registration.kind));
                assert!(target.resource_type.behind.is_some(), "{} {field}: what {kind} uses is not known", registration.kind);
            }
        }
    }

    #[test]
    fn specs_refer_and_name_ids_as_their_kinds_say() {
        let reference = json!({ "name": "a", "namespace": "b" });
        let line = json!({
            "vlan": 1, "bandwidth": 2, "routeMode": "static", "addressFamily": "ipv6", "localGatewayIp": "", "remoteGatewayIp": "",
            "virtualGatewayRef": reference, "virtualInterfaceRef": reference, "virtualGatewayId": "1", "virtualInterfaceId": "1",
            "connectionRef": reference, "hostedConnectionRef": reference, "globalGatewayRef": reference, "globalGatewayId": "1",
            "import": { "id": "2" }, "hostingConnectionRef": reference, "hostingId": "1", "resourceTenantId": "t",
            "peerRef": reference, "nextHopGlobalGatewayRef": reference, "destination": "10.0.0.0/8", "nexthop": "1",
            "peerSite": { "globalGatewayRef": reference, "globalGatewayId": "1", "enterpriseRouterId": "1", "regionId": "", "projectId": "" },
        });
        let hosted = HostedConnection::new("x", serde_json::from_value(line.clone()).unwrap());
        let (interface, peer) = (
            VirtualInterface::new("x", serde_json::from_value(line.clone()).unwrap()),
            Peer::new("x", serde_json::from_value(line.clone()).unwrap()),
        );
        let (peer_link, route) = (
            PeerLink::new("x", serde_json::from_value(line.clone()).unwrap()),
            GlobalGatewayRoute::new("x", serde_json::from_value(line).unwrap()),
        );
        let rows = [
            (HostedConnectionKind::NAME, HostedConnectionKind::references(&hosted), HostedConnectionKind::uses(&hosted)),
            (VirtualInterfaceKind::NAME, VirtualInterfaceKind::references(&interface), VirtualInterfaceKind::uses(&interface)),
            (PeerKind::NAME, PeerKind::references(&peer), PeerKind::uses(&peer)),
            (PeerLinkKind::NAME, PeerLinkKind::references(&peer_link), PeerLinkKind::uses(&peer_link)),
            (GlobalGatewayRouteKind::NAME, GlobalGatewayRouteKind::references(&route), GlobalGatewayRouteKind::uses(&route)),
        ];
        for (kind, references, uses) in rows {
            let told: Vec<(&str, &str)> = references.iter().map(|reference| (reference.field, reference.kind)).collect();
            assert_eq!(told, registration(kind).references, "{kind}");
            let named = uses.iter().filter_map(|used| if let What::Resource(named, _) = used.what { Some(named) } else { None });
            for named in named {
                assert!(registration(named).resource_type.behind.is_some(), "{kind} names a {named} by its id");
            }
        }
    }

    #[test]
    fn what_stands_behind_an_id_is_as_much_as_can_be_known() {
        let connection: cloud::Connection = serde_json::from_value(json!({ "id": "1", "hosting_id": "line", "vlan": 7 })).unwrap();
        let hosted: cloud::HostedConnection = serde_json::from_value(json!({ "id": "1", "hosting_id": "line", "vlan": 7 })).unwrap();
        let (of_connections, of_hosted) = (ConnectionKind::BY_ID.unwrap(), HostedConnectionKind::BY_ID.unwrap());
        let gateway: cloud::VirtualGateway =
            serde_json::from_value(json!({ "id": "1", "vpc_id": "vpc", "enterprise_router_id": "router" })).unwrap();
        let interface: cloud::VirtualInterface =
            serde_json::from_value(json!({ "id": "1", "direct_connect_id": "line", "lag_id": "group", "vlan": 7 })).unwrap();
        let global: cloud::GlobalGateway = serde_json::from_value(json!({ "id": "1" })).unwrap();
        let of_global_gateways = GlobalGatewayKind::BY_ID.unwrap();
        let (of_gateways, of_interfaces) = (VirtualGatewayKind::BY_ID.unwrap(), VirtualInterfaceKind::BY_ID.unwrap());
        let rows = [
            ("a connection", (of_connections.uses)(&connection), vec![What::Connection("1".into())]),
            ("no such connection", (of_connections.uses_of_absent)("1"), vec![What::Connection("1".into())]),
            ("a hosted connection", (of_hosted.uses)(&hosted), vec![What::Connection("line".into()), What::Vlan(7)]),
            ("no such hosted connection", (of_hosted.uses_of_absent)("1"), vec![What::Connection("1".into()), What::UnknownVlan]),
            ("a gateway", (of_gateways.uses)(&gateway), vec![What::Network("vpc".into()), What::Network("router".into())]),
            ("no such gateway", (of_gateways.uses_of_absent)("1"), vec![What::Network("1".into())]),
            (
                "an interface",
                (of_interfaces.uses)(&interface),
                vec![What::Connection("line".into()), What::Connection("group".into()), What::Vlan(7)],
            ),
            ("a global gateway, whose id is granted", (of_global_gateways.uses)(&global), Vec::new()),
            ("no such global gateway", (of_global_gateways.uses_of_absent)("1"), Vec::new()),
            ("a peer", (PeerKind::BY_ID.unwrap().uses_of_absent)("1"), vec![What::Connection("1".into()), What::UnknownVlan]),
            ("no such interface", (of_interfaces.uses_of_absent)("1"), vec![What::Connection("1".into()), What::UnknownVlan]),
        ];
        for (row, uses, expected) in rows {
            assert_eq!(uses, expected, "{row}");
        }
    }

    /// The kinds that a grant can name are those between which there are references.
    #[test]
    fn grants_know_the_kinds_that_refer_and_those_that_are_referred_to() {
        let schema = serde_json::to_value(DirectConnectGrant::crd()).unwrap();
        let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
        let named = |list: &str| -> BTreeSet<&str> {
            let kinds = schema.pointer(&format!("{spec}/{list}/items/properties/kind/enum")).and_then(Value::as_array).unwrap();
            kinds.iter().filter_map(Value::as_str).collect()
        };
        let from: BTreeSet<&str> = ALL.iter().filter(|kind| !kind.references.is_empty()).map(|kind| kind.kind).collect();
        let to: BTreeSet<&str> = ALL.iter().flat_map(|kind| kind.references).map(|(_, kind)| *kind).collect();
        assert_eq!((named("from"), named("to")), (from, to));
    }
}
