//! A connection that reads: one transaction per read, whose statements all see one state.
//!
//! What must stay true: a read that is interrupted leaves no statement running on the server; a connection that was lost
//! is made again for the next read.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use quintet_domain::limits::READ_SECONDS_MAX;
use quintet_rules::rows::{ConversationHead, LoggedChange, MemberRow, MessageRow};
use quintet_rules::{ConversationKey, RowResult, UserKey};
use tokio::runtime::Handle;
use tokio_postgres::Row;

use super::error::{Fetched, PostgresError};
use super::link::{Link, is_lost};
use super::rows::{Channel, Values};
use super::target::PostgresTarget;
use crate::StoreError;
use crate::readers::{Reader, Time};

/// Begins a read. All of its statements see one state, which READ COMMITTED would not give.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// The time between two looks whether a read's caller has gone away.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Maximum time that a cancelled statement may take to end; after it the connection is given up.
const CANCEL_WITHIN: Duration = Duration::from_secs(1);

/// The connection of a reader, which is made when it is first needed.
pub(super) struct ReadLink {
    target: Arc<PostgresTarget>,
    /// The runtime that drives the connection.
    handle: Handle,
    link: RefCell<Option<Arc<Link>>>,
    /// The time of the running read.
    time: RefCell<Option<Time>>,
    /// Whether the running read has begun its transaction.
    begun: Cell<bool>,
}

impl ReadLink {
    /// A reader whose connection is made when it is first needed.
    pub(super) fn new(target: Arc<PostgresTarget>, handle: Handle) -> Self {
        Self { target, handle, link: RefCell::new(None), time: RefCell::new(None), begun: Cell::new(false) }
    }

    /// Runs a statement. If the connection was lost before the read began, it is made again.
    async fn ask(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        let first = !self.begun.get();
        match self.ask_once(sql, values).await {
            Err(PostgresError::Database(error)) if first && is_lost(&error) => {
                self.give_up();
                self.ask_once(sql, values).await
            }
            answer => answer,
        }
    }

    async fn ask_once(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        let link = self.link().await?;
        let statement = self.within(&link, async { Ok(link.prepare(sql).await?) }).await?;
        if self.begun.replace(true) {
            return self.within(&link, async { Ok(link.client.query(&statement, values).await?) }).await;
        }
        // Both are sent at once.
        let both = async {
            let (begun, rows) =
                tokio::join!(biased; link.client.batch_execute(BEGIN), link.client.query(&statement, values));
            begun?;
            Ok(rows?)
        };
        self.within(&link, both).await
    }

    async fn link(&self) -> Fetched<Arc<Link>> {
        let known = self.link.borrow().clone().filter(|link| !link.client.is_closed());
        if let Some(link) = known {
            return Ok(link);
        }
        if self.begun.get() {
            return Err(PostgresError::Lost);
        }
        // A read that took too long is ended by the server as well, should this process be gone by then.
        let settings = format!("SET statement_timeout = '{}s'", READ_SECONDS_MAX * 12);
        let link = Arc::new(Link::connect_by_keys(&self.target, &settings).await?);
        *self.link.borrow_mut() = Some(Arc::clone(&link));
        Ok(link)
    }

    /// Closes the connection.
    fn give_up(&self) {
        self.begun.set(false);
        *self.link.borrow_mut() = None;
    }

    /// Waits for an answer of the server, and cancels the statement once the read's time is over.
    async fn within<T>(&self, link: &Link, answer: impl Future<Output = Fetched<T>>) -> Fetched<T> {
        tokio::pin!(answer);
        loop {
            let time = self.time.borrow().clone();
            let is_over = time.as_ref().is_some_and(Time::is_over);
            if is_over {
                self.target.cancel(&link.client).await;
                if tokio::time::timeout(CANCEL_WITHIN, &mut answer).await.is_err() {
                    return Err(PostgresError::Lost);
                }
                return Err(PostgresError::TooSlow);
            }
            let look = time.and_then(|time| time.until()).map_or(LOOK_EVERY, |until| {
                until.saturating_duration_since(std::time::Instant::now()).min(LOOK_EVERY).max(Duration::from_millis(1))
            });
            tokio::select! {
                biased;
                answered = &mut answer => return answered,
                () = tokio::time::sleep(look) => {}
            }
        }
    }
}

impl Reader for ReadLink {
    fn read_within<T>(
        &mut self,
        time: Time,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        *self.time.borrow_mut() = Some(time);
        // A read that panicked has left its transaction open.
        if self.begun.get() {
            self.give_up();
        }
        let result = read(self);
        let lost = matches!(&result, Err(StoreError::Rows(error))
            if matches!(error.downcast_ref(), Some(PostgresError::Lost)));
        if lost {
            self.give_up();
        } else if self.begun.replace(false)
            && let Some(link) = self.link.borrow().as_ref()
        {
            // It is sent before the next transaction begins, and nobody needs its result.
            let _ = link.client.batch_execute("ROLLBACK").now_or_never();
        }
        result.map_err(|error| match error {
            StoreError::Rows(error) if matches!(error.downcast_ref(), Some(PostgresError::TooSlow)) => {
                StoreError::TooSlow
            }
            error => error,
        })
    }
}

impl Channel for ReadLink {
    fn read(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        self.handle.block_on(self.ask(sql, values))
    }

    fn write(&self, _sql: &'static str, _values: Values<'_>) -> Fetched<Vec<Row>> {
        Err(PostgresError::ReadOnly)
    }

    fn run(&self, _sql: &'static str, _values: Values<'_>) -> Fetched<u64> {
        Err(PostgresError::ReadOnly)
    }

    fn insert_message(&self, _row: &MessageRow) -> RowResult<()> {
        Err(PostgresError::ReadOnly.into())
    }

    fn append_change(&self, _change: &LoggedChange) -> RowResult<()> {
        Err(PostgresError::ReadOnly.into())
    }

    fn update_head(&self, _key: ConversationKey, _head: ConversationHead) -> RowResult<()> {
        Err(PostgresError::ReadOnly.into())
    }

    fn move_cursor(&self, _conversation: ConversationKey, _user: UserKey, _row: &MemberRow) -> RowResult<()> {
        Err(PostgresError::ReadOnly.into())
    }

    fn insert_author(&self, _user: UserKey, _conversation: ConversationKey) -> RowResult<()> {
        Err(PostgresError::ReadOnly.into())
    }
}
