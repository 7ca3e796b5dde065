//! Which roles hold a permission, and which may.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use rookery_domain::{AssignmentType, Catalog, Permission, PermissionId, Role, RoleId};
use rookery_http::auth::{ScopeAuth, VendorAuth, WriteRoles};
use rookery_http::wire::PermissionResponse;
use rookery_http::{ApiError, ApiResult, AppState, Body, Path};
use rookery_store::CatalogStore;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::author::{Author, environment_catalog};
use crate::limits::at_most;
use crate::permissions::require_custom;

/// Roles that are to hold a permission.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PermissionRolesRequest {
    /// At most 95. Roles that hold it already and are not named keep it.
    #[schema(value_type = Vec<String>)]
    role_ids: Vec<RoleId>,
}

/// How tenants may use some permissions.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClassificationRequest {
    /// At most 95; none that is built in.
    #[schema(value_type = Vec<String>)]
    permission_ids: Vec<PermissionId>,
    /// `ASSIGNABLE`: as they please; `ALWAYS`: every role that they make has them; `NEVER`: not at all.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    assignment_type: AssignmentType,
}

/// Adds a permission to roles: to all that are named, or to none. Roles that hold it already keep it.
#[utoipa::path(
    put,
    path = "/identity/resources/permissions/v1/{permissionId}/roles",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_setRolesToPermission",
    security(("vendor" = []), ("user" = [])),
    params(
        ("permissionId" = String, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed for roles of its own."),
    ),
    request_body = PermissionRolesRequest,
    responses(
        (status = OK, body = PermissionResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn add_to_roles(
    caller: ScopeAuth<WriteRoles>,
    State(app): State<AppState>,
    Path(id): Path<PermissionId>,
    Body(request): Body<PermissionRolesRequest>,
) -> ApiResult<Json<PermissionResponse>> {
    let ids = distinct(at_most(CatalogStore::MOST_CHANGED, "roleIds can name", request.role_ids)?);
    let store = caller.store.catalog();
    let (author, found) = tokio::try_join!(Author::of(&caller), async {
        Ok(store.find_roles(&ids, caller.tenant_id.as_ref()).await?)
    })?;
    let permission = author.catalog.permissions.get(&id).ok_or(ApiError::NotFound("permission"))?;
    let found = found.ok_or(ApiError::NotFound("role"))?;
    let add = |role: &mut Role| {
        author.require_writable(role)?;
        let added = author.assign(&BTreeSet::from([id]), &role.permission_ids)?;
        if !added.is_subset(&role.permission_ids) {
            role.permission_ids.extend(added);
            role.updated_at = app.now();
        }
        Ok::<_, ApiError>(())
    };
    let roles = store.update(found, add).await?.ok_or(ApiError::NotFound("role"))?;
    let catalog = Catalog::clone(&author.catalog).with_roles(roles);
    Ok(Json(PermissionResponse::new(permission, &catalog)))
}

/// Says how tenants may use permissions in roles of their own: all that are named, or none.
#[utoipa::path(
    put,
    path = "/identity/resources/permissions/v1/classification",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_updatePermissionsAssignmentType",
    security(("vendor" = [])),
    request_body = ClassificationRequest,
    responses((status = OK, body = Vec<PermissionResponse>), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn classify(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(request): Body<ClassificationRequest>,
) -> ApiResult<Json<Vec<PermissionResponse>>> {
    let ids =
        distinct(at_most(CatalogStore::MOST_CHANGED, "permissionIds can name", request.permission_ids)?);
    let store = vendor.store.catalog();
    let (catalog, found) = tokio::try_join!(environment_catalog(&vendor.store), async {
        Ok(store.find_permissions(&ids).await?)
    })?;
    ids.iter().try_for_each(|id| require_custom(&catalog, *id))?;
    let found = found.ok_or(ApiError::NotFound("permission"))?;
    let classify = |permission: &mut Permission| {
        if permission.assignment_type != request.assignment_type {
            permission.assignment_type = request.assignment_type;
            permission.updated_at = app.now();
        }
        Ok::<_, ApiError>(())
    };
    let updated = store.update(found, classify).await?.ok_or(ApiError::NotFound("permission"))?;
    Ok(Json(updated.iter().map(|permission| PermissionResponse::new(permission, &catalog)).collect()))
}

fn distinct<T: Ord>(ids: Vec<T>) -> Vec<T> {
    ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}
