//! Redis servers for tests: one for all tests, that of `TEST_REDIS_URL` as `cargo xtask test` sets it, or of their own for
//! those that cut its connections or stop it.
//!
//! What must stay true: no test is skipped because there is no server; a server that a test started ends with it.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and panics to fail")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// The URL of a server.
const VARIABLE: &str = "TEST_REDIS_URL";

/// A Redis server that ends when this is dropped.
pub struct TestRedis {
    url: String,
    child: Child,
    input: Option<ChildStdin>,
}

impl TestRedis {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server, for encrypted connections if `certificate` has the paths of a certificate and its key.
    pub fn start_with(certificate: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../xtask/redis.sh");
        let mut child = Command::new(script)
            .args(certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xtask/redis.sh runs");
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url).unwrap();
        assert!(
            url.starts_with("redis"),
            "the tests need Redis 7: `cargo xtask test` installs it, or {VARIABLE} names a server"
        );
        Self { url: url.trim().to_owned(), child, input }
    }

    /// How to connect to it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a command, and returns its answer as text.
    pub async fn run(&self, words: &[&str]) -> String {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let answer: redis::Value = command.query_async(&mut connection).await.unwrap();
        redis::from_redis_value(answer).unwrap()
    }

    /// The id of its process.
    pub async fn process(&self) -> String {
        let told = self.run(&["INFO", "server"]).await;
        told.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap().to_owned()
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// The URL of the server that all tests share.
pub fn shared() -> &'static str {
    static SHARED: OnceLock<(String, Option<TestRedis>)> = OnceLock::new();
    let start = || match std::env::var(VARIABLE) {
        Ok(url) => (url, None),
        Err(_) => {
            let server = TestRedis::start();
            (server.url.clone(), Some(server))
        }
    };
    &SHARED.get_or_init(start).0
}
