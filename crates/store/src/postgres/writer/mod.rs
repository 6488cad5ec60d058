//! The writer's connection: one transaction for each group of writes, under the lock of its part of the order.
//!
//! A group takes two round trips. The first begins the transaction, locks the part, reads the newest group of all nodes,
//! and what the writes will ask for. The second writes what the group has changed, its own row, and commits. Where other
//! nodes have committed groups since, more come between them: which rows these have changed, and then those of them that the
//! writes will ask for. The group grows then by the writes that have been queued while it waited. What rules ask for beyond
//! that costs a round trip each.
//!
//! What must stay true: statements reach the server in the order in which rules ran them: rows that wait in the buffer
//! are sent before any other statement. Rows of other nodes' groups are forgotten before a write is decided.

mod buffer;
mod catch_up;
mod changed;
mod channel;
mod commit;
mod foreseen;
mod incarnation;
mod known;
mod order;

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use quintet_domain::Timestamp;
use quintet_rules::{RowResult, WriterState};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Row, Statement};

use self::buffer::{Buffer, Lengths, MessageHead};
use self::changed::Changed;
use self::foreseen::{Foreseen, Kind};
use self::known::Known;
use self::order::{LOCK, Part, history};
use super::clock::Clock;
use super::error::{Fetched, PostgresError};
use super::incarnation::Incarnation;
use super::link::{Link, Step, is_lost};
use super::rows::PostgresRows;
use super::target::PostgresTarget;
use crate::writer::{AddQueued, Begun, Database, Submission};
use crate::{Delivered, Missed};

/// What the writer's connection is told first. A node that hangs with the lock loses it after two seconds, and nobody
/// waits for ever. It joins row by row, too: the others need tables that are read whole, or sorted. Statements are planned
/// once: one plan serves few rows and many, and to plan for each small group took as long as to write it.
const SETTINGS: &str = "SET idle_in_transaction_session_timeout = '2s'; SET lock_timeout = '10s';
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan";
/// Maximum time in which a lost connection is made again before the writes that wait for it are refused.
const RECONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The time between two tries to connect.
const RECONNECT_EVERY: Duration = Duration::from_millis(100);

/// The newest group and the clock of the database, read after the lock was given: a statement that waits for a lock
/// would see older rows.
const NEWEST: &str = "SELECT coalesce(g.number, 0), coalesce(g.position, 0), coalesce(g.mark, ''), coalesce(g.at, 0),
         (extract(epoch FROM clock_timestamp()) * 1000)::bigint
     FROM (SELECT) none LEFT JOIN (
         SELECT number, position, mark, at FROM commit_group WHERE part = 1 ORDER BY number DESC LIMIT 1) g ON true";
const SAVEPOINT: &str = "SAVEPOINT write";
const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT write";

/// The newest group that this node knows of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Applied {
    number: i64,
    position: u64,
    mark: Vec<u8>,
}

/// A savepoint, which the server is told of once something is written after it that cannot wait.
#[derive(Clone, Copy, Debug)]
struct Savepoint {
    /// What had been written but not sent when it was set.
    lengths: Lengths,
    position: u64,
    sent: bool,
}

/// The state of the open transaction, and what outlasts it.
#[derive(Default)]
struct State {
    applied: Applied,
    epoch: i64,
    /// The cluster and the timeline of the server, if it tells them.
    history: Option<String>,
    /// Whether a transaction is open.
    open: bool,
    /// Whether a statement of it has failed, after which the server accepts only a rollback to a savepoint, or of all.
    failed: bool,
    /// Whether rows that waited for a statement were lost with it, so that only a rollback of all is right.
    doomed: bool,
    /// How often the connection was lost or could not be made since it last served.
    attempts: u64,
    /// The newest position, those of the open transaction included.
    position: u64,
    /// The time of the group by the clock of the database.
    at: i64,
    buffer: Buffer,
    /// The head that the newest message of the transaction gives its conversation, without the number of members.
    message_head: Option<MessageHead>,
    /// Statements that are sent before the next one.
    control: Vec<&'static str>,
    savepoint: Option<Savepoint>,
    changed: Changed,
    known: Known,
    /// The number of rows that were written since the database was opened.
    rows_changed: u64,
    /// Their number when the transaction began.
    rows_changed_before: u64,
}

