//! A conversation as events show it to its members.
//!
//! What must stay true: it holds nothing that only some of the members may know, because one event shows it to all of
//! them.

use std::sync::Arc;

use crate::limits::{MEMBERS_OF_LARGE_TOLD_MAX, MEMBERS_TOLD_MAX};
use crate::{ConversationRef, Member, Message, Metadata, Moderation, Timestamp, UserId};

/// A conversation as an event shows it to all of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Id, kind, name and pair.
    pub conversation: Arc<ConversationRef>,
    /// The description; none if there is none.
    pub description: Option<Arc<str>>,
    /// A link to a picture; none if there is none.
    pub picture: Option<Arc<str>>,
    /// The custom data; none if there is none.
    pub metadata: Option<Metadata>,
    /// Whether anybody may join by the id.
    pub open: bool,
    /// How it limits what its members may write.
    pub moderation: Moderation,
    /// The owner, if the conversation has one.
    pub owner: Option<UserId>,
    /// The members in the order in which they joined, as many as [`members_told`] allows.
    pub members: Vec<Member>,
    /// Number of members.
    pub member_count: u32,
    /// The newest message, without its readers.
    pub last_message: Option<Arc<Message>>,
    /// When the conversation was created.
    pub created_at: Timestamp,
    /// When the conversation last changed.
    pub updated_at: Timestamp,
}

/// Returns how many members of a conversation its events show: all of a small one, and few of a large one, because each
/// of its members receives the event.
#[must_use]
pub fn members_told(member_count: u32) -> usize {
    let count = member_count as usize;
    if count > MEMBERS_TOLD_MAX { MEMBERS_OF_LARGE_TOLD_MAX } else { count }
}
