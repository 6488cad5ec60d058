//! The cases that are encoded: users, messages, events and replies with every optional part present and absent.

use std::sync::Arc;

use quintet_domain::{
    AttachedFile, ClientMessageId, ConversationId, ConversationKind, ConversationRef, ConversationSettings,
    DELETED_CONTENT, Departure, Emoji, Event, FileLink, MeetupId, MeetupStatus, Member, Mention, Message,
    MessageDetails, MessageId, MessageKind, Metadata, Moderation, Mute, Notification, NotificationId, Notify, Overview,
    Pin, Quote, Reacted, ReactionChange, ReactionCount, Reader, Reply, Role, RoomMember, ThreadSummary, Timestamp,
    User, UserId, UserKind,
};

/// 2026-11-26T12:34:56.007Z.
pub const NOON: Timestamp = Timestamp(1_795_696_496_007);

/// Custom data that no writer of JSON would write again in the same way.
const CUSTOM_DATA: &str = r#"{"b":[1,{"a":"\u0000é"}],"n":1.50}"#;

/// Characters that JSON escapes, and some that it does not.
const UNUSUAL: &str = "\"\\/\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{2028}é😀";

pub fn is_online(user: &UserId) -> bool {
    user.as_str() == "ada"
}

fn user(id: &str, name: &str, kind: UserKind) -> Arc<User> {
    Arc::new(User {
        id: UserId::trusted(id),
        username: format!("{id}.name"),
        name: name.to_owned(),
        last_name: None,
        avatar: None,
        kind,
        last_seen: None,
        created_at: Timestamp(0),
    })
}

/// A registered user who has everything that a profile can have.
pub fn ada() -> Arc<User> {
    let mut ada = User::clone(&user("ada", "Ada King Lovelace", UserKind::Registered));
    ada.last_name = Some("King Lovelace".to_owned());
    ada.avatar = Some("/files/a.png".to_owned());
    Arc::new(ada)
}

/// A guest, with unusual characters in its name.
pub fn guest() -> Arc<User> {
    user("g\"1", UNUSUAL, UserKind::Guest)
}

/// A direct conversation of `ada` and `bob`.
pub fn conversation() -> Arc<ConversationRef> {
    Arc::new(ConversationRef {
        id: ConversationId::trusted("direct"),
        kind: ConversationKind::Direct,
        name: None,
        pair: Some(Box::new([UserId::trusted("ada"), UserId::trusted("bob")])),
    })
}

/// A room, which is not direct and has a name.
pub fn room() -> Arc<ConversationRef> {
    Arc::new(ConversationRef {
        id: ConversationId::trusted("room"),
        kind: ConversationKind::Room,
        name: Some(UNUSUAL.into()),
        pair: None,
    })
}

/// A conversation with one member, and with a newest message where it is direct.
fn overview(conversation: Arc<ConversationRef>, user: Arc<User>) -> Arc<Overview> {
    let direct = conversation.pair.is_some();
    let last = message(Arc::clone(&user), Arc::clone(&conversation), "newest");
    let owner = (!direct).then(|| user.id.clone());
    let member = Member { user, role: Role::Owner, joined_at: NOON, read_sequence: 3, read_at: direct.then_some(NOON) };
    Arc::new(Overview {
        conversation,
        description: (!direct).then(|| Arc::from(UNUSUAL)),
        picture: None,
        metadata: None,
        open: !direct,
        moderation: Moderation::default(),
        owner,
        members: vec![member],
        member_count: 2,
        last_message: direct.then(|| Arc::new(last)),
        created_at: NOON,
        updated_at: NOON.plus_ms(1),
    })
}

fn message(sender: Arc<User>, conversation: Arc<ConversationRef>, content: &str) -> Message {
    Message {
        id: MessageId::trusted("m-1"),
        conversation,
        sequence: 7,
        sender,
        kind: MessageKind::Text,
        content: content.to_owned(),
        file: None,
        client_message_id: None,
        created_at: NOON,
        edited_at: None,
        deleted_at: None,
        readers: Vec::new(),
        details: None,
        delivered: false,
    }
}

