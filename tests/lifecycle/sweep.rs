//! The operator dies at every boundary between two effects of a life, one after the other, and the next process brings the life to its end.
//!
//! A life is one object's create, change and delete. It is lived once for each request that changes something, in the cluster or in the
//! cloud, and for each moment at which a process can die there: before the request leaves, after it was carried out but before its answer
//! arrives, and while it is still on its way. Each has a cloud and a namespace of its own; they share the control plane.

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use support::group::Group;
use support::line::ROUTER;
use support::operator::Operator;
use support::process::tail;
use support::proxy::{Moment, Proxy, Trap};
use support::simulator::{LINE_A, LINE_B, OPERATIONS, PARTNER, PROJECT, REGION, Simulator};
use support::world::{API_VERSION, BOUND, World};

/// Operators that die, each with an account of its own behind a proxy.
static GROUP: Group = Group::new();

/// Longest call of the operator. A create in doubt is waited out for twice as long.
const CALL_TIMEOUT: Duration = Duration::from_millis(1500);
/// A request that outlives its sender takes this long: the next process has read its first LIST by then.
const LATE: Duration = Duration::from_millis(1200);
/// Of an operation that is slow: the rest of `LATE` is the way to it.
const SLOW: Duration = Duration::from_millis(700);
/// Lives at once.
const AT_ONCE: usize = 6;
const ROUTES: &str = "UpdateGdgwRouteTable";
const EIP: &str = "e1000000-0000-4000-8000-000000000001";
const NAME: &str = "it";
const HOLDER: &str = "holder";

