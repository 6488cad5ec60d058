//! For whoever runs the server: is it alive, is it ready, what does it count.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode, header};
use quintet_domain::Refusal;
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Answer, Problem};
use crate::extract::Anybody;
use crate::openapi::ProblemBody;

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
    checked.map_err(|_| unavailable())?;
    Ok(Json(Health { status: "ready" }))
}

/// What Prometheus reads.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics", security(()),
    responses(
        (status = 200, description = "Counters, gauges and histograms: as Prometheus text, and as OpenMetrics to who asks \
            for that", content((String = "text/plain"), (String = "application/openmetrics-text")))
    )
)]
pub(crate) async fn metrics(State(service): State<Service>, _: Anybody, asked: HeaderMap) -> Answer<impl IntoResponse> {
    let text = service.metrics().text().map_err(|_| Refusal::internal())?;
    let accept = asked.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let (kind, text) = if accept.contains("application/openmetrics-text") {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", plain(&text))
    };
    Ok(([(header::CONTENT_TYPE, kind), (header::VARY, "accept")], text))
}

/// OpenMetrics as the older text of Prometheus has it: a counter is called by what its samples are called, and no end is
/// marked.
fn plain(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut written = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let parts = line.strip_prefix("# ").and_then(|line| {
            let (what, line) = line.split_once(' ')?;
            let (name, rest) = line.split_once(' ')?;
            counters.contains(&name).then_some((what, name, rest))
        });
        match parts {
            Some((what, name, rest)) => written += &format!("# {what} {name}_total {rest}\n"),
            None => written.extend([line, "\n"]),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn metrics_as_older_text() {
        let open = "# HELP a_b What.\n# TYPE a_b counter\na_b_total{c=\"d\"} 1\n# TYPE e gauge\ne 2\n# EOF\n";
        let plain = "# HELP a_b_total What.\n# TYPE a_b_total counter\na_b_total{c=\"d\"} 1\n# TYPE e gauge\ne 2\n";
        assert_eq!(super::plain(open), plain);
    }
}
