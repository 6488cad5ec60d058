//! The lock that tells whether other processes use a database.
//!
//! What must stay true: it is an advisory lock of a session, so that it falls with the process that has it, however that
//! one ends.

/// The key of the lock: the bytes of `quintet2`. A copy has it exclusively.
pub(super) const LOCK: i64 = i64::from_be_bytes(*b"quintet2");
