//! Whom a user reaches: who may begin to write to whom and add whom, and daily limits on how many people that are.
//!
//! What must stay true: a refusal costs rows of the user's budget, so that limits cannot be probed for free; existing
//! conversations go on, whatever the operator sets.

use quintet_domain::limits::SHARED_LOOKED_AT_MAX;
use quintet_domain::{Code, Contact, Refusal, Timestamp};

use crate::ledger::Cost;
use crate::rows::{MemberRows, UserRow, UserRows};
use crate::transaction::Transaction;
use crate::{RowResult, RuleResult, UserKey};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The number of rows that a refusal is charged, because checking costs as much as writing some rows.
const REFUSED_ROWS: u64 = 10;

/// The day of a time, in days since 1970 (UTC).
pub(crate) fn day(moment: Timestamp) -> i64 {
    moment.0.div_euclid(DAY_MS)
}

/// Counts people that a user adds to conversations. Refuses more than the user may add in a day.
pub(crate) fn add_people(tx: &mut Transaction<'_>, by: &UserRow, count: usize) -> RuleResult<()> {
    let most = tx.quotas().added_per_day;
    if most == 0 || count == 0 || by.user.is_service() || by.user.is_guest() {
        return Ok(());
    }
    let today = day(tx.now);
    let (added, _) = tx.user_details().add_contacts(by.key, today, i64::try_from(count).unwrap_or(i64::MAX), 0)?;
    within(tx, added, most, &format!("You can add at most {most} people a day to conversations."))
}

/// Counts a direct conversation that a user begins with a stranger, with whom it shares none. Refuses more than the
/// user may begin in a day.
pub(crate) fn begin_direct(tx: &mut Transaction<'_>, by: &UserRow, other: &UserRow) -> RuleResult<()> {
    let most = tx.quotas().direct_per_day;
    if most == 0 || by.user.is_service() || other.user.is_service() || share_one(tx, by, other)? {
        return Ok(());
    }
    let today = day(tx.now);
    let (_, direct) = tx.user_details().add_contacts(by.key, today, 0, 1)?;
    let what = format!("You can begin to write to at most {most} people a day with whom you share no conversation.");
    within(tx, direct, most, &what)
}

fn within(tx: &mut Transaction<'_>, count: i64, most: u32, what: &str) -> RuleResult<()> {
    if count <= i64::from(most) {
        return Ok(());
    }
    tx.charge(Cost::Rows, REFUSED_ROWS);
    let wait = u64::try_from(DAY_MS - tx.now.0.rem_euclid(DAY_MS)).unwrap_or_default();
    Err(Refusal { retry_after_ms: Some(wait), ..Refusal::new(Code::RateLimited, what) }.into())
}

/// Refuses a user to begin to write to a person whom only those may reach who share a closed group or a meetup with it.
pub(crate) fn may_begin(tx: &mut Transaction<'_>, by: &UserRow, other: &UserRow) -> RuleResult<()> {
    let contact = tx.quotas().contact;
    match contact {
        // Where strangers ask, what they write waits.
        Contact::Everyone | Contact::Requests => Ok(()),
        Contact::Shared if by.user.is_service() || other.user.is_service() || share_one(tx, by, other)? => Ok(()),
        Contact::Shared => {
            tx.charge(Cost::Rows, REFUSED_ROWS);
            let why = "You can only begin to write to people with whom you share a closed group or a meetup.";
            Err(Refusal::forbidden(why).into())
        }
    }
}

/// Refuses a user to add people whom only those may reach who share a closed group or a meetup with them. It names nobody.
pub(crate) fn may_add(tx: &mut Transaction<'_>, by: &UserRow, people: &[UserKey]) -> RuleResult<()> {
    if tx.quotas().contact != Contact::Shared || by.user.is_service() {
        return Ok(());
    }
    for key in people {
        let other = tx.user_by_key(*key)?;
        tx.charge(Cost::Rows, 1);
        if !other.user.is_service() && !share_one(tx, by, &other)? {
            tx.charge(Cost::Rows, REFUSED_ROWS);
            let why = "You can only add people with whom you share a closed group or a meetup.";
            return Err(Refusal::forbidden(why).into());
        }
    }
    Ok(())
}

/// Whether two users are members of the same closed group or meetup.
pub(crate) fn share_one(tx: &mut Transaction<'_>, user: &UserRow, other: &UserRow) -> RuleResult<bool> {
    Ok(have_one_in_common(tx.rows, user.key, other.key)?)
}

/// Whether two users are members of the same closed group or meetup. Open conversations do not count, because anybody can
/// join them, and neither does a direct one, which one of them may have begun alone. Searches the newest conversations of the
/// user who has fewer, at most [`SHARED_LOOKED_AT_MAX`].
pub(crate) fn have_one_in_common(
    rows: &(impl UserRows + MemberRows + ?Sized),
    user: UserKey,
    other: UserKey,
) -> RowResult<bool> {
    let (own, others) = (rows.user_counts(user)?.conversations, rows.user_counts(other)?.conversations);
    let (few, many) = if own <= others { (user, other) } else { (other, user) };
    rows.share_closed_conversation(few, many, SHARED_LOOKED_AT_MAX as usize)
}
