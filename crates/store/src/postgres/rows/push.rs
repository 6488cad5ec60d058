//! Operations on the rows of browsers that messages are pushed to.
//!
//! What must stay true: a read of what was committed between two positions reads no other position.

use std::sync::Arc;

use quintet_domain::{Notification, NotificationId, Timestamp, UserId};
use quintet_rules::rows::{MemberRow, MessageRow, PushReach, PushRows, PushSubscriptionRow};
use quintet_rules::{ConversationKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::members::member_at;
use super::{
    Channel, Fetched, PostgresRows, limit_of, message_at, message_columns, notification_at, notification_columns,
};
use crate::push::notified;

fn subscription_at(row: &Row) -> Fetched<PushSubscriptionRow> {
    Ok(PushSubscriptionRow {
        user: UserKey(row.try_get(0)?),
        endpoint: row.try_get(1)?,
        p256dh: row.try_get(2)?,
        auth: row.try_get(3)?,
        created_at: Timestamp(row.try_get(4)?),
        renewed_at: Timestamp(row.try_get(5)?),
    })
}

impl<C: Channel> PushRows for PostgresRows<C> {
    fn push_subscriptions(&self, user: UserKey) -> RowResult<Vec<PushSubscriptionRow>> {
        self.list(
            "SELECT user_pk, endpoint, p256dh, auth, created_at, renewed_at FROM push_subscription
             WHERE user_pk = $1 ORDER BY renewed_at, endpoint",
            &[&user.0],
            subscription_at,
        )
    }

    fn push_subscription(&self, endpoint: &str) -> RowResult<Option<PushSubscriptionRow>> {
        self.find(
            "SELECT user_pk, endpoint, p256dh, auth, created_at, renewed_at FROM push_subscription WHERE endpoint = $1",
            &[&endpoint],
            subscription_at,
        )
    }

    fn put_push_subscription(&mut self, row: &PushSubscriptionRow) -> RowResult<()> {
        self.run(
            "INSERT INTO push_subscription (user_pk, endpoint, p256dh, auth, created_at, renewed_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (endpoint) DO UPDATE SET user_pk = excluded.user_pk, p256dh = excluded.p256dh,
                 auth = excluded.auth, created_at = excluded.created_at, renewed_at = excluded.renewed_at",
            &[&row.user.0, &row.endpoint, &row.p256dh, &row.auth, &row.created_at.0, &row.renewed_at.0],
        )?;
        Ok(())
    }

    fn delete_push_subscription(&mut self, endpoint: &str) -> RowResult<()> {
        self.run("DELETE FROM push_subscription WHERE endpoint = $1", &[&endpoint])?;
        Ok(())
    }

    fn insert_push_subscriber(&mut self, user: UserKey) -> RowResult<()> {
        self.run("INSERT INTO push_subscriber (user_pk, active_at) VALUES ($1, 0) ON CONFLICT DO NOTHING", &[&user.0])?;
        Ok(())
    }

    fn delete_push_subscriber(&mut self, user: UserKey) -> RowResult<()> {
        self.run("DELETE FROM push_subscriber WHERE user_pk = $1", &[&user.0])?;
        Ok(())
    }

    fn push_activity(&self, user: UserKey) -> RowResult<Option<Timestamp>> {
        let sql = "SELECT active_at FROM push_subscriber WHERE user_pk = $1";
        self.find(sql, &[&user.0], |row| Ok(Timestamp(row.try_get(0)?)))
    }

    fn set_push_activity(&mut self, users: &[(UserId, Timestamp)], everybody: bool) -> RowResult<()> {
        let ids: Vec<&str> = users.iter().map(|(id, _)| id.as_str()).collect();
        let at: Vec<i64> = users.iter().map(|(_, at)| at.0).collect();
        let sql = match everybody {
            // One row for each user, whatever it is named.
            true => {
                "INSERT INTO push_subscriber AS s (user_pk, active_at)
                 SELECT u.pk, max(noted.at) FROM unnest($1::text[], $2::bigint[]) AS noted (id, at)
                 JOIN chat_user u ON u.id = noted.id GROUP BY u.pk
                 ON CONFLICT (user_pk) DO UPDATE SET active_at = excluded.active_at
                 WHERE s.active_at < excluded.active_at"
            }
            false => {
                "UPDATE push_subscriber s SET active_at = noted.at
                 FROM unnest($1::text[], $2::bigint[]) AS noted (id, at) JOIN chat_user u ON u.id = noted.id
                 WHERE s.user_pk = u.pk AND s.active_at < noted.at"
            }
        };
        self.run(sql, &[&ids, &at])?;
        Ok(())
    }

    fn delete_idle_push_subscribers(&mut self) -> RowResult<()> {
        self.run(
            "DELETE FROM push_subscriber s
             WHERE NOT EXISTS (SELECT 1 FROM push_subscription p WHERE p.user_pk = s.user_pk)",
            &[],
        )?;
        Ok(())
    }

    fn has_push_subscribers(&self) -> RowResult<bool> {
        self.exists("SELECT 1 FROM push_subscriber LIMIT 1", &[])
    }

    fn members_to_push(&self, conversation: ConversationKey, reach: PushReach) -> RowResult<Vec<(UserKey, MemberRow)>> {
        macro_rules! members {
            ($from:literal) => {
                concat!(
                    "SELECT m.role, m.joined_at, m.joined_sequence, m.read_sequence, m.read_at, m.hidden_sequence,
                         m.settings, m.muted_until, m.archived_after, m.settings_position, m.user_pk
                     FROM ",
                    $from,
                    " WHERE m.conversation_pk = $1 ORDER BY m.user_pk"
                )
            };
        }
        let sql = match reach {
            PushReach::Subscribers => members!("member m JOIN push_subscriber s ON s.user_pk = m.user_pk"),
            PushReach::Everybody => members!("member m"),
        };
        self.list(sql, &[&conversation.0], |row| Ok((UserKey(row.try_get(10)?), member_at(row, 0)?)))
    }

    fn push_cursor(&self) -> RowResult<u64> {
        let position: i64 = self.get("SELECT position FROM push_cursor", &[], |row| Ok(row.try_get(0)?))?;
        Ok(position.cast_unsigned())
    }

    fn set_push_cursor(&mut self, to: u64) -> RowResult<()> {
        self.run("UPDATE push_cursor SET position = $1", &[&to.cast_signed()])?;
        Ok(())
    }

    fn messages_between(&self, after: u64, up_to: u64, limit: usize) -> RowResult<Vec<MessageRow>> {
        self.list(
            concat!(
                "SELECT ",
                message_columns!(),
                " FROM message m WHERE m.position > $1 AND m.position <= $2 ORDER BY m.position LIMIT $3"
            ),
            &[&after.cast_signed(), &up_to.cast_signed(), &limit_of(limit)],
            |row| message_at(row, 0),
        )
    }

    fn notified_between(&self, after: u64, up_to: u64) -> RowResult<Vec<(UserKey, NotificationId)>> {
        let records = self.list(
            "SELECT version, data FROM change
             WHERE position > $1 AND position <= $2 AND data LIKE '%\"kind\":\"notified\"%' ORDER BY position",
            &[&after.cast_signed(), &up_to.cast_signed()],
            |row| Ok((row.try_get::<_, i64>(0)?, row.try_get::<_, String>(1)?)),
        )?;
        notified(records)
    }

    fn notification_by_id(&self, id: &NotificationId) -> RowResult<Option<(UserKey, Arc<Notification>)>> {
        self.find(
            concat!("SELECT ", notification_columns!(), ", n.user_pk FROM notification n WHERE n.id = $1"),
            &[&id.as_str()],
            |row| Ok((UserKey(row.try_get(6)?), notification_at(row)?.1)),
        )
    }
}
