//! The caller's own profile, and what they may do.

use axum::Json;
use axum::extract::State;
use rookery_domain::{Action, TenantId, Timestamp, User};
use rookery_http::auth::{ActingUser, UserAuth};
use rookery_http::wire::{PermissionResponse, RoleResponse, UserDetails, UserResponse, Viewer};
use rookery_http::{ApiError, ApiResult, AppState, Body, members};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::profile::ProfileChanges;

/// What the caller may do in their tenant.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorizationResponse {
    roles: Vec<RoleResponse>,
    permissions: Vec<PermissionResponse>,
}

/// The tenant to work in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SwitchTenantRequest {
    #[schema(value_type = String)]
    tenant_id: TenantId,
}

/// Gets the caller, with their roles and permissions in the tenant that their token is for.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v2/me",
    tag = "users",
    operation_id = "UsersControllerV2_getUserProfile",
    security(("user" = [])),
    responses((status = OK, body = UserResponse), (status = UNAUTHORIZED)),
)]
pub(crate) async fn get_v2(caller: UserAuth, State(app): State<AppState>) -> ApiResult<Json<UserResponse>> {
    let (user, tenant) = (User::clone(&caller.user), caller.tenant_id.clone());
    show(&app, &caller.into(), user, Some(&tenant)).await
}

/// Gets the caller, without their roles and permissions.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v3/me",
    tag = "users",
    operation_id = "UsersControllerV3_getUserProfile",
    security(("user" = [])),
    responses((status = OK, body = UserResponse), (status = UNAUTHORIZED)),
)]
pub(crate) async fn get_v3(caller: UserAuth, State(app): State<AppState>) -> Json<UserResponse> {
    let UserAuth { store, user, tenant_id, .. } = caller;
    let details = UserDetails {
        vendor: store.id(),
        catalog: None,
        tenant: Some(&tenant_id),
        viewer: Viewer::Themselves,
    };
    Json(details.show(&with_usable_tenants(user.into(), app.now())))
}

/// Changes the caller's profile.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v2/me",
    tag = "users",
    operation_id = "UsersControllerV2_updateUserProfile",
    security(("user" = [])),
    request_body = ProfileChanges,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn update_v2(
    caller: UserAuth,
    State(app): State<AppState>,
    Body(changes): Body<ProfileChanges>,
) -> ApiResult<Json<UserResponse>> {
    change_profile(&app, caller.into(), &changes).await
}

/// Changes the profile of a user: of the caller or, for a vendor, of the one that the headers name.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1",
    tag = "users",
    operation_id = "UsersControllerV1_updateUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = ProfileChanges,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn update_v1(
    caller: ActingUser,
    State(app): State<AppState>,
    Body(changes): Body<ProfileChanges>,
) -> ApiResult<Json<UserResponse>> {
    if caller.tenant_id.is_none() {
        let message = "with a vendor token the header frontegg-tenant-id is needed";
        return Err(ApiError::Invalid(message.to_owned()));
    }
    change_profile(&app, caller, &changes).await
}

async fn change_profile(
    app: &AppState,
    caller: ActingUser,
    changes: &ProfileChanges,
) -> ApiResult<Json<UserResponse>> {
    let users = caller.store.users();
    let change = |user: &mut User| changes.clone().apply_to(user);
    let updated = users.update_from(caller.user.clone(), Action::UserUpdated, change).await?;
    let user = updated.ok_or(ApiError::NotFound("user"))?;
    show(app, &caller, user, caller.tenant_id.as_ref()).await
}

/// Gets the caller's roles and permissions in the tenant that their token is for.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/me/authorization",
    tag = "users",
    operation_id = "UsersControllerV1_getMeAuthorization",
    security(("user" = [])),
    responses((status = OK, body = AuthorizationResponse), (status = UNAUTHORIZED)),
)]
pub(crate) async fn authorization(caller: UserAuth) -> ApiResult<Json<AuthorizationResponse>> {
    let standing = caller.standing().await?;
    let (catalog, roles) = (&standing.catalog, standing.roles());
    let permissions = catalog.permissions_of(&roles).into_iter();
    Ok(Json(AuthorizationResponse {
        permissions: permissions.map(|one| PermissionResponse::new(one, catalog)).collect(),
        roles: roles.iter().map(|role| RoleResponse::new(caller.store.id(), role, catalog)).collect(),
    }))
}

/// Switches the tenant that a user works in. The next refresh issues an access token for it. A super user may switch to any
/// tenant of the environment.
///
/// Whether another tenant is there, is not the user's or has not been joined yet is not told.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/tenant",
    tag = "users",
    operation_id = "UsersControllerV1_updateUserTenant",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "A tenant of theirs; with a vendor token only."),
    ),
    request_body = SwitchTenantRequest,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn switch_tenant(
    caller: ActingUser,
    State(app): State<AppState>,
    Body(request): Body<SwitchTenantRequest>,
) -> ApiResult<Json<UserResponse>> {
    let (tenant, now) = (request.tenant_id, app.now());
    // Whoever belongs to a tenant knows that it is there.
    let there = !caller.user.super_user || caller.store.tenants().get(&tenant).await?.is_some();
    let users = caller.store.users();
    let updated = users.update_from(caller.user.clone(), Action::TenantSwitched, |user: &mut User| {
        if !there || !user.reaches(&tenant, now) {
            return Err(ApiError::Forbidden("the user does not belong to this tenant".to_owned()));
        }
        user.active_tenant = Some(tenant.clone());
        Ok(())
    });
    let user = updated.await?.ok_or(ApiError::NotFound("user"))?;
    show(&app, &caller, user, Some(&tenant)).await
}

/// `user`, who is the caller or whom the caller acts for, with their roles in `tenant`.
async fn show(
    app: &AppState,
    caller: &ActingUser,
    user: User,
    tenant: Option<&TenantId>,
) -> ApiResult<Json<UserResponse>> {
    let (user, viewer) = if caller.by_vendor {
        (user, Viewer::Vendor)
    } else {
        (with_usable_tenants(user, app.now()), Viewer::Themselves)
    };
    Ok(Json(members::show(&caller.store, &caller.environment, &user, tenant, viewer).await?))
}

/// `user` without the tenants that they cannot work in now: access tokens do not name those either.
fn with_usable_tenants(mut user: User, now: Timestamp) -> User {
    user.memberships.retain(|membership| membership.is_usable(now));
    user
}
