//! Accounts, guests, profiles, credentials.

use std::sync::Arc;

use quintet_domain::limits::NAMES_SEARCHED_MAX;
use quintet_domain::{Departure, Event, Refusal, Timestamp, User, UserId, refuse_reserved, validate_link};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::directory::folded;
use super::rows::{self, USER, USER_COLUMNS, UserRow};
use super::tx::{About, Tx, Written};
use super::{files, guests, meetups, members, messages, names, sets};
use crate::{Account, Claims, Login, NewUser, Page, ProfileChange, StoreError};

const ACCOUNT: &str = "u.email, u.password_hash, u.home_dialect, u.token_generation, u.tokens_from_s, u.country";

fn account_at(row: &Row<'_>) -> rusqlite::Result<Account> {
    let user = rows::user_at(row, 0)?;
    Ok(Account {
        disabled: user.disabled,
        user: user.user,
        email: row.get(USER_COLUMNS)?,
        password_hash: row.get(USER_COLUMNS + 1)?,
        home_dialect: row.get(USER_COLUMNS + 2)?,
        token_generation: row.get::<_, i64>(USER_COLUMNS + 3)? as u64,
        tokens_from_s: row.get(USER_COLUMNS + 4)?,
        country: row.get(USER_COLUMNS + 5)?,
    })
}

pub(super) fn account(conn: &Connection, id: &UserId) -> Result<Option<Account>, StoreError> {
    Ok(conn
        .prepare_cached(&format!("SELECT {USER}, {ACCOUNT} FROM user u WHERE u.id = ?1"))?
        .query_row([id.as_str()], account_at)
        .optional()?)
}

pub(super) fn account_by_login(conn: &Connection, login: &Login) -> Result<Option<Account>, StoreError> {
    match login {
        Login::Email(email) => Ok(conn
            .prepare_cached(&format!("SELECT {USER}, {ACCOUNT} FROM user u WHERE u.email_key = ?1"))?
            .query_row([email.to_lowercase()], account_at)
            .optional()?),
        Login::Username(username) => names::owner(conn, username)?.map(|pk| account_by_pk(conn, pk)).transpose(),
    }
}

/// The account of exactly this username, whatever the case.
pub(super) fn account_by_username(conn: &Connection, username: &str) -> Result<Option<Account>, StoreError> {
    names::exact_owner(conn, username)?.map(|pk| account_by_pk(conn, pk)).transpose()
}

fn account_by_pk(conn: &Connection, pk: i64) -> Result<Account, StoreError> {
    Ok(conn
        .prepare_cached(&format!("SELECT {USER}, {ACCOUNT} FROM user u WHERE u.pk = ?1"))?
        .query_row([pk], account_at)?)
}

pub(super) fn accounts(conn: &Connection) -> Result<Vec<Account>, StoreError> {
    Ok(conn
        .prepare(&format!(
            "SELECT {USER}, {ACCOUNT} FROM user u WHERE u.kind = 'registered' AND u.service = 0 ORDER BY u.username_key"
        ))?
        .query_map([], account_at)?
        .collect::<Result<_, _>>()?)
}

