//! Keys for tests, made once: a new RSA key takes long to find.

use std::sync::{Arc, OnceLock};

use crate::{KeyRing, LocalSigner};

/// A key.
pub(crate) fn first() -> &'static Arc<LocalSigner> {
    static KEY: OnceLock<Arc<LocalSigner>> = OnceLock::new();
    KEY.get_or_init(|| Arc::new(LocalSigner::generate().unwrap()))
}

/// Another key.
pub(crate) fn second() -> &'static Arc<LocalSigner> {
    static KEY: OnceLock<Arc<LocalSigner>> = OnceLock::new();
    KEY.get_or_init(|| Arc::new(LocalSigner::generate().unwrap()))
}

/// A ring that holds [`first`] alone.
pub(crate) fn ring() -> KeyRing {
    KeyRing::new(first().clone(), Vec::new())
}
