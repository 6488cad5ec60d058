//! Accounts, guests, profiles, credentials.

use std::sync::Arc;

use quintet_domain::limits::{NAME_CHARS_MAX, NAMES_SEARCHED_MAX, URL_BYTES_MAX};
use quintet_domain::{Departure, Event, Profile, Refusal, Timestamp, User, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::directory::folded;
use super::rows::{self, USER, USER_COLUMNS, UserRow};
use super::tx::{About, Tx, Written};
use super::{files, meetups, members, messages, sets};
use crate::{Account, Claims, NewUser, Page, ProfileChange, StoreError};

const ACCOUNT: &str = "u.email, u.password_hash, u.home_dialect, u.token_generation, u.tokens_from_s, u.country";

/// Characters of an id that stand in the name of a user whose token brings none.
const NAME_FROM_ID_CHARS: usize = 8;

/// Characters that a taken username gets more.
const SUFFIX_CHARS_MAX: usize = 10;

/// Up to this number the users of one name are counted; then the number is any.
const SUFFIXES_IN_ORDER: u32 = 9;

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

pub(super) fn account_by_login(conn: &Connection, login: &str) -> Result<Option<Account>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {USER}, {ACCOUNT} FROM user u WHERE u.email_key = ?1 OR u.username_key = ?1
             ORDER BY u.email_key = ?1 DESC LIMIT 1"
        ))?
        .query_row([login.to_lowercase()], account_at)
        .optional()?)
}

pub(super) fn account_by_username(conn: &Connection, username: &str) -> Result<Option<Account>, StoreError> {
    Ok(conn
        .prepare_cached(&format!("SELECT {USER}, {ACCOUNT} FROM user u WHERE u.username_key = ?1"))?
        .query_row([username.to_lowercase()], account_at)
        .optional()?)
}

pub(super) fn accounts(conn: &Connection) -> Result<Vec<Account>, StoreError> {
    Ok(conn
        .prepare(&format!(
            "SELECT {USER}, {ACCOUNT} FROM user u WHERE u.kind = 'registered' AND u.service = 0 ORDER BY u.username_key"
        ))?
        .query_map([], account_at)?
        .collect::<Result<_, _>>()?)
}

/// Users whose username or name holds a text. One read looks at so many names at most: a page may have fewer than it
/// could, or none, and still name where the next one goes on.
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

fn taken(tx: &Tx<'_>, column: &str, key: &str, but: i64) -> Written<bool> {
    Ok(tx
        .conn
        .prepare_cached(&format!("SELECT 1 FROM user WHERE {column} = ?1 AND pk <> ?2"))?
        .query_row(params![key, but], |_| Ok(()))
        .optional()?
        .is_some())
}

fn refuse_taken(tx: &Tx<'_>, username: Option<&str>, email: Option<&str>, but: i64) -> Written<()> {
    if let Some(username) = username
        && taken(tx, "username_key", &username.to_lowercase(), but)?
    {
        return Err(Refusal::conflict(format!("The username `{username}` is taken.")).into());
    }
    if let Some(email) = email
        && taken(tx, "email_key", &email.to_lowercase(), but)?
    {
        return Err(Refusal::conflict("This email address is registered already.").into());
    }
    Ok(())
}

pub(super) fn known(tx: &Tx<'_>, id: &UserId) -> Written<Account> {
    Ok(account(tx.conn, id)?.ok_or_else(|| Refusal::not_found("user", id))?)
}

pub(super) fn register(tx: &mut Tx<'_>, mut new: NewUser) -> Written<Account> {
    if new.any_username {
        new.username = free_username(tx, &new.username)?;
    }
    refuse_taken(tx, Some(&new.username), new.email.as_deref(), 0)?;
    let Some(id) = new.id.take() else {
        let id = UserId::trusted(&tx.new_id());
        insert(tx, &id, &new)?;
        if new.avatar.is_some() {
            files::note_picture(tx, tx.user(&id)?.pk, new.avatar.as_deref())?;
        }
        return known(tx, &id);
    };
    match rows::user(tx.conn, &id)? {
        Some(row) if !row.user.is_guest() => Err(Refusal::conflict(format!("The id `{id}` is taken.")).into()),
        guest => take_id(tx, &id, guest, &new),
    }
}

