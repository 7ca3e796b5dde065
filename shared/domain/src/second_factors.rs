//! Second factors: authenticator apps (RFC 6238), the code that gets back in without one, and the devices that need not show
//! one for a while.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::user::is_zero;
use crate::{
    AuthenticatorId, Entropy, LinkToken, MfaDemand, PlainToken, Sealed, TenantId, Timestamp, TokenHash, User,
    UserId,
};

/// The second factors of one user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecondFactors {
    authenticators: Vec<Authenticator>,
    pending: Option<PendingAuthenticator>,
    recovery: Option<TokenHash>,
    remembered: Vec<RememberedDevice>,
}

/// An authenticator app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authenticator {
    /// Its id.
    pub id: AuthenticatorId,
    /// The secret that it shares with us.
    pub secret: Sealed,
    /// The time step of the last code that was taken: no code of that or an earlier one is taken again.
    last_step: u64,
    /// When it was enrolled.
    pub created_at: Timestamp,
}

/// An authenticator app that has not shown a code yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingAuthenticator {
    secret: Sealed,
    expires_at: Timestamp,
}

/// A device on which a second factor was shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RememberedDevice {
    device: TokenHash,
    /// The user's [`User::credential_generation`] then: with another password they show it again.
    #[serde(default, skip_serializing_if = "is_zero")]
    generation: u64,
    remembered_at: Timestamp,
    expires_at: Timestamp,
}

/// Why a second factor is not taken, or not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says all there is to say")]
pub enum SecondFactorError {
    #[error("the code is wrong or was used: wait for the next one")]
    WrongCode,
    #[error("the mfaToken is wrong, used or too old: sign in again")]
    NoChallenge,
    #[error("no authenticator app waits for its first code: enroll one again")]
    NotPending,
    #[error("the user has no second factor")]
    NotEnrolled,
    #[error("the user has a second factor already: sign in with it")]
    AlreadyEnrolled,
    #[error("a user has at most {} authenticator apps", SecondFactors::MOST_AUTHENTICATORS)]
    TooMany,
    #[error("a second factor is asked for, and this is the last one")]
    Last,
}

impl SecondFactors {
    /// How many authenticator apps a user has at most.
    pub const MOST_AUTHENTICATORS: usize = 5;
    /// How many devices are remembered at most; with one more the oldest is forgotten.
    pub const MOST_DEVICES: usize = 20;
    /// For how long an authenticator app may wait for its first code, in seconds.
    pub const PENDING_SECONDS: i64 = 600;

    /// The authenticator apps.
    #[must_use]
    pub fn authenticators(&self) -> &[Authenticator] {
        &self.authenticators
    }

    /// Whether there is a second factor.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        !self.authenticators.is_empty()
    }

    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Has an authenticator app with `secret` wait for its first code, in place of one that waited before.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub fn begin_enrolment(&mut self, secret: Sealed, now: Timestamp) -> Result<(), SecondFactorError> {
        self.require_room()?;
        let expires_at = now.plus_seconds(Self::PENDING_SECONDS);
        self.pending = Some(PendingAuthenticator { secret, expires_at });
        Ok(())
    }

    /// The secret of the authenticator app that waits for its first code.
    #[must_use]
    pub fn pending(&self, now: Timestamp) -> Option<&Sealed> {
        self.pending.as_ref().filter(|pending| now < pending.expires_at).map(|pending| &pending.secret)
    }

    /// Makes the authenticator app with `secret`, which waited and has shown the code of time step `step`, a second factor.
    ///
    /// # Errors
    /// It does not wait any more, or there are as many as there may be.
    pub fn finish_enrolment(
        &mut self,
        secret: &Sealed,
        step: u64,
        recovery: &RecoveryCode,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), SecondFactorError> {
        if self.pending(now) != Some(secret) {
            return Err(SecondFactorError::NotPending);
        }
        self.enrol(secret.clone(), step, recovery, entropy, now)
    }

    /// Makes an authenticator app with `secret`, which has shown the code of time step `step`, a second factor. Another recovery
    /// code takes the place of the one before.
    ///
    /// # Errors
    /// There are as many as there may be.
    pub fn enrol(
        &mut self,
        secret: Sealed,
        step: u64,
        recovery: &RecoveryCode,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<(), SecondFactorError> {
        self.require_room()?;
        let id = AuthenticatorId::random(entropy);
        self.authenticators.push(Authenticator { id, secret, last_step: step, created_at: now });
        self.recovery = Some(recovery.hash());
        self.pending = None;
        self.remembered.clear();
        Ok(())
    }

    fn require_room(&self) -> Result<(), SecondFactorError> {
        match self.authenticators.len() < Self::MOST_AUTHENTICATORS {
            true => Ok(()),
            false => Err(SecondFactorError::TooMany),
        }
    }

    /// Takes the code of time step `step` that the authenticator app `id` has shown. Each is taken once.
    ///
    /// # Errors
    /// It was taken before, or a later one was; or there is no such app any more.
    pub fn take_step(&mut self, id: AuthenticatorId, step: u64) -> Result<(), SecondFactorError> {
        let found = self.authenticators.iter_mut().find(|authenticator| authenticator.id == id);
        let authenticator = found.filter(|found| step > found.last_step);
        authenticator.ok_or(SecondFactorError::WrongCode)?.last_step = step;
        Ok(())
    }

    /// Takes the authenticator app `id` away. With the last one all else goes.
    pub fn remove(&mut self, id: AuthenticatorId) {
        self.authenticators.retain(|authenticator| authenticator.id != id);
        self.remembered.clear();
        if self.authenticators.is_empty() {
            self.clear();
        }
    }

    /// Takes all of it away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether `presented` is the recovery code.
    #[must_use]
    pub fn recovers(&self, presented: &RecoveryCode) -> bool {
        self.recovery.as_ref() == Some(&presented.hash())
    }

    /// Remembers `device`, on which `user` has shown a second factor, for so many seconds.
    pub fn remember(&mut self, device: TokenHash, user: &User, seconds: i64, now: Timestamp) {
        self.remembered.retain(|known| known.device != device && now < known.expires_at);
        let excess = (self.remembered.len() + 1).saturating_sub(Self::MOST_DEVICES);
        self.remembered.drain(..excess);
        self.remembered.push(RememberedDevice {
            device,
            generation: user.credential_generation,
            remembered_at: now,
            expires_at: now.plus_seconds(seconds),
        });
    }

    /// Whether `user` has shown a second factor on `device` of late, whatever is asked for by now.
    #[must_use]
    pub fn knows(&self, device: &TokenHash, user: &User, now: Timestamp) -> bool {
        self.known(device, user, now).is_some()
    }

    /// Whether `user` need not show one on `device`, by what is asked for.
    #[must_use]
    pub fn remembers(&self, device: &TokenHash, user: &User, demand: &MfaDemand, now: Timestamp) -> bool {
        let known = self.known(device, user, now).zip(demand.remembering);
        known.is_some_and(|(known, (since, seconds))| {
            since <= known.remembered_at && now < known.remembered_at.plus_seconds(seconds)
        })
    }

    fn known(&self, device: &TokenHash, user: &User, now: Timestamp) -> Option<&RememberedDevice> {
        let is_known = |known: &&RememberedDevice| {
            known.device == *device && known.generation == user.credential_generation
        };
        self.remembered.iter().find(is_known).filter(|known| now < known.expires_at)
    }
}

