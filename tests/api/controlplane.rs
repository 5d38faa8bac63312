//! The control plane that the other tests stand on: it does what they rely on, and nothing of it outlives its owner.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::controlplane::{self, ControlPlane};
use support::process::Process;
use support::simulator::Simulator;
use support::{eventually, world};

/// A watch that the API server's restart broke is begun anew after up to a minute, by the managers' own backoff of 30 s and its jitter.
const BOUND: Duration = Duration::from_mins(3);
/// Names the file into which the owner of [`nothing_outlives_an_owner_that_is_killed`] writes the ids of its children.
const OWNER: &str = "DC_TEST_OWNER";

#[tokio::test]
async fn it_keeps_its_data_over_a_restart_and_takes_namespaces_away() {
    let plane = ControlPlane::start().await;
    let namespaces = Api::<Namespace>::all(plane.client().await);
    let made: Namespace = serde_json::from_value(json!({ "metadata": { "name": "life" } })).unwrap();
    namespaces.create(&PostParams::default(), &made).await.unwrap();
    let maps = Api::<ConfigMap>::namespaced(plane.client().await, "life");
    for (name, owners) in [("owner", None), ("owned", Some("owner"))] {
        let mut map: ConfigMap = serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
        if let Some(owner) = owners {
            let owner = maps.get(owner).await.unwrap();
            let reference = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid });
            map.metadata.owner_references = Some(vec![serde_json::from_value(reference).unwrap()]);
        }
        maps.create(&PostParams::default(), &map).await.unwrap();
    }

    plane.restart_apiserver().await;
    assert!(namespaces.get_opt("life").await.unwrap().is_some(), "the restart lost a namespace");

    maps.delete("owner", &DeleteParams::default()).await.unwrap();
    eventually("the owned object is collected", BOUND, || async { maps.get_opt("owned").await.ok()?.is_none().then_some(()) }).await;
    namespaces.delete("life", &DeleteParams::default()).await.unwrap();
    eventually("the namespace is gone", BOUND, || async { namespaces.get_opt("life").await.ok()?.is_none().then_some(()) }).await;
}

#[tokio::test]
async fn an_account_may_do_nothing_that_no_role_allows() {
    let plane = ControlPlane::shared().await;
    let kubeconfig = plane.service_account_kubeconfig("default", "default").await;
    let client = controlplane::client(&kubeconfig).await;
    for (version, kind) in [("v1", "Secret"), (world::API_VERSION, "VirtualGateway"), (world::API_VERSION, "CloudAccount")] {
        let refused = world::api(&client, None, version, kind).list(&kube::api::ListParams::default()).await;
        let Err(kube::Error::Api(refused)) = refused else { panic!("{kind}: not refused: {refused:?}") };
        assert!(refused.code == 403 && refused.message.contains("system:serviceaccount:default:default"), "{kind}: {refused:?}");
    }
}

#[tokio::test]
async fn kubectl_and_helm_speak_to_it() {
    let plane = ControlPlane::shared().await;
    let told: Value = serde_json::from_str(&plane.kubectl(&["version", "-o", "json"])).unwrap();
    assert_eq!(told["clientVersion"]["gitVersion"], told["serverVersion"]["gitVersion"]);
    assert_eq!(plane.run("helm", &["list", "--all-namespaces", "-q"]).unwrap().trim(), "");
    let wrong = plane.run("kubectl", &["get", "nonsense"]).unwrap_err();
    assert!(wrong.contains("kubectl get nonsense") && wrong.contains("the server doesn't have a resource type"), "{wrong}");
    let kinds = plane.kubectl(&["api-resources", "--categories=directconnect", "-o", "name"]);
    assert_eq!(kinds.lines().count(), direct_connect_operator::kinds::crds().len(), "{kinds}");
}

/// This test starts itself once more, as an owner of one child of each sort, and kills that owner without a warning.
#[tokio::test]
async fn nothing_outlives_an_owner_that_is_killed() {
    if let Some(file) = std::env::var_os(OWNER) {
        return own(Path::new(&file)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("children");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "controlplane::nothing_outlives_an_owner_that_is_killed", "--nocapture"]).env(OWNER, &file);
    let mut owner = Process::start("owner", command, &dir.path().join("owner.log"));
    let children = eventually("the owner has its children", BOUND, || {
        owner.check();
        let text = std::fs::read_to_string(&file);
        async { text.ok() }
    })
    .await;
    let children: Vec<&str> = children.lines().collect();
    let running = || children.iter().copied().filter(|pid| is_running(pid)).collect::<Vec<_>>();
    assert_eq!((children.len(), running()), (5, children.clone()), "each child is there before");

    owner.kill();
    eventually("every child is gone", Duration::from_secs(10), || std::future::ready(running().is_empty().then_some(()))).await;

    // The next one sweeps what a killed one could not.
    drop(ControlPlane::start().await);
    assert_eq!(stale(&owner), 0, "the killed owner's data is swept");
}

/// The owner: starts all, tells whom, and waits for its end.
async fn own(file: &Path) {
    let plane = ControlPlane::start().await;
    let simulator = Simulator::start(plane.dir(), "owned").await;
    plane.install_crds();
    let operator = world::start_operator(&plane, "owned", &[]).await;
    let pids: Vec<String> = plane.pids().into_iter().chain([simulator.id(), operator.id()]).map(|pid| pid.to_string()).collect();
    // Renamed, so that it is read whole or not at all.
    let unfinished = file.with_extension("new");
    std::fs::write(&unfinished, pids.join("\n")).unwrap();
    std::fs::rename(unfinished, file).unwrap();
    std::future::pending::<()>().await;
}

/// A zombie has ended; it only waits to be counted by its parent.
fn is_running(pid: &str) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|fields| !fields.is_empty() && !fields.starts_with('Z'))
}

fn stale(owner: &Process) -> usize {
    let prefix = format!("dc-plane-{}-", owner.id());
    let base = std::env::temp_dir().read_dir().unwrap();
    base.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).count()
}
