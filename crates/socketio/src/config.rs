//! What an owner may set on an [`Engine`](crate::Engine), each value with its unit.

use std::time::Duration;

use crate::{Origins, Unfinished};

/// Settings of an engine. The defaults are those of the official server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The path that the engine answers at, with both slashes.
    pub path: String,
    /// Time between two pings (Engine.IO 4, "Heartbeat").
    pub ping_interval: Duration,
    /// Time that a client has to answer a ping.
    pub ping_timeout: Duration,
    /// The largest payload taken from a client, in bytes.
    pub payload_bytes_max: usize,
    /// The largest text message taken from a client, in bytes, inflated: an event with its name and arguments, or a
    /// CONNECT. A larger one, up to [`Config::payload_bytes_max`], is passed over and refused.
    pub event_bytes_max: usize,
    /// The budget for packets that have begun and not ended, over all connections. Engines may share one.
    pub unfinished: Unfinished,
    /// Time that a client has to enter a namespace: from the opening of its transport, or from leaving the last one.
    pub connect_timeout: Duration,
    /// Time that a WebSocket has to finish an upgrade.
    pub upgrade_timeout: Duration,
    /// Bytes that may wait for one connection before it is closed.
    pub queue_bytes_max: usize,
    /// Attachments that one packet may announce.
    pub attachments_max: usize,
    /// Namespaces that one connection may hold at once.
    pub namespaces_max: usize,
    /// Bytes from which on a message is compressed, for a client that takes it (permessage-deflate over WebSocket,
    /// gzip over polling); nothing is compressed where there is none.
    pub compression_threshold: Option<usize>,
    /// Which pages may talk to the engine.
    pub origins: Origins,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
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
        }
    }
}