/// Users whose username or name contains a text. One read checks a limited number of names, so a page may be short or
/// empty and still have a cursor for the next.
pub(super) fn search(
    conn: &Connection,
    query: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<Arc<User>>, StoreError> {
    let part = folded(query);
    let mut fitting: Vec<(i64, String)> = Vec::new();
    let (mut looked_at, mut next) = (0, None);
    let mut names = conn.prepare_cached(
        "SELECT pk, username_key, folded_holds(username_key, ?1) OR folded_holds(name, ?1)
         FROM user INDEXED BY user_names
         WHERE username_key > ?2 AND username_key IS NOT NULL AND disabled = 0 AND service = 0
         ORDER BY username_key LIMIT ?3",
    )?;
    let mut found = names.query(params![part, cursor.unwrap_or_default(), NAMES_SEARCHED_MAX])?;
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

fn email_is_taken(tx: &Tx<'_>, email: &str, but: i64) -> Written<bool> {
    Ok(tx
        .conn
        .prepare_cached("SELECT 1 FROM user WHERE email_key = ?1 AND pk <> ?2")?
        .query_row(params![email.to_lowercase(), but], |_| Ok(()))
        .optional()?
        .is_some())
}

fn refuse_taken(tx: &Tx<'_>, username: Option<&str>, email: Option<&str>, but: i64) -> Written<()> {
    username.map_or(Ok(()), |username| names::refuse_taken(tx, username, but))?;
    if let Some(email) = email
        && email_is_taken(tx, email, but)?
    {
        return Err(Refusal::conflict("This email address is registered already.").into());
    }
    Ok(())
}

pub(super) fn known(tx: &Tx<'_>, id: &UserId) -> Written<Account> {
    Ok(account(tx.conn, id)?.ok_or_else(|| Refusal::not_found("user", id))?)
}

pub(super) fn register(tx: &mut Tx<'_>, mut new: NewUser) -> Written<Account> {
    if new.any_username || (new.number_reserved && refuse_reserved(&new.username).is_err()) {
        new.username = names::free(tx, &new.username)?;
    }
    refuse_taken(tx, Some(&new.username), new.email.as_deref(), 0)?;
    let Some(id) = new.id.take() else {
        let id = UserId::trusted(&tx.new_id());
        let pk = insert(tx, &id, &new)?;
        if new.avatar.is_some() {
            files::note_picture(tx, pk, new.avatar.as_deref())?;
        }
        return known(tx, &id);
    };
    take_id(tx, &id, &new)
}

/// Makes a user with an id that others knew before: a guest may claim it at this moment.
fn take_id(tx: &mut Tx<'_>, id: &UserId, new: &NewUser) -> Written<Account> {
    insert(tx, id, new)?;
    let account = known(tx, id)?;
    let row = tx.user(id)?;
    files::note_picture(tx, row.pk, account.user.avatar.as_deref())?;
    // Connections that hold the id as a guest's are to end, whether the guest was ever stored or not.
    let about = About { actor: Some(row.pk), ..About::default() };
    tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&account.user) })?;
    Ok(account)
}

/// The key by which an email address is compared; none for an unverified address, which cannot be used to log in and
/// does not prevent others from registering it.
fn email_key(new: &NewUser) -> Option<String> {
    new.email.as_deref().filter(|_| !new.email_unverified).map(str::to_lowercase)
}

/// The row of a new account; gives its `pk`. There is no other way to an account: a guest who has the id gives it up here.
fn insert(tx: &mut Tx<'_>, id: &UserId, new: &NewUser) -> Written<i64> {
    guests::give_up_id(tx, id)?;
    tx.conn
        .prepare_cached(
            "INSERT INTO user (id, kind, username, name, email, email_key, password_hash, avatar, home_dialect,
                 created_at, country, last_name)
             VALUES (?1, 'registered', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            id.as_str(),
            new.username,
            new.name.as_deref().unwrap_or(&new.username),
            new.email,
            email_key(new),
            new.password_hash,
            new.avatar,
            new.home_dialect,
            tx.now.0,
            new.country,
            new.last_name
        ])?;
    let pk = tx.conn.last_insert_rowid();
    names::note_keys(tx.conn, pk, &new.username)?;
    Ok(pk)
}

pub(super) fn adopt(tx: &mut Tx<'_>, claims: Claims) -> Written<Account> {
    if rows::user(tx.conn, &claims.id)?.is_some_and(|row| !row.user.is_guest()) {
        return known(tx, &claims.id);
    }
    if claims.id.is_former_guests() {
        return Err(guests::id_is_reserved(&claims.id).into());
    }
    let username = names::free_for(tx, &claims.id, [claims.username.as_deref(), claims.name.as_deref()])?;
    let email = match claims.email {
        Some(email) if email_is_taken(tx, &email, 0)? => None,
        email => email,
    };
    // Another back end may keep its pictures in ways that are not taken here; that keeps nobody out.
    let avatar = claims.avatar.filter(|avatar| validate_link("avatar", avatar).is_ok());
    let new = NewUser {
        username,
        email,
        email_unverified: !claims.email_verified,
        name: claims.name,
        avatar,
        ..NewUser::default()
    };
    take_id(tx, &claims.id, &new)
}