/// Messages in which each optional part is once present and once absent.
pub fn messages() -> Vec<(&'static str, Arc<Message>)> {
    let file = |name: Option<&str>| {
        Some(FileLink { url: "https://example.org/a?b=\"c\"".to_owned(), name: name.map(str::to_owned) })
    };
    let readers = ["bob", "g\"1"].map(|id| Reader { user: UserId::trusted(id), read_at: NOON.plus_ms(5) }).into();
    let plain = message(ada(), conversation(), "hello");
    let unusual = Message {
        client_message_id: Some(ClientMessageId::trusted("c\\1")),
        ..message(guest(), room(), &format!("{UNUSUAL}\0"))
    };
    let edited = Message {
        kind: MessageKind::Image,
        file: file(Some("a \"b\".png")),
        edited_at: Some(NOON.plus_ms(1_000)),
        readers,
        ..message(ada(), room(), "")
    };
    let deleted = Message {
        kind: MessageKind::File,
        file: file(None),
        edited_at: Some(NOON.plus_ms(1_000)),
        deleted_at: Some(NOON.plus_ms(86_400_000)),
        ..message(user("bob", "Bob", UserKind::Registered), conversation(), DELETED_CONTENT)
    };
    let detailed = Message {
        details: Some(details()),
        edited_at: Some(NOON.plus_ms(1_000)),
        ..message(ada(), room(), "all of it")
    };
    let thread = Some(ThreadSummary { count: 0, last_at: None, last_senders: Vec::new() });
    let gone = MessageDetails { thread_id: Some(MessageId::trusted("m-0")), thread, ..MessageDetails::default() };
    let deleted_reply = Message { details: gone.kept(), ..deleted.clone() };
    let cases = [
        ("plain", plain),
        ("unusual", unusual),
        ("edited", edited),
        ("deleted", deleted),
        ("detailed", detailed),
        ("deleted reply", deleted_reply),
    ];
    cases.map(|(name, message)| (name, Arc::new(message))).into()
}

/// Details with every optional part.
fn details() -> Box<MessageDetails> {
    let named = |id: &str| Mention { id: UserId::trusted(id), username: UNUSUAL.to_owned() };
    let file = |name: Option<&str>, size: Option<u64>| AttachedFile {
        url: "/files/f-2/s".to_owned(),
        name: name.map(str::to_owned),
        mime: size.map(|_| "image/png".to_owned()),
        size,
        width: size.map(|_| 640),
        height: size.map(|_| 480),
    };
    let quote = Quote {
        id: MessageId::trusted("m\"0"),
        sender: named("bob"),
        content: UNUSUAL.to_owned(),
        kind: MessageKind::Location,
        deleted: false,
    };
    let last_senders = ["bob", "ada"].map(UserId::trusted).into();
    Box::new(MessageDetails {
        files: vec![file(Some(UNUSUAL), Some(12_345)), file(None, None)],
        metadata: Some(Metadata::trusted(CUSTOM_DATA)),
        reply_to: Some(quote),
        thread_id: Some(MessageId::trusted("m-0")),
        thread: Some(ThreadSummary { count: 7, last_at: Some(NOON), last_senders }),
        mentions: vec![named("cy"), named("g\"1")],
        mention_all: true,
        reactions: vec![ReactionCount { emoji: "👍".to_owned(), count: 2, users: vec![UserId::trusted("bob")] }],
        pinned: Some(Pin { by: UserId::trusted("ada"), at: NOON }),
    })
}

