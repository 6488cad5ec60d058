//! What was read of a user before the hub knew of its connection, and whether the hub can still use it.
//!
//! What must stay true: what was read at a position is used only if the hub has delivered no change since that the read
//! does not contain, because such a change was kept for nobody. Changes that the hub has not delivered yet take their
//! ordinary way.

use quintet_domain::{Entry, Event, User};
use quintet_service::{Memberships, PendingNotifications};

/// The positions of the newest entries that the hub has delivered and that change what is read ahead; 0 if there was
/// none.
#[derive(Debug, Default)]
pub(super) struct NewestChanges {
    /// The newest change of conversations, of their members, or of who has blocked whom.
    memberships: u64,
    /// The newest change of a user: an account may have taken the id of a guest.
    users: u64,
    /// The newest notification.
    notifications: u64,
}

impl NewestChanges {
    /// Notes an entry that is being delivered.
    pub(super) fn note(&mut self, entry: &Entry) {
        match &entry.event {
            Event::ConversationCreated { .. }
            | Event::ConversationChanged { .. }
            | Event::ConversationDeleted { .. }
            | Event::MemberJoined { .. }
            | Event::MemberLeft { .. }
            // What the other is not shown is read together with its memberships.
            | Event::BlocksChanged { .. } => self.memberships = entry.position,
            Event::UserChanged { .. } => self.users = entry.position,
            Event::Notified { .. } => self.notifications = entry.position,
            // No membership changes by these; the changes that some of them announce follow.
            Event::ConversationAppeared { .. }
            | Event::ConversationHidden { .. }
            | Event::SettingsChanged { .. }
            | Event::DeletionAnnounced { .. } => {}
            Event::MessageCreated(_)
            | Event::MessageAppeared { .. }
            | Event::MessageEdited(_)
            | Event::MessageDeleted(_)
            | Event::MessageReacted(_)
            | Event::MessagePinned { .. }
            | Event::MessagesRead { .. }
            | Event::MessagesDelivered { .. }
            | Event::MeetupChanged { .. }
            | Event::MessageReported { .. }
            | Event::Revoked { .. }
            | Event::SessionEnded { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::RoomPresence { .. } => {}
        }
    }

    /// Whether memberships of a user that were read ahead contain all changes that the hub has delivered.
    pub(super) fn are_in_memberships(&self, memberships: &Memberships, user: &User) -> bool {
        memberships.position >= self.memberships && (!user.is_guest() || memberships.position >= self.users)
    }

    /// Whether pending notifications that were read ahead contain all that the hub has delivered.
    pub(super) fn are_in_pending(&self, pending: &PendingNotifications) -> bool {
        pending.position >= self.notifications
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use quintet_domain::{Notification, NotificationId, Timestamp, UserId, UserKind};

    use super::*;

    fn user(kind: UserKind) -> Arc<User> {
        Arc::new(User {
            id: UserId::trusted("u"),
            username: "u".to_owned(),
            name: "u".to_owned(),
            last_name: None,
            avatar: None,
            kind,
            last_seen: None,
            created_at: Timestamp(0),
        })
    }

    fn entry(position: u64, event: Event) -> Entry {
        Entry { position, sequence: None, origin: None, acked: false, event, withheld: None }
    }

    #[test]
    fn a_read_before_a_change_is_of_no_use() {
        let (account, guest) = (user(UserKind::Registered), user(UserKind::Guest));
        let read = |position| Memberships { position, ..Memberships::default() };
        let pending = |position| PendingNotifications { position, notifications: Vec::new() };
        let mut newest = NewestChanges::default();
        assert!(newest.are_in_memberships(&read(0), &guest) && newest.are_in_pending(&pending(0)));
        newest.note(&entry(5, Event::UserChanged { user: Arc::clone(&account), metadata: None, visible: true }));
        assert!(!newest.are_in_memberships(&read(4), &guest), "an account may have the id now");
        assert!(newest.are_in_memberships(&read(5), &guest) && newest.are_in_memberships(&read(4), &account));
        let notification = Arc::new(Notification {
            id: NotificationId::trusted("n"),
            title: "t".to_owned(),
            message: "m".to_owned(),
            timestamp: Timestamp(0),
            read_at: None,
        });
        newest.note(&entry(7, Event::Notified { user: UserId::trusted("u"), notification }));
        assert!(!newest.are_in_pending(&pending(6)) && newest.are_in_pending(&pending(7)));
        assert!(newest.are_in_memberships(&read(4), &account));
        let left = Event::ConversationDeleted {
            conversation: Arc::new(quintet_domain::ConversationRef {
                id: quintet_domain::ConversationId::trusted("c"),
                kind: quintet_domain::ConversationKind::Group,
                name: None,
                pair: None,
            }),
        };
        newest.note(&entry(9, left));
        assert!(!newest.are_in_memberships(&read(8), &account) && newest.are_in_memberships(&read(9), &account));
    }
}
