//! A private key in this process's memory.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use zeroize::Zeroizing;

use crate::public_key::to_pem;
use crate::{PublicKey, Signer, SigningError};

/// Signs with a private key that it holds itself.
pub struct LocalSigner {
    key_pair: KeyPair,
    public_key: PublicKey,
}

impl LocalSigner {
    /// A new key of 2048 bits.
    ///
    /// # Errors
    /// The operating system supplies no randomness.
    pub fn generate() -> Result<Self, SigningError> {
        Self::new(KeyPair::generate(KeySize::Rsa2048).map_err(SigningError::key)?)
    }

    /// Reads a private key in PKCS #8 (RFC 5208), DER.
    ///
    /// # Errors
    /// The bytes are no RSA private key, or one too short for RS256.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, SigningError> {
        Self::new(KeyPair::from_pkcs8(der).map_err(SigningError::key)?)
    }

    /// Reads a private key in PKCS #8, PEM.
    ///
    /// # Errors
    /// The text is no PEM, or what [`Self::from_pkcs8_der`] refuses.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, SigningError> {
        let block = pem::parse(text).map_err(SigningError::key)?;
        Self::from_pkcs8_der(&Zeroizing::new(block.into_contents()))
    }

    /// The private key in PEM, to be kept in a file that nobody else may read.
    ///
    /// # Errors
    /// The key cannot be written.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, SigningError> {
        let der: Pkcs8V1Der<'_> = self.key_pair.as_der().map_err(SigningError::key)?;
        Ok(Zeroizing::new(to_pem("PRIVATE KEY", der.as_ref())))
    }

    fn new(key_pair: KeyPair) -> Result<Self, SigningError> {
        let spki: PublicKeyX509Der<'_> = key_pair.public_key().as_der().map_err(SigningError::key)?;
        let public_key = PublicKey::from_spki_der(spki.as_ref())?;
        Ok(Self { key_pair, public_key })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the library wants a generator; this kind of signature draws nothing"
    )]
    fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut signature = vec![0; self.key_pair.public_modulus_len()];
        self.key_pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(SigningError::key)?;
        Ok(signature)
    }
}

impl Signer for LocalSigner {
    fn kid(&self) -> &str {
        self.public_key.kid()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    // On the caller's thread: a signature takes a millisecond, which is less than a change of threads is worth.
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        async move { self.sign_now(message) }.boxed()
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalSigner({})", self.kid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys;

    #[test]
    fn a_key_kept_in_a_file_is_the_same_key() {
        let signer = test_keys::first();
        let file = signer.to_pkcs8_pem().unwrap();
        assert!(file.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let read = LocalSigner::from_pkcs8_pem(&file).unwrap();
        assert_eq!(read.kid(), signer.kid());
        assert_eq!(read.sign_now(b"message").unwrap(), signer.sign_now(b"message").unwrap());
    }

    #[test]
    fn a_broken_file_is_an_error() {
        let file = test_keys::first().to_pkcs8_pem().unwrap();
        for broken in ["", "nonsense", &file[..file.len() / 2], test_keys::first().public_key().pem()] {
            let error = LocalSigner::from_pkcs8_pem(broken).unwrap_err();
            assert!(!error.is_transient(), "{error:?}");
        }
    }

    #[test]
    fn a_private_key_cannot_be_printed() {
        let signer = test_keys::first();
        assert_eq!(format!("{signer:?}"), format!("LocalSigner({})", signer.kid()));
    }
}
