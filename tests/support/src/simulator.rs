//! The simulated cloud as a process, and its admin API.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpSocket;

use crate::controlplane::{ControlPlane, ISSUER};
use crate::line::id;
use crate::process::{Process, simulator_binary};
use crate::{contract, eventually};

pub const REGION: &str = "eu-west-101";
pub const PROJECT: &str = "0605768a3300d5762f82c01180692873";
pub const ACCESS_KEY: &str = "AKSIMULATOR000000001";
pub const SECRET_KEY: &str = "SKsimulator/000000000000000000000000000+";
/// The second pair of keys, which is temporary, with its token.
pub const TEMPORARY: [&str; 3] = ["AKSIMULATORTEMP00001", "SKsimulatorTemp/00000000000000000000000+", "SIMULATEDSECURITYTOKEN0001+/="];
pub const DOMAIN: &str = "simulated-domain";
pub const USER: &str = "operator";
pub const PASSWORD: &str = "Simulated-Pass1";
/// Seeded connections that end at different locations.
pub const LINE_A: &str = "c0000000-0000-4000-8000-000000000001";
pub const LINE_B: &str = "c0000000-0000-4000-8000-000000000002";
/// A seeded operations connection, on which hosted ones are provided.
pub const OPERATIONS: &str = "c0000000-0000-4000-8000-000000000004";
/// The other side of interfaces across accounts.
pub const PARTNER: &str = "0605768a3300d5762f82c01180692874";
/// A VPC that is not there.
pub const MISSING_VPC: &str = "ffffffff-ffff-4fff-8fff-ffffffffffff";

/// The seeded identity provider of the older IAM, and its audience.
pub const PROVIDER: &str = "cluster";
pub const AUDIENCE: &str = "direct-connect-operator";
/// The same provider by its URN, and the seeded agency that trusts it.
pub const PROVIDER_URN: &str = "iam::37829608110c28f2675d0033a8675060:oidcProvider:cluster";
pub const AGENCY_URN: &str = "iam::37829608110c28f2675d0033a8675060:agency:direct-connect";
/// Another one of the account, which trusts the account.
pub const SECOND_URN: &str = "iam::37829608110c28f2675d0033a8675060:agency:second";
/// The seeded agency of the partner, which trusts keys of the first account.
pub const PARTNERS_AGENCY_URN: &str = "iam::47829608110c28f2675d0033a8675060:agency:partner";
pub const PARTNERS_AGENCY: &str = "partner";
pub const PARTNERS_DOMAIN: &str = "simulated-partner";
/// The audience of the tokens that pods have for the pod identity agent.
pub const POD_AUDIENCE: &str = "service.cce.pods";

/// Tables of what is there from the start, or is only a record of something.
const NOT_MADE: [&str; 3] = ["direct_connects", "direct_connect_locations", "switchover_test_records"];

const START: Duration = Duration::from_secs(30);

pub struct Simulator {
    process: Process,
    url: String,
    http: reqwest::Client,
    /// After the process, which ends first.
    _port: Port,
}

/// A port that no later simulator of this process gets: an account that a test leaves behind would make its objects anew in another test's cloud.
struct Port(SocketAddr);

impl Drop for Port {
    fn drop(&mut self) {
        static TAKEN: Mutex<Vec<TcpSocket>> = Mutex::new(Vec::new());
        // It is bound and does not listen: who connects is refused, and does not wait for an answer.
        let bound = TcpSocket::new_v4().and_then(|socket| socket.set_reuseaddr(true).and_then(|()| socket.bind(self.0)).map(|()| socket));
        // Where it is taken already, nobody else gets it either.
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).extend(bound);
    }
}

impl Simulator {
    pub async fn start(dir: &Path, name: &str) -> Self {
        Self::start_with(dir, name, &[]).await
    }

    /// With TLS and HTTP/2, by a certificate that it returns.
    pub async fn start_with_tls(dir: &Path, name: &str) -> (Self, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        let (certificate_file, key_file) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
        std::fs::write(&certificate_file, certificate.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        let [certificate_file, key_file] = [certificate_file, key_file].map(|file| file.to_str().unwrap().to_owned());
        (Self::start_with(dir, name, &["--tls-cert", &certificate_file, "--tls-key", &key_file]).await, certificate.pem())
    }

    async fn start_with(dir: &Path, name: &str, more: &[&str]) -> Self {
        let mut command = Command::new(simulator_binary());
        command.args(["--listen", "127.0.0.1:0"]).args(more);
        let process = Process::start("dc-simulator", command, &dir.join(format!("simulator-{name}.log")));
        let log = process.log.clone();
        let url = eventually("the simulator listens", START, || async {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix("dc-simulator listening on ").map(str::to_owned))
        })
        .await;
        let port = Port(url.rsplit('/').find(|part| !part.is_empty()).unwrap().parse().unwrap());
        Self { process, url, http: http_client(true), _port: port }
    }

