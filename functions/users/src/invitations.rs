//! Accepting invitations to a tenant, and sending them again.

use axum::extract::State;
use axum::http::StatusCode;
use futures::{StreamExt as _, stream};
use rookery_domain::{
    EmailAddress, Entropy, Environment, MembershipStatus, OneTimeToken, OneTimeTokenError, PlainToken,
    Tenant, TenantId, Timestamp, User, UserId,
};
use rookery_http::auth::{Principal, ResendActivationEmail, TenantAuth};
use rookery_http::{ApiError, ApiResult, AppState, Body, HostEnvironment, mails};
use rookery_store::WithEnvironment;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::activation::MailedToken;
use crate::scope::tenants_below;

/// How many mails are on their way at a time.
const MAILS_AT_ONCE: usize = 8;

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
    let joined = store.users().update(id, |user| user.accept_invitation(&token, now).map(drop)).await?;
    joined.ok_or(OneTimeTokenError)?;
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
    caller: TenantAuth<ResendActivationEmail>,
    State(app): State<AppState>,
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
    caller: TenantAuth<ResendActivationEmail>,
    State(app): State<AppState>,
    Body(request): Body<ResetInvitationRequest>,
) -> ApiResult<StatusCode> {
    let mut tenants = tenants_below(&caller.principal, &caller.store, &caller.tenant_id).await?;
    tenants.push(caller.tenant_id.clone());
    resend(&app, &caller, &request.email, &tenants).await
}

async fn resend(
    app: &AppState,
    caller: &TenantAuth<ResendActivationEmail>,
    email: &EmailAddress,
    tenants: &[TenantId],
) -> ApiResult<StatusCode> {
    let users = caller.store.users();
    let found = users.login(email).await?.ok_or(ApiError::Unauthenticated)?;
    let WithEnvironment { environment, value: login } = found;
    let id = login.ok_or(ApiError::NotFound("user"))?.user_id;
    let mut renewed = Renewed::default();
    let updated = users.update(id, |user| {
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
    renewed.mail(app, &environment, &caller.principal, &user, &tenants, &Map::new()).await;
    Ok(StatusCode::OK)
}

/// Whether `user` is there for the caller.
fn require_visible(
    caller: &TenantAuth<ResendActivationEmail>,
    user: &User,
    tenants: &[TenantId],
) -> ApiResult<()> {
    let hidden = user.invisible && caller.principal.user().is_some();
    if !hidden && tenants.iter().any(|tenant| user.membership(tenant).is_some()) {
        Ok(())
    } else {
        Err(ApiError::NotFound("user"))
    }
}

/// The tokens that a user got anew, to be mailed.
#[derive(Default)]
pub(crate) struct Renewed {
    /// The first tenant that waits for the account to be activated, and the token that does so.
    activation: Option<(TenantId, PlainToken)>,
    invitations: Vec<(TenantId, PlainToken)>,
}

impl Renewed {
    /// Gives `user` new tokens for those of `tenants` that they have not joined yet.
    pub(crate) fn of(user: &mut User, tenants: &[TenantId], entropy: &dyn Entropy, now: Timestamp) -> Self {
        let mut renewed = Self::default();
        for membership in &mut user.memberships {
            if !tenants.contains(&membership.tenant_id) {
                continue;
            }
            let tenant = membership.tenant_id.clone();
            match &mut membership.status {
                MembershipStatus::NotActivated if renewed.activation.is_none() => {
                    let (secret, kept) = OneTimeToken::issue(entropy, now);
                    user.activation = Some(kept);
                    renewed.activation = Some((tenant, secret));
                }
                MembershipStatus::PendingInvitation(token) => {
                    let (secret, kept) = OneTimeToken::issue(entropy, now);
                    *token = kept;
                    renewed.invitations.push((tenant, secret));
                }
                MembershipStatus::NotActivated
                | MembershipStatus::PendingLogin
                | MembershipStatus::Activated => {}
            }
        }
        renewed
    }

    fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.activation.iter().chain(&self.invitations).map(|(tenant, _)| tenant)
    }

    /// Mails them. `variables` are what the templates may show besides.
    pub(crate) async fn mail(
        &self,
        app: &AppState,
        environment: &Environment,
        issuer: &Principal,
        user: &User,
        tenants: &[Tenant],
        variables: &Map<String, Value>,
    ) {
        let tenant = |id: &TenantId| tenants.iter().find(|tenant| tenant.tenant_id == *id);
        if let Some((id, token)) = &self.activation {
            mails::send_activation(app, environment, tenant(id), user, token, variables.clone()).await;
        }
        let issuer = issuer.user().map(|issuer| &*issuer.user);
        let invitations = stream::iter(&self.invitations);
        let send = |(id, token): &'_ (TenantId, PlainToken)| {
            let (tenant, token) = (tenant(id), token.clone());
            async move {
                mails::send_invitation(app, environment, tenant, user, &token, variables.clone(), issuer)
                    .await;
            }
        };
        invitations.for_each_concurrent(MAILS_AT_ONCE, send).await;
    }
}
