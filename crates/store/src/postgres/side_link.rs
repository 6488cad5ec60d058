//! A connection for small statements beside the order: what nodes count together, and who does what.
//!
//! What must stay true: nobody waits long for it; what it writes need not be durable.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio_postgres::Row;

use super::error::{Fetched, PostgresError};
use super::link::{Link, is_lost};
use super::rows::Values;
use super::target::PostgresTarget;
use crate::StoreError;

/// What the connection is told first.
const SETTINGS: &str = "SET synchronous_commit = off; SET statement_timeout = '2s'";
/// Maximum time that a caller waits for the database.
const PATIENCE: Duration = Duration::from_secs(3);

/// A connection that all callers share, and that is made when it is first needed and whenever it was lost.
pub(super) struct SideLink {
    target: Arc<PostgresTarget>,
    /// The runtime that drives the connection.
    handle: Handle,
    link: Mutex<Option<Arc<Link>>>,
}

impl SideLink {
    pub(super) fn new(target: Arc<PostgresTarget>, handle: Handle) -> Self {
        Self { target, handle, link: Mutex::default() }
    }

    async fn link(&self) -> Fetched<Arc<Link>> {
        let mut kept = self.link.lock().await;
        if let Some(link) = kept.as_ref().filter(|link| !link.client.is_closed()) {
            return Ok(Arc::clone(link));
        }
        let target = Arc::clone(&self.target);
        let connecting = self.handle.spawn(async move { Link::connect(&target, SETTINGS).await });
        let made = Arc::new(connecting.await.map_err(|_| PostgresError::Lost)??);
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Runs a statement. If the connection was lost since the last one, it is made again.
    pub(super) async fn query(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        let link = self.link().await?;
        match Self::query_on(&link, sql, values).await {
            Err(error) if is_lost(&error) => {
                *self.link.lock().await = None;
                Ok(Self::query_on(&*self.link().await?, sql, values).await?)
            }
            answer => Ok(answer?),
        }
    }

    async fn query_on(link: &Link, sql: &'static str, values: Values<'_>) -> Result<Vec<Row>, tokio_postgres::Error> {
        let statement = link.prepare(sql).await?;
        link.client.query(&statement, values).await
    }

    /// Waits for an answer, for at most [`PATIENCE`].
    pub(super) async fn within<T>(&self, answer: impl Future<Output = Fetched<T>>) -> Result<T, StoreError> {
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        Ok(answer.unwrap_or(Err(PostgresError::TooSlow))?)
    }
}
