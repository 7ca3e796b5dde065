//! The keys of one issuer.

use std::fmt;
use std::iter;
use std::sync::Arc;

use crate::{Jwks, PublicKey, Signer};

/// The key that signs now, and those that signed before and still verify.
///
/// Clients keep a public key for as long as they run, so a key is replaced by an operator who has told them, and the
/// old one stays in the ring until its last token has expired.
#[derive(Clone)]
pub struct KeyRing {
    current: Arc<dyn Signer>,
    retired: Vec<PublicKey>,
}

impl KeyRing {
    /// A ring in which `current` signs; it may be named among the `retired` as well.
    #[must_use]
    pub fn new(current: Arc<dyn Signer>, mut retired: Vec<PublicKey>) -> Self {
        retired.retain(|key| key.kid() != current.kid());
        Self { current, retired }
    }

    /// The key that signs now.
    #[must_use]
    pub fn current(&self) -> &dyn Signer {
        &*self.current
    }

    /// The public keys, the current one first.
    #[must_use]
    pub fn jwks(&self) -> Jwks {
        Jwks { keys: self.public_keys().map(PublicKey::jwk).collect() }
    }

    /// The keys that may have signed a token whose header names `kid`: that one, or any when it names none.
    pub(crate) fn candidates(&self, kid: Option<&str>) -> impl Iterator<Item = &PublicKey> {
        self.public_keys().filter(move |key| kid.is_none_or(|kid| kid == key.kid()))
    }

    fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        iter::once(self.current.public_key()).chain(&self.retired)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.public_keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys;

    #[test]
    fn the_current_key_comes_first_and_once() {
        let (new, old) = (test_keys::second(), test_keys::first());
        let ring = KeyRing::new(new.clone(), vec![old.public_key().clone(), new.public_key().clone()]);
        let kids: Vec<_> = ring.jwks().keys.into_iter().map(|key| key.kid).collect();
        assert_eq!(kids, [new.kid(), old.kid()]);
    }
}
