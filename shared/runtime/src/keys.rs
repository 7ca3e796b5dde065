//! The signing keys, wherever they are.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_kms::Client;
use futures::future::{BoxFuture, try_join};
use futures::{FutureExt as _, future};
use rookery_tokens::{KeyRing, KmsSigner, KmsWrapped, PublicKey, Signer, SigningError};

use crate::settings::{KeyRingSettings, KeySetting, KeySettings};

/// The encryption context that the wrapped key for users' tokens must have been made with.
pub const USER_KEY_CONTEXT: (&str, &str) = ("rookery:signs", "user-tokens");

/// The encryption context that the wrapped key for vendors' tokens must have been made with: the one key cannot take the
/// place of the other.
pub const VENDOR_KEY_CONTEXT: (&str, &str) = ("rookery:signs", "vendor-tokens");

/// How the current keys are connected to: those for users' tokens, and those for vendors'.
#[derive(Clone, Copy)]
pub(crate) struct KeyRings {
    pub(crate) user: Connect,
    pub(crate) vendor: Connect,
}

/// Connects to a key: [`to_sign`] or [`to_verify`].
type Connect =
    for<'a> fn(&'a Client, KeySetting, Context) -> BoxFuture<'a, Result<Arc<dyn Signer>, SigningError>>;

/// An encryption context, of one name and its value.
type Context = (&'static str, &'static str);

impl KeyRings {
    /// The keys for users' tokens and those for vendors'.
    ///
    /// # Errors
    /// KMS fails or refuses, or a key is no RSA key.
    pub(crate) async fn connect(
        self,
        client: Client,
        settings: KeySettings,
    ) -> Result<(KeyRing, KeyRing), SigningError> {
        try_join(
            ring(&client, settings.user, self.user, USER_KEY_CONTEXT),
            ring(&client, settings.vendor, self.vendor, VENDOR_KEY_CONTEXT),
        )
        .await
    }
}

async fn ring(
    client: &Client,
    settings: KeyRingSettings,
    connect: Connect,
    context: Context,
) -> Result<KeyRing, SigningError> {
    let retired = settings.retired.iter().map(|der| PublicKey::from_spki_der(der));
    let retired = retired.collect::<Result<_, _>>()?;
    Ok(KeyRing::new(connect(client, settings.current, context).await?, retired))
}

/// Connects to a key that signs.
pub(crate) fn to_sign(
    client: &Client,
    setting: KeySetting,
    context: Context,
) -> BoxFuture<'_, Result<Arc<dyn Signer>, SigningError>> {
    async move {
        Ok(match setting {
            KeySetting::Kms(id) => Arc::new(KmsSigner::connect(client.clone(), id).await?) as Arc<dyn Signer>,
            KeySetting::Wrapped { public, private } => {
                let context = HashMap::from([(context.0.to_owned(), context.1.to_owned())]);
                Arc::new(KmsWrapped::unwrap(client, private, &public, context).await?)
            }
            KeySetting::Public(public) => Arc::new(VerifyOnly(PublicKey::from_spki_der(&public)?)),
        })
    }
    .boxed()
}

/// Connects to a key that only verifies: whatever signs is not linked.
pub(crate) fn to_verify(
    client: &Client,
    setting: KeySetting,
    _: Context,
) -> BoxFuture<'_, Result<Arc<dyn Signer>, SigningError>> {
    async move {
        let key = match setting {
            KeySetting::Kms(id) => KmsSigner::connect(client.clone(), id).await?.public_key().clone(),
            KeySetting::Wrapped { public, .. } | KeySetting::Public(public) => {
                PublicKey::from_spki_der(&public)?
            }
        };
        Ok(Arc::new(VerifyOnly(key)) as Arc<dyn Signer>)
    }
    .boxed()
}

/// The key of a function that signs nothing with it.
struct VerifyOnly(PublicKey);

impl Signer for VerifyOnly {
    fn kid(&self) -> &str {
        self.0.kid()
    }

    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    fn sign<'a>(&'a self, _message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        future::err(SigningError::Key("this function has no private key".into())).boxed()
    }
}
