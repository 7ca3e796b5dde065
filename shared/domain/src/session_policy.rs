//! How long sessions last, and how many a user may have.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::{Environment, LiveTenant, Session, TenantId, Timestamp};

/// What an environment, or one tenant, asks of sessions. What was never set is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionPolicy {
    /// Seconds that a session may go without a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Limit>,
    /// Seconds from the sign-in to the end of the session, whatever its user does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Limit>,
    /// How many sessions a user may have at once: another sign-in ends the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_sessions: Option<Limit>,
}

/// A limit that may be switched off and keep its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Whether it counts.
    pub is_active: bool,
    /// The limit.
    pub value: i64,
}

impl Limit {
    /// The limit, if it counts.
    fn active(self) -> Option<i64> {
        self.is_active.then_some(self.value)
    }
}

/// Why a session policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum SessionPolicyError {
    #[error("sessionIdleTimeoutConfiguration.timeout must be from 60 to 2073600 seconds (24 days)")]
    IdleTimeout,
    #[error("sessionTimeoutConfiguration.timeout must be from 60 to 315360000 seconds (10 years)")]
    Timeout,
    #[error("sessionConcurrentConfiguration.maxSessions must be from 1 to 1000")]
    MaxSessions,
    #[error("{field} must not be above {most}, which is what the environment allows")]
    Looser {
        /// The field.
        field: &'static str,
        /// What the environment allows.
        most: i64,
    },
}

impl SessionPolicy {
    /// What an environment starts from: every limit has a value, and none counts.
    #[must_use]
    pub fn inactive() -> Self {
        let limit = |value| Some(Limit { is_active: false, value });
        Self { idle_timeout: limit(86_400), timeout: limit(86_400), max_sessions: limit(1) }
    }

