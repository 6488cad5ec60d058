//! The users, conversations and messages of the format.
//!
//! What must stay true: each type has the fields of the type of the domain that it stands for, which the compiler checks
//! because both are taken apart by name. Texts are borrowed, so that they are copied once. Variants are only appended.

use std::sync::Arc;

use quintet_domain as domain;
use quintet_domain::{ClientMessageId, ConversationId, MessageId, NotificationId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::details::Details;
pub(super) use super::names::{
    ConversationKind, Departure, MeetupStatus, MessageKind, Notify, Role, UserKind, ids, users,
};

/// How long a conversation is muted.
#[derive(Serialize, Deserialize)]
pub(super) enum Mute {
    Until(i64),
    ForGood,
}

impl From<domain::Mute> for Mute {
    fn from(mute: domain::Mute) -> Self {
        match mute {
            domain::Mute::Until(end) => Self::Until(end.0),
            domain::Mute::ForGood => Self::ForGood,
        }
    }
}

impl From<Mute> for domain::Mute {
    fn from(mute: Mute) -> Self {
        match mute {
            Mute::Until(end) => Self::Until(Timestamp(end)),
            Mute::ForGood => Self::ForGood,
        }
    }
}

/// A member's own settings of a conversation.
#[derive(Serialize, Deserialize)]
pub(super) struct Settings {
    muted: Option<Mute>,
    pinned: bool,
    archived: bool,
    notify: Notify,
    marked_unread: bool,
}

impl Settings {
    pub(super) fn of(settings: domain::ConversationSettings) -> Self {
        let domain::ConversationSettings { muted, pinned, archived, notify, marked_unread } = settings;
        Self { muted: muted.map(Into::into), pinned, archived, notify: notify.into(), marked_unread }
    }
}

impl From<Settings> for domain::ConversationSettings {
    fn from(settings: Settings) -> Self {
        let Settings { muted, pinned, archived, notify, marked_unread } = settings;
        Self { muted: muted.map(Into::into), pinned, archived, notify: notify.into(), marked_unread }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct User<'a> {
    id: &'a str,
    username: &'a str,
    name: &'a str,
    last_name: Option<&'a str>,
    avatar: Option<&'a str>,
    kind: UserKind,
    last_seen: Option<i64>,
    created_at: i64,
}

impl<'a> User<'a> {
    pub(super) fn of(user: &'a domain::User) -> Self {
        let domain::User { id, username, name, last_name, avatar, kind, last_seen, created_at } = user;
        Self {
            id: id.as_str(),
            username,
            name,
            last_name: last_name.as_deref(),
            avatar: avatar.as_deref(),
            kind: (*kind).into(),
            last_seen: last_seen.map(|at| at.0),
            created_at: created_at.0,
        }
    }

    pub(super) fn read(self) -> Arc<domain::User> {
        let Self { id, username, name, last_name, avatar, kind, last_seen, created_at } = self;
        Arc::new(domain::User {
            id: UserId::trusted(id),
            username: username.to_owned(),
            name: name.to_owned(),
            last_name: last_name.map(str::to_owned),
            avatar: avatar.map(str::to_owned),
            kind: kind.into(),
            last_seen: last_seen.map(Timestamp),
            created_at: Timestamp(created_at),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ConversationRef<'a> {
    id: &'a str,
    kind: ConversationKind,
    name: Option<&'a str>,
    #[serde(borrow)]
    pair: Option<(&'a str, &'a str)>,
}

impl<'a> ConversationRef<'a> {
    pub(super) fn of(conversation: &'a domain::ConversationRef) -> Self {
        let domain::ConversationRef { id, kind, name, pair } = conversation;
        Self {
            id: id.as_str(),
            kind: (*kind).into(),
            name: name.as_deref(),
            pair: pair.as_deref().map(|[one, other]| (one.as_str(), other.as_str())),
        }
    }

    pub(super) fn read(self) -> Arc<domain::ConversationRef> {
        let Self { id, kind, name, pair } = self;
        Arc::new(domain::ConversationRef {
            id: ConversationId::trusted(id),
            kind: kind.into(),
            name: name.map(Into::into),
            pair: pair.map(|(one, other)| Box::new([UserId::trusted(one), UserId::trusted(other)])),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Member<'a> {
    #[serde(borrow)]
    user: User<'a>,
    role: Role,
    joined_at: i64,
    read_sequence: u64,
    read_at: Option<i64>,
}

impl<'a> Member<'a> {
    fn of(member: &'a domain::Member) -> Self {
        let domain::Member { user, role, joined_at, read_sequence, read_at } = member;
        Self {
            user: User::of(user),
            role: (*role).into(),
            joined_at: joined_at.0,
            read_sequence: *read_sequence,
            read_at: read_at.map(|at| at.0),
        }
    }

    fn read(self) -> domain::Member {
        let Self { user, role, joined_at, read_sequence, read_at } = self;
        domain::Member {
            user: user.read(),
            role: role.into(),
            joined_at: Timestamp(joined_at),
            read_sequence,
            read_at: read_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct FileLink<'a> {
    url: &'a str,
    name: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct Reader<'a> {
    user: &'a str,
    read_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Message<'a> {
    id: &'a str,
    #[serde(borrow)]
    conversation: ConversationRef<'a>,
    sequence: u64,
    #[serde(borrow)]
    sender: User<'a>,
    kind: MessageKind,
    content: &'a str,
    #[serde(borrow)]
    file: Option<FileLink<'a>>,
    client_message_id: Option<&'a str>,
    created_at: i64,
    edited_at: Option<i64>,
    deleted_at: Option<i64>,
    #[serde(borrow)]
    readers: Vec<Reader<'a>>,
    #[serde(borrow)]
    details: Option<Details<'a>>,
}

impl<'a> Message<'a> {
    pub(super) fn of(message: &'a domain::Message) -> Self {
        let domain::Message {
            id,
            conversation,
            sequence,
            sender,
            kind,
            content,
            file,
            client_message_id,
            created_at,
            edited_at,
            deleted_at,
            readers,
            details,
            // Its sender alone is told, when it reads.
            delivered: _,
        } = message;
        let file = file.as_ref().map(|domain::FileLink { url, name }| FileLink { url, name: name.as_deref() });
        let reader =
            |domain::Reader { user, read_at }: &'a domain::Reader| Reader { user: user.as_str(), read_at: read_at.0 };
        Self {
            id: id.as_str(),
            conversation: ConversationRef::of(conversation),
            sequence: *sequence,
            sender: User::of(sender),
            kind: (*kind).into(),
            content,
            file,
            client_message_id: client_message_id.as_ref().map(ClientMessageId::as_str),
            created_at: created_at.0,
            edited_at: edited_at.map(|at| at.0),
            deleted_at: deleted_at.map(|at| at.0),
            readers: readers.iter().map(reader).collect(),
            details: details.as_deref().map(Details::of),
        }
    }

    pub(super) fn read(self) -> Arc<domain::Message> {
        let Self {
            id,
            conversation,
            sequence,
            sender,
            kind,
            content,
            file,
            client_message_id,
            created_at,
            edited_at,
            deleted_at,
            readers,
            details,
        } = self;
        let file =
            file.map(|FileLink { url, name }| domain::FileLink { url: url.to_owned(), name: name.map(str::to_owned) });
        let reader = |Reader { user, read_at }: Reader<'_>| domain::Reader {
            user: UserId::trusted(user),
            read_at: Timestamp(read_at),
        };
        Arc::new(domain::Message {
            id: MessageId::trusted(id),
            conversation: conversation.read(),
            sequence,
            sender: sender.read(),
            kind: kind.into(),
            content: content.to_owned(),
            file,
            client_message_id: client_message_id.map(ClientMessageId::trusted),
            created_at: Timestamp(created_at),
            edited_at: edited_at.map(Timestamp),
            deleted_at: deleted_at.map(Timestamp),
            readers: readers.into_iter().map(reader).collect(),
            delivered: false,
            details: details.map(Details::read),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Reacted<'a> {
    #[serde(borrow)]
    conversation: ConversationRef<'a>,
    message: &'a str,
    emoji: &'a str,
    user: &'a str,
    active: bool,
    count: u32,
    #[serde(borrow)]
    changes: Vec<(&'a str, bool)>,
}

impl<'a> Reacted<'a> {
    pub(super) fn of(reacted: &'a domain::Reacted) -> Self {
        let domain::Reacted { conversation, message, emoji, user, active, count, changes } = reacted;
        let change = |domain::ReactionChange { user, active }: &'a domain::ReactionChange| (user.as_str(), *active);
        Self {
            conversation: ConversationRef::of(conversation),
            message: message.as_str(),
            emoji: emoji.as_str(),
            user: user.as_str(),
            active: *active,
            count: *count,
            changes: changes.iter().map(change).collect(),
        }
    }

    pub(super) fn read(self) -> Arc<domain::Reacted> {
        let Self { conversation, message, emoji, user, active, count, changes } = self;
        let change = |(user, active)| domain::ReactionChange { user: UserId::trusted(user), active };
        Arc::new(domain::Reacted {
            conversation: conversation.read(),
            message: MessageId::trusted(message),
            emoji: domain::Emoji::trusted(emoji),
            user: UserId::trusted(user),
            active,
            count,
            changes: changes.into_iter().map(change).collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Overview<'a> {
    #[serde(borrow)]
    conversation: ConversationRef<'a>,
    description: Option<&'a str>,
    picture: Option<&'a str>,
    metadata: Option<&'a str>,
    open: bool,
    slow_mode_s: u32,
    only_admins_write: bool,
    owner: Option<&'a str>,
    #[serde(borrow)]
    members: Vec<Member<'a>>,
    member_count: u32,
    #[serde(borrow)]
    last_message: Option<Message<'a>>,
    created_at: i64,
    updated_at: i64,
}

impl<'a> Overview<'a> {
    pub(super) fn of(overview: &'a domain::Overview) -> Self {
        let domain::Overview {
            conversation,
            description,
            picture,
            metadata,
            open,
            moderation,
            owner,
            members,
            member_count,
            last_message,
            created_at,
            updated_at,
        } = overview;
        Self {
            conversation: ConversationRef::of(conversation),
            description: description.as_deref(),
            picture: picture.as_deref(),
            metadata: metadata.as_ref().map(domain::Metadata::as_str),
            open: *open,
            slow_mode_s: moderation.slow_mode_s,
            only_admins_write: moderation.only_admins_write,
            owner: owner.as_ref().map(UserId::as_str),
            members: members.iter().map(Member::of).collect(),
            member_count: *member_count,
            last_message: last_message.as_deref().map(Message::of),
            created_at: created_at.0,
            updated_at: updated_at.0,
        }
    }

    pub(super) fn read(self) -> Arc<domain::Overview> {
        let Self {
            conversation,
            description,
            picture,
            metadata,
            open,
            slow_mode_s,
            only_admins_write,
            owner,
            members,
            member_count,
            last_message,
            created_at,
            updated_at,
        } = self;
        Arc::new(domain::Overview {
            conversation: conversation.read(),
            description: description.map(Into::into),
            picture: picture.map(Into::into),
            metadata: metadata.map(domain::Metadata::trusted),
            open,
            moderation: domain::Moderation { slow_mode_s, only_admins_write },
            owner: owner.map(UserId::trusted),
            members: members.into_iter().map(Member::read).collect(),
            member_count,
            last_message: last_message.map(Message::read),
            created_at: Timestamp(created_at),
            updated_at: Timestamp(updated_at),
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Notification<'a> {
    id: &'a str,
    title: &'a str,
    message: &'a str,
    timestamp: i64,
    read_at: Option<i64>,
}

impl<'a> Notification<'a> {
    pub(super) fn of(notification: &'a domain::Notification) -> Self {
        let domain::Notification { id, title, message, timestamp, read_at } = notification;
        Self { id: id.as_str(), title, message, timestamp: timestamp.0, read_at: read_at.map(|at| at.0) }
    }

    pub(super) fn read(self) -> Arc<domain::Notification> {
        let Self { id, title, message, timestamp, read_at } = self;
        Arc::new(domain::Notification {
            id: NotificationId::trusted(id),
            title: title.to_owned(),
            message: message.to_owned(),
            timestamp: Timestamp(timestamp),
            read_at: read_at.map(Timestamp),
        })
    }
}
