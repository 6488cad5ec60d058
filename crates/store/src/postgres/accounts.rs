//! Reads of accounts, of the keys of services, and of what guests and logins are checked against.
//!
//! What must stay true: an account is found by the rules about names and addresses.

use std::sync::Arc;

use quintet_domain::limits::{LOGIN_NETWORKS_KEPT_DAYS, NAMES_SEARCHED_MAX};
use quintet_domain::{Account, GuestProof, Login, Searched, Timestamp, User, UserId};
use quintet_rules::rows::UserRows;
use quintet_rules::{names, secret_of};
use tokio_postgres::Row;

use super::reader::ReadLink;

use super::error::{Fetched, PostgresError, get};
use super::rows::{Channel, PostgresRows, user_at, user_columns};
use super::sets;
use crate::error::Read;
use crate::model::scopes;
use crate::{Page, ServiceAccount, ServiceKey};

/// The number of names that one statement of a search reads.
const NAMES_AT_ONCE: i64 = 2_000;

/// An account by its id.
pub(super) fn account(conn: &ReadLink, id: &UserId) -> Read<Option<Account>> {
    Ok(PostgresRows(conn).user(id)?.map(|row| row.account()))
}

/// An account by its email address or its username.
pub(super) fn account_by_login(conn: &ReadLink, login: &Login) -> Read<Option<Account>> {
    let row = names::user_of_login(&PostgresRows(conn), login)?;
    Ok(row.map(|row| row.account()))
}

/// The accounts of all people, by username.
pub(super) fn accounts(conn: &ReadLink) -> Read<Vec<Account>> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        " FROM chat_user u WHERE u.kind = 'registered' AND NOT u.service ORDER BY u.username_key"
    );
    let found = conn.read(sql, &[])?;
    Ok(found.iter().map(|row| Ok(user_at(row)?.account())).collect::<Fetched<_>>()?)
}

/// Users whose username or name contains a text. One read checks a limited number of names, so that a page may be short
/// or empty and still have a cursor for the next.
pub(super) fn search(conn: &ReadLink, query: &str, cursor: Option<&str>, limit: u32) -> Read<Page<Arc<User>>> {
    let searched = Searched::new(query);
    let mut fitting: Vec<(i64, String)> = Vec::new();
    let (mut looked_at, mut next) = (0, None);
    let mut after = cursor.unwrap_or_default().to_owned();
    'names: loop {
        let found = conn.read(
            "SELECT pk, username_key, name FROM chat_user
             WHERE username_key > $1 AND NOT disabled AND NOT service ORDER BY username_key LIMIT $2",
            &[&after, &NAMES_AT_ONCE],
        )?;
        for row in &found {
            looked_at += 1;
            let (key, name): (&str, &str) = (get(row, 1)?, get(row, 2)?);
            if searched.is_in(key) || searched.is_in(name) {
                if fitting.len() == limit as usize {
                    next = fitting.last().map(|(_, key)| key.clone());
                    break 'names;
                }
                fitting.push((get(row, 0)?, key.to_owned()));
            }
            if looked_at == NAMES_SEARCHED_MAX {
                next = Some(key.to_owned());
                break 'names;
            }
        }
        match found.last() {
            Some(last) if found.len() as i64 == NAMES_AT_ONCE => after = get(last, 1)?,
            _ => break,
        }
    }
    let pks: Vec<i64> = fitting.iter().map(|(pk, _)| *pk).collect();
    let users = sets::Users::load(conn, &pks)?;
    Ok(Page { items: fitting.iter().filter_map(|(pk, _)| users.get(*pk).cloned()).collect(), next })
}

/// Users who are erased and whose messages are still being deleted.
pub(super) fn erasing(conn: &ReadLink) -> Read<Vec<UserId>> {
    let found = conn.read("SELECT id FROM chat_user WHERE erasing_from IS NOT NULL ORDER BY pk", &[])?;
    Ok(found.iter().map(|row| Ok(UserId::trusted(row.try_get(0)?))).collect::<Fetched<_>>()?)
}

/// The keys of all services, by the services' names.
pub(super) fn service_keys(conn: &ReadLink) -> Read<Vec<ServiceKey>> {
    let found = conn.read(
        "SELECT u.username, k.created_at, k.scopes FROM service_key k JOIN chat_user u ON u.pk = k.user_pk
         ORDER BY u.username_key",
        &[],
    )?;
    let key = |row: &Row| {
        let created_at = Timestamp(row.try_get(1)?);
        Ok(ServiceKey { name: row.try_get(0)?, created_at, scopes: scopes(row.try_get(2)?) })
    };
    Ok(found.iter().map(key).collect::<Fetched<_>>()?)
}

/// The service whose key has a hash.
pub(super) fn service(conn: &ReadLink, hash: &str) -> Read<Option<ServiceAccount>> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        ", k.scopes AS scopes FROM service_key k JOIN chat_user u ON u.pk = k.user_pk WHERE k.hash = $1"
    );
    let found = conn.read(sql, &[&hash])?;
    let holder = |row: &Row| {
        let account = user_at(row)?.account();
        Ok::<_, PostgresError>(ServiceAccount { account, scopes: scopes(row.try_get("scopes")?) })
    };
    Ok(found.first().map(holder).transpose()?)
}

/// Whether a proof matches a secret of the guest who has an id now.
pub(super) fn guest_knows(conn: &ReadLink, guest: &UserId, proof: &GuestProof) -> Read<bool> {
    let rows = PostgresRows(conn);
    match rows.user(guest)?.filter(|row| row.user.is_guest()) {
        Some(row) => Ok(secret_of(&rows, row.key, proof)?.is_some()),
        None => Ok(false),
    }
}

/// When an account was last logged in to from a network; `None` if it never was, or not for a long time.
pub(super) fn last_login(conn: &ReadLink, user: &UserId, network: &str, now: Timestamp) -> Read<Option<Timestamp>> {
    let rows = PostgresRows(conn);
    let Some(user) = rows.user(user)? else { return Ok(None) };
    let oldest = now.minus_days(LOGIN_NETWORKS_KEPT_DAYS);
    Ok(rows.login_network(user.key, network)?.filter(|at| *at > oldest))
}
