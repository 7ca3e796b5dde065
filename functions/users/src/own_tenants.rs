//! The tenants that a user works in.

use axum::Json;
use axum::extract::State;
use rookery_domain::{RecordId, Tenant, TenantId, Timestamp, VendorId};
use rookery_http::auth::{ActingUser, UserAuth};
use rookery_http::{ApiResult, AppState};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The id and the name of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantNameResponse {
    tenant_id: String,
    name: String,
}

/// A tenant of a user.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserTenantRow {
    id: Uuid,
    tenant_id: String,
    vendor_id: Uuid,
    name: String,
    /// What the customer keeps beside it, as a string of JSON.
    metadata: String,
    is_reseller: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
}

impl UserTenantRow {
    fn new(vendor: VendorId, tenant: Tenant) -> Self {
        Self {
            id: RecordId::as_uuid(tenant.record_id),
            tenant_id: tenant.tenant_id.into(),
            vendor_id: vendor.as_uuid(),
            name: tenant.name,
            metadata: tenant.metadata.to_wire(),
            is_reseller: tenant.is_reseller,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
            deleted_at: tenant.deleted_at,
        }
    }
}

/// The tenants of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserTenantsResponse {
    tenants: Vec<UserTenantRow>,
    /// The one that a sign-in lands in; null when there is none.
    active_tenant: Option<UserTenantRow>,
}

/// Lists the ids and names of the tenants that a user works in.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v2/me/tenants",
    tag = "users",
    operation_id = "UsersControllerV2_getUserTenants",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses((status = OK, body = Vec<TenantNameResponse>), (status = NOT_FOUND)),
)]
pub(crate) async fn list_v2(
    caller: ActingUser,
    State(app): State<AppState>,
) -> ApiResult<Json<Vec<TenantNameResponse>>> {
    let tenants = usable_tenants(&caller, app.now()).await?.into_iter();
    let names =
        tenants.map(|tenant| TenantNameResponse { tenant_id: tenant.tenant_id.into(), name: tenant.name });
    Ok(Json(names.collect()))
}

/// Lists the tenants that the caller works in.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/me/tenants",
    tag = "users",
    operation_id = "UsersControllerV1_getUserTenants",
    security(("user" = [])),
    responses((status = OK, body = Vec<UserTenantRow>), (status = UNAUTHORIZED)),
)]
pub(crate) async fn list_v1(
    caller: UserAuth,
    State(app): State<AppState>,
) -> ApiResult<Json<Vec<UserTenantRow>>> {
    let vendor = caller.store.id();
    let tenants = usable_tenants(&caller.into(), app.now()).await?;
    Ok(Json(tenants.into_iter().map(|tenant| UserTenantRow::new(vendor, tenant)).collect()))
}

/// Lists the tenants that a user works in, and the one of them that is active.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v3/me/tenants",
    tag = "users",
    operation_id = "UsersControllerV3_getUserTenants",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token.")),
    responses((status = OK, body = UserTenantsResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn list_v3(
    caller: ActingUser,
    State(app): State<AppState>,
) -> ApiResult<Json<UserTenantsResponse>> {
    let (vendor, now) = (caller.store.id(), app.now());
    let tenants = usable_tenants(&caller, now).await?.into_iter();
    let tenants: Vec<_> = tenants.map(|tenant| UserTenantRow::new(vendor, tenant)).collect();
    let active = caller.user.landing_tenant(now).map(TenantId::as_str);
    // One that is being removed is not there any more: a sign-in lands in the oldest that is.
    let active_tenant = tenants.iter().find(|row| Some(row.tenant_id.as_str()) == active);
    let active_tenant = active_tenant.or_else(|| tenants.first()).cloned();
    Ok(Json(UserTenantsResponse { tenants, active_tenant }))
}

/// The tenants that the user of `caller` may sign in to at `now`, oldest membership first. Of all that a super user reaches
/// these are their own and, after them, the one that they work in.
async fn usable_tenants(caller: &ActingUser, now: Timestamp) -> ApiResult<Vec<Tenant>> {
    let mut ids: Vec<_> = caller.user.usable_tenants(now).cloned().collect();
    ids.extend(caller.user.landing_tenant(now).filter(|tenant| !ids.contains(tenant)).cloned());
    Ok(caller.store.tenants().get_all(&ids).await?)
}
