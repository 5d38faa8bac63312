//! A whole life, every version of it, and what each machine makes of it at each moment.

use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;

use super::kstatus::Kstatus;
use super::record::{Recording, Version};
use super::{argo, flux};
use support::group::Group;
use support::simulator::LINE_A;
use support::world::{API_VERSION, LINE, World, start_operator};

/// Operators that are started in the midst of a life.
static GROUP: Group = Group::new();

/// The generation whose spec the cloud refuses: networks of both sides overlap.
const REFUSED: i64 = 3;

/// Each test has an operator that it can stop, and two at once would tell two things of the accounts.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn spec(kind: &str) -> Value {
    match kind {
        "VirtualGateway" => json!({
            "vpcId": "00000000-0000-4000-8000-000000000001",
            "localEpGroup": ["172.16.1.0/24"], "localEpGroupIpv6": ["fd00:1::/64"],
        }),
        "VirtualInterface" => json!({
            "connectionId": LINE_A, "virtualGatewayRef": { "name": "it" }, "vlan": 30, "bandwidth": 50, "routeMode": "static",
            "localGatewayIp": "10.0.0.1/30", "remoteGatewayIp": "10.0.0.2/30", "remoteEpGroup": ["10.1.123.0/24"],
        }),
        _ => json!({
            "virtualInterfaceRef": { "name": "it" }, "addressFamily": "ipv6", "routeMode": "static",
            "localGatewayIp": "fd00:aaaa::1/64", "remoteGatewayIp": "fd00:aaaa::2/64", "remoteEpGroup": ["fd00:bbbb::/64"],
        }),
    }
}

/// The field that is changed, and its values from the second generation on.
fn changes(kind: &str) -> (&'static str, [Value; 3]) {
    match kind {
        "VirtualGateway" => ("localEpGroup", [json!(["172.16.2.0/24"]), json!(["10.1.0.0/16"]), json!(["172.16.3.0/24"])]),
        "VirtualInterface" => ("remoteEpGroup", [json!(["10.1.124.0/24"]), json!(["172.16.0.0/16"]), json!(["10.1.125.0/24"])]),
        _ => ("remoteEpGroup", [json!(["fd00:cccc::/64"]), json!(["fd00:1::/64"]), json!(["fd00:dddd::/64"])]),
    }
}

/// What the cloud holds of the field that is changed, of a resource that has settled.
fn held(kind: &str, cloud: &Value) -> Option<Value> {
    let settled = |resource: &&Value| resource["status"] == "ACTIVE";
    let interface = || cloud["virtual_interfaces"].as_array()?.iter().find(settled);
    let peer = |family: &str| interface()?["vif_peers"].as_array()?.iter().filter(settled).find(|peer| peer["address_family"] == family);
    match kind {
        "VirtualGateway" => Some(cloud["virtual_gateways"].as_array()?.iter().find(settled)?["local_ep_group"].clone()),
        "VirtualInterface" => Some(peer("ipv4")?["remote_ep_group"].clone()),
        _ => Some(peer("ipv6")?["remote_ep_group"].clone()),
    }
}

