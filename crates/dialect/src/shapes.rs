//! The shapes of the objects in what the server sends: those that all dialects have, and one file for those of each dialect.
//!
//! What must stay true: a shape has exactly the fields that its object is written with, which the tests of the catalogue
//! check for everything that is encoded.

pub(crate) mod chat;
pub(crate) mod conversations;
pub(crate) mod meetup;
pub(crate) mod messenger;
pub(crate) mod rooms;

use crate::payload::{
    Field, Shape,
    Type::{
        Content, ConversationMetadata, Emoji, Flag, Id, Ids, Is, Kind, Metadata, Mute, Name, Notify, Number, Object,
        Objects, OneOf, Text, Time, Url,
    },
    optional, required,
};

/// Whether a user is online.
pub(crate) const STATUS: Field = required("status", OneOf(&["online", "offline"]));
/// The kinds of conversations.
pub(crate) const KINDS: &[&str] = &["direct", "group", "room", "meetup"];
/// The roles of members.
pub(crate) const ROLE: Field = required("role", OneOf(&["member", "admin", "owner"]));
/// The states of meetups.
pub(crate) const MEETUP_STATES: &[&str] = &["open", "confirmed", "cancelled", "completed", "expired"];

/// The mark of guests, which is absent for others.
pub(crate) const GUEST: Field = optional("guest", Is(true));

const FILE: Shape = Shape {
    name: "MessageFile",
    about: "A file of a message. Size and dimensions, in pixels, are known of the files of the server itself.",
    parts: &[&[
        required("url", Url),
        optional("name", Text),
        optional("mime", Text),
        optional("size", Number),
        optional("width", Number),
        optional("height", Number),
    ]],
};

const MENTION: Shape = Shape {
    name: "Mention",
    about: "A user whom a message names.",
    parts: &[&[required("id", Id), required("username", Name)]],
};

const QUOTE: Shape = Shape {
    name: "Quote",
    about: "The message that another one answers, as it is now, with the first characters of its text.",
    parts: &[&[
        required("id", Id),
        required("sender", Object(&MENTION)),
        required("content", Content),
        required("type", Kind),
        required("deleted", Flag),
    ]],
};

const THREAD: Shape = Shape {
    name: "Thread",
    about: "A thread in short: the number of replies, when the newest was sent, and who sent the newest.",
    parts: &[&[required("count", Number), optional("lastAt", Time), required("lastSenderIds", Ids)]],
};

const REACTION: Shape = Shape {
    name: "Reaction",
    about: "The reactions to a message with one emoji: the number of users, and the first of them.",
    parts: &[&[required("emoji", Emoji), required("count", Number), required("userIds", Ids)]],
};

const PIN: Shape = Shape {
    name: "Pin",
    about: "Who pinned a message, and when.",
    parts: &[&[required("by", Id), required("at", Time)]],
};

/// The custom data of a message.
pub(crate) const METADATA: Field = optional("metadata", Metadata);
/// The users whom a message mentions.
pub(crate) const MENTIONS: Field = optional("mentions", Objects(&MENTION));
/// Whether a message mentions all members.
pub(crate) const MENTION_ALL: Field = optional("mentionAll", Is(true));
/// The first message of the thread that a message belongs to.
pub(crate) const THREAD_ID: Field = optional("threadId", Id);
/// The thread of a first message, and in the deletion of a reply.
pub(crate) const THREAD_TOLD: Field = optional("thread", Object(&THREAD));

/// The fields that the messages of all dialects have in common, beside those of a plain one.
pub(crate) const DETAILS: &[Field] = &[
    optional("files", Objects(&FILE)),
    METADATA,
    optional("replyTo", Object(&QUOTE)),
    THREAD_ID,
    THREAD_TOLD,
    MENTIONS,
    MENTION_ALL,
    optional("reactions", Objects(&REACTION)),
    optional("pinned", Object(&PIN)),
];

