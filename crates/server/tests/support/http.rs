//! A small HTTP client: one request, one connection.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Clone)]
pub struct Http {
    address: SocketAddr,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The body, if the status is the one expected.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends bytes as they stand and reads the answer to its end.
    pub async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(request).await.expect("written");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("read");
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), text: body.to_owned() }
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n{body}", body.len());
        self.raw(request.as_bytes()).await
    }

    /// A call of the API in somebody's name.
    pub async fn api(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.call(token, method, &format!("/api/v1{path}"), body).await
    }

    /// A call of any path in somebody's name.
    pub async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let headers = if token.is_empty() { &headers[1..] } else { &headers[..] };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, headers, &body).await
    }

    /// Registers a user; gives its id and token.
    pub async fn register(&self, name: &str) -> (String, String) {
        let body = json!({
            "username": name,
            "email": format!("{name}@example.org"),
            "password": "correct horse",
            "name": format!("{}{} Example", name[..1].to_uppercase(), &name[1..]),
        });
        let session = self.api("", "POST", "/auth/register", body).await.expect(201);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(&session["user"]["id"]), text(&session["token"]))
    }
}
