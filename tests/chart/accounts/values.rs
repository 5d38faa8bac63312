//! What the values become, and which are refused.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{account, account_with};
use crate::templates::rendered_of;
use support::controlplane::{ControlPlane, root};
use support::release::{accounts_chart, chart, text};

fn read(file: &str) -> String {
    std::fs::read_to_string(accounts_chart().join(file)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&read("values.schema.json")).unwrap()
}

fn rendered(plane: &ControlPlane, values: &Value) -> Result<Vec<Value>, String> {
    rendered_of(&accounts_chart(), plane, values)
}

/// Of one account of this name.
fn one(plane: &ControlPlane, name: &str, account: &Value) -> Value {
    let mut objects = rendered(plane, &json!({ "accounts": { name: account } })).unwrap();
    assert_eq!(objects.len(), 1);
    objects.remove(0)
}

/// An account with every field that has a shape of its own.
fn full() -> Value {
    let selector =
        json!({ "matchLabels": { "team": "network" }, "matchExpressions": [{ "key": "stage", "operator": "In", "values": ["test"] }] });
    json!({
        "region": "eu-west-101",
        "projectId": "00000000000000000000000000000001",
        "credentials": { "password": { "secretRef": { "name": "keys", "namespace": "vault" } } },
        "endpoints": { "dc": "https://dc.example.com", "iam": "https://iam.example.com" },
        "allowedNamespaces": { "selector": selector },
        "defaults": { "deletionPolicy": "Retain", "driftPolicy": "Detect", "tags": { "team": "network" } },
        "features": { "tags": "enabled" },
        "grants": [{ "namespaces": { "names": ["lines"] }, "vlans": ["100-199"], "maxBandwidth": 400_000, "import": "Deny" }],
        "rateLimit": { "readsPerMinute": 60000, "writesPerMinute": 60, "burst": 20 },
        "syncInterval": "10m",
    })
}

#[tokio::test]
async fn an_account_is_its_values_and_the_api_server_takes_it() {
    let plane = ControlPlane::shared().await;
    let mut values = full();
    let spec = values.clone();
    values["annotations"] = json!({ "directconnect.huaweicloud.com/protected": "true" });
    let object = one(&plane, "company.example", &values);
    assert_eq!((&object["apiVersion"], &object["kind"]), (&json!("directconnect.huaweicloud.com/v1alpha1"), &json!("CloudAccount")));
    assert_eq!(object["spec"], spec);
    let metadata = &object["metadata"];
    assert_eq!(metadata["name"], "company.example");
    let kept = json!({
        "directconnect.huaweicloud.com/protected": "true", "helm.sh/resource-policy": "keep",
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    });
    assert_eq!(metadata["annotations"], kept);
    for label in ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "helm.sh/chart"] {
        assert!(metadata["labels"][label].is_string(), "{label}");
    }
    let file = plane.dir().join("full-account.json");
    std::fs::write(&file, object.to_string()).unwrap();
    plane.kubectl(&["create", "--dry-run=server", "--validate=strict", "-f", text(&file)]);
}

/// Each way without keys, alone and with an agency.
#[tokio::test]
async fn accounts_without_keys_are_their_values_and_the_api_server_takes_them() {
    let plane = ControlPlane::shared().await;
    let urns = json!({ "providerUrn": "iam::a:oidcProvider:b", "agencyUrn": "iam::a:agency:c", "tokenPath": "/var/run/token" });
    let ways = [
        ("sts", json!({ "workloadIdentity": urns }), json!({ "urn": "iam::d:agency:e", "externalId": "f" })),
        ("iam", json!({ "workloadIdentity": { "idpId": "b" } }), json!({ "agencyName": "e", "domainName": "d" })),
        ("metadata", json!({ "metadata": {} }), json!({ "agencyName": "e", "domainName": "d" })),
        ("pod", json!({ "podIdentity": {} }), json!({ "urn": "iam::d:agency:e" })),
    ];
    for (name, way, agency) in ways {
        let mut assuming = way.clone();
        assuming["assumeAgency"] = agency;
        for credentials in [way, assuming] {
            let object = one(&plane, name, &json!({ "region": "eu-west-101", "credentials": credentials }));
            assert_eq!(object["spec"]["credentials"], credentials, "{name}");
            let file = plane.dir().join("account-without-keys.json");
            std::fs::write(&file, object.to_string()).unwrap();
            plane.kubectl(&["create", "--dry-run=server", "--validate=strict", "-f", text(&file)]);
        }
    }
}

