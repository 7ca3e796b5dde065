//! Who signs, and what can go wrong.

use std::error::Error;

use futures::future::BoxFuture;

use crate::PublicKey;

/// Signs with a private key: RS256, that is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
pub trait Signer: Send + Sync {
    /// The id of the key, as it stands in a token's header.
    fn kid(&self) -> &str;

    /// The public half of the key.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message`.
    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>>;
}

/// A key cannot be had, or nothing can be signed with it.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The key service takes no more requests just now.
    #[error("the key service throttles requests")]
    Throttled(#[source] Box<dyn Error + Send + Sync>),
    /// The key service failed or did not answer.
    #[error("the key service is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The key is missing, disabled, forbidden or of the wrong kind: trying again will not help.
    #[error("the key cannot be used")]
    Key(#[source] Box<dyn Error + Send + Sync>),
    /// The token would be longer than [`AccessToken::MAX_BYTES`](crate::AccessToken::MAX_BYTES): nobody would accept it.
    #[error("the token would be longer than {} bytes", crate::AccessToken::MAX_BYTES)]
    TooLarge,
    /// The claims are no JSON.
    #[error("the claims cannot be written as JSON")]
    Claims(#[source] serde_json::Error),
}

impl SigningError {
    /// Whether there were too many requests.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Throttled(_))
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_))
    }

    pub(crate) fn key(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Key(reason.into())
    }
}
