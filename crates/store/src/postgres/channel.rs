//! A connection by which processes that use one database notify each other.
//!
//! What must stay true: notifications are never sent within a transaction that writes data, because the server commits such
//! transactions one at a time. That is why they have a connection of their own, on which a commit waits for no disk.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client, Connection, Socket, Statement};

use super::error::explained;
use super::target::{PostgresTarget, Stream};

/// Maximum bytes of the text of a notification: PostgreSQL wants less than 8,000.
pub const NOTIFICATION_BYTES_MAX: usize = 7_999;

/// What the connection is told first. A notification that a crash of the server takes away is no loss, because none is kept.
const SETTINGS: &str = "SET synchronous_commit = off";

/// Sends the notifications of one channel. Without any, it asks the server nothing and is answered all the same.
const NOTIFY: &str = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload";

/// The reason for which notifications cannot be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The server refused it, or the connection was lost. The text does not contain the password.
    #[error("{0}")]
    Failed(String),
}

impl From<tokio_postgres::Error> for ChannelError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(explained(&error))
    }
}

/// A connection that sends and receives the notifications of one channel. It is closed when this is dropped.
pub struct PostgresChannel {
    client: Client,
    name: String,
    notify: Statement,
    lost: Arc<Notify>,
    _driver: Driver,
}

/// The task that drives the connection. It ends when this is dropped, whether or not the server has answered.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::fmt::Debug for PostgresChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresChannel").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PostgresChannel {
    /// Connects and begins to receive. `received` gets the text of each notification of other connections; it is called by
    /// the task that drives the connection, so it must not wait.
    ///
    /// # Errors
    /// [`ChannelError`] if the server cannot be reached or refuses it.
    pub async fn open(
        target: &PostgresTarget,
        name: &str,
        received: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self, ChannelError> {
        let (client, connection) = target.connect().await?;
        let (own, lost) = (Arc::new(AtomicI32::new(0)), Arc::new(Notify::new()));
        let driver = tokio::spawn(drive(connection, Arc::clone(&own), Arc::clone(&lost), received));
        let driver = Driver(driver.abort_handle());
        client.batch_execute(SETTINGS).await?;
        let process = client.query_one("SELECT pg_backend_pid()", &[]).await?;
        own.store(process.try_get(0)?, Ordering::Release);
        let notify = client.prepare(NOTIFY).await?;
        client.batch_execute(&format!("LISTEN \"{}\"", name.replace('"', "\"\""))).await?;
        Ok(Self { client, name: name.to_owned(), notify, lost, _driver: driver })
    }

    /// Sends notifications to all other connections of the channel, in one statement, and waits until the server has them.
    /// Without any, it asks whether the server is there.
    ///
    /// # Errors
    /// [`ChannelError`] if the connection was lost or the server refused them.
    pub async fn notify(&self, payloads: &[String]) -> Result<(), ChannelError> {
        self.client.execute(&self.notify, &[&self.name, &payloads]).await?;
        Ok(())
    }

    /// Waits until the connection is lost. One caller at a time is told.
    pub async fn lost(&self) {
        self.lost.notified().await;
    }
}

/// Drives a connection until it ends.
async fn drive(
    mut connection: Connection<Socket, Stream>,
    own: Arc<AtomicI32>,
    lost: Arc<Notify>,
    mut received: impl FnMut(&str) + Send + 'static,
) {
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(notification))) => {
                if notification.process_id() != own.load(Ordering::Acquire) {
                    received(notification.payload());
                }
            }
            Some(Ok(AsyncMessage::Notice(notice))) => {
                tracing::debug!(message = notice.message(), "a notice of PostgreSQL");
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(error = explained(&error), "a connection to PostgreSQL ended");
                break;
            }
            None => break,
        }
    }
    lost.notify_one();
}
