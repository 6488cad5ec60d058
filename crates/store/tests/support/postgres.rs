//! Databases of a PostgreSQL server for tests: each test has its own, which is dropped at the end.
//!
//! The server is that of `TEST_POSTGRES_URL`, a URL, as `cargo xtask test` sets it; without it each test binary
//! starts one of its own.
//!
//! Tests of the store and of the server use it.
//!
//! What must stay true: no test is skipped because there is no server; a server that a test started ends with it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use quintet_store::{PostgresStore, PostgresTarget};

/// The URL of a server whose user may create databases.
const VARIABLE: &str = "TEST_POSTGRES_URL";

/// A server, with a database that all others are copied from.
struct Server {
    /// The URL of its first database.
    url: String,
    /// The name of the database that others are copied from.
    template: String,
    /// The process that ends with this one, because its input ends.
    _process: Option<(Mutex<Child>, ChildStdin)>,
}

impl Server {
    fn start() -> Self {
        let (url, process) = match std::env::var(VARIABLE) {
            Ok(url) => (url, None),
            Err(_) => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/postgres.sh");
                let mut child = Command::new(script)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("xtask/postgres.sh runs");
                let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
                let mut url = String::new();
                BufReader::new(output).read_line(&mut url).unwrap();
                assert!(
                    url.starts_with("postgres://"),
                    "the tests need PostgreSQL 15: `cargo xtask test` installs it, or {VARIABLE} names a server"
                );
                (url.trim().to_owned(), Some((Mutex::new(child), input)))
            }
        };
        let template = format!("quintet_template_{}", std::process::id());
        run(&url, &format!("CREATE DATABASE {template} ENCODING 'UTF8' TEMPLATE template0"));
        let server = Self { url, template, _process: process };
        PostgresStore::migrate(server.target(&server.template)).unwrap();
        server
    }

    fn database_url(&self, name: &str) -> String {
        let (server, _) = self.url.rsplit_once('/').expect("a URL with a database");
        format!("{server}/{name}")
    }

    fn target(&self, name: &str) -> PostgresTarget {
        PostgresTarget::parse(&self.database_url(name), None).unwrap()
    }
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// Runs statements, each in a transaction of its own.
fn run(url: &str, sql: &str) {
    query(url, sql);
}

/// Runs a statement and returns the first column of its first row as text.
fn query(url: &str, sql: &str) -> Option<String> {
    let work = async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let rows = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        drop(client);
        // Until the connection is closed, the database cannot be copied.
        connection.await.unwrap().unwrap();
        rows.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
    };
    // A runtime may not be made or dropped where another one runs.
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

/// A database of its own, which is dropped at the end.
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A new database with an empty schema.
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // The template must not be in use while it is copied.
        static COPIES: Mutex<()> = Mutex::new(());
        let server = server();
        let name = format!("quintet_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let _one = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
        run(&server.url, &format!("CREATE DATABASE {name} TEMPLATE {}", server.template));
        Self { name }
    }

    /// How to connect to it.
    pub fn target(&self) -> PostgresTarget {
        server().target(&self.name)
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The socket of its server, as `xtask/postgres.sh` starts it.
    pub fn socket(&self) -> std::path::PathBuf {
        let (_, host) = server().url.split_once('@').expect("a user");
        let host = host.split('/').next().unwrap_or_default().replace("%2F", "/");
        assert!(host.starts_with('/'), "the server of the tests listens on a socket");
        std::path::Path::new(&host).join(".s.PGSQL.5432")
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        server().database_url(&self.name)
    }

    /// Runs statements.
    pub fn run(&self, sql: &str) {
        run(&self.url(), sql);
    }

    /// The text that a statement returns.
    pub fn text(&self, sql: &str) -> String {
        query(&self.url(), sql).unwrap_or_else(|| panic!("{sql}: no text"))
    }

    /// The number that a statement returns.
    pub fn number(&self, sql: &str) -> i64 {
        query(&self.url(), sql).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{sql}: no number"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, name) = (server().url.clone(), self.name.clone());
        // A test that panics is not to panic again.
        drop(std::panic::catch_unwind(|| run(&url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))));
    }
}
