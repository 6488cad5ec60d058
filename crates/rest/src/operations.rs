//! Health checks for operators: `/healthz` and `/readyz`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use quintet_domain::Refusal;
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Answer, Problem, ProblemBody};

/// Time in which a store that is ready answers.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// Whether the process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "healthz", security(()),
    responses((status = 200, description = "It does", body = Health))
)]
pub(crate) async fn healthy() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the store answers, and takes what is written.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "It does", body = Health),
        (status = 503, description = "It does not",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn ready(State(service): State<Service>) -> Answer<Json<Health>> {
    let unavailable = || Problem::with_status(StatusCode::SERVICE_UNAVAILABLE, Refusal::internal());
    let checked = tokio::time::timeout(READY_WITHIN, service.check()).await.map_err(|_| unavailable())?;
    checked.map_err(|refusal| Problem::with_status(StatusCode::SERVICE_UNAVAILABLE, refusal))?;
    Ok(Json(Health { status: "ready" }))
}
