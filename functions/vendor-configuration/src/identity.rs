//! The environment's identity configuration.

use axum::Json;
use axum::extract::State;
use rookery_domain::{
    AuthStrategy, CookieSameSite, Environment, IdentityConfiguration, IdentityConfigurationError,
    JwtAlgorithm, MachineToMachineAuthStrategy, WholeNumber,
};
use rookery_http::auth::{Principal, VendorAuth};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, HostEnvironment, no_environment, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to change of an environment's configuration.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigurationChanges {
    /// Seconds that an access token lives, 60 to 86400.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    default_token_expiration: Option<WholeNumber>,
    /// Seconds that a session lives, 300 to 15552000.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    default_refresh_token_expiration: Option<WholeNumber>,
    /// Seconds that a mailed code or link for signing in works, 60 to 86400.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    default_passwordless_token_expiration: Option<WholeNumber>,
    /// The `SameSite` attribute of the refresh cookie: `STRICT`, `LAX` or `NONE`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<String>)]
    cookie_same_site: Option<CookieSameSite>,
    /// `RS256`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<String>)]
    jwt_algorithm: Option<JwtAlgorithm>,
    /// `EmailAndPassword` or `NoLocalAuthentication`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<String>)]
    auth_strategy: Option<AuthStrategy>,
    /// `ClientCredentials` or `AccessToken`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<String>)]
    machine_to_machine_auth_strategy: Option<MachineToMachineAuthStrategy>,
    /// Whether people may sign up by themselves.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_signups: Option<bool>,
    /// Whether API tokens may be made.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    api_tokens_enabled: Option<bool>,
    /// Whether tenants may set a password complexity of their own.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_override_password_complexity: Option<bool>,
    /// Whether tenants may set a password expiration of their own.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_override_password_expiration: Option<bool>,
    /// Whether tenants may set a password history of their own.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_override_enforce_password_history: Option<bool>,
    /// Whether users may sign in before their e-mail address is verified.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_not_verified_users_login: Option<bool>,
    /// Whether self-service needs the permission for what it does, not just membership.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    force_permissions: Option<bool>,
    /// Whether access tokens carry the attributes of a SAML sign-in.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    add_saml_attributes_to_jwt: Option<bool>,
    /// Whether a mailed link for signing in works only on the device that asked for it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    force_same_device_on_auth: Option<bool>,
    /// Whether users may invite others by link.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_tenant_invitations: Option<bool>,
    /// Whether each refresh replaces the refresh token.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    rotate_refresh_tokens: Option<bool>,
    /// Whether users may be put into tenants that do not exist yet.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    skip_tenant_validation: Option<bool>,
    /// Whether access tokens carry role keys.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    add_roles_to_jwt: Option<bool>,
    /// Whether access tokens carry permission keys.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    add_permissions_to_jwt: Option<bool>,
}

impl ConfigurationChanges {
    fn apply_to(&self, before: &IdentityConfiguration) -> IdentityConfiguration {
        IdentityConfiguration {
            default_token_expiration: self
                .default_token_expiration
                .map_or(before.default_token_expiration, i64::from),
            default_refresh_token_expiration: self
                .default_refresh_token_expiration
                .map_or(before.default_refresh_token_expiration, i64::from),
            default_passwordless_token_expiration: self
                .default_passwordless_token_expiration
                .map_or(before.default_passwordless_token_expiration, i64::from),
            cookie_same_site: self.cookie_same_site.unwrap_or(before.cookie_same_site),
            jwt_algorithm: self.jwt_algorithm.unwrap_or(before.jwt_algorithm),
            auth_strategy: self.auth_strategy.unwrap_or(before.auth_strategy),
            machine_to_machine_auth_strategy: self
                .machine_to_machine_auth_strategy
                .unwrap_or(before.machine_to_machine_auth_strategy),
            allow_signups: self.allow_signups.unwrap_or(before.allow_signups),
            api_tokens_enabled: self.api_tokens_enabled.unwrap_or(before.api_tokens_enabled),
            allow_override_password_complexity: self
                .allow_override_password_complexity
                .unwrap_or(before.allow_override_password_complexity),
            allow_override_password_expiration: self
                .allow_override_password_expiration
                .unwrap_or(before.allow_override_password_expiration),
            allow_override_enforce_password_history: self
                .allow_override_enforce_password_history
                .unwrap_or(before.allow_override_enforce_password_history),
            allow_not_verified_users_login: self
                .allow_not_verified_users_login
                .unwrap_or(before.allow_not_verified_users_login),
            force_permissions: self.force_permissions.unwrap_or(before.force_permissions),
            add_saml_attributes_to_jwt: self
                .add_saml_attributes_to_jwt
                .unwrap_or(before.add_saml_attributes_to_jwt),
            force_same_device_on_auth: self
                .force_same_device_on_auth
                .unwrap_or(before.force_same_device_on_auth),
            allow_tenant_invitations: self
                .allow_tenant_invitations
                .unwrap_or(before.allow_tenant_invitations),
            rotate_refresh_tokens: self.rotate_refresh_tokens.unwrap_or(before.rotate_refresh_tokens),
            skip_tenant_validation: self.skip_tenant_validation.unwrap_or(before.skip_tenant_validation),
            add_roles_to_jwt: self.add_roles_to_jwt.unwrap_or(before.add_roles_to_jwt),
            add_permissions_to_jwt: self.add_permissions_to_jwt.unwrap_or(before.add_permissions_to_jwt),
        }
    }
}

