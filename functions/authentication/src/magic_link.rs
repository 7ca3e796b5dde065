//! Signing in by a link that was mailed.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rookery_domain::{
    Action, AddressedToken, Environment, TemplateKind, Ticket, TicketPurpose, TokenHash, UserId,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::session::AuthenticationResponse;
use rookery_http::sign_in::{Proof, SignIn, SignInRefusal};
use rookery_http::{
    ApiResult, AppState, Body, ClientInfo, Device, HostEnvironment, RateLimited, no_environment,
};
use rookery_store::{EnvironmentStore, Subject, WithEnvironment};

use crate::passwordless::{Addressee, PostloginRequest, PreloginRequest, begin, verified};
use crate::sign_in::invitation;

const PURPOSE: TicketPurpose = TicketPurpose::MagicLink;

/// Mails a link that signs a user in. The earlier ones no longer work.
///
/// The answer is the same whether there is such a user, and sets the cookie by which the device is known. A user gets five links
/// in a quarter of an hour: after that none is mailed, and the latest goes on working.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/passwordless/magiclink/prelogin",
    tag = "authentication",
    operation_id = "AuthenticationPasswordlessControllerV1_magicLinkPrelogin",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = PreloginRequest,
    responses(
        (status = OK),
        (status = BAD_REQUEST, description = "The environment signs nobody in with a mailed link (ER-01012), or mails none."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
    ),
)]
pub(crate) async fn prelogin(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    headers: HeaderMap,
    Body(request): Body<PreloginRequest>,
) -> ApiResult<Response> {
    let found = request.look_up(&store, Proof::MagicLink, TemplateKind::MagicLink).await?;
    let WithEnvironment { environment, value: user } = found;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let device = Device::of(&headers, environment.id, &*app.entropy);
    let known = device.headers(origin, &environment);
    if let Some(user) = user {
        app.defer(mail(app.clone(), store, environment, user, device.hash()));
    }
    Ok((StatusCode::OK, known).into_response())
}

/// Mails the user `id` a link that was asked for on `device`, if they may have one.
async fn mail(
    app: RateLimited,
    store: EnvironmentStore,
    environment: Environment,
    id: UserId,
    device: TokenHash,
) -> ApiResult<()> {
    let Some(to) = Addressee::find(&app, &store, &environment, id).await? else { return Ok(()) };
    let (now, mut secret) = (app.now(), None);
    let tickets = store.tickets();
    let issued = tickets.issue(PURPOSE, &to.user, Action::SignInMailed, |before| {
        if before.is_some_and(|before| before.is_mailed_enough(now)) {
            return None;
        }
        let (token, ticket) = Ticket::issue(PURPOSE, &to.user, before, &*app.entropy, now);
        secret = Some(token);
        let end = now.plus_seconds(to.expiry_seconds());
        Some(ticket.expiring_at(end).asked_for_on(device.clone()).mailed(now))
    });
    let is_issued = issued.await?;
    let Some(secret) = secret.filter(|_| is_issued) else { return Ok(()) };
    // That it was not sent has been logged.
    to.mailing().magic_link(&to.user, &AddressedToken { user: id, secret }).await.ok();
    Ok(())
}

/// Signs a user in with the token of the link that was mailed to them.
///
/// The token works once. Where the environment asks for it (`forceSameDeviceOnAuth`), it works only on the device that asked for
/// the link. It shows that the address is theirs.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/passwordless/magiclink/postlogin",
    tag = "authentication",
    operation_id = "AuthenticationPasswordlessControllerV1_magicLinkPostLogin",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = PostloginRequest,
    responses(
        (status = CREATED, body = AuthenticationResponse),
        (
            status = BAD_REQUEST,
            description = "The environment signs nobody in with a mailed link (ER-01012), or it has expired (ER-01014), or is wrong or used (ER-01015).",
        ),
        (status = UNAUTHORIZED, description = "Another device (ER-01016), or locked (ER-01034)."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
        (status = NOT_FOUND, description = "The invitation does not work: nobody is signed in."),
    ),
)]
pub(crate) async fn postlogin(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<PostloginRequest>,
) -> ApiResult<Response> {
    // A text that is no token is that of a link that nobody has.
    let token = request.token.parse().unwrap_or_else(|_| nobody(&app));
    let (users, tickets) = (store.users(), store.tickets());
    let (found, ticket) =
        tokio::try_join!(users.get_with_environment(token.user), tickets.snapshot(PURPOSE, token.user))?;
    let WithEnvironment { environment, value: user } = found.ok_or_else(no_environment)?;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let device = Device::of(&headers, environment.id, &*app.entropy);
    let is_bound = environment.configuration.force_same_device_on_auth;
    let sign_in = SignIn::new(&app, &store, environment, client, device.clone(), Proof::MagicLink)?;
    let sign_in = sign_in.by_invitation(invitation(request.invitation_token));
    let shown = user.zip(ticket).filter(|(user, ticket)| ticket.is(PURPOSE, &token.secret, user));
    let Some((user, ticket)) = shown else {
        return Err(sign_in.refuse(SignInRefusal::UnknownLink, Subject::environment()).await.into());
    };
    let on_device = is_bound.then(|| device.hash());
    if let Err(refusal) = require_good(&app, &ticket, on_device.as_ref()) {
        return Err(sign_in.refuse(refusal, Subject::user(&user)).await.into());
    }
    let prepared = sign_in.prepare(user.clone(), verified, &[]).await?;
    if !tickets.use_up(PURPOSE, user.id, ticket).await? {
        return Err(SignInRefusal::UnknownLink.into());
    }
    Ok(begin(&app, &store, prepared, user).await?.respond(StatusCode::CREATED, origin))
}

/// Whether a link is in time and, where that matters, used on `device`, which asked for it.
fn require_good(app: &AppState, ticket: &Ticket, device: Option<&TokenHash>) -> Result<(), SignInRefusal> {
    if ticket.has_expired(app.now()) {
        return Err(SignInRefusal::ExpiredLink);
    }
    match device.is_none() || ticket.is_for_device(device) {
        true => Ok(()),
        false => Err(SignInRefusal::OtherDevice),
    }
}

fn nobody(app: &AppState) -> AddressedToken {
    AddressedToken {
        user: UserId::random(&*app.entropy),
        secret: rookery_domain::PlainToken::random(&*app.entropy),
    }
}
