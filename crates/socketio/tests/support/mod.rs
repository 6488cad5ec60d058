//! A server on a free port, and clients that send HTTP requests and WebSocket frames byte by byte.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part; a test may fail by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use quintet_socketio::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[path = "../../examples/protocol_echo/echo.rs"]
pub mod echo;

/// Time within which anything awaited has to arrive.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the echo servers.
pub async fn serve(config: Config) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(echo::serve(listener, config));
    address
}

/// A configuration whose timeouts are too long to matter in a test.
pub fn calm() -> Config {
    Config::default()
}

/// An HTTP response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Sends one request on a new connection. `headers` are header lines without line ends.
pub async fn request(address: SocketAddr, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for header in headers {
        head += &format!("{header}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an answer").unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

pub async fn get(address: SocketAddr, target: &str) -> Answer {
    request(address, "GET", target, &[], b"").await
}

pub async fn post(address: SocketAddr, target: &str, body: &str) -> Answer {
    request(address, "POST", target, &["Content-Type: text/plain;charset=UTF-8"], body.as_bytes()).await
}

/// Returns the value of a string field of JSON text, which is not parsed otherwise.
pub fn field(text: &str, name: &str) -> String {
    let start = text.find(&format!("\"{name}\":\"")).unwrap_or_else(|| panic!("no {name} in {text}")) + name.len() + 4;
    text[start..].split('"').next().unwrap().to_owned()
}

/// A WebSocket client that encodes and decodes frames itself.
pub struct Ws {
    stream: TcpStream,
    pub head: String,
    buffer: Vec<u8>,
}

/// A frame of the server: its first byte and its payload.
pub type ServerFrame = (u8, Vec<u8>);

impl Ws {
    /// Opens a WebSocket with additional header lines.
    pub async fn open(address: SocketAddr, target: &str, headers: &[&str]) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut head = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        for header in headers {
            head += &format!("{header}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut ws = Self { stream, head: String::new(), buffer: Vec::new() };
        let end = loop {
            if let Some(end) = ws.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            assert!(ws.fill().await, "the end instead of a head");
        };
        ws.head = String::from_utf8(ws.buffer.drain(..end + 4).collect()).unwrap().to_ascii_lowercase();
        if ws.head.starts_with("http/1.1 101") { Ok(ws) } else { Err(ws.head) }
    }

    /// Opens a WebSocket, which must succeed, and reads the packet that opens the session.
    pub async fn session(address: SocketAddr, target: &str) -> (Self, String) {
        let mut ws = Self::open(address, target, &[]).await.expect("a WebSocket");
        let open = ws.text().await;
        (ws, open)
    }

    async fn fill(&mut self) -> bool {
        let mut bytes = vec![0; 16_384];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("something comes");
        let read = read.unwrap_or(0);
        self.buffer.extend_from_slice(&bytes[..read]);
        read > 0
    }

    /// Returns the next frame, or `None` if the stream has ended.
    pub async fn frame(&mut self) -> Option<ServerFrame> {
        loop {
            if let [first, short, ..] = self.buffer[..] {
                let (length, start) = match (short & 0x7F, self.buffer.len()) {
                    (126, 4..) => (usize::from(u16::from_be_bytes([self.buffer[2], self.buffer[3]])), 4),
                    (127, 10..) => (u64::from_be_bytes(self.buffer[2..10].try_into().unwrap()) as usize, 10),
                    (126 | 127, _) => (usize::MAX / 2, 0),
                    (length, _) => (usize::from(length), 2),
                };
                if self.buffer.len() >= start + length {
                    let frame: Vec<u8> = self.buffer.drain(..start + length).collect();
                    return Some((first, frame[start..].to_vec()));
                }
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Returns the next message, which must be text.
    pub async fn text(&mut self) -> String {
        match self.frame().await {
            Some((0x81, payload)) => String::from_utf8(payload).unwrap(),
            other => panic!("no text: {other:x?}"),
        }
    }

    /// Returns the code of the server's close frame, or `None` if the stream ends without one.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.frame().await {
                Some((0x88, payload)) => return Some(u16::from_be_bytes([payload[0], payload[1]])),
                Some(_) => {}
                None => return None,
            }
        }
    }

    /// Sends a masked frame with this first byte.
    pub async fn send_frame(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&masked(first, payload)).await.unwrap();
    }

    pub async fn send(&mut self, text: &str) {
        self.send_frame(0x81, text.as_bytes()).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }
}

/// Encodes a frame as a client does.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(0x80 | n as u8),
        n @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    let mask = [0x12, 0x34, 0x56, 0x78];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