/// An environment's configuration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the API's own switches, each independent of the others")]
pub(crate) struct ConfigurationResponse {
    /// The environment's id.
    id: Uuid,
    /// The key that verifies users' access tokens: a `SubjectPublicKeyInfo` in PEM.
    public_key: String,
    /// The secret of access tokens that are signed with HS256. There are none: always null.
    jwt_secret: Option<String>,
    default_token_expiration: i64,
    default_refresh_token_expiration: i64,
    default_passwordless_token_expiration: i64,
    #[schema(value_type = String)]
    cookie_same_site: CookieSameSite,
    #[schema(value_type = String)]
    jwt_algorithm: JwtAlgorithm,
    #[schema(value_type = String)]
    auth_strategy: AuthStrategy,
    #[schema(value_type = String)]
    machine_to_machine_auth_strategy: MachineToMachineAuthStrategy,
    allow_signups: bool,
    api_tokens_enabled: bool,
    allow_override_password_complexity: bool,
    allow_override_password_expiration: bool,
    allow_override_enforce_password_history: bool,
    allow_not_verified_users_login: bool,
    force_permissions: bool,
    add_saml_attributes_to_jwt: bool,
    force_same_device_on_auth: bool,
    allow_tenant_invitations: bool,
    rotate_refresh_tokens: bool,
    skip_tenant_validation: bool,
    add_roles_to_jwt: bool,
    add_permissions_to_jwt: bool,
}

impl ConfigurationResponse {
    fn new(app: &AppState, environment: &Environment) -> Self {
        let configuration = &environment.configuration;
        Self {
            id: environment.id.as_uuid(),
            public_key: app.user_keys.current().public_key().pem().to_owned(),
            jwt_secret: None,
            default_token_expiration: configuration.default_token_expiration,
            default_refresh_token_expiration: configuration.default_refresh_token_expiration,
            default_passwordless_token_expiration: configuration.default_passwordless_token_expiration,
            cookie_same_site: configuration.cookie_same_site,
            jwt_algorithm: configuration.jwt_algorithm,
            auth_strategy: configuration.auth_strategy,
            machine_to_machine_auth_strategy: configuration.machine_to_machine_auth_strategy,
            allow_signups: configuration.allow_signups,
            api_tokens_enabled: configuration.api_tokens_enabled,
            allow_override_password_complexity: configuration.allow_override_password_complexity,
            allow_override_password_expiration: configuration.allow_override_password_expiration,
            allow_override_enforce_password_history: configuration.allow_override_enforce_password_history,
            allow_not_verified_users_login: configuration.allow_not_verified_users_login,
            force_permissions: configuration.force_permissions,
            add_saml_attributes_to_jwt: configuration.add_saml_attributes_to_jwt,
            force_same_device_on_auth: configuration.force_same_device_on_auth,
            allow_tenant_invitations: configuration.allow_tenant_invitations,
            rotate_refresh_tokens: configuration.rotate_refresh_tokens,
            skip_tenant_validation: configuration.skip_tenant_validation,
            add_roles_to_jwt: configuration.add_roles_to_jwt,
            add_permissions_to_jwt: configuration.add_permissions_to_jwt,
        }
    }
}

/// What a sign-in page needs to know of an environment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the API's own switches, each independent of the others")]
pub(crate) struct PublicConfigurationResponse {
    #[schema(value_type = String)]
    auth_strategy: AuthStrategy,
    #[schema(value_type = String)]
    machine_to_machine_auth_strategy: MachineToMachineAuthStrategy,
    allow_signups: bool,
    allow_not_verified_users_login: bool,
    api_tokens_enabled: bool,
    force_permissions: bool,
}

impl From<IdentityConfiguration> for PublicConfigurationResponse {
    fn from(configuration: IdentityConfiguration) -> Self {
        Self {
            auth_strategy: configuration.auth_strategy,
            machine_to_machine_auth_strategy: configuration.machine_to_machine_auth_strategy,
            allow_signups: configuration.allow_signups,
            allow_not_verified_users_login: configuration.allow_not_verified_users_login,
            api_tokens_enabled: configuration.api_tokens_enabled,
            force_permissions: configuration.force_permissions,
        }
    }
}

/// Gets an environment's configuration, and the key that verifies its users' access tokens.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1",
    tag = "vendor-configuration",
    operation_id = "VendorConfigController_getVendorConfig",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = ConfigurationResponse)),
)]
pub(crate) async fn get(
    caller: Principal,
    State(app): State<AppState>,
) -> ApiResult<Json<ConfigurationResponse>> {
    let environment = match caller {
        Principal::User(user) => user.environment,
        Principal::Vendor(vendor) => vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?,
    };
    Ok(Json(ConfigurationResponse::new(&app, &environment)))
}

/// Updates an environment's configuration: what is left out stays as it is.
///
/// Sessions that have begun keep the lifetime they began with; everything else counts from the next request on.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/v1",
    tag = "vendor-configuration",
    operation_id = "VendorConfigController_addOrUpdateConfig",
    security(("vendor" = [])),
    request_body = ConfigurationChanges,
    responses((status = CREATED, body = ConfigurationResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(changes): Body<ConfigurationChanges>,
) -> ApiResult<Created<ConfigurationResponse>> {
    let updated = vendor.store.update(|environment| {
        let configuration = changes.apply_to(&environment.configuration);
        configuration.check()?;
        environment.configuration = configuration;
        Ok::<_, IdentityConfigurationError>(())
    });
    let environment = updated.await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Created(ConfigurationResponse::new(&app, &environment)))
}

/// Gets what a sign-in page needs to know of the environment's configuration.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/public",
    tag = "vendor-configuration",
    operation_id = "VendorConfigController_getPublicConfig",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    responses((status = OK, body = PublicConfigurationResponse)),
)]
pub(crate) async fn get_public(
    HostEnvironment(store): HostEnvironment,
) -> ApiResult<Json<PublicConfigurationResponse>> {
    let environment = store.get().await?.ok_or_else(no_environment)?;
    Ok(Json(environment.configuration.into()))
}
