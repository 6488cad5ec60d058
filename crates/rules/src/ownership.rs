//! Who owns a conversation, and which role counts.
//!
//! What must stay true: a guest is owner only with the proof of its secret, because anybody can claim its id.

use quintet_domain::Role;
use quintet_domain::permissions::Standing;

use crate::rows::{ConversationRow, MemberRow, UserRow};
use crate::transaction::ActingUser;

/// The relation of a user to a conversation, for the permission table. A user who is not a member may be banned, which only
/// the caller can find out.
#[must_use]
pub fn standing(conversation: &ConversationRow, user: &UserRow, member: Option<&MemberRow>, author: bool) -> Standing {
    Standing {
        kind: conversation.reference.kind,
        open: conversation.open,
        role: member.map(|member| member.role),
        by: user.user.kind,
        author,
        deleted: conversation.deleted_at.is_some(),
        blocked: conversation.blocked,
        banned: false,
    }
}

/// Whether a user owns a conversation. A guest has to prove it, because anybody can claim its id.
pub(crate) fn owns(conversation: &ConversationRow, user: &ActingUser) -> bool {
    let proven = !user.user.is_guest() || (user.secret.is_some() && user.secret == conversation.owner_secret);
    conversation.owner == Some(user.key) && proven
}

/// A membership with its effective role: a guest's role depends on what it proves, whatever its row says.
pub(crate) fn in_effect(conversation: &ConversationRow, user: &ActingUser, member: MemberRow) -> MemberRow {
    if !user.user.is_guest() {
        return member;
    }
    MemberRow { role: if owns(conversation, user) { Role::Owner } else { Role::Member }, ..member }
}
