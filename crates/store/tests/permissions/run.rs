//! A run: what users try, what the model expects of it, and who is told.
//!
//! What must stay true: each step is decided as the model decides it; what is refused is told to nobody, and what is done
//! in one conversation is told there alone.

use std::collections::BTreeSet;

use quintet_domain::permissions::Action;
use quintet_domain::{
    AddMember, AddService, Audience, ChangeConversation, ChangeSettings, ConversationId, ConversationKind,
    CreateMeetup, DecideContact, DecideRequest, DeleteConversation, DeleteMessage, Departure, EditMessage,
    EditedDetails, Emoji, Environment, Event, JoinConversation, LeaveConversation, LiftRestriction, MarkRead, MayType,
    MessageSearch, ModerationChange, NewMeetup, NoteDelivery, NotedBy, PinMessage, React, Reading, RemoveMember,
    RequestMeetup, Restrict, RestrictionKind, Role, Scopes, SearchText, SetBlock, SettingsChange, Target, Timestamp,
    UserId, UserKind,
};
use quintet_store::{Filter, PageOf, Party};

use crate::permissions::model::{BYSTANDERS, CONVERSATIONS, Modelled, REGISTERED, SERVICE, Step, USERS, kind_of};
use crate::support::{Bench, Factory, actor};

/// The number of those who are only there: with the owner, one more than a small group has.
const BYSTANDERS_COUNT: usize = 20;
/// The seconds of slow mode, and of what ends soon.
const SOON_S: u32 = 600;

pub struct Run {
    pub bench: Bench,
    pub users: Vec<UserId>,
    pub conversations: Vec<Modelled>,
    /// Who has blocked whom.
    pub blocks: BTreeSet<(usize, usize)>,
}

impl Run {
    pub async fn start(factory: Factory) -> Self {
        let bench = Bench::of(factory);
        let mut users = Vec::new();
        for n in 0..USERS {
            users.push(match kind_of(n) {
                UserKind::Registered => bench.user(&format!("u{n}")).await,
                UserKind::Guest => UserId::trusted(&format!("guest-{n}")),
                UserKind::Service => {
                    let add = AddService { name: "shop".into(), hash: "hash".into(), scopes: Scopes::all() };
                    bench.write(add).await.expect("added").user.id.clone()
                }
            });
        }
        // Guests are created when they join: this room serves that purpose only.
        let lobby = bench.conversation(&users[0], ConversationKind::Room, true, &[]).await;
        for guest in &users[REGISTERED..SERVICE] {
            let (by, id) = (actor(guest), lobby.clone());
            bench
                .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
                .await
                .expect("joined");
        }
        let mut bystanders = Vec::new();
        for n in 0..BYSTANDERS_COUNT {
            bystanders.push(bench.user(&format!("bystander{n}")).await);
        }
        let mut conversations = Vec::new();
        for (kind, open, others) in [
            (ConversationKind::Direct, false, &[][..]),
            (ConversationKind::Group, false, &[]),
            (ConversationKind::Group, true, &[]),
            (ConversationKind::Room, true, &[]),
            (ConversationKind::Meetup, false, &[]),
            (ConversationKind::Group, true, &bystanders),
        ] {
            conversations.push(Self::conversation(&bench, &users, (kind, open), others).await);
        }
        assert_eq!(conversations.len(), CONVERSATIONS);
        Self { bench, users, conversations, blocks: BTreeSet::new() }
    }

    async fn conversation(
        bench: &Bench,
        users: &[UserId],
        (kind, open): (ConversationKind, bool),
        others: &[UserId],
    ) -> Modelled {
        let mut conversation = Modelled::new(ConversationId::trusted("x"), kind, open);
        conversation.enter(0);
        match kind {
            ConversationKind::Direct => {
                conversation.id = bench.conversation(&users[0], kind, false, &users[1..2]).await;
                conversation.enter(1);
            }
            ConversationKind::Meetup => {
                let new = NewMeetup {
                    activity: "a".into(),
                    location: "l".into(),
                    starts_at: Timestamp(i64::MAX / 2),
                    expires_at: Timestamp(i64::MAX / 2),
                    capacity: None,
                };
                let by = actor(&users[0]);
                let meetup = bench.write(CreateMeetup { actor: by, new }).await.expect("made");
                conversation.id = meetup.chat_id.clone();
                let (by, id) = (actor(&users[1]), meetup.id.clone());
                bench.write(RequestMeetup { actor: by, meetup: id }).await.expect("asked");
                let (by, user) = (actor(&users[0]), users[1].clone());
                let accept = bench.write(DecideRequest { actor: by, meetup: meetup.id, user, accept: true });
                accept.await.expect("accepted");
                conversation.enter(1);
            }
            ConversationKind::Group | ConversationKind::Room => {
                conversation.id = bench.conversation(&users[0], kind, open, others).await;
                (0..others.len()).for_each(|n| conversation.enter(BYSTANDERS + n));
            }
        }
        conversation
    }

