//! The bystander: a user who has nothing to do with an attack, sends ordinary requests, and measures the time of each
//! answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::target::Target;
use crate::quintet::{self, Api};
use crate::report::Value;
use crate::wire;

/// The number of the bystander's user.
const USER: usize = 0;
/// Time between two requests of one kind, and between two uploads.
const PAUSE: Duration = Duration::from_millis(50);
const UPLOAD_PAUSE: Duration = Duration::from_secs(2);
/// Maximum time to wait for an answer; a slower one counts as unanswered.
const PATIENCE: Duration = Duration::from_secs(30);

/// A user with an account, a conversation and a socket.
pub(super) struct Bystander {
    address: SocketAddr,
    conversation: String,
}

/// The times of the answers to requests of one kind.
#[derive(Default)]
struct Answers {
    ms: Vec<f64>,
    unanswered: usize,
}

/// The answers of all kinds during an attack.
#[derive(Default)]
pub(super) struct Noticed {
    health: Answers,
    me: Answers,
    send: Answers,
    upload: Answers,
}

impl Answers {
    /// Sends requests until the attack is over.
    fn gather(target: &Target, pause: Duration, mut ask: impl FnMut() -> io::Result<()>) -> Self {
        let mut answers = Self::default();
        while !target.is_over() {
            let began = Instant::now();
            match ask() {
                Ok(()) => answers.ms.push(began.elapsed().as_secs_f64() * 1e3),
                Err(_) => answers.unanswered += 1,
            }
            thread::sleep(pause);
        }
        answers.ms.sort_unstable_by(f64::total_cmp);
        answers
    }

    fn at(&self, share: f64) -> f64 {
        let last = self.ms.len().saturating_sub(1);
        self.ms.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
    }

    fn values(&self, names: [&'static str; 3]) -> Vec<Value> {
        vec![
            Value::less(names[0], "ms", self.at(0.5)),
            Value::less(names[1], "ms", self.at(1.0)),
            Value::less(names[2], "", self.unanswered as f64),
        ]
    }
}

impl Noticed {
    pub(super) fn values(&self) -> Vec<Value> {
        let mut values = Vec::new();
        values.extend(self.health.values(["/healthz, p50", "/healthz, slowest", "/healthz, unanswered"]));
        values.extend(self.me.values(["/me, p50", "/me, slowest", "/me, unanswered"]));
        values.extend(self.send.values(["a send, p50", "a send, slowest", "a send, unanswered"]));
        values.extend(self.upload.values(["an upload, p50", "an upload, slowest", "an upload, unanswered"]));
        values
    }
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Sends one request on a connection of its own. Returns an error unless it succeeds.
fn ask(to: SocketAddr, request: &[u8]) -> io::Result<()> {
    let mut stream = connect(to)?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 20") { Ok(()) } else { Err(io::Error::other("refused")) }
}

/// A socket that sends messages, and waits for each acknowledgement.
struct Sender {
    stream: TcpStream,
    came: Vec<u8>,
    sent: u64,
}

impl Sender {
    fn open(to: SocketAddr) -> io::Result<Self> {
        let mut stream = connect(to)?;
        write!(
            stream,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {to}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )?;
        let mut came = super::attacker::head(&mut stream)?;
        let end = came.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0) + 4;
        came.drain(..end);
        let mut sender = Self { stream, came, sent: 0 };
        sender.text(&quintet::greeting(USER, "conversations").enter)?;
        sender.until(|packet| packet.starts_with(b"40"))?;
        Ok(sender)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let mut out = Vec::new();
        wire::frame(&mut out, text.as_bytes());
        self.stream.write_all(&out)
    }

    /// Reads packets, and answers pings, until one matches.
    fn until(&mut self, fits: impl Fn(&[u8]) -> bool) -> io::Result<()> {
        let began = Instant::now();
        loop {
            while let Some((packet, taken)) = wire::split(&self.came) {
                let (found, ping, refused) = (fits(packet), packet == b"2", packet.starts_with(b"44"));
                self.came.drain(..taken);
                if ping {
                    self.text("3")?;
                }
                if found || refused {
                    return if found { Ok(()) } else { Err(io::Error::other("refused")) };
                }
            }
            if began.elapsed() > PATIENCE {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut part = [0; 16_384];
            match self.stream.read(&mut part)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.came.extend_from_slice(&part[..read]),
            }
        }
    }

    fn send(&mut self, conversation: &str) -> io::Result<()> {
        self.sent += 1;
        let (id, text) = (self.sent, wire::text(self.sent));
        let event = format!(
            "[\"send_message\",{{\"conversationId\":\"{conversation}\",\"content\":\"{text}\",\"type\":\"text\"}}]"
        );
        self.text(&format!("42{id}{event}"))?;
        let acknowledged = format!("43{id}[{{\"success\":true");
        self.until(|packet| packet.starts_with(acknowledged.as_bytes()))
    }
}

impl Bystander {
    pub(super) fn of(address: SocketAddr) -> io::Result<Self> {
        let mut api = Api::of(address, USER)?;
        api.get("/me")?;
        Ok(Self { address, conversation: api.group(&[])? })
    }

    /// Sends requests of every kind, each on a thread of its own, until the attack is over.
    pub(super) fn watch(&self, target: &Target) -> Noticed {
        let to = self.address;
        let token = quintet::token(USER);
        let get = |path: &str, token: &str| {
            format!("GET {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")
        };
        let (health, me) = (get("/healthz", ""), get("/api/v1/me", &token));
        let file =
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"note.txt\"\r\n\r\nhello\r\n--b--\r\n";
        let upload = format!(
            "POST /api/v1/files HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n{file}",
            file.len()
        );
        thread::scope(|scope| {
            let health = scope.spawn(|| Answers::gather(target, PAUSE, || ask(to, health.as_bytes())));
            let me = scope.spawn(|| Answers::gather(target, PAUSE, || ask(to, me.as_bytes())));
            let upload = scope.spawn(|| Answers::gather(target, UPLOAD_PAUSE, || ask(to, upload.as_bytes())));
            let send = scope.spawn(|| {
                let mut socket: Option<Sender> = None;
                Answers::gather(target, PAUSE, || {
                    let mut open = socket.take().map_or_else(|| Sender::open(to), Ok)?;
                    open.send(&self.conversation)?;
                    // A connection that failed is not used again.
                    socket = Some(open);
                    Ok(())
                })
            });
            Noticed {
                health: health.join().unwrap_or_default(),
                me: me.join().unwrap_or_default(),
                send: send.join().unwrap_or_default(),
                upload: upload.join().unwrap_or_default(),
            }
        })
    }
}
