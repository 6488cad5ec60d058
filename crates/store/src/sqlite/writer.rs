//! The one writer: a thread that takes what is queued, runs each command in a savepoint, commits them together, and
//! then answers and hands on, in order.
//!
//! What must stay true: nobody is answered, and nothing is handed on, before the commit returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use quintet_domain::{Entry, Environment};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc;

use super::tx::Tx;
use crate::{Done, Group, OnCommit, OpenError, StoreError};

/// Commands that may wait for the writer; more make the asker wait.
const QUEUE: usize = 8_192;
/// Commands that share one commit, at most, so that the first of them does not wait for too many others.
const GROUP_MAX: usize = 512;

/// What is left to do for a command once its group is committed, or is not.
type Finish = Box<dyn FnOnce(Option<&str>) + Send>;

/// A command: runs in its savepoint, says whether to keep it, and gives what is left to do.
type Job = Box<dyn FnOnce(&mut Tx<'_>) -> (bool, Finish) + Send>;

#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        conn: Connection,
        environment: Arc<dyn Environment>,
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        // The version first: what another process commits in between is caught up with, not missed.
        let version = data_version(&conn)?;
        let position =
            conn.query_row("SELECT coalesce(max(position), 0) FROM change", [], |row| row.get::<_, i64>(0))?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_loop(conn, jobs, &*environment, on_commit, (position as u64, version)))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a write; ready when it is queued.
    pub(super) async fn queue<T: Send + 'static>(
        &self,
        done: Done<T>,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) {
        let sender = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return done(Err(StoreError::Closed)) };
        let Ok(place) = sender.reserve().await else { return done(Err(StoreError::Closed)) };
        place.send(Box::new(move |tx| {
            let result = run(tx);
            let keep = result.is_ok();
            let finish = move |failure: Option<&str>| match failure {
                // A refusal stands whether or not the rest was committed.
                Some(why) if keep => done(Err(StoreError::Commit(why.to_owned()))),
                _ => done(result),
            };
            (keep, Box::new(finish))
        }));
    }

    /// Lets the writer finish what is queued, and waits for it.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

fn write_loop(
    mut conn: Connection,
    mut jobs: mpsc::Receiver<Job>,
    environment: &dyn Environment,
    mut on_commit: OnCommit,
    (mut position, mut version): (u64, i64),
) {
    let mut group = Vec::new();
    while jobs.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        let began = Instant::now();
        let (finishes, outcome) = commit_group(&mut conn, &mut group, environment, position, &mut version);
        match outcome {
            Ok((entries, reached)) => {
                position = reached;
                let (commands, took) = (finishes.len(), began.elapsed());
                answer(finishes, None);
                on_commit(Group { entries, commands, took });
            }
            Err(error) => {
                tracing::error!(%error, commands = finishes.len(), "a group of commands was not committed");
                let why = error.to_string();
                answer(finishes, Some(&why));
            }
        }
    }
    // A clean end leaves one file, which is easier to copy.
    let _ = conn.pragma_update(None, "wal_checkpoint", "TRUNCATE");
}

/// Answers all of a group. A panic of whoever is answered is not the writer's.
fn answer(finishes: Vec<Finish>, failure: Option<&str>) {
    for finish in finishes {
        if catch_unwind(AssertUnwindSafe(|| finish(failure))).is_err() {
            tracing::error!("an answer panicked");
        }
    }
}

type GroupOutcome = Result<(Vec<Entry>, u64), rusqlite::Error>;

fn commit_group(
    conn: &mut Connection,
    group: &mut Vec<Job>,
    environment: &dyn Environment,
    position: u64,
    version: &mut i64,
) -> (Vec<Finish>, GroupOutcome) {
    let mut finishes = Vec::with_capacity(group.len());
    let transaction = match conn.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            finishes.extend(group.drain(..).map(refuse));
            return (finishes, Err(error));
        }
    };
    let mut tx = Tx::new(&transaction, environment, position);
    let caught_up = tx.catch_up(*version);
    let mut broken = None;
    let reached_version = match caught_up {
        Ok(reached) => reached,
        Err(error) => {
            broken = Some(error);
            *version
        }
    };
    for job in group.drain(..) {
        if broken.is_some() {
            finishes.push(refuse(job));
            continue;
        }
        match run_in_savepoint(&mut tx, job) {
            Ok(finish) => finishes.extend(finish),
            Err(error) => broken = Some(error),
        }
    }
    let (entries, reached) = tx.into_entries();
    let outcome = match broken {
        None => transaction.commit().map(|()| {
            *version = reached_version;
            (entries, reached)
        }),
        Some(error) => transaction.rollback().and(Err(error)),
    };
    (finishes, outcome)
}

/// Changes whenever another process has committed; the command line does while a server runs.
pub(super) fn data_version(conn: &Connection) -> Result<i64, rusqlite::Error> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// The answer to a command that was never run.
fn refuse(job: Job) -> Finish {
    // Dropping the job drops its answer; whoever waits for it sees that the store gave none.
    Box::new(move |_| drop(job))
}

fn run_in_savepoint(tx: &mut Tx<'_>, job: Job) -> Result<Option<Finish>, rusqlite::Error> {
    tx.conn.prepare_cached("SAVEPOINT command")?.execute([])?;
    let mark = tx.mark();
    let result = catch_unwind(AssertUnwindSafe(|| job(tx)));
    let (keep, finish) = match result {
        Ok((keep, finish)) => (keep, Some(finish)),
        Err(_) => {
            tracing::error!("a command panicked in the writer; it was taken back");
            (false, None)
        }
    };
    if !keep {
        tx.back_to(mark);
        tx.conn.prepare_cached("ROLLBACK TO command")?.execute([])?;
    }
    tx.conn.prepare_cached("RELEASE command")?.execute([])?;
    Ok(finish)
}