    /// Takes a step, and checks that the store decides as the table does.
    pub async fn take(&mut self, user: usize, at: usize, step: Step) {
        let before = self.delivered().await;
        let conversation = &self.conversations[at];
        let shown = format!("user {user} {step:?} in {at}, {:?} (open {})", conversation.kind, conversation.open);
        let Some((expected, done)) = self.decided(user, at, step, &shown).await else {
            return;
        };
        assert_eq!(done, expected, "{shown}");
        let now = self.delivered().await;
        if !expected {
            assert_eq!(now, before, "{shown}: refused, but with an entry");
        }
        // All entries were handed on for this conversation alone.
        let (id, me) = (&self.conversations[at].id, &self.users[user]);
        let entries = self.bench.entries.lock().unwrap();
        for entry in &entries[before..now] {
            match entry.event.audience() {
                Audience::Members(to) => assert_eq!(to, id, "{shown}"),
                Audience::User(to) => match &entry.event {
                    // The new member is shown the conversation, before the others are told of the join.
                    Event::ConversationAppeared { conversation, user } => {
                        assert_eq!((&conversation.conversation.id, user), (id, to), "{shown}");
                    }
                    Event::ConversationHidden { conversation, user } => {
                        assert_eq!((&conversation.id, user), (id, to), "{shown}");
                    }
                    // Nobody else hears of one's own settings.
                    Event::SettingsChanged { conversation, .. } => {
                        assert_eq!((&conversation.id, me), (id, to), "{shown}");
                    }
                    // Nobody else hears whom one has blocked, and least of all the one who is blocked.
                    Event::BlocksChanged { .. } => assert_eq!(me, to, "{shown}"),
                    // Whoever left is told that it is invited.
                    Event::Notified { user, .. } => {
                        let invited = self.users.iter().position(|one| one == user).expect("a user");
                        assert!(self.conversations[at].invited.contains_key(&invited), "{shown}");
                    }
                    _ => panic!("{shown}: {entry:?}"),
                },
                Audience::Users(_) | Audience::Watchers(_) | Audience::Contacts(_) => panic!("{shown}: {entry:?}"),
            }
        }
    }

