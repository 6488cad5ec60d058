//! Rows of reactions to messages and of pinned messages, and the operations on them.
//!
//! What must stay true: the count of an emoji is the number of its reactions; an emoji without reactions has no count.

use std::collections::BTreeSet;

use quintet_domain::{Emoji, MessageId, Timestamp, UserId};

use crate::{ConversationKey, MessageKey, RowResult, UserKey};

/// The row of a reaction: one user's emoji on one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionRow {
    /// The message that the reaction is to.
    pub message: MessageKey,
    /// The emoji of the reaction.
    pub emoji: Emoji,
    /// The position at which it was committed: the reactions of an emoji are in this order.
    pub position: u64,
    /// The user who reacted.
    pub user: UserKey,
}

/// The number of reactions to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionCountRow {
    /// The message that the reactions are to.
    pub message: MessageKey,
    /// The emoji of the reactions.
    pub emoji: Emoji,
    /// The number of reactions.
    pub count: u32,
    /// The position at which the first of them was committed: the emojis of a message are in this order.
    pub since: u64,
}

/// The row of a pinned message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRow {
    /// The message that is pinned.
    pub message: MessageKey,
    /// The conversation of the message.
    pub conversation: ConversationKey,
    /// The user who pinned it.
    pub user: UserKey,
    /// When it was pinned.
    pub at: Timestamp,
    /// The position at which it was pinned: the pins of a conversation are in this order.
    pub position: u64,
}

/// The reactions to a message with one emoji, as clients see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownReaction {
    /// The message that the reactions are to.
    pub message: MessageKey,
    /// The emoji of the reactions.
    pub emoji: Emoji,
    /// The number of reactions.
    pub count: u32,
    /// The ids of the users who reacted first, in that order.
    pub users: Vec<UserId>,
}

/// The pin of a message, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPin {
    /// The message that is pinned.
    pub message: MessageKey,
    /// The id of the user who pinned it.
    pub by: UserId,
    /// When it was pinned.
    pub at: Timestamp,
}

/// Operations on the rows of reactions and pins.
pub trait ReactionRows {
    /// The emojis with which a user reacted to a message, in no particular order.
    fn reactions_by(&self, message: MessageKey, user: UserKey) -> RowResult<Vec<Emoji>>;
    /// The emojis with which a user reacted to some messages, which are named by their ids, in no particular order.
    fn reactions_among(&self, messages: &[MessageId], user: UserKey) -> RowResult<Vec<(MessageId, Emoji)>>;
    /// The counts of some messages, by message and then in the order in which the emojis came.
    fn reaction_counts(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>>;
    /// Inserts a reaction.
    fn insert_reaction(&mut self, row: &ReactionRow) -> RowResult<()>;
    /// Deletes a reaction.
    fn delete_reaction(&mut self, message: MessageKey, emoji: &Emoji, user: UserKey) -> RowResult<()>;
    /// Stores a count; one of 0 is deleted.
    fn set_reaction_count(&mut self, row: &ReactionCountRow) -> RowResult<()>;
    /// Deletes all reactions to a message, with their counts.
    fn delete_reactions(&mut self, message: MessageKey) -> RowResult<()>;
    /// Some reactions of a user, by message and emoji; at most `limit`.
    fn reactions_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<(MessageKey, Emoji)>>;

    /// The pin of a message, if it is pinned.
    fn pin(&self, message: MessageKey) -> RowResult<Option<PinRow>>;
    /// The pinned messages of a conversation, the newest pin first; at most `limit`.
    fn pins_of_conversation(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<MessageKey>>;
    /// Inserts a pin.
    fn insert_pin(&mut self, row: &PinRow) -> RowResult<()>;
    /// Deletes the pin of a message.
    fn delete_pin(&mut self, message: MessageKey) -> RowResult<()>;
    /// Some messages that a user pinned, by their keys; at most `limit`.
    fn pins_of_user(&self, user: UserKey, limit: usize) -> RowResult<Vec<MessageKey>>;
}
