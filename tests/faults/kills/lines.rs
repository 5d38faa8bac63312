//! Gateways, their interfaces and the second peers of these.

use serde_json::json;
use support::group::Group;
use support::simulator::{LINE_A, LINE_B, Simulator};

use super::{Plan, Stage};

static GROUP: Group = Group::new();

const GATEWAYS: usize = 20;
const INTERFACES: usize = 25;
const PEERS: usize = 15;

#[tokio::test]
async fn whenever_it_dies_the_next_one_ends_what_was_begun() {
    super::whenever_it_dies_the_next_one_ends_what_was_begun(&GROUP, &stage(), prepare).await;
}

fn stage() -> Stage {
    let mut plan = Plan::default();
    for number in 0..GATEWAYS {
        let third = number + 1;
        let spec = if (5..10).contains(&number) {
            // Gateways of a router have no natural key, and no IPv6: the peers are elsewhere.
            json!({ "enterpriseRouterId": "00000000-0000-4000-8000-000000000201", "description": "" })
        } else {
            json!({
                "vpcId": format!("00000000-0000-4000-8000-0000000003{number:02}"), "description": "",
                "localEpGroup": [format!("172.16.{third}.0/24")], "localEpGroupIpv6": [format!("fd00:{third}::/64")],
            })
        };
        plan.add("VirtualGateway", &format!("gateway-{number}"), &spec, &[]);
    }
    for number in GATEWAYS..GATEWAYS + INTERFACES {
        let (third, gateway) = (number + 1, (number - GATEWAYS) % GATEWAYS);
        let spec = json!({
            "connectionId": if number.is_multiple_of(3) { LINE_A } else { LINE_B }, "vlan": 100 + number, "bandwidth": 50, "description": "",
            "virtualGatewayRef": { "name": format!("gateway-{gateway}") }, "routeMode": "static",
            "localGatewayIp": format!("10.0.{third}.1/30"), "remoteGatewayIp": format!("10.0.{third}.2/30"),
            "remoteEpGroup": [format!("10.1.{third}.0/24")],
        });
        plan.add("VirtualInterface", &format!("interface-{number}"), &spec, &[gateway]);
    }
    for number in GATEWAYS + INTERFACES..GATEWAYS + INTERFACES + PEERS {
        let (third, interface) = (number + 1, number - PEERS);
        let spec = json!({
            "virtualInterfaceRef": { "name": format!("interface-{interface}") }, "addressFamily": "ipv6", "routeMode": "static",
            "localGatewayIp": format!("fd01:{third}::1/64"), "remoteGatewayIp": format!("fd01:{third}::2/64"), "description": "",
            "remoteEpGroup": [format!("fd02:{third}::/64")],
        });
        plan.add("Peer", &format!("peer-{number}"), &spec, &[interface]);
    }
    Stage {
        kills: 60,
        objects: plan.0,
        writes: &[
            "CreateVirtualGateway",
            "CreateVirtualInterface",
            "CreateVifPeer",
            "CreateVirtualInterface",
            "UpdateVirtualGateway",
            "UpdateVirtualInterface",
            "UpdateVifPeer",
            "DeleteVirtualGateway",
            "DeleteVirtualInterface",
            "DeleteVifPeer",
        ],
        lists: &["ListVirtualGateways", "ListVirtualInterfaces"],
    }
}

/// Room for all, and three resources of somebody else.
async fn prepare(cloud: &Simulator) {
    cloud.settings(json!({ "distinct_locations": false, "quotas": { "virtual_gateways": 100, "virtual_interfaces": 100 } })).await;
    let gateway = json!({ "name": "gateway-1", "vpc_id": "00000000-0000-4000-8000-000000000900", "local_ep_group": ["172.31.0.0/24"] });
    let gateway = cloud.create("virtual_gateway", gateway).await;
    let router = json!({ "name": "foreign", "enterprise_router_id": "00000000-0000-4000-8000-000000000201" });
    cloud.create("virtual_gateway", router).await;
    let interface = json!({
        "name": "interface-20", "direct_connect_id": LINE_A, "vgw_id": gateway["id"], "vlan": 900, "bandwidth": 50, "route_mode": "static",
        "type": "private", "service_type": "VGW", "local_gateway_v4_ip": "10.0.200.1/30", "remote_gateway_v4_ip": "10.0.200.2/30",
        "remote_ep_group": ["10.200.0.0/24"],
    });
    cloud.create("virtual_interface", interface).await;
}
