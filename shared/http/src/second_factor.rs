//! Second factors: who has to show one before their session begins, and codes of authenticator apps.

use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use rookery_domain::{
    AuthenticatorId, Environment, LiveTenant, PlainToken, Sealed, SecondFactorChallenge, SecondFactors, User,
    UserId,
};
use rookery_store::EnvironmentStore;
use rookery_tokens::{AuthenticatorSecret, SealingContext, SealingPurpose};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::cookies::TrustedOrigin;
use crate::policies::joined_tenants;
use crate::session::AuthenticationResponse;
use crate::{ApiError, ApiResult, Device, RateLimited};

/// How often second factors of one user may be tried in a minute, however many sign-ins wait for one.
const TRIES_IN_MINUTE: u32 = 10;

/// What somebody has to show beside what they signed in with.
pub(crate) enum Needed {
    /// One of what they have.
    One(SecondFactors),
    /// They have none, and have to enrol one.
    Enrolment,
}

/// Whether `user`, who signs in on `device`, has to show a second factor. Of their tenants, those that are `there` have been read
/// already.
///
/// Whoever has none, and is asked for none, costs a request only for tenants that were not read yet.
///
/// # Errors
/// The table fails.
pub(crate) async fn needed(
    app: &RateLimited,
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    device: &Device,
    there: &[LiveTenant],
) -> ApiResult<Option<Needed>> {
    if user.mfa_bypass {
        return Ok(None);
    }
    if !user.mfa_enrolled {
        let forces = environment.policies.mfa([]).forces()
            || demand_of(store, environment, user, there).await?.forces();
        return Ok(forces.then_some(Needed::Enrolment));
    }
    let factors = store.factors().get(user.id).await?;
    let (hash, now) = (device.hash(), app.now());
    if factors.knows(&hash, user, now) {
        let demand = demand_of(store, environment, user, there).await?;
        if factors.remembers(&hash, user, &demand, now) {
            return Ok(None);
        }
    }
    Ok(Some(Needed::One(SecondFactors::clone(&factors))))
}

/// What second factors `user` is asked for, by the environment and all tenants that they have joined.
///
/// # Errors
/// The table fails.
pub async fn demand_of(
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    there: &[LiveTenant],
) -> ApiResult<rookery_domain::MfaDemand> {
    let tenants = joined_tenants(store, user, there).await?;
    Ok(environment.policies.mfa(tenants.iter().map(|tenant| &tenant.policies)))
}

/// The devices of a user's second factors, by kind.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct MfaDevices {
    /// Authenticator apps.
    authenticators: Vec<AuthenticatorDevice>,
    /// Telephones. They are not supported: there are none.
    phones: Vec<String>,
    /// Security keys. They are not supported: there are none.
    webauthn: Vec<String>,
    /// Mailboxes. They are not supported: there are none.
    emails: Vec<String>,
}

/// An authenticator app.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthenticatorDevice {
    #[schema(value_type = uuid::Uuid)]
    id: AuthenticatorId,
}

impl From<&SecondFactors> for MfaDevices {
    fn from(factors: &SecondFactors) -> Self {
        let authenticators = factors.authenticators().iter();
        Self {
            authenticators: authenticators.map(|app| AuthenticatorDevice { id: app.id }).collect(),
            ..Self::default()
        }
    }
}

/// Which kinds of second factors can be shown or enrolled.
#[derive(Debug, Serialize, ToSchema)]
pub struct MfaStrategies {
    /// Authenticator apps.
    #[serde(rename = "AuthenticatorApp")]
    authenticator_app: bool,
}

impl MfaStrategies {
    pub(crate) const ALL: Self = Self { authenticator_app: true };
}

/// A sign-in that is about to wait for a second factor.
pub(crate) struct Prepared {
    environment: Environment,
    device: Device,
    factors: SecondFactors,
    enrolment: Option<Enrolment>,
    invitation: Option<PlainToken>,
}

impl Prepared {
    /// A sign-in of `user` on `device` that waits for what is `needed`. It is not kept yet.
    ///
    /// # Errors
    /// A secret cannot be sealed.
    pub(crate) async fn new(
        app: &RateLimited,
        environment: Environment,
        user: &User,
        device: Device,
        needed: Needed,
    ) -> ApiResult<Self> {
        let (factors, enrolment) = match needed {
            Needed::One(factors) => (factors, None),
            Needed::Enrolment => {
                (SecondFactors::default(), Some(Enrolment::new(app, &environment, user).await?))
            }
        };
        Ok(Self { environment, device, factors, enrolment, invitation: None })
    }

    /// The same of whoever came by the invitation link that holds `token`, if there is one.
    pub(crate) fn by_invitation(self, token: Option<PlainToken>) -> Self {
        Self { invitation: token, ..self }
    }

