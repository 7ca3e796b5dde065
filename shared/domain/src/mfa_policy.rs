//! Who has to show a second factor, and for how long a device is remembered that has shown one.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Who has to have a second factor, from the laxest to the strictest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MfaEnforcement {
    /// Nobody has to.
    #[default]
    DontForce,
    /// Whoever does not sign in through single sign-on.
    #[serde(rename = "ForceExceptSAML")]
    ForceExceptSaml,
    /// Everybody.
    Force,
}

/// What an environment, or one tenant, asks of second factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaPolicy {
    /// Who has to have one.
    pub enforcement: MfaEnforcement,
    /// Since when a device may be remembered that has shown one; none where it may not. Devices that were remembered before
    /// that are forgotten.
    pub remembering_since: Option<Timestamp>,
    /// For how many seconds it is remembered.
    pub remembered_seconds: i64,
}

/// Why such a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum MfaPolicyError {
    #[error(
        "mfaDeviceExpiration must be from {} to {} seconds",
        MfaPolicy::LEAST_SECONDS,
        MfaPolicy::MOST_SECONDS
    )]
    Seconds,
    #[error("enforceMFAType must not ask for less than the environment does")]
    Weaker,
    #[error("allowRememberMyDevice must be false, as it is in the environment")]
    Remembers,
    #[error("mfaDeviceExpiration must not be above {0}, which is what the environment allows")]
    Longer(i64),
}

impl MfaPolicy {
    /// For how long a device is remembered unless a policy says otherwise, in seconds: two weeks.
    pub const DEFAULT_SECONDS: i64 = 1_209_600;
    /// The shortest time.
    pub const LEAST_SECONDS: i64 = 60;
    /// The longest time: the cookie by which a device is known is kept for a year.
    pub const MOST_SECONDS: i64 = 365 * 86_400;

    /// The same, where devices may be remembered if `is_allowed`. Switching it off forgets them.
    #[must_use]
    pub fn remembering(self, is_allowed: bool, now: Timestamp) -> Self {
        let since = is_allowed.then(|| self.remembering_since.unwrap_or(now));
        Self { remembering_since: since, ..self }
    }

    /// Whether it makes sense, for a tenant whose environment asks for `floor`, if it asks for anything.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, floor: Option<&Self>) -> Result<(), MfaPolicyError> {
        if !(Self::LEAST_SECONDS..=Self::MOST_SECONDS).contains(&self.remembered_seconds) {
            return Err(MfaPolicyError::Seconds);
        }
        let Some(floor) = floor else { return Ok(()) };
        if self.enforcement < floor.enforcement {
            return Err(MfaPolicyError::Weaker);
        }
        match (self.remembering_since, floor.remembering_since) {
            (Some(_), None) => Err(MfaPolicyError::Remembers),
            (Some(_), Some(_)) if self.remembered_seconds > floor.remembered_seconds => {
                Err(MfaPolicyError::Longer(floor.remembered_seconds))
            }
            _ => Ok(()),
        }
    }
}

/// What one user is asked for, by all policies together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MfaDemand {
    /// The strictest.
    pub enforcement: MfaEnforcement,
    /// Since when a device may be remembered, and for how many seconds, if all of them allow it.
    pub remembering: Option<(Timestamp, i64)>,
}

impl MfaDemand {
    /// What `policies` ask for together.
    pub(crate) fn of<'p>(policies: impl IntoIterator<Item = &'p MfaPolicy>) -> Self {
        let together = policies.into_iter().map(Self::of_one).reduce(|one, other| Self {
            enforcement: one.enforcement.max(other.enforcement),
            remembering: one.remembering.zip(other.remembering).map(|(one, other)| {
                let (since, seconds) = other;
                (since.max(one.0), seconds.min(one.1))
            }),
        });
        together.unwrap_or_default()
    }

    fn of_one(policy: &MfaPolicy) -> Self {
        let remembering = policy.remembering_since.map(|since| (since, policy.remembered_seconds));
        Self { enforcement: policy.enforcement, remembering }
    }

    /// Whether somebody who does not sign in through single sign-on has to show a second factor.
    #[must_use]
    pub fn forces(&self) -> bool {
        self.enforcement != MfaEnforcement::DontForce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn policy(enforcement: MfaEnforcement, since: Option<i64>, remembered_seconds: i64) -> MfaPolicy {
        MfaPolicy { enforcement, remembering_since: since.map(at), remembered_seconds }
    }

    #[test]
    fn the_strictest_counts_and_the_shortest_time() {
        let lax = policy(MfaEnforcement::DontForce, Some(1), 600);
        let strict = policy(MfaEnforcement::Force, Some(5), 900);
        let silent = policy(MfaEnforcement::ForceExceptSaml, None, 60);
        let both = MfaDemand::of([&lax, &strict]);
        let expected = MfaDemand { enforcement: MfaEnforcement::Force, remembering: Some((at(5), 600)) };
        assert_eq!(both, expected);
        assert_eq!(MfaDemand::of([&lax, &silent, &strict]).remembering, None);
        assert!(!MfaDemand::of([]).forces() && !MfaDemand::of([&lax]).forces());
        assert!(MfaDemand::of([&silent]).forces());
    }

    #[test]
    fn a_tenant_asks_for_no_less() {
        let floor = policy(MfaEnforcement::ForceExceptSaml, Some(1), 600);
        let own = |enforcement, since, seconds| policy(enforcement, since, seconds).check(Some(&floor));
        assert_eq!(own(MfaEnforcement::Force, Some(2), 600), Ok(()));
        assert_eq!(own(MfaEnforcement::ForceExceptSaml, None, 900), Ok(()));
        assert_eq!(own(MfaEnforcement::DontForce, None, 600), Err(MfaPolicyError::Weaker));
        assert_eq!(own(MfaEnforcement::Force, Some(2), 601), Err(MfaPolicyError::Longer(600)));
        assert_eq!(own(MfaEnforcement::Force, None, 59), Err(MfaPolicyError::Seconds));
        let closed = policy(MfaEnforcement::DontForce, None, 600);
        assert_eq!(floor.check(Some(&closed)), Err(MfaPolicyError::Remembers));
        assert_eq!(floor.check(None), Ok(()));
    }

    #[test]
    fn what_was_switched_off_begins_anew() {
        let since = |policy: MfaPolicy| policy.remembering_since;
        let on = policy(MfaEnforcement::Force, None, 60).remembering(true, at(1));
        assert_eq!(since(on), Some(at(1)));
        assert_eq!(since(on.remembering(true, at(2))), Some(at(1)));
        assert_eq!(since(on.remembering(false, at(2)).remembering(true, at(3))), Some(at(3)));
    }
}
