//! The record of a change: what the log stores, as JSON with a version number beside it.
//!
//! What must stay true: records that a released version wrote stay readable. A field that is added has a default; a
//! change of a field's name or meaning makes a new version, with a decoder for each earlier one.

use std::sync::Arc;

use quintet_domain::{
    ConversationSettings, Departure, Emoji, LoginSessionId, MeetupId, MeetupStatus, MessageId, Mute, NotificationId,
    Notify, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::version::{LOG_VERSION, LogError};
use crate::{ConversationKey, MessageKey, UserKey};

/// A range of sequence numbers that a read cursor moved over: `from` excluded, `to` included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadSpan {
    /// The sequence number of the cursor before the move.
    pub from: u64,
    /// The sequence number of the cursor after the move.
    pub to: u64,
}

/// A change of the store, with the keys of the rows that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeRecord {
    /// A message that waited appeared to a user, who has accepted to be written to.
    MessageAppeared {
        /// The key of the message.
        message: MessageKey,
        /// The key of the user.
        member: UserKey,
    },
    /// The text of a message was edited.
    MessageEdited {
        /// The key of the message.
        message: MessageKey,
        /// The key of the user who edited it.
        by: UserKey,
    },
    /// A message was deleted.
    MessageDeleted {
        /// The key of the message.
        message: MessageKey,
        /// The key of the user who deleted it.
        by: UserKey,
    },
    /// A user reacted to a message, or took a reaction back.
    MessageReacted {
        /// The key of the message.
        message: MessageKey,
        /// The key of the user who reacted.
        by: UserKey,
        /// The emoji of the reaction.
        emoji: Emoji,
        /// Whether the reaction is there after the change.
        active: bool,
        /// The number of users with this reaction after the change.
        count: u32,
    },
    /// A message was pinned to its conversation, or unpinned.
    MessagePinned {
        /// The key of the message.
        message: MessageKey,
        /// The key of the user who did it.
        by: UserKey,
        /// Whether the message is pinned after the change.
        pinned: bool,
    },
    /// A member's read cursor moved over messages of others.
    MessagesRead {
        /// The key of the member who read.
        reader: UserKey,
        /// The range that the cursor moved over.
        span: ReadSpan,
        /// Whether all members received the event, or only the reader and the senders.
        to_all: bool,
    },
    /// A conversation was created.
    ConversationCreated {
        /// The key of the user who created it.
        by: UserKey,
    },
    /// A direct conversation that a member had hidden was shown to it again.
    ConversationShown {
        /// The key of the member.
        member: UserKey,
    },
    /// A member hid a direct conversation.
    ConversationHidden {
        /// The key of the member.
        member: UserKey,
    },
    /// A member changed its own settings of a conversation.
    SettingsChanged {
        /// The key of the conversation.
        conversation: ConversationKey,
        /// The key of the member.
        member: UserKey,
        /// All settings after the change.
        settings: ConversationSettings,
    },
    /// A user blocked another one, or ended a block.
    BlocksChanged {
        /// The key of the user whose block it is.
        user: UserKey,
        /// The key of the other user.
        other: UserKey,
        /// Whether the other is blocked after the change.
        blocked: bool,
    },
    /// The name, openness or roles of a conversation changed.
    ConversationChanged,
    /// A conversation was deleted for all members.
    ConversationDeleted {
        /// Whether the deletion was announced at the position before.
        announced: bool,
    },
    /// A user became a member of a conversation.
    MemberJoined {
        /// The key of the new member.
        member: UserKey,
        /// The number of members after the join.
        member_count: u32,
        /// Whether the conversation was shown to the new member at the position before.
        announced: bool,
    },
    /// A membership of a conversation ended.
    MemberLeft {
        /// The key of the former member.
        member: UserKey,
        /// How the membership ended.
        departure: Departure,
        /// The reason that was given for it; `None` if none was.
        reason: Option<Arc<str>>,
        /// The number of members after the departure.
        member_count: u32,
    },
    /// The status of a meetup changed.
    MeetupChanged {
        /// The id of the meetup.
        meetup: MeetupId,
        /// The status after the change.
        status: MeetupStatus,
        /// The key of the user who changed it; `None` for the server itself.
        by: Option<UserKey>,
    },
    /// A message was reported.
    MessageReported {
        /// The key of the conversation of the message.
        conversation: ConversationKey,
        /// The id of the message.
        message: MessageId,
        /// The number of the report.
        report: i64,
        /// Whether the server reported it.
        by_server: bool,
    },
    /// A user was sent a notification.
    Notified {
        /// The key of the notified user.
        user: UserKey,
        /// The id of the notification.
        notification: NotificationId,
    },
    /// Messages of a conversation that it does not keep any longer were removed. Nobody is told of it.
    MessagesPurged {
        /// The key of the conversation.
        conversation: ConversationKey,
        /// The moment before which they were sent.
        before: Timestamp,
        /// The keys of the messages. The first message of a thread may be there still, without its content.
        messages: Vec<MessageKey>,
    },
    /// A user's profile changed, or a user was created.
    UserChanged {
        /// The key of the user.
        user: UserKey,
        /// Whether others see a difference: false for a new user, and where only private fields changed.
        visible: bool,
    },
    /// The tokens of a user were revoked.
    Revoked {
        /// The key of the user.
        user: UserKey,
        /// The generation that remains valid: tokens of earlier generations are revoked.
        generation: u64,
    },
    /// A session of a user has ended.
    SessionEnded {
        /// The key of the user.
        user: UserKey,
        /// The id of the session.
        session: LoginSessionId,
    },
}

