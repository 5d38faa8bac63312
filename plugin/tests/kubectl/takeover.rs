//! `import` and `from-terraform`: what others have made comes under the operator without a write to the cloud but the owner's tags.

use serde_json::{Value, json};
use std::path::Path;
use support::line::{Foreign, ROUTER};
use support::simulator::{LINE_B, PROJECT, REGION};
use support::world::{KINDS, World, condition, is};

use crate::plugin::{Run, dc, kubectl, run};

const KEY: &str = "a-key-of-a-session";

/// The kinds of which the topology has a resource that takes an owner tag.
const TAGGED: [&str; 2] = ["VirtualGateway", "VirtualInterface"];

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

/// A line with a second peer, another one whose name no spec can hold, and a global gateway with a line, a route and a link; a connect gateway
/// with a global EIP. All made by somebody else.
async fn topology(world: &World) -> Foreign {
    let foreign = world.foreign_line(1, 30).await;
    let cloud = &world.cloud;
    let bgp = json!({
        "name": "Office BGP", "direct_connect_id": LINE_B, "vgw_id": foreign.gateway, "vlan": 31, "bandwidth": 100, "route_mode": "bgp",
        "bgp_asn": 65010, "bgp_md5": KEY, "local_gateway_v4_ip": "10.0.1.1/30", "remote_gateway_v4_ip": "10.0.1.2/30",
        "remote_ep_group": [], "description": "the office", "tags": [{ "key": "team", "value": "network" }],
    });
    cloud.create("virtual_interface", bgp).await;
    let global = id(&cloud.create("global_dc_gateway", json!({ "name": "backbone", "address_family": "dual" })).await);
    let line = json!({
        "name": "backbone_line", "direct_connect_id": LINE_B, "gateway_id": global, "service_type": "GDGW", "vlan": 40, "bandwidth": 50,
        "route_mode": "static", "local_gateway_v4_ip": "10.0.2.1/30", "remote_gateway_v4_ip": "10.0.2.2/30",
        "remote_ep_group": ["10.2.0.0/16"],
    });
    let line = cloud.create("virtual_interface", line).await;
    let first = &line["vif_peers"][0]["id"];
    cloud.create("gdgw_route", json!({ "gateway_id": global, "destination": "10.2.0.0/16", "nexthop": first, "type": "vif_peer" })).await;
    let site = json!({ "gateway_id": ROUTER, "region_id": REGION, "project_id": PROJECT });
    cloud.create("peer_link", json!({ "global_dc_gateway_id": global, "name": "to-router", "peer_site": site })).await;
    let connect = id(&cloud.create("connect_gateway", json!({ "name": "internet" })).await);
    let eip = "e0000000-0000-4000-8000-000000000001";
    cloud.create("global_eip", json!({ "id": eip, "global_eip_id": eip, "connect_gateway_id": connect })).await;
    foreign
}

/// Operations that wrote to the cloud.
async fn writes(world: &World) -> Vec<String> {
    let log = world.cloud.log().await;
    let written = log.iter().filter(|entry| entry["method"] != "GET");
    written.map(|entry| entry["operation"].as_str().unwrap_or_default().to_owned()).collect()
}

fn apply(world: &World, folder: &Path) -> String {
    let mut command = kubectl(world);
    command.args(["apply", "--namespace", &world.namespace, "-f"]).arg(folder);
    run(command).ok()
}

