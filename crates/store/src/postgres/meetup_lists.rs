//! Meetups as users see them: one, or a page of all.
//!
//! What must stay true: the number of statements for a page does not depend on its meetups; a page ends at its limit of
//! rows or bytes.

use std::sync::Arc;

use quintet_domain::limits::{LIST_BYTES_MAX, MEETUP_PEOPLE_OF_PAGE_MAX, PEOPLE_LISTED_MIN};
use quintet_domain::{ConversationId, Meetup, MeetupId, MeetupRequest, Refusal, Timestamp, User, UserId};
use quintet_rules::meetups::{PEOPLE_SHOWN_MAX, view};
use quintet_rules::rows::{MeetupRow, MeetupRows, UserRow, UserRows};
use tokio_postgres::Row;

use super::error::Fetched;
use super::reader::ReadLink;
use super::rows::{
    Channel, PostgresRows, SHOWN_USER_COLUMNS, Values, meetup_at, meetup_columns, nth, shown_user_columns,
};
use super::sets::Users;
use crate::error::Read;
use crate::page::{before_key, user_bytes};
use crate::{MeetupFilter, Page};

/// A meetup as a user sees it.
pub(super) fn meetup(conn: &ReadLink, viewer: &UserId, id: &MeetupId) -> Read<Meetup> {
    let rows = PostgresRows(conn);
    let viewer = rows.user(viewer)?.map(|row| row.key);
    let row = rows.meetup(id)?.ok_or_else(|| Refusal::not_found("meetup", id))?;
    Ok(view(&rows, &row, viewer)?)
}

/// A page of meetups, newest first.
pub(super) fn list(
    conn: &ReadLink,
    viewer: &UserId,
    filter: MeetupFilter,
    now: Timestamp,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Meetup>> {
    let before = before_key(cursor)?;
    // Each of the two statements uses an index of its own, so that meetups that have ended are not scanned.
    let sql = if filter.current {
        concat!(
            "SELECT ",
            meetup_columns!(),
            " FROM (SELECT t.pk AS pk FROM meetup t
                 WHERE t.deleted_at IS NULL AND t.status IN ('open', 'confirmed') AND t.expires_at > $3 AND t.pk < $1
                 ORDER BY t.pk DESC LIMIT $2) p
             JOIN meetup t ON t.pk = p.pk"
        )
    } else {
        concat!(
            "SELECT ",
            meetup_columns!(),
            " FROM (SELECT t.pk AS pk FROM meetup t
                 WHERE t.deleted_at IS NULL AND t.pk < $1 AND $3::bigint IS NOT NULL ORDER BY t.pk DESC LIMIT $2) p
             JOIN meetup t ON t.pk = p.pk"
        )
    };
    let found = conn.read(sql, &[&before, &(i64::from(limit) + 1), &now.0])?;
    let mut found: Vec<MeetupRow> = found.iter().map(meetup_at).collect::<Fetched<_>>()?;
    found.sort_unstable_by_key(|row| std::cmp::Reverse(row.key));
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let pks: Vec<i64> = found.iter().map(|row| row.key.0).collect();
    let viewer = PostgresRows(conn).user(viewer)?;
    let people_max = (MEETUP_PEOPLE_OF_PAGE_MAX / pks.len().max(1)).clamp(PEOPLE_LISTED_MIN, PEOPLE_SHOWN_MAX);
    let items = whole(conn, found, viewer.as_ref(), people_max)?;
    let last = items.len().checked_sub(1).and_then(|last| pks.get(last));
    let next = last.filter(|_| more || items.len() < pks.len()).map(ToString::to_string);
    Ok(Page { items, next })
}

/// The parts of a meetup that are not in its own row.
#[derive(Default)]
struct Beside {
    host: Option<(ConversationId, Arc<User>)>,
    /// The participants, each with its order of joining.
    participants: Vec<(i64, Arc<User>)>,
    requests: Vec<MeetupRequest>,
    bytes: usize,
}

