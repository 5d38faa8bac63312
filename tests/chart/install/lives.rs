//! The lives of all kinds with the rights of the chart: what they need is granted, and what is granted they need.

use kube::api::ListParams;
use serde_json::{Value, json};
use std::time::Duration;

use super::rights::{compare, granted, used};
use super::{LINES, SYSTEM, accounts, accounts_release, values, world};
use support::line::{gateway, global_gateway, id, interface, object, on_global, peer, peer_link, route, with};
use support::operator::Operator;
use support::release::{Release, accounts_chart, chart};
use support::simulator::{LINE_A, LINE_B, OPERATIONS, PARTNER};
use support::world::{API_VERSION, BOUND, World, api, condition};
use support::{eventually, figure};

/// The audit log is written after the answer.
const WRITTEN: Duration = Duration::from_secs(10);
const OTHER: &str = "lines-other";
/// By namespace, kind and name: two lines of one gateway, where the second gateway is another account's, and in each namespace one object of each
/// other kind.
const OBJECTS: [(&str, &str, &str); 22] = [
    (LINES, "Connection", "line-1"),
    (LINES, "HostedConnection", "hosted-1"),
    (LINES, "GlobalGateway", "backbone-1"),
    (LINES, "VirtualInterface", "backbone-line-1"),
    (LINES, "PeerLink", "link-1"),
    (LINES, "GlobalGatewayRoute", "route-1"),
    (LINES, "ConnectGateway", "edge-1"),
    (LINES, "GlobalEipAssociation", "eip-1"),
    (OTHER, "Connection", "line-2"),
    (OTHER, "HostedConnection", "hosted-2"),
    (OTHER, "GlobalGateway", "backbone-2"),
    (OTHER, "VirtualInterface", "backbone-line-2"),
    (OTHER, "PeerLink", "link-2"),
    (OTHER, "GlobalGatewayRoute", "route-2"),
    (OTHER, "ConnectGateway", "edge-2"),
    (OTHER, "GlobalEipAssociation", "eip-2"),
    (LINES, "VirtualGateway", "gw"),
    (LINES, "VirtualInterface", "vif"),
    (LINES, "Peer", "peer"),
    (OTHER, "VirtualGateway", "own"),
    (OTHER, "VirtualInterface", "guest"),
    (OTHER, "Peer", "guest-ipv6"),
];

#[tokio::test]
async fn the_chart_grants_what_the_operator_needs_and_nothing_else() {
    let (world, release) = world().await;
    release.install(&chart(), &values());
    accounts_release(&release).install(&accounts_chart(), &accounts(&world));
    lives(&world, &release).await;

    // The same with a right for each namespace in place of one for all. The definitions, and the account, are still there.
    let mut narrow = values();
    narrow["watchNamespaces"] = json!([LINES, OTHER]);
    narrow["rbac"] = json!({ "secretNamespaces": [SYSTEM, LINES, OTHER] });
    release.upgrade(&chart(), &narrow);
    lives(&world, &release).await;
}

