//! What several dialects share: rows of the catalogue, decoders, and parts of payloads.
//!
//! What must stay true: nothing here depends on which dialect uses it.

use std::borrow::Borrow;

use quintet_domain::{Command, Departure, Event, Moderation, Reading, Refusal, Target, Timestamp, User, WriteCommand};
use serde::{Serialize, Serializer};

use crate::event_spec::{Decoded, EventSpec, Origin, from_client};
use crate::fields::Fields;
use crate::payload::{Field, Payload, Type, optional, required};
use crate::shapes;

/// The payload of the `error` event.
pub(crate) const ERROR_FIELDS: Payload = Payload::Object(&[CODE, MESSAGE, RETRY_AFTER_MS, EVENT]);

/// The code of a refusal.
pub(crate) const CODE: Field = required("code", Type::Code);
/// What is wrong, in a sentence.
pub(crate) const MESSAGE: Field = required("message", Type::Text);
/// When the same would be accepted, where that is known.
pub(crate) const RETRY_AFTER_MS: Field = optional("retryAfterMs", Type::Number);
/// The client's event that was refused.
pub(crate) const EVENT: Field = required("event", Type::Text).or_null();

/// The payload of an event about a notification.
pub(crate) const NOTIFIED: Payload =
    Payload::Object(&[required("userId", Type::Id), required("notification", Type::Object(&shapes::NOTIFICATION))]);

/// The payload of an event about a notification, for clients that read ids from `_id`.
pub(crate) const NOTIFIED_WITH_OBJECT_ID: Payload = Payload::Object(&[
    required("userId", Type::Id),
    required("notification", Type::Object(&shapes::NOTIFICATION_WITH_OBJECT_ID)),
]);

/// What the acknowledgement of a new token says, beside that it is accepted.
pub(crate) const AUTHENTICATED: &[Field] = &[required("userId", Type::Id)];

const BANNED: Field = optional("banned", Type::Is(true));
const REASON: Field = optional("reason", Type::Text);

/// The payload of an event about a departure from a chat.
pub(crate) const LEFT_CHAT: Payload =
    Payload::Object(&[required("chatId", Type::Id), required("userId", Type::Id), BANNED, REASON]);

/// The payload of an event about a departure from a group.
pub(crate) const LEFT_GROUP: Payload =
    Payload::Object(&[required("groupId", Type::Id), required("userId", Type::Id), BANNED, REASON]);

/// The payload of an event about a departure from a room.
pub(crate) const LEFT_ROOM: Payload =
    Payload::Object(&[required("userId", Type::Id), required("roomId", Type::Id), BANNED, REASON]);

/// The payload of an event about a departure from a conversation.
pub(crate) const LEFT_CONVERSATION: Payload =
    Payload::Object(&[required("conversationId", Type::Id), required("userId", Type::Id), BANNED, REASON]);

const TOKEN: Payload = Payload::IdOrObject(&[required("token", Type::Text)]);

/// The event by which a client sends a new token.
pub(crate) const fn authenticate(origin: Origin) -> EventSpec {
    from_client("authenticate", origin, TOKEN, |fields| {
        Ok(Decoded::new(Command::Authenticate { token: fields.text("token").to_owned() }))
    })
    .acknowledged(AUTHENTICATED)
}

/// Decodes an edit of the message `messageId`, whose new text is in the field `content`.
pub(crate) fn edit(fields: &Fields<'_>, content: &str) -> Result<Decoded, Refusal> {
    let (message, content) = (fields.message("messageId"), fields.edited(content)?);
    Ok(Decoded::new(WriteCommand::Edit { message, content, details: fields.edited_details()? }))
}

/// Decodes a deletion of the message `messageId`.
pub(crate) fn delete(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Delete { message: fields.message("messageId") }))
}

/// Decodes a read receipt for `messageIds` in the conversation that the field `conversation` names; for everything in
/// it, if there is no list.
pub(crate) fn read(fields: &Fields<'_>, conversation: &str) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Read(reading(fields, conversation))))
}

