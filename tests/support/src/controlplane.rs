//! A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager.

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::eventually;
use crate::group::SHARED;
use crate::process::{Process, free_port};
use crate::tools::Tools;

/// A control plane starts in seconds; a loaded machine may need more.
const START: Duration = Duration::from_mins(2);
pub const ADMIN_TOKEN: &str = "test-admin";
/// Of the tokens of its service accounts.
pub const ISSUER: &str = "https://kubernetes.default.svc";

pub struct ControlPlane {
    bin: PathBuf,
    dir: tempfile::TempDir,
    port: u16,
    etcd: std::sync::Mutex<Process>,
    apiserver: std::sync::Mutex<Process>,
    managers: Process,
}

impl ControlPlane {
    /// The one of the tests that name no group.
    pub async fn shared() -> Arc<Self> {
        SHARED.plane().await
    }

    /// A new one. Dropping it ends it.
    pub async fn start() -> Self {
        // Who wrote what of our kinds and events, for tests that count.
        let groups = json!([{ "group": "directconnect.huaweicloud.com" }, { "group": "events.k8s.io" }]);
        Self::start_audited(&json!([{ "level": "Metadata", "verbs": ["create", "update", "patch", "delete"], "resources": groups }])).await
    }

    /// A new one that audits by these rules.
    pub async fn start_audited(rules: &Value) -> Self {
        let bin = binaries();
        let dir = data_dir();
        let (client_port, peer_port, port) = (free_port(), free_port(), free_port());
        write_inputs(dir.path(), rules);
        let etcd = start_etcd(&bin, dir.path(), client_port, peer_port);
        let apiserver = start_apiserver(&bin, dir.path(), client_port, port);
        let kubeconfig = dir.path().join("kubeconfig");
        std::fs::write(&kubeconfig, kubeconfig_yaml(dir.path(), port, ADMIN_TOKEN)).unwrap();
        let mut plane = Self {
            managers: start_managers(&bin, dir.path(), &kubeconfig),
            bin,
            dir,
            port,
            etcd: std::sync::Mutex::new(etcd),
            apiserver: std::sync::Mutex::new(apiserver),
        };
        plane.wait_ready().await;
        // It may have looked for the API server too early and ended.
        if !plane.managers.is_running() {
            plane.managers = start_managers(&plane.bin, plane.dir.path(), &plane.kubeconfig());
        }
        plane
    }

    async fn wait_ready(&self) {
        let url = format!("https://127.0.0.1:{}/readyz", self.port);
        let http = crate::simulator::http_client(true);
        eventually("the API server is ready", START, || async {
            // Without etcd it ends as well, and says less.
            self.etcd().check();
            self.apiserver().check();
            let answer = http.get(&url).bearer_auth(ADMIN_TOKEN).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        eventually("the namespaces are there", START, || async {
            let namespaces = Api::<k8s_openapi::api::core::v1::Namespace>::all(self.client().await);
            (namespaces.get("default").await.is_ok() && namespaces.get("kube-system").await.is_ok()).then_some(())
        })
        .await;
    }

    /// Stops kube-apiserver and starts it again on the same data.
    pub async fn restart_apiserver(&self) {
        let etcd_port = self.etcd_port();
        {
            let mut apiserver = self.apiserver();
            apiserver.kill();
            *apiserver = start_apiserver(&self.bin, self.dir.path(), etcd_port, self.port);
        }
        self.wait_ready().await;
    }

    /// The API server hangs until [`Self::resume_etcd`].
    pub fn pause_etcd(&self) {
        self.etcd().signal(rustix::process::Signal::STOP);
    }

    pub fn resume_etcd(&self) {
        self.etcd().signal(rustix::process::Signal::CONT);
    }

    /// Forgets all past revisions. An API server that starts afterwards can't resume a watch from one of them.
    pub async fn compact_etcd(&self) {
        let http = crate::simulator::http_client(false);
        let port = self.etcd_port();
        let ask = async |path: &str, body: Value| -> Value {
            let answer = http.post(format!("http://127.0.0.1:{port}/v3/kv/{path}")).json(&body).send().await.unwrap();
            answer.error_for_status().unwrap().json().await.unwrap()
        };
        // Any key serves: the revision stands in the header. Keys are base64.
        let latest = ask("range", json!({ "key": "Lw==" })).await["header"]["revision"].clone();
        ask("compaction", json!({ "revision": latest, "physical": true })).await;
    }

    fn etcd_port(&self) -> u16 {
        std::fs::read_to_string(self.dir.path().join("etcd-port")).unwrap().parse().unwrap()
    }

    /// A test that failed while it held the lock must not hide why.
    fn etcd(&self) -> std::sync::MutexGuard<'_, Process> {
        self.etcd.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// As [`Self::etcd`].
    fn apiserver(&self) -> std::sync::MutexGuard<'_, Process> {
        self.apiserver.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The API server's.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Process ids of all that was started.
    pub fn pids(&self) -> Vec<u32> {
        vec![self.etcd().id(), self.apiserver().id(), self.managers.id()]
    }

    /// A client with all rights. One for each runtime: tests have one each.
    pub async fn client(&self) -> Client {
        client(&self.kubeconfig()).await
    }

    /// Runs kubectl; fails with its words.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.tools().kubectl(arguments)
    }

    /// Runs kubectl or helm.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        self.tools().run(program, arguments)
    }

