//! The meetup dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use std::sync::Arc;

use quintet_domain::{Event, LocalCommand, Message, MessageId, Refusal, Reply, Target, User, UserId, WriteCommand};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::blocks;
use crate::client_fields::{
    ARCHIVED, CLIENT_MESSAGE_ID, FILE_NAME, FILE_URL, FILES, MARKED_UNREAD, MENTION_ALL, MENTIONS, MESSAGE, METADATA,
    MUTED, NOTIFY, PINNED, READ_MESSAGES, REPLY_TO, THREAD_ID, content, conversation, kind, sender,
};
use crate::details::{DeletedDetails, EditedDetails, Extras};
use crate::dialect::Dialect;
use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::marks;
use crate::message_texts::MessageTexts;
use crate::outgoing::{Answer, Outgoing};
use crate::payload::{
    Payload::{IdOrObject, Object, Value as Bare},
    Type::{self, Content, Id, Ids, Name, Time},
    required,
};
use crate::reports;
use crate::shapes::{self, meetup as shape};
use crate::shared::{self, DepartedUser, IdList, Moment, PlainUser, is_false};

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client("connect", Document, IdOrObject(&[sender("userId")]), identify).acknowledged(shape::CONNECTED),
    from_client(
        "sendMessage",
        Document,
        Object(&[
            conversation("chatId"),
            sender("senderId"),
            content("message"),
            kind("type"),
            FILE_URL,
            FILE_NAME,
            CLIENT_MESSAGE_ID,
            FILES,
            METADATA,
            REPLY_TO,
            THREAD_ID,
            MENTIONS,
            MENTION_ALL,
        ]),
        send,
    )
    .acknowledged(shape::SENT),
    from_client("userTyping", Document, IdOrObject(&[conversation("chatId"), sender("userId")]), |fields| {
        Ok(typing(fields, true))
    }),
    from_client("userStoppedTyping", Document, IdOrObject(&[conversation("chatId"), sender("userId")]), |fields| {
        Ok(typing(fields, false))
    }),
    from_client(
        "editMessage",
        Quintet,
        Object(&[MESSAGE, content("message"), METADATA, MENTIONS, MENTION_ALL]),
        |fields| shared::edit(fields, "message"),
    )
    .acknowledged(shape::EDITED),
    from_client("deleteMessage", Quintet, IdOrObject(&[MESSAGE]), shared::delete).acknowledged(shape::DELETED),
    from_client("markRead", Quintet, IdOrObject(&[conversation("chatId"), READ_MESSAGES]), |fields| {
        shared::read(fields, "chatId")
    })
    .acknowledged(shape::READ),
    marks::react("addReaction").acknowledged(shape::REACTED),
    marks::unreact("removeReaction").acknowledged(shape::UNREACTED),
    marks::pin("pinMessage").acknowledged(shape::PINNED),
    marks::unpin("unpinMessage").acknowledged(shape::UNPINNED),
    from_client("markDelivered", Quintet, IdOrObject(&[conversation("chatId"), READ_MESSAGES]), |fields| {
        shared::deliver(fields, "chatId")
    }),
    from_client(
        "updateSettings",
        Quintet,
        Object(&[conversation("chatId"), MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]),
        |fields| shared::configure(fields, Target::Conversation(fields.conversation("chatId"))),
    ),
    blocks::block("blockUser"),
    blocks::unblock("unblockUser"),
    reports::report("reportMessage"),
    shared::authenticate(Quintet).acknowledged(shape::AUTHENTICATED),
    to_client("connected", Document, Object(shape::CONNECTED)),
    to_client("sendMessage", Document, Object(shape::SENT)),
    to_client(
        "receiveMessage",
        Document,
        Object(&[required("chatId", Id), required("message", Type::Object(&shape::MESSAGE))]),
    ),
    to_client("userTyping", Document, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("userStoppedTyping", Document, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("newNotification", Document, shared::NOTIFIED),
    to_client(
        "meetupStatusUpdate",
        Document,
        Object(&[required("meetupId", Id), shape::status(shapes::MEETUP_STATES), required("updatedBy", Name)]),
    ),
    to_client(
        "messageEdited",
        Quintet,
        Object(&[
            required("chatId", Id),
            required("messageId", Id),
            required("message", Content),
            required("editedAt", Time),
            shapes::METADATA,
            shapes::MENTIONS,
            shapes::MENTION_ALL,
        ]),
    ),
    to_client(
        "messageDeleted",
        Quintet,
        Object(&[required("chatId", Id), required("messageId", Id), shapes::THREAD_ID, shapes::THREAD_TOLD]),
    ),
    to_client(
        "messagesRead",
        Quintet,
        Object(&[required("chatId", Id), required("messageIds", Ids), required("userId", Id)]),
    ),
    to_client("userPresence", Quintet, Object(&[required("userId", Id), shapes::STATUS, required("lastSeen", Time)])),
    to_client("memberJoined", Quintet, Object(&[required("chatId", Id), required("user", Type::Object(&shape::USER))])),
    to_client("memberLeft", Quintet, shared::LEFT_CHAT),
    to_client("presenceList", Quintet, Bare(Ids)),
    to_client("chatCreated", Quintet, shape::WHOLE_CHAT),
    to_client("chatUpdated", Quintet, shape::WHOLE_CHAT),
    to_client("chatDeleted", Quintet, Object(&[required("chatId", Id)])),
    to_client(
        "messagesDelivered",
        Quintet,
        Object(&[required("chatId", Id), required("messageIds", Ids), required("userId", Id)]),
    ),
    to_client(
        "settingsUpdated",
        Quintet,
        Object(&[
            required("chatId", Id),
            shapes::MUTED,
            shapes::PINNED,
            shapes::ARCHIVED,
            shapes::NOTIFY,
            shapes::MARKED_UNREAD,
        ]),
    ),
    blocks::changed(Dialect::Meetup),
    to_client("userUpdated", Quintet, Bare(Type::Object(&shape::CHANGED_PROFILE))),
    marks::reacted(Dialect::Meetup),
    marks::pinned(Dialect::Meetup),
    to_client("error", Quintet, shared::ERROR_FIELDS),
];

fn chat(fields: &Fields<'_>) -> Target {
    Target::Conversation(fields.conversation("chatId"))
}

fn identify(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(LocalCommand::Identify).claiming(fields.sender("userId")))
}

