//! Reports of messages, for calls over HTTP.

use quintet_domain::{
    Actor, MessageId, Refusal, Report, ReportAction, ReportMessage, ReportStatus, ResolveReport, Timestamp, UserId,
    given_reason, report_reason,
};
use quintet_store::Page;

use crate::Service;

/// What is decided about a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportDecision {
    /// What is done.
    pub action: ReportAction,
    /// The moment at which a silence ends.
    pub until: Option<Timestamp>,
    /// The reason, if one is given.
    pub reason: Option<String>,
}

impl Service {
    /// Reports a message that the actor can see. Reporting it again changes nothing.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_CONFLICT`, or a refusal that names the reason.
    pub async fn report_message(&self, actor: Actor, message: MessageId, reason: &str) -> Result<(), Refusal> {
        let reason = report_reason(reason)?;
        self.write(ReportMessage { actor, message, reason }).await
    }

    /// Returns a page of the reports of one status, or of all, the newest first. The caller checks who asks.
    ///
    /// # Errors
    /// A refusal if the cursor is invalid.
    pub async fn reports(
        &self,
        by: UserId,
        status: Option<ReportStatus>,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Report>, Refusal> {
        Ok(self.store().reports(by.into(), status, cursor, limit).await?)
    }

    /// Decides about a report, and does what is decided.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, `ERR_CONFLICT`.
    pub async fn resolve_report(&self, actor: Actor, report: i64, decision: ReportDecision) -> Result<Report, Refusal> {
        let ReportDecision { action, until, reason } = decision;
        let reason = given_reason(reason.as_deref())?;
        self.write(ResolveReport { actor, report, action, until, reason }).await
    }
}
