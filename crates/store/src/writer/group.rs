//! The group step: applies some writes in one transaction so that each can be rolled back, commits them together, and
//! then replies to each.
//!
//! What must stay true: nothing is replied to before the commit has returned. A refused write affects no other, and a
//! write that failed after it had written leaves nothing behind. There is no thread, no queue and no clock here (except
//! to measure the time of a group), so that a simulation runs the same step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use quintet_domain::{Code, CommandReply, Commit, Entry, Environment, Refusal, Timestamp, TracedWrite, Write, Written};
use quintet_rules::{RowsError, RuleError, RuleResult, Transaction, WriterState};

use super::database::{AddQueued, Begun, Database};
use super::submission::{QueuedTrace, Submission};
use super::unread::Unread;
use crate::{Delivered, Group, ReplyTo, StoreError, WriteTrace};

/// The number of groups, after one that was not committed, in which every write has a savepoint.
const CAREFUL_GROUPS: u32 = 100;

/// A write that ran, with its result.
struct Ran {
    reply_to: ReplyTo,
    /// The position after which the reply is sent.
    after: u64,
    result: Result<Written, StoreError>,
}

/// The reason why a group was not committed.
#[derive(Debug, thiserror::Error)]
enum GroupError {
    #[error(transparent)]
    Rows(#[from] RowsError),
    #[error("a write failed after it had written")]
    HalfWritten,
    #[error("the database ended the transaction of the group")]
    Ended,
}

/// Commits groups of writes, and keeps the state that outlasts a group.
#[derive(Debug)]
pub struct Committer {
    state: WriterState,
    /// The newest committed position.
    position: u64,
    /// What others have committed and was not handed on yet.
    unread: Unread,
    /// The number of groups that are still careful. After a write failed half-way, every write has a savepoint for a
    /// while, so that the next failure affects no other write.
    careful_groups: u32,
}

impl Committer {
    /// Creates a committer over a database whose newest position is `position`.
    #[must_use]
    pub fn new(state: WriterState, position: u64) -> Self {
        Self::beside(state, position, Delivered::default())
    }

    /// Creates a committer over a database to which others write as well. What they have committed is not read up to the
    /// position that `delivered` has: this process was told of that otherwise.
    #[must_use]
    pub fn beside(state: WriterState, position: u64, delivered: Delivered) -> Self {
        Self { state, position, unread: Unread::new(position, delivered), careful_groups: 0 }
    }

    /// The newest committed position.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The state that outlasts a group, for tests that check the cache.
    #[must_use]
    pub fn state(&self) -> &WriterState {
        &self.state
    }

    /// Applies the submissions in order, and those that `add_queued` adds to them, and commits them together. Callers are
    /// replied to after the commit; replies to tickets are part of the returned group. If the commit fails, every write of
    /// the group is refused.
    pub fn commit_group(
        &mut self,
        database: &mut impl Database,
        environment: &dyn Environment,
        submissions: Vec<Submission>,
        add_queued: &mut AddQueued<'_>,
    ) -> Group {
        let began = Instant::now();
        let position = self.position;
        self.state.deliveries.begin_group();
        let mut run = Run {
            committer: self,
            environment: GroupTime { environment, now: None },
            shared: false,
            begun_at: position,
            entries: Vec::new(),
            position,
            ran: Vec::with_capacity(submissions.len()),
            traces: Vec::new(),
        };
        let outcome = run.all(database, submissions, add_queued);
        let Run { shared, begun_at, entries, position, ran, traces, .. } = run;
        let writes = ran.len();
        let error = match outcome {
            Ok(()) => {
                self.careful_groups = self.careful_groups.saturating_sub(1);
                self.position = position;
                let traced = traces.iter().filter(|trace| trace.refused.is_none()).map(|trace| trace.write).collect();
                let commit = Commit { position, replies: reply(ran, None), entries, traced };
                let missed = if shared { self.unread.read(database, begun_at, position) } else { Vec::new() };
                return Group { missed, begun_at, commit, writes, traces, took: began.elapsed(), committed: true };
            }
            Err(error) => error,
        };
        self.state.cache.clear();
        self.state.deliveries.undo(0);
        self.careful_groups = CAREFUL_GROUPS;
        tracing::error!(%error, writes, "a group of writes was not committed");
        // Of several writers, this one may not have been told yet of what the others have committed. Refusals do not wait
        // for that.
        let position = if shared { 0 } else { self.position };
        let replies = reply(ran, Some(&Failed { why: error.to_string(), position }));
        let (commit, took) = (Commit { position, replies, ..Commit::default() }, began.elapsed());
        Group { missed: Vec::new(), begun_at: position, commit, writes, traces, took, committed: false }
    }
}

/// The failure of a group's commit.
struct Failed {
    why: String,
    /// The position after which all replies are sent.
    position: u64,
}

/// Sends the replies to callers. Returns the replies to tickets.
fn reply(ran: Vec<Ran>, failed: Option<&Failed>) -> Vec<CommandReply> {
    let mut replies = Vec::new();
    for Ran { reply_to, after, result } in ran {
        let (after, result) = match (failed, result) {
            (Some(failed), Ok(_)) => (failed.position, Err(StoreError::Commit(failed.why.clone()))),
            // A refusal is valid whether or not the rest was committed.
            (Some(failed), refused) => (failed.position, refused),
            (None, result) => (after, result),
        };
        match reply_to {
            // A caller that has gone away needs no result.
            ReplyTo::Caller(caller) => drop(caller.send(result)),
            ReplyTo::Ticket(ticket) => {
                replies.push(CommandReply { ticket, after, outcome: result.map_err(Refusal::from) });
            }
            ReplyTo::Nobody => {}
        }
    }
    replies
}

/// The environment of a group whose time the database may have given.
struct GroupTime<'g> {
    environment: &'g dyn Environment,
    now: Option<Timestamp>,
}