/// The connection of the writer.
pub(super) struct WriterLink {
    target: Arc<PostgresTarget>,
    clock: Clock,
    /// Drives the connection on the writer's own thread, while it waits for an answer.
    runtime: Runtime,
    link: RefCell<Option<Arc<Link>>>,
    state: RefCell<State>,
    /// Random, so that marks of two nodes differ.
    mark: [u8; 8],
    /// The number of statements that rules waited for.
    waited_for: Arc<AtomicU64>,
    /// What need not be read when other nodes are caught up with.
    delivered: Delivered,
    /// The incarnation of what it knows.
    incarnation: Incarnation,
}

/// The rows of the writer.
pub(super) type WriterRows = PostgresRows<WriterLink>;

impl WriterLink {
    /// Connects, and reads the newest position. What was committed before counts as delivered.
    pub(super) fn open(
        target: Arc<PostgresTarget>,
        clock: Clock,
        waited_for: Arc<AtomicU64>,
        delivered: Delivered,
    ) -> Result<(Self, u64, Incarnation), PostgresError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(PostgresError::Runtime)?;
        let mut mark = [0; 8];
        getrandom::fill(&mut mark).map_err(|error| PostgresError::Runtime(std::io::Error::other(error)))?;
        let (link, state) = (RefCell::new(None), RefCell::default());
        let incarnation = Incarnation::new(0);
        let mut writer = Self { target, clock, runtime, link, state, mark, waited_for, delivered, incarnation };
        let newest = writer.runtime.block_on(async {
            let link = writer.link().await?;
            let part = writer.first_part(&link).await?;
            Ok::<_, PostgresError>((link.run(&[Step::Rows(NEWEST, vec![])]).await?, part))
        });
        let (rows, part) = newest?;
        let applied = rows.first().and_then(|rows| rows.first()).map(newest_at).transpose()?;
        let (applied, _) = applied.ok_or(PostgresError::Lost)?;
        let position = applied.position;
        writer.delivered.advance(position);
        {
            let mut state = writer.state.borrow_mut();
            (state.applied, state.position, state.epoch) = (applied, position, part.epoch);
        }
        writer.incarnation = Incarnation::new(part.incarnation);
        let incarnation = writer.incarnation.clone();
        Ok((writer, position, incarnation))
    }

    /// The connection, which is made if there is none.
    async fn link(&self) -> Result<Arc<Link>, Error> {
        let known = self.link.borrow().clone().filter(|link| !link.client.is_closed());
        if let Some(link) = known {
            return Ok(link);
        }
        let link = Arc::new(Link::connect_by_keys(&self.target, SETTINGS).await?);
        let history = history(&link).await?;
        self.state.borrow_mut().history = history;
        *self.link.borrow_mut() = Some(Arc::clone(&link));
        Ok(link)
    }

    /// The connection of the open transaction.
    fn open_link(&self) -> Fetched<Arc<Link>> {
        self.link.borrow().clone().filter(|link| !link.client.is_closed()).ok_or(PostgresError::Lost)
    }

    /// Takes what must be sent before a statement. `writes` is whether the statement writes.
    fn take_steps(&self, writes: bool) -> Vec<Step> {
        let state = &mut *self.state.borrow_mut();
        let mut steps: Vec<Step> = state.control.drain(..).map(Step::Control).collect();
        let after = match &mut state.savepoint {
            Some(savepoint) if !savepoint.sent => {
                let after = state.buffer.split_off(savepoint.lengths);
                savepoint.lengths = Lengths::default();
                savepoint.sent = writes || !after.is_empty();
                savepoint.sent.then_some(after)
            }
            _ => None,
        };
        steps.extend(std::mem::take(&mut state.buffer).into_steps());
        if let Some(after) = after {
            steps.push(Step::Control(SAVEPOINT));
            steps.extend(after.into_steps());
        }
        steps
    }

    /// Runs a statement within the open transaction, behind everything that was written before it.
    fn ask<T, F: Future<Output = Result<T, Error>>>(
        &self,
        sql: &'static str,
        writes: bool,
        run: impl FnOnce(Arc<Link>, Statement) -> F,
    ) -> Fetched<T> {
        self.waited_for.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let steps = self.take_steps(writes);
        let link = self.open_link()?;
        // Until the steps are known to have run, no savepoint is certain to be where it was set.
        self.state.borrow_mut().doomed = true;
        let answer = self.runtime.block_on(async {
            for step in &steps {
                if let Step::Rows(sql, _) = step {
                    link.prepare(sql).await?;
                }
            }
            let statement = link.prepare(sql).await?;
            // The steps are sent first: whatever they need is prepared.
            let (before, answer) = tokio::join!(biased; link.run(&steps), run(Arc::clone(&link), statement));
            before?;
            Ok::<_, Error>(answer)
        })?;
        let mut state = self.state.borrow_mut();
        state.doomed = false;
        state.failed = answer.is_err();
        Ok(answer?)
    }

    /// Begins the transaction of a group: locks the order, forgets what other nodes have changed, and reads what the writes
    /// will ask for.
    fn begin(
        &self,
        submissions: &mut Vec<Submission>,
        add_queued: &mut AddQueued<'_>,
        cached: &mut WriterState,
    ) -> RowResult<Begun> {
        if self.incarnation.is_over() {
            return Err(PostgresError::Over.into());
        }
        let until = Instant::now() + RECONNECT_WITHIN;
        self.abandon();
        let foreseen = Foreseen::of(submissions, cached);
        let (reads, kinds) = foreseen.steps();
        let mut steps = vec![Step::Control("BEGIN"), Step::Rows(LOCK, vec![]), Step::Rows(NEWEST, vec![])];
        steps.extend(reads);
        let rows = loop {
            match self.runtime.block_on(self.try_begin(&steps)) {
                Ok(rows) => {
                    let attempts = std::mem::take(&mut self.state.borrow_mut().attempts);
                    if attempts > 0 {
                        tracing::warn!(attempts, "the writer reaches PostgreSQL again");
                    }
                    break rows;
                }
                // Nothing has been decided yet.
                Err(error) if is_lost(&error) && Instant::now() < until => {
                    self.state.borrow_mut().attempts += 1;
                    // Once, however often it is tried.
                    if self.state.borrow().attempts == 1 {
                        let error = super::error::explained(&error);
                        tracing::warn!(error, "the writer has lost PostgreSQL; it connects again");
                    }
                    *self.link.borrow_mut() = None;
                    self.runtime.block_on(async { tokio::time::sleep(RECONNECT_EVERY).await });
                }
                Err(error) => {
                    self.abandon();
                    if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
                        // A standby, which may have another history once it is promoted.
                        *self.link.borrow_mut() = None;
                    }
                    return Err(PostgresError::from(error).into());
                }
            }
        };
        let mut rows = rows.into_iter().skip(1);
        let (part, newest) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
        let (begun, others) = self.caught_up(&part, &newest, cached)?;
        self.keep_read((&foreseen, kinds), rows, cached)?;
        if others {
            let decided = submissions.len();
            add_queued(submissions);
            let more = Foreseen::beyond(submissions.split_at(decided), cached);
            let (steps, kinds) = more.steps();
            if !steps.is_empty() {
                let link = self.open_link()?;
                let rows = self.runtime.block_on(link.run(&steps)).map_err(PostgresError::from)?;
                self.keep_read((&more, kinds), rows, cached)?;
            }
        }
        Ok(begun)
    }

    async fn try_begin(&self, steps: &[Step]) -> Result<Vec<Vec<Row>>, Error> {
        let link = self.link().await?;
        self.state.borrow_mut().open = true;
        link.run(steps).await
    }

    /// Keeps the rows that were foreseen, as the statements of their kinds have returned them.
    fn keep_read(
        &self,
        (foreseen, kinds): (&Foreseen, Vec<Kind>),
        rows: impl IntoIterator<Item = Vec<Row>>,
        cached: &mut WriterState,
    ) -> Fetched<()> {
        let state = &mut *self.state.borrow_mut();
        for (kind, rows) in kinds.into_iter().zip(rows) {
            foreseen.keep(kind, &rows, &mut cached.cache, &mut state.known)?;
        }
        Ok(())
    }

    /// Catches up with other nodes, by what was read of the part and of the newest group. Returns also whether they have
    /// committed something since this node last did.
    fn caught_up(&self, part: &[Row], newest: &[Row], cached: &mut WriterState) -> Fetched<(Begun, bool)> {
        let part = Part::of(part.first().ok_or(PostgresError::Lost)?)?;
        let (newest, times) = newest_at(newest.first().ok_or(PostgresError::Lost)?)?;
        let (applied, epoch_before) = {
            let state = self.state.borrow();
            (state.applied.clone(), state.epoch)
        };
        self.continued(&part, (&applied, &newest), cached)?;
        let others = newest != applied;
        if part.epoch != epoch_before {
            cached.cache.clear();
        }
        let state = &mut *self.state.borrow_mut();
        let position = newest.position;
        (state.applied, state.position, state.epoch, state.at) = (newest, position, part.epoch, times);
        let now = match self.clock {
            Clock::Database => Some(Timestamp(times)),
            Clock::Environment => None,
        };
        Ok((Begun { position: Some(position), now }, others))
    }

    /// Forgets the open transaction, and tells the server to roll it back with the next statement.
    fn abandon(&self) {
        let state = &mut *self.state.borrow_mut();
        if std::mem::take(&mut state.open) {
            let rollback = async {
                let link = self.link.borrow().clone();
                if let Some(link) = link
                    && let Err(error) = link.client.batch_execute("ROLLBACK").await
                {
                    tracing::debug!(
                        error = super::error::explained(&error),
                        "a rollback failed; a new connection is made"
                    );
                    *self.link.borrow_mut() = None;
                }
            };
            self.runtime.block_on(rollback);
        }
        (state.failed, state.doomed) = (false, false);
        state.buffer = Buffer::default();
        state.message_head = None;
        state.control.clear();
        state.savepoint = None;
        state.changed = Changed::default();
        state.known = Known::default();
        state.position = state.applied.position;
        state.rows_changed_before = state.rows_changed;
    }
}

