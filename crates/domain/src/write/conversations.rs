//! Writes about conversations and members, and their results.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{
    Actor, ConversationId, ConversationKind, ConversationRef, ConversationSettings, Departure, Message, Metadata,
    Profile, Role, SettingsChange, Target, Timestamp, User, UserId,
};

/// Makes the actor a member of an open conversation. A guest is created first, or its profile is updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinConversation {
    /// The user who joins.
    pub actor: Actor,
    /// The conversation to join.
    pub conversation: ConversationId,
    /// The profile that a guest claims.
    pub profile: Profile,
    /// Whether the result holds the newest messages and the members.
    pub history: bool,
}

/// The result of [`JoinConversation`] and [`AddMember`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The conversation that was joined.
    pub conversation: Arc<ConversationRef>,
    /// Whether the membership is new.
    pub new: bool,
    /// The newest messages, oldest first, if they were asked for.
    pub history: Vec<Arc<Message>>,
    /// The members of a conversation that is not large, if they were asked for.
    pub members: Vec<Arc<User>>,
}

/// Ends the actor's membership. Ownership passes to the longest-standing admin, else member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveConversation {
    /// The user who leaves.
    pub actor: Actor,
    /// The conversation to leave.
    pub conversation: ConversationId,
    /// The reason that members of the conversation are given.
    pub departure: Departure,
}

/// Makes a user a member, or changes the role of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddMember {
    /// The member who adds.
    pub actor: Actor,
    /// The conversation to add to.
    pub conversation: ConversationId,
    /// The user to add.
    pub user: UserId,
    /// The role to give; without one, a member keeps its role and a new one becomes a plain member.
    pub role: Option<Role>,
    /// The reason for which a role is given, if one is given.
    pub reason: Option<Arc<str>>,
}

/// Ends the membership of a member with a lower role than the actor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveMember {
    /// The member who removes.
    pub actor: Actor,
    /// The conversation to remove from.
    pub conversation: ConversationId,
    /// The member to remove.
    pub user: UserId,
    /// The reason, if one is given.
    pub reason: Option<Arc<str>>,
}

/// A conversation to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConversation {
    /// `direct`, `group` or `room`.
    pub kind: ConversationKind,
    /// The name; none for a direct conversation.
    pub name: Option<String>,
    /// The description of the conversation.
    pub description: Option<String>,
    /// A link to a picture.
    pub picture: Option<String>,
    /// The custom data of the conversation.
    pub metadata: Option<Metadata>,
    /// Whether anybody may join by its id.
    pub open: bool,
    /// The members beside the owner.
    pub members: Vec<UserId>,
    /// The owner, if a service creates the conversation for another user; the actor otherwise.
    pub owner: Option<UserId>,
    /// Whether the owner is a member from the start.
    pub join: bool,
    /// The profile that a guest claims.
    pub profile: Profile,
}

/// Creates a conversation. For a pair of users who have a direct conversation, the result is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateConversation {
    /// The user who creates it.
    pub actor: Actor,
    /// The conversation to create.
    pub new: NewConversation,
}

/// The result of [`CreateConversation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The conversation that was created or found.
    pub conversation: Arc<ConversationRef>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it is new.
    pub new: bool,
}

/// Renames, opens or closes a conversation, replaces its picture or its custom data, or changes what its members may write;
/// a field that is `None` stays unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeConversation {
    /// The member who changes it.
    pub actor: Actor,
    /// The conversation to change.
    pub conversation: ConversationId,
    /// The new name of the conversation.
    pub name: Option<String>,
    /// Whether anybody may join by its id.
    pub open: Option<bool>,
    /// The new link to a picture; `Some(None)` removes it.
    pub picture: Option<Option<String>>,
    /// The new custom data; an empty object removes it.
    pub metadata: Option<Metadata>,
    /// What changes of the limits on what members write.
    pub moderation: ModerationChange,
}

/// Changes of how a conversation limits what its members may write; a field that is `None` stays unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModerationChange {
    /// Seconds between two messages of one member; 0 for no limit.
    pub slow_mode_s: Option<u32>,
    /// Whether only those who lead the conversation write.
    pub only_admins_write: Option<bool>,
    /// The reason, if one is given.
    pub reason: Option<Arc<str>>,
}

impl ModerationChange {
    /// Whether a limit is named, so that the change needs the right to moderate.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.slow_mode_s.is_some() || self.only_admins_write.is_some()
    }
}

/// Changes the actor's own settings of a conversation. What is so already is not changed, and nobody is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSettings {
    /// The member whose settings change.
    pub actor: Actor,
    /// The conversation of the settings.
    pub target: Target,
    /// The settings to change.
    pub change: SettingsChange,
}

/// The result of [`ChangeSettings`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSettings {
    /// The conversation of the settings.
    pub conversation: Arc<ConversationRef>,
    /// All settings after the change.
    pub settings: ConversationSettings,
}

/// Deletes a group or room for all, or hides a direct conversation from the actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteConversation {
    /// The member who deletes it.
    pub actor: Actor,
    /// The conversation to delete.
    pub conversation: ConversationId,
}

/// Ends some memberships of guests who are offline, and deletes some rooms of guests that have been empty for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepGuests {
    /// The guests who have connections, and keep their memberships.
    pub present: Arc<BTreeSet<UserId>>,
    /// Memberships that began at this moment or later are kept.
    pub joined_before: Timestamp,
}
