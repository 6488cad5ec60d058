//! Reads of accounts, guests and services.
//!
//! What must stay true: an account is found by the rules about names and addresses.

use std::ops::Bound;
use std::sync::Arc;

use quintet_domain::limits::{LOGIN_NETWORKS_KEPT_DAYS, NAMES_SEARCHED_MAX};
use quintet_domain::{Account, GuestProof, Login, Searched, Timestamp, User, UserId, UserKind};
use quintet_rules::rows::{UserRow, UserRows};
use quintet_rules::{names, secret_of};

use super::find_user;
use crate::error::Read;
use crate::memory::data::Data;
use crate::memory::tables::ServiceKeyRow;
use crate::{Page, ServiceAccount, ServiceKey};

pub(in crate::memory) fn account(data: &Data, id: &UserId) -> Option<Account> {
    find_user(data, id).map(UserRow::account)
}

pub(in crate::memory) fn account_by_login(data: &Data, login: &Login) -> Read<Option<Account>> {
    Ok(names::user_of_login(data, login)?.map(|row| row.account()))
}

/// The accounts of all people, by username.
pub(in crate::memory) fn accounts(data: &Data) -> Vec<Account> {
    let rows = data.users.by_username.iter().filter_map(|(_, key)| data.users.rows.get(key));
    rows.filter(|row| row.user.kind == UserKind::Registered).map(UserRow::account).collect()
}

/// Users whose username or name contains a text. One read checks a limited number of names, so that a page may be short
/// or empty and still have a cursor for the next.
pub(in crate::memory) fn search(data: &Data, query: &str, after: Option<&str>, limit: u32) -> Page<Arc<User>> {
    let searched = Searched::new(query);
    let behind = (Bound::Excluded(after.unwrap_or_default().to_owned()), Bound::Unbounded);
    let shown = data.users.by_username.range(behind).filter_map(|(username, key)| {
        let row = data.users.rows.get(key).filter(|row| !row.disabled && !row.user.is_service())?;
        Some((username, row))
    });
    let (mut items, mut last, mut next) = (Vec::new(), None, None);
    for (looked_at, (username, row)) in (1..=NAMES_SEARCHED_MAX).zip(shown) {
        if searched.is_in(username) || searched.is_in(&row.user.name) {
            if items.len() == limit as usize {
                next = last;
                break;
            }
            items.push(Arc::clone(&row.user));
            last = Some(username);
        }
        if looked_at == NAMES_SEARCHED_MAX {
            next = Some(username);
        }
    }
    Page { items, next: next.cloned() }
}

/// Whether a proof matches a secret of the guest who has an id now.
pub(in crate::memory) fn guest_knows(data: &Data, guest: &UserId, proof: &GuestProof) -> Read<bool> {
    match find_user(data, guest).filter(|row| row.user.is_guest()) {
        Some(row) => Ok(secret_of(data, row.key, proof)?.is_some()),
        None => Ok(false),
    }
}

/// When an account was last logged in to from a network; `None` if it never was, or not for a long time.
pub(in crate::memory) fn last_login(
    data: &Data,
    user: &UserId,
    network: &str,
    now: Timestamp,
) -> Read<Option<Timestamp>> {
    let Some(row) = find_user(data, user) else { return Ok(None) };
    let kept_from = now.minus_days(LOGIN_NETWORKS_KEPT_DAYS);
    Ok(data.login_network(row.key, network)?.filter(|at| *at > kept_from))
}

/// Users who are erased and whose messages are still being deleted.
pub(in crate::memory) fn erasing(data: &Data) -> Vec<UserId> {
    let rows = data.users.erasing.iter().filter_map(|(key, ())| data.users.rows.get(key));
    rows.map(|row| row.user.id.clone()).collect()
}

/// The keys of all services, by the services' names.
pub(in crate::memory) fn services(data: &Data) -> Vec<ServiceKey> {
    let by_name = data.users.by_username.iter();
    let keys = by_name.filter_map(|(_, key)| Some((data.users.rows.get(key)?, data.users.service_keys.get(key)?)));
    let shown = |(row, key): (&UserRow, &ServiceKeyRow)| ServiceKey {
        name: row.user.username.clone(),
        created_at: key.created_at,
        scopes: key.scopes,
    };
    keys.map(shown).collect()
}

/// The service whose key has a hash.
pub(in crate::memory) fn service(data: &Data, hash: &str) -> Option<ServiceAccount> {
    let key = data.users.service_by_hash.get(hash)?;
    let (row, held) = (data.users.rows.get(key)?, data.users.service_keys.get(key)?);
    Some(ServiceAccount { account: row.account(), scopes: held.scopes })
}
