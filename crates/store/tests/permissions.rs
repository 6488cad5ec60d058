//! No user reads or changes what the permission table does not allow: random states and commands, beside a model that
//! consults only the table.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use quintet_domain::permissions::{Action, Standing, allows};
use quintet_domain::{
    AddMember, Audience, ChangeConversation, ConversationId, ConversationKind, CreateMeetup, DecideRequest,
    DeleteConversation, DeleteMessage, Departure, EditMessage, Emoji, JoinConversation, LeaveConversation, MarkRead,
    MessageId, NewMeetup, PinMessage, React, Reading, RemoveMember, RequestMeetup, Role, UserId, UserKind,
};
use quintet_store::{PageOf, Party};
use support::{Bench, Factory, actor, block_on, postgres_store, quick_stores};

/// One step of a run.
#[derive(Clone, Debug)]
enum Step {
    SendMessage,
    Edit,
    DeleteMessage,
    Read,
    React(bool),
    Pin(bool),
    Join,
    Leave,
    Add(usize),
    Remove(usize),
    MakeAdmin(usize),
    Rename,
    DeleteConversation,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::SendMessage),
        2 => Just(Step::Edit),
        2 => Just(Step::DeleteMessage),
        1 => Just(Step::Read),
        2 => any::<bool>().prop_map(Step::React),
        2 => any::<bool>().prop_map(Step::Pin),
        3 => Just(Step::Join),
        2 => Just(Step::Leave),
        2 => (0..USERS).prop_map(Step::Add),
        2 => (0..USERS).prop_map(Step::Remove),
        1 => (0..USERS).prop_map(Step::MakeAdmin),
        1 => Just(Step::Rename),
        1 => Just(Step::DeleteConversation),
        2 => Just(Step::Look),
    ]
}

/// The number of users: those with accounts, and then guests.
const USERS: usize = 5;
const REGISTERED: usize = 3;

/// A conversation, as the model has it.
struct Modelled {
    id: ConversationId,
    kind: ConversationKind,
    open: bool,
    owner: Option<usize>,
    /// The role and the order of joining, by user.
    members: BTreeMap<usize, (Role, usize)>,
    /// The newest message, its author, and whether it is deleted.
    message: Option<(MessageId, usize, bool)>,
    deleted: bool,
    joins: usize,
}

impl Modelled {
    fn standing(&self, user: usize, author: bool) -> Standing {
        Standing {
            kind: self.kind,
            open: self.open,
            role: self.members.get(&user).map(|(role, _)| *role),
            by: if user >= REGISTERED { UserKind::Guest } else { UserKind::Registered },
            author,
        }
    }

    fn may(&self, action: Action, user: usize, author: bool) -> bool {
        !self.deleted && allows(action, self.standing(user, author))
    }

    fn enter(&mut self, user: usize) {
        self.joins += 1;
        let role = if self.owner == Some(user) { Role::Owner } else { Role::Member };
        self.members.insert(user, (role, self.joins));
    }

    fn exit(&mut self, user: usize) {
        self.members.remove(&user);
        if self.owner == Some(user) {
            let registered = self.members.iter().filter(|(user, _)| **user < REGISTERED);
            let heir = registered.min_by_key(|(_, (role, since))| (*role != Role::Admin, *since));
            if let Some((heir, _)) = heir.map(|(heir, seat)| (*heir, *seat)) {
                self.owner = Some(heir);
                if let Some(seat) = self.members.get_mut(&heir) {
                    seat.0 = Role::Owner;
                }
            }
        }
    }
}

struct Run {
    bench: Bench,
    users: Vec<UserId>,
    conversations: Vec<Modelled>,
}

impl Run {
    async fn start(factory: Factory) -> Self {
        let bench = Bench::of(factory);
        let mut users = Vec::new();
        for n in 0..USERS {
            users.push(if n < REGISTERED {
                bench.user(&format!("u{n}")).await
            } else {
                UserId::trusted(&format!("guest-{n}"))
            });
        }
        // Guests are created when they join: this room serves that purpose only.
        let lobby = bench.conversation(&users[0], ConversationKind::Room, true, &[]).await;
        for guest in &users[REGISTERED..] {
            let (by, id) = (actor(guest), lobby.clone());
            bench
                .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
                .await
                .expect("joined");
        }
        let mut conversations = Vec::new();
        for (kind, open) in [
            (ConversationKind::Direct, false),
            (ConversationKind::Group, false),
            (ConversationKind::Group, true),
            (ConversationKind::Room, true),
            (ConversationKind::Meetup, false),
        ] {
            conversations.push(Self::conversation(&bench, &users, kind, open).await);
        }
        Self { bench, users, conversations }
    }

