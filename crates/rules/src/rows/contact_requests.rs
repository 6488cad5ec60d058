//! Rows of requests to reach a person, and of groups that people have left, and the operations on them.
//!
//! What must stay true: a person has at most one request for each conversation.

use quintet_domain::{RequestId, RequestKind, Role, Timestamp};

use crate::{ConversationKey, RowResult, UserKey};

/// The row of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRequestRow {
    /// The id of the request.
    pub id: RequestId,
    /// What is asked.
    pub kind: RequestKind,
    /// The user who asks.
    pub from: UserKey,
    /// The person who decides.
    pub to: UserKey,
    /// The conversation that the person is asked to be a member of.
    pub conversation: ConversationKey,
    /// The role that the person is to have.
    pub role: Role,
    /// When it was made.
    pub at: Timestamp,
    /// Whether the person has declined it, which the one who asks does not learn.
    pub declined: bool,
}

/// Operations on the rows of requests, and of groups that people have left.
pub trait ContactRequestRows {
    /// A request by its id.
    fn contact_request(&self, id: &RequestId) -> RowResult<Option<ContactRequestRow>>;
    /// The request to a person for a conversation.
    fn contact_request_for(&self, to: UserKey, conversation: ConversationKey) -> RowResult<Option<ContactRequestRow>>;
    /// Requests to a person that were made after a moment and not declined, the newest first; at most `limit`.
    fn contact_requests_to(&self, to: UserKey, after: Timestamp, limit: usize) -> RowResult<Vec<ContactRequestRow>>;
    /// Inserts a request, in place of an earlier one to the same person for the same conversation.
    fn put_contact_request(&mut self, row: &ContactRequestRow) -> RowResult<()>;
    /// Marks a request as declined.
    fn decline_contact_request(&mut self, to: UserKey, conversation: ConversationKey) -> RowResult<()>;
    /// Deletes the request to a person for a conversation, if there is one.
    fn delete_contact_request(&mut self, to: UserKey, conversation: ConversationKey) -> RowResult<()>;
    /// Deletes all requests of a user to a person.
    fn delete_contact_requests_between(&mut self, from: UserKey, to: UserKey) -> RowResult<()>;
    /// Deletes all requests for a conversation.
    fn delete_contact_requests_about(&mut self, conversation: ConversationKey) -> RowResult<()>;
    /// Deletes up to `limit` requests of a user and to it. Returns how many were deleted.
    fn delete_contact_requests_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize>;
    /// Deletes up to `limit` requests that were made before a moment. Returns how many were deleted.
    fn prune_contact_requests(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;

    /// Notes that a person has left a group.
    fn insert_left_group(&mut self, user: UserKey, group: ConversationKey) -> RowResult<()>;
    /// Whether a person has left a group, and has not come back.
    fn has_left_group(&self, user: UserKey, group: ConversationKey) -> RowResult<bool>;
    /// Notes that a person has come back to a group that it may have left.
    fn delete_left_group(&mut self, user: UserKey, group: ConversationKey) -> RowResult<()>;
    /// Forgets everybody who has left a group.
    fn delete_left_groups_about(&mut self, group: ConversationKey) -> RowResult<()>;
    /// Forgets up to `limit` groups that a person has left. Returns how many were forgotten.
    fn delete_left_groups_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize>;
}
