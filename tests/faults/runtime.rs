//! How the operator runs: it waits for the API server and for its definitions and outlives them, shares a cluster by shards, and says in each
//! line of its log whose pass it is.

use direct_connect_operator::graph::owner::short_hash;
use direct_connect_operator::reconcile::Registration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use support::controlplane::ControlPlane;
use support::eventually;
use support::group::Group;
use support::line::{gateway, interface};
use support::operator::Operator;
use support::proxy::Proxy;
use support::world::{BOUND, READ_LAG, World, start_operator};

const IN_USE: &str = "directconnect.huaweicloud.com/account-in-use";

/// Operators with other options than the usual ones.
static GROUP: Group = Group::new();
/// Operators of shards, each of which is to be seen at the account.
static SHARDS: Group = Group::new();

async fn readiness(operator: &Operator, wanted: &str) {
    eventually(&format!("/readyz says {wanted}"), BOUND, || async { (operator.readiness().await? == wanted).then_some(()) }).await;
}

// With more than one thread: kubectl holds one up, and what passes the proxy must go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_for_the_api_server_and_its_definitions_and_outlives_them() {
    let plane = Arc::new(ControlPlane::start().await);
    let log = plane.dir().join("operator-early.log");
    let world = World::on(Arc::clone(&plane), "early").await;
    let proxy = Proxy::start(&plane, world.cloud.url(), &world.namespace).await;
    proxy.shut();
    let arguments = ["run", "--call-timeout", "2s", "--read-lag", READ_LAG, "--settle-interval", "200ms", "--settle-interval-max", "1s"]
        .map(str::to_owned);
    let mut operator = Operator::begin(proxy.kubeconfig(), &log, &arguments, &[]);
    readiness(&operator, "the API server does not respond\n").await;
    proxy.open();
    let definitions = direct_connect_operator::kinds::crds();
    let (others, kinds): (Vec<&str>, Vec<&str>) = definitions
        .iter()
        .map(|definition| definition.spec.names.plural.as_str())
        .partition(|plural| ["cloudaccounts", "directconnectgrants"].contains(plural));
    let all = [others, kinds].concat().join(", ");
    readiness(&operator, &format!("custom resource definitions are not established: {all}\n")).await;
    assert_eq!(operator.get("/livez").await.as_deref(), Some("ok\n"));
    let crds: Vec<PathBuf> =
        std::fs::read_dir(support::controlplane::root().join("crds")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let but_one: Vec<&PathBuf> = crds.iter().filter(|path| !path.to_str().unwrap().contains("_peers")).collect();
    assert_eq!(but_one.len(), crds.len() - 1);
    for path in but_one {
        plane.kubectl(&["apply", "--server-side", "-f", path.to_str().unwrap()]);
    }
    readiness(&operator, "custom resource definitions are not established: peers\n").await;
    plane.install_crds();
    readiness(&operator, "ok\n").await;
    for line in ["waiting until the custom resource definitions are established", "the custom resource definitions are now established"] {
        assert_eq!(operator.log().matches(line).count(), 1, "{}", operator.tail());
    }
    assert!(!operator.log().contains("watch failed"), "{}", operator.tail());

    world.furnish().await;
    world.apply(&gateway("gw", 1)).await;
    let before = world.wait_ready("VirtualGateway", "gw").await;
    // With its definition go the objects, and with them what they have in the cloud.
    let definition = "virtualgateways.directconnect.huaweicloud.com";
    plane.kubectl(&["delete", "crd", definition, "--timeout=60s"]);
    assert!(world.cloud.is_empty().await, "{}", world.cloud.resources().await);
    eventually("the watch has failed", BOUND, || {
        let told = operator.log().contains("watch failed");
        async move { told.then_some(()) }
    })
    .await;
    assert_eq!(operator.readiness().await.as_deref(), Some("ok\n"), "it serves the other kinds");
    plane.install_crds();
    world.apply(&gateway("gw", 1)).await;
    let after = world.wait_ready("VirtualGateway", "gw").await;
    assert_ne!(before["status"]["id"], after["status"]["id"]);
    operator.check();
    world.finish().await;
}

