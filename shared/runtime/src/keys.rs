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

/// The keys for users' tokens and those for vendors'.
pub(crate) async fn rings(client: Client, settings: KeySettings) -> Result<(KeyRing, KeyRing), SigningError> {
    try_join(
        ring(&client, settings.user, USER_KEY_CONTEXT),
        ring(&client, settings.vendor, VENDOR_KEY_CONTEXT),
    )
    .await
}

async fn ring(
    client: &Client,
    settings: KeyRingSettings,
    context: (&str, &str),
) -> Result<KeyRing, SigningError> {
    let retired = settings.retired.iter().map(|der| PublicKey::from_spki_der(der));
    let retired = retired.collect::<Result<_, _>>()?;
    let current: Arc<dyn Signer> = match settings.current {
        KeySetting::Kms(id) => Arc::new(KmsSigner::connect(client.clone(), id).await?),
        KeySetting::Wrapped { public, private } => {
            let context = HashMap::from([(context.0.to_owned(), context.1.to_owned())]);
            Arc::new(KmsWrapped::unwrap(client, private, &public, context).await?)
        }
        KeySetting::Public(public) => Arc::new(VerifyOnly(PublicKey::from_spki_der(&public)?)),
    };
    Ok(KeyRing::new(current, retired))
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
