//! The members of one conversation, page by page, and those among them whose name contains a text.
//!
//! What must stay true: members are in the order in which they joined, whatever is searched for; one read looks at the
//! members of one conversation and at nobody else.

use quintet_domain::{ConversationId, Member, Role, Searched, Timestamp, UserId};
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::lists;
use super::queries::{readable, user};
use super::rows::{SHOWN_USER_COLUMNS, shown_user_columns};
use super::sets::Users;
use crate::error::Read;
use crate::members::of_direct;
use crate::page::{after_joined, joined_mark};
use crate::readers::Class;
use crate::{MemberReads, Page, ReadResult};

impl MemberReads for SqliteStore {
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
    conn: &Connection,
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
    let mut statement = conn.prepare_cached(concat!(
        "SELECT ",
        shown_user_columns!(),
        ", m.role, m.joined_at, m.read_sequence, m.read_at, m.joined_sequence, m.user_pk
         FROM member m INDEXED BY member_joined CROSS JOIN user u ON u.pk = m.user_pk
         WHERE m.conversation_pk = ?1 AND (m.joined_sequence, m.user_pk) > (?2, ?3)
             AND (is_in(?4, u.username) OR is_in(?4, u.name))
         ORDER BY m.joined_sequence, m.user_pk LIMIT ?5"
    ))?;
    let mut users = Users::default();
    let found =
        statement.query_map(params![row.key.0, after.0, after.1, searched.folded(), i64::from(limit) + 1], |row| {
            let role: String = row.get(SHOWN_USER_COLUMNS)?;
            let member = Member {
                user: users.at(row, 0)?,
                role: Role::parse(&role).unwrap_or(Role::Member),
                joined_at: Timestamp(row.get(SHOWN_USER_COLUMNS + 1)?),
                read_sequence: row.get::<_, i64>(SHOWN_USER_COLUMNS + 2)?.cast_unsigned(),
                read_at: row.get::<_, Option<i64>>(SHOWN_USER_COLUMNS + 3)?.map(Timestamp),
            };
            Ok((joined_mark(row.get(SHOWN_USER_COLUMNS + 4)?, row.get(SHOWN_USER_COLUMNS + 5)?), member))
        })?;
    Ok(Page::of_marked(found.collect::<Result<_, _>>()?, limit))
}
