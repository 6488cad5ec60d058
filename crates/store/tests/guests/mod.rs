//! No account inherits what a guest did, and no guest acts for an account or proves what it has no secret for: random
//! guests, connections, secrets and adoptions, queued together so that they share commits, beside a model.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod ids;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Answer, Bench, Factory, block_on, message, postgres_store, quick_stores};
use model::{By, CONNECTIONS, Conn, IDS, Model, Room, SECRETS, Said, Shown, Who};
use proptest::prelude::*;
use quintet_domain::{
    Actor, AddService, AdoptUser, Audience, ChangeConversation, Claims, ConnectionId, ConversationKind,
    CreateConversation, Created, DeleteMessage, Departure, EditMessage, Event, GuestProof, JoinConversation,
    LeaveConversation, NewConversation, NewUser, Profile, RegisterUser, Scopes, Sent, SweepGuests, Timestamp, User,
    UserId, UserKind,
};
use quintet_store::{PageOf, StoreError};

#[derive(Clone, Debug)]
enum Step {
    Adopt(usize),
    Register(usize),
    /// The connection of that number is replaced by a new one, which claims an id and sends something.
    Connect(usize, usize, Shown),
    MakeRoom(By),
    Join(By, usize),
    Leave(By, usize),
    SendMessage(By, usize),
    Edit(By, usize),
    Delete(By, usize),
    Rename(By, usize),
    Sweep(BTreeSet<usize>),
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![2 => (0..IDS).prop_map(By::Account), 3 => (0..CONNECTIONS).prop_map(By::Guest)]
}

fn shown() -> impl Strategy<Value = Shown> {
    prop_oneof![
        2 => Just(Shown::Nothing),
        3 => (0..SECRETS).prop_map(Shown::Secret),
        1 => (0..SECRETS).prop_map(Shown::Forged),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0..64usize;
    prop_oneof![
        1 => (0..IDS).prop_map(Step::Adopt),
        1 => (0..IDS).prop_map(Step::Register),
        3 => (0..CONNECTIONS, 0..IDS, shown()).prop_map(|(n, id, shown)| Step::Connect(n, id, shown)),
        4 => by().prop_map(Step::MakeRoom),
        8 => (by(), any.clone()).prop_map(|(by, n)| Step::Join(by, n)),
        3 => (by(), any.clone()).prop_map(|(by, n)| Step::Leave(by, n)),
        8 => (by(), any.clone()).prop_map(|(by, n)| Step::SendMessage(by, n)),
        5 => (by(), any.clone()).prop_map(|(by, n)| Step::Edit(by, n)),
        4 => (by(), any.clone()).prop_map(|(by, n)| Step::Delete(by, n)),
        4 => (by(), any).prop_map(|(by, n)| Step::Rename(by, n)),
        1 => proptest::collection::btree_set(0..IDS, 0..IDS).prop_map(Step::Sweep),
    ]
}

/// An answer that is still pending.
enum Pending {
    Plain(Box<dyn FnOnce() -> Outcome>),
    Room(Answer<Created>, Who, Option<usize>),
    Message(Answer<Sent>, usize, Who, Option<u64>, Option<usize>),
}

type Outcome = std::pin::Pin<Box<dyn std::future::Future<Output = Result<(), StoreError>>>>;

fn plain<T: Send + 'static>(answer: Answer<T>) -> Pending {
    Pending::Plain(Box::new(move || Box::pin(async move { answer.await.expect("an answer").map(|_| ()) })))
}

struct Run {
    bench: Bench,
    model: Model,
    /// A service, which sees every room and is a member of none.
    eye: UserId,
}

fn id(number: usize) -> UserId {
    UserId::trusted(&format!("{}", 40 + number))
}

impl Run {
    async fn start(factory: Factory) -> Self {
        let bench = Bench::of(factory);
        let eye = bench
            .write(AddService { name: "eye".into(), hash: "hash".into(), scopes: Scopes::all() })
            .await
            .expect("made");
        let connections =
            std::array::from_fn(|n| Conn { number: n as u64, claims: n % IDS, shown: Shown::Secret(n % SECRETS) });
        let model = Model {
            accounts: [false; IDS],
            connections,
            count: CONNECTIONS as u64,
            rooms: Vec::new(),
            said: Vec::new(),
            secrets: BTreeMap::new(),
            secrets_made: 0,
            done: 0,
        };
        Self { bench, model, eye: eye.user.id.clone() }
    }

