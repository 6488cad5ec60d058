//! What a user missed, as read from the log, is what would have been delivered: random histories, every user, and every
//! moment at which the connection could have been lost, beside what the store handed on.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quintet_domain::limits::RECOVERY_CHANGES_MAX;
use quintet_domain::{
    AddMember, Audience, ChangeConversation, ChangeMeetup, ConversationId, ConversationKind, CreateMeetup,
    DecideRequest, DeleteConversation, DeleteMessage, Departure, EditMessage, Entry, Event, JoinConversation,
    LeaveConversation, MarkRead, MeetupChange, MeetupId, MeetupStatus, MessageId, NewMeetup, NotifyUser, Reading,
    RemoveMember, RequestMeetup, Role, Timestamp, UserId,
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
    ]
}

struct Run {
    bench: Bench,
    users: Vec<UserId>,
    conversations: Vec<ConversationId>,
    meetup: MeetupId,
    messages: BTreeMap<usize, MessageId>,
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
        Self { bench, users, conversations, meetup: meetup.id, messages: BTreeMap::new() }
    }

    /// Does something, allowed or not. What is refused has no entries.
    async fn take(&mut self, user: usize, at: usize, step: Step) {
        let (by, id, bench) = (actor(&self.users[user]), self.conversations[at].clone(), &self.bench);
        let message = self.messages.get(&at).cloned();
        let whom = |user: usize| self.users[user].clone();
        match (step, message) {
            (Step::SendMessage, _) => {
                if let Ok(sent) = bench.send(&self.users[user], &id, "text").await {
                    self.messages.insert(at, sent.message.id.clone());
                }
            }
            (Step::Edit, Some(message)) => {
                let _ = bench.write(EditMessage { actor: by, message, content: "new".into() }).await;
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
                let _ = bench
                    .write(ChangeConversation { actor: by, conversation: id, name: Some("new".into()), open: None })
                    .await;
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

/// What a user received of all that was handed on, as the hub would deliver it.
fn delivered<'e>(entries: &'e [Entry], user: &UserId) -> Vec<&'e Entry> {
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
    delivered
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
            let all = delivered(&entries, user);
            for after in 0..=newest {
                let missed = run.bench.store.replay_since(user.clone(), false, after).await.expect("read");
                assert_eq!(missed.position, newest);
                let found: Vec<_> = missed.entries.expect("few").iter().map(shown).collect();
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

#[tokio::test]
async fn too_much_is_not_said_in_part() {
    let bench = Bench::of(quick_stores()[0].1);
    let (alice, bob) = (bench.user("alice").await, bench.user("bob").await);
    let start = bench.settled().await;
    let conversations = [
        bench.conversation(&alice, ConversationKind::Group, false, std::slice::from_ref(&bob)).await,
        bench.conversation(&alice, ConversationKind::Direct, false, std::slice::from_ref(&bob)).await,
    ];
    let made = bench.settled().await;
    for n in 0..RECOVERY_CHANGES_MAX {
        bench.send(&alice, &conversations[n % 2], "text").await.expect("sent");
    }
    let missed = bench.store.replay_since(bob.clone(), false, start).await.expect("read");
    assert!(missed.entries.is_none(), "the two conversations were joined, too");
    let missed = bench.store.replay_since(bob, false, made).await.expect("read");
    assert_eq!(missed.entries.map(|entries| entries.len()), Some(RECOVERY_CHANGES_MAX));
}
