//! Each sample topology comes up whole and goes whole.

use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::{Value, json};
use support::controlplane::root;
use support::line::id;
use support::simulator::{REGION, link_by_cloud_connect};
use support::world::{KINDS, World};

/// The one with namespaces and accounts of its own.
const PARTNER_HOSTED: &str = "partner-hosted";

async fn comes_up_and_goes(sample: &str) {
    let world = World::new().await;
    let folder = root().join("deploy/samples").join(sample);
    world.plane.kubectl(&["-n", &world.namespace, "apply", "-f", folder.to_str().unwrap()]);
    let theirs = made_by_others(&world, sample).await;
    let mut objects = 0;
    for kind in KINDS {
        for object in world.api(kind).list(&ListParams::default()).await.unwrap() {
            world.wait_ready(kind, &object.name_any()).await;
            objects += 1;
        }
    }
    assert!(objects >= 2, "{sample} has {objects} objects");
    support::figure(&format!("{sample}: {objects} objects Ready"));
    // The gateway goes when it is taken out of the central network.
    if let Some(theirs) = theirs {
        world.cloud.delete(&theirs).await;
    }
    world.finish().await;
}

/// What another service makes for a sample.
async fn made_by_others(world: &World, sample: &str) -> Option<String> {
    if sample != "central-network" {
        return None;
    }
    world.wait_ready("VirtualInterface", "central-line").await;
    let (link, gateway) = (world.get("PeerLink", "central-link").await, world.get("GlobalGateway", "central-gateway").await);
    Some(world.cloud.make(link_by_cloud_connect(&link, &gateway)).await["id"].as_str().unwrap().to_owned())
}

/// The namespaces and accounts of the sample, with these of the test's own in their places.
async fn apply_partner_hosted(partner: &World, tenant: &World) {
    let mut files: Vec<_> =
        root().join("deploy/samples").join(PARTNER_HOSTED).read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&std::fs::read_to_string(file).unwrap()).unwrap();
        for document in documents {
            let name = |text: &Value| match text.as_str() {
                Some("partner") => json!(partner.namespace),
                Some("tenant") => json!(tenant.namespace),
                _ => text.clone(),
            };
            let mut document = replaced(&document, &name);
            let cluster_scoped = ["Namespace", "CloudAccount"].contains(&document["kind"].as_str().unwrap());
            if document["kind"] == "CloudAccount" {
                let spec = &mut document["spec"];
                let own = spec["credentials"].as_object_mut().unwrap().values_mut().next().unwrap();
                own["secretRef"] = json!({ "namespace": own["secretRef"]["name"], "name": "credentials" });
                spec["region"] = json!(REGION);
                spec["endpoints"] = json!({ "dc": partner.cloud.url(), "iam": partner.cloud.url(), "insecure": true });
                spec["rateLimit"] = json!({ "readsPerMinute": 6000, "writesPerMinute": 6000, "burst": 200 });
            }
            let namespace = document["metadata"]["namespace"].as_str().map(str::to_owned).filter(|_| !cluster_scoped);
            partner.try_apply(namespace.as_deref(), &document).await.unwrap_or_else(|error| panic!("{document}: {error}"));
        }
    }
}

/// All texts of a document as `replace` has them.
fn replaced(value: &Value, replace: &impl Fn(&Value) -> Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), replaced(value, replace))).collect(),
        Value::Array(items) => items.iter().map(|item| replaced(item, replace)).collect(),
        value => replace(value),
    }
}

#[tokio::test]
async fn partner_hosted() {
    let partner = World::new().await;
    let tenant = partner.neighbour("tenant", json!({})).await;
    let login = json!({ "domain": "simulated-partner", "user": "partner", "password": "Simulated-Pass2" });
    tenant.apply(&json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "credentials" }, "stringData": login })).await;
    apply_partner_hosted(&partner, &tenant).await;
    partner.wait_ready("Connection", "operations").await;
    let hosted = id(&partner.wait_ready("HostedConnection", "office").await);
    let line = tenant.wait_ready("VirtualInterface", "office-line").await;
    assert_eq!(partner.cloud.find(&id(&line)).await.unwrap()["direct_connect_id"], hosted);
    // The partner can't take it away under the tenant.
    partner.delete("HostedConnection", "office").await;
    partner.delete("Connection", "operations").await;
    partner.wait_gone("Connection", "operations").await;
    partner.wait_reason("HostedConnection", "office", "WaitingForDependants").await;
    tenant.clear().await;
    partner.wait_gone("HostedConnection", "office").await;
    assert_eq!(partner.cloud.find(&hosted).await, None);
    partner.finish().await;
}

macro_rules! samples {
    ($($name:ident: $folder:literal,)+) => {
        $(#[tokio::test]
        async fn $name() {
            comes_up_and_goes($folder).await;
        })+

        #[test]
        fn every_sample_has_its_test() {
            let mut folders: Vec<String> = root().join("deploy/samples").read_dir().unwrap()
                .map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir())
                .map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            folders.sort();
            let mut tested = [$($folder,)+ PARTNER_HOSTED];
            tested.sort_unstable();
            assert_eq!(folders, tested);
        }
    };
}

samples! {
    single_connection_static: "single-connection-static",
    single_connection_bgp: "single-connection-bgp",
    two_connections_load_balancing: "two-connections-load-balancing",
    two_connections_active_standby: "two-connections-active-standby",
    several_vpcs: "several-vpcs",
    dual_stack: "dual-stack",
    internet_by_connect_gateway: "internet-by-connect-gateway",
    global_gateway_two_regions: "global-gateway-two-regions",
    global_gateways_active_standby: "global-gateways-active-standby",
    global_gateway_static_routes: "global-gateway-static-routes",
    central_network: "central-network",
    leased_line: "leased-line",
}
