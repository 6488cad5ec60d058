//! Random messages between nodes: of every kind, with every event.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use quintet_cluster::{Envelope, GroupNotice, Message};
use quintet_domain::{
    AttachedFile, ClientMessageId, ConnectionId, ConversationId, ConversationKind, ConversationRef,
    ConversationSettings, Departure, Emoji, Entry, Event, FileLink, LoginSessionId, MeetupId, MeetupStatus, Member,
    Mention, MessageDetails, MessageId, MessageKind, Metadata, Moderation, Mute, NodeId, Notification, NotificationId,
    Notify, Overview, Pin, Quote, Reacted, ReactionChange, ReactionCount, Reader, Role, SpanContext, ThreadSummary,
    Timestamp, TracedWrite, User, UserId, UserKind,
};

fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof!["[a-z0-9-]{0,36}", ".{0,12}"]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), 1_700_000_000_000..1_800_000_000_000_i64].prop_map(Timestamp)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..300_u64, any::<u64>()]
}

fn user_id() -> impl Strategy<Value = UserId> {
    text().prop_map(|id| UserId::trusted(&id))
}

fn ids() -> impl Strategy<Value = Vec<UserId>> {
    vec(user_id(), 0..5)
}

fn user() -> BoxedStrategy<Arc<User>> {
    let kind = select(vec![UserKind::Registered, UserKind::Guest, UserKind::Service]);
    (user_id(), text(), text(), option::of(text()), option::of(text()), kind, option::of(time()), time())
        .prop_map(|(id, username, name, last_name, avatar, kind, last_seen, created_at)| {
            Arc::new(User { id, username, name, last_name, avatar, kind, last_seen, created_at })
        })
        .boxed()
}

fn conversation() -> BoxedStrategy<Arc<ConversationRef>> {
    let kinds =
        vec![ConversationKind::Direct, ConversationKind::Group, ConversationKind::Room, ConversationKind::Meetup];
    let pair = option::of((user_id(), user_id()).prop_map(|(one, other)| Box::new([one, other])));
    (text(), select(kinds), option::of(text()), pair)
        .prop_map(|(id, kind, name, pair)| {
            Arc::new(ConversationRef { id: ConversationId::trusted(&id), kind, name: name.map(Into::into), pair })
        })
        .boxed()
}

fn details() -> BoxedStrategy<Box<MessageDetails>> {
    let named = || (user_id(), text()).prop_map(|(id, username)| Mention { id, username });
    let file = (text(), option::of(text()), option::of(text()), option::of(number()), option::of(any::<u32>()))
        .prop_map(|(url, name, mime, size, width)| AttachedFile { url, name, mime, size, width, height: width });
    let quote = (text(), named(), text(), select(MessageKind::ALL.to_vec()), any::<bool>()).prop_map(
        |(id, sender, content, kind, deleted)| Quote { id: MessageId::trusted(&id), sender, content, kind, deleted },
    );
    let thread = (number(), option::of(time()), vec(user_id(), 0..3))
        .prop_map(|(count, last_at, last_senders)| ThreadSummary { count, last_at, last_senders });
    let reaction = (text(), any::<u32>(), vec(user_id(), 0..3)).prop_map(|(emoji, count, users)| ReactionCount {
        emoji,
        count,
        users,
    });
    let pin = (user_id(), time()).prop_map(|(by, at)| Pin { by, at });
    let first = (vec(file, 0..3), option::of(text()), option::of(quote), option::of(text()), option::of(thread));
    (first, vec(named(), 0..3), any::<bool>(), vec(reaction, 0..3), option::of(pin))
        .prop_map(|((files, metadata, reply_to, thread_id, thread), mentions, mention_all, reactions, pinned)| {
            Box::new(MessageDetails {
                files,
                metadata: metadata.map(|text| Metadata::trusted(&text)),
                reply_to,
                thread_id: thread_id.map(|id| MessageId::trusted(&id)),
                thread,
                mentions,
                mention_all,
                reactions,
                pinned,
            })
        })
        .boxed()
}

fn message() -> BoxedStrategy<Arc<quintet_domain::Message>> {
    let reader = (user_id(), time()).prop_map(|(user, read_at)| Reader { user, read_at });
    let file = (text(), option::of(text())).prop_map(|(url, name)| FileLink { url, name });
    let first = (text(), conversation(), number(), user(), select(MessageKind::ALL.to_vec()), ".{0,200}");
    let moments = (time(), option::of(time()), option::of(time()));
    let second = (option::of(file), option::of(text()), moments, vec(reader, 0..4), option::of(details()));
    (first, second)
        .prop_map(
            |(
                (id, conversation, sequence, sender, kind, content),
                (file, own, (created_at, edited_at, deleted_at), readers, details),
            )| {
                Arc::new(quintet_domain::Message {
                    id: MessageId::trusted(&id),
                    conversation,
                    sequence,
                    sender,
                    kind,
                    content,
                    file,
                    client_message_id: own.map(|id| ClientMessageId::trusted(&id)),
                    created_at,
                    edited_at,
                    deleted_at,
                    readers,
                    details,
                    delivered: false,
                })
            },
        )
        .boxed()
}

