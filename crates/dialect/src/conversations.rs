//! The conversations dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

mod objects;

use std::sync::Arc;

use quintet_domain::{
    Code, Command, ConversationId, Event, LocalCommand, Message, MessageId, Refusal, Reply, Target, WriteCommand,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::blocks;
use crate::client_fields::{
    ARCHIVED, CLIENT_MESSAGE_ID, FILE_NAME, FILE_URL, FILES, IS_TYPING, MARKED_UNREAD, MENTION_ALL, MENTIONS, MESSAGE,
    METADATA, MUTED, NOTIFY, PINNED, READ_MESSAGES, REPLY_TO, THREAD_ID, content, conversation, kind,
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
use crate::outgoing::{Answer, Outgoing};
use crate::payload::{
    Absent, Field,
    Payload::{IdOrObject, Object, Value as Bare},
    Type::{self, Binary, Content, Flag, Id, Ids, Name, Time},
    optional, required,
};
use crate::reports;
use crate::shapes::{self, conversations as shape};
use crate::shared::{self, DepartedUser, IdList, Moment, is_false};

pub(crate) use self::objects::MessageObject;
use self::objects::UserObject;

/// The conversations that a connection listens to: all of its user's own, if they are absent.
const CONVERSATIONS: Field = optional("conversationIds", Ids)
    .or(&["conversation_ids", "conversations", "conversationId", "conversation_id"])
    .absent(Absent::Everything);

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client("join_conversations", Document, IdOrObject(&[CONVERSATIONS]), listen).acknowledged(shape::LISTENING),
    from_client(
        "send_message",
        Document,
        Object(&[
            conversation("conversationId"),
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
    from_client("typing", Document, IdOrObject(&[conversation("conversationId"), IS_TYPING]), typing),
    from_client("mark_read", Document, IdOrObject(&[conversation("conversationId"), READ_MESSAGES]), |fields| {
        shared::read(fields, "conversationId")
    }),
    from_client(
        "edit_message",
        Document,
        Object(&[MESSAGE, content("newContent"), METADATA, MENTIONS, MENTION_ALL]),
        |fields| shared::edit(fields, "newContent"),
    ),
    from_client("delete_message", Document, IdOrObject(&[MESSAGE]), shared::delete),
    from_client(
        "upload_file",
        Quintet,
        Object(&[
            conversation("conversationId"),
            required("fileName", Name).or(FILE_NAME.aliases),
            required("data", Binary),
        ]),
        upload,
    )
    .acknowledged(shape::UPLOADED),
    marks::react("add_reaction"),
    marks::unreact("remove_reaction"),
    marks::set_pin("set_message_pin"),
    from_client("mark_delivered", Quintet, IdOrObject(&[conversation("conversationId"), READ_MESSAGES]), |fields| {
        shared::deliver(fields, "conversationId")
    }),
    from_client(
        "update_conversation_settings",
        Quintet,
        Object(&[conversation("conversationId"), MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]),
        |fields| shared::configure(fields, Target::Conversation(fields.conversation("conversationId"))),
    ),
    blocks::set_block("set_block"),
    reports::report("submit_report"),
    shared::authenticate(Document),
    to_client(
        "receive_message",
        Document,
        Object(&[required("message", Type::Object(&shape::MESSAGE)), required("conversationId", Id)]),
    ),
    to_client(
        "typing_status",
        Document,
        Object(&[
            required("userId", Id),
            required("username", Name),
            required("conversationId", Id),
            required("isTyping", Flag),
            shapes::GUEST,
        ]),
    ),
    to_client(
        "messages_read",
        Document,
        Object(&[required("conversationId", Id), required("messageIds", Ids), required("readBy", Id)]),
    ),
    to_client(
        "message_edited",
        Document,
        Object(&[
            required("messageId", Id),
            required("newContent", Content),
            required("editedAt", Time),
            required("conversationId", Id),
            shapes::METADATA,
            shapes::MENTIONS,
            shapes::MENTION_ALL,
        ]),
    ),
    to_client(
        "message_deleted",
        Document,
        Object(&[required("messageId", Id), required("conversationId", Id), shapes::THREAD_ID, shapes::THREAD_TOLD]),
    ),
    to_client("user_online", Document, Object(&[required("userId", Id), required("username", Name)])),
    to_client(
        "user_offline",
        Document,
        Object(&[required("userId", Id), required("username", Name), required("lastSeen", Time)]),
    ),
    to_client(
        "member_joined",
        Quintet,
        Object(&[required("conversationId", Id), required("user", Type::Object(&shape::USER))]),
    ),
    to_client("member_left", Quintet, shared::LEFT_CONVERSATION),
    to_client("online_users", Quintet, Bare(Ids)),
    to_client("conversation_created", Quintet, shape::WHOLE_CONVERSATION),
    to_client("conversation_updated", Quintet, shape::WHOLE_CONVERSATION),
    to_client("conversation_deleted", Quintet, Object(&[required("conversationId", Id)])),
    to_client(
        "messages_delivered",
        Quintet,
        Object(&[required("conversationId", Id), required("messageIds", Ids), required("deliveredTo", Id)]),
    ),
    to_client(
        "conversation_settings_updated",
        Quintet,
        Object(&[
            required("conversationId", Id),
            shapes::MUTED,
            shapes::PINNED,
            shapes::ARCHIVED,
            shapes::NOTIFY,
            shapes::MARKED_UNREAD,
        ]),
    ),
    blocks::changed(Dialect::Conversations),
    to_client("profile_updated", Quintet, Bare(Type::Object(&shape::CHANGED_PROFILE))),
    to_client("notification_created", Quintet, shared::NOTIFIED_WITH_OBJECT_ID),
    marks::reacted(Dialect::Conversations),
    marks::pinned(Dialect::Conversations),
    to_client("error", Document, shape::ERROR),
];

fn listen(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(LocalCommand::Listen { conversations: fields.conversations("conversationIds") }))
}

fn send(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("conversationId")), "content", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn typing(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let target = Target::Conversation(fields.conversation("conversationId"));
    Ok(Decoded::new(LocalCommand::Typing { target, typing: fields.flag_or_true("isTyping") }))
}

fn upload(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(Command::Upload {
        conversation: fields.conversation("conversationId"),
        name: fields.text("fileName").to_owned(),
        attachment: fields.attachment("data"),
    }))
}

/// Returns the text of a message for everybody who receives it.
fn message_text<'t>(message: &Arc<Message>, texts: &'t mut MessageTexts) -> &'t RawValue {
    texts.get(Dialect::Conversations, message, false, |message| MessageObject::of(message, None))
}

