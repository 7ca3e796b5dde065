//! Small secrets that are kept, encrypted: those that have to be read again, so that no hash will do.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use futures::future::{self, BoxFuture};
use rookery_domain::{Entropy, Sealed, UserId, VendorId};
use zeroize::Zeroizing;

use crate::SigningError;
use crate::kms::{explain, required};

/// What a secret is for. It is not secret, but a secret that was sealed for one thing opens for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealingContext {
    /// The environment.
    pub environment: VendorId,
    /// The user whose secret it is.
    pub user: UserId,
    /// What they have it for.
    pub purpose: SealingPurpose,
}

/// What somebody has a secret for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealingPurpose {
    /// Their authenticator app.
    Authenticator,
}

impl SealingContext {
    /// The context as names and values. The key's policy in `infra/keys.yaml` asks for each of them.
    fn entries(&self) -> [(&'static str, String); 3] {
        let purpose = match self.purpose {
            SealingPurpose::Authenticator => "authenticator",
        };
        [
            ("rookery:environment", self.environment.to_string()),
            ("rookery:user", self.user.to_string()),
            ("rookery:purpose", purpose.to_owned()),
        ]
    }
}

/// A secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The key service is throttled, failed or did not answer.
    #[error("the key service is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The key is missing or forbidden, or the secret was sealed for something else: trying again will not help.
    #[error("the secret can be neither sealed nor opened")]
    Key(#[source] Box<dyn Error + Send + Sync>),
}

impl From<SigningError> for SealingError {
    fn from(error: SigningError) -> Self {
        match error.is_transient() {
            true => Self::Unavailable(Box::new(error)),
            false => Self::Key(Box::new(error)),
        }
    }
}

/// Seals small secrets, and opens them.
pub trait Sealer: Send + Sync {
    /// Encrypts `secret`, which is for `context`.
    fn seal<'a>(
        &'a self,
        secret: &'a [u8],
        context: SealingContext,
    ) -> BoxFuture<'a, Result<Sealed, SealingError>>;

    /// Decrypts `sealed`, if it was sealed for `context`.
    fn open<'a>(
        &'a self,
        sealed: &'a Sealed,
        context: SealingContext,
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, SealingError>>;
}

/// Seals with a key that never leaves KMS.
#[derive(Debug)]
pub struct KmsSealer {
    client: Client,
    key_id: String,
}

impl KmsSealer {
    /// Seals with the key that `key_id` (an id, an ARN or an alias) names.
    #[must_use]
    pub fn new(client: Client, key_id: String) -> Self {
        Self { client, key_id }
    }

    async fn encrypt(&self, secret: &[u8], context: SealingContext) -> Result<Sealed, SigningError> {
        let request = self
            .client
            .encrypt()
            .key_id(&self.key_id)
            .plaintext(Blob::new(secret))
            .set_encryption_context(Some(encryption_context(context)));
        let answer = Box::pin(request.send()).await.map_err(explain)?;
        let ciphertext = required(answer.ciphertext_blob, "Encrypt answered no ciphertext")?;
        Ok(Sealed::new(ciphertext.into_inner()))
    }

    async fn decrypt(
        &self,
        sealed: &Sealed,
        context: SealingContext,
    ) -> Result<Zeroizing<Vec<u8>>, SigningError> {
        let request = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(sealed.ciphertext()))
            .set_encryption_context(Some(encryption_context(context)));
        let answer = Box::pin(request.send()).await.map_err(explain)?;
        let plaintext = required(answer.plaintext, "Decrypt answered no plaintext")?;
        Ok(Zeroizing::new(plaintext.into_inner()))
    }
}

fn encryption_context(context: SealingContext) -> HashMap<String, String> {
    context.entries().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Sealer for KmsSealer {
    fn seal<'a>(
        &'a self,
        secret: &'a [u8],
        context: SealingContext,
    ) -> BoxFuture<'a, Result<Sealed, SealingError>> {
        async move { Ok(self.encrypt(secret, context).await?) }.boxed()
    }

    fn open<'a>(
        &'a self,
        sealed: &'a Sealed,
        context: SealingContext,
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, SealingError>> {
        async move { Ok(self.decrypt(sealed, context).await?) }.boxed()
    }
}

/// Seals with a key in this process's memory, by AES-256-GCM.
pub struct LocalSealer {
    key: LessSafeKey,
    entropy: Arc<dyn Entropy>,
}

impl LocalSealer {
    const KEY_BYTES: usize = 32;

