//! Who is in a group.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use rookery_domain::{Group, GroupId, User, UserId};
use rookery_http::auth::WriteGroupsUsers;
use rookery_http::members::{require_grantable, require_outranked};
use rookery_http::{ApiError, ApiResult, Body, Path};
use rookery_store::Users;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::caller::{GroupsAuth, Roles};
use crate::profile::require_own;

/// Users, by their ids.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupUsersRequest {
    /// At most 48. All of them enter or leave the group, or none does.
    #[schema(value_type = Vec<String>)]
    user_ids: BTreeSet<UserId>,
}

impl GroupUsersRequest {
    fn ids(self) -> ApiResult<BTreeSet<UserId>> {
        match self.user_ids.len() <= Users::MOST_GROUPED {
            true => Ok(self.user_ids),
            false => Err(ApiError::Invalid(format!(
                "userIds can name at most {} users at once",
                Users::MOST_GROUPED
            ))),
        }
    }
}

/// Puts users of the tenant into a group: they have its roles from their next sign-in or refresh on. Users can do so only where they
/// could give the roles of the group.
#[utoipa::path(
    post,
    path = "/identity/resources/groups/v1/{groupId}/users",
    tag = "groups",
    operation_id = "GroupsControllerV1_addUsersToGroup",
    security(("vendor" = []), ("user" = ["fe.secure.write.groupsUsers"])),
    params(
        ("groupId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = GroupUsersRequest,
    responses((status = CREATED), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn add(
    caller: GroupsAuth<WriteGroupsUsers>,
    Path(id): Path<GroupId>,
    Body(request): Body<GroupUsersRequest>,
) -> ApiResult<StatusCode> {
    let (ids, roles, tenant) = (request.ids()?, Roles::of(&caller).await?, &caller.tenant_id);
    let check = |group: &Group, user: &User| {
        require_seen(&caller, user)?;
        require_own(group)?;
        require_grantable(&roles.catalog, tenant, &roles.of_group(group), &roles.authority)
    };
    let entered = caller.store.users().enter_group(tenant, id, &ids, check).await?;
    entered.map(|()| StatusCode::CREATED).ok_or(ApiError::NotFound("group"))
}

/// Takes users out of a group. Users can do so only where they could take the roles of the group.
#[utoipa::path(
    delete,
    path = "/identity/resources/groups/v1/{groupId}/users",
    tag = "groups",
    operation_id = "GroupsControllerV1_removeUsersFromGroup",
    security(("vendor" = []), ("user" = ["fe.secure.write.groupsUsers"])),
    params(
        ("groupId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = GroupUsersRequest,
    responses((status = OK), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    caller: GroupsAuth<WriteGroupsUsers>,
    Path(id): Path<GroupId>,
    Body(request): Body<GroupUsersRequest>,
) -> ApiResult<()> {
    let (ids, roles, tenant) = (request.ids()?, Roles::of(&caller).await?, &caller.tenant_id);
    let check = |group: &Group, user: &User| {
        require_seen(&caller, user)?;
        require_own(group)?;
        require_outranked(&roles.catalog, tenant, &roles.of_group(group), &roles.authority)
    };
    let left = caller.store.users().leave_group(tenant, id, &ids, check).await?;
    left.ok_or(ApiError::NotFound("group"))
}

fn require_seen<P>(caller: &GroupsAuth<P>, user: &User) -> ApiResult<()> {
    if caller.principal.sees(user) { Ok(()) } else { Err(ApiError::NotFound("user")) }
}
