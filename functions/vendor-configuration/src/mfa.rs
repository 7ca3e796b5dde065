//! Which second factors there are.

use axum::Json;
use rookery_domain::{Environment, WholeNumber, required};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, Body, Created, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest name that an authenticator app shows whole, and more.
const MAX_SERVICE_NAME: usize = 64;

/// What is to change of the second factors.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MfaConfigurationChanges {
    /// Authenticator apps.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    authentication_app: Option<AuthenticatorAppChanges>,
    /// Codes by text message. They are not supported: `active` can only be false.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    sms: Option<CodeChanges>,
    /// Codes by mail. They are not supported: `active` can only be false.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    email: Option<CodeChanges>,
}

/// What is to change of authenticator apps.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticatorAppChanges {
    /// Whether they are a second factor. There is no other, so that it can only be true.
    active: bool,
    /// What they call the service: at most 64 characters.
    service_name: String,
}

/// What is to change of codes that are sent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CodeChanges {
    /// Whether they are a second factor.
    active: bool,
    /// For how many seconds they work. It is not kept.
    #[expect(dead_code, reason = "clients send it, and nothing is sent that it could be about")]
    #[schema(value_type = Option<i64>)]
    token_lifetime_seconds: Option<WholeNumber>,
}

/// The second factors of an environment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MfaConfigurationResponse {
    authentication_app: AuthenticatorAppResponse,
    sms: SmsCodeResponse,
    email: EmailCodeResponse,
}

/// Authenticator apps.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticatorAppResponse {
    /// Whether they are a second factor.
    active: bool,
    /// What they call the service.
    service_name: String,
}

/// Codes by text message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SmsCodeResponse {
    /// Whether they are a second factor.
    active: bool,
    /// For how many seconds they work.
    token_lifetime_seconds: i64,
}

/// Codes by mail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailCodeResponse {
    /// Whether they are a second factor.
    active: bool,
    /// For how many seconds they work.
    token_lifetime_seconds: i64,
    /// Who they come from.
    sender: String,
}

/// The shortest time that clients let them work.
const CODE_SECONDS: i64 = 300;

impl From<&Environment> for MfaConfigurationResponse {
    fn from(environment: &Environment) -> Self {
        let service_name = environment.service_name().to_owned();
        Self {
            authentication_app: AuthenticatorAppResponse { active: true, service_name },
            sms: SmsCodeResponse { active: false, token_lifetime_seconds: CODE_SECONDS },
            email: EmailCodeResponse {
                active: false,
                token_lifetime_seconds: CODE_SECONDS,
                sender: environment.sender.to_string(),
            },
        }
    }
}

impl MfaConfigurationChanges {
    fn check(&self) -> ApiResult<()> {
        for (name, codes) in [("sms", &self.sms), ("email", &self.email)] {
            if codes.as_ref().is_some_and(|codes| codes.active) {
                return Err(ApiError::Invalid(format!("{name}.active is not supported: send false")));
            }
        }
        // Whoever has to show a second factor would not get in any more.
        if self.authentication_app.as_ref().is_some_and(|app| !app.active) {
            return Err(ApiError::Invalid(
                "authenticationApp.active must be true: there is no other second factor".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Gets which second factors users may have.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/mfa",
    tag = "vendor-configuration",
    operation_id = "MfaController_getMfaConfig",
    security(("vendor" = [])),
    responses((status = OK, body = MfaConfigurationResponse)),
)]
pub(crate) async fn get(vendor: VendorAuth) -> ApiResult<Json<MfaConfigurationResponse>> {
    let environment = vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Json((&environment).into()))
}

/// Sets which second factors users may have: what is left out stays as it is.
///
/// Authenticator apps go on showing the name that they were enrolled with.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/v1/mfa",
    tag = "vendor-configuration",
    operation_id = "MfaController_upsertMfaConfig",
    security(("vendor" = [])),
    request_body = MfaConfigurationChanges,
    responses((status = CREATED, body = MfaConfigurationResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn update(
    vendor: VendorAuth,
    Body(changes): Body<MfaConfigurationChanges>,
) -> ApiResult<Created<MfaConfigurationResponse>> {
    changes.check()?;
    let service_name = changes
        .authentication_app
        .map(|app| required("authenticationApp.serviceName", app.service_name, MAX_SERVICE_NAME));
    let service_name = service_name.transpose()?;
    let updated = vendor.store.update(|environment| {
        if let Some(name) = &service_name {
            environment.mfa.service_name = Some(name.clone());
        }
        Ok::<_, ApiError>(())
    });
    let environment = updated.await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Created((&environment).into()))
}