    /// A new key, as text that [`Self::from_text`] reads.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Zeroizing<String> {
        let key = Zeroizing::new(entropy.bytes::<{ Self::KEY_BYTES }>());
        Zeroizing::new(STANDARD.encode(*key))
    }

    /// Seals with the key that `text` is.
    ///
    /// # Errors
    /// It is none.
    pub fn from_text(text: &str, entropy: Arc<dyn Entropy>) -> Result<Self, SealingError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|error| SealingError::Key(error.into()))?;
        let key = UnboundKey::new(&AES_256_GCM, &Zeroizing::new(bytes)).map_err(unusable)?;
        Ok(Self { key: LessSafeKey::new(key), entropy })
    }

    fn seal_now(&self, secret: &[u8], context: SealingContext) -> Result<Sealed, SealingError> {
        let nonce = self.entropy.bytes::<NONCE_LEN>();
        let (unique, mut in_out) = (Nonce::assume_unique_for_key(nonce), secret.to_vec());
        self.key
            .seal_in_place_append_tag(unique, Aad::from(additional_data(context)), &mut in_out)
            .map_err(unusable)?;
        Ok(Sealed::new([nonce.as_slice(), &in_out].concat()))
    }

    fn open_now(&self, sealed: &Sealed, context: SealingContext) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let nonce_and_rest = sealed.ciphertext().split_first_chunk::<NONCE_LEN>();
        let (nonce, rest) =
            nonce_and_rest.ok_or_else(|| SealingError::Key("it is too short to be sealed".into()))?;
        let mut in_out = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.key.open_in_place(nonce, Aad::from(additional_data(context)), &mut in_out);
        let length = opened.map_err(unusable)?.len();
        in_out.truncate(length);
        Ok(in_out)
    }
}

fn unusable(error: aws_lc_rs::error::Unspecified) -> SealingError {
    SealingError::Key(error.into())
}

/// The context in one spelling: none of its values has a line break.
fn additional_data(context: SealingContext) -> Vec<u8> {
    let lines = context.entries().map(|(name, value)| format!("{name}={value}"));
    lines.join("\n").into_bytes()
}

impl Sealer for LocalSealer {
    fn seal<'a>(
        &'a self,
        secret: &'a [u8],
        context: SealingContext,
    ) -> BoxFuture<'a, Result<Sealed, SealingError>> {
        future::ready(self.seal_now(secret, context)).boxed()
    }

    fn open<'a>(
        &'a self,
        sealed: &'a Sealed,
        context: SealingContext,
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, SealingError>> {
        future::ready(self.open_now(sealed, context)).boxed()
    }
}

impl fmt::Debug for LocalSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalSealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use rookery_domain::SeededEntropy;

    use super::*;

    fn context(seed: u64) -> SealingContext {
        let entropy = SeededEntropy::new(seed);
        SealingContext {
            environment: VendorId::random(&entropy),
            user: UserId::random(&entropy),
            purpose: SealingPurpose::Authenticator,
        }
    }

    fn sealer(seed: u64) -> LocalSealer {
        let entropy = Arc::new(SeededEntropy::new(seed));
        LocalSealer::from_text(&LocalSealer::generate(&*entropy), entropy).unwrap()
    }

    #[tokio::test]
    async fn what_is_sealed_opens_with_the_same_key_for_the_same_thing() {
        let (own, other) = (sealer(1), sealer(2));
        let sealed = own.seal(b"secret", context(1)).await.unwrap();
        assert_eq!(*own.open(&sealed, context(1)).await.unwrap(), b"secret");
        assert_ne!(sealed, own.seal(b"secret", context(1)).await.unwrap());
        assert!(!sealed.ciphertext().windows(6).any(|window| window == b"secret"));
        let other_user = SealingContext { user: context(2).user, ..context(1) };
        let other_environment = SealingContext { environment: context(2).environment, ..context(1) };
        for context in [other_user, other_environment] {
            assert!(matches!(own.open(&sealed, context).await, Err(SealingError::Key(_))));
        }
        assert!(other.open(&sealed, context(1)).await.is_err());
        let mut changed = sealed.ciphertext().to_vec();
        changed[NONCE_LEN] ^= 1;
        for broken in [changed, vec![1, 2, 3], Vec::new()] {
            assert!(own.open(&Sealed::new(broken), context(1)).await.is_err());
        }
    }

    #[test]
    fn neither_a_key_nor_what_is_sealed_can_be_printed() {
        let own = sealer(1);
        let sealed = own.seal_now(b"secret", context(1)).unwrap();
        assert_eq!(format!("{own:?} {sealed:?}"), "LocalSealer(…) Sealed(…)");
        for broken in ["", "nonsense", "AQI="] {
            assert!(LocalSealer::from_text(broken, Arc::new(SeededEntropy::new(1))).is_err(), "{broken}");
        }
    }
}
