//! A small HTTP client that opens a connection for each request.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The time within which a server has to say whether it is ready.
const READY_PATIENCE: Duration = Duration::from_secs(120);

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

    /// Asserts the status, and returns the body.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }
}

/// Returns whether a path matches a path pattern of the OpenAPI document.
pub fn is_of(path: &str, pattern: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path);
    let (path, pattern): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), pattern.split('/').collect());
    path.len() == pattern.len() && path.iter().zip(pattern).all(|(a, b)| *a == b || b.starts_with('{'))
}

impl Http {
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Sends raw bytes and reads the answer to its end: status, head in lower case, body.
    async fn bytes(&self, request: &[u8]) -> (u16, String, Vec<u8>) {
        let (status, head, body) = self.exactly(request).await;
        (status, head.to_lowercase(), body)
    }

    async fn exactly(&self, request: &[u8]) -> (u16, String, Vec<u8>) {
        self.attempt(request).await.unwrap_or_else(|read| panic!("no head: {read:?}"))
    }

    /// Sends raw bytes. Returns the result of reading as an error if the connection is closed without an answer.
    pub async fn attempt(&self, request: &[u8]) -> Result<(u16, String, Vec<u8>), std::io::Result<usize>> {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        // A server that refuses early does not read to the end.
        let _ = stream.write_all(request).await;
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes).await;
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Err(read) };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Ok((status, head, bytes.split_off(end + 4)))
    }

    /// Sends raw bytes, and returns the answer as text.
    pub async fn raw(&self, request: &[u8]) -> Answer {
        let (status, head, body) = self.bytes(request).await;
        Answer { status, head, text: String::from_utf8(body).expect("text") }
    }

    /// Sends a request without a body, and returns an answer of any content.
    pub async fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String, Vec<u8>) {
        let host = self.address;
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        self.bytes(format!("{request}\r\n").as_bytes()).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request += &format!("host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n{body}", body.len());
        self.raw(request.as_bytes()).await
    }

    /// Calls the API with a token.
    pub async fn api(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.call(token, method, &format!("/api/v1{path}"), body).await
    }

    /// Returns every operation of the OpenAPI document: its method and path.
    pub async fn operations(&self) -> Vec<(String, String)> {
        let document = self.api("", "GET", "/openapi.json", Value::Null).await.expect(200);
        let paths = document["paths"].as_object().expect("paths").iter();
        let methods = |item: &Value| item.as_object().expect("operations").keys().map(|m| m.to_uppercase()).collect();
        paths
            .flat_map(|(path, item)| {
                let methods: Vec<String> = methods(item);
                methods.into_iter().map(|method| (method, path.clone()))
            })
            .collect()
    }

    /// Calls any path with a token.
    pub async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let headers = if token.is_empty() { &headers[1..] } else { &headers[..] };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, headers, &body).await
    }

    /// Returns one header of an answer, as it was sent.
    pub async fn header(&self, method: &str, path: &str, name: &str) -> String {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        let (_, head, _) = self.exactly(request.as_bytes()).await;
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {head}"))[name.len() + 2..].to_owned()
    }

    /// Uploads a file with a token.
    pub async fn upload(&self, token: &str, name: &str, bytes: &[u8]) -> Answer {
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        let body = [head.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
        let head = format!(
            "POST /api/v1/files HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.raw(&[head.as_bytes(), &body].concat()).await
    }

    /// Asks whether the server is ready, until its answer has a status and contains a text.
    pub async fn until_ready_says(&self, status: u16, text: &str) {
        let asked = async {
            let mut pace = tokio::time::interval(Duration::from_millis(100));
            loop {
                pace.tick().await;
                let answer = self.send("GET", "/readyz", &[], "").await;
                if answer.status == status && answer.text.contains(text) {
                    return;
                }
            }
        };
        let said = tokio::time::timeout(READY_PATIENCE, asked).await;
        said.unwrap_or_else(|_| panic!("the answer {status} {text} never comes"));
    }

    /// Creates a group of its owner and other members. Returns its id.
    pub async fn group(&self, owner: &str, members: &[&str]) -> Value {
        let body = json!({ "kind": "group", "name": "G", "memberIds": members });
        self.api(owner, "POST", "/conversations", body).await.expect(201)["id"].clone()
    }

    /// Registers a user. Returns its id and token.
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
