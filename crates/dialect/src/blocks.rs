//! The events by which users block others, in every dialect: each has its own names, and the same fields.
//!
//! What must stay true: only the connections of the user who blocks receive them.

use quintet_domain::{Event, Refusal, UserId, WriteCommand};
use serde::Serialize;

use crate::client_fields::{IS_BLOCKED, USER};
use crate::dialect::Dialect;
use crate::event_spec::{Decoded, EventSpec, Origin::Quintet, from_client, to_client};
use crate::fields::Fields;
use crate::outgoing::Outgoing;
use crate::payload::{
    Payload::{self, IdOrObject, Object},
    Type::Ids,
    required,
};
use crate::shared::IdList;

/// The event by which a client blocks a user.
pub(crate) const fn block(name: &'static str) -> EventSpec {
    from_client(name, Quintet, IdOrObject(&[USER]), |fields| asked(fields, true))
}

/// The event by which a client ends a block.
pub(crate) const fn unblock(name: &'static str) -> EventSpec {
    from_client(name, Quintet, IdOrObject(&[USER]), |fields| asked(fields, false))
}

/// The event by which a client blocks a user or ends a block, as a flag says.
pub(crate) const fn set_block(name: &'static str) -> EventSpec {
    from_client(name, Quintet, Object(&[USER, IS_BLOCKED]), |fields| asked(fields, fields.flag_or_true("blocked")))
}

fn asked(fields: &Fields<'_>, blocked: bool) -> Result<Decoded, Refusal> {
    Ok(Decoded::new(WriteCommand::Block { user: fields.user("userId"), blocked }))
}

/// The payload of the event that tells a client whom its user has blocked.
const BLOCKED: Payload = Object(&[required("userIds", Ids)]);

/// The event that tells a client whom its user has blocked.
pub(crate) const fn changed(dialect: Dialect) -> EventSpec {
    to_client(name(dialect), Quintet, BLOCKED)
}

const fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Meetup => "blocksUpdated",
        Dialect::Messenger => "blockListChanged",
        Dialect::Rooms => "blocked_users_updated",
        Dialect::Conversations => "blocks_updated",
        Dialect::Chat => "user:blocks",
    }
}

/// All users whom a user has blocked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlocksPayload<'a> {
    user_ids: IdList<'a, UserId>,
}

/// Encodes whom a user has blocked; none if the event does not tell it.
pub(crate) fn encode(event: &Event, dialect: Dialect) -> Option<Outgoing> {
    let Event::BlocksChanged { blocked, .. } = event else { return None };
    Some(Outgoing::new(name(dialect), &BlocksPayload { user_ids: IdList(blocked) }))
}
