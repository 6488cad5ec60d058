//! Writes about requests to reach a person.

use crate::{Actor, RequestId};

/// Accepts or declines a request of somebody to write to the actor, or to take it into a group. The result is the
/// conversation of the request. Refused with `ERR_NOT_FOUND` if the request is decided, or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecideContact {
    /// The person who was asked.
    pub actor: Actor,
    /// The request that is decided.
    pub request: RequestId,
    /// Whether it is accepted; otherwise it is declined, which nobody is told.
    pub accept: bool,
}
