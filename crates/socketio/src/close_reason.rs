//! Why connections end, and what their peers are told.
//!
//! What must stay true: a peer that should come back is told by a code with which official clients do.

/// The reason why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client closed the session, or its transport ended.
    TransportClosed,
    /// The client closed its WebSocket with this code.
    PeerClosed(u16),
    /// The client left the namespace with a DISCONNECT.
    ClientDisconnected,
    /// The application ended the namespace with a DISCONNECT. Official clients do not reconnect by themselves after it.
    ServerDisconnected,
    /// No answer to a ping came in time.
    PingTimeout,
    /// More bytes were queued for the connection than allowed. The client should reconnect and resume.
    QueueFull,
    /// The server is stopping. The client should reconnect.
    Shutdown,
    /// The client violated the protocol.
    ProtocolError,
    /// No CONNECT came in time.
    ConnectTimeout,
    /// The client kept sending more than its rate allows.
    Flooding,
    /// A packet was begun and not finished in time.
    Unfinished,
    /// The server has no capacity left for the connection, because clients that are known take precedence.
    Pressure,
    /// A WebSocket close with a code and reason of the application's own.
    Application(u16, &'static str),
}

impl CloseReason {
    /// A message exceeds its size limit (close code 1009, RFC 6455 section 7.4.1).
    pub const TOO_LARGE: Self = Self::Application(1009, "message too large");

    /// Returns the code and reason of the WebSocket close frame that is sent to the peer.
    #[must_use]
    pub fn close_code(self) -> (u16, &'static str) {
        match self {
            Self::TransportClosed | Self::ClientDisconnected | Self::ServerDisconnected => (1000, ""),
            Self::PeerClosed(code) => (code, ""),
            Self::PingTimeout => (1001, "ping timeout"),
            Self::QueueFull => (1013, "too slow: come back and resume"),
            Self::Shutdown => (1012, "the server is restarting"),
            Self::ProtocolError => (1002, "protocol error"),
            Self::ConnectTimeout => (1000, "no CONNECT in time"),
            Self::Flooding => (1008, "too much beyond the rate"),
            Self::Unfinished => (1008, "a packet was not finished in time"),
            Self::Pressure => (1013, "the server is full: come back later"),
            Self::Application(code, reason) => (code, reason),
        }
    }

    /// Returns whether frames that are queued are still sent before the connection ends.
    pub(crate) fn flushes(self) -> bool {
        match self {
            Self::QueueFull
            | Self::PingTimeout
            | Self::TransportClosed
            | Self::PeerClosed(_)
            | Self::Unfinished
            | Self::Pressure => false,
            Self::ClientDisconnected
            | Self::ServerDisconnected
            | Self::Shutdown
            | Self::ProtocolError
            | Self::ConnectTimeout
            | Self::Flooding
            | Self::Application(..) => true,
        }
    }
}
