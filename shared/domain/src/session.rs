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
use crate::{Entropy, SessionId, SessionLimits, TenantId, Timestamp, TokenHash, User, UserId};

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
    /// When its refresh token expires, unless it is exchanged before.
    pub expires_at: Timestamp,
    /// When it ends before that, unless it is refreshed: what its tenant or the environment asked for at the last refresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short_at: Option<Timestamp>,
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
        limits: &SessionLimits,
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
            cut_short_at: None,
            ip_address: None,
            user_agent: None,
            family: TokenHash::of(token.family.as_ref()),
            current: token.hash(),
            rotation_nonce: entropy.bytes(),
            previous: None,
        };
        (token, session.within(limits))
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

    /// When it ends, unless it is refreshed before, as far as was known at its last refresh.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.cut_short_at.unwrap_or(self.expires_at).min(self.expires_at)
    }

    /// The same session, which ends when `limits` say so.
    fn within(self, limits: &SessionLimits) -> Self {
        let end = limits.end_of(&self);
        Self { cut_short_at: (end < self.expires_at).then_some(end), ..self }
    }

    /// Whether it is over at `now` by what `limits` say by then, which may be another thing than at its last refresh.
    #[must_use]
    pub fn is_over(&self, now: Timestamp, limits: &SessionLimits) -> bool {
        now >= limits.end_of(self)
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
        limits: &SessionLimits,
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
        (successor, session.within(limits))
    }

    /// This session after it was refreshed at `now` with a token that stays the same: it does not last longer for it, but it
    /// is not idle.
    #[must_use]
    pub fn refreshed(self, now: Timestamp, limits: &SessionLimits) -> Self {
        Self { last_active_at: now, ..self }.within(limits)
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

    fn limits(tenant: &TenantId) -> SessionLimits {
        SessionLimits { access_token_seconds: 300, ..SessionLimits::of_refresh_token(3_600, tenant) }
    }

    fn begin(entropy: &dyn Entropy) -> (RefreshToken, Session) {
        let tenant = TenantId::random(entropy);
        let limits = limits(&tenant);
        Session::begin(entropy, at(0), (UserId::random(entropy), 0), tenant, &limits)
    }

    fn rotated(
        session: &Session,
        token: &RefreshToken,
        entropy: &dyn Entropy,
        now: i64,
    ) -> (RefreshToken, Session) {
        session.rotated(token, entropy, at(now), &limits(&session.tenant_id))
    }

    #[test]
    fn a_forged_token_is_told_from_an_old_one() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        let (second, rotated) = rotated(&session, &first, &entropy, 1);
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
        let (second, session) = rotated(&session, &first, &entropy, 1);
        assert_eq!(session.judge(&first, at(11)), Presented::Raced(second.clone()));
        assert_eq!(session.judge(&second, at(11)), Presented::Current);
    }

    #[test]
    fn a_token_rotated_away_is_reuse_after_the_grace_and_once_its_successor_is_used() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        let (second, session) = rotated(&session, &first, &entropy, 1);
        assert_eq!(session.judge(&first, at(12)), Presented::Reused);
        let (_, session) = rotated(&session, &second, &entropy, 2);
        assert_eq!(session.judge(&first, at(2)), Presented::Reused);
    }

    #[test]
    fn a_token_whose_successor_was_not_delivered_is_excused_until_that_is_used() {
        let entropy = SeededEntropy::new(1);
        let (first, session) = begin(&entropy);
        let (second, session) = rotated(&session, &first, &entropy, 1);
        let session = session.undelivered();
        assert_eq!(session.judge(&first, at(3_600)), Presented::Raced(second.clone()));
        assert_eq!(session.judge(&second, at(3_600)), Presented::Current);
        let (_, session) = rotated(&session, &second, &entropy, 2);
        assert_eq!(session.judge(&first, at(2)), Presented::Reused);
    }

    #[test]
    fn a_session_ends_unless_its_token_is_exchanged_in_time() {
        let entropy = SeededEntropy::new(1);
        let (token, session) = begin(&entropy);
        assert_eq!(session.judge(&token, at(3_599)), Presented::Current);
        assert_eq!(session.judge(&token, at(3_600)), Presented::Expired);
        let (token, session) = rotated(&session, &token, &entropy, 3_599);
        assert_eq!(session.judge(&token, at(7_198)), Presented::Current);
        assert_eq!(session.judge(&token, at(7_199)), Presented::Expired);
    }

    #[test]
    fn whoever_is_idle_or_signed_in_for_too_long_is_signed_out() {
        let entropy = SeededEntropy::new(1);
        let (token, session) = begin(&entropy);
        let strict = SessionLimits {
            idle_seconds: Some(600),
            absolute_seconds: Some(1_000),
            ..limits(&session.tenant_id)
        };
        let session = session.within(&strict);
        assert_eq!((session.ends_at(), session.expires_at), (at(600), at(3_600)));
        assert!(!session.is_over(at(599), &strict) && session.is_over(at(600), &strict));
        let (_, session) = session.rotated(&token, &entropy, at(599), &strict);
        assert_eq!(session.ends_at(), at(1_000), "ten minutes later it would be too old");
        assert!(!session.is_over(at(999), &strict) && session.is_over(at(1_000), &strict));
        assert!(
            !session.is_over(at(1_000), &limits(&session.tenant_id)),
            "limits that were lifted count no more"
        );
        let kept = session.clone().refreshed(at(700), &limits(&session.tenant_id));
        assert_eq!((kept.ends_at(), kept.last_active_at), (session.expires_at, at(700)));
    }

    #[test]
    fn an_access_token_lives_no_longer_than_its_session_and_half_as_long_as_one_may_be_idle() {
        let entropy = SeededEntropy::new(1);
        let (_, session) = begin(&entropy);
        let limits = limits(&session.tenant_id);
        assert_eq!(limits.access_token_lifetime(&session, at(0)), 300);
        assert_eq!(limits.access_token_lifetime(&session, at(3_500)), 100);
        let idle = SessionLimits { idle_seconds: Some(60), ..limits.clone() };
        assert_eq!(idle.access_token_lifetime(&session, at(0)), 30);
        let absolute = SessionLimits { absolute_seconds: Some(100), ..limits };
        assert_eq!(absolute.access_token_lifetime(&session, at(0)), 100);
    }

    #[test]
    fn the_oldest_sessions_are_too_many() {
        let entropy = SeededEntropy::new(1);
        let (acme, labs) = (TenantId::random(&entropy), TenantId::random(&entropy));
        let tenants = [&acme, &labs, &acme, &labs, &acme];
        let sessions: Vec<Session> = (1..)
            .zip(tenants)
            .map(|(number, tenant)| Session {
                created_at: at(number),
                tenant_id: tenant.clone(),
                ..begin(&entropy).1
            })
            .collect();
        let excess = |most_of_user, most_in_acme| {
            let limits =
                SessionLimits { most_of_user, most_in_tenant: (acme.clone(), most_in_acme), ..limits(&acme) };
            let mut excess: Vec<_> =
                limits.excess(sessions.clone()).iter().map(|session| session.created_at).collect();
            excess.sort();
            excess
        };
        assert_eq!(excess(None, None), []);
        assert_eq!(excess(Some(5), Some(3)), []);
        assert_eq!(excess(Some(2), None), [at(1), at(2), at(3)]);
        assert_eq!(
            excess(None, Some(1)),
            [at(1), at(3)],
            "what one tenant asks for ends no session in another"
        );
        assert_eq!(excess(Some(3), Some(1)), [at(1), at(2), at(3)]);
    }
}