/// `object` with this label.
fn labelled(mut object: Value, shard: &str) -> Value {
    object["metadata"]["labels"] = json!({ "shard": shard });
    object
}

/// A kubeconfig with rights on lines in these namespaces only.
async fn confined(world: &World, namespaces: [&str; 2]) -> PathBuf {
    let (plane, home) = (&world.plane, namespaces[0]);
    let ours = |names: &[&str]| {
        let both = names.iter().map(|name| format!("{name}.directconnect.huaweicloud.com,{name}.directconnect.huaweicloud.com/status"));
        both.collect::<Vec<_>>().join(",")
    };
    let (everywhere, here) = (format!("{home}-everywhere"), format!("{home}-shard"));
    let account = format!("--serviceaccount={home}:shard");
    plane.kubectl(&["create", "serviceaccount", "shard", "-n", home]);
    let role = |name: &str, resources: &str| {
        plane.kubectl(&["create", "clusterrole", name, "--verb=*", &format!("--resource={resources}")]);
    };
    role(&everywhere, &format!("{},namespaces,secrets", ours(&["cloudaccounts", "directconnectgrants"])));
    let plurals: Vec<String> = direct_connect_operator::kinds::ALL.iter().map(Registration::plural).collect();
    role(&here, &format!("{},events.events.k8s.io", ours(&plurals.iter().map(String::as_str).collect::<Vec<_>>())));
    plane.kubectl(&["create", "clusterrolebinding", &everywhere, &format!("--clusterrole={everywhere}"), &account]);
    for namespace in namespaces {
        plane.kubectl(&["create", "rolebinding", "shard", "-n", namespace, &format!("--clusterrole={here}"), &account]);
    }
    plane.service_account_kubeconfig(home, "shard").await
}

