//! A message or an edit before it is written, as a hook is asked about it.
//!
//! What must stay true: a draft is what the client sent; what a hook makes of it is something else.

use std::sync::Arc;

use crate::{ConversationRef, EditedDetails, Message, MessageId, Metadata, NewText, User};

/// What a client wants to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draft {
    /// A message to be sent.
    Message(NewText),
    /// A change of a message.
    Edit {
        /// The message to change.
        message: MessageId,
        /// The new text.
        content: String,
        /// The details that change; none if they all stay.
        details: Option<Box<EditedDetails>>,
    },
}

/// What is known about a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftContext {
    /// The user who writes.
    pub sender: Arc<User>,
    /// The conversation; none if the message would create the direct one.
    pub conversation: Option<Arc<ConversationRef>>,
    /// The other user, if the message would create their direct conversation.
    pub recipient: Option<Arc<User>>,
    /// The message as it is before an edit.
    pub message: Option<Arc<Message>>,
}

impl DraftContext {
    /// Returns whether the text of a draft may be blank, because there is a file.
    #[must_use]
    pub fn has_file(&self, draft: &Draft) -> bool {
        match draft {
            Draft::Message(text) => text.file.is_some(),
            Draft::Edit { .. } => self.message.as_ref().is_some_and(|message| message.file.is_some()),
        }
    }
}

/// What is written in place of parts of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// The text; none if it stays.
    pub content: Option<String>,
    /// The custom data, where an empty object removes it; none if it stays.
    pub metadata: Option<Metadata>,
}

impl Draft {
    /// Returns the draft with what is written in place of parts of it.
    #[must_use]
    pub fn rewritten(self, rewrite: Rewrite) -> Self {
        let Rewrite { content: new_content, metadata: new_metadata } = rewrite;
        match self {
            Self::Message(text) => {
                let content = new_content.unwrap_or(text.content);
                let details = match new_metadata {
                    None => text.details,
                    Some(metadata) => {
                        let mut details = text.details.map(|details| *details).unwrap_or_default();
                        details.metadata = metadata.kept();
                        details.kept()
                    }
                };
                Self::Message(NewText { content, details, ..text })
            }
            Self::Edit { message, content, details } => {
                let content = new_content.unwrap_or(content);
                let details = match new_metadata {
                    None => details,
                    Some(metadata) => {
                        let mut details = details.map(|details| *details).unwrap_or_default();
                        details.metadata = Some(metadata);
                        details.kept()
                    }
                };
                Self::Edit { message, content, details }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageKind, NewDetails, Target, UserId};

    fn text(content: &str, details: NewDetails) -> NewText {
        NewText {
            target: Target::Direct(UserId::trusted("bob")),
            kind: MessageKind::Text,
            content: content.to_owned(),
            file: None,
            client_message_id: None,
            details: details.kept(),
        }
    }

    #[test]
    fn a_rewrite_replaces_what_it_names() {
        let data = |json: &str| Some(Metadata::trusted(json));
        let draft = |metadata| {
            let details = NewDetails { metadata, mention_all: true, ..NewDetails::default() };
            Draft::Message(text("hello", details))
        };
        let content = Rewrite { content: Some("*****".to_owned()), metadata: None };
        let Draft::Message(rewritten) = draft(data("{\"a\":1}")).rewritten(content) else { panic!("a message") };
        assert_eq!(rewritten.content, "*****");
        assert_eq!(rewritten.details.expect("kept").metadata, data("{\"a\":1}"));
        let metadata = Rewrite { content: None, metadata: data("{\"b\":2}") };
        assert_eq!(draft(None).rewritten(metadata), draft(data("{\"b\":2}")));
        let removed = Rewrite { content: None, metadata: data("{}") };
        assert_eq!(draft(data("{\"a\":1}")).rewritten(removed), draft(None));
        let plain = Draft::Message(text("hello", NewDetails::default()));
        assert_eq!(plain.clone().rewritten(Rewrite::default()), plain);

        let edit = |details: EditedDetails| Draft::Edit {
            message: MessageId::trusted("m"),
            content: "hello".to_owned(),
            details: details.kept(),
        };
        let removed = Rewrite { content: None, metadata: data("{}") };
        let expected = edit(EditedDetails { metadata: data("{}"), ..EditedDetails::default() });
        assert_eq!(edit(EditedDetails::default()).rewritten(removed), expected, "an empty object says that it goes");
    }
}
