//! The reads that complete messages.
//!
//! What must stay true: the number of statements of a read does not depend on the number of its keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::User;

use super::{MessageRow, ShownPin, ShownReaction, ThreadRow};
use crate::{MessageKey, RowResult, UserKey};

/// The reads that complete messages, each for a whole set of keys.
pub trait DetailRows {
    /// Messages by their keys, in no particular order.
    fn messages_by_keys(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<MessageRow>>;
    /// Users by their keys, in no particular order.
    fn people_by_keys(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<(UserKey, Arc<User>)>>;
    /// Threads by the keys of their first messages, in no particular order.
    fn threads_by_roots(&self, roots: &BTreeSet<MessageKey>) -> RowResult<Vec<ThreadRow>>;
    /// The reactions to some messages, by message and then in the order in which the emojis came; of each emoji the first
    /// `users_max` users.
    fn shown_reactions(&self, messages: &BTreeSet<MessageKey>, users_max: usize) -> RowResult<Vec<ShownReaction>>;
    /// The pins of some messages, by message.
    fn shown_pins(&self, messages: &BTreeSet<MessageKey>) -> RowResult<Vec<ShownPin>>;
}
