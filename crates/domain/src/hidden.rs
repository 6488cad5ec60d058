//! What a viewer is not shown of the users who have blocked it: their presence, when they were last seen, and their
//! receipts.
//!
//! What must stay true: a viewer whom nobody has blocked costs one comparison; nothing else of an event or an object
//! changes than what shows those users' presence or receipts; a list of this kind is for its viewer alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::limits::BLOCKERS_TOLD_APART_MAX;
use crate::{Event, Member, Message, Overview, Reply, RoomMember, User, UserId};

/// The users whose presence and receipts one viewer is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hidden {
    /// Nobody's are hidden.
    #[default]
    Nobody,
    /// Those of these users are hidden.
    These(Arc<BTreeSet<UserId>>),
    /// Those of everybody but the viewer are hidden, because too many users have blocked it.
    Others {
        /// The id of the viewer.
        viewer: UserId,
    },
}

/// An event as a viewer receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownEvent {
    /// The viewer receives it as everybody does.
    AsItIs,
    /// The viewer receives this event instead, in which hidden users are offline.
    Changed(Event),
    /// The viewer does not receive it.
    Withheld,
}

impl Hidden {
    /// Returns what a viewer is not shown whom these users have blocked.
    #[must_use]
    pub fn from_blockers(viewer: &UserId, blockers: Vec<UserId>) -> Self {
        match blockers.len() {
            0 => Self::Nobody,
            count if count > BLOCKERS_TOLD_APART_MAX => Self::Others { viewer: viewer.clone() },
            _ => Self::These(Arc::new(blockers.into_iter().collect())),
        }
    }

    /// Returns whether anybody is hidden.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// Returns whether a user's presence and receipts are hidden.
    #[must_use]
    pub fn hides(&self, user: &UserId) -> bool {
        match self {
            Self::Nobody => false,
            Self::These(users) => users.contains(user),
            Self::Others { viewer } => user != viewer,
        }
    }

    /// Notes that a user has blocked the viewer, or blocks it no more. Once too many have, everybody stays hidden until
    /// the list is read again.
    pub fn set(&mut self, viewer: &UserId, blocker: &UserId, blocked: bool) {
        match self {
            Self::Nobody if blocked => *self = Self::These(Arc::new(BTreeSet::from([blocker.clone()]))),
            Self::These(users) if blocked => {
                Arc::make_mut(users).insert(blocker.clone());
                if users.len() > BLOCKERS_TOLD_APART_MAX {
                    *self = Self::Others { viewer: viewer.clone() };
                }
            }
            Self::These(users) => {
                Arc::make_mut(users).remove(blocker);
                if users.is_empty() {
                    *self = Self::Nobody;
                }
            }
            Self::Nobody | Self::Others { .. } => {}
        }
    }

    /// Returns a user as the viewer sees it.
    #[must_use]
    pub fn user(&self, user: &Arc<User>) -> Arc<User> {
        if user.last_seen.is_none() || !self.hides(&user.id) {
            return Arc::clone(user);
        }
        Arc::new(User { last_seen: None, ..User::clone(user) })
    }

    /// Returns a member as the viewer sees it.
    #[must_use]
    pub fn member(&self, member: &Member) -> Member {
        if !self.hides(&member.user.id) {
            return member.clone();
        }
        Member { user: self.user(&member.user), read_sequence: 0, read_at: None, ..member.clone() }
    }

    /// Returns a message as the viewer sees it.
    #[must_use]
    pub fn message(&self, message: &Arc<Message>) -> Arc<Message> {
        if !self.concerns_message(message) {
            return Arc::clone(message);
        }
        let readers = message.readers.iter().filter(|reader| !self.hides(&reader.user)).cloned().collect();
        let (sender, delivered) = (self.user(&message.sender), message.delivered && !self.may_deliver(message));
        Arc::new(Message { readers, sender, delivered, ..Message::clone(message) })
    }

    /// Returns whether a message may show something of somebody who is hidden.
    fn concerns_message(&self, message: &Message) -> bool {
        !self.is_nobody()
            && (self.hides(&message.sender.id)
                || message.delivered && self.may_deliver(message)
                || message.readers.iter().any(|reader| self.hides(&reader.user)))
    }

    /// Returns whether it may be somebody hidden who received a message. Of a conversation of more than two it is not
    /// known who did, so that it counts as delivered for nobody who is not shown everybody.
    fn may_deliver(&self, message: &Message) -> bool {
        message.conversation.other(&message.sender.id).is_none_or(|other| self.hides(other))
    }

    /// Returns a conversation as the viewer sees it, or `None` if it stays as it is.
    fn overview(&self, overview: &Overview) -> Option<Arc<Overview>> {
        let last = overview.last_message.as_ref();
        let concerned = overview.members.iter().any(|member| self.hides(&member.user.id))
            || last.is_some_and(|last| self.concerns_message(last));
        concerned.then(|| {
            let members = overview.members.iter().map(|member| self.member(member)).collect();
            Arc::new(Overview { members, last_message: last.map(|last| self.message(last)), ..overview.clone() })
        })
    }