    pub fn tools(&self) -> Tools {
        Tools { bin: self.bin.clone(), kubeconfig: self.kubeconfig(), home: self.dir.path().to_owned() }
    }

    /// Writes to our kinds and to events so far.
    pub fn audit(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.dir.path().join("audit.log")).expect("the API server makes the file when it starts");
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Writes to objects of a namespace so far, other than the test's own.
    pub fn writes(&self, namespace: &str) -> Vec<Value> {
        self.writes_where(|object| object["namespace"] == namespace)
    }

    /// Writes so far to the objects that are concerned, as the audit log names them, other than the test's own.
    pub fn writes_where(&self, concerned: impl Fn(&Value) -> bool) -> Vec<Value> {
        let entries = self.audit().into_iter();
        entries
            .filter(|entry| concerned(&entry["objectRef"]))
            .filter(|entry| !entry["requestURI"].as_str().unwrap_or_default().contains("fieldManager=test"))
            .collect()
    }

    /// SIGSTOP, or SIGCONT, for the API server: it is reached and does not answer.
    pub fn signal_apiserver(&self, signal: rustix::process::Signal) {
        self.apiserver().signal(signal);
    }

    /// Where kubectl and helm are.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Applies `crds/` and waits until each is established.
    pub fn install_crds(&self) {
        let folder = root().join("crds");
        self.kubectl(&["apply", "--server-side", "-f", folder.to_str().unwrap()]);
        self.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", folder.to_str().unwrap()]);
    }

    /// A kubeconfig of a service account, with a token as a pod would get one.
    pub async fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> PathBuf {
        let token = self.service_account_token(namespace, name, Vec::new()).await;
        let path = self.dir.path().join(format!("kubeconfig-{namespace}-{name}"));
        std::fs::write(&path, kubeconfig_yaml(self.dir.path(), self.port, &token)).unwrap();
        path
    }

    /// A token of a service account as a pod would get one, for these audiences; without any, for the API server.
    pub async fn service_account_token(&self, namespace: &str, name: &str, audiences: Vec<String>) -> String {
        let api = Api::<ServiceAccount>::namespaced(self.client().await, namespace);
        let spec = TokenRequestSpec { expiration_seconds: Some(86_400), audiences, ..TokenRequestSpec::default() };
        let request = TokenRequest { spec, ..TokenRequest::default() };
        api.create_token_request(name, &PostParams::default(), &request).await.unwrap().status.unwrap().token
    }
}

impl Drop for ControlPlane {
    /// In order: the API server waits for etcd when it ends.
    fn drop(&mut self) {
        self.managers.kill();
        self.apiserver().terminate(Duration::from_secs(5));
        self.etcd().terminate(Duration::from_secs(5));
    }
}

pub async fn client(kubeconfig: &Path) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.read_timeout = Some(Duration::from_mins(5));
    Client::try_from(config).unwrap()
}

/// Top of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this package lies in tests/support").to_owned()
}

/// The folder of the control plane's programs.
pub fn binaries() -> PathBuf {
    run_build(&[])
}