fn send(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let text = fields.new_text(chat(fields), "message", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)).claiming(fields.sender("senderId")))
}

fn typing(fields: &Fields<'_>, typing: bool) -> Decoded {
    Decoded::new(LocalCommand::Typing { target: chat(fields), typing }).claiming(fields.sender("userId"))
}

/// A message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageObject<'a> {
    message_id: &'a str,
    sender_id: &'a str,
    message: &'a str,
    timestamp: Moment,
    #[serde(rename = "type")]
    kind: &'static str,
    sender_name: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
    #[serde(flatten)]
    extras: Extras<'a>,
}

impl<'a> MessageObject<'a> {
    pub(crate) fn of(message: &'a Message) -> Self {
        Self {
            message_id: message.id.as_str(),
            sender_id: message.sender.id.as_str(),
            message: &message.content,
            timestamp: Moment(message.created_at),
            kind: message.kind.as_str(),
            sender_name: &message.sender.name,
            guest: message.sender.is_guest(),
            extras: Extras::of(message),
        }
    }
}

/// Returns the text of a message for everybody who receives it.
fn message_text<'t>(message: &Arc<Message>, texts: &'t mut MessageTexts) -> &'t RawValue {
    texts.get(Dialect::Meetup, message, false, MessageObject::of)
}

/// The payload of an event.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum EventPayload<'a> {
    Message {
        chat_id: &'a str,
        message: &'a RawValue,
    },
    Edited {
        chat_id: &'a str,
        message_id: &'a str,
        message: &'a str,
        edited_at: Moment,
        #[serde(flatten)]
        details: Option<EditedDetails<'a>>,
    },
    Deleted {
        chat_id: &'a str,
        message_id: &'a str,
        #[serde(flatten)]
        details: Option<DeletedDetails<'a>>,
    },
    Read {
        chat_id: &'a str,
        message_ids: IdList<'a, MessageId>,
        user_id: &'a str,
    },
    Joined {
        chat_id: &'a str,
        user: PlainUser<'a>,
    },
    Left {
        chat_id: &'a str,
        #[serde(flatten)]
        departed: DepartedUser<'a>,
    },
    Member {
        chat_id: &'a str,
        user_id: &'a str,
    },
    Meetup {
        meetup_id: &'a str,
        status: &'static str,
        updated_by: &'a str,
    },
    Presence {
        user_id: &'a str,
        status: &'static str,
        last_seen: Moment,
    },
}

