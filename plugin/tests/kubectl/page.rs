//! `docs/plugin.md`: the help of each command, and what it prints, recorded against a cluster like that of the demo. With `UPDATE_DOCS=1` the test writes the page.

use kube::api::ListParams;
use regex::Regex;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use support::controlplane::{ControlPlane, root};
use support::eventually;
use support::line::vpc;
use support::operator::Operator;
use support::release::{Release, accounts_chart, chart};
use support::simulator::{self, Simulator};
use support::world::{API_VERSION, KINDS, api, is};

use crate::plugin::{run, with_plugin};

const SYSTEM: &str = "direct-connect-system";
const NAMESPACE: &str = "demo";
const SAMPLES: [&str; 3] = ["single-connection-bgp", "dual-stack", "global-gateway-two-regions"];
const BOUND: Duration = Duration::from_mins(3);

/// What is typed in the section of each command, in this order.
const SESSION: &[(&str, &[&str])] = &[
    ("status", &["kubectl dc status", "kubectl dc status vif/bgp-line -v"]),
    ("tree", &["kubectl dc tree", "kubectl dc tree vif/bgp-line -o mermaid"]),
    ("report", &["kubectl dc report -f report.html", "kubectl dc report --bundle support.zip"]),
    (
        "plan",
        &[
            "kubectl dc plan -f deploy/samples/single-connection-bgp",
            "sed 's/bandwidth: .*/bandwidth: 20/' deploy/samples/single-connection-bgp/03-interface.yaml | kubectl dc plan -f -",
        ],
    ),
    ("reconcile", &["kubectl dc reconcile vif/bgp-line --wait 2>/dev/null"]),
    ("pause", &["kubectl dc pause vif/bgp-line"]),
    ("resume", &["kubectl dc resume vif/bgp-line"]),
    ("protect", &["kubectl dc protect vif/bgp-line vgw/bgp-gateway"]),
    ("unprotect", &["kubectl dc unprotect vif/bgp-line vgw/bgp-gateway"]),
    ("abandon", &["kubectl dc abandon vif/bgp-line --yes"]),
    ("import", &["kubectl dc import --account default --kind vgw --kind hosted"]),
    ("from-terraform", &["kubectl dc from-terraform terraform.tfstate -d manifests", "ls manifests"]),
    ("orphans", &["kubectl dc orphans --account default --cloud"]),
    ("connections", &["kubectl dc connections", "kubectl dc connections --account default --cloud"]),
    ("locations", &["kubectl dc locations --account default"]),
    ("quotas", &["kubectl dc quotas"]),
    ("tags", &["kubectl dc tags --account default"]),
    ("undo", &["kubectl dc undo vif/bgp-line --account default --yes"]),
    ("version", &["kubectl dc version"]),
];

