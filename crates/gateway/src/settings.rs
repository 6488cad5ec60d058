//! The settings of the gateway that an operator chooses.

/// Whether a sender receives its own message, in dialects that may suppress this echo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// The sender always receives it, as the dialect's document describes.
    #[default]
    Always,
    /// The sender does not receive it on the connection that asked for an acknowledgement.
    UnlessAcked,
}

/// The users who receive the presence changes of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// All users, up to [`Settings::everyone_limit`].
    #[default]
    Everyone,
    /// Users who share a conversation with the user.
    Contacts,
}

/// The settings of a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether senders receive their own messages.
    pub echo: Echo,
    /// Whether messages that were written to a connection count as delivered, in direct conversations and small groups.
    pub deliveries: bool,
    /// Who receives the presence changes of a user.
    pub audience: Audience,
    /// Number of users online above which the presence changes of a newcomer go only to users who share a conversation
    /// with it.
    pub everyone_limit: usize,
    /// Maximum number of bytes of a plain WebSocket frame that is skipped and answered with a refusal; a larger one
    /// ends the connection.
    pub frame_bytes_max: usize,
    /// Maximum number of bytes that are queued for one connection.
    pub queue_bytes_max: usize,
    /// Whether every client receives the secret to resume a lost connection, or only clients that ask for it.
    pub recovery: bool,
    /// Number of bytes above which frames of a plain WebSocket are compressed, for clients that support it; `None` for
    /// no compression.
    pub compression_threshold: Option<usize>,
}