/// Every event that a dialect may encode.
pub fn events() -> Vec<(String, Event)> {
    let mut events = Vec::new();
    for (name, message) in messages() {
        events.push((format!("created {name}"), Event::MessageCreated(Arc::clone(&message))));
        events.push((format!("edited {name}"), Event::MessageEdited(Arc::clone(&message))));
        if message.deleted_at.is_some() || message.sender.is_guest() {
            events.push((format!("deleted {name}"), Event::MessageDeleted(message)));
        }
    }
    let read = ["m-1", "m\"2"].map(MessageId::trusted);
    let cases = [("direct", conversation(), ada(), read.to_vec()), ("in a room", room(), guest(), Vec::new())];
    for (name, conversation, user, messages) in cases {
        let (place, who) = (|| Arc::clone(&conversation), || Arc::clone(&user));
        let mut add = |what: &str, event| events.push((format!("{what} {name}"), event));
        add("read", Event::MessagesRead { conversation: place(), reader: who(), messages, audience: None });
        let emoji = Emoji::trusted("\u{2764}\u{fe0f}");
        let message = MessageId::trusted("m-1");
        let both = [("ada", true), ("bob", false)];
        let change = |(user, active)| ReactionChange { user: UserId::trusted(user), active };
        for (what, changes) in [("reaction", Vec::new()), ("reactions", both.map(change).to_vec())] {
            let (emoji, message, user) = (emoji.clone(), message.clone(), user.id.clone());
            let active = changes.is_empty();
            let reacted = Reacted { conversation: place(), message, emoji, user, active, count: 3, changes };
            add(what, Event::MessageReacted(Arc::new(reacted)));
        }
        for pinned in [true, false] {
            let (message, user) = (message.clone(), user.id.clone());
            add(&format!("pin {pinned}"), Event::MessagePinned { conversation: place(), message, user, pinned });
        }
        for by_server in [true, false] {
            let (conversation, message) = (place(), message.clone());
            let reported = Event::MessageReported { conversation, message, report: 7, by_server };
            add(&format!("report by the server {by_server}"), reported);
        }
        let (conversation, receiver, author) = (place(), user.id.clone(), UserId::trusted("ada"));
        let delivered = Event::MessagesDelivered { conversation, user: receiver, messages: read.to_vec(), author };
        add("delivered", delivered);
        add("arrival", Event::MemberJoined { conversation: place(), user: who(), member_count: 2 });
        for departure in [Departure::Left, Departure::GuestGone] {
            let (conversation, user) = (place(), who());
            let left = Event::MemberLeft { conversation, user, departure, reason: None, member_count: 1 };
            add(departure.as_str(), left);
        }
        for reason in [None, Some(Arc::from(UNUSUAL))] {
            let (conversation, user, departure) = (place(), who(), Departure::Banned);
            let what = if reason.is_some() { "banned with a reason" } else { "banned" };
            add(what, Event::MemberLeft { conversation, user, departure, reason, member_count: 1 });
        }
        for flag in [true, false] {
            add(&format!("shown {flag}"), Event::RoomPresence { conversation: place(), user: who(), online: flag });
            add(&format!("typing {flag}"), Event::Typing { conversation: place(), user: who(), typing: flag });
        }
        let whole = overview(place(), Arc::clone(&user));
        add("creation", Event::ConversationCreated { conversation: Arc::clone(&whole), members: Vec::new() });
        let newcomer = user.id.clone();
        add("appearance", Event::ConversationAppeared { conversation: Arc::clone(&whole), user: newcomer });
        let with_data = Overview { metadata: Some(Metadata::trusted(CUSTOM_DATA)), ..Overview::clone(&whole) };
        let moderation = Moderation { slow_mode_s: 30, only_admins_write: true };
        let limited = Arc::new(Overview { moderation, ..Overview::clone(&whole) });
        let pictured = Overview { picture: Some(Arc::from("https://example.org/p.png")), ..Overview::clone(&whole) };
        add("change", Event::ConversationChanged { conversation: whole });
        add("change of limits", Event::ConversationChanged { conversation: limited });
        add("change of the picture", Event::ConversationChanged { conversation: Arc::new(pictured) });
        add("change of custom data", Event::ConversationChanged { conversation: Arc::new(with_data) });
        let hidden = Event::ConversationHidden { conversation: place(), user: user.id.clone() };
        add("hiding", hidden);
        let muted = [None, Some(Mute::ForGood), Some(Mute::Until(NOON))];
        for (muted, notify) in muted.into_iter().zip(Notify::ALL) {
            let settings =
                ConversationSettings { muted, pinned: muted.is_some(), notify, ..ConversationSettings::default() };
            let (conversation, user) = (place(), user.id.clone());
            let changed = Event::SettingsChanged { conversation, user, settings };
            add(&format!("settings {}", notify.as_str()), changed);
        }
        add("announced end", Event::DeletionAnnounced { conversation: place() });
        add("end", Event::ConversationDeleted { conversation: place() });
    }
    for online in [true, false] {
        events.push((format!("presence {online}"), Event::Presence { user: ada(), online, last_seen: NOON }));
    }
    let meetup = MeetupId::trusted("meet");
    let updated_by = UNUSUAL.to_owned();
    let changed = Event::MeetupChanged { meetup, status: MeetupStatus::Confirmed, updated_by, audience: Vec::new() };
    let notification = Notification {
        id: NotificationId::trusted("n-1"),
        title: UNUSUAL.to_owned(),
        message: "It is \"on\".".to_owned(),
        timestamp: NOON,
        read_at: None,
    };
    let notified = Event::Notified { user: UserId::trusted("ada"), notification: Arc::new(notification) };
    let profile = |metadata| Event::UserChanged { user: ada(), metadata, visible: true };
    let (profile, with_data) = (profile(None), profile(Some(Metadata::trusted(CUSTOM_DATA))));
    let revoked = Event::Revoked { user: UserId::trusted("ada"), generation: 1 };
    let blocked = vec![UserId::trusted("g\"1"), UserId::trusted("bob")];
    let blocks = Event::BlocksChanged { user: UserId::trusted("ada"), blocked, other: None };
    events.push(("blocks".to_owned(), blocks));
    let others = [("meetup", changed), ("notification", notified), ("profile", profile), ("revoked", revoked)];
    events.push(("profile with custom data".to_owned(), with_data));
    events.extend(others.map(|(name, event)| (name.to_owned(), event)));
    events
}

