//! The one door for sign-ins: whoever has shown who they are begins a session here, or is told why not.
//!
//! Nothing else begins one, whatever it was that they showed. What is looked at stands in one order, so that an answer never
//! tells more than it has to: whether the environment signs in this way, whether the user is locked, whether what they
//! showed is good, whether their address is verified, whether there is a tenant to work in, and whether a second factor is
//! needed first. A refusal is recorded in the audit log, and so is the session.

use std::convert::identity;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rookery_domain::{
    Action, AuthStrategy, Environment, LiveTenant, PlainToken, RecoveryCode, SecondFactorError, SessionId,
    User,
};
use rookery_store::{EnvironmentStore, StoreError, Subject};

use crate::cookies::TrustedOrigin;
use crate::second_factor::{self, Waiting};
use crate::session::{self, AuthenticationResponse, SignedIn};
use crate::{ApiError, ApiResult, ClientInfo, Device, ErrorCode, RateLimited, invites, lockout};

/// What somebody shows to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password.
    Password,
    /// The account itself, which they are making at this moment with a password.
    SignUp,
    /// The token of a mail that activates the account. It shows that the address is theirs too.
    Activation,
    /// The token of a link that was mailed for signing in. It shows that too.
    MagicLink,
    /// A code that was mailed for signing in. It shows that too.
    Code,
    /// The second factor that a sign-in waits for, which one of the others has begun.
    SecondFactor,
}

impl Proof {
    /// The strategy that an environment must have for it; none where all take it.
    fn strategy(self) -> Option<AuthStrategy> {
        match self {
            Self::Password | Self::SignUp => Some(AuthStrategy::EmailAndPassword),
            Self::MagicLink => Some(AuthStrategy::MagicLink),
            Self::Code => Some(AuthStrategy::Code),
            Self::Activation | Self::SecondFactor => None,
        }
    }

    /// Requires that `environment` signs users in with it.
    ///
    /// # Errors
    /// It does not.
    pub fn require_allowed(self, environment: &Environment) -> Result<(), SignInRefusal> {
        let chosen = environment.configuration.auth_strategy;
        match self.strategy().is_none_or(|strategy| strategy == chosen) {
            true => Ok(()),
            false => Err(SignInRefusal::Strategy(self)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Password | Self::SignUp => "a password",
            Self::Activation => "an activation link",
            Self::MagicLink => "a mailed link",
            Self::Code => "a mailed code",
            Self::SecondFactor => "a second factor",
        }
    }
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The environment signs nobody in this way.
    #[error("this environment does not sign users in with {}", .0.name())]
    Strategy(Proof),
    /// The user is locked.
    #[error("the user is locked")]
    Locked,
    /// There is no such user, or what they showed is not good. The two are not told apart.
    #[error("the email or the password is wrong")]
    Wrong,
    /// The user has not shown that the address is theirs: they are sent a mail for that.
    #[error("the email address is not verified: a mail that verifies it is on its way")]
    NotVerified(Box<User>),
    /// There is no such link, or it was used.
    #[error("the link is wrong or was used: ask for a new one")]
    UnknownLink,
    /// The link is too old.
    #[error("the link has expired: ask for a new one")]
    ExpiredLink,
    /// The link was asked for on another device, and has to be used there.
    #[error("the link works only on the device where it was asked for")]
    OtherDevice,
    /// No such code was asked for on the device, or it was tried too often.
    #[error("the code is wrong: after five tries, ask for a new one")]
    WrongCode,
    /// The code is too old.
    #[error("the code has expired: ask for a new one")]
    ExpiredCode,
    /// No sign-in waits for a second factor under this token, or no longer, or not on this device.
    #[error(transparent)]
    NoChallenge(SecondFactorError),
    /// The second factor is not theirs, or was used.
    #[error(transparent)]
    WrongSecondFactor(SecondFactorError),
    /// There is no tenant that they can work in.
    #[error("the user belongs to no tenant they can sign in to")]
    NoTenant,
}

impl From<SecondFactorError> for SignInRefusal {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::NoChallenge => Self::NoChallenge(error),
            SecondFactorError::WrongCode
            | SecondFactorError::NotPending
            | SecondFactorError::NotEnrolled
            | SecondFactorError::AlreadyEnrolled
            | SecondFactorError::TooMany
            | SecondFactorError::Last => Self::WrongSecondFactor(error),
        }
    }
}

/// How far somebody came.
pub enum Entered {
    /// Their session has begun.
    SignedIn(Box<SignedIn>),
    /// They have to show a second factor first.
    Waits(Box<Waiting>),
}

