//! Sessions, their tokens, and the answer that carries them. They begin in [`crate::sign_in`] alone.

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use rookery_domain::{
    Action, Environment, LiveTenant, RecoveryCode, RefreshToken, Session, SessionId, SessionLimits, TenantId,
    Timestamp, User, UserId,
};
use rookery_store::EnvironmentStore;
use rookery_tokens::{AccessToken, UserClaims, UserTokenType, encode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cookies::TrustedOrigin;
use crate::second_factor::{MfaDevices, MfaStrategies};
use crate::sign_in::{SignInError, SignInRefusal};
use crate::{ApiResult, AppState, ClientInfo, Device, cookies, standing_in};

/// The answer to a sign-in or a refresh: tokens or, where a second factor is needed first, what to show it with.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationResponse {
    /// Always `bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) token_type: Option<&'static str>,
    /// Whether a second factor must be shown before there are tokens.
    pub(crate) mfa_required: bool,
    /// What names the sign-in that waits for the second factor, for ten minutes, on this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) mfa_token: Option<String>,
    /// Whether the user has a second factor; if not, they have to enrol one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) mfa_enrolled: Option<bool>,
    /// What they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) mfa_devices: Option<MfaDevices>,
    /// What they may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) mfa_strategies: Option<MfaStrategies>,
    /// What an authenticator app scans to be enrolled: a `data:` address of a PNG.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) qr_code: Option<String>,
    /// What gets the user back in without their second factor. It is shown once, when they enrol one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) recovery_code: Option<String>,
    /// The access token, a JWT.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) access_token: Option<String>,
    /// The refresh token; the cookie holds it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) refresh_token: Option<String>,
    /// Seconds until the access token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) expires_in: Option<i64>,
    /// When the access token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) expires: Option<String>,
    /// Who signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<uuid::Uuid>)]
    pub(crate) user_id: Option<UserId>,
    /// Their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) user_email: Option<String>,
    /// Whether it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) email_verified: Option<bool>,
}

/// A user who has just signed in.
pub struct SignedIn {
    environment: Environment,
    user: User,
    access_token: Issued,
    refresh_token: RefreshToken,
    session_ends: Timestamp,
    /// Where they signed in, if they have just done that.
    device: Option<Device>,
    /// The recovery code that they have just got.
    recovery_code: Option<RecoveryCode>,
}

/// An access token, when it was issued, and for how many seconds it is good.
struct Issued {
    token: AccessToken,
    at: Timestamp,
    lifetime: i64,
}

impl SignedIn {
    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token.token
    }

    /// The same, who holds another refresh token of the session.
    #[must_use]
    pub fn holding(self, refresh_token: RefreshToken) -> Self {
        Self { refresh_token, ..self }
    }

    /// The same, who signed in on `device`.
    #[must_use]
    pub fn on(self, device: Device) -> Self {
        Self { device: Some(device), ..self }
    }

    /// The same, who has just got `recovery_code`.
    #[must_use]
    pub fn shown(self, recovery_code: RecoveryCode) -> Self {
        Self { recovery_code: Some(recovery_code), ..self }
    }

    /// The answer, with status `status`, and the cookies, to a request from `origin`.
    #[must_use]
    pub fn respond(self, status: StatusCode, origin: TrustedOrigin) -> Response {
        let (headers, body) = self.into_parts(origin);
        (status, headers, Json(body)).into_response()
    }

    /// The headers and the body of the answer to a request from `origin`, for one that says more.
    #[must_use]
    pub fn into_parts(self, origin: TrustedOrigin) -> (HeaderMap, AuthenticationResponse) {
        let Issued { token, at: now, lifetime } = self.access_token;
        let cookie_seconds = self.session_ends.seconds_since(now);
        let cookie =
            cookies::set_refresh_token(origin, &self.environment, &self.refresh_token, cookie_seconds);
        let body = AuthenticationResponse {
            token_type: Some("bearer"),
            mfa_required: false,
            recovery_code: self.recovery_code.map(|code| code.expose().to_string()),
            access_token: Some(token.expose().to_owned()),
            refresh_token: Some(self.refresh_token.expose().to_string()),
            expires_in: Some(lifetime),
            expires: Some(now.plus_seconds(lifetime).to_string()),
            user_id: Some(self.user.id),
            user_email: Some(self.user.email.to_string()),
            email_verified: Some(self.user.verified),
            ..AuthenticationResponse::default()
        };
        let device = self.device.and_then(|device| device.cookie(origin, &self.environment));
        let cookies = cookie.into_iter().chain(device).map(|cookie| (SET_COOKIE, cookie));
        let mut headers: HeaderMap = cookies.collect();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        (headers, body)
    }
}

/// A sign-in whose tokens are signed, and whose session is still to be kept.
pub(crate) struct Prepared {
    signed_in: SignedIn,
    session: Session,
    limits: SessionLimits,
}

impl Prepared {
    /// The session.
    pub(crate) fn session_id(&self) -> SessionId {
        self.session.id
    }

