//! The simulated cloud as the chart starts it.

use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

use super::harness::documents;
use super::{accounts_chart, rendered_of};
use support::controlplane::ControlPlane;
use support::eventually;
use support::process::{Process, simulator_binary};
use support::simulator::http_client;

const START: Duration = Duration::from_secs(30);
const FOLDER: &str = "/etc/dc-simulator";

#[tokio::test]
async fn it_starts_with_what_the_chart_gives_it_and_the_account_has_its_keys() {
    let plane = ControlPlane::shared().await;
    let line = "c0000000-0000-4000-8000-000000000007";
    let all = documents(
        &plane,
        &json!({
            "simulator": {
                "enabled": true, "region": "eu-west-0", "settings": { "settle_ms": { "create": 5 } }, "connections": [{ "id": line, "name": "line-d", "bandwidth": 100 }],
            },
        }),
    );
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in all["ConfigMap/simulator"]["data"].as_object().unwrap() {
        std::fs::write(dir.path().join(name), content.as_str().unwrap()).unwrap();
    }
    let secret = &all["Secret/simulator"];
    let container = &all["Deployment/simulator"]["spec"]["template"]["spec"]["containers"]["simulator"];
    assert_eq!(container["volumeMounts"]["config"]["mountPath"], FOLDER);
    let mut command = Command::new(simulator_binary());
    for (name, variable) in container["env"].as_object().unwrap() {
        let from = &variable["valueFrom"]["secretKeyRef"];
        let value = variable["value"].as_str().or_else(|| secret["stringData"][from["key"].as_str()?].as_str());
        assert!(from.is_null() || from["name"] == secret["metadata"]["name"], "{from}");
        command.env(name, value.unwrap_or_else(|| panic!("{variable}")).replace(FOLDER, dir.path().to_str().unwrap()));
    }
    // The port of the pod may be taken here.
    command.env("DC_SIMULATOR_LISTEN", "127.0.0.1:0");
    let process = Process::start("dc-simulator", command, &dir.path().join("log"));
    let url = eventually("the simulator listens", START, || async {
        let text = std::fs::read_to_string(&process.log).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("dc-simulator listening on ").map(str::to_owned))
    })
    .await;
    let ask = async |path: &str| -> Value {
        let answer = http_client(false).get(format!("{url}{path}")).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    };
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        ask(container[probe]["httpGet"]["path"].as_str().unwrap()).await;
    }
    assert_eq!(ask("/admin/settings").await["settle_ms"]["create"], 5);
    let lines = ask("/admin/resources").await["direct_connects"].as_array().unwrap().clone();
    assert!(lines.iter().any(|seeded| seeded["id"] == line && seeded["bandwidth"] == 100), "{lines:?}");

    let accounts =
        json!({ "accounts": { "default": { "simulator": all["Service/simulator"]["metadata"]["name"], "region": "eu-west-0" } } });
    let account = &rendered_of(&accounts_chart(), &plane, &accounts).unwrap()[0]["spec"];
    let reference = &account["credentials"]["accessKey"]["secretRef"];
    assert_eq!([&reference["name"], &reference["namespace"]], [&secret["metadata"]["name"], &secret["metadata"]["namespace"]]);
    for (variable, key) in [("DC_SIMULATOR_ACCESS_KEY", "accessKey"), ("DC_SIMULATOR_SECRET_KEY", "secretKey")] {
        assert_eq!(container["env"][variable]["valueFrom"]["secretKeyRef"]["key"], key, "the account reads the same");
    }
    let service = &all["Service/simulator"];
    let reached =
        format!("http://{}.system.svc:{}", service["metadata"]["name"].as_str().unwrap(), service["spec"]["ports"]["http"]["port"]);
    assert_eq!(account["endpoints"], json!({ "dc": reached, "iam": reached, "sts": reached, "insecure": true }));
    assert_eq!((&account["region"], &container["env"]["DC_SIMULATOR_REGION"]["value"]), (&json!("eu-west-0"), &json!("eu-west-0")));
}
