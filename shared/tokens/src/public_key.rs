//! The public half of a signing key, in every form that a client asks for.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pem::{EncodeConfig, LineEnding, Pem};

use crate::{Jwk, SigningError};

/// An RSA public key.
#[derive(Clone)]
pub struct PublicKey {
    kid: String,
    pem: String,
    modulus: String,
    exponent: String,
    /// Ready to verify with: every request does, and reading a key takes as long as that.
    parsed: Arc<ParsedPublicKey>,
}

impl PublicKey {
    /// The shortest modulus for RS256 (RFC 7518, section 3.3): 2048 bits.
    const MIN_MODULUS_BYTES: usize = 256;

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280) in DER.
    ///
    /// # Errors
    /// The bytes are no RSA public key, or one too short for RS256.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, SigningError> {
        let key = rsa::PublicKey::from_der(der).map_err(SigningError::key)?;
        if key.modulus_len() < Self::MIN_MODULUS_BYTES {
            return Err(SigningError::key("an RS256 key has at least 2048 bits"));
        }
        let spki: PublicKeyX509Der<'_> = key.as_der().map_err(SigningError::key)?;
        let modulus = key.modulus().big_endian_without_leading_zero();
        let exponent = key.exponent().big_endian_without_leading_zero();
        let parsed =
            ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki.as_ref()).map_err(SigningError::key)?;
        let (modulus, exponent) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
        Ok(Self {
            kid: thumbprint(&modulus, &exponent),
            pem: to_pem("PUBLIC KEY", spki.as_ref()),
            modulus,
            exponent,
            parsed: Arc::new(parsed),
        })
    }

    /// Reads a `SubjectPublicKeyInfo` in PEM, as [`Self::pem`] writes it.
    ///
    /// # Errors
    /// The text is no PEM, or what [`Self::from_spki_der`] refuses.
    pub fn from_pem(text: &str) -> Result<Self, SigningError> {
        let block = pem::parse(text).map_err(SigningError::key)?;
        Self::from_spki_der(block.contents())
    }

    /// The key's id: its thumbprint (RFC 7638), so that every process that has the key gives it the same name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key in PEM, headed `BEGIN PUBLIC KEY`. Clients in Go and Java read no other form.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key as a JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "RSA",
            use_: "sig",
            alg: "RS256",
            kid: self.kid.clone(),
            n: self.modulus.clone(),
            e: self.exponent.clone(),
        }
    }

    /// Whether `signature`, in base64url, is this key's under `message`.
    pub(crate) fn verifies(&self, message: &str, signature: &str) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(signature);
        signature.is_ok_and(|signature| self.parsed.verify_sig(message.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid)
    }
}

/// Writes `der` in PEM, with the line ends of Unix whatever the platform.
pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(label, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

/// The digest of the key's required members in lexicographic order, without white space.
fn thumbprint(modulus: &str, exponent: &str) -> String {
    let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys;
    use crate::{LocalSigner, Signer as _};

    #[test]
    fn the_thumbprint_is_the_one_of_the_example_in_rfc_7638() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
                       FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn\
                       Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqb\
                       w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(modulus, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_is_the_same_key_after_its_way_through_pem() {
        let key = test_keys::first().public_key();
        assert!(key.pem().starts_with("-----BEGIN PUBLIC KEY-----\nMIIBIjAN"), "{}", key.pem());
        let read = PublicKey::from_pem(key.pem()).unwrap();
        assert_eq!((read.kid(), read.pem(), read.jwk()), (key.kid(), key.pem(), key.jwk()));
    }

    #[test]
    fn the_jwk_says_what_the_key_is_for() {
        let jwk = serde_json::to_value(test_keys::first().public_key().jwk()).unwrap();
        assert_eq!(
            (&jwk["kty"], &jwk["use"], &jwk["alg"], &jwk["e"]),
            (&"RSA".into(), &"sig".into(), &"RS256".into(), &"AQAB".into())
        );
        assert_eq!(jwk["kid"], test_keys::first().kid());
        assert_eq!(jwk.as_object().unwrap().len(), 6, "nothing else, and nothing private");
    }

    #[test]
    fn what_is_no_rsa_public_key_is_refused() {
        assert!(PublicKey::from_spki_der(b"nonsense").is_err());
        assert!(PublicKey::from_pem("nonsense").is_err());
        let private: &LocalSigner = test_keys::first();
        assert!(PublicKey::from_pem(&private.to_pkcs8_pem().unwrap()).is_err());
    }
}
