//! Keeping users from going back to a password that they had.

use rookery_domain::{Environment, LiveTenant, Password, PasswordHistory, UserId};
use rookery_http::{ApiError, ApiResult, RateLimited};
use rookery_store::{EnvironmentStore, Login};
use rookery_tokens::Verdict;

/// Whoever sets another password.
pub(crate) struct Setting<'a> {
    pub(crate) app: &'a RateLimited,
    pub(crate) store: &'a EnvironmentStore,
    pub(crate) environment: &'a Environment,
    /// The user.
    pub(crate) user: UserId,
    /// Their tenants.
    pub(crate) tenants: &'a [LiveTenant],
    /// What they sign in with now.
    pub(crate) login: Option<Login>,
}

impl Setting<'_> {
    /// Requires `password` to be none of the latest that are remembered, and answers what is to be remembered from now on; nothing
    /// where nobody asks for it.
    pub(crate) async fn require_unused(&self, password: &Password) -> ApiResult<Option<PasswordHistory>> {
        let own = self.tenants.iter().map(|tenant| &tenant.policies);
        let size = self.environment.policies.remembered_passwords(own);
        if size == 0 {
            return Ok(None);
        }
        let history = self.store.users().password_history(self.user).await?;
        let present = self.login.as_ref().and_then(|login| login.password_hash.clone());
        for hash in present.iter().chain(history.hashes()).take(size as usize) {
            if self.app.verify_password(Some(hash.clone()), password.clone()).await? != Verdict::Wrong {
                return Err(ApiError::Invalid(match size {
                    1 => "password must be another than the present one".to_owned(),
                    _ => format!("password must be none of the last {size}: choose one that is new"),
                }));
            }
        }
        Ok(Some(history.after(present)))
    }
}
