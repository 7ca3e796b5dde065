//! Reading one user.

use axum::Json;
use rookery_domain::{EmailAddress, User, UserId};
use rookery_http::auth::{ReadUsers, TenantAuth, VendorAuth};
use rookery_http::members::show;
use rookery_http::wire::{UserDetails, UserResponse, Viewer};
use rookery_http::{ApiError, ApiResult, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::scope::viewer;

/// Whom to look up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ByEmail {
    #[param(value_type = String)]
    email: EmailAddress,
}

/// Gets a user of the tenant, with their roles and permissions in it. Users do not see those who are invisible.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/{userId}",
    tag = "users",
    operation_id = "UsersControllerV1_getUserById",
    security(("vendor" = []), ("user" = [])),
    params(
        ("userId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn get(
    caller: TenantAuth<ReadUsers>,
    Path(id): Path<UserId>,
) -> ApiResult<Json<UserResponse>> {
    let found = caller.store.users().get_with_environment(id).await?.ok_or(ApiError::Unauthenticated)?;
    let seen = |user: &User| user.membership(&caller.tenant_id).is_some() && caller.principal.sees(user);
    let user = found.value.filter(seen).ok_or(ApiError::NotFound("user"))?;
    let (tenant, viewer) = (Some(&caller.tenant_id), viewer(&caller.principal));
    Ok(Json(show(&caller.store, &found.environment, &user, tenant, viewer).await?))
}

/// Finds a user of the environment by their e-mail address. Their roles and permissions are left out.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/email",
    tag = "users",
    operation_id = "UsersControllerV1_getUserByEmail",
    security(("vendor" = [])),
    params(ByEmail),
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn get_by_email(
    vendor: VendorAuth,
    Query(wanted): Query<ByEmail>,
) -> ApiResult<Json<UserResponse>> {
    let users = vendor.store.users();
    let found = users.login(&wanted.email).await?.ok_or(ApiError::Unauthenticated)?;
    let login = found.value.ok_or(ApiError::NotFound("user"))?;
    let user = users.get(login.user_id).await?.ok_or(ApiError::NotFound("user"))?;
    let details =
        UserDetails { vendor: vendor.store.id(), catalog: None, tenant: None, viewer: Viewer::Vendor };
    Ok(Json(details.show(&user)))
}
