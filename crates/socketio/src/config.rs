//! The settings of an [`Engine`](crate::Engine), each with its unit.

use std::time::Duration;

use crate::{Origins, SessionIds, Unfinished};

/// Settings of an engine. The defaults are those of the official server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The paths that the engine answers at, each with a leading and a trailing slash.
    pub paths: Vec<String>,
    /// Time between two pings (Engine.IO 4, "Heartbeat").
    pub ping_interval: Duration,
    /// Time within which a client has to answer a ping.
    pub ping_timeout: Duration,
    /// The largest payload accepted from a client, in bytes.
    pub payload_bytes_max: usize,
    /// The largest text message accepted from a client, in bytes, inflated: an event with its name and arguments, or a
    /// CONNECT. A larger one, up to [`Config::payload_bytes_max`], is skipped and refused.
    pub event_bytes_max: usize,
    /// The budget for unfinished packets of all connections. Several engines may share one.
    pub unfinished: Unfinished,
    /// Time within which a client has to enter a namespace, from the opening of its transport or from leaving its last
    /// one.
    pub connect_timeout: Duration,
    /// Time within which a WebSocket has to complete an upgrade.
    pub upgrade_timeout: Duration,
    /// Bytes that may be queued for one connection. A connection that exceeds it is closed.
    pub queue_bytes_max: usize,
    /// The largest number of attachments that one packet may announce.
    pub attachments_max: usize,
    /// The largest number of namespaces that one connection may be in at once.
    pub namespaces_max: usize,
    /// The size in bytes from which messages are compressed for clients that support it (permessage-deflate over
    /// WebSocket, gzip over polling). `None` turns compression off.
    pub compression_threshold: Option<usize>,
    /// The origins of pages that may connect to the engine.
    pub origins: Origins,
    /// How the ids of sessions are made.
    pub session_ids: SessionIds,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            paths: vec!["/socket.io/".to_owned()],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            payload_bytes_max: 1_000_000,
            event_bytes_max: 65_536,
            unfinished: Unfinished::default(),
            connect_timeout: Duration::from_secs(45),
            upgrade_timeout: Duration::from_secs(10),
            queue_bytes_max: 1_000_000,
            attachments_max: 64,
            namespaces_max: 16,
            compression_threshold: Some(1_024),
            origins: Origins::Any,
            session_ids: SessionIds::default(),
        }
    }
}
