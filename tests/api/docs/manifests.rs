//! Every manifest that a page shows is taken by the real API server as it stands there.

use direct_connect_operator::api::{GROUP, VERSION};
use kube::api::{DynamicObject, PostParams};
use serde_json::Value;

use super::links::pages;
use support::controlplane::{ControlPlane, root};
use support::world::api;

/// What stands between ```` ```language ```` and its end, with the number of the line before it.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, &mut open) {
            (Some(fence), None) if fence == language => open = Some((number + 1, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

/// Ours, and what stands beside them. Values of the chart have no version, and objects of others' kinds are not known here.
fn is_tried(version: &str) -> bool {
    version == format!("{GROUP}/{VERSION}") || ["v1", "rbac.authorization.k8s.io/v1"].contains(&version)
}

/// The policy for the cloud's IAM is shown once, as JSON that can be copied; other pages link to it. One with a principal is a trust policy.
#[test]
fn the_iam_policy_is_shown_once() {
    let mut policies = Vec::new();
    for page in pages() {
        for (line, block) in blocks(&std::fs::read_to_string(&page).unwrap(), "json") {
            let policy: Value = serde_json::from_str(&block).unwrap_or_else(|error| panic!("{}:{line}: {error}", page.display()));
            let statements = policy["Statement"].as_array().into_iter().flatten().filter(|statement| statement["Principal"].is_null());
            let actions = statements.map(|statement| statement["Action"].as_array().unwrap().len()).sum::<usize>();
            policies.extend((actions > 0).then_some(actions));
        }
    }
    assert!(policies.len() == 1 && policies[0] > 10, "{policies:?}");
}

#[tokio::test]
async fn every_manifest_is_taken() {
    let plane = ControlPlane::shared().await;
    let client = plane.client().await;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let (mut failures, mut ours) = (Vec::new(), 0);
    for page in pages() {
        for (line, block) in blocks(&std::fs::read_to_string(&page).unwrap(), "yaml") {
            let at = format!("{}:{line}", page.strip_prefix(root()).unwrap().display());
            let documents: Vec<Value> = serde_saphyr::from_multiple(&block).unwrap_or_else(|error| panic!("{at}: {error}"));
            for mut document in documents {
                let (version, kind) = (document["apiVersion"].as_str().unwrap_or_default().to_owned(), document["kind"].clone());
                if !is_tried(&version) {
                    continue;
                }
                ours += usize::from(version.starts_with(GROUP));
                let kind = kind.as_str().unwrap_or_else(|| panic!("{at}: no kind"));
                let namespace = (!["CloudAccount", "Namespace"].contains(&kind)).then_some("default");
                // A namespace that only the page knows is not there.
                document["metadata"].as_object_mut().unwrap().remove("namespace");
                let object: DynamicObject = serde_json::from_value(document).unwrap();
                if let Err(error) = api(&client, namespace, &version, kind).create(&dry_run, &object).await {
                    failures.push(format!("{at}: {kind}: {error}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(ours > 10, "{ours} manifests were found");
}