    /// Keeps the session, which begins with `user` as they were written when they showed who they are.
    ///
    /// # Errors
    /// The table fails.
    pub(crate) async fn keep(
        self,
        app: &AppState,
        store: &EnvironmentStore,
        user: &User,
    ) -> ApiResult<SignedIn> {
        let session = Session { generation: user.session_generation, ..self.session };
        let acting = store.acting_as(user);
        let (kept, excess) =
            tokio::join!(keep(&acting, &session), excess(&acting, user, &session, &self.limits, app.now()));
        kept?;
        end_later(app, acting, excess?);
        Ok(self.signed_in)
    }
}

/// Prepares a session for `user`, who has proved who they are, in `tenant`, where they land. Of the session nothing is stored:
/// this comes before what cannot be done twice.
///
/// # Errors
/// The table or the signing key fails.
pub(crate) async fn prepare(
    app: &AppState,
    store: &EnvironmentStore,
    environment: Environment,
    user: User,
    tenant: &LiveTenant,
    client: ClientInfo,
) -> ApiResult<Prepared> {
    let limits = SessionLimits::of(&environment, tenant);
    let (refresh_token, session) = new_session(app, &user, &tenant.id, &limits, client);
    let issued = issue_access_token(app, store, &environment, &user, &tenant.id, &session, &limits);
    let access_token = issued.await?;
    let session_ends = session.ends_at();
    let signed_in = SignedIn {
        environment,
        user,
        access_token,
        refresh_token,
        session_ends,
        device: None,
        recovery_code: None,
    };
    Ok(Prepared { signed_in, session, limits })
}

/// Begins a session for `user`, who has proved who they are, in `tenant`, where they land. They are as they were read when they
/// did: should something void their sessions meanwhile, this one is void too.
///
/// # Errors
/// The table or the signing key fails.
pub(crate) async fn begin(
    app: &AppState,
    store: &EnvironmentStore,
    environment: Environment,
    user: User,
    tenant: &LiveTenant,
    client: ClientInfo,
) -> ApiResult<SignedIn> {
    let acting = store.acting_as(&user);
    let limits = SessionLimits::of(&environment, tenant);
    let (refresh_token, session) = new_session(app, &user, &tenant.id, &limits, client);
    let (access_token, kept, excess) = tokio::join!(
        issue_access_token(app, store, &environment, &user, &tenant.id, &session, &limits),
        keep(&acting, &session),
        excess(&acting, &user, &session, &limits, app.now()),
    );
    if access_token.is_err() || kept.is_err() || excess.is_err() {
        discard(store, &session).await;
    }
    let (access_token, (), excess) = (access_token?, kept?, excess?);
    end_later(app, acting, excess);
    let session_ends = session.ends_at();
    Ok(SignedIn {
        environment,
        user,
        access_token,
        refresh_token,
        session_ends,
        device: None,
        recovery_code: None,
    })
}

/// The tenant that `user` lands in; those of their tenants that are `there` have been read already. Tenants that they still
/// belong to and that are removed, they leave.
///
/// # Errors
/// There is none, or the table fails.
pub(crate) async fn land(
    app: &AppState,
    store: &EnvironmentStore,
    user: &mut User,
    there: &[LiveTenant],
) -> Result<LiveTenant, SignInError> {
    loop {
        let tenant = user.landing_tenant(app.now()).cloned().ok_or(SignInRefusal::NoTenant)?;
        if let Some(live) = live(store, there, user.id, &tenant).await? {
            return Ok(live);
        }
        user.leave(&tenant);
    }
}

/// The tenant `tenant`, which may be one of `there`, that have been read already; `None` if it was removed. Should its removal
/// not have come to `user` yet, it does now.
///
/// # Errors
/// The table fails.
pub async fn live(
    store: &EnvironmentStore,
    there: &[LiveTenant],
    user: UserId,
    tenant: &TenantId,
) -> ApiResult<Option<LiveTenant>> {
    if let Some(read) = there.iter().find(|live| live.id == *tenant) {
        return Ok(Some(read.clone()));
    }
    let found = store.tenants().live(&[tenant]).await?.pop();
    if found.is_none() {
        store.users().leave_removed(user, tenant).await?;
    }
    Ok(found)
}

fn new_session(
    app: &AppState,
    user: &User,
    tenant: &TenantId,
    limits: &SessionLimits,
    client: ClientInfo,
) -> (RefreshToken, Session) {
    let begun_by = (user.id, user.session_generation);
    let (refresh_token, session) = Session::begin(&*app.entropy, app.now(), begun_by, tenant.clone(), limits);
    let ClientInfo { ip_address, user_agent } = client;
    (refresh_token, Session { ip_address, user_agent, ..session })
}

#[expect(clippy::disallowed_methods, reason = "only whoever came through the door for sign-ins comes here")]
async fn keep(store: &EnvironmentStore, session: &Session) -> ApiResult<()> {
    let (sessions, users) = (store.sessions(), store.users());
    // Both are waited for: a write that nobody waits for could come after the one that takes it back.
    let (begun, noted) =
        tokio::join!(sessions.begin(session), users.note_login(session.user_id, session.created_at));
    begun?;
    // A lock voids the session as well. This is so that whoever guesses is not told that they were right.
    match noted? {
        true => Ok(()),
        false => Err(SignInRefusal::Locked.into()),
    }
}

