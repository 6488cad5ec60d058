//! Which conversations one client has muted, as far as its acknowledgements say.
//!
//! What must stay true: where the place of a mute among the entries cannot be known, nothing is demanded.

use std::collections::{BTreeMap, BTreeSet};

use quintet_domain::{ConversationId, Entry, Event, UserId};

/// Whether a conversation is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mute {
    /// It is. Departures up to this position may have come before the mute, or behind it.
    Muted { unclear_to: u64 },
    /// The connection was lost before the mute, or its end, was acknowledged.
    Unknown,
    /// It was, and is not any more beyond this position.
    Ended { unclear_to: u64 },
}

/// What may be heard of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Muted {
    /// It is heard.
    No,
    /// It may be heard.
    Perhaps,
    /// It is not heard.
    Yes,
}

/// Which mutes of a connection the process knows that resumes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MutesKnown {
    /// It has had the connection last.
    All,
    /// It has just begun.
    None,
    /// It may have had the connection at some time.
    Perhaps,
}

/// The mutes of one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mutes {
    now: BTreeMap<ConversationId, Mute>,
    /// Conversations that were muted at some time.
    ever: BTreeSet<ConversationId>,
}

impl Mutes {
    /// A mute was acknowledged; `newest` is the newest committed position.
    pub(crate) fn muted(&mut self, conversation: &ConversationId, newest: u64) {
        self.ever.insert(conversation.clone());
        self.now.insert(conversation.clone(), Mute::Muted { unclear_to: newest });
    }

    /// The end of a mute was acknowledged.
    pub(crate) fn unmuted(&mut self, conversation: &ConversationId, newest: u64) {
        if self.now.contains_key(conversation) {
            self.now.insert(conversation.clone(), Mute::Ended { unclear_to: newest });
        }
    }

    /// A mute, or its end, was asked for, and the connection was lost.
    pub(crate) fn unknown(&mut self, conversation: &ConversationId) {
        self.ever.insert(conversation.clone());
        self.now.insert(conversation.clone(), Mute::Unknown);
    }

    /// The connection was resumed: a replay has the mutes of its beginning. `has_ended` says whether the membership of a
    /// conversation has ended since what was heard last: the server forgets the mute then, unless nobody was connected.
    pub(crate) fn resumed(&mut self, newest: u64, has_ended: impl Fn(&ConversationId) -> bool) {
        for (conversation, mute) in &mut self.now {
            match mute {
                Mute::Muted { .. } | Mute::Ended { .. } if has_ended(conversation) => *mute = Mute::Unknown,
                Mute::Muted { unclear_to } | Mute::Ended { unclear_to } => *unclear_to = (*unclear_to).max(newest),
                Mute::Unknown => {}
            }
        }
    }

    /// The connection was resumed by a process that has kept some of the mutes.
    pub(crate) fn kept(&mut self, known: MutesKnown) {
        match known {
            MutesKnown::All => {}
            MutesKnown::None => self.now.clear(),
            MutesKnown::Perhaps => self.now.values_mut().for_each(|mute| *mute = Mute::Unknown),
        }
    }

    /// Whether a conversation was never muted, so that nothing of it was withheld.
    pub(crate) fn never(&self, conversation: &ConversationId) -> bool {
        !self.ever.contains(conversation)
    }

    /// Whether a conversation counts as muted.
    pub(crate) fn holds(&self, conversation: &ConversationId) -> bool {
        matches!(self.now.get(conversation), Some(Mute::Muted { .. } | Mute::Unknown))
    }

    /// What may be heard of an entry of a conversation.
    pub(crate) fn of(&self, conversation: &ConversationId, position: u64) -> Muted {
        match self.now.get(conversation) {
            Some(Mute::Muted { .. }) => Muted::Yes,
            Some(Mute::Unknown) => Muted::Perhaps,
            Some(Mute::Ended { unclear_to }) if position <= *unclear_to => Muted::Perhaps,
            Some(Mute::Ended { .. }) | None => Muted::No,
        }
    }

    /// An entry is behind: a mute ends with the membership.
    pub(crate) fn pass(&mut self, entry: &Entry, user: &UserId) {
        let Some(conversation) = ended_by(entry, user) else { return };
        match self.now.get(conversation) {
            Some(Mute::Muted { unclear_to }) if entry.position <= *unclear_to => {
                self.now.insert(conversation.clone(), Mute::Unknown);
            }
            // A replay may come to what was before once more.
            Some(Mute::Muted { .. }) => {
                self.now.insert(conversation.clone(), Mute::Ended { unclear_to: entry.position });
            }
            Some(Mute::Unknown | Mute::Ended { .. }) | None => {}
        }
    }
}

/// The conversation in which an entry ends the membership of a user.
pub(crate) fn ended_by<'e>(entry: &'e Entry, user: &UserId) -> Option<&'e ConversationId> {
    match &entry.event {
        Event::MemberLeft { conversation, user: gone, .. } if gone.id == *user => Some(&conversation.id),
        Event::ConversationDeleted { conversation } => Some(&conversation.id),
        _ => None,
    }
}
