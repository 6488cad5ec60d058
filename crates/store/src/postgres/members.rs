//! The members of one conversation, page by page, and those among them whose name contains a text.
//!
//! What must stay true: members are in the order in which they joined, whatever is searched for; one read looks at the
//! members of one conversation and at nobody else.

use quintet_domain::{ConversationId, Member, Role, Searched, Timestamp, UserId};

use super::PostgresStore;
use super::error::get;
use super::lists;
use super::queries::{readable, user};
use super::reader::ReadLink;
use super::rows::Channel;
use super::sets::Users;
use crate::error::Read;
use crate::members::of_direct;
use crate::page::{after_joined, joined_mark};
use crate::readers::Class;
use crate::{MemberReads, Page, ReadResult};

/// The number of members that one statement of a search reads.
const MEMBERS_AT_ONCE: i64 = 2_000;

/// A member that fits, without its user.
struct Found {
    mark: (i64, i64),
    role: Role,
    joined_at: Timestamp,
    read_sequence: u64,
    read_at: Option<Timestamp>,
}

impl MemberReads for PostgresStore {
    fn members(
        &self,
        user: UserId,
        id: ConversationId,
        query: String,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Member>> {
        self.readers
            .run(Class::Heavy, user.clone(), move |conn| members(conn, &user, &id, &query, cursor.as_deref(), limit))
    }
}

/// A page of the members of a conversation that the user may read: all, or those whose username or name contains a text.
fn members(
    conn: &ReadLink,
    requester: &UserId,
    id: &ConversationId,
    query: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Member>> {
    let row = readable(conn, &user(conn, requester)?, id)?;
    let (searched, after) = (Searched::new(query), after_joined(cursor)?);
    if row.pair.is_some() {
        return Ok(of_direct(lists::conversation(conn, requester, id)?, &searched));
    }
    let found = fitting(conn, row.key.0, &searched, after, limit as usize + 1)?;
    let keys: Vec<i64> = found.iter().map(|found| found.mark.1).collect();
    let users = Users::load(conn, &keys)?;
    let member = |Found { mark, role, joined_at, read_sequence, read_at }| {
        let user = users.get(mark.1)?.clone();
        Some((joined_mark(mark.0, mark.1), Member { user, role, joined_at, read_sequence, read_at }))
    };
    Ok(Page::of_marked(found.into_iter().filter_map(member).collect(), limit))
}

/// The first members behind a place whose names contain a text. The text is compared here, as everywhere else.
fn fitting(
    conn: &ReadLink,
    conversation: i64,
    searched: &Searched,
    mut after: (i64, i64),
    most: usize,
) -> Read<Vec<Found>> {
    let at_once = if searched.folded().is_empty() { most as i64 } else { MEMBERS_AT_ONCE };
    let mut fitting = Vec::new();
    loop {
        let rows = conn.read(
            "SELECT m.joined_sequence, m.user_pk, u.username, u.name, m.role, m.joined_at, m.read_sequence, m.read_at
             FROM member m JOIN chat_user u ON u.pk = m.user_pk
             WHERE m.conversation_pk = $1 AND (m.joined_sequence, m.user_pk) > ($2, $3)
             ORDER BY m.joined_sequence, m.user_pk LIMIT $4",
            &[&conversation, &after.0, &after.1, &at_once],
        )?;
        for row in &rows {
            after = (get(row, 0)?, get(row, 1)?);
            if !searched.is_in(get(row, 2)?) && !searched.is_in(get(row, 3)?) {
                continue;
            }
            let role: &str = get(row, 4)?;
            fitting.push(Found {
                mark: after,
                role: Role::parse(role).unwrap_or(Role::Member),
                joined_at: Timestamp(get(row, 5)?),
                read_sequence: get::<i64>(row, 6)?.cast_unsigned(),
                read_at: get::<Option<i64>>(row, 7)?.map(Timestamp),
            });
            if fitting.len() == most {
                return Ok(fitting);
            }
        }
        if (rows.len() as i64) < at_once {
            return Ok(fitting);
        }
    }
}
