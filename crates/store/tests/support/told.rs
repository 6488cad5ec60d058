//! What an entry tells, as text, by which two readings of it are compared.
//!
//! What must stay true: texts and readers are left out, because a replay has the present ones.

use quintet_domain::{Entry, Event};

/// The parts of an entry that must be the same when it is read again: texts and readers are the present ones.
pub fn shown(entry: &Entry) -> String {
    let what = match &entry.event {
        Event::MessageCreated(message) => format!("created {}", message.id),
        Event::MessageAppeared { message, user } => format!("appeared {} to {user}", message.id),
        Event::MessageEdited(message) => format!("edited {}", message.id),
        Event::MessageDeleted(message) => format!("deleted {}", message.id),
        Event::MessageReacted(one) => {
            format!("{} by {} on {}: {} of {}", one.emoji, one.user, one.message, one.active, one.count)
        }
        Event::MessagePinned { message, user, pinned, .. } => format!("pin {message} by {user} {pinned}"),
        Event::MessagesRead { conversation, reader, messages, .. } => {
            format!("read {} {} {messages:?}", conversation.id, reader.id)
        }
        Event::ConversationCreated { conversation, .. } => format!("created {}", conversation.conversation.id),
        Event::ConversationAppeared { conversation, user } => {
            format!("appeared {} to {user}", conversation.conversation.id)
        }
        Event::ConversationHidden { conversation, user } => format!("hidden {} from {user}", conversation.id),
        Event::MessagesDelivered { conversation, user, .. } => format!("delivered {} to {user}", conversation.id),
        Event::SettingsChanged { conversation, user, .. } => format!("settings {} of {user}", conversation.id),
        Event::BlocksChanged { user, .. } => format!("blocks of {user}"),
        Event::ConversationChanged { conversation } => format!("changed {}", conversation.conversation.id),
        Event::DeletionAnnounced { conversation } => format!("conversation {} is deleted", conversation.id),
        Event::ConversationDeleted { conversation } => format!("conversation {} deleted", conversation.id),
        Event::MemberJoined { conversation, user, member_count } => {
            format!("joined {} {} of {member_count}", conversation.id, user.id)
        }
        Event::MemberLeft { conversation, user, departure, reason, member_count } => {
            format!("left {} {} {departure:?} {reason:?} of {member_count}", conversation.id, user.id)
        }
        Event::MeetupChanged { meetup, status, updated_by, .. } => format!("{meetup} {status:?} by {updated_by}"),
        Event::MessageReported { message, report, by_server, .. } => {
            format!("report {report} of {message} {by_server}")
        }
        Event::Notified { notification, .. } => format!("notified {}", notification.id),
        other => panic!("not delivered: {other:?}"),
    };
    format!("{} {:?} {what}", entry.position, entry.sequence)
}
