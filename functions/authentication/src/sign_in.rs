//! Signing in with an e-mail address and a password.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rookery_domain::{
    Action, AuthStrategy, EmailAddress, Environment, JsonObject, OneTimeToken, Password, TenantId, User,
    UserId,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::session::{AuthenticationResponse, SignedIn};
use rookery_http::{
    ApiError, ApiResult, AppState, Body, ClientInfo, ErrorCode, HostEnvironment, RateLimited, mails,
    no_environment, session,
};
use rookery_store::{EnvironmentStore, Login, Subject, WithEnvironment};
use rookery_tokens::{PasswordHash, Verdict};
use serde::Deserialize;
use utoipa::ToSchema;

/// What a user signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInRequest {
    /// Their e-mail address.
    #[schema(value_type = String)]
    email: Option<String>,
    /// The e-mail address too, under the name that some clients use.
    username: Option<String>,
    /// Their password.
    #[schema(value_type = String)]
    password: Password,
    /// The token of an invitation link. There are no such links: only an empty one is taken.
    invitation_token: Option<String>,
}

impl SignInRequest {
    /// The e-mail address as it was typed.
    fn typed_address(&self) -> ApiResult<&str> {
        let typed = self.email.as_deref().or(self.username.as_deref());
        typed.ok_or_else(|| ApiError::Invalid("email is needed".to_owned()))
    }

    fn require_no_invitation(&self) -> ApiResult<()> {
        if self.invitation_token.as_ref().is_none_or(String::is_empty) {
            return Ok(());
        }
        Err(ApiError::Invalid("invitation links are not supported: leave invitationToken out".to_owned()))
    }
}

/// Signs a user in with their password.
///
/// The session begins in the tenant they last worked in. Its refresh token is in the answer and in a cookie.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user",
    tag = "authentication",
    operation_id = "AuthenticatioAuthenticationControllerV1_authenticateLocalUser",
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = SignInRequest,
    responses(
        (status = OK, body = AuthenticationResponse),
        (status = BAD_REQUEST, description = "The environment signs nobody in with a password (ER-01012)."),
        (status = UNAUTHORIZED, description = "Wrong, locked (ER-01034) or not verified (ER-01060)."),
        (status = FORBIDDEN, description = "The page's origin is not trusted."),
    ),
)]
pub(crate) async fn sign_in(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<SignInRequest>,
) -> ApiResult<Response> {
    request.require_no_invitation()?;
    let found = find_login(&store, request.typed_address()?).await?;
    let WithEnvironment { environment, value: login } = found.ok_or_else(no_environment)?;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    require_password_strategy(&environment)?;
    let whom = subject_of(login.as_ref());
    match complete(&app, &store, environment, login, request.password, client).await {
        Ok(signed_in) => Ok(signed_in.respond(StatusCode::OK, origin)),
        Err(error) => Err(noted(&store, whom, error).await?),
    }
}

async fn complete(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: Environment,
    login: Option<Login>,
    password: Password,
    client: ClientInfo,
) -> ApiResult<SignedIn> {
    let (user, there) = prove(app, store, login, password).await?;
    if !user.verified && !environment.configuration.allow_not_verified_users_login {
        return Err(ask_to_verify(app, store, &environment, &user).await?);
    }
    let user = let_in(store, &environment, user).await?;
    session::begin(app, store, environment, user, &there, client).await
}

/// Whom a sign-in is about, for the audit log: whoever has the address, in the tenant that they would have landed in.
fn subject_of(login: Option<&Login>) -> Subject {
    let Some(login) = login else { return Subject::environment() };
    let subject = Subject::environment().with("userId", &login.user_id);
    match &login.likely_tenant {
        Some(tenant) => subject.in_tenant(tenant),
        None => subject,
    }
}

/// Records that a sign-in was refused, if that is what `error` says.
async fn noted(store: &EnvironmentStore, whom: Subject, error: ApiError) -> ApiResult<ApiError> {
    if let ApiError::SignInFailed(_, reason) = &error {
        store.record(Action::SignInRefused, whom.with("reason", reason)).await?;
    }
    Ok(error)
}

/// What `typed` signs in to. A text that is no e-mail address is nobody's, and is answered like any other of those.
async fn find_login(
    store: &EnvironmentStore,
    typed: &str,
) -> ApiResult<Option<WithEnvironment<Option<Login>>>> {
    let Ok(email) = typed.parse::<EmailAddress>() else {
        let environment = store.get().await?;
        return Ok(environment.map(|environment| WithEnvironment { environment, value: None }));
    };
    Ok(store.users().login(&email).await?)
}

