//! Writes about reports of messages.

use std::sync::Arc;

use crate::{Actor, MessageId, ReportAction, Timestamp};

/// Reports a message that the actor can see. Reporting it again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportMessage {
    /// The user who reports.
    pub actor: Actor,
    /// The message to report.
    pub message: MessageId,
    /// Why it is reported.
    pub reason: Arc<str>,
}

/// Decides about a report, and does what is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveReport {
    /// The moderator or service that decides.
    pub actor: Actor,
    /// The number of the report.
    pub report: i64,
    /// What is done.
    pub action: ReportAction,
    /// The moment at which a silence ends; none for every other action.
    pub until: Option<Timestamp>,
    /// Why, for the audit log; none if no reason is given.
    pub reason: Option<Arc<str>>,
}
