//! What a tenant's own administrators see and change of it.

use axum::Json;
use axum::extract::State;
use rookery_domain::Tenant;
use rookery_http::auth::{Member, ReadAccountSettings, TenantAuth, WriteAccountSettings};
use rookery_http::{ApiError, ApiResult, AppState, Body, Patch, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::profile::TenantChanges;

/// A tenant's settings.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsResponse {
    tenant_id: String,
    name: String,
    application_url: Option<String>,
    login_url: Option<String>,
    address: Option<String>,
    timezone: Option<String>,
    date_format: Option<String>,
    time_format: Option<String>,
    currency: Option<String>,
    logo: Option<String>,
}

impl From<Tenant> for SettingsResponse {
    fn from(tenant: Tenant) -> Self {
        let profile = tenant.profile;
        Self {
            tenant_id: tenant.tenant_id.into(),
            name: tenant.name,
            application_url: profile.application_url,
            login_url: profile.login_url,
            address: profile.address,
            timezone: profile.timezone,
            date_format: profile.date_format,
            time_format: profile.time_format,
            currency: profile.currency,
            logo: profile.logo,
        }
    }
}

/// The settings that anybody in the tenant may see.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicSettingsResponse {
    tenant_id: String,
    application_url: Option<String>,
    login_url: Option<String>,
}

/// What is to change of a tenant's settings. Null clears a field, except for the name.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsChanges {
    /// The tenant's name, 1 to 255 characters.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    application_url: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    login_url: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    address: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    timezone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    date_format: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    time_format: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    currency: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    logo: Patch<String>,
}

impl From<SettingsChanges> for TenantChanges {
    fn from(changes: SettingsChanges) -> Self {
        Self {
            name: changes.name,
            application_url: changes.application_url,
            login_url: changes.login_url,
            address: changes.address,
            timezone: changes.timezone,
            date_format: changes.date_format,
            time_format: changes.time_format,
            currency: changes.currency,
            logo: changes.logo,
            ..Self::default()
        }
    }
}

/// Gets a tenant's settings.
#[utoipa::path(
    get,
    path = "/tenants/resources/account-settings/v1",
    tag = "tenants",
    operation_id = "AccountSettingsControllerV1_getSettings",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    responses((status = OK, body = SettingsResponse), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn get(caller: TenantAuth<ReadAccountSettings>) -> ApiResult<Json<SettingsResponse>> {
    let tenant = caller.store.tenants().get(&caller.tenant_id).await?;
    Ok(Json(tenant.ok_or(ApiError::NotFound("tenant"))?.into()))
}

/// Gets those of a tenant's settings that every member may see.
#[utoipa::path(
    get,
    path = "/tenants/resources/account-settings/v1/public",
    tag = "tenants",
    operation_id = "AccountSettingsControllerV1_getPublicSettings",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    responses((status = OK, body = PublicSettingsResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get_public(caller: TenantAuth<Member>) -> ApiResult<Json<PublicSettingsResponse>> {
    let tenant = caller.store.tenants().get(&caller.tenant_id).await?.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Json(PublicSettingsResponse {
        tenant_id: tenant.tenant_id.into(),
        application_url: tenant.profile.application_url,
        login_url: tenant.profile.login_url,
    }))
}

/// Updates a tenant's settings: what is left out stays as it is.
#[utoipa::path(
    put,
    path = "/tenants/resources/account-settings/v1",
    tag = "tenants",
    operation_id = "AccountSettingsControllerV1_updateSettings",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = SettingsChanges,
    responses(
        (status = OK, body = SettingsResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn update(
    caller: TenantAuth<WriteAccountSettings>,
    State(app): State<AppState>,
    Body(changes): Body<SettingsChanges>,
) -> ApiResult<Json<SettingsResponse>> {
    let changes = TenantChanges::from(changes);
    if changes.is_empty() {
        return Err(ApiError::Invalid("the body has nothing to change".to_owned()));
    }
    let tenants = caller.store.tenants();
    let updated =
        tenants.update(&caller.tenant_id, app.now(), |tenant| changes.clone().apply_to(tenant)).await?;
    Ok(Json(updated.ok_or(ApiError::NotFound("tenant"))?.into()))
}