/// Decodes that `messageIds` in the conversation that the field `conversation` names have reached the client; everything
/// in it, if there is no list.
pub(crate) fn deliver(fields: &Fields<'_>, conversation: &str) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Deliver(reading(fields, conversation))))
}

/// Returns the messages of the list `messageIds`, or everything in the conversation if there is no list.
fn reading(fields: &Fields<'_>, conversation: &str) -> Reading {
    let conversation = fields.conversation(conversation);
    match fields.messages("messageIds") {
        Some(messages) => Reading::Messages { conversation: Some(conversation), messages },
        None => Reading::Everything(Target::Conversation(conversation)),
    }
}

/// Decodes a change of one's own settings of a conversation.
pub(crate) fn configure(fields: &Fields<'_>, target: Target) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Configure { target, change: fields.settings()? }))
}

/// The fields by which the acknowledgement of a refused event says that it failed. Each dialect has one of them.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Failure {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
}

impl Failure {
    const NONE: Self = Self { status: None, success: None, ok: None };
    /// For dialects whose acknowledgements have a status.
    pub(crate) const STATUS: Self = Self { status: Some("error"), ..Self::NONE };
    /// For dialects whose acknowledgements have a flag `success`.
    pub(crate) const SUCCESS: Self = Self { success: Some(false), ..Self::NONE };
    /// For dialects whose acknowledgements have a flag `ok`.
    pub(crate) const OK: Self = Self { ok: Some(false), ..Self::NONE };
    /// For clients whose dialect is not known.
    pub(crate) const ALL: Self = Self { status: Some("error"), success: Some(false), ok: Some(false) };
}

/// The user of an event about a departure, and what the event says of a ban.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartedUser<'a> {
    user_id: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    banned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> DepartedUser<'a> {
    /// A user who has left, as the event tells of it.
    pub(crate) fn of(user: &'a User, event: &'a Event) -> Self {
        let (banned, reason) = match event {
            Event::MemberLeft { departure: Departure::Banned, reason, .. } => (true, reason.as_deref()),
            _ => (false, None),
        };
        Self { user_id: user.id.as_str(), banned, reason }
    }
}

/// What limits what the members of a conversation write.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModerationObject {
    slow_mode_s: u32,
    only_admins_write: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced_until: Option<Moment>,
}

impl ModerationObject {
    /// What limits a reader who is silenced until a moment, if it is; none if nothing does.
    pub(crate) fn of(moderation: Moderation, silenced_until: Option<Timestamp>) -> Option<Self> {
        let says_nothing = moderation.is_default() && silenced_until.is_none();
        let Moderation { slow_mode_s, only_admins_write } = moderation;
        let silenced_until = silenced_until.map(Moment);
        (!says_nothing).then_some(Self { slow_mode_s, only_admins_write, silenced_until })
    }
}

/// A user in the dialects whose documents have no user object.
#[derive(Serialize)]
pub(crate) struct PlainUser<'a> {
    id: &'a str,
    username: &'a str,
    name: &'a str,
    avatar: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    guest: bool,
}

impl<'a> PlainUser<'a> {
    pub(crate) fn of(user: &'a User) -> Self {
        Self {
            id: user.id.as_str(),
            username: &user.username,
            name: &user.name,
            avatar: user.avatar.as_deref(),
            guest: user.is_guest(),
        }
    }
}

/// Returns whether a flag is false. A field `guest` is present only if it is true: it marks objects that name a guest,
/// so that clients can show that the name is not verified.
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

/// Returns the word for whether a user is online.
pub(crate) fn status(online: bool) -> &'static str {
    if online { "online" } else { "offline" }
}

/// A moment as text.
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A list of ids.
pub(crate) struct IdList<'a, I>(pub(crate) &'a [I]);

impl<I: Borrow<str>> Serialize for IdList<'_, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Borrow::borrow))
    }
}
