//! A receiver of webhooks, which answers as a test says and keeps what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, Mac};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The time within which what a test waits for has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a receiver answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A status, with an empty body.
    Status(u16),
    /// A status of success, with this body.
    Json(Value),
    /// The same, once the test lets it go.
    Held(watch::Receiver<bool>, Value),
    /// These bytes, whatever they are; the connection stays open.
    Raw(Vec<u8>),
    /// Nothing, and the connection stays open.
    Nothing,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub json: Value,
    /// Whether it was answered with a status of success.
    pub accepted: bool,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub fn kind(&self) -> &str {
        self.json["type"].as_str().expect("a type")
    }

    /// Whether the request has the signature that Standard Webhooks ask for.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD;
        let key = base64.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
        let signed = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.text);
        mac.update(signed.as_bytes());
        self.header("webhook-signature") == format!("v1,{}", base64.encode(mac.finalize().into_bytes()))
    }
}

/// Says what a request is answered with.
type Answers = Arc<dyn Fn(&Value) -> Reply + Send + Sync>;

pub struct Receiver {
    pub address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
    requests: watch::Sender<Vec<Request>>,
}

impl Receiver {
    /// Starts a receiver that accepts everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Arc::new(|_: &Value| Reply::Status(204))));
        let (requests, _) = watch::channel(Vec::new());
        let (answering, kept) = (Arc::clone(&answers), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, kept) = (Arc::clone(&answering), kept.clone());
                tokio::spawn(async move { serve(stream, &answers, &kept).await });
            }
        });
        Self { address, answers, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?key=k", self.address)
    }

    /// Answers from now on as a function says.
    pub fn answer(&self, with: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        *self.answers.lock().expect("no panic") = Arc::new(with);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// Waits until the requests are as a test wants them, and returns them.
    pub async fn until(&self, wanted: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let mut requests = self.requests.subscribe();
        let waited = tokio::time::timeout(PATIENCE, requests.wait_for(|requests| wanted(requests))).await;
        let found = waited.map(|found| found.expect("a receiver").clone());
        found.unwrap_or_else(|_| panic!("it never comes: {:#?}", self.requests()))
    }
}

async fn serve(mut stream: TcpStream, answers: &Mutex<Answers>, kept: &watch::Sender<Vec<Request>>) {
    let mut bytes = Vec::new();
    while let Some((headers, text)) = request(&mut stream, &mut bytes).await {
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let with = Arc::clone(&*answers.lock().expect("no panic"));
        let reply = with(&json);
        let accepted = matches!(reply, Reply::Status(200..300));
        kept.send_modify(|all| all.push(Request { headers, text, json, accepted }));
        let reply = match reply {
            Reply::Held(mut released, answer) => {
                let _ = released.wait_for(|released| *released).await;
                Reply::Json(answer)
            }
            other => other,
        };
        match reply {
            Reply::Held(..) => unreachable!("it was let go"),
            Reply::Json(answer) => {
                let answer = answer.to_string();
                let head = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Status(status) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Raw(answer) => {
                // The sender may have read enough before the end.
                let _ = stream.write_all(&answer).await;
                std::future::pending::<()>().await;
            }
            Reply::Nothing => std::future::pending().await,
        }
    }
}

/// Reads a request: its headers and its body.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(Vec<(String, String)>, String)> {
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").expect("a length");
    let length: usize = length.1.parse().expect("a number");
    while bytes.len() < end + length {
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8(bytes[end..end + length].to_vec()).expect("text");
    bytes.drain(..end + length);
    Some((headers, text))
}
