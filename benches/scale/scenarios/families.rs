//! Objects of the other families: global gateways with their links and routes, connect gateways with their global EIPs, hosted connections. Links,
//! routes and bindings are listed at each gateway: what that costs at rest, and what it costs to bring all of them up at once.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

use crate::figures::{Figures, Target, count};
use crate::stage::{LATENCY, SETTLE, SYNC, Spent, Stage, all_ready, progress};
use support::line::object;
use support::load::{Load, apply};
use support::simulator::PARTNER;
use support::usage::Usage;

/// Of each kind, in the order in which they need each other.
const COUNTS: [(&str, usize); 7] = [
    ("GlobalGateway", GATEWAYS),
    ("ConnectGateway", GATEWAYS),
    ("HostedConnection", 50),
    ("VirtualInterface", GATEWAYS),
    ("GlobalEipAssociation", 50),
    ("PeerLink", 15),
    ("GlobalGatewayRoute", 500),
];
const GATEWAYS: usize = 5;
/// The kinds of which the first objects are that others need.
const FIRST: usize = 4;
/// Collections that are listed at once, and those that are listed at each gateway.
const FLAT: usize = 4;
const NESTED: usize = 3;
/// How long the operator is watched at rest.
const REST: Duration = Duration::from_mins(3);
const LINE: &str = "c2000000-0000-4000-8000-000000000000";
const HOSTING: &str = "c2000000-0000-4000-8000-000000000001";

pub async fn run() -> Figures {
    let mut stage = Stage::set("families", Load { gateways: 0, interfaces: 0, peers: 0 }).await;
    make_room(&stage).await;
    let rate = stage.write_rate().await;
    stage.operate().await;
    let ready = tokio::spawn(all_ready(COUNTS, |kind| stage.world.api(kind)));
    let (mark, begun) = (stage.mark().await, Instant::now());
    apply(&stage.world, of(&COUNTS[..FIRST])).await;
    let first = begun.elapsed().as_secs_f64();
    apply(&stage.world, of(&COUNTS[FIRST..])).await;
    let applied = begun.elapsed().as_secs_f64();
    progress(&format!("families: all are applied after {applied:.1} s"));
    stage.until(ready).await;
    let took = begun.elapsed().as_secs_f64();
    let burst = stage.since(&mark).await;
    // Events come a little behind what they tell of.
    stage.rest().await;
    let burst = Spent { writes: stage.since(&mark).await.writes, ..burst };
    progress(&format!("families: calls {:?}, writes {:?}", burst.calls, burst.writes));

    progress(&format!("families: at rest for {} minutes", REST.as_secs() / 60));
    // By then each collection has shown what the others' resources changed in it: links of a gateway, routes of an interface.
    tokio::time::sleep(SYNC).await;
    stage.rest().await;
    let mark = stage.mark().await;
    // A measure, not a wait.
    tokio::time::sleep(REST).await;
    let rest = stage.since(&mark).await;
    progress(&format!("families: at rest calls {:?}, writes {:?}", rest.calls, rest.writes));

    let objects = COUNTS.iter().map(|(_, count)| count).sum::<usize>();
    // What is created settles and is seen. A route does so behind its interface, and that behind the create of its gateway.
    let one = 2.0 * LATENCY.as_secs_f64() + SETTLE.as_secs_f64();
    let waiting = COUNTS.iter().skip(FIRST).map(|(_, count)| count).sum::<usize>();
    // Before its create is settled: the intent, the id, and an event.
    let made = count(3 * waiting) / rate;
    let chain = (first + LATENCY.as_secs_f64() + one + made + one).max(applied + one);
    // The finalizer, the intent, the id, that it has settled, and an event; of what waits for two creates also that it waits, with an event.
    let writes = count(5 * objects + 2 * waiting) / rate;
    let floor_is = format!(
        "the longest of the time to apply gateways and interfaces ({first:.1} s) with two creates behind it ({:.2} s) and between them the writes \
         of all that waits for the first, at {rate:.0}/s ({made:.1} s), of that to apply all ({applied:.1} s) with one create behind it ({one:.2} s), \
         and of all writes needed ({writes:.1} s)",
        LATENCY.as_secs_f64() + 2.0 * one
    );
    let (floor, beats, calls) = (chain.max(writes), rest.seconds / SYNC.as_secs_f64(), count(calls_per_beat()));
    let creates = burst.of(&["Create", "Bind", "UpdateGdgwRouteTable"]);
    let resident = Usage::of(stage.operator()).resident;
    let targets = vec![
        Target::exactly("creates", creates, count(objects)),
        Target::at_most("Kubernetes writes per object", count(burst.written_for_lines()) / count(objects), 7.0),
        Target::at_most("ratio to the floor", took / floor, 1.5),
        // A beat comes after 80 to 100 % of the interval.
        Target::between(
            "calls per sync interval at rest",
            rest.of(&["List"]) / beats,
            calls * (1.0 - 1.0 / beats),
            calls * (1.25 + 1.0 / beats),
        ),
        Target::exactly("calls at rest that are no page of a LIST", count(rest.all()) - rest.of(&["List", "ShowQuotas", "Keystone"]), 0.0),
        Target::exactly("writes to Kubernetes at rest", count(rest.written_for_lines()), 0.0),
        // The limit that the sizing proposes.
        Target::at_most("RSS in MiB", resident, 64.0 + 64.0 * count(objects) / 1000.0),
    ];
    let row = stage.row("families", ("seconds to the last Ready", took), (&floor_is, floor), &burst, targets);
    Figures { objects, ..row }
}

