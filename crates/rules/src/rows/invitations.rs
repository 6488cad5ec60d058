//! Rows of invitations, and the operations on them.
//!
//! What must stay true: the ids and the hashes of codes are unique.

use quintet_domain::{ConversationId, InvitationBounds, InvitationState, Timestamp};

use crate::{RowResult, UserKey};

/// The row of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationRow {
    /// The key of the row, by which lists are ordered.
    pub key: i64,
    /// The id of the invitation, which opens nothing.
    pub id: String,
    /// The SHA-256 hash of its code, in hexadecimal.
    pub hash: String,
    /// Whether it lets people register who have no account yet.
    pub admits: bool,
    /// The groups and rooms that it leads into.
    pub conversations: Vec<ConversationId>,
    /// The user who made it; none if the operator did.
    pub made_by: Option<UserKey>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How often it may be used, and until when.
    pub bounds: InvitationBounds,
    /// How often it was used, and when it was revoked.
    pub state: InvitationState,
}

/// Operations on the rows of invitations.
pub trait InvitationRows {
    /// An invitation by the hash of its code.
    fn invitation_by_hash(&self, hash: &str) -> RowResult<Option<InvitationRow>>;
    /// An invitation by its id.
    fn invitation(&self, id: &str) -> RowResult<Option<InvitationRow>>;
    /// Inserts an invitation, whose `key` is ignored.
    fn insert_invitation(&mut self, row: &InvitationRow) -> RowResult<()>;
    /// Sets how often an invitation was used, and when it was revoked.
    fn set_invitation_state(&mut self, key: i64, state: InvitationState) -> RowResult<()>;
    /// Invitations before a key, the newest first: those of one user, or all; at most `limit`.
    fn invitations_before(&self, of: Option<UserKey>, before: i64, limit: usize) -> RowResult<Vec<InvitationRow>>;
    /// Deletes the invitations that a user made.
    fn delete_invitations_of(&mut self, user: UserKey) -> RowResult<()>;
    /// Deletes up to `limit` invitations that expired or were revoked before a time. Returns how many were deleted.
    fn prune_invitations(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
}
