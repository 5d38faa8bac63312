//! `report`, and `report --bundle`.

use kube::api::DynamicObject;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use support::controlplane::ControlPlane;
use support::eventually;
use support::group::Group;
use support::line::{gateway, interface, peer};
use support::secrets::leaks;
use support::simulator::{ACCESS_KEY, SECRET_KEY};
use support::world::{BOUND, World, start_operator};

/// Its objects and accounts are these of one test: a tree and a page are of the whole cluster, and every test's cloud has the same connections.
static GROUP: Group = Group::new();

use crate::plugin::dc;

/// A line that works, with its gateway and a second peer.
async fn line(world: &World) {
    world.apply(&gateway("main", 1)).await;
    world.apply(&interface("office", "main", 30)).await;
    world.apply(&peer("office-ipv6", "office")).await;
    for (kind, name) in [("VirtualGateway", "main"), ("VirtualInterface", "office"), ("Peer", "office-ipv6")] {
        world.wait_ready(kind, name).await;
    }
}

/// Lets `anna` read the objects of Direct Connect in the world's namespace, and nothing else: less than what the chart's role `view` gives.
async fn tenant(world: &World) {
    let of_rbac =
        |kind: &str, name: &str| json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": name } });
    let mut role = of_rbac("Role", "tenant");
    role["rules"] = json!([{ "apiGroups": ["directconnect.huaweicloud.com"], "resources": ["*"], "verbs": ["get", "list"] }]);
    let mut binding = of_rbac("RoleBinding", "tenant");
    binding["roleRef"] = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant" });
    binding["subjects"] = json!([{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "anna" }]);
    world.apply(&role).await;
    world.apply(&binding).await;
}

