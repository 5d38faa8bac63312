//! What a release of the plugin consists of: the manifest for krew, completion, man pages.

use serde_json::{Value, json};
use std::process::Command;
use support::controlplane::root;
use support::world::World;

use crate::plugin::{dc, kubectl, run};
use support::line::gateway;

#[test]
fn the_manifest_for_krew_names_each_archive_with_its_digest() {
    let out = tempfile::tempdir().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for platform in ["linux_amd64", "darwin_arm64", "windows_amd64"] {
        std::fs::write(out.path().join(format!("kubectl-dc_{version}_{platform}.tar.gz")), platform).unwrap();
    }
    let mut command = Command::new(root().join("deploy/plugin"));
    command.args(["manifest", "https://releases.example/v1/"]).env("OUT", out.path());
    run(command).ok();
    let text = std::fs::read_to_string(out.path().join("dc.yaml")).unwrap();
    let manifest: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!((&manifest["metadata"]["name"], &manifest["spec"]["version"]), (&"dc".into(), &format!("v{version}").into()));
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), 3);
    let linux = platforms.iter().find(|platform| platform["selector"]["matchLabels"]["os"] == "linux").unwrap();
    assert_eq!(linux["selector"]["matchLabels"]["arch"], "amd64");
    assert_eq!(linux["uri"], format!("https://releases.example/v1/kubectl-dc_{version}_linux_amd64.tar.gz"));
    // Of the text "linux_amd64".
    assert_eq!(linux["sha256"], "6e42b235a426c6ab149ad1b1f5ae3c0894409575c45d47698630034658cf0963");
    let windows = platforms.iter().find(|platform| platform["selector"]["matchLabels"]["os"] == "windows").unwrap();
    assert_eq!((&linux["bin"], &windows["bin"]), (&"kubectl-dc".into(), &"kubectl-dc.exe".into()));
    // What krew demands of a short description.
    assert!(manifest["spec"]["shortDescription"].as_str().unwrap().len() <= 60);
}

/// macOS has no sha256sum, and a tar of its own.
#[test]
fn a_machine_without_gnu_tools_gives_the_same_digest() {
    let (out, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = std::env::var_os("PATH").unwrap();
    let found = |tool: &str| std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.exists());
    for tool in ["bash", "env", "dirname", "basename", "rustc", "sed", "cat", "cut"] {
        std::os::unix::fs::symlink(found(tool).unwrap(), tools.path().join(tool)).unwrap();
    }
    let shasum = tools.path().join("shasum");
    let script = format!("#!/usr/bin/env bash\n[ \"$1 $2\" = '-a 256' ] && exec {} \"$3\"\n", found("sha256sum").unwrap().display());
    std::fs::write(&shasum, script).unwrap();
    std::fs::set_permissions(&shasum, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(out.path().join(format!("kubectl-dc_{}_linux_amd64.tar.gz", env!("CARGO_PKG_VERSION"))), "linux_amd64").unwrap();
    let mut command = Command::new(root().join("deploy/plugin"));
    command.args(["manifest", "https://releases.example/v1"]).env("OUT", out.path()).env("PATH", tools.path());
    run(command).ok();
    let text = std::fs::read_to_string(out.path().join("dc.yaml")).unwrap();
    assert!(text.contains("sha256: 6e42b235a426c6ab149ad1b1f5ae3c0894409575c45d47698630034658cf0963"), "{text}");
}

#[test]
fn there_is_a_man_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-dc"));
    command.args(["__docs", "--man"]).arg(folder.path());
    run(command).ok();
    let mut pages: Vec<String> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    for page in ["kubectl-dc.1", "kubectl-dc-pause.1", "kubectl-dc-version.1"] {
        assert!(pages.iter().any(|found| found == page), "{page}: {pages:?}");
    }
    assert!(pages.iter().all(|page| !page.contains("__")), "{pages:?}");
    let page = std::fs::read_to_string(folder.path().join("kubectl-dc-pause.1")).unwrap();
    assert!(page.contains("KIND/NAME"), "{page}");
}

#[test]
fn credentials_are_asked_for_by_the_commands_alone_that_need_them() {
    let folder = tempfile::tempdir().unwrap();
    let (config, asked, program) = (folder.path().join("config"), folder.path().join("asked"), folder.path().join("credentials"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch {}\nexit 1\n", asked.display())).unwrap();
    let exec = json!({ "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": [program], "interactiveMode": "Never" });
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "contexts": [{ "name": "a", "context": { "cluster": "a", "user": "a" } }],
        "clusters": [{ "name": "a", "cluster": { "server": "http://127.0.0.1:1" } }],
        "users": [{ "name": "a", "user": { "exec": exec } }],
    });
    std::fs::write(&config, kubeconfig.to_string()).unwrap();
    let dc = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-dc"));
        command.args(arguments).env("KUBECONFIG", &config);
        run(command)
    };
    let state = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubectl/terraform.tfstate");
    for arguments in
        [&["version", "--client"][..], &["version", "--client", "-o", "name"], &["completion", "bash"], &["from-terraform", state]]
    {
        assert_ne!(dc(arguments).code, 2, "{arguments:?}");
        assert!(!asked.exists(), "{arguments:?}");
    }
    assert_eq!(dc(&["version"]).code, 2);
    assert!(asked.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_completes_commands_and_the_names_of_objects() {
    let world = World::new().await;
    world.apply(&gateway("completed", 1)).await;
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("kubectl_complete-dc");
    std::fs::write(&script, "#!/usr/bin/env sh\nexec kubectl-dc __complete \"$@\"\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let complete = |words: &[&str]| {
        let mut command = kubectl(&world);
        let path = command.get_envs().find_map(|(name, value)| (name == "PATH").then(|| value.unwrap().to_owned())).unwrap();
        command.env("PATH", std::env::join_paths(std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(&path))).unwrap());
        command.args(["__complete", "dc"]).args(words);
        run(command).ok().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let commands = complete(&["pa"]);
    assert!(commands.first().is_some_and(|first| first.starts_with("pause\t")), "{commands:?}");
    assert_eq!(commands.last().map(String::as_str), Some(":4"));
    assert!(complete(&["pause", "v"]).iter().any(|line| line.starts_with("vif/\t")));
    assert_eq!(complete(&["--namespace", &world.namespace, "pause", "vgw/com"]), ["vgw/completed", ":4"]);
    assert_eq!(complete(&["--namespace", &world.namespace, "pause", "vif/"]), [":4"]);
    assert!(dc(&world, &["completion", "bash"]).ok().contains("kubectl-dc"));
    world.wait_ready("VirtualGateway", "completed").await;
    world.finish().await;
}
