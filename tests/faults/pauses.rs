//! The cloud asks for a pause. What is asked of it meanwhile waits, wherever it was when the pause began.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::eventually;
use support::group::Group;
use support::line::gateway;
use support::operator::Operator;
use support::proxy::{Moment, Trap};
use support::world::{BOUND, World};

/// Operators of the tests' own, behind proxies.
static GROUP: Group = Group::new();

/// Seconds for which the cloud asks.
const PAUSE: u32 = 8;
const CREATE: &str = "CreateVirtualGateway";

/// The permit of a create is from before its intent. Here the write of the intent takes so long that another create is throttled meanwhile.
#[tokio::test]
async fn no_create_goes_out_after_the_cloud_asked_for_a_pause() {
    let (world, proxy) = World::behind_proxy_in(&GROUP).await;
    world.cloud.settings(json!({ "quotas": { "virtual_gateways": 10 } })).await;
    let log = world.plane.dir().join(format!("operator-{}.log", world.namespace));
    let arguments = ["run", "--shard", "test", "--watch-namespaces", &world.namespace, "--read-lag", "300ms", "--settle-interval", "200ms"]
        .map(str::to_owned);
    let _operator = Operator::start(proxy.kubeconfig(), &log, &arguments, &[]).await;
    world.apply(&gateway("first", 1)).await;
    world.wait_ready("VirtualGateway", "first").await;
    world.look("VirtualGateway", "first").await;

    // Its finalizer comes before its intent.
    proxy.arm(Trap { number: proxy.changes().len() + 2, moment: Moment::Held });
    world.apply(&gateway("held", 2)).await;
    eventually("the intent is on its way", BOUND, || async { proxy.caught() }).await;
    assert!(proxy.caught().is_some_and(|caught| caught.ends_with("/held/status")), "{:?}", proxy.caught());
    let pause = json!({
        "operation": CREATE, "kind": "status", "status": 429, "code": "APIGW.0308", "message": "too fast", "retry_after_s": PAUSE,
    });
    world.cloud.fault(pause).await;
    world.apply(&gateway("throttled", 3)).await;
    world.wait_reason("VirtualGateway", "throttled", "Throttled").await;
    proxy.let_go();
    world.apply(&gateway("later", 4)).await;
    for name in ["held", "throttled", "later"] {
        world.wait_ready("VirtualGateway", name).await;
    }
    let log = world.cloud.log().await;
    let creates: Vec<&Value> = log.iter().filter(|entry| entry["operation"] == CREATE).collect();
    let time = |entry: &Value| -> Timestamp { entry["time"].as_str().unwrap().parse().unwrap() };
    let throttled = creates.iter().position(|entry| entry["status"] == 429).unwrap();
    let end = time(creates[throttled]) + SignedDuration::from_secs(PAUSE.into());
    let after: Vec<Timestamp> = creates[throttled + 1..].iter().map(|entry| time(entry)).collect();
    assert_eq!((throttled, after.len()), (1, 3), "{creates:#?}");
    assert!(after.iter().all(|time| *time >= end), "the pause ends at {end}: {after:?}");
    world.clear().await;
    world.cloud.check_contract().await;
    world.tells_no_secret().await;
}
