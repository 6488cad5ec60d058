//! What the operator of the simulated server has set.
//!
//! What must stay true: it is the same for all lives of a server and for all nodes.

use quintet_domain::{Contact, ConversationKind, Quotas, Retention};

/// Days for which groups and rooms keep their messages. Direct conversations keep them for ever.
pub(crate) const KEPT_DAYS: u32 = 1;

/// The quotas of the operator.
pub(crate) fn quotas() -> Quotas {
    let retention = Retention { group: KEPT_DAYS, room: KEPT_DAYS, ..Retention::default() };
    Quotas { contact: Contact::Requests, retention, ..Quotas::default() }
}

/// The days for which a conversation of a kind keeps its messages; 0 for ever.
pub(crate) fn kept_days(kind: ConversationKind) -> u32 {
    quotas().retention.days(kind)
}