impl Environment for GroupTime<'_> {
    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(|| self.environment.now())
    }

    fn new_id(&self) -> String {
        self.environment.new_id()
    }

    fn secret(&self) -> u128 {
        self.environment.secret()
    }
}

/// A group while it is being applied.
struct Run<'g> {
    committer: &'g mut Committer,
    environment: GroupTime<'g>,
    /// Whether others write to the database as well.
    shared: bool,
    /// The newest position before the writes of the group.
    begun_at: u64,
    entries: Vec<Entry>,
    position: u64,
    ran: Vec<Ran>,
    traces: Vec<WriteTrace>,
}

impl Run<'_> {
    /// Applies all writes in one transaction, and commits it.
    fn all(
        &mut self,
        database: &mut impl Database,
        mut submissions: Vec<Submission>,
        add_queued: &mut AddQueued<'_>,
    ) -> Result<(), GroupError> {
        let begun = database.begin_group(&mut submissions, add_queued, &mut self.committer.state);
        let mut submissions = submissions.into_iter();
        let mut outcome = begun.map(|begun| self.begin(begun)).map_err(GroupError::from);
        while outcome.is_ok()
            && let Some(submission) = submissions.next()
        {
            outcome = self.one(database, submission);
            // A failure of the disk or memory ends the transaction by itself: later writes would not be part of it.
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

    /// Continues after what others have committed.
    fn begin(&mut self, begun: Begun) {
        let Begun { position, now } = begun;
        if let Some(position) = position {
            self.shared = true;
            (self.position, self.begun_at, self.committer.position) = (position, position, position);
        }
        self.environment.now = now;
    }

    /// Applies one write, and rolls it back if it was refused or failed.
    fn one(&mut self, database: &mut impl Database, submission: Submission) -> Result<(), GroupError> {
        let Submission { write, reply_to, trace } = submission;
        // SQLite copies each page that is written after a savepoint was set, so the most frequent writes have none.
        let checked = self.committer.careful_groups == 0 && quintet_rules::refuses_before_writing(&write);
        let (before, replies_after) = (self.position, write.replies_after_entries());
        let name = write.name();
        let (result, outcome) =
            if checked { self.checked(database, write) } else { self.in_savepoint(database, write) };
        if let Err(RuleError::Rows(error)) = &result {
            tracing::error!(%error, name, "a write failed in the store; it was taken back");
        }
        if let Some(trace) = trace {
            self.traces.push(traced(&trace, name, (before, self.position), &result));
        }
        let after = if replies_after { self.position } else { before };
        self.ran.push(Ran { reply_to, after, result: result.map_err(StoreError::from) });
        outcome
    }

    /// Applies a write that writes nothing if it is refused.
    fn checked(&mut self, database: &mut impl Database, write: Write) -> Applied {
        let changed = database.rows_changed();
        let result = self.apply(database, write);
        // After a failure or panic half-way, the whole group is rolled back, so that no half of a write is kept.
        let half = result.is_err() && database.rows_changed() != changed;
        (result, if half { Err(GroupError::HalfWritten) } else { Ok(()) })
    }

    /// Applies a write within a savepoint.
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

    /// Applies a write by its rule. A rule that panics is refused with an internal error.
    fn apply(&mut self, database: &mut impl Database, write: Write) -> RuleResult<Written> {
        let mut tx = Transaction::new(database, &mut self.committer.state, &self.environment, self.position);
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
            // The panic may have left the cache half-changed.
            self.committer.state.cache.clear();
        }
        result
    }
}

/// What is known of a write after it ran, of which a trace is kept.
fn traced(
    queued: &QueuedTrace,
    name: &'static str,
    (after, last): (u64, u64),
    result: &RuleResult<Written>,
) -> WriteTrace {
    let refused = result.as_ref().err().map(|error| match error {
        RuleError::Refused(refusal) => refusal.code,
        RuleError::Rows(_) => Code::Internal,
    });
    let write = TracedWrite { span: quintet_telemetry::child_of(queued.parent), after, last };
    WriteTrace { parent: queued.parent, write, name, queued_at: queued.queued_at, refused }
}

/// The result of a write, and the error because of which its group cannot be committed, if there is one.
type Applied = (RuleResult<Written>, Result<(), GroupError>);
