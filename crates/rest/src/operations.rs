//! The health checks for operators: `/healthz` and `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::Refusal;
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Answer, Problem, ProblemBody};

/// The time within which a ready store answers.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// The health of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// Checks whether the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "getHealth", security(()),
    responses((status = 200, description = "It answers", body = Health))
)]
pub(crate) async fn healthy() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Checks whether the store answers and accepts writes.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "getReadiness", security(()),
    responses(
        (status = 200, description = "It answers", body = Health),
        (status = 503, description = "It does not answer",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn ready(State(service): State<Service>) -> Answer<Json<Health>> {
    let unavailable = || Problem::with_status(StatusCode::SERVICE_UNAVAILABLE, Refusal::internal());
    let checked = tokio::time::timeout(READY_WITHIN, service.check()).await.map_err(|_| unavailable())?;
    checked.map_err(|refusal| Problem::with_status(StatusCode::SERVICE_UNAVAILABLE, refusal))?;
    Ok(Json(Health { status: "ready" }))
}
