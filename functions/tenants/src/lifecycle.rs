//! Making, reading, changing and removing tenants.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{Action, Tenant, TenantId};
use rookery_http::auth::{DeleteAccount, PermittedUser, VendorAuth};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Path};
use rookery_store::Progress;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::profile::{TenantChanges, TenantResponse};

/// A new tenant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateTenantRequest {
    /// Its id, 1 to 255 letters, digits, `_` and `-`; a UUID is made when it is left out.
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// The tenant that it becomes a sub-tenant of.
    #[schema(value_type = Option<String>)]
    parent_tenant_id: Option<TenantId>,
    #[serde(flatten, deserialize_with = "rookery_http::extract::flattened")]
    profile: TenantChanges,
}

/// Creates a tenant.
///
/// The id of a tenant that was removed makes a new one in its place, without the old one's users: while many of them are
/// left, the answer is 409.
#[utoipa::path(
    post,
    path = "/tenants/resources/tenants/v1",
    tag = "tenants",
    operation_id = "TenantControllerV1_createTenant",
    security(("vendor" = [])),
    request_body = CreateTenantRequest,
    responses((status = CREATED, body = TenantResponse), (status = BAD_REQUEST), (status = CONFLICT)),
)]
pub(crate) async fn create(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(request): Body<CreateTenantRequest>,
) -> ApiResult<Created<TenantResponse>> {
    let id = request.tenant_id.unwrap_or_else(|| TenantId::random(&*app.entropy));
    let mut tenant = Tenant { parent: request.parent_tenant_id, ..Tenant::new(id, &*app.entropy, app.now()) };
    request.profile.apply_to(&mut tenant)?;
    vendor.store.tenants().create(&tenant).await?;
    Ok(Created(TenantResponse::new(vendor.store.id(), tenant)))
}

/// Gets a tenant, as a list of one; an empty list when there is no such tenant. What cannot be a tenant's id is refused.
#[utoipa::path(
    get,
    path = "/tenants/resources/tenants/v1/{tenantId}",
    tag = "tenants",
    operation_id = "TenantControllerV1_getTenant",
    security(("vendor" = [])),
    params(("tenantId" = String, Path)),
    responses((status = OK, body = Vec<TenantResponse>), (status = BAD_REQUEST)),
)]
pub(crate) async fn get(vendor: VendorAuth, Path(id): Path<String>) -> ApiResult<Json<Vec<TenantResponse>>> {
    let found = vendor.store.tenants().get(&id.parse()?).await?;
    let tenants = found.into_iter().map(|tenant| TenantResponse::new(vendor.store.id(), tenant));
    Ok(Json(tenants.collect()))
}

/// Gets a tenant.
#[utoipa::path(
    get,
    path = "/tenants/resources/tenants/v2/{tenantId}",
    tag = "tenants",
    operation_id = "TenantControllerV2_getTenant",
    security(("vendor" = [])),
    params(("tenantId" = String, Path)),
    responses((status = OK, body = TenantResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get_v2(vendor: VendorAuth, Path(id): Path<TenantId>) -> ApiResult<Json<TenantResponse>> {
    let tenant = vendor.store.tenants().get(&id).await?.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Json(TenantResponse::new(vendor.store.id(), tenant)))
}

/// Updates a tenant: what is left out stays as it is.
#[utoipa::path(
    put,
    path = "/tenants/resources/tenants/v1/{tenantId}",
    tag = "tenants",
    operation_id = "TenantControllerV1_updateTenant",
    security(("vendor" = [])),
    params(("tenantId" = String, Path)),
    request_body = TenantChanges,
    responses((status = OK, body = TenantResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<TenantId>,
    Body(changes): Body<TenantChanges>,
) -> ApiResult<Json<TenantResponse>> {
    if changes.is_empty() {
        return Err(ApiError::Invalid("the body has nothing to change".to_owned()));
    }
    let tenants = vendor.store.tenants();
    let updated = tenants
        .update(&id, Action::TenantUpdated, app.now(), |tenant| changes.clone().apply_to(tenant))
        .await?;
    let tenant = updated.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Json(TenantResponse::new(vendor.store.id(), tenant)))
}

/// Updates a tenant: what is left out stays as it is.
#[utoipa::path(
    put,
    path = "/tenants/resources/tenants/v2/{tenantId}",
    tag = "tenants",
    operation_id = "TenantControllerV2_updateTenant",
    security(("vendor" = [])),
    params(("tenantId" = String, Path)),
    request_body = TenantChanges,
    responses((status = OK, body = TenantResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn update_v2(
    vendor: VendorAuth,
    app: State<AppState>,
    id: Path<TenantId>,
    changes: Body<TenantChanges>,
) -> ApiResult<Json<TenantResponse>> {
    update(vendor, app, id, changes).await
}

/// Removes a tenant and its users. Users who belong to other tenants too stay there; sub-tenants move up to the
/// tenant's own parent.
///
/// From the first answer on the tenant is gone, and nobody can sign in to it. To clear away very many users takes more
/// than one request: each further one goes on, and the answer is 404 once nothing is left.
#[utoipa::path(
    delete,
    path = "/tenants/resources/tenants/v1/{tenantId}",
    tag = "tenants",
    operation_id = "TenantControllerV1_deleteTenant",
    security(("vendor" = [])),
    params(("tenantId" = String, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<TenantId>,
) -> ApiResult<StatusCode> {
    removed(vendor.store.tenants().remove(&id, app.now(), &app.time_for_more()).await?)
}

/// The answer to a removal that has come as far as `progress`.
pub(crate) fn removed(progress: Progress) -> ApiResult<StatusCode> {
    match progress {
        Progress::Finished | Progress::Unfinished => Ok(StatusCode::OK),
        Progress::Nothing => Err(ApiError::NotFound("tenant")),
    }
}

/// Removes the tenant of the user who calls, and its users.
///
/// With very many users a vendor has to repeat it: see the removal of any tenant.
#[utoipa::path(
    delete,
    path = "/tenants/resources/tenants/v1",
    tag = "tenants",
    operation_id = "TenantControllerV1_deleteCurrentTenant",
    security(("user" = [])),
    responses((status = OK), (status = FORBIDDEN)),
)]
pub(crate) async fn remove_current(
    PermittedUser { user, .. }: PermittedUser<DeleteAccount>,
    State(app): State<AppState>,
) -> ApiResult<StatusCode> {
    user.store.tenants().remove(&user.tenant_id, app.now(), &app.time_for_more()).await?;
    Ok(StatusCode::OK)
}
