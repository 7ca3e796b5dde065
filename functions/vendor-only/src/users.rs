//! Users, as a vendor makes and sees them.

use axum::Json;
use rookery_domain::{
    Authority, EmailAddress, Json as FreeJson, MembershipStatus, Metadata, Password, PhoneNumber,
    PictureAddress, Provider, RoleId, TenantId, User, UserId, WholeNumber,
};
use rookery_http::auth::VendorAuth;
use rookery_http::members::{require_grantable, show};
use rookery_http::newcomers::{Entrance, NewcomerRequest};
use rookery_http::wire::{UserResponse, Viewer};
use rookery_http::{ApiError, ApiResult, Body, Created, Path, RateLimited};
use rookery_store::NewUserError;
use serde::Deserialize;
use utoipa::ToSchema;

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateVendorUserRequest {
    /// The address to sign in with; unique in the environment.
    #[schema(value_type = String)]
    email: EmailAddress,
    /// At most 255 characters.
    name: Option<String>,
    /// An http, https or data:image/ address; at most 4095 characters.
    #[schema(value_type = Option<String>)]
    profile_picture_url: Option<PictureAddress>,
    /// `+`, and 7 to 15 digits; there may be dashes between them.
    #[schema(value_type = Option<String>)]
    phone_number: Option<PhoneNumber>,
    /// The password to sign in with; without one the user sets it.
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
    /// How they come, such as `local`, the default, or `google`.
    #[schema(value_type = Option<String>)]
    provider: Option<Provider>,
    /// A JSON object, or a string that holds one; at most 4096 bytes.
    #[schema(value_type = Option<String>)]
    metadata: Option<FreeJson>,
    /// The roles to give; when none are named, those for new members.
    #[schema(value_type = Option<Vec<String>>)]
    role_ids: Option<Vec<RoleId>>,
    /// Ends the membership after this many seconds, at least 300.
    #[schema(value_type = Option<i64>, minimum = 300)]
    expiration_in_seconds: Option<WholeNumber>,
    /// The tenant they belong to.
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// A JSON object, or a string that holds one, that only vendors see; at most 16384 bytes.
    #[schema(value_type = Option<String>)]
    vendor_metadata: Option<FreeJson>,
    /// Whether they are never asked for a second factor.
    mfa_bypass: Option<bool>,
    /// Whether the e-mail address is known to be theirs, so that they can sign in at once.
    verified: Option<bool>,
}

/// Makes a user in a tenant, without a mail.
#[utoipa::path(
    post,
    path = "/identity/resources/vendor-only/users/v1",
    tag = "vendor-only",
    operation_id = "VendorOnlyUsers_createUser",
    security(("vendor" = [])),
    request_body = CreateVendorUserRequest,
    responses((status = CREATED, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND), (status = CONFLICT)),
)]
pub(crate) async fn create(
    app: RateLimited,
    vendor: VendorAuth,
    Body(request): Body<CreateVendorUserRequest>,
) -> ApiResult<Created<UserResponse>> {
    let newcomer = NewcomerRequest {
        email: request.email,
        name: request.name,
        profile_picture_url: request.profile_picture_url,
        phone_number: request.phone_number,
        password: request.password,
        provider: request.provider,
        metadata: request.metadata,
        role_ids: request.role_ids,
        expiration_in_seconds: request.expiration_in_seconds,
    };
    let newcomer = newcomer.check(app.now())?;
    let vendor_metadata =
        request.vendor_metadata.map(Metadata::of_user_for_vendor).transpose()?.unwrap_or_default();
    let (store, tenant) = (&vendor.store, &request.tenant_id);
    let entrance = Entrance::read(&app, store, &newcomer.email, tenant).await?;
    require_grantable(&entrance.catalog, tenant, &newcomer.role_ids, &Authority::Unbounded)?;
    let verified = request.verified.unwrap_or_default();
    let status = if verified { MembershipStatus::Activated } else { MembershipStatus::PendingLogin };
    let finish = |user: &mut User| {
        user.verified = verified;
        user.vendor_metadata = vendor_metadata.clone();
        user.mfa_bypass = request.mfa_bypass.unwrap_or_default();
    };
    let made = match entrance.user {
        Some(_) => None,
        None => entrance.create(&app, store, &newcomer, &status, finish).await?,
    };
    let user = made.ok_or(NewUserError::EmailTaken)?;
    Ok(Created(show(store, &entrance.environment, &user, Some(tenant), Viewer::Vendor).await?))
}

/// Gets a user of the environment, whatever tenants they belong to.
#[utoipa::path(
    get,
    path = "/identity/resources/vendor-only/users/v1/{userId}",
    tag = "vendor-only",
    operation_id = "VendorOnlyUsers_getUserById",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    responses((status = OK, body = UserResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get(vendor: VendorAuth, Path(id): Path<UserId>) -> ApiResult<Json<UserResponse>> {
    let found = vendor.store.users().get_with_environment(id).await?.ok_or(ApiError::Unauthenticated)?;
    let user = found.value.ok_or(ApiError::NotFound("user"))?;
    Ok(Json(show(&vendor.store, &found.environment, &user, None, Viewer::Vendor).await?))
}
