//! `quintet migrate`: brings the database up to date, and does nothing else.

use quintet_store::{Migrated, OpenError, PostgresStore, SqliteStore};

use crate::config::Config;
use crate::failure::Failure;
use crate::postgres;

/// Migrates the database that is configured, and says what was done.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn run(config: Config) -> Result<(), Failure> {
    if config.server.ephemeral {
        return Err("data in memory has no database to migrate".to_owned());
    }
    let work = move || {
        let target = postgres::target(&config.database)?;
        Ok::<_, OpenError>(match target {
            Some(target) => (format!("the database {}", target.name()), PostgresStore::migrate(target)?),
            None => {
                let folder = &config.server.data;
                (format!("the database in {}", folder.display()), SqliteStore::migrate(folder)?)
            }
        })
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| format!("the migration failed: {error}"))?;
    let (database, migrated) = done.map_err(|error| error.to_string())?;
    println!("{}", said(&database, &migrated));
    Ok(())
}

fn said(database: &str, Migrated { from, to, applied }: &Migrated) -> String {
    let of = database.strip_prefix("the").unwrap_or(database);
    match applied.len() {
        0 => format!("The{of} has version {to} already, which is that of this quintet."),
        _ => format!("The{of} is brought from version {from} to version {to}, by {}.", applied.join(", ")),
    }
}
