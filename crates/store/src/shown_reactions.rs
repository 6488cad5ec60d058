//! Puts the rows of reactions together: all that follow each other with the same message and emoji are one.
//!
//! What must stay true: the order of the rows is kept.

use quintet_domain::{Emoji, UserId};
use quintet_rules::MessageKey;
use quintet_rules::rows::ShownReaction;

/// The reactions that rows were put together to.
#[derive(Debug, Default)]
pub(crate) struct Grouped(Vec<ShownReaction>);

impl Grouped {
    /// Adds the row of one user, with the count of the emoji.
    pub(crate) fn add(&mut self, message: MessageKey, emoji: Emoji, count: u32, user: UserId) {
        match self.0.last_mut().filter(|last| last.message == message && last.emoji == emoji) {
            Some(last) => last.users.push(user),
            None => self.0.push(ShownReaction { message, emoji, count, users: vec![user] }),
        }
    }

    /// Returns the reactions in the order of their rows.
    pub(crate) fn finish(self) -> Vec<ShownReaction> {
        self.0
    }
}
