//! The secrets by which guests prove what they own, and the refusals of ids that are not theirs.
//!
//! What must stay true: a proof is compared in constant time; a guest who proves nothing owns nothing.

use std::sync::Arc;

use quintet_domain::{Actor, GuestProof, Refusal, UserId};
use subtle::ConstantTimeEq;

use crate::rows::{GuestRows, UserRow};
use crate::transaction::{ActingUser, Transaction};
use crate::{RowResult, RuleResult, SecretKey, UserKey};

/// The refusal of a guest's write after an account took its id.
pub(crate) fn id_is_taken() -> Refusal {
    Refusal::unauthenticated("this id belongs to a registered user; a token is needed")
}

/// The refusal of ids that only the server assigns, to guests who lost theirs.
pub(crate) fn id_is_reserved(id: &UserId) -> Refusal {
    Refusal::unauthenticated(&format!("the id `{id}` is reserved: only the server gives ids of this form"))
}

/// A guest who writes, with the secret that it proves to own.
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

/// The secret of a guest that a proof matches, if there is one.
///
/// # Errors
/// An error of the store.
pub fn secret_of(rows: &dyn GuestRows, guest: UserKey, proof: &GuestProof) -> RowResult<Option<SecretKey>> {
    let found = rows.guest_secret(guest, &proof.name)?;
    Ok(found.filter(|(_, hash)| bool::from(hash.ct_eq(&proof.hash))).map(|(key, _)| key))
}

/// Stores the secret of a guest's first room, unless the guest has proved that it has it already.
pub(crate) fn with_secret(tx: &mut Transaction<'_>, guest: ActingUser, actor: &Actor) -> RuleResult<ActingUser> {
    let (None, Some(proof)) = (guest.secret, &actor.guest_proof) else { return Ok(guest) };
    let now = tx.now;
    let Some(secret) = tx.guests().insert_guest_secret(guest.key, &proof.name, &proof.hash, now)? else {
        return Err(Refusal::forbidden("This `guestSecret` is not one of yours.").into());
    };
    Ok(ActingUser { secret: Some(secret), ..guest })
}
