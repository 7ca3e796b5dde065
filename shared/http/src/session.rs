//! Sessions, their tokens, and the answer that carries them. They begin in [`crate::sign_in`] alone.

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use rookery_domain::{
    Environment, RefreshToken, Session, SessionId, SessionLimits, TenantId, Timestamp, User, UserId,
};
use rookery_store::EnvironmentStore;
use rookery_tokens::{AccessToken, UserClaims, UserTokenType, encode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cookies::TrustedOrigin;
use crate::sign_in::{SignInError, SignInRefusal};
use crate::{ApiResult, AppState, ClientInfo, cookies, grants_in};

/// The answer to a sign-in or a refresh.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationResponse {
    /// Always `bearer`.
    token_type: &'static str,
    /// Whether a second factor must be shown before there are tokens.
    mfa_required: bool,
    /// The access token, a JWT.
    access_token: String,
    /// The refresh token; the cookie holds it too.
    refresh_token: String,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// When the access token expires.
    expires: String,
    /// Who signed in.
    #[schema(value_type = uuid::Uuid)]
    user_id: rookery_domain::UserId,
    /// Their e-mail address.
    user_email: String,
    /// Whether it is verified.
    email_verified: bool,
}

/// A user who has just signed in.
pub struct SignedIn {
    environment: Environment,
    user: User,
    access_token: AccessToken,
    refresh_token: RefreshToken,
    now: Timestamp,
    session_ends: Timestamp,
}

impl SignedIn {
    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// The same, who holds another refresh token of the session.
    #[must_use]
    pub fn holding(self, refresh_token: RefreshToken) -> Self {
        Self { refresh_token, ..self }
    }

    /// The answer, with status `status`, and the cookie, to a request from `origin`.
    #[must_use]
    pub fn respond(self, status: StatusCode, origin: TrustedOrigin) -> Response {
        let lifetime = self.environment.configuration.default_token_expiration;
        let cookie_seconds = self.session_ends.seconds_since(self.now);
        let cookie =
            cookies::set_refresh_token(origin, &self.environment, &self.refresh_token, cookie_seconds);
        let body = AuthenticationResponse {
            token_type: "bearer",
            mfa_required: false,
            access_token: self.access_token.expose().to_owned(),
            refresh_token: self.refresh_token.expose().to_string(),
            expires_in: lifetime,
            expires: self.now.plus_seconds(lifetime).to_string(),
            user_id: self.user.id,
            user_email: self.user.email.to_string(),
            email_verified: self.user.verified,
        };
        let mut headers: HeaderMap = cookie.map(|cookie| (SET_COOKIE, cookie)).into_iter().collect();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        (status, headers, Json(body)).into_response()
    }
}

/// A sign-in whose tokens are signed, and whose session is still to be kept.
pub struct Prepared {
    signed_in: SignedIn,
    session: Session,
}

impl Prepared {
    /// The session.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.session.id
    }

    /// Keeps the session, which begins with `user` as they were written when they showed who they are.
    ///
    /// # Errors
    /// The table fails.
    pub async fn keep(self, store: &EnvironmentStore, user: &User) -> ApiResult<SignedIn> {
        let session = Session { generation: user.session_generation, ..self.session };
        keep(&store.acting_as(user), &session).await?;
        Ok(self.signed_in)
    }
}

/// Prepares a session for `user`, who has proved who they are, in the tenant they land in. Of the session nothing is
/// stored: this comes before what cannot be done twice.
///
/// # Errors
/// They have no tenant to land in, or the table or the signing key fails.
pub(crate) async fn prepare(
    app: &AppState,
    store: &EnvironmentStore,
    environment: Environment,
    mut user: User,
    client: ClientInfo,
) -> Result<Prepared, SignInError> {
    loop {
        let (refresh_token, session) = new_session(app, &environment, &user, &client)?;
        let (access_token, there) = tokio::try_join!(
            issue_access_token(app, store, &environment, &user, &session.tenant_id, &session),
            is_there(store, &[], user.id, &session.tenant_id),
        )?;
        if there {
            let (now, session_ends) = (session.created_at, session.expires_at);
            let signed_in = SignedIn { environment, user, access_token, refresh_token, now, session_ends };
            return Ok(Prepared { signed_in, session });
        }
        user.leave(&session.tenant_id);
    }
}