/// A record of version 1, as it is serialised.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum V1 {
    MessageAppeared {
        message: i64,
        member: i64,
    },
    MessageEdited {
        message: i64,
        by: i64,
    },
    MessageDeleted {
        message: i64,
        by: i64,
    },
    MessageReacted {
        message: i64,
        by: i64,
        emoji: String,
        active: bool,
        count: u32,
    },
    MessagePinned {
        message: i64,
        by: i64,
        pinned: bool,
    },
    MessagesRead {
        reader: i64,
        from: u64,
        to: u64,
        to_all: bool,
    },
    ConversationCreated {
        by: i64,
    },
    ConversationShown {
        member: i64,
    },
    ConversationHidden {
        member: i64,
    },
    SettingsChanged {
        conversation: i64,
        member: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        muted: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted_until: Option<i64>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pinned: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
        notify: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        marked_unread: bool,
    },
    BlocksChanged {
        user: i64,
        other: i64,
        blocked: bool,
    },
    ConversationChanged,
    ConversationDeleted {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        announced: bool,
    },
    MemberJoined {
        member: i64,
        member_count: u32,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        announced: bool,
    },
    MemberLeft {
        member: i64,
        departure: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        member_count: u32,
    },
    MeetupChanged {
        meetup: String,
        status: String,
        by: Option<i64>,
    },
    MessageReported {
        conversation: i64,
        message: String,
        report: i64,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_server: bool,
    },
    Notified {
        user: i64,
        notification: String,
    },
    MessagesPurged {
        conversation: i64,
        before: i64,
        messages: Vec<i64>,
    },
    UserChanged {
        user: i64,
        // Earlier builds did not write whether others see a difference.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unseen: bool,
    },
    Revoked {
        user: i64,
        generation: u64,
    },
    SessionEnded {
        user: i64,
        session: String,
    },
}

impl ChangeRecord {
    /// The record as JSON, in the version [`LOG_VERSION`].
    ///
    /// # Errors
    /// [`LogError::Damaged`], which does not occur for records of this type.
    pub fn encode(&self) -> Result<String, LogError> {
        let record = match self {
            Self::MessageAppeared { message, member } => V1::MessageAppeared { message: message.0, member: member.0 },
            Self::MessageEdited { message, by } => V1::MessageEdited { message: message.0, by: by.0 },
            Self::MessageDeleted { message, by } => V1::MessageDeleted { message: message.0, by: by.0 },
            Self::MessageReacted { message, by, emoji, active, count } => {
                let emoji = emoji.as_str().to_owned();
                V1::MessageReacted { message: message.0, by: by.0, emoji, active: *active, count: *count }
            }
            Self::MessagePinned { message, by, pinned } => {
                V1::MessagePinned { message: message.0, by: by.0, pinned: *pinned }
            }
            Self::MessagesRead { reader, span, to_all } => {
                V1::MessagesRead { reader: reader.0, from: span.from, to: span.to, to_all: *to_all }
            }
            Self::ConversationCreated { by } => V1::ConversationCreated { by: by.0 },
            Self::ConversationShown { member } => V1::ConversationShown { member: member.0 },
            Self::ConversationHidden { member } => V1::ConversationHidden { member: member.0 },
            Self::SettingsChanged { conversation, member, settings } => V1::SettingsChanged {
                conversation: conversation.0,
                member: member.0,
                muted: settings.muted.is_some(),
                muted_until: match settings.muted {
                    Some(Mute::Until(end)) => Some(end.0),
                    Some(Mute::ForGood) | None => None,
                },
                pinned: settings.pinned,
                archived: settings.archived,
                notify: settings.notify.as_str().to_owned(),
                marked_unread: settings.marked_unread,
            },
            Self::BlocksChanged { user, other, blocked } => {
                V1::BlocksChanged { user: user.0, other: other.0, blocked: *blocked }
            }
            Self::ConversationChanged => V1::ConversationChanged,
            Self::ConversationDeleted { announced } => V1::ConversationDeleted { announced: *announced },
            Self::MemberJoined { member, member_count, announced } => {
                V1::MemberJoined { member: member.0, member_count: *member_count, announced: *announced }
            }
            Self::MemberLeft { member, departure, reason, member_count } => V1::MemberLeft {
                member: member.0,
                departure: departure.as_str().to_owned(),
                reason: reason.as_deref().map(str::to_owned),
                member_count: *member_count,
            },
            Self::MeetupChanged { meetup, status, by } => V1::MeetupChanged {
                meetup: meetup.as_str().to_owned(),
                status: status.as_str().to_owned(),
                by: by.map(|by| by.0),
            },
            Self::MessageReported { conversation, message, report, by_server } => V1::MessageReported {
                conversation: conversation.0,
                message: message.as_str().to_owned(),
                report: *report,
                by_server: *by_server,
            },
            Self::Notified { user, notification } => {
                V1::Notified { user: user.0, notification: notification.as_str().to_owned() }
            }
            Self::MessagesPurged { conversation, before, messages } => V1::MessagesPurged {
                conversation: conversation.0,
                before: before.0,
                messages: messages.iter().map(|key| key.0).collect(),
            },
            Self::UserChanged { user, visible } => V1::UserChanged { user: user.0, unseen: !visible },
            Self::Revoked { user, generation } => V1::Revoked { user: user.0, generation: *generation },
            Self::SessionEnded { user, session } => {
                V1::SessionEnded { user: user.0, session: session.as_str().to_owned() }
            }
        };
        Ok(serde_json::to_string(&record)?)
    }

