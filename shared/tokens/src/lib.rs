//! Tokens and passwords: what proves who is calling.
//!
//! - [`encode`] and [`decode`] write and read access tokens: JSON Web Tokens (RFC 7519) signed with RS256, the one
//!   algorithm that published clients verify. [`UserClaims`], [`VendorClaims`] and [`ApiTokenClaims`] are what they say.
//! - A [`Signer`] holds the private key: [`KmsSigner`] never sees it, [`LocalSigner`] has it in memory, and
//!   [`KmsWrapped`] unlocks a key of the second kind with a key of the first. A [`KeyRing`] is the key that signs
//!   now and those that signed before.
//! - [`PasswordHasher`] hashes passwords with Argon2id.
//! - A [`Sealer`] encrypts small secrets that have to be read again, such as an [`AuthenticatorSecret`], whose codes are a
//!   second factor: [`KmsSealer`] with a key in KMS, [`LocalSealer`] with one in memory.
//!
//! Opaque tokens (refresh tokens, mailed one-time tokens) are no business of this crate: they are values of the
//! domain, known by their hash.

mod api_token_claims;
mod claims;
mod jwks;
mod jwt;
mod key_ring;
mod kms;
mod kms_calls;
mod local;
mod numeric_date;
mod password;
mod public_key;
mod sealing;
mod signer;
#[cfg(test)]
mod test_keys;
mod totp;

pub use api_token_claims::{ApiTokenClaims, ApiTokenSubject};
pub use claims::{UserClaims, UserTokenType, VendorClaims, VendorTokenType};
pub use jwks::{Jwk, Jwks};
pub use jwt::{AccessToken, TokenError, decode, encode};
pub use key_ring::KeyRing;
pub use kms::{KmsSigner, KmsWrapped};
pub use kms_calls::KmsCalls;
pub use local::LocalSigner;
pub use password::{InvalidPasswordHash, PasswordError, PasswordHash, PasswordHasher, Verdict};
pub use public_key::PublicKey;
pub use sealing::{KmsSealer, LocalSealer, Sealer, SealingContext, SealingError, SealingPurpose};
pub use signer::{Signer, SigningError};
pub use totp::{AuthenticatorSecret, AuthenticatorSecretError};