    /// Returns an event as the viewer receives it.
    #[must_use]
    pub fn event(&self, event: &Event) -> ShownEvent {
        if self.is_nobody() {
            return ShownEvent::AsItIs;
        }
        let changed = match event {
            Event::MessagesRead { reader: user, .. }
            | Event::Presence { user, .. }
            | Event::RoomPresence { user, .. } => {
                return if self.hides(&user.id) { ShownEvent::Withheld } else { ShownEvent::AsItIs };
            }
            Event::MessagesDelivered { user, .. } => {
                return if self.hides(user) { ShownEvent::Withheld } else { ShownEvent::AsItIs };
            }
            Event::MessageCreated(message) => {
                self.concerns_message(message).then(|| Event::MessageCreated(self.message(message)))
            }
            Event::MessageAppeared { message, user } => self
                .concerns_message(message)
                .then(|| Event::MessageAppeared { message: self.message(message), user: user.clone() }),
            Event::MessageEdited(message) => {
                self.concerns_message(message).then(|| Event::MessageEdited(self.message(message)))
            }
            Event::MessageDeleted(message) => {
                self.concerns_message(message).then(|| Event::MessageDeleted(self.message(message)))
            }
            Event::ConversationCreated { conversation, members } => self
                .overview(conversation)
                .map(|conversation| Event::ConversationCreated { conversation, members: members.clone() }),
            Event::ConversationAppeared { conversation, user } => self
                .overview(conversation)
                .map(|conversation| Event::ConversationAppeared { conversation, user: user.clone() }),
            Event::ConversationChanged { conversation } => {
                self.overview(conversation).map(|conversation| Event::ConversationChanged { conversation })
            }
            Event::MemberJoined { conversation, user, member_count } => self.hides(&user.id).then(|| {
                let (conversation, user) = (Arc::clone(conversation), self.user(user));
                Event::MemberJoined { conversation, user, member_count: *member_count }
            }),
            Event::UserChanged { user, metadata, visible } => self.hides(&user.id).then(|| {
                let (user, metadata) = (self.user(user), metadata.clone());
                Event::UserChanged { user, metadata, visible: *visible }
            }),
            Event::MessageReacted(_)
            | Event::MessagePinned { .. }
            | Event::ConversationHidden { .. }
            | Event::SettingsChanged { .. }
            | Event::BlocksChanged { .. }
            | Event::DeletionAnnounced { .. }
            | Event::ConversationDeleted { .. }
            | Event::MemberLeft { .. }
            | Event::MeetupChanged { .. }
            | Event::Notified { .. }
            | Event::MessageReported { .. }
            | Event::Revoked { .. }
            | Event::SessionEnded { .. }
            | Event::Typing { .. } => None,
        };
        changed.map_or(ShownEvent::AsItIs, ShownEvent::Changed)
    }

