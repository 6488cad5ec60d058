//! Keeps the connection of a wire up, and sends and receives over it.
//!
//! What must stay true: a connection that is lost, or that does not answer, is made again, with pauses that grow until
//! something was sent; each time that it begins to receive, the node is told that messages may have been lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::inbox::Inbox;
use super::outbox::Outbox;
use super::{Wire, WireEvents};

/// Maximum time to connect and to begin to receive.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Maximum time for the server to take messages; after it the connection is given up.
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// The time without messages to send after which the server is asked whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(5);
/// The pause before the first attempt to connect again. Each further pause is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// Maximum pause before an attempt to connect again.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The reason for which a connection cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// The server or the operating system refused it, or the connection was lost.
    #[error("{0}")]
    Failed(String),
    /// The server does not answer.
    #[error("the server does not answer")]
    Silent,
}

/// A connection to a server that carries messages, which can be made again.
pub(super) trait Line: Send + 'static {
    /// The server, without user and password, for the log.
    fn name(&self) -> String;
    /// Connects, and begins to add what is received to the inbox. An earlier connection is closed.
    fn connect(&mut self, inbox: &Arc<Inbox>) -> impl Future<Output = Result<(), LineError>> + Send;
    /// Sends messages, and waits until the server has them. Without any, asks whether the server is there.
    fn send(&mut self, messages: &[Bytes]) -> impl Future<Output = Result<(), LineError>> + Send;
    /// Waits until the connection is lost.
    fn lost(&mut self) -> impl Future<Output = ()> + Send;
    /// Closes the connection.
    fn close(&mut self);
}

/// A wire whose connection is kept up by a task.
struct KeptWire {
    outbox: Arc<Outbox>,
    is_connected: Arc<AtomicBool>,
    message_bytes_max: usize,
}

impl Wire for KeptWire {
    fn publish(&self, message: Bytes) {
        if message.len() > self.message_bytes_max {
            tracing::error!(bytes = message.len(), "a message to other nodes is too large to be sent");
            return;
        }
        self.outbox.add(message);
    }

    fn message_bytes_max(&self) -> usize {
        self.message_bytes_max
    }

    fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Acquire)
    }
}

impl Drop for KeptWire {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

/// Makes a wire of a line. Its task runs on a runtime until the wire or its receiver is dropped.
pub(super) fn keep(line: impl Line, message_bytes_max: usize, runtime: &Handle) -> (Arc<dyn Wire>, WireEvents) {
    let (inbox, receiver) = Inbox::new();
    let (inbox, outbox, is_connected) =
        (Arc::new(inbox), Arc::new(Outbox::default()), Arc::new(AtomicBool::new(false)));
    let wire = KeptWire { outbox: Arc::clone(&outbox), is_connected: Arc::clone(&is_connected), message_bytes_max };
    runtime.spawn(async move {
        tokio::select! {
            () = run(line, &outbox, &inbox, &is_connected) => {}
            () = inbox.settle() => {}
            () = inbox.closed() => {}
        }
        is_connected.store(false, Ordering::Release);
    });
    (Arc::new(wire), receiver)
}

/// Runs until the outbox is closed.
async fn run(mut line: impl Line, outbox: &Outbox, inbox: &Arc<Inbox>, is_connected: &AtomicBool) {
    let name = line.name();
    let mut pause = PAUSE_MIN;
    let mut is_known = false;
    loop {
        let connected = timeout(CONNECT_WITHIN, line.connect(inbox)).await.unwrap_or(Err(LineError::Silent));
        let why = match connected {
            Ok(()) => {
                if std::mem::take(&mut is_known) {
                    tracing::info!(server = name, "the wire to the other nodes is back");
                }
                is_connected.store(true, Ordering::Release);
                inbox.interrupted();
                let ended = carry(&mut line, outbox, &mut pause).await;
                is_connected.store(false, Ordering::Release);
                match ended {
                    Ok(()) => return,
                    Err(why) => why,
                }
            }
            Err(why) => why,
        };
        line.close();
        if outbox.is_closed() {
            return;
        }
        // Once per loss, however often it is tried again.
        if std::mem::replace(&mut is_known, true) {
            tracing::debug!(server = name, error = %why, "the wire to the other nodes is still lost");
        } else {
            tracing::warn!(server = name, error = %why, "the wire to the other nodes is lost; they are heard once a second");
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Sends what waits, until the connection is lost or the outbox is closed.
async fn carry(line: &mut impl Line, outbox: &Outbox, pause: &mut Duration) -> Result<(), LineError> {
    loop {
        let messages = tokio::select! {
            () = line.lost() => return Err(LineError::Failed("the connection was lost".to_owned())),
            taken = timeout(ASK_AFTER, outbox.take()) => match taken {
                Ok(Some(messages)) => messages,
                Ok(None) => return Ok(()),
                Err(_) => Vec::new(),
            },
        };
        timeout(SEND_WITHIN, line.send(&messages)).await.unwrap_or(Err(LineError::Silent))?;
        *pause = PAUSE_MIN;
    }
}