/// The code that gets a user back in who has lost their second factors: 100 random bits, shown once.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Letters and digits that look like no other (Crockford's base 32).
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LENGTH: usize = 20;
    const GROUP: usize = 5;

    /// A new one.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<{ Self::LENGTH }>());
        let letters = bytes.iter().map(|byte| char::from(Self::ALPHABET[usize::from(byte % 32)]));
        Self(Zeroizing::new(letters.collect()))
    }

    /// A code that was typed: case, spaces and dashes do not matter, nor letters that look like digits.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        let typed = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
        let read = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        Self(Zeroizing::new(typed.map(read).collect()))
    }

    /// The code as it is shown, in groups.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut shown = Zeroizing::new(String::with_capacity(Self::LENGTH + Self::LENGTH / Self::GROUP));
        for (place, letter) in self.0.chars().enumerate() {
            if place > 0 && place % Self::GROUP == 0 {
                shown.push('-');
            }
            shown.push(letter);
        }
        shown
    }

    /// What is stored of it. For so many random bits there is no dictionary to try.
    fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

/// A sign-in that waits for a second factor, on the device that it began on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecondFactorChallenge {
    /// Who signs in.
    pub user_id: UserId,
    /// The tenant that they land in, most likely: which one to read together with the user.
    pub likely_tenant: Option<TenantId>,
    device: TokenHash,
    /// The user's [`User::session_generation`] when they showed who they are: what voids their sessions voids this.
    generation: u64,
    /// The secret of the authenticator app that they have to enrol, who have no second factor.
    pub enrolment: Option<Sealed>,
    /// The invitation link by which they came, whose tenant they join once they are through.
    pub invitation: Option<LinkToken>,
    expires_at: Timestamp,
}

impl SecondFactorChallenge {
    /// How often a code may be tried.
    pub const TRIES: u32 = 5;
    /// How long it waits, in seconds.
    pub const LIFETIME_SECONDS: i64 = 600;

    /// The sign-in of `user` on `device`, where they have to enrol the authenticator app with the secret `enrolment`, or to show
    /// what they have.
    #[must_use]
    pub fn new(user: &User, device: TokenHash, enrolment: Option<Sealed>, now: Timestamp) -> Self {
        Self {
            user_id: user.id,
            likely_tenant: user.landing_tenant(now).cloned(),
            device,
            generation: user.session_generation,
            enrolment,
            invitation: None,
            expires_at: now.plus_seconds(Self::LIFETIME_SECONDS),
        }
    }

    /// The same of whoever came by the invitation link that holds `token`, if there is one.
    #[must_use]
    pub fn by_invitation(self, token: Option<PlainToken>) -> Self {
        Self { invitation: token.map(LinkToken::from), ..self }
    }

