//! The load: thousands of Socket.IO connections on one thread and one epoll.
//!
//! What must stay true: nothing is allocated for a message, so that the server is what is measured; latency counts from
//! the time at which a message was due, whether or not it could be sent then.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::measured::Measured;
use crate::reactions_heard::ReactionsHeard;
pub(crate) use crate::turn::{Greeting, Regime, Turn};
use crate::wire;

/// Maximum number of handshakes in progress; systems queue at least 128 connections that are not accepted yet.
const OPENING_MAX: usize = 100;
/// Maximum time until all clients are connected.
const PATIENCE: Duration = Duration::from_secs(120);
/// Time without data from the server after which it is considered to have sent everything.
const QUIET: Duration = Duration::from_millis(500);
const SCRATCH_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Head,
    Open,
    Entering,
    Ready,
}

/// What a client needs to resume its connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) secret: String,
    pub(crate) offset: String,
}

struct Connection {
    stream: TcpStream,
    phase: Phase,
    /// The beginning of a frame that is not complete yet.
    rest: Vec<u8>,
    /// Bytes that could not be written yet.
    unsent: Vec<u8>,
    enter: Vec<u8>,
}

pub(crate) struct Load {
    poll: Poll,
    connections: Vec<Connection>,
    ready: usize,
    failed: usize,
    scratch: Vec<u8>,
    began: Instant,
    measured: Measured,
    /// The time at which the message of each acknowledgement was due, and the turn that sent it, since
    /// [`Load::forget`].
    asked: Vec<(u64, usize)>,
    /// The number of acknowledgements that were asked for before; they do not count when they come late.
    asked_before: usize,
    /// The time of [`Load::forget`]: messages that were due before it do not count.
    since: u64,
    next_round: usize,
    /// The turns that may send again because they were answered, with [`Regime::Each`].
    answered: Option<Vec<usize>>,
    /// The first connection that is measured apart.
    apart_from: usize,
    /// By connection, if it is recorded.
    memories: Option<Vec<Memory>>,
    /// What was heard of the reactions to the message of [`Load::react`].
    heard: Option<ReactionsHeard>,
}

