//! A client that takes no part in an attack and measures how long its requests take meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Http, Server, Wire};

/// The longest that a bystander may wait for an answer during an attack. A shared and busy machine answers well within
/// it; each attack of the suite exceeded it before the server was fixed.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The time between two rounds of requests.
const PAUSE: Duration = Duration::from_millis(20);

/// A registered user with one open connection and a conversation to write to.
pub struct Bystander {
    http: Http,
    token: String,
    wire: Wire,
    conversation: Value,
    sent: usize,
    /// Whether the attacker has the same address. A request may then find its connection closed at once and is retried,
    /// but is answered in the same time.
    neighbour: bool,
}

/// The slowest answer of each kind during an attack.
#[derive(Debug, Default)]
pub struct Slowest {
    pub health: Duration,
    pub me: Duration,
    pub send: Duration,
    pub rounds: usize,
}

impl Bystander {
    pub async fn of(server: &Server) -> Self {
        let http = server.http();
        let (_, token) = http.register("bystander").await;
        let group = json!({ "kind": "group", "name": "Calm" });
        let conversation = http.api(&token, "POST", "/conversations", group).await.expect(201)["id"].clone();
        let wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
        Self { http, token, wire, conversation, sent: 0, neighbour: false }
    }

    /// Returns the same bystander for attacks from its own address.
    pub fn into_neighbour(self) -> Self {
        Self { neighbour: true, ..self }
    }

    /// Requests a path until there is an answer, which must be 200. Returns the time that it took.
    async fn ask(&self, path: &str) -> Duration {
        let token = &self.token;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n");
        let began = Instant::now();
        loop {
            match self.http.attempt(request.as_bytes()).await {
                Ok((status, head, _)) => {
                    assert_eq!(status, 200, "{path}: {head}");
                    return began.elapsed();
                }
                Err(read) => assert!(self.neighbour && began.elapsed() < PATIENCE, "{path} is not answered: {read:?}"),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Requests `/healthz` and `/me` and sends a message, each once, and updates the slowest time of each.
    async fn round(&mut self, slowest: &mut Slowest) {
        slowest.health = slowest.health.max(self.ask("/healthz").await);
        slowest.me = slowest.me.max(self.ask("/api/v1/me").await);
        self.sent += 1;
        let content = format!("message {}", self.sent);
        let began = Instant::now();
        let ack = self.wire.call("message:send", &json!({ "chatId": self.conversation, "content": content })).await;
        slowest.send = slowest.send.max(began.elapsed());
        assert_eq!(ack["success"], true, "a bystander's message was refused: {ack}");
        self.wire.events.clear();
        slowest.rounds += 1;
    }

    /// Runs an attack while making requests, at least one round. Asserts that each answer comes in time, and returns
    /// the attack's result.
    pub async fn beside<T>(&mut self, attack: impl Future<Output = T>) -> T {
        let mut slowest = Slowest::default();
        let mut attack = std::pin::pin!(attack);
        let outcome = loop {
            // Both are driven by this one task, and a round is finished even if the attack ends first.
            let mut ended = None;
            {
                let round = self.round(&mut slowest);
                let mut round = std::pin::pin!(round);
                loop {
                    tokio::select! {
                        () = &mut round => break,
                        outcome = &mut attack, if ended.is_none() => ended = Some(outcome),
                    }
                }
            }
            if let Some(outcome) = ended {
                break outcome;
            }
            if let Ok(outcome) = tokio::time::timeout(PAUSE, &mut attack).await {
                break outcome;
            }
        };
        assert!(
            slowest.health < PATIENCE && slowest.me < PATIENCE && slowest.send < PATIENCE,
            "a bystander waited too long: {slowest:?}"
        );
        outcome
    }
}
