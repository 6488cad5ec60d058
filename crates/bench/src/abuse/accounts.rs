//! Attacks of people who have accounts, and on log-ins.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use super::Target;
use super::attacker::{connect, drip, hold};
use super::seed::CROWDED;
use crate::quintet::{self, Api};

/// Who makes groups, and who is put into them.
pub(super) const MEMBERS: Range<usize> = 1..1_001;
/// Members who are online while that happens.
const ONLINE: usize = 50;
/// Who uploads, and how many files at once.
pub(super) const UPLOADERS: Range<usize> = 2_000..2_030;
const UPLOADS_EACH: usize = 8;
/// Connections that log in.
const LOGINS: usize = 64;
/// Lists that are asked for at once.
const LISTS: usize = 40;

/// Makes users known to the server by a request with the token of each.
pub(super) fn adopt(target: &Target, users: Range<usize>) -> io::Result<()> {
    users.into_iter().try_for_each(|user| Api::of(target.address, user)?.get("/me").map(|_| ()))
}

/// Reads one whole answer; gives its status.
fn status(stream: &mut TcpStream) -> io::Result<u16> {
    let mut came = Vec::new();
    let mut part = [0; 16_384];
    loop {
        if let Some(end) = came.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&came[..end]).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if came.len() >= end + 4 + length {
                return head
                    .split(' ')
                    .nth(1)
                    .and_then(|status| status.parse().ok())
                    .ok_or_else(|| io::Error::other(head));
            }
        }
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => came.extend_from_slice(&part[..read]),
        }
    }
}

/// Sends the same request again and again on a connection that is opened anew when it ends.
fn again(target: &Target, request: &str) {
    let mut open: Option<TcpStream> = None;
    while !target.is_over() {
        let mut stream = match open.take().map_or_else(|| connect(target.address), Ok) {
            Ok(stream) => stream,
            Err(_) => {
                target.refused();
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        // Heavy answers take their time.
        let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
        target.attempted();
        match stream.write_all(request.as_bytes()).and_then(|()| status(&mut stream)) {
            Ok(status) => {
                if matches!(status, 429 | 503 | 507) {
                    target.refused();
                }
                open = Some(stream);
            }
            Err(_) => target.refused(),
        }
    }
}

/// Groups of everybody, one after the other.
pub(super) fn groups(target: &Target) {
    let members: Vec<String> = MEMBERS.skip(1).map(|member| format!("\"{}\"", quintet::user(member))).collect();
    let body = format!("{{\"kind\":\"group\",\"name\":\"crowd\",\"memberIds\":[{}]}}", members.join(","));
    let request = format!(
        "POST /api/v1/conversations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        quintet::token(MEMBERS.start),
        body.len()
    );
    thread::scope(|scope| {
        for member in MEMBERS.skip(1).take(ONLINE) {
            scope.spawn(move || listen(target, member));
        }
        scope.spawn(|| again(target, &request));
    });
}

/// Hears what a member hears, and throws it away.
fn listen(target: &Target, member: usize) {
    let greeting = quintet::greeting(member, "conversations");
    let Ok(mut stream) = super::attacker::nobody(target.address) else { return };
    if super::attacker::send(&mut stream, &greeting.enter).is_err() {
        return;
    }
    let mut part = [0; 65_536];
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    while !target.is_over() {
        // Nothing for a while is no end.
        if let Ok(0) = stream.read(&mut part) {
            return;
        }
    }
}

/// Uploads that go on for ever.
pub(super) fn uploads(target: &Target) {
    thread::scope(|scope| {
        for user in UPLOADERS {
            scope.spawn(move || {
                let token = quintet::token(user);
                let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"slow\"\r\n\r\n";
                let open = |to| {
                    let mut stream = connect(to)?;
                    write!(
                        stream,
                        "POST /api/v1/files HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {token}\r\n\
                         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n{part}"
                    )?;
                    Ok(stream)
                };
                hold(target, UPLOADS_EACH, Duration::from_secs(20), open, |stream| drip(stream, b"x"));
            });
        }
    });
}

/// Wrong passwords, each of another account.
pub(super) fn logins(target: &Target) {
    thread::scope(|scope| {
        for login in 0..LOGINS {
            scope.spawn(move || {
                let body = format!("{{\"username\":\"user-{login:06}\",\"password\":\"not the right one\"}}");
                let request = format!(
                    "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                again(target, &request);
            });
        }
    });
}

/// Everybody whom one knows, for somebody who knows very many.
pub(super) fn lists(target: &Target) {
    let request = format!(
        "GET /messenger/api/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        quintet::token(CROWDED)
    );
    thread::scope(|scope| {
        for _ in 0..LISTS {
            scope.spawn(|| again(target, &request));
        }
    });
}