impl Entered {
    /// The same; whoever signed in has just got `recovery_code`.
    #[must_use]
    pub fn shown(self, recovery_code: RecoveryCode) -> Self {
        match self {
            Self::SignedIn(signed_in) => Self::SignedIn(Box::new(signed_in.shown(recovery_code))),
            waits @ Self::Waits(_) => waits,
        }
    }

    /// The answer, with status `status`, and the cookies, to a request from `origin`.
    #[must_use]
    pub fn respond(self, status: StatusCode, origin: TrustedOrigin) -> Response {
        let (headers, body) = self.into_parts(origin);
        (status, headers, Json(body)).into_response()
    }

    /// The cookies and the body of an answer to a request from `origin`.
    #[must_use]
    pub fn into_parts(self, origin: TrustedOrigin) -> (HeaderMap, AuthenticationResponse) {
        match self {
            Self::SignedIn(signed_in) => signed_in.into_parts(origin),
            Self::Waits(waiting) => waiting.into_parts(origin),
        }
    }
}

/// What comes next for whoever has shown who they are.
enum Next {
    /// They have to show a second factor.
    Show(Box<User>, second_factor::Needed),
    /// They land in a tenant.
    Land(Box<User>, LiveTenant),
}

/// A sign-in of which nothing is stored yet.
pub struct Prepared {
    device: Device,
    kind: PreparedKind,
}

enum PreparedKind {
    Session(Box<session::Prepared>),
    Challenge(Box<second_factor::Prepared>),
}

impl Prepared {
    /// The session, if one is going to begin.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        match &self.kind {
            PreparedKind::Session(session) => Some(session.session_id()),
            PreparedKind::Challenge(_) => None,
        }
    }

    /// Begins the session with `user` as they were written when they showed who they are, or has it wait for a second factor.
    ///
    /// # Errors
    /// The table fails.
    pub async fn keep(self, app: &RateLimited, store: &EnvironmentStore, user: &User) -> ApiResult<Entered> {
        Ok(match self.kind {
            PreparedKind::Session(session) => {
                Entered::SignedIn(Box::new(session.keep(app, store, user).await?.on(self.device)))
            }
            PreparedKind::Challenge(challenge) => {
                Entered::Waits(Box::new(challenge.keep(app, store, user).await?))
            }
        })
    }
}

/// Somebody was not signed in.
#[derive(Debug)]
pub enum SignInError {
    /// They are not let in.
    Refused(SignInRefusal),
    /// Something failed.
    Failed(ApiError),
}

impl From<SignInRefusal> for SignInError {
    fn from(refusal: SignInRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ApiError> for SignInError {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused(refusal) => refusal.into(),
            SignInError::Failed(error) => error,
        }
    }
}

impl From<SignInRefusal> for ApiError {
    fn from(refusal: SignInRefusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            SignInRefusal::Strategy(_) => Self::Refused(ErrorCode::AuthStrategy, message),
            SignInRefusal::UnknownLink => Self::Refused(ErrorCode::UnknownLink, message),
            SignInRefusal::ExpiredLink => Self::Refused(ErrorCode::ExpiredLink, message),
            SignInRefusal::OtherDevice => Self::SignInFailed(Some(ErrorCode::OtherDevice), message),
            SignInRefusal::NoChallenge(error) | SignInRefusal::WrongSecondFactor(error) => error.into(),
            SignInRefusal::WrongCode => Self::SignInFailed(Some(ErrorCode::WrongCode), message),
            SignInRefusal::ExpiredCode => Self::SignInFailed(Some(ErrorCode::ExpiredCode), message),
            SignInRefusal::Locked => Self::SignInFailed(Some(ErrorCode::UserLocked), message),
            SignInRefusal::NotVerified(_) => Self::SignInFailed(Some(ErrorCode::NotVerified), message),
            SignInRefusal::Wrong | SignInRefusal::NoTenant => Self::SignInFailed(None, message),
        }
    }
}

/// A sign-in under way.
pub struct SignIn<'a> {
    app: &'a RateLimited,
    store: &'a EnvironmentStore,
    environment: Environment,
    client: ClientInfo,
    device: Device,
    proof: Proof,
    invitation: Option<PlainToken>,
}

impl<'a> SignIn<'a> {
    /// A sign-in to `environment` from `client`, who is going to show `proof` on `device`.
    ///
    /// # Errors
    /// The environment signs nobody in like that.
    pub fn new(
        app: &'a RateLimited,
        store: &'a EnvironmentStore,
        environment: Environment,
        client: ClientInfo,
        device: Device,
        proof: Proof,
    ) -> Result<Self, SignInRefusal> {
        proof.require_allowed(&environment)?;
        Ok(Self { app, store, environment, client, device, proof, invitation: None })
    }

