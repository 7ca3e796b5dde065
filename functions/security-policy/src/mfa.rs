//! Who has to show a second factor.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use rookery_domain::{
    Adopted, MfaEnforcement, MfaPolicy, PlainToken, Policies, PolicyId, SecondFactorError, Timestamp,
    WholeNumber,
};
use rookery_http::auth::{Member, ScopeAuth, WriteSecurityPolicy};
use rookery_http::second_factor::demand_of;
use rookery_http::{
    ApiError, ApiResult, AppState, Body, Created, Device, HostEnvironment, Query, no_environment, not_null,
};
use rookery_store::WithEnvironment;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::adoption::{self, Adoptable};

/// What is asked of second factors. What is left out stays as it is; in a new policy, it has its default.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MfaPolicyRequest {
    /// Who has to have a second factor: `DontForce`, `ForceExceptSAML` (whoever does not sign in through single sign-on) or
    /// `Force`, the default.
    #[serde(default, rename = "enforceMFAType", deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<String>)]
    enforce_mfa_type: Option<MfaEnforcement>,
    /// Whether users may have a device remembered, on which they need not show it again for a while; by default not. Switching
    /// it off forgets the devices.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    allow_remember_my_device: Option<bool>,
    /// For how many seconds a device is remembered, 60 to 31536000; by default 1209600, two weeks.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    mfa_device_expiration: Option<WholeNumber>,
}

/// An MFA policy as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MfaPolicyResponse {
    #[schema(value_type = uuid::Uuid)]
    id: PolicyId,
    /// Who has to have a second factor.
    #[serde(rename = "enforceMFAType")]
    #[schema(value_type = String)]
    enforce_mfa_type: MfaEnforcement,
    /// Whether users may have a device remembered.
    allow_remember_my_device: bool,
    /// For how many seconds.
    mfa_device_expiration: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Adopted<MfaPolicy>> for MfaPolicyResponse {
    fn from(Adopted { id, policy, created_at, updated_at }: Adopted<MfaPolicy>) -> Self {
        Self {
            id,
            enforce_mfa_type: policy.enforcement,
            allow_remember_my_device: policy.remembering_since.is_some(),
            mfa_device_expiration: policy.remembered_seconds,
            created_at,
            updated_at,
        }
    }
}

impl Adoptable for MfaPolicy {
    fn slot(policies: &mut Policies) -> &mut Option<Adopted<Self>> {
        &mut policies.mfa
    }

    fn check(&self, floor: Option<&Self>) -> ApiResult<()> {
        Ok(self.check(floor)?)
    }
}

/// What a new policy asks of whatever the request leaves out.
const NEW: MfaPolicy = MfaPolicy {
    enforcement: MfaEnforcement::Force,
    remembering_since: None,
    remembered_seconds: MfaPolicy::DEFAULT_SECONDS,
};

impl MfaPolicyRequest {
    fn apply_to(&self, before: MfaPolicy, now: Timestamp) -> MfaPolicy {
        let allows = self.allow_remember_my_device.unwrap_or(before.remembering_since.is_some());
        let policy = MfaPolicy {
            enforcement: self.enforce_mfa_type.unwrap_or(before.enforcement),
            remembered_seconds: self.mfa_device_expiration.map_or(before.remembered_seconds, i64::from),
            ..before
        };
        policy.remembering(allows, now)
    }