/// The payload of an event.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum EventPayload<'a> {
    Message {
        message: &'a RawValue,
        conversation_id: &'a str,
    },
    Edited {
        message_id: &'a str,
        new_content: &'a str,
        edited_at: Moment,
        conversation_id: &'a str,
        #[serde(flatten)]
        details: Option<EditedDetails<'a>>,
    },
    Deleted {
        message_id: &'a str,
        conversation_id: &'a str,
        #[serde(flatten)]
        details: Option<DeletedDetails<'a>>,
    },
    Read {
        conversation_id: &'a str,
        message_ids: IdList<'a, MessageId>,
        read_by: &'a str,
    },
    Delivered {
        conversation_id: &'a str,
        message_ids: IdList<'a, MessageId>,
        delivered_to: &'a str,
    },
    Joined {
        conversation_id: &'a str,
        user: UserObject<'a>,
    },
    Left {
        conversation_id: &'a str,
        #[serde(flatten)]
        departed: DepartedUser<'a>,
    },
    Typing {
        user_id: &'a str,
        username: &'a str,
        conversation_id: &'a str,
        is_typing: bool,
        #[serde(skip_serializing_if = "is_false")]
        guest: bool,
    },
    Online {
        user_id: &'a str,
        username: &'a str,
    },
    Offline {
        user_id: &'a str,
        username: &'a str,
        last_seen: Moment,
    },
}

