//! The messenger dialect: its events, their decoders, and the encoders of events and answers.
//!
//! What must stay true: names and payloads are those of [`EVENTS`]; no permission is decided here.

use std::sync::Arc;

use quintet_domain::{
    ConversationRef, Event, LocalCommand, Message, MessageId, Profile, Reading, Refusal, Reply, Target, User, UserId,
    WriteCommand,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::client_fields::{
    ARCHIVED, CLIENT_MESSAGE_ID, FILE_NAME, FILE_URL, FILES, MARKED_UNREAD, MENTION_ALL, MENTIONS, MESSAGE, METADATA,
    MUTED, NOTIFY, PINNED, READ_MESSAGES, REPLY_TO, THREAD_ID, content, conversation, kind, other_user,
};
use crate::details::{DeletedDetails, Extras};
use crate::event_spec::{
    Decoded, EventSpec,
    Origin::{Document, Quintet},
    from_client, to_client,
};
use crate::message_texts::MessageTexts;
use crate::outgoing::{Answer, Outgoing, Perspective};
use crate::payload::{
    Absent, Field,
    Payload::{IdOrObject, Object, Value as Bare},
    Type::{self, Id, Ids},
};
use crate::shapes::messenger as shape;
use crate::shared::{self, DepartedUser, IdList, Moment, is_false};
use crate::{blocks, dialect::Dialect, fields::Fields, marks, reports};

/// The other user of a direct conversation, where [`GROUP`] may be named instead.
const RECIPIENT: Field = other_user("recipientId").absent(Absent::Nothing);
/// A group, where [`RECIPIENT`] may be named instead.
const GROUP: Field = conversation("groupId").absent(Absent::Nothing);

/// Every event of the dialect.
pub(crate) const EVENTS: &[EventSpec] = &[
    from_client(
        "privateMessage",
        Document,
        Object(&[
            other_user("recipientId"),
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
        send_private,
    )
    .acknowledged(shape::SENT),
    from_client("joinGroup", Document, IdOrObject(&[conversation("groupId")]), join).acknowledged(shape::NAMED),
    from_client("leaveGroup", Document, IdOrObject(&[conversation("groupId")]), leave).acknowledged(shape::NAMED),
    from_client(
        "groupMessage",
        Document,
        Object(&[
            conversation("groupId"),
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
        send_to_group,
    )
    .acknowledged(shape::SENT),
    from_client(
        "updateMessage",
        Quintet,
        Object(&[MESSAGE, content("content"), METADATA, MENTIONS, MENTION_ALL]),
        |fields| shared::edit(fields, "content"),
    )
    .acknowledged(shape::SENT),
    from_client("removeMessage", Quintet, IdOrObject(&[MESSAGE]), shared::delete).acknowledged(shape::SENT),
    from_client("readMessages", Quintet, Object(&[READ_MESSAGES, RECIPIENT, GROUP]), read),
    from_client("deliverMessages", Quintet, Object(&[READ_MESSAGES, RECIPIENT, GROUP]), deliver),
    from_client("startTyping", Quintet, Object(&[RECIPIENT, GROUP]), |fields| typing(fields, "startTyping", true)),
    from_client("stopTyping", Quintet, Object(&[RECIPIENT, GROUP]), |fields| typing(fields, "stopTyping", false)),
    marks::react("reactMessage"),
    marks::unreact("unreactMessage"),
    marks::set_pin("setMessagePin"),
    from_client(
        "setPreferences",
        Quintet,
        Object(&[RECIPIENT, GROUP, MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]),
        configure,
    ),
    blocks::block("blockContact"),
    blocks::unblock("unblockContact"),
    reports::report("submitReport"),
    shared::authenticate(Quintet),
    to_client("onlineUsers", Document, Bare(Ids)),
    to_client("userOnline", Document, Bare(Id)),
    to_client("userOffline", Document, Bare(Id)),
    to_client("privateMessage", Document, shape::WHOLE_MESSAGE),
    to_client("messageSent", Document, shape::WHOLE_MESSAGE),
    to_client("groupMessage", Document, shape::WHOLE_MESSAGE),
    to_client("userJoinedGroup", Document, shape::JOINED),
    to_client("userLeftGroup", Document, shared::LEFT_GROUP),
    to_client("joinedGroup", Document, Object(shape::GROUP_NAME)),
    to_client("leftGroup", Document, Object(shape::GROUP_NAME)),
    to_client("messageUpdated", Quintet, shape::WHOLE_MESSAGE),
    to_client("messageRemoved", Quintet, shape::REMOVED),
    to_client("messagesSeen", Quintet, shape::SEEN),
    to_client("typingStarted", Quintet, shape::TYPING),
    to_client("typingStopped", Quintet, shape::TYPING),
    to_client("groupCreated", Quintet, shape::WHOLE_GROUP),
    to_client("groupUpdated", Quintet, shape::WHOLE_GROUP),
    to_client("messagesArrived", Quintet, shape::SEEN),
    to_client("preferencesChanged", Quintet, shape::PREFERENCES),
    blocks::changed(Dialect::Messenger),
    to_client("contactUpdated", Quintet, Bare(Type::Object(&shape::CHANGED_PROFILE))),
    to_client("notificationReceived", Quintet, shared::NOTIFIED_WITH_OBJECT_ID),
    marks::reacted(Dialect::Messenger),
    marks::pinned(Dialect::Messenger),
    to_client("error", Document, shared::ERROR_FIELDS),
];

fn send_private(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Direct(fields.user("recipientId")), "content", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn send_to_group(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let text = fields.new_text(Target::Conversation(fields.conversation("groupId")), "content", "type")?;
    Ok(Decoded::new(WriteCommand::Send(text)))
}

fn join(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let conversation = fields.conversation("groupId");
    Ok(Decoded::new(WriteCommand::Join { conversation, profile: Profile::default(), guest_secret: None }))
}

fn leave(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Leave { conversation: fields.conversation("groupId") }))
}

fn read(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Read(reading(fields, "readMessages", "reads")?)))
}

fn deliver(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Deliver(reading(fields, "deliverMessages", "is for")?)))
}

