//! Operations on the rows of bans and silences, of slow mode, and of the audit log.
//!
//! What must stay true: nothing here compares a moment with the clock, but for those that a rule or a read gives.

use std::sync::Arc;

use quintet_domain::{Act, AuditFilter, ConversationId, RestrictionKind, Timestamp, UserId};
use quintet_rules::rows::{AuditRow, ModerationRows, RestrictionRow};
use quintet_rules::{ConversationKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::{Channel, Fetched, PostgresRows, limit_of, parsed};
use crate::postgres::error::get;

/// The columns of a ban or silence, for [`restriction_at`].
macro_rules! restriction_columns {
    () => {
        "conversation_pk, kind, user_pk, until, reason, by_pk, at, by_server"
    };
}

/// The key of the user with the id of a parameter.
macro_rules! person {
    ($id:literal) => {
        concat!("(SELECT u.pk FROM chat_user u WHERE u.id = ", $id, ")")
    };
}

/// The key of the conversation of a filter.
macro_rules! conversation {
    () => {
        "(SELECT c.pk FROM conversation c WHERE c.id = $5)"
    };
}

/// The query of acts that fit a filter. The first condition is one that the filter has.
macro_rules! audit_query {
    ($first:expr) => {
        concat!(
            "SELECT pk, at, act, actor_pk, user_pk, conversation_pk, until, reason, detail FROM audit WHERE ",
            $first,
            " AND pk < $1 AND ($2::text IS NULL OR act = $2)
               AND ($3::text IS NULL OR actor_pk = ",
            person!("$3"),
            ") AND ($4::text IS NULL OR user_pk = ",
            person!("$4"),
            ") AND ($5::text IS NULL OR conversation_pk = ",
            conversation!(),
            ") AND ($6::bigint IS NULL OR at >= $6) AND ($7::bigint IS NULL OR at < $7)
             ORDER BY pk DESC LIMIT $8"
        )
    };
}

fn restriction_at(row: &Row) -> Fetched<RestrictionRow> {
    Ok(RestrictionRow {
        conversation: ConversationKey(row.try_get(0)?),
        kind: parsed(row, 1, RestrictionKind::parse)?,
        user: UserKey(row.try_get(2)?),
        until: row.try_get::<_, Option<i64>>(3)?.map(Timestamp),
        reason: row.try_get::<_, Option<&str>>(4)?.map(Arc::from),
        by: UserKey(row.try_get(5)?),
        at: Timestamp(row.try_get(6)?),
        by_server: row.try_get(7)?,
    })
}

fn audit_at(row: &Row) -> Fetched<AuditRow> {
    Ok(AuditRow {
        key: row.try_get(0)?,
        at: Timestamp(row.try_get(1)?),
        act: parsed(row, 2, Act::parse)?,
        actor: row.try_get::<_, Option<i64>>(3)?.map(UserKey),
        user: row.try_get::<_, Option<i64>>(4)?.map(UserKey),
        conversation: row.try_get::<_, Option<i64>>(5)?.map(ConversationKey),
        until: row.try_get::<_, Option<i64>>(6)?.map(Timestamp),
        reason: row.try_get::<_, Option<&str>>(7)?.map(Arc::from),
        detail: row.try_get::<_, Option<&str>>(8)?.map(Arc::from),
    })
}

impl<C: Channel> ModerationRows for PostgresRows<C> {
    fn restriction(
        &self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        user: UserKey,
    ) -> RowResult<Option<RestrictionRow>> {
        let sql = concat!(
            "SELECT ",
            restriction_columns!(),
            " FROM restriction WHERE conversation_pk = $1 AND kind = $2 AND user_pk = $3"
        );
        self.find(sql, &[&conversation.0, &kind.as_str(), &user.0], restriction_at)
    }

    fn put_restriction(&mut self, row: &RestrictionRow) -> RowResult<()> {
        self.run(
            "INSERT INTO restriction (conversation_pk, kind, user_pk, until, reason, by_pk, at, by_server)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (conversation_pk, kind, user_pk) DO UPDATE SET until = excluded.until,
                 reason = excluded.reason, by_pk = excluded.by_pk, at = excluded.at,
                 by_server = excluded.by_server",
            &[
                &row.conversation.0,
                &row.kind.as_str(),
                &row.user.0,
                &row.until.map(|until| until.0),
                &row.reason.as_deref(),
                &row.by.0,
                &row.at.0,
                &row.by_server,
            ],
        )?;
        Ok(())
    }

    fn delete_restriction(
        &mut self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        user: UserKey,
    ) -> RowResult<()> {
        self.run(
            "DELETE FROM restriction WHERE conversation_pk = $1 AND kind = $2 AND user_pk = $3",
            &[&conversation.0, &kind.as_str(), &user.0],
        )?;
        Ok(())
    }

    fn restriction_count(&self, conversation: ConversationKey, kind: RestrictionKind) -> RowResult<i64> {
        let sql = "SELECT count(*) FROM restriction WHERE conversation_pk = $1 AND kind = $2";
        self.get(sql, &[&conversation.0, &kind.as_str()], |row| get(row, 0))
    }

    fn restrictions(
        &self,
        conversation: ConversationKey,
        kind: RestrictionKind,
        now: Timestamp,
        after: UserKey,
        limit: usize,
    ) -> RowResult<Vec<RestrictionRow>> {
        let sql = concat!(
            "SELECT ",
            restriction_columns!(),
            " FROM restriction WHERE conversation_pk = $1 AND kind = $2 AND user_pk > $3
                 AND (until IS NULL OR until > $4)
             ORDER BY user_pk LIMIT $5"
        );
        self.list(sql, &[&conversation.0, &kind.as_str(), &after.0, &now.0, &limit_of(limit)], restriction_at)
    }

    fn is_in_restrictions(&self, user: UserKey) -> RowResult<bool> {
        self.exists(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM restriction WHERE user_pk = $1)
                 OR EXISTS (SELECT 1 FROM restriction WHERE by_pk = $1)",
            &[&user.0],
        )
    }

    fn delete_restrictions_of(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM restriction WHERE user_pk = $1", &[&user.0])?;
        Ok(())
    }

    fn delete_restrictions_in(&mut self, conversation: ConversationKey) -> RowResult<()> {
        self.run("DELETE FROM restriction WHERE conversation_pk = $1", &[&conversation.0])?;
        Ok(())
    }

    fn prune_restrictions(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM restriction WHERE (conversation_pk, kind, user_pk) IN (
                 SELECT conversation_pk, kind, user_pk FROM restriction
                 WHERE until IS NOT NULL AND until < $1 ORDER BY until LIMIT $2)",
            &[&before.0, &limit_of(limit)],
        )
    }

    fn last_slow_send(&self, user: UserKey, conversation: ConversationKey) -> RowResult<Option<Timestamp>> {
        let found = self.find(
            "SELECT slow_sent_at FROM author WHERE user_pk = $1 AND conversation_pk = $2",
            &[&user.0, &conversation.0],
            |row| Ok(row.try_get::<_, Option<i64>>(0)?),
        )?;
        Ok(found.flatten().map(Timestamp))
    }

    fn note_slow_send(&mut self, user: UserKey, conversation: ConversationKey, at: Timestamp) -> RowResult<()> {
        self.run(
            "UPDATE author SET slow_sent_at = $3 WHERE user_pk = $1 AND conversation_pk = $2",
            &[&user.0, &conversation.0, &at.0],
        )?;
        Ok(())
    }

    fn insert_audit(&mut self, row: &AuditRow) -> RowResult<()> {
        self.run(
            "INSERT INTO audit (pk, at, act, actor_pk, user_pk, conversation_pk, until, reason, detail)
             VALUES (coalesce((SELECT max(pk) FROM audit), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                &row.at.0,
                &row.act.as_str(),
                &row.actor.map(|key| key.0),
                &row.user.map(|key| key.0),
                &row.conversation.map(|key| key.0),
                &row.until.map(|until| until.0),
                &row.reason.as_deref(),
                &row.detail.as_deref(),
            ],
        )?;
        Ok(())
    }

    fn audit(&self, filter: &AuditFilter, before: i64, limit: usize) -> RowResult<Vec<AuditRow>> {
        // A condition that may be absent uses no index: the one that leaves the fewest acts is written out.
        let sql = match filter {
            AuditFilter { conversation: Some(_), .. } => audit_query!(concat!("conversation_pk = ", conversation!())),
            AuditFilter { user: Some(_), .. } => audit_query!(concat!("user_pk = ", person!("$4"))),
            AuditFilter { by: Some(_), .. } => audit_query!(concat!("actor_pk = ", person!("$3"))),
            AuditFilter { act: Some(_), .. } => audit_query!("act = $2"),
            AuditFilter { act: None, by: None, user: None, conversation: None, .. } => audit_query!("pk < $1"),
        };
        self.list(
            sql,
            &[
                &before,
                &filter.act.map(Act::as_str),
                &filter.by.as_ref().map(UserId::as_str),
                &filter.user.as_ref().map(UserId::as_str),
                &filter.conversation.as_ref().map(ConversationId::as_str),
                &filter.since.map(|at| at.0),
                &filter.before.map(|at| at.0),
                &limit_of(limit),
            ],
            audit_at,
        )
    }

    fn remove_reasons_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        let mut removed = 0;
        for sql in [
            "UPDATE audit SET reason = NULL WHERE pk IN (
                 SELECT pk FROM audit WHERE actor_pk = $1 AND reason IS NOT NULL LIMIT $2)",
            "UPDATE audit SET reason = NULL WHERE pk IN (
                 SELECT pk FROM audit WHERE user_pk = $1 AND reason IS NOT NULL LIMIT $2)",
            "UPDATE restriction SET reason = NULL WHERE (conversation_pk, kind, user_pk) IN (
                 SELECT conversation_pk, kind, user_pk FROM restriction WHERE by_pk = $1 AND reason IS NOT NULL
                 LIMIT $2)",
        ] {
            removed += self.run(sql, &[&user.0, &limit_of(limit)])?;
        }
        Ok(removed)
    }

    fn prune_audit(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        self.run(
            "DELETE FROM audit WHERE pk IN (SELECT pk FROM audit WHERE at < $1 ORDER BY at LIMIT $2)",
            &[&before.0, &limit_of(limit)],
        )
    }
}
