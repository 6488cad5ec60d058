//! The party on whose behalf a read runs. Parties take turns, and a read waits only behind reads of its own party.
//!
//! What must stay true: a claimed id is never a party of its own.

use std::net::IpAddr;

use quintet_domain::UserId;

/// The party that a read runs for. A store runs few reads of one party at once, and parties take turns, so that
/// whatever one of them requests, another waits for one turn at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// An authenticated user, or one that a trusted listener names.
    User(UserId),
    /// All unauthenticated clients of an address. A claimed id is not a party, because its owner would wait behind
    /// clients that only claim it.
    Address(IpAddr),
    /// The server itself and its operator, without a limit on the time or number of reads.
    Server,
}

impl From<UserId> for Party {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<&UserId> for Party {
    fn from(user: &UserId) -> Self {
        Self::User(user.clone())
    }
}
