//! No secret is told: not at the most talkative level of the log, not in an event, a status or any object but the Secret that holds it, not in
//! a request to the API server; whatever the cloud answers. It has a control plane of its own, which writes down every request whole.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use std::sync::Arc;
use support::controlplane::ControlPlane;
use support::eventually;
use support::metrics::Scrape;
use support::secrets::leaks;
use support::simulator::{ACCESS_KEY, DOMAIN, LINE_A, PASSWORD, SECRET_KEY, TEMPORARY, USER};
use support::world::{API_VERSION, BOUND, World, api, condition, start_operator};

const MD5: &str = "Qaz12345678";

/// One way to authenticate: its name in the account, the Secret, and its secrets as a careless server might repeat them.
struct Way {
    credentials: &'static str,
    secret: Value,
    repeated: String,
}

fn ways() -> [Way; 3] {
    let [key, secret, token] = TEMPORARY;
    [
        Way {
            credentials: "accessKey",
            secret: json!({ "accessKey": ACCESS_KEY, "secretKey": SECRET_KEY }),
            repeated: format!("verify {ACCESS_KEY} and {SECRET_KEY}"),
        },
        Way {
            credentials: "accessKey",
            secret: json!({ "accessKey": key, "secretKey": secret, "securityToken": token }),
            repeated: format!("verify {key}, {secret} and {token}"),
        },
        Way {
            credentials: "password",
            secret: json!({ "domain": DOMAIN, "user": USER, "password": PASSWORD }),
            repeated: format!("verify {USER} and {PASSWORD}"),
        },
    ]
}

#[tokio::test]
async fn no_secret_is_told_whatever_happens() {
    let plane = Arc::new(ControlPlane::start_audited(&json!([{ "level": "RequestResponse" }])).await);
    plane.install_crds();
    let world = World::on(plane, "secrets").await;
    world.furnish().await;
    let operator = start_operator(&world.plane, "secrets", &["--log", "trace"]).await;
    world.apply(&json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "bgp" }, "stringData": { "md5": MD5 } })).await;
    for (number, way) in (1..).zip(ways()) {
        use_credentials(&world, &way.secret, way.credentials).await;
        a_line_comes_up_against_odds(&world, number).await;
        the_cloud_refuses_and_repeats(&world, &way, number).await;
        the_endpoint_is_wrong(&world, &way).await;
    }
    told_nowhere(&world, &operator.log(), &Scrape::of(&operator).await);
    world.finish().await;
}

async fn use_credentials(world: &World, data: &Value, credentials: &str) {
    // Keys of another way stay in it: the account says which are used.
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" }, "stringData": data });
    world.apply(&secret).await;
    world.account(json!({ credentials: { "secretRef": { "namespace": world.namespace, "name": "credentials" } } })).await;
    wait_account(world, "Available").await;
}

async fn wait_account(world: &World, reason: &str) {
    let accounts = api(&world.client, None, API_VERSION, "CloudAccount");
    eventually(&format!("the account is {reason}"), BOUND, || async {
        let account = serde_json::to_value(accounts.get(&world.namespace).await.ok()?).unwrap();
        let ready = condition(&account, "Ready")?;
        (ready["reason"] == reason && ready["observedGeneration"] == account["metadata"]["generation"]).then_some(())
    })
    .await;
}

fn name(number: u8) -> String {
    format!("line-{number}")
}

/// Creates with the key of the BGP session, and a cloud that repeats it in all ways, or says nothing.
async fn a_line_comes_up_against_odds(world: &World, number: u8) {
    let name = name(number);
    for fault in [
        json!({ "kind": "status", "status": 500, "message": format!("can't set bgp_md5 {MD5}") }),
        // Shortened within the key.
        json!({ "kind": "status", "status": 503, "code": MD5, "message": "x".repeat(506) + MD5 }),
        json!({ "kind": "garbage", "body": json!({ "virtual_interface": format!("bgp_md5 {MD5}") }).to_string(), "after": 2 }),
        json!({ "kind": "lose_answer", "operation": "CreateVifPeer" }),
    ] {
        let mut rule = json!({ "operation": "CreateVirtualInterface" });
        rule.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        world.cloud.fault(rule).await;
    }
    let gateway = json!({
        "vpcId": format!("00000000-0000-4000-8000-0000000000{number:02}"), "localEpGroup": ["172.16.0.0/24"],
        "localEpGroupIpv6": ["fd00::/64"],
    });
    let interface = json!({
        "connectionId": LINE_A, "virtualGatewayRef": { "name": name }, "vlan": 30 + u16::from(number), "bandwidth": 50, "routeMode": "bgp",
        "bgpAsn": 65001, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" }, "remoteEpGroup": ["10.1.123.0/24"],
        "localGatewayIp": format!("10.0.{number}.1/30"), "remoteGatewayIp": format!("10.0.{number}.2/30"),
    });
    let peer = json!({
        "virtualInterfaceRef": { "name": name }, "addressFamily": "ipv6", "routeMode": "bgp", "bgpAsn": 65001,
        "bgpMd5SecretRef": { "name": "bgp", "key": "md5" }, "remoteEpGroup": ["fd00:bbbb::/64"],
        "localGatewayIp": format!("fd00:aaaa:{number}::1/64"), "remoteGatewayIp": format!("fd00:aaaa:{number}::2/64"),
    });
    for (kind, spec) in [("VirtualGateway", gateway), ("VirtualInterface", interface), ("Peer", peer)] {
        world.apply(&json!({ "apiVersion": API_VERSION, "kind": kind, "metadata": { "name": name }, "spec": spec })).await;
        world.wait_ready(kind, &name).await;
    }
    let answers = world.cloud.counters().await["CreateVirtualInterface"]["by_status"].clone();
    assert!(["201", "500", "503"].iter().all(|status| answers[status] == json!(number)), "each odd was met: {answers}");
    let peers = world.cloud.counters().await["CreateVifPeer"]["total"].clone();
    assert_eq!(peers, json!(number), "a lost answer is no second create");
    let listed = json!({ "virtual_gateways": [{ "id": MD5, "vpc_id": 7, "name": [MD5] }] }).to_string();
    for (mark, body) in [listed, format!("<html>{MD5}</html>")].into_iter().enumerate() {
        world.cloud.fault(json!({ "operation": "ListVirtualGateways", "kind": "garbage", "body": body })).await;
        look(world, &name, &format!("garbage {mark}")).await;
    }
}