/// Every reply, with every optional part present and absent.
pub fn replies() -> Vec<(String, Reply)> {
    let mut replies = Vec::new();
    for (name, message) in messages() {
        for repeated in [false, true] {
            let message = Arc::clone(&message);
            replies.push((format!("sent {name} {repeated}"), Reply::Sent { message, repeated }));
        }
        if message.edited_at.is_some() {
            replies.push((format!("edited {name}"), Reply::Edited(Arc::clone(&message))));
            replies.push((format!("deleted {name}"), Reply::Deleted(message)));
        }
    }
    let history: Vec<_> = messages().into_iter().take(2).map(|(_, message)| message).collect();
    let ids = |ids: &[&str]| ids.iter().map(|id| ConversationId::trusted(id)).collect::<Vec<_>>();
    for (place, conversation) in [("directly", conversation()), ("in a room", room())] {
        let members = |online: &[bool]| {
            let people = online.iter().zip([ada(), guest()]);
            people.map(|(online, user)| RoomMember { user, online: *online }).collect()
        };
        let joined = |history: Vec<_>| {
            let members = if history.is_empty() { Vec::new() } else { members(&[true, false]) };
            Reply::Joined { conversation: Arc::clone(&conversation), new: true, history, members }
        };
        replies.push((format!("joined {place}"), joined(history.clone())));
        replies.push((format!("joined {place} without history"), joined(Vec::new())));
        for guest_secret in [None, Some("s\"1".to_owned())] {
            let (name, created_at) = (format!("created {place} {}", guest_secret.is_some()), NOON);
            let conversation = Arc::clone(&conversation);
            replies.push((name, Reply::RoomCreated { conversation, created_at, guest_secret }));
        }
        replies.push((format!("left {place}"), Reply::Left { conversation }));
    }
    let others = [
        ("read", Reply::Read),
        ("reacted", Reply::Reacted { active: true }),
        ("unreacted", Reply::Reacted { active: false }),
        ("pinned", Reply::Pinned { pinned: true }),
        ("unpinned", Reply::Pinned { pinned: false }),
        ("delivered", Reply::Delivered),
        ("blocks", Reply::Blocks { blocked: vec![UserId::trusted("b\"")] }),
        ("reported", Reply::Reported),
        ("configured", Reply::Configured { conversation: room(), settings: ConversationSettings::default() }),
        ("typing", Reply::Typing),
        ("listening", Reply::Listening { joined: ids(&["a", "b\""]), refused: Vec::new() }),
        ("listening to some", Reply::Listening { joined: ids(&[]), refused: ids(&["c", "d\""]) }),
        ("muted", Reply::Muted { conversation: ConversationId::trusted("room") }),
        ("uploaded", Reply::Uploaded { url: "/files/a".to_owned(), name: UNUSUAL.to_owned() }),
        ("authenticated", Reply::Authenticated { user: guest() }),
        ("identified", Reply::Identified { user: UserId::trusted("g\"1") }),
    ];
    replies.extend(others.map(|(name, reply)| (name.to_owned(), reply)));
    replies
}
