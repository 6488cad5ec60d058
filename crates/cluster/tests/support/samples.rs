//! One fixed message of each kind, and one of each event.
//!
//! What must stay true: there are no wildcard arms over the closed lists.

use std::sync::Arc;

use quintet_cluster::{GroupNotice, Message};
use quintet_domain::{
    AttachedFile, ClientMessageId, ConnectionId, ConversationId, ConversationKind, ConversationRef,
    ConversationSettings, Departure, Emoji, Entry, Event, FileLink, LoginSessionId, MeetupId, MeetupStatus, Member,
    Mention, MessageDetails, MessageId, MessageKind, Metadata, Moderation, Mute, NodeId, Notification, NotificationId,
    Notify, Overview, Pin, Quote, Reacted, ReactionChange, ReactionCount, Reader, Role, SpanContext, ThreadSummary,
    Timestamp, TracedWrite, User, UserId, UserKind,
};

/// The number of kinds of events.
pub const KINDS: usize = 27;

/// The place of an event in the closed list.
pub fn number_of(event: &Event) -> usize {
    match event {
        Event::MessageCreated(_) => 0,
        Event::MessageEdited(_) => 1,
        Event::MessageDeleted(_) => 2,
        Event::MessagesRead { .. } => 3,
        Event::ConversationCreated { .. } => 4,
        Event::ConversationAppeared { .. } => 5,
        Event::ConversationHidden { .. } => 6,
        Event::ConversationChanged { .. } => 7,
        Event::DeletionAnnounced { .. } => 8,
        Event::ConversationDeleted { .. } => 9,
        Event::MemberJoined { .. } => 10,
        Event::MemberLeft { .. } => 11,
        Event::MeetupChanged { .. } => 12,
        Event::Notified { .. } => 13,
        Event::UserChanged { .. } => 14,
        Event::Revoked { .. } => 15,
        Event::Typing { .. } => 16,
        Event::Presence { .. } => 17,
        Event::RoomPresence { .. } => 18,
        Event::MessageReacted(_) => 19,
        Event::MessagePinned { .. } => 20,
        Event::SettingsChanged { .. } => 21,
        Event::MessagesDelivered { .. } => 22,
        Event::BlocksChanged { .. } => 23,
        Event::MessageAppeared { .. } => 24,
        Event::MessageReported { .. } => 25,
        Event::SessionEnded { .. } => 26,
    }
}

fn user(id: &str, kind: UserKind) -> Arc<User> {
    Arc::new(User {
        id: UserId::trusted(id),
        username: format!("{id}-name"),
        name: "Ada Lovelace".to_owned(),
        last_name: (kind == UserKind::Registered).then(|| "Lovelace".to_owned()),
        avatar: (kind == UserKind::Service).then(|| "/avatars/1".to_owned()),
        kind,
        last_seen: (kind == UserKind::Guest).then_some(Timestamp(1_705_314_600_007)),
        created_at: Timestamp(1_705_314_600_000),
    })
}

fn conversation(kind: ConversationKind) -> Arc<ConversationRef> {
    let pair = || Box::new([UserId::trusted("ada"), UserId::trusted("bob")]);
    Arc::new(ConversationRef {
        id: ConversationId::trusted("c1"),
        kind,
        name: (kind != ConversationKind::Direct).then(|| "The café".into()),
        pair: (kind == ConversationKind::Direct).then(pair),
    })
}

/// All details that a message can have.
fn details() -> Box<MessageDetails> {
    let named = |id: &str| Mention { id: UserId::trusted(id), username: id.to_owned() };
    Box::new(MessageDetails {
        files: vec![AttachedFile {
            url: "/files/1".to_owned(),
            name: Some("notes.txt".to_owned()),
            mime: Some("text/plain".to_owned()),
            size: Some(12),
            width: None,
            height: Some(3),
        }],
        metadata: Some(Metadata::trusted("{\"a\":1}")),
        reply_to: Some(Quote {
            id: MessageId::trusted("m0"),
            sender: named("bob"),
            content: "What?".to_owned(),
            kind: MessageKind::Text,
            deleted: false,
        }),
        thread_id: Some(MessageId::trusted("m-root")),
        thread: Some(ThreadSummary {
            count: 3,
            last_at: Some(Timestamp(7)),
            last_senders: vec![UserId::trusted("bob")],
        }),
        mentions: vec![named("cy")],
        mention_all: true,
        reactions: vec![ReactionCount { emoji: "👍".to_owned(), count: 2, users: vec![UserId::trusted("bob")] }],
        pinned: Some(Pin { by: UserId::trusted("ada"), at: Timestamp(8) }),
    })
}

