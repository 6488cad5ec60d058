//! What a frame or an answer shows of users: whether they are there, when they were last seen, what they have read or
//! received, and that they type.
//!
//! What must stay true: every event and every field that the server sends is in one of the tables of this file, so that
//! none is passed over because it is new.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// What is shown of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Online,
    /// An event says that the user went offline. That an object shows a user as offline says nothing.
    Offline,
    LastSeen,
    Read,
    Delivered,
    Typing,
}

/// Of whom something is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    User(String),
    /// A user who types in a conversation.
    Typist {
        user: String,
        conversation: String,
    },
    /// Somebody who has read or received this message.
    SomeReader {
        message: String,
    },
}

/// One thing that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub kind: Kind,
    pub of: Of,
    /// The event or the field that shows it.
    pub by: String,
}

/// Where the payload of an event names the user of whom it tells.
#[derive(Clone, Copy)]
enum At {
    /// The payload is the id.
    Itself,
    /// The payload is a list of ids.
    List,
    Field(&'static str),
}

/// The events that tell of presence and receipts, and of typing.
const TELLING_EVENTS: [(&str, Kind, At); 30] = [
    ("presenceList", Kind::Online, At::List),
    ("onlineUsers", Kind::Online, At::List),
    ("online_users", Kind::Online, At::List),
    ("users:online", Kind::Online, At::List),
    ("userPresence", Kind::Online, At::Field("userId")),
    ("user:status", Kind::Online, At::Field("userId")),
    ("userOnline", Kind::Online, At::Itself),
    ("userOffline", Kind::Offline, At::Itself),
    ("user_online", Kind::Online, At::Field("userId")),
    ("user_offline", Kind::Offline, At::Field("userId")),
    ("user_joined", Kind::Online, At::Field("userId")),
    ("user_left", Kind::Offline, At::Field("userId")),
    ("messagesRead", Kind::Read, At::Field("userId")),
    ("messagesSeen", Kind::Read, At::Field("userId")),
    ("messages_seen", Kind::Read, At::Field("userId")),
    ("messages_read", Kind::Read, At::Field("readBy")),
    ("message:read", Kind::Read, At::Field("userId")),
    ("messagesDelivered", Kind::Delivered, At::Field("userId")),
    ("messagesArrived", Kind::Delivered, At::Field("userId")),
    ("messages_arrived", Kind::Delivered, At::Field("userId")),
    ("messages_delivered", Kind::Delivered, At::Field("deliveredTo")),
    ("message:delivered", Kind::Delivered, At::Field("userId")),
    ("userTyping", Kind::Typing, At::Field("userId")),
    ("userStoppedTyping", Kind::Typing, At::Field("userId")),
    ("typingStarted", Kind::Typing, At::Field("userId")),
    ("typingStopped", Kind::Typing, At::Field("userId")),
    ("user_typing", Kind::Typing, At::Field("userId")),
    ("typing_status", Kind::Typing, At::Field("userId")),
    ("typing:start", Kind::Typing, At::Field("userId")),
    ("typing:stop", Kind::Typing, At::Field("userId")),
];

/// The events that tell of none of it but by the objects in them.
const OTHER_EVENTS: &str = "\
    blockListChanged blocked_users_updated blocksUpdated blocks_updated chat:configured chat:created chat:deleted \
    chat:joined chat:left chat:updated chatCreated chatDeleted chatUpdated connected contactUpdated \
    conversation_created conversation_deleted conversation_settings_updated conversation_updated error groupCreated \
    groupMessage groupUpdated history joinedGroup leftGroup meetupStatusUpdate member:joined member:left \
    memberJoined memberLeft member_joined member_left message:deleted message:edited message:new message:pinned \
    message:reaction messageDeleted messageEdited messagePinChanged messagePinned messageReacted messageReaction \
    messageRemoved messageSent messageUpdated message_deleted message_edited message_pin_changed message_pinned \
    message_reacted message_reaction message_received message_removed message_updated newNotification \
    notification:new notificationReceived notification_created notification_received preferencesChanged \
    privateMessage profile_updated receiveMessage receive_message room_added room_created room_deleted room_members \
    room_settings_updated room_updated sendMessage settingsUpdated user:blocks user:updated userJoinedGroup \
    userLeftGroup userUpdated user_updated";

/// The fields of objects that tell of presence and receipts.
const TELLING_FIELDS: [&str; 7] = ["status", "online", "lastSeen", "readBy", "isRead", "last_read_at", "readSequence"];

/// The fields that do not.
const OTHER_FIELDS: &str = "\
    __v _id act action active activity admits archived at attempt auth avatar avatar_url banned blockedAt \
    broadcastId by byOperator byServer capacity changes chat chatId chat_id chats client clientMessageId code \
    contact content conversation conversationId conversationIds conversationKind conversationName conversations \
    count country createdAt created_at created_by creator current currentPassword data date days deleted deletedAt \
    delivered deliveredTo description detail disabledBecause edited editedAt email emoji enabled endpoint error \
    errors event events existed expiresAt failingSince file field fileName fileUrl files firstName from group groupId \
    guest guestSecret guests height host id invitation invitedBy isMember isTyping is_deleted is_edited items joined \
    joinedAt joined_at keptDays keys kind lastAt lastMessage lastName lastSeenAt lastSenderIds last_message limit \
    location madeBy markedUnread meetupId memberCount memberIds members mentionAll mentions message messageId \
    messageIds message_type messages metadata mime mine moderation msg muted name newContent newPassword newer next \
    notification notify number ok onlyAdminsWrite open ownerId p256dh page pages pagination participantId \
    participantIds participants password passwordLengthMin personal picture pinned position problem publicKey reactions \
    readAt reason recipient refused registration requestId renewedAt replyTo reporter requests resolution retryAfterMs \
    revokedAt role root roomId secret sender senderId senderName sender_id sentAt sequence serverRole service settings \
    silencedUntil size slowModeS snapshot startsAt success text thread threadId time timestamp title token tookMs \
    total type unreadCount unread_count until updatedAt updatedBy updated_at url user userId userIds username users \
    uses usesMax width";

/// The field whose value is custom data, in which clients write what they like.
const CUSTOM: &str = "metadata";

fn is_event(name: &str) -> bool {
    static EVENTS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        TELLING_EVENTS.iter().map(|(name, ..)| *name).chain(OTHER_EVENTS.split_whitespace()).collect()
    });
    EVENTS.contains(name)
}