/// Messages are found wherever they are: the rule finds their conversation. Without any, the event is about everything
/// that the one place has which it names.
fn reading(fields: &Fields<'_>, event: &str, verb: &str) -> Result<Reading, Refusal> {
    match (fields.messages("messageIds"), place(fields)) {
        (Some(messages), _) => Ok(Reading::Messages { conversation: None, messages }),
        (None, Some(target)) => Ok(Reading::Everything(target)),
        (None, None) => {
            let what = format!("is missing in {event}; `recipientId` or `groupId` alone {verb} everything there");
            Err(Refusal::invalid("messageIds", what))
        }
    }
}

fn typing(fields: &Fields<'_>, event: &str, typing: bool) -> Result<Decoded, Refusal> {
    let Some(target) = place(fields) else {
        return Err(Refusal::invalid("recipientId", format!("or `groupId` is needed in {event}, not both")));
    };
    Ok(Decoded::new(LocalCommand::Typing { target, typing }))
}

fn configure(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    match place(fields) {
        Some(target) => shared::configure(fields, target),
        None => Err(Refusal::invalid("recipientId", "or `groupId` is needed in setPreferences, not both")),
    }
}

/// Returns the one place that an event names: a user or a group. None if it names both or neither.
fn place(fields: &Fields<'_>) -> Option<Target> {
    match (fields.has("recipientId"), fields.has("groupId")) {
        (true, false) => Some(Target::Direct(fields.user("recipientId"))),
        (false, true) => Some(Target::Conversation(fields.conversation("groupId"))),
        (true, true) | (false, false) => None,
    }
}

