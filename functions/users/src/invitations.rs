//! Accepting invitations to a tenant, and sending them again.

use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{
    Action, EmailAddress, JsonObject, OneTimeTokenError, PlainToken, TenantId, User, UserId,
};
use rookery_http::auth::{ResendActivationEmail, TenantAuth};
use rookery_http::{ApiError, ApiResult, AppState, Body, HostEnvironment, RateLimited};
use rookery_store::WithEnvironment;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::activation::MailedToken;
use crate::renewal::{Mails, Renewed};
use crate::scope::tenants_below;

/// Whose invitation to send again.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ResetInvitationRequest {
    #[schema(value_type = String)]
    email: EmailAddress,
}

/// Accepts an invitation: the user has joined the tenant. The token works once.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/invitation/accept",
    tag = "users",
    operation_id = "UsersTenantManagementControllerV1_acceptInvitation",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = MailedToken,
    responses((status = CREATED), (status = BAD_REQUEST)),
)]
pub(crate) async fn accept(
    State(app): State<AppState>,
    HostEnvironment(store): HostEnvironment,
    Body(mailed): Body<MailedToken>,
) -> ApiResult<StatusCode> {
    let id: UserId = mailed.user_id.parse().map_err(|_| OneTimeTokenError)?;
    let (token, now) = (PlainToken::presented(mailed.token), app.now());
    let (users, mut was_unproven) = (store.users(), false);
    let joined = users.update(id, Action::InvitationAccepted, |user| {
        was_unproven = user.password_unproven;
        user.accept_invitation(&token, now).map(drop)
    });
    joined.await?.ok_or(OneTimeTokenError)?;
    if was_unproven {
        store.api_tokens().remove_all_of(id).await?;
    }
    Ok(StatusCode::CREATED)
}

/// Sends the mail again by which somebody joins a tenant: the activation of a new account, or the invitation of a user who
/// has one. The link in the mail before no longer works.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/invitation/reset",
    tag = "users",
    operation_id = "UsersTenantManagementControllerV1_resetTenantInvitationToken",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = ResetInvitationRequest,
    responses((status = OK), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn reset(
    app: RateLimited,
    caller: TenantAuth<ResendActivationEmail>,
    Body(request): Body<ResetInvitationRequest>,
) -> ApiResult<StatusCode> {
    resend(&app, &caller, &request.email, std::slice::from_ref(&caller.tenant_id)).await
}

/// Sends all mails again by which somebody joins a tenant or one of those below it. A user reaches those below only if they
/// may act in sub-tenants.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/invitation/reset/all",
    tag = "users",
    operation_id = "UsersTenantManagementControllerV1_resetAllTenantsInvitationToken",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token.")),
    request_body = ResetInvitationRequest,
    responses((status = OK), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn reset_all(
    app: RateLimited,
    caller: TenantAuth<ResendActivationEmail>,
    Body(request): Body<ResetInvitationRequest>,
) -> ApiResult<StatusCode> {
    let mut tenants = tenants_below(&caller.principal, &caller.store, &caller.tenant_id).await?;
    tenants.push(caller.tenant_id.clone());
    resend(&app, &caller, &request.email, &tenants).await
}

async fn resend(
    app: &RateLimited,
    caller: &TenantAuth<ResendActivationEmail>,
    email: &EmailAddress,
    tenants: &[TenantId],
) -> ApiResult<StatusCode> {
    let users = caller.store.users();
    let found = users.login(email).await?.ok_or(ApiError::Unauthenticated)?;
    let WithEnvironment { environment, value: login } = found;
    let id = login.ok_or(ApiError::NotFound("user"))?.user_id;
    let mut renewed = Renewed::default();
    let updated = users.update(id, Action::InvitationLinkIssued, |user| {
        require_visible(caller, user, tenants)?;
        renewed = Renewed::of(user, tenants, &*app.entropy, app.now());
        if renewed.tenants().next().is_none() {
            return Err(ApiError::Invalid(
                "the user has joined already: there is nothing to send".to_owned(),
            ));
        }
        Ok(())
    });
    let user = updated.await?.ok_or(ApiError::NotFound("user"))?;
    let ids: Vec<_> = renewed.tenants().cloned().collect();
    let tenants = caller.store.tenants().get_all(&ids).await?;
    let (store, issuer) = (&caller.store, &caller.principal);
    let mails = Mails { app, store, environment: &environment, issuer, tenants: &tenants };
    mails.send(renewed, &user, &JsonObject::new()).await?;
    Ok(StatusCode::OK)
}

/// Whether `user` is there for the caller.
fn require_visible(
    caller: &TenantAuth<ResendActivationEmail>,
    user: &User,
    tenants: &[TenantId],
) -> ApiResult<()> {
    if caller.principal.sees(user) && tenants.iter().any(|tenant| user.membership(tenant).is_some()) {
        Ok(())
    } else {
        Err(ApiError::NotFound("user"))
    }
}
