//! The rooms dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

mod objects;

use std::sync::Arc;

use quintet_domain::{
    Departure, Event, LocalCommand, Message, MessageId, Profile, Refusal, Reply, Target, WriteCommand,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::blocks;
use crate::client_fields::{
    ARCHIVED, AVATAR, CLIENT_MESSAGE_ID, CONVERSATION_METADATA, FILE_NAME, FILE_URL, FILES, IS_TYPING, MARKED_UNREAD,
    MENTION_ALL, MENTIONS, MESSAGE, METADATA, MUTED, NOTIFY, PICTURE, PINNED, READ_MESSAGES, REPLY_TO, THREAD_ID,
    content, conversation, kind, sender,
};
use crate::details::{DeletedDetails, EditedDetails};
use crate::dialect::Dialect;
use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::fields::Fields;
use crate::marks;
use crate::message_texts::MessageTexts;
use crate::outgoing::{Answer, Outgoing, Perspective};
use crate::payload::{
    Payload::{self, IdOrObject, Object, Value as Bare},
    Type::{self, Content, Flag, Id, Ids, Name, Text, Time},
    optional, required,
};
use crate::reports;
use crate::shapes::{self, rooms as shape};
use crate::shared::{self, DepartedUser, IdList, Moment, is_false};

use self::objects::RoomMembers;
pub(crate) use self::objects::{MessageObject, UserObject};

/// The payload of an event about a whole room.
const ROOM: Payload = Bare(Type::Object(&shape::ROOM));

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client(
        "create_room",
        Document,
        IdOrObject(&[
            required("name", Name),
            sender("userId"),
            optional("username", Name).ignored_with_token(),
            AVATAR,
            PICTURE,
            CONVERSATION_METADATA,
        ]),
        create,
    )
    .acknowledged(shape::NEW_ROOM),
    from_client(
        "join_room",
        Document,
        IdOrObject(&[
            conversation("roomId"),
            sender("userId"),
            required("username", Name).ignored_with_token(),
            AVATAR,
            optional("guestSecret", Text),
        ]),
        join,
    )
    .acknowledged(shape::ROOM_ID),
    from_client(
        "send_message",
        Document,
        Object(&[
            conversation("roomId"),
            sender("userId"),
            content("content"),
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
    from_client("typing", Document, IdOrObject(&[conversation("roomId"), sender("userId"), IS_TYPING]), typing),
    from_client("leave_room", Document, IdOrObject(&[conversation("roomId"), sender("userId")]), leave)
        .acknowledged(shape::ROOM_ID),
    from_client(
        "update_message",
        Quintet,
        Object(&[MESSAGE, content("content"), METADATA, MENTIONS, MENTION_ALL]),
        |fields| shared::edit(fields, "content"),
    )
    .acknowledged(shape::SENT),
    from_client("remove_message", Quintet, IdOrObject(&[MESSAGE]), shared::delete).acknowledged(shape::SENT),
    from_client("read_messages", Quintet, IdOrObject(&[conversation("roomId"), READ_MESSAGES]), |fields| {
        shared::read(fields, "roomId")
    }),
    marks::react("react_message"),
    marks::unreact("unreact_message"),
    marks::pin("pin_message"),
    marks::unpin("unpin_message"),
    from_client("deliver_messages", Quintet, IdOrObject(&[conversation("roomId"), READ_MESSAGES]), |fields| {
        shared::deliver(fields, "roomId")
    }),
    from_client(
        "update_room_settings",
        Quintet,
        Object(&[conversation("roomId"), MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]),
        |fields| shared::configure(fields, Target::Conversation(fields.conversation("roomId"))),
    ),
    blocks::block("block_user"),
    blocks::unblock("unblock_user"),
    reports::report("report_message"),
    shared::authenticate(Quintet),
    to_client("room_created", Document, Object(shape::NEW_ROOM)),
    to_client("history", Document, Bare(Type::Objects(&shape::MESSAGE))),
    to_client("message_received", Document, Bare(Type::Object(&shape::MESSAGE))),
    to_client(
        "user_joined",
        Document,
        Object(&[
            required("userId", Id),
            required("username", Name),
            required("roomId", Id),
            required("user", Type::Object(&shape::USER)),
        ]),
    ),
    to_client("user_left", Document, shared::LEFT_ROOM),
    to_client(
        "user_typing",
        Document,
        Object(&[
            required("userId", Id),
            required("username", Name),
            required("roomId", Id),
            required("isTyping", Flag),
            shapes::GUEST,
        ]),
    ),
    to_client(
        "message_updated",
        Quintet,
        Object(&[
            required("id", Id),
            required("roomId", Id),
            required("content", Content),
            required("editedAt", Time),
            shapes::METADATA,
            shapes::MENTIONS,
            shapes::MENTION_ALL,
        ]),
    ),
    to_client(
        "message_removed",
        Quintet,
        Object(&[required("id", Id), required("roomId", Id), shapes::THREAD_ID, shapes::THREAD_TOLD]),
    ),
    to_client(
        "messages_seen",
        Quintet,
        Object(&[required("roomId", Id), required("messageIds", Ids), required("userId", Id)]),
    ),
    to_client(
        "room_members",
        Quintet,
        Object(&[required("roomId", Id), required("users", Type::Objects(&shape::MEMBER))]),
    ),
    to_client("room_added", Quintet, ROOM),
    to_client("room_updated", Quintet, ROOM),
    to_client("room_deleted", Quintet, Object(&[required("id", Id)])),
    to_client(
        "messages_arrived",
        Quintet,
        Object(&[required("roomId", Id), required("messageIds", Ids), required("userId", Id)]),
    ),
    to_client(
        "room_settings_updated",
        Quintet,
        Object(&[
            required("roomId", Id),
            shapes::MUTED,
            shapes::PINNED,
            shapes::ARCHIVED,
            shapes::NOTIFY,
            shapes::MARKED_UNREAD,
        ]),
    ),
    blocks::changed(Dialect::Rooms),
    to_client("user_updated", Quintet, Bare(Type::Object(&shape::CHANGED_PROFILE))),
    to_client("notification_received", Quintet, shared::NOTIFIED),
    marks::reacted(Dialect::Rooms),
    marks::pinned(Dialect::Rooms),
    to_client("error", Document, shared::ERROR_FIELDS),
];

/// Creates the result for a command whose payload names the sender in `userId`.
fn claimed(fields: &Fields<'_>, command: impl Into<quintet_domain::Command>) -> Decoded {
    Decoded::new(command).claiming(fields.sender("userId"))
}

/// Returns the profile that a guest claims; a blank name counts as none.
fn profile(fields: &Fields<'_>) -> Profile {
    Profile {
        username: fields.optional("username").filter(|name| !name.trim().is_empty()).map(str::to_owned),
        avatar: fields.optional("avatar").map(str::to_owned),
    }
}

fn create(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let name = fields.text("name").to_owned();
    let picture = fields.optional("picture").filter(|url| !url.is_empty()).map(str::to_owned);
    let (metadata, profile) = (fields.metadata(), profile(fields));
    Ok(claimed(fields, WriteCommand::CreateRoom { name, picture, metadata, profile }))
}

fn join(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let guest_secret = fields.optional("guestSecret").map(str::to_owned);
    let conversation = fields.conversation("roomId");
    Ok(claimed(fields, WriteCommand::Join { conversation, profile: profile(fields), guest_secret }))
}

fn leave(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(claimed(fields, WriteCommand::Leave { conversation: fields.conversation("roomId") }))
}

fn send(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("roomId")), "content", "type")?;
    Ok(claimed(fields, WriteCommand::Send(text)))
}

fn typing(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let target = Target::Conversation(fields.conversation("roomId"));
    Ok(claimed(fields, LocalCommand::Typing { target, typing: fields.flag_or_true("isTyping") }))
}

/// Returns the text of a message for everybody who receives it.
fn message_text<'t>(message: &Arc<Message>, texts: &'t mut MessageTexts) -> &'t RawValue {
    texts.get(Dialect::Rooms, message, false, MessageObject::of)
}

