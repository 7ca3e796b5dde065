//! Sessions, and the rotation of their refresh tokens.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::user::is_zero;
use crate::{Entropy, IdentityConfiguration, SessionId, TenantId, Timestamp, TokenHash, User, UserId};

/// One sign-in on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id, the claim `sid` of its access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The tenant that its access tokens are for.
    pub tenant_id: TenantId,
    /// The user's [`User::session_generation`] when they showed who they are: with another, the session is void.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_active_at: Timestamp,
    /// When it ends, unless it is refreshed before.
    pub expires_at: Timestamp,
    /// The address it began from.
    pub ip_address: Option<String>,
    /// The browser it began in.
    pub user_agent: Option<String>,
    /// What all of its refresh tokens have in common.
    pub family: TokenHash,
    /// The refresh token that is good now.
    pub current: TokenHash,
    /// Mixed into the current token to derive its successor.
    pub rotation_nonce: [u8; 16],
    /// The token before, while a late request may still present it.
    pub previous: Option<Rotated>,
}

/// A refresh token that has been rotated away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotated {
    hash: TokenHash,
    nonce: [u8; 16],
    at: Timestamp,
}

/// How long a session may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Seconds from the sign-in, or from the last exchange of its refresh token, to the end.
    pub lifetime_seconds: i64,
}

impl SessionLimits {
    /// The limits that an environment sets.
    #[must_use]
    pub fn of(configuration: &IdentityConfiguration) -> Self {
        Self { lifetime_seconds: configuration.default_refresh_token_expiration }
    }
}

/// What a presented refresh token turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Presented {
    /// The good one.
    Current,
    /// The one just rotated away, from a request that lost a race: its owner gets the successor that the winner got.
    Raced(RefreshToken),
    /// One that was rotated away before: somebody else has it too (RFC 9700, section 4.14.2).
    Reused,
    /// The session is over.
    Expired,
}

impl Session {
    /// For how long a rotated token is excused, in seconds: browser tabs refresh at the same moment.
    pub const GRACE_SECONDS: i64 = 10;

    /// A new session of a user, who has this [`User::session_generation`], and its first refresh token.
    #[must_use]
    pub fn begin(
        entropy: &dyn Entropy,
        now: Timestamp,
        (user_id, generation): (UserId, u64),
        tenant_id: TenantId,
        limits: SessionLimits,
    ) -> (RefreshToken, Self) {
        let id = SessionId::random(entropy);
        let token = RefreshToken {
            user_id,
            session_id: id,
            family: Zeroizing::new(entropy.bytes()),
            secret: Zeroizing::new(entropy.bytes()),
            tenant_id: Some(tenant_id.clone()),
        };
        let session = Self {
            id,
            user_id,
            tenant_id,
            generation,
            created_at: now,
            last_active_at: now,
            expires_at: now.plus_seconds(limits.lifetime_seconds),
            ip_address: None,
            user_agent: None,
            family: TokenHash::of(token.family.as_ref()),
            current: token.hash(),
            rotation_nonce: entropy.bytes(),
            previous: None,
        };
        (token, session)
    }

