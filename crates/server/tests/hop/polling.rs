//! A client on long-polling whose requests go to two nodes in turn.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::hop::{OPEN, opened};
use crate::support::{Http, Server};

/// A client on polling, each of whose requests goes to another node than the one before.
pub struct Polling<'s> {
    nodes: [&'s Server; 2],
    turn: usize,
    pub path: String,
    packets: VecDeque<String>,
}

impl<'s> Polling<'s> {
    /// Opens a session at the first node.
    pub async fn open(nodes: [&'s Server; 2]) -> Self {
        let path = opened(&nodes[0].http().send("GET", OPEN, &[], "").await);
        Self { nodes, turn: 0, path, packets: VecDeque::new() }
    }

    /// Opens a session, and enters the namespace of a dialect.
    pub async fn connect(nodes: [&'s Server; 2], token: &str) -> Self {
        let mut polling = Self::open(nodes).await;
        polling.post(&format!("40/chat,{}", json!({ "token": token }))).await;
        let answer = polling.packet().await;
        assert!(answer.starts_with("40/chat,{\"sid\":"), "{answer}");
        polling
    }

    fn http(&mut self) -> Http {
        self.turn += 1;
        self.nodes[self.turn % 2].http()
    }

    pub async fn post(&mut self, body: &str) {
        let answer = self.http().send("POST", &self.path.clone(), &[("content-type", "text/plain")], body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
    }

    /// Returns the next packet that is not a ping.
    pub async fn packet(&mut self) -> String {
        loop {
            match self.packets.pop_front() {
                Some(ping) if ping == "2" => self.post("3").await,
                Some(packet) => return packet,
                None => {
                    let answer = self.http().send("GET", &self.path.clone(), &[], "").await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    self.packets.extend(answer.text.split('\u{1e}').map(str::to_owned));
                }
            }
        }
    }

    /// Returns what follows this start in the next packet that has it.
    pub async fn next(&mut self, start: &str) -> Value {
        loop {
            let packet = self.packet().await;
            if let Some(rest) = packet.strip_prefix(start) {
                return serde_json::from_str(rest).unwrap_or_else(|_| panic!("{packet}"));
            }
        }
    }
}
