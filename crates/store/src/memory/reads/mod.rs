//! Reads of the store in memory, one file for each family.
//!
//! What must stay true: each returns what the same read of the SQLite store returns, including order, cursors and
//! limits.

mod accounts;
mod conversations;
mod directory;
mod files;
mod meetups;
mod members;
mod messages;
mod notifications;
mod search;

pub(super) use accounts::{
    account, account_by_login, accounts, erasing, guest_knows, last_login, search, service, services,
};
pub(super) use conversations::{conversation, conversations, memberships};
pub(super) use directory::{direct, find, message_count};
pub(super) use files::{file, orphaned};
pub(super) use meetups::{meetup, meetups};
pub(super) use members::members;
pub(super) use messages::messages;
pub(super) use notifications::{list, pending};
use quintet_domain::permissions::{self, Action};
use quintet_domain::{ConversationId, Refusal, UserId};
use quintet_rules::restrictions::standing_of_reader;
use quintet_rules::rows::{ConversationRow, ConversationRows, MemberRows, UserRow};
pub(super) use search::find_messages;

use super::data::Data;
use crate::error::Read;

/// The user of an id, or `ERR_NOT_FOUND`.
fn known<'d>(data: &'d Data, id: &UserId) -> Read<&'d UserRow> {
    Ok(find_user(data, id).ok_or_else(|| Refusal::not_found("user", id))?)
}

/// The user of an id, if there is one.
fn find_user<'d>(data: &'d Data, id: &UserId) -> Option<&'d UserRow> {
    data.users.by_id.get(id).and_then(|key| data.users.rows.get(key))
}

/// A conversation that a user may use, or a refusal.
fn readable(data: &Data, user: &UserRow, id: &ConversationId) -> Read<ConversationRow> {
    let row = data.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?;
    let member = data.member(row.key, user.key)?;
    permissions::check(Action::Use, standing_of_reader(data, &row, user, member.as_ref())?, id)?;
    Ok(row)
}
