//! Passwords that a user had before, and may not have again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an environment, or one tenant, asks of those who go back to a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHistoryPolicy {
    /// Whether it counts.
    pub enabled: bool,
    /// How many of the latest passwords may not be set again, the present one among them.
    pub history_size: u32,
}

/// Why a password history policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum PasswordHistoryPolicyError {
    #[error("historySize must be from 1 to {}", PasswordHistoryPolicy::MOST)]
    Size,
    #[error("historySize must not be below {0}, which is what the environment asks for")]
    Weaker(u32),
}

impl PasswordHistoryPolicy {
    /// The most passwords that are remembered: each costs a hash whenever another is set.
    pub const MOST: u32 = 10;

    /// How many passwords are remembered, if it counts.
    #[must_use]
    pub fn remembered(&self) -> Option<u32> {
        self.enabled.then_some(self.history_size)
    }

    /// Whether it makes sense, for a tenant whose environment asks for `floor`, if it asks for anything.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, floor: Option<&Self>) -> Result<(), PasswordHistoryPolicyError> {
        if !(1..=Self::MOST).contains(&self.history_size) {
            return Err(PasswordHistoryPolicyError::Size);
        }
        match (self.remembered(), floor.and_then(Self::remembered)) {
            (Some(own), Some(least)) if own < least => Err(PasswordHistoryPolicyError::Weaker(least)),
            _ => Ok(()),
        }
    }
}

/// The hashes of the passwords that a user had before the present one, in PHC string format, the latest first.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PasswordHistory {
    hashes: Vec<String>,
}

impl PasswordHistory {
    /// The history once the password whose hash is `replaced` has become one of the past.
    #[must_use]
    pub fn after(self, replaced: Option<String>) -> Self {
        let hashes = replaced.into_iter().chain(self.hashes);
        Self { hashes: hashes.take(PasswordHistoryPolicy::MOST as usize - 1).collect() }
    }

    /// The hashes, the latest first.
    pub fn hashes(&self) -> impl Iterator<Item = &String> {
        self.hashes.iter()
    }
}

impl fmt::Debug for PasswordHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHistory({})", self.hashes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let mut history = PasswordHistory::default();
        for number in 0..12 {
            history = history.after(Some(number.to_string()));
        }
        assert_eq!(history.hashes().collect::<Vec<_>>(), ["11", "10", "9", "8", "7", "6", "5", "4", "3"]);
        assert_eq!(history.clone().after(None), history);
        assert!(!format!("{history:?}").contains("11,"));
    }
}
