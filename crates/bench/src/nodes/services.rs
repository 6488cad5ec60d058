//! PostgreSQL and Redis, each a server of its own in a temporary folder, for all cases of a run.
//!
//! What must stay true: they end with this process, however it ends; each server that is measured has a database of its
//! own, which is empty at first.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

use crate::process::{ALL_CORES, cpu_of_tree};

/// The folder of the scripts.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask");

/// A server that a script has started.
struct Service {
    url: String,
    process: Child,
    /// The script's input, whose end ends the server.
    input: Option<ChildStdin>,
}

impl Service {
    /// Starts the server of a script, on any core.
    fn start(script: &str) -> io::Result<Self> {
        let path = Path::new(SCRIPTS).join(script);
        let mut process = Command::new("taskset")
            .args(["-c", ALL_CORES])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let mut url = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        let url = url.trim().to_owned();
        let started = Self { url, process, input };
        if started.url.is_empty() { Err(io::Error::other(format!("{script} started no server"))) } else { Ok(started) }
    }

    fn cpu(&self) -> f64 {
        cpu_of_tree(self.process.id())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// PostgreSQL and Redis, as all cases of a run use them.
pub(super) struct Services {
    postgres: Service,
    redis: Service,
    databases: Cell<u32>,
}

impl Services {
    pub(super) fn start() -> io::Result<Self> {
        let (postgres, redis) = (Service::start("postgres.sh")?, Service::start("redis.sh")?);
        Ok(Self { postgres, redis, databases: Cell::new(0) })
    }

    /// The URL of Redis.
    pub(super) fn redis(&self) -> &str {
        &self.redis.url
    }

    /// The CPU time in seconds that PostgreSQL has used.
    pub(super) fn postgres_cpu(&self) -> f64 {
        self.postgres.cpu()
    }

    /// The CPU time in seconds that Redis has used.
    pub(super) fn redis_cpu(&self) -> f64 {
        self.redis.cpu()
    }

    /// Makes an empty database.
    pub(super) fn database(&self) -> io::Result<Database> {
        self.databases.set(self.databases.get() + 1);
        let name = format!("bench_{}", self.databases.get());
        let mut session = Session::open(&self.postgres.url)?;
        session.run(&format!("CREATE DATABASE {name}"))?;
        let (server, _) = self.postgres.url.rsplit_once('/').unwrap_or((&self.postgres.url, ""));
        Ok(Database { url: format!("{server}/{name}"), server: self.postgres.url.clone(), name })
    }
}

/// A database, which is removed when this is dropped.
pub(super) struct Database {
    pub(super) url: String,
    server: String,
    name: String,
}

impl Database {
    /// Opens a session.
    pub(super) fn session(&self) -> io::Result<Session> {
        Session::open(&self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dropped = Session::open(&self.server)
            .and_then(|mut session| session.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)));
        if let Err(error) = dropped {
            eprintln!("{} was not removed: {error}", self.name);
        }
    }
}

/// A session of PostgreSQL.
pub(super) struct Session {
    runtime: Runtime,
    client: Client,
}

impl Session {
    fn open(url: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls)).map_err(io::Error::other)?;
        runtime.spawn(connection);
        Ok(Self { runtime, client })
    }

    /// Runs statements that return nothing.
    pub(super) fn run(&mut self, sql: &str) -> io::Result<()> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(io::Error::other)
    }
}
