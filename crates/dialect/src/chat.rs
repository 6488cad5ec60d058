//! The chat dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use std::sync::Arc;

use quintet_domain::{
    ConversationId, Event, LocalCommand, Message, MessageId, Profile, Reading, Refusal, Reply, Target, User,
    WriteCommand,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::blocks;
use crate::client_fields::{
    ARCHIVED, CLIENT_MESSAGE_ID, FILE_NAME, FILE_URL, FILES, MARKED_UNREAD, MENTION_ALL, MENTIONS, MESSAGE, METADATA,
    MUTED, NOTIFY, PINNED, READ_MESSAGES, REPLY_TO, THREAD_ID, content, conversation, kind,
};
use crate::details::{DeletedDetails, Extras};
use crate::dialect::Dialect;
use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::marks;
use crate::message_texts::MessageTexts;
use crate::outgoing::{Answer, Online, Outgoing};
use crate::payload::{
    Absent,
    Payload::{IdOrObject, Object, Value as Bare},
    Type::{self, Id, Ids, Name},
    required,
};
use crate::reports;
use crate::shapes::{self, chat as shape};
use crate::shared::{self, DepartedUser, IdList, Moment, is_false};

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client("chat:join", Document, IdOrObject(&[conversation("chatId")]), join).acknowledged(shape::CHAT_ID),
    from_client("chat:leave", Document, IdOrObject(&[conversation("chatId")]), mute).acknowledged(shape::CHAT_ID),
    from_client(
        "message:send",
        Document,
        Object(&[
            conversation("chatId"),
            content("content"),
            kind("messageType"),
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
    from_client(
        "message:read",
        Document,
        IdOrObject(&[conversation("chatId"), MESSAGE.absent(Absent::Nothing), READ_MESSAGES.or(&["message_ids"])]),
        read,
    ),
    from_client("typing:start", Document, IdOrObject(&[conversation("chatId")]), |fields| Ok(typing(fields, true))),
    from_client("typing:stop", Document, IdOrObject(&[conversation("chatId")]), |fields| Ok(typing(fields, false))),
    from_client(
        "message:edit",
        Quintet,
        Object(&[MESSAGE, content("content"), METADATA, MENTIONS, MENTION_ALL]),
        |fields| shared::edit(fields, "content"),
    )
    .acknowledged(shape::SENT),
    from_client("message:delete", Quintet, IdOrObject(&[MESSAGE]), shared::delete).acknowledged(shape::SENT),
    marks::react("message:react"),
    marks::unreact("message:unreact"),
    marks::pin("message:pin"),
    marks::unpin("message:unpin"),
    from_client(
        "message:delivered",
        Quintet,
        IdOrObject(&[conversation("chatId"), MESSAGE.absent(Absent::Nothing), READ_MESSAGES.or(&["message_ids"])]),
        deliver,
    ),
    from_client(
        "chat:configure",
        Quintet,
        Object(&[conversation("chatId"), MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]),
        |fields| shared::configure(fields, Target::Conversation(fields.conversation("chatId"))),
    ),
    blocks::block("user:block"),
    blocks::unblock("user:unblock"),
    reports::report("message:report"),
    shared::authenticate(Quintet),
    to_client("chat:joined", Document, Object(shape::CHAT_ID)),
    to_client("chat:left", Document, Object(shape::CHAT_ID)),
    to_client("message:new", Document, Bare(Type::Object(&shape::MESSAGE))),
    to_client(
        "message:read",
        Document,
        Object(&[
            required("messageId", Id).or_null(),
            required("messageIds", Ids),
            required("userId", Id),
            required("chatId", Id),
        ]),
    ),
    to_client(
        "typing:start",
        Document,
        Object(&[required("chatId", Id), required("userId", Id), required("username", Name), shapes::GUEST]),
    ),
    to_client("typing:stop", Document, Object(&[required("chatId", Id), required("userId", Id)])),
    to_client("user:status", Document, Object(&[required("userId", Id), shapes::STATUS])),
    to_client("message:edited", Quintet, Bare(Type::Object(&shape::MESSAGE))),
    to_client(
        "message:deleted",
        Quintet,
        Object(&[required("messageId", Id), required("chatId", Id), shapes::THREAD_ID, shapes::THREAD_TOLD]),
    ),
    to_client(
        "member:joined",
        Quintet,
        Object(&[required("chatId", Id), required("user", Type::Object(&shape::USER))]),
    ),
    to_client("member:left", Quintet, shared::LEFT_CHAT),
    to_client("users:online", Quintet, Bare(Ids)),
    to_client("chat:created", Quintet, shape::WHOLE_CHAT),
    to_client("chat:updated", Quintet, shape::WHOLE_CHAT),
    to_client("chat:deleted", Quintet, Object(shape::CHAT_ID)),
    to_client(
        "message:delivered",
        Quintet,
        Object(&[
            required("messageId", Id).or_null(),
            required("messageIds", Ids),
            required("userId", Id),
            required("chatId", Id),
        ]),
    ),
    to_client(
        "chat:configured",
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
    blocks::changed(Dialect::Chat),
    to_client("user:updated", Quintet, Bare(Type::Object(&shape::CHANGED_PROFILE))),
    to_client("notification:new", Quintet, shared::NOTIFIED),
    marks::reacted(Dialect::Chat),
    marks::pinned(Dialect::Chat),
    to_client("error", Document, shared::ERROR_FIELDS),
];

fn join(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let conversation = fields.conversation("chatId");
    Ok(Decoded::new(WriteCommand::Join { conversation, profile: Profile::default(), guest_secret: None }))
}

/// In this dialect, leaving a chat only ends what this connection receives; the membership stays.
fn mute(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(LocalCommand::Mute { conversation: fields.conversation("chatId") }))
}

fn send(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("chatId")), "content", "messageType")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

/// Decodes a read receipt for the message that the event names, beside those of its list, if it has one.
fn read(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    match named(fields) {
        Some(reading) => Ok(Decoded::new(WriteCommand::Read(reading))),
        None => shared::read(fields, "chatId"),
    }
}

/// Decodes that the message that the event names has reached the client, beside those of its list, if it has one.
fn deliver(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    match named(fields) {
        Some(reading) => Ok(Decoded::new(WriteCommand::Deliver(reading))),
        None => shared::deliver(fields, "chatId"),
    }
}

/// The message that an event names, with those of its list; none if it names none.
fn named(fields: &Fields<'_>) -> Option<Reading> {
    fields.has("messageId").then(|| {
        let mut messages = fields.messages("messageIds").unwrap_or_default();
        messages.push(fields.message("messageId"));
        Reading::Messages { conversation: Some(fields.conversation("chatId")), messages }
    })
}

fn typing(fields: &Fields<'_>, typing: bool) -> Decoded {
    Decoded::new(LocalCommand::Typing { target: Target::Conversation(fields.conversation("chatId")), typing })
}

/// A user, with whether it is online.
#[derive(Serialize)]
pub(crate) struct UserObject<'a> {
    id: &'a str,
    username: &'a str,
    avatar_url: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> UserObject<'a> {
    pub(crate) fn of(user: &'a User, online: bool) -> Self {
        Self {
            id: user.id.as_str(),
            username: &user.username,
            avatar_url: user.avatar.as_deref(),
            status: shared::status(online),
            guest: user.is_guest(),
        }
    }
}

/// A message.
#[derive(Serialize)]
pub(crate) struct MessageObject<'a> {
    id: &'a str,
    chat_id: &'a str,
    #[serde(rename = "chatId")]
    chat_id_again: &'a str,
    sender_id: &'a str,
    content: &'a str,
    message_type: &'static str,
    is_edited: bool,
    is_deleted: bool,
    created_at: Moment,
    updated_at: Moment,
    sender: UserObject<'a>,
    #[serde(flatten)]
    extras: Extras<'a>,
}

