//! API tokens that stand for a user.

use axum::Json;
use axum::extract::State;
use rookery_domain::{
    ApiToken, ApiTokenHolder, ApiTokenId, ApiTokenOwner, JsonObject, Timestamp, WholeNumber,
};
use rookery_http::auth::ActingUser;
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::creation::{Details, require_enabled};

/// A new API token of a user.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateUserApiTokenRequest {
    /// What it is for, at most 1000 characters.
    description: Option<String>,
    /// What its access tokens carry, at most 4096 bytes of JSON.
    #[schema(value_type = Option<Object>)]
    metadata: Option<rookery_domain::Json>,
    /// After how many minutes it ends, 1 to 5256000; left out, it does not.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 5_256_000)]
    expires_in_minutes: Option<WholeNumber>,
}

/// An API token of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserApiTokenResponse {
    /// Its id, which it is exchanged by.
    client_id: Uuid,
    /// Empty where nothing was said.
    description: String,
    /// What its access tokens carry.
    #[schema(value_type = Object)]
    metadata: JsonObject,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends; null if it does not by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Timestamp>,
}

/// A new API token of a user, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewUserApiTokenResponse {
    #[serde(flatten)]
    token: UserApiTokenResponse,
    /// What it is exchanged with. No other answer has it.
    secret: String,
}

impl From<ApiToken> for UserApiTokenResponse {
    fn from(token: ApiToken) -> Self {
        Self {
            client_id: token.id.as_uuid(),
            description: token.description.unwrap_or_default(),
            metadata: token.metadata.as_object(),
            created_at: token.created_at,
            expires: token.expires_at,
        }
    }
}

/// Makes an API token that stands for a user: it allows what they may do in the tenant when it is exchanged.
///
/// The secret is in this answer alone.
#[utoipa::path(
    post,
    path = "/identity/resources/users/api-tokens/v1",
    tag = "api-tokens",
    operation_id = "UserApiTokensV1Controller_createTenantApiToken",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
    ),
    request_body = CreateUserApiTokenRequest,
    responses(
        (status = CREATED, body = NewUserApiTokenResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn create(
    caller: ActingUser,
    State(app): State<AppState>,
    Body(request): Body<CreateUserApiTokenRequest>,
) -> ApiResult<Created<NewUserApiTokenResponse>> {
    require_enabled(&caller.environment)?;
    let tenant = caller.tenant_id.ok_or_else(|| {
        ApiError::Invalid("with a vendor token the header frontegg-tenant-id is needed".to_owned())
    })?;
    let member_since = caller.user.membership(&tenant).map(|membership| membership.created_at);
    let holder = ApiTokenHolder::User { id: caller.user.id, member_since };
    let (secret, token) = ApiToken::issue(tenant, holder, &*app.entropy, app.now());
    let details = Details {
        description: request.description,
        metadata: request.metadata,
        expires_in_minutes: request.expires_in_minutes,
    };
    let token = details.describe(token, app.now())?;
    caller.store.api_tokens().create(&token).await?;
    Ok(Created(NewUserApiTokenResponse { token: token.into(), secret: secret.expose().to_owned() }))
}

/// Lists a user's API tokens for a tenant, oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/identity/resources/users/api-tokens/v1",
    tag = "api-tokens",
    operation_id = "UserApiTokensV1Controller_getApiTokens",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; without one, with a vendor token, any."),
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
    ),
    responses((status = OK, body = Vec<UserApiTokenResponse>)),
)]
pub(crate) async fn list(caller: ActingUser) -> ApiResult<Json<Vec<UserApiTokenResponse>>> {
    let tokens = caller.store.api_tokens().list(&ApiTokenOwner::User(caller.user.id)).await?;
    let seen = tokens.into_iter().filter(|token| is_seen(&caller, token));
    Ok(Json(seen.map(UserApiTokenResponse::from).collect()))
}

/// Deletes an API token of a user: it is exchanged and refreshed no more. Access tokens that were issued before are good until
/// they expire.
#[utoipa::path(
    delete,
    path = "/identity/resources/users/api-tokens/v1/{id}",
    tag = "api-tokens",
    operation_id = "UserApiTokensV1Controller_deleteApiToken",
    security(("vendor" = []), ("user" = [])),
    params(
        ("id" = Uuid, Path, description = "Its client id."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; without one, with a vendor token, any."),
        ("frontegg-user-id" = Option<String>, Header, description = "The user; needed with a vendor token."),
    ),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(caller: ActingUser, Path(id): Path<ApiTokenId>) -> ApiResult<()> {
    let tokens = caller.store.api_tokens();
    let token = tokens.get(id).await?.filter(|token| is_seen(&caller, token));
    let removed = tokens.remove(&token.ok_or(ApiError::NotFound("API token"))?).await?;
    if removed { Ok(()) } else { Err(ApiError::NotFound("API token")) }
}

/// Whether `token` is the user's, and for the tenant that was named.
fn is_seen(caller: &ActingUser, token: &ApiToken) -> bool {
    let is_there = caller.tenant_id.as_ref().is_none_or(|tenant| token.tenant_id == *tenant);
    is_there && token.owner() == ApiTokenOwner::User(caller.user.id)
}