pub(super) fn change_profile(tx: &mut Tx<'_>, id: &UserId, change: ProfileChange) -> Written<Account> {
    let user = tx.user(id)?;
    refuse_taken(tx, change.username.as_deref(), change.email.as_deref(), user.pk)?;
    let (avatar_given, avatar) = (change.avatar.is_some(), change.avatar.flatten());
    tx.conn
        .prepare_cached(
            "UPDATE user SET username = coalesce(?2, username), name = coalesce(?3, name), email = coalesce(?4, email),
                 email_key = coalesce(?5, email_key), avatar = CASE WHEN ?6 THEN ?7 ELSE avatar END,
                 country = coalesce(?8, country), last_name = coalesce(?9, last_name)
             WHERE pk = ?1",
        )?
        .execute(params![
            user.pk,
            change.username,
            change.name,
            change.email,
            change.email.as_deref().map(str::to_lowercase),
            avatar_given,
            avatar.as_deref(),
            change.country,
            change.last_name
        ])?;
    if let Some(username) = &change.username {
        names::note_keys(tx.conn, user.pk, username)?;
    }
    if avatar_given {
        files::note_picture(tx, user.pk, avatar.as_deref())?;
    }
    let account = known(tx, id)?;
    let about = About { actor: Some(user.pk), ..About::default() };
    tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&account.user) })?;
    Ok(account)
}

/// A new password ends what came in by the old one.
pub(super) fn set_password(tx: &mut Tx<'_>, id: &UserId, hash: &str) -> Written<Account> {
    let user = tx.user(id)?;
    tx.conn.prepare_cached("UPDATE user SET password_hash = ?2 WHERE pk = ?1")?.execute(params![user.pk, hash])?;
    revoke(tx, &user)?;
    known(tx, id)
}

pub(super) fn revoke_tokens(tx: &mut Tx<'_>, id: &UserId) -> Written<Account> {
    let user = tx.user(id)?;
    revoke(tx, &user)?;
    known(tx, id)
}

fn revoke(tx: &mut Tx<'_>, user: &UserRow) -> Written<()> {
    // A token of another issuer of this very second is refused as well: it may be one of those that are revoked. One
    // that was issued after an earlier revocation may say the second from which that one let tokens in.
    tx.conn
        .prepare_cached(
            "UPDATE user SET token_generation = token_generation + 1, tokens_from_s = max(?2, tokens_from_s + 1)
             WHERE pk = ?1",
        )?
        .execute([user.pk, tx.now.seconds() + 1])?;
    let about = About { actor: Some(user.pk), ..About::default() };
    let generation = known(tx, &user.user.id)?.token_generation;
    tx.record("revoked", about, None, Event::Revoked { user: user.user.id.clone(), generation })
}

pub(super) fn set_disabled(tx: &mut Tx<'_>, id: &UserId, disabled: bool) -> Written<()> {
    let user = tx.user(id)?;
    let changed = tx
        .conn
        .prepare_cached("UPDATE user SET disabled = ?2 WHERE pk = ?1 AND erased = 0")?
        .execute(params![user.pk, disabled])?;
    if changed == 0 {
        return Err(Refusal::not_found("user", id).into());
    }
    if disabled {
        revoke(tx, &user)?;
    }
    Ok(())
}

pub(super) fn seen(tx: &mut Tx<'_>, users: &[(UserId, Timestamp)]) -> Written<()> {
    let mut statement = tx
        .conn
        .prepare_cached("UPDATE user SET last_seen = ?2 WHERE id = ?1 AND erased = 0 AND kind = 'registered'")?;
    for (id, at) in users {
        statement.execute(params![id.as_str(), at.0])?;
    }
    Ok(())
}

