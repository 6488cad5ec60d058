//! The answers for clients whose dialect is not known: they have the fields that the clients of all dialects read.
//!
//! What must stay true: an answer here contains what each dialect's own answer to the same request contains.

use http::StatusCode;
use quintet_domain::{Refusal, User};
use quintet_service::Account;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::chat::{ChatFailure, ChatMessage};
use super::shared::FieldFailure;
use crate::message_details::custom_data;
use crate::views::Moment;

/// A failed request. Under `/api` a dialect may write the failure, so fields that only some dialects have are optional.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnyFailure {
    #[schema(required = false)]
    success: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<FieldFailure>>,
    code: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
    #[schema(required = false, value_type = String)]
    error: &'static str,
    #[schema(ignore)]
    detail: String,
}

impl AnyFailure {
    /// Returns the failure for a refusal. `invalid` says whether the request was invalid.
    pub(crate) fn of(status: StatusCode, refusal: &Refusal, invalid: bool) -> Self {
        Self {
            success: false,
            message: refusal.message.clone(),
            errors: FieldFailure::list(invalid, &refusal.message),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
            error: ChatFailure::error(status),
            detail: refusal.message.clone(),
        }
    }
}

/// A user as the user itself sees it, with all field names that clients read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnyAccount {
    #[serde(rename = "_id")]
    object_id: String,
    id: String,
    username: String,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    avatar: Option<String>,
    #[serde(rename = "avatar_url")]
    #[schema(required)]
    avatar_url: Option<String>,
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    last_seen: Moment,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[serde(rename = "created_at")]
    #[schema(value_type = String, format = DateTime)]
    created_at_in_snake_case: Moment,
    first_name: String,
    last_name: String,
    role: &'static str,
    #[schema(ignore)]
    country: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(ignore)]
    guest: bool,
    /// The full name, present after a registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    name: Option<String>,
    /// The custom data of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    metadata: Option<Box<RawValue>>,
}

impl AnyAccount {
    pub(crate) fn of(account: &Account, status: &'static str) -> Self {
        let user = &account.user;
        Self {
            object_id: user.id.to_string(),
            id: user.id.to_string(),
            username: user.username.clone(),
            email: account.email.clone(),
            avatar: user.avatar.clone(),
            avatar_url: user.avatar.clone(),
            status,
            last_seen: Moment(user.last_seen.unwrap_or(user.created_at)),
            created_at: Moment(user.created_at),
            created_at_in_snake_case: Moment(user.created_at),
            first_name: user.first_name().to_owned(),
            last_name: user.last_name().to_owned(),
            role: "user",
            country: account.country.clone(),
            guest: user.is_guest(),
            name: None,
            metadata: custom_data(account.metadata.as_ref()),
        }
    }

    /// Returns the same account with the full name.
    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }
}

/// A user that was found. A dialect may write the answer, so fields that only some dialects have are optional.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnyUser {
    #[serde(rename = "_id")]
    #[schema(required = false)]
    object_id: String,
    id: String,
    username: String,
    avatar: Option<String>,
    #[serde(rename = "avatar_url")]
    avatar_url: Option<String>,
    status: &'static str,
    #[schema(value_type = String, format = DateTime, required = false)]
    last_seen: Moment,
    #[schema(value_type = String, format = DateTime, required = false)]
    created_at: Moment,
    #[serde(rename = "created_at")]
    #[schema(value_type = String, format = DateTime, required = false)]
    created_at_in_snake_case: Moment,
    #[schema(required = false)]
    email: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(ignore)]
    guest: bool,
}

impl AnyUser {
    pub(crate) fn of(user: &User, status: &'static str, email: String) -> Self {
        Self {
            object_id: user.id.to_string(),
            id: user.id.to_string(),
            username: user.username.clone(),
            avatar: user.avatar.clone(),
            avatar_url: user.avatar.clone(),
            status,
            last_seen: Moment(user.last_seen.unwrap_or(user.created_at)),
            created_at: Moment(user.created_at),
            created_at_in_snake_case: Moment(user.created_at),
            email,
            guest: user.is_guest(),
        }
    }
}

/// The caller's own account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Own {
    pub(crate) success: bool,
    pub(crate) user: AnyAccount,
}

/// The users that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Users {
    #[schema(ignore)]
    pub(crate) success: bool,
    pub(crate) count: usize,
    pub(crate) users: Vec<AnyUser>,
}

/// An edited message in two dialects. In one of them `message` is a text for people.
#[derive(Serialize, ToSchema)]
pub(crate) struct Edited {
    #[schema(required = false)]
    pub(crate) success: bool,
    #[schema(ignore)]
    pub(crate) message: Box<RawValue>,
    #[schema(value_type = ChatMessage, required = false)]
    pub(crate) data: Box<RawValue>,
}

/// A new account and its token. Clients that register by name read a part of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    #[schema(required = false)]
    pub(crate) success: bool,
    pub(crate) message: &'static str,
    pub(crate) token: String,
    pub(crate) user_id: String,
    #[schema(required = false)]
    pub(crate) user: AnyAccount,
}

/// The token of a log-in, and the account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedIn {
    pub(crate) success: bool,
    pub(crate) message: &'static str,
    pub(crate) token: String,
    pub(crate) user_id: String,
    pub(crate) user: AnyAccount,
}
