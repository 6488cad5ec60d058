//! The real binary in a temporary folder on a free port. It ends with the test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Http;

pub struct Server {
    child: Child,
    pub addresses: Vec<SocketAddr>,
    metrics: Option<SocketAddr>,
    /// The lines that were printed at the start.
    pub output: Vec<String>,
    folder: tempfile::TempDir,
}

/// The settings with which a server is started; `Server::start` uses the usual ones.
pub struct Start {
    args: Vec<String>,
    listen: Vec<String>,
    wrap: Vec<String>,
    environment: Vec<(String, String)>,
    files: Vec<(String, String)>,
    log: Option<PathBuf>,
}

impl Server {
    /// Starts a server with one listener, without rates, and with everything on disk.
    pub fn start() -> Self {
        Self::with().run()
    }

    /// Starts a server with the usual settings on the data of another one, which is stopped.
    pub fn start_after(before: Self) -> Self {
        Self::with().run_after(before, |_| {})
    }

    pub fn with() -> Start {
        // Tests sign tokens themselves, as an existing backend would.
        quintet_service::install_token_cryptography();
        Start {
            args: Vec::new(),
            listen: vec!["0".to_owned()],
            wrap: Vec::new(),
            environment: vec![
                ("QUINTET_LIMITS_RATES".to_owned(), "false".to_owned()),
                ("QUINTET_METRICS_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ],
            files: Vec::new(),
            log: None,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub fn http(&self) -> Http {
        Http::new(self.address())
    }

    /// Returns a client of the metrics listener.
    pub fn metrics(&self) -> Http {
        Http::new(self.metrics.expect("a listener for metrics"))
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs another command of the program on the same data. Returns whether it succeeded, and its output.
    pub fn run(&self, words: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        command.arg("--data").arg(self.data()).args(words).current_dir(std::env::temp_dir());
        let output = command.output().expect("the command runs");
        let said = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(said).expect("text").trim().to_owned())
    }

    /// Returns a copy of the server's database, which no other program can open while the server runs.
    pub fn copy(&self) -> rusqlite::Connection {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let file = self.folder.path().join(format!("copy-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let (copied, said) = self.run(&["backup", file.to_str().expect("text")]);
        assert!(copied, "{said}");
        rusqlite::Connection::open(file).expect("a database")
    }

    /// Limits the size of files that the server writes, or lifts the limit. A write beyond it fails, as on a full disk.
    /// For a server that runs with the signal of that ignored.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).expect("limits");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max file size")).expect("a limit of files");
        let hard = line.split_whitespace().nth(1).expect("a hard limit").to_owned();
        let limit = format!("--fsize={}:", bytes.map_or(hard, |bytes| bytes.to_string()));
        let status = Command::new("prlimit").args(["--pid", &self.child.id().to_string(), &limit]).status();
        assert!(status.expect("prlimit runs").success());
    }

    pub fn signal(&self, signal: i32) {
        let status = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for the end, and returns the exit status.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().expect("the server ends")
    }
}

impl Start {
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    pub fn listen(mut self, listen: &[&str]) -> Self {
        self.listen = listen.iter().map(|listen| (*listen).to_owned()).collect();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a file into the data folder before the server starts, as an earlier version left it.
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Writes the log to a file instead of showing it.
    pub fn log(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    /// Runs the binary under another program.
    pub fn under(mut self, program: &[&str]) -> Self {
        self.wrap = program.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub fn run(self) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        for (name, text) in &self.files {
            std::fs::create_dir_all(&data).expect("a folder");
            std::fs::write(data.join(name), text).expect("written");
        }
        self.run_in(folder, &data)
    }

    /// Runs a server on existing data, in a folder that is removed with the server.
    pub fn run_in(self, folder: tempfile::TempDir, data: &Path) -> Server {
        let (child, output) = self.spawn(data);
        let after = |start: &str| -> Vec<SocketAddr> {
            let places = output.iter().filter_map(|line| line.strip_prefix(start)?.split("://").nth(1));
            places
                .map(|place| place.split([',', '/']).next().and_then(|p| p.parse().ok()).expect("an address"))
                .collect()
        };
        let (addresses, metrics) = (after("listening on "), after("metrics on ").first().copied());
        assert!(!addresses.is_empty(), "the server did not say where it listens");
        Server { child, addresses, metrics, output, folder }
    }

    /// Runs a server on the data of another one, which is stopped. `between` may read or change that data.
    pub fn run_after(self, mut before: Server, between: impl FnOnce(&Path)) -> Server {
        before.signal(15);
        before.wait();
        let folder = std::mem::replace(&mut before.folder, tempfile::tempdir().expect("a folder"));
        let data = folder.path().join("data");
        between(&data);
        self.run_in(folder, &data)
    }

    /// Runs a server that must not start. Returns its output.
    pub fn fail(self) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let output = self.command(&folder.path().join("data")).output().expect("the program runs");
        assert!(!output.status.success(), "it started");
        String::from_utf8(output.stderr).expect("text")
    }

    fn command(&self, data: &Path) -> Command {
        let binary = env!("CARGO_BIN_EXE_quintet");
        let mut words = self.wrap.clone();
        words.push(binary.to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(&self.args).arg("--data").arg(data);
        for listen in &self.listen {
            command.arg("--listen").arg(listen);
        }
        command.envs(self.environment.iter().cloned()).current_dir(std::env::temp_dir());
        command
    }

    fn spawn(&self, data: &Path) -> (Child, Vec<String>) {
        let mut command = self.command(data);
        if let Some(log) = &self.log {
            command.stderr(std::fs::File::create(log).expect("a log"));
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = Vec::new();
        for line in lines {
            let line = line.expect("text").trim().to_owned();
            let last = line.starts_with("guests are");
            said.push(line);
            if last {
                break;
            }
        }
        (child, said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A program that runs the binary under it would leave the binary running.
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let _ = Command::new("kill").arg("-9").arg(child).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
