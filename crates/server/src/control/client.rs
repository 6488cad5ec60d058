//! The command line's end of the control socket.
//!
//! What must stay true: a request is sent at most once, because a command may not be one that can be repeated.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{Address, RESPONSE_BYTES_MAX, Request, Response, SOCKET, VERSION, line_of, read_line};
use crate::admin::{Command, Printed};
use crate::failure::Failure;

/// The time that the server has to run a command, apart from a backup, which takes as long as the disk does.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends a command to the server of a folder. Returns its output, or `None` if no server listens there.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn ask(folder: &Path, command: Command) -> Result<Option<Printed>, Failure> {
    let connected = match Address::of(folder) {
        Ok(address) => UnixStream::connect(&address.path).await,
        Err(error) => Err(error),
    };
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::WouldBlock => return Ok(None),
            _ => return Err(format!("cannot reach the server at {}: {error}", folder.join(SOCKET).display())),
        },
    };
    let time = match command {
        Command::Backup { .. } => Duration::MAX,
        _ => COMMAND_TIMEOUT,
    };
    let answered = timeout(time, exchange(stream, &Request { version: VERSION, command })).await;
    match answered.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(Response::Done(printed)) => Ok(Some(printed)),
        Ok(Response::Failed(failure)) => Err(failure),
        Err(error) => Err(format!("the server did not answer, and may have run the command or not: {error}")),
    }
}

/// Returns whether a server listens for commands in a folder.
pub(crate) async fn is_running(folder: &Path) -> bool {
    match Address::of(folder) {
        Ok(address) => UnixStream::connect(&address.path).await.is_ok(),
        Err(_) => false,
    }
}

async fn exchange(stream: UnixStream, request: &Request) -> io::Result<Response> {
    let (reader, mut writer) = stream.into_split();
    writer.write_all(line_of(request)?.as_bytes()).await?;
    let line = read_line(BufReader::new(reader), RESPONSE_BYTES_MAX).await?;
    serde_json::from_str(&line)
        .map_err(|error| io::Error::other(format!("{error}; use the binary of the same version as the server")))
}
