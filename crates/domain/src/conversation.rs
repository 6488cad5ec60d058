//! Conversations and their members.

use std::sync::Arc;

use crate::{ConversationId, Message, Timestamp, User, UserId};

/// The four kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// Exactly two members, one per pair, made by the first message.
    Direct,
    /// Joined by id where open, by being added where closed.
    Group,
    /// Open to everybody, guests included.
    Room,
    /// A meetup's host and accepted participants.
    Meetup,
}

impl ConversationKind {
    /// The kind as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Room => "room",
            Self::Meetup => "meetup",
        }
    }

    /// The kind of a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Direct, Self::Group, Self::Room, Self::Meetup].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Neither of the others.
    Member,
    /// May add, remove, rename and delete messages.
    Admin,
    /// May do everything, once per conversation.
    Owner,
}

impl Role {
    /// The role as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role of a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Admin, Self::Owner].into_iter().find(|role| role.as_str() == text)
    }
}

/// What an event needs to know of its conversation, whatever the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRef {
    /// The id.
    pub id: ConversationId,
    /// The kind.
    pub kind: ConversationKind,
    /// The name; a direct conversation has none.
    pub name: Option<String>,
    /// The two of a direct conversation.
    pub pair: Option<[UserId; 2]>,
}

impl ConversationRef {
    /// The other one of a direct conversation; oneself if neither fits.
    #[must_use]
    pub fn other(&self, user: &UserId) -> Option<&UserId> {
        let [a, b] = self.pair.as_ref()?;
        Some(if a == user { b } else { a })
    }
}

/// A member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: Arc<User>,
    /// As what.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// The sequence number up to which the member has read.
    pub read_sequence: u64,
    /// When the member last read.
    pub read_at: Option<Timestamp>,
}

/// A conversation as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Id, kind, name and pair.
    pub conversation: Arc<ConversationRef>,
    /// Whether it is joined by id.
    pub open: bool,
    /// The owner, if it has one.
    pub owner: Option<UserId>,
    /// The members, oldest first: in a list the first of them and the asker.
    pub members: Vec<Member>,
    /// How many members there are.
    pub member_count: u32,
    /// The newest message that is not hidden from this member.
    pub last_message: Option<Arc<Message>>,
    /// Messages of others that this member has not read.
    pub unread_count: u64,
    /// The number of the newest change.
    pub sequence: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
