//! Giving roles to users, and taking them.

use std::sync::Arc;

use axum::Json;
use rookery_domain::{Action, Authority, Catalog, Membership, Role, RoleId, User, UserId};
use rookery_http::auth::{DeleteUsersRoles, TenantAuth, WriteUsersRoles};
use rookery_http::members::{and_roles, distinct_roles, require_grantable, require_outranked};
use rookery_http::wire::RoleResponse;
use rookery_http::{ApiError, ApiResult, Body, Created, Path};
use rookery_store::UserSnapshot;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Roles, by their ids.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RolesRequest {
    /// All of them are given or taken, or none is.
    #[schema(value_type = Vec<String>)]
    role_ids: Vec<RoleId>,
}

/// The roles that a user has in a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserRolesResponse {
    tenant_id: String,
    user_id: Uuid,
    roles: Vec<RoleResponse>,
}

/// Gives a user more roles in the tenant. Users can give only roles that are weaker than their own strongest, and that allow
/// nothing of `fe.` that they may not do themselves.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/roles",
    tag = "users",
    operation_id = "UsersControllerV1_addRolesToUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("userId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = RolesRequest,
    responses((status = CREATED, body = UserRolesResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn add(
    caller: TenantAuth<WriteUsersRoles>,
    Path(id): Path<UserId>,
    Body(request): Body<RolesRequest>,
) -> ApiResult<Created<UserRolesResponse>> {
    let change = RoleChange::read(&caller, id, request).await?;
    require_grantable(&change.catalog, &caller.tenant_id, &change.role_ids, &change.authority)?;
    Ok(Created(change.make(&caller, Membership::give).await?))
}

/// Takes roles from a user in the tenant. Users can take only roles that are weaker than their own strongest.
#[utoipa::path(
    delete,
    path = "/identity/resources/users/v1/{userId}/roles",
    tag = "users",
    operation_id = "UsersControllerV1_deleteRolesFromUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("userId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = RolesRequest,
    responses((status = OK, body = UserRolesResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    caller: TenantAuth<DeleteUsersRoles>,
    Path(id): Path<UserId>,
    Body(request): Body<RolesRequest>,
) -> ApiResult<Json<UserRolesResponse>> {
    let change = RoleChange::read(&caller, id, request).await?;
    require_outranked(&change.catalog, &caller.tenant_id, &change.role_ids, &change.authority)?;
    Ok(Json(change.make(&caller, Membership::take).await?))
}

/// A change, and what bounds the caller in it.
struct RoleChange {
    user: UserSnapshot,
    catalog: Arc<Catalog>,
    role_ids: Vec<RoleId>,
    authority: Authority,
}

impl RoleChange {
    async fn read<P>(caller: &TenantAuth<P>, id: UserId, request: RolesRequest) -> ApiResult<Self> {
        let (users, catalog, tenant) = (caller.store.users(), caller.store.catalog(), &caller.tenant_id);
        let role_ids = distinct_roles(request.role_ids)?;
        let (found, own) = tokio::try_join!(users.snapshot(id), catalog.roles_of_tenant(tenant))?;
        let found = found.ok_or(ApiError::Unauthenticated)?;
        let catalog = and_roles(catalog.load(&found.environment).await?, own);
        let seen = |user: &UserSnapshot| user.membership(tenant).is_some() && caller.principal.sees(user);
        let user = found.value.filter(seen).ok_or(ApiError::NotFound("user"))?;
        Ok(Self { user, catalog, role_ids, authority: caller.principal.authority().await? })
    }

    async fn make<P>(
        self,
        caller: &TenantAuth<P>,
        change: impl Fn(&mut Membership, &Role),
    ) -> ApiResult<UserRolesResponse> {
        let tenant = &caller.tenant_id;
        let users = caller.store.users();
        let updated = users.update_from(self.user, Action::UserRolesChanged, |user: &mut User| {
            if !caller.principal.sees(user) {
                return Err(ApiError::NotFound("user"));
            }
            let membership = user.membership_mut(tenant).ok_or(ApiError::NotFound("user"))?;
            let roles = self.role_ids.iter().filter_map(|id| self.catalog.roles.get(id));
            roles.for_each(|role| change(membership, role));
            ApiResult::Ok(())
        });
        let user = updated.await?.ok_or(ApiError::NotFound("user"))?;
        let roles = user.membership(tenant).into_iter().flat_map(|member| self.catalog.roles_of(member));
        let vendor = caller.store.id();
        Ok(UserRolesResponse {
            tenant_id: tenant.to_string(),
            user_id: user.id.as_uuid(),
            roles: roles.map(|role| RoleResponse::new(vendor, role, &self.catalog)).collect(),
        })
    }
}
