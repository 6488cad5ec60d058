//! The answers for clients of the meetup dialect.
//!
//! What must stay true: fields keep the names and types that existing backends give them.

use quintet_domain::{Meetup, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Moment;

/// A failed request.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeetupFailure {
    message: String,
    error: String,
    code: &'static str,
    #[serde(rename = "retryAfterMs", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
}

impl MeetupFailure {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        Self {
            message: refusal.message.clone(),
            error: refusal.message.clone(),
            code: refusal.code.as_str(),
            retry_after_ms: refusal.retry_after_ms,
        }
    }
}

/// A meetup as these clients read it: it expires an hour after its proposal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Broadcast {
    #[serde(rename = "_id")]
    id: String,
    user_id: String,
    date: String,
    time: String,
    location: String,
    activity: String,
    requests: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
    #[serde(rename = "__v")]
    version: u32,
    chat_id: String,
}

impl Broadcast {
    pub(crate) fn of(meetup: &Meetup) -> Self {
        let starts_at = meetup.starts_at.to_string();
        // These clients expect an accepted request to stay in the list.
        let open = meetup.requests.iter().map(|request| &request.user);
        Self {
            id: meetup.id.to_string(),
            user_id: meetup.host.id.to_string(),
            date: starts_at[..10].to_owned(),
            time: starts_at[11..16].to_owned(),
            location: meetup.location.clone(),
            activity: meetup.activity.clone(),
            requests: open.chain(&meetup.participants).map(|user| user.id.to_string()).collect(),
            expires_at: Moment(meetup.expires_at),
            version: 0,
            chat_id: meetup.chat_id.to_string(),
        }
    }
}

/// A new account and its token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registered {
    pub(crate) message: &'static str,
    pub(crate) user_id: String,
    pub(crate) token: String,
}

/// The token of a log-in, and the account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedIn {
    pub(crate) token: String,
    pub(crate) user_id: String,
}

/// A request to take part in a meetup.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Requested {
    pub(crate) message: &'static str,
    pub(crate) broadcast_id: String,
}
