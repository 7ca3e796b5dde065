//! How many wrong passwords in a row lock a user.

use serde::{Deserialize, Serialize};

/// What an environment, or one tenant, asks of those who guess passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockoutPolicy {
    /// Whether it counts.
    pub enabled: bool,
    /// How many wrong passwords since the last sign-in lock the user.
    pub max_attempts: u32,
}

/// Why a lockout policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum LockoutPolicyError {
    #[error("maxAttempts must be from 1 to {}", LockoutPolicy::MOST_ATTEMPTS)]
    MaxAttempts,
    #[error("maxAttempts must not be above {0}, which is what the environment allows")]
    Looser(u32),
}

impl LockoutPolicy {
    /// No account stands more guesses in a row (NIST SP 800-63B-4, section 3.2.2).
    pub const MOST_ATTEMPTS: u32 = 100;

    /// How many wrong passwords lock a user, if it counts.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.enabled.then_some(self.max_attempts)
    }

    /// Whether it makes sense, for a tenant whose environment asks for `floor`, if it asks for anything.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, floor: Option<&Self>) -> Result<(), LockoutPolicyError> {
        if !(1..=Self::MOST_ATTEMPTS).contains(&self.max_attempts) {
            return Err(LockoutPolicyError::MaxAttempts);
        }
        match (self.attempts(), floor.and_then(Self::attempts)) {
            (Some(own), Some(most)) if own > most => Err(LockoutPolicyError::Looser(most)),
            _ => Ok(()),
        }
    }
}
