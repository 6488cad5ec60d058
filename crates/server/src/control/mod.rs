//! The control socket, over which the command line asks a running server to run a command: its address and its messages.
//!
//! What must stay true: only the user of the server (and the superuser) reaches the socket. A request and its response
//! are one line of JSON each, of bounded size, and a connection carries one of each. An older or newer version always
//! understands the version of a request and a [`Response::Failed`].

pub(crate) mod client;
pub(crate) mod server;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::admin::{Command, Printed};
use crate::failure::Failure;

/// The name of the socket in the data folder.
const SOCKET: &str = "quintet.sock";
/// The version of the commands. It grows whenever [`Command`] or [`Printed`] changes.
const VERSION: u32 = 1;
/// The largest request in bytes.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;
/// The largest response in bytes: a list of about half a million users.
const RESPONSE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A command for the server.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    version: u32,
    command: Command,
}

/// The part of a request that every version has.
#[derive(Deserialize)]
struct RequestVersion {
    version: u32,
}

/// The result of a command.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Response {
    /// The command succeeded.
    Done(Printed),
    /// The command failed, for a reason that is a sentence for the operator.
    Failed(Failure),
}

/// An address of the socket that the system can use.
struct Address {
    path: PathBuf,
    /// A folder that the path goes through, which stays open as long as the path is used.
    _folder: Option<File>,
}

impl Address {
    /// Returns the address of the socket in a folder.
    ///
    /// # Errors
    /// The folder cannot be opened, which is needed if its path is long.
    fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        // The system's addresses have room for about a hundred bytes of path.
        if SocketAddr::from_pathname(&path).is_ok() {
            return Ok(Self { path, _folder: None });
        }
        let folder = File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }
}

/// Reads a line of at most `bytes_max` bytes, with its end.
///
/// # Errors
/// The connection failed, ended before the line did, or the line is longer or no text.
async fn read_line(from: impl AsyncBufRead + Unpin, bytes_max: u64) -> io::Result<String> {
    let mut line = String::new();
    from.take(bytes_max).read_line(&mut line).await?;
    match line.ends_with('\n') {
        true => Ok(line),
        false if line.len() as u64 == bytes_max => Err(io::ErrorKind::FileTooLarge.into()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Returns the line of JSON for a message.
fn line_of(message: &impl Serialize) -> io::Result<String> {
    let mut line = serde_json::to_string(message)?;
    line.push('\n');
    Ok(line)
}
