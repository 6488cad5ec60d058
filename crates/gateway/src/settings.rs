//! What an operator may set of the gateway.

/// Whether a sender receives its own message, in dialects that may skip that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Always, as the dialect's document has it.
    #[default]
    Always,
    /// Not on the connection that asked for an acknowledgement.
    UnlessAcked,
}

/// The users who are told that a user came or went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, up to the limit.
    #[default]
    Everyone,
    /// Those who share a conversation.
    Contacts,
}

/// What an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// See [`Echo`].
    pub echo: Echo,
    /// See [`Audience`].
    pub audience: Audience,
    /// Users online from which on a newcomer is told to those who share a conversation only.
    pub everyone_limit: usize,
    /// The largest frame of a plain WebSocket that is passed over, in bytes; a larger one ends the connection.
    pub frame_bytes_max: usize,
    /// Bytes that may wait for one connection.
    pub queue_bytes_max: usize,
    /// Whether every client gets the secret to go on with a connection that it lost; else those that ask.
    pub recovery: bool,
    /// Bytes from which on a frame of a plain WebSocket is compressed, for a client that takes it.
    pub compression_threshold: Option<usize>,
}
