//! Plans that people make.

use serde_json::{Value, json};
use support::line::{gateway, interface, peer, with};
use support::world::World;

use super::{file, operations, plan};
use crate::plugin::{dc, kubectl, run};

/// The lines of a text plan without its colours, each with single spaces.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_planned_in_its_order_and_then_made_so() {
    let world = World::new().await;
    let line = [peer("six", "office"), interface("office", "main", 30), gateway("main", 1)];
    let manifests = file(&line);
    let path = manifests.path().to_str().unwrap();
    let told = dc(&world, &["plan", "-f", path]);
    assert_eq!(
        lines(&told.ended(1)),
        [
            "+ vgw/main create",
            "+ vif/office create, after vgw/main",
            "+ vifpeer/six create, after vif/office",
            "Plan: 3 to create, 0 to update, 0 to delete."
        ]
    );
    assert!(world.cloud.is_empty().await, "a plan writes nothing");
    assert_eq!(dc(&world, &["plan", "-f", path, "-o", "name"]).ended(1), "vgw/main\nvif/office\nvifpeer/six\n");

    for object in &line {
        world.apply(object).await;
    }
    world.wait_ready("Peer", "six").await;
    for more in [&[][..], &["--cloud"]] {
        let planned = plan(&world, &line, more);
        assert!(planned.iter().all(|object| object["action"] == "none"), "{planned:#?}");
    }
    let told = plan(&world, &line, &["--delete"]);
    let told: Vec<_> =
        told.iter().map(|object| (object["name"].as_str().unwrap(), operations(object), object["after"][0]["name"].clone())).collect();
    assert_eq!(
        told,
        [
            ("six", vec!["DeleteVifPeer"], json!(null)),
            ("office", vec!["DeleteVirtualInterface"], json!("six")),
            ("main", vec!["DeleteVirtualGateway"], json!("office"))
        ]
    );
    let text = dc(&world, &["plan", "vgw/main", "vif/office", "vifpeer/six", "--delete"]).ended(1);
    assert_eq!(lines(&text)[1], "- vif/office delete (disruptive: deletes the resource), after vifpeer/six");
    let alone = plan(&world, &line[2..], &["--delete"]);
    assert_eq!((&alone[0]["action"], &alone[0]["reason"]), (&json!("wait"), &json!("WaitingForDependants")));
    assert_eq!(alone[0]["waitsFor"], json!([{ "kind": "VirtualInterface", "name": "office" }]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_disturbs_traffic_is_marked_and_what_is_immutable_is_refused() {
    let world = World::new().await;
    let line = interface("office", "main", 30);
    world.apply(&gateway("main", 1)).await;
    world.apply(&line).await;
    world.wait_ready("VirtualInterface", "office").await;
    let wanted = with(line.clone(), &json!({ "bandwidth": 20, "enableNqa": true, "remoteEpGroup": ["10.9.0.0/24"], "description": "x" }));
    let planned = plan(&world, &[wanted], &[]);
    let changes = planned[0]["changes"].as_array().unwrap();
    let marks: Vec<_> = changes.iter().map(|one| (one["path"].as_str().unwrap(), one["disruptive"].as_str())).collect();
    assert_eq!(
        marks,
        [
            ("description", None),
            ("bandwidth", Some("lowers the bandwidth")),
            ("remoteEpGroup", Some("removes networks")),
            ("enableNqa", Some("resets the session")),
        ],
        "{planned:#?}"
    );
    assert_eq!(operations(&planned[0]), ["UpdateVirtualInterface", "UpdateVirtualInterface"], "what can't go together is two calls");
    let moved = plan(&world, &[with(line, &json!({ "vlan": 31 }))], &[]);
    assert_eq!((&moved[0]["action"], &moved[0]["reason"]), (&json!("refused"), &json!("Invalid")));
    assert!(moved[0]["message"].as_str().unwrap().contains("vlan"), "{moved:#?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cloud_shows_what_no_object_has() {
    let world = World::new().await;
    let foreign = world.foreign_line(1, 30).await;
    let mine = gateway("main", 1);
    assert_eq!(plan(&world, std::slice::from_ref(&mine), &[])[0]["action"], "create", "the statuses do not show it");
    let refused = plan(&world, std::slice::from_ref(&mine), &["--cloud"]);
    assert_eq!((&refused[0]["action"], &refused[0]["reason"]), (&json!("refused"), &json!("Conflict")), "{refused:#?}");
    let import = with(mine, &json!({ "import": { "id": foreign.gateway } }));
    let taken = plan(&world, &[import], &["--cloud", "--account", &world.namespace]);
    assert_eq!((&taken[0]["action"], &taken[0]["id"]), (&json!("import"), &json!(foreign.gateway)));
    assert_eq!(operations(&taken[0]), ["UpdateVirtualGateway", "BatchCreateResourceTags"], "its name, and the owner's tag: {taken:#?}");
    for id in [&foreign.interface, &foreign.gateway] {
        world.cloud.delete(id).await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_whose_gateway_is_gone_is_replaced() {
    let world = World::new().await;
    let line = [gateway("main", 1), interface("office", "main", 30)];
    world.apply(&line[0]).await;
    world.apply(&line[1]).await;
    let office = world.wait_ready("VirtualInterface", "office").await;
    world
        .patch("VirtualInterface", "office", json!({ "metadata": { "annotations": { "directconnect.huaweicloud.com/paused": "true" } } }))
        .await;
    world.wait("VirtualInterface", "office", "paused", |object| object["status"]["conditions"].to_string().contains("Paused")).await;
    assert_eq!(plan(&world, &line[1..], &["--cloud"])[0]["reason"], "Paused");
    // Somebody deletes the gateway; the operator makes another one, to which the interface does not lead.
    world.cloud.delete(office["status"]["observed"]["virtualGatewayId"].as_str().unwrap()).await;
    let old = office["status"]["observed"]["virtualGatewayId"].clone();
    world.look("VirtualGateway", "main").await;
    world.wait("VirtualGateway", "main", "made again", |object| object["status"]["id"] != old && object["status"]["id"].is_string()).await;
    world.wait_ready("VirtualGateway", "main").await;
    let mut resumed = line[1].clone();
    resumed["metadata"]["annotations"] = json!({ "directconnect.huaweicloud.com/paused": "false" });
    let planned = plan(&world, &[resumed.clone()], &["--cloud"]);
    assert_eq!(planned[0]["action"], "replace", "{planned:#?}");
    assert_eq!(operations(&planned[0]), ["DeleteVirtualInterface", "CreateVirtualInterface"]);
    assert!(planned[0]["why"].as_str().unwrap().contains("virtualGatewayRef referenced was deleted"), "{planned:#?}");
    let since = world.cloud.log_since(0).await.1;
    world.apply(&resumed).await;
    let id = office["status"]["id"].clone();
    world.wait("VirtualInterface", "office", "replaced", |object| object["status"]["id"] != id && object["status"]["id"].is_string()).await;
    world.wait_ready("VirtualInterface", "office").await;
    let (log, _) = world.cloud.log_since(since).await;
    let writes: Vec<_> = log.iter().filter(|entry| entry["method"] != "GET").map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(writes, operations(&planned[0]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kubectl_applied_is_compared_as_kubectl_does_and_the_rest_is_pruned() {
    let world = World::new().await;
    let labelled = |mut object: Value| {
        object["metadata"]["labels"] = json!({ "set": "one" });
        object["metadata"]["namespace"] = json!(world.namespace);
        object
    };
    let first = with(labelled(gateway("main", 1)), &json!({ "description": "old" }));
    let apply = |objects: &[Value]| {
        let manifests = file(objects);
        let mut command = kubectl(&world);
        command.args(["apply", "-f", manifests.path().to_str().unwrap()]);
        run(command).ok()
    };
    apply(&[first.clone(), labelled(gateway("other", 2))]);
    world.wait_ready("VirtualGateway", "main").await;
    world.wait_ready("VirtualGateway", "other").await;
    let second = with(first, &json!({ "description": null, "name": "renamed" }));
    let planned = plan(&world, std::slice::from_ref(&second), &["--prune", "-l", "set=one"]);
    let told: Vec<_> = planned.iter().map(|object| (object["name"].as_str().unwrap(), object["action"].as_str().unwrap())).collect();
    assert_eq!(told, [("main", "update"), ("other", "delete")]);
    assert_eq!(planned[0]["changes"][0]["path"], "name", "the description is left open then: {planned:#?}");
    assert_eq!(planned[0]["changes"].as_array().unwrap().len(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_plans_with_the_rights_of_a_namespace_and_is_told_what_is_not_checked() {
    let world = World::new().await;
    world.patch_account(json!({ "defaults": { "tags": { "cost": "7" } } })).await;
    let line = with(gateway("main", 1), &json!({ "tags": { "team": "network" } }));
    world.apply(&line).await;
    world.wait_ready("VirtualGateway", "main").await;
    let rule = |group: &str, resource: &str| json!({ "apiGroups": [group], "resources": [resource], "verbs": ["*"] });
    let rules = [rule("directconnect.huaweicloud.com", "*"), rule("", "namespaces")];
    let about = json!({ "name": "tenant", "namespace": world.namespace });
    world.apply(&json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": about, "rules": rules })).await;
    world
        .apply(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": about,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "tenant" }],
        }))
        .await;
    // A Secret that the operator may read is of the create, and not of the plan.
    let keyed = with(
        interface("keyed", "main", 12),
        &json!({ "bgpAsn": 65010, "routeMode": "bgp", "bgpMd5SecretRef": { "name": "keys", "key": "md5" } }),
    );
    let keyed = file(&[keyed]);
    let told = dc(&world, &["plan", "-f", keyed.path().to_str().unwrap(), "--as", "tenant"]);
    assert!(told.stderr.contains(&format!("not checked: Secret {}/keys: needs get on secrets", world.namespace)), "{told:?}");
    let changed = with(line, &json!({ "tags": { "team": "lines" } }));
    let manifests = file(&[changed]);
    let told = dc(&world, &["plan", "-f", manifests.path().to_str().unwrap(), "--as", "tenant"]);
    assert!(told.stderr.contains("not checked: grants and defaults of the account: needs get on cloudaccounts"), "{}", told.stderr);
    let told = lines(&told.ended(1));
    assert!(told[0].starts_with("~ vgw/main update"), "{told:#?}");
    assert!(told[1].starts_with("tags: cost=7, ") && told[1].contains("→ cost=7, "), "the account's tags stay: {told:#?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_without_objects_of_the_cloud_are_an_empty_plan() {
    let world = World::new().await;
    let account = world.get_account().await;
    let account =
        json!({ "apiVersion": account["apiVersion"], "kind": account["kind"], "metadata": { "name": "other" }, "spec": account["spec"] });
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "keys" }, "stringData": { "md5": "made-up" } });
    let newer = json!({ "apiVersion": "directconnect.huaweicloud.com/v9", "kind": "VirtualGateway", "metadata": { "name": "main" } });
    let manifests = file(&[account, secret, newer]);
    let told = dc(&world, &["plan", "-f", manifests.path().to_str().unwrap()]);
    for text in ["what becomes of them is not planned", "VirtualGateway main: this plugin knows directconnect.huaweicloud.com/v1alpha1"] {
        assert!(told.stderr.contains(text), "{}", told.stderr);
    }
    assert_eq!(told.ok(), "Plan: 0 to create, 0 to update, 0 to delete.\n");
    world.finish().await;
}
