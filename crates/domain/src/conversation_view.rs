//! A conversation with what one of its members sees of it: its members, its newest message and its unread count.

use std::sync::Arc;

use crate::{
    ConversationRef, ConversationSettings, Member, Message, Metadata, Moderation, OwnRetention, Timestamp, UserId,
};

/// A conversation as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Id, kind, name and pair.
    pub conversation: Arc<ConversationRef>,
    /// A link to a picture; none if there is none.
    pub picture: Option<Arc<str>>,
    /// The custom data; none if there is none.
    pub metadata: Option<Metadata>,
    /// Whether anybody may join by the id.
    pub open: bool,
    /// How it limits what its members may write.
    pub moderation: Moderation,
    /// How long it keeps its messages, where that was decided for it.
    pub retention: OwnRetention,
    /// The moment until which this member is silenced; it may be over. None if it is not silenced.
    pub silenced_until: Option<Timestamp>,
    /// The owner, if the conversation has one.
    pub owner: Option<UserId>,
    /// The members, in the order in which they joined. A list shows only the first of them and the user who asked.
    pub members: Vec<Member>,
    /// Number of members.
    pub member_count: u32,
    /// The newest message that is not hidden from this member.
    pub last_message: Option<Arc<Message>>,
    /// Messages of others that this member has not read.
    pub unread_count: u64,
    /// This member's own settings.
    pub settings: ConversationSettings,
    /// The sequence number of the newest change.
    pub sequence: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
