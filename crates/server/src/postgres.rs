//! The store on PostgreSQL within the server: how it is opened and measured.
//!
//! What must stay true: nothing that is said of a database contains its user or its password.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use quintet_domain::{Environment, Quotas};
use quintet_store::{Clock, Delivered, OnCommit, OpenError, PostgresStore, PostgresTarget};

use crate::config::Database;
use crate::failure::Failure;
use crate::metrics::gauge;

/// The database that is configured, if one is.
pub(crate) fn target(database: &Database) -> Result<Option<PostgresTarget>, OpenError> {
    let url = database.url.as_deref();
    url.map(|url| PostgresTarget::parse(url, database.password.as_deref())).transpose()
}

/// Opens the database of a URL, and creates the folder for files. `delivered` is the position of the feed, if there is
/// one.
pub(crate) fn open(
    url: &str,
    password: Option<&str>,
    folder: &Path,
    environment: Arc<dyn Environment>,
    quotas: Quotas,
    delivered: Delivered,
    on_commit: OnCommit,
) -> Result<PostgresStore, OpenError> {
    std::fs::create_dir_all(folder).map_err(|why| OpenError::Folder { folder: folder.to_owned(), why })?;
    PostgresStore::open_with(
        PostgresTarget::parse(url, password)?,
        Clock::Database,
        environment,
        quotas,
        delivered,
        on_commit,
    )
}

/// The server and the database of a URL, without user and password.
pub(crate) fn name(url: &str) -> String {
    PostgresTarget::parse(url, None).map(|target| target.name()).unwrap_or_default()
}

/// The sentence about backups, which the tools of PostgreSQL make.
pub(crate) fn no_backup() -> Failure {
    "the data is in a PostgreSQL database, and pg_dump is the tool that copies it".to_owned()
}

/// The statements for which writes have waited.
#[derive(Debug)]
pub(crate) struct Statements {
    pub(crate) store: Arc<PostgresStore>,
}

impl Collector for Statements {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Statements for which writes have waited, beyond the two round trips of each group";
        gauge(&mut encoder, ("postgres_statements_waited", help), self.store.waited_for())
    }
}
