//! Activating an account with a mailed token.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rookery_domain::{
    Action, EmailAddress, Environment, JsonObject, Membership, MembershipStatus, OneTimeToken,
    OneTimeTokenError, Password, PlainToken, Provider, TenantId, TicketPurpose, Timestamp, User, UserId,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::mails::{self, Mailing};
use rookery_http::newcomers::EmailMetadata;
use rookery_http::policies::tenants_of;
use rookery_http::session::AuthenticationResponse;
use rookery_http::sign_in::{Proof, SignIn};
use rookery_http::{
    ApiError, ApiResult, AppState, Body, ClientInfo, Device, HostEnvironment, Query, RateLimited,
    no_environment,
};
use rookery_store::{EnvironmentStore, NewPassword, UserSnapshot, WithEnvironment};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What activates an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivateRequest {
    /// The user, as the mailed link names them.
    user_id: String,
    /// The token in the mailed link.
    token: String,
    /// The password to sign in with from now on. It may be left out only when there is one, or none is needed.
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
}

/// Whose activation to mail again.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetActivationRequest {
    #[schema(value_type = String)]
    email: EmailAddress,
    /// What the mail's template may show besides; at most 4096 bytes of JSON.
    #[schema(value_type = Option<Object>)]
    email_metadata: Option<EmailMetadata>,
}

/// A user and the token that was mailed to them.
#[derive(Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailedToken {
    /// The user, as the mailed link names them.
    pub(crate) user_id: String,
    /// The token in the mailed link.
    pub(crate) token: String,
}

/// How an account is activated.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActivationStrategyResponse {
    /// Whether a password must be set.
    should_set_password: bool,
}

/// Activates an account, sets its password if it has none, and signs the user in.
///
/// The token works once. An account that has a password keeps it, but for one that was chosen when somebody signed up. A password that is missing or not good enough does not use
/// the token up.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/activate",
    tag = "users",
    operation_id = "UsersActivationControllerV1_activateUser",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = ActivateRequest,
    responses(
        (status = OK, body = AuthenticationResponse),
        (status = BAD_REQUEST),
        (status = UNAUTHORIZED),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
    ),
)]
pub(crate) async fn activate(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<ActivateRequest>,
) -> ApiResult<Response> {
    let token = PlainToken::presented(request.token);
    let WithEnvironment { environment, value: waiting } =
        waiting(&app, &store, &request.user_id, &token).await?;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let device = Device::of(&headers, environment.id, &*app.entropy);
    let sign_in = SignIn::new(&app, &store, environment.clone(), client, device, Proof::Activation)?;
    let (there, has_password) =
        tokio::try_join!(tenants_of(&store, &waiting), has_password(&store, &waiting))?;
    require_one_password(&environment, &waiting, has_password, request.password.is_some())?;
    if let Some(password) = &request.password {
        environment.policies.check_password(password, there.iter().map(|tenant| &tenant.policies))?;
    }
    let (password_hash, prepared) = tokio::try_join!(hash(&app, request.password), async {
        Ok(sign_in.prepare(User::clone(&waiting), activated, &there).await?)
    })?;
    let (users, id, is_unproven) = (store.users(), waiting.id, waiting.password_unproven);
    let finish = |user: &mut User| finish(user, &token, app.now());
    let updated = match &password_hash {
        Some(hash) => {
            let password = NewPassword::new(hash);
            users.update_with_password(waiting, Action::UserActivated, password, finish).await?
        }
        None => users.update_from(waiting, Action::UserActivated, finish).await?,
    };
    let user = updated.ok_or(OneTimeTokenError)?;
    if is_unproven {
        store.api_tokens().remove_all_of(id).await?;
    }
    if password_hash.is_some() || is_unproven {
        // They are void already: this keeps lists of sessions short.
        let own = prepared.session_id();
        let sessions = store.sessions();
        let (kept, ended) = tokio::join!(
            prepared.keep(&app, &store, &user),
            sessions.end_all(id, None, |session| Some(session.id) != own)
        );
        ended?;
        return Ok(kept?.respond(StatusCode::OK, origin));
    }
    Ok(prepared.keep(&app, &store, &user).await?.respond(StatusCode::OK, origin))
}

/// The account of the user `id`, if `token` activates it, and the environment. Every way in which it does not is answered
/// alike.
async fn waiting(
    app: &AppState,
    store: &EnvironmentStore,
    id: &str,
    token: &PlainToken,
) -> ApiResult<WithEnvironment<UserSnapshot>> {
    let id: UserId = id.parse().map_err(|_| OneTimeTokenError)?;
    let found = store.users().snapshot(id).await?;
    let WithEnvironment { environment, value: user } = found.ok_or_else(no_environment)?;
    let value = user.ok_or(OneTimeTokenError)?;
    verify(&value, token, app.now())?;
    Ok(WithEnvironment { environment, value })
}

/// Whether `user` signs in with a password, once they have one.
fn signs_in_with_password(environment: &Environment, user: &User) -> bool {
    environment.configuration.signs_in_with_passwords() && user.provider == Provider::Local
}