    async fn conversation(bench: &Bench, users: &[UserId], kind: ConversationKind, open: bool) -> Modelled {
        let mut conversation = Modelled {
            id: ConversationId::trusted("x"),
            kind,
            open,
            owner: Some(0),
            members: BTreeMap::new(),
            message: None,
            deleted: false,
            joins: 0,
        };
        match kind {
            ConversationKind::Direct => {
                conversation.id = bench.conversation(&users[0], kind, false, &users[1..2]).await;
                conversation.owner = None;
                conversation.enter(0);
                conversation.enter(1);
            }
            ConversationKind::Meetup => {
                let new = NewMeetup {
                    activity: "a".into(),
                    location: "l".into(),
                    starts_at: quintet_domain::Timestamp(i64::MAX / 2),
                    expires_at: quintet_domain::Timestamp(i64::MAX / 2),
                    capacity: None,
                };
                let by = actor(&users[0]);
                let meetup = bench.write(CreateMeetup { actor: by, new }).await.expect("made");
                conversation.id = meetup.chat_id.clone();
                conversation.enter(0);
                let (by, id) = (actor(&users[1]), meetup.id.clone());
                bench.write(RequestMeetup { actor: by, meetup: id }).await.expect("asked");
                let (by, user) = (actor(&users[0]), users[1].clone());
                let accept = bench.write(DecideRequest { actor: by, meetup: meetup.id, user, accept: true });
                accept.await.expect("accepted");
                conversation.enter(1);
            }
            ConversationKind::Group | ConversationKind::Room => {
                conversation.id = bench.conversation(&users[0], kind, open, &[]).await;
                conversation.enter(0);
            }
        }
        conversation
    }