/// A refusal that repeats the credentials; then a token that expires, and keys that are wrong.
async fn the_cloud_refuses_and_repeats(world: &World, way: &Way, number: u8) {
    let name = name(number);
    for status in [400, 403, 500, 401] {
        let fault = json!({ "kind": "status", "status": status, "code": way.repeated, "message": way.repeated });
        let mut fault_on = fault.clone();
        fault_on["operation"] = json!("ListVirtualGateways");
        world.cloud.fault(fault_on).await;
        look(world, &name, &format!("status {status}")).await;
        // What was refused once may be taken for good: a changed Secret begins anew.
        world.cloud.clear_faults().await;
        use_credentials(world, &touched(&way.secret, &format!("{status}")), way.credentials).await;
    }
    world.cloud.expire_tokens().await;
    look(world, &name, "token").await;
    let page = format!("<html>{PASSWORD}-wrong is wrong</html>");
    world.cloud.fault(json!({ "operation": "KeystoneCreateUserTokenByPassword", "kind": "garbage", "body": page })).await;
    let mut wrong = touched(&way.secret, "wrong");
    for key in ["secretKey", "password"] {
        if let Some(value) = wrong.get_mut(key) {
            *value = json!(format!("{}-wrong", value.as_str().unwrap()));
        }
    }
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" }, "stringData": wrong });
    world.apply(&secret).await;
    wait_account(world, "CredentialsRejected").await;
    world.cloud.clear_faults().await;
    use_credentials(world, &way.secret, way.credentials).await;
}

/// The same secret with one more key, so that it is another version.
fn touched(secret: &Value, mark: &str) -> Value {
    let mut secret = secret.clone();
    secret["note"] = json!(mark);
    secret
}

/// Nobody listens, or somebody who speaks no HTTP.
async fn the_endpoint_is_wrong(world: &World, way: &Way) {
    let accounts = api(&world.client, None, API_VERSION, "CloudAccount");
    let silent = format!("http://127.0.0.1:{}", support::process::free_port());
    let foreign = world.cloud.url().replace("http:", "https:");
    for endpoint in [silent, foreign] {
        let endpoints = json!({ "spec": { "endpoints": { "dc": endpoint, "iam": endpoint } } });
        accounts.patch(&world.namespace, &PatchParams::default(), &Patch::Merge(endpoints)).await.unwrap();
        wait_account(world, "EndpointUnreachable").await;
    }
    use_credentials(world, &way.secret, way.credentials).await;
}

/// Has the operator look now, and waits until it has done so or has told of what was in its way.
async fn look(world: &World, name: &str, mark: &str) {
    let before = world.cloud.count("ListVirtualGateways").await;
    world.ask("VirtualGateway", name, mark).await;
    eventually("it looked", BOUND, || async { (world.cloud.count("ListVirtualGateways").await > before).then_some(()) }).await;
}

fn told_nowhere(world: &World, log: &str, scrape: &Scrape) {
    assert!(log.contains("TRACE") && log.contains("***"), "the log is at its most talkative, and tells where something was left out");
    let mut found = leaks("log", log);
    assert!(scrape.sum("directconnect_cloud_requests_total", &[("code", "other")]) > 0.0, "secrets in the place of codes were counted");
    found.extend(leaks("metrics", &scrape.text));

    let kinds = world.plane.kubectl(&["api-resources", "--verbs=list", "-o", "name"]);
    let kinds: Vec<&str> = kinds.lines().filter(|kind| *kind != "secrets").collect();
    assert!(kinds.contains(&"events") && kinds.contains(&"virtualinterfaces.directconnect.huaweicloud.com"), "{kinds:?}");
    found.extend(leaks("objects", &world.plane.kubectl(&["get", &kinds.join(","), "--all-namespaces", "-o", "json"])));

    let audit = std::fs::read_to_string(world.plane.dir().join("audit.log")).unwrap();
    let of_secrets = |line: &&str| serde_json::from_str::<Value>(line).is_ok_and(|entry| entry["objectRef"]["resource"] == "secrets");
    let (secrets, others): (Vec<&str>, Vec<&str>) = audit.lines().partition(of_secrets);
    assert!(!leaks("audit", &secrets.join("\n")).is_empty(), "the search finds a secret where it is");
    found.extend(leaks("audit", &others.join("\n")));
    support::figure(&format!(
        "secrets: {} in {} lines of log, {} kinds of objects and {} audited requests",
        found.len(),
        log.lines().count(),
        kinds.len(),
        others.len()
    ));
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.into_iter().take(40).collect::<Vec<_>>().join("\n"));
}
