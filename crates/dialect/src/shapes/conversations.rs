//! The shapes of the objects of the conversations dialect.

use super::{
    CONVERSATION_METADATA, DETAILS, GUEST, KINDS, LIMITS, METADATA, OWN_SETTINGS, PICTURE, ROLE, STATUS,
    changed_profile, profile,
};
use crate::payload::{
    Field, Payload, Shape,
    Type::{Content, Flag, Id, Ids, Kind, Name, Number, Object, Objects, OneOf, Text, Time, Url},
    optional, required,
};
use crate::shared::{CODE, EVENT, MESSAGE as ERROR_MESSAGE, RETRY_AFTER_MS};

pub(crate) const USER: Shape = Shape {
    name: "User",
    about: "A user.",
    parts: &[&[
        required("_id", Id),
        required("id", Id),
        required("username", Name),
        required("avatar", Url).or_null(),
        GUEST,
    ]],
};

const PERSON_FIELDS: &[Field] = &[
    required("_id", Id),
    required("id", Id),
    required("username", Name),
    required("avatar", Url).or_null(),
    STATUS,
    required("lastSeen", Time),
    required("createdAt", Time),
    GUEST,
];

const PROFILE: Shape = profile(&[PERSON_FIELDS, &[METADATA]]);

pub(crate) const CHANGED_PROFILE: Shape =
    changed_profile(&[PERSON_FIELDS, &[METADATA, required("user", Object(&PROFILE))]]);

const READER: Shape = Shape {
    name: "Reader",
    about: "A user who has read a message, and when.",
    parts: &[&[required("user", Id), required("readAt", Time)]],
};

pub(crate) const MESSAGE: Shape = Shape {
    name: "Message",
    about: "A message. `status` is `delivered` for its sender alone.",
    parts: &[
        &[
            required("_id", Id),
            required("id", Id),
            required("conversationId", Id),
            required("sender", Object(&USER)),
            required("content", Content),
            required("type", Kind),
            required("fileUrl", Url).or_null(),
            required("fileName", Text).or_null(),
            required("status", OneOf(&["sent", "delivered", "read"])),
            required("edited", Flag),
            required("deleted", Flag),
            required("readBy", Objects(&READER)),
            required("createdAt", Time),
            optional("editedAt", Time),
            optional("clientMessageId", Id),
            required("sequence", Number),
        ],
        DETAILS,
    ],
};

const PARTICIPANT: Shape =
    Shape { name: "Participant", about: "A member of a conversation.", parts: &[PERSON_FIELDS, &[ROLE]] };

pub(crate) const CONVERSATION: Shape = Shape {
    name: "Conversation",
    about: "A conversation. `participants` are all of its members if there are at most 100, and else the first 10.",
    parts: &[&[
        required("_id", Id),
        required("id", Id),
        required("type", OneOf(KINDS)),
        required("name", Name).or_null(),
        required("participants", Objects(&PARTICIPANT)),
        PICTURE,
        CONVERSATION_METADATA,
        required("lastMessage", Object(&MESSAGE)).or_null(),
        optional("unreadCount", Number),
        LIMITS,
        OWN_SETTINGS,
        required("createdAt", Time),
        required("updatedAt", Time),
    ]],
};

/// The payload of an event about a whole conversation.
pub(crate) const WHOLE_CONVERSATION: Payload = Payload::Object(&[required("conversation", Object(&CONVERSATION))]);

/// What the acknowledgement of a sent message says.
pub(crate) const SENT: &[Field] = &[required("message", Object(&MESSAGE))];

/// What the acknowledgement of `join_conversations` says: it did not succeed if any is refused.
pub(crate) const LISTENING: &[Field] = &[required("success", Flag), required("joined", Ids), required("refused", Ids)];

/// What the acknowledgement of an uploaded file says.
pub(crate) const UPLOADED: &[Field] = &[required("fileUrl", Url), required("fileName", Text)];

/// The payload of the `error` event, with the conversations that a client asked for in vain.
pub(crate) const ERROR: Payload =
    Payload::Object(&[CODE, ERROR_MESSAGE, RETRY_AFTER_MS, EVENT, optional("conversationIds", Ids)]);