/// Encodes an event; none if the dialect has no event for it.
pub(crate) fn encode(event: &Event, texts: &mut MessageTexts) -> Option<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) | Event::MessageAppeared { message: sent, .. } => (
            "receive_message",
            EventPayload::Message {
                message: message_text(sent, texts),
                conversation_id: sent.conversation.id.as_str(),
            },
        ),
        Event::MessageEdited(edited) => (
            "message_edited",
            EventPayload::Edited {
                message_id: edited.id.as_str(),
                new_content: &edited.content,
                edited_at: Moment(edited.updated_at()),
                conversation_id: edited.conversation.id.as_str(),
                details: EditedDetails::of(edited),
            },
        ),
        Event::MessageDeleted(deleted) => (
            "message_deleted",
            EventPayload::Deleted {
                message_id: deleted.id.as_str(),
                conversation_id: deleted.conversation.id.as_str(),
                details: DeletedDetails::of(deleted),
            },
        ),
        Event::MessagesRead { conversation, reader, messages, .. } => (
            "messages_read",
            EventPayload::Read {
                conversation_id: conversation.id.as_str(),
                message_ids: IdList(messages),
                read_by: reader.id.as_str(),
            },
        ),
        Event::MessagesDelivered { conversation, user, messages, .. } => (
            "messages_delivered",
            EventPayload::Delivered {
                conversation_id: conversation.id.as_str(),
                message_ids: IdList(messages),
                delivered_to: user.as_str(),
            },
        ),
        Event::MemberJoined { conversation, user, .. } => (
            "member_joined",
            EventPayload::Joined { conversation_id: conversation.id.as_str(), user: UserObject::of(user) },
        ),
        Event::MemberLeft { conversation, user, .. } => {
            let departed = DepartedUser::of(user, event);
            ("member_left", EventPayload::Left { conversation_id: conversation.id.as_str(), departed })
        }
        Event::Typing { conversation, user, typing } => (
            "typing_status",
            EventPayload::Typing {
                user_id: user.id.as_str(),
                username: &user.username,
                conversation_id: conversation.id.as_str(),
                is_typing: *typing,
                guest: user.is_guest(),
            },
        ),
        Event::Presence { user, online: true, .. } => {
            ("user_online", EventPayload::Online { user_id: user.id.as_str(), username: &user.username })
        }
        Event::Presence { user, online: false, last_seen } => (
            "user_offline",
            EventPayload::Offline {
                user_id: user.id.as_str(),
                username: &user.username,
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

/// Returns the message that the document prescribes for the acknowledgement of a refused event, if it does: for a
/// forbidden edit or deletion. The reason is then added in another field.
pub(crate) fn prescribed_refusal(name: &str, refusal: &Refusal) -> Option<&'static str> {
    let changes = matches!(name, "edit_message" | "delete_message");
    (changes && matches!(refusal.code, Code::Forbidden | Code::NotFound)).then_some("Unauthorized")
}

/// The acknowledgement of an event that was carried out.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Ack<'a> {
    Done { success: bool },
    Message { success: bool, message: &'a RawValue },
    Listening { success: bool, joined: IdList<'a, ConversationId>, refused: IdList<'a, ConversationId> },
    Uploaded { success: bool, file_url: &'a str, file_name: &'a str },
    User { success: bool, user_id: &'a str },
}

/// The `error` event for conversations that a connection asked for in vain.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotListening<'a> {
    code: &'static str,
    message: String,
    event: &'static str,
    conversation_ids: IdList<'a, ConversationId>,
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply, texts: &mut MessageTexts) -> Answer {
    match reply {
        Reply::Sent { message, .. } => {
            Answer::ack(&Ack::Message { success: true, message: message_text(message, texts) })
        }
        Reply::Listening { joined, refused } => {
            let success = refused.is_empty();
            let answer = Answer::ack(&Ack::Listening { success, joined: IdList(joined), refused: IdList(refused) });
            if success {
                return answer;
            }
            let names: Vec<_> = refused.iter().map(ConversationId::as_str).collect();
            let error = NotListening {
                code: Code::NotFound.as_str(),
                message: format!("You are not a member of: {}.", names.join(", ")),
                event: "join_conversations",
                conversation_ids: IdList(refused),
            };
            answer.with("error", &error)
        }
        Reply::Uploaded { url, name } => Answer::ack(&Ack::Uploaded { success: true, file_url: url, file_name: name }),
        Reply::Authenticated { user } => Answer::ack(&Ack::User { success: true, user_id: user.id.as_str() }),
        Reply::Edited(_)
        | Reply::Deleted(_)
        | Reply::Read
        | Reply::Reacted { .. }
        | Reply::Pinned { .. }
        | Reply::Delivered
        | Reply::Configured { .. }
        | Reply::Blocks { .. }
        | Reply::Reported
        | Reply::Typing
        | Reply::Joined { .. }
        | Reply::Left { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&Ack::Done { success: true }),
    }
}