    fn actor(&self, by: By) -> Actor {
        match by {
            By::Account(n) => {
                Actor { user: id(n), guest: false, guest_proof: None, address: None, origin: None, acked: false }
            }
            By::Guest(n) => {
                let Conn { number, claims, shown } = self.model.connections[n];
                let proof = |name: usize, key: u8| Some(GuestProof { name: format!("s{name}"), hash: [key; 32] });
                let guest_proof = match shown {
                    Shown::Nothing => None,
                    Shown::Secret(name) => proof(name, 1),
                    Shown::Forged(name) => proof(name, 2),
                };
                Actor {
                    user: id(claims),
                    guest: true,
                    guest_proof,
                    address: None,
                    origin: Some(ConnectionId(number)),
                    acked: false,
                }
            }
        }
    }

    /// Queues a step, and applies it to the model. Returns the expected result and the pending answer.
    async fn queue(&mut self, step: Step) -> Option<(bool, Pending)> {
        let (bench, model) = (&self.bench, &mut self.model);
        match step {
            Step::Adopt(n) => {
                let claims =
                    Claims { id: id(n), username: None, name: None, email: None, email_verified: false, avatar: None };
                let answer = bench.start(AdoptUser { claims }).await;
                if !model.accounts[n] {
                    model.account_comes(n);
                }
                Some((true, plain(answer)))
            }
            Step::Register(n) => {
                let new =
                    NewUser { id: Some(id(n)), username: format!("u{n}"), any_username: true, ..NewUser::default() };
                let answer = bench.start(RegisterUser { new }).await;
                let expected = !model.accounts[n];
                if expected {
                    model.account_comes(n);
                }
                Some((expected, plain(answer)))
            }
            Step::Connect(n, claims, shown) => {
                model.connections[n] = Conn { number: model.count, claims, shown };
                model.count += 1;
                None
            }
            Step::Sweep(present) => {
                let ids = present.iter().map(|n| id(*n)).collect::<BTreeSet<_>>().into();
                let answer = bench.start(SweepGuests { present: ids, joined_before: Timestamp(i64::MAX) }).await;
                for n in (0..IDS).filter(|n| !present.contains(n)) {
                    (0..model.rooms.len()).for_each(|room| model.leave(None, Who::Guest(n), room));
                }
                Some((true, plain(answer)))
            }
            Step::MakeRoom(by) => {
                let actor = self.actor(by);
                let new = NewConversation {
                    kind: ConversationKind::Room,
                    name: Some("R".into()),
                    description: None,
                    picture: None,
                    metadata: None,
                    open: true,
                    members: Vec::new(),
                    owner: None,
                    join: false,
                    profile: Profile::default(),
                };
                let answer = self.bench.start(CreateConversation { actor, new }).await;
                let (who, secret) = self.make_room(by)?;
                Some((who.is_some(), Pending::Room(answer, who.unwrap_or(Who::Guest(0)), secret)))
            }
            Step::Join(by, n) => {
                let (room, actor) = (self.room(n)?, self.actor(by));
                let conversation = self.model.rooms[room].id.clone();
                let answer = self
                    .bench
                    .start(JoinConversation { actor, conversation, profile: Profile::default(), history: false })
                    .await;
                let who = self.model.actor(by);
                if let Some(who) = who
                    && !self.model.rooms[room].members.contains(&who)
                {
                    self.model.done += usize::from(matches!(who, Who::Account(_)));
                    self.model.rooms[room].members.push(who);
                }
                Some((who.is_some(), plain(answer)))
            }
            Step::Leave(by, n) => {
                let (room, actor) = (self.room(n)?, self.actor(by));
                let conversation = self.model.rooms[room].id.clone();
                let answer =
                    self.bench.start(LeaveConversation { actor, conversation, departure: Departure::Left }).await;
                let who = self.member(by, room);
                if let Some(who) = who {
                    self.model.done += usize::from(matches!(who, Who::Account(_)));
                    self.model.leave(Some(by), who, room);
                }
                Some((who.is_some(), plain(answer)))
            }
            Step::SendMessage(by, n) => {
                let (room, actor) = (self.room(n)?, self.actor(by));
                let send = quintet_domain::SendMessage {
                    actor,
                    ..message(&self.eye, &self.model.rooms[room].id, "text", None)
                };
                let answer = self.bench.start(send).await;
                let who = self.member(by, room);
                self.model.done += usize::from(matches!(who, Some(Who::Account(_))));
                let (connection, secret) = (self.model.connection(by), self.model.proved(by));
                Some((who.is_some(), Pending::Message(answer, room, who.unwrap_or(Who::Guest(0)), connection, secret)))
            }
            Step::Edit(by, n) => {
                let (said, actor) = (self.said(n)?, self.actor(by));
                let (message, room) = (self.model.said[said].id.clone(), self.model.said[said].room);
                let answer = self
                    .bench
                    .start(EditMessage { actor, message, content: "new".into(), details: None, screening: None })
                    .await;
                let message = &self.model.said[said];
                let allowed = self.member(by, room).is_some_and(|who| self.model.wrote(by, who, message));
                Some((allowed && !message.deleted, plain(answer)))
            }
            Step::Delete(by, n) => {
                let (said, actor) = (self.said(n)?, self.actor(by));
                let (message, room) = (self.model.said[said].id.clone(), self.model.said[said].room);
                let answer = self.bench.start(DeleteMessage { actor, message }).await;
                let message = &self.model.said[said];
                let allowed = self
                    .member(by, room)
                    .is_some_and(|who| self.model.wrote(by, who, message) || self.model.owns(by, who, room));
                self.model.said[said].deleted |= allowed;
                Some((allowed, plain(answer)))
            }
            Step::Rename(by, n) => {
                let (room, actor) = (self.room(n)?, self.actor(by));
                let conversation = self.model.rooms[room].id.clone();
                let answer = self
                    .bench
                    .start(ChangeConversation {
                        actor,
                        conversation,
                        name: Some("N".into()),
                        open: None,
                        picture: None,
                        metadata: None,
                        moderation: Default::default(),
                    })
                    .await;
                let allowed = self.member(by, room).is_some_and(|who| self.model.owns(by, who, room));
                Some((allowed, plain(answer)))
            }
        }
    }