/// Makes a user of an id that somebody may have had as a guest: what the guest was in stays.
fn take_id(tx: &mut Tx<'_>, id: &UserId, guest: Option<UserRow>, new: &NewUser) -> Written<Account> {
    match guest {
        None => insert(tx, id, new)?,
        Some(guest) => {
            tx.conn
                .prepare_cached(
                    "UPDATE user SET kind = 'registered', username = ?2, username_key = ?3, name = ?4, email = ?5,
                         email_key = ?6, avatar = coalesce(?7, avatar), password_hash = ?8 WHERE pk = ?1",
                )?
                .execute(params![
                    guest.pk,
                    new.username,
                    new.username.to_lowercase(),
                    new.name.as_deref().unwrap_or(&new.username),
                    new.email,
                    new.email.as_deref().map(str::to_lowercase),
                    new.avatar,
                    new.password_hash
                ])?;
        }
    }
    let account = known(tx, id)?;
    let row = tx.user(id)?;
    files::note_picture(tx, row.pk, account.user.avatar.as_deref())?;
    // Connections that hold the id as a guest's are to end, whether the guest was ever stored or not.
    let about = About { actor: Some(row.pk), ..About::default() };
    tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&account.user) })?;
    Ok(account)
}

fn insert(tx: &Tx<'_>, id: &UserId, new: &NewUser) -> Written<()> {
    tx.conn
        .prepare_cached(
            "INSERT INTO user (id, kind, username, username_key, name, email, email_key, password_hash, avatar,
                 home_dialect, created_at, country, last_name)
             VALUES (?1, 'registered', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id.as_str(),
            new.username,
            new.username.to_lowercase(),
            new.name.as_deref().unwrap_or(&new.username),
            new.email,
            new.email.as_deref().map(str::to_lowercase),
            new.password_hash,
            new.avatar,
            new.home_dialect,
            tx.now.0,
            new.country,
            new.last_name
        ])?;
    Ok(())
}

/// A free username close to the one wished for.
fn free_username(tx: &Tx<'_>, wish: &str) -> Written<String> {
    let wish: String = wish.chars().take(NAME_CHARS_MAX - SUFFIX_CHARS_MAX).collect();
    let mut name = wish.clone();
    let mut number = 1;
    while taken(tx, "username_key", &name.to_lowercase(), 0)? {
        number += 1;
        // Of the many of one name each is not to ask for all before it.
        name = match number {
            ..=SUFFIXES_IN_ORDER => format!("{wish}-{number}"),
            _ => format!("{wish}-{}", tx.secret() % 1_000_000_000),
        };
    }
    Ok(name)
}

pub(super) fn adopt(tx: &mut Tx<'_>, claims: Claims) -> Written<Account> {
    let row = rows::user(tx.conn, &claims.id)?;
    if row.as_ref().is_some_and(|row| !row.user.is_guest()) {
        return known(tx, &claims.id);
    }
    let from_id = || format!("user-{}", claims.id.as_str().chars().take(NAME_FROM_ID_CHARS).collect::<String>());
    let wish = claims.username.clone().or_else(|| claims.name.clone()).unwrap_or_else(from_id);
    let username = free_username(tx, &wish)?;
    let email = match claims.email {
        Some(email) if taken(tx, "email_key", &email.to_lowercase(), 0)? => None,
        email => email,
    };
    let new = NewUser { username, email, name: claims.name, avatar: claims.avatar, ..NewUser::default() };
    take_id(tx, &claims.id, row, &new)
}

/// Makes a guest, or brings it up to date with what it says of itself; its connections carry that on.
pub(super) fn upsert_guest(tx: &mut Tx<'_>, id: &UserId, profile: &Profile) -> Written<UserRow> {
    if profile.avatar.as_ref().is_some_and(|avatar| avatar.len() > URL_BYTES_MAX) {
        return Err(Refusal::too_large("avatar", format!("has at most {URL_BYTES_MAX} bytes")).into());
    }
    let before = rows::user(tx.conn, id)?;
    match &before {
        Some(row) if !row.user.is_guest() => {
            return Err(Refusal::unauthenticated("this id belongs to a registered user").into());
        }
        Some(row) => {
            tx.conn
                .prepare_cached(
                    "UPDATE user SET username = coalesce(?2, username), name = coalesce(?2, name),
                         avatar = coalesce(?3, avatar) WHERE pk = ?1",
                )?
                .execute(params![row.pk, profile.username, profile.avatar])?;
        }
        None => {
            let from_id = format!("guest-{}", id.as_str().chars().take(NAME_FROM_ID_CHARS).collect::<String>());
            let name = profile.username.as_deref().unwrap_or(&from_id);
            tx.conn
                .prepare_cached(
                    "INSERT INTO user (id, kind, username, name, avatar, created_at) VALUES (?1, 'guest', ?2, ?2, ?3, ?4)",
                )?
                .execute(params![id.as_str(), name, profile.avatar, tx.now.0])?;
        }
    }
    let row = tx.user(id)?;
    if profile.avatar.is_some() {
        files::note_picture(tx, row.pk, profile.avatar.as_deref())?;
    }
    if before.is_none_or(|before| before.user != row.user) {
        let about = About { actor: Some(row.pk), ..About::default() };
        tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&row.user) })?;
    }
    Ok(row)
}

