//! Accounts without a key in the cluster: each way to temporary keys, their renewal, and what goes wrong with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod exchanges;
mod node;
mod renewal;

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::eventually;
use support::group::SHARED;
use support::simulator::{AGENCY_URN, AUDIENCE, PROVIDER_URN};
use support::world::{API_VERSION, World, condition, is};

const EXCHANGE: &str = "AssumeAgencyWithOIDC";
/// After failures the next exchange waits up to a minute, and so does the next look at the account.
const RECOVERY: Duration = Duration::from_mins(3);

/// A world with the shared operator, and a token of the operator's `ServiceAccount` for the cloud's identity provider.
struct Tokens {
    world: World,
    path: PathBuf,
    written: Vec<String>,
}

impl Tokens {
    async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("identity-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let plane = SHARED.plane().await;
        let path = plane.dir().join(format!("token-{name}"));
        let world = World::on(plane, &name).await;
        world.furnish_with(&Self::spec(&world, &json!({ "workloadIdentity": { "idpId": "none", "tokenPath": path } }))).await;
        world.apply(&json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "operator" } })).await;
        SHARED.operator().await;
        Self { world, path, written: Vec::new() }
    }

    fn spec(world: &World, credentials: &Value) -> Value {
        let url = world.cloud.url();
        json!({ "credentials": credentials, "endpoints": { "dc": url, "iam": url, "sts": url, "insecure": true } })
    }

    /// The kubelet writes a token for this audience.
    async fn write(&mut self, audience: &str) {
        let token = self.world.plane.service_account_token(&self.world.namespace, "operator", vec![audience.to_owned()]).await;
        std::fs::write(&self.path, format!("{token}\n")).unwrap();
        self.written.push(token);
    }

    /// The account has these credentials.
    async fn account(&self, credentials: &Value) {
        self.world.account_with(&Self::spec(&self.world, credentials)).await;
    }

    /// The usual way: by STS.
    fn by_sts(&self) -> Value {
        json!({ "workloadIdentity": { "providerUrn": PROVIDER_URN, "agencyUrn": AGENCY_URN, "tokenPath": self.path } })
    }

    /// A world whose account is ready by STS, with a gateway.
    async fn ready() -> Self {
        Self::ready_in(json!({})).await
    }

    /// The same, with these settings of the cloud from the start.
    async fn ready_in(settings: Value) -> Self {
        let mut tokens = Self::new().await;
        tokens.write(AUDIENCE).await;
        tokens.world.cloud.settings(settings).await;
        tokens.account(&tokens.by_sts()).await;
        account_ready(&tokens.world).await;
        gateway_ready(&tokens.world, 1).await;
        tokens
    }

    /// As the world's, and nothing tells an id token either.
    async fn finish(&self) {
        self.world.finish().await;
        let operator = SHARED.operator().await;
        let told = [operator.log(), operator.get("/metrics").await.unwrap(), self.world.get_account().await.to_string()];
        for token in &self.written {
            // Its signature, and all but the claims that any such token has.
            let secret = &token[token.len() - 40..];
            assert!(told.iter().all(|told| !told.contains(secret)), "an id token was told");
        }
    }
}

async fn account_ready(world: &World) -> Value {
    eventually("the account is ready", RECOVERY, || async {
        let account = world.get_account().await;
        is(&account, "Ready", "True").then_some(account)
    })
    .await
}

/// Waits until the account is not ready for `reason`, with `told` in its message.
async fn account_says(world: &World, reason: &str, told: &str) -> Value {
    eventually(&format!("the account says {reason}: {told}"), RECOVERY, || async {
        let account = world.get_account().await;
        let ready = condition(&account, "Ready")?;
        let is_told = ready["message"].as_str().is_some_and(|message| message.contains(told));
        (ready["status"] == "False" && ready["reason"] == reason && is_told).then_some(account)
    })
    .await
}

async fn gateway_ready(world: &World, number: u8) -> String {
    let name = format!("gw-{number}");
    world
        .apply(&json!({
            "apiVersion": API_VERSION, "kind": "VirtualGateway", "metadata": { "name": name },
            "spec": { "vpcId": format!("00000000-0000-4000-8000-0000000009{number:02}"), "localEpGroup": ["172.16.0.0/24"] },
        }))
        .await;
    world.wait_ready("VirtualGateway", &name).await;
    name
}

async fn exchanges(world: &World) -> u64 {
    world.cloud.exchanges().await["count"].as_u64().unwrap()
}
