//! `pause`, `resume`, `protect`, `unprotect`.

use serde_json::json;
use support::line::gateway;
use support::world::World;

use crate::plugin::dc;

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_paused_and_protected_and_set_free_again() {
    let world = World::new().await;
    world.apply(&gateway("main", 1)).await;
    world.wait_ready("VirtualGateway", "main").await;
    let annotation = async |key: &str| {
        world.get("VirtualGateway", "main").await["metadata"]["annotations"][format!("directconnect.huaweicloud.com/{key}")].clone()
    };
    assert_eq!(dc(&world, &["pause", "vgw/main"]).ok(), "vgw/main paused\n");
    assert_eq!(annotation("paused").await, json!("true"));
    world
        .wait("VirtualGateway", "main", "paused", |object| {
            object["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(|one| one["reason"] == "Paused"))
        })
        .await;
    assert_eq!(dc(&world, &["resume", "virtualgateway", "main"]).ok(), "vgw/main resumed\n");
    assert_eq!(annotation("paused").await, json!(null));
    assert_eq!(dc(&world, &["protect", "vgw/main"]).ok(), "vgw/main protected\n");
    assert_eq!(annotation("protected").await, json!("true"));
    assert_eq!(dc(&world, &["unprotect", "vgw/main"]).ok(), "vgw/main unprotected\n");
    assert_eq!(annotation("protected").await, json!(null));
    let missing = dc(&world, &["pause", "vgw/other"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("vgw/other in namespace"), "{}", missing.stderr);
    world.finish().await;
}
