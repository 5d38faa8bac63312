//! Each sample topology comes up whole and goes whole.

use kube::ResourceExt;
use kube::api::ListParams;
use serde_json::json;
use support::controlplane::root;
use support::line::id;
use support::world::{KINDS, World};

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
    if let Some(theirs) = theirs {
        world.clear().await;
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
    let site = &world.get("PeerLink", "central-link").await["spec"]["peerSite"];
    let body = json!({
        "name": "by-cloud-connect", "create_owner": "cc", "global_dc_gateway_id": id(&world.get("GlobalGateway", "central-gateway").await),
        "peer_site": { "gateway_id": site["enterpriseRouterId"], "region_id": site["regionId"], "project_id": site["projectId"] },
    });
    Some(world.cloud.create("peer_link", body).await["id"].as_str().unwrap().to_owned())
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
            let mut tested = [$($folder),+];
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
}