/// The newest group, and the time of the group that follows it: by the clock of the database, and never before it.
fn newest_at(row: &Row) -> Fetched<(Applied, i64)> {
    let position: i64 = row.try_get(1)?;
    let applied = Applied { number: row.try_get(0)?, position: position.cast_unsigned(), mark: row.try_get(2)? };
    let (at, now): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
    Ok((applied, now.max(at)))
}

impl Database for WriterRows {
    fn begin(&mut self) -> RowResult<()> {
        self.0.begin(&mut Vec::new(), &mut |_| (), &mut WriterState::default()).map(|_| ())
    }

    fn begin_group(
        &mut self,
        submissions: &mut Vec<Submission>,
        add_queued: &mut AddQueued<'_>,
        state: &mut WriterState,
    ) -> RowResult<Begun> {
        self.0.begin(submissions, add_queued, state)
    }

    fn missed(&mut self, after: u64, last: u64) -> RowResult<Missed> {
        self.0.entries(after, last)
    }

    fn commit(&mut self) -> RowResult<()> {
        Ok(self.0.commit()?)
    }

    fn rollback(&mut self) -> RowResult<()> {
        self.0.abandon();
        Ok(())
    }

    fn savepoint(&mut self) -> RowResult<()> {
        let state = &mut *self.0.state.borrow_mut();
        let lengths = state.buffer.lengths();
        state.savepoint = Some(Savepoint { lengths, position: state.position, sent: false });
        Ok(())
    }