fn is_field(name: &str) -> bool {
    static FIELDS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| TELLING_FIELDS.into_iter().chain(OTHER_FIELDS.split_whitespace()).collect());
    FIELDS.contains(name)
}

fn text<'v>(object: &'v Map<String, Value>, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| object.get(*name)?.as_str())
}

/// The events that tell of memberships as well. As those are committed, they have an offset then.
const ALSO_OF_MEMBERS: [&str; 2] = ["user_joined", "user_left"];

/// Everything that an event shows, which has an offset or none.
pub fn of_event(name: &str, payload: &Value, has_offset: bool) -> Vec<Claim> {
    assert!(is_event(name), "nothing says what the event {name} tells: {payload}");
    let mut claims = of_value(payload);
    let Some((_, kind, at)) = TELLING_EVENTS.iter().find(|(telling, ..)| *telling == name) else { return claims };
    if has_offset && ALSO_OF_MEMBERS.contains(&name) {
        return claims;
    }
    let users: Vec<&str> = match at {
        At::Itself => payload.as_str().into_iter().collect(),
        At::List => payload.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        At::Field(field) => payload[*field].as_str().into_iter().collect(),
    };
    // One event tells of both, by its status.
    let kind = if payload["status"] == "offline" { Kind::Offline } else { *kind };
    for user in users {
        let user = user.to_owned();
        let of = match kind {
            Kind::Typing => Of::Typist { user, conversation: place(payload) },
            _ => Of::User(user),
        };
        claims.push(Claim { kind, of, by: name.to_owned() });
    }
    claims
}

/// The conversation of an event, as its dialect names it; of a direct one, the messenger names the other user.
fn place(payload: &Value) -> String {
    let fields = payload.as_object();
    let named = fields.and_then(|fields| text(fields, &["chatId", "roomId", "conversationId", "group", "recipient"]));
    named.unwrap_or_default().to_owned()
}

/// Everything that an object or a list shows, whatever it is part of.
pub fn of_value(value: &Value) -> Vec<Claim> {
    let mut claims = Vec::new();
    walk(value, &mut claims);
    claims
}

