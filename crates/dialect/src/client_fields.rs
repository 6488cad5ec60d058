//! The fields that clients of several dialects send, each with the other names under which it is read.
//!
//! What must stay true: the names that a document gives a field are its own in that dialect; the others are read only in
//! its absence. The names of conversations and those of users stay apart, because an id of the one could be an id of the
//! other.

use crate::payload::{
    Absent, Field,
    Type::{
        self, ClientId, Content, ConversationMetadata, Files, Flag, Id, Ids, Kind, Metadata, Mute, Name, Notify, Text,
        Url,
    },
    optional, required,
};

/// The names of the conversation that an event is about.
const CONVERSATION: &[&str] =
    &["chatId", "conversationId", "roomId", "groupId", "chat_id", "conversation_id", "room_id", "group_id"];
/// The names of the other user of a direct conversation.
const OTHER_USER: &[&str] = &["recipientId", "receiverId", "recipient_id", "receiver_id"];
/// The names of the user who sends an event.
const SENDER: &[&str] = &["userId", "senderId", "user_id", "sender_id"];
/// The names of the text of a message.
const TEXT: &[&str] = &["content", "message", "text", "newContent"];

/// The id of the conversation that an event is about.
pub(crate) const fn conversation(name: &'static str) -> Field {
    required(name, Id).or(CONVERSATION)
}

/// The id of the other user of a direct conversation.
pub(crate) const fn other_user(name: &'static str) -> Field {
    required(name, Id).or(OTHER_USER)
}

/// The id of the client's own user.
pub(crate) const fn sender(name: &'static str) -> Field {
    required(name, Id).or(SENDER).absent(Absent::RefusedWithoutToken)
}

/// The text of a message.
pub(crate) const fn content(name: &'static str) -> Field {
    required(name, Content).or(TEXT)
}

/// The id of a message that is changed.
pub(crate) const MESSAGE: Field = required("messageId", Id).or(&["message_id", "_id", "id"]);

/// The emoji of a reaction.
pub(crate) const EMOJI: Field = required("emoji", Type::Emoji).or(&["reaction"]);

/// Whether a message is pinned: it is, if the flag is absent.
pub(crate) const IS_PINNED: Field = optional("pinned", Flag).or(&["isPinned", "is_pinned"]).absent(Absent::True);

/// The ids of messages that were read or have arrived: everything in the conversation, if they are absent.
pub(crate) const READ_MESSAGES: Field =
    optional("messageIds", Ids).or(&["message_ids", "messageId", "message_id"]).absent(Absent::Everything);

/// The kind of a message.
pub(crate) const fn kind(name: &'static str) -> Field {
    optional(name, Kind).or(&["type", "messageType", "message_type"])
}

/// The link to the file of a message.
pub(crate) const FILE_URL: Field = optional("fileUrl", Url).or(&["file_url"]);

/// The name of the file of a message.
pub(crate) const FILE_NAME: Field = optional("fileName", Name).or(&["file_name"]);

/// The id that a client gives a message.
pub(crate) const CLIENT_MESSAGE_ID: Field = optional("clientMessageId", ClientId).or(&["client_message_id"]);

/// Whether typing starts: it does, if the flag is absent.
pub(crate) const IS_TYPING: Field = optional("isTyping", Flag).or(&["is_typing", "typing"]).absent(Absent::True);

/// The id of a user whom the event is about.
pub(crate) const USER: Field = required("userId", Id).or(&["user_id"]);

/// Whether a user is blocked: it is, if the flag is absent.
pub(crate) const IS_BLOCKED: Field = optional("blocked", Flag).or(&["isBlocked", "is_blocked"]).absent(Absent::True);

/// Why a message is reported.
pub(crate) const REASON: Field = required("reason", Text);

/// How long a conversation is muted.
pub(crate) const MUTED: Field = optional("muted", Mute).or(&["mutedUntil", "muted_until", "mute"]);

/// Whether a conversation stands before others.
pub(crate) const PINNED: Field = optional("pinned", Flag);

/// Whether a conversation is put away until its next message.
pub(crate) const ARCHIVED: Field = optional("archived", Flag);

/// What a member is notified of.
pub(crate) const NOTIFY: Field = optional("notify", Notify).or(&["notifications"]);

/// Whether a conversation is marked as unread.
pub(crate) const MARKED_UNREAD: Field = optional("markedUnread", Flag).or(&["marked_unread"]);

/// A link to the picture of a guest.
pub(crate) const AVATAR: Field = optional("avatar", Text).ignored_with_token();

/// A link to the picture of a conversation.
pub(crate) const PICTURE: Field = optional("picture", Url);

/// The files of a message, where it has several.
pub(crate) const FILES: Field = optional("files", Files);

/// The custom data of a message.
pub(crate) const METADATA: Field = optional("metadata", Metadata);

/// The custom data of a conversation.
pub(crate) const CONVERSATION_METADATA: Field = optional("metadata", ConversationMetadata);

/// The message that a new one answers.
pub(crate) const REPLY_TO: Field = optional("replyTo", Id).or(&["reply_to", "replyToId", "reply_to_id"]);

/// Any message of the thread that a new one belongs to.
pub(crate) const THREAD_ID: Field = optional("threadId", Id).or(&["thread_id"]);

/// The users whom a message mentions: those whom its text names as `@username`, if they are absent.
pub(crate) const MENTIONS: Field = optional("mentions", Ids);

/// Whether a message mentions all members of its conversation.
pub(crate) const MENTION_ALL: Field = optional("mentionAll", Flag).or(&["mention_all"]);
