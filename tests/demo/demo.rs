//! `make demo`: a real control plane, a simulated cloud, the chart, and two lines that come up. With `ONCE=1` all goes again and the exit code
//! tells whether it went well.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

use kube::api::ListParams;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::controlplane::{ControlPlane, root};
use support::operator::Operator;
use support::simulator::{self, Simulator};
use support::world::{API_VERSION, api, condition, is};

const NAMESPACE: &str = "direct-connect";
const TEAM: &str = "team-network";
const SAMPLES: [&str; 2] = ["single-connection-bgp", "dual-stack"];
const KINDS: [&str; 3] = ["VirtualGateway", "VirtualInterface", "Peer"];
const BOUND: Duration = Duration::from_mins(2);

struct Demo {
    start: Instant,
    plane: ControlPlane,
    cloud: Simulator,
}

fn main() {
    // Ends in order, whatever happens: a panic unwinds through all that was started.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let once = std::env::var("ONCE").is_ok_and(|value| !value.is_empty() && value != "0");
    let start = Instant::now();
    println!("[{:>5.1} s] starting etcd, kube-apiserver, kube-controller-manager and the simulated cloud …", 0.0);
    let plane = ControlPlane::start().await;
    let cloud = Simulator::start(plane.dir(), "demo").await;
    let demo = Demo { start, plane, cloud };
    demo.say(&format!("the cloud is simulated at {}", demo.cloud.url()));
    demo.install();
    let mut operator = demo.operator().await;
    let names = demo.apply_samples(&operator).await;
    let ready = demo.wait_ready(&names, &mut operator).await;
    demo.change_a_field(&mut operator).await;
    if !once {
        demo.stay(&mut operator).await;
        return;
    }
    let gone = demo.delete_all(&names, &mut operator).await;
    assert!(demo.cloud.is_empty().await, "the cloud is not empty: {}", demo.cloud.resources().await);
    demo.cloud.check_contract().await;
    demo.say("the cloud is empty");
    assert!(operator.stop(), "the operator did not end in time:\n{}", operator.tail());
    let all = names.len();
    drop(operator);
    drop(demo);
    println!("demo: {ready}/{all} Ready, {gone}/{all} gone");
    assert_eq!((ready, gone), (all, all));
}

impl Demo {
    fn say(&self, text: &str) {
        println!("[{:>5.1} s] {text}", self.start.elapsed().as_secs_f64());
    }

