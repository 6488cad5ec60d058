//! A node that a test plays, and what only those can make who know the secret of the cluster.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::database::TestDatabase;
use crate::hop::{OPEN, SECRET};
use crate::support::{Answer, Server};

/// The key of a purpose, as nodes derive it.
pub fn keyed(secret: &str, purpose: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(purpose);
    mac
}

/// An id of a session that a node has, as who knows the secret can make it.
pub fn session_of(node: u64, secret: &str) -> String {
    let mut body = node.to_be_bytes().to_vec();
    body.extend([7; 15]);
    let mut mac = keyed(secret, b"quintet session id\0");
    mac.update(&body);
    body.extend(&mac.finalize().into_bytes()[..16]);
    BASE64_URL_SAFE_NO_PAD.encode(body)
}

/// A node that this test plays: a row of the table, and a listener.
pub struct Played {
    listener: TcpListener,
    pub path: String,
}

impl Played {
    pub async fn start(database: &TestDatabase, number: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
        let address = listener.local_addr().expect("an address");
        // It lives for as long as the test does.
        database.run(&format!("INSERT INTO node VALUES ({number}, 'http://{address}', now() + interval '1 hour')"));
        Self { listener, path: format!("{OPEN}&sid={}", session_of(number, SECRET)) }
    }

    /// Sends a request to a server, which passes it on. Returns what this node gets, and the answer that the client will
    /// get.
    pub async fn asked(&self, server: &Server, headers: &[(&str, &str)]) -> (Asked, tokio::task::JoinHandle<Answer>) {
        let (http, path) = (server.http(), self.path.clone());
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut answer = tokio::spawn(async move {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            http.send("POST", &path, &headers, "3").await
        });
        let (mut stream, _) = tokio::select! {
            accepted = self.listener.accept() => accepted.expect("a connection"),
            answer = &mut answer => panic!("it was not passed on: {answer:?}"),
        };
        let mut bytes = Vec::new();
        while !bytes.windows(5).any(|five| five == b"\r\n\r\n3") {
            let read = stream.read_buf(&mut bytes).await.expect("read");
            assert!(read > 0, "the end instead of a request: {}", String::from_utf8_lossy(&bytes));
        }
        (Asked { stream, text: String::from_utf8(bytes).expect("text") }, answer)
    }
}

/// A request that the played node got.
pub struct Asked {
    pub stream: TcpStream,
    pub text: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Vec<&str> {
        let of = |line: &'_ str| line.split_once(": ").is_some_and(|(found, _)| found.eq_ignore_ascii_case(name));
        self.text.lines().filter(|line| of(line)).filter_map(|line| Some(line.split_once(": ")?.1)).collect()
    }
}
