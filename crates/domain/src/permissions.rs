//! The one table of who may do what. It is consulted before a command is accepted, and again inside the write.

use crate::{Code, ConversationId, ConversationKind, Refusal, Role, UserKind};

/// An action on a conversation or on one of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the conversation, receive its events and read.
    Use,
    /// Send messages and type.
    Send,
    /// Become a member by knowing the id.
    Join,
    /// Make another user a member.
    Add,
    /// End another member's membership.
    Remove,
    /// End one's own membership.
    Leave,
    /// Rename, open or close the conversation.
    Change,
    /// Promote members to admins, and demote admins.
    MakeAdmin,
    /// Change a message's text.
    Edit,
    /// Delete a message.
    DeleteMessage,
    /// React to a message.
    React,
    /// Pin a message to its conversation, and unpin it.
    Pin,
    /// Delete the conversation for all members.
    Delete,
    /// Mention all members at once, in a conversation that is not a small group.
    MentionAll,
    /// Ban and silence others, see who is banned or silenced, and limit what members may write.
    Moderate,
}

/// The facts on which the table decides: the conversation, and the actor's relation to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// Whether anybody may join by the id.
    pub open: bool,
    /// The actor's role, if it is a member.
    pub role: Option<Role>,
    /// The kind of the actor.
    pub by: UserKind,
    /// Whether the actor wrote the message that the action is on.
    pub author: bool,
    /// Whether the conversation is deleted, so that nobody may do anything in it.
    pub deleted: bool,
    /// Whether it is a direct conversation of which one has blocked the other, so that both may only read it and delete
    /// what they wrote.
    pub blocked: bool,
    /// Whether the actor is banned from the conversation, so that it may not know of it.
    pub banned: bool,
}

/// The refusal of what one of two users has ended by blocking the other. It does not say which of them.
#[must_use]
pub fn blocked() -> Refusal {
    Refusal::forbidden("You cannot write to this user.")
}

/// Returns whether the action is allowed. In conversations that can have more than two members, a service has the
/// rights of an owner without being a member.
#[must_use]
pub fn allows(action: Action, standing: Standing) -> bool {
    use ConversationKind::{Direct, Group, Meetup, Room};
    let Standing { kind, open, role, by, author, deleted, blocked, banned } = standing;
    let kept_out = deleted || banned || by == UserKind::Guest && kind != Room;
    if kept_out || blocked && !stays_when_blocked(action) {
        return false;
    }
    let membership = role;
    let role = if by == UserKind::Service && kind != Direct { Some(Role::Owner) } else { role };
    let member = role.is_some();
    let leads = role >= Some(Role::Admin);
    let owns = role == Some(Role::Owner);
    match action {
        Action::Use | Action::Send => member,
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
            Group | Room => membership.is_some(),
            Meetup => membership.is_some() && membership != Some(Role::Owner),
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
        // Whoever may send.
        Action::React => member,
        Action::Pin => match kind {
            Direct => member,
            Group | Room => leads,
            Meetup => owns,
        },
        // A meetup's conversation is deleted with the meetup.
        Action::Delete => matches!(kind, Group | Room) && owns,
        Action::MentionAll => match kind {
            Direct => member,
            Group | Room | Meetup => leads,
        },
        Action::Moderate => match kind {
            Group | Room => leads,
            Meetup => owns,
            Direct => false,
        },
    }
}

/// Whether an action stays allowed in a direct conversation of which one has blocked the other: what shows the other
/// nothing new.
fn stays_when_blocked(action: Action) -> bool {
    match action {
        Action::Use | Action::DeleteMessage => true,
        Action::Send
        | Action::Join
        | Action::Add
        | Action::Remove
        | Action::Leave
        | Action::Change
        | Action::MakeAdmin
        | Action::Edit
        | Action::React
        | Action::Pin
        | Action::Delete
        | Action::MentionAll
        | Action::Moderate => false,
    }
}

