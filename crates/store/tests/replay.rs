//! What a user missed, as read from the log, is what would have been delivered: random histories, every user, and every
//! moment at which the connection could have been lost, beside what the store handed on.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quintet_domain::{
    AddMember, Audience, ChangeConversation, ChangeMeetup, ChangeSettings, ConversationId, ConversationKind,
    ConversationRef, CreateMeetup, DecideRequest, DeleteConversation, DeleteMessage, Departure, EditMessage, Entry,
    Event, JoinConversation, LeaveConversation, MarkRead, MeetupChange, MeetupId, MeetupStatus, MessageId, NewMeetup,
    NotifyUser, Reader, Reading, RemoveMember, RequestMeetup, Role, SettingsChange, Target, Timestamp, UserId,
};
use support::told::shown;
use support::{Bench, Factory, actor, block_on, postgres_store, quick_stores};

const USERS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    SendMessage,
    Edit,
    DeleteMessage,
    Read,
    Join,
    Leave,
    Add(usize),
    Remove(usize),
    Rename,
    DeleteConversation,
    Ask,
    Accept(usize),
    Confirm,
    Notify,
    Configure,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::SendMessage),
        2 => Just(Step::Edit),
        2 => Just(Step::DeleteMessage),
        3 => Just(Step::Read),
        3 => Just(Step::Join),
        2 => Just(Step::Leave),
        3 => (0..USERS).prop_map(Step::Add),
        2 => (0..USERS).prop_map(Step::Remove),
        1 => Just(Step::Rename),
        1 => Just(Step::DeleteConversation),
        2 => Just(Step::Ask),
        2 => (0..USERS).prop_map(Step::Accept),
        1 => Just(Step::Confirm),
        2 => Just(Step::Notify),
        3 => Just(Step::Configure),
    ]
}

struct Run {
    bench: Bench,
    users: Vec<UserId>,
    conversations: Vec<ConversationId>,
    meetup: MeetupId,
    messages: BTreeMap<usize, MessageId>,
    /// The number of texts and names that were given, each of them once.
    texts: usize,
}

impl Run {
    async fn start(factory: Factory) -> Self {
        let bench = Bench::of(factory);
        let mut users = Vec::new();
        for n in 0..USERS {
            users.push(bench.user(&format!("u{n}")).await);
        }
        let new = NewMeetup {
            activity: "a".into(),
            location: "l".into(),
            starts_at: Timestamp(i64::MAX / 2),
            expires_at: Timestamp(i64::MAX / 2),
            capacity: None,
        };
        let by = actor(&users[0]);
        let meetup = bench.write(CreateMeetup { actor: by, new }).await.expect("made");
        let conversations = vec![
            bench.conversation(&users[0], ConversationKind::Group, true, &users[1..2]).await,
            bench.conversation(&users[1], ConversationKind::Room, true, &[]).await,
            bench.conversation(&users[0], ConversationKind::Direct, false, &users[1..2]).await,
            meetup.chat_id.clone(),
        ];
        Self { bench, users, conversations, meetup: meetup.id, messages: BTreeMap::new(), texts: 0 }
    }