#[tokio::test]
async fn shards_share_a_cluster_with_rights_in_their_namespaces() {
    let world = World::without_operator_in(&SHARDS).await;
    let (team, other) = (world.neighbour("team", json!({})).await, world.neighbour("other", json!({})).await);
    let namespaces = format!("{},{}", team.namespace, world.namespace);
    let kubeconfig = confined(&world, [&world.namespace, &team.namespace]).await;
    let log = world.plane.dir().join(format!("operator-{}-first.log", world.namespace));
    let arguments = |selector: &str| {
        let arguments =
            ["run", "--shard", "first", "--watch-namespaces", &namespaces, "--selector", selector, "--settle-interval", "200ms"];
        arguments.map(str::to_owned)
    };
    let mut in_order = [team.namespace.as_str(), world.namespace.as_str()];
    in_order.sort_unstable();
    let former = format!("{IN_USE}.{}", short_hash(&format!("{}|shard notin (b)", in_order.join(","))));
    let finalizers = json!({ "metadata": { "finalizers": [former, "example.com/other"] } }).to_string();
    world.plane.kubectl(&["patch", "cloudaccount", &world.namespace, "--type=merge", "-p", &finalizers]);
    let mut first = Operator::start(&kubeconfig, &log, &arguments("shard notin (b)"), &[]).await;

    world.apply(&gateway("gw", 1)).await;
    team.apply(&gateway("gw", 2)).await;
    world.apply(&labelled(gateway("theirs", 3), "b")).await;
    other.apply(&gateway("gw", 4)).await;
    world.apply(&interface("vif", "theirs", 30)).await;
    for namespace in [&world, &team] {
        namespace.wait_ready("VirtualGateway", "gw").await;
    }
    // What is outside of the shard reads as not there.
    let waiting = world.wait_reason("VirtualInterface", "vif", "WaitingForReference").await;
    assert_eq!(waiting["status"]["waitingFor"][0]["name"], "theirs");
    for (namespace, name) in [(&world, "theirs"), (&other, "gw")] {
        let object = namespace.get("VirtualGateway", name).await;
        assert!(object["status"]["observedGeneration"] == 0 && object["metadata"]["finalizers"].is_null(), "{object:#}");
    }

    let _second =
        start_operator(&world.plane, &format!("{}-second", world.namespace), &["--shard", "second", "--selector", "shard=b"]).await;
    world.wait_ready("VirtualGateway", "theirs").await;
    let both = BTreeSet::from(["example.com/other".to_owned(), format!("{IN_USE}.first"), format!("{IN_USE}.second")]);
    let finalizers = async || {
        let account = world.get_account().await;
        let names = account["metadata"]["finalizers"].as_array().unwrap().iter();
        names.map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<String>>()
    };
    eventually("both keep the account, under their names alone", BOUND, || async { (finalizers().await == both).then_some(()) }).await;
    // An object that changes its shard is handed over with what it has in the cloud.
    let before = team.get("VirtualGateway", "gw").await;
    team.patch("VirtualGateway", "gw", json!({ "metadata": { "labels": { "shard": "b" } }, "spec": { "description": "handed over" } }))
        .await;
    let after = team.wait_ready("VirtualGateway", "gw").await;
    assert_eq!(before["status"]["id"], after["status"]["id"]);
    assert!(!first.log().contains("watch failed"), "no right is missing: {}", first.tail());
    // A change of the selector leaves nothing behind.
    assert!(first.stop(), "{}", first.tail());
    let mut first = Operator::start(&kubeconfig, &log, &arguments("shard notin (b,c)"), &[]).await;
    world.look("VirtualGateway", "gw").await;
    assert_eq!(finalizers().await, both);
    first.check();
    // It is the API server that reads the selector.
    assert!(first.stop(), "{}", first.tail());
    let mut wrong = Operator::begin(&kubeconfig, &log, &arguments("shard=b=c"), &[]);
    let status = eventually("it ends by itself", BOUND, || std::future::ready(wrong.ended())).await;
    assert_eq!(status.code(), Some(1), "{}", wrong.tail());
    assert!(wrong.log().contains("--selector \"shard=b=c\": the API server says"), "{}", wrong.tail());
    let _first = Operator::start(&kubeconfig, &log, &arguments("shard notin (b)"), &[]).await;
    let removed = json!({ "metadata": { "finalizers": [format!("{IN_USE}.first"), format!("{IN_USE}.second")] } }).to_string();
    world.plane.kubectl(&["patch", "cloudaccount", &world.namespace, "--type=merge", "-p", &removed]);
    team.clear().await;
    other.api("VirtualGateway").delete("gw", &kube::api::DeleteParams::default()).await.unwrap();
    world.finish().await;
}

/// An account is made ready by reads alone: they are given up.
#[tokio::test]
async fn the_end_does_not_wait_for_a_cloud_that_does_not_answer_an_account() {
    let world = World::without_operator_in(&GROUP).await;
    world.cloud.pause();
    let arguments = ["run", "--shard", "ending", "--watch-namespaces", &world.namespace].map(str::to_owned);
    let log = world.plane.dir().join(format!("operator-{}-ending.log", world.namespace));
    let mut operator = Operator::start(&world.plane.kubeconfig(), &log, &arguments, &[]).await;
    eventually("a request to the cloud is in flight", BOUND, || async {
        let metrics = operator.get("/metrics").await?;
        let in_flight = metrics.lines().find_map(|line| line.strip_prefix("directconnect_cloud_requests_in_flight "))?;
        (in_flight != "0").then_some(())
    })
    .await;
    assert!(operator.stop(), "{}", operator.tail());
    assert!(operator.log().contains("stopping") && !operator.log().contains("still waiting for reconciles"), "{}", operator.log());
}

