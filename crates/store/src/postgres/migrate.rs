//! Opening a database: its encoding, its version, the migrations, and the keys of usernames.
//!
//! What must stay true: processes that open a database at the same time migrate it one after the other.

use quintet_domain::{NAME_KEY_VERSION, NameKeys, collisions, display_name_from, email_key};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Transaction};

use super::error::explained;
use super::link::drive_quietly;
use super::target::PostgresTarget;
use crate::OpenError;
use crate::migrated::Migrated;

mod migrations {
    refinery::embed_migrations!("migrations_postgres");
}

/// The key of the advisory lock that is held while a database is migrated: the bytes of `quintet1`.
const LOCK: i64 = i64::from_be_bytes(*b"quintet1");

/// The newest schema version that this binary supports.
pub(super) fn known_version() -> i64 {
    let known = migrations::migrations::runner().get_migrations().iter().map(|m| i64::from(m.version())).max();
    known.unwrap_or_default()
}

/// Brings a database up to date, and waits for it on this thread.
pub(super) fn migrate_here(target: &PostgresTarget) -> Result<Migrated, OpenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
    runtime.block_on(migrate(target))
}

/// Brings a database up to date, on a connection of its own.
pub(super) async fn migrate(target: &PostgresTarget) -> Result<Migrated, OpenError> {
    let failed = |error: Error| refused(target, &error);
    let (mut client, connection) = target.connect().await.map_err(failed)?;
    tokio::spawn(drive_quietly(connection));
    let encoding: String =
        client.query_one("SHOW server_encoding", &[]).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { database: target.name(), encoding });
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(failed)?;
    // The lock falls with the connection, whatever happens.
    let found = version(&client).await.map_err(failed)?;
    let known = known_version();
    if found > known {
        return Err(OpenError::NewerSchema { database: target.name(), found, known });
    }
    let mut migrated = Migrated { from: found, to: found, applied: Vec::new() };
    if found < known {
        let report = migrations::migrations::runner().run_async(&mut client).await;
        migrated = Migrated::of(found, &report.map_err(|error| OpenError::Migration(with_causes(&error)))?);
    }
    update_keys(&mut client).await.map_err(failed)?;
    Ok(migrated)
}

/// Refuses a database to which an installation was copied only in part.
pub(super) async fn refuse_incomplete(target: &PostgresTarget) -> Result<(), OpenError> {
    let failed = |error: Error| refused(target, &error);
    let (client, connection) = target.connect().await.map_err(failed)?;
    tokio::spawn(drive_quietly(connection));
    let found = client.query_opt("SELECT FROM incomplete_copy LIMIT 1", &[]).await.map_err(failed)?;
    found.map_or(Ok(()), |_| Err(OpenError::Incomplete(format!("the database {}", target.name()))))
}

/// The schema version of a database; 0 if it has no schema yet.
pub(super) async fn version(client: &Client) -> Result<i64, Error> {
    let history = client.query_one("SELECT to_regclass('refinery_schema_history') IS NOT NULL", &[]).await?;
    if !history.try_get(0)? {
        return Ok(0);
    }
    let row = client.query_one("SELECT coalesce(max(version), 0)::bigint FROM refinery_schema_history", &[]).await?;
    row.try_get(0)
}

/// The sentence about an error of opening.
pub(super) fn refused(target: &PostgresTarget, error: &Error) -> OpenError {
    let (database, why) = (target.name(), explained(error));
    match error.code() {
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => OpenError::Right { database, why },
        _ => OpenError::Server { database, why },
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = match error.downcast_ref::<Error>() {
            Some(error) => format!("{text}: {}", explained(error)),
            None => format!("{text}: {error}"),
        };
        cause = error.source();
    }
    text
}

/// Recomputes the keys of all email addresses by which users log in. Addresses that collide by the new rules keep their
/// old keys, and are logged.
async fn note_email_keys(tx: &Transaction<'_>) -> Result<(), Error> {
    let sql =
        "SELECT pk, id, email, email_key FROM chat_user WHERE email IS NOT NULL AND email_key IS NOT NULL ORDER BY pk";
    for row in tx.query(sql, &[]).await? {
        let (pk, id): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let (key, old): (String, String) = (email_key(row.try_get(2)?), row.try_get(3)?);
        let update = "UPDATE chat_user SET email_key = $2 WHERE pk = $1
             AND NOT EXISTS (SELECT 1 FROM chat_user WHERE email_key = $2)";
        if key != old && tx.execute(update, &[&pk, &key]).await? == 0 {
            tracing::warn!(
                id,
                "a user has an email address that another user has in another spelling; both log in by their own spelling"
            );
        }
    }
    Ok(())
}

/// Recomputes the keys of all usernames that were computed by other rules or never, and normalises full names.
/// Usernames that collide by the new rules stay as they are, and are logged.
async fn update_keys(client: &mut Client) -> Result<(), Error> {
    let version = NAME_KEY_VERSION.as_str();
    let found = client.query_opt("SELECT version FROM name_keys", &[]).await?;
    if found.map(|row| row.try_get::<_, String>(0)).transpose()?.as_deref() == Some(version) {
        return Ok(());
    }
    let tx = client.transaction().await?;
    // As every writer does; and nodes that run forget the users that they keep.
    tx.execute("UPDATE part SET epoch = epoch + 1", &[]).await?;
    let users = tx
        .query(
            "SELECT pk, id, username, name, last_name FROM chat_user
             WHERE kind = 'registered' AND NOT erased ORDER BY pk",
            &[],
        )
        .await?;
    let mut names: Vec<(String, String)> = Vec::new();
    for row in &users {
        let (pk, id, username): (i64, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        note_keys(&tx, pk, &username, (row.try_get(3)?, row.try_get(4)?)).await?;
        names.push((id, username));
    }
    note_email_keys(&tx).await?;
    tx.execute("DELETE FROM name_keys", &[]).await?;
    tx.execute("INSERT INTO name_keys (version) VALUES ($1)", &[&version]).await?;
    tx.commit().await?;
    for (first, second) in collisions(names.iter().map(|(_, username)| username.as_str())) {
        let ((first_id, first), (second_id, second)) = (&names[first], &names[second]);
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

/// Stores the keys of a username, and a full name in its normal form. A name without visible characters is replaced by
/// the username.
async fn note_keys(
    tx: &Transaction<'_>,
    pk: i64,
    username: &str,
    (name, last): (String, Option<String>),
) -> Result<(), Error> {
    let NameKeys { key, look } = NameKeys::of(username);
    let normal = display_name_from(&name).unwrap_or_else(|| username.to_owned());
    let last = last.map(|last| display_name_from(&last).unwrap_or_default());
    tx.execute(
        "UPDATE chat_user SET username_key = $2, name_key = $3, name_look = $4, name = $5, last_name = $6 WHERE pk = $1",
        &[&pk, &username.to_lowercase(), &key, &look, &normal, &last],
    )
    .await?;
    Ok(())
}
