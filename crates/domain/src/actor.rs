//! The user on whose behalf a write is made, and the proof by which a guest shows what it owns.

use std::net::IpAddr;

use crate::{ConnectionId, UserId};

/// The stored form of a guest's secret: it can verify the secret, but not reveal it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestProof {
    /// The lookup key of the secret, which is the first half of it.
    pub name: String,
    /// The SHA-256 hash of the second, secret half.
    pub hash: [u8; 32],
}

/// The user on whose behalf a write is made, and the connection that submitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The id of the user.
    pub user: UserId,
    /// Whether the user is a guest. The write of a guest is refused once an account has its id.
    pub guest: bool,
    /// The proof of the secret that the guest presented, or that was generated for its first room.
    pub guest_proof: Option<GuestProof>,
    /// The address of the client, if it is known. Guests of one network share one budget.
    pub address: Option<IpAddr>,
    /// The connection that submitted the write; none for calls over HTTP.
    pub origin: Option<ConnectionId>,
    /// Whether the client asked for an acknowledgement.
    pub acked: bool,
}

impl Actor {
    /// Creates the actor of a registered user or a service that calls outside of any connection.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self { user, guest: false, guest_proof: None, address: None, origin: None, acked: false }
    }
}
