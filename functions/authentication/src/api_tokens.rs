//! API tokens: a client id and a secret for an access token, and a refresh token for the next one.

use axum::Json;
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use rookery_domain::{
    ApiRefreshToken, ApiToken, ApiTokenHolder, ApiTokenId, ApiTokenLogin, Environment, Grants, PlainToken,
    Timestamp, User,
};
use rookery_http::members::catalog_in;
use rookery_http::{
    ApiError, ApiResult, AppState, Body, HostEnvironment, RateLimited, no_environment, standing_in,
};
use rookery_store::EnvironmentStore;
use rookery_tokens::{AccessToken, ApiTokenClaims, ApiTokenSubject, encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a program identifies itself with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiTokenRequest {
    /// The API token's client id.
    client_id: String,
    /// Its secret.
    secret: String,
}

/// What is exchanged for another access token.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshApiTokenRequest {
    /// The refresh token of the last answer.
    refresh_token: String,
}

/// An access token, and what the next one is got with.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiTokenResponse {
    /// The access token, a JWT.
    access_token: String,
    /// The refresh token, which is good once.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// When the access token expires.
    expires: String,
}

/// The same, as older clients read it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiTokenResponseV1 {
    /// The access token, a JWT.
    access_token: String,
    /// The refresh token, which is good once.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// When the access token expires.
    expires: String,
}

impl From<ApiTokenResponse> for ApiTokenResponseV1 {
    fn from(answer: ApiTokenResponse) -> Self {
        let ApiTokenResponse { access_token, refresh_token, expires_in, expires } = answer;
        Self { access_token, refresh_token, expires_in, expires }
    }
}

/// An answer that nobody keeps but whoever asked.
type Private<T> = ([(HeaderName, &'static str); 1], Json<T>);

fn private<T>(answer: T) -> Private<T> {
    ([(CACHE_CONTROL, "no-store")], Json(answer))
}

/// Exchanges the client id and the secret of an API token for an access token.
///
/// Whether it is the client id or the secret that is wrong is not told. At most 100 refresh tokens of an API token are good at the
/// same time: with more, the oldest is not.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v2/api-token",
    tag = "authentication",
    operation_id = "AuthenticationApiTokenControllerV2_authApiToken",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = ApiTokenRequest,
    responses(
        (status = OK, body = ApiTokenResponse),
        (status = BAD_REQUEST),
        (status = UNAUTHORIZED),
        (status = FORBIDDEN, description = "API tokens are switched off (apiTokensEnabled)."),
    ),
)]
pub(crate) async fn exchange(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<ApiTokenRequest>,
) -> ApiResult<Private<ApiTokenResponse>> {
    Ok(private(authenticate(&app, &store, request).await?))
}

/// Exchanges the refresh token of an API token for an access token and the next refresh token.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v2/api-token/token/refresh",
    tag = "authentication",
    operation_id = "AuthenticationApiTokenControllerV2_refreshToken",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = RefreshApiTokenRequest,
    responses(
        (status = OK, body = ApiTokenResponse),
        (status = BAD_REQUEST),
        (status = UNAUTHORIZED),
        (status = FORBIDDEN, description = "API tokens are switched off (apiTokensEnabled)."),
    ),
)]
pub(crate) async fn refresh(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<RefreshApiTokenRequest>,
) -> ApiResult<Private<ApiTokenResponse>> {
    Ok(private(renew(&app, &store, request).await?))
}

/// Exchanges an API token as `/identity/resources/auth/v2/api-token` does, for older clients.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/api-token",
    tag = "authentication",
    operation_id = "AuthenticationApiTokenControllerV1_authApiToken",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = ApiTokenRequest,
    responses(
        (status = OK, body = ApiTokenResponseV1),
        (status = BAD_REQUEST),
        (status = UNAUTHORIZED),
        (status = FORBIDDEN, description = "API tokens are switched off (apiTokensEnabled)."),
    ),
)]
pub(crate) async fn exchange_v1(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<ApiTokenRequest>,
) -> ApiResult<Private<ApiTokenResponseV1>> {
    Ok(private(authenticate(&app, &store, request).await?.into()))
}

/// Refreshes as `/identity/resources/auth/v2/api-token/token/refresh` does, for older clients.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/api-token/token/refresh",
    tag = "authentication",
    operation_id = "AuthenticationApiTokenControllerV1_refreshToken",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = RefreshApiTokenRequest,
    responses(
        (status = OK, body = ApiTokenResponseV1),
        (status = BAD_REQUEST),
        (status = UNAUTHORIZED),
        (status = FORBIDDEN, description = "API tokens are switched off (apiTokensEnabled)."),
    ),
)]
pub(crate) async fn refresh_v1(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<RefreshApiTokenRequest>,
) -> ApiResult<Private<ApiTokenResponseV1>> {
    Ok(private(renew(&app, &store, request).await?.into()))
}

