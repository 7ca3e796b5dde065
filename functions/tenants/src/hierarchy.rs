//! The tree that tenants form.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{RecordId, Tenant, TenantId, Timestamp};
use rookery_http::auth::{ReadSubAccount, TenantAuth, VendorAuth};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created};
use rookery_store::Descendant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant, seen from one above or below it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelativeResponse {
    tenant_id: String,
    tenant_name: String,
    status: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// How many levels away it is; a direct child or parent is one level away.
    level: usize,
}

impl RelativeResponse {
    fn new(tenant: Tenant, level: usize) -> Self {
        Self {
            tenant_id: tenant.tenant_id.into(),
            tenant_name: tenant.name,
            status: tenant.profile.status,
            created_at: tenant.created_at,
            level,
        }
    }
}

/// A tenant, and the tree below it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TreeResponse {
    tenant_id: String,
    tenant_name: String,
    status: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The tenants directly below it.
    #[schema(no_recursion)]
    children: Vec<TreeResponse>,
}

impl TreeResponse {
    /// `root`, and those of `descendants` that are below it. They come level by level.
    fn new(root: Tenant, descendants: &[Descendant]) -> Self {
        let below = descendants.iter().enumerate();
        let children = below.filter(|(_, below)| below.tenant.parent.as_ref() == Some(&root.tenant_id));
        // A child's own children come after it, so each descendant is looked at once for every level above it.
        let children =
            children.map(|(at, child)| Self::new(child.tenant.clone(), &descendants[at + 1..])).collect();
        Self {
            tenant_id: root.tenant_id.into(),
            tenant_name: root.name,
            status: root.profile.status,
            created_at: root.created_at,
            children,
        }
    }
}

/// Two tenants, one directly below the other.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HierarchyPair {
    /// The upper one.
    #[schema(value_type = String)]
    parent_tenant_id: TenantId,
    /// The lower one.
    #[schema(value_type = String)]
    child_tenant_id: TenantId,
}

/// A link between two tenants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HierarchyLinkResponse {
    id: Uuid,
    vendor_id: Uuid,
    tenant_id: String,
    parent_id: String,
}

/// Lists the tenants below a tenant, level by level.
#[utoipa::path(
    get,
    path = "/tenants/resources/hierarchy/v1",
    tag = "tenants",
    operation_id = "TenantHierarchyControllerV1_getSubTenants",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    responses((status = OK, body = Vec<RelativeResponse>), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn descendants(
    caller: TenantAuth<ReadSubAccount>,
) -> ApiResult<Json<Vec<RelativeResponse>>> {
    let tenants = caller.store.tenants();
    let (_, below) = with_tenant(&caller, tenants.descendants(&caller.tenant_id)).await?;
    Ok(Json(below.into_iter().map(|below| RelativeResponse::new(below.tenant, below.level)).collect()))
}

/// Lists the tenants above a tenant, from its parent to the root.
#[utoipa::path(
    get,
    path = "/tenants/resources/hierarchy/v1/parents",
    tag = "tenants",
    operation_id = "TenantHierarchyControllerV1_getParentTenants",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    responses((status = OK, body = Vec<RelativeResponse>), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn parents(caller: TenantAuth<ReadSubAccount>) -> ApiResult<Json<Vec<RelativeResponse>>> {
    let tenants = caller.store.tenants();
    let (_, above) = with_tenant(&caller, tenants.ancestors(&caller.tenant_id)).await?;
    let relatives = above.into_iter().zip(1..).map(|(tenant, level)| RelativeResponse::new(tenant, level));
    Ok(Json(relatives.collect()))
}

/// Shows a tenant and the tree below it.
#[utoipa::path(
    get,
    path = "/tenants/resources/hierarchy/v1/tree",
    tag = "tenants",
    operation_id = "TenantHierarchyControllerV1_getSubTenantsTree",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    responses((status = OK, body = TreeResponse), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn tree(caller: TenantAuth<ReadSubAccount>) -> ApiResult<Json<TreeResponse>> {
    let tenants = caller.store.tenants();
    let (root, below) = with_tenant(&caller, tenants.descendants(&caller.tenant_id)).await?;
    Ok(Json(TreeResponse::new(root, &below)))
}

/// The caller's tenant, which must be there, and `relatives` of it, which are read at the same time.
async fn with_tenant<T, E: Into<ApiError>>(
    caller: &TenantAuth<ReadSubAccount>,
    relatives: impl Future<Output = Result<T, E>>,
) -> ApiResult<(Tenant, T)> {
    let tenants = caller.store.tenants();
    let (tenant, relatives) = tokio::join!(tenants.get(&caller.tenant_id), relatives);
    let tenant = tenant?.ok_or(ApiError::NotFound("tenant"))?;
    Ok((tenant, relatives.map_err(Into::into)?))
}

/// Puts one tenant below another.
#[utoipa::path(
    post,
    path = "/tenants/resources/hierarchy/v1",
    tag = "tenants",
    operation_id = "TenantHierarchyControllerV1_createSubTenants",
    security(("vendor" = [])),
    request_body = HierarchyPair,
    responses((status = CREATED, body = HierarchyLinkResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn link(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(pair): Body<HierarchyPair>,
) -> ApiResult<Created<HierarchyLinkResponse>> {
    let tenants = vendor.store.tenants();
    let child = tenants.link(&pair.parent_tenant_id, &pair.child_tenant_id, app.now()).await?;
    Ok(Created(HierarchyLinkResponse {
        id: RecordId::as_uuid(child.record_id),
        vendor_id: vendor.store.id().as_uuid(),
        tenant_id: pair.child_tenant_id.into(),
        parent_id: pair.parent_tenant_id.into(),
    }))
}

/// Takes one tenant from below another.
#[utoipa::path(
    delete,
    path = "/tenants/resources/hierarchy/v1",
    tag = "tenants",
    operation_id = "TenantHierarchyControllerV1_deleteSubTenant",
    security(("vendor" = [])),
    request_body = HierarchyPair,
    responses((status = OK), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn unlink(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(pair): Body<HierarchyPair>,
) -> ApiResult<StatusCode> {
    let tenants = vendor.store.tenants();
    match tenants.unlink(&pair.parent_tenant_id, &pair.child_tenant_id, app.now()).await? {
        true => Ok(StatusCode::OK),
        false => Err(ApiError::NotFound("sub-tenant")),
    }
}
