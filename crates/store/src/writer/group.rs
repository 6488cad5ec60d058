//! The group step: applies some writes in one transaction so that each can be taken back, commits them together, and
//! then replies to each.
//!
//! What must stay true: nobody is replied to before the commit has returned. One refusal takes no other write along,
//! and a write that failed after it had written leaves nothing behind. There is no thread, no queue and no clock here
//! (but for the time that a group took, which is measured), so that a simulation runs the same step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use quintet_domain::{CommandReply, Commit, Entry, Environment, Refusal, Write, Written};
use quintet_rules::{RowsError, RuleError, RuleResult, Transaction, WriterState};

use super::database::Database;
use crate::{Group, ReplyTo, StoreError};

/// Groups in which every write has a savepoint, after one that was not committed.
const CAREFUL_GROUPS: u32 = 100;

/// A write that waits for the writer.
#[derive(Debug)]
pub struct Submission {
    /// The write to apply.
    pub write: Write,
    /// Where its result goes.
    pub reply_to: ReplyTo,
}

/// A write that ran, with its result.
struct Ran {
    reply_to: ReplyTo,
    /// The place of the reply in the stream.
    after: u64,
    result: Result<Written, StoreError>,
}

/// Why a group was not committed.
#[derive(Debug, thiserror::Error)]
enum GroupError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error("a write failed after it had written")]
    HalfWritten,
    #[error("the database ended the transaction of the group")]
    Ended,
}

/// Commits groups of writes, one after the other, and keeps what lasts from one to the next.
#[derive(Debug)]
pub struct Committer {
    state: WriterState,
    /// The newest position that is committed.
    position: u64,
    /// Groups that are still to be careful: after a write that failed half-way, every write has a savepoint for a
    /// while, so that the next one that fails takes no other along.
    careful_groups: u32,
}

impl Committer {
    /// A committer over a database whose newest position is `position`.
    #[must_use]
    pub fn new(state: WriterState, position: u64) -> Self {
        Self { state, position, careful_groups: 0 }
    }

    /// The newest position that is committed.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// What lasts from one group to the next, for tests that look into the cache.
    #[must_use]
    pub fn state(&self) -> &WriterState {
        &self.state
    }

    /// Applies the submissions in their order and commits them together. Callers are replied to in it, once the commit
    /// has returned; replies to tickets are in the group that it gives. Where the commit fails every write of the group
    /// is refused.
    pub fn commit_group(
        &mut self,
        database: &mut impl Database,
        environment: &dyn Environment,
        submissions: Vec<Submission>,
    ) -> Group {
        let began = Instant::now();
        let writes = submissions.len();
        let position = self.position;
        let mut run =
            Run { committer: self, environment, entries: Vec::new(), position, ran: Vec::with_capacity(writes) };
        let outcome = run.all(database, submissions);
        let Run { entries, position, ran, .. } = run;
        let committed = outcome.is_ok();
        let commit = match outcome {
            Ok(()) => {
                self.careful_groups = self.careful_groups.saturating_sub(1);
                self.position = position;
                Commit { position, replies: reply(ran, None), entries }
            }
            Err(error) => {
                self.state.cache.clear();
                self.careful_groups = CAREFUL_GROUPS;
                tracing::error!(%error, writes, "a group of writes was not committed");
                let failed = Failed { why: error.to_string(), position: self.position };
                Commit { position: self.position, replies: reply(ran, Some(&failed)), entries: Vec::new() }
            }
        };
        Group { commit, writes, took: began.elapsed(), committed }
    }
}

/// A group that was not committed.
struct Failed {
    why: String,
    /// The newest position that is committed, behind which all replies stand.
    position: u64,
}

/// Replies to callers; gives the replies to tickets.
fn reply(ran: Vec<Ran>, failed: Option<&Failed>) -> Vec<CommandReply> {
    let mut replies = Vec::new();
    for Ran { reply_to, after, result } in ran {
        let (after, result) = match (failed, result) {
            (Some(failed), Ok(_)) => (failed.position, Err(StoreError::Commit(failed.why.clone()))),
            // A refusal stands whether or not the rest was committed.
            (Some(failed), refused) => (failed.position, refused),
            (None, result) => (after, result),
        };
        match reply_to {
            // A caller that has gone away has no use for the result.
            ReplyTo::Caller(caller) => drop(caller.send(result)),
            ReplyTo::Ticket(ticket) => {
                replies.push(CommandReply { ticket, after, outcome: result.map_err(Refusal::from) });
            }
            ReplyTo::Nobody => {}
        }
    }
    replies
}

