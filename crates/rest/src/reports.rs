//! The endpoints of reports of messages: who reads a message reports it, and moderators look after reports.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use quintet_domain::limits::REPORT_REASON_BYTES_MAX;
use quintet_domain::{MessageId, Refusal, ReportAction, ReportStatus, Snapshot};
use quintet_service::{ReportDecision, Service};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Answer, ProblemBody};
use crate::extract::{AuthUser, Body, Lister, Path, Query, ServerModerator, long_answer, page_limit};
use crate::ids::Id;
use crate::scalars::moment;
use crate::scalars::{Moment, message_kinds, one_of};
use crate::views::{Page, conversation_kinds};

fn statuses() -> RefOr<Schema> {
    one_of(ReportStatus::ALL.map(ReportStatus::as_str))
}

fn actions() -> RefOr<Schema> {
    one_of(ReportAction::ALL.map(ReportAction::as_str))
}

fn resolved() -> RefOr<Schema> {
    one_of([ReportStatus::Resolved.as_str()])
}

/// A report to make.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewReport {
    /// Why, in at most 1,024 bytes.
    #[schema(min_length = 1, max_length = 1_024)]
    reason: String,
}

// The document says this number.
const _: () = assert!(REPORT_REASON_BYTES_MAX == 1_024);

/// A person in a report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reported {
    id: String,
    username: String,
}

impl Reported {
    fn of(user: &quintet_domain::User) -> Self {
        Self { id: user.id.to_string(), username: user.username.clone() }
    }
}

/// What a message was when it was reported.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SnapshotView {
    content: String,
    #[schema(schema_with = message_kinds)]
    kind: &'static str,
    /// The names of its files, or the ends of their links.
    files: Vec<String>,
    /// The username of the sender at that time.
    username: String,
    /// The full name of the sender at that time.
    name: String,
    #[schema(schema_with = conversation_kinds)]
    conversation_kind: &'static str,
    /// The name of the conversation at that time.
    conversation_name: Option<String>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    sent_at: Moment,
    /// When it had been edited last.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Moment>,
}

impl SnapshotView {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            content: snapshot.content.clone(),
            kind: snapshot.kind.as_str(),
            files: snapshot.files.clone(),
            username: snapshot.username.clone(),
            name: snapshot.name.clone(),
            conversation_kind: snapshot.conversation_kind.as_str(),
            conversation_name: snapshot.conversation_name.clone(),
            sent_at: Moment(snapshot.sent_at),
            edited_at: snapshot.edited_at.map(Moment),
        }
    }
}

/// What was decided about a report.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResolutionView {
    #[schema(schema_with = actions)]
    action: &'static str,
    /// The id of who decided; null if it is gone.
    by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
}

/// A report of a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportView {
    /// The number of the report, which grows.
    id: i64,
    #[schema(schema_with = statuses)]
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
    reason: String,
    /// Whether the server made it, because a list of words or links says so.
    by_server: bool,
    /// Who made it; null if the server did, or if the user is gone.
    reporter: Option<Reported>,
    /// The id of the message. It may lead nowhere.
    message_id: String,
    /// The id of the conversation. It may lead nowhere.
    conversation_id: Option<String>,
    /// The sender of the message as it is now; null if it is gone.
    sender: Option<Reported>,
    /// What the message was; null once the report is resolved or the sender is erased.
    snapshot: Option<SnapshotView>,
    /// What was decided; null while the report is open.
    resolution: Option<ResolutionView>,
}

impl ReportView {
    fn of(report: &quintet_domain::Report) -> Self {
        let resolution = report.resolution.as_ref().map(|resolution| ResolutionView {
            action: resolution.action.as_str(),
            by: resolution.by.as_ref().map(ToString::to_string),
            at: Moment(resolution.at),
        });
        Self {
            id: report.number,
            status: report.status().as_str(),
            at: Moment(report.at),
            reason: report.reason.as_ref().to_owned(),
            by_server: report.by_server,
            reporter: report.reporter.as_deref().map(Reported::of),
            message_id: report.message.to_string(),
            conversation_id: report.conversation.as_ref().map(ToString::to_string),
            sender: report.sender.as_deref().map(Reported::of),
            snapshot: report.snapshot.as_ref().map(SnapshotView::of),
            resolution,
        }
    }
}

