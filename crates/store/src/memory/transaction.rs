//! The transaction of a group over the tables in memory.
//!
//! What must stay true: one that is rolled back, or whose commit fails, leaves the tables as they were; what a node has
//! committed is noted for the others.

use quintet_rules::log::entries_between;
use quintet_rules::rows::LogRows;
use quintet_rules::{RowResult, RowsError, WriterState};

use super::data::Data;
use super::rows::ReplayView;
use super::table::Tables;
use crate::Missed;
use crate::writer::{AddQueued, Begun, Database, Submission};

/// The failure of a commit that a test asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the commit was made to fail")]
struct CommitFault;

/// The failure of a read that a test asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read was made to fail")]
struct ReadFault;

impl Database for Data {
    fn begin(&mut self) -> RowResult<()> {
        // A panic may have left an open transaction behind.
        self.take_back();
        self.open = true;
        Ok(())
    }

    fn begin_group(
        &mut self,
        _submissions: &mut Vec<Submission>,
        _add_queued: &mut AddQueued<'_>,
        state: &mut WriterState,
    ) -> RowResult<Begun> {
        self.begin()?;
        let Some(mut node) = self.node.take() else { return Ok(Begun::default()) };
        let newest = self.newest_position()?;
        node.begin(&self.groups, state);
        self.node = Some(node);
        Ok(Begun { position: Some(newest), now: None })
    }

    fn missed(&mut self, after: u64, last: u64) -> RowResult<Missed> {
        if std::mem::take(&mut self.read_fails) {
            return Err(RowsError::new(ReadFault));
        }
        Ok(Missed { after, last, entries: entries_between(&ReplayView(self), after, last)? })
    }

    fn commit(&mut self) -> RowResult<()> {
        if std::mem::take(&mut self.commit_fails) {
            return Err(RowsError::new(CommitFault));
        }
        if self.node.is_some() {
            let changed = self.changed();
            if let Some(node) = &mut self.node {
                node.committed(&mut self.groups, changed);
            }
        }
        self.changed_before += self.tables.changes();
        self.tables.journals(&mut |journal| journal.forget());
        self.savepoint.clear();
        self.open = false;
        Ok(())
    }

    fn rollback(&mut self) -> RowResult<()> {
        self.take_back();
        Ok(())
    }

    fn savepoint(&mut self) -> RowResult<()> {
        let savepoint = &mut self.savepoint;
        savepoint.clear();
        self.tables.journals(&mut |journal| savepoint.push(journal.len()));
        Ok(())
    }

    fn rollback_to_savepoint(&mut self) -> RowResult<()> {
        let changed = self.tables.changes();
        let mut savepoint = self.savepoint.iter();
        self.tables.journals(&mut |journal| {
            if let Some(changes) = savepoint.next() {
                journal.rollback_to(*changes);
            }
        });
        self.changed_before += changed - self.tables.changes();
        Ok(())
    }

    fn release_savepoint(&mut self) -> RowResult<()> {
        self.savepoint.clear();
        Ok(())
    }

    fn has_open_transaction(&self) -> bool {
        self.open
    }

    fn rows_changed(&self) -> u64 {
        (self.changed_before + self.tables.changes()) as u64
    }
}