fn message(kind: MessageKind) -> Arc<quintet_domain::Message> {
    Arc::new(quintet_domain::Message {
        id: MessageId::trusted("m1"),
        conversation: conversation(ConversationKind::Room),
        sequence: 130,
        sender: user("ada", UserKind::Registered),
        kind,
        content: "Hello".to_owned(),
        file: (kind == MessageKind::File)
            .then(|| FileLink { url: "/files/1".to_owned(), name: Some("notes.txt".to_owned()) }),
        client_message_id: (kind == MessageKind::Text).then(|| ClientMessageId::trusted("own-1")),
        created_at: Timestamp(1_705_314_600_000),
        edited_at: (kind == MessageKind::Image).then_some(Timestamp(1_705_314_600_001)),
        deleted_at: (kind == MessageKind::Custom).then_some(Timestamp(-1)),
        readers: vec![Reader { user: UserId::trusted("bob"), read_at: Timestamp(0) }],
        details: (kind == MessageKind::Text).then(details),
        delivered: false,
    })
}

fn overview(kind: ConversationKind) -> Arc<Overview> {
    let member = |id, role| Member {
        user: user(id, UserKind::Guest),
        role,
        joined_at: Timestamp(5),
        read_sequence: 129,
        read_at: (role == Role::Owner).then_some(Timestamp(6)),
    };
    Arc::new(Overview {
        conversation: conversation(kind),
        description: (kind == ConversationKind::Group).then(|| "Tables".into()),
        picture: (kind == ConversationKind::Group).then(|| "/files/f-1/s-1".into()),
        metadata: (kind == ConversationKind::Room).then(|| Metadata::trusted("{\"color\":\"green\"}")),
        open: kind == ConversationKind::Room,
        moderation: Moderation { slow_mode_s: 30, only_admins_write: kind == ConversationKind::Group },
        owner: (kind != ConversationKind::Direct).then(|| UserId::trusted("ada")),
        members: vec![member("ada", Role::Owner), member("bob", Role::Admin), member("cem", Role::Member)],
        member_count: 300,
        last_message: (kind == ConversationKind::Room).then(|| message(MessageKind::Audio)),
        created_at: Timestamp(1),
        updated_at: Timestamp(2),
    })
}

