//! A member's own settings of a conversation as JSON.
//!
//! What must stay true: the OpenAPI document is made from these types, and the answers are serialised from them.

use quintet_domain::{ConversationSettings, Mute, Notify};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::scalars::{Moment, one_of};

/// What a member can be notified of.
pub(crate) fn notify_values() -> RefOr<Schema> {
    one_of(Notify::ALL.map(Notify::as_str))
}

/// How long a conversation is muted: `true`, `false`, or the moment until which it is.
pub(crate) fn muted() -> RefOr<Schema> {
    let end =
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let flag = ObjectBuilder::new().schema_type(Type::Boolean);
    OneOfBuilder::new().item(flag).item(end).into()
}

/// How long a conversation is muted, as it is written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum Muted {
    Flag(bool),
    Until(Moment),
}

/// The caller's own settings of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    #[schema(schema_with = muted)]
    muted: Muted,
    /// Whether the conversation stands before others.
    pinned: bool,
    /// Whether it is put away until its next message.
    archived: bool,
    #[schema(schema_with = notify_values)]
    notify: &'static str,
    /// Whether the caller has marked it as unread.
    marked_unread: bool,
}

impl Settings {
    pub(crate) fn of(settings: ConversationSettings) -> Self {
        let ConversationSettings { muted, pinned, archived, notify, marked_unread } = settings;
        let muted = match muted {
            None => Muted::Flag(false),
            Some(Mute::ForGood) => Muted::Flag(true),
            Some(Mute::Until(end)) => Muted::Until(Moment(end)),
        };
        Self { muted, pinned, archived, notify: notify.as_str(), marked_unread }
    }
}