    /// Returns a reply as the viewer receives it, or `None` if it stays as it is.
    #[must_use]
    pub fn reply(&self, reply: &Reply) -> Option<Reply> {
        if self.is_nobody() {
            return None;
        }
        match reply {
            Reply::Sent { message, repeated } => {
                Some(Reply::Sent { message: self.message(message), repeated: *repeated })
            }
            Reply::Edited(message) => Some(Reply::Edited(self.message(message))),
            Reply::Deleted(message) => Some(Reply::Deleted(self.message(message))),
            Reply::Joined { conversation, new, history, members } => {
                let member = |member: &RoomMember| RoomMember {
                    user: self.user(&member.user),
                    online: member.online && !self.hides(&member.user.id),
                };
                Some(Reply::Joined {
                    conversation: Arc::clone(conversation),
                    new: *new,
                    history: history.iter().map(|message| self.message(message)).collect(),
                    members: members.iter().map(member).collect(),
                })
            }
            Reply::Reacted { .. }
            | Reply::Pinned { .. }
            | Reply::Read
            | Reply::Delivered
            | Reply::Configured { .. }
            | Reply::Blocks { .. }
            | Reply::Reported
            | Reply::Typing
            | Reply::Left { .. }
            | Reply::Listening { .. }
            | Reply::Muted { .. }
            | Reply::RoomCreated { .. }
            | Reply::Uploaded { .. }
            | Reply::Authenticated { .. }
            | Reply::Identified { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ConversationId, ConversationKind, ConversationRef, MessageId, MessageKind, Moderation, Reader, Role, Timestamp,
        UserKind,
    };

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn id(id: &str) -> UserId {
        UserId::trusted(id)
    }

    fn user(name: &str) -> Arc<User> {
        Arc::new(User {
            id: id(name),
            username: name.to_owned(),
            name: name.to_owned(),
            last_name: None,
            avatar: None,
            kind: UserKind::Registered,
            last_seen: Some(NOW),
            created_at: NOW,
        })
    }

    fn hidden(blockers: &[&str]) -> Hidden {
        Hidden::from_blockers(&id("viewer"), blockers.iter().map(|blocker| id(blocker)).collect())
    }

    fn message(sender: &str, pair: Option<[&str; 2]>, readers: &[&str]) -> Arc<Message> {
        let kind = if pair.is_some() { ConversationKind::Direct } else { ConversationKind::Group };
        let pair = pair.map(|pair| Box::new(pair.map(id)));
        let reader = |user: &&str| Reader { user: id(user), read_at: NOW };
        Arc::new(Message {
            id: MessageId::trusted("m"),
            conversation: Arc::new(ConversationRef { id: ConversationId::trusted("c"), kind, name: None, pair }),
            sequence: 1,
            sender: user(sender),
            kind: MessageKind::Text,
            content: "hello".to_owned(),
            file: None,
            client_message_id: None,
            created_at: NOW,
            edited_at: None,
            deleted_at: None,
            readers: readers.iter().map(reader).collect(),
            details: None,
            delivered: true,
        })
    }

    #[test]
    fn presence_and_receipts_of_a_blocker_are_withheld() {
        let conversation = message("viewer", None, &[]).conversation.clone();
        let read = |reader| {
            let (conversation, messages) = (Arc::clone(&conversation), vec![MessageId::trusted("m")]);
            Event::MessagesRead { conversation, reader: user(reader), messages, audience: None }
        };
        let delivered = |by| {
            let (conversation, messages) = (Arc::clone(&conversation), vec![MessageId::trusted("m")]);
            Event::MessagesDelivered { conversation, user: id(by), messages, author: id("viewer") }
        };
        let presence = |who| Event::Presence { user: user(who), online: true, last_seen: NOW };
        let in_room = |who| {
            let conversation = Arc::clone(&conversation);
            Event::RoomPresence { conversation, user: user(who), online: false }
        };
        let of: [&dyn Fn(&'static str) -> Event; 4] = [&read, &delivered, &presence, &in_room];
        for event in of {
            assert_eq!(hidden(&["blocker"]).event(&event("blocker")), ShownEvent::Withheld);
            assert_eq!(hidden(&["blocker"]).event(&event("another")), ShownEvent::AsItIs);
            assert_eq!(Hidden::Nobody.event(&event("blocker")), ShownEvent::AsItIs);
        }
    }

    #[test]
    fn a_message_names_no_blocker_among_its_readers() {
        let shown = hidden(&["blocker"]).message(&message("viewer", None, &["blocker", "another"]));
        assert_eq!(shown.readers.iter().map(|reader| reader.user.as_str()).collect::<Vec<_>>(), ["another"]);
        assert!(shown.is_read_for(Some(&id("viewer"))));
        let direct = message("viewer", Some(["viewer", "blocker"]), &["blocker"]);
        let shown = hidden(&["blocker"]).message(&direct);
        assert!(!shown.is_read_for(Some(&id("viewer"))) && !shown.is_delivered_for(Some(&id("viewer"))));
        assert!(Arc::ptr_eq(&hidden(&["third"]).message(&direct), &direct), "another direct conversation is as it was");
        assert!(Arc::ptr_eq(&Hidden::Nobody.message(&direct), &direct));
        let of_blocker = hidden(&["blocker"]).message(&message("blocker", None, &[]));
        assert_eq!(of_blocker.sender.last_seen, None);
    }

    #[test]
    fn a_conversation_shows_nothing_of_what_a_blocker_has_read() {
        let member = |name: &str| Member {
            user: user(name),
            role: Role::Member,
            joined_at: NOW,
            read_sequence: 7,
            read_at: Some(NOW),
        };
        let overview = Arc::new(Overview {
            conversation: message("viewer", None, &[]).conversation.clone(),
            description: None,
            picture: None,
            metadata: None,
            moderation: Moderation::default(),
            open: false,
            owner: None,
            members: vec![member("blocker"), member("another")],
            member_count: 2,
            last_message: None,
            created_at: NOW,
            updated_at: NOW,
        });
        let changed = Event::ConversationChanged { conversation: Arc::clone(&overview) };
        let ShownEvent::Changed(Event::ConversationChanged { conversation }) = hidden(&["blocker"]).event(&changed)
        else {
            panic!("it is shown otherwise");
        };
        let of = |member: &Member| (member.user.last_seen, member.read_sequence, member.read_at);
        assert_eq!(
            conversation.members.iter().map(of).collect::<Vec<_>>(),
            [(None, 0, None), (Some(NOW), 7, Some(NOW))]
        );
        assert_eq!(hidden(&["third"]).event(&changed), ShownEvent::AsItIs);
    }

    #[test]
    fn blocks_come_and_go() {
        let (mut shown, viewer) = (Hidden::Nobody, id("viewer"));
        shown.set(&viewer, &id("a"), true);
        shown.set(&viewer, &id("b"), true);
        shown.set(&viewer, &id("a"), false);
        assert!(shown.hides(&id("b")) && !shown.hides(&id("a")));
        shown.set(&viewer, &id("b"), false);
        assert!(shown.is_nobody());
        let many = (0..=BLOCKERS_TOLD_APART_MAX).map(|one| id(&one.to_string())).collect();
        let all = Hidden::from_blockers(&viewer, many);
        assert!(all.hides(&id("anybody")) && !all.hides(&viewer));
    }
}
