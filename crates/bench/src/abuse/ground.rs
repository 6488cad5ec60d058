//! The server that is attacked, and what attackers and others reach it by.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::process::{Running, free_port};
use crate::quintet;

/// Users that an attack knows, by their numbers.
pub(super) const ATTACKER: usize = 0;
pub(super) const BYSTANDER: usize = 1;

/// Time after which a request counts as not answered.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A server of its own for one attack, on loopback.
pub(super) struct Ground {
    pub(super) server: Running,
}

impl Ground {
    /// Starts the server on the data of a folder.
    pub(super) fn start(binary: &Path, data: &Path, rates: bool) -> io::Result<Self> {
        let port = free_port()?;
        let args = ["--listen", &port.to_string(), "--data", &data.to_string_lossy()].map(str::to_owned);
        let environment =
            [("QUINTET_LIMITS_RATES", rates.to_string()), ("QUINTET_JWT_SECRET", quintet::SECRET.to_owned())];
        Ok(Self { server: Running::start(&binary.to_string_lossy(), &args, &environment, port)? })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Asks for a path on a connection of its own, as a user or as nobody; gives the status once all of the answer came.
    pub(super) fn get(&self, path: &str, token: Option<&str>) -> io::Result<u16> {
        let mut stream = TcpStream::connect_timeout(&self.address(), PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n{bearer}\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let status = answer.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        status.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}