/// Commands without a recording: what they print is for a shell.
const SILENT: [&str; 1] = ["completion"];

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_the_commands_print() {
    let demo = Demo::start().await;
    let mut page = {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-dc"));
        command.arg("__docs");
        run(command).ok()
    };
    for (section, typed) in SESSION {
        let mut session = String::from("```console\n");
        for line in *typed {
            let _ = write!(session, "$ {line}\n{}", demo.shell(line));
        }
        session.push_str("```\n");
        let place = format!("<!-- session of {section} -->\n");
        assert!(page.contains(&place), "there is no command {section}");
        page = page.replace(&place, &session);
    }
    for silent in SILENT {
        page = page.replace(&format!("\n<!-- session of {silent} -->\n"), "");
    }
    assert!(!page.contains("<!-- session of"), "a command has no session: {page}");
    let file = root().join("docs/plugin.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let (kept, page) = (settled(&kept), settled(&page));
    for (kept, now) in kept.lines().zip(page.lines()) {
        assert_eq!(kept, now, "docs/plugin.md is not what the commands print now; run `make plugin-page`");
    }
    assert_eq!(kept.lines().count(), page.lines().count(), "docs/plugin.md is not what the commands print now; run `make plugin-page`");
}

/// A text without what differs from run to run: IDs, times, ages, addresses, and the widths of columns that follow from them.
fn settled(text: &str) -> String {
    let rows = [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b\d\d:\d\d(:\d\d)?\b", "CLOCK"),
        (r"\b(\d+(\.\d+)?(ms|s|m|h|d))+\b|\b\d+(\.\d+)? (ms|s|m|h|d)\b", "AGE"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"leader \S+", "leader IDENTITY"),
        (r" {2,}", "  "),
        (r"-{3,}", "---"),
    ];
    rows.iter().fold(text.to_owned(), |text, (pattern, word)| Regex::new(pattern).unwrap().replace_all(&text, *word).into_owned())
}

/// A cluster like that of `make demo`.
struct Demo {
    plane: Arc<ControlPlane>,
    folder: tempfile::TempDir,
    _cloud: Simulator,
    _operator: Operator,
}

impl Demo {
    async fn start() -> Self {
        let plane = Arc::new(ControlPlane::start().await);
        let cloud = Simulator::start(plane.dir(), "demo").await;
        plane.kubectl(&["create", "namespace", SYSTEM]);
        let keys = [("accessKey", simulator::ACCESS_KEY), ("secretKey", simulator::SECRET_KEY)]
            .map(|(key, value)| format!("--from-literal={key}={value}"));
        plane.kubectl(&["-n", SYSTEM, "create", "secret", "generic", "direct-connect", &keys[0], &keys[1]]);
        let release = Release { plane: Arc::clone(&plane), name: "direct-connect-operator", namespace: SYSTEM };
        release.install(&chart(), &json!({}));
        let account = json!({
            "region": simulator::REGION, "credentials": { "accessKey": { "secretRef": { "name": "direct-connect" } } }, "syncInterval": "30s",
            "endpoints": { "dc": cloud.url(), "iam": cloud.url(), "insecure": true },
        });
        let accounts = Release { plane: Arc::clone(&plane), name: "direct-connect-accounts", namespace: SYSTEM };
        accounts.install(&accounts_chart(), &json!({ "accounts": { "default": account } }));
        let operator = release.start("demo").await;
        plane.kubectl(&["create", "namespace", NAMESPACE]);
        for sample in SAMPLES {
            plane.kubectl(&["apply", "-n", NAMESPACE, "-f", root().join("deploy/samples").join(sample).to_str().unwrap()]);
        }
        // What somebody made in the console.
        cloud.create("virtual_gateway", json!({ "name": "by-console", "vpc_id": vpc(77), "local_ep_group": ["172.16.77.0/24"] })).await;
        let demo = Self { plane, folder: tempfile::tempdir().unwrap(), _cloud: cloud, _operator: operator };
        demo.ready().await;
        demo
    }

    /// Waits until all objects are Ready.
    async fn ready(&self) {
        let client = self.plane.client().await;
        eventually("all samples are Ready, and the account has its inventory", BOUND, || async {
            for kind in KINDS {
                let all = api(&client, Some(NAMESPACE), API_VERSION, kind).list(&ListParams::default()).await.ok()?;
                if !all.iter().all(|object| is(&serde_json::to_value(object).unwrap(), "Ready", "True")) {
                    return None;
                }
            }
            let account = api(&client, None, API_VERSION, "CloudAccount").get("default").await.ok()?;
            // The operator reads it a little later.
            account.data["status"]["inventory"]["connections"].is_array().then_some(())
        })
        .await;
    }

    /// What somebody types in the folder of the checkout, and what comes back: standard output and standard error as a terminal shows them.
    fn shell(&self, line: &str) -> String {
        let tools = self.plane.tools();
        let config = self.folder.path().join("kubeconfig");
        if !config.exists() {
            std::fs::copy(&tools.kubeconfig, &config).unwrap();
            let mut context = Command::new(tools.bin.join("kubectl"));
            context.args(["config", "set-context", "--current", "--namespace", NAMESPACE]).env("KUBECONFIG", &config);
            run(context).ok();
        }
        let mut shell = with_plugin(Command::new("sh"), &tools);
        shell.args(["-c", &format!("{{ {line}; }} 2>&1")]).current_dir(self.work()).env("KUBECONFIG", &config);
        let ran = run(shell);
        ran.stdout.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned() + "\n"
    }

    /// Where the commands run: files that they write do not come into the checkout.
    fn work(&self) -> PathBuf {
        let work = self.folder.path().join("work");
        if !work.exists() {
            std::fs::create_dir(&work).unwrap();
            for (file, name) in [("deploy", "deploy"), ("plugin/tests/kubectl/terraform.tfstate", "terraform.tfstate")] {
                std::os::unix::fs::symlink(root().join(file), work.join(name)).unwrap();
            }
        }
        work
    }
}

#[test]
fn what_differs_from_run_to_run_is_left_out_of_the_comparison() {
    let settled_one = settled("a   3eeeea55-1fc3-4099-9da7-80ea36ae6beb   9s   2026-11-28T21:00:00Z x");
    assert_eq!(settled_one, settled("a  00000000-1fc3-4099-9da7-80ea36ae6beb     2m10s  2026-11-29T22:01:00.123Z x"));
    assert_ne!(settled_one, settled("b   3eeeea55-1fc3-4099-9da7-80ea36ae6beb   9s   2026-11-28T21:00:00Z x"));
}
