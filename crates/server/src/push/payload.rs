//! What a push message says, as the service worker of the page reads it.
//!
//! What must stay true: it has at most 3,000 bytes, and says nothing that its reader may not read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quintet_domain::ConversationKind;
use quintet_domain::limits::PUSH_TEXT_CHARS_MAX;
use quintet_service::PushContent;
use serde::Serialize;

/// Maximum bytes of a push message before it is encrypted.
const BYTES_MAX: usize = 3_000;

/// A push message: the JSON that is encrypted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'c> {
    /// `message` or `notification`.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_id: Option<&'c str>,
    /// The kind of a message, by which the page words one without a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The name of the sender, where the title is the name of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<String>,
    title: String,
    /// The text, cut where it is long; empty if there is none.
    body: String,
    /// The link of the page to it. A newer notification with the same tag replaces an older one.
    tag: &'c str,
}

/// The first characters of a text, with an ellipsis if there are more.
fn beginning(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
    }
}

/// The characters that a link of the page encodes, as `encodeURIComponent` does.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The link of the page to what a push message is about. It is the tag, by which a newer one replaces an older one on the
/// device, as the open page has it.
fn link(content: &PushContent) -> String {
    match content {
        PushContent::Message { conversation, .. } => {
            format!("#/c/{}", utf8_percent_encode(conversation.id.as_str(), ENCODED))
        }
        PushContent::Notification(_) => "#/notifications".to_owned(),
    }
}

/// What a push message is about, for the push service, where a newer one with the same topic replaces one that waits.
pub(super) fn topic(content: &PushContent) -> String {
    match content {
        PushContent::Message { conversation, .. } => format!("conversation {}", conversation.id),
        PushContent::Notification(notification) => format!("notification {}", notification.id),
    }
}

/// Writes a push message.
pub(super) fn written(content: &PushContent) -> Vec<u8> {
    let tag = link(content);
    let mut chars = PUSH_TEXT_CHARS_MAX;
    loop {
        let text = serde_json::to_vec(&payload(content, &tag, chars)).unwrap_or_default();
        if text.len() <= BYTES_MAX || chars == 0 {
            return text;
        }
        chars /= 2;
    }
}

fn payload<'c>(content: &'c PushContent, tag: &'c str, chars: usize) -> Payload<'c> {
    match content {
        PushContent::Message { conversation, message, sender, kind, text, file } => {
            let text = if text.trim().is_empty() { file.as_deref().unwrap_or_default() } else { text };
            let (title, sender) = match (conversation.kind, &conversation.name) {
                (ConversationKind::Direct, _) | (_, None) => (sender.name.clone(), None),
                (_, Some(name)) => (name.to_string(), Some(sender.name.clone())),
            };
            Payload {
                r#type: "message",
                conversation_id: Some(conversation.id.as_str()),
                message_id: Some(message.as_str()),
                notification_id: None,
                kind: Some(kind.as_str()),
                sender,
                title,
                body: beginning(text, chars),
                tag,
            }
        }
        PushContent::Notification(notification) => Payload {
            r#type: "notification",
            conversation_id: None,
            message_id: None,
            notification_id: Some(notification.id.as_str()),
            kind: None,
            sender: None,
            title: notification.title.clone(),
            body: beginning(&notification.message, chars),
            tag,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quintet_domain::{
        ConversationId, ConversationRef, MessageId, MessageKind, Notification, NotificationId, Timestamp, User, UserId,
        UserKind,
    };
    use serde_json::{Value, json};

    use super::*;

    fn message(kind: ConversationKind, name: Option<&str>, text: &str) -> PushContent {
        let sender = User {
            id: UserId::trusted("u-1"),
            username: "alice".to_owned(),
            name: "Alice".to_owned(),
            last_name: None,
            avatar: None,
            kind: UserKind::Registered,
            last_seen: None,
            created_at: Timestamp(0),
        };
        let conversation =
            ConversationRef { id: ConversationId::trusted("c 1"), kind, name: name.map(Into::into), pair: None };
        PushContent::Message {
            conversation: Arc::new(conversation),
            message: MessageId::trusted("m-1"),
            sender: Arc::new(sender),
            kind: MessageKind::Text,
            text: text.to_owned(),
            file: Some("plan.pdf".to_owned()),
        }
    }

    fn read(content: &PushContent) -> Value {
        serde_json::from_slice(&written(content)).expect("JSON")
    }

    #[test]
    fn a_direct_message_has_the_name_of_its_sender() {
        let said = read(&message(ConversationKind::Direct, None, "hello"));
        let expected = json!({
            "type": "message", "conversationId": "c 1", "messageId": "m-1", "kind": "text", "title": "Alice",
            "body": "hello", "tag": "#/c/c%201"
        });
        assert_eq!(said, expected);
    }

    #[test]
    fn a_message_of_a_group_has_its_name_and_the_sender() {
        let said = read(&message(ConversationKind::Group, Some("Team"), " "));
        assert_eq!(
            (&said["title"], &said["sender"], &said["body"]),
            (&json!("Team"), &json!("Alice"), &json!("plan.pdf"))
        );
    }

    #[test]
    fn a_long_text_is_cut_by_characters_and_bytes() {
        let said = read(&message(ConversationKind::Direct, None, &"ü".repeat(1_000)));
        assert_eq!(said["body"], json!(format!("{}…", "ü".repeat(PUSH_TEXT_CHARS_MAX))));
        // What takes six bytes as JSON, and a name as long as names may be.
        let costly = message(ConversationKind::Group, Some(&"😀".repeat(128)), &"\u{1}".repeat(1_000));
        let written = written(&costly);
        assert!(written.len() <= BYTES_MAX, "{}", written.len());
        assert!(read(&costly)["body"].as_str().is_some_and(|body| body.len() > 100));
    }

    #[test]
    fn a_notification_is_its_own() {
        let notification = Notification {
            id: NotificationId::trusted("n-1"),
            title: "Order".to_owned(),
            message: "It is on its way.".to_owned(),
            timestamp: Timestamp(0),
            read_at: None,
        };
        let expected = json!({
            "type": "notification", "notificationId": "n-1", "title": "Order", "body": "It is on its way.",
            "tag": "#/notifications"
        });
        assert_eq!(read(&PushContent::Notification(Arc::new(notification))), expected);
    }
}
