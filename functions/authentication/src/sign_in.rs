//! Signing in with an e-mail address and a password.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use rookery_domain::{
    Action, EmailAddress, Environment, JsonObject, LiveTenant, OneTimeToken, Password, PlainToken, TenantId,
    TicketPurpose, User, UserId,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::mails::{self, Mailing};
use rookery_http::session::AuthenticationResponse;
use rookery_http::sign_in::{Proof, SignIn, SignInError, SignInRefusal};
use rookery_http::{
    ApiError, ApiResult, AppState, Body, ClientInfo, Device, HostEnvironment, RateLimited, no_environment,
};
use rookery_store::{EnvironmentStore, Login, Subject, WithEnvironment};
use rookery_tokens::Verdict;
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
    /// The token of an invitation link, whose tenant they join with that, and land in.
    invitation_token: Option<String>,
}

impl SignInRequest {
    /// The e-mail address as it was typed.
    fn typed_address(&self) -> ApiResult<&str> {
        let typed = self.email.as_deref().or(self.username.as_deref());
        typed.ok_or_else(|| ApiError::Invalid("email is needed".to_owned()))
    }
}

/// The token of an invitation link, if there is one: some clients send an empty one where there is none.
pub(crate) fn invitation(token: Option<String>) -> Option<PlainToken> {
    token.filter(|token| !token.is_empty()).map(PlainToken::presented)
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
        (status = NOT_FOUND, description = "The invitation does not work: nobody is signed in."),
    ),
)]
pub(crate) async fn sign_in(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    client: ClientInfo,
    headers: HeaderMap,
    Body(request): Body<SignInRequest>,
) -> ApiResult<Response> {
    let found = find_login(&store, request.typed_address()?).await?;
    let WithEnvironment { environment, value: login } = found.ok_or_else(no_environment)?;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let device = Device::of(&headers, environment.id, &*app.entropy);
    let sign_in = SignIn::new(&app, &store, environment.clone(), client, device, Proof::Password)?;
    let sign_in = sign_in.by_invitation(invitation(request.invitation_token));
    let whom = subject_of(login.as_ref());
    let shown = prove(&app, &store, login, &request.password).await?;
    match Box::pin(sign_in.complete(shown.user, shown.is_proven, &shown.there, whom)).await {
        Ok(entered) => {
            let renewing = app.clone();
            app.defer(async move { shown.outdated.renew(&renewing, &store, request.password).await });
            Ok(entered.respond(StatusCode::OK, origin))
        }
        Err(SignInError::Refused(refusal)) => {
            if let SignInRefusal::NotVerified(user) = &refusal {
                ask_to_verify(&app, &store, &environment, user).await?;
            }
            Err(refusal.into())
        }
        Err(SignInError::Failed(error)) => Err(error),
    }
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

/// What somebody showed, and who has the address.
struct Shown {
    user: Option<User>,
    is_proven: bool,
    /// The tenant that they land in, most likely, if it is there.
    there: Vec<LiveTenant>,
    outdated: OutdatedHash,
}

/// The login whose hash is of the password as it was typed, and not in its normal form: a hash that was made before passwords
/// had one.
struct OutdatedHash(Option<(EmailAddress, Login)>);

impl OutdatedHash {
    /// Writes a hash of the password's normal form in its place.
    async fn renew(self, app: &RateLimited, store: &EnvironmentStore, password: Password) -> ApiResult<()> {
        if let Self(Some((email, login))) = self {
            let hash = app.passwords().hash(password).await?;
            store.users().renew_hash(&email, login, hash.into()).await?;
        }
        Ok(())
    }
}

/// The user whose login it is, and whether the password is theirs. They are read while the password is hashed. The same is done
/// for everybody, so that neither the answer nor its time tells whose addresses are known.
async fn prove(
    app: &RateLimited,
    store: &EnvironmentStore,
    login: Option<Login>,
    password: &Password,
) -> ApiResult<Shown> {
    // For an unknown address somebody is looked for too.
    let login = login.unwrap_or_else(|| nobody(app));
    let (users, tenants) = (store.users(), Vec::from_iter(&login.likely_tenant));
    let ((user, there), verdict) = tokio::try_join!(
        async { Ok(users.get_with_tenants(login.user_id, &tenants).await?) },
        app.verify_password(login.password_hash.clone(), password.clone()),
    )?;
    // The password or the address may have changed since the login was read.
    let is_proven = verdict != Verdict::Wrong && user.as_ref().is_some_and(|user| login.is_of(user));
    let outdated = user.as_ref().filter(|_| verdict == Verdict::RightAsTyped);
    let outdated = OutdatedHash(outdated.map(|user| (user.email.clone(), login)));
    Ok(Shown { user, is_proven, there, outdated })
}

/// A login that leads nowhere.
fn nobody(app: &AppState) -> Login {
    let likely_tenant = Some(TenantId::random(&*app.entropy));
    Login { user_id: UserId::random(&*app.entropy), password_hash: None, likely_tenant, generation: 0 }
}

/// Mails `user` another link that verifies their address, if they did not get enough of them.
async fn ask_to_verify(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
) -> ApiResult<()> {
    if !mails::note(app, store, user, TicketPurpose::Activations, None).await? {
        return Ok(());
    }
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
    let Some(user) = kept else { return Ok(()) };
    let email_metadata = JsonObject::new();
    let mailing = Mailing { app, store, environment, tenant: tenant.as_ref(), email_metadata };
    mailing.activation(&user, &secret).await.ok();
    Ok(())
}

#[cfg(test)]
mod tests;