    /// Whether it still counts, as far as `user`, whose session it is, is concerned.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.user_id == user.id && self.generation == user.session_generation
    }

    /// Whether `token` was issued for this session, now or before. One that was not is made up by somebody who knows
    /// the session's id, and must have no effect on it.
    #[must_use]
    pub fn issued(&self, token: &RefreshToken) -> bool {
        token.session_id == self.id && TokenHash::of(token.family.as_ref()) == self.family
    }

    /// Judges a token that was issued for this session.
    #[must_use]
    pub fn judge(&self, token: &RefreshToken, now: Timestamp) -> Presented {
        if now >= self.expires_at {
            return Presented::Expired;
        }
        let hash = token.hash();
        if hash == self.current {
            return Presented::Current;
        }
        match &self.previous {
            Some(rotated) if rotated.hash == hash && now.seconds_since(rotated.at) <= Self::GRACE_SECONDS => {
                Presented::Raced(self.successor(token, rotated.nonce))
            }
            Some(_) | None => Presented::Reused,
        }
    }

    /// This session after `token`, its current one, has been exchanged for its successor.
    ///
    /// The successor is derived from the presented token, which only its owner has, and a nonce, which only the table
    /// has. So two requests that present the same token at once get the same successor, though no token is stored.
    #[must_use]
    pub fn rotated(
        &self,
        token: &RefreshToken,
        entropy: &dyn Entropy,
        now: Timestamp,
        limits: SessionLimits,
    ) -> (RefreshToken, Self) {
        let successor = self.successor(token, self.rotation_nonce);
        let rotated = Rotated { hash: self.current.clone(), nonce: self.rotation_nonce, at: now };
        let session = Self {
            last_active_at: now,
            expires_at: now.plus_seconds(limits.lifetime_seconds),
            current: successor.hash(),
            rotation_nonce: entropy.bytes(),
            previous: Some(rotated),
            ..self.clone()
        };
        (successor, session)
    }

    fn successor(&self, token: &RefreshToken, nonce: [u8; 16]) -> RefreshToken {
        token.successor(nonce).leading_to(&self.tenant_id)
    }

    /// This session, whose last successor did not reach its owner: the token before is excused until the successor is
    /// used, however late it comes.
    #[must_use]
    pub fn undelivered(self) -> Self {
        let previous = self.previous.map(|rotated| Rotated { at: self.expires_at, ..rotated });
        Self { previous, ..self }
    }
}

/// A refresh token: opaque to its owner; to Rookery, the session's address, a secret that all tokens of the session share
/// and that tells a forged one from an old one, a secret of its own of 256 bits, and which tenant to read together with the
/// session.
#[derive(Clone, PartialEq)]
pub struct RefreshToken {
    user_id: UserId,
    session_id: SessionId,
    family: Zeroizing<[u8; 16]>,
    secret: Zeroizing<[u8; 32]>,
    /// It is not signed, and proves nothing.
    tenant_id: Option<TenantId>,
}

/// The text is no refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the refresh token is malformed")]
pub struct RefreshTokenError;

impl RefreshToken {
    /// The bytes before the tenant's id.
    const BYTES: usize = 16 + 16 + 16 + 32;

    /// Whose session it is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Which session it is.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The tenant that the session is in, most likely: whoever presents the token may have changed it.
    #[must_use]
    pub fn likely_tenant(&self) -> Option<&TenantId> {
        self.tenant_id.as_ref()
    }

    /// The same token of a session that is in `tenant`.
    #[must_use]
    pub fn leading_to(self, tenant: &TenantId) -> Self {
        Self { tenant_id: Some(tenant.clone()), ..self }
    }

    /// The token as its owner gets it.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let tenant = self.tenant_id.as_ref().map(TenantId::as_str).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::BYTES + tenant.len()));
        bytes.extend_from_slice(self.user_id.as_uuid().as_bytes());
        bytes.extend_from_slice(self.session_id.as_uuid().as_bytes());
        bytes.extend_from_slice(self.family.as_ref());
        bytes.extend_from_slice(self.secret.as_ref());
        bytes.extend_from_slice(tenant.as_bytes());
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&*bytes))
    }

    fn hash(&self) -> TokenHash {
        TokenHash::of(self.secret.as_ref())
    }

    fn successor(&self, nonce: [u8; 16]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_ref());
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(hmac::sign(&key, &nonce).as_ref());
        Self { secret, ..self.clone() }
    }
}