impl<'a> MessageObject<'a> {
    /// Creates the object of a message whose sender is online, or is not.
    pub(crate) fn of(message: &'a Message, sender_online: bool) -> Self {
        Self {
            id: message.id.as_str(),
            chat_id: message.conversation.id.as_str(),
            chat_id_again: message.conversation.id.as_str(),
            sender_id: message.sender.id.as_str(),
            content: &message.content,
            message_type: message.kind.as_str(),
            is_edited: message.edited_at.is_some(),
            is_deleted: message.deleted_at.is_some(),
            created_at: Moment(message.created_at),
            updated_at: Moment(message.updated_at()),
            sender: UserObject::of(&message.sender, sender_online),
            extras: Extras::of(message),
        }
    }
}

/// Returns the text of a message for everybody who receives it.
fn message_text<'t>(message: &Arc<Message>, online: Online<'_>, texts: &'t mut MessageTexts) -> &'t RawValue {
    let sender_online = online(&message.sender.id);
    texts.get(Dialect::Chat, message, sender_online, |message| MessageObject::of(message, sender_online))
}

/// The payload of an event.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum EventPayload<'a> {
    Message(&'a RawValue),
    Deleted {
        message_id: &'a str,
        chat_id: &'a str,
        #[serde(flatten)]
        details: Option<DeletedDetails<'a>>,
    },
    Read {
        message_id: Option<&'a str>,
        message_ids: IdList<'a, MessageId>,
        user_id: &'a str,
        chat_id: &'a str,
    },
    Joined {
        chat_id: &'a str,
        user: UserObject<'a>,
    },
    Chat {
        chat_id: &'a str,
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
    TypingStarted {
        chat_id: &'a str,
        user_id: &'a str,
        username: &'a str,
        #[serde(skip_serializing_if = "is_false")]
        guest: bool,
    },
    Status {
        user_id: &'a str,
        status: &'static str,
    },
}

/// Encodes an event; none if the dialect has no event for it.
pub(crate) fn encode(event: &Event, online: Online<'_>, texts: &mut MessageTexts) -> Option<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) | Event::MessageAppeared { message: sent, .. } => {
            ("message:new", EventPayload::Message(message_text(sent, online, texts)))
        }
        Event::MessageEdited(edited) => ("message:edited", EventPayload::Message(message_text(edited, online, texts))),
        Event::MessageDeleted(deleted) => (
            "message:deleted",
            EventPayload::Deleted {
                message_id: deleted.id.as_str(),
                chat_id: deleted.conversation.id.as_str(),
                details: DeletedDetails::of(deleted),
            },
        ),
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "message:read",
            EventPayload::Read {
                message_id: messages.last().map(MessageId::as_str),
                message_ids: IdList(messages),
                user_id: reader.id.as_str(),
                chat_id: conversation.id.as_str(),
            },
        ),
        Event::MessagesDelivered { conversation, user, messages, .. } => (
            "message:delivered",
            EventPayload::Read {
                message_id: messages.last().map(MessageId::as_str),
                message_ids: IdList(messages),
                user_id: user.as_str(),
                chat_id: conversation.id.as_str(),
            },
        ),
        Event::MemberJoined { conversation, user, .. } => (
            "member:joined",
            EventPayload::Joined { chat_id: conversation.id.as_str(), user: UserObject::of(user, online(&user.id)) },
        ),
        Event::MemberLeft { conversation, user, .. } => {
            let departed = DepartedUser::of(user, event);
            ("member:left", EventPayload::Left { chat_id: conversation.id.as_str(), departed })
        }
        Event::ConversationDeleted { conversation } => {
            ("chat:left", EventPayload::Chat { chat_id: conversation.id.as_str() })
        }
        Event::Typing { conversation, user, typing: true } => (
            "typing:start",
            EventPayload::TypingStarted {
                chat_id: conversation.id.as_str(),
                user_id: user.id.as_str(),
                username: &user.username,
                guest: user.is_guest(),
            },
        ),
        Event::Typing { conversation, user, typing: false } => {
            ("typing:stop", EventPayload::Member { chat_id: conversation.id.as_str(), user_id: user.id.as_str() })
        }
        Event::Presence { user, online, .. } => {
            ("user:status", EventPayload::Status { user_id: user.id.as_str(), status: shared::status(*online) })
        }
        Event::MessageReacted(_)
        | Event::MessagePinned { .. }
        | Event::ConversationCreated { .. }
        | Event::ConversationAppeared { .. }
        | Event::ConversationHidden { .. }
        | Event::SettingsChanged { .. }
        | Event::BlocksChanged { .. }
        | Event::ConversationChanged { .. }
        | Event::DeletionAnnounced { .. }
        | Event::MeetupChanged { .. }
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
#[serde(untagged, rename_all_fields = "camelCase")]
enum Ack<'a> {
    Done { success: bool },
    Message { success: bool, message: &'a RawValue },
    Chat { success: bool, chat_id: &'a str },
    User { success: bool, user_id: &'a str },
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply, online: Online<'_>, texts: &mut MessageTexts) -> Answer {
    let chat = |event, chat: &ConversationId| {
        let chat_id = chat.as_str();
        Answer::ack(&Ack::Chat { success: true, chat_id }).with(event, &EventPayload::Chat { chat_id })
    };
    match reply {
        Reply::Sent { message, .. } | Reply::Edited(message) | Reply::Deleted(message) => {
            Answer::ack(&Ack::Message { success: true, message: message_text(message, online, texts) })
        }
        Reply::Joined { conversation, .. } => chat("chat:joined", &conversation.id),
        Reply::Muted { conversation } => chat("chat:left", conversation),
        Reply::Authenticated { user } => Answer::ack(&Ack::User { success: true, user_id: user.id.as_str() }),
        Reply::Read
        | Reply::Reacted { .. }
        | Reply::Pinned { .. }
        | Reply::Delivered
        | Reply::Configured { .. }
        | Reply::Blocks { .. }
        | Reply::Reported
        | Reply::Uploaded { .. }
        | Reply::Typing
        | Reply::Left { .. }
        | Reply::Listening { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&Ack::Done { success: true }),
    }
}
