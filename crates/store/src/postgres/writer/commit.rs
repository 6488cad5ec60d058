//! The end of a group: its rows and its own row are sent with COMMIT; and what is done where the outcome is unknown.
//!
//! What must stay true: a commit is reported only if the server has confirmed it without a warning, or if the group's
//! mark was found by a later transaction that was confirmed so.

use std::sync::Arc;
use std::time::Instant;

use tokio_postgres::Error;
use tokio_postgres::error::Severity;

use super::order::LOCK;
use super::{Applied, RECONNECT_EVERY, RECONNECT_WITHIN, WriterLink};
use crate::postgres::error::{Fetched, PostgresError, explained};
use crate::postgres::link::{Link, Step, Value, is_lost};

/// The number of groups between two removals of old ones.
const GROUPS_BETWEEN_REMOVALS: i64 = 1_024;
/// The time in milliseconds for which groups are kept, so that a node that was away can catch up.
const GROUPS_KEPT_MS: i64 = 60 * 60 * 1_000;

const REMOVE_GROUPS: &str = "DELETE FROM commit_group WHERE part = 1 AND at < $1 AND number < $2";
const FIND_MARK: &str = "SELECT mark FROM commit_group WHERE part = 1 AND number = $1";
/// A write that changes nothing, so that the commit behind it waits for standbys as every commit does.
const TOUCH: &str = "UPDATE part SET epoch = epoch WHERE id = 1";

/// What is known after a COMMIT was sent.
enum Outcome {
    Committed,
    /// The server has refused it.
    Refused(Error),
    /// It may have been committed.
    Unknown(String),
}

impl WriterLink {
    /// Commits the open transaction.
    pub(super) fn commit(&self) -> Fetched<()> {
        let link = self.open_link()?;
        {
            let state = self.state.borrow();
            if state.failed || state.doomed {
                return Err(PostgresError::NotCommitted);
            }
        }
        if self.wrote_nothing() {
            // The lock falls with it.
            self.abandon();
            return Ok(());
        }
        let group = self.group();
        let steps = self.last_steps(&group);
        let warnings = link.warnings();
        match self.runtime.block_on(send_commit(&link, &steps, warnings)) {
            Outcome::Committed => {}
            Outcome::Refused(error) => {
                // The transaction has ended.
                self.state.borrow_mut().open = false;
                return Err(error.into());
            }
            Outcome::Unknown(why) => {
                self.state.borrow_mut().open = false;
                tracing::warn!(why, "it is not known whether a group was committed; its mark is looked for");
                self.runtime.block_on(self.find_out(&group))?;
            }
        }
        self.state.borrow_mut().applied = group;
        self.ended();
        Ok(())
    }

    fn wrote_nothing(&self) -> bool {
        let state = self.state.borrow();
        state.rows_changed == state.rows_changed_before
    }

    /// Notes that the transaction has ended.
    fn ended(&self) {
        self.state.borrow_mut().open = false;
        self.abandon();
    }

    /// The group of the open transaction.
    fn group(&self) -> Applied {
        let state = self.state.borrow();
        let number = state.applied.number + 1;
        let mark = [&self.mark[..], &number.to_be_bytes()[..]].concat();
        Applied { number, position: state.position, mark }
    }

    /// The statements that write what was not sent yet and the group's own row, and remove old groups from time to time.
    fn last_steps(&self, group: &Applied) -> Vec<Step> {
        // Every savepoint was released.
        let state = &mut *self.state.borrow_mut();
        let mut steps: Vec<Step> = state.control.drain(..).map(Step::Control).collect();
        let boxed = |value: i64| Box::new(value) as Value;
        let mark = Box::new(group.mark.clone()) as Value;
        let mut values = vec![boxed(group.number), boxed(group.position.cast_signed()), mark, boxed(state.at)];
        values.extend(state.changed.columns());
        steps.extend(std::mem::take(&mut state.buffer).into_last_steps(values));
        if group.number % GROUPS_BETWEEN_REMOVALS == 0 {
            // The newest stays, whatever its age: it has the newest position.
            let values = vec![boxed(state.at - GROUPS_KEPT_MS), boxed(group.number)];
            steps.push(Step::Rows(REMOVE_GROUPS, values));
        }
        steps
    }

    /// Finds out whether a group was committed, by its mark. The lock makes sure that its transaction has ended.
    async fn find_out(&self, group: &Applied) -> Fetched<()> {
        let until = Instant::now() + RECONNECT_WITHIN;
        *self.link.borrow_mut() = None;
        loop {
            let why = match self.look_for(group).await {
                Ok(Some(true)) => return Ok(()),
                Ok(Some(false)) => return Err(PostgresError::NotCommitted),
                Ok(None) => "the server has warned again".to_owned(),
                Err(error) => explained(&error),
            };
            *self.link.borrow_mut() = None;
            if Instant::now() > until {
                // If it was committed after all, the next group catches up with it, as with another node's.
                return Err(PostgresError::Unknown(why));
            }
            tokio::time::sleep(RECONNECT_EVERY).await;
        }
    }

    /// Whether a group's mark is there; `None` if that is not certain to stay.
    async fn look_for(&self, group: &Applied) -> Result<Option<bool>, Error> {
        let link = self.link().await?;
        let warnings = link.warnings();
        link.client.batch_execute("BEGIN").await?;
        let find = vec![Box::new(group.number) as Value];
        let steps = [Step::Rows(LOCK, vec![]), Step::Rows(FIND_MARK, find), Step::Rows(TOUCH, vec![])];
        let rows = link.run(&steps).await?;
        link.client.batch_execute("COMMIT").await?;
        if link.warnings() != warnings {
            return Ok(None);
        }
        let found = rows.get(1).and_then(|rows| rows.first());
        Ok(Some(found.is_some_and(|row| row.try_get::<_, Vec<u8>>(0).is_ok_and(|mark| mark == group.mark))))
    }
}

/// Sends the last statements of a transaction, and COMMIT with them.
async fn send_commit(link: &Arc<Link>, steps: &[Step], warnings: u64) -> Outcome {
    for step in steps {
        if let Step::Rows(sql, _) = step
            && let Err(error) = link.prepare(sql).await
        {
            // COMMIT was not sent.
            return Outcome::Refused(error);
        }
    }
    let (before, committed) = tokio::join!(biased; link.run(steps), link.client.batch_execute("COMMIT"));
    // Where a statement failed, COMMIT has rolled back.
    if let Err(error) = before {
        return if is_lost(&error) { Outcome::Unknown(explained(&error)) } else { Outcome::Refused(error) };
    }
    match committed {
        // A commit whose wait for a standby was cancelled succeeds with a warning.
        Ok(()) if link.warnings() == warnings => Outcome::Committed,
        Ok(()) => Outcome::Unknown("the server has committed with a warning".to_owned()),
        Err(error) => match error.as_db_error() {
            Some(database) if !is_lost(&error) && database.parsed_severity() == Some(Severity::Error) => {
                Outcome::Refused(error)
            }
            _ => Outcome::Unknown(explained(&error)),
        },
    }
}
