//! Rights that are taken away while the operator works.

use direct_connect_operator::reconcile::Registration;
use serde_json::{Value, json};
use std::path::PathBuf;
use support::eventually;
use support::group::Group;
use support::line::gateway;
use support::metrics::Scrape;
use support::operator::Operator;
use support::world::{BOUND, READ_LAG, World, api};

/// Each of the operators looks after all accounts of its control plane: one for each test.
static TAKEN: Group = Group::new();
static DELETED: Group = Group::new();

const OPERATOR: &str = "operator";

/// What the operator needs: of objects, and besides.
fn rules(objects: &[String]) -> Value {
    json!([
        { "apiGroups": ["directconnect.huaweicloud.com"], "resources": objects, "verbs": ["list", "watch", "patch"] },
        { "apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"] },
    ])
}

/// The objects of all kinds, and their statuses.
fn objects() -> Vec<String> {
    let plurals = direct_connect_operator::kinds::ALL.iter().map(Registration::plural);
    plurals.flat_map(|plural| [format!("{plural}/status"), plural]).collect()
}

fn beside() -> Value {
    json!([
        { "apiGroups": ["directconnect.huaweicloud.com"], "resources": ["cloudaccounts", "cloudaccounts/status", "directconnectgrants"], "verbs": ["list", "watch", "patch"] },
        { "apiGroups": [""], "resources": ["namespaces", "secrets"], "verbs": ["get", "list", "watch", "patch"] },
        { "apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["get", "list"] },
    ])
}

/// A role of this kind and name, bound to the operator, in the world's namespace or in all.
async fn give(world: &World, is_wide: bool, name: &str, rules: Value) {
    let (role, binding) = if is_wide { ("ClusterRole", "ClusterRoleBinding") } else { ("Role", "RoleBinding") };
    let version = "rbac.authorization.k8s.io/v1";
    let namespace = (!is_wide).then_some(world.namespace.as_str());
    let object = json!({ "apiVersion": version, "kind": role, "metadata": { "name": name }, "rules": rules });
    world.try_apply(namespace, &object).await.unwrap();
    let subject = json!({ "kind": "ServiceAccount", "name": OPERATOR, "namespace": format!("{}-home", world.namespace) });
    let reference = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": name });
    let object =
        json!({ "apiVersion": version, "kind": binding, "metadata": { "name": name }, "roleRef": reference, "subjects": [subject] });
    world.try_apply(namespace, &object).await.unwrap();
}

/// The kubeconfig of a service account that outlives the world's namespace.
async fn kubeconfig(world: &World) -> PathBuf {
    let home = format!("{}-home", world.namespace);
    world.plane.kubectl(&["create", "namespace", &home]);
    world.plane.kubectl(&["create", "serviceaccount", OPERATOR, "-n", &home]);
    world.plane.service_account_kubeconfig(&home, OPERATOR).await
}

async fn start(world: &World) -> Operator {
    let namespace = world.namespace.as_str();
    let arguments = [
        "run",
        "--shard",
        "test",
        "--watch-namespaces",
        namespace,
        "--call-timeout",
        "2s",
        "--read-lag",
        READ_LAG,
        "--settle-interval",
        "200ms",
    ];
    let log = world.plane.dir().join(format!("operator-{namespace}-rights.log"));
    Operator::start(&kubeconfig(world).await, &log, &arguments.map(str::to_owned), &[]).await
}

async fn until_forbidden(operator: &Operator, is_forbidden: bool) {
    eventually(&format!("requests are forbidden: {is_forbidden}"), BOUND, || async {
        let count = Scrape::of(operator).await.get("directconnect_forbidden_requests", &[])?;
        ((count > 0.0) == is_forbidden).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_told_once_and_once_more_when_it_is_back() {
    let world = World::without_operator_in(&TAKEN).await;
    let name = format!("{}-beside", world.namespace);
    give(&world, true, &name, beside()).await;
    give(&world, false, "objects", rules(&objects())).await;
    let operator = start(&world).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    until_forbidden(&operator, false).await;

    let mut without_status = objects();
    without_status.retain(|resource| resource != "virtualgateways/status");
    give(&world, false, "objects", rules(&without_status)).await;
    world.patch("VirtualGateway", "gw", json!({ "spec": { "description": "changed" } })).await;
    until_forbidden(&operator, true).await;
    let told = |text: &str| operator.log().matches(text).count();
    let lost =
        format!("forbidden by the API server: patch virtualgateways/status.directconnect.huaweicloud.com in namespace {}", world.namespace);
    eventually("it has failed more than once", BOUND, || async {
        let metrics = Scrape::of(&operator).await;
        (metrics.sum("directconnect_reconciles_total", &[("result", "kubernetes_error")]) > 2.0).then_some(())
    })
    .await;
    assert_eq!(told(&lost), 1, "{}", operator.tail());
    assert!(told("reconciles failed and will be retried: 1 × 403 Forbidden") == 1, "{}", operator.tail());
    assert_eq!(operator.readiness().await.as_deref(), Some("ok\n"));

    give(&world, false, "objects", rules(&objects())).await;
    world.wait_ready("VirtualGateway", "gw").await;
    until_forbidden(&operator, false).await;
    assert_eq!(told("allowed again by the API server: patch virtualgateways/status"), 1, "{}", operator.tail());
    world.finish().await;
}

/// The role binding of a namespace goes with it, and nobody can give it back there: the way out of the runbook.
#[tokio::test]
async fn a_watched_namespace_that_is_deleted_ends_by_rights_for_the_whole_cluster() {
    let world = World::without_operator_in(&DELETED).await;
    let name = format!("{}-beside", world.namespace);
    give(&world, true, &name, beside()).await;
    give(&world, false, "objects", rules(&objects())).await;
    let operator = start(&world).await;
    world.apply(&gateway("gw", 1)).await;
    world.wait_ready("VirtualGateway", "gw").await;
    // The deletion takes a while, so that the role binding is gone first.
    world.cloud.settings(json!({ "settle_ms": { "virtual_gateway": { "delete": 5000 } } })).await;
    world.plane.kubectl(&["delete", "namespace", &world.namespace, "--wait=false"]);
    eventually("the role binding is gone", BOUND, || async {
        let bindings = api(&world.client, Some(&world.namespace), "rbac.authorization.k8s.io/v1", "RoleBinding");
        bindings.get_opt("objects").await.ok()?.is_none().then_some(())
    })
    .await;
    eventually("the log points to the runbook", BOUND, || async {
        let log = operator.log();
        (log.contains("forbidden by the API server") && log.contains("DirectConnectForbidden")).then_some(())
    })
    .await;
    assert_eq!(operator.readiness().await.as_deref(), Some("ok\n"));
    give(&world, true, &format!("{}-way-out", world.namespace), rules(&objects())).await;
    let namespaces = api(&world.client, None, "v1", "Namespace");
    let is_gone = async {
        while namespaces.get_opt(&world.namespace).await.ok().flatten().is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    };
    let gone = tokio::time::timeout(BOUND * 3, is_gone).await;
    let namespace = namespaces.get_opt(&world.namespace).await.unwrap();
    assert!(gone.is_ok(), "the namespace is still there: {namespace:#?}\n{}", operator.tail());
    assert!(world.cloud.is_empty().await);
    api(&world.client, None, "directconnect.huaweicloud.com/v1alpha1", "CloudAccount")
        .delete(&world.namespace, &kube::api::DeleteParams::default())
        .await
        .unwrap();
}
