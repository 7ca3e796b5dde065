//! Codes of authenticator apps: TOTP (RFC 6238) as all of them know it, with SHA-1, six digits and steps of 30 seconds.

use std::fmt;

use rookery_domain::{Entropy, Timestamp};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, TOTP};
use zeroize::Zeroizing;

/// The secret that an authenticator app shares with us.
pub struct AuthenticatorSecret(Zeroizing<Vec<u8>>);

/// The secret of an authenticator app cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("an authenticator app's secret cannot be used: {0}")]
pub struct AuthenticatorSecretError(String);

impl AuthenticatorSecret {
    /// As many bytes as the hash has (RFC 4226, section 4).
    const BYTES: usize = 20;
    const STEP_SECONDS: u64 = 30;
    const DIGITS: usize = 6;
    /// How many steps an app's clock may be ahead of ours, or behind.
    const SKEW: u64 = 1;

    /// A new one.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<{ Self::BYTES }>());
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The one that was kept as `bytes`.
    #[must_use]
    pub fn kept(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The time step of `now`.
    #[must_use]
    pub fn step_at(now: Timestamp) -> u64 {
        u64::try_from(now.as_seconds()).unwrap_or_default() / Self::STEP_SECONDS
    }

    /// The code of the time step `step`.
    ///
    /// # Errors
    /// The secret is too short.
    pub fn code(&self, step: u64) -> Result<Zeroizing<String>, AuthenticatorSecretError> {
        Ok(code_of(&self.totp(None, "")?, step))
    }

    /// The time step that `typed` is the code of, at `now` or just before or after. Spaces do not count. All are compared, so
    /// that the time does not tell.
    ///
    /// # Errors
    /// The secret is too short.
    pub fn step_of(&self, typed: &str, now: Timestamp) -> Result<Option<u64>, AuthenticatorSecretError> {
        let totp = self.totp(None, "")?;
        let typed: Zeroizing<String> = Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace()).collect());
        let step = Self::step_at(now);
        let steps = step.saturating_sub(Self::SKEW)..=step + Self::SKEW;
        Ok(steps.fold(None, |found, step| {
            let is_this = code_of(&totp, step).as_bytes().ct_eq(typed.as_bytes());
            if bool::from(is_this) { Some(step) } else { found }
        }))
    }

    /// A picture that authenticator apps scan, as a `data:` address of a PNG. They show the names of the service and the account.
    ///
    /// # Errors
    /// The picture cannot be drawn.
    pub fn qr_code(
        &self,
        service: &str,
        account: &str,
    ) -> Result<Zeroizing<String>, AuthenticatorSecretError> {
        // In the address that is drawn a colon parts the two.
        let named = |name: &str| name.replace(':', " ");
        let totp = self.totp(Some(named(service)), &named(account))?;
        let png = Zeroizing::new(totp.get_qr_base64().map_err(AuthenticatorSecretError)?);
        Ok(Zeroizing::new(format!("data:image/png;base64,{}", *png)))
    }

    fn totp(&self, service: Option<String>, account: &str) -> Result<TOTP, AuthenticatorSecretError> {
        let (digits, step) = (Self::DIGITS, Self::STEP_SECONDS);
        TOTP::new(Algorithm::SHA1, digits, 1, step, self.0.to_vec(), service, account.to_owned())
            .map_err(|error| AuthenticatorSecretError(error.to_string()))
    }
}

fn code_of(totp: &TOTP, step: u64) -> Zeroizing<String> {
    Zeroizing::new(totp.generate(step * AuthenticatorSecret::STEP_SECONDS))
}

impl fmt::Debug for AuthenticatorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticatorSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use rookery_domain::SeededEntropy;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(seconds)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B: the last six of eight digits.
        let secret = AuthenticatorSecret::kept(Zeroizing::new(b"12345678901234567890".to_vec()));
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(*secret.code(AuthenticatorSecret::step_at(at(time))).unwrap(), code);
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let secret = AuthenticatorSecret::random(&SeededEntropy::new(1));
        let code = secret.code(100).unwrap();
        let typed = format!(" {} {}", &code[..3], &code[3..]);
        for (time, found) in
            [(2_969, None), (2_970, Some(100)), (3_000, Some(100)), (3_059, Some(100)), (3_060, None)]
        {
            assert_eq!(secret.step_of(&typed, at(time)).unwrap(), found, "{time}");
        }
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(secret.step_of(wrong, at(3_000)).unwrap(), None);
        }
    }

    #[test]
    fn a_picture_is_drawn_whatever_the_names_are() {
        let secret = AuthenticatorSecret::random(&SeededEntropy::new(1));
        for service in ["Example", "a:b", "Größe 1"] {
            let picture = secret.qr_code(service, "jane@example.com").unwrap();
            assert!(picture.starts_with("data:image/png;base64,iVBORw0KGgo"));
        }
        assert_eq!(format!("{secret:?}"), "AuthenticatorSecret(…)");
    }
}