/// While an upgrade goes on, the operator may be newer than the definitions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_older_definitions_do_not_declare_is_left_out_of_the_status() {
    let plane = Arc::new(ControlPlane::start().await);
    let world = World::on(Arc::clone(&plane), "older").await;
    let older = plane.dir().join("older-crds");
    std::fs::create_dir(&older).unwrap();
    for entry in std::fs::read_dir(support::controlplane::root().join("crds")).unwrap().flatten() {
        let mut definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(entry.path()).unwrap()).unwrap();
        if definition["spec"]["names"]["kind"] == "VirtualGateway" {
            let version = &mut definition["spec"]["versions"][0];
            let status = &mut version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"];
            status.as_object_mut().unwrap().remove("account").unwrap();
            status["observed"]["properties"].as_object_mut().unwrap().remove("vpcId").unwrap();
        }
        std::fs::write(older.join(entry.file_name()), definition.to_string()).unwrap();
    }
    plane.kubectl(&["apply", "--server-side", "-f", older.to_str().unwrap()]);
    plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", older.to_str().unwrap()]);
    world.furnish().await;
    let operator = start_operator(&plane, "older", &[]).await;
    world.apply(&gateway("gw", 1)).await;
    let status = world.wait_ready("VirtualGateway", "gw").await["status"].clone();
    assert!(status["account"].is_null() && status["observed"]["vpcId"].is_null(), "{status:#}");
    assert!(status["observed"]["status"].is_string(), "the rest is there: {status:#}");
    let told = operator.log().matches("the custom resource definitions are older than the operator").count();
    assert!(told >= 1, "{}", operator.tail());
    // With the definitions of its version the status is whole again.
    plane.install_crds();
    eventually("the status is whole", BOUND, || async {
        world.look("VirtualGateway", "gw").await;
        let status = world.get("VirtualGateway", "gw").await["status"].clone();
        (status["account"].is_string() && status["observed"]["vpcId"].is_string()).then_some(())
    })
    .await;
    world.finish().await;
}

/// Lines of JSON of a real operator, for the calls that it makes for an object.
#[tokio::test]
async fn each_line_says_whose_pass_and_which_call_it_is() {
    let world = World::without_operator_in(&GROUP).await;
    let arguments =
        ["--shard", "json", "--watch-namespaces", &world.namespace, "--log-format", "json", "--log", "direct_connect_operator=debug,info"];
    let operator = start_operator(&world.plane, &format!("{}-json", world.namespace), &arguments).await;
    world.cloud.fault(json!({ "operation": "CreateVirtualGateway", "kind": "status", "status": 500, "code": "DC.0001" })).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    world.finish().await;

    let log = operator.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    for line in &lines {
        let has = |field: &str| line[field].is_string();
        assert!(["timestamp", "level", "target", "message"].into_iter().all(has), "{line}");
        assert!(line.as_object().unwrap().values().all(|value| !value.is_object() && !value.is_array()), "not flat: {line}");
    }
    let calls: Vec<&Value> =
        lines.iter().filter(|line| line["operation"] == "CreateVirtualGateway" && line["duration_ms"].is_u64()).collect();
    let told = |status: i64| calls.iter().find(|line| line["http_status"] == status && line["message"] != "decided").copied();
    for call in [told(500), told(201)] {
        let call = call.unwrap_or_else(|| panic!("{calls:#?}"));
        assert_eq!((&call["kind"], &call["name"]), (&json!("VirtualGateway"), &json!("gw")), "{call}");
        assert_eq!((&call["namespace"], &call["account"]), (&json!(world.namespace), &json!(world.namespace)), "{call}");
        assert!(call["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{call}");
    }
    assert_eq!(told(500).unwrap()["code"], "DC.0001");
    assert_eq!((&told(201).unwrap()["code"], &told(201).unwrap()["level"]), (&Value::Null, &json!("INFO")));
    let failed = lines.iter().find(|line| line["level"] == "WARN" && line["code"] == "DC.0001").unwrap();
    assert_eq!(
        (&failed["name"], &failed["account"], &failed["operation"]),
        (&json!("gw"), &json!(world.namespace), &json!("CreateVirtualGateway"))
    );
    let listed = lines.iter().find(|line| line["operation"] == "ListVirtualGateways").unwrap();
    assert_eq!((&listed["account"], &listed["kind"]), (&json!(world.namespace), &Value::Null), "a LIST is nobody's pass");
    let account = lines.iter().find(|line| line["kind"] == "CloudAccount").unwrap();
    assert_eq!((&account["name"], &account["account"]), (&json!(world.namespace), &json!(world.namespace)));
}