    fn require_some(&self) -> ApiResult<()> {
        let Self { enforce_mfa_type, allow_remember_my_device, mfa_device_expiration } = self;
        match (enforce_mfa_type, allow_remember_my_device, mfa_device_expiration) {
            (None, None, None) => Err(ApiError::Invalid(
                "name what is to change: enforceMFAType, allowRememberMyDevice, mfaDeviceExpiration"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Makes the MFA policy of a tenant, or of the environment when no tenant is named.
///
/// Of what the environment and the tenants that a user has joined ask, the strictest counts, from their next sign-in on: in all
/// of their tenants. A tenant may ask for no less than the environment.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/v1/mfa-policy",
    tag = "security-policy",
    operation_id = "SecurityPolicyController_createMfaPolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = MfaPolicyRequest,
    responses(
        (status = CREATED, body = MfaPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(request): Body<MfaPolicyRequest>,
) -> ApiResult<Created<MfaPolicyResponse>> {
    let policy = request.apply_to(NEW, app.now());
    Ok(Created(adoption::create(&app, &caller, policy).await?.into()))
}

/// Changes the MFA policy of a tenant, or of the environment when no tenant is named: what is left out stays as it is.
///
/// It counts from the next sign-in on. Nobody is signed out.
#[utoipa::path(
    patch,
    path = "/identity/resources/configurations/v1/mfa-policy",
    tag = "security-policy",
    operation_id = "SecurityPolicyController_updateSecurityPolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = MfaPolicyRequest,
    responses(
        (status = OK, body = MfaPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn update(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(request): Body<MfaPolicyRequest>,
) -> ApiResult<Json<MfaPolicyResponse>> {
    request.require_some()?;
    let now = app.now();
    let updated = adoption::update(&app, &caller, |before| Ok(request.apply_to(before, now)));
    Ok(Json(updated.await?.into()))
}

/// Changes the MFA policy of a tenant, or of the environment when no tenant is named, and makes it if there is none.
#[utoipa::path(
    put,
    path = "/identity/resources/configurations/v1/mfa-policy",
    tag = "security-policy",
    operation_id = "SecurityPolicyController_upsertSecurityPolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = MfaPolicyRequest,
    responses(
        (status = OK, body = MfaPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn put(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(request): Body<MfaPolicyRequest>,
) -> ApiResult<Json<MfaPolicyResponse>> {
    let now = app.now();
    let written = adoption::put(&app, &caller, NEW, |before| Ok(request.apply_to(before, now)));
    Ok(Json(written.await?.into()))
}

/// Gets the MFA policy of a tenant, or of the environment when no tenant is named. 404 says that it has none.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/mfa-policy",
    tag = "security-policy",
    operation_id = "SecurityPolicyController_getSecurityPolicy",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    responses((status = OK, body = MfaPolicyResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get(caller: ScopeAuth<Member>) -> ApiResult<Json<MfaPolicyResponse>> {
    Ok(Json(adoption::get::<MfaPolicy>(&caller).await?.into()))
}

/// Gets the MFA policy of the environment. 404 says that it has none.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/mfa-policy/vendor",
    tag = "security-policy",
    operation_id = "SecurityPolicyController_getVendorSecurityPolicy",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = MfaPolicyResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get_of_environment(caller: ScopeAuth<Member>) -> ApiResult<Json<MfaPolicyResponse>> {
    Ok(Json(adoption::get_of_environment::<MfaPolicy>(&caller).await?.into()))
}

/// A sign-in that waits for a second factor.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitingSignIn {
    /// What the sign-in answered.
    mfa_token: String,
}

/// Whether the device of a sign-in may be remembered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RememberingResponse {
    /// Whether it may.
    is_allowed_to_remember: bool,
    /// For how many seconds.
    mfa_device_expiration: i64,
}

/// Says whether somebody whose sign-in waits for a second factor may have their device remembered: where the environment and all
/// tenants that they have joined allow it, for the shortest time that one of them says.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/mfa-policy/allow-remember-device",
    tag = "security-policy",
    operation_id = "SecurityPolicyController_checkIfAllowToRememberDevice",
    params(
        WaitingSignIn,
        ("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called."),
    ),
    responses((status = OK, body = RememberingResponse), (status = UNAUTHORIZED, description = "Nothing waits.")),
)]
pub(crate) async fn allows_remembering(
    State(app): State<AppState>,
    HostEnvironment(store): HostEnvironment,
    headers: HeaderMap,
    Query(waiting): Query<WaitingSignIn>,
) -> ApiResult<Json<RememberingResponse>> {
    let challenge = store.challenges().get(&PlainToken::presented(waiting.mfa_token).hash()).await?;
    let device = Device::of(&headers, store.id(), &*app.entropy).hash();
    let challenge = challenge.filter(|challenge| challenge.waits_on(&device, app.now()));
    let challenge = challenge.ok_or(SecondFactorError::NoChallenge)?;
    let found = store.users().get_with_environment(challenge.user_id).await?.ok_or_else(no_environment)?;
    let WithEnvironment { environment, value: user } = found;
    let user = user.filter(|user| challenge.is_of(user)).ok_or(SecondFactorError::NoChallenge)?;
    let demand = demand_of(&store, &environment, &user, &[]).await?;
    Ok(Json(RememberingResponse {
        is_allowed_to_remember: demand.remembering.is_some(),
        mfa_device_expiration: demand.remembering.map_or(MfaPolicy::DEFAULT_SECONDS, |(_, seconds)| seconds),
    }))
}
