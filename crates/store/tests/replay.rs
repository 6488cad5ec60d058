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

/// The parts of an entry that must be the same when it is read again: texts and readers are the present ones.
fn shown(entry: &Entry) -> String {
    let what = match &entry.event {
        Event::MessageCreated(message) => format!("created {}", message.id),
        Event::MessageEdited(message) => format!("edited {}", message.id),
        Event::MessageDeleted(message) => format!("deleted {}", message.id),
        Event::MessagesRead { conversation, reader, messages, .. } => {
            format!("read {} {} {messages:?}", conversation.id, reader.id)
        }
        Event::ConversationCreated { conversation, .. } => format!("created {}", conversation.conversation.id),
        Event::ConversationAppeared { conversation, user } => {
            format!("appeared {} to {user}", conversation.conversation.id)
        }
        Event::ConversationHidden { conversation, user } => format!("hidden {} from {user}", conversation.id),
        Event::SettingsChanged { conversation, user, .. } => format!("settings {} of {user}", conversation.id),
        Event::ConversationChanged { conversation } => format!("changed {}", conversation.conversation.id),
        Event::DeletionAnnounced { conversation } => format!("conversation {} is deleted", conversation.id),
        Event::ConversationDeleted { conversation } => format!("conversation {} deleted", conversation.id),
        Event::MemberJoined { conversation, user, member_count } => {
            format!("joined {} {} of {member_count}", conversation.id, user.id)
        }
        Event::MemberLeft { conversation, user, departure, member_count } => {
            format!("left {} {} {departure:?} of {member_count}", conversation.id, user.id)
        }
        Event::MeetupChanged { meetup, status, updated_by, .. } => format!("{meetup} {status:?} by {updated_by}"),
        Event::Notified { notification, .. } => format!("notified {}", notification.id),
        other => panic!("not delivered: {other:?}"),
    };
    format!("{} {:?} {what}", entry.position, entry.sequence)
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

/// A conversation of Alice and Bob, and the position that Bob has received.
struct Lost {
    bench: Bench,
    alice: UserId,
    bob: UserId,
    group: ConversationId,
    after: u64,
}

impl Lost {
    async fn start(bench: Bench) -> Self {
        let (alice, bob) = (bench.user("alice").await, bench.user("bob").await);
        let group = bench.conversation(&alice, ConversationKind::Group, true, std::slice::from_ref(&bob)).await;
        let after = bench.settled().await;
        Self { bench, alice, bob, group, after }
    }

    async fn say(&self, text: &str) -> MessageId {
        self.bench.send(&self.alice, &self.group, text).await.expect("sent").message.id.clone()
    }

    async fn rename(&self, name: &str) {
        let (actor, conversation) = (actor(&self.alice), self.group.clone());
        let change = ChangeConversation { actor, conversation, name: Some(name.to_owned()), open: None };
        self.bench.write(change).await.expect("renamed");
    }

    async fn edit(&self, message: &MessageId, content: &str) {
        let (actor, message) = (actor(&self.alice), message.clone());
        self.bench.write(EditMessage { actor, message, content: content.to_owned() }).await.expect("edited");
    }

    async fn add(&self, user: &UserId) {
        let (actor, conversation) = (actor(&self.alice), self.group.clone());
        self.bench.write(AddMember { actor, conversation, user: user.clone(), role: None }).await.expect("added");
    }

    /// Ends the membership of Bob, by himself or by Alice.
    async fn end(&self, by_himself: bool) {
        let conversation = self.group.clone();
        if by_himself {
            let leave = LeaveConversation { actor: actor(&self.bob), conversation, departure: Departure::Left };
            self.bench.write(leave).await.expect("left");
        } else {
            let remove = RemoveMember { actor: actor(&self.alice), conversation, user: self.bob.clone() };
            self.bench.write(remove).await.expect("removed");
        }
    }

    /// What Bob missed since a position, as it is shown and as it is written in full.
    async fn missed(&self, after: u64) -> (Vec<String>, String) {
        let missed = self.bench.store.replay_since(self.bob.clone(), false, after).await.expect("read");
        let entries = missed.entries.expect("few");
        (entries.iter().map(shown).collect(), format!("{entries:?}"))
    }
}

/// Whoever was removed, or left, learns nothing of what happened after that: neither from the state of the conversation,
/// nor from a message that was edited or deleted, nor from those who have read one by now.
async fn nothing_after_a_departure(bench: Bench) {
    let lost = Lost::start(bench).await;
    for by_himself in [false, true] {
        let after = lost.bench.settled().await;
        let messages = [lost.say("kept").await, lost.say("edited").await, lost.say("deleted").await];
        lost.edit(&messages[0], "kept, edited").await;
        lost.rename(&format!("name {by_himself}")).await;
        lost.end(by_himself).await;
        lost.rename(&format!("SECRET name {by_himself}")).await;
        let eve = lost.bench.user(&format!("eve{by_himself}")).await;
        lost.add(&eve).await;
        lost.edit(&messages[1], "SECRET edit").await;
        let delete = DeleteMessage { actor: actor(&lost.alice), message: messages[2].clone() };
        lost.bench.write(delete).await.expect("deleted");
        let kept = Reading::Messages { conversation: None, messages: vec![messages[0].clone()] };
        lost.bench.write(MarkRead { actor: actor(&eve), reading: kept }).await.expect("read");
        lost.say("SECRET about Bob").await;
        lost.bench.settled().await;
        for after in [0, after] {
            let (_, written) = lost.missed(after).await;
            assert!(!written.contains("SECRET") && !written.contains(&*eve.to_string()), "{written}");
        }
        let (shown, _) = lost.missed(after).await;
        let ids: Vec<_> = messages.iter().map(|id| shown.iter().any(|entry| entry.contains(&id.to_string()))).collect();
        assert_eq!(ids, [true, false, false], "{shown:?}");
        assert!(shown.last().is_some_and(|last| last.contains(" left ")), "{shown:?}");
        lost.add(&lost.bob).await;
    }
}

/// A user who is a member again may know the present state, but not the edits of the meantime.
async fn who_returns_is_shown_the_conversation(bench: Bench) {
    let lost = Lost::start(bench).await;
    let (edited, again) = (lost.say("first").await, lost.say("second").await);
    lost.end(false).await;
    lost.edit(&edited, "SECRET edit").await;
    lost.edit(&again, "SECRET edit, too").await;
    lost.rename("new name").await;
    lost.add(&lost.bob).await;
    lost.edit(&again, "public edit").await;
    lost.bench.settled().await;
    let (shown, written) = lost.missed(lost.after).await;
    assert!(!written.contains("SECRET"), "{written}");
    assert!(shown.iter().any(|entry| entry.contains("appeared")) && written.contains("new name"), "{written}");
    assert!(written.contains("public edit"), "{written}");
    assert!(!shown.iter().any(|entry| entry.ends_with(&format!("created {edited}"))), "{shown:?}");
}

/// A rename to the same name is no change, and nobody is told of it.
async fn a_change_without_a_difference_is_none(bench: Bench) {
    let lost = Lost::start(bench).await;
    lost.rename("name").await;
    let renamed = lost.bench.settled().await;
    let (actor, conversation, name) = (actor(&lost.alice), lost.group.clone(), Some("name".to_owned()));
    let answer = lost.bench.write(ChangeConversation { actor, conversation, name, open: Some(true) }).await;
    assert_eq!(answer.expect("answered").name.as_deref(), Some("name"));
    assert_eq!(lost.bench.settled().await, renamed);
    assert!(lost.missed(renamed).await.0.is_empty());
}

support::every_store!(
    nothing_after_a_departure,
    who_returns_is_shown_the_conversation,
    a_change_without_a_difference_is_none,
);
