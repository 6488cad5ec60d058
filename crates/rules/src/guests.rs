//! Rules about guests: users identified only by the id that they claim.
//!
//! What must stay true: a guest holds an id only while no account has it. Every write of a guest goes through
//! `Transaction::actor` or [`upsert`], which refuse once an account has the id.

use std::sync::Arc;

use quintet_domain::limits::GUEST_ROOMS_MAX;
use quintet_domain::{Actor, Profile, Refusal, Role, ServerRole, User, UserId, UserKind, validate_link};

use crate::guest_proof::{id_is_reserved, id_is_taken, proven};
use crate::log::Change;
use crate::ownership::owns;
use crate::rows::{ConversationRow, MemberRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{RuleResult, UserKey, files};

/// Creates a guest, or updates its row to the profile that it sent. Its connections receive the change.
pub(crate) fn upsert(tx: &mut Transaction<'_>, actor: &Actor, profile: &Profile) -> RuleResult<ActingUser> {
    let id = &actor.user;
    if let Some(avatar) = profile.avatar.as_deref().filter(|avatar| !avatar.is_empty()) {
        validate_link("avatar", avatar)?;
    }
    if id.is_former_guests() {
        return Err(id_is_reserved(id).into());
    }
    let before = tx.find_user(id)?;
    let mut row = match &before {
        Some(row) if !row.user.is_guest() => return Err(id_is_taken().into()),
        Some(row) => renamed(row, profile),
        None => new_guest(tx, id, profile),
    };
    let changed = before.as_ref().is_none_or(|before| before.user != row.user);
    let visible = before.is_some();
    let row = match before {
        None => {
            let row = tx.insert_user(row)?;
            with_picture(tx, row, profile)?
        }
        Some(before) => {
            if profile.avatar.is_some() {
                row.picture = files::picture_of(tx, row.key, profile.avatar.as_deref())?;
            }
            if row == *before { before } else { tx.update_user(row)? }
        }
    };
    if changed {
        let change = Change::UserChanged { user: (row.key, Arc::clone(&row.user)), metadata: None, visible };
        tx.record(&change, About::default(), None)?;
    }
    proven(tx, row, actor)
}

/// The link to the picture that a guest gave; an empty link is none.
fn picture(profile: &Profile) -> Option<String> {
    profile.avatar.clone().filter(|avatar| !avatar.is_empty())
}

fn renamed(row: &UserRow, profile: &Profile) -> UserRow {
    let mut user = User::clone(&row.user);
    if let Some(name) = &profile.username {
        user.username.clone_from(name);
        user.name.clone_from(name);
    }
    if profile.avatar.is_some() {
        user.avatar = picture(profile);
    }
    UserRow { user: Arc::new(user), ..row.clone() }
}

fn new_guest(tx: &Transaction<'_>, id: &UserId, profile: &Profile) -> UserRow {
    let name = profile.username.clone().unwrap_or_else(|| User::guest_name(id));
    let user = User {
        id: id.clone(),
        username: name.clone(),
        name,
        last_name: None,
        avatar: picture(profile),
        kind: UserKind::Guest,
        last_seen: None,
        created_at: tx.now,
    };
    UserRow {
        key: UserKey(0),
        user: Arc::new(user),
        names: None,
        email: None,
        email_key: None,
        password_hash: None,
        home_dialect: None,
        country: None,
        metadata: None,
        token_generation: 0,
        tokens_from_s: 0,
        disabled: false,
        is_blocked: false,
        blocks_position: None,
        server_role: ServerRole::User,
        erased: false,
        erasing: None,
        picture: None,
        former_id: None,
    }
}

/// A new guest with the file that its picture keeps available, which needs the key of the row.
fn with_picture(tx: &mut Transaction<'_>, row: Arc<UserRow>, profile: &Profile) -> RuleResult<Arc<UserRow>> {
    match files::picture_of(tx, row.key, profile.avatar.as_deref())? {
        Some(picture) => tx.update_user(UserRow { picture: Some(picture), ..UserRow::clone(&row) }),
        None => Ok(row),
    }
}

/// Refuses a guest who is a member of the maximum number of rooms.
pub(crate) fn may_enter_another(tx: &mut Transaction<'_>, user: &UserRow) -> RuleResult<()> {
    if user.user.is_guest() && tx.user_details().user_counts(user.key)?.conversations >= GUEST_ROOMS_MAX {
        let message = format!("A guest is in at most {GUEST_ROOMS_MAX} rooms: leave one first.");
        return Err(Refusal::conflict(message).into());
    }
    Ok(())
}

/// Shows a guest as the owner of a room that it proves to own, if it joined without the proof.
pub(crate) fn show_as_owner(
    tx: &mut Transaction<'_>,
    conversation: &mut ConversationRow,
    user: &ActingUser,
) -> RuleResult<()> {
    if !user.user.is_guest() || !owns(conversation, user) {
        return Ok(());
    }
    match tx.member(conversation.key, user.key)? {
        Some(member) if member.role != Role::Owner => {
            tx.update_member(conversation.key, user.key, &MemberRow { role: Role::Owner, ..member })?;
            tx.conversation_changed(conversation, None)
        }
        _ => Ok(()),
    }
}
