//! An attacker's sockets: bound to an address of their own, blocking, with a limit on every wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use flate2::{Compress, Compression, FlushCompress};
use socket2::{Domain, Socket, Type};

use super::target::Target;
use crate::wire;

/// The address of the attackers: another loopback address than the bystander's.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Maximum time of one read or write.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two checks of the connections that are held.
const PAUSE: Duration = Duration::from_millis(20);
/// Maximum number of connections that are opened between two checks.
const OPENED_AT_ONCE: usize = 50;

/// Opens a connection from the attackers' address.
pub(super) fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((SOURCE, 0)).into())?;
    socket.connect_timeout(&to.into(), PATIENCE)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Reads up to the end of a response head. Returns all that was read, which may include what follows the head.
pub(super) fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut came = Vec::new();
    let mut part = [0; 2_048];
    while !came.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => came.extend_from_slice(&part[..read]),
        }
        if came.len() > 65_536 {
            return Err(io::Error::other("a head of over 64 kB"));
        }
    }
    Ok(came)
}

/// Opens a WebSocket that accepts compressed messages, and enters the default namespace without identifying itself.
pub(super) fn nobody(to: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = connect(to)?;
    let request = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let answer = head(&mut stream)?;
    if !answer.starts_with(b"HTTP/1.1 101") {
        return Err(io::Error::other("the upgrade was refused"));
    }
    send(&mut stream, "40")?;
    Ok(stream)
}

/// Sends one text frame.
pub(super) fn send(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let mut out = Vec::new();
    wire::frame(&mut out, text.as_bytes());
    stream.write_all(&out)
}

/// A compressed text frame (RFC 7692) of a client, with any text.
pub(super) fn compressed(text: &str) -> io::Result<Vec<u8>> {
    let mut packed = Vec::with_capacity(65_536);
    let mut deflate = Compress::new(Compression::best(), false);
    deflate.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync).map_err(io::Error::other)?;
    // RFC 7692 leaves out the end of a flushed block.
    packed.truncate(packed.len().saturating_sub(4));
    let mut frame = Vec::new();
    wire::frame(&mut frame, &packed);
    if let Some(first) = frame.first_mut() {
        *first |= 0x40;
    }
    Ok(frame)
}

/// Reads what has arrived, without waiting, and answers with a pong in case it was a ping. Returns an error once the
/// connection has ended.
pub(super) fn breathe(stream: &mut TcpStream) -> io::Result<()> {
    let mut part = [0; 4_096];
    stream.set_nonblocking(true)?;
    let came = stream.read(&mut part);
    stream.set_nonblocking(false)?;
    match came {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(_) => send(stream, "3"),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes without waiting, and drops what does not fit. Returns an error once the connection has ended.
pub(super) fn drip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let written = stream.write(bytes);
    stream.set_nonblocking(false)?;
    match written {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Holds a number of connections open until the attack is over: opens the missing ones, and calls `poke` for each of
/// the others at an interval. If either fails, it counts as refused.
pub(super) fn hold(
    target: &Target,
    count: usize,
    every: Duration,
    open: impl Fn(SocketAddr) -> io::Result<TcpStream>,
    poke: impl Fn(&mut TcpStream) -> io::Result<()>,
) {
    let mut held: Vec<(TcpStream, Instant)> = Vec::new();
    while !target.is_over() {
        for _ in 0..OPENED_AT_ONCE.min(count.saturating_sub(held.len())) {
            if target.is_over() {
                return;
            }
            target.attempted();
            match open(target.address) {
                Ok(stream) => held.push((stream, Instant::now())),
                Err(_) => target.refused(),
            }
        }
        held.retain_mut(|(stream, poked)| {
            if poked.elapsed() < every {
                return true;
            }
            *poked = Instant::now();
            let alive = poke(stream).is_ok();
            if !alive {
                target.refused();
            }
            alive
        });
        std::thread::sleep(PAUSE);
    }
}
