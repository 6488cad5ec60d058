//! Attacks by users who have accounts, and attacks on the login.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use super::attacker::{connect, drip, hold};
use super::seed::CROWDED;
use super::target::Target;
use crate::quintet::{self, Api};

/// The users who are added to groups.
pub(super) const MEMBERS: Range<usize> = 1..1_001;
/// The number of members who are online meanwhile.
const ONLINE: usize = 50;
/// The users who upload, and the number of simultaneous uploads of each.
pub(super) const UPLOADERS: Range<usize> = 2_000..2_030;
const UPLOADS_EACH: usize = 8;
/// The number of connections that log in.
const LOGINS: usize = 64;
/// The number of lists that are requested at once.
const LISTS: usize = 40;

/// Creates users on the server by one request with the token of each.
pub(super) fn adopt(target: &Target, users: Range<usize>) -> io::Result<()> {
    users.into_iter().try_for_each(|user| Api::of(target.address, user)?.get("/me").map(|_| ()))
}

/// Reads one whole response. Returns its status.
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

/// Sends the same request repeatedly on a connection, which is opened again when it ends.
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
        // Expensive responses take a while.
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

/// Creates groups with all members, one after the other.
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

/// Receives what a member receives, and discards it.
fn listen(target: &Target, member: usize) {
    let greeting = quintet::greeting(member, "conversations");
    let Ok(mut stream) = super::attacker::nobody(target.address) else { return };
    if super::attacker::send(&mut stream, &greeting.enter).is_err() {
        return;
    }
    let mut part = [0; 65_536];
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    while !target.is_over() {
        // A timeout is not the end of the connection.
        if let Ok(0) = stream.read(&mut part) {
            return;
        }
    }
}

/// Uploads that never end.
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

/// Logins with wrong passwords, each for another account.
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

/// Requests the list of all contacts of a user with very many.
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
