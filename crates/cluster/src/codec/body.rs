//! The messages of the format, and the groups of entries within them.
//!
//! What must stay true: there are no wildcard arms, so that a new kind of message makes the compiler point here. Variants
//! are only appended.

use quintet_domain as domain;
use quintet_domain::{ConnectionId, NodeId, SpanContext, Timestamp, TracedWrite, UserId};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::values::User;
use crate::GroupNotice;

/// What follows the version and the node.
#[derive(Serialize, Deserialize)]
pub(super) struct Body<'a> {
    pub(super) number: u64,
    #[serde(borrow)]
    pub(super) message: Message<'a>,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Message<'a> {
    Group(#[serde(borrow)] Group<'a>),
    Passing(#[serde(borrow)] Event<'a>),
    Came {
        #[serde(borrow)]
        user: User<'a>,
    },
    Left {
        user: &'a str,
        last_seen: i64,
    },
    Present {
        #[serde(borrow)]
        users: Vec<User<'a>>,
        after: Option<&'a str>,
        last: bool,
    },
    PresentWanted {
        of: u64,
    },
    Alive {
        users: u64,
        hash: u64,
    },
    /// A group with writes of which a trace is kept. A node that does not know this kind reads the group from the store.
    TracedGroup(#[serde(borrow)] Group<'a>, Vec<Traced>),
}

impl<'a> Message<'a> {
    pub(super) fn of(message: &'a crate::Message) -> Self {
        use crate::Message as From;
        match message {
            From::Group(notice) => Self::group(notice, (notice.after, notice.last), notice.entries.as_deref()),
            From::Passing(event) => Self::Passing(Event::of(event)),
            From::Came { user } => Self::Came { user: User::of(user) },
            From::Left { user, last_seen } => Self::Left { user: user.as_str(), last_seen: last_seen.0 },
            From::Present { users, after, last } => Self::Present {
                users: users.iter().map(|user| User::of(user)).collect(),
                after: after.as_ref().map(UserId::as_str),
                last: *last,
            },
            From::PresentWanted { of } => Self::PresentWanted { of: of.0 },
            From::Alive { users, hash } => Self::Alive { users: *users, hash: *hash },
        }
    }

    /// The message of a group, or of a part of it from a position to another, with the traces of its writes.
    pub(super) fn group(
        notice: &'a GroupNotice,
        (after, last): (u64, u64),
        entries: Option<&'a [domain::Entry]>,
    ) -> Self {
        let group = Group::of(&notice.identity, notice.part, (after, last), entries);
        let within = notice.traced.iter().filter(|write| write.after < last && write.last > after);
        let traced: Vec<Traced> = within.map(Traced::of).collect();
        if traced.is_empty() { Self::Group(group) } else { Self::TracedGroup(group, traced) }
    }

    pub(super) fn read(self) -> crate::Message {
        use crate::Message as To;
        match self {
            Self::Group(group) => To::Group(group.read()),
            Self::TracedGroup(group, traced) => {
                let notice = group.read();
                let within = |write: &TracedWrite| write.after < notice.last && write.last > notice.after;
                let traced = traced.into_iter().map(Traced::read).filter(within).collect();
                To::Group(GroupNotice { traced, ..notice })
            }
            Self::Passing(event) => To::Passing(event.read()),
            Self::Came { user } => To::Came { user: user.read() },
            Self::Left { user, last_seen } => To::Left { user: UserId::trusted(user), last_seen: Timestamp(last_seen) },
            Self::Present { users, after, last } => To::Present {
                users: users.into_iter().map(User::read).collect(),
                after: after.map(UserId::trusted),
                last,
            },
            Self::PresentWanted { of } => To::PresentWanted { of: NodeId(of) },
            Self::Alive { users, hash } => To::Alive { users, hash },
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Group<'a> {
    identity: &'a str,
    part: u16,
    after: u64,
    last: u64,
    #[serde(borrow)]
    entries: Option<Vec<Entry<'a>>>,
}

impl<'a> Group<'a> {
    /// The notice of a group, from a position to another.
    fn of(identity: &'a str, part: u16, (after, last): (u64, u64), entries: Option<&'a [domain::Entry]>) -> Self {
        let entries = entries.map(|entries| entries.iter().map(Entry::of).collect());
        Self { identity, part, after, last, entries }
    }

    fn read(self) -> GroupNotice {
        let Self { identity, part, after, last, entries } = self;
        let entries = entries.map(|entries| entries.into_iter().map(Entry::read).collect());
        GroupNotice { identity: identity.to_owned(), part, after, last, entries, traced: Vec::new() }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Traced {
    trace: u128,
    span: u64,
    after: u64,
    last: u64,
}

impl Traced {
    fn of(write: &TracedWrite) -> Self {
        let TracedWrite { span: SpanContext { trace, span }, after, last } = *write;
        Self { trace, span, after, last }
    }

    fn read(self) -> TracedWrite {
        let Self { trace, span, after, last } = self;
        TracedWrite { span: SpanContext { trace, span }, after, last }
    }
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    position: u64,
    sequence: Option<u64>,
    origin: Option<u64>,
    acked: bool,
    #[serde(borrow)]
    event: Event<'a>,
}

impl<'a> Entry<'a> {
    fn of(entry: &'a domain::Entry) -> Self {
        let domain::Entry { position, sequence, origin, acked, event, withheld: _ } = entry;
        Self {
            position: *position,
            sequence: *sequence,
            origin: origin.map(|connection| connection.0),
            acked: *acked,
            event: Event::of(event),
        }
    }

    fn read(self) -> domain::Entry {
        let Self { position, sequence, origin, acked, event } = self;
        domain::Entry {
            position,
            sequence,
            origin: origin.map(ConnectionId),
            acked,
            event: event.read(),
            withheld: None,
        }
    }
}