    /// The chart, with its CRDs and an account that points to the simulated cloud.
    fn install(&self) {
        self.say("helm install direct-connect-operator …");
        for namespace in [NAMESPACE, TEAM] {
            self.plane.kubectl(&["create", "namespace", namespace]);
        }
        let (access, secret) = (format!("accessKey={}", simulator::ACCESS_KEY), format!("secretKey={}", simulator::SECRET_KEY));
        self.plane.kubectl(&[
            "-n",
            NAMESPACE,
            "create",
            "secret",
            "generic",
            "huawei-cloud",
            "--from-literal",
            &access,
            "--from-literal",
            &secret,
        ]);
        let chart = root().join("charts/direct-connect-operator");
        let values = self.plane.dir().join("values.yaml");
        let account = json!({ "account": {
            "create": true, "region": simulator::REGION,
            "credentials": { "accessKey": { "secretRef": { "name": "huawei-cloud" } } },
            "endpoints": { "dc": self.cloud.url(), "iam": self.cloud.url(), "insecure": true },
        } });
        std::fs::write(&values, account.to_string()).unwrap();
        let (chart, values) = (chart.to_str().unwrap(), values.to_str().unwrap());
        self.plane
            .run("helm", &["install", "direct-connect-operator", chart, "-n", NAMESPACE, "-f", values])
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// There is no kubelet: the Deployment's container runs as a process, with the token of its service account.
    async fn operator(&self) -> Operator {
        let client = self.plane.client().await;
        let deployments = api(&client, Some(NAMESPACE), "apps/v1", "Deployment").list(&ListParams::default()).await.unwrap();
        let deployment = serde_json::to_value(deployments.items.first().expect("the chart has a Deployment")).unwrap();
        let pod = &deployment["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let arguments: Vec<String> = container["args"].as_array().into_iter().flatten().map(text).collect();
        let environment: Vec<(String, String)> = container["env"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|variable| variable["value"].is_string())
            .map(|variable| (text(&variable["name"]), text(&variable["value"])))
            .collect();
        let account = text(&pod["serviceAccountName"]);
        self.say(&format!("starting dc-operator {} as service account {account} …", arguments.join(" ")));
        let kubeconfig = self.plane.service_account_kubeconfig(NAMESPACE, &account).await;
        Operator::start(&kubeconfig, &self.plane.dir().join("operator.log"), &arguments, &environment).await
    }

    async fn apply_samples(&self, operator: &Operator) -> Vec<(&'static str, String)> {
        for sample in SAMPLES {
            let folder = root().join("deploy/samples").join(sample);
            self.say(&format!("kubectl apply -f deploy/samples/{sample}/"));
            self.plane.kubectl(&["-n", TEAM, "apply", "-f", folder.to_str().unwrap()]);
        }
        let mut names = Vec::new();
        let client = self.plane.client().await;
        for kind in KINDS {
            let objects = api(&client, Some(TEAM), API_VERSION, kind).list(&ListParams::default()).await.unwrap();
            names.extend(objects.items.into_iter().filter_map(|object| object.metadata.name).map(|name| (kind, name)));
        }
        assert!(!names.is_empty(), "the samples have no objects:\n{}", operator.tail());
        names
    }

    /// Shows each change of an object's condition until all are ready.
    async fn wait_ready(&self, names: &[(&'static str, String)], operator: &mut Operator) -> usize {
        let client = self.plane.client().await;
        let mut shown: Vec<String> = vec![String::new(); names.len()];
        let until = Instant::now() + BOUND;
        loop {
            let mut ready = 0;
            for ((kind, name), last) in names.iter().zip(&mut shown) {
                let object = serde_json::to_value(api(&client, Some(TEAM), API_VERSION, kind).get(name).await.unwrap()).unwrap();
                ready += usize::from(is(&object, "Ready", "True"));
                let now = line(&object);
                if *last != now {
                    self.say(&format!("  {kind:<16} {name:<28} {now}"));
                    *last = now;
                }
            }
            if ready == names.len() {
                return ready;
            }
            operator.check();
            assert!(Instant::now() < until, "{ready} of {} are ready after {BOUND:?}:\n{}", names.len(), operator.tail());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn change_a_field(&self, operator: &mut Operator) {
        let client = self.plane.client().await;
        let interfaces = api(&client, Some(TEAM), API_VERSION, "VirtualInterface").list(&ListParams::default()).await.unwrap();
        let name = interfaces.items[0].metadata.name.clone().unwrap();
        let id = interfaces.items[0].data["status"]["id"].as_str().unwrap().to_owned();
        self.say(&format!("kubectl patch virtualinterface {name}: bandwidth → 77"));
        self.plane.kubectl(&["-n", TEAM, "patch", "virtualinterface", &name, "--type=merge", "-p", r#"{"spec":{"bandwidth":77}}"#]);
        let arrived = support::eventually("the change arrives in the cloud", BOUND, || async {
            let all = self.cloud.all("virtual_interfaces").await;
            all.iter().find(|interface| interface["id"] == json!(id) && interface["bandwidth"] == 77).map(|_| ())
        });
        arrived.await;
        operator.check();
        self.say(&format!("  the cloud shows bandwidth 77 for {id}"));
    }

    async fn stay(&self, operator: &mut Operator) {
        let kubectl: PathBuf = self.plane.program("kubectl");
        println!();
        println!("Look around, in another terminal:");
        println!("  export KUBECONFIG={}", self.plane.kubeconfig().display());
        println!("  alias kubectl={}", kubectl.display());
        println!("  kubectl get directconnect -n {TEAM}        # and: kubectl describe vif -n {TEAM}");
        println!("  kubectl get dcaccount");
        println!("  curl {}/admin/resources          # what the cloud has", self.cloud.url());
        println!("Ctrl-C ends it.");
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => break,
                () = tokio::time::sleep(Duration::from_secs(1)) => operator.check(),
            }
        }
        self.say("ending");
    }

    async fn delete_all(&self, names: &[(&'static str, String)], operator: &mut Operator) -> usize {
        for sample in SAMPLES {
            let folder = root().join("deploy/samples").join(sample);
            self.say(&format!("kubectl delete -f deploy/samples/{sample}/"));
            self.plane.kubectl(&["-n", TEAM, "delete", "--wait=false", "-f", folder.to_str().unwrap()]);
        }
        let client = self.plane.client().await;
        for (kind, name) in names {
            let objects = api(&client, Some(TEAM), API_VERSION, kind);
            support::eventually(&format!("{kind} {name} is gone"), BOUND, || async {
                objects.get_opt(name).await.ok()?.is_none().then_some(())
            })
            .await;
            operator.check();
            self.say(&format!("  {kind:<16} {name:<28} gone"));
        }
        names.len()
    }
}

/// `Ready=False Creating: the cloud sets it up`
fn line(object: &Value) -> String {
    condition(object, "Ready").map_or_else(String::new, |ready| {
        let text = |key: &str| ready[key].as_str().unwrap_or_default();
        format!("Ready={} {}: {}", text("status"), text("reason"), text("message"))
    })
}
