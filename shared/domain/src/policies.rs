//! What environments and tenants ask of those who sign in.
//!
//! The environment is the floor: a tenant may ask for more, never for less. Both are looked at wherever one applies, so that
//! an environment that asks for more than before binds tenants that had asked for something in between.

use serde::{Deserialize, Serialize};

use crate::{Password, PasswordPolicy, PasswordRejection, SessionPolicy};

/// What an environment, or one tenant, asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// Of sessions.
    #[serde(skip_serializing_if = "SessionPolicy::is_empty")]
    pub sessions: SessionPolicy,
    /// Of new passwords; none where nothing was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordPolicy>,
}

impl Policies {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.password.is_none()
    }

    /// Whether `password` may be the new one of a user of an environment that asks for `self`, in tenants that ask for
    /// `own`.
    ///
    /// # Errors
    /// The first reason why it may not.
    pub fn check_password<'p>(
        &self,
        password: &Password,
        own: impl IntoIterator<Item = &'p Self>,
    ) -> Result<(), PasswordRejection> {
        self.password_policy().check(password)?;
        own.into_iter().filter_map(|own| own.password.as_ref()).try_for_each(|policy| policy.check(password))
    }

    /// What is asked of new passwords; where nothing was set, what is always asked.
    #[must_use]
    pub fn password_policy(&self) -> PasswordPolicy {
        self.password.clone().unwrap_or_default()
    }
}
