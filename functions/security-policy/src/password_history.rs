//! Passwords that a user had before, and may not have again.

use axum::Json;
use axum::extract::State;
use rookery_domain::{Adopted, PasswordHistoryPolicy, Policies, PolicyId, Timestamp, WholeNumber};
use rookery_http::auth::{Member, Principal, ScopeAuth, UserAuth, WriteSecurityPolicy};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::adoption::{self, Adoptable};

/// A password history policy.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordHistoryPolicyRequest {
    /// Whether it counts.
    enabled: bool,
    /// How many of the latest passwords may not be set again, the present one among them: 1 to 10.
    #[schema(value_type = i64)]
    history_size: WholeNumber,
}

/// What is to change of a password history policy.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordHistoryPolicyChanges {
    /// Whether it counts.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// How many of the latest passwords may not be set again, the present one among them: 1 to 10.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Option<i64>)]
    history_size: Option<WholeNumber>,
}

/// A password history policy as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordHistoryPolicyResponse {
    #[schema(value_type = uuid::Uuid)]
    id: PolicyId,
    /// Whether it counts.
    enabled: bool,
    /// How many of the latest passwords may not be set again, the present one among them.
    history_size: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Adopted<PasswordHistoryPolicy>> for PasswordHistoryPolicyResponse {
    fn from(Adopted { id, policy, created_at, updated_at }: Adopted<PasswordHistoryPolicy>) -> Self {
        let PasswordHistoryPolicy { enabled, history_size } = policy;
        Self { id, enabled, history_size, created_at, updated_at }
    }
}

impl Adoptable for PasswordHistoryPolicy {
    fn slot(policies: &mut Policies) -> &mut Option<Adopted<Self>> {
        &mut policies.password_history
    }

    fn check(&self, floor: Option<&Self>) -> ApiResult<()> {
        Ok(self.check(floor)?)
    }
}

/// A number that is out of any bounds is out of the policy's, whose error says so.
fn size(number: WholeNumber) -> u32 {
    u32::try_from(i64::from(number)).unwrap_or_default()
}

fn require_override_allowed(principal: &Principal) -> ApiResult<()> {
    let forbids = |user: &UserAuth| !user.environment.configuration.allow_override_enforce_password_history;
    match principal.user().is_some_and(forbids) {
        true => Err(ApiError::Forbidden(
            "the environment does not let tenants remember passwords (allowOverrideEnforcePasswordHistory)"
                .to_owned(),
        )),
        false => Ok(()),
    }
}

/// Makes the password history policy of a tenant, or of the environment when no tenant is named.
///
/// Of what the environment and a user's tenants ask, the longest history counts. Passwords are remembered from now on: those that
/// were replaced before are not known. A tenant's administrator may make one where the environment allows
/// `allowOverrideEnforcePasswordHistory`.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/v1/password-history-policy",
    tag = "security-policy",
    operation_id = "PasswordHistoryPolicyController_createPolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = PasswordHistoryPolicyRequest,
    responses(
        (status = CREATED, body = PasswordHistoryPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
        (status = CONFLICT),
    ),
)]
pub(crate) async fn create(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(request): Body<PasswordHistoryPolicyRequest>,
) -> ApiResult<Created<PasswordHistoryPolicyResponse>> {
    require_override_allowed(&caller.principal)?;
    let policy = PasswordHistoryPolicy { enabled: request.enabled, history_size: size(request.history_size) };
    Ok(Created(adoption::create(&app, &caller, policy).await?.into()))
}

/// Changes the password history policy of a tenant, or of the environment when no tenant is named: what is left out stays as it is.
///
/// It counts for the next password that is set.
#[utoipa::path(
    patch,
    path = "/identity/resources/configurations/v1/password-history-policy",
    tag = "security-policy",
    operation_id = "PasswordHistoryPolicyController_updatePolicy",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = PasswordHistoryPolicyChanges,
    responses(
        (status = OK, body = PasswordHistoryPolicyResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn update(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(changes): Body<PasswordHistoryPolicyChanges>,
) -> ApiResult<Json<PasswordHistoryPolicyResponse>> {
    require_override_allowed(&caller.principal)?;
    let PasswordHistoryPolicyChanges { enabled, history_size } = changes;
    if enabled.is_none() && history_size.is_none() {
        return Err(ApiError::Invalid("name what is to change: enabled, historySize".to_owned()));
    }
    let updated = adoption::update(&app, &caller, |before: PasswordHistoryPolicy| {
        Ok(PasswordHistoryPolicy {
            enabled: enabled.unwrap_or(before.enabled),
            history_size: history_size.map_or(before.history_size, size),
        })
    });
    Ok(Json(updated.await?.into()))
}

/// Gets the password history policy of a tenant, or of the environment when no tenant is named. 404 says that it has none.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/password-history-policy",
    tag = "security-policy",
    operation_id = "PasswordHistoryPolicyController_getPolicy",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    responses((status = OK, body = PasswordHistoryPolicyResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get(caller: ScopeAuth<Member>) -> ApiResult<Json<PasswordHistoryPolicyResponse>> {
    Ok(Json(adoption::get::<PasswordHistoryPolicy>(&caller).await?.into()))
}

/// Gets the password history policy of the environment. 404 says that it has none.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/v1/password-history-policy/vendor",
    tag = "security-policy",
    operation_id = "PasswordHistoryPolicyController_getVendorPolicy",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = PasswordHistoryPolicyResponse), (status = NOT_FOUND)),
)]
pub(crate) async fn get_of_environment(
    caller: ScopeAuth<Member>,
) -> ApiResult<Json<PasswordHistoryPolicyResponse>> {
    Ok(Json(adoption::get_of_environment::<PasswordHistoryPolicy>(&caller).await?.into()))
}