fn overview() -> BoxedStrategy<Arc<Overview>> {
    let role = select(vec![Role::Member, Role::Admin, Role::Owner]);
    let member = (user(), role, time(), number(), option::of(time())).prop_map(
        |(user, role, joined_at, read_sequence, read_at)| Member { user, role, joined_at, read_sequence, read_at },
    );
    let texts = (option::of(text()), option::of(text()), option::of(text()));
    let moderation = (any::<u32>(), any::<bool>())
        .prop_map(|(slow_mode_s, only_admins_write)| Moderation { slow_mode_s, only_admins_write });
    let open = (any::<bool>(), moderation);
    let first = (conversation(), texts, open, option::of(user_id()), vec(member, 0..4));
    (first, any::<u32>(), option::of(message()), time(), time())
        .prop_map(
            |(
                (conversation, (description, picture, metadata), (open, moderation), owner, members),
                member_count,
                last_message,
                created_at,
                updated_at,
            )| {
                Arc::new(Overview {
                    conversation,
                    description: description.map(Into::into),
                    picture: picture.map(Into::into),
                    metadata: metadata.map(|text| Metadata::trusted(&text)),
                    open,
                    moderation,
                    owner,
                    members,
                    member_count,
                    last_message,
                    created_at,
                    updated_at,
                })
            },
        )
        .boxed()
}

fn notification() -> impl Strategy<Value = Arc<Notification>> {
    (text(), text(), text(), time(), option::of(time())).prop_map(|(id, title, message, timestamp, read_at)| {
        Arc::new(Notification { id: NotificationId::trusted(&id), title, message, timestamp, read_at })
    })
}

/// One strategy for each event, in the order of the closed list.
pub fn events() -> Vec<BoxedStrategy<Event>> {
    let departures =
        vec![Departure::Left, Departure::Removed, Departure::Banned, Departure::GuestGone, Departure::IdTaken];
    let statuses = vec![
        MeetupStatus::Open,
        MeetupStatus::Confirmed,
        MeetupStatus::Cancelled,
        MeetupStatus::Completed,
        MeetupStatus::Expired,
    ];
    let message_ids = vec(text().prop_map(|id| MessageId::trusted(&id)), 0..5);
    vec![
        message().prop_map(Event::MessageCreated).boxed(),
        message().prop_map(Event::MessageEdited).boxed(),
        message().prop_map(Event::MessageDeleted).boxed(),
        (conversation(), user(), message_ids, option::of(ids()))
            .prop_map(|(conversation, reader, messages, audience)| Event::MessagesRead {
                conversation,
                reader,
                messages,
                audience,
            })
            .boxed(),
        (overview(), ids())
            .prop_map(|(conversation, members)| Event::ConversationCreated { conversation, members })
            .boxed(),
        (overview(), user_id())
            .prop_map(|(conversation, user)| Event::ConversationAppeared { conversation, user })
            .boxed(),
        (conversation(), user_id())
            .prop_map(|(conversation, user)| Event::ConversationHidden { conversation, user })
            .boxed(),
        overview().prop_map(|conversation| Event::ConversationChanged { conversation }).boxed(),
        conversation().prop_map(|conversation| Event::DeletionAnnounced { conversation }).boxed(),
        conversation().prop_map(|conversation| Event::ConversationDeleted { conversation }).boxed(),
        (conversation(), user(), any::<u32>())
            .prop_map(|(conversation, user, member_count)| Event::MemberJoined { conversation, user, member_count })
            .boxed(),
        (conversation(), user(), select(departures), option::of(text()), any::<u32>())
            .prop_map(|(conversation, user, departure, reason, member_count)| Event::MemberLeft {
                conversation,
                user,
                departure,
                reason: reason.map(Arc::from),
                member_count,
            })
            .boxed(),
        (text(), select(statuses), text(), ids())
            .prop_map(|(meetup, status, updated_by, audience)| Event::MeetupChanged {
                meetup: MeetupId::trusted(&meetup),
                status,
                updated_by,
                audience,
            })
            .boxed(),
        (user_id(), notification()).prop_map(|(user, notification)| Event::Notified { user, notification }).boxed(),
        (user(), option::of(text()), any::<bool>())
            .prop_map(|(user, metadata, visible)| {
                let metadata = metadata.map(|text| Metadata::trusted(&text));
                Event::UserChanged { user, metadata, visible }
            })
            .boxed(),
        (user_id(), number()).prop_map(|(user, generation)| Event::Revoked { user, generation }).boxed(),
        (conversation(), user(), any::<bool>())
            .prop_map(|(conversation, user, typing)| Event::Typing { conversation, user, typing })
            .boxed(),
        (user(), any::<bool>(), time())
            .prop_map(|(user, online, last_seen)| Event::Presence { user, online, last_seen })
            .boxed(),
        (conversation(), user(), any::<bool>())
            .prop_map(|(conversation, user, online)| Event::RoomPresence { conversation, user, online })
            .boxed(),
        (conversation(), text(), text(), user_id(), any::<bool>(), any::<u32>(), vec((user_id(), any::<bool>()), 0..5))
            .prop_map(|(conversation, message, emoji, user, active, count, changes)| {
                let change = |(user, active)| ReactionChange { user, active };
                Event::MessageReacted(Arc::new(Reacted {
                    conversation,
                    message: MessageId::trusted(&message),
                    emoji: Emoji::trusted(&emoji),
                    user,
                    active,
                    count,
                    changes: changes.into_iter().map(change).collect(),
                }))
            })
            .boxed(),
        (conversation(), text(), user_id(), any::<bool>())
            .prop_map(|(conversation, message, user, pinned)| {
                let message = MessageId::trusted(&message);
                Event::MessagePinned { conversation, message, user, pinned }
            })
            .boxed(),
        (conversation(), user_id(), settings())
            .prop_map(|(conversation, user, settings)| Event::SettingsChanged { conversation, user, settings })
            .boxed(),
        (conversation(), user_id(), vec(text().prop_map(|id| MessageId::trusted(&id)), 0..4), user_id())
            .prop_map(|(conversation, user, messages, author)| Event::MessagesDelivered {
                conversation,
                user,
                messages,
                author,
            })
            .boxed(),
        (user_id(), vec(user_id(), 0..4), option::of(user_id()))
            .prop_map(|(user, blocked, other)| Event::BlocksChanged { user, blocked, other })
            .boxed(),
        (message(), user_id()).prop_map(|(message, user)| Event::MessageAppeared { message, user }).boxed(),
        (conversation(), text(), any::<i64>(), any::<bool>())
            .prop_map(|(conversation, message, report, by_server)| {
                let message = MessageId::trusted(&message);
                Event::MessageReported { conversation, message, report, by_server }
            })
            .boxed(),
        (user_id(), "\\PC{1,40}")
            .prop_map(|(user, id)| Event::SessionEnded { user, session: LoginSessionId::trusted(&id) })
            .boxed(),
    ]
}