    /// Does something, allowed or not. What is refused has no entries.
    async fn take(&mut self, user: usize, at: usize, step: Step) {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        let (by, id, bench) = (actor(&self.users[user]), self.conversations[at].clone(), &self.bench);
        let message = self.messages.get(&at).cloned();
        let whom = |user: usize| self.users[user].clone();
        match (step, message) {
            (Step::SendMessage, _) => {
                if let Ok(sent) = bench.send(&self.users[user], &id, &text).await {
                    self.messages.insert(at, sent.message.id.clone());
                }
            }
            (Step::Edit, Some(message)) => {
                let _ = bench.write(EditMessage { actor: by, message, content: text }).await;
            }
            (Step::DeleteMessage, Some(message)) => {
                let _ = bench.write(DeleteMessage { actor: by, message }).await;
            }
            (Step::Read, Some(message)) => {
                let _ = bench
                    .write(MarkRead {
                        actor: by,
                        reading: Reading::Messages { conversation: None, messages: vec![message] },
                    })
                    .await;
            }
            (Step::Edit | Step::DeleteMessage | Step::Read, None) => {}
            (Step::Join, _) => {
                let _ = bench
                    .write(JoinConversation {
                        actor: by,
                        conversation: id,
                        profile: Default::default(),
                        history: false,
                    })
                    .await;
            }
            (Step::Leave, _) => {
                let _ =
                    bench.write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left }).await;
            }
            (Step::Add(other), _) => {
                let other = whom(other);
                let _ =
                    bench.write(AddMember { actor: by, conversation: id, user: other, role: Some(Role::Member) }).await;
            }
            (Step::Remove(other), _) => {
                let other = whom(other);
                let _ = bench.write(RemoveMember { actor: by, conversation: id, user: other }).await;
            }
            (Step::Rename, _) => {
                let _ =
                    bench.write(ChangeConversation { actor: by, conversation: id, name: Some(text), open: None }).await;
            }
            (Step::DeleteConversation, _) => {
                let _ = bench.write(DeleteConversation { actor: by, conversation: id }).await;
            }
            (Step::Ask, _) => {
                let meetup = self.meetup.clone();
                let _ = bench.write(RequestMeetup { actor: by, meetup }).await;
            }
            (Step::Accept(other), _) => {
                let (meetup, other, host) = (self.meetup.clone(), whom(other), actor(&self.users[0]));
                let _ = bench.write(DecideRequest { actor: host, meetup, user: other, accept: true }).await;
            }
            (Step::Confirm, _) => {
                let change = MeetupChange { status: Some(MeetupStatus::Confirmed), ..MeetupChange::default() };
                let meetup = self.meetup.clone();
                let _ = bench.write(ChangeMeetup { actor: by, meetup, change }).await;
            }
            (Step::Configure, _) => {
                // Each other time it is a change.
                let change = SettingsChange {
                    pinned: Some(self.texts.is_multiple_of(3)),
                    archived: Some(self.texts.is_multiple_of(2)),
                    marked_unread: Some(self.texts.is_multiple_of(5)),
                    ..SettingsChange::default()
                };
                let _ = bench.write(ChangeSettings { actor: by, target: Target::Conversation(id), change }).await;
            }
            (Step::Notify, _) => {
                let to = self.users[user].clone();
                let _ = bench.write(NotifyUser { user: to, title: "t".into(), message: "m".into() }).await;
            }
        }
    }
}

/// What a user received of all that was handed on, as the hub would deliver it, and the conversations that the user is a
/// member of in the end.
fn delivered<'e>(entries: &'e [Entry], user: &UserId) -> (Vec<&'e Entry>, BTreeSet<ConversationId>) {
    let mut in_places: BTreeSet<ConversationId> = BTreeSet::new();
    let mut delivered = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::ConversationCreated { conversation, members } => {
                if members.contains(user) {
                    in_places.insert(conversation.conversation.id.clone());
                    delivered.push(entry);
                }
            }
            Event::UserChanged { .. } | Event::Revoked { .. } => {}
            event => {
                if let Event::MemberJoined { conversation, user: joined, .. } = event
                    && joined.id == *user
                {
                    in_places.insert(conversation.id.clone());
                }
                let hears = match event.audience() {
                    Audience::Members(conversation) => in_places.contains(conversation),
                    Audience::Users(users) => users.contains(user),
                    Audience::User(one) => one == user,
                    Audience::Watchers(_) | Audience::Contacts(_) => false,
                };
                if hears {
                    delivered.push(entry);
                }
                match event {
                    Event::MemberLeft { conversation, user: left, .. } if left.id == *user => {
                        in_places.remove(&conversation.id);
                    }
                    Event::ConversationDeleted { conversation } => {
                        in_places.remove(&conversation.id);
                    }
                    _ => {}
                }
            }
        }
    }
    (delivered, in_places)
}

