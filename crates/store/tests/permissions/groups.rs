//! Who comes into groups where strangers ask: random histories of additions, decisions, departures, bans, blocks and days,
//! beside a model.
//!
//! What must stay true: nobody becomes a member of a group, or is asked to, except as the model says, and nobody hears of a
//! group what was said while it was no member, live or later.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quintet_domain::limits::CONTACT_REQUEST_DAYS;
use quintet_domain::{
    AddMember, Audience, Code, Contact, ConversationId, ConversationKind, DecideContact, Departure, Event,
    LeaveConversation, LiftRestriction, Prune, Refusal, RemoveMember, RequestId, RequestKind, Restrict,
    RestrictionKind, Role, SetBlock, UserId,
};
use quintet_store::MissedSince;

use crate::permissions::requests::{bench, direct, requests};
use crate::support::{Bench, Factory, actor, block_on, postgres_store, quick_stores};

const USERS: usize = 4;
/// Each group is owned by the user with its number, who never leaves it.
const GROUPS: usize = 2;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Add the other, as an admin or as it comes.
    Add {
        as_admin: bool,
    },
    Remove,
    Ban,
    LiftBan,
    Leave,
    /// Decide the newest request for the group that one ever saw.
    Decide {
        accept: bool,
    },
    Block {
        blocked: bool,
    },
    /// Write to each other, so that both are in one direct conversation.
    Meet,
    Say,
    /// Let days pass.
    Days(i64),
    Prune,
}

/// What a user does, in a group or not, to another user or not.
#[derive(Clone, Copy, Debug)]
struct Step {
    by: usize,
    other: usize,
    group: usize,
    act: Act,
}

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        8 => prop::bool::weighted(0.3).prop_map(|as_admin| Act::Add { as_admin }),
        6 => prop::bool::weighted(0.7).prop_map(|accept| Act::Decide { accept }),
        3 => Just(Act::Leave),
        2 => Just(Act::Remove),
        2 => Just(Act::Ban),
        2 => Just(Act::LiftBan),
        2 => any::<bool>().prop_map(|blocked| Act::Block { blocked }),
        1 => Just(Act::Meet),
        4 => Just(Act::Say),
        1 => prop_oneof![Just(10), Just(CONTACT_REQUEST_DAYS)].prop_map(Act::Days),
        1 => Just(Act::Prune),
    ];
    (0..USERS, 0..USERS, 0..GROUPS, act).prop_map(|(by, other, group, act)| Step { by, other, group, act })
}

/// A request for a group, as the model has it.
#[derive(Clone, Copy, Debug)]
struct Asked {
    from: usize,
    role: Role,
    day: i64,
    declined: bool,
}

#[derive(Default)]
struct Model {
    members: [BTreeMap<usize, Role>; GROUPS],
    /// Those who have left a group by their own choice and have not come back, each with the group.
    left: BTreeSet<(usize, usize)>,
    banned: BTreeSet<(usize, usize)>,
    asked: BTreeMap<(usize, usize), Asked>,
    blocks: BTreeSet<(usize, usize)>,
    met: BTreeSet<(usize, usize)>,
    day: i64,
    /// The texts that each user has been shown, in order.
    shown: [Vec<String>; USERS],
}

impl Model {
    fn role(&self, user: usize, group: usize) -> Option<Role> {
        self.members[group].get(&user).copied()
    }

    /// The role of a user who asks for something that only those who lead a group may do.
    fn leading(&self, user: usize, group: usize) -> Result<Role, Code> {
        let role = self.role(user, group).ok_or(Code::NotFound)?;
        if role >= Role::Admin { Ok(role) } else { Err(Code::Forbidden) }
    }

    fn open(&self, user: usize, group: usize) -> Option<Asked> {
        self.asked.get(&(user, group)).copied().filter(|asked| self.day - asked.day < CONTACT_REQUEST_DAYS)
    }

