//! Setting another password by a link, for whoever forgot theirs.

use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{
    Action, EmailAddress, Environment, JsonObject, LockReason, OneTimeTokenError, Password, PlainToken,
    Provider, TemplateKind, Ticket, TicketPurpose, User, UserId,
};
use rookery_http::auth::VendorAuth;
use rookery_http::mails::{self, Mailing};
use rookery_http::newcomers::EmailMetadata;
use rookery_http::policies::tenants_of;
use rookery_http::sign_in::Proof;
use rookery_http::{
    ApiError, ApiResult, AppState, Body, Created, HostEnvironment, Path, RateLimited, no_environment,
};
use rookery_store::{EnvironmentStore, Login, NewPassword, UserSnapshot, WithEnvironment};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::activation::MailedToken;
use crate::links::LinkResponse;
use crate::password_history::Setting;
use crate::passwords::login_of;
use crate::updating::read;

const PURPOSE: TicketPurpose = TicketPurpose::PasswordReset;

/// Whose password to reset.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetPasswordRequest {
    #[schema(value_type = String)]
    email: EmailAddress,
    /// What the mail's template may show besides; at most 4096 bytes of JSON.
    #[schema(value_type = Option<Object>)]
    email_metadata: Option<EmailMetadata>,
}

/// What sets another password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifyResetRequest {
    /// The user, as the mailed link names them.
    user_id: String,
    /// The token in the mailed link.
    token: String,
    /// The password to sign in with from now on.
    #[schema(value_type = String)]
    password: Password,
}

/// Mails a user a link that sets another password, for an hour. The earlier ones no longer work.
///
/// The answer is the same whether anybody has this address. A user gets five such mails in a quarter of an hour: after that
/// none is sent, and the latest link goes on working.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/passwords/reset",
    tag = "users",
    operation_id = "UsersPasswordControllerV1_resetPassword",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = ResetPasswordRequest,
    responses(
        (status = CREATED),
        (status = BAD_REQUEST, description = "The environment signs nobody in with a password (ER-01012), or does not mail resets."),
    ),
)]
pub(crate) async fn request(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<ResetPasswordRequest>,
) -> ApiResult<StatusCode> {
    let found = store.users().login(&request.email).await?;
    let WithEnvironment { environment, value: login } = found.ok_or_else(no_environment)?;
    Proof::Password.require_allowed(&environment)?;
    if !mails::are_sent(&store, &environment, TemplateKind::ResetPassword).await? {
        return Err(ApiError::Invalid("this environment sends no mails that reset passwords".to_owned()));
    }
    if let Some(login) = login {
        let variables = request.email_metadata.unwrap_or_default().into();
        app.defer(mail(app.clone(), store, environment, login, variables));
    }
    Ok(StatusCode::CREATED)
}

/// Whether `user` signs in with a password, or is to.
fn signs_in_with_one(user: &User, login: Option<&Login>) -> bool {
    user.provider == Provider::Local || login.is_some_and(|login| login.password_hash.is_some())
}

/// Whether setting another password would let `user` in.
fn may_come_in(user: &User) -> bool {
    user.locked != Some(LockReason::Administrator)
}

/// Mails the user whose login it is a link, if they may have one.
async fn mail(
    app: RateLimited,
    store: EnvironmentStore,
    environment: Environment,
    login: Login,
    email_metadata: JsonObject,
) -> ApiResult<()> {
    let user = store.users().get(login.user_id).await?;
    let may_have_one = |user: &User| may_come_in(user) && signs_in_with_one(user, Some(&login));
    let Some(user) = user.filter(may_have_one) else { return Ok(()) };
    let Some(token) = issue(&app, &store, &user, true).await? else { return Ok(()) };
    let first = user.memberships.first().map(|membership| &membership.tenant_id);
    let tenant = match user.active_tenant.as_ref().or(first) {
        Some(tenant) => store.tenants().get(tenant).await?,
        None => None,
    };
    let mailing = Mailing {
        app: &app,
        store: &store,
        environment: &environment,
        tenant: tenant.as_ref(),
        email_metadata,
    };
    // That it was not sent has been logged.
    mailing.password_reset(&user, &token).await.ok();
    Ok(())
}

/// Gives `user` a ticket in place of the one before; none if it is to be mailed and they got enough mails.
async fn issue(
    app: &AppState,
    store: &EnvironmentStore,
    user: &User,
    by_mail: bool,
) -> ApiResult<Option<PlainToken>> {
    let (now, mut secret) = (app.now(), None);
    let tickets = store.tickets();
    let issued = tickets.issue(PURPOSE, user, Action::PasswordResetLinkIssued, |before| {
        if by_mail && before.is_some_and(|before| before.is_mailed_enough(now)) {
            return None;
        }
        let (token, ticket) = Ticket::issue(PURPOSE, user, before, &*app.entropy, now);
        secret = Some(token);
        Some(if by_mail { ticket.mailed(now) } else { ticket })
    });
    Ok(if issued.await? { secret } else { None })
}

