//! The one table of every event of every dialect: its direction, whether it is the document's or ours, its payload.
//! Validation reads it; schemas and typed clients are to be made from it.

use crate::Dialect;

/// Which way an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// Whose word an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The dialect's document has it.
    Document,
    /// Quintet completes the dialect with it.
    Quintet,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 1 to 128 visible characters; a number is taken as its text.
    Id,
    /// The client's own id of a message, 1 to 64 visible characters.
    ClientId,
    /// Text of a message.
    Content,
    /// A name of at most 128 characters.
    Name,
    /// Any text.
    Text,
    /// A link.
    Url,
    /// `text`, `image` or `file`.
    Kind,
    /// `true` or `false`.
    Flag,
    /// At most 1,000 ids.
    Ids,
    /// A moment, ISO 8601 UTC with milliseconds.
    Time,
    /// An object that the protocol's documentation describes.
    Object,
    /// A list of such objects.
    Objects,
    /// Bytes, as a binary attachment of the packet.
    Binary,
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: Type,
    /// Whether it must be there.
    pub required: bool,
}

/// What an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// An object with these fields, and perhaps more.
    Object(&'static [Field]),
    /// As an object with one id; the bare id is taken, too.
    IdOrObject(&'static [Field]),
    /// One value.
    Value(Type),
}

/// One event of one dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventSpec {
    /// Its name.
    pub name: &'static str,
    /// Which way it goes.
    pub direction: Direction,
    /// Whose word it is.
    pub origin: Origin,
    /// What it carries.
    pub payload: Payload,
}

const fn req(name: &'static str, ty: Type) -> Field {
    Field { name, ty, required: true }
}

const fn opt(name: &'static str, ty: Type) -> Field {
    Field { name, ty, required: false }
}

const fn spec(name: &'static str, direction: Direction, origin: Origin, payload: Payload) -> EventSpec {
    EventSpec { name, direction, origin, payload }
}

use Direction::{ToClient, ToServer};
use Origin::{Document, Quintet};
use Payload::{IdOrObject, Object, Value};
use Type::{Binary, ClientId, Content, Flag, Id, Ids, Kind, Name, Objects, Text, Time, Url};

const AUTHENTICATE: EventSpec = spec("authenticate", ToServer, Quintet, Object(&[req("token", Text)]));
const ERROR_FIELDS: Payload = Object(&[req("code", Text), req("message", Text), opt("event", Text)]);
const OBJECT: Type = Type::Object;
/// The payload of typing events in the messenger vocabulary.
const TYPIST: Payload =
    Object(&[req("userId", Id), req("username", Name), opt("recipient", Id), opt("group", Id), opt("guest", Flag)]);