fn settings() -> impl Strategy<Value = ConversationSettings> {
    let mute = prop_oneof![Just(Mute::ForGood), time().prop_map(Mute::Until)];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (option::of(mute), proptest::sample::select(&Notify::ALL[..]), flags).prop_map(
        |(muted, notify, (pinned, archived, marked_unread))| ConversationSettings {
            muted,
            pinned,
            archived,
            notify,
            marked_unread,
        },
    )
}

fn event() -> BoxedStrategy<Event> {
    proptest::strategy::Union::new(events()).boxed()
}

/// Entries at positions from 8 on that increase, some by more than one.
pub fn entries(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Entry>> {
    let entry = (1..4_u64, option::of(number()), option::of(number()), any::<bool>(), event());
    vec(entry, count).prop_map(|entries| {
        let mut newest = 7;
        let placed = entries.into_iter().map(|(step, sequence, origin, acked, event)| {
            newest += step;
            Entry { position: newest, sequence, origin: origin.map(ConnectionId), acked, event, withheld: None }
        });
        placed.collect()
    })
}

fn group() -> impl Strategy<Value = GroupNotice> {
    let span = (any::<u128>(), any::<u64>()).prop_map(|(trace, span)| SpanContext { trace, span });
    (text(), any::<u16>(), number(), number(), option::of(entries(0..6)), option::of(span)).prop_map(
        |(identity, part, after, last, entries, span)| {
            // A trace is told of writes within the group.
            let traced = span.filter(|_| after < last).map(|span| TracedWrite { span, after, last });
            GroupNotice { identity, part, after, last, entries, traced: traced.into_iter().collect() }
        },
    )
}

/// Any message of a node.
pub fn envelope() -> impl Strategy<Value = Envelope> {
    let message = prop_oneof![
        4 => group().prop_map(Message::Group),
        1 => event().prop_map(Message::Passing),
        1 => user().prop_map(|user| Message::Came { user }),
        1 => (user_id(), time()).prop_map(|(user, last_seen)| Message::Left { user, last_seen }),
        1 => (vec(user(), 0..8), option::of(user_id()), any::<bool>())
            .prop_map(|(users, after, last)| Message::Present { users, after, last }),
        1 => number().prop_map(|of| Message::PresentWanted { of: NodeId(of) }),
        1 => (number(), any::<u64>()).prop_map(|(users, hash)| Message::Alive { users, hash }),
    ];
    (number(), number(), message).prop_map(|(from, number, message)| Envelope { from: NodeId(from), number, message })
}
