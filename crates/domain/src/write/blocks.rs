//! Writes about whom a user has blocked, and about what only a block may forbid.

use crate::{Actor, Target, UserId};

/// Blocks a user, or ends a block. The result are the ids of all users whom the actor has blocked now. Doing it again
/// changes nothing; refused with `ERR_CONFLICT` beyond [`BLOCKS_OF_USER_MAX`](crate::limits::BLOCKS_OF_USER_MAX).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetBlock {
    /// The user who blocks.
    pub actor: Actor,
    /// The user who is blocked.
    pub user: UserId,
    /// Whether the user is blocked from now on.
    pub blocked: bool,
}

/// Changes nothing, but refuses a user who may not type because one of the two has blocked the other. Its result is a
/// position as that of [`Barrier`](crate::Barrier).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MayType {
    /// The user who types.
    pub user: UserId,
    /// The conversation or user that it types to.
    pub target: Target,
}