/// How the cloud is asked to make and delete the resource.
#[derive(Clone, Copy)]
enum Writes {
    /// `Create…` and `Delete…` of this.
    Resource(&'static str),
    /// By one operation, which makes and deletes routes.
    Routes,
    /// By two operations at a gateway, and nothing of it can be changed in between.
    Bindings,
}

/// One kind of life.
struct Life {
    name: &'static str,
    kind: &'static str,
    writes: Writes,
    spec: fn(&Scenery) -> Value,
    slow: Option<&'static str>,
    /// It is deleted as soon as its create is announced.
    is_short: bool,
    /// It refers to the object of an interface that is only observed, and that is deleted just before it.
    is_held: bool,
    /// What becomes of the tags in the create of a global gateway.
    tags: &'static str,
}

const GATEWAY: Life = Life {
    name: "gateway",
    kind: "VirtualGateway",
    writes: Writes::Resource("VirtualGateway"),
    spec: gateway,
    slow: None,
    is_short: false,
    is_held: false,
    tags: "keep",
};
/// The kind without a natural key: nothing in the cloud keeps a second one away.
const ROUTER_GATEWAY: Life = Life { name: "gateway of a router", spec: router_gateway, ..GATEWAY };
const INTERFACE: Life =
    Life { name: "interface", kind: "VirtualInterface", writes: Writes::Resource("VirtualInterface"), spec: interface, ..GATEWAY };
const PEER: Life = Life { name: "peer", kind: "Peer", writes: Writes::Resource("VifPeer"), spec: peer, ..GATEWAY };
/// Without tags nothing but its name tells it from another.
const GLOBAL_GATEWAY: Life =
    Life { name: "global gateway", kind: "GlobalGateway", writes: Writes::Resource("GlobalDcGateway"), spec: global_gateway, ..GATEWAY };
const NAMED_GATEWAY: Life = Life { name: "global gateway without tags", tags: "drop", ..GLOBAL_GATEWAY };
const PEER_LINK: Life = Life { name: "peer link", kind: "PeerLink", writes: Writes::Resource("PeerLink"), spec: peer_link, ..GATEWAY };
/// Made and deleted by one operation, whose answer is not read.
const ROUTE: Life = Life { name: "route", kind: "GlobalGatewayRoute", writes: Writes::Routes, spec: route, ..GATEWAY };

/// Without a tag: nothing keeps a second one away but that none is created while another one has the name.
const CONNECT_GATEWAY: Life =
    Life { name: "connect gateway", kind: "ConnectGateway", writes: Writes::Resource("ConnectGateway"), spec: connect_gateway, ..GATEWAY };

/// It is asked for at a gateway, and bound to one at most.
const GLOBAL_EIP: Life = Life { name: "global EIP", kind: "GlobalEipAssociation", writes: Writes::Bindings, spec: global_eip, ..GATEWAY };

const HOSTED: Life =
    Life { name: "hosted connection", kind: "HostedConnection", writes: Writes::Resource("HostedDirectConnect"), spec: hosted, ..GATEWAY };

const HELD_PEER: Life = Life { name: "peer by name", spec: held_peer, is_held: true, ..PEER };

fn gateway(_: &Scenery) -> Value {
    json!({ "vpcId": "00000000-0000-4000-8000-000000000101", "localEpGroup": ["172.16.0.0/24"] })
}

fn router_gateway(_: &Scenery) -> Value {
    json!({ "enterpriseRouterId": "00000000-0000-4000-8000-000000000201" })
}

fn global_gateway(_: &Scenery) -> Value {
    json!({ "bgpAsn": 64_600, "tags": { "team": "network" } })
}

fn peer_link(scenery: &Scenery) -> Value {
    let site = json!({ "enterpriseRouterId": ROUTER, "regionId": REGION, "projectId": PROJECT });
    json!({ "globalGatewayId": scenery.global_gateway, "peerSite": site })
}

fn route(scenery: &Scenery) -> Value {
    json!({
        "globalGatewayId": scenery.global_gateway, "destination": "10.20.0.0/16", "nexthop": scenery.global_peer, "type": "vif_peer",
    })
}

fn connect_gateway(_: &Scenery) -> Value {
    json!({ "addressFamily": "dual" })
}

fn global_eip(scenery: &Scenery) -> Value {
    json!({ "connectGatewayId": scenery.connect_gateway, "globalEipId": EIP })
}

fn interface(scenery: &Scenery) -> Value {
    json!({
        "connectionId": LINE_B, "virtualGatewayId": scenery.gateway, "vlan": 30, "bandwidth": 50, "routeMode": "static",
        "localGatewayIp": "10.0.1.1/30", "remoteGatewayIp": "10.0.1.2/30", "remoteEpGroup": ["10.1.0.0/24"],
    })
}

fn peer(scenery: &Scenery) -> Value {
    json!({
        "virtualInterfaceId": scenery.interface, "addressFamily": "ipv6", "routeMode": "static",
        "localGatewayIp": "fd00:aaaa::1/64", "remoteGatewayIp": "fd00:aaaa::2/64", "remoteEpGroup": ["fd00:bbbb::/64"],
    })
}

fn hosted(_: &Scenery) -> Value {
    json!({ "hostingId": OPERATIONS, "vlan": 300, "bandwidth": 50, "resourceTenantId": PARTNER })
}

fn held_peer(scenery: &Scenery) -> Value {
    let mut peer = peer(scenery);
    let spec = peer.as_object_mut().unwrap();
    spec.remove("virtualInterfaceId");
    spec.insert("virtualInterfaceRef".to_owned(), json!({ "name": HOLDER }));
    peer
}

/// The interface of the scenery, as an object that lets it be.
fn holder(scenery: &Scenery) -> Value {
    json!({
        "apiVersion": API_VERSION, "kind": "VirtualInterface", "metadata": { "name": HOLDER },
        "spec": {
            "name": "foreign", "connectionId": LINE_A, "virtualGatewayId": scenery.gateway, "vlan": 900, "bandwidth": 50,
            "routeMode": "static", "localGatewayIp": "10.0.9.1/30", "remoteGatewayIp": "10.0.9.2/30", "remoteEpGroup": ["10.9.0.0/24"],
            "import": { "id": scenery.interface }, "policy": { "management": "ObserveOnly" },
        },
    })
}

#[tokio::test]
async fn a_gateways_life() {
    sweep(&GATEWAY).await;
}

#[tokio::test]
async fn the_life_of_a_gateway_that_nothing_but_its_tag_tells_from_another() {
    sweep(&ROUTER_GATEWAY).await;
}

#[tokio::test]
async fn a_global_gateways_life() {
    sweep(&GLOBAL_GATEWAY).await;
}

#[tokio::test]
async fn the_life_of_a_global_gateway_whose_tags_are_dropped() {
    sweep(&NAMED_GATEWAY).await;
}

#[tokio::test]
async fn a_peer_links_life() {
    sweep(&PEER_LINK).await;
}

#[tokio::test]
async fn a_routes_life() {
    sweep(&ROUTE).await;
}

#[tokio::test]
async fn an_interfaces_life() {
    sweep(&INTERFACE).await;
}

#[tokio::test]
async fn a_peers_life() {
    sweep(&PEER).await;
}

#[tokio::test]
async fn the_life_of_a_connect_gateway_that_only_its_name_tells_from_another() {
    sweep(&CONNECT_GATEWAY).await;
}

#[tokio::test]
async fn the_life_of_a_binding_of_a_global_eip() {
    sweep(&GLOBAL_EIP).await;
}

#[tokio::test]
async fn a_hosted_connections_life() {
    sweep(&HOSTED).await;
}

#[tokio::test]
async fn an_object_that_is_deleted_while_its_create_is_under_way() {
    sweep(&Life { name: "gateway of a router, deleted early", slow: Some("CreateVirtualGateway"), is_short: true, ..ROUTER_GATEWAY }).await;
    sweep(&Life { name: "global gateway, deleted early", slow: Some("CreateGlobalDcGateway"), is_short: true, ..NAMED_GATEWAY }).await;
    let slow = Some("CreateConnectGateway");
    sweep(&Life { name: "connect gateway, deleted early", slow, is_short: true, ..CONNECT_GATEWAY }).await;
    sweep(&Life { name: "peer link, deleted early", slow: Some("CreatePeerLink"), is_short: true, ..PEER_LINK }).await;
    sweep(&Life { name: "route, deleted early", slow: Some(ROUTES), is_short: true, ..ROUTE }).await;
    sweep(&Life { name: "global EIP, deleted early", slow: Some("BindGlobalEips"), is_short: true, ..GLOBAL_EIP }).await;
    sweep(&Life { name: "peer, deleted early", slow: Some("CreateVifPeer"), is_short: true, ..PEER }).await;
    sweep(&Life { name: "peer by name, deleted early with its interface", slow: Some("CreateVifPeer"), is_short: true, ..HELD_PEER }).await;
}

#[tokio::test]
async fn an_object_whose_delete_is_slow() {
    sweep(&Life { name: "interface, deleted slowly", slow: Some("DeleteVirtualInterface"), ..INTERFACE }).await;
}

/// Lives `life` with a death at each of its boundaries, until it ends before there is one.
async fn sweep(life: &Life) {
    let start = Instant::now();
    let late = if life.slow.is_some() { LATE.saturating_sub(SLOW) } else { LATE };
    let mut told = Vec::new();
    for moment in [Moment::Before, Moment::After, Moment::Late(late)] {
        let lives = futures::stream::iter(1..).map(|number| live(life, Trap { number, moment })).buffered(AT_ONCE);
        let points: Vec<String> =
            lives.take_while(|caught| std::future::ready(caught.is_some())).filter_map(std::future::ready).collect().await;
        // Finalizer, intent, create, delete and finalizer at least.
        assert!(points.len() >= 5, "{}: {moment:?} was met {} times only: {points:?}", life.name, points.len());
        told.push(format!("{} {moment:?}", points.len()));
        if moment == Moment::Before {
            support::figure(&format!("{}: the boundaries: {}", life.name, points.join("; ")));
        }
    }
    support::figure(&format!("{}: deaths survived: {}, in {:?}", life.name, told.join(", "), start.elapsed()));
}

/// One life with one death. Returns the request that was caught, if any was.
async fn live(life: &Life, trap: Trap) -> Option<String> {
    let (world, proxy) = World::behind_proxy_in(&GROUP).await;
    let log = world.plane.dir().join(format!("operator-{}.log", world.namespace));
    let lived = AssertUnwindSafe(live_in(life, trap, &world, &proxy, &log)).catch_unwind().await;
    if let Err(panic) = lived {
        let changes = proxy.changes();
        eprintln!("{}, {trap:?}, caught: {:?}; changes: {changes:#?}\noperator:\n{}", life.name, proxy.caught(), tail(&log, 60));
        resume_unwind(panic);
    }
    proxy.caught()
}

async fn live_in(life: &Life, trap: Trap, world: &World, proxy: &Proxy, log: &Path) {
    // A short life's end meets the resource while it is still being set up.
    let (create, gateway) = (if life.is_short { 600 } else { 40 }, json!({ "create": 40, "update": 40, "delete": 40 }));
    let settle = json!({ "create": create, "update": 40, "delete": 40, "virtual_gateway": gateway, "global_dc_gateway": gateway });
    let bindings = json!({ "global_eip": { "bind": create, "unbind": 40 } });
    world.cloud.settings(json!({ "settle_ms": bindings })).await;
    world.cloud.settings(json!({ "settle_ms": settle, "switches": { "u28_global_gateway_tags": life.tags } })).await;
    if let Some(operation) = life.slow {
        world.cloud.settings(json!({ "latencies": { "operations": { operation: SLOW.as_millis() } } })).await;
    }
    let scenery = Scenery::set(&world.cloud).await;
    proxy.arm(trap);
    tokio::select! {
        () = story(life, world, &scenery) => {}
        () = keep(world, proxy, log) => {}
    }
    proxy.quiet(BOUND).await;
    judge(life, &world.cloud, &scenery).await;
    let leaks = support::secrets::leaks("log", &std::fs::read_to_string(log).unwrap());
    assert!(leaks.is_empty(), "{leaks:?}");
}

/// What the user does and sees.
async fn story(life: &Life, world: &World, scenery: &Scenery) {
    if life.is_held {
        world.apply(&holder(scenery)).await;
        world.wait_ready("VirtualInterface", HOLDER).await;
    }
    world.apply(&json!({ "apiVersion": API_VERSION, "kind": life.kind, "metadata": { "name": NAME }, "spec": (life.spec)(scenery) })).await;
    if life.is_short {
        world.wait(life.kind, NAME, "the create is announced", |object| object["status"]["intent"].is_object()).await;
    } else {
        world.wait_ready(life.kind, NAME).await;
    }
    if !life.is_short && !matches!(life.writes, Writes::Bindings) {
        world.patch(life.kind, NAME, json!({ "spec": { "description": "changed" } })).await;
        let ready = world.wait_ready(life.kind, NAME).await;
        let shown = world.cloud.find(ready["status"]["id"].as_str().unwrap()).await;
        assert_eq!(shown.expect("what is ready is in the cloud")["description"], "changed");
    }
    if life.is_held {
        world.delete("VirtualInterface", HOLDER).await;
    }
    world.delete(life.kind, NAME).await;
    world.wait_gone(life.kind, NAME).await;
}

/// Keeps an operator running: after the one that dies comes another.
async fn keep(world: &World, proxy: &Proxy, log: &Path) {
    let mut first = start(world, proxy, log).await;
    proxy.sprung().await;
    first.kill();
    proxy.release();
    let _second = start(world, proxy, log).await;
    std::future::pending::<()>().await;
}

async fn start(world: &World, proxy: &Proxy, log: &Path) -> Operator {
    let timeout = format!("{}ms", CALL_TIMEOUT.as_millis());
    let arguments = [
        ["--shard", "test"],
        ["--watch-namespaces", &world.namespace],
        ["--call-timeout", &timeout],
        ["--read-lag", "100ms"],
        ["--settle-interval", "50ms"],
        ["--settle-interval-max", "200ms"],
        ["--log", "direct_connect_operator=debug,warn"],
    ];
    let arguments: Vec<String> = std::iter::once("run").chain(arguments.into_iter().flatten()).map(str::to_owned).collect();
    Operator::start(proxy.kubeconfig(), log, &arguments, &[]).await
}

/// One create, one delete, and nothing of somebody else's touched.
async fn judge(life: &Life, cloud: &Simulator, scenery: &Scenery) {
    let log = cloud.log().await;
    let committed = |operation: &str, action: Option<&str>| -> Vec<&Value> {
        let all = log.iter().filter(|entry| entry["committed"] == true && entry["operation"] == operation);
        all.filter(|entry| action.is_none_or(|action| entry["request_body"]["gdgw_routetable"][action].is_array())).collect()
    };
    let (creates, deletes) = match life.writes {
        Writes::Resource(name) => (committed(&format!("Create{name}"), None), committed(&format!("Delete{name}"), None)),
        Writes::Routes => (committed(ROUTES, Some("add_routes")), committed(ROUTES, Some("del_routes"))),
        Writes::Bindings => (committed("BindGlobalEips", None), committed("UnbindGlobalEips", None)),
    };
    assert!(creates.len() == 1 || (life.is_short && creates.is_empty()), "{} creates: {creates:#?}", creates.len());
    assert_eq!(deletes.len(), creates.len(), "{deletes:#?}");
    for (create, delete) in creates.iter().zip(&deletes) {
        // What identifies a route or a binding stands in either request.
        if let Writes::Resource(_) = life.writes {
            let id = create["response_body"].as_object().unwrap().values().find_map(|shown| shown["id"].as_str()).unwrap();
            assert!(delete["path"].as_str().unwrap().ends_with(id), "{create:#} {delete:#}");
        }
    }
    assert_eq!(&Scenery::see(cloud).await, scenery, "what is left in the cloud is what was there before");
    cloud.check_contract().await;
}

/// What somebody else has in the cloud: it stays as it is.
#[derive(Debug, PartialEq)]
struct Scenery {
    gateway: Value,
    interface: Value,
    global_gateway: Value,
    /// The peer of the interface on the global gateway.
    global_peer: Value,
    connect_gateway: Value,
    all: Value,
}

impl Scenery {
    async fn set(cloud: &Simulator) -> Self {
        let gateway = json!({
            "name": "foreign", "vpc_id": "00000000-0000-4000-8000-000000000900",
            "local_ep_group": ["172.31.0.0/24"], "local_ep_group_ipv6": ["fd00:9::/64"],
        });
        let gateway = cloud.create("virtual_gateway", gateway).await;
        let interface = json!({
            "name": "foreign", "direct_connect_id": LINE_A, "vgw_id": gateway["id"], "vlan": 900, "bandwidth": 50, "route_mode": "static",
            "type": "private", "service_type": "VGW", "local_gateway_v4_ip": "10.0.9.1/30", "remote_gateway_v4_ip": "10.0.9.2/30",
            "remote_ep_group": ["10.9.0.0/24"],
        });
        cloud.create("virtual_interface", interface).await;
        let global = cloud.create("global_dc_gateway", json!({ "name": "foreign" })).await;
        let on_global = json!({
            "name": "foreign", "direct_connect_id": LINE_A, "gateway_id": global["id"], "vlan": 901, "bandwidth": 50, "route_mode": "static",
            "type": "private", "service_type": "GDGW", "local_gateway_v4_ip": "10.0.10.1/30", "remote_gateway_v4_ip": "10.0.10.2/30",
            "remote_ep_group": ["10.10.0.0/24"],
        });
        cloud.create("virtual_interface", on_global).await;
        cloud.create("connect_gateway", json!({ "name": "foreign" })).await;
        Self::see(cloud).await
    }

    async fn see(cloud: &Simulator) -> Self {
        let all = cloud.resources().await;
        let on = |vlan: u16| {
            let found = all["virtual_interfaces"].as_array().unwrap().iter().find(|interface| interface["vlan"] == vlan);
            found.unwrap_or_else(|| panic!("the interface of VLAN {vlan} is gone")).clone()
        };
        Self {
            gateway: all["virtual_gateways"][0]["id"].clone(),
            interface: on(900)["id"].clone(),
            global_gateway: all["global_dc_gateways"][0]["id"].clone(),
            global_peer: on(901)["vif_peers"][0]["id"].clone(),
            connect_gateway: all["connect_gateways"][0]["id"].clone(),
            all,
        }
    }
}
