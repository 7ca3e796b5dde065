//! The mails that follow a change.
//!
//! They leave after the change is stored, so that no mail speaks of what did not happen. A mail that fails is logged. It
//! does not fail a request that asked for more than the mail: that is done, and the user can ask for another mail. Nor does
//! it where the caller has not proved who they are, whom the answer would tell whose address is known.

use rookery_domain::{Environment, JsonObject, PlainToken, SecretDestination, Tenant, User, UserId};
use rookery_email::{
    ActivateUser, EmailError, InviteToTenant, Mail, SendError, Sender, activation_link, invitation_link,
};
use url::Url;

use crate::{ApiError, ApiResult, RateLimited};

/// Mails `user` the link that activates the account and holds `token`.
///
/// # Errors
/// The mail is not sent, which has been logged.
pub async fn send_activation(
    app: &RateLimited,
    environment: &Environment,
    tenant: Option<&Tenant>,
    user: &User,
    token: &PlainToken,
    email_metadata: JsonObject,
) -> ApiResult<()> {
    let redirect_url = activation_url(environment, user.id, token).ok_or_else(nowhere)?;
    let mail = ActivateUser {
        email: user.email.clone(),
        name: user.name.clone(),
        tenant_name: tenant_name(environment, tenant),
        redirect_url,
        metadata: user.metadata.as_object(),
        email_metadata,
    };
    send(app, environment, user, &mail).await
}

/// Mails `user` the link that accepts the invitation to `tenant` and holds `token`. `issuer` is who invites, when it is a
/// person.
///
/// # Errors
/// The mail is not sent, which has been logged.
pub async fn send_invitation(
    app: &RateLimited,
    environment: &Environment,
    tenant: Option<&Tenant>,
    user: &User,
    token: &PlainToken,
    email_metadata: JsonObject,
    issuer: Option<&User>,
) -> ApiResult<()> {
    let application = match tenant {
        Some(tenant) => SecretDestination::of_tenant(environment, tenant),
        None => SecretDestination::of_environment(environment),
    };
    let application = reported(environment, application).ok_or_else(nowhere)?;
    let mail = InviteToTenant {
        email: user.email.clone(),
        name: user.name.clone(),
        tenant_name: tenant_name(environment, tenant),
        redirect_url: invitation_link(&application, user.id, token),
        metadata: user.metadata.as_object(),
        email_metadata,
        issuer_name: issuer.and_then(|issuer| issuer.name.clone()),
        issuer_email: issuer.map(|issuer| issuer.email.clone()),
    };
    send(app, environment, user, &mail).await
}

/// The link that activates the account of `user` and holds `token`; `None`, which is logged, when there is no
/// application that it could lead to. It leads to the environment's own: the account is the user's, in whatever tenants.
#[must_use]
pub fn activation_url(environment: &Environment, user: UserId, token: &PlainToken) -> Option<Url> {
    let application = reported(environment, SecretDestination::of_environment(environment))?;
    Some(activation_link(&application, user, token))
}

/// `destination`, or a line in the log that there is none.
fn reported(environment: &Environment, destination: Option<SecretDestination>) -> Option<SecretDestination> {
    if destination.is_none() {
        tracing::error!(environment = %environment.id, "the application's address is no web address: no link leads to it");
    }
    destination
}

fn tenant_name(environment: &Environment, tenant: Option<&Tenant>) -> String {
    tenant.map_or(&environment.name, |tenant| &tenant.name).clone()
}

/// The answer where there is no application that a link could lead to.
#[must_use]
pub fn nowhere() -> ApiError {
    ApiError::internal("the application has no web address")
}

async fn send<M: Mail>(app: &RateLimited, environment: &Environment, user: &User, mail: &M) -> ApiResult<()> {
    let sender = Sender { address: environment.sender.clone(), name: environment.name.clone() };
    app.mailer().send(&sender, &user.email, mail).await.map_err(|error| {
        report(environment, user, &error);
        refusal(error)
    })
}

/// The user's id is enough to find the address: neither that nor the token belongs in a log.
fn report(environment: &Environment, user: &User, error: &EmailError) {
    tracing::error!(
        environment = %environment.id,
        user = %user.id,
        cause = error as &dyn std::error::Error,
        "a mail was not sent"
    );
}

/// What a failure means for whoever asked for the mail.
fn refusal(error: EmailError) -> ApiError {
    match error {
        EmailError::Send(SendError::Throttled | SendError::Unavailable(_)) => ApiError::Busy,
        EmailError::Send(SendError::Rejected(_)) => {
            ApiError::Invalid("the mail is not accepted for this address: is it right?".to_owned())
        }
        EmailError::Variables(_) | EmailError::Render(_) => ApiError::internal(error),
    }
}