    /// Whether it waits still, on `device`.
    #[must_use]
    pub fn waits_on(&self, device: &TokenHash, now: Timestamp) -> bool {
        self.device == *device && now < self.expires_at
    }

    /// Whether it is of `user`, whose sessions nothing has voided since.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.user_id == user.id && self.generation == user.session_generation
    }

    /// When nobody needs to know of it any more.
    #[must_use]
    pub fn forgotten_at(&self) -> Timestamp {
        self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MfaEnforcement, SeededEntropy};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    fn user(entropy: &dyn Entropy) -> User {
        User::new(UserId::random(entropy), "jane@example.com".parse().unwrap(), at(0))
    }

    fn enrolled(entropy: &dyn Entropy) -> (SecondFactors, RecoveryCode) {
        let (mut factors, recovery) = (SecondFactors::default(), RecoveryCode::random(entropy));
        factors.enrol(Sealed::new(vec![1]), 7, &recovery, entropy, at(0)).unwrap();
        (factors, recovery)
    }

    #[test]
    fn each_step_is_taken_once_and_none_before_it() {
        let (mut factors, _) = enrolled(&SeededEntropy::new(1));
        let id = factors.authenticators()[0].id;
        for (step, taken) in [(7, false), (9, true), (9, false), (8, false), (10, true)] {
            assert_eq!(factors.take_step(id, step).is_ok(), taken, "{step}");
        }
        assert!(factors.take_step(AuthenticatorId::random(&SeededEntropy::new(9)), 99).is_err());
    }

    #[test]
    fn an_enrolment_waits_ten_minutes_and_the_next_takes_its_place() {
        let entropy = SeededEntropy::new(1);
        let (mut factors, code) = (SecondFactors::default(), RecoveryCode::random(&entropy));
        let (first, second) = (Sealed::new(vec![1]), Sealed::new(vec![2]));
        factors.begin_enrolment(first.clone(), at(0)).unwrap();
        factors.begin_enrolment(second.clone(), at(1)).unwrap();
        assert!(!factors.is_enrolled() && factors.pending(at(601)).is_none());
        let mut late = factors.clone();
        assert!(late.finish_enrolment(&second, 1, &code, &entropy, at(601)).is_err());
        assert!(factors.finish_enrolment(&first, 1, &code, &entropy, at(2)).is_err());
        factors.finish_enrolment(&second, 1, &code, &entropy, at(2)).unwrap();
        assert!(factors.is_enrolled() && factors.recovers(&code));
        assert!(factors.finish_enrolment(&second, 2, &code, &entropy, at(2)).is_err());
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it_and_goes_with_the_last_app() {
        let entropy = SeededEntropy::new(1);
        let (mut factors, code) = enrolled(&entropy);
        let shown = code.expose();
        assert_eq!((shown.len(), shown.matches('-').count()), (23, 3));
        assert!(factors.recovers(&RecoveryCode::presented(&format!(" {}", shown.to_lowercase()))));
        assert!(!factors.recovers(&RecoveryCode::random(&entropy)));
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
        factors.remove(factors.authenticators()[0].id);
        assert!(factors.is_empty() && !factors.recovers(&code));
    }

    #[test]
    fn a_device_is_remembered_for_as_long_as_is_allowed_by_now() {
        let entropy = SeededEntropy::new(1);
        let (mut factors, _) = enrolled(&entropy);
        let (jane, device) = (user(&entropy), PlainToken::random(&entropy).hash());
        factors.remember(device.clone(), &jane, 100, at(10));
        let asks = |since, seconds| MfaDemand {
            enforcement: MfaEnforcement::Force,
            remembering: Some((at(since), seconds)),
        };
        let remembers = |demand, now| factors.remembers(&device, &jane, &demand, at(now));
        assert!(remembers(asks(0, 100), 109) && !remembers(asks(0, 100), 110));
        assert!(!remembers(asks(0, 50), 60) && !remembers(asks(0, 500), 110));
        // Switched off since, and on again.
        assert!(!remembers(asks(11, 100), 20));
        assert!(!remembers(MfaDemand::default(), 20));
        let mut other = jane.clone();
        other.void_credentials();
        assert!(!factors.remembers(&device, &other, &asks(0, 100), at(20)));
        for _ in 0..30 {
            factors.remember(PlainToken::random(&entropy).hash(), &jane, 100, at(20));
        }
        assert_eq!(factors.remembered.len(), SecondFactors::MOST_DEVICES);
    }

    #[test]
    fn a_sign_in_waits_on_its_device_until_something_voids_it() {
        let entropy = SeededEntropy::new(1);
        let (mut jane, device) = (user(&entropy), PlainToken::random(&entropy).hash());
        let challenge = SecondFactorChallenge::new(&jane, device.clone(), None, at(0));
        assert!(challenge.waits_on(&device, at(599)) && !challenge.waits_on(&device, at(600)));
        assert!(!challenge.waits_on(&PlainToken::random(&entropy).hash(), at(0)));
        assert!(challenge.is_of(&jane));
        jane.void_sessions();
        assert!(!challenge.is_of(&jane));
    }
}
