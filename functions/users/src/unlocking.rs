//! Unlocking oneself by a link, after too many wrong passwords.

use axum::http::StatusCode;
use rookery_domain::{
    Action, AddressedToken, JsonObject, LockReason, OneTimeTokenError, TemplateKind, TicketPurpose,
};
use rookery_http::mails::{self, Mailing};
use rookery_http::{ApiResult, Body, HostEnvironment, RateLimited, no_environment};
use rookery_store::WithEnvironment;
use serde::Deserialize;
use utoipa::ToSchema;

/// What unlocks a user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UnlockRequest {
    /// The token in the mailed link.
    token: String,
}

/// Unlocks the user whom too many wrong passwords had locked, by the token of the link that was mailed to them.
///
/// The token works once, for an hour, and unlocks nobody whom the vendor has locked.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v3/me/unlock",
    tag = "users",
    operation_id = "UsersControllerV3_unlock",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = UnlockRequest,
    responses((status = OK), (status = BAD_REQUEST)),
)]
pub(crate) async fn unlock(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<UnlockRequest>,
) -> ApiResult<StatusCode> {
    let AddressedToken { user: id, secret } = request.token.parse()?;
    let (users, tickets) = (store.users(), store.tickets());
    let (found, ticket) = tokio::try_join!(users.snapshot(id), tickets.get(TicketPurpose::Unlock, id))?;
    let WithEnvironment { environment, value: user } = found.ok_or_else(no_environment)?;
    let (Some(user), Some(ticket)) = (user, ticket) else { return Err(OneTimeTokenError.into()) };
    let unlocked = users.update_from(user, Action::UserUnlockedByLink, |user| {
        ticket.verify(TicketPurpose::Unlock, &secret, user, app.now())?;
        match user.locked.take() {
            Some(LockReason::Attempts) => Ok(()),
            Some(LockReason::Administrator) | None => Err(OneTimeTokenError),
        }
    });
    let user = unlocked.await?.ok_or(OneTimeTokenError)?;
    app.clone().defer(async move {
        if mails::are_sent(&store, &environment, TemplateKind::UnlockUserSuccess).await? {
            let (store, environment) = (&store, &environment);
            let mailing =
                Mailing { app: &app, store, environment, tenant: None, email_metadata: JsonObject::new() };
            // That it was not sent has been logged.
            mailing.unlocked(&user).await.ok();
        }
        Ok(())
    });
    Ok(StatusCode::OK)
}
