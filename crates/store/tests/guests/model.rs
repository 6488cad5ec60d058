//! The model beside the store: who did what, computed from the steps alone.

use std::collections::BTreeMap;

use quintet_domain::{ConversationId, MessageId};

/// The number of ids that guests claim and that accounts may get.
pub const IDS: usize = 3;
/// The number of connections of guests.
pub const CONNECTIONS: usize = 4;
/// The number of secrets that clients may have.
pub const SECRETS: usize = 3;

/// What a connection sends beside the id that it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Secret(usize),
    /// The name of a secret, with a guessed rest.
    Forged(usize),
}

#[derive(Clone, Copy, Debug)]
pub enum By {
    /// The account with this id.
    Account(usize),
    /// The guest of a connection.
    Guest(usize),
}

/// Who did something: the account of an id, or a guest who had the id before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Account(usize),
    Guest(usize),
}

pub struct Room {
    pub id: ConversationId,
    pub owner: Who,
    /// The secret that proves its ownership, as [`Model::secrets`] numbers them.
    pub secret: Option<usize>,
    /// The members, in the order in which they joined.
    pub members: Vec<Who>,
}

pub struct Said {
    pub id: MessageId,
    pub room: usize,
    pub author: Who,
    pub connection: Option<u64>,
    pub secret: Option<usize>,
    pub deleted: bool,
}

#[derive(Clone, Copy)]
pub struct Conn {
    pub number: u64,
    pub claims: usize,
    pub shown: Shown,
}

/// What is true, computed from the steps alone.
pub struct Model {
    pub accounts: [bool; IDS],
    pub connections: [Conn; CONNECTIONS],
    pub count: u64,
    pub rooms: Vec<Room>,
    pub said: Vec<Said>,
    /// By name: the owner, whether it is the forged one, and its number among all secrets that ever existed.
    pub secrets: BTreeMap<usize, (usize, bool, usize)>,
    pub secrets_made: usize,
    /// The number of joins, departures and messages of accounts.
    pub done: usize,
}

impl Model {
    /// The actor, if it may act at all.
    pub fn actor(&self, by: By) -> Option<Who> {
        match by {
            By::Account(id) => self.accounts[id].then_some(Who::Account(id)),
            By::Guest(n) => {
                let id = self.connections[n].claims;
                (!self.accounts[id]).then_some(Who::Guest(id))
            }
        }
    }

    /// The secret that a connection proves to own.
    pub fn proved(&self, by: By) -> Option<usize> {
        let By::Guest(n) = by else { return None };
        let Conn { claims, shown, .. } = self.connections[n];
        let (name, forged) = match shown {
            Shown::Nothing => return None,
            Shown::Secret(name) => (name, false),
            Shown::Forged(name) => (name, true),
        };
        self.secrets.get(&name).filter(|(of, kind, _)| (*of, *kind) == (claims, forged)).map(|(_, _, number)| *number)
    }

    pub fn connection(&self, by: By) -> Option<u64> {
        match by {
            By::Account(_) => None,
            By::Guest(n) => Some(self.connections[n].number),
        }
    }

    pub fn owns(&self, by: By, who: Who, room: usize) -> bool {
        let room = &self.rooms[room];
        let proven = matches!(who, Who::Account(_)) || (room.secret.is_some() && self.proved(by) == room.secret);
        room.owner == who && proven
    }

    pub fn wrote(&self, by: By, who: Who, said: &Said) -> bool {
        let proven = matches!(who, Who::Account(_))
            || said.connection == self.connection(by)
            || (said.secret.is_some() && said.secret == self.proved(by));
        said.author == who && proven
    }

    pub fn leave(&mut self, by: Option<By>, who: Who, room: usize) {
        let passes = by.is_some_and(|by| self.owns(by, who, room));
        let room = &mut self.rooms[room];
        room.members.retain(|member| *member != who);
        let heir = room.members.iter().find(|member| matches!(member, Who::Account(_)));
        if let (true, Some(heir)) = (passes, heir) {
            (room.owner, room.secret) = (*heir, None);
        }
    }

    pub fn account_comes(&mut self, id: usize) {
        self.accounts[id] = true;
        self.secrets.retain(|_, (of, _, _)| *of != id);
        for room in 0..self.rooms.len() {
            self.leave(None, Who::Guest(id), room);
        }
    }
}
