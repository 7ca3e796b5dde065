//! What a vendor changes of a user, in the whole environment.

use axum::Json;
use axum::http::StatusCode;
use rookery_domain::{
    Action, EmailAddress, Environment, Json as FreeJson, JsonObject, LockReason, Metadata, User, UserId,
};
use rookery_http::auth::VendorAuth;
use rookery_http::mails::Mailing;
use rookery_http::members::show;
use rookery_http::wire::{UserResponse, Viewer};
use rookery_http::{ApiError, ApiResult, Body, Patch, Path, RateLimited, not_null};
use rookery_store::{EnvironmentStore, UserSnapshot, WithEnvironment};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::profile::ProfileChanges;

/// What is to change of a user. What is left out stays as it is; null clears it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserChanges {
    #[serde(flatten, deserialize_with = "rookery_http::extract::flattened")]
    profile: ProfileChanges,
    /// A JSON object, or a string that holds one, that only vendors see; at most 16384 bytes. Replaces what was there.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    vendor_metadata: Patch<FreeJson>,
    /// Whether they are never asked for a second factor.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    mfa_bypass: Option<bool>,
}

impl UserChanges {
    fn apply_to(self, user: &mut User) -> ApiResult<()> {
        self.profile.apply_to(user)?;
        match self.vendor_metadata {
            Patch::Absent => {}
            Patch::Null => user.vendor_metadata = Metadata::default(),
            Patch::Value(sent) => user.vendor_metadata = Metadata::of_user_for_vendor(sent)?,
        }
        user.mfa_bypass = self.mfa_bypass.unwrap_or(user.mfa_bypass);
        Ok(())
    }
}

/// Whether a user is left out of the lists that users see.
#[derive(Deserialize, ToSchema)]
pub(crate) struct InvisibleRequest {
    invisible: bool,
}

/// Whether a user reaches every tenant of the environment.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SuperUserRequest {
    super_user: bool,
}

/// A user's next e-mail address.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EmailRequest {
    #[schema(value_type = String)]
    email: EmailAddress,
}

/// Updates a user: what is left out stays as it is.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/{userId}",
    tag = "users",
    operation_id = "UsersControllerV1_updateUserForVendor",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    request_body = UserChanges,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    Path(id): Path<UserId>,
    Body(changes): Body<UserChanges>,
) -> ApiResult<Json<UserResponse>> {
    change(&vendor, id, Action::UserUpdated, |user| changes.clone().apply_to(user)).await
}

/// Leaves a user out of the lists that users see, or has them in again. They remain a member all the while.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/{userId}/invisible",
    tag = "users",
    operation_id = "UsersControllerV1_setUserInvisibleMode",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    request_body = InvisibleRequest,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn set_invisible(
    vendor: VendorAuth,
    Path(id): Path<UserId>,
    Body(request): Body<InvisibleRequest>,
) -> ApiResult<Json<UserResponse>> {
    change(&vendor, id, Action::UserVisibilityChanged, |user| {
        user.invisible = request.invisible;
        Ok(())
    })
    .await
}

/// Lets a user into every tenant of the environment, or no longer.
///
/// They switch to any tenant as to their own, have no roles where they do not belong, and need no permission in self-service.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/{userId}/superuser",
    tag = "users",
    operation_id = "UsersControllerV1_setUserSuperuserMode",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    request_body = SuperUserRequest,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn set_super_user(
    vendor: VendorAuth,
    Path(id): Path<UserId>,
    Body(request): Body<SuperUserRequest>,
) -> ApiResult<Json<UserResponse>> {
    change(&vendor, id, Action::SuperUserChanged, |user| {
        user.super_user = request.super_user;
        Ok(())
    })
    .await
}

