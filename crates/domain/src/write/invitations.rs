//! Writes about invitations, and their results.

use std::sync::Arc;

use crate::{Actor, ConversationId, ConversationRef, InvitationBounds};

/// Makes an invitation.
///
/// A link into a group is made by those who may add members to it. Who may make invitations to the server is decided before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeInvitation {
    /// The user or service that makes it; none for the operator.
    pub actor: Option<Actor>,
    /// The SHA-256 hash of its code, in hexadecimal.
    pub hash: String,
    /// Whether it lets people register who have no account yet.
    pub admits: bool,
    /// The groups and rooms that it leads into.
    pub conversations: Vec<ConversationId>,
    /// How often it may be used, and until when.
    pub bounds: InvitationBounds,
}

/// Revokes an invitation: those who made it may, those who may add members to its group, and services and the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeInvitation {
    /// The user or service that revokes it; none for the operator.
    pub actor: Option<Actor>,
    /// The id of the invitation.
    pub id: String,
}

/// Makes a user a member of the groups and rooms of an invitation. One that changes nothing does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptInvitation {
    /// The user who accepts.
    pub actor: Actor,
    /// The SHA-256 hash of the code, in hexadecimal.
    pub hash: String,
}

/// The result of [`AcceptInvitation`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcceptedInvitation {
    /// The groups and rooms of the invitation, of which the user is a member now.
    pub conversations: Vec<Arc<ConversationRef>>,
}

/// The invitation by which somebody registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The SHA-256 hash of the code, in hexadecimal.
    pub hash: String,
    /// Whether only an invitation to the server will do, not a link into a group.
    pub to_server: bool,
}
