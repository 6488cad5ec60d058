//! Guests: users known only by the id that they claim, and the secrets by which they prove what they own.
//!
//! What must stay true: a guest holds an id only while no account has it, and an account inherits nothing of a guest's.
//! Every account is made by `users::insert`, which calls [`give_up_id`] in the same transaction; every write of a guest
//! goes through `Tx::actor` or [`upsert`], which refuse once the id is an account's.

use std::sync::Arc;

use quintet_domain::limits::GUEST_ROOMS_MAX;
use quintet_domain::{Departure, Event, Profile, Refusal, User, UserId, validate_link};
use rusqlite::{Connection, OptionalExtension, params};
use subtle::ConstantTimeEq;

use super::rows::{self, ConversationRow, UserRow};
use super::tx::{About, Tx, Written};
use super::{files, members};
use crate::{Actor, GuestProof, StoreError};

/// The refusal of a guest's write after an account took its id.
pub(super) fn id_is_taken() -> Refusal {
    Refusal::unauthenticated("this id belongs to a registered user; a token is needed")
}

/// The refusal of ids that the server gives to guests who lost theirs.
pub(super) fn id_is_reserved(id: &UserId) -> Refusal {
    Refusal::unauthenticated(&format!("the id `{id}` is reserved: only the server gives ids of this form"))
}

/// Makes a guest, or brings its row up to date with what it says of itself; its connections carry that on.
pub(super) fn upsert(tx: &mut Tx<'_>, actor: &Actor, profile: &Profile) -> Written<UserRow> {
    let id = &actor.user;
    if let Some(avatar) = profile.avatar.as_deref().filter(|avatar| !avatar.is_empty()) {
        validate_link("avatar", avatar)?;
    }
    if id.is_former_guests() {
        return Err(id_is_reserved(id).into());
    }
    let before = rows::user(tx.conn, id)?;
    match &before {
        Some(row) if !row.user.is_guest() => return Err(id_is_taken().into()),
        Some(row) => {
            tx.conn
                .prepare_cached(
                    "UPDATE user SET username = coalesce(?2, username), name = coalesce(?2, name),
                         avatar = coalesce(?3, avatar) WHERE pk = ?1",
                )?
                .execute(params![row.pk, profile.username, profile.avatar])?;
        }
        None => {
            let name = profile.username.clone().unwrap_or_else(|| User::guest_name(id));
            tx.conn
                .prepare_cached(
                    "INSERT INTO user (id, kind, username, name, avatar, created_at) VALUES (?1, 'guest', ?2, ?2, ?3, ?4)",
                )?
                .execute(params![id.as_str(), name, profile.avatar, tx.now.0])?;
        }
    }
    let row = tx.user(id)?;
    if profile.avatar.is_some() {
        files::note_picture(tx, row.pk, profile.avatar.as_deref())?;
    }
    if before.is_none_or(|before| before.user != row.user) {
        let about = About { actor: Some(row.pk), ..About::default() };
        tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&row.user) })?;
    }
    proven(tx, row, actor)
}

/// The row of a guest who writes, with the secret that it proves to have.
pub(super) fn proven(tx: &Tx<'_>, row: UserRow, actor: &Actor) -> Written<UserRow> {
    if row.user.id.is_former_guests() {
        return Err(id_is_reserved(&row.user.id).into());
    }
    let secret = actor.guest_proof.as_ref().map(|proof| secret_of(tx.conn, row.pk, proof)).transpose()?;
    Ok(UserRow { secret: secret.flatten(), ..row })
}

/// The secret of a guest's that a proof stands for, if it is one.
fn secret_of(conn: &Connection, user: i64, proof: &GuestProof) -> rusqlite::Result<Option<i64>> {
    let found: Option<(i64, Vec<u8>)> = conn
        .prepare_cached("SELECT pk, hash FROM guest_secret WHERE name = ?1 AND user_pk = ?2")?
        .query_row(params![proof.name, user], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.filter(|(_, hash)| bool::from(hash.ct_eq(&proof.hash))).map(|(pk, _)| pk))
}

/// Whether a proof stands for a secret of the guest who has this id now.
pub(super) fn knows(conn: &Connection, id: &UserId, proof: &GuestProof) -> Result<bool, StoreError> {
    match rows::user(conn, id)?.filter(|row| row.user.is_guest()) {
        Some(row) => Ok(secret_of(conn, row.pk, proof)?.is_some()),
        None => Ok(false),
    }
}

