//! The audit log: who did what to whom, when and why.
//!
//! What must stay true: an act is noted in the transaction that does it, and nothing else writes to the log; no reason is
//! left of an act that an erased person did, or that was done to one.

use quintet_domain::Act;

use crate::ledger::Cost;
use crate::rows::AuditRow;
use crate::transaction::Transaction;
use crate::{RuleResult, UserKey};

/// An act of a user, or of the operator if there is none, with nothing else known of it.
pub(crate) fn act(tx: &Transaction<'_>, act: Act, actor: Option<UserKey>) -> AuditRow {
    AuditRow { key: 0, at: tx.now, act, actor, user: None, conversation: None, until: None, reason: None, detail: None }
}

/// The most reasons of each kind that one write removes.
const REASONS_AT_ONCE: usize = 200;

/// Removes some of the reasons that an erased person gave, and of those for which something was done to it. Returns whether
/// there may be more.
pub(crate) fn remove_some_reasons_of(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<bool> {
    Ok(tx.moderation().remove_reasons_of(user, REASONS_AT_ONCE)? >= REASONS_AT_ONCE)
}

/// Notes an act.
pub(crate) fn note(tx: &mut Transaction<'_>, row: &AuditRow) -> RuleResult<()> {
    let texts = [&row.reason, &row.detail].into_iter().flatten();
    tx.charge(Cost::Rows, 1);
    tx.charge(Cost::Stored, texts.map(|text| text.len() as u64).sum());
    tx.moderation().insert_audit(row)?;
    Ok(())
}
