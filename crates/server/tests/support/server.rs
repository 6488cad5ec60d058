//! The real binary in a folder of its own, on a port of its own; it ends with the test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Http;

pub struct Server {
    child: Child,
    pub addresses: Vec<SocketAddr>,
    folder: tempfile::TempDir,
}

/// How a server is started; `start` gives the usual one.
pub struct Start {
    args: Vec<String>,
    listen: Vec<String>,
    wrap: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Server {
    /// One listener, no rates, everything on disk.
    pub fn start() -> Self {
        Self::with().run()
    }

    /// The usual one, on the data of one that ends for it.
    pub fn start_after(before: Self) -> Self {
        Self::with().run_after(before, |_| {})
    }

    pub fn with() -> Start {
        Start {
            args: Vec::new(),
            listen: vec!["0".to_owned()],
            wrap: Vec::new(),
            environment: vec![("QUINTET_LIMITS_RATES".to_owned(), "false".to_owned())],
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub fn http(&self) -> Http {
        Http::new(self.address())
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs another command of the program on the same data; gives whether it went well, and what it said.
    pub fn run(&self, words: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        command.arg("--data").arg(self.data()).args(words).current_dir(std::env::temp_dir());
        let output = command.output().expect("the command runs");
        let said = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(said).expect("text").trim().to_owned())
    }

    /// Sets how large a file of the server may grow, or, without a number, that there is as much room as can be: beyond
    /// that a write fails, as on a full disk. For a server that runs where the signal of that is ignored.
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

    /// Waits for the end and gives the exit status.
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

    /// Runs the binary under another program.
    pub fn under(mut self, program: &[&str]) -> Self {
        self.wrap = program.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub fn run(self) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let (child, addresses) = self.spawn(&data);
        Server { child, addresses, folder }
    }

    /// Runs a server on the data of one that ends for it. `between` may look at that data, or change it.
    pub fn run_after(self, mut before: Server, between: impl FnOnce(&Path)) -> Server {
        before.signal(15);
        before.wait();
        let folder = std::mem::replace(&mut before.folder, tempfile::tempdir().expect("a folder"));
        let data = folder.path().join("data");
        between(&data);
        let (child, addresses) = self.spawn(&data);
        Server { child, addresses, folder }
    }

    /// Runs a server that does not start; gives what it said.
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

    fn spawn(&self, data: &Path) -> (Child, Vec<SocketAddr>) {
        let mut child = self.command(data).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut addresses = Vec::new();
        for line in lines.by_ref() {
            let line = line.expect("text");
            if let Some(rest) = line.trim().strip_prefix("listening on ") {
                let place = rest.split("://").nth(1).and_then(|rest| rest.split(',').next()).expect("an address");
                addresses.push(place.parse().expect("an address"));
            }
            if line.trim().starts_with("guests are") {
                break;
            }
        }
        assert!(!addresses.is_empty(), "the server did not say where it listens");
        (child, addresses)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A program that runs the binary under it would leave it behind.
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let _ = Command::new("kill").arg("-9").arg(child).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
