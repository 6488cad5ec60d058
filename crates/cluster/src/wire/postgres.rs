//! The wire on PostgreSQL: notifications of one channel, on a connection of its own.
//!
//! What must stay true: nothing is sent within a transaction that writes data, because a notification takes a lock of the
//! whole server when its transaction commits; what waits is sent by one statement.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use quintet_store::{NOTIFICATION_BYTES_MAX, PostgresChannel, PostgresTarget};
use tokio::runtime::Handle;

use super::inbox::Inbox;
use super::kept::{self, Line, LineError};
use super::{Wire, WireEvents, channel_name};

/// The size in bytes of the largest message: notifications are texts, so that messages are sent in Base64, which makes four
/// characters of three bytes.
const MESSAGE_BYTES_MAX: usize = NOTIFICATION_BYTES_MAX / 4 * 3;

/// Makes a wire on a PostgreSQL database, for one part of the order of the data with an identity. It is kept up by a task
/// on `runtime`, until the wire or its receiver is dropped.
#[must_use]
pub fn postgres_wire(
    target: PostgresTarget,
    identity: &str,
    part: u16,
    runtime: &Handle,
) -> (Arc<dyn Wire>, WireEvents) {
    let line = PostgresLine { target, name: channel_name(identity, part), channel: None };
    kept::keep(line, MESSAGE_BYTES_MAX, runtime)
}

struct PostgresLine {
    target: PostgresTarget,
    /// The name of the channel.
    name: String,
    channel: Option<PostgresChannel>,
}

impl Line for PostgresLine {
    fn name(&self) -> String {
        self.target.name()
    }

    async fn connect(&mut self, inbox: &Arc<Inbox>) -> Result<(), LineError> {
        self.channel = None;
        let inbox = Arc::clone(inbox);
        let received = move |payload: &str| match STANDARD_NO_PAD.decode(payload) {
            Ok(message) => inbox.add(message),
            Err(error) => tracing::debug!(%error, "a notification that no node sent"),
        };
        let opened = PostgresChannel::open(&self.target, &self.name, received).await;
        self.channel = Some(opened.map_err(|error| LineError::Failed(error.to_string()))?);
        Ok(())
    }

    async fn send(&mut self, messages: &[Bytes]) -> Result<(), LineError> {
        let Some(channel) = &self.channel else { return Err(LineError::Silent) };
        let payloads: Vec<String> = messages.iter().map(|message| STANDARD_NO_PAD.encode(message)).collect();
        channel.notify(&payloads).await.map_err(|error| LineError::Failed(error.to_string()))
    }

    async fn lost(&mut self) {
        match &self.channel {
            Some(channel) => channel.lost().await,
            None => std::future::pending().await,
        }
    }

    fn close(&mut self) {
        self.channel = None;
    }
}
