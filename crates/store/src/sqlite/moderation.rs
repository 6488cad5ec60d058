//! The reads of moderation of the store on SQLite.
//!
//! What must stay true: they return what the same reads of the other stores return.

use quintet_domain::{
    AuditEntry, AuditFilter, ConversationId, Report, ReportStatus, Restriction, RestrictionKind, UserId,
};

use super::SqliteStore;
use super::rows::SqliteRows;
use crate::readers::Class;
use crate::{ModerationReads, Page, Party, ReadResult, ReportReads, audit, reports, restrictions};

impl ModerationReads for SqliteStore {
    fn restrictions(
        &self,
        user: UserId,
        id: ConversationId,
        kind: RestrictionKind,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Restriction>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, user.clone(), move |conn| {
            let rows = SqliteRows(conn);
            restrictions::list(&rows, &rows, &user, (&id, kind), now, cursor.as_deref(), limit)
        })
    }

    fn audit(
        &self,
        by: Party,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<AuditEntry>> {
        self.readers.run(Class::Heavy, by, move |conn| {
            let rows = SqliteRows(conn);
            audit::list(&rows, &rows, &filter, cursor.as_deref(), limit)
        })
    }
}

impl ReportReads for SqliteStore {
    fn reports(
        &self,
        by: Party,
        status: Option<ReportStatus>,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Report>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, by, move |conn| {
            let rows = SqliteRows(conn);
            reports::list(&rows, &rows, now, status, (cursor.as_deref(), limit))
        })
    }
}