    /// Has the sign-in of `user` wait.
    ///
    /// # Errors
    /// The table fails.
    pub(crate) async fn keep(
        self,
        app: &RateLimited,
        store: &EnvironmentStore,
        user: &User,
    ) -> ApiResult<Waiting> {
        let Self { environment, device, factors, enrolment, invitation } = self;
        let token = PlainToken::random(&*app.entropy);
        let sealed = enrolment.as_ref().map(|enrolment| enrolment.sealed.clone());
        let challenge =
            SecondFactorChallenge::new(user, device.hash(), sealed, app.now()).by_invitation(invitation);
        store.challenges().keep(&token.hash(), user, &challenge).await?;
        Ok(Waiting { environment, device, factors, enrolment, token })
    }
}

/// A sign-in that waits for a second factor.
pub struct Waiting {
    environment: Environment,
    device: Device,
    factors: SecondFactors,
    enrolment: Option<Enrolment>,
    token: PlainToken,
}

impl Waiting {
    /// The cookies and the body of an answer to a request from `origin`: no tokens, and the cookie of the device.
    pub(crate) fn into_parts(self, origin: TrustedOrigin) -> (HeaderMap, AuthenticationResponse) {
        let device = self.device.cookie(origin, &self.environment);
        let mut headers: HeaderMap = device.into_iter().map(|cookie| (SET_COOKIE, cookie)).collect();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let body = AuthenticationResponse {
            mfa_required: true,
            mfa_token: Some(self.token.expose().to_owned()),
            mfa_enrolled: Some(self.factors.is_enrolled()),
            mfa_devices: Some((&self.factors).into()),
            mfa_strategies: Some(MfaStrategies::ALL),
            qr_code: self.enrolment.map(|enrolment| enrolment.qr_code.to_string()),
            ..AuthenticationResponse::default()
        };
        (headers, body)
    }
}

/// An authenticator app that somebody is about to enrol.
pub struct Enrolment {
    /// Its secret.
    pub sealed: Sealed,
    /// What it scans.
    pub qr_code: Zeroizing<String>,
}

impl Enrolment {
    /// A new one for `user`.
    ///
    /// # Errors
    /// The secret cannot be sealed.
    pub async fn new(app: &RateLimited, environment: &Environment, user: &User) -> ApiResult<Self> {
        let secret = AuthenticatorSecret::random(&*app.entropy);
        let qr_code = secret.qr_code(environment.service_name(), &user.email.to_string())?;
        let sealed = app.sealer().seal(secret.expose(), context(environment, user.id)).await?;
        Ok(Self { sealed, qr_code })
    }
}

fn context(environment: &Environment, user: UserId) -> SealingContext {
    SealingContext { environment: environment.id, user, purpose: SealingPurpose::Authenticator }
}

/// The time step that `code` is of, if the authenticator app of `user` with the secret `sealed` shows it about now.
///
/// # Errors
/// The secret cannot be opened.
pub async fn step_of(
    app: &RateLimited,
    environment: &Environment,
    user: UserId,
    sealed: &Sealed,
    code: &str,
) -> ApiResult<Option<u64>> {
    let secret = app.sealer().open(sealed, context(environment, user)).await?;
    Ok(AuthenticatorSecret::kept(secret).step_of(code, app.now())?)
}

/// Which authenticator app of `factors` of `user` shows `code` about now, and the code's time step. With `only`, that one is
/// looked at.
///
/// # Errors
/// A secret cannot be opened.
pub async fn shown_by(
    app: &RateLimited,
    environment: &Environment,
    user: UserId,
    factors: &SecondFactors,
    only: Option<AuthenticatorId>,
    code: &str,
) -> ApiResult<Option<(AuthenticatorId, u64)>> {
    let tried = factors.authenticators().iter().filter(|app| only.is_none_or(|only| app.id == only));
    for authenticator in tried {
        if let Some(step) = step_of(app, environment, user, &authenticator.secret, code).await? {
            return Ok(Some((authenticator.id, step)));
        }
    }
    Ok(None)
}

/// Counts another try of `user` to show a second factor, or to get back in without one.
///
/// # Errors
/// There were too many in this minute, or the table fails.
pub async fn count_try(app: &RateLimited, store: &EnvironmentStore, user: UserId) -> ApiResult<()> {
    let now = app.now();
    if store.attempts().count_in_minute(user, now).await? <= TRIES_IN_MINUTE {
        return Ok(());
    }
    let left = 60 - now.as_seconds().rem_euclid(60);
    Err(ApiError::TooManyTries(u64::try_from(left).unwrap_or(60)))
}
