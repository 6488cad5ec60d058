//! The model: what must be true of what clients hear, said from the committed entries alone.
//!
//! What lives here: the committed history with its memberships ([`history`]), what a reader hears of an entry
//! ([`projection`]), the check of what one client heard ([`line`]), of reactions, which are told late ([`reactions`]), and of
//! what became of what was sent ([`sends`]).
//! What does not: anything of the gateway or the rules.
//!
//! What must stay true: the model looks at groups of the store's writer and at packets of clients, and at nothing in
//! between.

pub(crate) mod additions;
pub(crate) mod contacts;
pub(crate) mod history;
pub(crate) mod line;
pub(crate) mod mutes;
pub(crate) mod projection;
pub(crate) mod reach;
pub(crate) mod reactions;
pub(crate) mod sends;
pub(crate) mod typing;

/// A sentence that says what is wrong.
pub(crate) type Check = Result<(), String>;
