//! Whether the service runs.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

// Every service has it beside the endpoints of its groups.
crate::endpoints![show];

/// How the service is.
#[derive(Serialize, ToSchema)]
struct HealthResponse {
    /// Always `ok`.
    status: &'static str,
}

/// Tells monitors that the service runs.
///
/// The table is not asked: a server that is restarted because the table is slow helps nobody.
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    operation_id = "health",
    responses((status = OK, body = HealthResponse)),
)]
async fn show() -> Json<HealthResponse> {
    Json(HealthResponse { status: "ok" })
}
