//! `tree`.

use serde_json::json;
use support::group::Group;
use support::line::{gateway, global_gateway, interface, object, on_global, peer, peer_link, route, with};
use support::simulator::{LINE_A, REGION};
use support::world::{World, is};

/// Its objects and accounts are these of one test: a tree and a page are of the whole cluster, and every test's cloud has the same connections.
static GROUP: Group = Group::new();

use crate::plugin::dc;

/// The lines with single spaces, without the header.
fn rows(text: &str) -> Vec<String> {
    text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_leads_from_the_connection_to_the_network() {
    let world = World::without_operator_in(&GROUP).await;
    GROUP.operator().await;
    world.apply(&gateway("main", 1)).await;
    world.apply(&interface("office", "main", 50)).await;
    world.apply(&peer("office-v6", "office")).await;
    let other = json!({ "localGatewayIp": "10.0.1.1/30", "remoteGatewayIp": "10.0.1.2/30", "remoteEpGroup": ["10.2.0.0/16"] });
    world.apply(&global_gateway("world")).await;
    world.apply(&with(on_global("far", "world", 51), &other)).await;
    world.apply(&peer_link("router", "world", Some("far"))).await;
    for (kind, name) in [("Peer", "office-v6"), ("VirtualInterface", "office"), ("PeerLink", "router")] {
        world.wait_ready(kind, name).await;
    }
    world.apply(&route("route", "world", "10.2.0.0/16", "far")).await;
    world.wait_ready("GlobalGatewayRoute", "route").await;
    // It works as soon as its interface does, and is looked at again now and then.
    world.look("GlobalGateway", "world").await;
    world.wait("GlobalGateway", "world", "Healthy", |object| is(object, "Healthy", "True")).await;

    let tree = dc(&world, &["tree"]).ok();
    let router = support::line::ROUTER;
    let vpc = support::line::vpc(1);
    let expected = [
        format!("connection {LINE_A} - - - -"),
        "├─ vif/far True True VLAN 51, 50 Mbit/s Available".to_owned(),
        "│ └─ gdgw/world True True - Available".to_owned(),
        "│ ├─ gdgwroute/route True - to 10.2.0.0/16, via vif/far Available".to_owned(),
        format!("│ └─ peerlink/router True True region {REGION}, via vif/far Available"),
        format!("│ └─ enterprise router {router} - - - -"),
        "└─ vif/office True True VLAN 50, 50 Mbit/s Available".to_owned(),
        "├─ vifpeer/office-v6 True True ipv6 Available".to_owned(),
        "└─ vgw/main True True - Available".to_owned(),
        format!("└─ VPC {vpc} - - - -"),
    ];
    assert_eq!(rows(&tree), expected, "{tree}");
    assert_eq!(dc(&world, &["trace"]).ok(), tree);

    let one = dc(&world, &["tree", "vifpeer/office-v6"]).ok();
    assert_eq!(rows(&one).len(), 5, "{one}");
    assert!(one.contains("vgw/main") && !one.contains("world"), "{one}");
    assert!(rows(&dc(&world, &["tree", "--by", "vpc"]).ok())[0].starts_with(&format!("VPC {vpc}")));
    assert!(rows(&dc(&world, &["tree", "--by", "gateway"]).ok())[0].starts_with("gdgw/world"));
    assert!(dc(&world, &["tree", "-o", "wide"]).ok().contains(world.get("VirtualGateway", "main").await["status"]["id"].as_str().unwrap()));

    let document = dc(&world, &["tree", "-o", "json"]).json();
    assert_eq!((&document["kind"], document["nodes"].as_array().unwrap().len()), (&json!("Tree"), 10));
    let key = |kind: &str, name: &str| json!(format!("{kind}/{}/{name}", world.namespace));
    let edges = document["edges"].as_array().unwrap();
    let edge = edges.iter().find(|edge| edge["from"] == key("VirtualInterface", "office") && edge["to"] == key("VirtualGateway", "main"));
    let edge = edge.unwrap_or_else(|| panic!("{document:#}"));
    assert_eq!((&edge["field"], &edge["role"]), (&json!("virtualGatewayRef"), &json!("Path")));
    for (format, begin, has) in [
        ("dot", "digraph", "->"),
        ("mermaid", "flowchart LR", ":::working"),
        ("svg", "<svg", "vif/office"),
        ("yaml", "apiVersion:", "nodes:"),
    ] {
        let text = dc(&world, &["tree", "-o", format]).ok();
        assert!(text.starts_with(begin) && text.contains(has), "{format}: {text}");
        assert_eq!(dc(&world, &["tree", "-o", format]).ok(), text, "{format}: twice the same");
    }
    let missing = dc(&world, &["tree", "vif/other"]);
    assert!(missing.code == 2 && missing.stderr.contains("vif/other: there is none in namespace"), "{}", missing.stderr);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_to_another_namespace_tells_whether_it_is_granted() {
    let world = World::new().await;
    let network = world.neighbour("network", json!({})).await;
    network.apply(&gateway("shared", 1)).await;
    network.wait_ready("VirtualGateway", "shared").await;
    let reference = json!({ "virtualGatewayRef": { "name": "shared", "namespace": network.namespace } });
    world.apply(&with(interface("office", "", 60), &reference)).await;
    world.wait_reason("VirtualInterface", "office", "WaitingForReference").await;
    let gateway_row = |arguments: &[&str]| {
        let tree = dc(&world, arguments).ok();
        rows(&tree).into_iter().find(|row| row.contains("vgw/shared")).unwrap_or_else(|| panic!("{tree}"))
    };
    // What it refers to is read, though it is in another namespace.
    let row = gateway_row(&["tree"]);
    assert!(row.starts_with(&network.namespace) && row.ends_with("True True not granted Available"), "{row}");
    let spec = json!({ "from": [{ "kind": "VirtualInterface", "namespace": world.namespace }], "to": [{ "kind": "VirtualGateway" }] });
    network.apply(&object("DirectConnectGrant", "lines", &spec)).await;
    world.wait_ready("VirtualInterface", "office").await;
    assert!(gateway_row(&["tree"]).ends_with("True True granted Available"));
    // Whoever owns the gateway sees who hangs on it.
    let tree = dc(&network, &["tree", "vgw/shared"]).ok();
    assert!(tree.contains("vif/office") && tree.contains(&world.namespace), "{tree}");
    world.delete("VirtualInterface", "office").await;
    world.wait_gone("VirtualInterface", "office").await;
    network.clear().await;
    world.finish().await;
}
