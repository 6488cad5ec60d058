//! The shapes of the objects of the rooms dialect.

use super::{
    CONVERSATION_METADATA, DETAILS, EXTRAS, GUEST, KINDS, LIMITS, METADATA, OWN_SETTINGS, PICTURE, changed_profile,
    profile,
};
use crate::payload::{
    Field, Shape,
    Type::{Content, Flag, Id, Is, Kind, Name, Number, Object, OneOf, Text, Time, Url},
    optional, required,
};

const USER_FIELDS: &[Field] =
    &[required("id", Id), required("username", Name), required("avatar", Url).or_null(), GUEST];

pub(crate) const USER: Shape = Shape { name: "User", about: "A user.", parts: &[USER_FIELDS] };

const PROFILE: Shape = profile(&[USER_FIELDS, &[METADATA]]);

pub(crate) const CHANGED_PROFILE: Shape =
    changed_profile(&[USER_FIELDS, &[METADATA, required("user", Object(&PROFILE))]]);

pub(crate) const MESSAGE: Shape = Shape {
    name: "Message",
    about: "A message.",
    parts: &[
        &[
            required("id", Id),
            required("roomId", Id),
            required("content", Content),
            required("type", Kind),
            required("userId", Id),
            required("user", Object(&USER)),
            required("createdAt", Time),
            optional("editedAt", Time),
            optional("deleted", Is(true)),
        ],
        EXTRAS,
        DETAILS,
    ],
};

pub(crate) const MEMBER: Shape = Shape {
    name: "RoomMember",
    about: "A member of a room.",
    parts: &[&[
        required("userId", Id),
        required("username", Name),
        required("online", Flag),
        required("avatar", Url).or_null(),
        GUEST,
    ]],
};

pub(crate) const ROOM: Shape = Shape {
    name: "Room",
    about: "A room. A direct conversation has the usernames of its two members as its name.",
    parts: &[&[
        required("id", Id),
        required("name", Text),
        required("createdAt", Time),
        required("type", OneOf(KINDS)),
        required("description", Text).or_null(),
        PICTURE,
        CONVERSATION_METADATA,
        required("open", Flag),
        required("ownerId", Id).or_null(),
        required("memberCount", Number),
        LIMITS,
        OWN_SETTINGS,
    ]],
};

/// The fields of a new room; only guests receive the secret.
pub(crate) const NEW_ROOM: &[Field] =
    &[required("id", Id), required("name", Name), required("createdAt", Time), optional("guestSecret", Text)];

/// The field of what names a room and says nothing more.
pub(crate) const ROOM_ID: &[Field] = &[required("roomId", Id)];

/// What the acknowledgements of a sent, an edited and a deleted message say.
pub(crate) const SENT: &[Field] = &[required("message", Object(&MESSAGE))];
