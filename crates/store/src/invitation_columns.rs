//! The column of invitations that both databases store as a JSON list.
//!
//! What must stay true: a list that cannot be read is an error and never an empty one.

use quintet_domain::ConversationId;

/// A list of conversations that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("an invitation has conversations that this version cannot read: {0}")]
pub(crate) struct Unreadable(String);

/// Conversations as the databases store them.
pub(crate) fn written(conversations: &[ConversationId]) -> String {
    serde_json::Value::from_iter(conversations.iter().map(ConversationId::as_str)).to_string()
}

/// Reads conversations as the databases store them.
pub(crate) fn read(text: &str) -> Result<Vec<ConversationId>, Unreadable> {
    let ids: Vec<String> = serde_json::from_str(text).map_err(|_| Unreadable(text.to_owned()))?;
    Ok(ids.iter().map(|id| ConversationId::trusted(id)).collect())
}
