//! JSON Web Tokens (RFC 7519), written and read.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use rookery_domain::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{KeyRing, Signer, SigningError, numeric_date};

/// A signed token: whoever has it is let in.
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// The longest token that is issued and accepted, in bytes. All headers of a request to API Gateway have 10,240 bytes
    /// together, and cookies are among them.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// The token itself, for the one answer that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Why a token is not accepted. Whoever presents it learns no more than that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is too long, is no token, or asks for an algorithm or an extension that is not ours.
    #[error("the token is malformed")]
    Malformed,
    /// None of the keys signed it.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It is genuine, but makes other claims than those that were asked for.
    #[error("the token is of another kind")]
    WrongKind,
}

/// The one claim that every kind of token makes and that is checked for all of them.
#[derive(Deserialize)]
struct Lifetime {
    #[serde(with = "numeric_date")]
    exp: Timestamp,
}

/// Writes `claims` as a token that `signer` vouches for.
///
/// # Errors
/// The signer fails, the claims are no JSON, or they are so many that no reader would accept the token.
pub async fn encode<C: Serialize>(claims: &C, signer: &dyn Signer) -> Result<AccessToken, SigningError> {
    let header = Header { kid: Some(signer.kid().to_owned()), ..Header::new(Algorithm::RS256) };
    let mut token = Zeroizing::new(format!("{}.{}", part(&header)?, part(claims)?));
    let signature = signer.sign(token.as_bytes()).await?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    if token.len() > AccessToken::MAX_BYTES { Err(SigningError::TooLarge) } else { Ok(AccessToken(token)) }
}

fn part<T: Serialize>(value: &T) -> Result<String, SigningError> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).map_err(SigningError::Claims)?))
}

/// Reads the claims of a `token` that one of the `keys` signed and that has not expired.
///
/// The claims type decides which kinds of token it can be read from: its `type` has exactly one value.
///
/// # Errors
/// The token is not to be accepted.
pub fn decode<C: DeserializeOwned>(token: &str, keys: &KeyRing, now: Timestamp) -> Result<C, TokenError> {
    let payload = verified_payload(token, keys)?;
    let lifetime: Lifetime = serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?;
    if now >= lifetime.exp {
        return Err(TokenError::Expired);
    }
    serde_json::from_slice(&payload).map_err(|_| TokenError::WrongKind)
}

