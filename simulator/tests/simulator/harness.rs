//! A simulator process per test, which is killed at the end, and requests to it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Once,
    time::{Duration, Instant},
};

use reqwest::{Client, Method};
use serde_json::{Value, json};

pub const PROJECT: &str = "0605768a3300d5762f82c01180692873";
pub const PARTNER: &str = "0605768a3300d5762f82c01180692874";
pub const LINE_A: &str = "c0000000-0000-4000-8000-000000000001";
pub const LINE_B: &str = "c0000000-0000-4000-8000-000000000002";
pub const LINE_C: &str = "c0000000-0000-4000-8000-000000000003";
pub const OPERATIONS: &str = "c0000000-0000-4000-8000-000000000004";
pub const HOSTED: &str = "c0000000-0000-4000-8000-000000000005";
pub const UNDER_CONSTRUCTION: &str = "c0000000-0000-4000-8000-000000000006";
/// The id of no resource.
pub const NOBODY: &str = "99999999-9999-4999-8999-999999999999";

/// A running simulator, with a token of the first account.
pub struct Simulator {
    child: Child,
    pub base: String,
    pub client: Client,
    pub token: String,
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The error code of Direct Connect or of the API gateway.
    pub fn code(&self) -> &str {
        self.body["error_code"].as_str().unwrap_or_default()
    }

    pub fn id(&self, wrapper: &str) -> String {
        let id = self.body[wrapper]["id"].as_str();
        id.unwrap_or_else(|| panic!("no {wrapper}: {} {}", self.status, self.body)).to_owned()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Simulator {
    /// Starts a simulator with these settings, in which changes are pending for only a few milliseconds.
    pub async fn start(settings: Value) -> Self {
        Self::start_with(&[], settings).await
    }

    pub async fn start_with(arguments: &[&str], settings: Value) -> Self {
        let mut simulator = Self::bare(arguments, settings).await;
        simulator.token = simulator.sign_in(&password("operator")).await;
        simulator
    }

    /// Starts one without a token.
    pub async fn bare(arguments: &[&str], settings: Value) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let mut child =
            Command::new(env!("CARGO_BIN_EXE_dc-simulator")).args(arguments).stdout(Stdio::piped()).spawn().expect("the simulator starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the simulator announces itself");
        let base = line.trim().strip_prefix("dc-simulator listening on ").expect("the one line").to_owned();
        let client = Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
        let simulator = Self { child, base, client, token: String::new() };
        let quick = json!({"settle_ms": {"create": 20, "update": 20, "delete": 20}});
        simulator.settings(quick).await;
        simulator.settings(settings).await;
        simulator
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Completes all pending changes.
    pub async fn settle(&self) {
        let answer = self.admin(Method::POST, "settle", None).await;
        assert_eq!(answer.status, 204);
    }

    pub async fn settings(&self, patch: Value) {
        let answer = self.admin(Method::PATCH, "settings", Some(patch)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    pub async fn fault(&self, rule: Value) {
        let answer = self.admin(Method::POST, "faults", Some(rule)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}/admin/{path}", self.base);
        self.send(method, &url, "", body).await.expect("the admin API answers")
    }

    pub async fn log(&self, since: u64) -> Vec<Value> {
        let answer = self.admin(Method::GET, &format!("log?since={since}"), None).await;
        answer.body["entries"].as_array().expect("entries").clone()
    }

    pub async fn sign_in(&self, body: &Value) -> String {
        let url = format!("{}/v3/auth/tokens", self.base);
        let answer = self.send(Method::POST, &url, "", Some(body.clone())).await.expect("an answer");
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.headers["x-subject-token"].to_str().expect("text").to_owned()
    }

    /// A request of the first account. `path` is the part after the project.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_call(method, path, body).await.expect("an answer")
    }

    pub async fn try_call(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Answer> {
        let url = format!("{}/v3/{PROJECT}/{path}", self.base);
        self.send(method, &url, &self.token, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Sends a request with the token, unless it is empty.
    pub async fn send(&self, method: Method, url: &str, token: &str, body: Option<Value>) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, url);
        if !token.is_empty() {
            request = request.header("X-Auth-Token", token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, body, headers })
    }

    pub async fn interface_until(&self, id: &str, condition: impl Fn(&Answer) -> bool) -> Answer {
        let path = format!("dcaas/virtual-interfaces/{id}");
        self.until(&path, condition).await
    }

    /// Reads until the condition holds, for at most five seconds.
    pub async fn until(&self, path: &str, condition: impl Fn(&Answer) -> bool) -> Answer {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let answer = self.get(path).await;
            if condition(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "{path} stays {} {}", answer.status, answer.body);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Creates a gateway with subnets of both address families, in a new VPC.
    pub async fn gateway(&self) -> String {
        let body = json!({"virtual_gateway": gateway()});
        self.post("dcaas/virtual-gateways", body).await.id("virtual_gateway")
    }

    /// Creates an interface and waits until it is not pending.
    pub async fn interface(&self, body: Value) -> String {
        let answer = self.post("dcaas/virtual-interfaces", json!({"virtual_interface": body})).await;
        let id = answer.id("virtual_interface");
        self.interface_until(&id, |answer| !status_of(answer).starts_with("PENDING_")).await;
        id
    }
}

pub fn status_of(answer: &Answer) -> &str {
    answer.body["virtual_interface"]["status"].as_str().unwrap_or_default()
}

/// The body of a request for a token.
pub fn password(user: &str) -> Value {
    let (domain, password) = match user {
        "partner" => ("simulated-partner", "Simulated-Pass2"),
        _ => ("simulated-domain", "Simulated-Pass1"),
    };
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": user, "password": password, "domain": {"name": domain},
        }}},
        "scope": {"project": {"name": "eu-west-101"}},
    }})
}

pub fn gateway() -> Value {
    json!({
        "name": "vgw", "vpc_id": uuid::Uuid::new_v4().to_string(),
        "local_ep_group": ["192.168.0.0/16"], "local_ep_group_ipv6": ["fd01::/48"], "bgp_asn": 65_000,
    })
}

pub fn interface(gateway: &str, connection: &str, vlan: u32) -> Value {
    json!({
        "name": "vif", "type": "private", "service_type": "VGW", "vgw_id": gateway, "direct_connect_id": connection,
        "vlan": vlan, "bandwidth": 50, "route_mode": "static",
        "local_gateway_v4_ip": "10.0.0.1/30", "remote_gateway_v4_ip": "10.0.0.2/30", "remote_ep_group": ["10.1.123.0/24"],
    })
}

/// The body with some fields changed. `null` removes a field.
pub fn with(mut body: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let fields = body.as_object_mut().expect("the body is an object");
    for (key, value) in changes {
        if value.is_null() {
            fields.remove(&key);
        } else {
            fields.insert(key, value);
        }
    }
    body
}