/// The payload of an event.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum EventPayload<'a> {
    Message(&'a RawValue),
    Updated {
        id: &'a str,
        room_id: &'a str,
        content: &'a str,
        edited_at: Moment,
        #[serde(flatten)]
        details: Option<EditedDetails<'a>>,
    },
    Removed {
        id: &'a str,
        room_id: &'a str,
        #[serde(flatten)]
        details: Option<DeletedDetails<'a>>,
    },
    Seen {
        room_id: &'a str,
        message_ids: IdList<'a, MessageId>,
        user_id: &'a str,
    },
    Joined {
        user_id: &'a str,
        username: &'a str,
        room_id: &'a str,
        user: UserObject<'a>,
    },
    Left {
        #[serde(flatten)]
        departed: DepartedUser<'a>,
        room_id: &'a str,
    },
    Typing {
        user_id: &'a str,
        username: &'a str,
        room_id: &'a str,
        is_typing: bool,
        #[serde(skip_serializing_if = "is_false")]
        guest: bool,
    },
}

/// Returns whether an event differs for the user whom it is about.
pub(crate) fn differs_for_actor(event: &Event) -> bool {
    matches!(event, Event::MemberLeft { departure: Departure::GuestGone, .. })
}

/// Encodes an event; none if the dialect has no event for it.
pub(crate) fn encode(event: &Event, perspective: Perspective, texts: &mut MessageTexts) -> Option<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) | Event::MessageAppeared { message: sent, .. } => {
            ("message_received", EventPayload::Message(message_text(sent, texts)))
        }
        Event::MessageEdited(edited) => (
            "message_updated",
            EventPayload::Updated {
                id: edited.id.as_str(),
                room_id: edited.conversation.id.as_str(),
                content: &edited.content,
                edited_at: Moment(edited.updated_at()),
                details: EditedDetails::of(edited),
            },
        ),
        Event::MessageDeleted(deleted) => (
            "message_removed",
            EventPayload::Removed {
                id: deleted.id.as_str(),
                room_id: deleted.conversation.id.as_str(),
                details: DeletedDetails::of(deleted),
            },
        ),
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "messages_seen",
            EventPayload::Seen {
                room_id: conversation.id.as_str(),
                message_ids: IdList(messages),
                user_id: reader.id.as_str(),
            },
        ),
        Event::MessagesDelivered { conversation, user, messages, .. } => (
            "messages_arrived",
            EventPayload::Seen {
                room_id: conversation.id.as_str(),
                message_ids: IdList(messages),
                user_id: user.as_str(),
            },
        ),
        Event::MemberJoined { conversation, user, .. } | Event::RoomPresence { conversation, user, online: true } => (
            "user_joined",
            EventPayload::Joined {
                user_id: user.id.as_str(),
                username: &user.username,
                room_id: conversation.id.as_str(),
                user: UserObject::of(user),
            },
        ),
        // The others were notified when the guest's last connection ended. A guest who has come back just then hears of
        // its own departure.
        Event::MemberLeft { .. } if differs_for_actor(event) && perspective == Perspective::Other => return None,
        Event::MemberLeft { conversation, user, .. } | Event::RoomPresence { conversation, user, online: false } => {
            let departed = DepartedUser::of(user, event);
            ("user_left", EventPayload::Left { departed, room_id: conversation.id.as_str() })
        }
        Event::Typing { conversation, user, typing } => (
            "user_typing",
            EventPayload::Typing {
                user_id: user.id.as_str(),
                username: &user.username,
                room_id: conversation.id.as_str(),
                is_typing: *typing,
                guest: user.is_guest(),
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
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::MessageReported { .. }
        | Event::Revoked { .. }
        | Event::SessionEnded { .. }
        | Event::Presence { .. } => return None,
    };
    Some(Outgoing::new(name, &payload))
}