/// Makes the link by which a user sets another password, and sends no mail. Earlier links no longer work.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/links/generate-password-reset-token",
    tag = "users",
    operation_id = "UsersControllerV1_generateUserPasswordResetLink",
    security(("vendor" = [])),
    params(("userId" = uuid::Uuid, Path)),
    responses((status = CREATED, body = LinkResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn generate_link(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<UserId>,
) -> ApiResult<Created<LinkResponse>> {
    let WithEnvironment { environment, value: user } = read(&vendor, id).await?;
    Proof::Password.require_allowed(&environment)?;
    let login = vendor.store.users().login(&user.email).await?.and_then(|found| found.value);
    if !may_come_in(&user) || !signs_in_with_one(&user, login.as_ref()) {
        return Err(ApiError::Invalid("the user signs in without a password, or is locked".to_owned()));
    }
    let token = issue(&app, &vendor.store, &user, false).await?.ok_or(ApiError::Busy)?;
    let link = mails::url(&vendor.store, &environment, TemplateKind::ResetPassword, id, &token).await?;
    Ok(Created(LinkResponse::new(link, &token, id)))
}

/// Says whether a link that sets another password works still, and uses nothing up.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/passwords/reset/validate",
    tag = "users",
    operation_id = "UsersPasswordControllerV1_validateResetPassword",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = MailedToken,
    responses((status = OK), (status = BAD_REQUEST), (status = GONE, description = "It was used, is too old, or was none ever.")),
)]
pub(crate) async fn validate(
    State(app): State<AppState>,
    HostEnvironment(store): HostEnvironment,
    Body(mailed): Body<MailedToken>,
) -> ApiResult<()> {
    let token = PlainToken::presented(mailed.token);
    match Reset::read(&app, &store, &mailed.user_id, &token).await? {
        Some(_) => Ok(()),
        None => Err(ApiError::Gone(OneTimeTokenError.to_string())),
    }
}

/// Sets another password by the token of a mailed link. All sessions of the user end, and their own API tokens are deleted.
///
/// The token works once; a password that is not good enough does not use it up. It shows that the address is theirs, and
/// unlocks whom too many wrong passwords had locked.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/passwords/reset/verify",
    tag = "users",
    operation_id = "UsersPasswordControllerV1_verifyResetPassword",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = VerifyResetRequest,
    responses((status = CREATED), (status = BAD_REQUEST)),
)]
pub(crate) async fn verify(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<VerifyResetRequest>,
) -> ApiResult<StatusCode> {
    let token = PlainToken::presented(request.token);
    let reset = Reset::read(&app, &store, &request.user_id, &token).await?.ok_or(OneTimeTokenError)?;
    let Reset { environment, user, ticket } = reset;
    let (there, login) = tokio::try_join!(tenants_of(&store, &user), login_of(&store, &user))?;
    environment.policies.check_password(&request.password, there.iter().map(|tenant| &tenant.policies))?;
    let setting = Setting {
        app: &app,
        store: &store,
        environment: &environment,
        user: user.id,
        tenants: &there,
        login,
    };
    let history = setting.require_unused(&request.password).await?;
    let hash = String::from(app.passwords().hash(request.password).await?);
    let (users, now) = (store.users(), app.now());
    let password = NewPassword { history: history.as_ref(), ..NewPassword::new(&hash) };
    let updated = users.update_with_password(user, Action::PasswordReset, password, |user| {
        // Whoever was quicker with the same token has changed what the user signs in with.
        ticket.verify(PURPOSE, &token, user, now)?;
        if !may_come_in(user) {
            return Err(OneTimeTokenError);
        }
        user.locked = None;
        user.activate();
        Ok(())
    });
    let user = updated.await?.ok_or(OneTimeTokenError)?;
    // Whoever had got in before may have made some.
    store.api_tokens().remove_all_of(user.id).await?;
    // They are void already: this keeps lists of sessions short.
    app.defer(
        async move { Ok(store.sessions().end_all(user.id, None, |session| !session.is_of(&user)).await?) },
    );
    Ok(StatusCode::CREATED)
}

/// A ticket that is good, and whose it is.
struct Reset {
    environment: Environment,
    user: UserSnapshot,
    ticket: Ticket,
}

impl Reset {
    /// Looks up what `token` of the user `id` permits; `None` if it permits nothing. Every way in which it does not is answered
    /// alike.
    async fn read(
        app: &AppState,
        store: &EnvironmentStore,
        id: &str,
        token: &PlainToken,
    ) -> ApiResult<Option<Self>> {
        let Ok(id) = id.parse::<UserId>() else { return Ok(None) };
        let (users, tickets) = (store.users(), store.tickets());
        let (found, ticket) = tokio::try_join!(users.snapshot(id), tickets.get(PURPOSE, id))?;
        let WithEnvironment { environment, value: user } = found.ok_or_else(no_environment)?;
        let (Some(user), Some(ticket)) = (user, ticket) else { return Ok(None) };
        let is_good = may_come_in(&user) && ticket.verify(PURPOSE, token, &user, app.now()).is_ok();
        Ok(is_good.then_some(Self { environment, user, ticket }))
    }
}
