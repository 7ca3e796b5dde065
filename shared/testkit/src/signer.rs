//! A key that counts what it signs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use rookery_tokens::{LocalSigner, PublicKey, Signer, SigningError};

/// Signs with a key that other tests have too, and counts its own signatures: each costs a request to the key service.
pub(crate) struct CountingSigner {
    key: Arc<LocalSigner>,
    signatures: AtomicUsize,
}

impl CountingSigner {
    pub(crate) fn new(key: Arc<LocalSigner>) -> Self {
        Self { key, signatures: AtomicUsize::new(0) }
    }

    pub(crate) fn signatures(&self) -> usize {
        self.signatures.load(Ordering::SeqCst)
    }
}

impl Signer for CountingSigner {
    fn kid(&self) -> &str {
        self.key.kid()
    }

    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        self.signatures.fetch_add(1, Ordering::SeqCst);
        self.key.sign(message)
    }
}
