//! What a tenant can do, who has the chart's `edit` in one namespace and no other right.

use serde_json::json;
use support::controlplane::root;
use support::line::{gateway, interface, object, with};
use support::world::World;

use crate::plugin::{Run, dc};

/// Gives the user `tenant` in the world's namespace what the chart adds to the role `edit`, and nothing else.
fn admit_tenant(world: &World) {
    let chart = root().join("charts/direct-connect-operator");
    let roles = world.plane.run("helm", &["template", "tenants", chart.to_str().unwrap(), "--show-only", "templates/tenant-roles.yaml"]);
    let file = world.plane.dir().join("tenant-roles.yaml");
    std::fs::write(&file, roles.unwrap()).unwrap();
    world.plane.kubectl(&["apply", "-f", file.to_str().unwrap()]);
    for role in ["view", "edit"] {
        let role_name = format!("--clusterrole=tenants-direct-connect-operator-{role}");
        world.plane.kubectl(&["create", "rolebinding", role, &role_name, "--user=tenant", "--namespace", &world.namespace]);
    }
}

fn as_tenant(world: &World, arguments: &[&str]) -> Run {
    dc(world, &[&["--as", "tenant"], arguments].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_edit_in_one_namespace_can_do_all_that_is_done_every_day() {
    let world = World::new().await;
    let network = world.neighbour("network", json!({})).await;
    admit_tenant(&world);
    let spec = json!({
        "from": [{ "kind": "VirtualInterface", "namespace": world.namespace }], "to": [{ "kind": "VirtualGateway", "name": "shared" }],
    });
    network.apply(&object("DirectConnectGrant", "lines", &spec)).await;
    network.apply(&gateway("shared", 1)).await;
    let reference = json!({ "virtualGatewayRef": { "name": "shared", "namespace": network.namespace } });
    world.apply(&with(interface("office", "", 30), &reference)).await;
    world.wait_ready("VirtualInterface", "office").await;

    let status = as_tenant(&world, &["status", "-v"]);
    assert!(status.stderr.contains("the operator is left out") && status.stderr.contains("accounts are left out"), "{}", status.stderr);
    let text = status.ok();
    assert!(!text.lines().any(|line| ["ACCOUNT", "operator", "plugin"].iter().any(|word| line.starts_with(word))), "{text}");
    assert!(text.contains("1 object: 1 working") && text.contains(&format!("{}/vgw/shared", network.namespace)), "{text}");
    let status = as_tenant(&world, &["status", "-o", "json", "--exit-code"]).json();
    assert_eq!((&status["operators"], &status["accounts"]), (&json!(null), &json!(null)), "{status:#}");

    // The gateway can't be read, and neither can the grants there; that the operator follows the reference tells enough.
    for arguments in [&["tree"][..], &["tree", "vif/office"]] {
        let tree = as_tenant(&world, arguments).ok();
        let gateway = tree.lines().find(|line| line.contains("vgw/shared")).unwrap_or_else(|| panic!("{tree}"));
        assert!(gateway.contains("granted") && gateway.contains("not found, or not readable"), "{tree}");
        assert!(!tree.contains("VPC"), "{tree}");
    }

    assert_eq!(as_tenant(&world, &["reconcile", "vif/office", "--wait"]).ok(), "vif/office is Ready\n");
    assert_eq!(as_tenant(&world, &["pause", "vif/office"]).ok(), "vif/office paused\n");
    assert_eq!(as_tenant(&world, &["resume", "--all"]).ok(), "vif/office resumed\n");
    for arguments in [&["status", "-A"][..], &["tree", "-A"], &["pause", "--all", "-A"]] {
        let refused = as_tenant(&world, arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stdout);
        let told = &refused.stderr;
        assert!(told.contains("forbidden") && told.contains("cannot list resource"), "{arguments:?}: {told}");
        assert!(told.contains("-n NAMESPACE in place of -A") && !told.contains("Status {"), "{arguments:?}: {told}");
    }
    world.delete("VirtualInterface", "office").await;
    world.wait_gone("VirtualInterface", "office").await;
    network.clear().await;
    world.finish().await;
}