    /// The same by whoever came by the invitation link that holds `token`, if there is one: once they have shown who they are, they
    /// join its tenant, and the session begins there.
    #[must_use]
    pub fn by_invitation(self, token: Option<PlainToken>) -> Self {
        Self { invitation: token, ..self }
    }

    async fn join(&self, user: User) -> Result<User, SignInError> {
        let Some(token) = &self.invitation else { return Ok(user) };
        let joined = invites::join(self.app, self.store, &self.environment, user.id, token);
        let joined = Box::pin(joined).await?;
        // What voided their sessions meanwhile voids this one.
        Ok(User { session_generation: user.session_generation, ..joined })
    }

    /// Refuses whoever showed something that is not good, as `refusal` says, and records that as one of `whom`.
    pub async fn refuse(self, refusal: SignInRefusal, whom: Subject) -> SignInError {
        match recorded(self.store, whom, Err::<(), _>(refusal.into())).await {
            Err(error) => error,
            Ok(()) => SignInRefusal::Wrong.into(),
        }
    }

    /// The same of whoever may have guessed, which is counted for `user`, or for nobody, as a wrong password is.
    pub async fn refuse_guess(self, refusal: SignInRefusal, user: Option<&User>) -> SignInError {
        let whom = user.map_or_else(Subject::environment, Subject::user);
        let (counted, refused) = tokio::join!(
            lockout::count_wrong_password(self.app, self.store, &self.environment, user),
            recorded(self.store, whom, Err::<(), _>(refusal.into())),
        );
        match (counted, refused) {
            (Err(error), _) => error.into(),
            (Ok(()), Err(refused)) => refused,
            (Ok(()), Ok(())) => SignInRefusal::Wrong.into(),
        }
    }

    /// Signs `user` in, if there is one and what they showed is good, `is_proven`. Those of their tenants that are `there` have
    /// just been read. A refusal is recorded as one of `whom`.
    ///
    /// # Errors
    /// They are refused, or the table or the signing key fails.
    pub async fn complete(
        self,
        user: Option<User>,
        is_proven: bool,
        there: &[LiveTenant],
        whom: Subject,
    ) -> Result<Entered, SignInError> {
        let store = self.store;
        if self.is_guess(user.as_ref(), is_proven) {
            let (counted, refused) = tokio::join!(
                lockout::count_wrong_password(self.app, store, &self.environment, user.as_ref()),
                recorded(store, whom, Err(SignInRefusal::Wrong.into())),
            );
            counted?;
            return refused;
        }
        recorded(store, whom, Box::pin(self.admit(user, is_proven, there)).await).await
    }

    /// Whether a password was tried that is not the one of `user`, who could have signed in with that.
    fn is_guess(&self, user: Option<&User>, is_proven: bool) -> bool {
        match self.proof {
            Proof::Password => user.is_none_or(|user| user.locked.is_none() && !is_proven),
            Proof::SignUp | Proof::Activation | Proof::MagicLink | Proof::Code | Proof::SecondFactor => false,
        }
    }

    async fn admit(
        self,
        user: Option<User>,
        is_proven: bool,
        there: &[LiveTenant],
    ) -> Result<Entered, SignInError> {
        let user = user.ok_or(SignInRefusal::Wrong)?;
        require_unlocked(&user)?;
        require_proof(is_proven)?;
        self.require_verified(&user)?;
        let user = self.note_first_sign_in(user).await?;
        let (app, store) = (self.app, self.store);
        match self.next(user, identity, there).await? {
            Next::Show(user, needed) => {
                let prepared = self.challenge(&user, needed).await?;
                Ok(Entered::Waits(Box::new(prepared.keep(app, store, &user).await?)))
            }
            Next::Land(user, tenant) => {
                let begun = session::begin(app, store, self.environment, *user, &tenant, self.client).await?;
                Ok(Entered::SignedIn(Box::new(begun.on(self.device))))
            }
        }
    }

    /// What comes next for `user`, who has shown who they are, and is going to be as `becoming` makes them. Whoever came by an
    /// invitation joins its tenant, once they have nothing more to show.
    async fn next(
        &self,
        user: User,
        becoming: impl Fn(User) -> User,
        there: &[LiveTenant],
    ) -> Result<Next, SignInError> {
        let mut coming = becoming(user.clone());
        self.require_verified(&coming)?;
        let tenant = match &self.invitation {
            None => Some(session::land(self.app, self.store, &mut coming, there).await?),
            Some(_) => None,
        };
        if let Some(needed) = self.second_factor(&coming, there, tenant.as_ref()).await? {
            return Ok(Next::Show(Box::new(coming), needed));
        }
        if let Some(tenant) = tenant {
            return Ok(Next::Land(Box::new(coming), tenant));
        }
        let mut joined = becoming(self.join(user).await?);
        let tenant = session::land(self.app, self.store, &mut joined, there).await?;
        Ok(Next::Land(Box::new(joined), tenant))
    }

