//! Who writes to whom where strangers ask: random histories of messages, decisions, blocks and days, beside a model.
//!
//! What must stay true: nobody hears or sees what it has not accepted, live or later, and what it has accepted comes once
//! and in order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quintet_domain::limits::CONTACT_REQUEST_DAYS;
use quintet_domain::{Audience, Code, Contact, ConversationId, Event, Hidden, Prune, RequestKind, SetBlock, UserId};
use quintet_store::{MissedSince, Party};

use crate::permissions::requests::{bench, decide, direct, requests};
use crate::support::{Bench, Factory, actor, block_on, postgres_store, quick_stores};

const USERS: usize = 3;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Debug)]
enum Step {
    Write(usize, usize),
    /// Decide the request of the second user to the first.
    Decide(usize, usize, bool),
    Block(usize, usize, bool),
    /// Let days pass.
    Days(i64),
    Prune,
}

fn step() -> impl Strategy<Value = Step> {
    let two = || (0..USERS, 0..USERS);
    prop_oneof![
        6 => two().prop_map(|(from, to)| Step::Write(from, to)),
        3 => (two(), any::<bool>()).prop_map(|((by, of), accept)| Step::Decide(by, of, accept)),
        2 => (two(), any::<bool>()).prop_map(|((by, other), blocked)| Step::Block(by, other, blocked)),
        2 => prop_oneof![Just(10), Just(CONTACT_REQUEST_DAYS)].prop_map(Step::Days),
        1 => Just(Step::Prune),
    ]
}

/// The direct conversation of two users, as the model has it.
#[derive(Clone, Debug, PartialEq)]
enum Pair {
    /// There is none.
    Nothing,
    /// It is that of one of them, who has asked for nothing that is not over.
    Begun { by: usize },
    /// One of them has asked, on a day, with a text.
    Asked { by: usize, day: i64, text: String, declined: bool },
    /// It is that of both.
    Both,
}

#[derive(Default)]
struct Model {
    pairs: BTreeMap<(usize, usize), Pair>,
    blocks: BTreeSet<(usize, usize)>,
    day: i64,
    /// The texts that each user has been shown, in order.
    shown: [Vec<String>; USERS],
}

impl Model {
    fn pair(&self, one: usize, other: usize) -> Pair {
        let pair = self.pairs.get(&(one.min(other), one.max(other))).cloned().unwrap_or(Pair::Nothing);
        match pair {
            Pair::Asked { by, day, .. } if self.day - day >= CONTACT_REQUEST_DAYS => Pair::Begun { by },
            pair => pair,
        }
    }

    fn set(&mut self, one: usize, other: usize, pair: Pair) {
        self.pairs.insert((one.min(other), one.max(other)), pair);
    }

    fn is_blocked(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Whether a user has begun a conversation that the other has not accepted.
    fn has_begun(&self, user: usize, other: usize) -> bool {
        matches!(self.pair(user, other), Pair::Begun { by } | Pair::Asked { by, .. } if by == user)
    }

    /// What waits for a user to decide.
    fn waiting(&self, user: usize, other: usize) -> Option<String> {
        match self.pair(user, other) {
            Pair::Asked { by, text, declined: false, .. } if by == other => Some(text),
            _ => None,
        }
    }

    fn accept(&mut self, user: usize, other: usize) {
        if let Some(text) = self.waiting(user, other) {
            self.shown[user].push(text);
        }
        self.set(user, other, Pair::Both);
    }

    /// Writes a message. Returns the code with which it is refused.
    fn write(&mut self, from: usize, to: usize, text: &str) -> Option<Code> {
        if self.is_blocked(from, to) {
            return Some(Code::Forbidden);
        }
        match self.pair(from, to) {
            Pair::Asked { by, .. } if by == from => return Some(Code::Conflict),
            Pair::Begun { by } | Pair::Asked { by, .. } if by == to => self.accept(from, to),
            Pair::Nothing | Pair::Begun { .. } => {
                let (by, day, text) = (from, self.day, text.to_owned());
                self.set(from, to, Pair::Asked { by, day, text, declined: false });
            }
            Pair::Asked { .. } | Pair::Both => {}
        }
        self.shown[from].push(text.to_owned());
        if self.pair(from, to) == Pair::Both {
            self.shown[to].push(text.to_owned());
        }
        None
    }
}

struct Run {
    bench: Bench,
    users: Vec<UserId>,
    model: Model,
    written: usize,
}

impl Run {
    async fn start(factory: Factory) -> Self {
        let bench = bench(Contact::Requests, factory);
        let mut users = Vec::new();
        for n in 0..USERS {
            users.push(bench.user(&format!("u{n}")).await);
        }
        Self { bench, users, model: Model::default(), written: 0 }
    }