fn manifest(file: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Kinds and names of the manifests in a folder.
fn objects(folder: &Path) -> Vec<(String, String)> {
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let read = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let mut objects: Vec<(String, String)> = read
        .map(|path| {
            let manifest = manifest(&path);
            (manifest["kind"].as_str().unwrap().to_owned(), manifest["metadata"]["name"].as_str().unwrap().to_owned())
        })
        .filter(|(kind, _)| kind != "Secret")
        .collect();
    objects.sort();
    objects
}

/// Waits until each object shows what the spec says, and only looks.
async fn all_observed(world: &World, objects: &[(String, String)]) {
    for (kind, name) in objects {
        let ready = world.wait_ready(kind, name).await;
        assert_eq!(condition(&ready, "Ready").unwrap()["reason"], "Observed", "{ready:#}");
        assert!(ready["status"]["drift"].is_null() && is(&ready, "Synced", "True"), "{ready:#}");
    }
}

/// Lets the operator manage all, and waits until it does.
async fn manage(world: &World, objects: &[(String, String)]) {
    for (kind, name) in objects {
        world.patch(kind, name, json!({ "spec": { "policy": { "management": "Managed" } } })).await;
    }
    for (kind, name) in objects {
        let managed = |object: &Value| is(object, "Ready", "True") && condition(object, "Ready").unwrap()["reason"] != "Observed";
        let ready = world.wait(kind, name, "managed", managed).await;
        assert!(ready["status"]["drift"].is_null(), "{ready:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_imported_observed_and_then_managed() {
    let world = World::new().await;
    let foreign = topology(&world).await;
    let account = world.namespace.clone();
    let import = |more: &[&str]| dc(&world, &[&["import", "--account", &account, "--name", "*"], more].concat());
    // The seeded lines are there, too: one of them is not built yet, and never Ready.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let all = |more: &[&str]| dc(&world, &[&["import", "--account", &account], more].concat());
    let stream = all(&[]).ok();
    assert_eq!(stream, all(&[]).ok(), "the same bytes twice");
    let Run { code, stderr, .. } = all(&["-d", path]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("1 GlobalGatewayRoute") && stderr.contains("3 VirtualInterface") && stderr.contains("0 skipped"), "{stderr}");
    assert_eq!(std::fs::read_to_string(folder.path().join("skipped.txt")).unwrap(), "");

    // References between them, and a name that is legal.
    let spec = |file: &str| manifest(&folder.path().join(file))["spec"].clone();
    assert_eq!(manifest(&folder.path().join("virtualinterface-vif.yaml"))["metadata"]["namespace"], json!(world.namespace));
    let to = |name: &str| json!({ "name": name });
    let interface = spec("virtualinterface-vif.yaml");
    assert_eq!(interface["import"], json!({ "id": foreign.interface }));
    assert_eq!((&interface["virtualGatewayRef"], &interface["connectionRef"]), (&to("gw"), &to("line-a")), "{interface}");
    let office = spec("virtualinterface-office-bgp.yaml");
    assert_eq!((&office["policy"]["ignoreFields"], &office["name"]), (&json!(["name"]), &Value::Null), "{office}");
    assert!(stream.contains("#   bgpMd5SecretRef: "), "{stream}");
    assert_eq!(spec("virtualinterface-backbone-line.yaml")["name"], "backbone_line");
    let route = objects(folder.path()).into_iter().find(|(kind, _)| kind == "GlobalGatewayRoute").unwrap().1;
    let route = spec(&format!("globalgatewayroute-{route}.yaml"));
    assert_eq!((&route["virtualInterfaceRef"], &route["globalGatewayRef"]), (&to("backbone-line"), &to("backbone")), "{route}");
    assert!(!stream.contains(KEY), "{stream}");

    std::fs::remove_file(folder.path().join("connection-line-under-construction.yaml")).unwrap();
    let objects = objects(folder.path());
    let mut kinds: Vec<&str> = objects.iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.dedup();
    assert_eq!(kinds.len(), KINDS.len(), "every kind: {kinds:?}");
    assert!(!stream.contains("kind: Connection\nmetadata:\n  name: hosted\n"), "what a partner provides to itself is listed twice");
    apply(&world, folder.path());
    all_observed(&world, &objects).await;
    assert_eq!(writes(&world).await, Vec::<String>::new());
    let again = import(&["--kind", "vif", "--kind", "vgw"]);
    assert!(again.stdout.is_empty() && again.stderr.contains("have objects already"), "{again:?}");
    // All but the line that was left out: what is listed twice is not found again by the other kind.
    let again = all(&[]).ok();
    assert!(again.matches("\nkind: ").count() == 1 && again.contains("name: line-under-construction"), "{again}");

    manage(&world, &objects).await;
    let tagged = objects.iter().filter(|(kind, _)| TAGGED.contains(&kind.as_str())).count();
    assert_eq!(writes(&world).await, vec!["BatchCreateResourceTags"; tagged], "the owner's tags, and nothing else");
    world.cloud.check_contract().await;
    world.tells_no_secret().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_asked_for_or_of_another_cluster_is_not_imported() {
    let world = World::new().await;
    let foreign = topology(&world).await;
    let owner = json!([{ "key": "direct-connect-operator-owner", "value": "another-cluster:team/line" }]);
    world.cloud.patch(&foreign.interface, json!({ "tags": owner })).await;
    let account = world.namespace.clone();
    let import = |more: &[&str]| dc(&world, &[&["import", "--account", &account, "--gateway", &foreign.gateway], more].concat());
    let kept = import(&[]);
    assert!(kept.stderr.contains("another-cluster:team/line of another cluster manages it"), "{}", kept.stderr);
    assert!(!kept.stdout.contains(&foreign.interface) || kept.stdout.contains("virtualInterfaceId"), "{}", kept.stdout);
    let mode = import(&["--include-owned-by-others", "--mode", "managed", "--kind", "vif"]);
    let text = mode.ok();
    assert!(text.contains(&foreign.interface) && !text.contains("ObserveOnly") && !text.contains("backbone"), "{text}");
    assert_eq!(import(&["--kind", "pod"]).code, 2);

    // The credentials of the vendor's tools.
    let mut command = kubectl(&world);
    command.env("HUAWEICLOUD_SDK_AK", support::simulator::ACCESS_KEY).env("HUAWEICLOUD_SDK_SK", support::simulator::SECRET_KEY);
    command.args(["dc", "--namespace", &world.namespace, "import", "--region", REGION, "--endpoint", world.cloud.url(), "--kind", "cgw"]);
    let tools = run(command);
    let told = format!("using the keys of HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, region {REGION} of --region\n");
    assert!(tools.stderr.contains(&told) && !tools.stderr.contains(support::simulator::ACCESS_KEY), "{}", tools.stderr);
    let text = tools.ok();
    assert!(text.contains("name: internet") && !text.contains("accountRef"), "{text}");

    // One kind that can't be listed.
    let refused = json!({ "operation": "ListGlobalDcGateways", "kind": "status", "status": 403, "code": "DC.0013", "times": 100 });
    world.cloud.fault(refused).await;
    assert_eq!(import(&[]).code, 2, "the default is to stop");
    let rest = import(&["--on-error", "continue"]);
    assert_eq!(rest.code, 1, "{}", rest.stderr);
    assert!(rest.stdout.contains(&foreign.gateway) && rest.stderr.contains("skipped GlobalGateway"), "{}", rest.stderr);
    assert_eq!(writes(&world).await, Vec::<String>::new());
}

/// A state with the line and the gateways of the topology, as Terraform has written it.
async fn state(world: &World) -> Value {
    let provider = "provider[\"registry.terraform.io/huaweicloud/huaweicloud\"]";
    let managed = |type_: &str, name: &str, instances: Value| json!({ "mode": "managed", "type": type_, "name": name, "provider": provider, "instances": instances });
    let gateway = world.cloud.all("virtual_gateways").await.remove(0);
    let asn = gateway["bgp_asn"].clone();
    let mut interfaces = Vec::new();
    for interface in world.cloud.all("virtual_interfaces").await {
        let mut attributes = interface.clone();
        let first = interface["vif_peers"][0].clone();
        (attributes["route_mode"], attributes["asn"], attributes["bgp_md5"]) =
            (first["route_mode"].clone(), first["bgp_asn"].clone(), first["bgp_md5"].clone());
        let tags = interface["tags"].as_array().unwrap().iter().map(|tag| (tag["key"].as_str().unwrap().to_owned(), tag["value"].clone()));
        attributes["tags"] = Value::Object(tags.collect());
        interfaces.push(json!({ "index_key": interface["name"], "attributes": attributes, "sensitive_attributes": [] }));
    }
    let gateway = json!({
        "id": gateway["id"], "name": gateway["name"], "vpc_id": gateway["vpc_id"], "local_ep_group": gateway["local_ep_group"], "asn": asn,
    });
    let global = world.cloud.all("global_dc_gateways").await.remove(0);
    let route = world.cloud.all("gdgw_routetables").await.remove(0);
    let route_id = format!("{}/{}", route["gateway_id"].as_str().unwrap(), route["id"].as_str().unwrap());
    let route = json!({
        "id": route_id, "gdgw_id": route["gateway_id"], "type": route["type"], "destination": route["destination"], "nexthop": route["nexthop"],
    });
    let mut line = managed("huaweicloud_dc_virtual_interface", "line", interfaces.into());
    line["module"] = json!("module.lines");
    json!({ "version": 4, "terraform_version": "1.9.8", "serial": 7, "lineage": "x", "outputs": {}, "resources": [
        managed("huaweicloud_dc_virtual_gateway", "main", json!([{ "attributes": gateway }])),
        line,
        managed("huaweicloud_dc_global_gateway", "backbone", json!([{ "attributes": { "id": global["id"], "name": global["name"], "address_family": "dual" } }])),
        managed("huaweicloud_dc_global_gateway_route_table", "office", json!([{ "attributes": route }])),
        managed("huaweicloud_dc_vif_peer_detection", "once", json!([{ "attributes": { "id": "x" } }])),
        managed("huaweicloud_vpc", "main", json!([{ "attributes": { "id": "x" } }])),
    ] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_terraform_is_taken_over() {
    let world = World::new().await;
    topology(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("terraform.tfstate");
    std::fs::write(&file, state(&world).await.to_string()).unwrap();
    let (file, lines) = (file.to_str().unwrap(), folder.path().join("lines"));
    let quiet = dc(&world, &["from-terraform", file]);
    assert!(!quiet.stdout.contains(KEY) && !quiet.stderr.contains(KEY), "a key is told only when asked for");
    assert!(quiet.stderr.contains("huaweicloud_dc_vif_peer_detection.once: a single measurement"), "{}", quiet.stderr);
    assert!(!quiet.stderr.contains("huaweicloud_vpc"), "{}", quiet.stderr);
    let stream = quiet.ok();
    assert!(stream.contains("#   terraform state rm 'module.lines.huaweicloud_dc_virtual_interface.line[\"vif\"]'"), "{stream}");
    assert!(stream.contains("#     from = module.lines.huaweicloud_dc_virtual_interface.line\n"), "{stream}");
    assert_eq!(stream, dc(&world, &["from-terraform", file]).ok(), "the same bytes twice");

    dc(&world, &["from-terraform", file, "--with-secrets", "-d", lines.to_str().unwrap()]).ok();
    let secret = std::fs::read_to_string(lines.join("secret-vif-office-bgp-bgp.yaml")).unwrap();
    assert!(secret.contains(KEY) && secret.contains(&format!("namespace: {}\n", world.namespace)), "where its object is");
    let warned = dc(&world, &["from-terraform", file, "--account-map", "eu=x"]);
    assert!(warned.stderr.contains("warning: --account-map has no effect: the input tells no aliases"), "{}", warned.stderr);
    let objects = objects(&lines);
    assert_eq!(objects.len(), 7, "{objects:?}");
    apply(&world, &lines);
    all_observed(&world, &objects).await;
    let route = objects.iter().find(|(kind, _)| kind == "GlobalGatewayRoute").unwrap();
    let route = world.get(&route.0, &route.1).await;
    assert_eq!(route["spec"]["virtualInterfaceRef"], json!({ "name": "backbone-line" }));
    let annotations = &world.get("VirtualInterface", "vif").await["metadata"]["annotations"];
    assert_eq!(
        annotations["directconnect.huaweicloud.com/terraform-address"],
        "module.lines.huaweicloud_dc_virtual_interface.line[\"vif\"]"
    );
    assert_eq!(writes(&world).await, Vec::<String>::new());
}
