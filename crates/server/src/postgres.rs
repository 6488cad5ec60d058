//! The store on PostgreSQL within the server: how it is opened, followed and measured.
//!
//! What must stay true: what other nodes and the command line commit is delivered within about a second, even while this
//! node writes nothing.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use quintet_domain::{Barrier, Quotas};
use quintet_store::{Clock, OnCommit, OpenError, PostgresStore, PostgresTarget, ReplyTo, Store};

use crate::config::Database;
use crate::environment::SystemEnvironment;
use crate::failure::Failure;
use crate::metrics::gauge;

/// The time between two looks at what others have committed.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// The database that is configured, if one is.
pub(crate) fn target(database: &Database) -> Result<Option<PostgresTarget>, OpenError> {
    let url = database.url.as_deref();
    url.map(|url| PostgresTarget::parse(url, database.password.as_deref())).transpose()
}

/// Opens the database of a URL, and creates the folder for files.
pub(crate) fn open(
    url: &str,
    password: Option<&str>,
    folder: &Path,
    environment: Arc<SystemEnvironment>,
    quotas: Quotas,
    on_commit: OnCommit,
) -> Result<PostgresStore, OpenError> {
    std::fs::create_dir_all(folder).map_err(|why| OpenError::Folder { folder: folder.to_owned(), why })?;
    let target = PostgresTarget::parse(url, password)?;
    PostgresStore::open(target, Clock::Database, environment, quotas, on_commit)
}

/// The server and the database of a URL, without user and password.
pub(crate) fn name(url: &str) -> String {
    PostgresTarget::parse(url, None).map(|target| target.name()).unwrap_or_default()
}

/// Lets the writer look for what others have committed, for as long as the store is open: an empty group catches up as
/// every group does.
pub(crate) fn follow(store: &Arc<PostgresStore>) {
    let store = Arc::downgrade(store);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(FOLLOW_EVERY).await;
            let Some(store) = store.upgrade() else { return };
            if store.submit(Barrier.into(), ReplyTo::Nobody).await.is_err() {
                return;
            }
        }
    });
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
