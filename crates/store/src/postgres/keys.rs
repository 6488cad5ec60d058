//! The keys of an installation, which all nodes share.
//!
//! What must stay true: nodes that store a key of one name at the same time end up with the same key.

use tokio_postgres::{Client, Error, Row};

use super::link::Link;
use super::migrate;
use super::open::on_a_thread;
use super::target::PostgresTarget;
use crate::OpenError;

/// A key of an installation, as the database stores it.
#[derive(Clone, PartialEq, Eq)]
pub struct InstallationKey {
    /// The bytes of the key, or what it was encrypted to.
    pub value: Vec<u8>,
    /// Whether the key is encrypted.
    pub sealed: bool,
    /// When the key was made, in seconds since 1970.
    pub made_s: i64,
}

impl std::fmt::Debug for InstallationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstallationKey").field("sealed", &self.sealed).finish_non_exhaustive()
    }
}

const FIND: &str = "SELECT value, sealed, made_s FROM installation_key WHERE name = $1";
const INSERT: &str =
    "INSERT INTO installation_key (name, value, sealed, made_s) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const REPLACE: &str = "UPDATE installation_key SET value = $3, sealed = $4 WHERE name = $1 AND value = $2";

fn key_at(row: &Row) -> Result<InstallationKey, Error> {
    Ok(InstallationKey { value: row.try_get(0)?, sealed: row.try_get(1)?, made_s: row.try_get(2)? })
}

async fn find(client: &Client, name: &str) -> Result<Option<InstallationKey>, Error> {
    client.query_opt(FIND, &[&name]).await?.as_ref().map(key_at).transpose()
}

impl PostgresTarget {
    /// The key of a name, if the database has one. The database must have been migrated. Blocks the thread.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn installation_key(&self, name: &str) -> Result<Option<InstallationKey>, OpenError> {
        self.with_client(async |client| find(client, name).await)
    }

    /// Stores a key, unless there is one of that name. Returns the one that is stored from then on; `None` if it was
    /// removed meanwhile. Blocks the thread.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn keep_installation_key(
        &self,
        name: &str,
        key: &InstallationKey,
    ) -> Result<Option<InstallationKey>, OpenError> {
        self.with_client(async |client| {
            client.execute(INSERT, &[&name, &key.value, &key.sealed, &key.made_s]).await?;
            find(client, name).await
        })
    }

    /// Stores a key in another form, if it is still stored in the form `old`. Blocks the thread.
    ///
    /// # Errors
    /// [`OpenError`], whose text is a sentence for the operator.
    pub fn replace_installation_key(
        &self,
        name: &str,
        old: &InstallationKey,
        new: &InstallationKey,
    ) -> Result<(), OpenError> {
        self.with_client(async |client| {
            client.execute(REPLACE, &[&name, &old.value, &new.value, &new.sealed]).await.map(|_| ())
        })
    }

    /// Runs work on a connection of its own, on a thread of its own.
    fn with_client<T: Send>(&self, work: impl AsyncFnOnce(&Client) -> Result<T, Error> + Send) -> Result<T, OpenError> {
        on_a_thread(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
            let answer = runtime.block_on(async {
                let link = Link::connect(self, "").await?;
                work(&link.client).await
            });
            answer.map_err(|error| migrate::refused(self, &error))
        })?
    }
}