/// A user.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserObject<'a> {
    #[serde(rename = "_id")]
    object_id: &'a str,
    id: &'a str,
    username: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> UserObject<'a> {
    pub(crate) fn of(user: &'a User) -> Self {
        Self {
            object_id: user.id.as_str(),
            id: user.id.as_str(),
            username: &user.username,
            first_name: user.first_name(),
            last_name: user.last_name(),
            avatar: user.avatar.as_deref(),
            guest: user.is_guest(),
        }
    }
}

/// Where an action takes place: the other user of a direct conversation, or a group. The other of the two is null.
#[derive(Serialize)]
pub(crate) struct Place<'a> {
    recipient: Option<&'a str>,
    group: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Returns the place of an action of `user` in a conversation.
    pub(crate) fn of(conversation: &'a ConversationRef, user: &UserId) -> Self {
        match conversation.other(user) {
            Some(other) => Self { recipient: Some(other.as_str()), group: None },
            None => Self { recipient: None, group: Some(conversation.id.as_str()) },
        }
    }
}

/// A message for one reader, or for all recipients of an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageObject<'a> {
    #[serde(rename = "_id")]
    object_id: &'a str,
    id: &'a str,
    sender: UserObject<'a>,
    #[serde(flatten)]
    place: Place<'a>,
    content: &'a str,
    is_read: bool,
    created_at: Moment,
    updated_at: Moment,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    extras: Extras<'a>,
}

impl<'a> MessageObject<'a> {
    pub(crate) fn of(message: &'a Message, viewer: Option<&UserId>) -> Self {
        Self {
            object_id: message.id.as_str(),
            id: message.id.as_str(),
            sender: UserObject::of(&message.sender),
            place: Place::of(&message.conversation, &message.sender.id),
            content: &message.content,
            is_read: message.is_read_for(viewer),
            created_at: Moment(message.created_at),
            updated_at: Moment(message.updated_at()),
            kind: message.kind.as_str(),
            extras: Extras::of(message),
        }
    }
}

/// A group; its name is empty if the conversation has none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupObject<'a> {
    group_id: &'a str,
    name: &'a str,
}

impl<'a> GroupObject<'a> {
    fn of(conversation: &'a ConversationRef) -> Self {
        Self { group_id: conversation.id.as_str(), name: conversation.name.as_deref().unwrap_or_default() }
    }
}

/// Returns the text of a message for everybody who receives it.
fn message_text<'t>(message: &Arc<Message>, texts: &'t mut MessageTexts) -> &'t RawValue {
    texts.get(Dialect::Messenger, message, false, |message| MessageObject::of(message, None))
}

