//! Rules of the routes of global gateways.

use ipnet::IpNet;
use serde_json::Value;

use super::{
    check_gateway_unlocked,
    fields::{Field, FieldType, require, validate},
};
use crate::{
    http::ApiError,
    settings::{GatewayNextHop, PendingDelete, Settings},
    state::{Cloud, Object, peers, text},
};

const ACTIONS: [&str; 3] = ["add_routes", "del_routes", "update_routes"];
/// The maximum number of routes in a request.
const MAX_ROUTES: usize = 100;

const ROUTE: [Field; 4] = [
    ("destination", FieldType::Text(2_147_483_647)),
    ("nexthop", FieldType::Text(255)),
    ("type", FieldType::OneOf(&["vif_peer", "gdgw"])),
    ("description", FieldType::LongDescription),
];
const DELETE: [Field; 3] = [ROUTE[0], ROUTE[1], ROUTE[2]];
const UPDATE: [Field; 3] = [ROUTE[0], ROUTE[1], ROUTE[3]];

/// What a request does, after all checks.
pub enum Change {
    Add(Vec<Object>),
    /// The ids of routes.
    Delete(Vec<String>),
    /// The ids of routes, and their new descriptions.
    Describe(Vec<(String, Option<Value>)>),
}

/// Whether the request is only to be checked.
pub fn dry_run(document: &Object) -> Result<bool, ApiError> {
    match document.get("dry_run") {
        None => Ok(false),
        Some(Value::Bool(dry_run)) => Ok(*dry_run),
        Some(_) => Err(ApiError::invalid_parameter("dry_run is invalid")),
    }
}

pub fn check_update(cloud: &Cloud, gateway: &Object, table: Object, settings: &Settings) -> Result<Change, ApiError> {
    let fields = ACTIONS.map(|action| (action, FieldType::Objects));
    let mut table = validate(table, &fields, &[], settings)?;
    table.retain(|_, routes| routes.as_array().is_some_and(|routes| !routes.is_empty()));
    if table.len() > 1 {
        return Err(ApiError::invalid_parameter("routes are added, deleted or updated, one of them in a request"));
    }
    let Some((action, routes)) = table.into_iter().next() else {
        return Ok(Change::Add(Vec::new()));
    };
    let routes: Vec<Object> = if let Value::Array(routes) = routes {
        routes.into_iter().filter_map(|route| if let Value::Object(route) = route { Some(route) } else { None }).collect()
    } else {
        Vec::new()
    };
    if routes.len() > MAX_ROUTES {
        return Err(ApiError::invalid_parameter(&format!("{action} has too many routes")));
    }
    let (fields, required): (&[Field], &[&str]) = match action.as_str() {
        "add_routes" => (&ROUTE, &["type", "destination", "nexthop"]),
        "del_routes" => (&DELETE, &["type", "destination", "nexthop"]),
        _ => (&UPDATE, &["destination", "nexthop"]),
    };
    let routes = routes.into_iter().map(|route| check_route(route, fields, required, settings)).collect::<Result<Vec<_>, _>>()?;
    check_distinct(&routes)?;
    check_gateway_unlocked(gateway, settings)?;
    match action.as_str() {
        "add_routes" => {
            let added = routes.into_iter().map(|route| check_new(cloud, gateway, route, settings));
            Ok(Change::Add(added.collect::<Result<_, _>>()?))
        }
        "del_routes" => {
            let deleted = routes.iter().map(|route| check_delete(find(cloud, gateway, route, settings)?, settings));
            Ok(Change::Delete(deleted.collect::<Result<_, _>>()?))
        }
        _ => {
            let describe = |mut route: Object| {
                let id = text(changeable(find(cloud, gateway, &route, settings)?)?, "id").to_owned();
                Ok((id, route.remove("description")))
            };
            Ok(Change::Describe(routes.into_iter().map(describe).collect::<Result<_, ApiError>>()?))
        }
    }
}

/// The address family of a destination.
pub fn family(destination: &str) -> &'static str {
    if destination.contains(':') { "ipv6" } else { "ipv4" }
}

