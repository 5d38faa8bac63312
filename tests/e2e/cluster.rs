//! The cluster under test: the node of `tests/e2e/node`, or any other that `E2E_KUBECONFIG` names.

use kube::Client;
use kube::api::{DynamicObject, ListParams};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use support::controlplane::{self, root};
use support::eventually;
use support::tools::Tools;
use support::world::{API_VERSION, KINDS, api, is};

/// Namespace and name of the release.
pub const SYSTEM: &str = "direct-connect-e2e";
pub const RELEASE: &str = "direct-connect-operator";
pub const SIMULATOR: &str = "direct-connect-operator-simulator";
/// The release of the accounts, in the same namespace.
pub const ACCOUNTS: &str = "direct-connect-accounts";
/// Far more than anything needs on a machine that does other work, too.
pub const BOUND: Duration = Duration::from_mins(3);

pub struct Cluster {
    pub tools: Tools,
    pub client: Client,
    /// Nothing on a cluster of somebody else's.
    pub node: Option<Node>,
    start: Instant,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub async fn new() -> Self {
        let kubeconfig = PathBuf::from(std::env::var_os("E2E_KUBECONFIG").expect("E2E_KUBECONFIG names a kubeconfig: use `make e2e`"));
        let dir = tempfile::tempdir().unwrap();
        let client = controlplane::client(&kubeconfig).await;
        let tools = Tools { bin: controlplane::binaries(), kubeconfig, home: dir.path().to_owned() };
        let node = std::env::var_os("E2E_NODE").map(|state| Node { state: PathBuf::from(state) });
        let cluster = Self { tools, client, node, start: Instant::now(), dir };
        let found = cluster.tools.kubectl(&["get", "crds", "-o", "name"]);
        // Its end deletes all objects of our kinds.
        assert!(!found.contains("directconnect.huaweicloud.com"), "the operator is used in this cluster: take another");
        cluster
    }

    /// One step of the story: tells what it is, and how long it took.
    pub async fn step<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        println!("[{:>5.1} s] {what}", self.start.elapsed().as_secs_f64());
        let done = work.await;
        println!("[{:>5.1} s]   took {:.1} s", self.start.elapsed().as_secs_f64(), begin.elapsed().as_secs_f64());
        done
    }

    /// A namespace in which the strictest of the Pod Security standards is enforced.
    pub fn create_namespace(&self, name: &str) {
        let labels = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } });
        self.tools.kubectl(&["create", "-f", &self.file("namespace.json", &namespace)]);
    }

    /// Writes a file for kubectl or helm; its path.
    pub fn file(&self, name: &str, content: &Value) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// All objects of a namespace, as kind and object.
    pub async fn objects(&self, namespace: &str) -> Vec<(&'static str, Value)> {
        let mut all = Vec::new();
        for kind in KINDS {
            let list = api(&self.client, Some(namespace), API_VERSION, kind).list(&ListParams::default()).await.unwrap();
            all.extend(list.into_iter().map(|object: DynamicObject| (kind, serde_json::to_value(object).unwrap())));
        }
        all
    }

    /// Applies the samples of a folder and waits until all their objects are Ready; how many there are.
    pub async fn apply_sample(&self, namespace: &str, sample: &str) -> usize {
        self.apply(namespace, sample);
        self.all_ready(namespace).await
    }

    /// Applies the samples of a folder.
    pub fn apply(&self, namespace: &str, sample: &str) {
        let folder = root().join("deploy/samples").join(sample);
        self.tools.kubectl(&["-n", namespace, "apply", "-f", folder.to_str().unwrap()]);
    }

    /// Waits until all objects of a namespace are Ready; how many there are.
    pub async fn all_ready(&self, namespace: &str) -> usize {
        eventually(&format!("all objects of {namespace} are Ready"), BOUND, || async {
            let objects = self.objects(namespace).await;
            objects.iter().all(|(_, object)| is(object, "Ready", "True")).then_some(objects.len())
        })
        .await
    }

    /// Fields of the pods that carry a label.
    pub fn pods(&self, name: &str) -> Vec<Value> {
        let label = format!("app.kubernetes.io/name={name}");
        let pods = self.tools.kubectl(&["-n", SYSTEM, "get", "pods", "-l", &label, "-o", "json"]);
        serde_json::from_str::<Value>(&pods).unwrap()["items"].as_array().unwrap().clone()
    }

    /// Restarts of the containers of all our pods so far, without those of pods that are on their way out.
    pub fn restarts(&self, name: &str) -> u64 {
        let pods = self.pods(name);
        let stay = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        stay.filter_map(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_u64()).sum()
    }

    /// Who holds the lease, if anybody does: a pod, `_`, and a number that each process gives itself.
    pub async fn leader(&self) -> Option<String> {
        let lease = api(&self.client, Some(SYSTEM), "coordination.k8s.io/v1", "Lease").get_opt(RELEASE).await.unwrap()?;
        lease.data["spec"]["holderIdentity"].as_str().filter(|holder| !holder.is_empty()).map(str::to_owned)
    }

    /// Waits until the Deployment has all its pods, of its latest template.
    pub fn rolled_out(&self) {
        for deployment in [RELEASE, SIMULATOR] {
            self.tools.kubectl(&["-n", SYSTEM, "rollout", "status", "deployment", deployment, "--timeout=3m"]);
        }
    }

    /// What somebody wants to see when a step failed.
    pub fn tell_failure(&self) {
        for arguments in [
            vec!["get", "directconnect,pods", "-A", "-o", "wide"],
            vec!["-n", SYSTEM, "get", "events", "--sort-by=.lastTimestamp"],
            vec!["-n", SYSTEM, "logs", "-l", "app.kubernetes.io/name=direct-connect-operator", "--tail=40", "--prefix"],
        ] {
            println!("\nkubectl {}\n{}", arguments.join(" "), self.tools.run("kubectl", &arguments).unwrap_or_else(|error| error));
        }
    }

    /// A node is taken down whole; somebody's cluster is not.
    pub fn tell_what_is_left(&self, lines: &str) {
        if self.node.is_none() {
            println!("\nLeft in the cluster, to look at. It goes by these, in this order, while the operator's pods are there:");
            println!("  kubectl delete namespace {lines} --ignore-not-found");
            println!("  kubectl delete dcaccount --all");
            println!("  helm uninstall -n {SYSTEM} {ACCOUNTS} {RELEASE}");
            println!("  kubectl delete namespace {SYSTEM}");
            println!("  kubectl delete -f crds/");
        }
    }
}

/// The node, whose processes can be reached.
pub struct Node {
    state: PathBuf,
}

impl Node {
    /// Runs a command inside.
    pub fn enter(&self, command: &[&str]) -> String {
        let output = Command::new(root().join("tests/e2e/node")).arg("enter").arg(&self.state).args(command).output().unwrap();
        assert!(output.status.success(), "{}: {}", command.join(" "), String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Sends a signal to the first container of a pod, past kubelet and containerd.
    pub fn signal(&self, signal: &str, pod: &Value) {
        let id = pod["status"]["containerStatuses"][0]["containerID"].as_str().unwrap().trim_start_matches("containerd://");
        let socket = self.state.join("containerd.sock");
        let tasks = self.enter(&["ctr", "--address", socket.to_str().unwrap(), "--namespace", "k8s.io", "tasks", "list"]);
        let task = tasks.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id} is not among\n{tasks}"));
        self.enter(&["kill", &format!("-{signal}"), task.split_whitespace().nth(1).unwrap()]);
    }
}