/// Begins a session for `user`, who has proved who they are, in the tenant they land in. They are as they were read when
/// they did: should something void their sessions meanwhile, this one is void too.
///
/// Whether the tenant is there is read while the session is being written, unless it is one of `there`, which have just
/// been read. Nothing is lost should it be removed at that moment, as every use of the session looks again.
///
/// # Errors
/// They have no tenant to land in, or the table or the signing key fails.
pub(crate) async fn begin(
    app: &AppState,
    store: &EnvironmentStore,
    environment: Environment,
    mut user: User,
    there: &[TenantId],
    client: ClientInfo,
) -> Result<SignedIn, SignInError> {
    let acting = store.acting_as(&user);
    loop {
        let (refresh_token, session) = new_session(app, &environment, &user, &client)?;
        let (access_token, kept, is_there) = tokio::join!(
            issue_access_token(app, store, &environment, &user, &session.tenant_id, &session),
            keep(&acting, &session),
            is_there(store, there, user.id, &session.tenant_id),
        );
        if access_token.is_err() || kept.is_err() || !matches!(is_there, Ok(true)) {
            discard(store, &session).await;
        }
        let (access_token, (), is_there) = (access_token?, kept?, is_there?);
        if is_there {
            let (now, session_ends) = (session.created_at, session.expires_at);
            return Ok(SignedIn { environment, user, access_token, refresh_token, now, session_ends });
        }
        user.leave(&session.tenant_id);
    }
}

fn new_session(
    app: &AppState,
    environment: &Environment,
    user: &User,
    client: &ClientInfo,
) -> Result<(RefreshToken, Session), SignInRefusal> {
    let now = app.now();
    let tenant = user.landing_tenant(now).cloned().ok_or(SignInRefusal::NoTenant)?;
    let limits = SessionLimits::of(&environment.configuration);
    let begun_by = (user.id, user.session_generation);
    let (refresh_token, session) = Session::begin(&*app.entropy, now, begun_by, tenant, limits);
    let ClientInfo { ip_address, user_agent } = client.clone();
    Ok((refresh_token, Session { ip_address, user_agent, ..session }))
}

#[expect(clippy::disallowed_methods, reason = "only whoever came through the door for sign-ins comes here")]
async fn keep(store: &EnvironmentStore, session: &Session) -> ApiResult<()> {
    let (sessions, users) = (store.sessions(), store.users());
    // Both are waited for: a write that nobody waits for could come after the one that takes it back.
    let (begun, noted) =
        tokio::join!(sessions.begin(session), users.note_login(session.user_id, session.created_at));
    begun?;
    Ok(noted?)
}

/// Whether `tenant` is there, which it is if it is one of `there`. If not, its removal has not come to `user` yet, and does
/// now.
///
/// # Errors
/// The table fails.
pub async fn is_there(
    store: &EnvironmentStore,
    there: &[TenantId],
    user: UserId,
    tenant: &TenantId,
) -> ApiResult<bool> {
    if there.contains(tenant) {
        return Ok(true);
    }
    let there = store.tenants().get(tenant).await?.is_some();
    if !there {
        store.users().leave_removed(user, tenant).await?;
    }
    Ok(there)
}

/// Ends a session whose tokens nobody will have. Should that fail too, it is a line too many in a list until it expires.
async fn discard(store: &EnvironmentStore, session: &Session) {
    if let Err(error) = store.sessions().end_one(session, None).await {
        tracing::warn!(cause = &error as &dyn std::error::Error, "a session that nobody has goes on");
    }
}

/// Issues another access token for `session`, whose refresh token is now `refresh_token`.
///
/// # Errors
/// The table or the signing key fails.
pub async fn resume(
    app: &AppState,
    store: &EnvironmentStore,
    environment: Environment,
    user: User,
    tenant: &TenantId,
    session: &Session,
    refresh_token: RefreshToken,
) -> ApiResult<SignedIn> {
    let access_token = issue_access_token(app, store, &environment, &user, tenant, session).await?;
    let session_ends = session.expires_at;
    Ok(SignedIn { environment, user, access_token, refresh_token, now: app.now(), session_ends })
}

async fn issue_access_token(
    app: &AppState,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    tenant: &TenantId,
    session: &Session,
) -> ApiResult<AccessToken> {
    let grants = grants_in(store, environment, user, tenant).await?;
    let configuration = &environment.configuration;
    let now = app.now();
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
        exp: now.plus_seconds(configuration.default_token_expiration),
        super_user: user.super_user,
        invisible: user.invisible,
    };
    Ok(encode(&claims.fitting()?, app.user_keys.current()).await?)
}
