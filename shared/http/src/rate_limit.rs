//! Rate limits of single endpoints: of those that hash, send mail, or sign for whoever asks.
//!
//! API Gateway counts requests by route and stage. A route for one method has a limit of its own in `template.yaml`, one for
//! any method has that of all. A path that is spelled otherwise, with a slash too many, comes by the latter.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rookery_domain::Password;
use rookery_email::Mailer;
use rookery_tokens::{PasswordHash, PasswordHasher, Sealer, Verdict};

use crate::{ApiError, ApiResult, AppState};

/// The key of the API Gateway route by which a request came, such as `POST /auth/{proxy+}`. A request without one did not
/// come through API Gateway.
#[derive(Clone, Debug)]
pub struct GatewayRoute(pub String);

/// The [`AppState`] of an endpoint that has a rate limit of its own. It alone hashes passwords, sends mail and opens
/// users' secrets.
///
/// It stands first among a handler's arguments: a request that came past the limit is refused before anything is done.
#[derive(Clone)]
pub struct RateLimited(AppState);

impl RateLimited {
    /// Hashes passwords.
    #[must_use]
    pub fn passwords(&self) -> &PasswordHasher {
        &self.0.costly.passwords
    }

    /// Compares `password` with `hash`. Where there is none, as much is done: the time does not tell.
    ///
    /// # Errors
    /// The hash is malformed, or hashing fails.
    pub async fn verify_password(&self, hash: Option<String>, password: Password) -> ApiResult<Verdict> {
        let Some(hash) = hash else {
            self.passwords().verify_dummy(password).await?;
            return Ok(Verdict::Wrong);
        };
        let hash: PasswordHash = hash.parse().map_err(ApiError::internal)?;
        Ok(self.passwords().verify(password, &hash).await?)
    }

    /// Seals users' secrets, and opens them.
    #[must_use]
    pub fn sealer(&self) -> &dyn Sealer {
        &*self.0.costly.sealer
    }

    /// Sends mails.
    #[must_use]
    pub(crate) fn mailer(&self) -> &Mailer {
        &self.0.costly.mailer
    }
}

impl Deref for RateLimited {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

impl FromRequestParts<AppState> for RateLimited {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let route = parts.extensions.get::<GatewayRoute>();
        let method = |route: &GatewayRoute| route.0.split(' ').next() == Some(parts.method.as_str());
        if route.is_none_or(method) { Ok(Self(app.clone())) } else { Err(ApiError::OtherSpelling) }
    }
}
