//! The metadata of tenants, key by key.

use axum::Json;
use axum::extract::State;
use rookery_domain::{Action, Json as FreeJson, Metadata, TenantId};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::profile::TenantResponse;

/// Metadata to add.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetMetadataRequest {
    /// An object, or a string that holds one.
    #[schema(value_type = Object)]
    metadata: FreeJson,
}

/// Sets keys of a tenant's metadata, and keeps the others.
#[utoipa::path(
    post,
    path = "/tenants/resources/tenants/v1/{tenantId}/metadata",
    tag = "tenants",
    operation_id = "TenantControllerV1_addTenantMetadata",
    security(("vendor" = [])),
    params(("tenantId" = String, Path)),
    request_body = SetMetadataRequest,
    responses((status = CREATED, body = TenantResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn set(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<TenantId>,
    Body(request): Body<SetMetadataRequest>,
) -> ApiResult<Created<TenantResponse>> {
    let added = Metadata::of_tenant(request.metadata)?;
    let tenants = vendor.store.tenants();
    let updated = tenants.update(&id, Action::TenantUpdated, app.now(), |tenant| {
        tenant.metadata = tenant.metadata.merged(&added)?;
        Ok::<_, ApiError>(())
    });
    let tenant = updated.await?.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Created(TenantResponse::new(vendor.store.id(), tenant)))
}

/// Removes a key from a tenant's metadata. It need not be there.
#[utoipa::path(
    delete,
    path = "/tenants/resources/tenants/v1/{tenantId}/metadata/{key}",
    tag = "tenants",
    operation_id = "TenantControllerV1_deleteTenantMetadata",
    security(("vendor" = [])),
    params(("tenantId" = String, Path), ("key" = String, Path)),
    responses((status = OK, body = TenantResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn remove_key(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path((id, key)): Path<(TenantId, String)>,
) -> ApiResult<Json<TenantResponse>> {
    let tenants = vendor.store.tenants();
    let updated = tenants.update(&id, Action::TenantUpdated, app.now(), |tenant| {
        tenant.metadata = tenant.metadata.without(&key);
        Ok::<_, ApiError>(())
    });
    let tenant = updated.await?.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Json(TenantResponse::new(vendor.store.id(), tenant)))
}
