//! How many wrong passwords in a row lock a user.

use axum::Json;
use axum::extract::State;
use rookery_domain::{Adopted, LockoutPolicy, Policies, PolicyId, Timestamp, WholeNumber};
use rookery_http::auth::{Member, ScopeAuth, WriteSecurityPolicy};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::adoption::{self, Adoptable};

/// A lockout policy.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LockoutPolicyRequest {
    /// Whether it counts.
    enabled: bool,
    /// How many wrong passwords in a row lock a user, 1 to 100.
    #[schema(value_type = i64)]
    max_attempts: WholeNumber,
}

/// What is to change of a lockout policy.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LockoutPolicyChanges {
    /// Whether it counts.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// How many wrong passwords in a row lock a user, 1 to 100.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    max_attempts: Option<WholeNumber>,
}

/// A lockout policy as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LockoutPolicyResponse {
    #[schema(value_type = uuid::Uuid)]
    id: PolicyId,
    /// Whether it counts.
    enabled: bool,
    /// How many wrong passwords in a row lock a user.
    max_attempts: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Adopted<LockoutPolicy>> for LockoutPolicyResponse {
    fn from(Adopted { id, policy, created_at, updated_at }: Adopted<LockoutPolicy>) -> Self {
        let LockoutPolicy { enabled, max_attempts } = policy;
        Self { id, enabled, max_attempts, created_at, updated_at }
    }
}

impl Adoptable for LockoutPolicy {
    fn slot(policies: &mut Policies) -> &mut Option<Adopted<Self>> {
        &mut policies.lockout
    }

    fn check(&self, floor: Option<&Self>) -> ApiResult<()> {
        Ok(self.check(floor)?)
    }
}

/// A number that is out of any bounds is out of the policy's, whose error says so.
fn attempts(number: WholeNumber) -> u32 {
    u32::try_from(i64::from(number)).unwrap_or_default()
}

/// Makes the lockout policy of a tenant, or of the environment when no tenant is named.
///
/// A user is locked in all of their tenants, by the strictest of what the environment and their tenants ask. They are mailed a
/// link that unlocks them; a vendor can too, and so does another password that is set by a mailed link.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/v1/lockout-policy",
    tag = "security-policy",
    operation_id = "LockoutPolicyController_createLockoutPolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = LockoutPolicyRequest,
    responses(
        (status = CREATED, body = LockoutPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(request): Body<LockoutPolicyRequest>,
) -> ApiResult<Created<LockoutPolicyResponse>> {
    let policy = LockoutPolicy { enabled: request.enabled, max_attempts: attempts(request.max_attempts) };
    Ok(Created(adoption::create(&app, &caller, policy).await?.into()))
}

/// Changes the lockout policy of a tenant, or of the environment when no tenant is named: what is left out stays as it is.
///
/// It counts from the next wrong password on. Nobody is unlocked.
#[utoipa::path(
    patch,
    path = "/identity/resources/configurations/v1/lockout-policy",
    tag = "security-policy",
    operation_id = "LockoutPolicyController_updateLockoutPolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = LockoutPolicyChanges,
    responses(
        (status = OK, body = LockoutPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn update(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(changes): Body<LockoutPolicyChanges>,
) -> ApiResult<Json<LockoutPolicyResponse>> {
    let LockoutPolicyChanges { enabled, max_attempts } = changes;
    if enabled.is_none() && max_attempts.is_none() {
        return Err(ApiError::Invalid("name what is to change: enabled, maxAttempts".to_owned()));
    }
    let updated = adoption::update(&app, &caller, |before: LockoutPolicy| {
        Ok(LockoutPolicy {
            enabled: enabled.unwrap_or(before.enabled),
            max_attempts: max_attempts.map_or(before.max_attempts, attempts),
        })
    });
    Ok(Json(updated.await?.into()))
}

/// Gets the lockout policy of a tenant, or of the environment when no tenant is named. 404 says that it has none.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/lockout-policy",
    tag = "security-policy",
    operation_id = "LockoutPolicyController_getLockoutPolicy",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    responses((status = OK, body = LockoutPolicyResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get(caller: ScopeAuth<Member>) -> ApiResult<Json<LockoutPolicyResponse>> {
    Ok(Json(adoption::get::<LockoutPolicy>(&caller).await?.into()))
}

/// Gets the lockout policy of the environment. 404 says that it has none.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/lockout-policy/vendor",
    tag = "security-policy",
    operation_id = "LockoutPolicyController_getVendorLockoutPolicy",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = LockoutPolicyResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get_of_environment(caller: ScopeAuth<Member>) -> ApiResult<Json<LockoutPolicyResponse>> {
    Ok(Json(adoption::get_of_environment::<LockoutPolicy>(&caller).await?.into()))
}