    /// Who creates a room, if that is allowed, and the secret that proves its ownership.
    fn make_room(&mut self, by: By) -> Option<(Option<Who>, Option<usize>)> {
        let model = &mut self.model;
        let Some(who) = model.actor(by) else { return Some((None, None)) };
        let proved = model.proved(by);
        let (By::Guest(n), None) = (by, proved) else { return Some((Some(who), proved)) };
        let Conn { claims, shown, .. } = model.connections[n];
        let (name, forged) = match shown {
            Shown::Nothing => return Some((Some(who), None)),
            Shown::Secret(name) => (name, false),
            Shown::Forged(name) => (name, true),
        };
        if model.secrets.contains_key(&name) {
            return Some((None, None));
        }
        model.secrets_made += 1;
        model.secrets.insert(name, (claims, forged, model.secrets_made));
        Some((Some(who), Some(model.secrets_made)))
    }

    fn room(&self, n: usize) -> Option<usize> {
        (!self.model.rooms.is_empty()).then(|| n % self.model.rooms.len())
    }

    fn said(&self, n: usize) -> Option<usize> {
        (!self.model.said.is_empty()).then(|| n % self.model.said.len())
    }

    fn member(&self, by: By, room: usize) -> Option<Who> {
        self.model.actor(by).filter(|who| self.model.rooms[room].members.contains(who))
    }

    /// Queues steps together, and checks that each had the result of the model.
    async fn take(&mut self, steps: Vec<Step>) {
        let mut queued = Vec::new();
        for step in steps {
            let shown = format!("{step:?}");
            if let Some((expected, pending)) = self.queue(step).await {
                queued.push((shown, expected, pending));
            }
        }
        for (shown, expected, pending) in queued {
            let outcome = match pending {
                Pending::Plain(answer) => answer().await,
                Pending::Room(answer, owner, secret) => answer.await.expect("an answer").map(|created| {
                    self.model.rooms.push(Room {
                        id: created.conversation.id.clone(),
                        owner,
                        secret,
                        members: Vec::new(),
                    });
                }),
                Pending::Message(answer, room, author, connection, secret) => {
                    answer.await.expect("an answer").map(|sent| {
                        let id = sent.message.id.clone();
                        self.model.said.push(Said { id, room, author, connection, secret, deleted: false });
                    })
                }
            };
            assert_eq!(outcome.is_ok(), expected, "{shown}: {outcome:?}");
        }
        self.look().await;
    }

