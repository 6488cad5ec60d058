//! On whose behalf a write is made, and how a guest proves what it owns.

use std::net::IpAddr;

use crate::{ConnectionId, UserId};

/// The stored form of a guest's secret: it can verify the secret, but not reveal it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestProof {
    /// The part of the secret that is its lookup key.
    pub name: String,
    /// The SHA-256 hash of the secret part.
    pub hash: [u8; 32],
}

/// The user on whose behalf a write is made, and the connection that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The id of the user.
    pub user: UserId,
    /// Whether the user is a guest. A guest's write is refused once an account has its id.
    pub guest: bool,
    /// The secret that a guest showed, or that was made for its first room.
    pub guest_proof: Option<GuestProof>,
    /// The client's address, where it is known: guests of one network share one budget.
    pub address: Option<IpAddr>,
    /// The session of the connection that asked; none for calls over HTTP.
    pub origin: Option<ConnectionId>,
    /// Whether the client asked for an acknowledgement.
    pub acked: bool,
}

impl Actor {
    /// A registered user or service who asks outside of any connection.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self { user, guest: false, guest_proof: None, address: None, origin: None, acked: false }
    }
}
