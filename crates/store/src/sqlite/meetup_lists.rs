//! Meetups as users see them: one, or a page of all.
//!
//! What must stay true: the number of statements for a page does not depend on its meetups; a page ends at its limit of
//! rows or bytes.

use std::sync::Arc;

use quintet_domain::limits::{LIST_BYTES_MAX, MEETUP_PEOPLE_OF_PAGE_MAX, PEOPLE_LISTED_MIN};
use quintet_domain::{ConversationId, Meetup, MeetupId, MeetupRequest, Refusal, Timestamp, User, UserId};
use quintet_rules::meetups::{PEOPLE_SHOWN_MAX, view};
use quintet_rules::rows::{MeetupRow, MeetupRows, UserRow, UserRows};
use rusqlite::{Connection, Row, params};

use super::rows::{SHOWN_USER_COLUMNS, SqliteRows, meetup_at, meetup_columns, shown_user_columns};
use super::sets::{self, Users};
use crate::error::Read;
use crate::{MeetupFilter, Page};

/// A meetup as a user sees it.
pub(super) fn meetup(conn: &Connection, viewer: &UserId, id: &MeetupId) -> Read<Meetup> {
    let rows = SqliteRows(conn);
    let viewer = rows.user(viewer)?.map(|row| row.key);
    let row = rows.meetup(id)?.ok_or_else(|| Refusal::not_found("meetup", id))?;
    Ok(view(&rows, &row, viewer)?)
}

/// A page of meetups, newest first.
pub(super) fn list(
    conn: &Connection,
    viewer: &UserId,
    filter: MeetupFilter,
    now: Timestamp,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Meetup>> {
    let before: i64 = match cursor {
        None => i64::MAX,
        Some(cursor) => {
            cursor.parse().map_err(|_| Refusal::invalid("cursor", "must be the `next` of an earlier page"))?
        }
    };
    // Each of the two statements uses an index of its own, so that meetups that have ended are not scanned.
    let sql = if filter.current {
        concat!(
            "SELECT ",
            meetup_columns!(),
            " FROM (SELECT t.pk AS pk FROM meetup t INDEXED BY meetup_current
                 WHERE t.deleted_at IS NULL AND t.status IN ('open', 'confirmed') AND t.expires_at > ?3 AND t.pk < ?1
                 ORDER BY t.pk DESC LIMIT ?2) p
             CROSS JOIN meetup t ON t.pk = p.pk"
        )
    } else {
        concat!(
            "SELECT ",
            meetup_columns!(),
            " FROM (SELECT t.pk AS pk FROM meetup t INDEXED BY meetup_there
                 WHERE t.deleted_at IS NULL AND t.pk < ?1 AND ?3 IS NOT NULL ORDER BY t.pk DESC LIMIT ?2) p
             CROSS JOIN meetup t ON t.pk = p.pk"
        )
    };
    let mut found: Vec<MeetupRow> = conn
        .prepare_cached(sql)?
        .query_map(params![before, i64::from(limit) + 1, now.0], meetup_at)?
        .collect::<Result<_, _>>()?;
    found.sort_unstable_by_key(|row| std::cmp::Reverse(row.key));
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let pks: Vec<i64> = found.iter().map(|row| row.key.0).collect();
    let viewer = SqliteRows(conn).user(viewer)?;
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
fn whole(conn: &Connection, found: Vec<MeetupRow>, viewer: Option<&UserRow>, people_max: usize) -> Read<Vec<Meetup>> {
    let viewer_pk = viewer.map_or(0, |viewer| viewer.key.0);
    let sees_all =
        |meetup: &MeetupRow| meetup.host.0 == viewer_pk || viewer.is_some_and(|viewer| viewer.user.is_service());
    let mut people = People {
        beside: found.iter().map(|_| Beside::default()).collect(),
        users: Users::default(),
        complete: found.len(),
        bytes: 0,
    };
    let all = sets::keys(found.iter().map(|meetup| meetup.key.0));
    // The key 0, which no meetup has, stands for those whose requests the viewer must not see.
    let seen = sets::keys(found.iter().map(|meetup| if sees_all(meetup) { meetup.key.0 } else { 0 }));
    let own = sets::keys(found.iter().map(|meetup| if sees_all(meetup) { 0 } else { meetup.key.0 }));
    people.add(
        conn,
        concat!(
            "SELECT j.key, ",
            shown_user_columns!(),
            ", c.id FROM json_each(?1) j CROSS JOIN meetup t ON t.pk = j.value
             CROSS JOIN conversation c ON c.pk = t.conversation_pk CROSS JOIN user u ON u.pk = t.host_pk"
        ),
        params![all],
        |beside, user, row| {
            beside.host = Some((ConversationId::trusted(row.get_ref(BEHIND)?.as_str()?), user));
            Ok(())
        },
    )?;
    people.add(
        conn,
        concat!(
            "SELECT j.key, ",
            shown_user_columns!(),
            ", m.joined_sequence FROM json_each(?1) j CROSS JOIN meetup t ON t.pk = j.value
             CROSS JOIN member m ON m.conversation_pk = t.conversation_pk AND m.user_pk IN (
                 SELECT ?3 UNION ALL SELECT user_pk FROM (
                     SELECT f.user_pk FROM member f INDEXED BY member_joined WHERE f.conversation_pk = t.conversation_pk
                     ORDER BY f.joined_sequence, f.user_pk LIMIT ?2))
             CROSS JOIN user u ON u.pk = m.user_pk WHERE m.user_pk <> t.host_pk"
        ),
        // The host is one of the first members, and the viewer is shown wherever it stands.
        params![all, people_max as i64 + 1, viewer_pk],
        |beside, user, row| {
            beside.participants.push((row.get(BEHIND)?, user));
            Ok(())
        },
    )?;
    let ask = |beside: &mut Beside, user, row: &Row<'_>| {
        beside.requests.push(MeetupRequest { user, created_at: Timestamp(row.get(BEHIND)?) });
        Ok(())
    };
    people.add(
        conn,
        concat!(
            "SELECT j.key, ",
            shown_user_columns!(),
            ", r.created_at FROM json_each(?1) j
             CROSS JOIN meetup_request r ON r.meetup_pk = j.value AND r.user_pk IN (
                 SELECT f.user_pk FROM meetup_request f INDEXED BY meetup_asked WHERE f.meetup_pk = j.value
                 ORDER BY f.created_at, f.user_pk LIMIT ?2)
             CROSS JOIN user u ON u.pk = r.user_pk"
        ),
        params![seen, people_max as i64],
        ask,
    )?;
    people.add(
        conn,
        concat!(
            "SELECT j.key, ",
            shown_user_columns!(),
            ", r.created_at FROM json_each(?1) j
             CROSS JOIN meetup_request r ON r.meetup_pk = j.value AND r.user_pk = ?2
             CROSS JOIN user u ON u.pk = r.user_pk"
        ),
        params![own, viewer_pk],
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
        conn: &Connection,
        sql: &str,
        params: impl rusqlite::Params,
        add: impl Fn(&mut Beside, Arc<User>, &Row<'_>) -> rusqlite::Result<()>,
    ) -> Read<()> {
        let mut statement = conn.prepare_cached(sql)?;
        let mut found = statement.query(params)?;
        while let Some(row) = found.next()? {
            let at = sets::nth(row)?;
            let Some(beside) = self.beside.get_mut(at) else { continue };
            let user = self.users.at(row, 1)?;
            let bytes = sets::user_bytes(&user);
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
