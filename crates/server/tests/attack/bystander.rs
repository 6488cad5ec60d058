//! Somebody who has nothing to do with an attack, and notices how long everything takes meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Http, Server, Wire};

/// The longest that a bystander may wait for an answer during an attack. A machine that is shared and busy answers in
/// well under this; every attack of the suite made bystanders wait for longer, or forever, before it was mended.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two rounds of requests.
const PAUSE: Duration = Duration::from_millis(20);

/// A registered user with one open connection and a conversation to write to.
pub struct Bystander {
    http: Http,
    token: String,
    wire: Wire,
    conversation: Value,
    sent: usize,
    /// Whether the attacker has the same address. Then a request may find its connection closed at once, and is sent
    /// again; it is answered in the same time all the same.
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

    /// The same, where attackers share the bystander's address from now on.
    pub fn into_neighbour(self) -> Self {
        Self { neighbour: true, ..self }
    }

    /// Asks for a path until there is an answer, which has to be 200; gives the time that it took.
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

    /// Asks for `/healthz`, for `/me`, and sends a message, each once; keeps the slowest of each.
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

    /// Runs an attack and meanwhile asks for what people ask for, at least once. Every answer comes in time; gives what
    /// the attack came to.
    pub async fn beside<T>(&mut self, attack: impl Future<Output = T>) -> T {
        let mut slowest = Slowest::default();
        let mut attack = std::pin::pin!(attack);
        let outcome = loop {
            // Beside the attack: both are driven by this one task, and a round ends even where the attack ended first.
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
