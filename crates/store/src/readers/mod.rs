//! The pool of readers: each read takes a connection of its own, outside the async threads, in its party's turn.
//!
//! A thread that has ended a read begins the next one that waits for such a connection, and a caller lets others ask
//! before it starts a thread: when many clients connect at once, a third of the time was spent on waking a thread for
//! each of them.
//!
//! What must stay true: every read ends in time and returns its connection; a read whose caller has gone away ends
//! early; a connection that is free leaves no read waiting for it.

mod turns;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quintet_domain::limits::READ_SECONDS_MAX;
use quintet_domain::{Refusal, UserId};
use tokio::sync::oneshot;

pub(crate) use self::turns::Class;
use self::turns::{Full, Next, Turns};
use crate::error::READ_AGAIN_AFTER_MS;
use crate::store::ReadResult;
use crate::{Party, StoreError};

/// Maximum time of a read.
const WITHIN: Duration = Duration::from_secs(READ_SECONDS_MAX);

/// A connection of a database that reads use.
pub(crate) trait Reader: Send + 'static {
    /// Runs a read in a transaction of its own, so that all its statements see one state. Interrupts it with
    /// [`StoreError::TooSlow`] once its time is over.
    fn read_within<T>(
        &mut self,
        time: Time,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;
}

/// The time that a read may still take.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    until: Option<Instant>,
    stop: Arc<AtomicBool>,
}

impl Time {
    /// Whether the read took too long, or its caller has gone away.
    pub(crate) fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.until.is_some_and(|until| Instant::now() > until)
    }

    /// The moment at which the time is over; `None` if there is no limit.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }
}

/// A read that waits for a connection. It sends its own result to its caller.
type Job<C> = Box<dyn FnOnce(&mut C) + Send>;

type Queues<C> = Turns<C, Job<C>>;

/// The pool of readers. Cheap to clone.
pub(crate) struct Readers<C> {
    queues: Arc<Mutex<Queues<C>>>,
    /// Maximum time of a read.
    within: Duration,
}

impl<C> Clone for Readers<C> {
    fn clone(&self) -> Self {
        Self { queues: Arc::clone(&self.queues), within: self.within }
    }
}

/// A connection for one read, which is returned to the pool when this is dropped.
struct Turn<C> {
    readers: Readers<C>,
    class: Class,
    party: Party,
    /// The connection; present until this is dropped.
    connection: Option<C>,
}

impl<C> fmt::Debug for Readers<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").finish_non_exhaustive()
    }
}

/// The number of connections that the readers of a store need.
pub(crate) fn connections() -> usize {
    Class::ALL.into_iter().map(Class::connections).sum()
}

impl<C> Readers<C> {
    fn queues(&self) -> MutexGuard<'_, Queues<C>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a user as a service, whose reads may wait in larger numbers.
    pub(crate) fn note_service(&self, service: &UserId) {
        self.queues().note_service(service);
    }
}

impl<C: Reader> Readers<C> {
    pub(crate) fn new(connections: Vec<C>) -> Self {
        Self { queues: Arc::new(Mutex::new(Turns::new(connections))), within: WITHIN }
    }

    /// Runs a read in a transaction of its own, so that all its queries see one state. It waits for its party's turn,
    /// is refused if too many reads wait, and is interrupted if it takes too long.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        class: Class,
        party: impl Into<Party>,
        read: impl FnOnce(&C) -> Result<T, StoreError> + Send + 'static,
    ) -> ReadResult<'_, T> {
        let party = party.into();
        Box::pin(async move {
            let (reply, result) = oneshot::channel();
            let within = (party != Party::Server).then_some(self.within);
            let abandoned = Abandoned::default();
            let stop = Arc::clone(&abandoned.0);
            let job: Job<C> = Box::new(move |connection| {
                let time = Time { until: within.map(|within| Instant::now() + within), stop };
                drop(reply.send(connection.read_within(time, read)));
            });
            let (entered, begun) = {
                let mut queues = self.queues();
                // Reads that may begin, but have not, do not count as waiting.
                let full = queues.full(class, &party).is_some();
                let begun = if full { queues.all_that_may_begin() } else { Vec::new() };
                (queues.enter(class, &party, job), begun)
            };
            self.begin(begun);
            let number = entered.map_err(|full| match full {
                Full::Party => StoreError::Refused(Refusal::rate_limited(READ_AGAIN_AFTER_MS)),
                Full::All => StoreError::Busy,
            })?;
            // Removed from the queue as well if the caller drops this future.
            let place = Place { readers: self, class, party: &party, number };
            // Reads that are asked for at the same moment begin together, on few threads.
            tokio::task::yield_now().await;
            let begun = self.queues().all_that_may_begin();
            self.begin(begun);
            let result = result.await;
            // It has left the queue.
            std::mem::forget(place);
            // A read that panicked has dropped its end of the channel.
            result.map_err(|_| StoreError::Closed)?
        })
    }

    /// Begins reads, each on a thread of its own.
    fn begin(&self, reads: Vec<Next<C, Job<C>>>) {
        for next in reads {
            let (turn, job) = self.turn(next);
            tokio::task::spawn_blocking(move || read_all(turn, job));
        }
    }

    fn turn(&self, next: Next<C, Job<C>>) -> (Turn<C>, Job<C>) {
        let Next { class, party, connection, waiter } = next;
        (Turn { readers: self.clone(), class, party, connection: Some(connection) }, waiter)
    }
}

