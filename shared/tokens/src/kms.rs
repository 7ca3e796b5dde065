//! Private keys in AWS KMS, or locked by a key in KMS.

use std::collections::HashMap;
use std::error::Error;

use aws_lc_rs::digest;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeyPairSpec, MessageType, SigningAlgorithmSpec};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use zeroize::Zeroizing;

use crate::{LocalSigner, PublicKey, Signer, SigningError};

/// Signs with a key that never leaves KMS. Every signature is a request, and an account may make a limited number of
/// them a second.
#[derive(Debug)]
pub struct KmsSigner {
    client: Client,
    key_arn: String,
    public_key: PublicKey,
}

impl KmsSigner {
    /// Fetches the public half of the key that `key_id` (an id, an ARN or an alias) names.
    ///
    /// # Errors
    /// KMS fails or refuses, or the key is no RSA key.
    pub async fn connect(client: Client, key_id: impl Into<String>) -> Result<Self, SigningError> {
        let request = client.get_public_key().key_id(key_id);
        let answer = Box::pin(request.send()).await.map_err(explain)?;
        let der = required(answer.public_key, "GetPublicKey answered no public key")?;
        // From here on the key is called by its own name: an alias that is moved to another key must not have that
        // key sign under this one's id.
        let key_arn = required(answer.key_id, "GetPublicKey answered no key id")?;
        Ok(Self { client, key_arn, public_key: PublicKey::from_spki_der(der.as_ref())? })
    }

    async fn sign_remotely(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        // KMS takes no message of more than 4096 bytes, but the digest of any.
        let digest = digest::digest(&digest::SHA256, message);
        let answer = self
            .client
            .sign()
            .key_id(&self.key_arn)
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
            .message(Blob::new(digest.as_ref()))
            .send()
            .await
            .map_err(explain)?;
        Ok(required(answer.signature, "Sign answered no signature")?.into_inner())
    }
}

impl Signer for KmsSigner {
    fn kid(&self) -> &str {
        self.public_key.kid()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        self.sign_remotely(message).boxed()
    }
}

/// A key pair whose private half is encrypted under a key in KMS. It is decrypted once, when a process starts; from
/// then on signing is no request and has no limit, and the private key is in the process's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsWrapped {
    /// The private key (PKCS #8), encrypted.
    pub ciphertext_blob: Vec<u8>,
    /// The public key (`SubjectPublicKeyInfo`), in DER.
    pub public_key_der: Vec<u8>,
}

impl KmsWrapped {
    /// Has KMS make a key pair for an operator. Nobody has seen its private half.
    ///
    /// The `encryption_context` is not secret, but the same one is needed to decrypt the key.
    ///
    /// # Errors
    /// KMS fails or refuses.
    pub async fn generate(
        client: &Client,
        key_id: impl Into<String>,
        encryption_context: HashMap<String, String>,
    ) -> Result<Self, SigningError> {
        let request = client
            .generate_data_key_pair_without_plaintext()
            .key_id(key_id)
            .key_pair_spec(DataKeyPairSpec::Rsa2048)
            .set_encryption_context(Some(encryption_context));
        let answer = Box::pin(request.send()).await.map_err(explain)?;
        let ciphertext = required(answer.private_key_ciphertext_blob, "KMS answered no private key")?;
        let public_key = required(answer.public_key, "KMS answered no public key")?;
        Ok(Self { ciphertext_blob: ciphertext.into_inner(), public_key_der: public_key.into_inner() })
    }

    /// Has KMS decrypt the private key.
    ///
    /// # Errors
    /// KMS fails or refuses, the `encryption_context` is another than the one it was made with, or the public key
    /// belongs to another private key.
    pub async fn unwrap(
        client: &Client,
        ciphertext_blob: Vec<u8>,
        public_key_der: &[u8],
        encryption_context: HashMap<String, String>,
    ) -> Result<LocalSigner, SigningError> {
        let request = client
            .decrypt()
            .ciphertext_blob(Blob::new(ciphertext_blob))
            .set_encryption_context(Some(encryption_context));
        let answer = Box::pin(request.send()).await.map_err(explain)?;
        let plaintext = required(answer.plaintext, "Decrypt answered no plaintext")?;
        let signer = LocalSigner::from_pkcs8_der(&Zeroizing::new(plaintext.into_inner()))?;
        if signer.kid() == PublicKey::from_spki_der(public_key_der)?.kid() {
            Ok(signer)
        } else {
            Err(SigningError::key("the public key belongs to another private key"))
        }
    }
}

pub(crate) fn required<T>(value: Option<T>, lack: &'static str) -> Result<T, SigningError> {
    value.ok_or_else(|| SigningError::key(lack))
}

/// KMS's name for too many requests.
pub(crate) const THROTTLED: &str = "ThrottlingException";

