//! The size of an entry in memory and on a wire, roughly.
//!
//! What must stay true: whatever a client can make large, or whoever grows in number, is counted.

use quintet_domain::{Entry, Event, Message, Metadata, Overview, UserId};

/// What every entry has: ids, names, links and numbers.
const BASE_BYTES: usize = 512;
/// A member of a conversation that is shown with the others: id, names and a link.
const MEMBER_BYTES: usize = 256;
/// An id within a list.
const ID_BYTES: usize = 48;

/// The size of an entry in bytes, roughly.
pub(crate) fn weight_bytes(entry: &Entry) -> usize {
    let more = match &entry.event {
        Event::MessageCreated(message)
        | Event::MessageAppeared { message, .. }
        | Event::MessageEdited(message)
        | Event::MessageDeleted(message) => message_bytes(message),
        Event::MessagesRead { messages, audience, .. } => {
            messages.len() * ID_BYTES + audience.as_deref().map_or(0, ids_bytes)
        }
        Event::ConversationCreated { conversation, members } => overview_bytes(conversation) + ids_bytes(members),
        Event::ConversationAppeared { conversation, .. } | Event::ConversationChanged { conversation } => {
            overview_bytes(conversation)
        }
        Event::MessagesDelivered { messages, .. } => messages.len() * ID_BYTES,
        Event::MeetupChanged { audience, .. } => ids_bytes(audience),
        Event::BlocksChanged { blocked, .. } => ids_bytes(blocked),
        Event::Notified { notification, .. } => notification.title.len() + notification.message.len(),
        Event::UserChanged { metadata, .. } => metadata.as_ref().map_or(0, Metadata::size_bytes),
        Event::MessageReacted(reacted) => reacted.changes.len() * ID_BYTES,
        Event::MessagePinned { .. }
        | Event::ConversationHidden { .. }
        | Event::SettingsChanged { .. }
        | Event::DeletionAnnounced { .. }
        | Event::ConversationDeleted { .. }
        | Event::MemberJoined { .. }
        | Event::MemberLeft { .. }
        | Event::MessageReported { .. }
        | Event::Revoked { .. }
        | Event::SessionEnded { .. }
        | Event::Typing { .. }
        | Event::Presence { .. }
        | Event::RoomPresence { .. } => 0,
    };
    BASE_BYTES + more
}

fn message_bytes(message: &Message) -> usize {
    let file = message.file.as_ref().map_or(0, |file| file.url.len());
    let details = message.details.as_ref().map_or(0, |details| details.size_bytes());
    message.content.len() + file + details + message.readers.len() * ID_BYTES
}

fn overview_bytes(overview: &Overview) -> usize {
    let last = overview.last_message.as_deref().map_or(0, message_bytes);
    let description = overview.description.as_ref().map_or(0, |text| text.len());
    let picture = overview.picture.as_ref().map_or(0, |link| link.len());
    let metadata = overview.metadata.as_ref().map_or(0, Metadata::size_bytes);
    overview.members.len() * MEMBER_BYTES + description + picture + metadata + last
}

fn ids_bytes(users: &[UserId]) -> usize {
    users.len() * ID_BYTES
}
