//! Reports of messages: who reports what and why, what the message said then, and what a moderator did about it.
//!
//! What must stay true: a snapshot is what the message was when it was reported, whatever happens to the message.

use std::sync::Arc;

use crate::limits::REPORT_REASON_BYTES_MAX;
use crate::moderation::bounded_reason;
use crate::{ConversationId, ConversationKind, MessageId, MessageKind, Refusal, Timestamp, User, UserId, is_blank};

/// Whether somebody has looked after a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportStatus {
    /// It waits for a moderator.
    Open,
    /// A moderator has decided about it.
    Resolved,
}

impl ReportStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Open, Self::Resolved];

    /// The status as text, as it is shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }

    /// Parses the text of a status; none if there is no such status.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a moderator does about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportAction {
    /// Nothing is done.
    Dismiss,
    /// The message is deleted.
    Delete,
    /// Its sender is silenced in the conversation until a moment.
    Silence,
    /// Its sender is disabled.
    Disable,
}

impl ReportAction {
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Dismiss, Self::Delete, Self::Silence, Self::Disable];

    /// The action as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dismiss => "dismiss",
            Self::Delete => "delete",
            Self::Silence => "silence",
            Self::Disable => "disable",
        }
    }

    /// Parses the text of an action; none if there is no such action.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// What a message was when it was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The text of the message.
    pub content: String,
    /// The kind of the message.
    pub kind: MessageKind,
    /// The names of its files, or the ends of their links.
    pub files: Vec<String>,
    /// The username of the sender.
    pub username: String,
    /// The full name of the sender.
    pub name: String,
    /// The kind of the conversation.
    pub conversation_kind: ConversationKind,
    /// The name of the conversation; none if it has none.
    pub conversation_name: Option<String>,
    /// When the message was sent.
    pub sent_at: Timestamp,
    /// When it was last edited before the report; none if it was not.
    pub edited_at: Option<Timestamp>,
}

/// What was decided about a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The moderator or service that decided.
    pub by: Option<UserId>,
    /// When it was decided.
    pub at: Timestamp,
    /// What was done.
    pub action: ReportAction,
}

/// A report of a message, as moderators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of the report, which grows.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// Why it was made.
    pub reason: Arc<str>,
    /// Whether the server made it, because a list of words or links says so.
    pub by_server: bool,
    /// The user who made it, if it is still known.
    pub reporter: Option<Arc<User>>,
    /// The id of the message, which may be deleted.
    pub message: MessageId,
    /// The conversation of the message, which may be deleted; none if it is gone.
    pub conversation: Option<ConversationId>,
    /// The sender of the message, as it is now; none if it is gone.
    pub sender: Option<Arc<User>>,
    /// What the message was; none once the report is resolved or its sender is erased.
    pub snapshot: Option<Snapshot>,
    /// What was decided; none while it is open.
    pub resolution: Option<Resolution>,
}

impl Report {
    /// Whether it waits for a moderator.
    #[must_use]
    pub fn status(&self) -> ReportStatus {
        if self.resolution.is_some() { ReportStatus::Resolved } else { ReportStatus::Open }
    }
}

/// Checks the reason that somebody gives for a report.
///
/// # Errors
/// A refusal that names `reason`.
pub fn report_reason(reason: &str) -> Result<Arc<str>, Refusal> {
    let reason = reason.trim();
    if is_blank(reason) {
        return Err(Refusal::invalid("reason", "must say why"));
    }
    bounded_reason(reason, REPORT_REASON_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn a_reason_says_something_and_not_too_much() {
        assert_eq!(report_reason("  rude \n").as_deref(), Ok("rude"));
        for (reason, code) in [
            ("", Code::InvalidPayload),
            (" \u{200B} ", Code::InvalidPayload),
            ("a\0b", Code::InvalidPayload),
            (&"é".repeat(REPORT_REASON_BYTES_MAX / 2 + 1), Code::TooLarge),
        ] {
            let refusal = report_reason(reason).expect_err("refused");
            assert!(refusal.code == code && refusal.message.starts_with("`reason` "), "{refusal:?}");
        }
    }
}
