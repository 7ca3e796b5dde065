//! API tokens that stand for a tenant.

use axum::Json;
use axum::extract::State;
use rookery_domain::{
    ApiToken, ApiTokenGrants, ApiTokenHolder, ApiTokenId, ApiTokenOwner, JsonObject, Metadata, PermissionId,
    RoleId, Timestamp, UserId, WholeNumber,
};
use rookery_http::auth::{DeleteTenantApiTokens, ReadTenantApiTokens, TenantAuth, WriteTenantApiTokens};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Patch, Path, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::creation::{Details, description, require_enabled};
use crate::grants::{Giver, wanted};

/// The answer where there is no such token, or none of this tenant's.
const NO_TOKEN: ApiError = ApiError::NotFound("API token");

/// A new API token of a tenant.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateTenantApiTokenRequest {
    /// What it is for, at most 1000 characters.
    description: Option<String>,
    /// What its access tokens carry, at most 4096 bytes of JSON.
    #[schema(value_type = Option<Object>)]
    metadata: Option<rookery_domain::Json>,
    /// It allows what these roles do, at most 100. They win over `permissionIds`.
    #[schema(value_type = Option<Vec<String>>)]
    role_ids: Option<Vec<RoleId>>,
    /// It allows these permissions, at most 100.
    #[schema(value_type = Option<Vec<String>>)]
    permission_ids: Option<Vec<PermissionId>>,
    /// After how many minutes it ends, 1 to 5256000; left out, it does not.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 5_256_000)]
    expires_in_minutes: Option<WholeNumber>,
}

/// What is to change of an API token of a tenant. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateTenantApiTokenRequest {
    /// What it is for, at most 1000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// What its access tokens carry, at most 4096 bytes of JSON.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Object, nullable = false)]
    metadata: Option<rookery_domain::Json>,
    /// It allows what these roles do, at most 100, and nothing else. They win over `permissionIds`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Vec<String>, nullable = false)]
    role_ids: Option<Vec<RoleId>>,
    /// It allows these permissions, at most 100, and nothing else.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Vec<String>, nullable = false)]
    permission_ids: Option<Vec<PermissionId>>,
}

/// An API token of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantApiTokenResponse {
    /// Its id, which it is exchanged by.
    client_id: Uuid,
    description: Option<String>,
    tenant_id: String,
    /// The user who made it; null when a vendor did.
    created_by_user_id: Option<Uuid>,
    /// What its access tokens carry.
    #[schema(value_type = Object)]
    metadata: JsonObject,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The permissions that it was given by themselves.
    permission_ids: Vec<Uuid>,
    /// The roles that it was given.
    role_ids: Vec<Uuid>,
    /// When it ends; null if it does not by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Timestamp>,
}

/// A new API token of a tenant, with its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTenantApiTokenResponse {
    #[serde(flatten)]
    token: TenantApiTokenResponse,
    /// What it is exchanged with. No other answer has it.
    secret: String,
}

impl TenantApiTokenResponse {
    /// `token`; none if it is a user's.
    fn of(token: ApiToken) -> Option<Self> {
        let ApiTokenHolder::Tenant { grants, created_by } = token.holder else { return None };
        Some(Self {
            client_id: token.id.as_uuid(),
            description: token.description,
            tenant_id: token.tenant_id.into(),
            created_by_user_id: created_by.map(UserId::as_uuid),
            metadata: token.metadata.as_object(),
            created_at: token.created_at,
            permission_ids: grants.permissions().into_iter().flatten().map(|id| id.as_uuid()).collect(),
            role_ids: grants.roles().into_iter().flatten().map(|id| id.as_uuid()).collect(),
            expires: token.expires_at,
        })
    }
}

