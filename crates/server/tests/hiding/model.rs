//! Who is shown what of whom, as docs/moderation.md has it.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Claim, Kind, Of};

/// The number of a user of a world.
pub type User = usize;

/// A message that was sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub conversation: String,
    pub author: User,
    /// Its text, which is also the id that its client gave it.
    pub text: String,
    /// Who may have received it, and who may have read it; more may be here than did.
    pub received: BTreeSet<User>,
    pub read: BTreeSet<User>,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Who has blocked whom.
    pub blocks: BTreeSet<(User, User)>,
    /// Who has begun a direct conversation that the other has not accepted.
    pub begun: BTreeSet<(User, User)>,
    /// The direct conversations of two users.
    pub directs: BTreeMap<(User, User), String>,
    /// All messages, by id.
    pub sent: BTreeMap<String, Sent>,
}

impl Model {
    pub fn pair(one: User, other: User) -> (User, User) {
        (one.min(other), one.max(other))
    }

    pub fn is_blocked(&self, one: User, other: User) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Whether presence and receipts of a user are hidden from a viewer.
    pub fn hides(&self, user: User, viewer: User) -> bool {
        self.blocks.contains(&(user, viewer)) || self.begun.contains(&(viewer, user))
    }

    /// Whether the two of a direct conversation are not told of each other's typing there.
    fn is_silent(&self, one: User, other: User) -> bool {
        self.is_blocked(one, other) || self.begun.contains(&(one, other)) || self.begun.contains(&(other, one))
    }

    /// Whether a user is in a conversation: in all but the direct ones of others.
    fn is_in(&self, user: User, conversation: &str) -> bool {
        let of = self.directs.iter().find(|(_, direct)| *direct == conversation);
        of.is_none_or(|((one, other), _)| *one == user || *other == user)
    }

    /// Notes that a user has read or received what is in a conversation, or in any of its own.
    pub fn note(&mut self, user: User, conversation: Option<&str>, kind: Kind) {
        let mut all = std::mem::take(&mut self.sent);
        for sent in all.values_mut().filter(|sent| conversation.is_none_or(|one| sent.conversation == one)) {
            if !self.is_in(user, &sent.conversation) {
                continue;
            }
            sent.received.insert(user);
            if kind == Kind::Read {
                sent.read.insert(user);
            }
        }
        self.sent = all;
    }

    /// Why a viewer must not be shown something; none if it may be. `number` finds a user by its id.
    pub fn forbids(&self, viewer: User, claim: &Claim, number: impl Fn(&str) -> Option<User>) -> Option<String> {
        let of_another = |id: &str| number(id).filter(|user| *user != viewer);
        match &claim.of {
            Of::User(id) => {
                let user = of_another(id).filter(|user| self.hides(*user, viewer))?;
                Some(format!("{user} is hidden from {viewer}"))
            }
            Of::Typist { user, conversation } => {
                let user = of_another(user)?;
                let is_direct =
                    self.directs.get(&Self::pair(user, viewer)) == Some(conversation) || number(conversation).is_some();
                (is_direct && self.is_silent(user, viewer)).then(|| format!("{user} cannot type to {viewer}"))
            }
            Of::SomeReader { message } => {
                let sent = self.sent.get(message)?;
                let who = if claim.kind == Kind::Read { &sent.read } else { &sent.received };
                let is_shown = who.iter().any(|user| *user != sent.author && !self.hides(*user, viewer));
                let is_hidden = |user: User| {
                    user != sent.author && self.hides(user, viewer) && self.is_in(user, &sent.conversation)
                };
                let concerns = (0..super::world::USERS).any(is_hidden);
                (concerns && !is_shown).then(|| format!("nobody who is shown to {viewer} has"))
            }
        }
    }
}
