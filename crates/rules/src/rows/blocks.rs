//! Rows of blocks, by which one user keeps another from writing to it, and the operations on them.
//!
//! What must stay true: a user has blocked another one once or not at all.

use std::sync::Arc;

use quintet_domain::limits::BLOCKS_OF_USER_MAX;
use quintet_domain::{Timestamp, User, UserId};

use crate::{RowResult, UserKey};

/// The row of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// The user who has blocked the other.
    pub blocker: UserKey,
    /// The user who is blocked.
    pub blocked: UserKey,
    /// When the block began.
    pub at: Timestamp,
}

/// A block as the one who blocks sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownBlock {
    /// The user who is blocked.
    pub user: Arc<User>,
    /// When the block began.
    pub at: Timestamp,
}

/// Reads of blocks, which replays and lists make as well.
pub trait BlockReads {
    /// The users whom a user has blocked, in the order in which it did; at most `limit`.
    fn blocks_of(&self, blocker: UserKey, limit: usize) -> RowResult<Vec<ShownBlock>>;
    /// The ids of all users whom a user has blocked, in the order in which it did.
    fn blocked_ids(&self, blocker: UserKey) -> RowResult<Vec<UserId>> {
        let blocks = self.blocks_of(blocker, BLOCKS_OF_USER_MAX)?;
        Ok(blocks.into_iter().map(|block| block.user.id.clone()).collect())
    }
    /// The users who have blocked a user, with their keys and by these; at most `limit`.
    fn blockers_of(&self, blocked: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>>;
    /// The users with whom a user has begun direct conversations that they have not accepted, with their keys and by these;
    /// at most `limit`.
    fn unaccepting(&self, user: UserKey, limit: usize) -> RowResult<Vec<(UserKey, UserId)>>;
}

/// Operations on the rows of blocks.
pub trait BlockRows: BlockReads {
    /// Whether a user has blocked another one.
    fn has_blocked(&self, blocker: UserKey, blocked: UserKey) -> RowResult<bool>;
    /// Whether any of some users has blocked a user.
    fn has_any_blocked(&self, among: &[UserKey], blocked: UserKey) -> RowResult<bool>;
    /// Inserts a block.
    fn insert_block(&mut self, row: &BlockRow) -> RowResult<()>;
    /// Deletes a block.
    fn delete_block(&mut self, blocker: UserKey, blocked: UserKey) -> RowResult<()>;
}
