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
        Self { http, token, wire, conversation, sent: 0 }
    }

    /// Asks for `/healthz`, for `/me`, and sends a message, each once; keeps the slowest of each.
    async fn round(&mut self, slowest: &mut Slowest) {
        let began = Instant::now();
        self.http.call("", "GET", "/healthz", Value::Null).await.expect(200);
        slowest.health = slowest.health.max(began.elapsed());
        let began = Instant::now();
        self.http.api(&self.token, "GET", "/me", Value::Null).await.expect(200);
        slowest.me = slowest.me.max(began.elapsed());
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
