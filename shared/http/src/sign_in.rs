//! The one door for sign-ins: whoever has shown who they are begins a session here, or is told why not.
//!
//! Nothing else begins one, whatever it was that they showed. What is looked at stands in one order, so that an answer never
//! tells more than it has to: whether the environment signs in this way, whether the user is locked, whether what they
//! showed is good, whether their address is verified, and whether there is a tenant to work in. A refusal is recorded in
//! the audit log, and so is the session.

use rookery_domain::{Action, Environment, LiveTenant, User};
use rookery_store::{EnvironmentStore, StoreError, Subject};

use crate::session::{self, SignedIn};
use crate::{ApiError, ApiResult, AppState, ClientInfo, ErrorCode};

pub use crate::session::Prepared;

/// What somebody shows to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password.
    Password,
    /// The token of a mail that activates the account. It shows that the address is theirs too.
    Activation,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// The environment signs nobody in this way.
    #[error("this environment does not sign users in with a password")]
    Strategy,
    /// The user is locked.
    #[error("the user is locked")]
    Locked,
    /// There is no such user, or what they showed is not good. The two are not told apart.
    #[error("the email or the password is wrong")]
    Wrong,
    /// The user has not shown that the address is theirs: they are sent a mail for that.
    #[error("the email address is not verified: a mail that verifies it is on its way")]
    NotVerified(Box<User>),
    /// There is no tenant that they can work in.
    #[error("the user belongs to no tenant they can sign in to")]
    NoTenant,
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
            SignInRefusal::Strategy => Self::Refused(ErrorCode::AuthStrategy, message),
            SignInRefusal::Locked => Self::SignInFailed(Some(ErrorCode::UserLocked), message),
            SignInRefusal::NotVerified(_) => Self::SignInFailed(Some(ErrorCode::NotVerified), message),
            SignInRefusal::Wrong | SignInRefusal::NoTenant => Self::SignInFailed(None, message),
        }
    }
}

/// A sign-in under way.
pub struct SignIn<'a> {
    app: &'a AppState,
    store: &'a EnvironmentStore,
    environment: Environment,
    client: ClientInfo,
    proof: Proof,
}

impl<'a> SignIn<'a> {
    /// A sign-in to `environment` from `client`, who is going to show `proof`.
    ///
    /// # Errors
    /// The environment signs nobody in like that.
    pub fn new(
        app: &'a AppState,
        store: &'a EnvironmentStore,
        environment: Environment,
        client: ClientInfo,
        proof: Proof,
    ) -> Result<Self, SignInRefusal> {
        match (proof, environment.configuration.signs_in_with_passwords()) {
            (Proof::Activation, _) | (Proof::Password, true) => {
                Ok(Self { app, store, environment, client, proof })
            }
            (Proof::Password, false) => Err(SignInRefusal::Strategy),
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
    ) -> Result<SignedIn, SignInError> {
        let store = self.store;
        recorded(store, whom, self.admit(user, is_proven, there).await).await
    }

    async fn admit(
        self,
        user: Option<User>,
        is_proven: bool,
        there: &[LiveTenant],
    ) -> Result<SignedIn, SignInError> {
        let user = user.ok_or(SignInRefusal::Wrong)?;
        require_unlocked(&user)?;
        require_proof(is_proven)?;
        self.require_verified(&user)?;
        let user = self.note_first_sign_in(user).await?;
        session::begin(self.app, self.store, self.environment, user, there, self.client).await
    }

    /// Prepares the session of somebody who is going to be as `user` is, once what they showed is used up: its tokens are signed
    /// before that, as it cannot be shown again. Those of their tenants that are `there` have just been read. [`Prepared::keep`]
    /// begins the session.
    ///
    /// # Errors
    /// They are refused, or the table or the signing key fails.
    pub async fn prepare(self, user: User, there: &[LiveTenant]) -> Result<Prepared, SignInError> {
        let (store, whom) = (self.store, Subject::user(&user));
        recorded(store, whom, self.admit_later(user, there).await).await
    }

    async fn admit_later(self, user: User, there: &[LiveTenant]) -> Result<Prepared, SignInError> {
        require_unlocked(&user)?;
        self.require_verified(&user)?;
        session::prepare(self.app, self.store, self.environment, user, there, self.client).await
    }

    fn require_verified(&self, user: &User) -> Result<(), SignInRefusal> {
        let is_needed = !self.environment.configuration.allow_not_verified_users_login;
        match self.proof {
            Proof::Password if is_needed && !user.verified => {
                Err(SignInRefusal::NotVerified(Box::new(user.clone())))
            }
            Proof::Password | Proof::Activation => Ok(()),
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