pub(super) fn change_profile(tx: &mut Tx<'_>, id: &UserId, change: ProfileChange) -> Written<Account> {
    let user = tx.user(id)?;
    refuse_taken(tx, change.username.as_deref(), change.email.as_deref(), user.pk)?;
    let (avatar_given, avatar) = (change.avatar.is_some(), change.avatar.flatten());
    tx.conn
        .prepare_cached(
            "UPDATE user SET username = coalesce(?2, username), username_key = coalesce(?3, username_key),
                 name = coalesce(?4, name), email = coalesce(?5, email), email_key = coalesce(?6, email_key),
                 avatar = CASE WHEN ?7 THEN ?8 ELSE avatar END, country = coalesce(?9, country), last_name = coalesce(?10, last_name)
             WHERE pk = ?1",
        )?
        .execute(params![
            user.pk,
            change.username,
            change.username.as_deref().map(str::to_lowercase),
            change.name,
            change.email,
            change.email.as_deref().map(str::to_lowercase),
            avatar_given,
            avatar.as_deref(),
            change.country,
            change.last_name
        ])?;
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
    // A foreign token of this very second is refused as well: it may be one of those that are revoked.
    tx.conn
        .prepare_cached("UPDATE user SET token_generation = token_generation + 1, tokens_from_s = ?2 WHERE pk = ?1")?
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
    let mut statement = tx.conn.prepare_cached("UPDATE user SET last_seen = ?2 WHERE id = ?1 AND erased = 0")?;
    for (id, at) in users {
        statement.execute(params![id.as_str(), at.0])?;
    }
    Ok(())
}

/// Erases the person: what it is called, what it hosts, its files and its seats, as if it left. Its messages are many:
/// they go in turns that follow.
pub(super) fn erase(tx: &mut Tx<'_>, id: &UserId) -> Written<()> {
    let user = tx.user(id)?;
    meetups::delete_hosted(tx, &user)?;
    files::erase_all_of(tx, user.pk)?;
    let seats: Vec<i64> = tx
        .conn
        .prepare_cached("SELECT conversation_pk FROM member WHERE user_pk = ?1")?
        .query_map([user.pk], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for pk in seats {
        let conversation = rows::conversation_by_pk(tx.conn, pk)?;
        // The other one of a direct conversation keeps it.
        if conversation.place.pair.is_none() {
            members::depart(tx, None, &conversation, &user, Departure::Left)?;
        }
    }
    // Its own notifications, and those of others that name it.
    tx.conn.prepare_cached("DELETE FROM notification WHERE user_pk = ?1 OR cause_pk = ?1")?.execute([user.pk])?;
    tx.conn.prepare_cached("DELETE FROM meetup_request WHERE user_pk = ?1")?.execute([user.pk])?;
    let gone = format!("deleted-{}", tx.new_id());
    tx.conn
        .prepare_cached(
            "UPDATE user SET username = ?2, username_key = ?2, name = ?2, email = NULL, email_key = NULL,
                 password_hash = NULL, avatar = NULL, picture_pk = NULL, country = NULL, last_name = NULL,
                 last_seen = NULL, disabled = 1, erased = 1, erasing_from = 0 WHERE pk = ?1",
        )?
        .execute(params![user.pk, gone])?;
    // What is told of it from here on is told by the name that is left.
    let user = tx.user(id)?;
    let about = About { actor: Some(user.pk), ..About::default() };
    tx.record("user_changed", about, None, Event::UserChanged { user: Arc::clone(&user.user) })?;
    revoke(tx, &user)
}

/// Deletes some of the messages of somebody who is erased: numbers keep their places. Says whether there are more.
pub(super) fn erase_on(tx: &mut Tx<'_>, id: &UserId) -> Written<bool> {
    let user = tx.user(id)?;
    let from: Option<i64> = tx
        .conn
        .prepare_cached("SELECT erasing_from FROM user WHERE pk = ?1")?
        .query_row([user.pk], |row| row.get(0))?;
    let Some(from) = from else { return Ok(false) };
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