    /// Takes a step, and checks that the store decides as the table does.
    async fn take(&mut self, user: usize, at: usize, step: Step) {
        let delivered = self.delivered().await;
        let by = actor(&self.users[user]);
        let conversation = &mut self.conversations[at];
        let id = conversation.id.clone();
        let member = conversation.members.contains_key(&user);
        let author = conversation.message.as_ref().is_some_and(|(_, author, _)| *author == user);
        let shown = format!("user {user} {step:?} in {:?} (open {})", conversation.kind, conversation.open);
        let (expected, done) = match step {
            Step::SendMessage => {
                let expected = conversation.may(Action::Use, user, true);
                let sent = self.bench.send(&self.users[user], &id, "text").await;
                if let Ok(sent) = &sent {
                    conversation.message = Some((sent.message.id.clone(), user, false));
                }
                (expected, sent.is_ok())
            }
            Step::Edit => {
                let Some((message, _, deleted)) = conversation.message.clone() else { return };
                let expected = conversation.may(Action::Edit, user, author) && !deleted;
                let edited =
                    self.bench.write(EditMessage { actor: by, message, content: "new".into(), details: None }).await;
                (expected, edited.is_ok())
            }
            Step::DeleteMessage => {
                let Some((message, of, deleted)) = conversation.message.clone() else { return };
                let expected = conversation.may(Action::DeleteMessage, user, author);
                let gone = self.bench.write(DeleteMessage { actor: by, message: message.clone() }).await;
                if gone.is_ok() {
                    conversation.message = Some((message, of, true));
                }
                if expected && gone.is_ok() && deleted {
                    return; // Deleted already: nothing is delivered.
                }
                (expected, gone.is_ok())
            }
            Step::Read => {
                let Some((message, _, _)) = conversation.message.clone() else { return };
                let expected = conversation.may(Action::Use, user, false);
                let read = self
                    .bench
                    .write(MarkRead {
                        actor: by,
                        reading: Reading::Messages { conversation: Some(id), messages: vec![message] },
                    })
                    .await;
                assert_eq!(read.is_ok(), expected, "{shown}: {read:?}");
                return;
            }
            Step::React(active) => {
                let Some((message, _, deleted)) = conversation.message.clone() else { return };
                let expected = conversation.may(Action::React, user, author) && !(active && deleted);
                let write = React { actor: by, message: message.clone(), emoji: Emoji::trusted("+1"), active };
                let done = self.bench.write(write).await.is_ok();
                let seen = self.bench.store.reactions(self.users[user].clone(), message).await;
                assert_eq!(seen.is_ok(), conversation.may(Action::Use, user, author), "{shown}");
                (expected, done)
            }
            Step::Pin(pinned) => {
                let Some((message, _, deleted)) = conversation.message.clone() else { return };
                let expected = conversation.may(Action::Pin, user, author) && !(pinned && deleted);
                let done = self.bench.write(PinMessage { actor: by, message, pinned }).await.is_ok();
                let seen = self.bench.store.pins(self.users[user].clone(), id).await;
                assert_eq!(seen.is_ok(), conversation.may(Action::Use, user, author), "{shown}");
                (expected, done)
            }
            Step::Join => {
                let expected = if member {
                    conversation.may(Action::Use, user, false)
                } else {
                    conversation.may(Action::Join, user, false)
                };
                let joined = self
                    .bench
                    .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: true })
                    .await;
                assert_eq!(joined.is_ok(), expected, "{shown}: {joined:?}");
                if expected && !member {
                    conversation.enter(user);
                }
                return;
            }
            Step::Leave => {
                let expected = conversation.may(Action::Leave, user, false);
                let left = self
                    .bench
                    .write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left })
                    .await;
                if expected {
                    conversation.exit(user);
                }
                (expected, left.is_ok())
            }
            Step::Add(other) => {
                if other == user || conversation.members.contains_key(&other) {
                    return;
                }
                let expected = conversation.may(Action::Add, user, false) && other < REGISTERED;
                let whom = self.users[other].clone();
                let added = self
                    .bench
                    .write(AddMember { actor: by, conversation: id, user: whom, role: Some(Role::Member) })
                    .await;
                if expected {
                    conversation.enter(other);
                }
                (expected, added.is_ok())
            }
            Step::Remove(other) => {
                if other == user {
                    return;
                }
                let role = |of: &usize| conversation.members.get(of).map(|(role, _)| *role);
                let lower = role(&other).is_some() && role(&user) > role(&other);
                let expected = conversation.may(Action::Remove, user, false) && lower;
                let whom = self.users[other].clone();
                let removed = self.bench.write(RemoveMember { actor: by, conversation: id, user: whom }).await;
                if expected {
                    conversation.exit(other);
                }
                (expected, removed.is_ok())
            }
            Step::MakeAdmin(other) => {
                let whom = self.users[other].clone();
                let seat = conversation.members.get(&other).map(|(role, _)| *role);
                if other == user || other >= REGISTERED || seat != Some(Role::Member) {
                    return;
                }
                let expected = conversation.may(Action::MakeAdmin, user, false);
                let made = self
                    .bench
                    .write(AddMember { actor: by, conversation: id, user: whom, role: Some(Role::Admin) })
                    .await;
                if expected && let Some(seat) = conversation.members.get_mut(&other) {
                    seat.0 = Role::Admin;
                }
                (expected, made.is_ok())
            }
            Step::Rename => {
                let expected = conversation.may(Action::Change, user, false);
                let renamed = self
                    .bench
                    .write(ChangeConversation {
                        actor: by,
                        conversation: id,
                        name: Some("new".into()),
                        open: None,
                        metadata: None,
                    })
                    .await;
                (expected, renamed.is_ok())
            }
            Step::DeleteConversation => {
                let hides = conversation.kind == ConversationKind::Direct && conversation.may(Action::Use, user, false);
                let expected = conversation.may(Action::Delete, user, false);
                let deleted = self.bench.write(DeleteConversation { actor: by, conversation: id }).await;
                if hides {
                    assert!(deleted.is_ok(), "{shown}");
                    return;
                }
                if expected {
                    conversation.deleted = true;
                    conversation.members.clear();
                }
                (expected, deleted.is_ok())
            }
            Step::Look => {
                let expected = conversation.may(Action::Use, user, false);
                let me = self.users[user].clone();
                let page = self
                    .bench
                    .store
                    .messages(Party::User(me.clone()), me.clone(), id.clone(), PageOf::Newest, 10)
                    .await;
                let whole = self.bench.store.conversation(me.clone(), id.clone()).await;
                let listed = self.bench.store.memberships(me).await.expect("read");
                assert_eq!(page.is_ok(), expected, "{shown}");
                assert_eq!(whole.is_ok(), expected, "{shown}");
                assert_eq!(
                    listed.conversations.iter().any(|(conversation, _)| conversation.id == id),
                    member && !self.conversations[at].deleted
                );
                if let Ok(whole) = whole {
                    assert_eq!(whole.members.len(), self.conversations[at].members.len(), "{shown}");
                }
                return;
            }
        };
        assert_eq!(done, expected, "{shown}");
        let now = self.delivered().await;
        if !expected {
            assert_eq!(now, delivered, "{shown}: refused, but with an entry");
        }
        // All entries were handed on for this conversation alone.
        let entries = self.bench.entries.lock().unwrap();
        for entry in &entries[delivered..now] {
            match entry.event.audience() {
                Audience::Members(to) => assert_eq!(to, &self.conversations[at].id, "{shown}"),
                Audience::User(to) => match &entry.event {
                    // The new member is shown the conversation, before the others are told of the join.
                    quintet_domain::Event::ConversationAppeared { conversation, user } => {
                        assert_eq!((&conversation.conversation.id, user), (&self.conversations[at].id, to), "{shown}");
                    }
                    quintet_domain::Event::ConversationHidden { conversation, user } => {
                        assert_eq!((&conversation.id, user), (&self.conversations[at].id, to), "{shown}");
                    }
                    _ => panic!("{shown}: {entry:?}"),
                },
                Audience::Users(_) | Audience::Watchers(_) | Audience::Contacts(_) => panic!("{shown}: {entry:?}"),
            }
        }
    }

    /// The number of entries, once all are handed on.
    async fn delivered(&self) -> usize {
        self.bench.settled().await;
        self.bench.entries.lock().unwrap().len()
    }
}

fn decides_as_the_table(factory: Factory, steps: &[(usize, usize, Step)]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for (user, at, step) in steps.iter().cloned() {
            run.take(user, at, step).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_store_decides_as_the_table_does(
        steps in proptest::collection::vec((0..USERS, 0..5usize, step()), 1..80)
    ) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            decides_as_the_table(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn postgres_decides_as_the_table_does(
        steps in proptest::collection::vec((0..USERS, 0..5usize, step()), 1..80)
    ) {
        decides_as_the_table(postgres_store(), &steps);
    }
}
