//! The wire on Redis or Valkey: publish and subscribe on one channel, over one connection.
//!
//! What must stay true: what the server pushes goes straight to the bounded inbox, so that no queue of the client library
//! grows; the password of the URL is in no text that is logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::aio::{MultiplexedConnection, SendError};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisError, Value,
};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::inbox::Inbox;
use super::kept::{self, Line, LineError};
use super::{Wire, WireError, WireEvents, channel_name};

/// The size in bytes of the largest message. A group that is larger is read from the store, which is fast enough for
/// something so rare.
const MESSAGE_BYTES_MAX: usize = 500_000;
/// Maximum time to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Maximum time for the server to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// The number of answers that are timed for an operator.
const ROUND_TRIPS: usize = 21;

/// Makes a wire on a Redis server, for one part of the order of the data with an identity. It is kept up by a task on
/// `runtime`, until the wire or its receiver is dropped.
///
/// The URL has the form `redis://user:password@host:port/database`, or `rediss://…` for TLS, whose certificate is checked
/// against the authorities of the operating system. The server must know RESP3: Redis 6 or newer, or Valkey.
///
/// # Errors
/// [`WireError::Url`] if the URL is not valid.
pub fn redis_wire(
    url: &str,
    identity: &str,
    part: u16,
    runtime: &Handle,
) -> Result<(Arc<dyn Wire>, WireEvents), WireError> {
    let invalid = |error: RedisError| WireError::Url(error.to_string());
    let info = url.into_connection_info().map_err(invalid)?;
    let name = info.addr().to_string();
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    // Otherwise a message could wait for the confirmation of the one before.
    let tcp = TcpSettings::default().set_nodelay(true);
    let client = Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp)).map_err(invalid)?;
    let line = RedisLine { client, name, channel: channel_name(identity, part), open: None };
    Ok(kept::keep(line, MESSAGE_BYTES_MAX, runtime))
}

/// The median time in which a Redis server answers, for an operator who asks whether it is there.
///
/// # Errors
/// [`WireError`] if the URL is not valid or the server does not answer, without the password.
pub async fn redis_round_trip(url: &str) -> Result<Duration, WireError> {
    let info = url.into_connection_info().map_err(|error| WireError::Url(error.to_string()))?;
    let server = info.addr().to_string();
    let failed = |error: RedisError| WireError::Server { server: server.clone(), why: error.to_string() };
    let client = Client::open(info).map_err(failed)?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.map_err(failed)?;
    let mut times = [Duration::ZERO; ROUND_TRIPS];
    for time in &mut times {
        let begun = Instant::now();
        redis::cmd("PING").exec_async(&mut connection).await.map_err(failed)?;
        *time = begun.elapsed();
    }
    times.sort_unstable();
    Ok(times[ROUND_TRIPS / 2])
}

struct RedisLine {
    client: Client,
    /// The address of the server.
    name: String,
    channel: String,
    open: Option<Open>,
}

/// A connection that was made.
struct Open {
    connection: MultiplexedConnection,
    /// Told once the connection is lost.
    lost: Arc<Notify>,
}

fn failed(error: RedisError) -> LineError {
    if error.is_timeout() { LineError::Silent } else { LineError::Failed(error.to_string()) }
}

/// Receives what the server pushes.
fn received(push: PushInfo, inbox: &Inbox, lost: &Notify) {
    match push.kind {
        // The name of the channel and the message.
        PushKind::Message => {
            if let Some(Value::BulkString(message)) = push.data.into_iter().nth(1) {
                inbox.add(message);
            }
        }
        PushKind::Disconnection => lost.notify_one(),
        // Confirmations.
        _ => {}
    }
}

impl Line for RedisLine {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn connect(&mut self, inbox: &Arc<Inbox>) -> Result<(), LineError> {
        self.open = None;
        let (inbox, lost) = (Arc::clone(inbox), Arc::new(Notify::new()));
        let push = {
            let lost = Arc::clone(&lost);
            move |push: PushInfo| {
                received(push, &inbox, &lost);
                Ok::<(), SendError>(())
            }
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_push_sender(push);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let mut connection = connected.map_err(failed)?;
        connection.subscribe(&self.channel).await.map_err(failed)?;
        self.open = Some(Open { connection, lost });
        Ok(())
    }

    async fn send(&mut self, messages: &[Bytes]) -> Result<(), LineError> {
        let Some(Open { connection, .. }) = &mut self.open else { return Err(LineError::Silent) };
        if messages.is_empty() {
            return redis::cmd("PING").exec_async(connection).await.map_err(failed);
        }
        let mut commands = redis::pipe();
        for message in messages {
            commands.cmd("PUBLISH").arg(&self.channel).arg(&message[..]).ignore();
        }
        commands.exec_async(connection).await.map_err(failed)
    }

    async fn lost(&mut self) {
        match &self.open {
            Some(open) => open.lost.notified().await,
            None => std::future::pending().await,
        }
    }

    fn close(&mut self) {
        self.open = None;
    }
}