/// The sessions of `user` that are too many now that `session` begins or goes on; it may be one of them. Where nothing limits
/// how many there are, nothing is read.
///
/// Sign-ins at the same moment may not see each other. Then one session is too many until either is refreshed.
///
/// # Errors
/// The table fails.
pub async fn excess(
    store: &EnvironmentStore,
    user: &User,
    session: &Session,
    limits: &SessionLimits,
    now: Timestamp,
) -> ApiResult<Vec<Session>> {
    if !limits.bound_sessions() {
        return Ok(Vec::new());
    }
    let mut sessions = others(store, user, session, now).await?;
    sessions.push(session.clone());
    Ok(limits.excess(sessions))
}

/// Whether `session` of `user`, which goes on in another tenant, may get an access token for one with these `limits`. What a
/// tenant asks is asked of everybody who works in it, wherever else they are signed in.
///
/// # Errors
/// The table fails.
pub async fn may_enter(
    store: &EnvironmentStore,
    user: &User,
    session: &Session,
    limits: &SessionLimits,
    now: Timestamp,
) -> ApiResult<bool> {
    if session.is_over(now, limits) {
        return Ok(false);
    }
    Ok(!limits.bound_sessions() || limits.let_in(session, &others(store, user, session, now).await?))
}

/// The sessions of `user` that count still, without `session`.
async fn others(
    store: &EnvironmentStore,
    user: &User,
    session: &Session,
    now: Timestamp,
) -> ApiResult<Vec<Session>> {
    let mut sessions = store.sessions().of_user(user.id).await?;
    sessions.retain(|other| other.id != session.id && other.is_of(user) && now < other.ends_at());
    Ok(sessions)
}

/// Ends the sessions `excess` after the answer.
pub fn end_later(app: &AppState, store: EnvironmentStore, excess: Vec<Session>) {
    if excess.is_empty() {
        return;
    }
    app.defer(async move {
        let sessions = store.sessions();
        let ended = excess.iter().map(|session| sessions.end_one(session, Action::SessionReplaced));
        futures::future::try_join_all(ended).await?;
        Ok(())
    });
}

/// Ends a session whose tokens nobody will have. Should that fail too, it is a line too many in a list until it expires.
async fn discard(store: &EnvironmentStore, session: &Session) {
    if let Err(error) = store.sessions().end_one(session, None).await {
        tracing::warn!(cause = &error as &dyn std::error::Error, "a session that nobody has goes on");
    }
}

/// A session that goes on.
pub struct Continued<'a> {
    /// The session, as it goes on.
    pub session: &'a Session,
    /// What limits it.
    pub limits: &'a SessionLimits,
    /// Its refresh token from now on.
    pub refresh_token: RefreshToken,
}

/// Issues another access token, for `tenant`, in a session of `user` that goes on.
///
/// # Errors
/// The table or the signing key fails.
pub async fn resume(
    app: &AppState,
    store: &EnvironmentStore,
    environment: Environment,
    user: User,
    tenant: &TenantId,
    continued: Continued<'_>,
) -> ApiResult<SignedIn> {
    let Continued { session, limits, refresh_token } = continued;
    let access_token = issue_access_token(app, store, &environment, &user, tenant, session, limits).await?;
    let session_ends = session.ends_at();
    Ok(SignedIn {
        environment,
        user,
        access_token,
        refresh_token,
        session_ends,
        device: None,
        recovery_code: None,
    })
}

async fn issue_access_token(
    app: &AppState,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    tenant: &TenantId,
    session: &Session,
    limits: &SessionLimits,
) -> ApiResult<Issued> {
    let grants = standing_in(store, environment, user, tenant).await?.grants();
    let configuration = &environment.configuration;
    let now = app.now();
    let lifetime = limits.access_token_lifetime(session, now);
    let claims = UserClaims {
        sub: user.id,
        user_id: user.id,
        name: user.name.clone().unwrap_or_default(),
        email: user.email.clone(),
        email_verified: user.verified,
        metadata: user.metadata.as_object(),
        roles: configuration.add_roles_to_jwt.then_some(grants.roles),
        permissions: configuration.add_permissions_to_jwt.then_some(grants.permissions),
        tenant_id: tenant.clone(),
        tenant_ids: Some(user.usable_tenants(now).cloned().collect()),
        profile_picture_url: user.profile_picture_url.clone(),
        sid: session.id,
        token_type: UserTokenType::UserToken,
        application_id: environment.id,
        aud: environment.id,
        iss: environment.base_url.clone(),
        iat: now,
        exp: now.plus_seconds(lifetime),
        super_user: user.super_user,
        invisible: user.invisible,
    };
    let token = encode(&claims.fitting()?, app.user_keys.current()).await?;
    Ok(Issued { token, at: now, lifetime })
}
