//! A function: an endpoint group, and the services that it uses beside the table.

use std::sync::Arc;
use std::{env, io};

use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use axum::Router;
use futures::future::{BoxFuture, join};
use lambda_http::Error;
use rookery_domain::{Clock, Entropy, Sealed, SystemClock, SystemEntropy};
use rookery_email::{Mailer, Message, SendError, SesTransport, Transport};
use rookery_http::{AppState, Costly, Parts};
use rookery_store::{Connection, Store};
use rookery_tokens::{KmsCalls, KmsSealer, PasswordHasher, Sealer, SealingContext, SealingError};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;
use zeroize::Zeroizing;

use crate::keys::{self, KeyRings};
use crate::metrics::Metrics;
use crate::mount::Mount;
use crate::settings::{Settings, SettingsError};
use crate::{aws, gateway, logs};

/// An endpoint group as a Lambda function, to be served.
///
/// It can read and write the table and verify tokens. What it does besides it says here, as its role in `template.yaml`
/// does: the code for a service that it does not name is not linked into its program.
#[must_use = "a function answers nothing until it is served"]
pub struct Function {
    router: Router<AppState>,
    keys: KeyRings,
    transport: MakeTransport,
    sealer: MakeSealer,
}

type MakeTransport = fn(&SdkConfig, Option<String>) -> Arc<dyn Transport>;

/// Makes what seals with the key that is named, if one is.
type MakeSealer = fn(&Client, Option<String>) -> Result<Arc<dyn Sealer>, SettingsError>;

impl Function {
    /// A function that answers with the endpoints of `router`.
    pub fn new(router: Router<AppState>) -> Self {
        let keys = KeyRings { user: keys::to_verify, vendor: keys::to_verify };
        Self { router, keys, transport: |_, _| Arc::new(NoMail), sealer: |_, _| Ok(Arc::new(NoSealer)) }
    }

    /// It sends mail, through SES.
    pub fn sending_mail(self) -> Self {
        let transport: MakeTransport = |config, configuration_set| {
            Arc::new(SesTransport::new(aws_sdk_ses::Client::new(config), configuration_set))
        };
        Self { transport, ..self }
    }

    /// It seals and opens users' secrets, with a key in KMS.
    pub fn sealing_secrets(self) -> Self {
        let sealer: MakeSealer = |client, key| {
            let key = key.ok_or(SettingsError::Missing("SECRETS_KEY_ID"))?;
            Ok(Arc::new(KmsSealer::new(client.clone(), key)))
        };
        Self { sealer, ..self }
    }

    /// It issues users' access tokens.
    pub fn signing_user_tokens(self) -> Self {
        Self { keys: KeyRings { user: keys::to_sign, ..self.keys }, ..self }
    }

    /// It issues vendor tokens.
    pub fn signing_vendor_tokens(self) -> Self {
        Self { keys: KeyRings { vendor: keys::to_sign, ..self.keys }, ..self }
    }

    /// Answers the events of this function, for as long as Lambda lets it.
    ///
    /// # Errors
    /// A setting is missing or wrong, or a key cannot be had.
    pub async fn serve(self) -> Result<(), Error> {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        logs::subscriber(filter, io::stdout).init();
        let Self { router, keys, transport, sealer } = self;
        let (metrics, mount) = start(keys, transport, sealer)
            .await
            .inspect_err(|error| tracing::error!(cause = error.as_ref(), "the function does not start"))?;
        gateway::run(router, metrics, mount).await
    }
}

async fn start(
    keys: KeyRings,
    transport: MakeTransport,
    sealer: MakeSealer,
) -> Result<(Metrics, Mount), Error> {
    let settings = Settings::read(|name| env::var(name).ok())?;
    let mount = Mount::below(settings.base_path.clone());
    let (stack, of_endpoints) = (settings.stack_name.clone(), settings.endpoint_metrics);
    let config = aws::config().await?;
    let (kms, transport) = (KmsCalls::default(), transport(&config, settings.mail_configuration_set.clone()));
    let app = AppState::new(parts(settings, &config, &kms, keys, (transport, sealer)).await?);
    let writer = BoxMakeWriter::new(io::stdout);
    Ok((Metrics { stack, of_endpoints, app, kms, cold: true.into(), writer }, mount))
}

async fn parts(
    settings: Settings,
    config: &SdkConfig,
    kms: &KmsCalls,
    keys: KeyRings,
    (transport, sealer): (Arc<dyn Transport>, MakeSealer),
) -> Result<Parts, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let connection = Connection::new(config, &settings.table_name);
    let kms = aws_sdk_kms::config::Builder::from(config).interceptor(kms.clone()).build();
    let kms = Client::from_conf(kms);
    let sealer = sealer(&kms, settings.secrets_key_id)?;
    // While Lambda starts a function it has more processor time than it will ever have again.
    let (rings, ()) = join(keys.connect(kms, settings.keys), connection.open()).await;
    let (user_keys, vendor_keys) = rings?;
    Ok(Parts {
        store: Store::new(connection),
        user_keys,
        vendor_keys,
        costly: Costly::new(PasswordHasher::new(entropy.clone())?, Mailer::new(transport), sealer),
        clock,
        entropy,
    })
}

/// The transport of a function that sends no mail.
struct NoMail;

impl Transport for NoMail {
    fn send<'a>(&'a self, _: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async { Err(SendError::Unavailable("this function sends no mail".to_owned())) })
    }
}

/// The sealer of a function that seals nothing.
struct NoSealer;

impl NoSealer {
    fn refuse<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, SealingError>> {
        Box::pin(async { Err(SealingError::Key("this function has no key for secrets".into())) })
    }
}

impl Sealer for NoSealer {
    fn seal<'a>(&'a self, _: &'a [u8], _: SealingContext) -> BoxFuture<'a, Result<Sealed, SealingError>> {
        Self::refuse()
    }

    fn open<'a>(
        &'a self,
        _: &'a Sealed,
        _: SealingContext,
    ) -> BoxFuture<'a, Result<Zeroizing<Vec<u8>>, SealingError>> {
        Self::refuse()
    }
}