/// A new room, with the guest's secret if a guest created it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomObject<'a> {
    id: &'a str,
    name: &'a str,
    created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    guest_secret: Option<&'a str>,
}

/// The acknowledgement of an event that was carried out.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Ack<'a> {
    Done {
        ok: bool,
    },
    Message {
        ok: bool,
        message: &'a RawValue,
    },
    Room {
        ok: bool,
        room_id: &'a str,
    },
    Created {
        ok: bool,
        #[serde(flatten)]
        room: &'a RoomObject<'a>,
    },
    User {
        ok: bool,
        user_id: &'a str,
    },
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply, texts: &mut MessageTexts) -> Answer {
    match reply {
        Reply::Sent { message, .. } | Reply::Edited(message) | Reply::Deleted(message) => {
            Answer::ack(&Ack::Message { ok: true, message: message_text(message, texts) })
        }
        Reply::Joined { conversation, history, members, .. } => {
            let history: Vec<_> = history.iter().map(|sent| MessageObject::of(sent)).collect();
            let answer = Answer::ack(&Ack::Room { ok: true, room_id: conversation.id.as_str() });
            answer.with("history", &history).with("room_members", &RoomMembers::of(conversation, members))
        }
        Reply::Left { conversation } => Answer::ack(&Ack::Room { ok: true, room_id: conversation.id.as_str() }),
        Reply::RoomCreated { conversation, created_at, guest_secret } => {
            let room = &RoomObject {
                id: conversation.id.as_str(),
                name: conversation.name.as_deref().unwrap_or_default(),
                created_at: Moment(*created_at),
                guest_secret: guest_secret.as_deref(),
            };
            Answer::ack(&Ack::Created { ok: true, room }).with("room_created", room)
        }
        Reply::Authenticated { user } => Answer::ack(&Ack::User { ok: true, user_id: user.id.as_str() }),
        Reply::Read
        | Reply::Reacted { .. }
        | Reply::Pinned { .. }
        | Reply::Delivered
        | Reply::Configured { .. }
        | Reply::Blocks { .. }
        | Reply::Reported
        | Reply::Typing
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::Uploaded { .. }
        | Reply::Identified { .. } => Answer::ack(&Ack::Done { ok: true }),
    }
}