    /// Whether nothing was set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), SessionPolicyError> {
        let holds = |limit: Option<Limit>, least, most| {
            limit.is_none_or(|limit| (least..=most).contains(&limit.value))
        };
        if !holds(self.idle_timeout, 60, 2_073_600) {
            return Err(SessionPolicyError::IdleTimeout);
        }
        if !holds(self.timeout, 60, 315_360_000) {
            return Err(SessionPolicyError::Timeout);
        }
        if !holds(self.max_sessions, 1, 1_000) {
            return Err(SessionPolicyError::MaxSessions);
        }
        Ok(())
    }

    /// Whether a tenant may ask for this where its environment asks for `floor`.
    ///
    /// # Errors
    /// The first limit that is looser than the environment's.
    pub fn require_within(&self, floor: &Self) -> Result<(), SessionPolicyError> {
        let limits = [
            ("sessionIdleTimeoutConfiguration.timeout", self.idle_timeout, floor.idle_timeout),
            ("sessionTimeoutConfiguration.timeout", self.timeout, floor.timeout),
            ("sessionConcurrentConfiguration.maxSessions", self.max_sessions, floor.max_sessions),
        ];
        for (field, own, floor) in limits {
            match (own.and_then(Limit::active), floor.and_then(Limit::active)) {
                (Some(own), Some(most)) if own > most => {
                    return Err(SessionPolicyError::Looser { field, most });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What counts in a tenant that asks for `self` where its environment asks for `floor`: of two limits that count the
    /// lower one, else the one that counts, else the tenant's own.
    #[must_use]
    pub fn above(&self, floor: &Self) -> Self {
        Self {
            idle_timeout: stricter(self.idle_timeout, floor.idle_timeout),
            timeout: stricter(self.timeout, floor.timeout),
            max_sessions: stricter(self.max_sessions, floor.max_sessions),
        }
    }
}

fn stricter(own: Option<Limit>, floor: Option<Limit>) -> Option<Limit> {
    match (own, floor) {
        (Some(own), Some(floor)) if own.is_active && floor.is_active => {
            Some(Limit { is_active: true, value: own.value.min(floor.value) })
        }
        (Some(own), Some(floor)) if floor.is_active && !own.is_active => Some(floor),
        (own, floor) => own.or(floor),
    }
}

/// The limits of sessions in one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Seconds from the sign-in, or from the last exchange of its refresh token, to the end.
    pub lifetime_seconds: i64,
    /// Seconds that an access token lives, at most.
    pub access_token_seconds: i64,
    /// Seconds that a session may go without a refresh.
    pub idle_seconds: Option<i64>,
    /// Seconds from the sign-in to the end, whatever its user does.
    pub absolute_seconds: Option<i64>,
    /// How many sessions a user may have.
    pub most_of_user: Option<usize>,
    /// The tenant, and how many of a user's sessions may be in it.
    pub most_in_tenant: (TenantId, Option<usize>),
}

impl SessionLimits {
    /// No limits but how long a refresh token is good, and no longer is an access token.
    #[must_use]
    pub fn of_refresh_token(lifetime_seconds: i64, tenant: &TenantId) -> Self {
        Self {
            lifetime_seconds,
            access_token_seconds: lifetime_seconds,
            idle_seconds: None,
            absolute_seconds: None,
            most_of_user: None,
            most_in_tenant: (tenant.clone(), None),
        }
    }

    /// The limits in `tenant`.
    #[must_use]
    pub fn of(environment: &Environment, tenant: &LiveTenant) -> Self {
        let own = &tenant.policies;
        let floor = &environment.policies.sessions;
        let seconds = |limit: Option<Limit>| limit.and_then(Limit::active);
        let sessions = |limit| seconds(limit).and_then(|most| usize::try_from(most).ok());
        let together = own.sessions.above(floor);
        Self {
            access_token_seconds: environment.configuration.default_token_expiration,
            idle_seconds: seconds(together.idle_timeout),
            absolute_seconds: seconds(together.timeout),
            most_of_user: sessions(floor.max_sessions),
            most_in_tenant: (tenant.id.clone(), sessions(own.sessions.max_sessions)),
            ..Self::of_refresh_token(environment.configuration.default_refresh_token_expiration, &tenant.id)
        }
    }

    /// The limits of an access token for another tenant, which has `other`: the stricter ones of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let lower = |one: Option<i64>, other: Option<i64>| one.into_iter().chain(other).min();
        Self {
            access_token_seconds: self.access_token_seconds.min(other.access_token_seconds),
            idle_seconds: lower(self.idle_seconds, other.idle_seconds),
            absolute_seconds: lower(self.absolute_seconds, other.absolute_seconds),
            ..self.clone()
        }
    }

    /// Whether `session`, which is in another tenant, is one of the latest of all of the user's `sessions`: so many may come
    /// into this one.
    #[must_use]
    pub fn let_in(&self, session: &Session, sessions: &[Session]) -> bool {
        let begun = |session: &Session| (session.created_at, session.id);
        let newer = sessions.iter().filter(|other| begun(other) > begun(session)).count();
        self.most_of_user.into_iter().chain(self.most_in_tenant.1).all(|most| newer < most)
    }

    /// When `session` ends unless it is refreshed before.
    #[must_use]
    pub fn end_of(&self, session: &Session) -> Timestamp {
        let idle = self.idle_seconds.map(|seconds| session.last_active_at.plus_seconds(seconds));
        let absolute = self.absolute_seconds.map(|seconds| session.created_at.plus_seconds(seconds));
        idle.into_iter().chain(absolute).fold(session.expires_at, Timestamp::min)
    }

    /// Seconds that an access token lives that is issued at `now` for `session`. It does not outlive the session. Where
    /// sessions end when they are idle it lives half that long, so that whoever is active refreshes in time.
    #[must_use]
    pub fn access_token_lifetime(&self, session: &Session, now: Timestamp) -> i64 {
        let left = self.end_of(session).seconds_since(now).max(0);
        let while_active = self.idle_seconds.map_or(i64::MAX, |seconds| seconds / 2);
        self.access_token_seconds.min(left).min(while_active)
    }

    /// Whether there is a limit to how many sessions a user may have.
    #[must_use]
    pub fn bound_sessions(&self) -> bool {
        self.most_of_user.is_some() || self.most_in_tenant.1.is_some()
    }

    /// Those of a user's `sessions`, which all count still, that are too many: the oldest.
    #[must_use]
    pub fn excess(&self, mut sessions: Vec<Session>) -> Vec<Session> {
        sessions.sort_by_key(|session| Reverse((session.created_at, session.id)));
        let (mut of_user, mut in_tenant) = (0, 0);
        let (tenant, most_in_tenant) = &self.most_in_tenant;
        sessions.retain(|session| {
            of_user += 1;
            in_tenant += usize::from(session.tenant_id == *tenant);
            let one_too_many = self.most_of_user.is_some_and(|most| of_user > most);
            one_too_many
                || (session.tenant_id == *tenant && most_in_tenant.is_some_and(|most| in_tenant > most))
        });
        sessions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "a limit may have been set or not")]
    fn limit(is_active: bool, value: i64) -> Option<Limit> {
        Some(Limit { is_active, value })
    }

    #[test]
    fn of_two_limits_that_count_the_lower_one_does() {
        let cases = [
            (limit(true, 100), limit(true, 200), limit(true, 100)),
            (limit(true, 300), limit(true, 200), limit(true, 200)),
            (limit(false, 100), limit(true, 200), limit(true, 200)),
            (limit(true, 300), limit(false, 200), limit(true, 300)),
            (limit(false, 100), limit(false, 200), limit(false, 100)),
            (None, limit(false, 200), limit(false, 200)),
            (None, limit(true, 200), limit(true, 200)),
            (limit(false, 100), None, limit(false, 100)),
            (None, None, None),
        ];
        for (own, floor, expected) in cases {
            assert_eq!(stricter(own, floor), expected, "{own:?} above {floor:?}");
        }
    }

    #[test]
    fn bounds_hold() {
        let policy = |idle, timeout, most| SessionPolicy {
            idle_timeout: limit(false, idle),
            timeout: limit(false, timeout),
            max_sessions: limit(false, most),
        };
        assert_eq!(SessionPolicy::inactive().check(), Ok(()));
        for (idle, timeout, most) in [(60, 60, 1), (2_073_600, 315_360_000, 1_000)] {
            assert_eq!(policy(idle, timeout, most).check(), Ok(()));
        }
        for idle in [59, 2_073_601, -1] {
            assert_eq!(policy(idle, 60, 1).check(), Err(SessionPolicyError::IdleTimeout));
        }
        for timeout in [59, 315_360_001] {
            assert_eq!(policy(60, timeout, 1).check(), Err(SessionPolicyError::Timeout));
        }
        for most in [0, 1_001] {
            assert_eq!(policy(60, 60, most).check(), Err(SessionPolicyError::MaxSessions));
        }
    }
}