/// What may be told again of what a user received: without conversations in their present state that the user has left
/// since, and without messages whose present text the user does not know.
fn tellable<'e>(entries: &[Entry], received: &[&'e Entry], user: &UserId) -> Vec<&'e Entry> {
    let mut left: BTreeSet<&ConversationId> = BTreeSet::new();
    let mut newest: BTreeMap<&MessageId, u64> = BTreeMap::new();
    // The settings that the user has now: those of its last change, unless the membership ended since.
    let mut settings: BTreeMap<&ConversationId, u64> = BTreeMap::new();
    for entry in entries {
        match &entry.event {
            Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
                newest.insert(&message.id, entry.position);
            }
            Event::MemberJoined { conversation, user: joined, .. } if joined.id == *user => {
                left.remove(&conversation.id);
            }
            Event::MemberLeft { conversation, user: one, .. } if one.id == *user => {
                left.insert(&conversation.id);
                settings.remove(&conversation.id);
            }
            Event::ConversationDeleted { conversation } => {
                settings.remove(&conversation.id);
            }
            Event::SettingsChanged { conversation, user: one, .. } if one == user => {
                settings.insert(&conversation.id, entry.position);
            }
            _ => {}
        }
    }
    let positions: BTreeSet<u64> = received.iter().map(|entry| entry.position).collect();
    let is_tellable = |entry: &&&Entry| match &entry.event {
        Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
            newest.get(&message.id).is_some_and(|position| positions.contains(position))
        }
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => !left.contains(&conversation.conversation.id),
        Event::SettingsChanged { conversation, .. } => settings.get(&conversation.id) == Some(&entry.position),
        _ => true,
    };
    received.iter().filter(is_tellable).copied().collect()
}

/// The texts and names of an event, and the readers of its message, each with the conversation that it is of.
fn texts(event: &Event) -> Vec<(ConversationId, String)> {
    let named = |conversation: &ConversationRef| {
        conversation.name.as_ref().map(|name| (conversation.id.clone(), name.to_string())).into_iter().collect()
    };
    match event {
        Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
            let mut texts: Vec<_> = named(&message.conversation);
            texts.push((message.conversation.id.clone(), message.content.clone()));
            let reader =
                |reader: &Reader| (message.conversation.id.clone(), format!("{} by {}", message.id, reader.user));
            texts.extend(message.readers.iter().map(reader));
            texts
        }
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => {
            let mut texts: Vec<_> = named(&conversation.conversation);
            let last = conversation.last_message.iter();
            texts.extend(last.map(|last| (conversation.conversation.id.clone(), last.content.clone())));
            texts
        }
        Event::MessagesRead { conversation, messages, reader, .. } => {
            let mut texts: Vec<_> = named(conversation);
            texts.extend(messages.iter().map(|id| (conversation.id.clone(), format!("{id} by {}", reader.id))));
            texts
        }
        Event::ConversationHidden { conversation, .. }
        | Event::SettingsChanged { conversation, .. }
        | Event::MessagesDelivered { conversation, .. }
        | Event::DeletionAnnounced { conversation }
        | Event::ConversationDeleted { conversation }
        | Event::MemberJoined { conversation, .. }
        | Event::MemberLeft { conversation, .. } => named(conversation),
        _ => Vec::new(),
    }
}

fn told_again(factory: Factory, steps: &[(usize, usize, Step)]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for (user, at, step) in steps.iter().cloned() {
            run.take(user, at, step).await;
        }
        let newest = run.bench.settled().await;
        let entries = run.bench.entries.lock().unwrap().clone();
        for user in &run.users {
            let (received, member_of) = delivered(&entries, user);
            let all = tellable(&entries, &received, user);
            // Where the user is a member, everything may be known.
            let known: BTreeSet<_> = received.iter().flat_map(|entry| texts(&entry.event)).collect();
            for after in 0..=newest {
                let missed = run.bench.store.replay_since(user.clone(), false, after).await.expect("read");
                assert_eq!(missed.position, newest);
                let missed = missed.entries.expect("few");
                for (id, text) in missed.iter().flat_map(|entry| texts(&entry.event)) {
                    let may_know = member_of.contains(&id) || known.contains(&(id.clone(), text.clone()));
                    assert!(may_know, "{user} after {after} learned of {text:?} in {id}");
                }
                let found: Vec<_> = missed.iter().map(shown).collect();
                let expected: Vec<_> =
                    all.iter().filter(|entry| entry.position > after).map(|entry| shown(entry)).collect();
                assert_eq!(found, expected, "{user} after {after}");
            }
            // A position that is not reached yet belongs to another database.
            let missed = run.bench.store.replay_since(user.clone(), false, newest + 1).await.expect("read");
            assert!(missed.entries.is_none());
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_was_missed_is_what_was_told(
        steps in proptest::collection::vec((0..USERS, 0..4usize, step()), 1..80)
    ) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            told_again(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn postgres_tells_what_was_missed(
        steps in proptest::collection::vec((0..USERS, 0..4usize, step()), 1..80)
    ) {
        told_again(postgres_store(), &steps);
    }
}