/// Returns whether an actor with a role may ban or silence a member with another role: those below its own, and never
/// the owner. A service has the rights of an owner.
#[must_use]
pub fn outranks(by: UserKind, own: Option<Role>, other: Option<Role>) -> bool {
    let own = if by == UserKind::Service { Some(Role::Owner) } else { own };
    other != Some(Role::Owner) && own > other
}

/// Checks that an action is allowed. To a user who is not a member, the refusal reveals the existence of open
/// conversations only, to one who is banned not even that, and to nobody that of a deleted one.
///
/// # Errors
/// [`Code::NotFound`] or [`Code::Forbidden`].
pub fn check(action: Action, standing: Standing, conversation: &ConversationId) -> Result<(), Refusal> {
    if allows(action, standing) {
        return Ok(());
    }
    if !allows(Action::Use, standing) {
        return Err(if standing.open && !standing.deleted && !standing.banned {
            Refusal::forbidden(format!("You are not a member of conversation `{conversation}`."))
        } else {
            Refusal::not_found("conversation", conversation)
        });
    }
    if allows(action, Standing { blocked: false, ..standing }) {
        return Err(blocked());
    }
    Err(Refusal::new(
        Code::Forbidden,
        match action {
            Action::Edit => "Unauthorized: only its author may edit a message.".to_owned(),
            Action::DeleteMessage => {
                "Unauthorized: only its author or who leads the conversation may delete a message.".to_owned()
            }
            Action::Pin => "Unauthorized: only who leads the conversation may pin a message.".to_owned(),
            Action::Leave if standing.kind == ConversationKind::Direct => {
                "A direct conversation cannot be left; hide it instead.".to_owned()
            }
            Action::Leave => "The host cannot leave a meetup; cancel it instead.".to_owned(),
            Action::MentionAll => "Only who leads the conversation may mention all of its members.".to_owned(),
            Action::Moderate => "Only who leads the conversation may moderate it.".to_owned(),
            _ => format!("You may not do that in conversation `{conversation}`."),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standing of a stranger with an account, whom nothing keeps out.
    fn nobody(kind: ConversationKind, open: bool, author: bool) -> Standing {
        let (role, by) = (None, UserKind::Registered);
        Standing { kind, open, role, by, author, deleted: false, blocked: false, banned: false }
    }

    /// Each row says who may act, in the order `guest stranger member admin owner service`; the service is not a
    /// member, and `x` stands for an allowed action.
    fn row(kind: ConversationKind, open: bool, action: Action, author: bool) -> String {
        let standing = |role, by| Standing { role, by, ..nobody(kind, open, author) };
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
        // kind, open: Use (and Send), Join, Add, Remove, Leave, Change, MakeAdmin, Edit by another, by the author,
        // DeleteMessage by another, by the author, Delete, MentionAll, React, Pin, Moderate.
        let rows = [
            (
                Direct,
                false,
                "--xxx- ------ ------ ------ ------ ------ ------ ------ --xxx- ------ --xxx- ------ --xxx- --xxx- --xxx- ------",
            ),
            (
                Group,
                false,
                "--xxxx -----x ---xxx ---xxx --xxx- ---xxx ----xx ------ --xxxx ---xxx --xxxx ----xx ---xxx --xxxx ---xxx ---xxx",
            ),
            (
                Group,
                true,
                "--xxxx -xxxxx ---xxx ---xxx --xxx- ---xxx ----xx ------ --xxxx ---xxx --xxxx ----xx ---xxx --xxxx ---xxx ---xxx",
            ),
            (
                Room,
                true,
                "--xxxx xxxxxx ------ ---xxx --xxx- ----xx ----xx ------ --xxxx ---xxx --xxxx ----xx ---xxx --xxxx ---xxx ---xxx",
            ),
            (
                Meetup,
                false,
                "--xxxx ------ ------ ----xx --xx-- ----xx ------ ------ --xxxx ----xx --xxxx ------ ---xxx --xxxx ----xx ----xx",
            ),
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
                row(kind, open, A::MentionAll, false),
                row(kind, open, A::React, false),
                row(kind, open, A::Pin, false),
                row(kind, open, A::Moderate, false),
            ];
            assert_eq!(cells.join(" "), expected, "{kind:?} open={open}");
            assert_eq!(row(kind, open, A::Send, false), row(kind, open, A::Use, false));
        }
    }

    #[test]
    fn a_guest_member_acts_in_rooms_only() {
        for kind in
            [ConversationKind::Direct, ConversationKind::Group, ConversationKind::Meetup, ConversationKind::Room]
        {
            let (role, by) = (Some(Role::Member), UserKind::Guest);
            let standing = Standing { role, by, ..nobody(kind, true, true) };
            assert_eq!(allows(Action::Use, standing), kind == ConversationKind::Room);
            assert_eq!(allows(Action::Edit, standing), kind == ConversationKind::Room);
        }
    }

    #[test]
    fn who_is_banned_may_do_nothing_and_is_told_of_nothing() {
        let id = ConversationId::trusted("c");
        for kind in [ConversationKind::Group, ConversationKind::Room] {
            for by in [UserKind::Registered, UserKind::Guest] {
                let free = Standing { by, ..nobody(kind, true, false) };
                let banned = Standing { banned: true, ..free };
                assert_eq!(allows(Action::Join, free), by == UserKind::Registered || kind == ConversationKind::Room);
                assert!(!allows(Action::Join, banned));
                assert_eq!(check(Action::Join, banned, &id), Err(Refusal::not_found("conversation", &id)));
            }
        }
    }

    #[test]
    fn nobody_moderates_the_owner_or_its_equals() {
        use Role::{Admin, Member, Owner};
        let person = UserKind::Registered;
        for (own, other, may) in [
            (Some(Owner), Some(Admin), true),
            (Some(Owner), Some(Member), true),
            (Some(Owner), None, true),
            (Some(Owner), Some(Owner), false),
            (Some(Admin), Some(Admin), false),
            (Some(Admin), Some(Owner), false),
            (Some(Admin), Some(Member), true),
            (Some(Admin), None, true),
            (Some(Member), Some(Member), false),
            (None, None, false),
        ] {
            assert_eq!(outranks(person, own, other), may, "{own:?} {other:?}");
        }
        assert!(outranks(UserKind::Service, None, Some(Admin)));
        assert!(!outranks(UserKind::Service, None, Some(Owner)));
    }

    #[test]
    fn nobody_acts_in_a_deleted_conversation() {
        let (kind, id) = (ConversationKind::Group, ConversationId::trusted("c"));
        for (role, by) in [(Some(Role::Owner), UserKind::Registered), (None, UserKind::Service)] {
            let standing = Standing { role, by, deleted: true, ..nobody(kind, true, true) };
            let refused = check(Action::DeleteMessage, standing, &id);
            assert_eq!(refused, Err(Refusal::not_found("conversation", &id)));
        }
    }

    #[test]
    fn where_one_has_blocked_the_other_both_read_and_delete_their_own() {
        use Action as A;
        let (kind, id) = (ConversationKind::Direct, ConversationId::trusted("c"));
        let (role, by) = (Some(Role::Member), UserKind::Registered);
        let standing = |author, blocked| Standing { role, by, blocked, ..nobody(kind, false, author) };
        let all = [A::Use, A::Send, A::Edit, A::DeleteMessage, A::React, A::Pin, A::MentionAll];
        for action in all {
            assert!(allows(action, standing(true, false)), "{action:?}");
            let refused = check(action, standing(true, true), &id).map_err(|refusal| refusal.message);
            match action {
                A::Use | A::DeleteMessage => assert_eq!(refused, Ok(()), "{action:?}"),
                _ => assert_eq!(refused, Err("You cannot write to this user.".to_owned()), "{action:?}"),
            }
        }
        assert!(!allows(A::DeleteMessage, standing(false, true)), "nobody deletes what the other wrote");
    }
}
