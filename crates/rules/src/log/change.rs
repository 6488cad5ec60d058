//! A change with the rows that it is about, and the event that is made from it.
//!
//! What must stay true: every change has one event and at most one record; both are made by matches without wildcards.

use std::sync::Arc;

use quintet_domain::{
    ConversationRef, ConversationSettings, Departure, Emoji, Event, LoginSessionId, MeetupId, MeetupStatus, Message,
    MessageId, Metadata, Notification, Overview, Reacted, ReactionChange, User, UserId,
};

use super::{ChangeRecord, ReadSpan};
use crate::{ConversationKey, MessageKey, UserKey};

/// The user name that a change of a meetup carries if the server itself made it.
const SYSTEM: &str = "system";

/// A change of the store, with the rows that it is about.
#[derive(Clone, Debug)]
pub enum Change {
    /// A message was sent.
    MessageCreated {
        /// The message as it was sent.
        message: Arc<Message>,
    },
    /// A message that waited appears to a user, who has accepted to be written to.
    MessageAppeared {
        /// The key of the message.
        key: MessageKey,
        /// The message as it is when it appears.
        message: Arc<Message>,
        /// The user: its key and its id.
        user: (UserKey, UserId),
    },
    /// The text of a message was edited.
    MessageEdited {
        /// The key of the message.
        key: MessageKey,
        /// The key of the user who edited it.
        by: UserKey,
        /// The message after the edit.
        message: Arc<Message>,
    },
    /// A message was deleted.
    MessageDeleted {
        /// The key of the message.
        key: MessageKey,
        /// The key of the user who deleted it.
        by: UserKey,
        /// The message after the deletion.
        message: Arc<Message>,
    },
    /// A user reacted to a message, or took a reaction back.
    MessageReacted {
        /// The conversation of the message.
        conversation: Arc<ConversationRef>,
        /// The message: its key and its id.
        message: (MessageKey, MessageId),
        /// The emoji of the reaction.
        emoji: Emoji,
        /// The user who reacted: its key and its id.
        user: (UserKey, UserId),
        /// Whether the reaction is there after the change.
        active: bool,
        /// The number of users with this reaction after the change.
        count: u32,
        /// All users whose changes this one stands for, if it stands for several.
        changes: Vec<ReactionChange>,
    },
    /// A message was pinned to its conversation, or unpinned.
    MessagePinned {
        /// The conversation of the message.
        conversation: Arc<ConversationRef>,
        /// The message: its key and its id.
        message: (MessageKey, MessageId),
        /// The user who did it: its key and its id.
        user: (UserKey, UserId),
        /// Whether the message is pinned after the change.
        pinned: bool,
    },
    /// A member's read cursor moved over messages of others.
    MessagesRead {
        /// The conversation of the messages.
        conversation: Arc<ConversationRef>,
        /// The member who read, with its key.
        reader: (UserKey, Arc<User>),
        /// The range that the cursor moved over.
        span: ReadSpan,
        /// The messages of others in that range, oldest first.
        messages: Vec<MessageId>,
        /// The users who receive the event; `None` for all members.
        audience: Option<Vec<UserId>>,
    },
    /// A conversation was created.
    ConversationCreated {
        /// The conversation that was created.
        conversation: Arc<Overview>,
        /// The key of the user who created it.
        by: UserKey,
        /// The ids of its first members.
        members: Vec<UserId>,
    },
    /// A conversation becomes one of a user's, who joins at the next position. The record of the join stands for both.
    ConversationAppeared {
        /// The conversation with the user among its members.
        conversation: Arc<Overview>,
        /// The id of the user who joins.
        user: UserId,
    },
    /// A direct conversation that a member had hidden is shown to it again, because a message follows.
    ConversationShown {
        /// The conversation that is shown.
        conversation: Arc<Overview>,
        /// The member: its key and its id.
        member: (UserKey, UserId),
    },
    /// A member hid a direct conversation, until its next message.
    ConversationHidden {
        /// The conversation that is hidden.
        conversation: Arc<ConversationRef>,
        /// The member: its key and its id.
        member: (UserKey, UserId),
    },
    /// A member changed its own settings of a conversation.
    SettingsChanged {
        /// The conversation of the settings, with its key.
        conversation: (ConversationKey, Arc<ConversationRef>),
        /// The member: its key and its id.
        member: (UserKey, UserId),
        /// All settings after the change.
        settings: ConversationSettings,
    },
    /// A user blocked another one, or ended a block.
    BlocksChanged {
        /// The user whose block it is: its key and its id.
        user: (UserKey, UserId),
        /// The other user: its key and its id.
        other: (UserKey, UserId),
        /// The ids of all users whom the user has blocked after the change.
        blocked: Vec<UserId>,
    },
    /// The name, openness or roles of a conversation changed.
    ConversationChanged {
        /// The conversation after the change.
        conversation: Arc<Overview>,
    },
    /// A conversation is deleted at the next position. The record of the deletion stands for both.
    DeletionAnnounced {
        /// The conversation that is deleted.
        conversation: Arc<ConversationRef>,
    },
    /// A conversation was deleted for all members.
    ConversationDeleted {
        /// The conversation that was deleted.
        conversation: Arc<ConversationRef>,
    },
    /// A user became a member of a conversation.
    MemberJoined {
        /// The conversation that the user joined.
        conversation: Arc<ConversationRef>,
        /// The new member, with its key.
        member: (UserKey, Arc<User>),
        /// The number of members after the join.
        member_count: u32,
    },
    /// A membership of a conversation ended.
    MemberLeft {
        /// The conversation that the member left.
        conversation: Arc<ConversationRef>,
        /// The former member, with its key.
        member: (UserKey, Arc<User>),
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
        /// The user who changed it, with its key; `None` for the server itself.
        by: Option<(UserKey, Arc<User>)>,
        /// The ids of the host, the participants and the users who ask to take part.
        audience: Vec<UserId>,
    },
    /// A message was reported.
    MessageReported {
        /// The conversation of the message, with its key.
        conversation: (ConversationKey, Arc<ConversationRef>),
        /// The id of the message.
        message: MessageId,
        /// The number of the report.
        report: i64,
        /// Whether the server reported it.
        by_server: bool,
    },
    /// A user was sent a notification.
    Notified {
        /// The notified user: its key and its id.
        user: (UserKey, UserId),
        /// The notification as clients see it.
        notification: Arc<Notification>,
    },
    /// A user's profile changed, or a user was created.
    UserChanged {
        /// The user after the change, with its key.
        user: (UserKey, Arc<User>),
        /// The custom data of the profile; `None` if there is none.
        metadata: Option<Metadata>,
        /// Whether others see a difference.
        visible: bool,
    },
    /// The tokens of a user were revoked.
    Revoked {
        /// The user of the tokens: its key and its id.
        user: (UserKey, UserId),
        /// The generation that remains valid: tokens of earlier generations are revoked.
        generation: u64,
    },
    /// A session of a user has ended.
    SessionEnded {
        /// The user: its key and its id.
        user: (UserKey, UserId),
        /// The id of the session.
        session: LoginSessionId,
    },
}

