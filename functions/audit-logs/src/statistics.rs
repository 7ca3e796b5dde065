//! How much has happened lately.

use axum::Json;
use axum::extract::State;
use rookery_http::{ApiResult, AppState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::scope::Scope;

/// How many records there are lately.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatisticsResponse {
    /// Since midnight, UTC.
    total_today: u64,
    /// Of severity `High`, `Critical` or `Error`, in the last seven days, of which today is one.
    severe_this_week: u64,
}

/// Counts the records of today, and the severe ones of the last seven days.
#[utoipa::path(
    get,
    path = "/audits/stats",
    tag = "audit-logs",
    operation_id = "AuditsController_getAuditsStats",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without it, the whole environment.")),
    responses((status = OK, body = StatisticsResponse), (status = FORBIDDEN)),
)]
pub(crate) async fn get(scope: Scope, State(app): State<AppState>) -> ApiResult<Json<StatisticsResponse>> {
    let statistics = scope.store.journal().statistics(scope.tenant.as_ref(), app.now()).await?;
    Ok(Json(StatisticsResponse {
        total_today: statistics.today,
        severe_this_week: statistics.severe_this_week,
    }))
}
