//! The messenger dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use quintet_domain::{
    ConversationRef, Event, LocalCommand, Message, Profile, Refusal, Reply, Target, User, UserId, WriteCommand,
};
use serde_json::{Value, json};

use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::outgoing::{Answer, Outgoing, Perspective};
use crate::payload::{
    Payload::{self, IdOrObject, Object, Value as Bare},
    Type::{self, ClientId, Content, Flag, Id, Ids, Kind, Name, Url},
    optional, required,
};
use crate::shared;

const OBJECT: Type = Type::Object;

/// The payload of typing events.
const TYPING: Payload = Object(&[
    required("userId", Id),
    required("username", Name),
    optional("recipient", Id),
    optional("group", Id),
    optional("guest", Flag),
]);

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client(
        "privateMessage",
        Document,
        Object(&[
            required("recipientId", Id),
            required("content", Content),
            optional("type", Kind),
            optional("fileUrl", Url),
            optional("fileName", Name),
            optional("clientMessageId", ClientId),
        ]),
        send_private,
    ),
    from_client("joinGroup", Document, IdOrObject(&[required("groupId", Id)]), join),
    from_client("leaveGroup", Document, IdOrObject(&[required("groupId", Id)]), leave),
    from_client(
        "groupMessage",
        Document,
        Object(&[
            required("groupId", Id),
            required("content", Content),
            optional("type", Kind),
            optional("fileUrl", Url),
            optional("fileName", Name),
            optional("clientMessageId", ClientId),
        ]),
        send_to_group,
    ),
    from_client(
        "updateMessage",
        Quintet,
        Object(&[required("messageId", Id), required("content", Content)]),
        |fields| shared::edit(fields, "content"),
    ),
    from_client("removeMessage", Quintet, IdOrObject(&[required("messageId", Id)]), shared::delete),
    from_client("readMessages", Quintet, Object(&[required("messageIds", Ids)]), read),
    from_client("startTyping", Quintet, Object(&[optional("recipientId", Id), optional("groupId", Id)]), |fields| {
        typing(fields, "startTyping", true)
    }),
    from_client("stopTyping", Quintet, Object(&[optional("recipientId", Id), optional("groupId", Id)]), |fields| {
        typing(fields, "stopTyping", false)
    }),
    shared::authenticate(Quintet),
    to_client("onlineUsers", Document, Bare(Ids)),
    to_client("userOnline", Document, Bare(Id)),
    to_client("userOffline", Document, Bare(Id)),
    to_client("privateMessage", Document, Bare(OBJECT)),
    to_client("messageSent", Document, Bare(OBJECT)),
    to_client("groupMessage", Document, Bare(OBJECT)),
    to_client("userJoinedGroup", Document, Object(&[required("groupId", Id), required("user", OBJECT)])),
    to_client("userLeftGroup", Document, Object(&[required("groupId", Id), required("userId", Id)])),
    to_client("joinedGroup", Document, Object(&[required("groupId", Id), required("name", Name)])),
    to_client("leftGroup", Document, Object(&[required("groupId", Id), required("name", Name)])),
    to_client("messageUpdated", Quintet, Bare(OBJECT)),
    to_client(
        "messageRemoved",
        Quintet,
        Object(&[required("_id", Id), optional("recipient", Id), optional("group", Id)]),
    ),
    to_client(
        "messagesSeen",
        Quintet,
        Object(&[
            required("messageIds", Ids),
            required("userId", Id),
            optional("recipient", Id),
            optional("group", Id),
        ]),
    ),
    to_client("typingStarted", Quintet, TYPING),
    to_client("typingStopped", Quintet, TYPING),
    to_client("error", Document, shared::ERROR_FIELDS),
];

fn send_private(fields: &Fields) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Direct(fields.user("recipientId")), "content", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn send_to_group(fields: &Fields) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("groupId")), "content", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn join(fields: &Fields) -> Result<Decoded, Refusal> {
    let conversation = fields.conversation("groupId");
    Ok(Decoded::new(WriteCommand::Join { conversation, profile: Profile::default(), guest_secret: None }))
}

fn leave(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Leave { conversation: fields.conversation("groupId") }))
}

/// The event names no conversation: the rule finds it by the messages.
fn read(fields: &Fields) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Read { conversation: None, messages: fields.messages("messageIds")? }))
}

fn typing(fields: &Fields, event: &str, typing: bool) -> Result<Decoded, Refusal> {
    let target = match (fields.optional("recipientId"), fields.optional("groupId")) {
        (Some(_), None) => Target::Direct(fields.user("recipientId")),
        (None, Some(_)) => Target::Conversation(fields.conversation("groupId")),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Refusal::invalid("recipientId", format!("or `groupId` is needed in {event}, not both")));
        }
    };
    Ok(Decoded::new(LocalCommand::Typing { target, typing }))
}

/// Encodes a user.
fn user_object(user: &User) -> Value {
    shared::user(
        user,
        &[
            ("_id", user.id.as_str().into()),
            ("id", user.id.as_str().into()),
            ("username", user.username.as_str().into()),
            ("firstName", user.first_name().into()),
            ("lastName", user.last_name().into()),
            ("avatar", user.avatar.as_deref().into()),
        ],
    )
}

