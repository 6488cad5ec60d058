//! The lock of the nodes: whether others may use a database beside this one.
//!
//! Nodes whose files all can reach have it together. A node with files in a folder of its own has it alone, and so has a
//! copy of the database.
//!
//! What must stay true: it is an advisory lock of a session, so that it falls with the process that has it, however that
//! one ends, and a node that starts again never meets itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::Error;

use super::error::explained;
use super::link::Link;
use super::target::PostgresTarget;
use crate::NodeFiles;

/// The key of the lock: the bytes of `quintet2`.
pub(super) const LOCK: i64 = i64::from_be_bytes(*b"quintet2");

/// What the connection is told first. The server soon notices that the machine of a node is gone, and gives the lock to the
/// next one.
const SETTINGS: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
/// The time to wait for nodes that end.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts at the start.
const PAUSE: Duration = Duration::from_millis(50);
/// The time between two looks whether the connection is there.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The time between two complaints that the lock could not be had again.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// The statement that takes the lock.
fn statement(files: NodeFiles) -> &'static str {
    match files {
        NodeFiles::OfThisNode => "SELECT pg_try_advisory_lock($1)",
        NodeFiles::OfAllNodes => "SELECT pg_try_advisory_lock_shared($1)",
    }
}

/// A session that may have the lock.
pub(super) struct Joined(Option<Link>);

/// Takes the lock, and waits a little for nodes that end. Returns `None` if others have it.
pub(super) async fn join(target: &PostgresTarget, files: NodeFiles) -> Result<Option<Joined>, Error> {
    let link = Link::connect(target, SETTINGS).await?;
    let until = Instant::now() + PATIENCE;
    loop {
        if lock(&link, files).await? {
            return Ok(Some(Joined(Some(link))));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn lock(link: &Link, files: NodeFiles) -> Result<bool, Error> {
    link.client.query_one(statement(files), &[&LOCK]).await?.try_get(0)
}

/// Keeps the lock: takes it again whenever the connection was lost. Runs until it is dropped.
pub(super) async fn keep(target: Arc<PostgresTarget>, files: NodeFiles, mut joined: Joined) {
    let mut complained: Option<Instant> = None;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if joined.0.as_ref().is_some_and(|link| !link.client.is_closed()) {
            continue;
        }
        joined.0 = None;
        let again = async {
            let link = Link::connect(&target, SETTINGS).await?;
            Ok::<_, Error>(lock(&link, files).await?.then_some(link))
        };
        match again.await {
            Ok(Some(link)) => {
                joined.0 = Some(link);
                complained = None;
            }
            Ok(None) if complained.is_none_or(|at| at.elapsed() > COMPLAIN_EVERY) => {
                complained = Some(Instant::now());
                tracing::error!(
                    "another node uses the database, and cannot reach the files of this one, or this one its files; stop one of \
                     the two"
                );
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(error = explained(&error), "the lock of the nodes is not held"),
        }
    }
}
