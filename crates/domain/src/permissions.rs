//! Who may do what: one table, asked before a command is taken and again, finally, inside the write.

use crate::{Code, ConversationId, ConversationKind, Refusal, Role, UserKind};

/// What can be done with a conversation or a message of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See, hear, read, send, type.
    Use,
    /// Become a member by the id alone.
    Join,
    /// Make another user a member.
    Add,
    /// Take another member out.
    Remove,
    /// Stop being a member.
    Leave,
    /// Rename, open, close.
    Change,
    /// Make and unmake admins.
    MakeAdmin,
    /// Change a message's text.
    Edit,
    /// Delete a message.
    DeleteMessage,
    /// Delete the conversation, for all.
    Delete,
}

/// What the table needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The conversation's kind.
    pub kind: ConversationKind,
    /// Whether it is joined by id.
    pub open: bool,
    /// The actor's role, if it is a member.
    pub role: Option<Role>,
    /// What kind of user the actor is.
    pub by: UserKind,
    /// Whether the actor wrote the message in question.
    pub author: bool,
}

/// Whether the action is allowed. A service stands wherever more than two can talk as an owner does, and needs no seat.
#[must_use]
pub fn allows(action: Action, standing: Standing) -> bool {
    use ConversationKind::{Direct, Group, Meetup, Room};
    let Standing { kind, open, role, by, author } = standing;
    if by == UserKind::Guest && kind != Room {
        return false;
    }
    let seated = role;
    let role = if by == UserKind::Service && kind != Direct { Some(Role::Owner) } else { role };
    let member = role.is_some();
    let leads = role >= Some(Role::Admin);
    let owns = role == Some(Role::Owner);
    match action {
        Action::Use => member,
        Action::Join => match kind {
            Room => true,
            Group => open || by == UserKind::Service,
            Direct | Meetup => false,
        },
        Action::Add => kind == Group && leads,
        Action::Remove => match kind {
            Group | Room => leads,
            Meetup => owns,
            Direct => false,
        },
        Action::Leave => match kind {
            Group | Room => seated.is_some(),
            Meetup => seated.is_some() && seated != Some(Role::Owner),
            Direct => false,
        },
        Action::Change => match kind {
            Group => leads,
            Room | Meetup => owns,
            Direct => false,
        },
        Action::MakeAdmin => matches!(kind, Group | Room) && owns,
        Action::Edit => member && author,
        Action::DeleteMessage => match kind {
            Direct => member && author,
            Group | Room => member && (author || leads),
            Meetup => member && (author || owns),
        },
        // A meetup's conversation goes with the meetup.
        Action::Delete => matches!(kind, Group | Room) && owns,
    }
}

/// Asks the table, and says no in words. Who is no member learns of open conversations only.
///
/// # Errors
/// [`Code::NotFound`] or [`Code::Forbidden`].
pub fn check(action: Action, standing: Standing, conversation: &ConversationId) -> Result<(), Refusal> {
    if allows(action, standing) {
        return Ok(());
    }
    if !allows(Action::Use, standing) {
        return Err(if standing.open {
            Refusal::forbidden(format!("You are not a member of conversation `{conversation}`."))
        } else {
            Refusal::not_found("conversation", conversation)
        });
    }
    Err(Refusal::new(
        Code::Forbidden,
        match action {
            Action::Edit => "Unauthorized: only its author may edit a message.".to_owned(),
            Action::DeleteMessage => {
                "Unauthorized: only its author or who leads the conversation may delete a message.".to_owned()
            }
            Action::Leave if standing.kind == ConversationKind::Direct => {
                "A direct conversation cannot be left; hide it instead.".to_owned()
            }
            Action::Leave => "The host cannot leave a meetup; cancel it instead.".to_owned(),
            _ => format!("You may not do that in conversation `{conversation}`."),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row: who may, as `guest stranger member admin owner service`, the last without a seat, `x` for may.
    fn row(kind: ConversationKind, open: bool, action: Action, author: bool) -> String {
        let standing = |role, by| Standing { kind, open, role, by, author };
        let actors = [
            standing(None, UserKind::Guest),
            standing(None, UserKind::Registered),
            standing(Some(Role::Member), UserKind::Registered),
            standing(Some(Role::Admin), UserKind::Registered),
            standing(Some(Role::Owner), UserKind::Registered),
            standing(None, UserKind::Service),
        ];
        actors.iter().map(|standing| if allows(action, *standing) { 'x' } else { '-' }).collect()
    }

    #[test]
    fn the_table() {
        use Action as A;
        use ConversationKind::*;
        // kind, open: Use, Join, Add, Remove, Leave, Change, MakeAdmin, Edit by another, by the author,
        // DeleteMessage by another, by the author, Delete.
        let rows = [
            (Direct, false, "--xxx- ------ ------ ------ ------ ------ ------ ------ --xxx- ------ --xxx- ------"),
            (Group, false, "--xxxx -----x ---xxx ---xxx --xxx- ---xxx ----xx ------ --xxxx ---xxx --xxxx ----xx"),
            (Group, true, "--xxxx -xxxxx ---xxx ---xxx --xxx- ---xxx ----xx ------ --xxxx ---xxx --xxxx ----xx"),
            (Room, true, "--xxxx xxxxxx ------ ---xxx --xxx- ----xx ----xx ------ --xxxx ---xxx --xxxx ----xx"),
            (Meetup, false, "--xxxx ------ ------ ----xx --xx-- ----xx ------ ------ --xxxx ----xx --xxxx ------"),
        ];
        for (kind, open, expected) in rows {
            let cells = [
                row(kind, open, A::Use, false),
                row(kind, open, A::Join, false),
                row(kind, open, A::Add, false),
                row(kind, open, A::Remove, false),
                row(kind, open, A::Leave, false),
                row(kind, open, A::Change, false),
                row(kind, open, A::MakeAdmin, false),
                row(kind, open, A::Edit, false),
                row(kind, open, A::Edit, true),
                row(kind, open, A::DeleteMessage, false),
                row(kind, open, A::DeleteMessage, true),
                row(kind, open, A::Delete, false),
            ];
            assert_eq!(cells.join(" "), expected, "{kind:?} open={open}");
        }
    }

    #[test]
    fn a_guest_member_acts_in_rooms_only() {
        for kind in
            [ConversationKind::Direct, ConversationKind::Group, ConversationKind::Meetup, ConversationKind::Room]
        {
            let standing = Standing { kind, open: true, role: Some(Role::Member), by: UserKind::Guest, author: true };
            assert_eq!(allows(Action::Use, standing), kind == ConversationKind::Room);
            assert_eq!(allows(Action::Edit, standing), kind == ConversationKind::Room);
        }
    }
}
