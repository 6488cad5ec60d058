//! The read of a conversation's members of the store in memory.
//!
//! What must stay true: it returns what the same read of the other stores returns.

use quintet_domain::{ConversationId, Member, UserId};

use super::{MemoryStore, reads};
use crate::{MemberReads, Page, ReadResult};

impl MemberReads for MemoryStore {
    fn members(
        &self,
        user: UserId,
        id: ConversationId,
        query: String,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Member>> {
        self.read(move |data| reads::members(data, &user, &id, &query, cursor.as_deref(), limit))
    }
}