/// Reports a message that the caller can see to those who look after the server. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/messages/{id}/reports", tag = "moderation", operation_id = "reportMessage",
    params(("id" = String, Path)), request_body = NewReport,
    responses(
        (status = 204, description = "Reported, as it may have been before"),
        (status = 409, description = "The message is deleted, or too many reports of the caller are open",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The reason is too long", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn report(
    State(service): State<Service>,
    caller: AuthUser,
    Id(id): Id<MessageId>,
    Body(input): Body<NewReport>,
) -> Answer<StatusCode> {
    service.report_message(caller.actor(), id, &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportQuery {
    /// `open` or `resolved`; all if absent.
    status: Option<String>,
    /// The value of `next` from the previous page.
    cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists reports of messages, the newest first. For services and moderators of the server.
#[utoipa::path(
    get, path = "/reports", tag = "moderation", operation_id = "listReports", params(ReportQuery),
    responses(
        (status = 200, description = "A page of the list", body = Page<ReportView>),
        (status = 403, description = "The caller may not look after reports", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn list(
    State(service): State<Service>,
    _: ServerModerator,
    Lister(caller): Lister,
    Query(query): Query<ReportQuery>,
) -> Answer<Response> {
    let status = query.status.as_deref().map(|text| {
        ReportStatus::parse(text).ok_or_else(|| Refusal::invalid("status", "must be `open` or `resolved`"))
    });
    let (status, limit) = (status.transpose()?, page_limit(query.limit)?);
    let found = service.reports(caller.id(), status, query.cursor, limit).await?;
    Ok(long_answer(|| Page::of(found, ReportView::of)))
}

/// What is decided about a report.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Decision {
    #[schema(schema_with = resolved)]
    status: String,
    /// What is done: nothing, the message is deleted, or its sender is silenced in the conversation or disabled.
    #[schema(schema_with = actions)]
    action: String,
    /// The time when a silence ends; for that action alone, which needs it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Why, in at most 512 bytes, for the audit log.
    reason: Option<String>,
}

impl Decision {
    fn read(self) -> Result<ReportDecision, Refusal> {
        if ReportStatus::parse(&self.status) != Some(ReportStatus::Resolved) {
            return Err(Refusal::invalid("status", "must be `resolved`"));
        }
        let action = ReportAction::parse(&self.action).ok_or_else(|| {
            let known = ReportAction::ALL.map(ReportAction::as_str).join("`, `");
            Refusal::invalid("action", format!("must be one of `{known}`"))
        })?;
        let until = self.until.as_deref().map(|until| moment("until", until)).transpose()?;
        Ok(ReportDecision { action, until, reason: self.reason })
    }
}

/// Resolves a report, and does what is decided. Its snapshot is removed. For services and moderators of the
/// server.
#[utoipa::path(
    patch, path = "/reports/{id}", tag = "moderation", operation_id = "resolveReport", params(("id" = String, Path)),
    request_body = Decision,
    responses(
        (status = 200, description = "Resolved", body = ReportView),
        (status = 403, description = "The caller may not look after reports, or not do that", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "The report was resolved before, or the action cannot be taken", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
pub(crate) async fn resolve(
    State(service): State<Service>,
    ServerModerator(caller): ServerModerator,
    Path(id): Path<String>,
    Body(input): Body<Decision>,
) -> Answer<Json<ReportView>> {
    let decision = input.read()?;
    let number = id.parse().map_err(|_| Refusal::not_found("report", &id))?;
    Ok(Json(ReportView::of(&service.resolve_report(caller.actor(), number, decision).await?)))
}
