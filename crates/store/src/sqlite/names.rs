//! Usernames in the database: looking them up, finding free ones, and the keys by which they are compared.

use quintet_domain::limits::NAME_CHARS_MAX;
use quintet_domain::{NAME_KEY_VERSION, NameKeys, Refusal, UserId, collisions, display_name_from, username_from};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::tx::{Tx, Written};

/// Characters of an id that stand in the name of a user whose token brings none.
const NAME_FROM_ID_CHARS: usize = 8;

/// Maximum characters of the suffix of a taken username.
const SUFFIX_CHARS_MAX: usize = 10;

/// Up to this number the users of one name are counted; then the number is any.
const SUFFIXES_IN_ORDER: u32 = 9;

/// The `pk` of the user of a name: of exactly this one in any case, else of the only one that is compared equal. None
/// where several are, which an earlier version let in.
pub(super) fn owner(conn: &Connection, username: &str) -> Result<Option<i64>, rusqlite::Error> {
    // No user has a longer name, and computing its key could take seconds.
    if username.chars().nth(NAME_CHARS_MAX).is_some() {
        return Ok(None);
    }
    if let Some(pk) = exact_owner(conn, username)? {
        return Ok(Some(pk));
    }
    let mut statement = conn.prepare_cached("SELECT pk FROM user WHERE name_key = ?1 LIMIT 2")?;
    let found: Vec<i64> =
        statement.query_map([NameKeys::of(username).key], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(if let [only] = found[..] { Some(only) } else { None })
}

/// The `pk` of the user of exactly this name, whatever the case.
pub(super) fn exact_owner(conn: &Connection, username: &str) -> Result<Option<i64>, rusqlite::Error> {
    conn.prepare_cached("SELECT pk FROM user WHERE username_key = ?1")?
        .query_row([username.to_lowercase()], |row| row.get(0))
        .optional()
}

/// Whether readers would take a name for that of another user than `but`.
fn taken(tx: &Tx<'_>, username: &str, NameKeys { key, look }: &NameKeys, but: i64) -> Written<bool> {
    Ok(tx
        .conn
        .prepare_cached(
            "SELECT 1 FROM user
             WHERE (username_key = ?1 OR name_key IN (?2, ?3) OR name_look IN (?2, ?3)) AND pk <> ?4 LIMIT 1",
        )?
        .query_row(params![username.to_lowercase(), key, look, but], |_| Ok(()))
        .optional()?
        .is_some())
}

/// Refuses a name that is another user's than `but`, or that readers would take for it.
pub(super) fn refuse_taken(tx: &Tx<'_>, username: &str, but: i64) -> Written<()> {
    if !taken(tx, username, &NameKeys::of(username), but)? {
        return Ok(());
    }
    let exactly = exact_owner(tx.conn, username)?.is_some_and(|pk| pk != but);
    let why = if exactly { "is taken" } else { "looks like one that is taken" };
    Err(Refusal::conflict(format!("The username `{username}` {why}.")).into())
}

/// A username that is neither taken nor reserved, close to the one wished for.
pub(super) fn free(tx: &Tx<'_>, wish: &str) -> Written<String> {
    number(tx, if is_reserved_once_numbered(wish) { "user" } else { wish })
}

/// A free username for a user of another issuer, from what its token says, else from its id.
pub(super) fn free_for(tx: &Tx<'_>, id: &UserId, wishes: [Option<&str>; 2]) -> Written<String> {
    let mut wishes = wishes.into_iter().flatten().map(username_from);
    let wish = wishes.find(|name| !name.is_empty() && !is_reserved_once_numbered(name));
    if let Some(wish) = wish {
        return number(tx, &wish);
    }
    let from_id: String = username_from(id.as_str()).chars().take(NAME_FROM_ID_CHARS).collect();
    number(tx, &format!("user-{}", if from_id.is_empty() { "1" } else { &from_id }))
}

/// Whether a name, or the name with a number behind it, starts as those do that the server gives: `guest-2`, say.
fn is_reserved_once_numbered(name: &str) -> bool {
    NameKeys::of(&format!("{name}-")).has_reserved_prefix()
}

fn number(tx: &Tx<'_>, wish: &str) -> Written<String> {
    let wish: String = wish.chars().take(NAME_CHARS_MAX - SUFFIX_CHARS_MAX).collect();
    let mut name = wish.clone();
    let mut number = 1;
    loop {
        let keys = NameKeys::of(&name);
        if !keys.is_reserved_word() && !taken(tx, &name, &keys, 0)? {
            return Ok(name);
        }
        number += 1;
        // Where many users share a name, not every number before is tried.
        name = match number {
            ..=SUFFIXES_IN_ORDER => format!("{wish}-{number}"),
            _ => format!("{wish}-{}", tx.secret() % 1_000_000_000),
        };
    }
}

/// Stores the keys of a username.
pub(super) fn note_keys(conn: &Connection, pk: i64, username: &str) -> Result<(), rusqlite::Error> {
    let NameKeys { key, look } = NameKeys::of(username);
    conn.prepare_cached("UPDATE user SET username_key = ?2, name_key = ?3, name_look = ?4 WHERE pk = ?1")?
        .execute(params![pk, username.to_lowercase(), key, look])?;
    Ok(())
}

/// Computes the keys of all usernames anew where they were computed with other rules, or never, and brings full names to
/// the form that they have now. Usernames that collide by the new rules stay as they are, and are logged.
pub(super) fn update_keys(conn: &mut Connection) -> Result<(), rusqlite::Error> {
    let version = NAME_KEY_VERSION.as_str();
    let found: Option<String> = conn.query_row("SELECT version FROM name_keys", [], |row| row.get(0)).optional()?;
    if found.as_deref() == Some(version) {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let users: Vec<(i64, String, String)> = tx
        .prepare("SELECT pk, id, username FROM user WHERE kind = 'registered' AND erased = 0 ORDER BY pk")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (pk, _, username) in &users {
        note_keys(&tx, *pk, username)?;
        normalise_name(&tx, *pk)?;
    }
    tx.execute("DELETE FROM name_keys", [])?;
    tx.execute("INSERT INTO name_keys (version) VALUES (?1)", [version])?;
    tx.commit()?;
    for (first, second) in collisions(users.iter().map(|(.., username)| username.as_str())) {
        let ((_, first_id, first), (_, second_id, second)) = (&users[first], &users[second]);
        tracing::warn!(
            first_id,
            first_username = ?first,
            second_id,
            second_username = ?second,
            "two users have names that readers take for each other; both keep theirs and log in by email or exact username"
        );
    }
    Ok(())
}

/// Brings a user's full name to the form that it has now; one that shows nothing becomes the username.
fn normalise_name(conn: &Connection, pk: i64) -> Result<(), rusqlite::Error> {
    let (username, name, last): (String, String, Option<String>) = conn
        .prepare_cached("SELECT username, name, last_name FROM user WHERE pk = ?1")?
        .query_row([pk], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let normal = display_name_from(&name).unwrap_or(username);
    let normal_last = last.as_deref().map(|last| display_name_from(last).unwrap_or_default());
    if normal != name || normal_last != last {
        conn.prepare_cached("UPDATE user SET name = ?2, last_name = ?3 WHERE pk = ?1")?.execute(params![
            pk,
            normal,
            normal_last
        ])?;
    }
    Ok(())
}
