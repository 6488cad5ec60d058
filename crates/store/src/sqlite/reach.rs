//! Daily limits on how many people a user adds to conversations and begins to write to.

use quintet_domain::limits::SHARED_LOOKED_AT_MAX;
use quintet_domain::{Code, Refusal, Timestamp};
use rusqlite::params;

use super::ledger::Cost;
use super::rows::UserRow;
use super::tx::{Tx, Written};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Rows charged for a refusal, since checking costs as much as writing some rows.
const REFUSED_ROWS: u64 = 10;

/// The number of a moment's day since 1970, in UTC.
pub(super) fn day(moment: Timestamp) -> i64 {
    moment.0.div_euclid(DAY_MS)
}

/// Counts people that a user adds to conversations; refuses more than it may add in a day.
pub(super) fn add_people(tx: &Tx<'_>, by: &UserRow, count: usize) -> Written<()> {
    let most = tx.quotas().added_per_day;
    if most == 0 || count == 0 || by.user.is_service() || by.user.is_guest() {
        return Ok(());
    }
    let (added, _) = note(tx, by, count as i64, 0)?;
    within(tx, added, most, &format!("You can add at most {most} people a day to conversations."))
}

/// Counts a conversation that a user begins with another with whom it shares none; refuses more than it may begin in a
/// day.
pub(super) fn begin_direct(tx: &Tx<'_>, by: &UserRow, other: &UserRow) -> Written<()> {
    let most = tx.quotas().direct_per_day;
    if most == 0 || by.user.is_service() || other.user.is_service() || shares_one(tx, by.pk, other.pk)? {
        return Ok(());
    }
    let (_, direct) = note(tx, by, 0, 1)?;
    let what = format!("You can begin to write to at most {most} people a day with whom you share no conversation.");
    within(tx, direct, most, &what)
}

fn within(tx: &Tx<'_>, count: i64, most: u32, what: &str) -> Written<()> {
    if count <= i64::from(most) {
        return Ok(());
    }
    tx.charge(Cost::Rows, REFUSED_ROWS);
    let wait = u64::try_from(DAY_MS - tx.now.0.rem_euclid(DAY_MS)).unwrap_or_default();
    Err(Refusal { retry_after_ms: Some(wait), ..Refusal::new(Code::RateLimited, what) }.into())
}

/// Adds to the counts of a user's day, and returns the sums.
fn note(tx: &Tx<'_>, by: &UserRow, added: i64, direct: i64) -> Written<(i64, i64)> {
    Ok(tx
        .conn
        .prepare_cached(
            "INSERT INTO reached (user_pk, day, added, direct) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_pk) DO UPDATE SET
                 added = excluded.added + CASE WHEN day = excluded.day THEN added ELSE 0 END,
                 direct = excluded.direct + CASE WHEN day = excluded.day THEN direct ELSE 0 END,
                 day = excluded.day
             RETURNING added, direct",
        )?
        .query_row(params![by.pk, day(tx.now), added, direct], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Whether two users are both members of a conversation. Open conversations do not count: joining one makes nobody an
/// acquaintance. Looks through the newest conversations of the user who has fewer, at most [`SHARED_LOOKED_AT_MAX`].
fn shares_one(tx: &Tx<'_>, user: i64, other: i64) -> Written<bool> {
    let mut count = tx.conn.prepare_cached("SELECT conversations FROM user WHERE pk = ?1")?;
    let mut of = |pk: i64| count.query_row([pk], |row| row.get::<_, i64>(0));
    let (few, many) = if of(user)? <= of(other)? { (user, other) } else { (other, user) };
    Ok(tx
        .conn
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM (SELECT conversation_pk FROM member WHERE user_pk = ?1
                                ORDER BY conversation_pk DESC LIMIT ?3) own
                 JOIN member other ON other.conversation_pk = own.conversation_pk AND other.user_pk = ?2
                 JOIN conversation c ON c.pk = own.conversation_pk AND c.open = 0)",
        )?
        .query_row([few, many, SHARED_LOOKED_AT_MAX], |row| row.get(0))?)
}
