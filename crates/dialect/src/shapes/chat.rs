//! The shapes of the objects of the chat dialect.

use super::{
    CONVERSATION_METADATA, DETAILS, EXTRAS, GUEST, LIMITS, METADATA, OWN_SETTINGS, PICTURE, ROLE, STATUS,
    changed_profile, profile,
};
use crate::payload::{
    Field, Payload, Shape,
    Type::{Content, Flag, Id, Kind, Name, Number, Object, Objects, OneOf, Text, Time, Url},
    optional, required,
};

const USER_FIELDS: &[Field] =
    &[required("id", Id), required("username", Name), required("avatar_url", Url).or_null(), STATUS, GUEST];

pub(crate) const USER: Shape = Shape { name: "User", about: "A user.", parts: &[USER_FIELDS] };

const PROFILE: Shape = profile(&[USER_FIELDS, &[METADATA]]);

pub(crate) const CHANGED_PROFILE: Shape =
    changed_profile(&[USER_FIELDS, &[METADATA, required("user", Object(&PROFILE))]]);

pub(crate) const MESSAGE: Shape = Shape {
    name: "Message",
    about: "A message. `chat_id` and `chatId` are equal.",
    parts: &[
        &[
            required("id", Id),
            required("chat_id", Id),
            required("chatId", Id),
            required("sender_id", Id),
            required("content", Content),
            required("message_type", Kind),
            required("is_edited", Flag),
            required("is_deleted", Flag),
            required("created_at", Time),
            required("updated_at", Time),
            required("sender", Object(&USER)),
        ],
        EXTRAS,
        DETAILS,
    ],
};

const PARTICIPANT: Shape = Shape {
    name: "Participant",
    about: "A member of a chat. `email` is empty for everybody but the reader.",
    parts: &[&[
        required("id", Id),
        required("username", Name),
        required("email", Text),
        required("avatar_url", Url).or_null(),
        STATUS,
        ROLE,
        required("joined_at", Time),
        required("last_read_at", Time).or_null(),
        GUEST,
    ]],
};

pub(crate) const CHAT: Shape = Shape {
    name: "Chat",
    about: "A chat. `participants` are all of its members if there are at most 100, and else the first 10.",
    parts: &[&[
        required("id", Id),
        required("name", Name).or_null(),
        required("type", OneOf(&["direct", "group"])),
        required("created_by", Id).or_null(),
        PICTURE,
        CONVERSATION_METADATA,
        required("created_at", Time),
        required("updated_at", Time),
        optional("last_read_at", Time).or_null(),
        optional("unread_count", Number),
        LIMITS,
        OWN_SETTINGS,
        required("last_message", Object(&MESSAGE)).or_null(),
        required("participants", Objects(&PARTICIPANT)),
    ]],
};

/// The payload of an event about a whole chat.
pub(crate) const WHOLE_CHAT: Payload = Payload::Object(&[required("chat", Object(&CHAT))]);

/// The field of what names a chat and says nothing more.
pub(crate) const CHAT_ID: &[Field] = &[required("chatId", Id)];

/// What the acknowledgements of a sent, an edited and a deleted message say.
pub(crate) const SENT: &[Field] = &[required("message", Object(&MESSAGE))];
