//! Puts an endpoint group together as a function on AWS Lambda, behind an API Gateway HTTP API.
//!
//! Settings come from environment variables:
//!
//! | variable | |
//! |---|---|
//! | `TABLE_NAME` | the DynamoDB table |
//! | `BASE_PATH` | optional: what paths begin with on a domain of the operator's own, without a slash at either end |
//! | `SIGNING_MODE` | `KmsSign`: keys that never leave KMS. `KmsWrapped`: keys that KMS decrypts when a function starts |
//! | `USER_KEY_ID`, `VENDOR_KEY_ID` | with `KmsSign`: the keys in KMS, each by id, ARN or alias |
//! | `USER_KEY_PUBLIC`, `VENDOR_KEY_PUBLIC` | with `KmsWrapped`: the public keys (`SubjectPublicKeyInfo`, DER, base64) |
//! | `USER_KEY_WRAPPED`, `VENDOR_KEY_WRAPPED` | with `KmsWrapped`: the encrypted private keys (base64); a function without one verifies tokens and signs none |
//! | `USER_KEYS_RETIRED`, `VENDOR_KEYS_RETIRED` | optional: public keys that signed before, like the above, separated by commas |
//! | `MAIL_CONFIGURATION_SET` | optional: the SES configuration set that mails are sent with |
//! | `STACK_NAME` | optional: the dimension `stack` of the metrics; `rookery` unless it says otherwise |
//! | `ENDPOINT_METRICS` | optional: `Off`: no metrics of each endpoint. `On`, the default: a few, for each of which CloudWatch takes money |
//! | `RUST_LOG` | optional: what is logged; `info` unless it says otherwise |

mod aws;
mod gateway;
mod keys;
mod logs;
mod metrics;
mod mount;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::{env, io};

use aws_config::SdkConfig;
use axum::Router;
use futures::future::join;
use rookery_domain::{Clock, Entropy, SystemClock, SystemEntropy};
use rookery_email::{Mailer, SesTransport};
use rookery_http::{AppState, Parts};
use rookery_store::{Connection, Store};
use rookery_tokens::{KmsCalls, PasswordHasher};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use metrics::Metrics;
use mount::Mount;
use settings::Settings;

pub use lambda_http::Error;

pub use keys::{USER_KEY_CONTEXT, VENDOR_KEY_CONTEXT};

/// Answers the events of this function with the endpoints of `router`, for as long as Lambda lets it.
///
/// # Errors
/// A setting is missing or wrong, or a signing key cannot be had.
pub async fn serve(router: Router<AppState>) -> Result<(), Error> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    logs::subscriber(filter, io::stdout).init();
    let (metrics, mount) = start()
        .await
        .inspect_err(|error| tracing::error!(cause = error.as_ref(), "the function does not start"))?;
    gateway::run(router, metrics, mount).await
}

async fn start() -> Result<(Metrics, Mount), Error> {
    let settings = Settings::read(|name| env::var(name).ok())?;
    let mount = Mount::below(settings.base_path.clone());
    let (stack, of_endpoints) = (settings.stack_name.clone(), settings.endpoint_metrics);
    let kms = KmsCalls::default();
    let app = AppState::new(parts(settings, &aws::config().await?, &kms).await?);
    let writer = BoxMakeWriter::new(io::stdout);
    Ok((Metrics { stack, of_endpoints, app, kms, cold: true.into(), writer }, mount))
}

async fn parts(settings: Settings, config: &SdkConfig, kms: &KmsCalls) -> Result<Parts, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let connection = Connection::new(config, &settings.table_name);
    let kms = aws_sdk_kms::config::Builder::from(config).interceptor(kms.clone()).build();
    let kms = aws_sdk_kms::Client::from_conf(kms);
    // While Lambda starts a function it has more processor time than it will ever have again.
    let (keys, ()) = join(keys::rings(kms, settings.keys), connection.open()).await;
    let (user_keys, vendor_keys) = keys?;
    let transport = SesTransport::new(aws_sdk_ses::Client::new(config), settings.mail_configuration_set);
    Ok(Parts {
        store: Store::new(connection),
        user_keys,
        vendor_keys,
        passwords: PasswordHasher::new(entropy.clone())?,
        mailer: Mailer::new(Arc::new(transport)),
        clock,
        entropy,
    })
}