/// The files of an archive, by their path in its folder.
fn unzipped(file: &Path) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(file).unwrap()).unwrap();
    let count = archive.len();
    let read = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        let path = file.name().unwrap().into_owned();
        (path.strip_prefix("support/").unwrap_or_else(|| panic!("{path}")).to_owned(), content)
    };
    (0..count).map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_lines_accounts_and_what_a_tenant_may_not_read() {
    let world = World::without_operator_in(&GROUP).await;
    GROUP.operator().await;
    line(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.html");
    let written = dc(&world, &["report", "-f", file.to_str().unwrap()]);
    assert_eq!((written.code, written.stdout.as_str()), (0, ""), "{}", written.stderr);
    assert!(written.stderr.contains("lines.html written"), "{}", written.stderr);
    let page = std::fs::read_to_string(&file).unwrap();
    for shown in ["<h1>The line works</h1>", "<svg xmlns", "office-ipv6", "vgw/main", "<h2>Accounts</h2>", "eu-west-101", &world.namespace]
    {
        assert!(page.contains(shown), "{shown}");
    }
    // The same but for the time.
    let again = dc(&world, &["report", "-f", "-"]).ok();
    let without_time = |page: &str| {
        let lines = page.lines().filter(|line| !line.contains("<time>") && !line.contains("Last answer of the cloud"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without_time(&page), without_time(&again));

    tenant(&world).await;
    let page = eventually("the tenant's rights are in force", BOUND, || async {
        let run = dc(&world, &["report", "-f", "-", "--as", "anna"]);
        (run.code == 0).then_some(run.stdout)
    })
    .await;
    assert!(page.contains("<h1>The line works</h1>") && !page.contains("<h2>Accounts</h2>"));
    assert!(page.contains("<h2>Not read</h2>") && page.contains("cloudaccounts</th>"), "{page}");
    let refused = dc(&world, &["report", "-f", "-", "-A", "--as", "anna"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("forbidden"), "{}", refused.stderr);
    world.finish().await;
}

/// Has a control plane of its own, which writes down every request.
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_for_support_and_never_reads_secrets() {
    let plane = Arc::new(ControlPlane::start_audited(&json!([{ "level": "Metadata" }])).await);
    plane.install_crds();
    let world = World::on(plane, "bundles").await;
    world.furnish().await;
    let _operator = start_operator(&world.plane, "bundles", &[]).await;
    line(&world).await;
    stand_ins(&world).await;
    tenant(&world).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("support.zip");
    let bundle = |more: &[&str]| {
        let run = dc(&world, &[&["report", "--logs", "--bundle", file.to_str().unwrap()], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        (unzipped(&file), run.stderr)
    };
    let (files, talk) = bundle(&["-A", "--as", "support", "--as-group", "system:masters"]);
    let objects = ["virtualgateways", "virtualinterfaces", "peers", "cloudaccounts"].map(|plural| format!("objects/{plural}.yaml"));
    for path in objects.iter().map(String::as_str).chain(["crds.yaml", "events.yaml", "index.html", "version.yaml", "operator/leases.yaml"])
    {
        assert!(files.get(path).is_some_and(|content| content.len() > 10), "{path} in {:?}", files.keys());
    }
    assert!(files["objects/virtualinterfaces.yaml"].contains("name: office") && files["events.yaml"].contains("VirtualInterface"));
    assert!(files["operator/deployments.yaml"].contains("name: operator") && files["version.yaml"].contains("gitVersion"));
    assert!(files["index.html"].contains("<h1>The line works</h1>"));
    // Nothing runs the pod: its metrics can't be read, its log is empty, and the list says so.
    assert!(talk.contains("support/unread.yaml"), "{talk}{}", files["unread.yaml"]);
    assert!(
        files["unread.yaml"].contains("what: metrics of pod bundles/operator-0")
            && files.contains_key("operator/logs/bundles/operator-0.log")
    );
    assert_eq!(files["unread.yaml"].matches("what:").count(), 1, "{}", files["unread.yaml"]);
    assert!(files["operator/pods.yaml"].contains("name: operator-0") && !files["operator/pods.yaml"].contains("name: stranger"));
    assert!(!files.keys().any(|path| path.contains("stranger")), "{:?}", files.keys());
    assert!(!files["operator/leases.yaml"].contains("name: another"));
    for (path, content) in &files {
        assert!(!content.contains("managedFields"), "{path}");
        assert_eq!(leaks(path, content), Vec::<String>::new());
    }
    assert!(files["operator/pods.yaml"].contains("***"), "{}", files["operator/pods.yaml"]);

    let piped = dc(&world, &["report", "--bundle", "-"]);
    assert!(piped.code == 0 && piped.stdout.starts_with("PK") && !Path::new("-").exists(), "{}", piped.stderr);

    let (files, _) = bundle(&["--as", "anna"]);
    assert!(files["objects/virtualinterfaces.yaml"].contains("name: office") && !files.contains_key("operator/pods.yaml"));
    for what in ["cloudaccounts", "deployments", "events"] {
        assert!(files["unread.yaml"].contains(&format!("what: {what}")), "{}", files["unread.yaml"]);
    }
    assert!(files["index.html"].contains("<h1>The line works</h1>"));

    let asked = |user: &str| -> Vec<Value> {
        let entries = world.plane.audit().into_iter().filter(|entry| entry["impersonatedUser"]["username"] == user);
        entries.map(|entry| entry["objectRef"]["resource"].clone()).collect()
    };
    for user in ["support", "anna"] {
        // The log is written after the answer.
        let asked = eventually("the API server has written down the last request", BOUND, || async {
            let asked = asked(user);
            asked.contains(&json!("events")).then_some(asked)
        })
        .await;
        assert!(asked.contains(&json!("virtualinterfaces")) && !asked.contains(&json!("secrets")), "{user}: {asked:?}");
    }
    world.finish().await;
}

/// A Deployment, its `ReplicaSet` and pod, and a Lease, as the chart makes them; nothing runs them here. The pod's environment holds what it should
/// not. A second pod only has the label, and a second Lease is of something else.
async fn stand_ins(world: &World) {
    let labels = json!({ "app.kubernetes.io/name": "direct-connect-operator" });
    let env = json!([
        { "name": "HUAWEICLOUD_SDK_AK", "value": ACCESS_KEY }, { "name": "HUAWEICLOUD_SDK_SK", "value": SECRET_KEY }, { "name": "NOTE", "value": ACCESS_KEY },
    ]);
    let pod =
        json!({ "automountServiceAccountToken": false, "containers": [{ "name": "operator", "image": "operator:0.1.0", "env": env }] });
    let object = |version: &str, kind: &str, name: &str, spec: &Value| json!({ "apiVersion": version, "kind": kind, "metadata": { "name": name, "labels": labels }, "spec": spec });
    let template = json!({ "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels }, "spec": pod } });
    let deployment = world.apply(&object("apps/v1", "Deployment", "operator", &template)).await;
    let set = world.apply(&owned(&deployment, "Deployment", object("apps/v1", "ReplicaSet", "operator-1", &template))).await;
    let operator = owned(&set, "ReplicaSet", object("v1", "Pod", "operator-0", &pod));
    for pod in [operator, object("v1", "Pod", "stranger", &pod)] {
        eventually("the namespace has its service account", BOUND, || async { world.try_apply(Some(&world.namespace), &pod).await.ok() })
            .await;
    }
    for name in ["direct-connect-operator", "another"] {
        world.apply(&object("coordination.k8s.io/v1", "Lease", name, &json!({ "holderIdentity": "operator-0" }))).await;
    }
}

/// An object that another one controls.
fn owned(owner: &DynamicObject, kind: &str, mut object: Value) -> Value {
    let reference =
        json!({ "apiVersion": "apps/v1", "kind": kind, "name": owner.metadata.name, "uid": owner.metadata.uid, "controller": true });
    object["metadata"]["ownerReferences"] = json!([reference]);
    object
}
