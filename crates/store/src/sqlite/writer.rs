//! The one writer: a thread that takes what is queued, runs each command so that it can be taken back, commits them
//! together, and then answers and hands on, in order.
//!
//! What must stay true: nobody is answered, and nothing is handed on, before the commit returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use quintet_domain::{Entry, Environment, Refusal};
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc;

use super::space::Space;
use super::tx::{Kept, Tx};
use crate::{Done, Group, OnCommit, OpenError, Quotas, StoreError};

/// Commands that may wait for the writer; more make the asker wait.
const QUEUE: usize = 8_192;
/// Commands that share one commit, at most, so that the first of them does not wait for too many others.
const GROUP_MAX: usize = 512;

/// Groups that are careful after one that was not committed.
const CAREFUL_GROUPS: u32 = 100;
/// A version that the database never has: what is committed is read again.
const VERSION_UNKNOWN: i64 = -1;

/// What is left to do for a command once its group is committed, or is not.
type Finish = Box<dyn FnOnce(Option<&str>) + Send>;

/// What a command may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Messages, their conversations' numbers, cursors; and it refuses before its first write. So nothing has to be
    /// taken back, and the savepoint is saved, for which SQLite copies each page that is written.
    Checked,
    /// Messages, their conversations' numbers, cursors.
    Messages,
    /// Anything.
    All,
}

/// Whether a command stores something that was not there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// It stores something new, so it is refused while the disk is full.
    Room,
    /// It only deletes or marks rows, so it runs even while the disk is full.
    Nothing,
}

/// A command: runs, says whether to keep it, and gives what is left to do.
type Run = Box<dyn FnOnce(&mut Tx<'_>) -> (bool, Finish) + Send>;

struct Job {
    scope: Scope,
    run: Run,
}

#[derive(Debug)]
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    space: Space,
}

