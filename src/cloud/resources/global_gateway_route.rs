//! Routes of global gateways: wire types and calls (`docs/design/cloud-api.md#routes-of-global-gateways`). One operation adds, changes and deletes them.

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cloud::call::{Call, Method};
use crate::cloud::resources::global_gateway::GlobalGateway;
use crate::cloud::resources::listed::{Listed, Parent};
use crate::cloud::resources::tag::Tag;
use crate::cloud::resources::wire::some;

const COLLECTION: &str = "routetables";
const WRAPPER: &str = "gdgw_routetable";
const LIST: &str = "ListGdgwRouteTables";
/// What BGP learned belongs to nobody.
const LEARNED: &str = "bgp";

/// A route as the cloud shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GlobalGatewayRoute {
    pub id: String,
    /// The gateway in whose table it is.
    #[serde(default, deserialize_with = "some")]
    pub gateway_id: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub destination: Option<String>,
    /// ID of the next hop.
    #[serde(default, deserialize_with = "some")]
    pub nexthop: Option<String>,
    /// `vif_peer` or `gdgw`.
    #[serde(rename = "type", default, deserialize_with = "some")]
    pub type_: Option<String>,
    /// `ipv4` or `ipv6`.
    #[serde(default, deserialize_with = "some")]
    pub address_family: Option<String>,
    /// `specific` (a user's), `customized` (the default route) or `bgp`.
    #[serde(default, deserialize_with = "some")]
    pub obtain_mode: Option<String>,
    /// Description, 0..255 characters.
    #[serde(default, deserialize_with = "some")]
    pub description: Option<String>,
    /// `PENDING_CREATE`, `ACTIVE` or `ERROR`.
    #[serde(default, deserialize_with = "some")]
    pub status: Option<String>,
}

/// What identifies a route in the table of its gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteKey {
    pub gateway: String,
    /// `vif_peer` or `gdgw`.
    pub type_: String,
    pub destination: String,
    pub nexthop: String,
}

impl Listed for GlobalGatewayRoute {
    const COLLECTION: &'static str = COLLECTION;
    const PLURAL: &'static str = "gdgw_routetables";
    const SINGULAR: &'static str = WRAPPER;
    const OPERATIONS: (&'static str, &'static str) = (LIST, LIST);
    const PARENT: Option<Parent> = Some(Parent {
        collection: GlobalGateway::COLLECTION,
        plural: GlobalGateway::PLURAL,
        operation: GlobalGateway::OPERATIONS.0,
        segment: "gdgw",
    });

    fn id(&self) -> &str {
        &self.id
    }

    /// The gateway with type, destination and next hop.
    fn natural_keys(&self) -> Vec<String> {
        self.key().iter().map(RouteKey::natural_key).collect()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn set_parent(&mut self, parent: &str) {
        self.gateway_id.get_or_insert_with(|| parent.to_owned());
    }

    fn is_kept(&self) -> bool {
        self.obtain_mode.as_deref() != Some(LEARNED)
    }
}

impl GlobalGatewayRoute {
    /// Operations that write it.
    pub const WRITES: &'static [&'static str] = &["UpdateGdgwRouteTable"];

    /// What identifies it, if all of that is shown.
    #[must_use]
    pub fn key(&self) -> Option<RouteKey> {
        Some(RouteKey {
            gateway: self.gateway_id.clone()?,
            type_: self.type_.clone()?,
            destination: self.destination.clone()?,
            nexthop: self.nexthop.clone()?,
        })
    }
}

impl RouteKey {
    /// Its place in any table. A network in another spelling is the same.
    #[must_use]
    pub fn natural_key(&self) -> String {
        let Self { gateway, type_, destination, nexthop } = self;
        let network = destination.parse::<IpNet>().map_or_else(|_| destination.clone(), |network| network.trunc().to_string());
        format!("{gateway}/{type_}/{network}/{nexthop}")
    }

    /// The call that adds it.
    #[must_use]
    pub fn add(&self, description: Option<&str>) -> Call {
        let mut route = self.named();
        route.extend(description.map(|description| ("description".to_owned(), json!(description))));
        self.change("add_routes", &route.into())
    }

    /// The call that changes its description; an empty one clears it.
    #[must_use]
    pub fn describe(&self, description: &str) -> Call {
        let Self { gateway: _, type_: _, destination, nexthop } = self;
        self.change("update_routes", &json!({ "destination": destination, "nexthop": nexthop, "description": description }))
    }

    /// The call that deletes it.
    #[must_use]
    pub fn delete(&self) -> Call {
        self.change("del_routes", &self.named().into()).deleting()
    }

    fn named(&self) -> Map<String, Value> {
        let Self { gateway: _, type_, destination, nexthop } = self;
        let fields = [("type", type_), ("destination", destination), ("nexthop", nexthop)];
        fields.map(|(key, value)| (key.to_owned(), Value::from(value.as_str()))).into_iter().collect()
    }

    /// A request has one action. Which routes its answer shows is not certain (`docs/design/uncertain-facts.md#u32`).
    fn change(&self, action: &str, route: &Value) -> Call {
        let segments = GlobalGatewayRoute::path(Some(&self.gateway));
        let body = json!({ WRAPPER: { action: [route] } });
        Call::new("UpdateGdgwRouteTable", Method::Put, &segments, WRAPPER).with_bare_body(body).partial()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(destination: &str) -> RouteKey {
        RouteKey { gateway: "g".into(), type_: "vif_peer".into(), destination: destination.into(), nexthop: "p".into() }
    }

    #[test]
    fn a_request_has_one_action() {
        let key = key("10.0.0.0/8");
        let named = json!({ "type": "vif_peer", "destination": "10.0.0.0/8", "nexthop": "p" });
        let body = |call: Call| call.body.unwrap()[WRAPPER].clone();
        assert_eq!(body(key.delete()), json!({ "del_routes": [named] }));
        assert_eq!(body(key.add(None)), json!({ "add_routes": [named] }));
        let described = json!({ "destination": "10.0.0.0/8", "nexthop": "p", "description": "x" });
        assert_eq!(body(key.describe("x")), json!({ "update_routes": [described] }));
        assert!(key.delete().is_delete() && !key.add(None).is_delete() && key.add(None).is_partial());
    }

    #[test]
    fn a_network_in_another_spelling_is_at_the_same_place() {
        assert_eq!(key("FD00:0::/64").natural_key(), key("fd00::/64").natural_key());
        assert_ne!(key("10.0.0.0/8").natural_key(), key("10.0.0.0/9").natural_key());
    }

    #[test]
    fn what_bgp_learned_is_not_kept() {
        let route = |mode: Value| -> GlobalGatewayRoute { serde_json::from_value(json!({ "id": "1", "obtain_mode": mode })).unwrap() };
        for (mode, is_kept) in [(json!("specific"), true), (json!("customized"), true), (Value::Null, true), (json!("bgp"), false)] {
            assert_eq!(route(mode.clone()).is_kept(), is_kept, "{mode}");
        }
    }
}