fn walk(value: &Value, claims: &mut Vec<Claim>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, claims)),
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(is_field(name), "nothing says what the field {name} tells: {fields:?}");
                if name == CUSTOM {
                    continue;
                }
                of_field(fields, name, value, claims);
                walk(value, claims);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn of_field(fields: &Map<String, Value>, name: &str, value: &Value, claims: &mut Vec<Claim>) {
    let user = || {
        let own = text(fields, &["id", "_id", "userId"]);
        own.or_else(|| fields.get("user")?.get("id")?.as_str()).unwrap_or_default().to_owned()
    };
    let mut claim = |kind, of| claims.push(Claim { kind, of, by: name.to_owned() });
    let message = || Of::SomeReader { message: text(fields, &["id", "_id"]).unwrap_or_default().to_owned() };
    match (name, value.as_str()) {
        ("status", Some("online")) => claim(Kind::Online, Of::User(user())),
        ("status", Some("read")) => claim(Kind::Read, message()),
        ("status", Some("delivered")) => claim(Kind::Delivered, message()),
        ("online", _) if *value == Value::Bool(true) => claim(Kind::Online, Of::User(user())),
        ("isRead", _) if *value == Value::Bool(true) => claim(Kind::Read, message()),
        // Clients of one dialect expect a time for those who never were seen: that of the account.
        ("lastSeen", Some(_)) if fields.get("createdAt") != Some(value) => claim(Kind::LastSeen, Of::User(user())),
        ("last_read_at", Some(_)) => claim(Kind::Read, Of::User(user())),
        ("readSequence", _) if value.as_u64() != Some(0) => claim(Kind::Read, Of::User(user())),
        ("readBy", _) => {
            let readers = value.as_array().into_iter().flatten().filter_map(|reader| reader["user"].as_str());
            readers.for_each(|reader| claim(Kind::Read, Of::User(reader.to_owned())));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quintet_dialect::Dialect;
    use quintet_dialect::catalogue::{Payload, acknowledgement, events, refused, shapes};

    use super::*;
    use crate::support::Server;

    /// The names of all properties in a document of schemas.
    fn properties(schema: &Value, names: &mut BTreeSet<String>) {
        match schema {
            Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
            Value::Object(fields) => {
                if let Some(Value::Object(own)) = fields.get("properties") {
                    names.extend(own.keys().cloned());
                }
                fields.values().for_each(|value| properties(value, names));
            }
            _ => {}
        }
    }

    #[tokio::test]
    async fn everything_that_the_server_sends_is_in_the_tables() {
        let (mut names, mut fields) = (BTreeSet::new(), BTreeSet::new());
        for dialect in Dialect::ALL {
            for spec in events(dialect) {
                fields.extend(acknowledgement(dialect, spec).iter().map(|field| field.name.to_owned()));
                if spec.direction.is_to_server() {
                    continue;
                }
                names.insert(spec.name.to_owned());
                match spec.payload {
                    Payload::Object(own) | Payload::IdOrObject(own) => {
                        fields.extend(own.iter().map(|field| field.name.to_owned()));
                    }
                    Payload::None | Payload::Value(_) => {}
                }
            }
            let shapes = shapes(dialect).into_iter().chain([refused(dialect)]);
            fields.extend(shapes.flat_map(|shape| shape.fields()).map(|field| field.name.to_owned()));
        }
        let server = Server::start();
        let document = server.http().api("", "GET", "/openapi.json", Value::Null).await.expect(200);
        properties(&document, &mut fields);
        let missing = |names: BTreeSet<String>, is_there: fn(&str) -> bool| {
            names.into_iter().filter(|name| !is_there(name)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(missing(names.clone(), is_event), "", "events of which nothing says what they tell");
        assert_eq!(missing(fields.clone(), is_field), "", "fields of which nothing says what they tell");
        let listed = TELLING_EVENTS.iter().map(|(name, ..)| *name).chain(OTHER_EVENTS.split_whitespace());
        for name in listed {
            assert!(names.contains(name), "no dialect has the event {name}");
        }
        for name in TELLING_FIELDS.into_iter().chain(OTHER_FIELDS.split_whitespace()) {
            assert!(fields.contains(name), "no dialect and no answer has the field {name}");
        }
    }
}
