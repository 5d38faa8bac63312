//! Child processes that never stay behind: the kernel kills them with their owner, however that one dies.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::controlplane::root;

/// A child with its log.
pub struct Process {
    name: String,
    child: Child,
    pub log: PathBuf,
}

type Job = Box<dyn FnOnce() + Send>;

/// The kernel's signal comes when the *thread* that made the child ends, so one thread that never does makes them all.
fn on_spawner<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    static SPAWNER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = channel::<Job>();
        std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        Mutex::new(sender)
    });
    let (answer, answered) = channel();
    let job: Job = Box::new(move || drop(answer.send(work())));
    spawner.lock().unwrap().send(job).unwrap();
    answered.recv().expect("the spawning thread lives as long as the process")
}

impl Process {
    /// Starts `command`; what it writes goes to `log`.
    pub fn start(name: &str, mut command: Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        // Ctrl-C at a terminal is for the owner, who ends its children in order.
        command.process_group(0);
        let parent = rustix::process::getpid();
        // SAFETY: between fork and exec only system calls are made, which are safe there.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(move || {
                rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
                // The parent may have died before the line above.
                if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(std::io::Error::other("the parent is gone")) }
            });
        }
        let shown = command.get_program().to_string_lossy().into_owned();
        let child = on_spawner(move || command.spawn()).unwrap_or_else(|error| panic!("{shown}: {error}"));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Fails with the end of the log when the process has ended.
    pub fn check(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("{} ended with {status}:\n{}", self.name, self.tail(30));
        }
    }

    /// Last lines of the log.
    pub fn tail(&self, lines: usize) -> String {
        tail(&self.log, lines)
    }

    /// SIGTERM, then SIGKILL after `bound`. Returns whether the first was enough.
    pub fn terminate(&mut self, bound: Duration) -> bool {
        if !self.is_running() {
            return true;
        }
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < bound {
            if !self.is_running() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
        false
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Last lines of a log.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// A free loopback port for a process that listens with `SO_REUSEADDR`, as Rust and Go do. A connection of it is left in `TIME_WAIT`: for that
/// minute the kernel gives the port to no other socket that asks for any.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    // Who closes first waits.
    drop(listener.accept().unwrap());
    drop(client);
    address.port()
}

/// Path of the operator's binary. Cargo builds it before the tests, the benchmark and the demo, and puts it beside the folder of their executables.
/// `DC_OPERATOR_BINARY` overrides it, for measurements of a release build.
pub fn operator_binary() -> PathBuf {
    if let Some(other) = std::env::var_os("DC_OPERATOR_BINARY") {
        return PathBuf::from(other);
    }
    beside("dc-operator")
}

/// Path of the plugin's binary, which `make` builds before the benchmark and the demo.
pub fn plugin_binary() -> PathBuf {
    beside("kubectl-dc")
}

/// A binary beside the folder of this executable.
fn beside(name: &str) -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let beside = exe.parent().and_then(Path::parent).unwrap().join(name);
    assert!(beside.exists(), "{} is missing: run `cargo build --workspace` first", beside.display());
    beside
}

/// Path of the simulator's binary, built with the profile of the caller. Cargo tells tests nothing of the binaries of another package, so it is
/// built here, once per process: the binary is never older than its source.
pub fn simulator_binary() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build_simulator).clone()
}

/// Builds it with its tests: so its dependencies have the features that they have in tests, and are not compiled once more.
fn build_simulator() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--locked", "--quiet", "--workspace", "--test", "simulator", "--no-run"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.current_dir(root()).stderr(Stdio::inherit()).output().expect("cargo is there");
    assert!(output.status.success(), "the simulator does not build");
    let messages = String::from_utf8(output.stdout).expect("cargo writes text");
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let binary = artifacts.filter(|artifact| artifact["target"]["name"] == "dc-simulator").find_map(|artifact| {
        let executable = artifact["executable"].as_str().filter(|_| artifact["profile"]["test"] == false)?;
        Some(PathBuf::from(executable))
    });
    binary.expect("cargo reports the path of the binary")
}