/// Whether `user` has a password, other than one that a stranger may have chosen for them.
async fn has_password(store: &EnvironmentStore, user: &User) -> ApiResult<bool> {
    let login = store.users().login(&user.email).await?.and_then(|found| found.value);
    Ok(!user.password_unproven && login.is_some_and(|login| login.password_hash.is_some()))
}

/// Whether an activation comes with a password if the account of `user` needs one, and with none if it has one: whoever has
/// the mailbox then need not be who signs in.
fn require_one_password(
    environment: &Environment,
    user: &User,
    has_password: bool,
    is_given: bool,
) -> ApiResult<()> {
    let needs_one = !has_password && signs_in_with_password(environment, user);
    match (has_password && is_given, needs_one && !is_given) {
        (true, _) => Err(ApiError::Invalid(
            "password must be left out: the account has one, and activation does not replace it".to_owned(),
        )),
        (_, true) => Err(ApiError::Invalid("password is needed: the account has none".to_owned())),
        (false, false) => Ok(()),
    }
}

fn verify(user: &User, token: &PlainToken, now: Timestamp) -> Result<(), OneTimeTokenError> {
    user.activation.as_ref().ok_or(OneTimeTokenError)?.verify(token, now)
}

/// Uses the token up and lets the user in, into the tenants too that waited for their first sign-in.
fn finish(user: &mut User, token: &PlainToken, now: Timestamp) -> Result<(), OneTimeTokenError> {
    verify(user, token, now)?;
    user.activate();
    user.note_first_sign_in(true);
    Ok(())
}

/// The user once they are active.
fn activated(mut user: User) -> User {
    user.activate();
    user.note_first_sign_in(true);
    user
}

async fn hash(app: &RateLimited, password: Option<Password>) -> ApiResult<Option<String>> {
    match password {
        Some(password) => Ok(Some(app.passwords().hash(password).await?.into())),
        None => Ok(None),
    }
}

/// Mails a user another activation link. The earlier ones no longer work.
///
/// The answer is the same whether anybody has this address, and whether they are active already. A user gets five such mails in a
/// quarter of an hour: after that none is sent, and the latest link goes on working.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/activate/reset",
    tag = "users",
    operation_id = "UsersActivationControllerV1_resetActivationToken",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = ResetActivationRequest,
    responses((status = CREATED), (status = BAD_REQUEST)),
)]
pub(crate) async fn reset(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    Body(request): Body<ResetActivationRequest>,
) -> ApiResult<StatusCode> {
    let found = store.users().login(&request.email).await?;
    let WithEnvironment { environment, value: login } = found.ok_or_else(no_environment)?;
    if let Some(login) = login {
        let variables = request.email_metadata.unwrap_or_default().into();
        app.defer(mail_again(app.clone(), store, environment, login.user_id, variables));
    }
    Ok(StatusCode::CREATED)
}

/// Mails the user `id` another activation link, if they wait for it.
pub(crate) async fn mail_again(
    app: RateLimited,
    store: EnvironmentStore,
    environment: Environment,
    id: UserId,
    variables: JsonObject,
) -> ApiResult<()> {
    let users = store.users();
    let Some(user) = users.get(id).await?.filter(User::awaits_activation) else { return Ok(()) };
    if !mails::note(&app, &store, &user, TicketPurpose::Activations, None).await? {
        return Ok(());
    }
    let (token, kept) = OneTimeToken::issue(&*app.entropy, app.now());
    let updated = users.update(id, Action::ActivationLinkIssued, |user| {
        if user.awaits_activation() {
            user.activation = Some(kept.clone());
        }
        Ok::<_, ApiError>(())
    });
    let Some(user) = updated.await?.filter(User::awaits_activation) else { return Ok(()) };
    let tenant = match waiting_tenant(&user) {
        Some(tenant) => store.tenants().get(tenant).await?,
        None => None,
    };
    // That it was not sent has been logged.
    let mailing = Mailing {
        app: &app,
        store: &store,
        environment: &environment,
        tenant: tenant.as_ref(),
        email_metadata: variables,
    };
    mailing.activation(&user, &token).await.ok();
    Ok(())
}

/// The tenant that a mail speaks of: the first that waits for the user, or their first.
fn waiting_tenant(user: &User) -> Option<&TenantId> {
    let waits = |membership: &&Membership| membership.status == MembershipStatus::NotActivated;
    let waiting = user.memberships.iter().find(waits);
    waiting.or(user.memberships.first()).map(|membership| &membership.tenant_id)
}

/// Tells whether activating an account takes a password, before the form is shown.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1/activate/strategy",
    tag = "users",
    operation_id = "UsersActivationControllerV1_getActivationStrategy",
    params(
        ("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called."),
        MailedToken,
    ),
    responses((status = OK, body = ActivationStrategyResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn strategy(
    State(app): State<AppState>,
    HostEnvironment(store): HostEnvironment,
    Query(mailed): Query<MailedToken>,
) -> ApiResult<Json<ActivationStrategyResponse>> {
    let token = PlainToken::presented(mailed.token);
    let WithEnvironment { environment, value: waiting } =
        waiting(&app, &store, &mailed.user_id, &token).await?;
    let should_set_password =
        !has_password(&store, &waiting).await? && signs_in_with_password(&environment, &waiting);
    Ok(Json(ActivationStrategyResponse { should_set_password }))
}
