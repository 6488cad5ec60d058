//! What a load sends: greetings, and the turns of the senders.

/// What a client sends to open its connection.
pub(crate) struct Greeting {
    /// The query that follows `/socket.io/?EIO=4&transport=websocket` in the request.
    pub(crate) query: String,
    /// The CONNECT packet of the client.
    pub(crate) enter: String,
}

/// What a sender sends in its turn.
pub(crate) struct Turn {
    /// The connection that sends.
    pub(crate) index: usize,
    /// The arguments of the event up to the text of a message. For an event without a text, which is not answered, the
    /// whole event.
    pub(crate) before: String,
    /// The arguments after the text; `None` for an event without one.
    pub(crate) after: Option<String>,
}

impl Turn {
    /// A message in the `conversations` dialect.
    pub(crate) fn message(index: usize, conversation: &str) -> Self {
        let before = format!("[\"send_message\",{{\"conversationId\":\"{conversation}\",\"content\":\"");
        Self { index, before, after: Some("\"}]".to_owned()) }
    }
}

/// How the sends are scheduled.
#[derive(Clone, Copy)]
pub(crate) enum Regime {
    /// A number of sends per second, regardless of the answers.
    Paced(f64),
    /// A number of sends in progress at all times.
    Saturated(usize),
    /// A number of sends of each sender in progress at all times, so that a server that answers faster gets more.
    Each(usize),
}