#[tokio::test]
async fn the_values_beside_the_spec_do_what_they_say() {
    let plane = ControlPlane::shared().await;
    let secret = &one(&plane, "default", &account())["spec"]["credentials"]["accessKey"]["secretRef"].clone();
    assert_eq!(*secret, json!({ "name": "keys", "namespace": "system" }), "by default the Secret is in the release's namespace");
    let values = json!({ "accounts": { "a": account(), "b": account() }, "keep": false, "commonLabels": { "team": "network" } });
    let both = rendered(&plane, &values).unwrap();
    assert_eq!(both.iter().map(|object| object["metadata"]["name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    for object in both {
        assert_eq!((&object["metadata"]["annotations"], &object["metadata"]["labels"]["team"]), (&Value::Null, &json!("network")));
    }
    let simulated = one(&plane, "default", &json!({ "simulator": "cloud", "region": "eu-west-0", "syncInterval": "30s" }));
    assert_eq!((&simulated["spec"]["region"], &simulated["spec"]["syncInterval"]), (&json!("eu-west-0"), &json!("30s")));
    assert!(simulated["spec"]["simulator"].is_null());
    let url = "http://cloud.system.svc:8080";
    assert_eq!(simulated["spec"]["endpoints"], json!({ "dc": url, "iam": url, "sts": url, "insecure": true }));
    assert!(rendered(&plane, &json!({})).unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_its_place() {
    let plane = ControlPlane::shared().await;
    let of = |more: Value| json!({ "accounts": { "default": account_with(&more) } });
    let without = |field: &str| {
        let mut account = account();
        account.as_object_mut().unwrap().remove(field);
        json!({ "accounts": { "default": account } })
    };
    let wrong: [(&[&str], Value); 19] = [
        (&["acounts"], json!({ "acounts": {} })),
        (&["'/accounts'", "want object"], json!({ "accounts": [account()] })),
        (&["accounts.Default", "lowercase letters"], json!({ "accounts": { "Default": account() } })),
        (&["'/accounts/default'", "region"], without("region")),
        (&["'/accounts/default'", "credentials"], without("credentials")),
        (&["'/accounts/default'", "sync"], of(json!({ "sync": "10m" }))),
        (&["'/accounts/default/defaults'", "driftPolcy"], of(json!({ "defaults": { "driftPolcy": "Detect" } }))),
        (&["'/accounts/default/defaults/driftPolicy'", "Correct"], of(json!({ "defaults": { "driftPolicy": "detect" } }))),
        (
            &["'/accounts/default/grants/0/vlans/0'", "want string"],
            of(json!({ "grants": [{ "namespaces": { "names": ["a"] }, "vlans": [100] }] })),
        ),
        (&["'/accounts/default/grants/0'", "namespaces"], of(json!({ "grants": [{ "vlans": ["100"] }] }))),
        (&["'/accounts/default/projectId'", "pattern"], of(json!({ "projectId": "eu-west-101" }))),
        (&["'/accounts/default/endpoints/dc'", "pattern"], of(json!({ "endpoints": { "dc": "dc.example.com" } }))),
        (
            &["'/accounts/default/credentials'", "oneOf"],
            of(json!({ "credentials": { "accessKey": { "secretRef": { "name": "a" } }, "password": { "secretRef": { "name": "a" } } } })),
        ),
        (
            &["'/accounts/default/credentials/accessKey'", "secretKey"],
            of(json!({ "credentials": { "accessKey": { "secretRef": { "name": "a" }, "secretKey": "b" } } })),
        ),
        (&["'/accounts/default/credentials'", "oneOf"], of(json!({ "credentials": { "assumeAgency": { "urn": "iam::a:agency:b" } } }))),
        (
            &["'/accounts/default/credentials/workloadIdentity'", "oneOf"],
            of(
                json!({ "credentials": { "workloadIdentity": { "idpId": "a", "agencyUrn": "iam::a:agency:b", "providerUrn": "iam::a:p:c" } } }),
            ),
        ),
        (&["'/accounts/default/annotations/helm.sh~1hook'"], of(json!({ "annotations": { "helm.sh/hook": "post-install" } }))),
        (&["accounts.default", "simulator sets credentials"], of(json!({ "simulator": "cloud" }))),
        (&["'/keep'", "want boolean"], json!({ "keep": "yes" })),
    ];
    for (parts, values) in wrong {
        let refused = rendered(&plane, &values).expect_err(&values.to_string());
        for part in parts {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
}

/// Calls `meet` with each path of the schema and what it says there, references followed.
fn walk<'a>(schema: &'a Value, node: &'a Value, path: &str, meet: &mut impl FnMut(String, &'a Value)) {
    let reference = node["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    let node = reference.map_or(node, |pointer| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")));
    meet(path.to_owned(), node);
    for (key, inner) in node["properties"].as_object().into_iter().flatten() {
        walk(schema, inner, &format!("{path}/{key}"), meet);
    }
    for (key, step) in [("items", "/[]"), ("additionalProperties", "/*")] {
        if node[key].is_object() {
            walk(schema, &node[key], &format!("{path}{step}"), meet);
        }
    }
}

/// Each field of the spec can be set, no other, and nothing has to be set that the definition does not ask for.
#[test]
fn the_fields_of_an_account_are_those_of_the_definition() {
    let file = root().join("crds/directconnect.huaweicloud.com_cloudaccounts.yaml");
    let definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let spec = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let told = |schema: &Value, node: &Value| {
        let mut all = BTreeSet::new();
        walk(schema, node, "", &mut |path, node| {
            let mut names = |key: &str| {
                let names = node[key].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
                // The chart sets the namespace; what an account must have depends on `simulator`.
                let names: BTreeSet<String> = names.filter(|name| name != "namespace" && !path.is_empty()).collect();
                all.insert((path.clone(), key.to_owned(), format!("{names:?}")));
            };
            names("required");
            names("enum");
            if node["enum"].is_null() {
                all.insert((path.clone(), "type".to_owned(), node["type"].to_string()));
            }
        });
        all
    };
    let schema = schema();
    let mut ours = told(&schema, &schema["definitions"]["account"]);
    ours.retain(|(path, _, _)| !["/annotations", "/simulator"].iter().any(|more| path.starts_with(more)));
    let theirs = told(spec, spec);
    assert!(theirs.len() > 100, "{} facts", theirs.len());
    let missing: Vec<_> = theirs.difference(&ours).collect();
    let surplus: Vec<_> = ours.difference(&theirs).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "values.schema.json lacks {missing:#?}\nand has {surplus:#?}");
    walk(&schema, &schema, "", &mut |path, node| {
        let takes_any = node["type"] == "object" && !path.ends_with("/global") && node["additionalProperties"].is_null();
        assert!(!takes_any, "{path} takes any name");
    });
}

#[test]
fn every_value_is_known_and_has_its_comment() {
    let text = read("values.yaml");
    let values: Value = serde_saphyr::from_str(&text).unwrap();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let schema = schema();
    known.extend(schema["properties"].as_object().unwrap().keys().map(String::as_str));
    // Helm itself puts it there.
    assert!(known.remove("global"));
    assert_eq!(values.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    let lines: Vec<&str> = text.lines().collect();
    for name in known {
        let line = lines.iter().position(|line| line.starts_with(&format!("{name}:"))).unwrap();
        assert!(lines[line - 1].starts_with('#'), "{name} has no comment");
    }
    let example = text.split("# For example:\n").nth(1).unwrap().lines().map_while(|line| line.strip_prefix("#   "));
    let example: Value = serde_saphyr::from_str(&example.flat_map(|line| [line, "\n"]).collect::<String>()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(example["trial"]["simulator"].is_string() && validator.is_valid(&json!({ "accounts": example })), "{example}");
}

/// What a page shows of the values is valid.
#[test]
fn the_values_that_pages_show_are_valid() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut seen = 0;
    for page in ["README.md", "docs/accounts.md", "docs/upgrade.md", "charts/direct-connect-accounts/README.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for block in text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            let documents: Vec<Value> = serde_saphyr::from_multiple(block).unwrap_or_else(|error| panic!("{page}: {error}\n{block}"));
            for values in documents.iter().filter(|document| document["accounts"].is_object()) {
                let wrong: Vec<String> = validator.iter_errors(values).map(|error| error.to_string()).collect();
                assert!(wrong.is_empty(), "{page}: {wrong:?}\n{block}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 2, "{seen} examples");
}

#[tokio::test]
async fn the_notes_tell_the_next_command_of_the_case() {
    let plane = ControlPlane::shared().await;
    let file = plane.dir().join("accounts-notes.json");
    let notes = |values: &Value| {
        std::fs::write(&file, values.to_string()).unwrap();
        let chart = accounts_chart();
        let install = ["install", "test", text(&chart), "-n", "system", "--dry-run=client", "-o", "json", "-f", text(&file)];
        let release: Value = serde_json::from_str(&plane.run("helm", &install).unwrap()).unwrap();
        release["info"]["notes"].as_str().unwrap().to_owned()
    };
    let (secret, kept, other) = ("default: Secret keys in namespace system", "kubectl delete cloudaccount", "no account `default`");
    let simulated = json!({ "simulator": "cloud" });
    // What is told, and what is not.
    let cases: [(Value, &[&str], &[&str]); 5] = [
        (json!({}), &["no CloudAccount"], &["kubectl"]),
        (
            json!({ "accounts": { "default": account() } }),
            &["CloudAccount default is", "kubectl get cloudaccounts default -o wide", secret, kept],
            &[other],
        ),
        (
            json!({ "accounts": { "a": account(), "b": account() } }),
            &["CloudAccounts a, b are", "kubectl get cloudaccounts a b -o wide", other],
            &[secret],
        ),
        (json!({ "accounts": { "default": account() }, "keep": false }), &[secret], &[kept]),
        (json!({ "accounts": { "default": simulated } }), &["CloudAccount default is"], &["They are read from"]),
    ];
    for (values, told, not_told) in cases {
        let notes = notes(&values);
        for part in told {
            assert!(notes.contains(part), "{part} is missing in\n{notes}");
        }
        for part in not_told {
            assert!(!notes.contains(part), "{part} is told in\n{notes}");
        }
    }
}

#[tokio::test]
async fn lint_finds_nothing() {
    let plane = ControlPlane::shared().await;
    let file = plane.dir().join("accounts-lint.json");
    for values in [json!({}), json!({ "accounts": { "full": full(), "trial": { "simulator": "cloud" } } })] {
        std::fs::write(&file, values.to_string()).unwrap();
        plane.run("helm", &["lint", "--strict", text(&accounts_chart()), "-f", text(&file)]).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Helm 3, Helm 4 and Argo CD make the same of them: no hooks, nothing that depends on the version of Helm or on what the cluster has.
#[test]
fn no_chart_depends_on_the_tool_that_renders_it() {
    let mut read = 0;
    for chart in [chart(), accounts_chart()] {
        for entry in chart.join("templates").read_dir().unwrap().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            for word in
                ["HelmVersion", "helm.sh/hook", "lookup", "APIVersions", "Release.IsInstall", "Release.IsUpgrade", "Release.Revision"]
            {
                assert!(!text.contains(word), "{}: {word}", entry.path().display());
            }
            read += 1;
        }
    }
    assert!(read > 15, "{read} templates");
}

/// They are released together.
#[test]
fn both_charts_have_the_version_of_the_operator() {
    for chart in [chart(), accounts_chart()] {
        let file: Value = serde_saphyr::from_str(&std::fs::read_to_string(chart.join("Chart.yaml")).unwrap()).unwrap();
        assert_eq!((&file["version"], &file["appVersion"]), (&json!(env!("CARGO_PKG_VERSION")), &json!(env!("CARGO_PKG_VERSION"))));
        assert_eq!(file["kubeVersion"], ">=1.32.0-0");
    }
}