async fn authenticate(
    app: &AppState,
    store: &EnvironmentStore,
    request: ApiTokenRequest,
) -> ApiResult<ApiTokenResponse> {
    let (now, secret) = (app.now(), PlainToken::presented(request.secret));
    let id: ApiTokenId = request.client_id.parse().map_err(|_| wrong_pair())?;
    let tokens = store.api_tokens();
    let found = tokens.presented(id).await?.ok_or_else(no_environment)?;
    let token = found.value.filter(|token| token.accepts(&secret, now)).ok_or_else(wrong_pair)?;
    require_enabled(&found.environment)?;
    let issued = issue(app, store, &found.environment, &token, now).await?.ok_or_else(wrong_pair)?;
    let before = tokens.count_login(id).await?.ok_or_else(wrong_pair)?;
    let (refresh, login) = ApiTokenLogin::begin(&token, before, &*app.entropy, issued.refresh_until);
    tokens.keep_login(id, &login).await?;
    Ok(issued.respond(&refresh, now))
}

/// Requires that `environment` takes API tokens, in the words that clients know.
fn require_enabled(environment: &Environment) -> ApiResult<()> {
    match environment.configuration.api_tokens_enabled {
        true => Ok(()),
        false => Err(ApiError::Forbidden("Api tokens are disabled".to_owned())),
    }
}

fn wrong_pair() -> ApiError {
    ApiError::SignInFailed(None, "the clientId or the secret is wrong, or no longer good".to_owned())
}

async fn renew(
    app: &AppState,
    store: &EnvironmentStore,
    request: RefreshApiTokenRequest,
) -> ApiResult<ApiTokenResponse> {
    let now = app.now();
    let presented: ApiRefreshToken = request.refresh_token.parse().map_err(|_| over())?;
    let tokens = store.api_tokens();
    let found = tokens.refreshing(&presented).await?.ok_or_else(no_environment)?;
    let is_good =
        |(token, login): &(ApiToken, ApiTokenLogin)| login.accepts(&presented, now) && !token.is_over(now);
    let (token, login) = found.value.filter(is_good).ok_or_else(over)?;
    require_enabled(&found.environment)?;
    let issued = issue(app, store, &found.environment, &token, now).await?.ok_or_else(over)?;
    let (next, after) = ApiTokenLogin::refreshed(&presented, &*app.entropy, issued.refresh_until);
    match tokens.rotate_login(token.id, &login, &after).await? {
        true => Ok(issued.respond(&next, now)),
        false => Err(over()),
    }
}

fn over() -> ApiError {
    ApiError::SignInFailed(
        None,
        "the refresh token is wrong, used or no longer good: exchange the API token again".to_owned(),
    )
}

/// An access token, and until when the refresh token beside it is good.
struct Issued {
    access_token: AccessToken,
    expires_at: Timestamp,
    refresh_until: Timestamp,
}

impl Issued {
    fn respond(self, refresh: &ApiRefreshToken, now: Timestamp) -> ApiTokenResponse {
        ApiTokenResponse {
            access_token: self.access_token.expose().to_owned(),
            refresh_token: refresh.expose().to_string(),
            expires_in: self.expires_at.seconds_since(now),
            expires: self.expires_at.to_string(),
        }
    }
}

/// Issues an access token for `token`, which is genuine; none when whom it stands for is gone, or shut out.
async fn issue(
    app: &AppState,
    store: &EnvironmentStore,
    environment: &Environment,
    token: &ApiToken,
    now: Timestamp,
) -> ApiResult<Option<Issued>> {
    let Some((subject, grants)) = look_up(store, environment, token, now).await? else {
        return Ok(None);
    };
    let configuration = &environment.configuration;
    let expires_at = token.end_of(configuration.default_token_expiration, now);
    let claims = ApiTokenClaims {
        sub: token.id,
        subject,
        tenant_id: token.tenant_id.clone(),
        roles: grants.roles,
        permissions: Some(grants.permissions),
        metadata: token.metadata.as_object(),
        application_id: environment.id,
        aud: environment.id,
        iss: environment.base_url.clone(),
        iat: now,
        exp: expires_at,
    };
    let access_token = encode(&claims.fitting()?, app.user_keys.current()).await?;
    let refresh_until = token.end_of(configuration.default_refresh_token_expiration, now);
    Ok(Some(Issued { access_token, expires_at, refresh_until }))
}

/// For whom `token` stands, and what it allows.
async fn look_up(
    store: &EnvironmentStore,
    environment: &Environment,
    token: &ApiToken,
    now: Timestamp,
) -> ApiResult<Option<(ApiTokenSubject, Grants)>> {
    let tenant = &token.tenant_id;
    match &token.holder {
        ApiTokenHolder::Tenant { grants, created_by } => {
            let (tenants, of) = (store.tenants(), [tenant]);
            let (there, catalog) = tokio::try_join!(tenants.live(&of), catalog_in(store, environment, &of))?;
            let subject = ApiTokenSubject::Tenant { created_by_user_id: *created_by };
            Ok((!there.is_empty()).then(|| (subject, catalog.grants_of_api_token(tenant, grants))))
        }
        ApiTokenHolder::User { id, .. } => {
            let (user, there) = store.users().get_with_tenants(*id, &[tenant]).await?;
            let stands = |user: &User| !there.is_empty() && token.stands_for(user, now);
            let Some(user) = user.filter(stands) else { return Ok(None) };
            let grants = standing_in(store, environment, &user, tenant).await?.grants();
            let user_metadata = Some(user.metadata.as_object());
            Ok(Some((ApiTokenSubject::User { user_id: user.id, email: user.email, user_metadata }, grants)))
        }
    }
}

#[cfg(test)]
mod tests;
