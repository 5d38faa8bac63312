//! Accounts without a key that lasts, one for each way to temporary ones, with keys of two seconds: ten minutes of work, and no call that the cloud
//! refuses because its keys have ended.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::figures::{Figures, Target, count};
use crate::stage::{BOUND, Stage, begin_with, calls, plane, progress};
use support::eventually;
use support::load::{Load, apply, gateway};
use support::simulator::{AGENCY_URN, AUDIENCE, POD_AUDIENCE, PROVIDER, PROVIDER_URN, SECOND_URN};
use support::world::World;

/// Life of keys and tokens, in seconds.
const LIFE: u32 = 2;
const WINDOW: Duration = Duration::from_mins(10);
/// Time between two changes of an account.
const PAUSE: Duration = Duration::from_millis(500);
const SERVICE_ACCOUNT: &str = "operator";
const WAYS: [&str; 5] = ["sts", "iam", "pod", "node", "agency"];

pub async fn run() -> Figures {
    progress(&format!("keys: a control plane and {} clouds", WAYS.len()));
    let plane = plane().await;
    let mut worlds = Vec::new();
    for way in WAYS {
        let world = World::on(Arc::clone(&plane), &format!("keys-{way}")).await;
        let short = json!({ "identity": { "lifetime_s": LIFE }, "settle_ms": { "create": 100, "update": 100, "delete": 100 } });
        world.cloud.settings(short).await;
        world.furnish_with(&account(&world, way)).await;
        world.apply(&json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": SERVICE_ACCOUNT } })).await;
        world.cloud.associate(&world.namespace, SERVICE_ACCOUNT).await;
        rotate(&world, way).await;
        worlds.push(world);
    }
    let [pod, node] = ["pod", "node"].map(|way| &worlds[WAYS.iter().position(|other| *other == way).unwrap()]);
    let environment = [
        ("HC_CONTAINER_CREDENTIALS_FULL_URI", pod.cloud.agent_url()),
        ("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", token_file(pod).display().to_string()),
        ("DC_OPERATOR_METADATA_ENDPOINT", node.cloud.url().to_owned()),
        ("DC_OPERATOR_SETTLE_INTERVAL", "200ms".to_owned()),
    ];
    let operator = begin_with(&worlds[0], 1, &environment);
    for world in &worlds {
        apply(world, vec![gateway(0)]).await;
        world.wait_ready("VirtualGateway", "gateway-0").await;
    }

    progress(&format!("keys: changes for {} minutes", WINDOW.as_secs() / 60));
    let begun = Instant::now();
    let changes: u32 =
        futures::future::join_all(WAYS.iter().zip(&worlds).map(|(way, world)| work(world, way, begun))).await.into_iter().sum();
    let seconds = begun.elapsed().as_secs_f64();

    let (mut exchanges, mut ended, mut refused, mut cloud_calls) = (0, 0, 0, 0);
    for (way, world) in WAYS.iter().zip(&worlds) {
        let all = world.cloud.exchanges().await;
        let of = |what: &str| all[what].as_u64().unwrap();
        let counters = world.cloud.counters().await;
        let of_world: u64 = counters.as_object().unwrap().values().filter_map(|counter| counter["by_status"]["401"].as_u64()).sum();
        let (late, given) = (of("rejected_expired_keys") + of("rejected_expired_tokens"), of("count"));
        progress(&format!("keys: {way}: {given} exchanges, {late} calls with what had ended, {of_world} answers of 401"));
        (exchanges, ended, refused) = (exchanges + given, ended + late, refused + of_world);
        cloud_calls += calls(world).await.into_values().sum::<u64>();
    }
    let mut stage = Stage::at(worlds.remove(0), Load { gateways: 0, interfaces: 0, peers: 0 });
    stage.operator = Some(operator);
    let mark = stage.mark().await;
    let spent = stage.since(&mark).await;
    // What is used up to its end is asked for once in its life.
    let floor = seconds / f64::from(LIFE) * count(WAYS.len());
    let targets = vec![
        Target::exactly("calls with keys or tokens that had ended", count(ended), 0.0),
        Target::exactly("answers of 401", count(refused), 0.0),
        Target::at_most("seconds between two changes", seconds * count(WAYS.len()) / f64::from(changes), 5.0),
    ];
    let row =
        stage.row("keys", ("exchanges", count(exchanges)), ("one exchange for each life of two seconds and way", floor), &spent, targets);
    Figures { objects: WAYS.len(), cloud_calls, ..row }
}

fn token_file(world: &World) -> PathBuf {
    world.plane.dir().join(format!("token-{}", world.namespace))
}

/// The kubelet writes a new token.
async fn rotate(world: &World, way: &str) {
    let audience = if way == "pod" { POD_AUDIENCE } else { AUDIENCE };
    let token = world.plane.service_account_token(&world.namespace, SERVICE_ACCOUNT, vec![audience.to_owned()]).await;
    std::fs::write(token_file(world), format!("{token}\n")).unwrap();
}

fn account(world: &World, way: &str) -> Value {
    let (url, path) = (world.cloud.url(), token_file(world));
    let credentials = match way {
        "sts" => json!({ "workloadIdentity": { "providerUrn": PROVIDER_URN, "agencyUrn": AGENCY_URN, "tokenPath": path } }),
        "iam" => json!({ "workloadIdentity": { "idpId": PROVIDER, "tokenPath": path } }),
        "pod" => json!({ "podIdentity": {} }),
        "node" => json!({ "metadata": {} }),
        _ => json!({
            "accessKey": { "secretRef": { "namespace": world.namespace, "name": "credentials" } }, "assumeAgency": { "urn": SECOND_URN },
        }),
    };
    json!({ "credentials": credentials, "endpoints": { "dc": url, "iam": url, "sts": url, "insecure": true } })
}

/// Changes a gateway again and again, each time until the cloud shows it. Returns how often.
async fn work(world: &World, way: &str, begun: Instant) -> u32 {
    let mut changes = 0;
    while begun.elapsed() < WINDOW {
        changes += 1;
        if changes % 60 == 0 {
            rotate(world, way).await;
            progress(&format!("keys: {way}: {changes} changes"));
        }
        let mark = format!("change {changes}");
        world.patch("VirtualGateway", "gateway-0", json!({ "spec": { "description": mark } })).await;
        eventually("a change is made", BOUND, || async {
            world.cloud.all("virtual_gateways").await.iter().any(|gateway| gateway["description"] == mark.as_str()).then_some(())
        })
        .await;
        tokio::time::sleep(PAUSE).await;
    }
    changes
}
