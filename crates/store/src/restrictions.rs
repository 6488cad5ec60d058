//! Reads of who is banned from a conversation or silenced there, over the rows of any store.
//!
//! What must stay true: only those who may moderate a conversation read it; what has ended is not there; the number of
//! statements does not depend on the number of bans.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use quintet_domain::permissions::{self, Action};
use quintet_domain::{
    AuditEntry, AuditFilter, ConversationId, Refusal, Restriction, RestrictionKind, Timestamp, User, UserId,
};
use quintet_rules::log::ReplayRows;
use quintet_rules::rows::{RestrictionRow, Rows, UserRow};
use quintet_rules::{UserKey, restrictions};

use crate::error::Read;
use crate::future::ReadResult;
use crate::page::after_key;
use crate::{Page, Party};

fn known(rows: &impl Rows, id: &UserId) -> Read<UserRow> {
    Ok(rows.user(id)?.ok_or_else(|| Refusal::not_found("user", id))?)
}

/// The reads of moderation, which every [`Store`](crate::Store) has.
pub trait ModerationReads {
    /// The bans or silences of a conversation that the user may moderate, without those that have ended.
    fn restrictions(
        &self,
        user: UserId,
        id: ConversationId,
        kind: RestrictionKind,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Restriction>>;
    /// Acts of the audit log that fit a filter, the newest first.
    fn audit(
        &self,
        by: Party,
        filter: AuditFilter,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<AuditEntry>>;
}

/// A page of the bans or silences of a conversation, in the order in which their users came to be. `sets` reads the same
/// rows, many at a time.
pub(crate) fn list(
    rows: &impl Rows,
    sets: &dyn ReplayRows,
    user: &UserId,
    (id, kind): (&ConversationId, RestrictionKind),
    now: Timestamp,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Restriction>> {
    let (user, after) = (known(rows, user)?, after_key(cursor)?);
    let conversation = rows.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
    let member = rows.member(conversation.key, user.key)?;
    let standing = restrictions::standing_of_reader(rows, &conversation, &user, member.as_ref())?;
    permissions::check(Action::Moderate, standing, id)?;
    let limit = limit as usize;
    let mut found = rows.restrictions(conversation.key, kind, now, UserKey(after), limit.saturating_add(1))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| row.user.0.to_string());
    let keys: BTreeSet<UserKey> = found.iter().flat_map(|row| [row.user, row.by]).collect();
    let users: HashMap<UserKey, Arc<User>> = sets.users(&keys)?.into_iter().map(|row| (row.key, row.user)).collect();
    let shown = |row: RestrictionRow| {
        let (user, by) = (Arc::clone(users.get(&row.user)?), users.get(&row.by)?.id.clone());
        Some(Restriction { user, until: row.until, reason: row.reason, by, at: row.at, by_server: row.by_server })
    };
    Ok(Page { items: found.into_iter().filter_map(shown).collect(), next })
}
