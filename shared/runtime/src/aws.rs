//! The way to AWS.

use std::time::Duration;
use std::{env, fs, io};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use lambda_http::Error;

/// API Gateway waits 30 seconds for an answer. Most requests make at most four calls to AWS one after the other, and a call
/// has failed after six seconds, its retries included. Those that make more, such as the removal of a tenant, are ended by
/// the deadline that every request has.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);
/// One try of a call.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Connecting for one try of a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a call is tried.
const ATTEMPTS: u32 = 3;

/// The certificates that the endpoints of AWS are trusted by.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_trust_services.pem");

/// The settings of every client: those of the function's environment, as for any SDK of AWS.
pub(crate) async fn config() -> Result<SdkConfig, Error> {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(OPERATION_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    let tls = TlsContext::builder().with_trust_store(trust_store(|name| env::var(name).ok())?).build()?;
    let http_client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls);
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client.build_https())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    Ok(Box::pin(config.load()).await)
}

/// Whose certificates are trusted. Reading those of the operating system, more than a hundred of them, would take
/// longer than everything else that a function does before its first request.
///
/// `AWS_CA_BUNDLE` names others, and `SSL_CERT_FILE` or `SSL_CERT_DIR` has those of the operating system read from there.
fn trust_store(variable: impl Fn(&str) -> Option<String>) -> io::Result<TrustStore> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(bundle) = set("AWS_CA_BUNDLE") {
        return Ok(TrustStore::empty().with_pem_certificate(fs::read(bundle)?));
    }
    if set("SSL_CERT_FILE").or_else(|| set("SSL_CERT_DIR")).is_some() {
        return Ok(TrustStore::default());
    }
    Ok(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS))
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::Connector;

    use super::*;

    #[test]
    fn amazons_roots_are_trusted_unless_the_environment_names_others() {
        let trusted = |name: &str, value: &str| {
            let store = trust_store(|asked| (asked == name).then(|| value.to_owned()));
            format!("{:?}", store.unwrap())
        };
        let amazon = format!("{:?}", TrustStore::empty().with_pem_certificate(AMAZON_ROOTS));
        let system = format!("{:?}", TrustStore::default());
        assert_eq!(trusted("HOME", "/root"), amazon);
        assert_eq!(trusted("AWS_CA_BUNDLE", ""), amazon);
        assert_eq!(trusted("SSL_CERT_FILE", "/etc/ssl/cert.pem"), system);
        assert_eq!(trusted("SSL_CERT_DIR", "/etc/ssl/certs"), system);
        let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/src/amazon_trust_services.pem");
        assert_eq!(trusted("AWS_CA_BUNDLE", bundle), amazon);
        let missing = trust_store(|name| (name == "AWS_CA_BUNDLE").then(|| "/nowhere.pem".to_owned()));
        assert!(missing.is_err());
    }

    #[test]
    fn all_of_amazons_roots_can_be_read() {
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 5);
        let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let tls = TlsContext::builder().with_trust_store(roots).build().unwrap();
        // It panics at one that it cannot read.
        Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build();
    }
}
