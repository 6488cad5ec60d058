//! Reads of accounts, of the keys of services, and of what guests and logins are checked against.
//!
//! What must stay true: an account is found by the rules about names and addresses.

use std::sync::Arc;

use quintet_domain::limits::{LOGIN_NETWORKS_KEPT_DAYS, NAMES_SEARCHED_MAX};
use quintet_domain::{Account, GuestProof, Login, Searched, Timestamp, User, UserId};
use quintet_rules::rows::UserRows;
use quintet_rules::{names, secret_of};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{SqliteRows, user_at, user_columns};
use super::sets;
use crate::error::Read;
use crate::model::scopes;
use crate::{Page, ServiceAccount, ServiceKey};

pub(super) fn account(conn: &Connection, id: &UserId) -> Read<Option<Account>> {
    Ok(SqliteRows(conn).user(id)?.map(|row| row.account()))
}

pub(super) fn account_by_login(conn: &Connection, login: &Login) -> Read<Option<Account>> {
    Ok(names::user_of_login(&SqliteRows(conn), login)?.map(|row| row.account()))
}

/// The accounts of all people, by username.
pub(super) fn accounts(conn: &Connection) -> Read<Vec<Account>> {
    Ok(conn
        .prepare(concat!(
            "SELECT ",
            user_columns!(),
            " FROM user u WHERE u.kind = 'registered' AND u.service = 0 ORDER BY u.username_key"
        ))?
        .query_map([], |row| Ok(user_at(row)?.account()))?
        .collect::<Result<_, _>>()?)
}

/// Users whose username or name contains a text. One read checks a limited number of names, so that a page may be short
/// or empty and still have a cursor for the next.
pub(super) fn search(conn: &Connection, query: &str, cursor: Option<&str>, limit: u32) -> Read<Page<Arc<User>>> {
    let searched = Searched::new(query);
    let mut fitting: Vec<(i64, String)> = Vec::new();
    let (mut looked_at, mut next) = (0, None);
    let mut names = conn.prepare_cached(
        "SELECT pk, username_key, is_in(?1, username_key) OR is_in(?1, name)
         FROM user INDEXED BY user_names
         WHERE username_key > ?2 AND username_key IS NOT NULL AND disabled = 0 AND service = 0
         ORDER BY username_key LIMIT ?3",
    )?;
    let mut found = names.query(params![searched.folded(), cursor.unwrap_or_default(), NAMES_SEARCHED_MAX])?;
    while let Some(row) = found.next()? {
        looked_at += 1;
        if row.get::<_, bool>(2)? {
            if fitting.len() == limit as usize {
                next = fitting.last().map(|(_, key)| key.clone());
                break;
            }
            fitting.push((row.get(0)?, row.get(1)?));
        }
        if looked_at == NAMES_SEARCHED_MAX {
            next = Some(row.get(1)?);
        }
    }
    let users = sets::Users::load(conn, fitting.iter().map(|(pk, _)| *pk))?;
    Ok(Page { items: fitting.iter().filter_map(|(pk, _)| users.get(*pk).cloned()).collect(), next })
}

/// Users who are erased and whose messages are still being deleted.
pub(super) fn erasing(conn: &Connection) -> Read<Vec<UserId>> {
    Ok(conn
        .prepare_cached("SELECT id FROM user WHERE erasing_from IS NOT NULL")?
        .query_map([], |row| Ok(UserId::trusted(row.get_ref(0)?.as_str()?)))?
        .collect::<Result<_, _>>()?)
}

/// The keys of all services, by the services' names.
pub(super) fn service_keys(conn: &Connection) -> Read<Vec<ServiceKey>> {
    let mut statement = conn.prepare_cached(
        "SELECT u.username, k.created_at, k.scopes FROM service_key k JOIN user u ON u.pk = k.user_pk
         ORDER BY u.username_key",
    )?;
    let key = |row: &rusqlite::Row<'_>| {
        Ok(ServiceKey {
            name: row.get(0)?,
            created_at: Timestamp(row.get(1)?),
            scopes: scopes(row.get_ref(2)?.as_str()?),
        })
    };
    let keys = statement.query_map([], key)?.collect::<Result<_, _>>()?;
    Ok(keys)
}

/// The service whose key has a hash.
pub(super) fn service(conn: &Connection, hash: &str) -> Read<Option<ServiceAccount>> {
    Ok(conn
        .prepare_cached(concat!(
            "SELECT ",
            user_columns!(),
            ", k.scopes AS scopes FROM service_key k JOIN user u ON u.pk = k.user_pk WHERE k.hash = ?1"
        ))?
        .query_row([hash], |row| {
            Ok(ServiceAccount { account: user_at(row)?.account(), scopes: scopes(row.get_ref("scopes")?.as_str()?) })
        })
        .optional()?)
}

/// Whether a proof matches a secret of the guest who has an id now.
pub(super) fn guest_knows(conn: &Connection, guest: &UserId, proof: &GuestProof) -> Read<bool> {
    let rows = SqliteRows(conn);
    match rows.user(guest)?.filter(|row| row.user.is_guest()) {
        Some(row) => Ok(secret_of(&rows, row.key, proof)?.is_some()),
        None => Ok(false),
    }
}

/// When an account was last logged in to from a network; `None` if it never was, or not for a long time.
pub(super) fn last_login(conn: &Connection, user: &UserId, network: &str, now: Timestamp) -> Read<Option<Timestamp>> {
    let rows = SqliteRows(conn);
    let Some(user) = rows.user(user)? else { return Ok(None) };
    let oldest = now.minus_days(LOGIN_NETWORKS_KEPT_DAYS);
    Ok(rows.login_network(user.key, network)?.filter(|at| *at > oldest))
}
