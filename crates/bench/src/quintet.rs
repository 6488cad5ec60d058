//! The data that Quintet needs before it can be measured: users with tokens, and conversations.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::load::Greeting;

/// The secret that signs the tokens of the measured server.
pub(crate) const SECRET: &str = "a secret of the benchmark, of 32 bytes and more";

/// Maximum number of members in one request.
pub(crate) const MEMBERS_AT_ONCE: usize = 900;

pub(crate) fn user(index: usize) -> String {
    format!("user-{index:06}")
}

/// A token as an existing backend would issue it (RFC 7519, HS256).
pub(crate) fn token(index: usize) -> String {
    let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
    let head = part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".to_owned());
    let name = user(index);
    let body = part(format!("{{\"sub\":\"{name}\",\"username\":\"{name}\",\"exp\":4102444800,\"iat\":1700000000}}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    mac.update(format!("{head}.{body}").as_bytes());
    format!("{head}.{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The greeting of a user in a dialect.
pub(crate) fn greeting(index: usize, dialect: &str) -> Greeting {
    let token = token(index);
    Greeting { query: String::new(), enter: format!("40{{\"token\":\"{token}\",\"dialect\":\"{dialect}\"}}") }
}

/// The greeting of a user who can resume a lost connection.
pub(crate) fn recoverable(index: usize) -> Greeting {
    let token = token(index);
    let enter = format!("40{{\"token\":\"{token}\",\"dialect\":\"conversations\",\"recover\":true}}");
    Greeting { query: String::new(), enter }
}

/// The greeting of a user who resumes: with the secret of the lost connection, and the offset of the last event
/// received on it.
pub(crate) fn returning(index: usize, secret: &str, offset: &str) -> Greeting {
    let token = token(index);
    let enter = format!(
        "40{{\"token\":\"{token}\",\"dialect\":\"conversations\",\"recover\":true,\"pid\":\"{secret}\",\"offset\":\"{offset}\"}}"
    );
    Greeting { query: String::new(), enter }
}

/// Calls the API over one connection, one call after the other.
pub(crate) struct Api {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Api {
    pub(crate) fn of(server: SocketAddr, user: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), token: token(user) })
    }

    fn post(&mut self, path: &str, body: &str) -> io::Result<String> {
        self.call("POST", path, body)
    }

    /// Sends a GET request. Returns the body of the response.
    pub(crate) fn get(&mut self, path: &str) -> io::Result<String> {
        self.call("GET", path, "")
    }

    fn call(&mut self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut status = String::new();
        self.stream.read_line(&mut status)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status.contains(" 20") { Ok(body) } else { Err(io::Error::other(format!("{path}: {status} {body}"))) }
    }

    /// Sends a message. Returns its id.
    pub(crate) fn message(&mut self, conversation: &str, text: &str) -> io::Result<String> {
        let body = format!("{{\"content\":\"{text}\"}}");
        let made: serde_json::Value =
            serde_json::from_str(&self.post(&format!("/conversations/{conversation}/messages"), &body)?)?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Creates a group of the caller with other members. Returns its id.
    pub(crate) fn group(&mut self, members: &[usize]) -> io::Result<String> {
        let (first, rest) = members.split_at(members.len().min(MEMBERS_AT_ONCE));
        let ids: Vec<String> = first.iter().map(|member| format!("\"{}\"", user(*member))).collect();
        let body = format!("{{\"kind\":\"group\",\"name\":\"bench\",\"memberIds\":[{}]}}", ids.join(","));
        let made: serde_json::Value = serde_json::from_str(&self.post("/conversations", &body)?)?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        for member in rest {
            self.post(&format!("/conversations/{id}/members"), &format!("{{\"userId\":\"{}\"}}", user(*member)))?;
        }
        Ok(id)
    }
}