    /// Tries a step. Returns whether it is expected to be done, and whether it was; nothing if there is nothing to do.
    async fn decided(&mut self, user: usize, at: usize, step: Step, shown: &str) -> Option<(bool, bool)> {
        let (by, me) = (actor(&self.users[user]), self.users[user].clone());
        let (bench, conversation) = (&self.bench, &mut self.conversations[at]);
        let id = conversation.id.clone();
        let member = conversation.members.contains_key(&user);
        Some(match step {
            Step::SendMessage(brought) => self.send(user, at, brought, shown).await,
            Step::Edit(newer) => {
                let message = conversation.message(newer)?.clone();
                let expected = conversation.may(Action::Edit, user, message.author == user)
                    && conversation.may_write(user)
                    && !message.deleted;
                let edit = EditMessage {
                    actor: by,
                    message: message.id,
                    content: "new".into(),
                    details: None,
                    screening: None,
                };
                (expected, bench.write(edit).await.is_ok())
            }
            Step::EditMentions(newer, mentions, mention_all) => {
                let message = conversation.message(newer)?.clone();
                let may_mention = mentions.iter().all(|user| conversation.members.contains_key(user));
                let may_mention_all = !mention_all || message.mentions_all || conversation.may_mention_all(user);
                let expected = conversation.may(Action::Edit, user, message.author == user)
                    && conversation.may_write(user)
                    && !message.deleted
                    && may_mention
                    && may_mention_all;
                let mentions = mentions.iter().map(|user| self.users[*user].clone()).collect();
                let details =
                    EditedDetails { mentions: Some(mentions), mention_all: Some(mention_all), ..Default::default() };
                let details = Some(Box::new(details));
                let edit = EditMessage {
                    actor: by,
                    message: message.id.clone(),
                    content: "new".into(),
                    details,
                    screening: None,
                };
                let done = bench.write(edit).await.is_ok();
                if expected {
                    conversation.message_mut(&message.id).mentions_all = mention_all;
                }
                (expected, done)
            }
            Step::DeleteMessage(newer) => {
                let message = conversation.message(newer)?.clone();
                let expected = conversation.may(Action::DeleteMessage, user, message.author == user);
                let done = bench.write(DeleteMessage { actor: by, message: message.id.clone() }).await.is_ok();
                if expected {
                    let message = conversation.message_mut(&message.id);
                    (message.deleted, message.mentions_all) = (true, false);
                }
                (expected, done)
            }
            Step::Read(newer) => {
                let message = conversation.message(newer)?.id.clone();
                let reading = Reading::Messages { conversation: Some(id), messages: vec![message] };
                let done = bench.write(MarkRead { actor: by, reading }).await.is_ok();
                (conversation.may_for_itself(user), done)
            }
            Step::Receive(newer) => {
                let message = conversation.message(newer)?.id.clone();
                let received = Reading::Messages { conversation: Some(id.clone()), messages: vec![message] };
                let noted = bench.write(NoteDelivery { actor: by, received, noted_by: NotedBy::Client }).await;
                for event in noted.iter().flatten() {
                    let Event::MessagesDelivered { conversation: of, user: whom, author, .. } = event else {
                        panic!("{shown}: {event:?}");
                    };
                    assert_eq!((&of.id, whom), (&id, &me), "{shown}");
                    let author = self.users.iter().position(|user| user == author).expect("an author");
                    assert!(author != user && conversation.members.contains_key(&author), "{shown}");
                }
                (conversation.may_for_itself(user), noted.is_ok())
            }
            Step::Configure(pinned) => {
                let change = SettingsChange { pinned: Some(pinned), marked_unread: Some(pinned), ..Default::default() };
                let write = ChangeSettings { actor: by, target: Target::Conversation(id), change };
                (conversation.may_for_itself(user), bench.write(write).await.is_ok())
            }
            Step::React(newer, active) => {
                let message = conversation.message(newer)?.clone();
                let expected = conversation.may(Action::React, user, false)
                    && !(active && message.deleted)
                    && (!active || conversation.may_write(user));
                let write = React { actor: by, message: message.id, emoji: Emoji::trusted("+1"), active };
                (expected, bench.write(write).await.is_ok())
            }
            Step::Pin(newer, pinned) => {
                let message = conversation.message(newer)?.clone();
                let expected = conversation.may(Action::Pin, user, false) && !(pinned && message.deleted);
                let write = PinMessage { actor: by, message: message.id, pinned };
                (expected, bench.write(write).await.is_ok())
            }
            Step::Join => {
                let action = if member { Action::Use } else { Action::Join };
                let expected = conversation.may(action, user, false);
                let join = JoinConversation { actor: by, conversation: id, profile: Default::default(), history: true };
                let done = bench.write(join).await.is_ok();
                if expected && !member {
                    conversation.enter(user);
                }
                (expected, done)
            }
            Step::Leave => {
                let expected = conversation.may(Action::Leave, user, false);
                let leave = LeaveConversation { actor: by, conversation: id, departure: Departure::Left };
                let done = bench.write(leave).await.is_ok();
                if expected {
                    conversation.leave(user);
                }
                (expected, done)
            }
            Step::Add(other) => {
                if other == user || conversation.members.contains_key(&other) {
                    return None;
                }
                let expected = conversation.may(Action::Add, user, false)
                    && kind_of(other) != UserKind::Guest
                    && !conversation.is(RestrictionKind::Ban, other)
                    && !self.blocks.contains(&(other, user));
                let whom = self.users[other].clone();
                let add = AddMember { actor: by, conversation: id, user: whom, role: Some(Role::Member), reason: None };
                let done = bench.write(add).await.is_ok();
                if expected && conversation.left.contains(&other) {
                    conversation.invited.entry(other).or_insert((user, false));
                } else if expected {
                    conversation.enter(other);
                }
                (expected, done)
            }
            Step::Decide(accept) => {
                let found = bench.store.contact_requests(me).await.expect("a list");
                let found = found.into_iter().find(|request| request.conversation.id == id);
                let from = conversation.invited.get(&user).filter(|(_, declined)| !declined).map(|(from, _)| *from);
                assert_eq!(found.is_some(), from.is_some(), "{shown}");
                let (request, from) = (found?.id, from?);
                let expected = !accept || conversation.may(Action::Add, from, false);
                let done = bench.write(DecideContact { actor: by, request, accept }).await.is_ok();
                if expected && accept {
                    conversation.enter(user);
                } else if expected {
                    conversation.invited.insert(user, (from, true));
                }
                (expected, done)
            }
            Step::Remove(other) => {
                if other == user {
                    return None;
                }
                let role = |of: &usize| conversation.members.get(of).map(|(role, _)| *role);
                let is_host = conversation.kind == ConversationKind::Meetup && role(&other) == Some(Role::Owner);
                let lower = role(&other).is_some() && (user == SERVICE || role(&user) > role(&other)) && !is_host;
                let expected = conversation.may(Action::Remove, user, false) && lower;
                let whom = self.users[other].clone();
                let done =
                    bench.write(RemoveMember { actor: by, conversation: id, user: whom, reason: None }).await.is_ok();
                if expected {
                    conversation.exit(other);
                }
                (expected, done)
            }
            Step::MakeAdmin(other) => {
                let seat = conversation.members.get(&other).map(|(role, _)| *role);
                if other == user || kind_of(other) == UserKind::Guest || seat != Some(Role::Member) {
                    return None;
                }
                let expected = conversation.may(Action::MakeAdmin, user, false);
                let whom = self.users[other].clone();
                let add = AddMember { actor: by, conversation: id, user: whom, role: Some(Role::Admin), reason: None };
                let done = bench.write(add).await.is_ok();
                if expected && let Some(seat) = conversation.members.get_mut(&other) {
                    seat.0 = Role::Admin;
                }
                (expected, done)
            }
            Step::Rename => {
                let expected = conversation.may(Action::Change, user, false);
                let rename = ChangeConversation {
                    actor: by,
                    conversation: id,
                    name: Some("new".into()),
                    open: None,
                    picture: None,
                    metadata: None,
                    moderation: Default::default(),
                };
                (expected, bench.write(rename).await.is_ok())
            }
            Step::DeleteConversation => {
                let hides = conversation.kind == ConversationKind::Direct && conversation.may(Action::Use, user, false);
                let expected = conversation.may(Action::Delete, user, false);
                let done = bench.write(DeleteConversation { actor: by, conversation: id }).await.is_ok();
                if expected {
                    conversation.deleted = true;
                    conversation.members.clear();
                    conversation.left.clear();
                    conversation.invited.clear();
                }
                (expected || hides, done)
            }
            Step::Block(other, blocked) => {
                if other == user {
                    return None;
                }
                let expected = kind_of(user) != UserKind::Guest && (!blocked || kind_of(other) == UserKind::Registered);
                let write = SetBlock { actor: by, user: self.users[other].clone(), blocked };
                let done = bench.write(write).await.is_ok();
                if expected && blocked {
                    if self.blocks.insert((user, other)) {
                        for conversation in &mut self.conversations {
                            conversation.end_invitations((user, other));
                        }
                    }
                } else if expected {
                    self.blocks.remove(&(user, other));
                }
                // The first conversation is the direct one of the first two users.
                self.conversations[0].blocked = self.blocks.contains(&(0, 1)) || self.blocks.contains(&(1, 0));
                (expected, done)
            }
            Step::Type => {
                let expected = !conversation.blocked || !conversation.members.contains_key(&user);
                let write = MayType { user: me, target: Target::Conversation(id) };
                (expected, bench.write(write).await.is_ok())
            }
            Step::Restrict(kind, other, soon) => {
                let until = soon.then(|| bench.environment.now().plus_ms(i64::from(SOON_S) * 1_000));
                let until = until.or_else(|| (kind == RestrictionKind::Silence).then_some(Timestamp(i64::MAX / 2)));
                let expected = conversation.may_decide_on(user, other)
                    && (kind == RestrictionKind::Ban || conversation.members.contains_key(&other));
                let (user, conversation_id) = (self.users[other].clone(), id);
                let write = Restrict { actor: by, conversation: conversation_id, user, kind, until, reason: None };
                let done = bench.write(write).await.is_ok();
                if expected {
                    if kind == RestrictionKind::Ban && conversation.members.contains_key(&other) {
                        conversation.exit(other);
                    }
                    conversation.restricted.insert((kind, other), soon);
                }
                (expected, done)
            }
            Step::Lift(kind, other) => {
                let held = conversation.is(kind, other);
                let expected = conversation.may(Action::Moderate, user, false)
                    && (!held || conversation.may_decide_on(user, other));
                let user = self.users[other].clone();
                let lift = LiftRestriction { actor: by, conversation: id, user, kind, reason: None };
                let done = bench.write(lift).await.is_ok();
                if expected {
                    conversation.restricted.remove(&(kind, other));
                }
                (expected, done)
            }
            Step::Limit(slow, only_admins_write) => {
                let expected = conversation.may(Action::Moderate, user, false);
                let slow_mode_s = Some(if slow { SOON_S } else { 0 });
                let moderation =
                    ModerationChange { slow_mode_s, only_admins_write: Some(only_admins_write), reason: None };
                let (name, open, picture, metadata) = (None, None, None, None);
                let write =
                    ChangeConversation { actor: by, conversation: id, name, open, picture, metadata, moderation };
                let done = bench.write(write).await.is_ok();
                if expected {
                    (conversation.slow, conversation.only_admins_write) = (slow, only_admins_write);
                }
                (expected, done)
            }
            Step::PassTime => {
                bench.environment.pass_ms(2_000 * i64::from(SOON_S));
                self.conversations.iter_mut().for_each(Modelled::pass_time);
                return None;
            }
            Step::Look(newer) => {
                self.look(user, at, newer, shown).await;
                return None;
            }
        })
    }

