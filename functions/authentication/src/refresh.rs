//! Refreshing: a session's refresh token for another access token.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures::future::try_join_all;
use rookery_domain::{
    Action, Environment, LiveTenant, Presented, RefreshToken, Session, SessionLimits, TenantId, Timestamp,
    User,
};
use rookery_http::cookies::TrustedOrigin;
use rookery_http::session::{AuthenticationResponse, Continued, SignedIn};
use rookery_http::{
    ApiError, ApiResult, AppState, HostEnvironment, OptionalBody, RateLimited, cookies, no_environment,
    session,
};
use rookery_store::{Caller, EnvironmentStore, Rotation, SessionSnapshot, UserSnapshot, WithEnvironment};
use serde::Deserialize;
use utoipa::ToSchema;

/// For which tenant an access token is wanted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshRequest {
    /// Another tenant of the user's, or any that a super user reaches, for this one access token. The tenant they work in stays the same.
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
}

/// Issues another access token for the session whose refresh token the cookie holds.
///
/// The refresh token is replaced too, unless the environment says otherwise. Requests that present the same token at
/// the same moment all get the same successor; a token that is presented later than that has been stolen, or its
/// successor has, and the session ends.
#[utoipa::path(
    post,
    path = "/identity/resources/auth/v1/user/token/refresh",
    tag = "authentication",
    operation_id = "AuthenticatioAuthenticationControllerV1_refreshToken",
    security(("refreshCookie" = [])),
    params(("frontegg-vendor-host" = Option<String>, Header, description = "The environment's host; by default the one called.")),
    request_body = Option<RefreshRequest>,
    responses(
        (status = CREATED, body = AuthenticationResponse),
        (status = UNAUTHORIZED, description = "There is no session, or it is over."),
        (status = FORBIDDEN, description = "The user cannot sign in to the tenant, or the page's origin is not trusted."),
    ),
)]
pub(crate) async fn refresh(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    headers: HeaderMap,
    OptionalBody(request): OptionalBody<RefreshRequest>,
) -> ApiResult<Response> {
    let tokens = cookies::refresh_tokens(&headers, store.id());
    let found = look_up(&store, tokens, request.tenant_id.as_ref()).await?.ok_or_else(over)?;
    let WithEnvironment { environment, value: presented } = found;
    let origin = TrustedOrigin::require(&headers, &environment)?;
    let now = app.now();
    let (token, Known { session, user, tenants }) = best(presented, now).ok_or_else(over)?;
    let refresh = Refresh { app: &app, store: &store, now, token, session, tenants };
    let refreshed = Box::pin(refresh.run(environment, user.map(User::from), request.tenant_id)).await?;
    if let Some(signed_in) = refreshed {
        return Ok(signed_in.respond(StatusCode::CREATED, origin));
    }
    let reused = matches!(refresh.session.judge(&refresh.token, now), Presented::Reused);
    store.sessions().end_one(&refresh.session, reused.then_some(Action::RefreshTokenReused)).await?;
    Err(over())
}

/// A token that was issued for a session, and what was read with it.
type PresentedToken = (RefreshToken, Known);

/// What was read with a token.
struct Known {
    session: SessionSnapshot,
    user: Option<UserSnapshot>,
    tenants: Vec<LiveTenant>,
}

/// Looks up the sessions of `tokens`, all at once; `None` when there are no tokens.
async fn look_up(
    store: &EnvironmentStore,
    tokens: Vec<RefreshToken>,
    wanted: Option<&TenantId>,
) -> ApiResult<Option<WithEnvironment<Vec<PresentedToken>>>> {
    let users = store.users();
    let read = tokens.iter().map(|token| {
        let tenants: Vec<_> = token.likely_tenant().into_iter().chain(wanted).collect();
        let users = &users;
        async move { users.caller(token.user_id(), token.session_id(), &tenants).await }
    });
    let read = try_join_all(read).await?;
    let (mut environment, mut presented) = (None, Vec::new());
    for (token, found) in tokens.into_iter().zip(read) {
        let found = found.ok_or_else(no_environment)?;
        environment = Some(found.environment);
        let Caller { session, user, tenants } = found.value;
        if let Some(session) = session.filter(|session| session.issued(&token)) {
            presented.push((token, Known { session, user, tenants }));
        }
    }
    Ok(environment.map(|environment| WithEnvironment { environment, value: presented }))
}

/// The token to go by: one that is good before one that has just been replaced, and only then one of which it must be
/// judged whether somebody else has it too.
fn best(presented: Vec<PresentedToken>, now: Timestamp) -> Option<PresentedToken> {
    presented.into_iter().min_by_key(|(token, known)| match known.session.judge(token, now) {
        Presented::Current => 0,
        Presented::Raced(_) => 1,
        Presented::Expired => 2,
        Presented::Reused => 3,
    })
}

fn over() -> ApiError {
    ApiError::SignInFailed(None, "there is no session, or it is over: sign in again".to_owned())
}

/// A refresh token, presented for its session.
struct Refresh<'a> {
    app: &'a AppState,
    store: &'a EnvironmentStore,
    now: Timestamp,
    token: RefreshToken,
    session: SessionSnapshot,
    /// Those of the tenants that the request leads to that are there.
    tenants: Vec<LiveTenant>,
}

/// What an access token is issued for, and what limits it.
struct Chosen {
    tenant: TenantId,
    limits: SessionLimits,
}

