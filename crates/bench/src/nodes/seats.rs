//! Rooms, and the nodes to which their members are connected.
//!
//! What must stay true: connections to the first node come before those to the second, which are measured apart.

use std::io;

use super::cluster::{Cluster, Kind};
use crate::load::{Greeting, Load, Turn};
use crate::quintet::{Api, MEMBERS_AT_ONCE};

/// Rooms of one size, and where their members sit.
#[derive(Clone, Copy)]
pub(super) struct Seats {
    /// The number of rooms.
    pub(super) count: usize,
    /// The number of members of each room.
    pub(super) size: usize,
    /// Returns the node of a member by the number of the room and that of the member in it.
    pub(super) node: fn(usize, usize) -> usize,
}

impl Seats {
    pub(super) fn connections(self) -> usize {
        self.count * self.size
    }

    /// The users who sit at a node, in the order of their connections.
    fn users_of(self, node: usize) -> impl Iterator<Item = usize> {
        (0..self.connections()).filter(move |user| (self.node)(user / self.size, user % self.size) == node)
    }

    /// The greetings of a node's connections, in order.
    pub(super) fn greetings(self, node: usize, greeting: impl Fn(usize) -> Greeting) -> Vec<Greeting> {
        self.users_of(node).map(greeting).collect()
    }

    /// Connects the members of all rooms, those at the first node before those at the second.
    pub(super) fn connect(
        self,
        cluster: &Cluster,
        load: &mut Load,
        greeting: impl Fn(usize) -> Greeting,
    ) -> io::Result<()> {
        load.connect(cluster.address(0)?, &self.greetings(0, &greeting))?;
        load.apart_from_here();
        let others = self.greetings(1, &greeting);
        if others.is_empty() { Ok(()) } else { load.connect(cluster.address(1)?, &others).map(|_| ()) }
    }

    /// Connects the members of all rooms, makes the conversations, and returns the ids of these.
    pub(super) fn fill(self, cluster: &Cluster, load: &mut Load) -> io::Result<Vec<String>> {
        let greeting = |user: usize| cluster.kind.greeting(user, user / self.size);
        self.connect(cluster, load, greeting)?;
        if !cluster.kind.is_quintet() {
            return Ok((0..self.count).map(|room| room.to_string()).collect());
        }
        let one_by_one = self.size > MEMBERS_AT_ONCE;
        if one_by_one {
            // Further members are added one by one, which is delivered to all who are online: nobody is online meanwhile.
            *load = Load::new()?;
        }
        let mut conversations = Vec::new();
        for room in 0..self.count {
            let members: Vec<usize> = (room * self.size + 1..(room + 1) * self.size).collect();
            conversations.push(Api::of(cluster.address(0)?, room * self.size)?.group(&members)?);
        }
        if one_by_one {
            self.connect(cluster, load, greeting)?;
        }
        Ok(conversations)
    }

    /// The turns of the first `members` members of each room.
    pub(super) fn turns(self, conversations: &[String], members: usize) -> Vec<Turn> {
        let mut seats = vec![0; self.connections()];
        for (index, user) in self.users_of(0).chain(self.users_of(1)).enumerate() {
            seats[user] = index;
        }
        let turn = |member: usize| {
            let seats = &seats;
            move |(room, id): (usize, &String)| Turn::message(seats[room * self.size + member], id)
        };
        (0..members).flat_map(|member| conversations.iter().enumerate().map(turn(member))).collect()
    }
}

/// A load whose users sit in rooms of a cluster that has settled.
pub(super) fn seated(cluster: &Cluster, seats: Seats, members: usize) -> io::Result<(Load, Vec<Turn>)> {
    let mut load = Load::new()?;
    let conversations = seats.fill(cluster, &mut load)?;
    load.settle()?;
    cluster.checkpoint()?;
    let turns = seats.turns(&conversations, members);
    Ok((load, turns))
}

/// An error if what was sent was not acknowledged and delivered as often as it should be.
pub(super) fn check(kind: Kind, load: &Load, size: usize) -> io::Result<()> {
    let measured = load.measured();
    let (sent, acked, delivered) = (measured.sent, measured.acked, measured.delivered);
    let expected = sent * size as u64;
    if delivered == expected && acked == sent {
        return Ok(());
    }
    let name = kind.name();
    Err(io::Error::other(format!(
        "{name}: {delivered} of {expected} deliveries came, {acked} of {sent} acknowledgements"
    )))
}