    async fn take(&mut self, step: &Step) {
        let (bench, model) = (&self.bench, &mut self.model);
        match *step {
            Step::Write(from, to) if from != to => {
                self.written += 1;
                let text = format!("m{}", self.written);
                let sent = bench.write(direct(&self.users[from], &self.users[to], &text, None)).await;
                assert_eq!(sent.err().map(|refusal| refusal.code), model.write(from, to, &text), "{step:?}");
            }
            Step::Decide(by, of, accept) if by != of => {
                let found = requests(bench, &self.users[by]).await;
                let Some(request) = found.iter().find(|one| one.from.id == self.users[of]) else { return };
                decide(bench, &self.users[by], request, accept).await.expect("decided");
                match (accept, model.pair(by, of)) {
                    (true, _) => model.accept(by, of),
                    (false, Pair::Asked { by: asker, day, text, .. }) => {
                        model.set(by, of, Pair::Asked { by: asker, day, text, declined: true });
                    }
                    (false, pair) => panic!("{step:?} in {pair:?}"),
                }
            }
            Step::Block(by, other, blocked) if by != other => {
                let write = SetBlock { actor: actor(&self.users[by]), user: self.users[other].clone(), blocked };
                bench.write(write).await.expect("set");
                let was_blocked = model.blocks.contains(&(by, other));
                if blocked {
                    model.blocks.insert((by, other));
                    // Whatever they have asked each other is over, unless nothing changed.
                    if let (false, Pair::Asked { by: asker, .. }) = (was_blocked, model.pair(by, other)) {
                        model.set(by, other, Pair::Begun { by: asker });
                    }
                } else {
                    model.blocks.remove(&(by, other));
                }
            }
            Step::Days(days) => {
                bench.environment.pass_ms(days * DAY_MS);
                model.day += days;
            }
            Step::Prune => drop(bench.write(Prune { after: 0 }).await.expect("pruned")),
            Step::Write(..) | Step::Decide(..) | Step::Block(..) => return,
        }
        self.check(step).await;
    }

    /// Everything that a user can find out is as the model has it.
    async fn check(&self, step: &Step) {
        let (store, model) = (&self.bench.store, &self.model);
        for (user, me) in self.users.iter().enumerate() {
            let others = || (0..USERS).filter(|other| *other != user);
            let id = |other: usize| self.users[other].clone();
            let hides = |other: &usize| model.blocks.contains(&(*other, user)) || model.has_begun(user, *other);
            let hidden = Hidden::from_blockers(me, others().filter(hides).map(id).collect());
            assert_eq!(store.hidden_from(me.clone()).await.expect("read"), hidden, "{step:?}");
            let account = store.account(Party::Server, me.clone()).await.expect("read").expect("an account");
            assert_eq!(account.is_blocked, !hidden.is_nobody(), "{step:?}");
            let asked = requests(&self.bench, me).await;
            assert!(asked.iter().all(|one| one.kind == RequestKind::Message));
            let mut asked: Vec<(UserId, String)> = asked
                .into_iter()
                .map(|one| {
                    (one.from.id.clone(), one.message.map(|message| message.content.clone()).unwrap_or_default())
                })
                .collect();
            asked.sort();
            let mut expected: Vec<(UserId, String)> =
                others().filter_map(|other| Some((id(other), model.waiting(user, other)?))).collect();
            expected.sort();
            assert_eq!(asked, expected, "{step:?}");
            for other in others() {
                let own = model.pair(user, other) == Pair::Both || model.has_begun(user, other);
                let found = store.direct_conversation(me.clone(), id(other)).await.expect("read");
                assert_eq!(found.is_some(), own, "{step:?}");
                if let Some(found) = found {
                    let whole = store.conversation(me.clone(), found).await.expect("one's own");
                    assert_eq!((whole.members.len(), whole.member_count), (2, 2), "{step:?}");
                }
            }
        }
    }

    /// What each user was shown live, and is shown after it was away all the time, is what the model says.
    async fn end(&self) {
        self.bench.settled().await;
        let entries = self.bench.entries.lock().unwrap().clone();
        let mut members: BTreeSet<(ConversationId, UserId)> = BTreeSet::new();
        let mut live: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
        for entry in &entries {
            match (&entry.event, entry.event.audience()) {
                (Event::ConversationCreated { conversation, members: first }, _) => {
                    members.extend(first.iter().map(|user| (conversation.conversation.id.clone(), user.clone())));
                }
                (Event::MemberJoined { conversation, user, .. }, _) => {
                    assert!(members.insert((conversation.id.clone(), user.id.clone())), "it joins once");
                }
                (Event::MessageCreated(message), Audience::Members(id)) => {
                    for (_, user) in members.iter().filter(|(of, _)| of == id) {
                        live.entry(user.clone()).or_default().push(message.content.clone());
                    }
                }
                (Event::MessageAppeared { message, user }, audience) => {
                    assert_eq!(audience, Audience::User(user));
                    live.entry(user.clone()).or_default().push(message.content.clone());
                }
                _ => {}
            }
        }
        for (user, me) in self.users.iter().enumerate() {
            assert_eq!(live.remove(me).unwrap_or_default(), self.model.shown[user], "live, user {user}");
            let missed =
                self.bench.store.replay_since(me.clone(), false, MissedSince::from(0)).await.expect("a replay");
            let texts = missed.entries.expect("it is kept").into_iter().filter_map(|entry| match entry.event {
                Event::MessageCreated(message) | Event::MessageAppeared { message, .. } => {
                    Some(message.content.clone())
                }
                _ => None,
            });
            assert_eq!(texts.collect::<Vec<_>>(), self.model.shown[user], "replayed, user {user}");
        }
    }
}

fn plays(factory: Factory, steps: &[Step]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for step in steps {
            run.take(step).await;
        }
        run.end().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn strangers_hear_what_they_have_accepted(steps in proptest::collection::vec(step(), 1..60)) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            plays(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn strangers_hear_what_they_have_accepted_on_postgres(steps in proptest::collection::vec(step(), 1..60)) {
        plays(postgres_store(), &steps);
    }
}
