//! The index of messages for searches: a table with a `tsvector` of each message, whose terms are those of
//! [`search_terms`](quintet_domain::search_terms).
//!
//! What must stay true: no write waits for the index; one node at a time fills it, in the order of positions.

mod feed;
mod find;

use quintet_rules::ConversationKey;

pub(super) use feed::SearchFeed;
pub(super) use find::find;

/// The term of a conversation, which no text has.
fn scope_term(conversation: ConversationKey) -> String {
    format!("#{}", conversation.0)
}
