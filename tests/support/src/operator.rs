//! The operator as a process.

use rustix::process::Signal;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use crate::eventually;
use crate::process::{Process, free_port, operator_binary};

const START: Duration = Duration::from_mins(1);
/// The operator gives its passes the time of one call and ten seconds.
const STOP: Duration = Duration::from_secs(80);

pub struct Operator {
    process: Process,
    port: u16,
}

impl Operator {
    /// Starts `dc-operator` with `arguments` and waits until it is ready.
    pub async fn start(kubeconfig: &Path, log: &Path, arguments: &[String], environment: &[(String, String)]) -> Self {
        let mut operator = Self::begin(kubeconfig, log, arguments, environment);
        operator.ready().await;
        operator
    }

    /// Starts it without waiting.
    pub fn begin(kubeconfig: &Path, log: &Path, arguments: &[String], environment: &[(String, String)]) -> Self {
        let port = free_port();
        let mut command = Command::new(operator_binary());
        command
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .env("KUBECONFIG", kubeconfig)
            .env("DC_OPERATOR_LISTEN", format!("127.0.0.1:{port}"));
        Self { process: Process::start("dc-operator", command, log), port }
    }

    pub async fn ready(&mut self) {
        let http = crate::simulator::http_client(false);
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        eventually("the operator is ready", START, || {
            self.process.check();
            let request = http.get(&url);
            async move { request.send().await.ok()?.status().is_success().then_some(()) }
        })
        .await;
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What `/readyz` says, or nothing when it does not answer.
    pub async fn readiness(&self) -> Option<String> {
        self.get("/readyz").await
    }

    /// What stands under `path`, or nothing when it does not answer.
    pub async fn get(&self, path: &str) -> Option<String> {
        let answer = crate::simulator::http_client(false).get(format!("http://127.0.0.1:{}{path}", self.port)).send().await.ok()?;
        answer.text().await.ok()
    }

    /// SIGSTOP: it stands still wherever it is.
    pub fn pause(&self) {
        self.process.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// SIGTERM. Returns whether it ended by itself.
    pub fn stop(&mut self) -> bool {
        self.process.terminate(STOP)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn check(&mut self) {
        self.process.check();
    }

    pub fn log_file(&self) -> &Path {
        &self.process.log
    }

    /// What it has logged. A log that is missing is a failure: nothing could be found in it.
    pub fn log(&self) -> String {
        let log = self.log_file();
        std::fs::read_to_string(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()))
    }

    pub fn tail(&self) -> String {
        self.process.tail(40)
    }
}