/// One of each event, in the order of the closed list.
pub fn events() -> Vec<Event> {
    let (ada, bob) = (UserId::trusted("ada"), UserId::trusted("bob"));
    let both = || vec![ada.clone(), bob.clone()];
    vec![
        Event::MessageCreated(message(MessageKind::Text)),
        Event::MessageEdited(message(MessageKind::Image)),
        Event::MessageDeleted(message(MessageKind::Custom)),
        Event::MessagesRead {
            conversation: conversation(ConversationKind::Direct),
            reader: user("bob", UserKind::Registered),
            messages: vec![MessageId::trusted("m1"), MessageId::trusted("m2")],
            audience: Some(both()),
        },
        Event::ConversationCreated { conversation: overview(ConversationKind::Group), members: both() },
        Event::ConversationAppeared { conversation: overview(ConversationKind::Room), user: bob.clone() },
        Event::ConversationHidden { conversation: conversation(ConversationKind::Direct), user: ada.clone() },
        Event::ConversationChanged { conversation: overview(ConversationKind::Meetup) },
        Event::DeletionAnnounced { conversation: conversation(ConversationKind::Group) },
        Event::ConversationDeleted { conversation: conversation(ConversationKind::Room) },
        Event::MemberJoined {
            conversation: conversation(ConversationKind::Room),
            user: user("gus", UserKind::Guest),
            member_count: 3,
        },
        Event::MemberLeft {
            conversation: conversation(ConversationKind::Meetup),
            user: user("eve", UserKind::Registered),
            departure: Departure::Banned,
            reason: Some("spam".into()),
            member_count: 2,
        },
        Event::MeetupChanged {
            meetup: MeetupId::trusted("mt1"),
            status: MeetupStatus::Expired,
            updated_by: "system".to_owned(),
            audience: both(),
        },
        Event::Notified {
            user: ada.clone(),
            notification: Arc::new(Notification {
                id: NotificationId::trusted("n1"),
                title: "Confirmed".to_owned(),
                message: "It takes place.".to_owned(),
                timestamp: Timestamp(3),
                read_at: None,
            }),
        },
        Event::UserChanged {
            user: user("mirror", UserKind::Service),
            metadata: Some(Metadata::trusted("{\"bot\":true}")),
            visible: true,
        },
        Event::Revoked { user: bob.clone(), generation: 4 },
        Event::Typing {
            conversation: conversation(ConversationKind::Direct),
            user: user("ada", UserKind::Registered),
            typing: true,
        },
        Event::Presence { user: user("ada", UserKind::Registered), online: false, last_seen: Timestamp(9) },
        Event::RoomPresence {
            conversation: conversation(ConversationKind::Room),
            user: user("ada", UserKind::Registered),
            online: true,
        },
        Event::MessageReacted(Arc::new(Reacted {
            conversation: conversation(ConversationKind::Room),
            message: MessageId::trusted("m1"),
            emoji: Emoji::trusted("👍"),
            user: ada.clone(),
            active: true,
            count: 300,
            changes: vec![ReactionChange { user: ada.clone(), active: false }],
        })),
        Event::MessagePinned {
            conversation: conversation(ConversationKind::Direct),
            message: MessageId::trusted("m1"),
            user: ada.clone(),
            pinned: true,
        },
        Event::SettingsChanged {
            conversation: conversation(ConversationKind::Group),
            user: ada.clone(),
            settings: ConversationSettings {
                muted: Some(Mute::Until(Timestamp(1_705_314_600_000))),
                pinned: true,
                archived: false,
                notify: Notify::Mentions,
                marked_unread: true,
            },
        },
        Event::MessagesDelivered {
            conversation: conversation(ConversationKind::Group),
            user: ada.clone(),
            messages: vec![MessageId::trusted("m-1"), MessageId::trusted("m-2")],
            author: UserId::trusted("bob"),
        },
        Event::BlocksChanged {
            user: ada.clone(),
            blocked: vec![UserId::trusted("bob"), UserId::trusted("eve")],
            other: Some(UserId::trusted("eve")),
        },
        Event::MessageAppeared { message: message(MessageKind::Text), user: ada },
        Event::MessageReported {
            conversation: conversation(ConversationKind::Group),
            message: MessageId::trusted("m1"),
            report: 300,
            by_server: true,
        },
        Event::SessionEnded { user: bob, session: LoginSessionId::trusted("s-1") },
    ]
}

/// One message of each kind, and for each event a group that contains it.
pub fn messages() -> Vec<(String, Message)> {
    let notice = |entries| GroupNotice {
        identity: "5b1d".to_owned(),
        part: 1,
        after: 299,
        last: 300,
        entries,
        traced: Vec::new(),
    };
    let group = |entries| Message::Group(notice(entries));
    let span = SpanContext { trace: u128::MAX / 3, span: u64::MAX / 5 };
    let traced = vec![TracedWrite { span, after: 299, last: 300 }];
    let mut named: Vec<(String, Message)> = Vec::new();
    for (number, event) in events().into_iter().enumerate() {
        let entry = Entry {
            position: 300,
            sequence: (number < 12).then_some(5),
            origin: (number % 2 == 0).then_some(ConnectionId(u64::MAX)),
            acked: number % 3 == 0,
            event,
            withheld: None,
        };
        named.push((format!("event {number}:"), group(Some(vec![entry]))));
    }
    let people = || vec![user("ada", UserKind::Registered), user("gus", UserKind::Guest)];
    let others = [
        group(None),
        Message::Passing(Event::Typing {
            conversation: conversation(ConversationKind::Group),
            user: user("ada", UserKind::Registered),
            typing: false,
        }),
        Message::Came { user: user("ada", UserKind::Registered) },
        Message::Left { user: UserId::trusted("ada"), last_seen: Timestamp(1_705_314_600_000) },
        Message::Present { users: people(), after: Some(UserId::trusted("abe")), last: true },
        Message::PresentWanted { of: NodeId(9) },
        Message::Alive { users: 2, hash: u64::MAX },
        Message::Group(GroupNotice { traced, ..notice(None) }),
    ];
    for (number, message) in others.into_iter().enumerate() {
        named.push((format!("message {number}:"), message));
    }
    named
}
