//! The shapes of the objects of the meetup dialect.

use super::{
    CONVERSATION_METADATA, DETAILS, EXTRAS, GUEST, KINDS, LIMITS, METADATA, OWN_SETTINGS, PICTURE, ROLE,
    changed_profile, profile,
};
use crate::payload::{
    Field, Payload, Shape,
    Type::{Content, Flag, Id, Kind, Name, Number, Object, Objects, OneOf, Text, Time, Url},
    optional, required,
};

const USER_FIELDS: &[Field] =
    &[required("id", Id), required("username", Name), required("name", Name), required("avatar", Url).or_null(), GUEST];

pub(crate) const USER: Shape = Shape { name: "User", about: "A user.", parts: &[USER_FIELDS] };

const PROFILE: Shape = profile(&[USER_FIELDS, &[METADATA]]);

pub(crate) const CHANGED_PROFILE: Shape =
    changed_profile(&[USER_FIELDS, &[METADATA, required("user", Object(&PROFILE))]]);

pub(crate) const MESSAGE: Shape = Shape {
    name: "Message",
    about: "A message.",
    parts: &[
        &[
            required("messageId", Id),
            required("senderId", Id),
            required("message", Content),
            required("timestamp", Time),
            required("type", Kind),
            required("senderName", Name),
            GUEST,
        ],
        EXTRAS,
        DETAILS,
    ],
};

const PARTICIPANT: Shape = Shape { name: "Participant", about: "A member of a chat.", parts: &[USER_FIELDS, &[ROLE]] };

pub(crate) const CHAT: Shape = Shape {
    name: "Chat",
    about: "A chat. `participants` are all of its members if there are at most 100, and else the first 10.",
    parts: &[&[
        required("chatId", Id),
        required("id", Id),
        required("type", OneOf(KINDS)),
        required("name", Name).or_null(),
        required("description", Text).or_null(),
        PICTURE,
        CONVERSATION_METADATA,
        required("open", Flag),
        required("ownerId", Id).or_null(),
        required("participants", Objects(&PARTICIPANT)),
        required("memberCount", Number),
        required("lastMessage", Object(&MESSAGE)).or_null(),
        optional("unreadCount", Number),
        LIMITS,
        OWN_SETTINGS,
        required("createdAt", Time),
        required("updatedAt", Time),
    ]],
};

/// The payload of an event about a whole chat.
pub(crate) const WHOLE_CHAT: Payload = Payload::Object(&[required("chat", Object(&CHAT))]);

/// What an acknowledgement says that was done, or an event that the client is.
pub(crate) const fn status(words: &'static [&'static str]) -> Field {
    required("status", OneOf(words))
}

/// What is said of a sent message, in the acknowledgement or else in an event.
pub(crate) const SENT: &[Field] = &[status(&["sent"]), required("messageId", Id), required("timestamp", Time)];
/// What is said of the user that a connection has.
pub(crate) const CONNECTED: &[Field] = &[status(&["connected"]), required("userId", Id)];
pub(crate) const AUTHENTICATED: &[Field] = &[status(&["authenticated"]), required("userId", Id)];
pub(crate) const EDITED: &[Field] = &[status(&["edited"]), required("messageId", Id)];
pub(crate) const DELETED: &[Field] = &[status(&["deleted"]), required("messageId", Id)];
pub(crate) const READ: &[Field] = &[status(&["read"])];
pub(crate) const REACTED: &[Field] = &[status(&["reacted"])];
pub(crate) const UNREACTED: &[Field] = &[status(&["unreacted"])];
pub(crate) const PINNED: &[Field] = &[status(&["pinned"])];
pub(crate) const UNPINNED: &[Field] = &[status(&["unpinned"])];
