//! Requests of users to reach a person: to write to it, or to take it into a group.

use std::sync::Arc;

use crate::{ConversationRef, Message, RequestId, Timestamp, User};

/// What a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// To be written to by somebody with whom it shares nothing.
    Message,
    /// To become a member of a group.
    Group,
}

impl RequestKind {
    /// Returns the kind as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Group => "group",
        }
    }

    /// Parses the text of a kind; none if there is no such kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Message, Self::Group].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A request as the person sees it who decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRequest {
    /// The id of the request.
    pub id: RequestId,
    /// What is asked.
    pub kind: RequestKind,
    /// The user who asks.
    pub from: Arc<User>,
    /// The conversation that the person is asked to be a member of.
    pub conversation: Arc<ConversationRef>,
    /// The message that waits; none for a group, and once it is deleted.
    pub message: Option<Arc<Message>>,
    /// When it was made.
    pub at: Timestamp,
}
