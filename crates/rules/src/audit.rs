//! The audit log: who did what to whom, when and why.
//!
//! What must stay true: an act is noted in the transaction that does it, and nothing else writes to the log.

use quintet_domain::Act;

use crate::ledger::Cost;
use crate::rows::AuditRow;
use crate::transaction::Transaction;
use crate::{RuleResult, UserKey};

/// An act of a user, or of the operator if there is none, with nothing else known of it.
pub(crate) fn act(tx: &Transaction<'_>, act: Act, actor: Option<UserKey>) -> AuditRow {
    AuditRow { key: 0, at: tx.now, act, actor, user: None, conversation: None, until: None, reason: None, detail: None }
}

/// Notes an act.
pub(crate) fn note(tx: &mut Transaction<'_>, row: &AuditRow) -> RuleResult<()> {
    tx.charge(Cost::Rows, 1);
    tx.moderation().insert_audit(row)?;
    Ok(())
}
