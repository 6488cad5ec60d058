//! The columns of webhooks, which both databases have alike; lists in them are names and ids, which have no spaces,
//! separated by spaces.
//!
//! What must stay true: an empty list means everything, so that a list with an unknown name is an error, and never a
//! shorter one.

use quintet_domain::{ConversationId, ModelEventType};

/// The columns of a webhook, in the order in which both stores read them.
macro_rules! webhook_columns {
    () => {
        "w.id, w.url, w.secret, w.description, w.kinds, w.conversations, w.enabled, w.disabled_because, w.created_at,
         w.position, w.turn, w.failing_since, w.personal"
    };
}
pub(crate) use webhook_columns;

fn joined<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|part| !part.is_empty())
}

/// The kinds of a filter as the databases store them.
pub(crate) fn kinds_written(kinds: &[ModelEventType]) -> String {
    joined(kinds.iter().map(|kind| kind.as_str()))
}

/// The conversations of a filter as the databases store them.
pub(crate) fn conversations_written(conversations: &[ConversationId]) -> String {
    joined(conversations.iter().map(ConversationId::as_str))
}

/// Reads the kinds of a filter; `None` if one of them is unknown.
pub(crate) fn kinds_read(text: &str) -> Option<Vec<ModelEventType>> {
    parts(text).map(ModelEventType::parse).collect()
}

/// Reads the conversations of a filter; `None` if one of them is no id.
pub(crate) fn conversations_read(text: &str) -> Option<Vec<ConversationId>> {
    parts(text).map(|id| ConversationId::new(id).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_were_written() {
        let kinds = [ModelEventType::MessageCreated, ModelEventType::UserErased];
        assert_eq!(kinds_written(&kinds), "message.created user.erased");
        assert_eq!(kinds_read(&kinds_written(&kinds)), Some(kinds.to_vec()));
        assert_eq!((kinds_read(""), conversations_read("")), (Some(Vec::new()), Some(Vec::new())));
        assert_eq!(kinds_read("message.created message.future"), None);
        let conversations = ["a", "ä,\"b\""].map(ConversationId::trusted);
        assert_eq!(conversations_read(&conversations_written(&conversations)), Some(conversations.to_vec()));
    }
}
