//! What limits what the members of a conversation write, as JSON.
//!
//! What must stay true: the OpenAPI document is made from these types, and the answers are serialised from them.

use quintet_domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::scalars::Moment;

/// What limits what the members of a conversation write.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Moderation {
    /// The seconds between two messages of one member; 0 for no slow mode.
    slow_mode_s: u32,
    /// Whether only the owner and admins write.
    only_admins_write: bool,
    /// The time until which the caller is silenced; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    silenced_until: Option<Moment>,
}

impl Moderation {
    /// What limits a reader who is silenced until a moment, if it is; none if nothing does.
    pub(crate) fn of(moderation: quintet_domain::Moderation, silenced_until: Option<Timestamp>) -> Option<Self> {
        let quintet_domain::Moderation { slow_mode_s, only_admins_write } = moderation;
        let says_nothing = moderation.is_default() && silenced_until.is_none();
        let silenced_until = silenced_until.map(Moment);
        (!says_nothing).then_some(Self { slow_mode_s, only_admins_write, silenced_until })
    }
}
