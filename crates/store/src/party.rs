//! The party on whose behalf a read runs: parties take turns, and each waits behind its own reads only.

use std::net::IpAddr;

use quintet_domain::UserId;

/// Whom a read is for. A store works on few reads of one party at once, and lets parties take turns, so that however
/// much one of them asks for, another waits for one turn at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// An authenticated user, or one whose word a listener trusts.
    User(UserId),
    /// All unauthenticated clients of an address. A claimed id is not a party, or its owner would wait behind those who
    /// claim it.
    Address(IpAddr),
    /// The server itself, and its operator: without a bound on how long or how many at once.
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
