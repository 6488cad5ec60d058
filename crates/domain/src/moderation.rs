//! Moderation of a conversation: who is banned from it or silenced in it, how often its members may write, and the list
//! of the acts that the audit log knows.
//!
//! What must stay true: a ban or a silence that has ended means nothing, whether or not anybody has removed it.

use std::sync::Arc;

use crate::limits::REASON_BYTES_MAX;
use crate::{Refusal, Timestamp, User, UserId, is_blank, refuse_nul};

/// How a conversation limits what its members may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Moderation {
    /// Seconds between two messages of one member who does not lead the conversation; 0 for no limit.
    pub slow_mode_s: u32,
    /// Whether only those who lead the conversation write.
    pub only_admins_write: bool,
}

impl Moderation {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_default(self) -> bool {
        self == Self::default()
    }
}

/// What somebody can be kept from in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RestrictionKind {
    /// Being there: the user is no member, cannot become one, and does not find the conversation.
    Ban,
    /// Writing there: the member reads, and can neither send, edit nor react.
    Silence,
}

impl RestrictionKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Ban, Self::Silence];

    /// The kind as text, as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Silence => "silence",
        }
    }

    /// Parses the text of a kind; none if there is no such kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A ban from a conversation or a silence in it, as those who may moderate see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// The user who is kept from something.
    pub user: Arc<User>,
    /// The moment at which it ends; none if it does not end by itself.
    pub until: Option<Timestamp>,
    /// The reason that was given; none if none was.
    pub reason: Option<Arc<str>>,
    /// The user who decided it.
    pub by: UserId,
    /// When it was decided.
    pub at: Timestamp,
    /// Whether it was decided for the server, about a report, so that those who lead the conversation cannot lift it.
    pub by_server: bool,
}

/// Checks the reason that somebody gives for an act of moderation; a blank one is none.
///
/// # Errors
/// A refusal that names `reason`.
pub fn given_reason(reason: Option<&str>) -> Result<Option<Arc<str>>, Refusal> {
    let given = reason.map(str::trim).filter(|reason| !is_blank(reason));
    given.map(|reason| bounded_reason(reason, REASON_BYTES_MAX)).transpose()
}

/// Checks that a reason has at most some bytes, and no NUL.
pub(crate) fn bounded_reason(reason: &str, bytes_max: usize) -> Result<Arc<str>, Refusal> {
    if reason.len() > bytes_max {
        return Err(Refusal::too_large("reason", format!("has at most {bytes_max} bytes")));
    }
    refuse_nul("reason", reason)?;
    Ok(Arc::from(reason))
}

/// An act that the audit log keeps. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A user was banned from a conversation.
    Ban,
    /// A ban was lifted.
    LiftBan,
    /// A member of a conversation was silenced.
    Silence,
    /// A silence was lifted.
    LiftSilence,
    /// Slow mode of a conversation, or whether only admins write there, was changed.
    ChangeModeration,
    /// It was changed how long a conversation keeps its messages.
    ChangeRetention,
    /// A member was removed from a conversation by another.
    RemoveMember,
    /// The role of a member of a conversation was changed by another.
    ChangeRole,
    /// A message was deleted by another than its author.
    DeleteMessage,
    /// A conversation was deleted for all of its members.
    DeleteConversation,
    /// A user was disabled.
    DisableUser,
    /// A user was enabled again.
    EnableUser,
    /// A person was erased.
    EraseUser,
    /// The role that a person has on the whole server was changed.
    ChangeServerRole,
    /// An invitation to the server, or a link into a group, was made.
    MakeInvitation,
    /// An invitation was revoked.
    RevokeInvitation,
    /// A service was given a key.
    AddKey,
    /// The key of a service was removed.
    RemoveKey,
    /// A webhook was created.
    AddWebhook,
    /// A webhook was changed.
    ChangeWebhook,
    /// A webhook was deleted.
    DeleteWebhook,
    /// A report of a message was resolved.
    ResolveReport,
}

impl Act {
    /// Every act, in the order in which the documentation lists them.
    pub const ALL: [Self; 22] = [
        Self::Ban,
        Self::LiftBan,
        Self::Silence,
        Self::LiftSilence,
        Self::ChangeModeration,
        Self::ChangeRetention,
        Self::RemoveMember,
        Self::ChangeRole,
        Self::DeleteMessage,
        Self::DeleteConversation,
        Self::DisableUser,
        Self::EnableUser,
        Self::EraseUser,
        Self::ChangeServerRole,
        Self::MakeInvitation,
        Self::RevokeInvitation,
        Self::AddKey,
        Self::RemoveKey,
        Self::AddWebhook,
        Self::ChangeWebhook,
        Self::DeleteWebhook,
        Self::ResolveReport,
    ];

    /// The act as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::LiftBan => "lift_ban",
            Self::Silence => "silence",
            Self::LiftSilence => "lift_silence",
            Self::ChangeModeration => "change_moderation",
            Self::ChangeRetention => "change_retention",
            Self::RemoveMember => "remove_member",
            Self::ChangeRole => "change_role",
            Self::DeleteMessage => "delete_message",
            Self::DeleteConversation => "delete_conversation",
            Self::DisableUser => "disable_user",
            Self::EnableUser => "enable_user",
            Self::EraseUser => "erase_user",
            Self::ChangeServerRole => "change_server_role",
            Self::MakeInvitation => "make_invitation",
            Self::RevokeInvitation => "revoke_invitation",
            Self::AddKey => "add_key",
            Self::RemoveKey => "remove_key",
            Self::AddWebhook => "add_webhook",
            Self::ChangeWebhook => "change_webhook",
            Self::DeleteWebhook => "delete_webhook",
            Self::ResolveReport => "resolve_report",
        }
    }

    /// Parses the text of an act; none if there is no such act.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_trimmed_and_bounded() {
        assert_eq!(given_reason(None), Ok(None));
        assert_eq!(given_reason(Some(" \u{200B}\n")), Ok(None));
        assert_eq!(given_reason(Some("  spam ")), Ok(Some(Arc::from("spam"))));
        assert_eq!(given_reason(Some(&"a".repeat(REASON_BYTES_MAX))).map(|reason| reason.is_some()), Ok(true));
        let long = given_reason(Some(&"a".repeat(REASON_BYTES_MAX + 1)));
        assert_eq!(long.map_err(|refusal| refusal.message), Err("`reason` has at most 512 bytes.".to_owned()));
        assert!(given_reason(Some("a\0b")).is_err());
    }

    #[test]
    fn names_are_read_back() {
        for act in Act::ALL {
            assert_eq!(Act::parse(act.as_str()), Some(act));
        }
        for kind in RestrictionKind::ALL {
            assert_eq!(RestrictionKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!((Act::parse("Ban"), RestrictionKind::parse("")), (None, None));
    }
}