impl Load {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            connections: Vec::new(),
            ready: 0,
            failed: 0,
            scratch: vec![0; SCRATCH_BYTES],
            began: Instant::now(),
            measured: Measured::new(),
            asked: Vec::new(),
            asked_before: 0,
            since: 0,
            next_round: 0,
            answered: None,
            apart_from: usize::MAX,
            memories: None,
            heard: None,
        })
    }

    /// Records, from now on, what clients need to resume their connections.
    pub(crate) fn remember(&mut self) {
        self.memories = Some(Vec::new());
    }

    /// What clients need to resume their connections, by connection.
    pub(crate) fn memories(&mut self) -> Vec<Memory> {
        self.memories.take().unwrap_or_default()
    }

    fn memory(&mut self, index: usize) -> Option<&mut Memory> {
        let memories = self.memories.as_mut()?;
        if memories.len() <= index {
            memories.resize(index + 1, Memory::default());
        }
        Some(&mut memories[index])
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// Measures the connections that are made from now on apart.
    pub(crate) fn apart_from_here(&mut self) {
        self.apart_from = self.connections.len();
    }

    /// Whether there are no connections.
    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Connects all clients, some at a time. Returns the time until the last one was connected.
    pub(crate) fn connect(&mut self, server: SocketAddr, greetings: &[Greeting]) -> io::Result<Duration> {
        let began = Instant::now();
        let mut events = Events::with_capacity(4_096);
        let first = self.connections.len();
        while self.ready < first + greetings.len() {
            while self.connections.len() < first + greetings.len() && self.connections.len() - self.ready < OPENING_MAX
            {
                self.open(server, &greetings[self.connections.len() - first])?;
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(200)))?;
            self.take(&events);
            if self.failed > 0 || began.elapsed() > PATIENCE {
                let missing = greetings.len() + first - self.ready;
                return Err(io::Error::other(format!("{missing} connections did not come up, {} failed", self.failed)));
            }
        }
        Ok(began.elapsed())
    }

    fn open(&mut self, server: SocketAddr, greeting: &Greeting) -> io::Result<()> {
        let index = self.connections.len();
        let socket = std::net::TcpStream::connect(server)?;
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket);
        let _ = stream.set_nodelay(true);
        self.poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket{} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            greeting.query
        );
        let mut enter = Vec::new();
        wire::frame(&mut enter, greeting.enter.as_bytes());
        self.connections.push(Connection {
            stream,
            phase: Phase::Head,
            rest: Vec::new(),
            unsent: request.into_bytes(),
            enter,
        });
        Ok(())
    }

    fn take(&mut self, events: &Events) {
        for event in events {
            let index = event.token().0;
            if index >= self.connections.len() {
                continue;
            }
            if event.is_writable() {
                self.flush(index);
            }
            if event.is_readable() || event.is_read_closed() {
                self.read(index);
            }
        }
    }

    fn flush(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        while !connection.unsent.is_empty() {
            match connection.stream.write(&connection.unsent) {
                Ok(written) => drop(connection.unsent.drain(..written)),
                Err(_) => return,
            }
        }
        connection.unsent = Vec::new();
    }

    fn write(&mut self, index: usize, bytes: &[u8]) {
        let connection = &mut self.connections[index];
        if connection.unsent.is_empty() {
            match connection.stream.write(bytes) {
                Ok(written) if written == bytes.len() => {}
                Ok(written) => connection.unsent.extend(&bytes[written..]),
                Err(_) => connection.unsent.extend(bytes),
            }
        } else {
            connection.unsent.extend(bytes);
        }
    }

    fn read(&mut self, index: usize) {
        let mut scratch = std::mem::take(&mut self.scratch);
        loop {
            let connection = &mut self.connections[index];
            let held = connection.rest.len();
            scratch[..held].copy_from_slice(&connection.rest);
            match connection.stream.read(&mut scratch[held..]) {
                Ok(0) => {
                    self.failed += 1;
                    break;
                }
                Ok(read) => {
                    let end = held + read;
                    let used = self.understand(index, &scratch[..end]);
                    let rest = &mut self.connections[index].rest;
                    rest.clear();
                    rest.extend(&scratch[used..end]);
                    if rest.is_empty() {
                        *rest = Vec::new();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.failed += 1;
                    break;
                }
            }
        }
        self.scratch = scratch;
    }

    /// Handles the complete frames. Returns how many bytes they took.
    fn understand(&mut self, index: usize, bytes: &[u8]) -> usize {
        let mut used = 0;
        if self.connections[index].phase == Phase::Head {
            let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return 0 };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                self.failed += 1;
            }
            self.connections[index].phase = Phase::Open;
            used = end + 4;
        }
        while let Some((packet, length)) = wire::split(&bytes[used..]) {
            used += length;
            self.packet(index, packet);
        }
        used
    }

    fn packet(&mut self, index: usize, packet: &[u8]) {
        match self.connections[index].phase {
            Phase::Open if packet.starts_with(b"0") => {
                let enter = std::mem::take(&mut self.connections[index].enter);
                self.write(index, &enter);
                self.connections[index].phase = Phase::Entering;
            }
            Phase::Entering if packet.starts_with(b"40") => {
                self.connections[index].phase = Phase::Ready;
                self.ready += 1;
                if let (Some(memory), Some(secret)) = (self.memory(index), wire::secret(packet)) {
                    secret.clone_into(&mut memory.secret);
                }
            }
            Phase::Entering if packet.starts_with(b"44") => self.failed += 1,
            _ if packet == b"2" => {
                let mut pong = Vec::with_capacity(8);
                wire::frame(&mut pong, b"3");
                self.write(index, &pong);
            }
            // Some servers send missed events before they accept the CONNECT.
            Phase::Entering | Phase::Ready if packet.starts_with(b"42") => {
                self.measured.events += 1;
                let now = self.now();
                self.heard.iter_mut().for_each(|heard| heard.event(index, packet, now));
                if let (Some(memory), Some(offset)) = (self.memory(index), wire::offset(packet)) {
                    offset.clone_into(&mut memory.offset);
                }
                if let Some(sent) = wire::sent_at(packet).filter(|sent| *sent >= self.since) {
                    let taken = self.now().saturating_sub(sent);
                    self.measured.delivered += 1;
                    let apart = index >= self.apart_from;
                    let Measured { delivery, delivery_apart, .. } = &mut self.measured;
                    let _ = if apart { delivery_apart } else { delivery }.record(taken);
                }
            }
            Phase::Ready => {
                let now = self.now();
                self.heard.iter_mut().for_each(|heard| heard.answer(packet, now));
                let own = wire::ack_id(packet).and_then(|id| id.checked_sub(self.asked_before));
                if let Some((sent, turn)) = own.and_then(|id| self.asked.get(id).copied()) {
                    self.measured.acked += 1;
                    self.measured.acked_apart += u64::from(index >= self.apart_from);
                    let _ = self.measured.ack.record(self.now().saturating_sub(sent));
                    self.answered.iter_mut().for_each(|answered| answered.push(turn));
                }
            }
            _ => {}
        }
    }

    /// Serves the connections for a while, and sends nothing.
    pub(crate) fn idle(&mut self, how_long: Duration) -> io::Result<()> {
        let until = Instant::now() + how_long;
        let mut events = Events::with_capacity(4_096);
        while Instant::now() < until {
            self.poll.poll(&mut events, Some(Duration::from_millis(50)))?;
            self.take(&events);
        }
        Ok(())
    }

    /// Serves the connections until nothing has arrived for a while, so that everything was delivered.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        let began = Instant::now();
        let mut last = Instant::now();
        let mut events = Events::with_capacity(4_096);
        while last.elapsed() < QUIET && began.elapsed() < PATIENCE {
            self.poll.poll(&mut events, Some(Duration::from_millis(50)))?;
            if !events.is_empty() {
                last = Instant::now();
            }
            self.take(&events);
        }
        Ok(())
    }

    /// Serves the connections until `messages` messages were delivered since [`Load::forget`].
    pub(crate) fn until_delivered(&mut self, messages: u64) -> io::Result<()> {
        let began = Instant::now();
        let mut events = Events::with_capacity(4_096);
        while self.measured.delivered < messages {
            if began.elapsed() > PATIENCE {
                let delivered = self.measured.delivered;
                return Err(io::Error::other(format!("{delivered} of {messages} messages came")));
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(50)))?;
            self.take(&events);
        }
        Ok(())
    }

    /// Resets the measurements. What was sent before does not count any more, however late it comes.
    pub(crate) fn forget(&mut self) {
        self.measured = Measured::new();
        self.asked_before += self.asked.len();
        self.asked.clear();
        self.since = self.now();
    }

    /// Closes the connections from this one on, without a DISCONNECT.
    pub(crate) fn cut(&mut self, from: usize) {
        self.connections.truncate(from);
        self.ready = self.ready.min(from);
    }

    /// Sends messages as fast as they are acknowledged, and waits for the last acknowledgement.
    pub(crate) fn burst(&mut self, senders: &[Turn], messages: u64) -> io::Result<()> {
        const IN_FLIGHT: u64 = 64;
        let began = Instant::now();
        let mut events = Events::with_capacity(4_096);
        while self.measured.acked < messages {
            while self.measured.sent < messages.min(self.measured.acked + IN_FLIGHT) {
                let now = self.now();
                self.send_one(senders, now);
            }
            if began.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("{} of {messages} were acknowledged", self.measured.acked)));
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(50)))?;
            self.take(&events);
        }
        Ok(())
    }

    /// Lets each client react to a message once, all at the same time. Each takes one of some emojis.
    pub(crate) fn react(&mut self, message: &str, emojis: &[String]) {
        self.heard = Some(ReactionsHeard::of(message, self.connections.len(), self.now()));
        for index in 0..self.connections.len() {
            let emoji = &emojis[index % emojis.len()];
            let mut bytes = Vec::new();
            wire::frame(&mut bytes, ReactionsHeard::packet(index, message, emoji).as_bytes());
            self.write(index, &bytes);
        }
    }

    /// What was heard since [`Load::react`] of the reactions to its message.
    pub(crate) fn heard(&self) -> Option<&ReactionsHeard> {
        self.heard.as_ref()
    }

    /// Sends for a while. The senders take turns.
    pub(crate) fn send(&mut self, senders: &[Turn], regime: Regime, how_long: Duration) -> io::Result<()> {
        let until = Instant::now() + how_long;
        self.send_until(senders, regime, |_| Instant::now() >= until)
    }

    /// Sends until something is the case. The senders take turns.
    pub(crate) fn send_until(
        &mut self,
        senders: &[Turn],
        regime: Regime,
        is_over: impl Fn(&Self) -> bool,
    ) -> io::Result<()> {
        self.forget();
        self.answered = match regime {
            Regime::Each(in_flight) => Some((0..in_flight).flat_map(|_| 0..senders.len()).collect()),
            Regime::Paced(_) | Regime::Saturated(_) => None,
        };
        let start = self.now();
        let mut events = Events::with_capacity(4_096);
        loop {
            if is_over(self) {
                return Ok(());
            }
            let now = self.now();
            let due = match regime {
                Regime::Paced(rate) => ((now - start) as f64 / 1e9 * rate) as u64 + 1,
                Regime::Saturated(in_flight) => self.measured.acked + in_flight as u64,
                Regime::Each(_) => self.measured.sent + self.answered.as_ref().map_or(0, Vec::len) as u64,
            };
            while self.measured.sent < due {
                let at = match regime {
                    Regime::Paced(rate) => start + (self.measured.sent as f64 / rate * 1e9) as u64,
                    Regime::Saturated(_) | Regime::Each(_) => self.now(),
                };
                self.send_one(senders, at);
            }
            let wait = match regime {
                Regime::Paced(rate) => {
                    Duration::from_nanos((start + (due as f64 / rate * 1e9) as u64).saturating_sub(self.now()))
                }
                Regime::Saturated(_) | Regime::Each(_) => Duration::from_millis(50),
            };
            self.poll.poll(&mut events, Some(wait.min(Duration::from_millis(50))))?;
            self.take(&events);
        }
    }

    fn send_one(&mut self, senders: &[Turn], at: u64) {
        let nth = self.answered.as_mut().and_then(Vec::pop).unwrap_or_else(|| {
            self.next_round += 1;
            (self.next_round - 1) % senders.len()
        });
        let turn = &senders[nth];
        let packet = match &turn.after {
            Some(after) => {
                self.asked.push((at, nth));
                format!("42{}{}{}{after}", self.asked_before + self.asked.len() - 1, turn.before, wire::text(at))
            }
            None => format!("42{}", turn.before),
        };
        let mut bytes = Vec::with_capacity(packet.len() + 8);
        wire::frame(&mut bytes, packet.as_bytes());
        self.write(turn.index, &bytes);
        self.measured.sent += 1;
    }

    /// The measurements of the last sends so far.
    pub(crate) fn measured(&self) -> &Measured {
        &self.measured
    }
}