/// The fields that Quintet adds to the messages of most dialects.
pub(crate) const EXTRAS: &[Field] = &[
    optional("fileUrl", Url),
    optional("fileName", Text).or_null(),
    optional("clientMessageId", Id),
    required("sequence", Number),
];

/// Until when a conversation is muted.
pub(crate) const MUTED: Field = required("muted", Mute);
/// Whether a conversation stands before others.
pub(crate) const PINNED: Field = required("pinned", Flag);
/// Whether a conversation is put away until its next message.
pub(crate) const ARCHIVED: Field = required("archived", Flag);
/// What a member is notified of.
pub(crate) const NOTIFY: Field = required("notify", Notify);
/// Whether a conversation is marked as unread.
pub(crate) const MARKED_UNREAD: Field = required("markedUnread", Flag);

const SETTINGS_OBJECT: Shape = Shape {
    name: "ConversationSettings",
    about: "A member's own settings of a conversation.",
    parts: &[&[MUTED, PINNED, ARCHIVED, NOTIFY, MARKED_UNREAD]],
};

const MODERATION: Shape = Shape {
    name: "Moderation",
    about: "What limits what is written in a conversation. `silencedUntil` is there only for the reader who is silenced.",
    parts: &[&[required("slowModeS", Number), required("onlyAdminsWrite", Flag), optional("silencedUntil", Time)]],
};

/// What limits what is written in a conversation; absent if nothing does.
pub(crate) const LIMITS: Field = optional("moderation", Object(&MODERATION));
/// The reader's own settings of a conversation; absent if all have their defaults.
pub(crate) const OWN_SETTINGS: Field = optional("settings", Object(&SETTINGS_OBJECT));
/// A link to the picture of a conversation; absent if there is none.
pub(crate) const PICTURE: Field = optional("picture", Url);
/// The custom data of a conversation.
pub(crate) const CONVERSATION_METADATA: Field = optional("metadata", ConversationMetadata);

/// The shape of a user with the custom data of the profile.
const fn profile(parts: &'static [&'static [Field]]) -> Shape {
    Shape { name: "Profile", about: "A user with the custom data of the profile.", parts }
}

/// The shape of what tells that a profile has changed.
const fn changed_profile(parts: &'static [&'static [Field]]) -> Shape {
    Shape { name: "ChangedProfile", about: "A user whose profile has changed, and the same again in `user`.", parts }
}

const REACTION_CHANGE: Shape = Shape {
    name: "ReactionChange",
    about: "One user's part in reactions that are told together.",
    parts: &[&[required("userId", Id), required("active", Flag)]],
};

/// What each user did, where one event tells of several reactions; absent if it tells of one.
pub(crate) const CHANGES: Field = optional("changes", Objects(&REACTION_CHANGE));

/// The fields of a notification.
const NOTIFICATION_FIELDS: &[Field] =
    &[required("id", Id), required("title", Text), required("message", Text), required("timestamp", Time)];

/// A notification.
pub(crate) const NOTIFICATION: Shape =
    Shape { name: "Notification", about: "A notification of the user itself.", parts: &[NOTIFICATION_FIELDS] };

/// A notification of a dialect whose clients read ids from `_id`.
pub(crate) const NOTIFICATION_WITH_OBJECT_ID: Shape =
    Shape { parts: &[&[required("_id", Id)], NOTIFICATION_FIELDS], ..NOTIFICATION };

#[cfg(test)]
mod tests {
    use quintet_domain::{ConversationKind, MeetupStatus, Role};

    use super::*;

    #[test]
    fn words_are_those_of_the_model() {
        let OneOf(roles) = ROLE.ty else { panic!("a role is no word") };
        assert_eq!(roles, [Role::Member, Role::Admin, Role::Owner].map(Role::as_str));
        for kind in KINDS {
            assert!(ConversationKind::parse(kind).is_some(), "{kind}");
        }
        for state in MEETUP_STATES {
            assert!(MeetupStatus::parse(state).is_some(), "{state}");
        }
    }
}