    /// Decodes a record of a version.
    ///
    /// # Errors
    /// [`LogError`] if the version, the JSON or a value cannot be read.
    pub fn decode(version: i64, text: &str) -> Result<Self, LogError> {
        if version > LOG_VERSION {
            return Err(LogError::Newer(version));
        }
        let unknown = |field, value: String| LogError::Unknown { field, value };
        Ok(match serde_json::from_str::<V1>(text)? {
            V1::MessageAppeared { message, member } => {
                Self::MessageAppeared { message: MessageKey(message), member: UserKey(member) }
            }
            V1::MessageEdited { message, by } => Self::MessageEdited { message: MessageKey(message), by: UserKey(by) },
            V1::MessageDeleted { message, by } => {
                Self::MessageDeleted { message: MessageKey(message), by: UserKey(by) }
            }
            V1::MessageReacted { message, by, emoji, active, count } => {
                let emoji = Emoji::trusted(&emoji);
                Self::MessageReacted { message: MessageKey(message), by: UserKey(by), emoji, active, count }
            }
            V1::MessagePinned { message, by, pinned } => {
                Self::MessagePinned { message: MessageKey(message), by: UserKey(by), pinned }
            }
            V1::MessagesRead { reader, from, to, to_all } => {
                Self::MessagesRead { reader: UserKey(reader), span: ReadSpan { from, to }, to_all }
            }
            V1::ConversationCreated { by } => Self::ConversationCreated { by: UserKey(by) },
            V1::ConversationShown { member } => Self::ConversationShown { member: UserKey(member) },
            V1::ConversationHidden { member } => Self::ConversationHidden { member: UserKey(member) },
            V1::SettingsChanged {
                conversation,
                member,
                muted,
                muted_until,
                pinned,
                archived,
                notify,
                marked_unread,
            } => {
                let end = muted_until.map_or(Mute::ForGood, |end| Mute::Until(Timestamp(end)));
                let settings = ConversationSettings {
                    muted: muted.then_some(end),
                    pinned,
                    archived,
                    notify: Notify::parse(&notify).ok_or_else(|| unknown("notify", notify))?,
                    marked_unread,
                };
                Self::SettingsChanged { conversation: ConversationKey(conversation), member: UserKey(member), settings }
            }
            V1::BlocksChanged { user, other, blocked } => {
                Self::BlocksChanged { user: UserKey(user), other: UserKey(other), blocked }
            }
            V1::ConversationChanged => Self::ConversationChanged,
            V1::ConversationDeleted { announced } => Self::ConversationDeleted { announced },
            V1::MemberJoined { member, member_count, announced } => {
                Self::MemberJoined { member: UserKey(member), member_count, announced }
            }
            V1::MemberLeft { member, departure, reason, member_count } => Self::MemberLeft {
                member: UserKey(member),
                departure: Departure::parse(&departure).ok_or_else(|| unknown("departure", departure))?,
                reason: reason.map(Arc::from),
                member_count,
            },
            V1::MeetupChanged { meetup, status, by } => Self::MeetupChanged {
                meetup: MeetupId::trusted(&meetup),
                status: MeetupStatus::parse(&status).ok_or_else(|| unknown("status", status))?,
                by: by.map(UserKey),
            },
            V1::MessageReported { conversation, message, report, by_server } => Self::MessageReported {
                conversation: ConversationKey(conversation),
                message: MessageId::trusted(&message),
                report,
                by_server,
            },
            V1::Notified { user, notification } => {
                Self::Notified { user: UserKey(user), notification: NotificationId::trusted(&notification) }
            }
            V1::MessagesPurged { conversation, before, messages } => Self::MessagesPurged {
                conversation: ConversationKey(conversation),
                before: Timestamp(before),
                messages: messages.into_iter().map(MessageKey).collect(),
            },
            V1::UserChanged { user, unseen } => Self::UserChanged { user: UserKey(user), visible: !unseen },
            V1::Revoked { user, generation } => Self::Revoked { user: UserKey(user), generation },
            V1::SessionEnded { user, session } => {
                Self::SessionEnded { user: UserKey(user), session: LoginSessionId::trusted(&session) }
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests;