impl Change {
    /// The event by which clients learn of this change.
    #[must_use]
    pub fn event(&self) -> Event {
        match self {
            Self::MessageCreated { message } => Event::MessageCreated(Arc::clone(message)),
            Self::MessageAppeared { message, user: (_, user), .. } => {
                Event::MessageAppeared { message: Arc::clone(message), user: user.clone() }
            }
            Self::MessageEdited { message, .. } => Event::MessageEdited(Arc::clone(message)),
            Self::MessageDeleted { message, .. } => Event::MessageDeleted(Arc::clone(message)),
            Self::MessageReacted {
                conversation,
                message: (_, message),
                emoji,
                user: (_, user),
                active,
                count,
                changes,
            } => Event::MessageReacted(Arc::new(Reacted {
                conversation: Arc::clone(conversation),
                message: message.clone(),
                emoji: emoji.clone(),
                user: user.clone(),
                active: *active,
                count: *count,
                changes: changes.clone(),
            })),
            Self::MessagePinned { conversation, message: (_, message), user: (_, user), pinned } => {
                Event::MessagePinned {
                    conversation: Arc::clone(conversation),
                    message: message.clone(),
                    user: user.clone(),
                    pinned: *pinned,
                }
            }
            Self::MessagesRead { conversation, reader: (_, reader), messages, audience, .. } => Event::MessagesRead {
                conversation: Arc::clone(conversation),
                reader: Arc::clone(reader),
                messages: messages.clone(),
                audience: audience.clone(),
            },
            Self::ConversationCreated { conversation, members, .. } => {
                Event::ConversationCreated { conversation: Arc::clone(conversation), members: members.clone() }
            }
            Self::ConversationAppeared { conversation, user } => {
                Event::ConversationAppeared { conversation: Arc::clone(conversation), user: user.clone() }
            }
            Self::ConversationShown { conversation, member: (_, user) } => {
                Event::ConversationAppeared { conversation: Arc::clone(conversation), user: user.clone() }
            }
            Self::ConversationHidden { conversation, member: (_, user) } => {
                Event::ConversationHidden { conversation: Arc::clone(conversation), user: user.clone() }
            }
            Self::SettingsChanged { conversation: (_, conversation), member: (_, user), settings } => {
                Event::SettingsChanged {
                    conversation: Arc::clone(conversation),
                    user: user.clone(),
                    settings: *settings,
                }
            }
            Self::BlocksChanged { user: (_, user), other: (_, other), blocked } => {
                Event::BlocksChanged { user: user.clone(), blocked: blocked.clone(), other: Some(other.clone()) }
            }
            Self::DeletionAnnounced { conversation } => {
                Event::DeletionAnnounced { conversation: Arc::clone(conversation) }
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
            Self::MemberLeft { conversation, member: (_, user), departure, reason, member_count } => {
                Event::MemberLeft {
                    conversation: Arc::clone(conversation),
                    user: Arc::clone(user),
                    departure: *departure,
                    reason: reason.clone(),
                    member_count: *member_count,
                }
            }
            Self::MeetupChanged { meetup, status, by, audience } => Event::MeetupChanged {
                meetup: meetup.clone(),
                status: *status,
                updated_by: by.as_ref().map_or_else(|| SYSTEM.to_owned(), |(_, user)| user.name.clone()),
                audience: audience.clone(),
            },
            Self::MessageReported { conversation: (_, conversation), message, report, by_server } => {
                Event::MessageReported {
                    conversation: Arc::clone(conversation),
                    message: message.clone(),
                    report: *report,
                    by_server: *by_server,
                }
            }
            Self::Notified { user: (_, user), notification } => {
                Event::Notified { user: user.clone(), notification: Arc::clone(notification) }
            }
            Self::UserChanged { user: (_, user), metadata, visible } => {
                Event::UserChanged { user: Arc::clone(user), metadata: metadata.clone(), visible: *visible }
            }
            Self::Revoked { user: (_, user), generation } => {
                Event::Revoked { user: user.clone(), generation: *generation }
            }
            Self::SessionEnded { user: (_, user), session } => {
                Event::SessionEnded { user: user.clone(), session: session.clone() }
            }
        }
    }

    /// The users whom the change itself names as those who are told, because other rows do not tell them later.
    #[must_use]
    pub fn told(&self) -> Option<&[UserId]> {
        match self {
            Self::MessagesRead { audience, .. } => audience.as_deref(),
            Self::ConversationCreated { members: told, .. } | Self::MeetupChanged { audience: told, .. } => Some(told),
            Self::MessageCreated { .. }
            | Self::MessageAppeared { .. }
            | Self::MessageEdited { .. }
            | Self::MessageDeleted { .. }
            | Self::MessageReacted { .. }
            | Self::MessagePinned { .. }
            | Self::ConversationAppeared { .. }
            | Self::ConversationShown { .. }
            | Self::ConversationHidden { .. }
            | Self::SettingsChanged { .. }
            | Self::BlocksChanged { .. }
            | Self::ConversationChanged { .. }
            | Self::DeletionAnnounced { .. }
            | Self::ConversationDeleted { .. }
            | Self::MemberJoined { .. }
            | Self::MemberLeft { .. }
            | Self::MessageReported { .. }
            | Self::Notified { .. }
            | Self::UserChanged { .. }
            | Self::Revoked { .. }
            | Self::SessionEnded { .. } => None,
        }
    }

    /// The record of this change in the log; `None` for the creation of a message, whose own row records it, and for the
    /// announcement of a change that follows at the next position, whose record says that it was announced.
    #[must_use]
    pub fn record(&self) -> Option<ChangeRecord> {
        Some(match self {
            Self::MessageCreated { .. } | Self::ConversationAppeared { .. } | Self::DeletionAnnounced { .. } => {
                return None;
            }
            Self::MessageAppeared { key, user: (member, _), .. } => {
                ChangeRecord::MessageAppeared { message: *key, member: *member }
            }
            Self::MessageEdited { key, by, .. } => ChangeRecord::MessageEdited { message: *key, by: *by },
            Self::MessageDeleted { key, by, .. } => ChangeRecord::MessageDeleted { message: *key, by: *by },
            Self::MessageReacted { message: (message, _), emoji, user: (by, _), active, count, .. } => {
                let (emoji, active, count) = (emoji.clone(), *active, *count);
                ChangeRecord::MessageReacted { message: *message, by: *by, emoji, active, count }
            }
            Self::MessagePinned { message: (message, _), user: (by, _), pinned, .. } => {
                ChangeRecord::MessagePinned { message: *message, by: *by, pinned: *pinned }
            }
            Self::MessagesRead { reader: (reader, _), span, audience, .. } => {
                ChangeRecord::MessagesRead { reader: *reader, span: *span, to_all: audience.is_none() }
            }
            Self::ConversationCreated { by, .. } => ChangeRecord::ConversationCreated { by: *by },
            Self::ConversationShown { member: (member, _), .. } => ChangeRecord::ConversationShown { member: *member },
            Self::ConversationHidden { member: (member, _), .. } => {
                ChangeRecord::ConversationHidden { member: *member }
            }
            Self::SettingsChanged { conversation: (conversation, _), member: (member, _), settings } => {
                ChangeRecord::SettingsChanged { conversation: *conversation, member: *member, settings: *settings }
            }
            Self::BlocksChanged { user: (user, _), other: (other, other_id), blocked } => {
                let blocked = blocked.contains(other_id);
                ChangeRecord::BlocksChanged { user: *user, other: *other, blocked }
            }
            Self::ConversationChanged { .. } => ChangeRecord::ConversationChanged,
            Self::ConversationDeleted { .. } => ChangeRecord::ConversationDeleted { announced: true },
            Self::MemberJoined { member: (member, _), member_count, .. } => {
                ChangeRecord::MemberJoined { member: *member, member_count: *member_count, announced: true }
            }
            Self::MemberLeft { member: (member, _), departure, reason, member_count, .. } => ChangeRecord::MemberLeft {
                member: *member,
                departure: *departure,
                reason: reason.clone(),
                member_count: *member_count,
            },
            Self::MeetupChanged { meetup, status, by, .. } => ChangeRecord::MeetupChanged {
                meetup: meetup.clone(),
                status: *status,
                by: by.as_ref().map(|(key, _)| *key),
            },
            Self::MessageReported { conversation: (conversation, _), message, report, by_server } => {
                ChangeRecord::MessageReported {
                    conversation: *conversation,
                    message: message.clone(),
                    report: *report,
                    by_server: *by_server,
                }
            }
            Self::Notified { user: (user, _), notification } => {
                ChangeRecord::Notified { user: *user, notification: notification.id.clone() }
            }
            Self::UserChanged { user: (user, _), visible, .. } => {
                ChangeRecord::UserChanged { user: *user, visible: *visible }
            }
            Self::Revoked { user: (user, _), generation } => {
                ChangeRecord::Revoked { user: *user, generation: *generation }
            }
            Self::SessionEnded { user: (user, _), session } => {
                ChangeRecord::SessionEnded { user: *user, session: session.clone() }
            }
        })
    }
}