/// What a failure means for whoever wanted a signature. KMS answers 5xx whenever a request may be repeated.
pub(crate) fn explain<E>(error: SdkError<E>) -> SigningError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let throttled = error.code() == Some(THROTTLED);
    let refused = error.raw_response().is_some_and(|response| response.status().is_client_error());
    let never_sent = matches!(error, SdkError::ConstructionFailure(_));
    let source = Box::new(error);
    if throttled {
        SigningError::Throttled(source)
    } else if refused || never_sent {
        SigningError::Key(source)
    } else {
        SigningError::Unavailable(source)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_kms::config::retry::RetryConfig;
    use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;
    use crate::{KmsCalls, test_keys};

    const KEY_ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    /// A KMS that gives the same answer to every request and remembers the last one.
    #[derive(Clone, Debug)]
    struct FakeKms {
        status: u16,
        answer: Value,
        last_request: Arc<Mutex<(String, Value)>>,
    }

    impl FakeKms {
        fn answering(status: u16, answer: Value) -> Self {
            Self { status, answer, last_request: Arc::default() }
        }

        fn client(&self) -> Client {
            Client::from_conf(self.config().build())
        }

        fn config(&self) -> aws_sdk_kms::config::Builder {
            let connector = SharedHttpConnector::new(self.clone());
            aws_sdk_kms::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled())
                .http_client(http_client_fn(move |_, _| connector.clone()))
        }

        fn last_request(&self) -> (String, Value) {
            self.last_request.lock().unwrap().clone()
        }
    }

    impl HttpConnector for FakeKms {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let target = request.headers().get("x-amz-target").unwrap().to_owned();
            let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            *self.last_request.lock().unwrap() = (target, body);
            let answer = SdkBody::from(self.answer.to_string());
            HttpConnectorFuture::ready(Ok(HttpResponse::new(self.status.try_into().unwrap(), answer)))
        }
    }

    fn context() -> HashMap<String, String> {
        HashMap::from([("purpose".to_owned(), "signing".to_owned())])
    }

    fn public_key_der(signer: &LocalSigner) -> Vec<u8> {
        pem::parse(signer.public_key().pem()).unwrap().into_contents()
    }

    async fn connected() -> KmsSigner {
        let answer =
            json!({"KeyId": KEY_ARN, "PublicKey": STANDARD.encode(public_key_der(test_keys::first()))});
        KmsSigner::connect(FakeKms::answering(200, answer).client(), "alias/signing").await.unwrap()
    }

    #[tokio::test]
    async fn kms_signs_the_digest_under_the_keys_own_name() {
        let signer = connected().await;
        assert_eq!(signer.kid(), test_keys::first().kid());

        let kms = FakeKms::answering(200, json!({"Signature": STANDARD.encode("the signature")}));
        let signer = KmsSigner { client: kms.client(), ..signer };
        assert_eq!(signer.sign(b"message").await.unwrap(), b"the signature");
        let (target, request) = kms.last_request();
        assert_eq!(target, "TrentService.Sign");
        let digest = STANDARD.encode(digest::digest(&digest::SHA256, b"message"));
        let expected = json!({
            "KeyId": KEY_ARN,
            "Message": digest,
            "MessageType": "DIGEST",
            "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
        });
        assert_eq!(request, expected);
    }

    #[tokio::test]
    async fn a_failure_says_whether_trying_again_helps() {
        let signer = connected().await;
        let cases = [
            (400, "ThrottlingException", (true, true)),
            (500, "KMSInternalException", (false, true)),
            (503, "DependencyTimeoutException", (false, true)),
            (400, "DisabledException", (false, false)),
            (400, "AccessDeniedException", (false, false)),
        ];
        for (status, code, expected) in cases {
            let kms = FakeKms::answering(status, json!({"__type": code, "message": "no"}));
            let signer = KmsSigner { client: kms.client(), ..connected().await };
            let error = signer.sign(b"message").await.unwrap_err();
            assert_eq!((error.is_throttled(), error.is_transient()), expected, "{code}: {error:?}");
        }
        let silent = KmsSigner { client: FakeKms::answering(200, json!({})).client(), ..signer };
        assert!(!silent.sign(b"message").await.unwrap_err().is_transient());
    }

    #[tokio::test]
    async fn requests_and_throttled_ones_are_counted() {
        let calls = KmsCalls::default();
        for (status, code) in [(400, "ThrottlingException"), (500, "KMSInternalException")] {
            let kms = FakeKms::answering(status, json!({"__type": code, "message": "no"}));
            let client = Client::from_conf(kms.config().interceptor(calls.clone()).build());
            KmsSigner { client, ..connected().await }.sign(b"message").await.unwrap_err();
        }
        assert_eq!((calls.requests(), calls.throttles()), (2, 1));
    }

    #[tokio::test]
    async fn a_wrapped_key_is_made_by_kms() {
        let answer = json!({
            "PrivateKeyCiphertextBlob": STANDARD.encode("locked"),
            "PublicKey": STANDARD.encode("public"),
        });
        let kms = FakeKms::answering(200, answer);
        let pair = KmsWrapped::generate(&kms.client(), "alias/wrapping", context()).await.unwrap();
        let expected = KmsWrapped { ciphertext_blob: b"locked".to_vec(), public_key_der: b"public".to_vec() };
        assert_eq!(pair, expected);
        let (target, request) = kms.last_request();
        assert_eq!(target, "TrentService.GenerateDataKeyPairWithoutPlaintext");
        assert_eq!(request["EncryptionContext"], json!({"purpose": "signing"}));
    }

    #[tokio::test]
    async fn a_wrapped_key_signs_once_it_is_decrypted() {
        let (signer, other) = (test_keys::first(), test_keys::second());
        let file = signer.to_pkcs8_pem().unwrap();
        let plaintext = STANDARD.encode(pem::parse(&*file).unwrap().contents());
        let kms = FakeKms::answering(200, json!({ "Plaintext": plaintext }));

        let blob = b"locked".to_vec();
        let decrypted = KmsWrapped::unwrap(&kms.client(), blob.clone(), &public_key_der(signer), context())
            .await
            .unwrap();
        assert_eq!(decrypted.kid(), signer.kid());
        let (target, request) = kms.last_request();
        assert_eq!(target, "TrentService.Decrypt");
        assert_eq!(request["CiphertextBlob"], STANDARD.encode("locked"));
        assert_eq!(request["EncryptionContext"], json!({"purpose": "signing"}));

        let mixed_up = KmsWrapped::unwrap(&kms.client(), blob, &public_key_der(other), context()).await;
        assert!(!mixed_up.unwrap_err().is_transient());
    }
}
