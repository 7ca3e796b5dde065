//! How long sessions last, and how many a user may have.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{Limit, SessionPolicy, WholeNumber};
use rookery_http::auth::{Member, ScopeAuth, VendorAuth, WriteSecurityPolicy};
use rookery_http::policies::{self, Asked};
use rookery_http::{ApiError, ApiResult, AppState, Body, not_null};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to change of the limits to sessions.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the API's own names")]
pub(crate) struct SessionConfigurationChanges {
    /// For how long a session may go without a refresh: 60 to 2073600 seconds.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    session_idle_timeout_configuration: Option<Timeout>,
    /// When a session ends, whatever its user does: 60 to 315360000 seconds after the sign-in.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    session_timeout_configuration: Option<Timeout>,
    /// How many sessions a user may have at once, 1 to 1000. Another sign-in ends the oldest.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    session_concurrent_configuration: Option<Concurrency>,
}

/// A limit in seconds.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Timeout {
    /// Whether it counts.
    is_active: bool,
    /// The seconds.
    #[schema(value_type = i64)]
    timeout: WholeNumber,
}

/// A limit in sessions.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Concurrency {
    /// Whether it counts.
    is_active: bool,
    /// How many sessions.
    #[schema(value_type = i64)]
    max_sessions: WholeNumber,
}

impl From<&Timeout> for Limit {
    fn from(timeout: &Timeout) -> Self {
        Self { is_active: timeout.is_active, value: timeout.timeout.into() }
    }
}

impl From<Limit> for Timeout {
    fn from(limit: Limit) -> Self {
        Self { is_active: limit.is_active, timeout: limit.value.into() }
    }
}

impl From<&Concurrency> for Limit {
    fn from(concurrency: &Concurrency) -> Self {
        Self { is_active: concurrency.is_active, value: concurrency.max_sessions.into() }
    }
}

impl From<Limit> for Concurrency {
    fn from(limit: Limit) -> Self {
        Self { is_active: limit.is_active, max_sessions: limit.value.into() }
    }
}

impl SessionConfigurationChanges {
    fn apply_to(&self, before: &SessionPolicy) -> SessionPolicy {
        let idle_timeout = self.session_idle_timeout_configuration.as_ref().map(Limit::from);
        let timeout = self.session_timeout_configuration.as_ref().map(Limit::from);
        let max_sessions = self.session_concurrent_configuration.as_ref().map(Limit::from);
        SessionPolicy {
            idle_timeout: idle_timeout.or(before.idle_timeout),
            timeout: timeout.or(before.timeout),
            max_sessions: max_sessions.or(before.max_sessions),
        }
    }
}

/// The limits to sessions. One that was never set is left out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the API's own names")]
pub(crate) struct SessionConfiguration {
    /// For how long a session may go without a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session_idle_timeout_configuration: Option<Timeout>,
    /// When a session ends, counted from the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session_timeout_configuration: Option<Timeout>,
    /// How many sessions a user may have at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session_concurrent_configuration: Option<Concurrency>,
}

impl From<SessionPolicy> for SessionConfiguration {
    fn from(policy: SessionPolicy) -> Self {
        Self {
            session_idle_timeout_configuration: policy.idle_timeout.map(Timeout::from),
            session_timeout_configuration: policy.timeout.map(Timeout::from),
            session_concurrent_configuration: policy.max_sessions.map(Concurrency::from),
        }
    }
}

/// Gets the limits to sessions that count in a tenant, or in the environment when no tenant is named.
///
/// Of two limits that count the lower one does. A limit that neither has ever set is left out.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/sessions/v1",
    tag = "vendor-configuration",
    operation_id = "SessionConfigurationControllerV1_getSessionConfiguration",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    responses((status = OK, body = SessionConfiguration), (status = NOT_FOUND)),
)]
pub(crate) async fn get(caller: ScopeAuth<Member>) -> ApiResult<Json<SessionConfiguration>> {
    let Asked { environment, tenant } = Asked::of(&caller).await?;
    let counts = match tenant {
        Some(own) => own.sessions.above(&environment.sessions),
        None => environment.sessions,
    };
    Ok(Json(counts.into()))
}

/// Sets limits to sessions in a tenant, or in the environment when no tenant is named: what is left out stays as it is.
///
/// A tenant may lower what its environment allows, and not raise it. Limits count from the next sign-in or refresh on, for
/// sessions that have begun too. Only a refresh keeps a session from being idle, and access tokens live half of the idle
/// timeout at most, so that whoever is active refreshes in time.
#[utoipa::path(
    post,
    path = "/identity/resources/configurations/sessions/v1",
    tag = "vendor-configuration",
    operation_id = "SessionConfigurationControllerV1_createSessionConfiguration",
    security(("vendor" = []), ("user" = ["fe.secure.write.securityPolicy"])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a user token, the token's.")),
    request_body = SessionConfigurationChanges,
    responses((status = CREATED), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn update(
    caller: ScopeAuth<WriteSecurityPolicy>,
    State(app): State<AppState>,
    Body(changes): Body<SessionConfigurationChanges>,
) -> ApiResult<StatusCode> {
    let updated = policies::update(&app, &caller, |policies, floor| {
        let changed = changes.apply_to(&policies.sessions);
        changed.check()?;
        if let Some(floor) = floor {
            changed.require_within(&floor.sessions)?;
        }
        policies.sessions = changed;
        Ok(())
    });
    updated.await?;
    Ok(StatusCode::CREATED)
}

/// Gets the limits to sessions that the environment sets; those that it has never set with their defaults, which do not
/// count.
#[utoipa::path(
    get,
    path = "/identity/resources/configurations/sessions/v1/vendor",
    tag = "vendor-configuration",
    operation_id = "SessionConfigurationControllerV1_getVendorSessionConfiguration",
    security(("vendor" = [])),
    responses((status = OK, body = SessionConfiguration)),
)]
pub(crate) async fn get_of_environment(vendor: VendorAuth) -> ApiResult<Json<SessionConfiguration>> {
    let environment = vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?;
    Ok(Json(environment.policies.sessions.above(&SessionPolicy::inactive()).into()))
}
