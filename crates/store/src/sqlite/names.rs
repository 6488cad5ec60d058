//! Recomputation of the keys by which usernames and email addresses are compared, after their rules have changed.
//!
//! What must stay true: every registered user that is not erased has keys of this build's rules. An address whose new
//! key another user has keeps the old one, by which its user still logs in.

use quintet_domain::{NAME_KEY_VERSION, NameKeys, collisions, display_name_from, email_key};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// Stores the keys of a username.
fn note_keys(conn: &Connection, pk: i64, username: &str) -> Result<(), rusqlite::Error> {
    let NameKeys { key, look } = NameKeys::of(username);
    conn.prepare_cached("UPDATE user SET username_key = ?2, name_key = ?3, name_look = ?4 WHERE pk = ?1")?
        .execute(params![pk, username.to_lowercase(), key, look])?;
    Ok(())
}

/// Recomputes the keys of all email addresses by which users log in. Addresses that collide by the new rules keep their
/// old keys, and are logged.
fn note_email_keys(conn: &Connection) -> Result<(), rusqlite::Error> {
    let users: Vec<(i64, String, String, String)> = conn
        .prepare("SELECT pk, id, email, email_key FROM user WHERE email IS NOT NULL AND email_key IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    let mut update = conn.prepare("UPDATE OR IGNORE user SET email_key = ?2 WHERE pk = ?1")?;
    for (pk, id, email, old) in users {
        let key = email_key(&email);
        if key != old && update.execute(params![pk, key])? == 0 {
            tracing::warn!(
                id,
                "a user has an email address that another user has in another spelling; both log in by their own spelling"
            );
        }
    }
    Ok(())
}

/// Recomputes the keys of all usernames and addresses that were computed by other rules or never, and normalises full
/// names. Usernames that collide by the new rules stay as they are, and are logged.
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
    note_email_keys(&tx)?;
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

/// Normalises a user's full name. A name without visible characters is replaced by the username.
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
