//! References to conversations, and their members.

use std::sync::Arc;

use crate::limits::DELIVERED_MEMBERS_MAX;
use crate::{ConversationId, Timestamp, User, UserId};

/// The four kinds of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// A conversation of exactly two users. Each pair has at most one, created by their first message.
    Direct,
    /// A group: users join an open one by its id, and are added to a closed one.
    Group,
    /// A room, which everybody may join, guests included.
    Room,
    /// The conversation of a meetup's host and accepted participants.
    Meetup,
}

impl ConversationKind {
    /// Whether messages to a conversation with this number of members count as delivered once they are written to a
    /// connection of their receiver.
    #[must_use]
    pub fn delivers_by_itself(self, member_count: u32) -> bool {
        match self {
            Self::Direct => true,
            Self::Group => member_count <= DELIVERED_MEMBERS_MAX,
            Self::Room | Self::Meetup => false,
        }
    }

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

    /// Parses the text of a kind; none if there is no such kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Direct, Self::Group, Self::Room, Self::Meetup].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The role of a member in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A member without further rights.
    Member,
    /// A member who may add and remove members, rename the conversation and delete messages.
    Admin,
    /// The one member who may do everything.
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

    /// Parses the text of a role; none if there is no such role.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Admin, Self::Owner].into_iter().find(|role| role.as_str() == text)
    }
}

/// What events say about their conversation, whatever the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRef {
    /// The id of the conversation.
    pub id: ConversationId,
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// The name of the conversation; direct ones have none.
    pub name: Option<Box<str>>,
    /// The two users of a direct conversation. Boxed because most of the conversations in memory are of other kinds.
    pub pair: Option<Box<[UserId; 2]>>,
}

impl ConversationRef {
    /// Returns the other user of a direct conversation; the first of the two if `user` is neither. None for other
    /// kinds.
    #[must_use]
    pub fn other(&self, user: &UserId) -> Option<&UserId> {
        let [a, b] = self.pair.as_deref()?;
        Some(if a == user { b } else { a })
    }

    /// Returns the conversation as those see it who may not know its name.
    #[must_use]
    pub fn without_name(&self) -> Self {
        Self { name: None, ..self.clone() }
    }
}

/// A member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user who is the member.
    pub user: Arc<User>,
    /// The role of the member.
    pub role: Role,
    /// When the membership began.
    pub joined_at: Timestamp,
    /// The sequence number up to which the member has read.
    pub read_sequence: u64,
    /// When the member last read.
    pub read_at: Option<Timestamp>,
}