/// The folder of what `tests/controlplane/build` makes with this argument.
pub fn built(argument: &str) -> PathBuf {
    run_build(&[argument])
}

/// Asks the build script, which builds nothing when all is there.
fn run_build(arguments: &[&str]) -> PathBuf {
    let script = root().join("tests/controlplane/build");
    let output = Command::new(&script)
        .args(arguments)
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    assert!(output.status.success(), "the control plane can't be built: run `make controlplane` and read what it says");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().lines().last().expect("the script prints the folder"))
}

/// A folder of its own; those of processes that were killed are swept.
fn data_dir() -> tempfile::TempDir {
    let base = std::env::temp_dir();
    for entry in base.read_dir().unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix("dc-plane-").and_then(|rest| rest.split('-').next()) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(&format!("dc-plane-{}-", std::process::id())).tempdir_in(base).unwrap()
}

fn write_inputs(dir: &Path, rules: &Value) {
    std::fs::write(dir.join("tokens.csv"), format!("{ADMIN_TOKEN},admin,admin,\"system:masters\"\n")).unwrap();
    let policy = json!({ "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules });
    std::fs::write(dir.join("audit-policy"), policy.to_string()).unwrap();
    // Signs and proves the tokens of service accounts.
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(dir.join("sa.key"), key.serialize_pem()).unwrap();
    std::fs::write(dir.join("sa.pub"), key.public_key_pem()).unwrap();
}

fn start_etcd(bin: &Path, dir: &Path, client_port: u16, peer_port: u16) -> Process {
    std::fs::write(dir.join("etcd-port"), client_port.to_string()).unwrap();
    let (client, peer) = (format!("http://127.0.0.1:{client_port}"), format!("http://127.0.0.1:{peer_port}"));
    let mut command = Command::new(bin.join("etcd"));
    command
        .arg("--data-dir")
        .arg(dir.join("etcd"))
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("default={peer}"), "--unsafe-no-fsync"]);
    Process::start("etcd", command, &dir.join("etcd.log"))
}

fn start_apiserver(bin: &Path, dir: &Path, etcd_port: u16, port: u16) -> Process {
    let mut command = Command::new(bin.join("kube-apiserver"));
    command
        .arg(format!("--etcd-servers=http://127.0.0.1:{etcd_port}"))
        .arg(format!("--cert-dir={}", dir.join("pki").display()))
        .arg(format!("--secure-port={port}"))
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--service-cluster-ip-range=10.0.0.0/24"])
        .arg(format!("--service-account-issuer={ISSUER}"))
        .arg(format!("--service-account-key-file={}", dir.join("sa.pub").display()))
        .arg(format!("--service-account-signing-key-file={}", dir.join("sa.key").display()))
        .arg(format!("--token-auth-file={}", dir.join("tokens.csv").display()))
        .args(["--authorization-mode=RBAC", "--endpoint-reconciler-type=none"])
        .arg(format!("--audit-policy-file={}", dir.join("audit-policy").display()))
        // What is written is counted over a whole test: no part of it may be turned away into another file.
        .arg("--audit-log-maxsize=100000")
        .arg(format!("--audit-log-path={}", dir.join("audit.log").display()));
    Process::start("kube-apiserver", command, &dir.join("apiserver.log"))
}

fn start_managers(bin: &Path, dir: &Path, kubeconfig: &Path) -> Process {
    let mut command = Command::new(bin.join("kube-controller-manager"));
    command
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .args(["--leader-elect=false", "--secure-port=0", "--use-service-account-credentials=false"])
        .arg("--controllers=namespace-controller,garbage-collector-controller,serviceaccount-controller,clusterrole-aggregation-controller")
        .arg(format!("--service-account-private-key-file={}", dir.join("sa.key").display()));
    Process::start("kube-controller-manager", command, &dir.join("managers.log"))
}

fn kubeconfig_yaml(dir: &Path, port: u16, token: &str) -> String {
    let cluster = json!({ "server": format!("https://127.0.0.1:{port}"), "certificate-authority": dir.join("pki/apiserver.crt") });
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{ "name": "test", "cluster": cluster }],
        "users": [{ "name": "test", "user": { "token": token } }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
    })
    .to_string()
}
