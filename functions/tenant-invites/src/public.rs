//! What a login box knows of links before somebody uses one.

use axum::Json;
use axum::extract::State;
use rookery_domain::{PlainToken, TemplateKind};
use rookery_http::auth::Principal;
use rookery_http::invites::{self, require_allowed};
use rookery_http::{ApiError, ApiResult, AppState, Body, HostEnvironment, mails, no_environment};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link to look at.
#[derive(Deserialize, ToSchema)]
pub(crate) struct VerifyInviteRequest {
    /// What the link holds.
    token: String,
}

/// Where a link leads.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifiedInviteResponse {
    /// The tenant's name.
    name: String,
    tenant_id: String,
}

/// What there is of invitation links.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteConfigurationResponse {
    /// Whether the environment has any.
    tenant_invitations_allowed: bool,
    /// Whether mails of their use are sent to those who want them.
    emails_enabled: bool,
}

/// Says which tenant a link leads to, if it works. It is not used up.
#[utoipa::path(
    post,
    path = "/identity/resources/tenants/invites/v1/verify",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_verifyTenantInvite",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = VerifyInviteRequest,
    responses((status = OK, body = VerifiedInviteResponse), (status = NOT_FOUND, description = "The link does not work.")),
)]
pub(crate) async fn verify(
    State(app): State<AppState>,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<VerifyInviteRequest>,
) -> ApiResult<Json<VerifiedInviteResponse>> {
    let token = PlainToken::presented(request.token);
    let environment = async { store.get().await?.ok_or_else(no_environment) };
    let (environment, invite) = tokio::try_join!(environment, invites::find(&app, &store, &token))?;
    require_allowed(&environment).map_err(|_| invites::dead())?;
    let tenant = store.tenants().get(&invite.tenant_id).await?.ok_or_else(invites::dead)?;
    Ok(Json(VerifiedInviteResponse { name: tenant.name, tenant_id: tenant.tenant_id.to_string() }))
}

/// Says whether tenants have invitation links, and whether mails of their use are sent.
#[utoipa::path(
    get,
    path = "/identity/resources/tenants/invites/v1/configuration",
    tag = "tenant-invites",
    operation_id = "getInvitationConfiguration",
    security(("vendor" = []), ("user" = [])),
    responses((status = OK, body = InviteConfigurationResponse)),
)]
pub(crate) async fn configuration(principal: Principal) -> ApiResult<Json<InviteConfigurationResponse>> {
    let (store, environment) = match principal {
        Principal::Vendor(vendor) => {
            let environment = vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?;
            (vendor.store, environment)
        }
        Principal::User(user) => (user.store, user.environment),
    };
    Ok(Json(InviteConfigurationResponse {
        tenant_invitations_allowed: environment.configuration.allow_tenant_invitations,
        emails_enabled: mails::are_sent(&store, &environment, TemplateKind::UserUsedInvitation).await?,
    }))
}