const MEETUP: &[EventSpec] = &[
    spec("connect", ToServer, Document, Object(&[req("userId", Id)])),
    spec(
        "sendMessage",
        ToServer,
        Document,
        Object(&[
            req("chatId", Id),
            req("senderId", Id),
            req("message", Content),
            opt("type", Kind),
            opt("fileUrl", Url),
            opt("fileName", Name),
            opt("clientMessageId", ClientId),
        ]),
    ),
    spec("userTyping", ToServer, Document, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("userStoppedTyping", ToServer, Document, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("editMessage", ToServer, Quintet, Object(&[req("messageId", Id), req("message", Content)])),
    spec("deleteMessage", ToServer, Quintet, IdOrObject(&[req("messageId", Id)])),
    spec("markRead", ToServer, Quintet, Object(&[req("chatId", Id), req("messageIds", Ids)])),
    AUTHENTICATE,
    spec("connected", ToClient, Document, Object(&[req("status", Text), req("userId", Id)])),
    spec(
        "sendMessage",
        ToClient,
        Document,
        Object(&[req("status", Text), req("messageId", Id), req("timestamp", Time)]),
    ),
    spec("receiveMessage", ToClient, Document, Object(&[req("chatId", Id), req("message", OBJECT)])),
    spec("userTyping", ToClient, Document, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("userStoppedTyping", ToClient, Document, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("newNotification", ToClient, Document, Object(&[req("userId", Id), req("notification", OBJECT)])),
    spec(
        "meetupStatusUpdate",
        ToClient,
        Document,
        Object(&[req("meetupId", Id), req("status", Text), req("updatedBy", Name)]),
    ),
    spec(
        "messageEdited",
        ToClient,
        Quintet,
        Object(&[req("chatId", Id), req("messageId", Id), req("message", Content), req("editedAt", Time)]),
    ),
    spec("messageDeleted", ToClient, Quintet, Object(&[req("chatId", Id), req("messageId", Id)])),
    spec("messagesRead", ToClient, Quintet, Object(&[req("chatId", Id), req("messageIds", Ids), req("userId", Id)])),
    spec("userPresence", ToClient, Quintet, Object(&[req("userId", Id), req("status", Text), req("lastSeen", Time)])),
    spec("memberJoined", ToClient, Quintet, Object(&[req("chatId", Id), req("user", OBJECT)])),
    spec("memberLeft", ToClient, Quintet, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("error", ToClient, Quintet, ERROR_FIELDS),
];

const MESSENGER: &[EventSpec] = &[
    spec(
        "privateMessage",
        ToServer,
        Document,
        Object(&[
            req("recipientId", Id),
            req("content", Content),
            opt("type", Kind),
            opt("fileUrl", Url),
            opt("fileName", Name),
            opt("clientMessageId", ClientId),
        ]),
    ),
    spec("joinGroup", ToServer, Document, IdOrObject(&[req("groupId", Id)])),
    spec("leaveGroup", ToServer, Document, IdOrObject(&[req("groupId", Id)])),
    spec(
        "groupMessage",
        ToServer,
        Document,
        Object(&[
            req("groupId", Id),
            req("content", Content),
            opt("type", Kind),
            opt("fileUrl", Url),
            opt("fileName", Name),
            opt("clientMessageId", ClientId),
        ]),
    ),
    spec("updateMessage", ToServer, Quintet, Object(&[req("messageId", Id), req("content", Content)])),
    spec("removeMessage", ToServer, Quintet, IdOrObject(&[req("messageId", Id)])),
    spec("readMessages", ToServer, Quintet, Object(&[req("messageIds", Ids)])),
    spec("startTyping", ToServer, Quintet, Object(&[opt("recipientId", Id), opt("groupId", Id)])),
    spec("stopTyping", ToServer, Quintet, Object(&[opt("recipientId", Id), opt("groupId", Id)])),
    AUTHENTICATE,
    spec("onlineUsers", ToClient, Document, Value(Ids)),
    spec("userOnline", ToClient, Document, Value(Id)),
    spec("userOffline", ToClient, Document, Value(Id)),
    spec("privateMessage", ToClient, Document, Value(OBJECT)),
    spec("messageSent", ToClient, Document, Value(OBJECT)),
    spec("groupMessage", ToClient, Document, Value(OBJECT)),
    spec("userJoinedGroup", ToClient, Document, Object(&[req("groupId", Id), req("user", OBJECT)])),
    spec("userLeftGroup", ToClient, Document, Object(&[req("groupId", Id), req("userId", Id)])),
    spec("joinedGroup", ToClient, Document, Object(&[req("groupId", Id), req("name", Name)])),
    spec("leftGroup", ToClient, Document, Object(&[req("groupId", Id), req("name", Name)])),
    spec("messageUpdated", ToClient, Quintet, Value(OBJECT)),
    spec("messageRemoved", ToClient, Quintet, Object(&[req("_id", Id), opt("recipient", Id), opt("group", Id)])),
    spec(
        "messagesSeen",
        ToClient,
        Quintet,
        Object(&[req("messageIds", Ids), req("userId", Id), opt("recipient", Id), opt("group", Id)]),
    ),
    spec("typingStarted", ToClient, Quintet, TYPIST),
    spec("typingStopped", ToClient, Quintet, TYPIST),
    spec("error", ToClient, Document, ERROR_FIELDS),
];

const ROOMS: &[EventSpec] = &[
    spec(
        "create_room",
        ToServer,
        Document,
        Object(&[req("name", Name), req("userId", Id), opt("username", Name), opt("avatar", Text)]),
    ),
    spec(
        "join_room",
        ToServer,
        Document,
        Object(&[
            req("roomId", Id),
            req("userId", Id),
            req("username", Name),
            opt("avatar", Text),
            opt("guestSecret", Text),
        ]),
    ),
    spec(
        "send_message",
        ToServer,
        Document,
        Object(&[
            req("roomId", Id),
            req("userId", Id),
            req("content", Content),
            opt("type", Kind),
            opt("fileUrl", Url),
            opt("fileName", Name),
            opt("clientMessageId", ClientId),
        ]),
    ),
    spec("typing", ToServer, Document, Object(&[req("roomId", Id), req("userId", Id), req("isTyping", Flag)])),
    spec("leave_room", ToServer, Document, Object(&[req("roomId", Id), req("userId", Id)])),
    spec("update_message", ToServer, Quintet, Object(&[req("messageId", Id), req("content", Content)])),
    spec("remove_message", ToServer, Quintet, IdOrObject(&[req("messageId", Id)])),
    spec("read_messages", ToServer, Quintet, Object(&[req("roomId", Id), req("messageIds", Ids)])),
    AUTHENTICATE,
    spec(
        "room_created",
        ToClient,
        Document,
        Object(&[req("id", Id), req("name", Name), req("createdAt", Time), opt("guestSecret", Text)]),
    ),
    spec("history", ToClient, Document, Value(Objects)),
    spec(
        "message_received",
        ToClient,
        Document,
        Object(&[
            req("id", Id),
            req("roomId", Id),
            req("content", Content),
            req("type", Kind),
            req("userId", Id),
            req("user", OBJECT),
            req("createdAt", Time),
        ]),
    ),
    spec("user_joined", ToClient, Document, Object(&[req("userId", Id), req("username", Name), req("roomId", Id)])),
    spec("user_left", ToClient, Document, Object(&[req("userId", Id), req("roomId", Id)])),
    spec(
        "user_typing",
        ToClient,
        Document,
        Object(&[
            req("userId", Id),
            req("username", Name),
            req("roomId", Id),
            req("isTyping", Flag),
            opt("guest", Flag),
        ]),
    ),
    spec(
        "message_updated",
        ToClient,
        Quintet,
        Object(&[req("id", Id), req("roomId", Id), req("content", Content), req("editedAt", Time)]),
    ),
    spec("message_removed", ToClient, Quintet, Object(&[req("id", Id), req("roomId", Id)])),
    spec("messages_seen", ToClient, Quintet, Object(&[req("roomId", Id), req("messageIds", Ids), req("userId", Id)])),
    spec("error", ToClient, Document, ERROR_FIELDS),
];

const CONVERSATIONS: &[EventSpec] = &[
    spec("join_conversations", ToServer, Document, Value(Ids)),
    spec(
        "send_message",
        ToServer,
        Document,
        Object(&[
            req("conversationId", Id),
            req("content", Content),
            opt("type", Kind),
            opt("fileUrl", Url),
            opt("fileName", Name),
            opt("clientMessageId", ClientId),
        ]),
    ),
    spec("typing", ToServer, Document, Object(&[req("conversationId", Id), req("isTyping", Flag)])),
    spec("mark_read", ToServer, Document, Object(&[req("conversationId", Id), req("messageIds", Ids)])),
    spec("edit_message", ToServer, Document, Object(&[req("messageId", Id), req("newContent", Content)])),
    spec("delete_message", ToServer, Document, IdOrObject(&[req("messageId", Id)])),
    spec(
        "upload_file",
        ToServer,
        Quintet,
        Object(&[req("conversationId", Id), req("fileName", Name), req("data", Binary)]),
    ),
    spec("authenticate", ToServer, Document, Object(&[req("token", Text)])),
    spec("receive_message", ToClient, Document, Object(&[req("message", OBJECT), req("conversationId", Id)])),
    spec(
        "typing_status",
        ToClient,
        Document,
        Object(&[
            req("userId", Id),
            req("username", Name),
            req("conversationId", Id),
            req("isTyping", Flag),
            opt("guest", Flag),
        ]),
    ),
    spec(
        "messages_read",
        ToClient,
        Document,
        Object(&[req("conversationId", Id), req("messageIds", Ids), req("readBy", Id)]),
    ),
    spec(
        "message_edited",
        ToClient,
        Document,
        Object(&[req("messageId", Id), req("newContent", Content), req("editedAt", Time), req("conversationId", Id)]),
    ),
    spec("message_deleted", ToClient, Document, Object(&[req("messageId", Id), req("conversationId", Id)])),
    spec("user_online", ToClient, Document, Object(&[req("userId", Id), req("username", Name)])),
    spec(
        "user_offline",
        ToClient,
        Document,
        Object(&[req("userId", Id), req("username", Name), req("lastSeen", Time)]),
    ),
    spec("member_joined", ToClient, Quintet, Object(&[req("conversationId", Id), req("user", OBJECT)])),
    spec("member_left", ToClient, Quintet, Object(&[req("conversationId", Id), req("userId", Id)])),
    spec("error", ToClient, Document, ERROR_FIELDS),
];

const CHAT: &[EventSpec] = &[
    spec("chat:join", ToServer, Document, IdOrObject(&[req("chatId", Id)])),
    spec("chat:leave", ToServer, Document, IdOrObject(&[req("chatId", Id)])),
    spec(
        "message:send",
        ToServer,
        Document,
        Object(&[
            req("chatId", Id),
            req("content", Content),
            opt("messageType", Kind),
            opt("fileUrl", Url),
            opt("fileName", Name),
            opt("clientMessageId", ClientId),
        ]),
    ),
    spec("message:read", ToServer, Document, Object(&[req("messageId", Id), req("chatId", Id)])),
    spec("typing:start", ToServer, Document, IdOrObject(&[req("chatId", Id)])),
    spec("typing:stop", ToServer, Document, IdOrObject(&[req("chatId", Id)])),
    spec("message:edit", ToServer, Quintet, Object(&[req("messageId", Id), req("content", Content)])),
    spec("message:delete", ToServer, Quintet, IdOrObject(&[req("messageId", Id)])),
    AUTHENTICATE,
    spec("chat:joined", ToClient, Document, Object(&[req("chatId", Id)])),
    spec("chat:left", ToClient, Document, Object(&[req("chatId", Id)])),
    spec(
        "message:new",
        ToClient,
        Document,
        Object(&[
            req("id", Id),
            req("chat_id", Id),
            req("sender_id", Id),
            req("content", Content),
            req("message_type", Kind),
            req("created_at", Time),
            req("sender", OBJECT),
        ]),
    ),
    spec(
        "message:read",
        ToClient,
        Document,
        Object(&[req("messageId", Id), req("messageIds", Ids), req("userId", Id), req("chatId", Id)]),
    ),
    spec(
        "typing:start",
        ToClient,
        Document,
        Object(&[req("chatId", Id), req("userId", Id), req("username", Name), opt("guest", Flag)]),
    ),
    spec("typing:stop", ToClient, Document, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("user:status", ToClient, Document, Object(&[req("userId", Id), req("status", Text)])),
    spec(
        "message:edited",
        ToClient,
        Quintet,
        Object(&[req("id", Id), req("chat_id", Id), req("sender_id", Id), req("content", Content)]),
    ),
    spec("message:deleted", ToClient, Quintet, Object(&[req("messageId", Id), req("chatId", Id)])),
    spec("member:joined", ToClient, Quintet, Object(&[req("chatId", Id), req("user", OBJECT)])),
    spec("member:left", ToClient, Quintet, Object(&[req("chatId", Id), req("userId", Id)])),
    spec("error", ToClient, Document, ERROR_FIELDS),
];

/// Every event of a dialect.
#[must_use]
pub fn events(dialect: Dialect) -> &'static [EventSpec] {
    match dialect {
        Dialect::Meetup => MEETUP,
        Dialect::Messenger => MESSENGER,
        Dialect::Rooms => ROOMS,
        Dialect::Conversations => CONVERSATIONS,
        Dialect::Chat => CHAT,
    }
}

/// The event of that name that a client sends.
#[must_use]
pub fn client_event(dialect: Dialect, name: &str) -> Option<&'static EventSpec> {
    events(dialect).iter().find(|spec| spec.direction == ToServer && spec.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_event_stands_twice_in_one_direction() {
        for dialect in Dialect::ALL {
            let mut seen = HashMap::new();
            for spec in events(dialect) {
                assert!(seen.insert((spec.name, spec.direction), spec).is_none(), "{dialect:?} {}", spec.name);
            }
        }
    }

    #[test]
    fn names_of_the_server_do_not_clash_between_dialects() {
        let mut seen: HashMap<&str, Dialect> = HashMap::new();
        for dialect in Dialect::ALL {
            for spec in events(dialect).iter().filter(|spec| spec.direction == ToClient && spec.name != "error") {
                if let Some(other) = seen.insert(spec.name, dialect) {
                    panic!("{} is sent in {other:?} and {dialect:?}", spec.name);
                }
            }
        }
    }

    #[test]
    fn names_of_the_client_decide_but_for_three() {
        let mut owners: HashMap<&str, Vec<Dialect>> = HashMap::new();
        for dialect in Dialect::ALL {
            for spec in events(dialect).iter().filter(|spec| spec.direction == ToServer) {
                owners.entry(spec.name).or_default().push(dialect);
            }
        }
        let mut shared: Vec<_> = owners.iter().filter(|(_, owners)| owners.len() > 1).map(|(name, _)| *name).collect();
        shared.sort_unstable();
        assert_eq!(shared, ["authenticate", "send_message", "typing"]);
    }
}
