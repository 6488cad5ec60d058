//! The server's end of the control socket.
//!
//! What must stay true: a client that sends nothing, or nonsense, or reads nothing is cut off in time, and neither other
//! clients nor the end of the process wait for it. A command that runs is waited for at the end, except for a backup,
//! which is given up.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{
    Address, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, Request, RequestVersion, Response, SOCKET, VERSION, line_of,
    read_line,
};
use crate::admin::Admin;
use crate::process;

/// The mode of the socket, for the owner only.
const MODE: u32 = 0o600;
/// The time that a client has to send its request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that a client has to read its response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest number of clients at once. Further ones wait to be accepted.
const CLIENTS_MAX: usize = 32;

/// The control socket of a running server.
pub(crate) struct Control {
    socket: PathBuf,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Control {
    /// Listens on the socket in a folder, whose lock this process holds.
    ///
    /// # Errors
    /// The socket cannot be made there.
    pub(crate) fn listen(folder: &Path, admin: Admin) -> io::Result<Self> {
        let socket = folder.join(SOCKET);
        // No other server is here, so a socket was left by one that crashed.
        if socket.symlink_metadata().is_ok_and(|found| found.file_type().is_socket()) {
            std::fs::remove_file(&socket)?;
        }
        let listener = UnixListener::bind(Address::of(folder)?.path)?;
        // Since the umask of the process keeps others out, nobody could connect before this either.
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(MODE))?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(accept(listener, admin, stop.clone(), tasks.clone()));
        Ok(Self { socket, stop, tasks })
    }

    /// Accepts no further clients, gives up backups, and waits for the commands that run.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        // A file that stays behind is replaced at the next start.
        let _ = std::fs::remove_file(&self.socket);
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn accept(listener: UnixListener, admin: Admin, stop: CancellationToken, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(CLIENTS_MAX));
    let next = async || {
        let place = Arc::clone(&places).acquire_owned().await;
        (place, listener.accept().await)
    };
    loop {
        let (place, accepted) = tokio::select! {
            next = next() => next,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (admin, stop) = (admin.clone(), stop.clone());
                tasks.spawn(async move {
                    if let Err(error) = serve(stream, &admin, &stop).await {
                        tracing::debug!(%error, "a client of the control socket went away");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a client of the control socket could not be accepted");
                tokio::time::sleep(process::ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one request of one client.
async fn serve(stream: UnixStream, admin: &Admin, stop: &CancellationToken) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let line = tokio::select! {
        line = timeout(REQUEST_TIMEOUT, read_line(&mut reader, REQUEST_BYTES_MAX)) => line.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        () = stop.cancelled() => return Ok(()),
    };
    let response = match line.and_then(|line| request(&line).map_err(io::Error::other)) {
        Ok(request) => tokio::select! {
            result = admin.run(request.command, stop) => result.map_or_else(Response::Failed, Response::Done),
            () = ended(reader) => return Err(io::ErrorKind::ConnectionAborted.into()),
        },
        Err(error) => Response::Failed(format!("the server does not understand the request: {error}")),
    };
    let mut line = line_of(&response)?;
    if line.len() as u64 > RESPONSE_BYTES_MAX {
        line = line_of(&Response::Failed(format!(
            "the output is longer than {RESPONSE_BYTES_MAX} bytes; make a backup, and run the command on it"
        )))?;
    }
    timeout(RESPONSE_TIMEOUT, writer.write_all(line.as_bytes())).await?
}

/// Waits until the client has gone away. Whatever it sends is not read any further than one byte.
async fn ended(mut reader: BufReader<OwnedReadHalf>) {
    if matches!(reader.read(&mut [0]).await, Ok(1..)) {
        // It is still there, though it does not keep to the protocol.
        std::future::pending::<()>().await;
    }
}

/// Reads a request.
///
/// # Errors
/// A sentence for the operator.
fn request(line: &str) -> Result<Request, String> {
    let RequestVersion { version } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if version != VERSION {
        return Err(format!(
            "its version is {version}, and this server knows {VERSION}; use the binary of the same version as the server"
        ));
    }
    serde_json::from_str(line).map_err(|error| error.to_string())
}
