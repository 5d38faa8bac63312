//! kubectl and helm against a cluster.

use std::path::PathBuf;
use std::process::Command;

#[derive(Clone)]
pub struct Tools {
    /// Where they are.
    pub bin: PathBuf,
    pub kubeconfig: PathBuf,
    /// Helm's caches and settings go there, not to the user's.
    pub home: PathBuf,
}

impl Tools {
    /// Runs kubectl; fails with its words.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.run("kubectl", arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs helm; fails with its words.
    pub fn helm(&self, arguments: &[&str]) -> String {
        self.run("helm", arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs kubectl or helm.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(self.bin.join(program))
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HELM_CACHE_HOME", self.home.join("helm-cache"))
            .env("HELM_CONFIG_HOME", self.home.join("helm-config"))
            .env("HELM_DATA_HOME", self.home.join("helm-data"))
            .output()
            .map_err(|error| format!("{program}: {error}"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!("{program} {}: {}{}", arguments.join(" "), text(&output.stdout), text(&output.stderr)))
        }
    }
}