/// Makes an API token of a tenant, as `/identity/resources/tenants/api-tokens/v2` does, which takes its place.
///
/// The secret is in this answer alone. Users can give only roles that are weaker than their own strongest, and permissions that
/// they hold themselves.
#[utoipa::path(
    post,
    path = "/identity/resources/tenants/api-tokens/v1",
    tag = "api-tokens",
    operation_id = "TenantApiTokensV1Controller_createTenantApiToken",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = CreateTenantApiTokenRequest,
    responses(
        (status = CREATED, body = NewTenantApiTokenResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn create_v1(
    caller: TenantAuth<WriteTenantApiTokens>,
    State(app): State<AppState>,
    Body(request): Body<CreateTenantApiTokenRequest>,
) -> ApiResult<Created<NewTenantApiTokenResponse>> {
    create(&caller, &app, request).await
}

/// Makes an API token of a tenant.
///
/// The secret is in this answer alone. Users can give only roles that are weaker than their own strongest, and permissions that
/// they hold themselves.
#[utoipa::path(
    post,
    path = "/identity/resources/tenants/api-tokens/v2",
    tag = "api-tokens",
    operation_id = "TenantApiTokensV2Controller_createTenantApiToken",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = CreateTenantApiTokenRequest,
    responses(
        (status = CREATED, body = NewTenantApiTokenResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn create_v2(
    caller: TenantAuth<WriteTenantApiTokens>,
    State(app): State<AppState>,
    Body(request): Body<CreateTenantApiTokenRequest>,
) -> ApiResult<Created<NewTenantApiTokenResponse>> {
    create(&caller, &app, request).await
}

async fn create(
    caller: &TenantAuth<WriteTenantApiTokens>,
    app: &AppState,
    request: CreateTenantApiTokenRequest,
) -> ApiResult<Created<NewTenantApiTokenResponse>> {
    let environment = caller.principal.environment().await?;
    require_enabled(&environment)?;
    let nothing = ApiTokenGrants::none();
    let grants = wanted(request.role_ids, request.permission_ids)?.unwrap_or_else(|| nothing.clone());
    if grants != nothing {
        Giver::of(caller, &environment).await?.require(&grants, &nothing)?;
    }
    let created_by = caller.principal.user().map(|creator| creator.user.id);
    let holder = ApiTokenHolder::Tenant { grants, created_by };
    let (secret, token) = ApiToken::issue(caller.tenant_id.clone(), holder, &*app.entropy, app.now());
    let details = Details {
        description: request.description,
        metadata: request.metadata,
        expires_in_minutes: request.expires_in_minutes,
    };
    let token = details.describe(token, app.now())?;
    caller.store.api_tokens().create(&token).await?;
    let token = TenantApiTokenResponse::of(token).ok_or(NO_TOKEN)?;
    Ok(Created(NewTenantApiTokenResponse { token, secret: secret.expose().to_owned() }))
}

/// Lists the API tokens of a tenant, oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/identity/resources/tenants/api-tokens/v1",
    tag = "api-tokens",
    operation_id = "TenantApiTokensV1Controller_getTenantsApiTokens",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    responses((status = OK, body = Vec<TenantApiTokenResponse>), (status = FORBIDDEN)),
)]
pub(crate) async fn list(
    caller: TenantAuth<ReadTenantApiTokens>,
) -> ApiResult<Json<Vec<TenantApiTokenResponse>>> {
    let tokens = caller.store.api_tokens().list(&ApiTokenOwner::Tenant(caller.tenant_id)).await?;
    Ok(Json(tokens.into_iter().filter_map(TenantApiTokenResponse::of).collect()))
}

/// Changes an API token of a tenant. Access tokens that were issued before stay as they are.
///
/// Users can give only roles that are weaker than their own strongest, and permissions that they hold themselves, and take only
/// such roles.
#[utoipa::path(
    patch,
    path = "/identity/resources/tenants/api-tokens/v1/{id}",
    tag = "api-tokens",
    operation_id = "TenantApiTokensV1Controller_updateTenantApiToken",
    security(("vendor" = []), ("user" = [])),
    params(
        ("id" = Uuid, Path, description = "Its client id."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = UpdateTenantApiTokenRequest,
    responses(
        (status = OK, body = TenantApiTokenResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn update(
    caller: TenantAuth<WriteTenantApiTokens>,
    Path(id): Path<ApiTokenId>,
    Body(request): Body<UpdateTenantApiTokenRequest>,
) -> ApiResult<Json<TenantApiTokenResponse>> {
    let wanted = wanted(request.role_ids, request.permission_ids)?;
    let metadata = request.metadata.map(Metadata::of_api_token).transpose()?;
    let description = request.description.try_map(description)?;
    let giver = match &wanted {
        Some(_) => Some(Giver::of(&caller, &caller.principal.environment().await?).await?),
        None => None,
    };
    let (tokens, owner) = (caller.store.api_tokens(), ApiTokenOwner::Tenant(caller.tenant_id));
    let updated = tokens.update(id, |token| {
        if token.owner() != owner {
            return Err(NO_TOKEN);
        }
        if let (Some(wanted), Some(giver)) = (&wanted, &giver) {
            token.holder.allow(wanted, |before| giver.require(wanted, before))?;
        }
        description.clone().apply_to(&mut token.description);
        if let Some(metadata) = &metadata {
            token.metadata.clone_from(metadata);
        }
        Ok(())
    });
    let token = updated.await?.and_then(TenantApiTokenResponse::of);
    Ok(Json(token.ok_or(NO_TOKEN)?))
}

/// Deletes an API token of a tenant: it is exchanged and refreshed no more. Access tokens that were issued before are good until
/// they expire.
#[utoipa::path(
    delete,
    path = "/identity/resources/tenants/api-tokens/v1/{id}",
    tag = "api-tokens",
    operation_id = "TenantApiTokensV1Controller_deleteTenantApiToken",
    security(("vendor" = []), ("user" = [])),
    params(
        ("id" = Uuid, Path, description = "Its client id."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    responses((status = OK), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(
    caller: TenantAuth<DeleteTenantApiTokens>,
    Path(id): Path<ApiTokenId>,
) -> ApiResult<()> {
    let (tokens, owner) = (caller.store.api_tokens(), ApiTokenOwner::Tenant(caller.tenant_id));
    let token = tokens.get(id).await?.filter(|token| token.owner() == owner);
    let removed = tokens.remove(&token.ok_or(NO_TOKEN)?).await?;
    if removed { Ok(()) } else { Err(NO_TOKEN) }
}
