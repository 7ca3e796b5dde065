//! One-time codes: a few digits that are mailed to a user, and typed on the device that asked for them.

use std::fmt;

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Entropy, PlainToken, TenantId, Timestamp, TokenHash, User, UserId};

/// The digits as they are mailed.
#[derive(Clone)]
pub struct PlainCode(Zeroizing<String>);

impl PlainCode {
    /// Six random digits.
    fn random(entropy: &dyn Entropy) -> Self {
        // Of 2^64 numbers a million make no remainder that is noticeably likelier than others.
        Self(Zeroizing::new(format!("{:06}", u64::from_be_bytes(entropy.bytes()) % 1_000_000)))
    }

    /// A code that was typed: spaces, which mails and people put between digits, are left out.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect()))
    }

    /// The digits, for the one mail that carries them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it. A million codes are soon tried, so it depends on the secret of the `device`, which is not stored.
    fn hash(&self, device: &PlainToken) -> TokenHash {
        let key = hmac::Key::new(hmac::HMAC_SHA256, device.expose().as_bytes());
        TokenHash::of(hmac::sign(&key, self.0.as_bytes()).as_ref())
    }
}

impl fmt::Debug for PlainCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainCode(…)")
    }
}

/// The one code that was asked for on a device. Another takes its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneTimeCode {
    /// Whom it lets in.
    pub user_id: UserId,
    /// The tenant that they land in, most likely: which one to read together with the user.
    pub likely_tenant: Option<TenantId>,
    hash: TokenHash,
    expires_at: Timestamp,
    /// The user's [`User::credential_generation`] when it was mailed: to another address it would not have been.
    generation: u64,
}

impl OneTimeCode {
    /// How often a code may be tried.
    pub const TRIES: u32 = 5;

    /// A code that lets `user` in for so many seconds, and what is kept of it. It is typed on `device`.
    #[must_use]
    pub fn issue(
        user: &User,
        device: &PlainToken,
        lifetime_seconds: i64,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> (PlainCode, Self) {
        let code = PlainCode::random(entropy);
        let kept = Self {
            user_id: user.id,
            likely_tenant: user.landing_tenant(now).cloned(),
            hash: code.hash(device),
            expires_at: now.plus_seconds(lifetime_seconds),
            generation: user.credential_generation,
        };
        (code, kept)
    }

    /// Whether it is `presented`, typed on `device`.
    #[must_use]
    pub fn is(&self, presented: &PlainCode, device: &PlainToken) -> bool {
        self.hash == presented.hash(device)
    }

    /// Whether `user` signs in with the address that it was mailed to.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.user_id == user.id && self.generation == user.credential_generation
    }

    /// Whether its time is over.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// When nobody needs to know of it any more: whoever types it late is told so for an hour.
    #[must_use]
    pub fn forgotten_at(&self) -> Timestamp {
        self.expires_at.plus_seconds(3_600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn a_code_is_six_digits_and_good_on_the_device_that_asked_for_it() {
        let entropy = SeededEntropy::new(1);
        let (device, other) = (PlainToken::random(&entropy), PlainToken::random(&entropy));
        let at = Timestamp::from_millis(0);
        let user = User::new(UserId::random(&entropy), "jane@example.com".parse().unwrap(), at);
        let (code, kept) = OneTimeCode::issue(&user, &device, 60, &entropy, at);
        assert!(code.expose().len() == 6 && code.expose().bytes().all(|digit| digit.is_ascii_digit()));
        let (head, tail) = code.expose().split_at(3);
        assert!(kept.is(&PlainCode::presented(&format!(" {head} {tail}\n")), &device));
        assert!(!kept.is(&code, &other) && !kept.is(&PlainCode::presented("12345"), &device));
        assert!(!kept.has_expired(at.plus_seconds(59)) && kept.has_expired(at.plus_seconds(60)));
        let mut moved = user.clone();
        moved.void_credentials();
        assert!(kept.is_of(&user) && !kept.is_of(&moved));
        assert_eq!(format!("{code:?}"), "PlainCode(…)");
    }
}
