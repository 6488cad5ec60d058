//! Services: other backends, each a user that a key stands for.

use quintet_domain::{Refusal, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::queries::Read;
use super::tx::{Tx, Written};
use super::users;
use crate::{Account, NewUser, ServiceKey};

/// Makes a service, or gives one that has none a key again.
pub(super) fn add(tx: &mut Tx<'_>, name: String, hash: &str) -> Written<Account> {
    let known = users::account_by_username(tx.conn, &name)?;
    let id = match known {
        Some(account) if !account.user.is_service() => {
            return Err(Refusal::conflict(format!("The name `{name}` is a user's.")).into());
        }
        Some(account) => account.user.id.clone(),
        None => {
            let new = NewUser { username: name.clone(), ..NewUser::default() };
            users::register(tx, new)?.user.id.clone()
        }
    };
    let user = tx.user(&id)?;
    let made = tx
        .conn
        .prepare_cached("INSERT OR IGNORE INTO service_key (user_pk, hash, created_at) VALUES (?1, ?2, ?3)")?
        .execute(params![user.pk, hash, tx.now.0])?;
    if made == 0 {
        return Err(Refusal::conflict(format!("`{name}` has a key already; remove it first.")).into());
    }
    tx.conn.prepare_cached("UPDATE user SET service = 1, disabled = 0 WHERE pk = ?1")?.execute([user.pk])?;
    users::known(tx, &id)
}

/// Takes a service's key away; what it wrote stays.
pub(super) fn remove(tx: &mut Tx<'_>, name: &str) -> Written<()> {
    let unknown = || Refusal::not_found("key", name);
    let account = users::account_by_username(tx.conn, name)?.ok_or_else(unknown)?;
    let user = tx.user(&account.user.id)?;
    let gone = tx.conn.prepare_cached("DELETE FROM service_key WHERE user_pk = ?1")?.execute([user.pk])?;
    if gone == 0 {
        return Err(unknown().into());
    }
    users::set_disabled(tx, &account.user.id, true)
}

/// All keys, by name.
pub(super) fn list(conn: &Connection) -> Read<Vec<ServiceKey>> {
    let mut statement = conn.prepare_cached(
        "SELECT u.username, k.created_at FROM service_key k JOIN user u ON u.pk = k.user_pk ORDER BY u.username_key",
    )?;
    let keys = statement
        .query_map([], |row| Ok(ServiceKey { name: row.get(0)?, created_at: Timestamp(row.get(1)?) }))?
        .collect::<Result<_, _>>()?;
    Ok(keys)
}

/// The service that a key stands for.
pub(super) fn by_hash(conn: &Connection, hash: &str) -> Read<Option<Account>> {
    let id: Option<String> = conn
        .prepare_cached("SELECT u.id FROM service_key k JOIN user u ON u.pk = k.user_pk WHERE k.hash = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()?;
    match id {
        Some(id) => users::account(conn, &UserId::trusted(&id)),
        None => Ok(None),
    }
}
