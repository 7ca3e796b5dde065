//! Pages of the audit log.

use axum::Json;
use axum::extract::State;
use rookery_http::{ApiResult, AppState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::record::AuditResponse;
use crate::scope::Scope;
use crate::search::{FirstParameters, FirstSearch, RowParameters, Search, SecondParameters, SecondSearch};

/// Some records, and how many were found in all.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditsResponse {
    /// The records.
    data: Vec<AuditResponse>,
    /// How many were found.
    total: usize,
}

/// Lists records of the audit log, the newest first.
///
/// Rows are counted: `offset=40&count=20` are the 41st to the 60th. A parameter that is not listed here is the name of a
/// field, and what it must be, such as `severity=High`. Of a tenant's records at most 50,000 are searched, and as many as
/// there are can be paged through.
#[utoipa::path(
    get,
    path = "/audits",
    tag = "audit-logs",
    operation_id = "AuditsController_getAudits",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without it, the whole environment."),
        RowParameters,
        FirstParameters,
    ),
    responses((status = OK, body = AuditsResponse), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list(
    scope: Scope,
    State(app): State<AppState>,
    FirstSearch(search): FirstSearch,
) -> ApiResult<Json<AuditsResponse>> {
    show(&app, &scope, search).await
}

/// Lists records of the audit log, the newest first, of some tenants or users.
#[utoipa::path(
    get,
    path = "/audits/resources/audits/v2",
    tag = "audit-logs",
    operation_id = "AuditsController_V2_getAudits",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without it, the whole environment."),
        RowParameters,
        SecondParameters,
    ),
    responses((status = OK, body = AuditsResponse), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list_v2(
    scope: Scope,
    State(app): State<AppState>,
    SecondSearch(search): SecondSearch,
) -> ApiResult<Json<AuditsResponse>> {
    show(&app, &scope, search).await
}

async fn show(app: &AppState, scope: &Scope, search: Search) -> ApiResult<Json<AuditsResponse>> {
    let page = search.list(scope, app.now()).await?;
    let vendor = scope.store.id();
    let data = page.items.into_iter().map(|filed| AuditResponse::new(vendor, filed)).collect();
    Ok(Json(AuditsResponse { data, total: page.total }))
}