/// One for each collection, and one more at each gateway for each nested one.
const fn calls_per_beat() -> usize {
    FLAT + NESTED * (1 + GATEWAYS)
}

/// Quotas for all of them, a connection for the interfaces and one for what is hosted.
async fn make_room(stage: &Stage) {
    let cloud = &stage.world.cloud;
    let routes = 500 / GATEWAYS + 10;
    let settle = u64::try_from(SETTLE.as_millis()).unwrap_or(u64::MAX);
    cloud
        .settings(json!({
            "quotas": { "static_routes": routes, "global_eips": 100, "connect_gateways": 10, "global_dc_gateways": 10, "peer_links": 3 },
            "settle_ms": {
                "hosted_connection": { "create": settle, "update": settle, "delete": settle },
                "global_eip": { "bind": settle, "unbind": settle },
            },
        }))
        .await;
    for (id, kind) in [(LINE, "standard"), (HOSTING, "hosting")] {
        cloud
            .create("direct_connect", json!({ "id": id, "name": "line", "type": kind, "bandwidth": 100_000, "location": "location-a" }))
            .await;
    }
}

fn of(kinds: &[(&'static str, usize)]) -> Vec<Value> {
    kinds.iter().flat_map(|(kind, count)| (0..*count).map(|number| one(kind, number))).collect()
}

fn one(kind: &str, number: usize) -> Value {
    let gateway = number % GATEWAYS;
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let named = |kind: &str| json!({ "name": format!("{kind}-{gateway}") });
    let (name, spec) = match kind {
        "GlobalGateway" => ("global", json!({ "bgpAsn": 64_600 + number })),
        "ConnectGateway" => ("connect", json!({})),
        "HostedConnection" => {
            ("hosted", json!({ "hostingId": HOSTING, "vlan": 100 + number, "bandwidth": 50, "resourceTenantId": PARTNER }))
        }
        "VirtualInterface" => (
            "interface",
            json!({
                "connectionId": LINE, "globalGatewayRef": named("global"), "vlan": 100 + number, "bandwidth": 50, "routeMode": "static",
                "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
            }),
        ),
        "GlobalEipAssociation" => ("eip", json!({ "connectGatewayRef": named("connect"), "globalEipId": id })),
        "PeerLink" => (
            "link",
            json!({
                "globalGatewayRef": named("global"), "virtualInterfaceRef": named("interface"),
                "peerSite": { "enterpriseRouterId": id, "regionId": "eu-west-101", "projectId": PARTNER },
            }),
        ),
        "GlobalGatewayRoute" => (
            "route",
            json!({
                "globalGatewayRef": named("global"), "virtualInterfaceRef": named("interface"),
                "destination": format!("10.{}.{}.0/24", 200 + number / 256, number % 256),
            }),
        ),
        other => panic!("no {other} is made here"),
    };
    object(kind, &format!("{name}-{number}"), &spec)
}
