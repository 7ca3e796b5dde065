//! What a tenant's own administrators see and change of it.

use axum::Json;
use axum::extract::State;
use rookery_domain::{Action, Environment, PictureAddress, Tenant, WebAddress, require_registered};
use rookery_http::auth::{Member, Principal, ReadAccountSettings, TenantAuth, WriteAccountSettings};
use rookery_http::{ApiError, ApiResult, AppState, Body, Patch, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::profile::{named, set};

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
    application_url: Patch<WebAddress>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    login_url: Patch<WebAddress>,
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
    logo: Patch<PictureAddress>,
}

impl SettingsChanges {
    fn is_empty(&self) -> bool {
        let texts = [&self.address, &self.timezone, &self.date_format, &self.time_format, &self.currency];
        let addresses = [&self.application_url, &self.login_url];
        self.name.is_none()
            && !self.logo.is_present()
            && !texts.iter().any(|text| text.is_present())
            && !addresses.iter().any(|address| address.is_present())
    }

    /// Makes the changes, as far as `author` may: a vendor registers addresses, and a user chooses among what is registered.
    fn apply_to(self, tenant: &mut Tenant, author: &Principal) -> ApiResult<()> {
        if let Principal::User(user) = author {
            require_own("applicationUrl", &user.environment, tenant, &self.application_url)?;
            require_own("loginUrl", &user.environment, tenant, &self.login_url)?;
        }
        let (application, login) = (self.application_url.map(String::from), self.login_url.map(String::from));
        if let Principal::Vendor(_) = author {
            application.clone().apply_to(&mut tenant.registered_urls.application);
            login.clone().apply_to(&mut tenant.registered_urls.login);
        }
        if let Some(name) = self.name {
            tenant.name = named(name)?;
        }
        let profile = &mut tenant.profile;
        application.apply_to(&mut profile.application_url);
        login.apply_to(&mut profile.login_url);
        self.logo.map(String::from).apply_to(&mut profile.logo);
        set("address", self.address, &mut profile.address)?;
        set("timezone", self.timezone, &mut profile.timezone)?;
        set("dateFormat", self.date_format, &mut profile.date_format)?;
        set("timeFormat", self.time_format, &mut profile.time_format)?;
        set("currency", self.currency, &mut profile.currency)
    }
}

fn require_own(
    field: &str,
    environment: &Environment,
    tenant: &Tenant,
    change: &Patch<WebAddress>,
) -> ApiResult<()> {
    let Patch::Value(address) = change else { return Ok(()) };
    require_registered(environment, tenant, address)
        .map_err(|error| ApiError::Invalid(format!("{field}: {error}")))
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
///
/// With a user's token `applicationUrl` and `loginUrl` must be at an origin that the vendor registered: for the environment,
/// or for this tenant.
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
    if changes.is_empty() {
        return Err(ApiError::Invalid("the body has nothing to change".to_owned()));
    }
    let tenants = caller.store.tenants();
    let updated = tenants
        .update(&caller.tenant_id, Action::TenantUpdated, app.now(), |tenant| {
            changes.clone().apply_to(tenant, &caller.principal)
        })
        .await?;
    Ok(Json(updated.ok_or(ApiError::NotFound("tenant"))?.into()))
}
