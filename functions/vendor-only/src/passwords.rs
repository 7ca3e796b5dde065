//! Passwords, as a vendor's own sign-in page looks at them.

use axum::Json;
use rookery_domain::{EmailAddress, Password};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, Body, RateLimited};
use rookery_tokens::Verdict;
use serde::Deserialize;
use utoipa::ToSchema;

/// An address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifyPasswordRequest {
    #[schema(value_type = String)]
    email: EmailAddress,
    #[schema(value_type = String)]
    password: Password,
}

/// Says whether a password is that of the user who has an address. Nobody is signed in.
#[utoipa::path(
    post,
    path = "/identity/resources/vendor-only/users/v1/passwords/verify",
    tag = "vendor-only",
    operation_id = "VendorOnlyUsers_verifyUserPassword",
    security(("vendor" = [])),
    request_body = VerifyPasswordRequest,
    responses((status = OK, body = bool), (status = BAD_REQUEST)),
)]
pub(crate) async fn verify(
    app: RateLimited,
    vendor: VendorAuth,
    Body(request): Body<VerifyPasswordRequest>,
) -> ApiResult<Json<bool>> {
    let users = vendor.store.users();
    let login = users.login(&request.email).await?.ok_or(ApiError::Unauthenticated)?.value;
    let user = match &login {
        Some(login) => users.get(login.user_id).await?,
        None => None,
    };
    let login = login.filter(|login| user.as_ref().is_some_and(|user| login.is_of(user)));
    let hash = login.and_then(|login| login.password_hash);
    Ok(Json(app.verify_password(hash, request.password).await? != Verdict::Wrong))
}
