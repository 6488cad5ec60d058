//! A client that takes no part in an attack and measures how long its requests take meanwhile.
//!
//! What must stay true: only the attack can make the bystander wait too long. A machine that is busy with other work
//! slows a second server, which nobody attacks, as much; what that server takes is added to the limit.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Http, Server, Wire};

/// The longest that a bystander may wait for an answer during an attack, beyond what the machine makes everybody wait.
/// Each attack of the suite exceeded it before the server was fixed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Returns the longest that a bystander may wait for an answer, if a server that is not attacked took as long as `calm`.
pub fn longest_wait(calm: Duration) -> Duration {
    PATIENCE + calm * ROUNDS_OF_CALM
}

/// How many times the slowest round at the server that is not attacked a bystander may wait in addition.
const ROUNDS_OF_CALM: u32 = 4;

/// The time after which a request that finds its connection closed again and again is given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

/// The time between two rounds of requests.
const PAUSE: Duration = Duration::from_millis(20);

/// A registered user with one open connection and a conversation to write to, and another one at a server that nobody
/// attacks.
pub struct Bystander {
    attacked: Client,
    calm: Client,
    /// Runs as long as the bystander.
    _calm_server: Server,
}

/// A registered user with one open connection to a server, and a conversation to write to.
struct Client {
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
    /// A whole round at the server that is not attacked.
    pub calm: Duration,
    pub rounds: usize,
}

impl Client {
    async fn of(server: &Server) -> Self {
        let http = server.http();
        let (_, token) = http.register("bystander").await;
        let group = json!({ "kind": "group", "name": "Calm" });
        let conversation = http.api(&token, "POST", "/conversations", group).await.expect(201)["id"].clone();
        let wire = Wire::connect(server.address(), "/chat", &json!({ "token": token })).await;
        Self { http, token, wire, conversation, sent: 0, neighbour: false }
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
                Err(read) => {
                    assert!(self.neighbour && began.elapsed() < GIVE_UP_AFTER, "{path} is not answered: {read:?}");
                }
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
    }
}

impl Bystander {
    pub async fn of(server: &Server) -> Self {
        let calm_server = Server::start();
        let (attacked, calm) = (Client::of(server).await, Client::of(&calm_server).await);
        Self { attacked, calm, _calm_server: calm_server }
    }

    /// Returns the same bystander for attacks from its own address.
    pub fn into_neighbour(self) -> Self {
        Self { attacked: Client { neighbour: true, ..self.attacked }, ..self }
    }

    /// Does one round at the attacked server and one at the other, and updates the slowest times.
    async fn round(&mut self, slowest: &mut Slowest) {
        self.attacked.round(slowest).await;
        let began = Instant::now();
        self.calm.round(&mut Slowest::default()).await;
        slowest.calm = slowest.calm.max(began.elapsed());
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
        let most = longest_wait(slowest.calm);
        assert!(
            slowest.health < most && slowest.me < most && slowest.send < most,
            "a bystander waited too long: {slowest:?}"
        );
        outcome
    }
}
