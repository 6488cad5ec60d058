//! The commands of simulated clients, and how each vocabulary writes them.
//!
//! What must stay true: the payloads are those that the vocabularies' documents name; the server's own encoders are not
//! used for them.

use quintet_dialect::Dialect;
use quintet_domain::{ConversationId, MessageId, UserId};
use serde_json::{Value, json};

/// What a simulated client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Send a message. Its content names it: no two messages have the same.
    Send { conversation: ConversationId, content: String, repeatable: bool, reply_to: Option<MessageId> },
    /// Change the text of a message.
    Edit { message: MessageId, content: String },
    /// Delete a message.
    Delete { message: MessageId },
    /// Give a reaction to a message, or take it back.
    React { message: MessageId, emoji: &'static str, active: bool },
    /// Pin a message, or unpin it.
    Pin { message: MessageId, pinned: bool },
    /// Read up to a message.
    Read { conversation: ConversationId, message: MessageId },
    /// Join a conversation; where the vocabulary mutes, this ends the mute.
    Join { conversation: ConversationId },
    /// Leave a room.
    Leave { conversation: ConversationId },
    /// Receive nothing of a conversation on this connection.
    Mute { conversation: ConversationId },
    /// Start or stop typing.
    Typing { conversation: ConversationId, typing: bool },
    /// Ask which conversations this connection receives.
    Listen { conversations: Vec<ConversationId> },
}

/// The event by which a vocabulary asks for a command; none where it cannot.
pub(crate) fn write(dialect: Dialect, user: &UserId, command: &Command) -> Option<(&'static str, Value)> {
    match dialect {
        Dialect::Conversations => conversations(command),
        Dialect::Chat => chat(command),
        Dialect::Rooms => rooms(user, command),
        Dialect::Meetup | Dialect::Messenger => None,
    }
}

/// Adds to a message the client's own id, by which a repeated send is recognised, and the message that it answers.
fn completed(mut payload: Value, content: &str, repeatable: bool, reply_to: Option<&MessageId>) -> Value {
    if repeatable {
        payload["clientMessageId"] = format!("id-{content}").into();
    }
    if let Some(answered) = reply_to {
        payload["replyTo"] = answered.as_str().into();
    }
    payload
}

fn reaction(message: &MessageId, emoji: &str) -> Value {
    json!({ "messageId": message.as_str(), "emoji": emoji })
}

fn conversations(command: &Command) -> Option<(&'static str, Value)> {
    Some(match command {
        Command::Send { conversation, content, repeatable, reply_to } => {
            let payload = json!({ "conversationId": conversation.as_str(), "content": content });
            ("send_message", completed(payload, content, *repeatable, reply_to.as_ref()))
        }
        Command::Edit { message, content } => {
            ("edit_message", json!({ "messageId": message.as_str(), "newContent": content }))
        }
        Command::Delete { message } => ("delete_message", json!({ "messageId": message.as_str() })),
        Command::React { message, emoji, active: true } => ("add_reaction", reaction(message, emoji)),
        Command::React { message, emoji, active: false } => ("remove_reaction", reaction(message, emoji)),
        Command::Pin { message, pinned } => {
            ("set_message_pin", json!({ "messageId": message.as_str(), "pinned": pinned }))
        }
        Command::Read { conversation, message } => {
            ("mark_read", json!({ "conversationId": conversation.as_str(), "messageIds": [message.as_str()] }))
        }
        Command::Typing { conversation, typing } => {
            ("typing", json!({ "conversationId": conversation.as_str(), "isTyping": typing }))
        }
        Command::Listen { conversations } => {
            ("join_conversations", conversations.iter().map(ConversationId::as_str).collect::<Vec<_>>().into())
        }
        Command::Join { .. } | Command::Leave { .. } | Command::Mute { .. } => return None,
    })
}

fn chat(command: &Command) -> Option<(&'static str, Value)> {
    Some(match command {
        Command::Send { conversation, content, repeatable, reply_to } => {
            let payload = json!({ "chatId": conversation.as_str(), "content": content });
            ("message:send", completed(payload, content, *repeatable, reply_to.as_ref()))
        }
        Command::Edit { message, content } => {
            ("message:edit", json!({ "messageId": message.as_str(), "content": content }))
        }
        Command::Delete { message } => ("message:delete", json!({ "messageId": message.as_str() })),
        Command::React { message, emoji, active: true } => ("message:react", reaction(message, emoji)),
        Command::React { message, emoji, active: false } => ("message:unreact", reaction(message, emoji)),
        Command::Pin { message, pinned: true } => ("message:pin", json!({ "messageId": message.as_str() })),
        Command::Pin { message, pinned: false } => ("message:unpin", json!({ "messageId": message.as_str() })),
        Command::Read { conversation, message } => {
            ("message:read", json!({ "chatId": conversation.as_str(), "messageId": message.as_str() }))
        }
        Command::Typing { conversation, typing: true } => ("typing:start", json!({ "chatId": conversation.as_str() })),
        Command::Typing { conversation, typing: false } => ("typing:stop", json!({ "chatId": conversation.as_str() })),
        Command::Join { conversation } => ("chat:join", json!({ "chatId": conversation.as_str() })),
        Command::Mute { conversation } => ("chat:leave", json!({ "chatId": conversation.as_str() })),
        Command::Leave { .. } | Command::Listen { .. } => return None,
    })
}

fn rooms(user: &UserId, command: &Command) -> Option<(&'static str, Value)> {
    let user = user.as_str();
    Some(match command {
        Command::Send { conversation, content, repeatable, reply_to } => {
            let payload = json!({ "roomId": conversation.as_str(), "userId": user, "content": content });
            ("send_message", completed(payload, content, *repeatable, reply_to.as_ref()))
        }
        Command::Edit { message, content } => {
            ("update_message", json!({ "messageId": message.as_str(), "content": content }))
        }
        Command::Delete { message } => ("remove_message", json!({ "messageId": message.as_str() })),
        Command::React { message, emoji, active: true } => ("react_message", reaction(message, emoji)),
        Command::React { message, emoji, active: false } => ("unreact_message", reaction(message, emoji)),
        Command::Pin { message, pinned: true } => ("pin_message", json!({ "messageId": message.as_str() })),
        Command::Pin { message, pinned: false } => ("unpin_message", json!({ "messageId": message.as_str() })),
        Command::Read { conversation, message } => {
            ("read_messages", json!({ "roomId": conversation.as_str(), "messageIds": [message.as_str()] }))
        }
        Command::Typing { conversation, typing } => {
            ("typing", json!({ "roomId": conversation.as_str(), "userId": user, "isTyping": typing }))
        }
        Command::Join { conversation } => {
            ("join_room", json!({ "roomId": conversation.as_str(), "userId": user, "username": user }))
        }
        Command::Leave { conversation } => ("leave_room", json!({ "roomId": conversation.as_str(), "userId": user })),
        Command::Mute { .. } | Command::Listen { .. } => return None,
    })
}
