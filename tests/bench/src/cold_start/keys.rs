//! The keys that functions sign and verify with, as KMS would hold them.

use std::sync::Arc;

use rookery_domain::{Clock as _, SystemClock, SystemEntropy, VendorId};
use rookery_tokens::{LocalSigner, Signer as _, VendorClaims, VendorTokenType, encode};
use serde_json::{Value, json};

use crate::Failure;

/// The name of the key that signs users' tokens.
pub(crate) const USER: &str = "user-tokens";

/// The name of the key that signs vendors' tokens.
pub(crate) const VENDOR: &str = "vendor-tokens";

/// For how long the vendor's token is good, in seconds.
const TOKEN_LIFETIME: i64 = 3_600;

/// Both keys.
#[derive(Clone)]
pub(crate) struct Keys {
    user: Arc<LocalSigner>,
    vendor: Arc<LocalSigner>,
}

impl Keys {
    pub(crate) fn generate() -> Result<Self, Failure> {
        Ok(Self { user: Arc::new(LocalSigner::generate()?), vendor: Arc::new(LocalSigner::generate()?) })
    }

    /// The public key called `name`, in base64.
    pub(crate) fn public(&self, name: &str) -> String {
        unarmoured(self.named(name).public_key().pem())
    }

    /// What KMS answers to `GetPublicKey`.
    pub(crate) fn get_public_key(&self, request: &Value) -> Value {
        let name = request["KeyId"].as_str().unwrap_or_default();
        json!({ "KeyId": name, "PublicKey": self.public(name) })
    }

    /// What KMS answers to `Decrypt`. Which key is wanted, the encryption context says.
    pub(crate) fn decrypt(&self, request: &Value) -> Result<Value, Failure> {
        let name = request["EncryptionContext"]["rookery:signs"].as_str().unwrap_or_default();
        Ok(json!({ "KeyId": "wrapping", "Plaintext": unarmoured(&self.named(name).to_pkcs8_pem()?) }))
    }

    /// The token of a vendor.
    pub(crate) async fn vendor_token(&self) -> Result<String, Failure> {
        let vendor = VendorId::random(&SystemEntropy);
        let now = SystemClock.now();
        let claims = VendorClaims {
            token_type: VendorTokenType::Vendor,
            vendor_id: vendor,
            sub: vendor,
            scopes: Vec::new(),
            iat: now,
            exp: now.plus_seconds(TOKEN_LIFETIME),
            iss: "https://bench.example.com".to_owned(),
        };
        Ok(encode(&claims, &*self.vendor).await?.expose().to_owned())
    }

    fn named(&self, name: &str) -> &LocalSigner {
        if name == USER { &self.user } else { &self.vendor }
    }
}

/// What is in a block of PEM, in base64.
fn unarmoured(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}
