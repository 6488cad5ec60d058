//! Searches for messages.
//!
//! What must stay true: a search finds what the other stores find, in the same order. There is no index: every message is
//! proposed, as many as one read examines.

use std::sync::Arc;

use quintet_domain::{Message, MessageSearch, UserId};
use quintet_rules::MessageKey;
use quintet_rules::message_search::MessageFinder;

use super::known;
use crate::Page;
use crate::error::Read;
use crate::memory::data::Data;
use crate::page::before_key;

/// A page of the messages that a user finds, newest first.
pub(in crate::memory) fn find_messages(
    data: &Data,
    requester: &UserId,
    search: &MessageSearch,
    cursor: Option<&str>,
    limit: u32,
) -> Read<Page<Arc<Message>>> {
    let (user, before) = (known(data, requester)?, before_key(cursor)?);
    let mut finder = MessageFinder::new(data, user, search, limit as usize)?;
    let mut is_all = true;
    for (_, row) in data.messages.rows.range(..MessageKey(before)).rev() {
        if !finder.examine(row.clone())? {
            is_all = false;
            break;
        }
    }
    let found = finder.end(is_all);
    let next = found.next.map(|key| key.0.to_string());
    let items = found.messages(data, |sender| Some(Arc::clone(&data.users.rows.get(&sender)?.user)))?;
    Ok(Page { items, next })
}
