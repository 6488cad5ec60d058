//! The tables of the store in memory, and the row operations of rules over them: a file for each family of rows.
//!
//! What must stay true: each table has an index for whatever is looked up by something else than its key, and each
//! operation moves a row in all of them; values that are unique in SQL are unique here.

mod blocks;
mod catch_up;
mod contact_requests;
mod conversations;
mod files;
mod guests;
mod invitations;
mod log;
mod login_sessions;
mod meetups;
mod members;
mod message_details;
mod messages;
mod moderation;
mod notifications;
mod push;
mod reactions;
mod replay;
mod reports;
mod users;
mod webhooks;

pub(super) use notifications::numbered;
pub(super) use replay::ReplayView;