/// Completes the meetups of rows, as many of the first as fit the bytes of one page. Hosts and services see all
/// requests, other users their own.
fn whole(conn: &ReadLink, found: Vec<MeetupRow>, viewer: Option<&UserRow>, people_max: usize) -> Read<Vec<Meetup>> {
    let viewer_pk = viewer.map_or(0, |viewer| viewer.key.0);
    let sees_all =
        |meetup: &MeetupRow| meetup.host.0 == viewer_pk || viewer.is_some_and(|viewer| viewer.user.is_service());
    let mut people = People {
        beside: found.iter().map(|_| Beside::default()).collect(),
        users: Users::default(),
        complete: found.len(),
        bytes: 0,
    };
    let all: Vec<i64> = found.iter().map(|meetup| meetup.key.0).collect();
    // The key 0, which no meetup has, stands for those whose requests the viewer must not see.
    let seen: Vec<i64> = found.iter().map(|meetup| if sees_all(meetup) { meetup.key.0 } else { 0 }).collect();
    let own: Vec<i64> = found.iter().map(|meetup| if sees_all(meetup) { 0 } else { meetup.key.0 }).collect();
    people.add(
        conn,
        concat!(
            "SELECT j.nth, ",
            shown_user_columns!(),
            ", c.id FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth) JOIN meetup t ON t.pk = j.pk
             JOIN conversation c ON c.pk = t.conversation_pk JOIN chat_user u ON u.pk = t.host_pk ORDER BY j.nth"
        ),
        &[&all],
        |beside, user, row| {
            beside.host = Some((ConversationId::trusted(row.try_get::<_, &str>(BEHIND)?), user));
            Ok(())
        },
    )?;
    people.add(
        conn,
        concat!(
            "SELECT j.nth, ",
            shown_user_columns!(),
            ", m.joined_sequence FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth) JOIN meetup t ON t.pk = j.pk
             CROSS JOIN LATERAL (
                 (SELECT f.user_pk FROM member f WHERE f.conversation_pk = t.conversation_pk
                  ORDER BY f.joined_sequence, f.user_pk LIMIT $2)
                 UNION SELECT $3::bigint) shown
             JOIN member m ON m.conversation_pk = t.conversation_pk AND m.user_pk = shown.user_pk
             JOIN chat_user u ON u.pk = m.user_pk WHERE m.user_pk <> t.host_pk
             ORDER BY j.nth, m.joined_sequence, m.user_pk"
        ),
        // The host is one of the first members, and the viewer is shown wherever it stands.
        &[&all, &(people_max as i64 + 1), &viewer_pk],
        |beside, user, row| {
            beside.participants.push((row.try_get(BEHIND)?, user));
            Ok(())
        },
    )?;
    let ask = |beside: &mut Beside, user, row: &Row| {
        beside.requests.push(MeetupRequest { user, created_at: Timestamp(row.try_get(BEHIND)?) });
        Ok(())
    };
    people.add(
        conn,
        concat!(
            "SELECT j.nth, ",
            shown_user_columns!(),
            ", r.created_at FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth)
             CROSS JOIN LATERAL (
                 SELECT f.user_pk, f.created_at FROM meetup_request f WHERE f.meetup_pk = j.pk
                 ORDER BY f.created_at, f.user_pk LIMIT $2) r
             JOIN chat_user u ON u.pk = r.user_pk ORDER BY j.nth, r.created_at, r.user_pk"
        ),
        &[&seen, &(people_max as i64)],
        ask,
    )?;
    people.add(
        conn,
        concat!(
            "SELECT j.nth, ",
            shown_user_columns!(),
            ", r.created_at FROM unnest($1::bigint[]) WITH ORDINALITY AS j (pk, nth)
             JOIN meetup_request r ON r.meetup_pk = j.pk AND r.user_pk = $2
             JOIN chat_user u ON u.pk = r.user_pk ORDER BY j.nth, r.created_at, r.user_pk"
        ),
        &[&own, &viewer_pk],
        ask,
    )?;
    let (complete, mut bytes) = (people.complete, 0);
    let pairs = found.into_iter().zip(people.beside).enumerate();
    let shown = pairs.map_while(|(at, (meetup, beside))| {
        bytes += beside.bytes;
        (at == 0 || (at < complete && bytes <= LIST_BYTES_MAX)).then(|| assembled(meetup, beside))
    });
    Ok(shown.flatten().collect())
}

/// The first column after those of the number and the user.
const BEHIND: usize = SHOWN_USER_COLUMNS + 1;

/// The people of some meetups, as many as fit the bytes of one page.
struct People {
    beside: Vec<Beside>,
    users: Users,
    /// The number of meetups that are complete.
    complete: usize,
    bytes: usize,
}

impl People {
    /// Adds the rows of a statement: the number of a meetup, a user, and further columns.
    fn add(
        &mut self,
        conn: &ReadLink,
        sql: &'static str,
        values: Values<'_>,
        add: impl Fn(&mut Beside, Arc<User>, &Row) -> Fetched<()>,
    ) -> Read<()> {
        for row in &conn.read(sql, values)? {
            let at = nth(row, 0)?;
            let Some(beside) = self.beside.get_mut(at) else { continue };
            let user = self.users.at(row, 1)?;
            let bytes = user_bytes(&user);
            self.bytes += bytes;
            if self.bytes > LIST_BYTES_MAX && at > 0 {
                self.complete = self.complete.min(at);
                return Ok(());
            }
            beside.bytes += bytes;
            add(beside, user, row)?;
        }
        Ok(())
    }
}

fn assembled(meetup: MeetupRow, beside: Beside) -> Option<Meetup> {
    let Beside { host, mut participants, mut requests, .. } = beside;
    participants.sort_by_key(|(joined, _)| *joined);
    requests.sort_by_key(|request| request.created_at);
    let (chat_id, host) = host?;
    Some(Meetup {
        id: meetup.id,
        chat_id,
        host,
        participants: participants.into_iter().map(|(_, user)| user).collect(),
        requests,
        activity: meetup.activity,
        location: meetup.location,
        starts_at: meetup.starts_at,
        expires_at: meetup.expires_at,
        capacity: meetup.capacity,
        status: meetup.status,
    })
}
