//! The answers for clients of the messenger dialect.
//!
//! What must stay true: fields keep the names and types that existing backends give them.

use std::collections::BTreeMap;

use quintet_domain::{Refusal, User};
use quintet_service::Account;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::shared::FieldFailure;
use crate::message_details::custom_data;
use crate::views::Moment;

/// A failed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessengerFailure {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<FieldFailure>>,
    code: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

impl MessengerFailure {
    /// Returns the failure for a refusal. `invalid` says whether the request was invalid.
    pub(crate) fn of(refusal: &Refusal, invalid: bool) -> Self {
        Self {
            message: refusal.message.clone(),
            errors: FieldFailure::list(invalid, &refusal.message),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

/// A user as others see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessengerPerson {
    #[serde(rename = "_id")]
    id: String,
    first_name: String,
    last_name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    guest: bool,
    /// The email address, present only in lists: the caller's own, and an empty text for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
}

impl MessengerPerson {
    pub(crate) fn of(user: &User, email: Option<String>) -> Self {
        Self {
            id: user.id.to_string(),
            first_name: user.first_name().to_owned(),
            last_name: user.last_name().to_owned(),
            guest: user.is_guest(),
            email,
        }
    }
}

/// A user as the user itself sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessengerAccount {
    id: String,
    #[serde(rename = "_id")]
    object_id: String,
    first_name: String,
    last_name: String,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    country: Option<String>,
    #[schema(required)]
    avatar: Option<String>,
    role: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    /// The custom data of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Box<RawValue>>,
}

impl MessengerAccount {
    pub(crate) fn of(account: &Account) -> Self {
        let user = &account.user;
        Self {
            id: user.id.to_string(),
            object_id: user.id.to_string(),
            first_name: user.first_name().to_owned(),
            last_name: user.last_name().to_owned(),
            email: account.email.clone(),
            country: account.country.clone(),
            avatar: user.avatar.clone(),
            role: "user",
            created_at: Moment(user.created_at),
            metadata: custom_data(account.metadata.as_ref()),
        }
    }
}

/// A group or open room as the caller sees it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct MessengerGroup {
    #[schema(rename = "_id")]
    id: String,
    #[schema(required)]
    name: Option<String>,
    description: String,
    /// A link to the picture, if there is one.
    #[schema(nullable = false)]
    picture: Option<String>,
    /// The custom data, if there is any.
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<()>,
    #[schema(required)]
    creator: Option<String>,
    member_count: u32,
    is_member: bool,
    #[schema(format = DateTime)]
    created_at: String,
    /// The members, present if one group is requested and the caller is a member.
    #[schema(nullable = false)]
    members: Option<Vec<MessengerPerson>>,
}

/// A group that was requested by its id, with its members.
#[derive(Serialize)]
pub(crate) struct OneGroup {
    #[serde(flatten)]
    fields: BTreeMap<String, Box<RawValue>>,
    members: Vec<MessengerPerson>,
}

impl OneGroup {
    /// Adds the members to a group as the dialect wrote it.
    ///
    /// # Errors
    /// An internal error, which does not occur for objects.
    pub(crate) fn of(group: &RawValue, members: Vec<MessengerPerson>) -> Result<Self, Refusal> {
        let fields = serde_json::from_str(group.get()).map_err(|_| Refusal::internal())?;
        Ok(Self { fields, members })
    }
}

/// A new account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedUp {
    pub(crate) message: &'static str,
    pub(crate) user_id: String,
}

/// The token of a log-in, and the account.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedIn {
    pub(crate) message: &'static str,
    pub(crate) token: String,
    pub(crate) user: MessengerAccount,
}

/// The profile after a change.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileChanged {
    pub(crate) message: &'static str,
    pub(crate) user: MessengerAccount,
}

/// The new token after a change of the password, which ends all others.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordChanged {
    pub(crate) message: &'static str,
    pub(crate) token: String,
}

/// A group that was created.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupMade {
    pub(crate) message: &'static str,
    #[schema(value_type = MessengerGroup)]
    pub(crate) group: OneGroup,
}

/// The answer to a request that has no other result.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    pub(crate) message: &'static str,
}

/// The sender of a message.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct MessengerAuthor {
    #[schema(rename = "_id")]
    object_id: String,
    id: String,
    username: String,
    first_name: String,
    last_name: String,
    #[schema(required)]
    avatar: Option<String>,
    #[schema(required = false)]
    guest: bool,
}

/// A message as messenger's clients read it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what the dialect writes")]
pub(crate) struct MessengerMessage {
    #[schema(rename = "_id")]
    object_id: String,
    id: String,
    sender: MessengerAuthor,
    #[schema(required)]
    recipient: Option<String>,
    #[schema(required)]
    group: Option<String>,
    content: String,
    is_read: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(rename = "type")]
    kind: String,
    sequence: u64,
    #[schema(nullable = false)]
    file_url: Option<String>,
    file_name: Option<String>,
}