/// Gives a user another e-mail address, which counts as verified if the old one was. Their sessions end, their
/// own API tokens are deleted, and the old address gets a mail that says so.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/{userId}/email",
    tag = "users",
    operation_id = "UsersControllerV1_updateUserEmail",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    request_body = EmailRequest,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND), (status = CONFLICT)),
)]
pub(crate) async fn set_email(
    app: RateLimited,
    vendor: VendorAuth,
    Path(id): Path<UserId>,
    Body(request): Body<EmailRequest>,
) -> ApiResult<Json<UserResponse>> {
    let WithEnvironment { environment, value: read } = read(&vendor, id).await?;
    let before = User::clone(&read);
    let changed = vendor.store.users().change_email(read, &request.email).await?;
    let user = changed.ok_or(ApiError::NotFound("user"))?;
    if before.email != user.email {
        vendor.store.sessions().end_all(id, None, |_| true).await?;
        vendor.store.api_tokens().remove_all_of(id).await?;
        app.defer(tell_old_address(app.clone(), vendor.store.clone(), environment.clone(), before));
    }
    Ok(Json(show(&vendor.store, &environment, &user, None, Viewer::Vendor).await?))
}

/// Tells `before`, at the address that they had, that they have another; nobody, if they had not shown that it was theirs.
async fn tell_old_address(
    app: RateLimited,
    store: EnvironmentStore,
    environment: Environment,
    before: User,
) -> ApiResult<()> {
    if before.verified {
        let (store, environment, email_metadata) = (&store, &environment, JsonObject::new());
        let mailing = Mailing { app: &app, store, environment, tenant: None, email_metadata };
        // That it was not sent has been logged.
        mailing.address_changed(&before).await.ok();
    }
    Ok(())
}

/// Marks a user's e-mail address as verified, and lets them into the tenants that waited for that.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/verify",
    tag = "users",
    operation_id = "UsersControllerV1_verifyUser",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn verify(vendor: VendorAuth, Path(id): Path<UserId>) -> ApiResult<StatusCode> {
    set(&vendor, id, Action::UserVerified, User::verify).await
}

/// Locks a user: they can sign in nowhere, and their sessions end.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/lock",
    tag = "users",
    operation_id = "UsersControllerV1_lockUser",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn lock(vendor: VendorAuth, Path(id): Path<UserId>) -> ApiResult<StatusCode> {
    set(&vendor, id, Action::UserLocked, |user| user.lock(LockReason::Administrator)).await?;
    vendor.store.sessions().end_all(id, None, |_| true).await?;
    Ok(StatusCode::OK)
}

/// Unlocks a user, whoever or whatever locked them.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/unlock",
    tag = "users",
    operation_id = "UsersControllerV1_unlockUser",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn unlock(vendor: VendorAuth, Path(id): Path<UserId>) -> ApiResult<StatusCode> {
    set(&vendor, id, Action::UserUnlocked, |user| user.locked = None).await
}

/// The user `id` to be changed, and the environment.
pub(crate) async fn read(vendor: &VendorAuth, id: UserId) -> ApiResult<WithEnvironment<UserSnapshot>> {
    let found = vendor.store.users().snapshot(id).await?.ok_or(ApiError::Unauthenticated)?;
    let value = found.value.ok_or(ApiError::NotFound("user"))?;
    Ok(WithEnvironment { environment: found.environment, value })
}

/// Makes `change`, and answers the user.
async fn change(
    vendor: &VendorAuth,
    id: UserId,
    action: Action,
    change: impl FnMut(&mut User) -> ApiResult<()>,
) -> ApiResult<Json<UserResponse>> {
    let WithEnvironment { environment, value } = read(vendor, id).await?;
    let user =
        vendor.store.users().update_from(value, action, change).await?.ok_or(ApiError::NotFound("user"))?;
    Ok(Json(show(&vendor.store, &environment, &user, None, Viewer::Vendor).await?))
}

/// Makes `change`, and answers nothing.
async fn set(
    vendor: &VendorAuth,
    id: UserId,
    action: Action,
    change: impl Fn(&mut User),
) -> ApiResult<StatusCode> {
    let users = vendor.store.users();
    let changed = users.update(id, action, |user| {
        change(user);
        ApiResult::Ok(())
    });
    changed.await?.ok_or(ApiError::NotFound("user"))?;
    Ok(StatusCode::OK)
}
