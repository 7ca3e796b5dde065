//! Vendor authentication: a client id and a secret for a vendor token.

#[cfg(test)]
mod tests;

use axum::Json;
use rookery_domain::{PlainToken, VendorId};
use rookery_http::{ApiError, ApiResult, Body, Observed, RateLimited};
use rookery_tokens::{VendorClaims, VendorTokenType, encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

rookery_http::endpoints![authenticate_vendor];

/// How long a vendor token is good, in seconds: a day.
const TOKEN_LIFETIME: i64 = 86_400;

/// What a vendor identifies itself with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VendorAuthRequest {
    /// The environment's client id.
    client_id: String,
    /// One of the environment's secrets.
    secret: String,
}

/// A vendor token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VendorAuthResponse {
    /// A JWT, to be sent as `Authorization: Bearer` or as `x-access-token`.
    token: String,
    /// Seconds until it expires.
    expires_in: i64,
}

/// Authenticates a vendor.
///
/// Whether it is the client id or the secret that is wrong is not told.
#[utoipa::path(
    post,
    path = "/auth/vendor",
    tag = "vendor-auth",
    operation_id = "authenticate_vendor",
    request_body = VendorAuthRequest,
    responses((status = OK, body = VendorAuthResponse), (status = UNAUTHORIZED)),
)]
async fn authenticate_vendor(
    app: RateLimited,
    observed: Observed,
    Body(request): Body<VendorAuthRequest>,
) -> ApiResult<Json<VendorAuthResponse>> {
    let vendor: VendorId = request.client_id.parse().map_err(|_| wrong_pair())?;
    let environment = app.store.environment(vendor).get().await?;
    let secret = PlainToken::presented(request.secret);
    let environment =
        environment.filter(|environment| environment.secrets.accept(&secret)).ok_or_else(wrong_pair)?;
    observed.note_environment(environment.id);
    let now = app.now();
    let claims = VendorClaims {
        token_type: VendorTokenType::Vendor,
        vendor_id: environment.id,
        sub: environment.id,
        scopes: Vec::new(),
        iat: now,
        exp: now.plus_seconds(TOKEN_LIFETIME),
        iss: environment.base_url,
    };
    let token = encode(&claims, app.vendor_keys.current()).await?;
    Ok(Json(VendorAuthResponse { token: token.expose().to_owned(), expires_in: TOKEN_LIFETIME }))
}

fn wrong_pair() -> ApiError {
    ApiError::SignInFailed(None, "Could not verify vendor: clientId or secret is wrong".to_owned())
}