/// Reads with one connection for as long as reads wait for it.
fn read_all<C: Reader>(mut turn: Turn<C>, mut job: Job<C>) {
    while let Some(connection) = &mut turn.connection {
        // A read that panics takes no others with it. The hook of the process has written the panic to the log.
        drop(catch_unwind(AssertUnwindSafe(|| job(connection))));
        let readers = turn.readers.clone();
        let (next, others) = {
            let mut queues = readers.queues();
            turn.give_back(&mut queues);
            // The end of a read may also let its party begin one of another class.
            (queues.next_of(turn.class), queues.all_that_may_begin())
        };
        readers.begin(others);
        let Some(next) = next else { return };
        (turn, job) = readers.turn(next);
    }
}

impl<C> Turn<C> {
    /// Returns the connection to the pool. Does nothing the second time.
    fn give_back(&mut self, queues: &mut Queues<C>) {
        if let Some(connection) = self.connection.take() {
            queues.end(self.class, &self.party, connection);
        }
    }
}

impl<C> Drop for Turn<C> {
    fn drop(&mut self) {
        // Only if the runtime drops a read that it never started; nothing waits for the connection then.
        if self.connection.is_some() {
            let readers = self.readers.clone();
            self.give_back(&mut readers.queues());
        }
    }
}

/// A place in a queue, which is given up when this is dropped.
struct Place<'r, C> {
    readers: &'r Readers<C>,
    class: Class,
    party: &'r Party,
    number: u64,
}

impl<C> Drop for Place<'_, C> {
    fn drop(&mut self) {
        self.readers.queues().give_up(self.class, self.party, self.number);
    }
}

/// Marks, when dropped, that the caller of a read has gone away.
#[derive(Default)]
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use quintet_domain::UserId;
    use quintet_domain::limits::{HEAVY_READS_AT_ONCE_OF_PARTY, READS_WAITING_OF_USER};

    use rusqlite::Connection;

    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    fn readers(within: Duration) -> Readers<Connection> {
        let connections = (0..connections()).map(|_| Connection::open_in_memory().unwrap()).collect();
        Readers { within, ..Readers::new(connections) }
    }

    fn endless(conn: &Connection) -> Result<i64, StoreError> {
        Ok(conn.query_row(ENDLESS, [], |row| row.get(0))?)
    }

    fn quick(conn: &Connection) -> Result<i64, StoreError> {
        Ok(conn.query_row("SELECT 1", [], |row| row.get(0))?)
    }

    fn user(name: &str) -> Party {
        Party::User(UserId::trusted(name))
    }

    #[tokio::test]
    async fn a_read_that_takes_too_long_is_interrupted() {
        let readers = readers(Duration::from_millis(50));
        let refused = readers.run(Class::Heavy, user("mallory"), endless).await;
        assert!(matches!(refused, Err(StoreError::TooSlow)), "{refused:?}");
        // So does one that reads through the rows of rules.
        let wrapped = |conn: &Connection| match endless(conn) {
            Err(StoreError::Database(error)) => Err(StoreError::Rows(quintet_rules::RowsError::new(error))),
            other => other,
        };
        let refused = readers.run(Class::Heavy, user("mallory"), wrapped).await;
        assert!(matches!(refused, Err(StoreError::TooSlow)), "{refused:?}");
        // Its connection can be used as before.
        for _ in 0..Class::Heavy.connections() {
            assert_eq!(readers.run(Class::Heavy, user("ada"), quick).await.unwrap(), 1);
        }
    }

    /// If the caller goes away, its read ends, whether it had begun or was waiting.
    #[tokio::test]
    async fn a_read_that_nobody_waits_for_ends() {
        let readers = readers(Duration::from_secs(600));
        let tasks: Vec<_> = (0..READS_WAITING_OF_USER)
            .map(|_| {
                let readers = readers.clone();
                tokio::spawn(async move { readers.run(Class::Heavy, user("mallory"), endless).await })
            })
            .collect();
        // The user has as many reads in progress as allowed, and another user is served beside them.
        assert_eq!(readers.run(Class::Heavy, user("ada"), quick).await.unwrap(), 1);
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            assert!(task.await.unwrap_err().is_cancelled());
        }
        for _ in 0..=HEAVY_READS_AT_ONCE_OF_PARTY {
            assert_eq!(readers.run(Class::Heavy, user("mallory"), quick).await.unwrap(), 1);
        }
    }

    /// One thread runs the reads of many callers.
    #[tokio::test]
    async fn a_read_that_panics_takes_no_others_with_it() {
        let readers = readers(Duration::from_secs(600));
        let failing = |_: &Connection| -> Result<i64, StoreError> { panic!("a fault of a read") };
        let run = |read: fn(&Connection) -> Result<i64, StoreError>| readers.run(Class::Heavy, user("ada"), read);
        let (first, failed, last) = tokio::join!(run(quick), run(failing), run(quick));
        assert!(matches!(failed, Err(StoreError::Closed)), "{failed:?}");
        assert_eq!((first.unwrap(), last.unwrap()), (1, 1));
        // No connection was lost with it.
        for _ in 0..=connections() {
            assert!(run(failing).await.is_err());
            assert_eq!(run(quick).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn more_than_may_wait_is_refused_at_once() {
        let readers = readers(Duration::from_secs(600));
        let mallory = || readers.run(Class::Heavy, user("mallory"), endless);
        let mut waiting: Vec<_> =
            (0..HEAVY_READS_AT_ONCE_OF_PARTY + READS_WAITING_OF_USER).map(|_| mallory()).collect();
        for read in &mut waiting {
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(read.as_mut().poll(context))).await.is_pending()
            );
        }
        let refused = mallory().await.unwrap_err();
        let StoreError::Refused(refusal) = refused else { panic!("{refused}") };
        assert!(refusal.retry_after_ms.is_some());
        assert_eq!(readers.run(Class::Heavy, user("ada"), quick).await.unwrap(), 1);
    }
}
