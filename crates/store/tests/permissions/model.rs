//! Conversations as the model has them: who is a member, what was sent, and what the permission table says about both.
//!
//! What must stay true: the model decides by the table and by what features of messages say, never by asking the store.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quintet_domain::limits::MENTION_ALL_MEMBERS_MAX;
use quintet_domain::permissions::{Action, Standing, allows, outranks};
use quintet_domain::{ConversationId, ConversationKind, MessageId, RestrictionKind, Role, UserKind};

/// The number of users who act: people with accounts first, then guests, then one service.
pub const USERS: usize = 6;
/// The number of people with accounts who act.
pub const REGISTERED: usize = 3;
/// The user that is a service.
pub const SERVICE: usize = 5;
/// The first of those who are only there: members of the big group, with accounts.
pub const BYSTANDERS: usize = 100;
/// The number of conversations.
pub const CONVERSATIONS: usize = 6;

/// What a user is.
pub fn kind_of(user: usize) -> UserKind {
    match user {
        SERVICE => UserKind::Service,
        REGISTERED..SERVICE => UserKind::Guest,
        _ => UserKind::Registered,
    }
}

/// A message that a step names: one of a conversation, counted from the newest.
pub type Named = (usize, usize);

/// What a message brings beside its text.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    pub reply_to: Option<Named>,
    pub thread: Option<Named>,
    pub mentions: Option<Vec<usize>>,
    pub mention_all: bool,
    /// Whether the text names all people with accounts, and the service.
    pub by_name: bool,
}

/// One step of a run. A message that a step is about is named by the number of newer ones.
#[derive(Clone, Debug)]
pub enum Step {
    SendMessage(Brought),
    Edit(usize),
    EditMentions(usize, Vec<usize>, bool),
    DeleteMessage(usize),
    Read(usize),
    Receive(usize),
    Configure(bool),
    React(usize, bool),
    Pin(usize, bool),
    Join,
    Leave,
    Add(usize),
    /// Accept an invitation to the conversation, or decline it.
    Decide(bool),
    Remove(usize),
    MakeAdmin(usize),
    Rename,
    DeleteConversation,
    /// Block another user, or end the block.
    Block(usize, bool),
    /// Ask whether the user may type.
    Type,
    Look(usize),
    /// Ban or silence another; whether it ends with the next step that passes time.
    Restrict(RestrictionKind, usize, bool),
    Lift(RestrictionKind, usize),
    /// Whether slow mode is on, and whether only admins write.
    Limit(bool, bool),
    /// Let more time pass than slow mode asks for, and than soon ends.
    PassTime,
}

fn brought() -> impl Strategy<Value = Brought> {
    // Mostly of the conversation that the message is sent to, which is named by `CONVERSATIONS`.
    let named = || {
        let at = prop_oneof![4 => Just(CONVERSATIONS), 1 => 0..CONVERSATIONS];
        prop_oneof![2 => Just(None), 1 => (at, 0..4usize).prop_map(Some)]
    };
    let mentions = prop_oneof![3 => Just(None), 1 => proptest::collection::vec(0..USERS, 0..4).prop_map(Some)];
    let seldom = || prop_oneof![5 => Just(false), 1 => Just(true)];
    (named(), named(), mentions, seldom(), seldom()).prop_map(|(reply_to, thread, mentions, mention_all, by_name)| {
        Brought { reply_to, thread, mentions, mention_all, by_name }
    })
}

pub fn step() -> impl Strategy<Value = Step> {
    let newest = || prop_oneof![3 => Just(0), 1 => 0..4usize];
    let kind = || prop_oneof![Just(RestrictionKind::Ban), Just(RestrictionKind::Silence)];
    prop_oneof![
        6 => brought().prop_map(Step::SendMessage),
        2 => newest().prop_map(Step::Edit),
        1 => (newest(), proptest::collection::vec(0..USERS, 0..3), any::<bool>())
            .prop_map(|(at, mentions, all)| Step::EditMentions(at, mentions, all)),
        2 => newest().prop_map(Step::DeleteMessage),
        1 => newest().prop_map(Step::Read),
        1 => newest().prop_map(Step::Receive),
        2 => any::<bool>().prop_map(Step::Configure),
        3 => (newest(), any::<bool>()).prop_map(|(at, active)| Step::React(at, active)),
        3 => (newest(), any::<bool>()).prop_map(|(at, pinned)| Step::Pin(at, pinned)),
        4 => Just(Step::Join),
        2 => Just(Step::Leave),
        3 => (0..USERS).prop_map(Step::Add),
        2 => any::<bool>().prop_map(Step::Decide),
        2 => (0..USERS).prop_map(Step::Remove),
        1 => (0..USERS).prop_map(Step::MakeAdmin),
        1 => Just(Step::Rename),
        1 => Just(Step::DeleteConversation),
        3 => (0..USERS, any::<bool>()).prop_map(|(other, blocked)| Step::Block(other, blocked)),
        1 => Just(Step::Type),
        2 => newest().prop_map(Step::Look),
        3 => (kind(), 0..USERS, any::<bool>()).prop_map(|(kind, other, soon)| Step::Restrict(kind, other, soon)),
        2 => (kind(), 0..USERS).prop_map(|(kind, other)| Step::Lift(kind, other)),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(slow, only_admins)| Step::Limit(slow, only_admins)),
        1 => Just(Step::PassTime),
    ]
}

/// A message, as the model has it.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: MessageId,
    pub author: usize,
    pub deleted: bool,
    /// The first message of its thread.
    pub root: Option<MessageId>,
    pub mentions_all: bool,
}