fn verified_payload(token: &str, keys: &KeyRing) -> Result<Vec<u8>, TokenError> {
    if token.len() > AccessToken::MAX_BYTES {
        return Err(TokenError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (_, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    // The algorithm is ours to choose, never the token's. `crit` names extensions that a reader must understand or
    // refuse (RFC 7515, section 4.1.11), and we have none.
    if header.alg != Algorithm::RS256 || header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    let signed = keys.candidates(header.kid.as_deref()).any(|key| key.verifies(message, signature));
    if !signed {
        return Err(TokenError::BadSignature);
    }
    URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use serde_json::{Value, json};

    use super::*;
    use crate::claims::tests::{user, vendor};
    use crate::{UserClaims, VendorClaims, test_keys};

    fn read(token: &str) -> Result<UserClaims, TokenError> {
        decode(token, &test_keys::ring(), user().iat)
    }

    async fn written(claims: &impl Serialize) -> String {
        encode(claims, &**test_keys::first()).await.unwrap().expose().to_owned()
    }

    /// The user's claims under a header of one's own, signed with the first key.
    async fn signed_under(header: Value) -> String {
        let message = format!("{}.{}", part(&header).unwrap(), part(&user()).unwrap());
        let signature = test_keys::first().sign(message.as_bytes()).await.unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[tokio::test]
    async fn a_token_says_what_was_written() {
        let token = written(&user()).await;
        assert_eq!(read(&token), Ok(user()));
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.kid.as_deref(), Some(test_keys::first().kid()));
        assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::RS256, Some("JWT")));
    }

    #[tokio::test]
    async fn a_token_cannot_be_printed() {
        let token = encode(&user(), &**test_keys::first()).await.unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
    }

    #[tokio::test]
    async fn a_token_works_until_the_second_in_which_it_expires() {
        let token = written(&user()).await;
        let (keys, expiry) = (test_keys::ring(), user().exp);
        let last_moment = Timestamp::from_millis(expiry.as_millis() - 1);
        assert_eq!(decode::<UserClaims>(&token, &keys, last_moment), Ok(user()));
        assert_eq!(decode::<UserClaims>(&token, &keys, expiry), Err(TokenError::Expired));
    }

    #[tokio::test]
    async fn a_token_of_the_other_kind_is_refused() {
        let (keys, now) = (test_keys::ring(), user().iat);
        let (of_user, of_vendor) = (written(&user()).await, written(&vendor()).await);
        assert_eq!(decode::<VendorClaims>(&of_user, &keys, now), Err(TokenError::WrongKind));
        assert_eq!(decode::<UserClaims>(&of_vendor, &keys, now), Err(TokenError::WrongKind));
        assert_eq!(decode::<VendorClaims>(&of_vendor, &keys, now), Ok(vendor()));
    }

    #[tokio::test]
    async fn a_token_without_an_expiry_is_refused() {
        assert_eq!(read(&written(&json!({"type": "userToken"})).await), Err(TokenError::Malformed));
    }

    #[tokio::test]
    async fn an_unsigned_token_is_refused() {
        let signed = written(&user()).await;
        let payload = signed.split('.').nth(1).unwrap();
        let header = part(&json!({"alg": "none", "typ": "JWT"})).unwrap();
        assert_eq!(read(&format!("{header}.{payload}.")), Err(TokenError::Malformed));
        let without_signature = signed.rsplit_once('.').unwrap().0;
        assert_eq!(read(&format!("{without_signature}.")), Err(TokenError::BadSignature));
    }

    #[tokio::test]
    async fn the_public_key_is_no_shared_secret() {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": test_keys::first().kid()});
        let message = format!("{}.{}", part(&header).unwrap(), part(&user()).unwrap());
        let secret = hmac::Key::new(hmac::HMAC_SHA256, test_keys::first().public_key().pem().as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes()));
        assert_eq!(read(&format!("{message}.{signature}")), Err(TokenError::Malformed));
        // Nor is it one when the header claims to be RS256.
        let header = json!({"alg": "RS256", "kid": test_keys::first().kid()});
        let message = format!("{}.{}", part(&header).unwrap(), part(&user()).unwrap());
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes()));
        assert_eq!(read(&format!("{message}.{signature}")), Err(TokenError::BadSignature));
    }

    #[tokio::test]
    async fn another_algorithm_of_the_same_key_is_refused() {
        let kid = test_keys::first().kid();
        for algorithm in ["RS384", "RS512", "PS256", "ES256", "EdDSA"] {
            let token = signed_under(json!({"alg": algorithm, "kid": kid})).await;
            assert_eq!(read(&token), Err(TokenError::Malformed), "{algorithm}");
        }
    }

    #[tokio::test]
    async fn a_critical_extension_is_refused() {
        let kid = test_keys::first().kid();
        let token = signed_under(json!({"alg": "RS256", "kid": kid, "crit": ["b64"], "b64": true})).await;
        assert_eq!(read(&token), Err(TokenError::Malformed));
    }

    #[tokio::test]
    async fn a_key_that_the_ring_lacks_is_refused() {
        let unknown = signed_under(json!({"alg": "RS256", "kid": "unknown"})).await;
        assert_eq!(read(&unknown), Err(TokenError::BadSignature));
        let foreign = encode(&user(), &**test_keys::second()).await.unwrap();
        assert_eq!(read(foreign.expose()), Err(TokenError::BadSignature));
    }

    #[tokio::test]
    async fn a_retired_key_still_verifies() {
        let retired = vec![test_keys::first().public_key().clone()];
        let ring = KeyRing::new(test_keys::second().clone(), retired);
        let token = written(&user()).await;
        assert_eq!(decode::<UserClaims>(&token, &ring, user().iat), Ok(user()));
        let unnamed = signed_under(json!({"alg": "RS256"})).await;
        assert_eq!(decode::<UserClaims>(&unnamed, &ring, user().iat), Ok(user()), "without a kid, any key");
    }

    #[tokio::test]
    async fn a_changed_token_is_refused() {
        let token = written(&user()).await;
        let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let promoted = part(&UserClaims { super_user: true, ..user() }).unwrap();
        assert_eq!(read(&format!("{header}.{promoted}.{signature}")), Err(TokenError::BadSignature));
        assert_eq!(read(&format!("{token}AAAA")), Err(TokenError::BadSignature));
        assert_eq!(read(&format!("{token}=")), Err(TokenError::BadSignature));
    }

    #[tokio::test]
    async fn what_would_not_be_read_is_not_written() {
        let large = UserClaims { name: "x".repeat(AccessToken::MAX_BYTES), ..user() };
        let written = encode(&large, &**test_keys::first()).await;
        assert!(matches!(written, Err(SigningError::TooLarge)), "{written:?}");
    }

    #[tokio::test]
    async fn what_is_no_token_is_refused() {
        let token = written(&user()).await;
        for text in ["", ".", "..", "...", "a.b.c", "nonsense", "é.é.é", &format!("{token}.x")] {
            assert_eq!(read(text), Err(TokenError::Malformed), "{text:?}");
        }
        let padded = format!("{token}{}", "A".repeat(AccessToken::MAX_BYTES));
        assert_eq!(read(&padded), Err(TokenError::Malformed));
    }
}