fn check_route(route: Object, fields: &[Field], required: &[&str], settings: &Settings) -> Result<Object, ApiError> {
    let route = validate(route, fields, &[], settings)?;
    require(&route, required)?;
    if text(&route, "description").contains('`') {
        return Err(ApiError::invalid_parameter("description is invalid"));
    }
    network(&route).ok_or_else(|| ApiError::bad_request("DC.0004"))?;
    Ok(route)
}

fn check_distinct(routes: &[Object]) -> Result<(), ApiError> {
    let repeated = |(place, route): (usize, &Object)| routes.iter().take(place).any(|other| is_same(other, route));
    let mut numbered = routes.iter().enumerate();
    if numbered.any(repeated) { Err(ApiError::invalid_parameter("two routes are the same")) } else { Ok(()) }
}

fn check_new(cloud: &Cloud, gateway: &Object, route: Object, settings: &Settings) -> Result<Object, ApiError> {
    if cloud.routes_of_global_gateway(text(gateway, "id")).any(|other| is_same(other, &route)) {
        return Err(ApiError::invalid_parameter("the route exists"));
    }
    let next_hop = text(&route, "nexthop");
    let of_interface = cloud.interfaces_of_global_gateway(text(gateway, "id")).flat_map(peers).find(|peer| text(peer, "id") == next_hop);
    let fits = if text(&route, "type") == "vif_peer" {
        of_interface.is_some_and(|peer| text(peer, "address_family") == family(text(&route, "destination")))
    } else {
        leads_to_gateway(cloud, gateway, next_hop, settings)
    };
    if !fits {
        return Err(ApiError::invalid_parameter("nexthop is no peer of this address family on the gateway, and no other gateway"));
    }
    Ok(route)
}

/// Whether the next hop is another gateway, or a link to one (`docs/design/uncertain-facts.md#u51`).
fn leads_to_gateway(cloud: &Cloud, gateway: &Object, next_hop: &str, settings: &Settings) -> bool {
    let id = text(gateway, "id");
    match settings.switches.u51_gateway_next_hop {
        GatewayNextHop::Gateway => next_hop != id && cloud.global_gateways.contains_key(next_hop),
        GatewayNextHop::PeerLink => cloud.links_of_global_gateway(id).any(|link| text(link, "id") == next_hop),
    }
}

fn check_delete(route: &Object, settings: &Settings) -> Result<String, ApiError> {
    let route = changeable(route)?;
    if settings.switches.u3_delete_while_pending == PendingDelete::Refuse {
        check_gateway_unlocked(route, settings)?;
    }
    if text(route, "status") == "ERROR" && !settings.switches.u50_delete_in_error {
        return Err(ApiError::invalid_parameter("the route is in status ERROR"));
    }
    Ok(text(route, "id").to_owned())
}

/// What BGP learned is not for clients to change.
fn changeable(route: &Object) -> Result<&Object, ApiError> {
    if text(route, "obtain_mode") == "bgp" { Err(ApiError::invalid_parameter("the route is learned by BGP")) } else { Ok(route) }
}

fn find<'c>(cloud: &'c Cloud, gateway: &'c Object, route: &Object, settings: &Settings) -> Result<&'c Object, ApiError> {
    let of_type = |other: &Object| !route.contains_key("type") || text(other, "type") == text(route, "type");
    let mut routes = cloud.routes_of_global_gateway(text(gateway, "id"));
    let found = routes.find(|other| is_same(other, route) && of_type(other));
    found.ok_or_else(|| ApiError::with_detail(&settings.switches.u31_absent_route_code, "The route does not exist."))
}

/// Whether two routes have the same destination and next hop.
fn is_same(one: &Object, other: &Object) -> bool {
    text(one, "nexthop") == text(other, "nexthop") && network(one) == network(other)
}

fn network(route: &Object) -> Option<IpNet> {
    text(route, "destination").parse::<IpNet>().ok().map(|network| network.trunc())
}
