//! The endpoint of the audit log.

use axum::extract::State;
use axum::response::Response;
use quintet_domain::{Act, AuditFilter, ConversationId, Refusal, UserId};
use quintet_service::Service;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ProblemBody};
use crate::extract::{Query, ServerAdmin, long_answer, page_limit};
use crate::ids::user_id;
use crate::scalars::moment;
use crate::scalars::one_of;
use crate::views::{Moment, Page};

/// The acts that the log knows.
fn acts() -> RefOr<Schema> {
    one_of(Act::ALL.map(Act::as_str))
}

/// An act of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntry {
    /// The number of the act, which grows.
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
    #[schema(schema_with = acts)]
    act: &'static str,
    /// The id of the user or service that did it; null if the operator did, or if the user is gone.
    by: Option<String>,
    /// Present and true if the operator did it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    by_operator: bool,
    /// The id of the user to whom it was done, if it was done to one. It may lead nowhere.
    user_id: Option<String>,
    /// The id of the conversation in which it was done, if it was done in one. It may lead nowhere.
    conversation_id: Option<String>,
    /// The time until which it was done, if it ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Moment>,
    /// The reason that was given, if one was.
    reason: Option<String>,
    /// What else there is to say of it: the role that was given, the id of the message that was deleted.
    detail: Option<String>,
}

fn shown(entry: &quintet_domain::AuditEntry) -> AuditEntry {
    AuditEntry {
        number: entry.number,
        at: Moment(entry.at),
        act: entry.act.as_str(),
        by: entry.by.as_ref().map(UserId::to_string),
        by_operator: entry.by_operator,
        user_id: entry.user.as_ref().map(UserId::to_string),
        conversation_id: entry.conversation.as_ref().map(ConversationId::to_string),
        until: entry.until.map(Moment),
        reason: entry.reason.as_deref().map(str::to_owned),
        detail: entry.detail.as_deref().map(str::to_owned),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditQuery {
    /// What was done, such as `ban`.
    act: Option<String>,
    /// The id of the user or service that did it.
    by: Option<String>,
    /// The id of the user to whom it was done.
    user: Option<String>,
    /// The id of the conversation in which it was done.
    conversation: Option<String>,
    /// The time from which on it was done, in ISO 8601.
    since: Option<String>,
    /// The time before which it was done, in ISO 8601.
    before: Option<String>,
    /// The value of `next` from the previous page.
    cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter, Refusal> {
        let act = |text: &String| {
            let known = || Act::ALL.map(Act::as_str).join("`, `");
            Act::parse(text).ok_or_else(|| Refusal::invalid("act", format!("must be one of `{}`", known())))
        };
        Ok(AuditFilter {
            act: self.act.as_ref().map(act).transpose()?,
            by: self.by.as_deref().map(|id| user_id("by", id)).transpose()?,
            user: self.user.as_deref().map(|id| user_id("user", id)).transpose()?,
            conversation: self.conversation.as_deref().map(ConversationId::trusted),
            since: self.since.as_deref().map(|at| moment("since", at)).transpose()?,
            before: self.before.as_deref().map(|at| moment("before", at)).transpose()?,
        })
    }
}

/// Lists acts of moderation and administration, the newest first: who did what to whom, when and why. For services and
/// admins of the server.
#[utoipa::path(
    get, path = "/audit", tag = "moderation", operation_id = "listAudit", params(AuditQuery),
    responses(
        (status = 200, description = "A page of the list", body = Page<AuditEntry>),
        (status = 403, description = "The caller is neither a service nor an admin of the server", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn list(
    State(service): State<Service>,
    ServerAdmin(caller): ServerAdmin,
    Query(query): Query<AuditQuery>,
) -> Answer<Response> {
    let (filter, limit) = (query.filter()?, page_limit(query.limit)?);
    let found = service.audit(caller.id(), filter, query.cursor, limit).await?;
    Ok(long_answer(|| Page::of(found, shown)))
}