/// A conversation, as the model has it.
pub struct Modelled {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub open: bool,
    pub owner: Option<usize>,
    /// The role and the order of joining, by user.
    pub members: BTreeMap<usize, (Role, usize)>,
    /// What was sent, the oldest first.
    pub messages: Vec<Message>,
    pub deleted: bool,
    /// Those who have left a group by their own choice.
    pub left: BTreeSet<usize>,
    /// Those who are invited, each by whom, and whether it has declined.
    pub invited: BTreeMap<usize, (usize, bool)>,
    /// Whether it is a direct conversation of which one has blocked the other.
    pub blocked: bool,
    /// Who is banned or silenced, and whether that ends soon.
    pub restricted: BTreeMap<(RestrictionKind, usize), bool>,
    pub slow: bool,
    pub only_admins_write: bool,
    /// Who has sent something in slow mode since time passed.
    pub slow_sends: BTreeSet<usize>,
    joins: usize,
}

impl Modelled {
    pub fn new(id: ConversationId, kind: ConversationKind, open: bool) -> Self {
        let owner = (kind != ConversationKind::Direct).then_some(0);
        Self {
            id,
            kind,
            open,
            owner,
            members: BTreeMap::new(),
            messages: Vec::new(),
            deleted: false,
            left: BTreeSet::new(),
            invited: BTreeMap::new(),
            blocked: false,
            restricted: BTreeMap::new(),
            slow: false,
            only_admins_write: false,
            slow_sends: BTreeSet::new(),
            joins: 0,
        }
    }

    fn standing(&self, user: usize, author: bool) -> Standing {
        let (role, by) = (self.role(user), kind_of(user));
        let Self { kind, open, deleted, blocked, .. } = *self;
        let banned = role.is_none() && self.is(RestrictionKind::Ban, user);
        Standing { kind, open, role, by, author, deleted, blocked, banned }
    }

    fn role(&self, user: usize) -> Option<Role> {
        self.members.get(&user).map(|(role, _)| *role)
    }

    /// Whether a user is banned or silenced.
    pub fn is(&self, kind: RestrictionKind, user: usize) -> bool {
        self.restricted.contains_key(&(kind, user))
    }

    /// Whether a user may ban, silence or release another.
    pub fn may_decide_on(&self, user: usize, other: usize) -> bool {
        let role = if self.owner == Some(other) { Some(Role::Owner) } else { self.role(other) };
        other != user
            && kind_of(other) != UserKind::Service
            && self.may(Action::Moderate, user, false)
            && outranks(kind_of(user), self.role(user), role)
    }

    /// Whether a user may send, edit and react as far as moderation goes.
    pub fn may_write(&self, user: usize) -> bool {
        let role = self.role(user);
        let silenced = self.is(RestrictionKind::Silence, user) && role != Some(Role::Owner);
        user == SERVICE || !silenced && (!self.only_admins_write || role >= Some(Role::Admin))
    }

    /// Whether slow mode counts what a user sends.
    pub fn is_slowed(&self, user: usize) -> bool {
        self.slow && user != SERVICE && self.role(user) < Some(Role::Admin)
    }

    pub fn pass_time(&mut self) {
        self.restricted.retain(|_, soon| !*soon);
        self.slow_sends.clear();
    }

    pub fn may(&self, action: Action, user: usize, author: bool) -> bool {
        allows(action, self.standing(user, author))
    }

    /// Whether a user may do what only members do for themselves: read, receive and configure.
    pub fn may_for_itself(&self, user: usize) -> bool {
        self.may(Action::Use, user, false) && self.members.contains_key(&user)
    }

    /// Whether a user may mention all: who leads, and anybody in a direct conversation and in a small group.
    pub fn may_mention_all(&self, user: usize) -> bool {
        let small = self.kind == ConversationKind::Group && self.members.len() <= MENTION_ALL_MEMBERS_MAX as usize;
        self.may(if small { Action::Send } else { Action::MentionAll }, user, false)
    }

    /// A message by the number of newer ones.
    pub fn message(&self, newer: usize) -> Option<&Message> {
        self.messages.iter().rev().nth(newer)
    }

    pub fn message_mut(&mut self, id: &MessageId) -> &mut Message {
        self.messages.iter_mut().find(|message| message.id == *id).expect("a message of the conversation")
    }

    pub fn enter(&mut self, user: usize) {
        self.joins += 1;
        let role = if self.owner == Some(user) { Role::Owner } else { Role::Member };
        self.members.insert(user, (role, self.joins));
        self.left.remove(&user);
        self.invited.remove(&user);
    }

    /// Ends what one of two users has asked the other.
    pub fn end_invitations(&mut self, (one, other): (usize, usize)) {
        self.invited.retain(|asked, (by, _)| ![(one, other), (other, one)].contains(&(*asked, *by)));
    }

    /// A member leaves by its own choice.
    pub fn leave(&mut self, user: usize) {
        self.exit(user);
        if self.kind == ConversationKind::Group && kind_of(user) == UserKind::Registered {
            self.left.insert(user);
        }
    }

    pub fn exit(&mut self, user: usize) {
        self.members.remove(&user);
        if self.owner == Some(user) {
            // People before services, and no guests.
            let heir = |kind: UserKind| {
                let of_kind = self.members.iter().filter(|(user, _)| kind_of(**user) == kind);
                of_kind.min_by_key(|(_, (role, since))| (*role != Role::Admin, *since)).map(|(heir, _)| *heir)
            };
            if let Some(heir) = heir(UserKind::Registered).or_else(|| heir(UserKind::Service)) {
                self.owner = Some(heir);
                if let Some(seat) = self.members.get_mut(&heir) {
                    seat.0 = Role::Owner;
                }
            }
        }
    }
}
