//! Global gateways with their interfaces, links and routes; connect gateways with their global EIPs; hosted connections.

use serde_json::{Value, json};
use support::group::Group;
use support::simulator::{LINE_A, PARTNER, PROJECT, REGION, Simulator};

use super::{Plan, Stage};

static GROUP: Group = Group::new();

const GATEWAYS: usize = 4;
/// Seeded: a connection of a partner, two enterprise routers with their regions and projects, two global EIPs.
const OPERATIONS: &str = "c0000000-0000-4000-8000-000000000004";
const ROUTERS: [(&str, &str, &str); 2] = [
    ("a0000000-0000-4000-8000-000000000001", REGION, PROJECT),
    ("a0000000-0000-4000-8000-000000000002", "eu-west-102", "0605768a3300d5762f82c01180692875"),
];
const GLOBAL_EIPS: [&str; 2] = ["e0000000-0000-4000-8000-000000000001", "e0000000-0000-4000-8000-000000000002"];

#[tokio::test]
async fn whenever_it_dies_the_next_one_ends_what_was_begun() {
    super::whenever_it_dies_the_next_one_ends_what_was_begun(&GROUP, &stage(), prepare).await;
}

fn stage() -> Stage {
    let mut plan = Plan::default();
    let named = |name: &str| json!({ "name": name });
    for number in 0..GATEWAYS {
        let (gateway, interface) = (format!("global-gateway-{number}"), format!("interface-{number}"));
        let gateway_number = plan.add("GlobalGateway", &gateway, &json!({ "description": "" }), &[]);
        let spec = json!({
            "connectionId": LINE_A, "vlan": 100 + number, "bandwidth": 50, "description": "", "globalGatewayRef": named(&gateway),
            "routeMode": "static", "localGatewayIp": format!("10.0.{number}.1/30"), "remoteGatewayIp": format!("10.0.{number}.2/30"),
            "remoteEpGroup": [format!("10.1.{number}.0/24")],
        });
        let interface_number = plan.add("VirtualInterface", &interface, &spec, &[gateway_number]);
        for (router, region, project) in ROUTERS {
            let site = json!({ "enterpriseRouterId": router, "regionId": region, "projectId": project });
            let spec = json!({
                "globalGatewayRef": named(&gateway), "virtualInterfaceRef": named(&interface), "peerSite": site, "description": "",
            });
            plan.add("PeerLink", &format!("link-{number}-to-{region}"), &spec, &[gateway_number, interface_number]);
        }
        for route in 0..3 {
            let spec = json!({
                "globalGatewayRef": named(&gateway), "virtualInterfaceRef": named(&interface), "description": "",
                "destination": format!("10.{}.{route}.0/24", 20 + number),
            });
            plan.add("GlobalGatewayRoute", &format!("route-{number}-{route}"), &spec, &[gateway_number, interface_number]);
        }
    }
    for (number, global_eip) in GLOBAL_EIPS.iter().enumerate() {
        let gateway = format!("connect-gateway-{number}");
        let gateway_number = plan.add("ConnectGateway", &gateway, &json!({ "description": "" }), &[]);
        let spec: Value = json!({ "connectGatewayRef": named(&gateway), "globalEipId": global_eip });
        plan.add("GlobalEipAssociation", &format!("eip-{number}"), &spec, &[gateway_number]);
    }
    for number in 0..6 {
        let spec = json!({
            "hostingId": OPERATIONS, "vlan": 200 + number, "bandwidth": 5, "resourceTenantId": PARTNER, "description": "",
        });
        plan.add("HostedConnection", &format!("hosted-{number}"), &spec, &[]);
    }
    Stage {
        kills: 40,
        objects: plan.0,
        writes: &[
            "CreateGlobalDcGateway",
            "UpdateGlobalDcGateway",
            "DeleteGlobalDcGateway",
            "CreateVirtualInterface",
            "DeleteVirtualInterface",
            "CreatePeerLink",
            "CreatePeerLink",
            "UpdatePeerLink",
            "DeletePeerLink",
            "UpdateGdgwRouteTable",
            "UpdateGdgwRouteTable",
            "UpdateGdgwRouteTable",
            "CreateConnectGateway",
            "DeleteConnectGateway",
            "BindGlobalEips",
            "UnbindGlobalEips",
            "CreateHostedDirectConnect",
            "UpdateHostedDirectConnect",
            "DeleteHostedDirectConnect",
        ],
        lists: &[
            "ListGlobalDcGateways",
            "ListPeerLinks",
            "ListGdgwRouteTables",
            "ListConnectGateways",
            "ListGlobalEips",
            "ListHostedDirectConnects",
        ],
    }
}

/// Room for all, and resources of somebody else.
async fn prepare(cloud: &Simulator) {
    let quotas = json!({ "global_dc_gateways": 10, "connect_gateways": 10, "peer_links": 10, "virtual_interfaces": 100 });
    cloud.settings(json!({ "distinct_locations": false, "quotas": quotas })).await;
    cloud.create("global_dc_gateway", json!({ "name": "foreign" })).await;
    cloud.create("connect_gateway", json!({ "name": "foreign" })).await;
}