/// Returns the `recipient` and the `group` of an action of `user` in a conversation: one of them is null.
fn recipient_and_group(conversation: &ConversationRef, user: &UserId) -> (Value, Value) {
    match conversation.other(user) {
        Some(other) => (other.as_str().into(), Value::Null),
        None => (Value::Null, conversation.id.as_str().into()),
    }
}

/// Encodes a message for one reader, or for all recipients of an event.
pub(crate) fn message(message: &Message, viewer: Option<&UserId>) -> Value {
    let (recipient, group) = recipient_and_group(&message.conversation, &message.sender.id);
    let mut object = json!({
        "_id": message.id.as_str(),
        "id": message.id.as_str(),
        "sender": user_object(&message.sender),
        "recipient": recipient,
        "group": group,
        "content": message.content,
        "isRead": message.is_read_for(viewer),
        "createdAt": message.created_at.to_string(),
        "updatedAt": message.updated_at().to_string(),
        "type": message.kind.as_str(),
    });
    shared::extras(&mut object, message);
    object
}

/// Encodes the id and the name of a group; the name is empty if the conversation has none.
fn group_object(conversation: &ConversationRef) -> Value {
    json!({ "groupId": conversation.id.as_str(), "name": conversation.name.as_deref().unwrap_or_default() })
}

/// Encodes an event; the result is empty if the dialect has no event for it.
pub(crate) fn encode(event: &Event, perspective: Perspective) -> Vec<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) => {
            let name = match (&sent.conversation.pair, perspective) {
                (None, _) => "groupMessage",
                (Some(_), Perspective::Actor) => "messageSent",
                (Some(_), Perspective::Other) => "privateMessage",
            };
            (name, message(sent, None))
        }
        Event::MessageEdited(edited) => ("messageUpdated", message(edited, None)),
        Event::MessageDeleted(deleted) => {
            let (recipient, group) = recipient_and_group(&deleted.conversation, &deleted.sender.id);
            ("messageRemoved", json!({ "_id": deleted.id.as_str(), "recipient": recipient, "group": group }))
        }
        Event::MessagesRead { conversation, reader, messages, .. } => {
            let (recipient, group) = recipient_and_group(conversation, &reader.id);
            let ids: Vec<_> = messages.iter().map(|id| id.as_str()).collect();
            (
                "messagesSeen",
                json!({ "messageIds": ids, "userId": reader.id.as_str(), "recipient": recipient, "group": group }),
            )
        }
        Event::MemberJoined { conversation, user, .. } => {
            ("userJoinedGroup", json!({ "groupId": conversation.id.as_str(), "user": user_object(user) }))
        }
        Event::MemberLeft { conversation, user, .. } => {
            ("userLeftGroup", json!({ "groupId": conversation.id.as_str(), "userId": user.id.as_str() }))
        }
        Event::ConversationDeleted { conversation } => ("leftGroup", group_object(conversation)),
        Event::Typing { conversation, user, typing } => {
            let (recipient, group) = recipient_and_group(conversation, &user.id);
            (
                if *typing { "typingStarted" } else { "typingStopped" },
                shared::marked(
                    user,
                    json!({
                        "userId": user.id.as_str(),
                        "username": user.username,
                        "recipient": recipient,
                        "group": group,
                    }),
                ),
            )
        }
        Event::Presence { user, online, .. } => {
            (if *online { "userOnline" } else { "userOffline" }, user.id.as_str().into())
        }
        Event::ConversationCreated { .. }
        | Event::ConversationChanged { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::Revoked { .. }
        | Event::RoomPresence { .. } => return Vec::new(),
    };
    vec![Outgoing::new(name, &payload)]
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Sent { message: sent, repeated } => {
            let object = message(sent, None);
            let answer = Answer::ack(&json!({ "success": true, "message": object }));
            // The first send of a direct message was answered by this event; the connection that repeats it receives it
            // again.
            if *repeated && sent.conversation.pair.is_some() { answer.or_else("messageSent", &object) } else { answer }
        }
        Reply::Edited(changed) | Reply::Deleted(changed) => {
            Answer::ack(&json!({ "success": true, "message": message(changed, None) }))
        }
        Reply::Joined { conversation, .. } => {
            let group = group_object(conversation);
            Answer::ack(&json!({ "success": true, "message": group })).with("joinedGroup", &group)
        }
        Reply::Left { conversation } => {
            let group = group_object(conversation);
            Answer::ack(&json!({ "success": true, "message": group })).with("leftGroup", &group)
        }
        Reply::Authenticated { user } => Answer::ack(&json!({ "success": true, "userId": user.id.as_str() })),
        Reply::Read
        | Reply::Uploaded { .. }
        | Reply::Typing
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&json!({ "success": true })),
    }
}

/// Encodes the first event for a new connection: the ids of the users who are online.
pub(crate) fn greet(online: &[UserId]) -> Vec<Outgoing> {
    let ids: Vec<_> = online.iter().map(UserId::as_str).collect();
    vec![Outgoing::new("onlineUsers", &ids.into())]
}