    /// The sign-in of `user`, which waits for what is `needed`.
    async fn challenge(
        &self,
        user: &User,
        needed: second_factor::Needed,
    ) -> ApiResult<second_factor::Prepared> {
        let (environment, device) = (self.environment.clone(), self.device.clone());
        let prepared = second_factor::Prepared::new(self.app, environment, user, device, needed).await?;
        Ok(prepared.by_invitation(self.invitation.clone()))
    }

    /// The second factor that `user` has to show before their session begins, in `tenant` as far as that is known.
    async fn second_factor(
        &self,
        user: &User,
        there: &[LiveTenant],
        tenant: Option<&LiveTenant>,
    ) -> ApiResult<Option<second_factor::Needed>> {
        match self.proof {
            Proof::SecondFactor => Ok(None),
            Proof::Password | Proof::SignUp | Proof::Activation | Proof::MagicLink | Proof::Code => {
                let read: Vec<_> = there.iter().chain(tenant).cloned().collect();
                second_factor::needed(self.app, self.store, &self.environment, user, &self.device, &read)
                    .await
            }
        }
    }

    /// Prepares the session of `user`, who has shown who they are, and is going to be as `becoming` makes them once what they showed
    /// is used up: its tokens are signed before that, as it cannot be shown again. Those of their tenants that are `there` have
    /// just been read. [`Prepared::keep`] begins the session.
    ///
    /// # Errors
    /// They are refused, or the table or the signing key fails.
    pub async fn prepare(
        self,
        user: User,
        becoming: impl Fn(User) -> User,
        there: &[LiveTenant],
    ) -> Result<Prepared, SignInError> {
        let (store, whom) = (self.store, Subject::user(&user));
        recorded(store, whom, self.admit_later(user, becoming, there).await).await
    }

    async fn admit_later(
        self,
        user: User,
        becoming: impl Fn(User) -> User,
        there: &[LiveTenant],
    ) -> Result<Prepared, SignInError> {
        require_unlocked(&user)?;
        let (app, store) = (self.app, self.store);
        let kind = match self.next(user, becoming, there).await? {
            Next::Show(user, needed) => {
                PreparedKind::Challenge(Box::new(self.challenge(&user, needed).await?))
            }
            Next::Land(user, tenant) => PreparedKind::Session(Box::new(
                session::prepare(app, store, self.environment, *user, &tenant, self.client).await?,
            )),
        };
        Ok(Prepared { device: self.device, kind })
    }

    fn require_verified(&self, user: &User) -> Result<(), SignInRefusal> {
        let is_needed = !self.environment.configuration.allow_not_verified_users_login;
        match self.proof {
            Proof::Password | Proof::SignUp if is_needed && !user.verified => {
                Err(SignInRefusal::NotVerified(Box::new(user.clone())))
            }
            Proof::Password
            | Proof::SignUp
            | Proof::Activation
            | Proof::MagicLink
            | Proof::Code
            | Proof::SecondFactor => Ok(()),
        }
    }

    /// Lets `user` into the tenants that waited for their first sign-in.
    async fn note_first_sign_in(&self, user: User) -> Result<User, SignInError> {
        let verification_needed = !self.environment.configuration.allow_not_verified_users_login;
        if !user.clone().note_first_sign_in(verification_needed) {
            return Ok(user);
        }
        let users = self.store.users();
        // It is a part of the sign-in.
        let updated = users.update(user.id, None, |user| {
            user.note_first_sign_in(verification_needed);
            ApiResult::Ok(())
        });
        let noted = updated.await.map_err(ApiError::from)?.ok_or(SignInRefusal::Wrong)?;
        // What voided their sessions meanwhile voids this one.
        Ok(User { session_generation: user.session_generation, ..noted })
    }
}

fn require_unlocked(user: &User) -> Result<(), SignInRefusal> {
    if user.locked.is_some() { Err(SignInRefusal::Locked) } else { Ok(()) }
}

fn require_proof(is_proven: bool) -> Result<(), SignInRefusal> {
    if is_proven { Ok(()) } else { Err(SignInRefusal::Wrong) }
}

/// Records `outcome`, if it is a refusal.
async fn recorded<T>(
    store: &EnvironmentStore,
    whom: Subject,
    outcome: Result<T, SignInError>,
) -> Result<T, SignInError> {
    if let Err(SignInError::Refused(refusal)) = &outcome {
        store.record(Action::SignInRefused, whom.with("reason", refusal)).await?;
    }
    outcome
}