impl Writer {
    pub(super) fn start(
        conn: Connection,
        environment: Arc<dyn Environment>,
        (quotas, space): (Quotas, Space),
        on_commit: OnCommit,
    ) -> Result<Self, OpenError> {
        // The version first: what another process commits in between is caught up with, not missed.
        let version = data_version(&conn)?;
        let position =
            conn.query_row("SELECT coalesce(max(position), 0) FROM change", [], |row| row.get::<_, i64>(0))?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_loop(conn, jobs, (&*environment, quotas), on_commit, (position as u64, version)))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)), space })
    }

    /// The free space of the disk.
    pub(super) fn space(&self) -> &Space {
        &self.space
    }

    /// Queues a write; ready when it is queued. One that needs room is refused at once where there is none.
    pub(super) async fn queue<T: Send + 'static>(
        &self,
        (scope, needs): (Scope, Needs),
        done: Done<T>,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) {
        if needs == Needs::Room && self.space.is_full() {
            return done(Err(Refusal::storage_full().into()));
        }
        let sender = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return done(Err(StoreError::Closed)) };
        let Ok(conversation) = sender.reserve().await else { return done(Err(StoreError::Closed)) };
        let run: Run = Box::new(move |tx| {
            let result = run(tx);
            let keep = result.is_ok();
            let finish = move |failure: Option<&str>| match failure {
                // A refusal stands whether or not the rest was committed.
                Some(why) if keep => done(Err(StoreError::Commit(why.to_owned()))),
                _ => done(result),
            };
            (keep, Box::new(finish))
        });
        conversation.send(Job { scope, run });
    }

    /// How many commands wait.
    pub(super) fn waiting(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
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
    (environment, quotas): (&dyn Environment, Quotas),
    mut on_commit: OnCommit,
    (mut position, mut version): (u64, i64),
) {
    let mut group = Vec::new();
    let kept = Kept { quotas, ..Kept::default() };
    // After a command that failed half-way each has a savepoint for a while, so that the next such takes nobody along.
    let mut careful = 0_u32;
    while jobs.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        let began = Instant::now();
        let (finishes, outcome) =
            commit_group(&mut conn, &mut group, environment, (&kept, careful > 0), position, &mut version);
        match outcome {
            Ok((entries, reached)) => {
                careful = careful.saturating_sub(1);
                position = reached;
                let (commands, took) = (finishes.len(), began.elapsed());
                answer(finishes, None);
                on_commit(Group { entries, commands, took, committed: true });
            }
            Err(error) => {
                kept.known.borrow_mut().forget_all();
                careful = CAREFUL_GROUPS;
                // What is committed is found out anew, whatever it was that failed.
                version = VERSION_UNKNOWN;
                tracing::error!(%error, commands = finishes.len(), "a group of commands was not committed");
                let (why, commands) = (error.to_string(), finishes.len());
                answer(finishes, Some(&why));
                on_commit(Group { entries: Vec::new(), commands, took: began.elapsed(), committed: false });
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

/// Why a group was not committed.
#[derive(Debug, thiserror::Error)]
enum GroupError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("a command failed after it had written")]
    HalfWritten,
    #[error("the database ended the transaction of the group")]
    Ended,
}

type GroupOutcome = Result<(Vec<Entry>, u64), GroupError>;

fn commit_group(
    conn: &mut Connection,
    group: &mut Vec<Job>,
    environment: &dyn Environment,
    (kept, careful): (&Kept, bool),
    position: u64,
    version: &mut i64,
) -> (Vec<Finish>, GroupOutcome) {
    let mut finishes = Vec::with_capacity(group.len());
    let transaction = match conn.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            finishes.extend(group.drain(..).map(refuse));
            return (finishes, Err(error.into()));
        }
    };
    let mut tx = Tx::new(&transaction, environment, kept, position);
    let caught_up = tx.catch_up(*version);
    let mut broken = None;
    let reached_version = match caught_up {
        Ok(reached) => reached,
        Err(error) => {
            broken = Some(error.into());
            *version
        }
    };
    for job in group.drain(..) {
        if broken.is_some() {
            finishes.push(refuse(job));
            continue;
        }
        tx.begin(job.scope != Scope::All);
        let checked = job.scope == Scope::Checked && !careful;
        let (finish, error) = if checked { run_checked(&mut tx, job) } else { run_in_savepoint(&mut tx, job) };
        finishes.extend(finish);
        // A failure of the disk or of memory rolls everything back by itself: what came after would stand alone.
        broken = error.or_else(|| tx.conn.is_autocommit().then_some(GroupError::Ended));
    }
    let (entries, reached) = tx.into_entries();
    let outcome = match broken {
        None => transaction.commit().map_err(GroupError::from).map(|()| {
            *version = reached_version;
            (entries, reached)
        }),
        Some(error) if transaction.is_autocommit() => Err(error),
        Some(error) => transaction.rollback().map_err(GroupError::from).and(Err(error)),
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

/// What is left to do for a command that ran, and why its group cannot be committed, if it cannot.
type Ran = (Option<Finish>, Option<GroupError>);

/// Runs a command that writes nothing unless it is kept.
fn run_checked(tx: &mut Tx<'_>, job: Job) -> Ran {
    let (mark, changes) = (tx.mark(), tx.conn.total_changes());
    let (keep, finish) = run(tx, job);
    if keep {
        return (finish, None);
    }
    tx.back_to(mark);
    tx.forget_known();
    // A failure of the database, or a panic, half-way: the whole group is taken back rather than half a message kept.
    let half = tx.conn.total_changes() != changes;
    (finish, half.then_some(GroupError::HalfWritten))
}

fn run_in_savepoint(tx: &mut Tx<'_>, job: Job) -> Ran {
    if let Err(error) = tx.conn.prepare_cached("SAVEPOINT command").and_then(|mut begin| begin.execute([])) {
        return (Some(refuse(job)), Some(error.into()));
    }
    let mark = tx.mark();
    let (keep, finish) = run(tx, job);
    let mut ended = Ok(());
    if !keep {
        tx.back_to(mark);
        tx.forget_known();
        ended = tx.conn.execute_batch("ROLLBACK TO command");
    }
    let ended = ended.and_then(|()| tx.conn.prepare_cached("RELEASE command")?.execute([]));
    (finish, ended.err().map(GroupError::from))
}

/// Runs a command; one that panics is not kept, and answers nobody.
fn run(tx: &mut Tx<'_>, job: Job) -> (bool, Option<Finish>) {
    match catch_unwind(AssertUnwindSafe(|| (job.run)(tx))) {
        Ok((keep, finish)) => (keep, Some(finish)),
        Err(_) => {
            tracing::error!("a command panicked in the writer; it was taken back");
            (false, None)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use quintet_domain::Timestamp;

    use super::*;

    struct Still;

    impl Environment for Still {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        fn new_id(&self) -> String {
            String::new()
        }

        fn secret(&self) -> u128 {
            0
        }
    }

    /// A command that runs some SQL, and is kept or not; counts whom it tells that it was committed.
    fn job(scope: Scope, sql: &'static str, keep: bool, told: &Arc<AtomicUsize>) -> Job {
        let told = Arc::clone(told);
        let run: Run = Box::new(move |tx| {
            tx.conn.execute_batch(sql).unwrap();
            let finish = move |failure: Option<&str>| {
                told.fetch_add(usize::from(keep && failure.is_none()), Ordering::Relaxed);
            };
            (keep, Box::new(finish))
        });
        Job { scope, run }
    }

    /// Runs a group over an empty table; gives why it was not committed, how many rows there are, who was told.
    fn group(careful: bool, jobs: &[(Scope, &'static str, bool)]) -> (Option<String>, i64, usize) {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE said (n INTEGER)").unwrap();
        let told = Arc::new(AtomicUsize::new(0));
        let mut queued = jobs.iter().map(|(scope, sql, keep)| job(*scope, sql, *keep, &told)).collect();
        let mut version = data_version(&conn).unwrap();
        let kept = Kept::default();
        let (finishes, outcome) = commit_group(&mut conn, &mut queued, &Still, (&kept, careful), 0, &mut version);
        let failure = outcome.err().map(|error| error.to_string());
        answer(finishes, failure.as_deref());
        let rows = conn.query_row("SELECT count(*) FROM said", [], |row| row.get(0)).unwrap();
        (failure, rows, told.load(Ordering::Relaxed))
    }

    const SAY: &str = "INSERT INTO said VALUES (1)";

    #[test]
    fn a_refusal_takes_nobody_along() {
        for scope in [Scope::Checked, Scope::Messages, Scope::All] {
            let jobs = [(scope, SAY, true), (scope, "SELECT 1", false), (scope, SAY, true)];
            assert_eq!(group(false, &jobs), (None, 2, 2), "{scope:?}");
        }
        let jobs = [(Scope::Messages, SAY, true), (Scope::Messages, SAY, false), (Scope::Messages, SAY, true)];
        assert_eq!(group(false, &jobs), (None, 2, 2), "what it wrote is taken back");
    }

    #[test]
    fn half_a_command_is_never_kept() {
        let jobs = [(Scope::Checked, SAY, true), (Scope::Checked, SAY, false), (Scope::Checked, SAY, true)];
        let (failure, rows, told) = group(false, &jobs);
        assert_eq!((failure.as_deref(), rows, told), (Some("a command failed after it had written"), 0, 0));
        assert_eq!(group(true, &jobs), (None, 2, 2), "whoever is careful takes it back alone");
    }

    #[test]
    fn nothing_stands_alone_after_the_database_gave_up() {
        for scope in [Scope::Checked, Scope::Messages, Scope::All] {
            // As SQLite does by itself when the disk fails: the transaction is over, and each statement would be one.
            let jobs = [(scope, SAY, true), (Scope::Checked, "ROLLBACK", false), (scope, SAY, true)];
            let (failure, rows, told) = group(false, &jobs);
            assert_eq!((failure.is_some(), rows, told), (true, 0, 0), "{scope:?}");
        }
    }
}