    fn rollback_to_savepoint(&mut self) -> RowResult<()> {
        let Some(savepoint) = self.0.state.borrow().savepoint else { return Ok(()) };
        if savepoint.sent {
            // At once: while a statement has failed, the server prepares no other.
            let link = self.0.open_link()?;
            let rolled_back = self.0.runtime.block_on(link.client.batch_execute(ROLLBACK_TO_SAVEPOINT));
            rolled_back.map_err(PostgresError::from)?;
        }
        let state = &mut *self.0.state.borrow_mut();
        // Once the savepoint was sent, so was everything that was written before it.
        state.buffer.truncate(savepoint.lengths);
        state.position = savepoint.position;
        state.known = Known::default();
        state.failed &= !savepoint.sent;
        Ok(())
    }

    fn release_savepoint(&mut self) -> RowResult<()> {
        let state = &mut *self.0.state.borrow_mut();
        if state.savepoint.take().is_some_and(|savepoint| savepoint.sent) {
            state.control.push("RELEASE SAVEPOINT write");
        }
        Ok(())
    }

    fn has_open_transaction(&self) -> bool {
        let state = self.0.state.borrow();
        state.open && !state.failed && !state.doomed && self.0.open_link().is_ok()
    }

    fn rows_changed(&self) -> u64 {
        self.0.state.borrow().rows_changed
    }
}