/// Stores the secret of a guest's first room, unless the guest has proved to have it already.
pub(super) fn with_secret(tx: &Tx<'_>, guest: UserRow, actor: &Actor) -> Written<UserRow> {
    let (None, Some(proof)) = (guest.secret, &actor.guest_proof) else { return Ok(guest) };
    let made = tx
        .conn
        .prepare_cached("INSERT OR IGNORE INTO guest_secret (user_pk, name, hash, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![guest.pk, proof.name, &proof.hash[..], tx.now.0])?;
    if made == 0 {
        return Err(Refusal::forbidden("This `guestSecret` is not one of yours.").into());
    }
    Ok(UserRow { secret: Some(tx.conn.last_insert_rowid()), ..guest })
}

/// Refuses a guest who is in as many rooms as a guest may be in.
pub(super) fn may_enter_another(tx: &Tx<'_>, user: &UserRow) -> Written<()> {
    if !user.user.is_guest() {
        return Ok(());
    }
    let rooms: i64 = tx
        .conn
        .prepare_cached("SELECT count(*) FROM member WHERE user_pk = ?1")?
        .query_row([user.pk], |row| row.get(0))?;
    if rooms >= GUEST_ROOMS_MAX {
        return Err(
            Refusal::conflict(format!("A guest is in at most {GUEST_ROOMS_MAX} rooms: leave one first.")).into()
        );
    }
    Ok(())
}

/// Shows a guest as the owner of a room that it proves to own, where it joined without the proof.
pub(super) fn show_as_owner(tx: &mut Tx<'_>, conversation: &ConversationRow, user: &UserRow) -> Written<()> {
    if !user.user.is_guest() || !rows::owns(conversation, user) {
        return Ok(());
    }
    let changed = tx
        .conn
        .prepare_cached(
            "UPDATE member SET role = 'owner' WHERE conversation_pk = ?1 AND user_pk = ?2 AND role <> 'owner'",
        )?
        .execute([conversation.pk, user.pk])?;
    if changed == 0 { Ok(()) } else { tx.place_changed(conversation, None) }
}

/// Frees an id for an account. A guest who has it leaves its rooms; what it wrote and owns stays with its row, which
/// takes an id that nobody can claim. Its secrets prove nothing any more.
///
/// # Errors
/// `ERR_CONFLICT` when an account has the id, or only the server gives ids of its form.
pub(super) fn give_up_id(tx: &mut Tx<'_>, id: &UserId) -> Written<()> {
    if id.is_former_guests() {
        return Err(Refusal::conflict(format!("The id `{id}` is reserved: the server gives ids of this form.")).into());
    }
    let Some(guest) = rows::user(tx.conn, id)? else { return Ok(()) };
    if !guest.user.is_guest() {
        return Err(Refusal::conflict(format!("The id `{id}` is taken.")).into());
    }
    let seats: Vec<i64> = tx
        .conn
        .prepare_cached("SELECT conversation_pk FROM member WHERE user_pk = ?1 ORDER BY conversation_pk")?
        .query_map([guest.pk], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for conversation in seats {
        let conversation = rows::conversation_by_pk(tx.conn, conversation)?;
        members::depart(tx, None, &conversation, &guest, Departure::IdTaken)?;
    }
    let former = UserId::former_guest(tx.secret());
    // A name that was made from the id would still show it.
    let name = (guest.user.username == User::guest_name(id)).then(|| User::guest_name(&former));
    tx.conn
        .prepare_cached(
            "UPDATE user SET id = ?2, former_id = ?3, username = coalesce(?4, username), name = coalesce(?4, name)
             WHERE pk = ?1",
        )?
        .execute(params![guest.pk, former.as_str(), id.as_str(), name])?;
    tx.conn.prepare_cached("DELETE FROM guest_secret WHERE user_pk = ?1")?.execute([guest.pk])?;
    Ok(())
}

/// The id that a user had as a guest, if it gave that up.
pub(super) fn former_id(conn: &Connection, pk: i64) -> rusqlite::Result<Option<UserId>> {
    let id: Option<String> =
        conn.prepare_cached("SELECT former_id FROM user WHERE pk = ?1")?.query_row([pk], |row| row.get(0))?;
    Ok(id.as_deref().map(UserId::trusted))
}
