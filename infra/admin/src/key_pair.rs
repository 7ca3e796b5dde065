//! The key pairs of the signing mode `KmsWrapped`.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rookery_runtime::{USER_KEY_CONTEXT, VENDOR_KEY_CONTEXT};
use rookery_tokens::{KmsWrapped, SigningError};
use serde::Serialize;

/// Both pairs, named as the stack's parameters are.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyPairs {
    user_key_public: String,
    user_key_wrapped: String,
    vendor_key_public: String,
    vendor_key_wrapped: String,
}

/// Has KMS make both pairs. Nobody sees the private halves.
pub(crate) async fn make(client: &Client, wrapping_key: &str) -> Result<KeyPairs, SigningError> {
    let user = pair(client, wrapping_key, USER_KEY_CONTEXT).await?;
    let vendor = pair(client, wrapping_key, VENDOR_KEY_CONTEXT).await?;
    Ok(KeyPairs {
        user_key_public: STANDARD.encode(user.public_key_der),
        user_key_wrapped: STANDARD.encode(user.ciphertext_blob),
        vendor_key_public: STANDARD.encode(vendor.public_key_der),
        vendor_key_wrapped: STANDARD.encode(vendor.ciphertext_blob),
    })
}

async fn pair(
    client: &Client,
    wrapping_key: &str,
    (name, value): (&str, &str),
) -> Result<KmsWrapped, SigningError> {
    let context = HashMap::from([(name.to_owned(), value.to_owned())]);
    KmsWrapped::generate(client, wrapping_key, context).await
}