    /// Whether a user is the one that the model names.
    fn is(&self, user: &User, who: Who) -> bool {
        let expected = match who {
            Who::Account(_) => UserKind::Registered,
            Who::Guest(_) => UserKind::Guest,
        };
        user.kind == expected && self.is_id(&user.id, who)
    }

    fn is_id(&self, shown: &UserId, who: Who) -> bool {
        match who {
            Who::Account(n) => *shown == id(n),
            Who::Guest(n) if self.model.accounts[n] => shown.is_former_guests(),
            Who::Guest(n) => *shown == id(n),
        }
    }

    /// Checks that everything that can be read is as the model has it.
    async fn look(&self) {
        self.bench.settled().await;
        for (at, room) in self.model.rooms.iter().enumerate() {
            let seen = self.bench.store.conversation(self.eye.clone(), room.id.clone()).await.expect("a room");
            assert!(
                self.is_id(&seen.owner.clone().expect("an owner"), room.owner),
                "{:?} owns {:?}",
                seen.owner,
                room.owner
            );
            assert_eq!(seen.members.len(), room.members.len());
            for who in &room.members {
                assert!(
                    seen.members.iter().any(|member| self.is(&member.user, *who)),
                    "{who:?} is not in {:?}",
                    seen.members
                );
            }
            let page = self
                .bench
                .store
                .messages(quintet_store::Party::Server, self.eye.clone(), room.id.clone(), PageOf::Newest, 200)
                .await
                .expect("a page");
            for said in self.model.said.iter().filter(|said| said.room == at) {
                let found = page.items.iter().find(|message| message.id == said.id).expect("the message");
                assert!(self.is(&found.sender, said.author), "{:?} signs what {:?} wrote", found.sender, said.author);
            }
        }
        for n in (0..IDS).filter(|n| self.model.accounts[*n]) {
            let mine: BTreeSet<_> = self
                .bench
                .store
                .memberships(id(n))
                .await
                .expect("read")
                .conversations
                .into_iter()
                .map(|(conversation, _)| conversation.id.clone())
                .collect();
            let expected = self.model.rooms.iter().filter(|room| room.members.contains(&Who::Account(n)));
            assert_eq!(mine, expected.map(|room| room.id.clone()).collect());
            // A guest who reconnects receives nothing by an account's id, and an account nothing of a guest's.
            assert_eq!(self.bench.store.replay_since(id(n), true, 0.into()).await.expect("read").entries, None);
            let missed = self
                .bench
                .store
                .replay_since(id(n), false, 0.into())
                .await
                .expect("read")
                .entries
                .expect("not too much");
            let joined: BTreeSet<_> = missed
                .iter()
                .filter_map(|entry| match &entry.event {
                    Event::MemberJoined { conversation, user, .. } if user.id == id(n) => Some(conversation.id.clone()),
                    _ => None,
                })
                .collect();
            for entry in &missed {
                if let Audience::Members(conversation) = entry.event.audience() {
                    assert!(joined.contains(conversation), "{entry:?} is delivered to an account that was not there");
                }
            }
        }
        // Entries name an account for what it did itself, and for nothing else.
        self.bench.settled().await;
        let entries = self.bench.entries.lock().unwrap();
        let by_accounts = entries.iter().filter(|entry| match &entry.event {
            Event::MessageCreated(message) => message.sender.kind == UserKind::Registered,
            Event::MemberJoined { user, .. } | Event::MemberLeft { user, .. } => user.kind == UserKind::Registered,
            _ => false,
        });
        assert_eq!(by_accounts.count(), self.model.done);
    }
}

fn nobody_has(factory: Factory, groups: &[Vec<Step>]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for steps in groups {
            run.take(steps.clone()).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn nobody_has_what_another_did(
        groups in proptest::collection::vec(proptest::collection::vec(step(), 1..8), 1..24)
    ) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            nobody_has(factory, &groups);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn nobody_has_what_another_did_on_postgres(
        groups in proptest::collection::vec(proptest::collection::vec(step(), 1..8), 1..24)
    ) {
        nobody_has(postgres_store(), &groups);
    }
}