impl FromStr for RefreshToken {
    type Err = RefreshTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| RefreshTokenError)?);
        let (bytes, tenant) = bytes.split_at_checked(Self::BYTES).ok_or(RefreshTokenError)?;
        let id =
            |range: std::ops::Range<usize>| Uuid::from_slice(&bytes[range]).map_err(|_| RefreshTokenError);
        let (mut family, mut secret) = (Zeroizing::new([0; 16]), Zeroizing::new([0; 32]));
        family.copy_from_slice(&bytes[32..48]);
        secret.copy_from_slice(&bytes[48..]);
        let tenant_id = match std::str::from_utf8(tenant) {
            Ok("") => None,
            Ok(tenant) => Some(tenant.parse().map_err(|_| RefreshTokenError)?),
            Err(_) => return Err(RefreshTokenError),
        };
        let (user_id, session_id) = (id(0..16)?.into(), id(16..32)?.into());
        Ok(Self { user_id, session_id, family, secret, tenant_id })
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({})", self.session_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    const LIMITS: SessionLimits = SessionLimits { lifetime_seconds: 3_600 };

    fn begin(entropy: &dyn Entropy) -> (RefreshToken, Session) {
        Session::begin(entropy, at(0), (UserId::random(entropy), 0), TenantId::random(entropy), LIMITS)
    }

    #[test]
    fn a_forged_token_is_told_from_an_old_one() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        let (second, rotated) = session.rotated(&first, &entropy, at(1), LIMITS);
        let forged = RefreshToken { family: Zeroizing::new([7; 16]), ..first.clone() };
        let (other, _) = begin(&entropy);
        assert!(rotated.issued(&first) && rotated.issued(&second));
        assert!(!rotated.issued(&forged) && !rotated.issued(&other));
    }

    #[test]
    fn a_token_survives_being_written_and_read() {
        let (token, _) = begin(&SeededEntropy::new(1));
        assert_eq!(token.expose().parse::<RefreshToken>().unwrap(), token);
        assert!(!format!("{token:?}").contains(token.expose().as_str()));
        let foreign = URL_SAFE_NO_PAD.encode([[7; RefreshToken::BYTES].as_slice(), b"a/b"].concat());
        let not_text = URL_SAFE_NO_PAD.encode([0xff; RefreshToken::BYTES + 1]);
        let short = URL_SAFE_NO_PAD.encode([7; RefreshToken::BYTES - 1]);
        for bad in ["", "x", "not base64 at all!", &token.expose()[1..], &foreign, &not_text, &short] {
            assert_eq!(bad.parse::<RefreshToken>(), Err(RefreshTokenError), "{bad:?}");
        }
    }

    #[test]
    fn the_loser_of_a_race_gets_the_winners_successor() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        assert_eq!(session.judge(&first, at(1)), Presented::Current);
        let (second, session) = session.rotated(&first, &entropy, at(1), LIMITS);
        assert_eq!(session.judge(&first, at(11)), Presented::Raced(second.clone()));
        assert_eq!(session.judge(&second, at(11)), Presented::Current);
    }

    #[test]
    fn a_token_rotated_away_is_reuse_after_the_grace_and_once_its_successor_is_used() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        let (second, session) = session.rotated(&first, &entropy, at(1), LIMITS);
        assert_eq!(session.judge(&first, at(12)), Presented::Reused);
        let (_, session) = session.rotated(&second, &entropy, at(2), LIMITS);
        assert_eq!(session.judge(&first, at(2)), Presented::Reused);
    }

    #[test]
    fn a_token_whose_successor_was_not_delivered_is_excused_until_that_is_used() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        let (second, session) = session.rotated(&first, &entropy, at(1), LIMITS);
        let session = session.undelivered();
        assert_eq!(session.judge(&first, at(3_600)), Presented::Raced(second.clone()));
        assert_eq!(session.judge(&second, at(3_600)), Presented::Current);
        let (_, session) = session.rotated(&second, &entropy, at(2), LIMITS);
        assert_eq!(session.judge(&first, at(2)), Presented::Reused);
    }

    #[test]
    fn a_session_ends_unless_its_token_is_exchanged_in_time() {
        let entropy = SeededEntropy::new(1);
        let (token, session) = begin(&entropy);
        assert_eq!(session.judge(&token, at(3_599)), Presented::Current);
        assert_eq!(session.judge(&token, at(3_600)), Presented::Expired);
        let (token, session) = session.rotated(&token, &entropy, at(3_599), LIMITS);
        assert_eq!(session.judge(&token, at(7_198)), Presented::Current);
        assert_eq!(session.judge(&token, at(7_199)), Presented::Expired);
    }
}
