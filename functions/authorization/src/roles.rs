//! Making, changing and removing roles.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{PermissionId, Role, RoleId};
use rookery_http::auth::{DeleteRoles, ScopeAuth, WriteRoles};
use rookery_http::wire::RoleResponse;
use rookery_http::{ApiError, ApiResult, AppState, Batch, Body, Created, Path};
use rookery_store::CatalogStore;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::author::Author;
use crate::limits::{at_most, require_room};
use crate::role_changes::{CreateRoleRequest, RoleChanges};

/// How many roles an environment can have, and each tenant of its own: they are read whole.
pub(crate) const MOST_ROLES: usize = 1_000;

/// How many permissions one role can have.
pub(crate) const MOST_PERMISSIONS: usize = 2_000;

/// The permissions of a role.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolePermissionsRequest {
    /// All of them: others are taken away.
    #[schema(value_type = Vec<String>)]
    permission_ids: Vec<PermissionId>,
}

/// Makes roles: all of them, or none.
///
/// With a tenant they are its own, otherwise roles of the whole environment. The answer holds one role for each that was
/// sent, in the same order; at most 32 can be made at once. Users can make roles of their own tenant only, and only such as
/// are weaker than theirs.
///
/// A tenant cannot give its role a key that the environment uses. A role of the environment gets its key whatever tenants
/// call theirs: in a tenant that uses it already, the two roles are told apart by their ids, and not by their keys, which
/// tokens carry.
#[utoipa::path(
    post,
    path = "/identity/resources/roles/v1",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_addRoles",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only.")),
    request_body = Vec<CreateRoleRequest>,
    responses(
        (status = CREATED, body = Vec<RoleResponse>),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND, description = "There is no such tenant."),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: ScopeAuth<WriteRoles>,
    State(app): State<AppState>,
    Batch(batch): Batch<CreateRoleRequest>,
) -> ApiResult<Created<Vec<RoleResponse>>> {
    let requests = at_most(CatalogStore::MOST_ROLES_MADE, "one request can make", batch)?;
    let author = Author::of(&caller).await?;
    require_room("roles", author.roles_beside(), requests.len(), MOST_ROLES)?;
    let roles = requests.into_iter().map(|request| request.into_role(&author, &app));
    let roles = roles.collect::<ApiResult<Vec<_>>>()?;
    caller.store.catalog().create(&roles).await?;
    Ok(Created(roles.iter().map(|role| show(role, &author)).collect()))
}

/// Updates a role: what is left out stays as it is.
#[utoipa::path(
    patch,
    path = "/identity/resources/roles/v1/{roleId}",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_updateRole",
    security(("vendor" = []), ("user" = [])),
    params(
        ("roleId" = String, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed for a role of its own."),
    ),
    request_body = RoleChanges,
    responses(
        (status = OK, body = RoleResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn update(
    caller: ScopeAuth<WriteRoles>,
    State(app): State<AppState>,
    Path(id): Path<RoleId>,
    Body(changes): Body<RoleChanges>,
) -> ApiResult<Json<RoleResponse>> {
    let change = |role: &mut Role, author: &Author| changes.clone().apply_to(role, author, app.now());
    write(&caller, id, change).await.map(Json)
}

/// Sets the permissions of a role: it has these afterwards, and no others.
///
/// Users can add only permissions that they hold themselves; those that every role of a tenant has stay.
#[utoipa::path(
    put,
    path = "/identity/resources/roles/v1/{roleId}/permissions",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_setPermissionsToRole",
    security(("vendor" = []), ("user" = [])),
    params(
        ("roleId" = String, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed for a role of its own."),
    ),
    request_body = RolePermissionsRequest,
    responses(
        (status = OK, body = RoleResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn set_permissions(
    caller: ScopeAuth<WriteRoles>,
    State(app): State<AppState>,
    Path(id): Path<RoleId>,
    Body(request): Body<RolePermissionsRequest>,
) -> ApiResult<Json<RoleResponse>> {
    let wanted = at_most(MOST_PERMISSIONS, "permissionIds can name", request.permission_ids)?;
    let wanted: BTreeSet<_> = wanted.into_iter().collect();
    let change = |role: &mut Role, author: &Author| {
        author.require_writable(role)?;
        let permissions = author.assign(&wanted, &role.permission_ids)?;
        if role.permission_ids != permissions {
            role.permission_ids = permissions;
            role.updated_at = app.now();
        }
        Ok(())
    };
    write(&caller, id, change).await.map(Json)
}

/// Removes a role. Whoever had it has it no longer.
#[utoipa::path(
    delete,
    path = "/identity/resources/roles/v1/{roleId}",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_deleteRole",
    security(("vendor" = []), ("user" = [])),
    params(
        ("roleId" = String, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed for a role of its own."),
    ),
    responses((status = NO_CONTENT), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(caller: ScopeAuth<DeleteRoles>, Path(id): Path<RoleId>) -> ApiResult<StatusCode> {
    let catalog = caller.store.catalog();
    let (author, found) = tokio::try_join!(Author::of(&caller), async {
        Ok(catalog.find_roles(&[id], caller.tenant_id.as_ref()).await?)
    })?;
    let role = found.ok_or(ApiError::NotFound("role"))?;
    match catalog.remove(role, |role| author.require_writable(role)).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::NotFound("role")),
    }
}

/// Changes the role `id`, and answers it.
async fn write(
    caller: &ScopeAuth<WriteRoles>,
    id: RoleId,
    mut change: impl FnMut(&mut Role, &Author) -> ApiResult<()>,
) -> ApiResult<RoleResponse> {
    let catalog = caller.store.catalog();
    let (author, found) = tokio::try_join!(Author::of(caller), async {
        Ok(catalog.find_roles(&[id], caller.tenant_id.as_ref()).await?)
    })?;
    let role = found.ok_or(ApiError::NotFound("role"))?;
    let written = catalog.update(role, |role| change(role, &author)).await?;
    let written = written.and_then(|roles| roles.into_iter().next());
    Ok(show(&written.ok_or(ApiError::NotFound("role"))?, &author))
}

/// `role` on the wire.
pub(crate) fn show(role: &Role, author: &Author) -> RoleResponse {
    RoleResponse::new(author.vendor, role, &author.catalog)
}
