//! A key that counts what it signs, and that can be out of order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{self, BoxFuture};
use rookery_tokens::{LocalSigner, PublicKey, Signer, SigningError};

/// Signs with a key that other tests have too, and counts its own signatures: each costs a request to the key service.
pub(crate) struct CountingSigner {
    key: Arc<LocalSigner>,
    signatures: AtomicUsize,
    failure: Mutex<Option<fn() -> SigningError>>,
}

impl CountingSigner {
    pub(crate) fn new(key: Arc<LocalSigner>) -> Self {
        Self { key, signatures: AtomicUsize::new(0), failure: Mutex::default() }
    }

    pub(crate) fn fail(&self, failure: Option<fn() -> SigningError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
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
        if let Some(failure) = *self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            return future::err(failure()).boxed();
        }
        self.signatures.fetch_add(1, Ordering::SeqCst);
        self.key.sign(message)
    }
}
