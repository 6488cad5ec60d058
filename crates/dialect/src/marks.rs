//! Reactions to messages, and pinned messages, in all dialects: rows of the catalogue, decoders, and the payloads of
//! events.
//!
//! What must stay true: each dialect names message, conversation and user as in its other events; the rest of a payload
//! is the same everywhere.

use quintet_domain::{ConversationRef, Emoji, Event, MessageId, Reacted, ReactionChange, UserId, WriteCommand};
use serde::Serialize;

use crate::client_fields::{EMOJI, IS_PINNED, MESSAGE};
use crate::dialect::Dialect;
use crate::event_spec::{Decoded, EventSpec, Origin, from_client, to_client};
use crate::fields::Fields;
use crate::outgoing::Outgoing;
use crate::payload::{
    Field,
    Payload::{IdOrObject, Object},
    Type::{self, Flag, Id, Number},
    required,
};
use crate::shapes::CHANGES;
use crate::shapes::messenger::{GROUP_ID, RECIPIENT};

// --- rows of the catalogue ---

/// The event by which a client reacts to a message.
pub(crate) const fn react(name: &'static str) -> EventSpec {
    from_client(name, Origin::Quintet, Object(&[MESSAGE, EMOJI]), |fields| Ok(reaction(fields, true)))
}

/// The event by which a client takes a reaction back.
pub(crate) const fn unreact(name: &'static str) -> EventSpec {
    from_client(name, Origin::Quintet, Object(&[MESSAGE, EMOJI]), |fields| Ok(reaction(fields, false)))
}

/// The event by which a client pins a message.
pub(crate) const fn pin(name: &'static str) -> EventSpec {
    from_client(name, Origin::Quintet, IdOrObject(&[MESSAGE]), |fields| Ok(pinning(fields, true)))
}

/// The event by which a client unpins a message.
pub(crate) const fn unpin(name: &'static str) -> EventSpec {
    from_client(name, Origin::Quintet, IdOrObject(&[MESSAGE]), |fields| Ok(pinning(fields, false)))
}

/// The event by which a client pins a message, or unpins it if it says so.
pub(crate) const fn set_pin(name: &'static str) -> EventSpec {
    from_client(name, Origin::Quintet, IdOrObject(&[MESSAGE, IS_PINNED]), |fields| {
        Ok(pinning(fields, fields.flag_or_true("pinned")))
    })
}

fn reaction(fields: &Fields<'_>, active: bool) -> Decoded {
    Decoded::new(WriteCommand::React { message: fields.message("messageId"), emoji: fields.emoji("emoji"), active })
}

fn pinning(fields: &Fields<'_>, pinned: bool) -> Decoded {
    Decoded::new(WriteCommand::Pin { message: fields.message("messageId"), pinned })
}

const MESSAGE_ID: Field = required("messageId", Id);
const USER: Field = required("userId", Id);
const EMOJI_TOLD: Field = required("emoji", Type::Emoji);
const ACTIVE: Field = required("active", Flag);
const COUNT: Field = required("count", Number);
const PINNED_TOLD: Field = required("pinned", Flag);

const CHAT: Field = required("chatId", Id);
const CHAT_REACTED: &[Field] = &[MESSAGE_ID, CHAT, USER, EMOJI_TOLD, ACTIVE, COUNT, CHANGES];
const CHAT_PINNED: &[Field] = &[MESSAGE_ID, CHAT, USER, PINNED_TOLD];

const OBJECT_ID: Field = required("_id", Id);
const MESSENGER_REACTED: &[Field] = &[OBJECT_ID, RECIPIENT, GROUP_ID, USER, EMOJI_TOLD, ACTIVE, COUNT, CHANGES];
const MESSENGER_PINNED: &[Field] = &[OBJECT_ID, RECIPIENT, GROUP_ID, USER, PINNED_TOLD];

const ID: Field = required("id", Id);
const ROOM: Field = required("roomId", Id);
const ROOM_REACTED: &[Field] = &[ID, ROOM, USER, EMOJI_TOLD, ACTIVE, COUNT, CHANGES];
const ROOM_PINNED: &[Field] = &[ID, ROOM, USER, PINNED_TOLD];

const CONVERSATION: Field = required("conversationId", Id);
const CONVERSATION_REACTED: &[Field] = &[MESSAGE_ID, CONVERSATION, USER, EMOJI_TOLD, ACTIVE, COUNT, CHANGES];
const CONVERSATION_PINNED: &[Field] = &[MESSAGE_ID, CONVERSATION, USER, PINNED_TOLD];

/// The event by which clients of a dialect are told of a reaction.
pub(crate) const fn reacted(dialect: Dialect) -> EventSpec {
    let payload = match dialect {
        Dialect::Meetup | Dialect::Chat => CHAT_REACTED,
        Dialect::Messenger => MESSENGER_REACTED,
        Dialect::Rooms => ROOM_REACTED,
        Dialect::Conversations => CONVERSATION_REACTED,
    };
    to_client(names(dialect).reacted, Origin::Quintet, Object(payload))
}