/// A group that runs.
struct Run<'g> {
    committer: &'g mut Committer,
    environment: &'g dyn Environment,
    entries: Vec<Entry>,
    position: u64,
    ran: Vec<Ran>,
}

impl Run<'_> {
    /// Runs all writes in one transaction, and commits it.
    fn all(&mut self, database: &mut impl Database, submissions: Vec<Submission>) -> Result<(), GroupError> {
        let mut submissions = submissions.into_iter();
        let mut outcome = self.begin(database);
        while outcome.is_ok()
            && let Some(submission) = submissions.next()
        {
            outcome = self.one(database, submission);
            // A failure of the disk or of memory ends the transaction by itself: what came after would stand alone.
            if outcome.is_ok() && !database.has_open_transaction() {
                outcome = Err(GroupError::Ended);
            }
        }
        let outcome = outcome.and_then(|()| Ok(database.commit()?));
        if let Err(error) = &outcome {
            for Submission { reply_to, .. } in submissions {
                let result = Err(StoreError::Commit(error.to_string()));
                self.ran.push(Ran { reply_to, after: self.position, result });
            }
            if database.has_open_transaction()
                && let Err(error) = database.rollback()
            {
                tracing::error!(%error, "a transaction could not be rolled back");
            }
        }
        outcome
    }

    /// Begins the transaction, and takes over what other processes have committed.
    fn begin(&mut self, database: &mut impl Database) -> Result<(), GroupError> {
        database.begin()?;
        if let Some(caught_up) = database.catch_up(self.position)? {
            self.committer.state.cache.clear();
            self.entries.extend(caught_up.entries);
            self.position = self.position.max(caught_up.position);
        }
        Ok(())
    }

    /// Runs one write, and takes back what it has written where it does not apply.
    fn one(&mut self, database: &mut impl Database, submission: Submission) -> Result<(), GroupError> {
        let Submission { write, reply_to } = submission;
        // SQLite copies each page that is written after a savepoint was set, so the most frequent writes have none.
        let checked = self.committer.careful_groups == 0 && quintet_rules::refuses_before_writing(&write);
        let (before, replies_after) = (self.position, write.replies_after_entries());
        let name = write.name();
        let (result, outcome) =
            if checked { self.checked(database, write) } else { self.in_savepoint(database, write) };
        if let Err(RuleError::Rows(error)) = &result {
            tracing::error!(%error, name, "a write failed in the store; it was taken back");
        }
        let after = if replies_after { self.position } else { before };
        self.ran.push(Ran { reply_to, after, result: result.map_err(StoreError::from) });
        outcome
    }

    /// Runs a write that writes nothing unless it applies.
    fn checked(&mut self, database: &mut impl Database, write: Write) -> Applied {
        let changed = database.rows_changed();
        let result = self.apply(database, write);
        // A failure of the database, or a panic, half-way: the whole group is taken back rather than half a write kept.
        let half = result.is_err() && database.rows_changed() != changed;
        (result, if half { Err(GroupError::HalfWritten) } else { Ok(()) })
    }

    /// Runs a write in a savepoint.
    fn in_savepoint(&mut self, database: &mut impl Database, write: Write) -> Applied {
        if let Err(error) = database.savepoint() {
            return (Err(Refusal::internal().into()), Err(error.into()));
        }
        let result = self.apply(database, write);
        let mut ended = Ok(());
        if result.is_err() {
            ended = database.rollback_to_savepoint();
        }
        let ended = ended.and_then(|()| database.release_savepoint());
        (result, ended.map_err(GroupError::from))
    }

    /// Applies a write by its rule. One that panics is refused as an internal error.
    fn apply(&mut self, database: &mut impl Database, write: Write) -> RuleResult<Written> {
        let mut tx = Transaction::new(database, &mut self.committer.state, self.environment, self.position);
        let mark = tx.begin();
        let applied = catch_unwind(AssertUnwindSafe(|| quintet_rules::apply(&mut tx, write)));
        let panicked = applied.is_err();
        let result = applied.unwrap_or_else(|_| Err(Refusal::internal().into()));
        if result.is_err() {
            tx.undo(mark);
        }
        let (entries, position) = tx.finish();
        self.entries.extend(entries);
        self.position = position;
        if panicked {
            tracing::error!("a rule panicked in the writer; its write was taken back");
            // Whatever it was about to change there.
            self.committer.state.cache.clear();
        }
        result
    }
}

/// A write that was applied or refused, and why its group cannot be committed, if it cannot.
type Applied = (RuleResult<Written>, Result<(), GroupError>);