    /// Who asks a user to come into a group, as the user is shown it.
    fn waiting(&self, user: usize, group: usize) -> Option<usize> {
        let asked = self.open(user, group).filter(|asked| !asked.declined)?;
        (!self.banned.contains(&(user, group))).then_some(asked.from)
    }

    fn has_to_be_asked(&self, by: usize, other: usize, group: usize) -> bool {
        let share = self.members.iter().any(|members| members.contains_key(&by) && members.contains_key(&other));
        let met = self.met.contains(&(by.min(other), by.max(other)));
        self.left.contains(&(other, group)) || !(share || met)
    }

    fn join(&mut self, user: usize, group: usize, role: Role) -> Result<(), Code> {
        if self.banned.contains(&(user, group)) {
            return Err(Code::Forbidden);
        }
        self.left.remove(&(user, group));
        self.asked.remove(&(user, group));
        self.members[group].insert(user, role);
        Ok(())
    }

    fn add(&mut self, by: usize, other: usize, group: usize, as_admin: bool) -> Result<(), Code> {
        let own = self.role(by, group).ok_or(Code::NotFound)?;
        let role = if as_admin { Role::Admin } else { Role::Member };
        let Some(present) = self.role(other, group) else {
            if (as_admin && own != Role::Owner) || own == Role::Member || self.blocks.contains(&(other, by)) {
                return Err(Code::Forbidden);
            }
            if !self.has_to_be_asked(by, other, group) {
                return self.join(other, group, role);
            }
            if self.banned.contains(&(other, group)) {
                return Err(Code::Forbidden);
            }
            if self.open(other, group).is_none() {
                self.asked.insert((other, group), Asked { from: by, role, day: self.day, declined: false });
            }
            return Ok(());
        };
        if !as_admin || present == Role::Admin {
            return Ok(());
        }
        if own != Role::Owner {
            return Err(Code::Forbidden);
        }
        self.members[group].insert(other, role);
        Ok(())
    }

    fn remove(&mut self, by: usize, other: usize, group: usize) -> Result<(), Code> {
        let own = self.leading(by, group)?;
        let role = self.role(other, group).ok_or(Code::NotFound)?;
        if own <= role {
            return Err(Code::Forbidden);
        }
        self.members[group].remove(&other);
        Ok(())
    }

    fn ban(&mut self, by: usize, other: usize, group: usize) -> Result<(), Code> {
        let own = self.leading(by, group)?;
        if Some(own) <= self.role(other, group) {
            return Err(Code::Forbidden);
        }
        self.members[group].remove(&other);
        self.banned.insert((other, group));
        Ok(())
    }

    fn lift_ban(&mut self, by: usize, other: usize, group: usize) -> Result<(), Code> {
        self.leading(by, group)?;
        self.banned.remove(&(other, group));
        Ok(())
    }

    fn leave(&mut self, user: usize, group: usize) -> Result<(), Code> {
        self.members[group].remove(&user).ok_or(Code::NotFound)?;
        self.left.insert((user, group));
        Ok(())
    }

    fn decide(&mut self, user: usize, group: usize, accept: bool) -> Result<(), Code> {
        let asked = self.open(user, group).filter(|asked| !asked.declined).ok_or(Code::NotFound)?;
        if !accept {
            self.asked.insert((user, group), Asked { declined: true, ..asked });
            return Ok(());
        }
        match self.role(asked.from, group) {
            Some(Role::Owner) => self.join(user, group, asked.role),
            Some(Role::Admin) => self.join(user, group, Role::Member),
            Some(Role::Member) | None => Err(Code::Conflict),
        }
    }

    fn block(&mut self, by: usize, other: usize, blocked: bool) {
        if !blocked {
            self.blocks.remove(&(by, other));
        } else if self.blocks.insert((by, other)) {
            let both = [(by, other), (other, by)];
            self.asked.retain(|(to, _), asked| !both.contains(&(asked.from, *to)));
        }
    }