fn require_password_strategy(environment: &Environment) -> ApiResult<()> {
    match environment.configuration.auth_strategy {
        AuthStrategy::EmailAndPassword => Ok(()),
        AuthStrategy::MagicLink
        | AuthStrategy::Code
        | AuthStrategy::SmsCode
        | AuthStrategy::NoLocalAuthentication => {
            let message = "this environment does not sign users in with a password".to_owned();
            Err(ApiError::Refused(ErrorCode::AuthStrategy, message))
        }
    }
}

/// The user whose login it is, if the password is theirs, and the tenant that they land in, most likely, if that is there.
/// They are read while the password is hashed. The same is done for everybody, so that neither the answer nor its time
/// tells whose addresses are known.
async fn prove(
    app: &RateLimited,
    store: &EnvironmentStore,
    login: Option<Login>,
    password: Password,
) -> ApiResult<(User, Vec<TenantId>)> {
    // For an unknown address somebody is looked for too.
    let login = login.unwrap_or_else(|| nobody(app));
    let (users, tenants) = (store.users(), Vec::from_iter(&login.likely_tenant));
    let ((user, there), verdict) = tokio::try_join!(
        async { Ok(users.get_with_tenants(login.user_id, &tenants).await?) },
        verify(app, login.password_hash.clone(), password.clone()),
    )?;
    let user = user.ok_or_else(wrong)?;
    if user.locked.is_some() {
        return Err(ApiError::SignInFailed(Some(ErrorCode::UserLocked), "the user is locked".to_owned()));
    }
    // The password or the address may have changed since the login was read.
    match verdict {
        Verdict::Wrong => return Err(wrong()),
        _ if !login.is_of(&user) => return Err(wrong()),
        Verdict::Right => {}
        Verdict::RightAsTyped => {
            let hash = app.passwords().hash(password).await?;
            users.renew_hash(&user.email, login, hash.into()).await?;
        }
    }
    Ok((user, there))
}

/// A login that leads nowhere.
fn nobody(app: &AppState) -> Login {
    let likely_tenant = Some(TenantId::random(&*app.entropy));
    Login { user_id: UserId::random(&*app.entropy), password_hash: None, likely_tenant, generation: 0 }
}

async fn verify(app: &RateLimited, hash: Option<String>, password: Password) -> ApiResult<Verdict> {
    let Some(hash) = hash else {
        app.passwords().verify_dummy(password).await?;
        return Ok(Verdict::Wrong);
    };
    let hash: PasswordHash = hash.parse().map_err(ApiError::internal)?;
    Ok(app.passwords().verify(password, &hash).await?)
}

fn wrong() -> ApiError {
    ApiError::SignInFailed(None, "the email or the password is wrong".to_owned())
}

/// Mails `user` another link that verifies their address, and says so.
async fn ask_to_verify(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
) -> ApiResult<ApiError> {
    let (secret, token) = OneTimeToken::issue(&*app.entropy, app.now());
    let (users, tenants) = (store.users(), store.tenants());
    let (kept, tenant) = tokio::try_join!(
        users.update(user.id, Action::ActivationLinkIssued, |user| {
            user.activation = Some(token.clone());
            Ok::<_, ApiError>(())
        }),
        async {
            match user.memberships.first() {
                Some(membership) => Ok(tenants.get(&membership.tenant_id).await?),
                None => Ok(None),
            }
        },
    )?;
    let user = kept.ok_or_else(wrong)?;
    mails::send_activation(app, environment, tenant.as_ref(), &user, &secret, JsonObject::new()).await.ok();
    let message = "the email address is not verified: a mail that verifies it is on its way".to_owned();
    Ok(ApiError::SignInFailed(Some(ErrorCode::NotVerified), message))
}

/// Lets `user` into the tenants that waited for their first sign-in.
async fn let_in(store: &EnvironmentStore, environment: &Environment, user: User) -> ApiResult<User> {
    let verification_needed = !environment.configuration.allow_not_verified_users_login;
    if !user.clone().note_first_sign_in(verification_needed) {
        return Ok(user);
    }
    let users = store.users();
    // It is a part of the sign-in.
    let updated = users.update(user.id, None, |user| {
        user.note_first_sign_in(verification_needed);
        Ok::<_, ApiError>(())
    });
    let let_in = updated.await?.ok_or_else(wrong)?;
    // What voided their sessions meanwhile voids this one.
    Ok(User { session_generation: user.session_generation, ..let_in })
}

#[cfg(test)]
mod tests;