/// Memberships of an erased user that one transaction ends; other writes run in between.
const LEFT_AT_ONCE: i64 = 200;

/// Ends some of a user's memberships, as if it left. The other one of a direct conversation keeps it. Says whether there
/// were any.
fn leave_some(tx: &mut Tx<'_>, user: &UserRow) -> Written<bool> {
    let seats: Vec<i64> = tx
        .conn
        .prepare_cached(
            "SELECT m.conversation_pk FROM member m JOIN conversation c ON c.pk = m.conversation_pk
             WHERE m.user_pk = ?1 AND c.first_pk IS NULL ORDER BY m.conversation_pk LIMIT ?2",
        )?
        .query_map([user.pk, LEFT_AT_ONCE], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for pk in &seats {
        let conversation = rows::conversation_by_pk(tx.conn, *pk)?;
        members::depart(tx, None, &conversation, user, Departure::Left)?;
    }
    Ok(!seats.is_empty())
}

/// Erases the person: what it is called, what it hosts, its files and some of its memberships, as if it left. The rest
/// of these and its messages are many: they go in turns that follow.
pub(super) fn erase(tx: &mut Tx<'_>, id: &UserId) -> Written<()> {
    let user = tx.user(id)?;
    meetups::delete_hosted(tx, &user)?;
    files::erase_all_of(tx, user.pk)?;
    leave_some(tx, &user)?;
    // Its own notifications, and those of others that name it.
    tx.conn.prepare_cached("DELETE FROM notification WHERE user_pk = ?1 OR cause_pk = ?1")?.execute([user.pk])?;
    tx.conn.prepare_cached("DELETE FROM meetup_request WHERE user_pk = ?1")?.execute([user.pk])?;
    tx.conn.prepare_cached("DELETE FROM login_network WHERE user_pk = ?1")?.execute([user.pk])?;
    let gone = format!("deleted-{}", tx.new_id());
    tx.conn
        .prepare_cached(
            "UPDATE user SET username = ?2, username_key = ?2, name_key = NULL, name_look = NULL, name = ?2,
                 email = NULL, email_key = NULL, password_hash = NULL, avatar = NULL, picture_pk = NULL, country = NULL, last_name = NULL,
                 last_seen = NULL, disabled = 1, erased = 1, erasing_from = 0 WHERE pk = ?1",
        )?
        .execute(params![user.pk, gone])?;
    // What is told of it from here on is told by the name that is left.
    let user = tx.user(id)?;
    let about = About { actor: Some(user.pk), ..About::default() };
    tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&user.user) })?;
    revoke(tx, &user)
}

/// Ends some more of the memberships of somebody who is erased, then deletes some of its messages: numbers keep their
/// places. Says whether there is more.
pub(super) fn continue_erasure(tx: &mut Tx<'_>, id: &UserId) -> Written<bool> {
    let user = tx.user(id)?;
    let from: Option<i64> = tx
        .conn
        .prepare_cached("SELECT erasing_from FROM user WHERE pk = ?1")?
        .query_row([user.pk], |row| row.get(0))?;
    let Some(from) = from else { return Ok(false) };
    if leave_some(tx, &user)? {
        return Ok(true);
    }
    let reached = messages::delete_some_of(tx, &user, from)?;
    tx.conn.prepare_cached("UPDATE user SET erasing_from = ?2 WHERE pk = ?1")?.execute(params![user.pk, reached])?;
    Ok(reached.is_some())
}

/// Those whose messages are still being deleted.
pub(super) fn erasing(conn: &Connection) -> Result<Vec<UserId>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT id FROM user WHERE erasing_from IS NOT NULL")?
        .query_map([], |row| Ok(UserId::trusted(row.get_ref(0)?.as_str()?)))?
        .collect::<Result<_, _>>()?)
}
