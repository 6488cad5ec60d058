//! The events of the format: all of the closed list, because the store may commit any of them.
//!
//! What must stay true: there are no wildcard arms, so that a new event makes the compiler point here. Variants are only
//! appended.

use std::sync::Arc;

use quintet_domain as domain;
use quintet_domain::{LoginSessionId, MeetupId, MessageId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::values::{
    ConversationRef, Departure, MeetupStatus, Message, Notification, Overview, Reacted, Settings, User, ids,
    users as users_of,
};

#[derive(Serialize, Deserialize)]
pub(super) enum Event<'a> {
    MessageCreated(#[serde(borrow)] Box<Message<'a>>),
    MessageEdited(#[serde(borrow)] Box<Message<'a>>),
    MessageDeleted(#[serde(borrow)] Box<Message<'a>>),
    MessagesRead {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        #[serde(borrow)]
        reader: User<'a>,
        #[serde(borrow)]
        messages: Vec<&'a str>,
        #[serde(borrow)]
        audience: Option<Vec<&'a str>>,
    },
    ConversationCreated {
        #[serde(borrow)]
        conversation: Box<Overview<'a>>,
        #[serde(borrow)]
        members: Vec<&'a str>,
    },
    ConversationAppeared {
        #[serde(borrow)]
        conversation: Box<Overview<'a>>,
        user: &'a str,
    },
    ConversationHidden {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        user: &'a str,
    },
    ConversationChanged {
        #[serde(borrow)]
        conversation: Box<Overview<'a>>,
    },
    DeletionAnnounced {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
    },
    ConversationDeleted {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
    },
    MemberJoined {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        #[serde(borrow)]
        user: User<'a>,
        member_count: u32,
    },
    MemberLeft {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        #[serde(borrow)]
        user: User<'a>,
        departure: Departure,
        reason: Option<&'a str>,
        member_count: u32,
    },
    MeetupChanged {
        meetup: &'a str,
        status: MeetupStatus,
        updated_by: &'a str,
        #[serde(borrow)]
        audience: Vec<&'a str>,
    },
    Notified {
        user: &'a str,
        #[serde(borrow)]
        notification: Notification<'a>,
    },
    UserChanged {
        #[serde(borrow)]
        user: User<'a>,
        metadata: Option<&'a str>,
        visible: bool,
    },
    Revoked {
        user: &'a str,
        generation: u64,
    },
    Typing {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        #[serde(borrow)]
        user: User<'a>,
        typing: bool,
    },
    Presence {
        #[serde(borrow)]
        user: User<'a>,
        online: bool,
        last_seen: i64,
    },
    RoomPresence {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        #[serde(borrow)]
        user: User<'a>,
        online: bool,
    },
    MessageReacted(#[serde(borrow)] Box<Reacted<'a>>),
    MessagePinned {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        message: &'a str,
        user: &'a str,
        pinned: bool,
    },
    SettingsChanged {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        user: &'a str,
        settings: Settings,
    },
    MessagesDelivered {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        user: &'a str,
        messages: Vec<&'a str>,
        author: &'a str,
    },
    BlocksChanged {
        user: &'a str,
        blocked: Vec<&'a str>,
        other: Option<&'a str>,
    },
    MessageAppeared {
        #[serde(borrow)]
        message: Box<Message<'a>>,
        user: &'a str,
    },
    MessageReported {
        #[serde(borrow)]
        conversation: ConversationRef<'a>,
        message: &'a str,
        report: i64,
        by_server: bool,
    },
    SessionEnded {
        user: &'a str,
        session: &'a str,
    },
}

impl<'a> Event<'a> {
    pub(super) fn of(event: &'a domain::Event) -> Self {
        use domain::Event as From;
        match event {
            From::MessageCreated(message) => Self::MessageCreated(Box::new(Message::of(message))),
            From::MessageAppeared { message, user } => {
                Self::MessageAppeared { message: Box::new(Message::of(message)), user: user.as_str() }
            }
            From::MessageEdited(message) => Self::MessageEdited(Box::new(Message::of(message))),
            From::MessageDeleted(message) => Self::MessageDeleted(Box::new(Message::of(message))),
            From::MessageReacted(reacted) => Self::MessageReacted(Box::new(Reacted::of(reacted))),
            From::MessagePinned { conversation, message, user, pinned } => Self::MessagePinned {
                conversation: ConversationRef::of(conversation),
                message: message.as_str(),
                user: user.as_str(),
                pinned: *pinned,
            },
            From::MessagesRead { conversation, reader, messages, audience } => Self::MessagesRead {
                conversation: ConversationRef::of(conversation),
                reader: User::of(reader),
                messages: messages.iter().map(MessageId::as_str).collect(),
                audience: audience.as_deref().map(ids),
            },
            From::MessagesDelivered { conversation, user, messages, author } => Self::MessagesDelivered {
                conversation: ConversationRef::of(conversation),
                user: user.as_str(),
                messages: messages.iter().map(MessageId::as_str).collect(),
                author: author.as_str(),
            },
            From::ConversationCreated { conversation, members } => {
                Self::ConversationCreated { conversation: Box::new(Overview::of(conversation)), members: ids(members) }
            }
            From::ConversationAppeared { conversation, user } => {
                Self::ConversationAppeared { conversation: Box::new(Overview::of(conversation)), user: user.as_str() }
            }
            From::ConversationHidden { conversation, user } => {
                Self::ConversationHidden { conversation: ConversationRef::of(conversation), user: user.as_str() }
            }
            From::SettingsChanged { conversation, user, settings } => Self::SettingsChanged {
                conversation: ConversationRef::of(conversation),
                user: user.as_str(),
                settings: Settings::of(*settings),
            },
            From::BlocksChanged { user, blocked, other } => Self::BlocksChanged {
                user: user.as_str(),
                blocked: ids(blocked),
                other: other.as_ref().map(UserId::as_str),
            },
            From::ConversationChanged { conversation } => {
                Self::ConversationChanged { conversation: Box::new(Overview::of(conversation)) }
            }
            From::DeletionAnnounced { conversation } => {
                Self::DeletionAnnounced { conversation: ConversationRef::of(conversation) }
            }
            From::ConversationDeleted { conversation } => {
                Self::ConversationDeleted { conversation: ConversationRef::of(conversation) }
            }
            From::MemberJoined { conversation, user, member_count } => Self::MemberJoined {
                conversation: ConversationRef::of(conversation),
                user: User::of(user),
                member_count: *member_count,
            },
            From::MemberLeft { conversation, user, departure, reason, member_count } => Self::MemberLeft {
                conversation: ConversationRef::of(conversation),
                user: User::of(user),
                departure: (*departure).into(),
                reason: reason.as_deref(),
                member_count: *member_count,
            },
            From::MeetupChanged { meetup, status, updated_by, audience } => Self::MeetupChanged {
                meetup: meetup.as_str(),
                status: (*status).into(),
                updated_by,
                audience: ids(audience),
            },
            From::MessageReported { conversation, message, report, by_server } => Self::MessageReported {
                conversation: ConversationRef::of(conversation),
                message: message.as_str(),
                report: *report,
                by_server: *by_server,
            },
            From::Notified { user, notification } => {
                Self::Notified { user: user.as_str(), notification: Notification::of(notification) }
            }
            From::UserChanged { user, metadata, visible } => Self::UserChanged {
                user: User::of(user),
                metadata: metadata.as_ref().map(domain::Metadata::as_str),
                visible: *visible,
            },
            From::Revoked { user, generation } => Self::Revoked { user: user.as_str(), generation: *generation },
            From::SessionEnded { user, session } => {
                Self::SessionEnded { user: user.as_str(), session: session.as_str() }
            }
            From::Typing { conversation, user, typing } => {
                Self::Typing { conversation: ConversationRef::of(conversation), user: User::of(user), typing: *typing }
            }
            From::Presence { user, online, last_seen } => {
                Self::Presence { user: User::of(user), online: *online, last_seen: last_seen.0 }
            }
            From::RoomPresence { conversation, user, online } => Self::RoomPresence {
                conversation: ConversationRef::of(conversation),
                user: User::of(user),
                online: *online,
            },
        }
    }

    pub(super) fn read(self) -> domain::Event {
        use domain::Event as To;
        match self {
            Self::MessageCreated(message) => To::MessageCreated(message.read()),
            Self::MessageAppeared { message, user } => {
                To::MessageAppeared { message: message.read(), user: UserId::trusted(user) }
            }
            Self::MessageEdited(message) => To::MessageEdited(message.read()),
            Self::MessageDeleted(message) => To::MessageDeleted(message.read()),
            Self::MessageReacted(reacted) => To::MessageReacted(reacted.read()),
            Self::MessagePinned { conversation, message, user, pinned } => To::MessagePinned {
                conversation: conversation.read(),
                message: MessageId::trusted(message),
                user: UserId::trusted(user),
                pinned,
            },
            Self::MessagesRead { conversation, reader, messages, audience } => To::MessagesRead {
                conversation: conversation.read(),
                reader: reader.read(),
                messages: messages.into_iter().map(MessageId::trusted).collect(),
                audience: audience.map(users_of),
            },
            Self::MessagesDelivered { conversation, user, messages, author } => To::MessagesDelivered {
                conversation: conversation.read(),
                user: UserId::trusted(user),
                messages: messages.into_iter().map(MessageId::trusted).collect(),
                author: UserId::trusted(author),
            },
            Self::ConversationCreated { conversation, members } => {
                To::ConversationCreated { conversation: conversation.read(), members: users_of(members) }
            }
            Self::ConversationAppeared { conversation, user } => {
                To::ConversationAppeared { conversation: conversation.read(), user: UserId::trusted(user) }
            }
            Self::ConversationHidden { conversation, user } => {
                To::ConversationHidden { conversation: conversation.read(), user: UserId::trusted(user) }
            }
            Self::SettingsChanged { conversation, user, settings } => To::SettingsChanged {
                conversation: conversation.read(),
                user: UserId::trusted(user),
                settings: settings.into(),
            },
            Self::BlocksChanged { user, blocked, other } => To::BlocksChanged {
                user: UserId::trusted(user),
                blocked: users_of(blocked),
                other: other.map(UserId::trusted),
            },
            Self::ConversationChanged { conversation } => To::ConversationChanged { conversation: conversation.read() },
            Self::DeletionAnnounced { conversation } => To::DeletionAnnounced { conversation: conversation.read() },
            Self::ConversationDeleted { conversation } => To::ConversationDeleted { conversation: conversation.read() },
            Self::MemberJoined { conversation, user, member_count } => {
                To::MemberJoined { conversation: conversation.read(), user: user.read(), member_count }
            }
            Self::MemberLeft { conversation, user, departure, reason, member_count } => To::MemberLeft {
                conversation: conversation.read(),
                user: user.read(),
                departure: departure.into(),
                reason: reason.map(Arc::from),
                member_count,
            },
            Self::MeetupChanged { meetup, status, updated_by, audience } => To::MeetupChanged {
                meetup: MeetupId::trusted(meetup),
                status: status.into(),
                updated_by: updated_by.to_owned(),
                audience: users_of(audience),
            },
            Self::MessageReported { conversation, message, report, by_server } => To::MessageReported {
                conversation: conversation.read(),
                message: MessageId::trusted(message),
                report,
                by_server,
            },
            Self::Notified { user, notification } => {
                To::Notified { user: UserId::trusted(user), notification: notification.read() }
            }
            Self::UserChanged { user, metadata, visible } => {
                let metadata = metadata.map(domain::Metadata::trusted);
                To::UserChanged { user: user.read(), metadata, visible }
            }
            Self::Revoked { user, generation } => To::Revoked { user: UserId::trusted(user), generation },
            Self::SessionEnded { user, session } => {
                To::SessionEnded { user: UserId::trusted(user), session: LoginSessionId::trusted(session) }
            }
            Self::Typing { conversation, user, typing } => {
                To::Typing { conversation: conversation.read(), user: user.read(), typing }
            }
            Self::Presence { user, online, last_seen } => {
                To::Presence { user: user.read(), online, last_seen: Timestamp(last_seen) }
            }
            Self::RoomPresence { conversation, user, online } => {
                To::RoomPresence { conversation: conversation.read(), user: user.read(), online }
            }
        }
    }
}
