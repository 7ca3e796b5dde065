//! What environments and tenants ask of those who sign in.
//!
//! The environment is the floor: a tenant may ask for more, never for less. Both are looked at wherever one applies, so that
//! an environment that asks for more than before binds tenants that had asked for something in between.

use serde::{Deserialize, Serialize};

use crate::{
    Entropy, LockoutPolicy, MfaDemand, MfaPolicy, Password, PasswordHistoryPolicy, PasswordPolicy,
    PasswordRejection, PolicyId, SessionPolicy, Timestamp,
};

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
    /// Of those who guess passwords.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lockout: Option<Adopted<LockoutPolicy>>,
    /// Of those who go back to a password that they had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_history: Option<Adopted<PasswordHistoryPolicy>>,
    /// Of those who have to show a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa: Option<Adopted<MfaPolicy>>,
}

/// A policy that is made before it can be changed, and has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted<P> {
    /// Its id.
    pub id: PolicyId,
    /// What it asks.
    pub policy: P,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl<P> Adopted<P> {
    /// `policy`, which is made at `now`.
    #[must_use]
    pub fn new(policy: P, entropy: &dyn Entropy, now: Timestamp) -> Self {
        Self { id: PolicyId::random(entropy), policy, created_at: now, updated_at: now }
    }
}

impl Policies {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many wrong passwords in a row lock a user of an environment that asks for `self`, in tenants that ask for `own`;
    /// none do where none counts.
    #[must_use]
    pub fn attempts<'p>(&'p self, own: impl IntoIterator<Item = &'p Self>) -> Option<u32> {
        let all = std::iter::once(self).chain(own);
        all.filter_map(|policies| policies.lockout?.policy.attempts()).min()
    }

    /// How many of their latest passwords such a user may not set again; 0 where nothing is asked.
    #[must_use]
    pub fn remembered_passwords<'p>(&'p self, own: impl IntoIterator<Item = &'p Self>) -> u32 {
        let all = std::iter::once(self).chain(own);
        all.filter_map(|policies| policies.password_history?.policy.remembered()).max().unwrap_or_default()
    }

    /// What second factors such a user is asked for.
    #[must_use]
    pub fn mfa<'p>(&'p self, own: impl IntoIterator<Item = &'p Self>) -> MfaDemand {
        let all = std::iter::once(self).chain(own);
        MfaDemand::of(all.filter_map(|policies| policies.mfa.as_ref()).map(|adopted| &adopted.policy))
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
