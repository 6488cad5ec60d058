//! Whose a read is: reads of many parties take turns, and each party waits behind its own.

use std::net::IpAddr;

use quintet_domain::UserId;

/// Whom a read is for. A store works on few reads of one party at once, and lets parties take turns, so that however
/// much one of them asks for, another waits for one turn at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// A user who proved who it is, or whose word a listener trusts.
    User(UserId),
    /// Whoever asks from an address, where nobody proved who it is. An id that somebody only claims is no party: its
    /// owner would wait behind those who claim it.
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
