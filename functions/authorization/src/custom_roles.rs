//! Roles that a tenant makes for itself in one step, from another role and a choice of permissions.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use rookery_domain::{PermissionId, RoleId};
use rookery_http::auth::{ScopeAuth, WriteRoles};
use rookery_http::wire::RoleResponse;
use rookery_http::{ApiError, ApiResult, AppState, Body};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::author::Author;
use crate::limits::{at_most, require_room};
use crate::role_changes::CreateRoleRequest;
use crate::roles::{MOST_PERMISSIONS, MOST_ROLES, show};

/// A new role of a tenant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateCustomRoleRequest {
    /// What tokens carry, 1 to 200 characters; unique among the roles of the tenant and the environment.
    key: String,
    /// 1 to 255 characters.
    name: String,
    /// At most 1000 characters.
    description: Option<String>,
    /// Whether users who are given no roles get this one.
    is_default: Option<bool>,
    /// The role whose rank it has.
    #[schema(value_type = String)]
    base_role_id: RoleId,
    /// What it allows.
    #[schema(value_type = Vec<String>)]
    permission_ids: Vec<PermissionId>,
}

/// Makes a role of a tenant's own, with the rank of another role and with the permissions that are named.
///
/// Users can make only roles that are weaker than theirs, of permissions that they hold themselves.
#[utoipa::path(
    post,
    path = "/identity/resources/roles/v2",
    tag = "authorization",
    operation_id = "RolesControllerV2_addRole",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = CreateCustomRoleRequest,
    responses(
        (status = OK, body = RoleResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: ScopeAuth<WriteRoles>,
    State(app): State<AppState>,
    Body(request): Body<CreateCustomRoleRequest>,
) -> ApiResult<Json<RoleResponse>> {
    if caller.tenant_id.is_none() {
        return Err(ApiError::Invalid(
            "with a vendor token the header frontegg-tenant-id is needed".to_owned(),
        ));
    }
    let wanted = at_most(MOST_PERMISSIONS, "permissionIds can name", request.permission_ids)?;
    let author = Author::of(&caller).await?;
    require_room("roles", author.roles_beside(), 1, MOST_ROLES)?;
    let base = author.catalog.roles.get(&request.base_role_id).ok_or(ApiError::NotFound("role"))?;
    let role = CreateRoleRequest {
        key: request.key,
        name: request.name,
        description: request.description,
        level: base.level,
        is_default: request.is_default,
        first_user_role: None,
        migrate_role: None,
    };
    let mut role = role.into_role(&author, &app)?;
    role.permission_ids = author.assign(&wanted.into_iter().collect(), &BTreeSet::new())?;
    caller.store.catalog().create(std::slice::from_ref(&role)).await?;
    Ok(Json(show(&role, &author)))
}
