//! Guests: users known only by the id that they claim, and the secrets by which they prove what they own.
//!
//! What must stay true: a guest holds an id only while no account has it, and an account inherits nothing of a guest's.
//! Every account is made by `users::insert`, which calls [`give_up_id`] in the same transaction; every write of a guest
//! goes through `Transaction::actor` or [`upsert`], which refuse once the id is an account's.

use std::sync::Arc;

use quintet_domain::limits::GUEST_ROOMS_MAX;
use quintet_domain::{Actor, Departure, GuestProof, Profile, Refusal, Role, User, UserId, UserKind, validate_link};
use subtle::ConstantTimeEq;

use crate::log::Change;
use crate::rows::{ConversationRow, GuestRows, MemberRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{ConversationKey, RowResult, RuleResult, SecretKey, UserKey, access, files, members};

/// Memberships that are read at once.
const MEMBERSHIPS_AT_ONCE: usize = 500;

/// The refusal of a guest's write after an account took its id.
pub(crate) fn id_is_taken() -> Refusal {
    Refusal::unauthenticated("this id belongs to a registered user; a token is needed")
}

/// The refusal of ids that the server gives to guests who lost theirs.
pub(crate) fn id_is_reserved(id: &UserId) -> Refusal {
    Refusal::unauthenticated(&format!("the id `{id}` is reserved: only the server gives ids of this form"))
}

/// Makes a guest, or brings its row up to date with the profile that it gives; its connections carry that on.
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
        let change = Change::UserChanged { user: (row.key, Arc::clone(&row.user)) };
        tx.record(&change, About::default(), None)?;
    }
    proven(tx, row, actor)
}

fn renamed(row: &UserRow, profile: &Profile) -> UserRow {
    let mut user = User::clone(&row.user);
    if let Some(name) = &profile.username {
        user.username.clone_from(name);
        user.name.clone_from(name);
    }
    if let Some(avatar) = &profile.avatar {
        user.avatar = Some(avatar.clone());
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
        avatar: profile.avatar.clone(),
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
        token_generation: 0,
        tokens_from_s: 0,
        disabled: false,
        erased: false,
        erasing_from: None,
        picture: None,
        former_id: None,
    }
}

/// A new guest with the file that its picture keeps alive, which needs the key of the row.
fn with_picture(tx: &mut Transaction<'_>, row: Arc<UserRow>, profile: &Profile) -> RuleResult<Arc<UserRow>> {
    match files::picture_of(tx, row.key, profile.avatar.as_deref())? {
        Some(picture) => tx.update_user(UserRow { picture: Some(picture), ..UserRow::clone(&row) }),
        None => Ok(row),
    }
}

/// A guest who writes, with the secret that it proves to have.
pub(crate) fn proven(tx: &mut Transaction<'_>, row: Arc<UserRow>, actor: &Actor) -> RuleResult<ActingUser> {
    if row.user.id.is_former_guests() {
        return Err(id_is_reserved(&row.user.id).into());
    }
    let secret = match &actor.guest_proof {
        Some(proof) => secret_of(tx.guests(), row.key, proof)?,
        None => None,
    };
    Ok(ActingUser { row, secret })
}

/// The secret of a guest that a proof stands for, if it is one of the guest's.
///
/// # Errors
/// An error of the store.
pub fn secret_of(rows: &dyn GuestRows, guest: UserKey, proof: &GuestProof) -> RowResult<Option<SecretKey>> {
    let found = rows.guest_secret(guest, &proof.name)?;
    Ok(found.filter(|(_, hash)| bool::from(hash.ct_eq(&proof.hash))).map(|(key, _)| key))
}

/// Stores the secret of a guest's first room, unless the guest has proved to have it already.
pub(crate) fn with_secret(tx: &mut Transaction<'_>, guest: ActingUser, actor: &Actor) -> RuleResult<ActingUser> {
    let (None, Some(proof)) = (guest.secret, &actor.guest_proof) else { return Ok(guest) };
    let now = tx.now;
    let Some(secret) = tx.guests().insert_guest_secret(guest.key, &proof.name, &proof.hash, now)? else {
        return Err(Refusal::forbidden("This `guestSecret` is not one of yours.").into());
    };
    Ok(ActingUser { secret: Some(secret), ..guest })
}

/// Refuses a guest who is in as many rooms as a guest may be in.
pub(crate) fn may_enter_another(tx: &mut Transaction<'_>, user: &UserRow) -> RuleResult<()> {
    if user.user.is_guest() && tx.user_details().user_counts(user.key)?.conversations >= GUEST_ROOMS_MAX {
        let message = format!("A guest is in at most {GUEST_ROOMS_MAX} rooms: leave one first.");
        return Err(Refusal::conflict(message).into());
    }
    Ok(())
}

/// Shows a guest as the owner of a room that it proves to own, where it joined without the proof.
pub(crate) fn show_as_owner(
    tx: &mut Transaction<'_>,
    conversation: &mut ConversationRow,
    user: &ActingUser,
) -> RuleResult<()> {
    if !user.user.is_guest() || !access::owns(conversation, user) {
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

/// Frees an id for an account. A guest who has it leaves its rooms; what it wrote and owns stays with its row, which
/// takes an id that nobody can claim. Its secrets prove nothing any more.
///
/// # Errors
/// `ERR_CONFLICT` when an account has the id, or only the server gives ids of its form.
pub(crate) fn give_up_id(tx: &mut Transaction<'_>, id: &UserId) -> RuleResult<()> {
    if id.is_former_guests() {
        return Err(Refusal::conflict(format!("The id `{id}` is reserved: the server gives ids of this form.")).into());
    }
    let Some(row) = tx.find_user(id)? else { return Ok(()) };
    if !row.user.is_guest() {
        return Err(Refusal::conflict(format!("The id `{id}` is taken.")).into());
    }
    let guest = ActingUser::plain(Arc::clone(&row));
    for conversation in memberships(tx, row.key)? {
        let mut conversation = tx.conversation_by_key(conversation)?;
        members::depart(tx, None, &mut conversation, &guest, Departure::IdTaken)?;
    }
    let former = UserId::former_guest(tx.secret());
    let mut user = User::clone(&row.user);
    // A name that was made from the id would still show it.
    if user.username == User::guest_name(id) {
        user.username = User::guest_name(&former);
        user.name.clone_from(&user.username);
    }
    user.id = former;
    tx.update_user(UserRow { user: Arc::new(user), former_id: Some(id.clone()), ..UserRow::clone(&row) })?;
    tx.guests().delete_guest_secrets(row.key)?;
    Ok(())
}

/// All conversations of a guest, who is in few.
fn memberships(tx: &Transaction<'_>, guest: UserKey) -> RuleResult<Vec<ConversationKey>> {
    let mut all = Vec::new();
    loop {
        let page = tx.member_lists().conversations_of(guest, all.last().copied(), MEMBERSHIPS_AT_ONCE)?;
        let last = page.len() < MEMBERSHIPS_AT_ONCE;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}
