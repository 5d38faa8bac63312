//! `kubectl dc` as a process.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use support::tools::Tools;
use support::world::World;

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Its standard output; fails unless it ended with 0.
    pub fn ok(self) -> String {
        self.ended(0)
    }

    /// Its standard output; fails unless it ended with `code`.
    pub fn ended(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Its standard output as JSON; fails unless it ended with 0.
    pub fn json(self) -> Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// `kubectl dc ARGUMENTS` in the world's namespace, through a real kubectl.
pub fn dc(world: &World, arguments: &[&str]) -> Run {
    let mut command = kubectl(world);
    command.args(["dc", "--namespace", &world.namespace]).args(arguments);
    run(command)
}

/// A command of kubectl, which finds the plugin.
pub fn kubectl(world: &World) -> Command {
    let tools = world.plane.tools();
    with_plugin(Command::new(tools.bin.join("kubectl")), &tools)
}

/// With kubectl and the plugin on the path.
pub fn with_plugin(mut command: Command, tools: &Tools) -> Command {
    let plugin = Path::new(env!("CARGO_BIN_EXE_kubectl-dc")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [plugin.to_owned(), tools.bin.clone()].into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(path).unwrap()).env("KUBECONFIG", &tools.kubeconfig).env_remove("NO_COLOR");
    command
}

/// Runs it to its end.
pub fn run(mut command: Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run { code: status.code().unwrap_or(-1), stdout: text(&stdout), stderr: text(&stderr) }
}
