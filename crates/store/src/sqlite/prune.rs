//! Pruning of expired rows, in short transactions, so that other writes run in between.
//!
//! What must stay true: the newest change is always kept, since positions continue from it; a client whose position is
//! older than the oldest change kept starts afresh (`missed.rs`).

use quintet_domain::limits::{GUESTS_KEPT_DAYS, LOGIN_NETWORKS_KEPT_DAYS, NOTIFICATIONS_READ_KEPT_DAYS};
use rusqlite::{ErrorCode, params};

use super::reach;
use super::tx::{Tx, Written};
use crate::Pruned;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Rows of each kind that one transaction removes, at most.
const ROWS_AT_ONCE: usize = 500;
/// Guests that one transaction checks, each by several queries.
const GUESTS_AT_ONCE: usize = 100;

/// Runs one transaction. `after` is the mark of the last guest that an earlier one checked.
pub(super) fn prune(tx: &mut Tx<'_>, after: i64) -> Written<Pruned> {
    let mut more = changes(tx)?;
    more |= followers(tx)?;
    more |= notifications(tx)?;
    more |= counters(tx)?;
    let next = guests(tx, after)?;
    Ok(Pruned { more: more || next.is_some(), after: next.unwrap_or_default() })
}

/// Returns whether as many rows were removed as one transaction may remove: then there are probably more.
fn delete(tx: &Tx<'_>, sql: &str, before: i64) -> Written<bool> {
    let gone = tx.conn.prepare_cached(sql)?.execute(params![before, ROWS_AT_ONCE as i64])?;
    Ok(gone == ROWS_AT_ONCE)
}

/// Removes changes of the log that are too old.
fn changes(tx: &Tx<'_>) -> Written<bool> {
    let days = i64::from(tx.quotas().change_days);
    if days == 0 {
        return Ok(false);
    }
    // Positions grow with time: the old ones are the first ones.
    let sql = "DELETE FROM change WHERE position IN (
        SELECT position FROM (SELECT position, at FROM change ORDER BY position LIMIT ?2)
        WHERE at < ?1 AND position < (SELECT max(position) FROM change))";
    delete(tx, sql, tx.now.0 - days * DAY_MS)
}

/// Removes rows that belong to removed changes.
fn followers(tx: &Tx<'_>) -> Written<bool> {
    let oldest: Option<i64> =
        tx.conn.prepare_cached("SELECT min(position) FROM change")?.query_row([], |row| row.get(0))?;
    let Some(oldest) = oldest else { return Ok(false) };
    let departed = "DELETE FROM departed WHERE (user_pk, position, conversation_pk) IN (
        SELECT user_pk, position, conversation_pk FROM departed WHERE position < ?1 ORDER BY position LIMIT ?2)";
    let addressed = "DELETE FROM addressed WHERE (user_pk, position) IN (
        SELECT user_pk, position FROM addressed WHERE position < ?1 ORDER BY position LIMIT ?2)";
    Ok(delete(tx, departed, oldest)? | delete(tx, addressed, oldest)?)
}

/// Removes notifications that were read long ago.
fn notifications(tx: &Tx<'_>) -> Written<bool> {
    let sql = "DELETE FROM notification WHERE pk IN (
        SELECT pk FROM notification WHERE read_at IS NOT NULL AND read_at < ?1 ORDER BY read_at LIMIT ?2)";
    delete(tx, sql, tx.now.0 - NOTIFICATIONS_READ_KEPT_DAYS * DAY_MS)
}

/// Removes daily counts of past days, and networks from which nobody has logged in for a long time.
fn counters(tx: &Tx<'_>) -> Written<bool> {
    let sql = "DELETE FROM reached WHERE user_pk IN (SELECT user_pk FROM reached WHERE day < ?1 ORDER BY day LIMIT ?2)";
    let networks = "DELETE FROM login_network WHERE (user_pk, network) IN (
        SELECT user_pk, network FROM login_network WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let counted = delete(tx, sql, reach::day(tx.now))?;
    Ok(counted | delete(tx, networks, tx.now.0 - LOGIN_NETWORKS_KEPT_DAYS * DAY_MS)?)
}

/// Removes guests that are members of nothing, wrote nothing and own nothing. Returns the mark at which to continue.
///
/// The newest row of all users stays: the next user would get its `pk`, and with it what the log says of the guest.
fn guests(tx: &Tx<'_>, after: i64) -> Written<Option<i64>> {
    let before = tx.now.0 - GUESTS_KEPT_DAYS * DAY_MS;
    let looked_at: Vec<(i64, bool)> = tx
        .conn
        .prepare_cached(
            "SELECT u.pk, u.created_at < ?2 AND u.pk < (SELECT max(pk) FROM user)
                 AND NOT EXISTS (SELECT 1 FROM member m WHERE m.user_pk = u.pk)
                 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.sender_pk = u.pk)
                 AND NOT EXISTS (SELECT 1 FROM conversation c WHERE c.owner_pk = u.pk)
             FROM user u WHERE u.kind = 'guest' AND u.pk > ?1 ORDER BY u.pk LIMIT ?3",
        )?
        .query_map(params![after, before, GUESTS_AT_ONCE as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (pk, _) in looked_at.iter().filter(|(_, over)| *over) {
        for sql in [
            "DELETE FROM departed WHERE user_pk = ?1",
            "DELETE FROM addressed WHERE user_pk = ?1",
            "DELETE FROM reached WHERE user_pk = ?1",
        ] {
            tx.conn.prepare_cached(sql)?.execute([pk])?;
        }
        match tx.conn.prepare_cached("DELETE FROM user WHERE pk = ?1")?.execute([pk]) {
            Ok(_) => {}
            // A guest that another row still refers to stays.
            Err(rusqlite::Error::SqliteFailure(why, _)) if why.code == ErrorCode::ConstraintViolation => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(looked_at.last().filter(|_| looked_at.len() == GUESTS_AT_ONCE).map(|(pk, _)| *pk))
}
