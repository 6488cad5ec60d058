//! The networks from which accounts were logged in to.

use quintet_domain::limits::{LOGIN_NETWORKS_KEPT_DAYS, LOGIN_NETWORKS_MAX};
use quintet_domain::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::tx::{Tx, Written};
use crate::StoreError;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// When an account was last logged in to from a network; none where it never was, or not for long.
pub(super) fn last(
    conn: &Connection,
    user: &UserId,
    network: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let found: Option<i64> = conn
        .prepare_cached(
            "SELECT n.at FROM user u JOIN login_network n ON n.user_pk = u.pk
             WHERE u.id = ?1 AND n.network = ?2 AND n.at > ?3",
        )?
        .query_row(params![user.as_str(), network, now.0 - LOGIN_NETWORKS_KEPT_DAYS * DAY_MS], |row| row.get(0))
        .optional()?;
    Ok(found.map(Timestamp))
}

/// Notes that an account was logged in to from a network. Only the newest networks of an account are kept.
pub(super) fn note(tx: &mut Tx<'_>, user: &UserId, network: &str) -> Written<()> {
    let user = tx.registered(user)?;
    tx.conn
        .prepare_cached(
            "INSERT INTO login_network (user_pk, network, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (user_pk, network) DO UPDATE SET at = excluded.at",
        )?
        .execute(params![user.pk, network, tx.now.0])?;
    tx.conn
        .prepare_cached(
            "DELETE FROM login_network WHERE user_pk = ?1 AND network NOT IN
                 (SELECT network FROM login_network WHERE user_pk = ?1 ORDER BY at DESC, network LIMIT ?2)",
        )?
        .execute([user.pk, LOGIN_NETWORKS_MAX])?;
    Ok(())
}