    fn say(&mut self, by: usize, group: usize, text: &str) -> Result<(), Code> {
        self.role(by, group).ok_or(Code::NotFound)?;
        for member in self.members[group].keys() {
            self.shown[*member].push(text.to_owned());
        }
        Ok(())
    }
}

struct Run {
    bench: Bench,
    users: Vec<UserId>,
    groups: Vec<ConversationId>,
    /// The newest request of each user for each group.
    seen: BTreeMap<(usize, usize), RequestId>,
    model: Model,
    written: usize,
}

fn code<T>(answer: Result<T, Refusal>) -> Result<(), Code> {
    answer.map(|_| ()).map_err(|refusal| refusal.code)
}

impl Run {
    async fn start(factory: Factory) -> Self {
        let bench = bench(Contact::Requests, factory);
        let (mut users, mut groups, mut model) = (Vec::new(), Vec::new(), Model::default());
        for n in 0..USERS {
            users.push(bench.user(&format!("u{n}")).await);
        }
        for (owner, user) in users.iter().enumerate().take(GROUPS) {
            groups.push(bench.conversation(user, ConversationKind::Group, false, &[]).await);
            model.members[owner].insert(owner, Role::Owner);
        }
        Self { bench, users, groups, seen: BTreeMap::new(), model, written: 0 }
    }

    async fn take(&mut self, step: Step) {
        let Step { by, other, group, act } = step;
        let (bench, model) = (&self.bench, &mut self.model);
        let (actor, user, conversation) =
            (actor(&self.users[by]), self.users[other].clone(), self.groups[group].clone());
        // Nobody does these to itself, and an owner stays.
        let is_to_other =
            matches!(act, Act::Add { .. } | Act::Remove | Act::Ban | Act::LiftBan | Act::Block { .. } | Act::Meet);
        if (is_to_other && by == other) || (matches!(act, Act::Leave) && by == group) {
            return;
        }
        let (answer, expected) = match act {
            Act::Add { as_admin } => {
                let role = as_admin.then_some(Role::Admin);
                let write = AddMember { actor, conversation, user, role, reason: None };
                (code(bench.write(write).await), model.add(by, other, group, as_admin))
            }
            Act::Remove => {
                let write = RemoveMember { actor, conversation, user, reason: None };
                (code(bench.write(write).await), model.remove(by, other, group))
            }
            Act::Ban => {
                let kind = RestrictionKind::Ban;
                let write = Restrict { actor, conversation, user, kind, until: None, reason: None };
                (code(bench.write(write).await), model.ban(by, other, group))
            }
            Act::LiftBan => {
                let write = LiftRestriction { actor, conversation, user, kind: RestrictionKind::Ban, reason: None };
                (code(bench.write(write).await), model.lift_ban(by, other, group))
            }
            Act::Leave => {
                let write = LeaveConversation { actor, conversation, departure: Departure::Left };
                (code(bench.write(write).await), model.leave(by, group))
            }
            Act::Decide { accept } => {
                let Some(request) = self.seen.get(&(by, group)).cloned() else { return };
                let write = DecideContact { actor, request, accept };
                (code(bench.write(write).await), model.decide(by, group, accept))
            }
            Act::Block { blocked } => {
                model.block(by, other, blocked);
                (code(bench.write(SetBlock { actor, user, blocked }).await), Ok(()))
            }
            Act::Meet => {
                if model.blocks.contains(&(by, other)) || model.blocks.contains(&(other, by)) {
                    return;
                }
                model.met.insert((by.min(other), by.max(other)));
                // The first may wait already; whoever is asked accepts by writing.
                let _ = bench.write(direct(&self.users[by], &self.users[other], "hello", None)).await;
                (code(bench.write(direct(&self.users[other], &self.users[by], "hello", None)).await), Ok(()))
            }
            Act::Say => {
                self.written += 1;
                let text = format!("m{}", self.written);
                (code(bench.send(&self.users[by], &conversation, &text).await), model.say(by, group, &text))
            }
            Act::Days(days) => {
                bench.environment.pass_ms(days * DAY_MS);
                model.day += days;
                (Ok(()), Ok(()))
            }
            Act::Prune => (code(bench.write(Prune { after: 0 }).await), Ok(())),
        };
        assert_eq!(answer, expected, "{step:?}");
        self.check(step).await;
    }