    /// Reads everything about a conversation and one of its messages that there is to read.
    async fn look(&self, user: usize, at: usize, newer: usize, shown: &str) {
        let (store, conversation) = (&self.bench.store, &self.conversations[at]);
        let (me, id) = (self.users[user].clone(), conversation.id.clone());
        let expected = conversation.may(Action::Use, user, false);
        let by = || Party::User(me.clone());
        let page = store.messages(by(), me.clone(), id.clone(), PageOf::Newest, 10).await;
        assert_eq!(page.is_ok(), expected, "{shown}: messages");
        let page = store.messages_outside_threads(by(), me.clone(), id.clone(), PageOf::Newest, 10).await;
        assert_eq!(page.is_ok(), expected, "{shown}: messages outside threads");
        assert_eq!(store.pins(me.clone(), id.clone()).await.is_ok(), expected, "{shown}: pins");
        let search = MessageSearch::of(SearchText::parse("q", "text").expect("a search"));
        let search = MessageSearch { conversation: Some(id.clone()), ..search };
        let found = store.search_messages(me.clone(), search, None, 10).await;
        assert_eq!(found.is_ok(), expected, "{shown}: search");
        if let Some(message) = conversation.message(newer) {
            let reactions = store.reactions(me.clone(), message.id.clone()).await;
            assert_eq!(reactions.is_ok(), expected, "{shown}: reactions");
            let thread = store.thread(by(), me.clone(), message.id.clone(), u64::MAX, 10).await;
            assert_eq!(thread.is_ok(), expected, "{shown}: thread");
        }
        let whole = store.conversation(me.clone(), id.clone()).await;
        assert_eq!(whole.is_ok(), expected, "{shown}: conversation");
        if let Ok(whole) = whole {
            assert_eq!(whole.members.len(), conversation.members.len(), "{shown}");
        }
        let is_banned = conversation.is(RestrictionKind::Ban, user);
        let may_find = conversation.members.contains_key(&user) || conversation.open && !is_banned;
        let found = store.find_conversations(me.clone(), String::new(), Filter::One(id.clone()), None, 10).await;
        assert_eq!(found.expect("read").items.len(), usize::from(may_find && !conversation.deleted), "{shown}: found");
        let open = store.find_conversations(me.clone(), String::new(), Filter::Open, None, 100).await.expect("read");
        let is_there = open.items.iter().any(|listing| listing.conversation.id == id);
        assert_eq!(is_there, conversation.open && !is_banned && !conversation.deleted, "{shown}: open");
        for kind in RestrictionKind::ALL {
            let listed = store.restrictions(me.clone(), id.clone(), kind, None, 100).await;
            assert_eq!(listed.is_ok(), conversation.may(Action::Moderate, user, false), "{shown}: {kind:?}");
            let held = (0..USERS).filter(|user| conversation.is(kind, *user)).map(|user| &self.users[user]);
            if let Ok(listed) = listed {
                assert!(held.eq(listed.items.iter().map(|one| &one.user.id)), "{shown}: {kind:?} {listed:?}");
            }
        }
        let listed = store.memberships(me).await.expect("read");
        let is_listed = listed.conversations.iter().any(|(conversation, _)| conversation.id == id);
        assert_eq!(is_listed, conversation.members.contains_key(&user), "{shown}");
    }

    /// The number of entries, once all are handed on.
    async fn delivered(&self) -> usize {
        self.bench.settled().await;
        self.bench.entries.lock().unwrap().len()
    }
}