/// The payload of an event.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum EventPayload<'a> {
    Message(&'a RawValue),
    Removed {
        #[serde(rename = "_id")]
        object_id: &'a str,
        #[serde(flatten)]
        place: Place<'a>,
        #[serde(flatten)]
        details: Option<DeletedDetails<'a>>,
    },
    Seen {
        message_ids: IdList<'a, MessageId>,
        user_id: &'a str,
        #[serde(flatten)]
        place: Place<'a>,
    },
    Joined {
        group_id: &'a str,
        user: UserObject<'a>,
    },
    Left {
        group_id: &'a str,
        #[serde(flatten)]
        departed: DepartedUser<'a>,
    },
    Group(GroupObject<'a>),
    Typing {
        user_id: &'a str,
        username: &'a str,
        #[serde(flatten)]
        place: Place<'a>,
        #[serde(skip_serializing_if = "is_false")]
        guest: bool,
    },
    User(&'a str),
}

/// Returns whether an event is encoded differently for the user who caused it.
pub(crate) fn differs_for_actor(event: &Event) -> bool {
    matches!(event, Event::MessageCreated(sent) if sent.conversation.pair.is_some())
}

/// Encodes an event; none if the dialect has no event for it.
pub(crate) fn encode(event: &Event, perspective: Perspective, texts: &mut MessageTexts) -> Option<Outgoing> {
    let (name, payload) = match event {
        Event::MessageCreated(sent) | Event::MessageAppeared { message: sent, .. } => {
            let name = match (sent.conversation.pair.is_some(), perspective) {
                (false, _) => "groupMessage",
                (true, Perspective::Actor) => "messageSent",
                (true, Perspective::Other) => "privateMessage",
            };
            (name, EventPayload::Message(message_text(sent, texts)))
        }
        Event::MessageEdited(edited) => ("messageUpdated", EventPayload::Message(message_text(edited, texts))),
        Event::MessageDeleted(deleted) => {
            let (place, details) = (Place::of(&deleted.conversation, &deleted.sender.id), DeletedDetails::of(deleted));
            ("messageRemoved", EventPayload::Removed { object_id: deleted.id.as_str(), place, details })
        }
        Event::MessagesRead { conversation, reader, messages, .. } => {
            let place = Place::of(conversation, &reader.id);
            ("messagesSeen", EventPayload::Seen { message_ids: IdList(messages), user_id: reader.id.as_str(), place })
        }
        Event::MessagesDelivered { conversation, user, messages, .. } => {
            let place = Place::of(conversation, user);
            ("messagesArrived", EventPayload::Seen { message_ids: IdList(messages), user_id: user.as_str(), place })
        }
        Event::MemberJoined { conversation, user, .. } => {
            ("userJoinedGroup", EventPayload::Joined { group_id: conversation.id.as_str(), user: UserObject::of(user) })
        }
        Event::MemberLeft { conversation, user, .. } => {
            let (group_id, departed) = (conversation.id.as_str(), DepartedUser::of(user, event));
            ("userLeftGroup", EventPayload::Left { group_id, departed })
        }
        Event::ConversationDeleted { conversation } => {
            ("leftGroup", EventPayload::Group(GroupObject::of(conversation)))
        }
        Event::Typing { conversation, user, typing } => (
            if *typing { "typingStarted" } else { "typingStopped" },
            EventPayload::Typing {
                user_id: user.id.as_str(),
                username: &user.username,
                place: Place::of(conversation, &user.id),
                guest: user.is_guest(),
            },
        ),
        Event::Presence { user, online, .. } => {
            (if *online { "userOnline" } else { "userOffline" }, EventPayload::User(user.id.as_str()))
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

/// The acknowledgement of an event that was carried out. A group stands in the field of a message.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Ack<'a> {
    Done { success: bool },
    Message { success: bool, message: &'a RawValue },
    Group { success: bool, message: &'a GroupObject<'a> },
    User { success: bool, user_id: &'a str },
}

/// Encodes the reply to a command, as an acknowledgement and events.
pub(crate) fn answer(reply: &Reply, texts: &mut MessageTexts) -> Answer {
    match reply {
        Reply::Sent { message, repeated } => {
            let direct = message.conversation.pair.is_some();
            let message = message_text(message, texts);
            let answer = Answer::ack(&Ack::Message { success: true, message });
            // The first send of a direct message was answered by this event, and so is one that is repeated.
            if *repeated && direct { answer.or_else("messageSent", message) } else { answer }
        }
        Reply::Edited(changed) | Reply::Deleted(changed) => {
            Answer::ack(&Ack::Message { success: true, message: message_text(changed, texts) })
        }
        Reply::Joined { conversation, .. } => {
            let message = &GroupObject::of(conversation);
            Answer::ack(&Ack::Group { success: true, message }).with("joinedGroup", message)
        }
        Reply::Left { conversation } => {
            let message = &GroupObject::of(conversation);
            Answer::ack(&Ack::Group { success: true, message }).with("leftGroup", message)
        }
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
        | Reply::Listening { .. }
        | Reply::Muted { .. }
        | Reply::RoomCreated { .. }
        | Reply::Identified { .. } => Answer::ack(&Ack::Done { success: true }),
    }
}