    /// Who is a member, and who is asked, is as the model has it.
    async fn check(&mut self, step: Step) {
        for (user, me) in self.users.iter().enumerate() {
            let mut asked = BTreeMap::new();
            for one in requests(&self.bench, me).await.into_iter().filter(|one| one.kind == RequestKind::Group) {
                let group = self.groups.iter().position(|id| *id == one.conversation.id).expect("a group");
                asked.insert(group, one.from.id.clone());
                self.seen.insert((user, group), one.id);
            }
            let waiting = |group| Some((group, self.users[self.model.waiting(user, group)?].clone()));
            assert_eq!(asked, (0..GROUPS).filter_map(waiting).collect(), "{step:?}, user {user} is asked");
            for (group, id) in self.groups.iter().enumerate() {
                let found = self.bench.store.conversation(me.clone(), id.clone()).await.map_err(Refusal::from);
                let members = found.map_err(|refusal| refusal.code).map(|found| {
                    let members = found.members.iter().map(|member| (member.user.id.clone(), member.role));
                    members.collect::<BTreeMap<_, _>>()
                });
                let named = self.model.members[group].iter().map(|(user, role)| (self.users[*user].clone(), *role));
                let expected = self.model.role(user, group).map(|_| named.collect()).ok_or(Code::NotFound);
                assert_eq!(members, expected, "{step:?}, user {user} sees group {group}");
            }
        }
    }

    /// What each user was shown live, and is shown after it was away all the time, is what the model says.
    async fn end(&self) {
        self.bench.settled().await;
        let entries = self.bench.entries.lock().unwrap().clone();
        let mut members: BTreeMap<&ConversationId, BTreeSet<&UserId>> = BTreeMap::new();
        let mut live: BTreeMap<&UserId, Vec<String>> = BTreeMap::new();
        for entry in &entries {
            match (&entry.event, entry.event.audience()) {
                (Event::ConversationCreated { conversation, members: first }, _) => {
                    members.entry(&conversation.conversation.id).or_default().extend(first);
                }
                (Event::MemberJoined { conversation, user, .. }, _) => {
                    assert!(members.entry(&conversation.id).or_default().insert(&user.id), "it joins once");
                }
                (Event::MemberLeft { conversation, user, .. }, _) => {
                    assert!(members.entry(&conversation.id).or_default().remove(&user.id), "it leaves once");
                }
                (Event::MessageCreated(message), Audience::Members(id)) if self.groups.contains(id) => {
                    for user in &members[id] {
                        live.entry(user).or_default().push(message.content.clone());
                    }
                }
                _ => {}
            }
        }
        for (user, me) in self.users.iter().enumerate() {
            assert_eq!(live.remove(me).unwrap_or_default(), self.model.shown[user], "live, user {user}");
            let missed =
                self.bench.store.replay_since(me.clone(), false, MissedSince::from(0)).await.expect("a replay");
            let texts = missed.entries.expect("it is kept").into_iter().filter_map(|entry| match entry.event {
                Event::MessageCreated(message) if self.groups.contains(&message.conversation.id) => {
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
            run.take(*step).await;
        }
        run.end().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_in_a_group_was_added_or_has_accepted(steps in proptest::collection::vec(step(), 1..80)) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            plays(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_in_a_group_was_added_or_has_accepted_on_postgres(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        plays(postgres_store(), &steps);
    }
}
