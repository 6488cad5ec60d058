//! A connection to the server, with the statements that were prepared on it.
//!
//! What must stay true: statements that are sent together are sent in their order, because each is prepared before the
//! first of them is sent.

use std::collections::HashMap;
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, Row, Socket, Statement};

use super::target::{PostgresTarget, Stream};

/// What every connection is told first. Commits must be durable when they return, whatever the default of the database.
const SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SET jit = off";
/// What a connection is told besides whose statements find rows by keys. A plan is kept for as long as the statistics by
/// which it was made, and a table that was small then is read whole long after it has grown.
const BY_KEYS: &str = "SET enable_seqscan = off";

/// A connection to the server. Its input and output are driven by a task of the runtime on which it was made.
pub(super) struct Link {
    pub(super) client: Client,
    /// Prepared statements by their texts.
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// The number of warnings that the server has sent.
    warnings: Arc<AtomicU64>,
}

/// A value of a statement, owned.
pub(super) type Value = Box<dyn ToSql + Sync + Send>;

/// A statement that is sent together with others.
pub(super) enum Step {
    /// A statement without parameters and results, such as `BEGIN`.
    Control(&'static str),
    /// A statement with its values.
    Rows(&'static str, Vec<Value>),
}

/// A statement that was sent, or is about to be.
type Sent<'s> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Error>> + 's>>;

impl Link {
    /// Connects to a database.
    pub(super) async fn connect(target: &PostgresTarget, settings: &str) -> Result<Self, Error> {
        let (client, connection) = target.connect().await?;
        let warnings = Arc::new(AtomicU64::new(0));
        tokio::spawn(drive(connection, Arc::clone(&warnings)));
        client.batch_execute(SETTINGS).await?;
        if !settings.is_empty() {
            client.batch_execute(settings).await?;
        }
        Ok(Self { client, statements: Mutex::default(), warnings })
    }

    /// Connects to a database for statements that find rows by keys, and read no table whole.
    pub(super) async fn connect_by_keys(target: &PostgresTarget, settings: &str) -> Result<Self, Error> {
        let link = Self::connect(target, settings).await?;
        link.client.batch_execute(BY_KEYS).await?;
        Ok(link)
    }

    /// The number of warnings that the server has sent.
    pub(super) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::Acquire)
    }

    /// Prepares a statement, unless it is already.
    pub(super) async fn prepare(&self, sql: &'static str) -> Result<Statement, Error> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(sql, statement.clone());
        Ok(statement)
    }

    /// Runs statements in one round trip, in their order. Returns the rows of each, up to the first error.
    pub(super) async fn run(&self, steps: &[Step]) -> Result<Vec<Vec<Row>>, Error> {
        let mut prepared = Vec::with_capacity(steps.len());
        for step in steps {
            prepared.push(match step {
                Step::Control(_) => None,
                Step::Rows(sql, _) => Some(self.prepare(sql).await?),
            });
        }
        let sent = steps.iter().zip(prepared).map(|(step, statement)| self.send(step, statement));
        // Fewer than thirty, which are polled in this order.
        futures_util::future::join_all(sent).await.into_iter().collect()
    }

    fn send<'s>(&'s self, step: &'s Step, statement: Option<Statement>) -> Sent<'s> {
        match (step, statement) {
            (Step::Rows(_, values), Some(statement)) => Box::pin(async move {
                let values: Vec<&(dyn ToSql + Sync)> =
                    values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
                self.client.query(&statement, &values).await
            }),
            (Step::Control(sql) | Step::Rows(sql, _), _) => {
                Box::pin(async move { self.client.batch_execute(sql).await.map(|()| Vec::new()) })
            }
        }
    }
}

/// Drives a connection until it ends. Notices of a migration are nothing that an operator must read.
pub(super) async fn drive_quietly(mut connection: Connection<Socket, Stream>) {
    while let Some(Ok(_)) = poll_fn(|context| connection.poll_message(context)).await {}
}

/// Drives a connection until it ends, and counts the server's warnings.
async fn drive(mut connection: Connection<Socket, Stream>, warnings: Arc<AtomicU64>) {
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notice(notice))) => {
                if notice.parsed_severity() == Some(Severity::Warning) {
                    warnings.fetch_add(1, Ordering::AcqRel);
                    tracing::warn!(message = notice.message(), "a warning of PostgreSQL");
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(error = super::error::explained(&error), "a connection to PostgreSQL ended");
                return;
            }
            None => return,
        }
    }
}

/// Whether an error means that the connection is lost, so that what it was asked last may or may not have happened.
pub(super) fn is_lost(error: &Error) -> bool {
    let Some(database) = error.as_db_error() else {
        return error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    };
    let gone = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    gone.contains(database.code()) || matches!(database.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
}