/// The event by which clients of a dialect are told of a pin.
pub(crate) const fn pinned(dialect: Dialect) -> EventSpec {
    let payload = match dialect {
        Dialect::Meetup | Dialect::Chat => CHAT_PINNED,
        Dialect::Messenger => MESSENGER_PINNED,
        Dialect::Rooms => ROOM_PINNED,
        Dialect::Conversations => CONVERSATION_PINNED,
    };
    to_client(names(dialect).pinned, Origin::Quintet, Object(payload))
}

/// The names of a dialect's events.
struct Names {
    reacted: &'static str,
    pinned: &'static str,
}

const fn names(dialect: Dialect) -> Names {
    match dialect {
        Dialect::Meetup => Names { reacted: "messageReaction", pinned: "messagePinned" },
        Dialect::Messenger => Names { reacted: "messageReacted", pinned: "messagePinChanged" },
        Dialect::Rooms => Names { reacted: "message_reacted", pinned: "message_pinned" },
        Dialect::Conversations => Names { reacted: "message_reaction", pinned: "message_pin_changed" },
        Dialect::Chat => Names { reacted: "message:reaction", pinned: "message:pinned" },
    }
}

// --- events ---

/// The message, the conversation and the user of an event, as the dialect names them.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum About<'a> {
    Chat {
        message_id: &'a str,
        chat_id: &'a str,
        user_id: &'a str,
    },
    Messenger {
        #[serde(rename = "_id")]
        object_id: &'a str,
        recipient: Option<&'a str>,
        group: Option<&'a str>,
        user_id: &'a str,
    },
    Room {
        id: &'a str,
        room_id: &'a str,
        user_id: &'a str,
    },
    Conversation {
        message_id: &'a str,
        conversation_id: &'a str,
        user_id: &'a str,
    },
}

impl<'a> About<'a> {
    fn of(dialect: Dialect, message: &'a MessageId, conversation: &'a ConversationRef, user: &'a UserId) -> Self {
        let (message_id, place, user_id) = (message.as_str(), conversation.id.as_str(), user.as_str());
        match dialect {
            Dialect::Meetup | Dialect::Chat => Self::Chat { message_id, chat_id: place, user_id },
            Dialect::Messenger => {
                let recipient = conversation.other(user).map(UserId::as_str);
                let group = if recipient.is_some() { None } else { Some(place) };
                Self::Messenger { object_id: message_id, recipient, group, user_id }
            }
            Dialect::Rooms => Self::Room { id: message_id, room_id: place, user_id },
            Dialect::Conversations => Self::Conversation { message_id, conversation_id: place, user_id },
        }
    }
}

/// One user's part in reactions that are told together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeObject<'a> {
    user_id: &'a str,
    active: bool,
}

impl<'a> ChangeObject<'a> {
    fn of(change: &'a ReactionChange) -> Self {
        Self { user_id: change.user.as_str(), active: change.active }
    }
}

/// The payload of an event about reactions.
#[derive(Serialize)]
struct ReactedPayload<'a> {
    #[serde(flatten)]
    about: About<'a>,
    emoji: &'a str,
    active: bool,
    count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeObject<'a>>,
}

/// The payload of an event about a pin.
#[derive(Serialize)]
struct PinnedPayload<'a> {
    #[serde(flatten)]
    about: About<'a>,
    pinned: bool,
}

/// Encodes an event about reactions or a pin; none for any other event.
pub(crate) fn encode(event: &Event, dialect: Dialect) -> Option<Outgoing> {
    match event {
        Event::MessageReacted(reacted) => {
            let Reacted { conversation, message, emoji, user, active, count, changes } = &**reacted;
            let payload = ReactedPayload {
                about: About::of(dialect, message, conversation, user),
                emoji: Emoji::as_str(emoji),
                active: *active,
                count: *count,
                changes: changes.iter().map(ChangeObject::of).collect(),
            };
            Some(Outgoing::new(names(dialect).reacted, &payload))
        }
        Event::MessagePinned { conversation, message, user, pinned } => {
            let payload = PinnedPayload { about: About::of(dialect, message, conversation, user), pinned: *pinned };
            Some(Outgoing::new(names(dialect).pinned, &payload))
        }
        Event::SettingsChanged { .. }
        | Event::BlocksChanged { .. }
        | Event::MessageCreated(_)
        | Event::MessageAppeared { .. }
        | Event::MessageEdited(_)
        | Event::MessageDeleted(_)
        | Event::MessagesRead { .. }
        | Event::MessagesDelivered { .. }
        | Event::ConversationCreated { .. }
        | Event::ConversationAppeared { .. }
        | Event::ConversationHidden { .. }
        | Event::ConversationChanged { .. }
        | Event::DeletionAnnounced { .. }
        | Event::ConversationDeleted { .. }
        | Event::MemberJoined { .. }
        | Event::MemberLeft { .. }
        | Event::MeetupChanged { .. }
        | Event::Notified { .. }
        | Event::UserChanged { .. }
        | Event::MessageReported { .. }
        | Event::Revoked { .. }
        | Event::SessionEnded { .. }
        | Event::Typing { .. }
        | Event::Presence { .. }
        | Event::RoomPresence { .. } => None,
    }
}
