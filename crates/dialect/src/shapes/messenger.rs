//! The shapes of the objects of the messenger dialect.

use super::{
    ARCHIVED, CONVERSATION_METADATA, DETAILS, EXTRAS, GUEST, LIMITS, MARKED_UNREAD, METADATA, MUTED, NOTIFY,
    OWN_SETTINGS, PICTURE, PINNED, THREAD_ID, THREAD_TOLD, changed_profile, profile,
};
use crate::payload::{
    Field, Payload, Shape,
    Type::{Content, Flag, Id, Ids, Kind, Name, Number, Object, Text, Time, Url},
    required,
};

/// The other user of a direct conversation; `null` where [`GROUP_ID`] is not.
pub(crate) const RECIPIENT: Field = required("recipient", Id).or_null();
/// The id of a group; `null` where [`RECIPIENT`] is not.
pub(crate) const GROUP_ID: Field = required("group", Id).or_null();

const USER_FIELDS: &[Field] = &[
    required("_id", Id),
    required("id", Id),
    required("username", Name),
    required("firstName", Text),
    required("lastName", Text),
    required("avatar", Url).or_null(),
    GUEST,
];

pub(crate) const USER: Shape = Shape { name: "User", about: "A user.", parts: &[USER_FIELDS] };

const PROFILE: Shape = profile(&[USER_FIELDS, &[METADATA]]);

pub(crate) const CHANGED_PROFILE: Shape =
    changed_profile(&[USER_FIELDS, &[METADATA, required("user", Object(&PROFILE))]]);

pub(crate) const MESSAGE: Shape = Shape {
    name: "Message",
    about: "A message: `recipient` is the other user of a direct conversation, and `group` the id of any other.",
    parts: &[
        &[
            required("_id", Id),
            required("id", Id),
            required("sender", Object(&USER)),
            RECIPIENT,
            GROUP_ID,
            required("content", Content),
            required("isRead", Flag),
            required("createdAt", Time),
            required("updatedAt", Time),
            required("type", Kind),
        ],
        EXTRAS,
        DETAILS,
    ],
};

pub(crate) const GROUP: Shape = Shape {
    name: "Group",
    about: "A group.",
    parts: &[&[
        required("_id", Id),
        required("name", Name).or_null(),
        required("description", Text),
        PICTURE,
        CONVERSATION_METADATA,
        required("creator", Id).or_null(),
        required("memberCount", Number),
        required("isMember", Flag),
        required("createdAt", Time),
        LIMITS,
        OWN_SETTINGS,
    ]],
};

/// The id and the name of a group; the name is empty if it has none.
pub(crate) const GROUP_NAME: &[Field] = &[required("groupId", Id), required("name", Text)];

/// The payload of an event that is a message.
pub(crate) const WHOLE_MESSAGE: Payload = Payload::Value(Object(&MESSAGE));

/// The payload of an event about a whole group.
pub(crate) const WHOLE_GROUP: Payload = Payload::Object(&[required("group", Object(&GROUP))]);

/// The payload of an event about a new member of a group.
pub(crate) const JOINED: Payload = Payload::Object(&[required("groupId", Id), required("user", Object(&USER))]);

/// The payload of an event about a deleted message.
pub(crate) const REMOVED: Payload =
    Payload::Object(&[required("_id", Id), RECIPIENT, GROUP_ID, THREAD_ID, THREAD_TOLD]);

/// The payload of an event about messages that were read, or have arrived.
pub(crate) const SEEN: Payload =
    Payload::Object(&[required("messageIds", Ids), required("userId", Id), RECIPIENT, GROUP_ID]);

/// The payload of typing events.
pub(crate) const TYPING: Payload =
    Payload::Object(&[required("userId", Id), required("username", Name), RECIPIENT, GROUP_ID, GUEST]);

/// The payload of an event about the user's own settings.
pub(crate) const PREFERENCES: Payload =
    Payload::Object(&[RECIPIENT, GROUP_ID, MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]);

/// What the acknowledgements of a sent, an edited and a deleted message say.
pub(crate) const SENT: &[Field] = &[required("message", Object(&MESSAGE))];

const NAMED_GROUP: Shape = Shape {
    name: "NamedGroup",
    about: "The id and the name of a group; the name is empty if it has none.",
    parts: &[GROUP_NAME],
};

/// What the acknowledgements of a join and a departure say: the group, in the field of a message.
pub(crate) const NAMED: &[Field] = &[required("message", Object(&NAMED_GROUP))];
