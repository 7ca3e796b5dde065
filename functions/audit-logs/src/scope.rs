//! Whose audit log is read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rookery_domain::TenantId;
use rookery_http::auth::{ReadAudits, ScopeAuth};
use rookery_http::{ApiError, ApiResult, AppState, Query};
use rookery_store::EnvironmentStore;
use serde::Deserialize;

/// Somebody who may read the audit log of a tenant, or a vendor who may read that of the whole environment.
pub(crate) struct Scope {
    pub(crate) store: EnvironmentStore,
    /// The tenant; none for the whole environment.
    pub(crate) tenant: Option<TenantId>,
}

/// Older clients name the tenant in the query. With a user's token it is that of the token all the same.
#[derive(Deserialize)]
struct NamedTenant {
    #[serde(rename = "tenantId")]
    tenant_id: Option<String>,
}

impl FromRequestParts<AppState> for Scope {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let ScopeAuth { store, tenant_id, .. } =
            ScopeAuth::<ReadAudits>::from_request_parts(parts, app).await?;
        if tenant_id.is_some() {
            return Ok(Self { store, tenant: tenant_id });
        }
        let Query(named) = Query::<NamedTenant>::from_request_parts(parts, app).await?;
        let named = named.tenant_id.filter(|tenant| !tenant.is_empty());
        Ok(Self { store, tenant: named.map(|tenant| tenant.parse()).transpose()? })
    }
}