    /// Direct Connect, IAM, STS and the metadata service of the node are all at this address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The whole address of the pod identity agent of the node.
    pub fn agent_url(&self) -> String {
        format!("{}/pod-identity/credentials", self.url)
    }

    /// Has the seeded identity provider verify that tokens are of this API server.
    pub async fn trust_issuer(&self, plane: &ControlPlane) {
        let jwks: Value = serde_json::from_str(&plane.kubectl(&["get", "--raw", "/openid/v1/jwks"])).unwrap();
        let provider = json!({ "issuer": ISSUER, "jwks": jwks });
        self.settings(json!({ "identity": { "providers": { PROVIDER: provider } } })).await;
    }

    /// Associates a service account with the seeded agency of pods.
    pub async fn associate(&self, namespace: &str, service_account: &str) {
        let associations = json!({ format!("{namespace}/{service_account}"): "pods" });
        self.settings(json!({ "identity": { "pod_identity": { "associations": associations } } })).await;
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it for good: the cloud is away.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// It takes connections and answers nothing.
    pub fn pause(&self) {
        self.process.signal(rustix::process::Signal::STOP);
    }

    pub fn resume(&self) {
        self.process.signal(rustix::process::Signal::CONT);
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Value {
        let request = self.http.request(method, format!("{}/admin/{path}", self.url));
        let request = body.map_or_else(|| request.try_clone().unwrap(), |body| request.try_clone().unwrap().json(&body));
        let answer = request.send().await.unwrap_or_else(|error| panic!("simulator {path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "simulator {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Merges `patch` into the settings.
    pub async fn settings(&self, patch: Value) {
        self.call(reqwest::Method::PATCH, "settings", Some(patch)).await;
    }

    pub async fn fault(&self, fault: Value) {
        self.call(reqwest::Method::POST, "faults", Some(fault)).await;
    }

    /// Faults of an operation that have not struck yet.
    pub async fn faults_to_come(&self, operation: &str) -> usize {
        let faults = self.call(reqwest::Method::GET, "faults", None).await;
        faults["faults"].as_array().unwrap().iter().filter(|fault| fault["operation"] == operation).count()
    }

    pub async fn clear_faults(&self) {
        self.call(reqwest::Method::DELETE, "faults", None).await;
    }

    /// All requests and answers so far.
    pub async fn log(&self) -> Vec<Value> {
        self.log_since(0).await.0
    }

    /// Those from a sequence number on, and the number of the next.
    pub async fn log_since(&self, since: u64) -> (Vec<Value>, u64) {
        let log = self.call(reqwest::Method::GET, &format!("log?since={since}"), None).await;
        (log["entries"].as_array().unwrap().clone(), log["next"].as_u64().unwrap())
    }

    /// Requests of one operation so far.
    pub async fn count(&self, operation: &str) -> u64 {
        self.counters().await[operation]["total"].as_u64().unwrap_or(0)
    }

    pub async fn counters(&self) -> Value {
        self.call(reqwest::Method::GET, "counters", None).await
    }

    pub async fn resources(&self) -> Value {
        self.call(reqwest::Method::GET, "resources", None).await
    }

    /// Gateways, interfaces: `virtual_gateways`, `virtual_interfaces`.
    pub async fn all(&self, collection: &str) -> Vec<Value> {
        self.resources().await[collection].as_array().cloned().unwrap_or_default()
    }

    /// A resource of any kind by its id.
    pub async fn find(&self, id: &str) -> Option<Value> {
        let resources = self.resources().await;
        let mut all = resources.as_object()?.values().filter_map(Value::as_array).flatten();
        let found = all.find_map(|resource| {
            let peers = resource["vif_peers"].as_array().into_iter().flatten();
            [resource].into_iter().chain(peers).find(|resource| resource["id"] == id)
        });
        found.cloned()
    }

    /// Somebody changes a resource behind the operator's back.
    pub async fn patch(&self, id: &str, patch: Value) {
        self.call(reqwest::Method::PATCH, &format!("resources/{id}"), Some(patch)).await;
    }

    pub async fn delete(&self, id: &str) {
        self.call(reqwest::Method::DELETE, &format!("resources/{id}"), None).await;
    }

    pub async fn create(&self, kind: &str, body: Value) -> Value {
        self.make(json!({ "kind": kind, "body": body })).await
    }

    /// Makes a resource, as the admin API is told it.
    pub async fn make(&self, resource: Value) -> Value {
        self.call(reqwest::Method::POST, "resources", Some(resource)).await
    }

    /// The partner's gateway, for interfaces across accounts.
    pub async fn partner_gateway(&self) -> String {
        let body = json!({ "name": "theirs", "vpc_id": "00000000-0000-4000-8000-00000000ffff", "local_ep_group": ["172.31.0.0/24"], "tenant_id": PARTNER });
        self.create("virtual_gateway", body).await["id"].as_str().unwrap().to_owned()
    }

    /// The partner says `ACCEPTED` or `REJECTED` to an interface.
    pub async fn partner_decides(&self, id: &str, decision: &str) {
        let login = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": "partner", "password": "Simulated-Pass2", "domain": { "name": "simulated-partner" },
            } } },
            "scope": { "project": { "name": REGION } },
        } });
        let answer = self.http.post(format!("{}/v3/auth/tokens", self.url)).json(&login).send().await.unwrap();
        let token = answer.headers()["x-subject-token"].clone();
        let url = format!("{}/v3/{PARTNER}/dcaas/virtual-interfaces/{id}", self.url);
        let decision = json!({ "virtual_interface": { "status": decision } });
        let answer = self.http.put(url).header("X-Auth-Token", token).json(&decision).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Its open connections stay open and carry nothing any more, ours too.
    pub async fn freeze_connections(&mut self) {
        // The answer is lost with the connection.
        let request = self.http.post(format!("{}/admin/connections/freeze", self.url)).timeout(Duration::from_secs(1));
        let _ = request.send().await;
        self.http = http_client(true);
    }

    pub async fn expire_tokens(&self) {
        self.call(reqwest::Method::POST, "tokens/expire", None).await;
    }

    /// Rejects all temporary keys that it has issued from now on.
    pub async fn expire_temporary_keys(&self) {
        self.call(reqwest::Method::POST, "temporary-keys/expire", None).await;
    }

    /// What it has issued for an identity, and how often it has rejected expired keys and tokens: as `GET /admin/exchanges` has it.
    pub async fn exchanges(&self) -> Value {
        self.call(reqwest::Method::GET, "exchanges", None).await
    }

    /// Nothing that an operator makes is there.
    pub async fn is_empty(&self) -> bool {
        self.made().await.is_empty()
    }

    /// All that an operator can make.
    pub async fn made(&self) -> Vec<Value> {
        made(&self.resources().await)
    }

    /// Holds every request and answer so far against the vendor's documents.
    pub async fn check_contract(&self) {
        let log = self.log().await;
        let broken: Vec<String> = log
            .iter()
            .flat_map(|entry| {
                let shown = format!("{} {}", entry["seq"], entry["operation"]);
                contract::check(entry).into_iter().map(move |problem| format!("{shown}: {problem}"))
            })
            .collect();
        assert!(broken.is_empty(), "{} of {} exchanges break the vendor's documents:\n{}", broken.len(), log.len(), broken.join("\n"));
    }
}

/// Of all resources, those that an operator can make. Hosted connections are among the connections.
pub fn made(all: &Value) -> Vec<Value> {
    let is_hosted = |line: &Value| line["type"] == "hosted" && !line["id"].as_str().is_some_and(|id| id.starts_with("c0000000-"));
    let resources = |table: &Value| table.as_array().cloned().unwrap_or_default();
    let made = all.as_object().into_iter().flatten().filter(|(table, _)| !NOT_MADE.contains(&table.as_str()));
    let hosted = resources(&all["direct_connects"]).into_iter().filter(is_hosted);
    made.flat_map(|(_, table)| resources(table)).chain(hosted).collect()
}

/// What the admin API is told to make the link that the object `link` observes, as Cloud Connect makes it for a central network.
pub fn link_by_cloud_connect(link: &Value, gateway: &Value) -> Value {
    let site = &link["spec"]["peerSite"];
    let body = json!({
        "name": "by-cloud-connect", "create_owner": "cc", "global_dc_gateway_id": id(gateway),
        "peer_site": { "gateway_id": site["enterpriseRouterId"], "region_id": site["regionId"], "project_id": site["projectId"] },
    });
    json!({ "kind": "peer_link", "body": body })
}

pub fn http_client(insecure: bool) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().danger_accept_invalid_certs(insecure).timeout(Duration::from_secs(30)).build().unwrap()
}
