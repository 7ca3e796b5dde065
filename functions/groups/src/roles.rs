//! The roles of a group.

use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{Action, Group, GroupId, RoleId};
use rookery_http::auth::WriteGroupsRoles;
use rookery_http::members::{distinct_roles, require_grantable, require_outranked};
use rookery_http::{ApiError, ApiResult, AppState, Body, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::caller::{GroupsAuth, Roles};

/// Roles, by their ids.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupRolesRequest {
    /// At most 100. All of them are given or taken, or none is.
    #[schema(value_type = Vec<String>)]
    role_ids: Vec<RoleId>,
}

/// Gives roles to a group: its users have them from their next sign-in or refresh on. Users can give only roles that are weaker
/// than their own strongest, and that allow nothing of `fe.` that they may not do themselves.
#[utoipa::path(
    post,
    path = "/identity/resources/groups/v1/{groupId}/roles",
    tag = "groups",
    operation_id = "GroupsControllerV1_addRolesToGroup",
    security(("vendor" = []), ("user" = ["fe.secure.write.groupsRoles"])),
    params(
        ("groupId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = GroupRolesRequest,
    responses((status = CREATED), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn add(
    caller: GroupsAuth<WriteGroupsRoles>,
    State(app): State<AppState>,
    Path(id): Path<GroupId>,
    Body(request): Body<GroupRolesRequest>,
) -> ApiResult<StatusCode> {
    if !caller.environment.groups.roles_enabled {
        return Err(ApiError::Invalid("groups have no roles in this environment".to_owned()));
    }
    let role_ids = distinct_roles(request.role_ids)?;
    let roles = Roles::of(&caller).await?;
    require_grantable(&roles.catalog, &caller.tenant_id, &role_ids, &roles.authority)?;
    change(&caller, &app, id, |group| {
        // Those that have been deleted take no room.
        group.role_ids = roles.of_group(group);
        let given: Vec<_> = role_ids.iter().copied().filter(|role| !group.role_ids.contains(role)).collect();
        group.role_ids.extend(given);
        match group.role_ids.len() <= Group::MAX_ROLES {
            true => Ok(()),
            false => Err(ApiError::Invalid(format!("a group can have at most {} roles", Group::MAX_ROLES))),
        }
    })
    .await?;
    Ok(StatusCode::CREATED)
}

/// Takes roles from a group, and so from its users. Users can take only roles that are weaker than their own strongest.
#[utoipa::path(
    delete,
    path = "/identity/resources/groups/v1/{groupId}/roles",
    tag = "groups",
    operation_id = "GroupsControllerV1_removeRolesFromGroup",
    security(("vendor" = []), ("user" = ["fe.secure.write.groupsRoles"])),
    params(
        ("groupId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = GroupRolesRequest,
    responses((status = OK), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    caller: GroupsAuth<WriteGroupsRoles>,
    State(app): State<AppState>,
    Path(id): Path<GroupId>,
    Body(request): Body<GroupRolesRequest>,
) -> ApiResult<()> {
    let role_ids = distinct_roles(request.role_ids)?;
    let roles = Roles::of(&caller).await?;
    require_outranked(&roles.catalog, &caller.tenant_id, &role_ids, &roles.authority)?;
    change(&caller, &app, id, |group| {
        group.role_ids.retain(|role| !role_ids.contains(role));
        Ok(())
    })
    .await
}

async fn change<P>(
    caller: &GroupsAuth<P>,
    app: &AppState,
    id: GroupId,
    change: impl FnMut(&mut Group) -> ApiResult<()>,
) -> ApiResult<()> {
    let groups = caller.store.groups();
    let changed = groups.update(&caller.tenant_id, id, Action::GroupRolesChanged, app.now(), change);
    changed.await?.map(drop).ok_or(ApiError::NotFound("group"))
}
