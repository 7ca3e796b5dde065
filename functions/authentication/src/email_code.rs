//! Signing in with a code that was mailed, and is typed on the device that asked for it.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rookery_domain::{
    Action, Environment, OneTimeCode, PlainCode, TemplateKind, TenantId, TicketPurpose, User, UserId,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::mails;
use rookery_http::session::AuthenticationResponse;
use rookery_http::sign_in::{Proof, SignIn, SignInRefusal};
use rookery_http::{ApiResult, Body, ClientInfo, Device, HostEnvironment, RateLimited, no_environment};
use rookery_store::{EnvironmentStore, Subject, WithEnvironment};

use crate::passwordless::{Addressee, PostloginRequest, PreloginRequest, begin, verified};
use crate::sign_in::invitation;

/// Mails a code that signs a user in, on the device that asked for it. An earlier one that it asked for no longer works.
///
/// The answer is the same whether there is such a user, and sets the cookie by which the device is known. A user gets five codes
/// in a quarter of an hour: after that none is mailed, and those that were go on working.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/passwordless/code/prelogin",
    tag = "authentication",
    operation_id = "AuthenticationPasswordlessControllerV1_emailCodePrelogin",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = PreloginRequest,
    responses(
        (status = CREATED),
        (status = BAD_REQUEST, description = "The environment signs nobody in with a mailed code (ER-01012), or mails none."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
    ),
)]
pub(crate) async fn prelogin(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    headers: HeaderMap,
    Body(request): Body<PreloginRequest>,
) -> ApiResult<Response> {
    let found = request.look_up(&store, Proof::Code, TemplateKind::OTC).await?;
    let WithEnvironment { environment, value: user } = found;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let device = Device::of(&headers, environment.id, &*app.entropy);
    let known = device.headers(origin, &environment);
    if let Some(user) = user {
        app.defer(mail(app.clone(), store, environment, user, device));
    }
    Ok((StatusCode::CREATED, known).into_response())
}

/// Mails the user `id` a code to type on `device`, if they may have one.
async fn mail(
    app: RateLimited,
    store: EnvironmentStore,
    environment: Environment,
    id: UserId,
    device: Device,
) -> ApiResult<()> {
    let Some(to) = Addressee::find(&app, &store, &environment, id).await? else { return Ok(()) };
    let (entropy, now) = (&*app.entropy, app.now());
    if !mails::note(&app, &store, &to.user, TicketPurpose::Codes, Action::SignInMailed).await? {
        return Ok(());
    }
    let (code, kept) = OneTimeCode::issue(&to.user, device.secret(), to.expiry_seconds(), entropy, now);
    store.codes().keep(&device.hash(), &kept).await?;
    // That it was not sent has been logged.
    to.mailing().code(&to.user, &code).await.ok();
    Ok(())
}

/// Signs a user in with the code that was mailed to them, on the device that asked for it.
///
/// The code works once, and may be tried five times. It shows that the address is theirs.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/passwordless/code/postlogin",
    tag = "authentication",
    operation_id = "AuthenticationPasswordlessControllerV1_emailCodePostLogin",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = PostloginRequest,
    responses(
        (status = CREATED, body = AuthenticationResponse),
        (status = BAD_REQUEST, description = "The environment signs nobody in with a mailed code (ER-01012)."),
        (status = UNAUTHORIZED, description = "Wrong (ER-01011), expired (ER-01017) or locked (ER-01034)."),
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
    let (device, codes) = (Device::of(&headers, store.id(), &*app.entropy), store.codes());
    let hash = device.hash();
    let (environment, tried) = tokio::try_join!(store.get(), codes.try_one(&hash))?;
    let environment = environment.ok_or_else(no_environment)?;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let sign_in = SignIn::new(&app, &store, environment, client, device.clone(), Proof::Code)?;
    let sign_in = sign_in.by_invitation(invitation(request.invitation_token));
    let typed = PlainCode::presented(&request.token);
    // Where no code was asked for somebody is looked for too.
    let (id, likely_tenant) = match &tried {
        Some(code) => (code.user_id, code.likely_tenant.clone()),
        None => (UserId::random(&*app.entropy), Some(TenantId::random(&*app.entropy))),
    };
    let (user, there) = store.users().get_with_tenants(id, &Vec::from_iter(&likely_tenant)).await?;
    let is_right = |code: &OneTimeCode, user: &User| code.is(&typed, device.secret()) && code.is_of(user);
    let (code, user) = match (tried, user) {
        (Some(code), Some(user)) if is_right(&code, &user) => (code, user),
        (_, user) => return Err(sign_in.refuse_guess(SignInRefusal::WrongCode, user.as_ref()).await.into()),
    };
    if code.has_expired(app.now()) {
        return Err(sign_in.refuse(SignInRefusal::ExpiredCode, Subject::user(&user)).await.into());
    }
    let prepared = sign_in.prepare(user.clone(), verified, &there).await?;
    if !codes.use_up(&hash, &code).await? {
        return Err(SignInRefusal::WrongCode.into());
    }
    Ok(begin(&app, &store, prepared, user).await?.respond(StatusCode::CREATED, origin))
}
