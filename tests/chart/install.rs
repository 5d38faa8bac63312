//! The charts, installed by the real Helm on a real control plane, and the operator with the rights, the arguments and the environment that the
//! chart gives it. There are no nodes here: each replica is a process.

mod lives;
mod rights;
mod upgrade;

use serde_json::{Value, json};
use std::sync::Arc;
use support::controlplane::ControlPlane;
use support::release::Release;
use support::simulator;
use support::world::World;

/// Where the operator is.
const SYSTEM: &str = "direct-connect-system";
/// Where the lines are, and the name of an account besides `default`, which is the one of the accounts' chart.
const LINES: &str = "lines";

/// A control plane that knows nothing of us and audits what the operator's service account does, a release that is not installed yet, and a
/// cloud with the Secret of the account that the accounts' chart makes.
async fn world() -> (World, Release) {
    let rules = json!([{ "level": "Metadata", "userGroups": [format!("system:serviceaccounts:{SYSTEM}")] }]);
    let plane = Arc::new(ControlPlane::start_audited(&rules).await);
    plane.kubectl(&["create", "namespace", SYSTEM]);
    let keys =
        [format!("--from-literal=accessKey={}", simulator::ACCESS_KEY), format!("--from-literal=secretKey={}", simulator::SECRET_KEY)];
    plane.kubectl(&["create", "secret", "generic", "keys", "-n", SYSTEM, &keys[0], &keys[1]]);
    let release = Release { plane: Arc::clone(&plane), name: "direct-connect-operator", namespace: SYSTEM };
    (World::on(plane, LINES).await, release)
}

/// Values for a cloud that settles fast. The rest, the leader election's times among it, is as the chart has it.
fn values() -> Value {
    json!({
        "config": { "logLevel": "direct_connect_operator=debug,warn", "callTimeout": "2s", "settleInterval": "200ms", "settleIntervalMax": "1s" },
    })
}

/// Values of the accounts' chart.
fn accounts(world: &World) -> Value {
    json!({ "accounts": { "default": {
        "region": simulator::REGION, "credentials": { "accessKey": { "secretRef": { "name": "keys" } } },
        "endpoints": { "dc": world.cloud.url(), "iam": world.cloud.url(), "insecure": true },
        "syncInterval": "30s", "rateLimit": { "readsPerMinute": 6000, "writesPerMinute": 6000, "burst": 200 },
    } } })
}

/// The release of the accounts, beside the operator's. It needs the definitions.
fn accounts_release(release: &Release) -> Release {
    release.plane.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd", "cloudaccounts.directconnect.huaweicloud.com"]);
    Release { plane: Arc::clone(&release.plane), name: "direct-connect-accounts", namespace: release.namespace }
}