async fn lives(world: &World, release: &Release) {
    // Operators of before made one: each life makes its own.
    world.plane.kubectl(&["delete", "leases", "--all", "-n", SYSTEM]);
    let before = world.plane.audit().len();
    let account = release.pod().await.service_account;
    let mut given = granted(&world.plane, release, &account);
    // The role is the same in each namespace, but no account has its Secret there.
    given.retain(|right| !right.is("patch", "secrets", OTHER));
    assert!(!given.is_empty(), "the chart gives {account} no rights");
    tokio::select! {
        () = story(world, release) => {}
        refused = refusal(world, release, &account, before) => panic!("the chart's rights are not enough:\n{refused}"),
    }
    let mut wrong = Vec::new();
    for _ in 0..WRITTEN.as_secs() {
        let (done, refused) = used(&world.plane, release, &account, before);
        wrong = compare(&given, &done, &refused);
        if wrong.is_empty() {
            return figure(&format!("{} rights of the chart, each used; {} kinds of requests, each granted", given.len(), done.len()));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("rights and requests differ:\n{}", wrong.join("\n"));
}

/// Waits for a request that was refused for want of a right.
async fn refusal(world: &World, release: &Release, account: &str, before: usize) -> String {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (_, refused) = used(&world.plane, release, account, before);
        if !refused.is_empty() {
            return refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        }
    }
}

async fn story(world: &World, release: &Release) {
    let mut first = release.start("first").await;
    let mut second = release.start("second").await;
    says(&second, "standby").await;
    let other = come_up(world).await;
    change(world, &other).await;
    set_back(world, &other).await;
    assert!(first.stop(), "the leader ends by itself\n{}", first.tail());
    eventually("the other leads", BOUND, || async { (!second.readiness().await?.contains("standby")).then_some(()) }).await;
    go(world, &other).await;
    assert!(second.stop(), "it ends by itself\n{}", second.tail());
}

async fn says(operator: &Operator, word: &str) {
    eventually(&format!("/readyz says {word}\n{}", operator.tail()), BOUND, || async {
        operator.readiness().await?.contains(word).then_some(())
    })
    .await;
}

fn of<'a>(world: &'a World, other: &'a World, namespace: &str) -> &'a World {
    if namespace == LINES { world } else { other }
}

async fn all_ready(world: &World, other: &World) {
    for (namespace, kind, name) in OBJECTS {
        of(world, other, namespace).wait_ready(kind, name).await;
    }
}

/// All kinds, in two namespaces and with two accounts.
async fn come_up(world: &World) -> World {
    world.furnish().await;
    let other = world.neighbour("other", json!({})).await;
    let bgp = json!({ "routeMode": "bgp", "bgpAsn": 65001, "bgpMd5SecretRef": { "name": "bgp", "key": "md5" } });
    for world in [world, &other] {
        let key = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "bgp" }, "stringData": { "md5": "Qaz12345678" } });
        world.apply(&key).await;
    }
    world.apply(&gateway("gw", 1)).await;
    world.apply(&with(interface("vif", "gw", 30), &bgp)).await;
    world.apply(&peer("peer", "vif")).await;
    other.apply(&with(gateway("own", 2), &json!({ "accountRef": { "name": "default" } }))).await;
    // It ends at another place: two of a gateway must.
    let guest = json!({
        "connectionId": LINE_B, "virtualGatewayRef": { "name": "gw", "namespace": LINES },
        "localGatewayIp": "10.0.1.1/30", "remoteGatewayIp": "10.0.1.2/30",
    });
    other.apply(&with(with(interface("guest", "gw", 31), &bgp), &guest)).await;
    let addresses = json!({ "localGatewayIp": "fd00:aaab::1/64", "remoteGatewayIp": "fd00:aaab::2/64" });
    other.apply(&with(peer("guest-ipv6", "guest"), &addresses)).await;
    other.wait_reason("VirtualInterface", "guest", "WaitingForReference").await;
    let grant = json!({ "from": [{ "kind": "VirtualInterface", "namespace": OTHER }], "to": [{ "kind": "VirtualGateway", "name": "gw" }] });
    world.apply(&object("DirectConnectGrant", "other", &grant)).await;
    for (world, number) in [(world, 1), (&other, 2)] {
        for object in families(number) {
            world.apply(&object).await;
        }
    }
    all_ready(world, &other).await;
    other
}

/// An object of each kind besides gateways, interfaces and peers.
fn families(number: u16) -> [Value; 8] {
    let named = |name: &str| format!("{name}-{number}");
    let hosted = json!({ "hostingId": OPERATIONS, "vlan": 300 + number, "bandwidth": 5, "resourceTenantId": PARTNER });
    let eip = json!({ "connectGatewayRef": { "name": named("edge") }, "globalEipId": format!("e0000000-0000-4000-8000-{number:012}") });
    let addresses = json!({
        "localGatewayIp": format!("10.0.1{number}.1/30"), "remoteGatewayIp": format!("10.0.1{number}.2/30"),
        "remoteEpGroup": [format!("10.1.13{number}.0/24")],
    });
    let (gateway, interface) = (named("backbone"), named("backbone-line"));
    [
        object("Connection", &named("line"), &json!({ "import": { "id": if number == 1 { LINE_A } else { LINE_B } } })),
        object("HostedConnection", &named("hosted"), &hosted),
        global_gateway(&gateway),
        with(on_global(&interface, &gateway, 31 + number), &addresses),
        peer_link(&named("link"), &gateway, Some(&interface)),
        route(&named("route"), &gateway, "10.20.0.0/16", &interface),
        object("ConnectGateway", &named("edge"), &json!({})),
        object("GlobalEipAssociation", &named("eip"), &eip),
    ]
}

async fn change(world: &World, other: &World) {
    for (namespace, kind, name) in OBJECTS.into_iter().filter(|(_, kind, _)| *kind != "GlobalEipAssociation") {
        of(world, other, namespace).patch(kind, name, json!({ "spec": { "description": "changed" } })).await;
    }
    world.patch_account(json!({ "defaults": { "tags": { "team": "network" } } })).await;
    all_ready(world, other).await;
    for collection in ["virtual_gateways", "virtual_interfaces"] {
        let there = world.cloud.all(collection).await;
        assert!(there.len() >= 2 && there.iter().all(|seen| seen["description"] == "changed"), "{collection}: {there:#?}");
    }
}

