//! A push service of the test's own, and browsers that it serves.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use web_push_native::p256::SecretKey;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint;

/// The time within which a push message has to come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A request to the push service.
#[derive(Debug)]
pub struct Received {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// A push service that answers by the first part of the path: `/ok` with 201, `/gone` with 410, `/flaky` with 500 the first
/// time and 201 later, `/elsewhere` with a redirect, and `/never` not at all.
pub struct PushService {
    address: SocketAddr,
    received: UnboundedReceiver<Received>,
}

impl PushService {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, received) = unbounded_channel();
        let flaky = Arc::<Mutex<u32>>::default();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, sender.clone(), Arc::clone(&flaky)));
            }
        });
        Self { address, received }
    }

    /// A browser whose endpoint has a path.
    pub fn browser(&self, path: &str) -> Browser {
        Browser::new(&format!("http://{}{path}", self.address))
    }

    /// Waits for the next push message.
    pub async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.received.recv()).await;
        next.expect("a push message comes").expect("the push service runs")
    }

    /// Waits until push messages to some paths have come, each as often as it is named. Returns all that have, in order.
    pub async fn until(&mut self, paths: &[&str]) -> Vec<String> {
        let (mut missing, mut all) = (paths.to_vec(), Vec::new());
        while !missing.is_empty() {
            let path = self.next().await.path;
            if let Some(at) = missing.iter().position(|one| **one == path) {
                missing.swap_remove(at);
            }
            all.push(path);
        }
        all
    }

    /// The push messages that have come and were not waited for.
    pub fn others(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

async fn answer(mut stream: TcpStream, sender: UnboundedSender<Received>, flaky: Arc<Mutex<u32>>) {
    let mut bytes = Vec::new();
    let head = loop {
        let Ok(read @ 1..) = stream.read_buf(&mut bytes).await else { return };
        let _ = read;
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).expect("text");
        }
    };
    let mut lines = head.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a path").to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.into()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).expect("a length");
    while bytes.len() < length {
        let Ok(1..) = stream.read_buf(&mut bytes).await else { return };
    }
    let received = Received { path: path.clone(), headers, body: bytes };
    let status = match path.split('/').nth(1) {
        Some("gone") => "410 Gone",
        Some("elsewhere") => "307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/secret",
        Some("flaky") => {
            let mut times = flaky.lock().expect("a lock");
            *times += 1;
            if *times == 1 { "500 Internal Server Error" } else { "201 Created" }
        }
        Some("never") => {
            let _ = sender.send(received);
            // Until the other side gives up.
            let _ = stream.read_u8().await;
            return;
        }
        _ => "201 Created",
    };
    let _ = sender.send(received);
    let _ = stream
        .write_all(format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").as_bytes())
        .await;
}

/// A browser, with the private half of its key.
pub struct Browser {
    pub endpoint: String,
    private: SecretKey,
    auth: [u8; 16],
}

impl Browser {
    pub fn new(endpoint: &str) -> Self {
        let random = SystemRandom::new();
        let (mut private, mut auth) = ([0; 32], [0; 16]);
        random.fill(&mut private).expect("random bytes");
        random.fill(&mut auth).expect("random bytes");
        Self { endpoint: endpoint.to_owned(), private: SecretKey::from_slice(&private).expect("a key"), auth }
    }

    /// The origin of its push service.
    pub fn origin(&self) -> String {
        self.endpoint.split('/').take(3).collect::<Vec<_>>().join("/")
    }

    /// What its `PushSubscription` says as JSON.
    pub fn subscription(&self) -> Value {
        let public = self.private.public_key().to_encoded_point(false);
        json!({
            "endpoint": self.endpoint,
            "expirationTime": null,
            "keys": { "p256dh": URL_SAFE_NO_PAD.encode(public.as_bytes()), "auth": URL_SAFE_NO_PAD.encode(self.auth) }
        })
    }

    /// The push message of a request, which this browser alone can read.
    pub fn read(&self, received: &Received) -> Value {
        let text = web_push_native::decrypt(received.body.clone(), &self.private, &self.auth.into());
        serde_json::from_slice(&text.expect("encrypted for this browser")).expect("JSON")
    }
}

/// The claims of the token of a request, which the holder of a public key has signed.
pub fn claims(received: &Received, key: &str) -> Value {
    let authorization = received.headers.get("authorization").expect("a token");
    let (token, public) =
        authorization.strip_prefix("vapid t=").and_then(|rest| rest.split_once(", k=")).expect("VAPID");
    assert_eq!(public, key);
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let verified = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decoded(key));
    verified.verify(signed.as_bytes(), &decoded(signature)).expect("a good signature");
    let claims = signed.split('.').nth(1).expect("claims");
    serde_json::from_slice(&decoded(claims)).expect("JSON")
}