impl Refresh<'_> {
    /// The tokens that are good from now on; `None` when the session has to end.
    async fn run(
        &self,
        environment: Environment,
        user: Option<User>,
        wanted: Option<TenantId>,
    ) -> ApiResult<Option<SignedIn>> {
        let Some(user) = user.filter(|user| user.locked.is_none()) else {
            return Ok(None);
        };
        let Some(home) = self.home(&user).await? else {
            return Ok(None);
        };
        let limits = SessionLimits::of(&environment, &home);
        if self.session.is_over(self.now, &limits) {
            return Ok(None);
        }
        match self.session.judge(&self.token, self.now) {
            Presented::Current => {
                let chosen = self.choose(&environment, &user, &home.id, limits.clone(), wanted).await?;
                self.exchange(environment, user, home.id, &limits, chosen).await
            }
            Presented::Raced(refresh_token) => {
                let Chosen { tenant, limits } =
                    self.choose(&environment, &user, &home.id, limits, wanted).await?;
                let continued = Continued { session: &self.session, limits: &limits, refresh_token };
                let resumed = session::resume(self.app, self.store, environment, user, &tenant, continued);
                Ok(Some(resumed.await?))
            }
            Presented::Reused => {
                tracing::warn!(session = %self.session.id, "a refresh token was used again: its session ends");
                Ok(None)
            }
            Presented::Expired => Ok(None),
        }
    }

    /// The tenant that the session goes on in: the one that the user works in by now or, if they cannot sign in there,
    /// the one before.
    async fn home(&self, user: &User) -> ApiResult<Option<LiveTenant>> {
        let mut candidates = user.active_tenant.iter().chain([&self.session.tenant_id]);
        match candidates.find(|tenant| self.is_usable(user, tenant)) {
            Some(tenant) => session::live(self.store, &self.tenants, user.id, tenant).await,
            None => Ok(None),
        }
    }

    /// The tenant that the access token is for. A tenant that is not there and one that is somebody else's are answered
    /// alike.
    async fn choose(
        &self,
        environment: &Environment,
        user: &User,
        home: &TenantId,
        limits: SessionLimits,
        wanted: Option<TenantId>,
    ) -> ApiResult<Chosen> {
        let Some(wanted) = wanted.filter(|wanted| wanted != home) else {
            return Ok(Chosen { tenant: home.clone(), limits });
        };
        let found = self.tenants.iter().find(|live| live.id == wanted && self.is_usable(user, &wanted));
        let found =
            found.ok_or_else(|| ApiError::Forbidden("the user cannot sign in to this tenant".to_owned()))?;
        let own = SessionLimits::of(environment, found);
        if !session::may_enter(self.store, user, &self.session, &own, self.now).await? {
            return Err(ApiError::Forbidden(
                "this tenant's limits to sessions leave no room for this one: sign in to it anew".to_owned(),
            ));
        }
        Ok(Chosen { tenant: wanted, limits: limits.and(&own) })
    }

    fn is_usable(&self, user: &User, tenant: &TenantId) -> bool {
        user.reaches(tenant, self.now)
    }

    /// Exchanges the token, which is the current one, while the access token is signed. `None`: by then there are too many newer
    /// sessions, or this one has ended.
    async fn exchange(
        &self,
        environment: Environment,
        user: User,
        home: TenantId,
        limits: &SessionLimits,
        chosen: Chosen,
    ) -> ApiResult<Option<SignedIn>> {
        let acting = self.store.acting_as(&user);
        let session = Session { tenant_id: home.clone(), ..Session::clone(&self.session) };
        let (refresh_token, after) = if environment.configuration.rotate_refresh_tokens {
            session.rotated(&self.token, &*self.app.entropy, self.now, limits)
        } else {
            (self.token.clone().leading_to(&home), session.refreshed(self.now, limits))
        };
        let Chosen { tenant, limits: of_token } = chosen;
        let continued = Continued { session: &after, limits: &of_token, refresh_token };
        let sessions = self.store.sessions();
        let (signed_in, rotation, excess) = tokio::join!(
            session::resume(self.app, self.store, environment, user.clone(), &tenant, continued),
            sessions.rotate(&self.session, &after),
            session::excess(self.store, &user, &after, limits, self.now),
        );
        if let (Ok(Rotation::Won(rotated)), true) = (&rotation, signed_in.is_err() || excess.is_err()) {
            self.excuse(rotated).await;
        }
        let (signed_in, rotation, excess) = (signed_in?, rotation?, excess?);
        if excess.iter().any(|session| session.id == after.id) {
            acting.sessions().end_one(&after, Action::SessionReplaced).await?;
            return Ok(None);
        }
        session::end_later(self.app, acting, excess);
        match rotation {
            Rotation::Won(_) => Ok(Some(signed_in)),
            Rotation::Lost(winner) => match winner.judge(&self.token, self.now) {
                Presented::Raced(successor) => Ok(Some(signed_in.holding(successor))),
                Presented::Current => Ok(Some(signed_in.holding(self.token.clone()))),
                Presented::Reused | Presented::Expired => Ok(None),
            },
            Rotation::Ended => Ok(None),
        }
    }

    /// Lets the owner present the token again, whose successor they do not get.
    async fn excuse(&self, rotated: &SessionSnapshot) {
        if rotated.current == self.session.current {
            return;
        }
        let excused = Session::clone(rotated).undelivered();
        let excused = self.store.sessions().rotate(rotated, &excused).await;
        if let Err(error) = excused {
            tracing::warn!(cause = &error as &dyn std::error::Error, "a refresh must be tried again at once");
        }
    }
}

#[cfg(test)]
mod tests;