/// Somebody changes both gateways in the cloud. That is told once it can be written down, and once only; then it is set back.
async fn set_back(world: &World, other: &World) {
    let gateways = [(world, "gw"), (other, "own")];
    let (mut ids, mut told) = (Vec::new(), Vec::new());
    for (world, name) in gateways {
        told.push(drift_events(world, name).await);
        world.patch("VirtualGateway", name, json!({ "spec": { "policy": { "drift": "Detect" } } })).await;
        ids.push(id(&world.wait_ready("VirtualGateway", name).await));
    }
    // Before anything is to be told: a look may come at any time.
    refuse_status(world, true).await;
    for id in &ids {
        world.cloud.patch(id, json!({ "name": "theirs" })).await;
    }
    for (world, name) in gateways {
        world.ask("VirtualGateway", name, "refused").await;
    }
    eventually("the operator has tried to write it down", BOUND, || async {
        let answered = world.plane.audit();
        let refused = |name: &str| answered.iter().any(|entry| is_refused_status(entry, name));
        gateways.iter().all(|(_, name)| refused(name)).then_some(())
    })
    .await;
    refuse_status(world, false).await;
    for ((world, name), before) in gateways.into_iter().zip(told) {
        world.wait_reason("VirtualGateway", name, "Drifted").await;
        eventually("it is told once", BOUND, || async {
            let count = drift_events(world, name).await - before;
            assert!(count < 2, "{count} events");
            (count == 1).then_some(())
        })
        .await;
        world.patch("VirtualGateway", name, json!({ "spec": { "policy": { "drift": "Correct" } } })).await;
        world.wait_ready("VirtualGateway", name).await;
    }
    let names: Vec<Value> = world.cloud.all("virtual_gateways").await.into_iter().map(|gateway| gateway["name"].clone()).collect();
    assert!(!names.contains(&json!("theirs")), "{names:?}");
}

/// How often the change in the cloud was told so far.
async fn drift_events(world: &World, name: &str) -> usize {
    world.notes("VirtualGateway", name, "DriftDetected").await.iter().filter(|note| note.contains("theirs")).count()
}

/// Whether an entry of the audit log is a write of the status of this gateway that was refused.
fn is_refused_status(entry: &Value, name: &str) -> bool {
    let object = &entry["objectRef"];
    object["resource"] == "virtualgateways"
        && object["subresource"] == "status"
        && object["name"] == name
        && entry["responseStatus"]["code"].as_i64().is_some_and(|code| code >= 400)
}

/// An admission policy that lets nobody write the status of a gateway: the operator has the right, and the write fails all the same.
async fn refuse_status(world: &World, refused: bool) {
    const NAME: &str = "no-status";
    let of = |kind: &str, spec: Value| {
        let version = "admissionregistration.k8s.io/v1";
        json!({ "apiVersion": version, "kind": kind, "metadata": { "name": NAME }, "spec": spec })
    };
    let rule = json!({
        "apiGroups": ["directconnect.huaweicloud.com"], "apiVersions": ["v1alpha1"], "operations": ["UPDATE"], "resources": ["virtualgateways/status"],
    });
    let policy =
        json!({ "matchConstraints": { "resourceRules": [rule] }, "validations": [{ "expression": "false", "message": "refused" }] });
    let binding = json!({ "policyName": NAME, "validationActions": ["Deny"] });
    if refused {
        world.try_apply(None, &of("ValidatingAdmissionPolicy", policy)).await.unwrap();
        world.try_apply(None, &of("ValidatingAdmissionPolicyBinding", binding)).await.unwrap();
    } else {
        world.plane.kubectl(&["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", NAME]);
    }
    eventually(&format!("statuses are refused: {refused}"), BOUND, || async {
        let patch = ["patch", "vgw", "gw", "-n", LINES, "--subresource=status", "--type=merge", "--dry-run=server", "-p"];
        let answer = world.plane.run("kubectl", &[&patch[..], &[r#"{"status":{"id":"x"}}"#]].concat());
        (answer.is_err() == refused).then_some(())
    })
    .await;
}

/// All at once, in no order: what is needed to the end stays to the end.
async fn go(world: &World, other: &World) {
    let plane = &world.plane;
    plane.kubectl(&["delete", "secret", "credentials", "-n", LINES, "--wait=false"]);
    plane.kubectl(&["delete", "cloudaccount", LINES, "--wait=false"]);
    tokio::join!(world.clear(), other.clear());
    assert!(world.cloud.is_empty().await, "left in the cloud: {}", world.cloud.resources().await);
    plane.kubectl(&["wait", "cloudaccount", LINES, "--for=delete", "--timeout=30s"]);
    plane.kubectl(&["wait", "secret/credentials", "-n", LINES, "--for=delete", "--timeout=30s"]);
    // The account of the accounts' chart, which nobody uses any more, lets go of its Secret.
    eventually("the Secret of that account is let go", BOUND, || async {
        let secret = api(&world.client, Some(SYSTEM), "v1", "Secret").get("keys").await.ok()?;
        secret.metadata.finalizers.unwrap_or_default().is_empty().then_some(())
    })
    .await;
    plane.kubectl(&["delete", "directconnectgrant.directconnect.huaweicloud.com", "other", "-n", LINES]);
    let accounts = api(&world.client, None, API_VERSION, "CloudAccount").list(&ListParams::default()).await.unwrap();
    let account = serde_json::to_value(&accounts.items[0]).unwrap();
    assert!(accounts.items.len() == 1 && condition(&account, "Ready").is_some_and(|ready| ready["status"] == "True"), "{account:#}");
    world.cloud.check_contract().await;
}
