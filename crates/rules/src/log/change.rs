//! A change with the rows that it is about, and the event that is made of it.

use std::sync::Arc;

use quintet_domain::{
    ConversationRef, Departure, Event, MeetupId, MeetupStatus, Message, MessageId, Notification, User, UserId,
};

use super::ChangeRecord;
use crate::{MessageKey, UserKey};

/// The name that a change of a meetup carries where the server itself made it.
const SYSTEM: &str = "system";

/// A range of sequence numbers that a read cursor passed: `from` excluded, `to` included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadSpan {
    /// The cursor before.
    pub from: u64,
    /// The cursor after.
    pub to: u64,
}

/// Something that happened, with the rows that it is about.
#[derive(Clone, Debug)]
pub enum Change {
    /// A message was sent.
    MessageCreated {
        /// The message.
        message: Arc<Message>,
    },
    /// A message's text was changed.
    MessageEdited {
        /// The key of the message.
        key: MessageKey,
        /// The user who changed it.
        by: UserKey,
        /// The message as it is now.
        message: Arc<Message>,
    },
    /// A message was deleted.
    MessageDeleted {
        /// The key of the message.
        key: MessageKey,
        /// The user who deleted it.
        by: UserKey,
        /// The message as it is now.
        message: Arc<Message>,
    },
    /// A member's cursor passed messages of others.
    MessagesRead {
        /// The conversation.
        conversation: Arc<ConversationRef>,
        /// The reader.
        reader: (UserKey, Arc<User>),
        /// The range that the cursor passed.
        span: ReadSpan,
        /// The messages of others in that range, oldest first.
        messages: Vec<MessageId>,
        /// The users who are told; none where all members are.
        audience: Option<Vec<UserId>>,
    },
    /// A conversation was made.
    ConversationCreated {
        /// The conversation.
        conversation: Arc<ConversationRef>,
        /// The user who made it.
        by: UserKey,
        /// Its first members.
        members: Vec<UserId>,
    },
    /// A conversation's name, openness or roles changed.
    ConversationChanged {
        /// The conversation as it is now.
        conversation: Arc<ConversationRef>,
    },
    /// A conversation was deleted for all.
    ConversationDeleted {
        /// The conversation.
        conversation: Arc<ConversationRef>,
    },
    /// Somebody became a member.
    MemberJoined {
        /// The conversation.
        conversation: Arc<ConversationRef>,
        /// The new member.
        member: (UserKey, Arc<User>),
        /// The number of members from then on.
        member_count: u32,
    },
    /// A membership ended.
    MemberLeft {
        /// The conversation.
        conversation: Arc<ConversationRef>,
        /// The former member.
        member: (UserKey, Arc<User>),
        /// The reason.
        departure: Departure,
        /// The number of members from then on.
        member_count: u32,
    },
    /// A meetup's status changed.
    MeetupChanged {
        /// The meetup.
        meetup: MeetupId,
        /// The new status.
        status: MeetupStatus,
        /// The user who changed it; none for the server.
        by: Option<(UserKey, Arc<User>)>,
        /// Host, participants and those who ask to take part.
        audience: Vec<UserId>,
    },
    /// A user was notified.
    Notified {
        /// The user.
        user: (UserKey, UserId),
        /// The notification.
        notification: Arc<Notification>,
    },
    /// A user's profile changed, or the user is new.
    UserChanged {
        /// The user as it is now.
        user: (UserKey, Arc<User>),
    },
    /// A user's tokens were revoked.
    Revoked {
        /// The user.
        user: (UserKey, UserId),
        /// Tokens of earlier generations are revoked.
        generation: u64,
    },
}

impl Change {
    /// The event that tells of this change.
    #[must_use]
    pub fn event(&self) -> Event {
        match self {
            Self::MessageCreated { message } => Event::MessageCreated(Arc::clone(message)),
            Self::MessageEdited { message, .. } => Event::MessageEdited(Arc::clone(message)),
            Self::MessageDeleted { message, .. } => Event::MessageDeleted(Arc::clone(message)),
            Self::MessagesRead { conversation, reader: (_, reader), messages, audience, .. } => Event::MessagesRead {
                conversation: Arc::clone(conversation),
                reader: Arc::clone(reader),
                messages: messages.clone(),
                audience: audience.clone(),
            },
            Self::ConversationCreated { conversation, members, .. } => {
                Event::ConversationCreated { conversation: Arc::clone(conversation), members: members.clone() }
            }
            Self::ConversationChanged { conversation } => {
                Event::ConversationChanged { conversation: Arc::clone(conversation) }
            }
            Self::ConversationDeleted { conversation } => {
                Event::ConversationDeleted { conversation: Arc::clone(conversation) }
            }
            Self::MemberJoined { conversation, member: (_, user), member_count } => Event::MemberJoined {
                conversation: Arc::clone(conversation),
                user: Arc::clone(user),
                member_count: *member_count,
            },
            Self::MemberLeft { conversation, member: (_, user), departure, member_count } => Event::MemberLeft {
                conversation: Arc::clone(conversation),
                user: Arc::clone(user),
                departure: *departure,
                member_count: *member_count,
            },
            Self::MeetupChanged { meetup, status, by, audience } => Event::MeetupChanged {
                meetup: meetup.clone(),
                status: *status,
                updated_by: by.as_ref().map_or_else(|| SYSTEM.to_owned(), |(_, user)| user.name.clone()),
                audience: audience.clone(),
            },
            Self::Notified { user: (_, user), notification } => {
                Event::Notified { user: user.clone(), notification: Arc::clone(notification) }
            }
            Self::UserChanged { user: (_, user) } => Event::UserChanged { user: Arc::clone(user) },
            Self::Revoked { user: (_, user), generation } => {
                Event::Revoked { user: user.clone(), generation: *generation }
            }
        }
    }

    /// The record that the log keeps of this change; none for the creation of a message, which the message's own row
    /// records.
    #[must_use]
    pub fn record(&self) -> Option<ChangeRecord> {
        Some(match self {
            Self::MessageCreated { .. } => return None,
            Self::MessageEdited { key, by, .. } => ChangeRecord::MessageEdited { message: *key, by: *by },
            Self::MessageDeleted { key, by, .. } => ChangeRecord::MessageDeleted { message: *key, by: *by },
            Self::MessagesRead { reader: (reader, _), span, audience, .. } => {
                ChangeRecord::MessagesRead { reader: *reader, span: *span, to_all: audience.is_none() }
            }
            Self::ConversationCreated { by, .. } => ChangeRecord::ConversationCreated { by: *by },
            Self::ConversationChanged { .. } => ChangeRecord::ConversationChanged,
            Self::ConversationDeleted { .. } => ChangeRecord::ConversationDeleted,
            Self::MemberJoined { member: (member, _), member_count, .. } => {
                ChangeRecord::MemberJoined { member: *member, member_count: *member_count }
            }
            Self::MemberLeft { member: (member, _), departure, member_count, .. } => {
                ChangeRecord::MemberLeft { member: *member, departure: *departure, member_count: *member_count }
            }
            Self::MeetupChanged { meetup, status, by, .. } => ChangeRecord::MeetupChanged {
                meetup: meetup.clone(),
                status: *status,
                by: by.as_ref().map(|(key, _)| *key),
            },
            Self::Notified { user: (user, _), notification } => {
                ChangeRecord::Notified { user: *user, notification: notification.id.clone() }
            }
            Self::UserChanged { user: (user, _) } => ChangeRecord::UserChanged { user: *user },
            Self::Revoked { user: (user, _), generation } => {
                ChangeRecord::Revoked { user: *user, generation: *generation }
            }
        })
    }
}
