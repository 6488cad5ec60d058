//! The reads of moderation of the store in memory.
//!
//! What must stay true: they return what the same reads of the other stores return.

use quintet_domain::{
    AuditEntry, AuditFilter, ConversationId, Report, ReportStatus, Restriction, RestrictionKind, UserId,
};

use super::MemoryStore;
use super::rows::ReplayView;
use crate::{ModerationReads, Page, Party, ReadResult, ReportReads, audit, reports, restrictions};

impl ModerationReads for MemoryStore {
    fn restrictions(
        &self,
        user: UserId,
        id: ConversationId,
        kind: RestrictionKind,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Restriction>> {
        let now = self.environment.now();
        self.read(move |data| {
            restrictions::list(data, &ReplayView(data), &user, (&id, kind), now, cursor.as_deref(), limit)
        })
    }

    fn audit(
        &self,
        _by: Party,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<AuditEntry>> {
        self.read(move |data| audit::list(data, &ReplayView(data), &filter, cursor.as_deref(), limit))
    }
}

impl ReportReads for MemoryStore {
    fn reports(
        &self,
        _by: Party,
        status: Option<ReportStatus>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Report>> {
        let now = self.environment.now();
        self.read(move |data| reports::list(data, &ReplayView(data), now, status, (cursor.as_deref(), limit)))
    }
}