async fn live(world: &Arc<World>) -> Recording {
    let recording = Recording::start(world, &LINE).await;
    for kind in LINE.iter().rev() {
        world.apply(&json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": "it" }, "spec": spec(kind) })).await;
        // The last one, without which the others wait, is seen as soon as it is there.
        recording.until(&[kind], 1, if *kind == LINE[0] { Kstatus::Current } else { Kstatus::InProgress }).await;
    }
    recording.until(&LINE, 1, Kstatus::Current).await;
    for kind in LINE {
        let (field, values) = changes(kind);
        for (generation, value) in (2..).zip(values) {
            world.patch(kind, "it", json!({ "spec": { field: value } })).await;
            let end = if generation == REFUSED { Kstatus::Failed } else { Kstatus::Current };
            recording.until(&[kind], generation, end).await;
        }
        recording.until(&LINE, 1, Kstatus::Current).await;
    }
    world.finish().await;
    recording
}

/// The verdicts of one generation, in their order: under way at first, and in the end what the spec deserves.
fn check_generation(kind: &str, generation: i64, versions: &[&Version]) {
    let verdicts: Vec<Kstatus> =
        versions.iter().map(|version| version.kstatus).filter(|verdict| *verdict != Kstatus::Terminating).collect();
    let context = format!("{kind}, generation {generation}: {verdicts:?}");
    let (end, never) = if generation == REFUSED { (Kstatus::Failed, Kstatus::Current) } else { (Kstatus::Current, Kstatus::Failed) };
    assert_eq!((verdicts.first(), verdicts.last()), (Some(&Kstatus::InProgress), Some(&end)), "{context}");
    assert!(!verdicts.contains(&never), "{context}");
}

/// `Current` is a promise about the cloud.
fn check_promise(version: &Version) {
    let Version { kind, object, cloud, .. } = version;
    let (field, _) = changes(kind);
    assert_eq!(held(kind, cloud).as_ref(), Some(&object["spec"][field]), "{object:#}\n{cloud:#}");
}

#[tokio::test]
async fn every_version_of_a_life_is_read_right() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = Arc::new(World::without_operator_in(&GROUP).await);
    let _operator = start_operator(&world.plane, &world.namespace, &[]).await;
    let recording = live(&world).await;
    let (script, expressions) = (argo::script(), flux::expressions());
    for kind in LINE {
        let versions = recording.of(kind);
        println!("{kind}: {:?}", versions.iter().map(|version| (version.generation(), version.kstatus)).collect::<Vec<_>>());
        // A deletion is a generation of its own.
        for generation in 1..=4 {
            let of_it: Vec<&Version> = versions.iter().filter(|version| version.generation() == generation).collect();
            check_generation(kind, generation, &of_it);
        }
        let last = versions.last().unwrap();
        assert!(last.kstatus == Kstatus::Terminating, "{:#}", last.object);
        for version in versions {
            let expected = match version.kstatus {
                Kstatus::Current => ("Healthy", Kstatus::Current),
                Kstatus::Failed => ("Degraded", Kstatus::Failed),
                Kstatus::InProgress | Kstatus::Terminating => ("Progressing", Kstatus::InProgress),
            };
            let argo = argo::health(&script, &version.object).0;
            assert_eq!((argo.as_str(), flux::verdict(&expressions, kind, &version.object)), expected, "{:#}", version.object);
            if version.kstatus == Kstatus::Current {
                check_promise(&version);
            }
        }
    }
}

#[tokio::test]
async fn kubectl_wait_never_passes_on_a_stale_generation() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::without_operator_in(&GROUP).await;
    let mut operator = start_operator(&world.plane, &world.namespace, &[]).await;
    let wait = |bound: &str| {
        let bound = format!("--timeout={bound}");
        world.plane.run("kubectl", &["-n", &world.namespace, "wait", "vgw/it", "--for=condition=Ready", &bound])
    };
    let gateway = json!({ "apiVersion": API_VERSION, "kind": LINE[0], "metadata": { "name": "it" }, "spec": spec(LINE[0]) });
    world.apply(&gateway).await;
    wait("60s").unwrap();
    assert!(operator.stop(), "{}", operator.tail());
    world.patch(LINE[0], "it", json!({ "spec": { "description": "after" } })).await;
    let refused = wait("2s").unwrap_err();
    assert!(refused.contains("timed out waiting for the condition"), "{refused}");
    let _operator = start_operator(&world.plane, &world.namespace, &[]).await;
    wait("60s").unwrap();
    assert_eq!(world.cloud.all("virtual_gateways").await[0]["description"], "after");
    world.finish().await;
}

#[tokio::test]
async fn an_account_is_under_way_until_its_credentials_were_tried() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::without_operator_in(&GROUP).await;
    let account =
        || -> Value { serde_json::from_str(&world.plane.kubectl(&["get", "cloudaccount", &world.namespace, "-o", "json"])).unwrap() };
    let fresh = account();
    assert_eq!(super::kstatus::compute(&fresh), Kstatus::InProgress, "{fresh:#}");
    assert_eq!(flux::verdict(&flux::expressions(), "CloudAccount", &fresh), Kstatus::InProgress, "{fresh:#}");
    let _operator = start_operator(&world.plane, &world.namespace, &[]).await;
    world.plane.kubectl(&["wait", "--for=condition=Ready", "--timeout=60s", &format!("cloudaccount/{}", world.namespace)]);
    assert_eq!(super::kstatus::compute(&account()), Kstatus::Current);
}
