//! A WebSocket client that can send frames which no well-behaved client sends.

use std::net::SocketAddr;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The time within which anything awaited has to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Raw {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    /// Opens a WebSocket with additional header lines. Returns the status if it is refused.
    pub async fn open(address: SocketAddr, path: &str, headers: &[&str]) -> Result<Self, u16> {
        let mut stream = TcpStream::connect(address).await.expect("the server listens");
        let mut head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        for header in headers {
            head += &format!("{header}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.expect("written");
        let mut raw = Self { stream, buffer: Vec::new() };
        let end = loop {
            if let Some(end) = raw.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            assert!(raw.fill().await, "the end instead of a head");
        };
        let head = String::from_utf8_lossy(&raw.buffer[..end]).into_owned();
        raw.buffer.drain(..end + 4);
        match head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status") {
            101 => Ok(raw),
            status => Err(status),
        }
    }

    /// Opens an Engine.IO session that supports compression, and reads the packet that opens it.
    pub async fn session(address: SocketAddr) -> Self {
        let deflate = "Sec-WebSocket-Extensions: permessage-deflate";
        let mut raw =
            Self::open(address, "/socket.io/?EIO=4&transport=websocket", &[deflate]).await.expect("a session");
        assert!(raw.text().await.is_some_and(|open| open.starts_with("0{")));
        raw
    }

    /// Enters a namespace.
    pub async fn enter(address: SocketAddr, connect: &str) -> Self {
        let mut raw = Self::session(address).await;
        raw.send(0x81, connect.as_bytes()).await;
        let answer = raw.text().await.expect("an answer");
        assert!(answer.starts_with("40"), "{answer}");
        raw
    }

    async fn fill(&mut self) -> bool {
        let mut bytes = vec![0; 16_384];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("something comes");
        let read = read.unwrap_or(0);
        self.buffer.extend_from_slice(&bytes[..read]);
        read > 0
    }

    /// Returns the next frame, as its first byte and its payload, or `None` if the stream has ended.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let [first, short, ..] = self.buffer[..] {
                let (length, start) = match (short, self.buffer.len()) {
                    (126, 4..) => (usize::from(u16::from_be_bytes([self.buffer[2], self.buffer[3]])), 4),
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

    /// Returns the next text message that is not a ping, or `None` if the socket is closed.
    pub async fn text(&mut self) -> Option<String> {
        loop {
            match self.frame().await? {
                (0x81, text) if text == b"2" => self.send(0x81, b"3").await,
                (0x81, text) => return Some(String::from_utf8(text).expect("text")),
                (0x88, _) => return None,
                _ => {}
            }
        }
    }

    /// Returns the code of the server's close frame, or `None` if the stream ends without one.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.frame().await? {
                (0x88, payload) => return payload.first_chunk().map(|code| u16::from_be_bytes(*code)),
                (0x81, text) if text == b"2" => self.send(0x81, b"3").await,
                _ => {}
            }
        }
    }

    /// Sends a frame with this first byte. The server may already have closed the socket.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        let _ = self.stream.write_all(&frame(first, payload)).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }
}

/// Encodes a client's frame, with a mask of zeros.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
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
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Compresses a message for permessage-deflate.
pub fn deflated(message: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(message.len() + 1_000);
    compress.compress_vec(message, &mut out, FlushCompress::Sync).expect("compressed");
    assert_eq!(compress.total_in() as usize, message.len());
    out.truncate(out.len() - 4);
    out
}
