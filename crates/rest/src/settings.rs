//! The endpoint of a member's own settings of a conversation.

use axum::Json;
use axum::extract::State;
use quintet_domain::{ConversationId, Mute, Notify, Refusal, SettingsChange};
use quintet_service::Service;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::error::Answer;
use crate::extract::{AuthUser, Body};
use crate::ids::Id;
use crate::views::{Settings, muted, notify_values, or_null};

fn given_muted() -> RefOr<Schema> {
    or_null(muted())
}

fn given_notify_values() -> RefOr<Schema> {
    or_null(notify_values())
}

/// How long a conversation is muted, as callers send it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Muted {
    Flag(bool),
    Until(String),
}

/// The settings to change. Fields that are absent stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsPatch {
    #[schema(schema_with = given_muted, required = false)]
    muted: Option<Muted>,
    /// Whether the conversation stands before others.
    pinned: Option<bool>,
    /// Whether it is put away until its next message.
    archived: Option<bool>,
    #[schema(schema_with = given_notify_values, required = false)]
    notify: Option<String>,
    /// Whether it is marked as unread, until the caller reads there again.
    marked_unread: Option<bool>,
}

/// Changes the caller's own settings of a conversation. Nobody else learns of them.
#[utoipa::path(
    patch, path = "/conversations/{id}/settings", tag = "conversations", operation_id = "changeSettings",
    params(("id" = String, Path)), request_body = SettingsPatch,
    responses((status = 200, description = "All settings after the change", body = Settings))
)]
pub(crate) async fn change(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<ConversationId>,
    Body(input): Body<SettingsPatch>,
) -> Answer<Json<Settings>> {
    let change = changed(&input)?;
    Ok(Json(Settings::of(service.change_settings(caller.actor(), id, change).await?)))
}

fn changed(input: &SettingsPatch) -> Result<SettingsChange, Refusal> {
    let muted = match &input.muted {
        None => None,
        Some(Muted::Flag(muted)) => Some(muted.then_some(Mute::ForGood)),
        Some(Muted::Until(end)) => Some(Some(Mute::read("muted", end)?)),
    };
    let notify = input.notify.as_deref().map(|text| Notify::read("notify", text)).transpose()?;
    let SettingsPatch { pinned, archived, marked_unread, .. } = *input;
    Ok(SettingsChange { muted, pinned, archived, notify, marked_unread })
}
