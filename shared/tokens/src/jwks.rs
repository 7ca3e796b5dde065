//! Public keys as clients download them (RFC 7517).

use serde::Serialize;

/// A set of public keys, the one that signs now first: some clients look at no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// An RSA public key that verifies RS256 signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The kind of key: `RSA`.
    pub kty: &'static str,
    /// What it is for: `sig`, signatures.
    #[serde(rename = "use")]
    pub use_: &'static str,
    /// The algorithm: `RS256`.
    pub alg: &'static str,
    /// The id that token headers carry.
    pub kid: String,
    /// The modulus, in base64url.
    pub n: String,
    /// The exponent, in base64url.
    pub e: String,
}