/// Encodes an event; none if the dialect has no event for it.
pub(crate) fn encode(event: &Event, texts: &mut MessageTexts) -> Option<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) | Event::MessageAppeared { message: sent, .. } => (
            "receiveMessage",
            EventPayload::Message { chat_id: sent.conversation.id.as_str(), message: message_text(sent, texts) },
        ),
        Event::MessageEdited(edited) => (
            "messageEdited",
            EventPayload::Edited {
                chat_id: edited.conversation.id.as_str(),
                message_id: edited.id.as_str(),
                message: &edited.content,
                edited_at: Moment(edited.updated_at()),
                details: EditedDetails::of(edited),
            },
        ),
        Event::MessageDeleted(deleted) => (
            "messageDeleted",
            EventPayload::Deleted {
                chat_id: deleted.conversation.id.as_str(),
                message_id: deleted.id.as_str(),
                details: DeletedDetails::of(deleted),
            },
        ),
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "messagesRead",
            EventPayload::Read {
                chat_id: conversation.id.as_str(),
                message_ids: IdList(messages),
                user_id: reader.id.as_str(),
            },
        ),
        Event::MessagesDelivered { conversation, user, messages, .. } => (
            "messagesDelivered",
            EventPayload::Read {
                chat_id: conversation.id.as_str(),
                message_ids: IdList(messages),
                user_id: user.as_str(),
            },
        ),
        Event::MemberJoined { conversation, user, .. } => {
            ("memberJoined", EventPayload::Joined { chat_id: conversation.id.as_str(), user: PlainUser::of(user) })
        }
        Event::MemberLeft { conversation, user, .. } => {
            let departed = DepartedUser::of(user, event);
            ("memberLeft", EventPayload::Left { chat_id: conversation.id.as_str(), departed })
        }
        Event::MeetupChanged { meetup, status, updated_by, .. } => (
            "meetupStatusUpdate",
            EventPayload::Meetup { meetup_id: meetup.as_str(), status: status.as_str(), updated_by },
        ),
        Event::Typing { conversation, user, typing } => {
            let name = if *typing { "userTyping" } else { "userStoppedTyping" };
            (name, EventPayload::Member { chat_id: conversation.id.as_str(), user_id: user.id.as_str() })
        }
        Event::Presence { user, online, last_seen } => (
            "userPresence",
            EventPayload::Presence {
                user_id: user.id.as_str(),
                status: shared::status(*online),
                last_seen: Moment(*last_seen),
            },
        ),
        Event::MessageReacted(_)
        | Event::MessagePinned { .. }
        | Event::ConversationCreated { .. }
        | Event::ConversationAppeared { .. }
        | Event::ConversationHidden { .. }
        | Event::SettingsChanged { .. }
        | Event::BlocksChanged { .. }
        | Event::ConversationChanged { .. }
        | Event::DeletionAnnounced { .. }
        | Event::ConversationDeleted { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::MessageReported { .. }
        | Event::Revoked { .. }
        | Event::SessionEnded { .. }
        | Event::RoomPresence { .. } => return None,
    };
    Some(Outgoing::new(name, &payload))
}

/// The acknowledgement of an event that was carried out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ack<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

impl<'a> Ack<'a> {
    fn new(status: &'static str) -> Self {
        Self { status, message_id: None, timestamp: None, user_id: None }
    }

    fn of_message(status: &'static str, message: &'a Message) -> Self {
        Self { message_id: Some(message.id.as_str()), ..Self::new(status) }
    }

    fn of_user(status: &'static str, user: &'a UserId) -> Self {
        Self { user_id: Some(user.as_str()), ..Self::new(status) }
    }
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply) -> Answer {
    match reply {
        Reply::Sent { message, .. } => {
            let sent = Ack { timestamp: Some(Moment(message.created_at)), ..Ack::of_message("sent", message) };
            Answer::ack_or_event("sendMessage", &sent)
        }
        Reply::Edited(message) => Answer::ack(&Ack::of_message("edited", message)),
        Reply::Deleted(message) => Answer::ack(&Ack::of_message("deleted", message)),
        Reply::Reacted { active } => Answer::ack(&Ack::new(if *active { "reacted" } else { "unreacted" })),
        Reply::Pinned { pinned } => Answer::ack(&Ack::new(if *pinned { "pinned" } else { "unpinned" })),
        Reply::Read => Answer::ack(&Ack::new("read")),
        Reply::Authenticated { user } => Answer::ack(&Ack::of_user("authenticated", &user.id)),
        // The document prescribes that a `connect` event is answered by a `connect` event.
        Reply::Identified { user } => Answer::ack_or_event("connect", &Ack::of_user("connected", user)),
        Reply::Typing
        | Reply::Delivered
        | Reply::Configured { .. }
        | Reply::Blocks { .. }
        | Reply::Reported
        | Reply::Uploaded { .. }
        | Reply::Joined { .. }
        | Reply::Left { .. }
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. } => Answer::ack(&Ack::new("ok")),
    }
}

/// Encodes the first event for a new connection: the confirmation that it is connected as this user.
pub(crate) fn greet(user: &User) -> Outgoing {
    Outgoing::new("connected", &Ack::of_user("connected", &user.id))
}
