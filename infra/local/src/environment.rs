//! The one environment that the server has.

use std::collections::BTreeSet;
use std::convert::Infallible;

use rookery_domain::{
    Clock, Entropy, Environment, IdentityConfiguration, PlainToken, Policies, VendorSecrets, first_roles,
};
use rookery_store::{Store, UpdateError};

use crate::home::Credentials;
use crate::{Options, StartError};

/// Where the application is, unless the command line says so.
const APPLICATION_URL: &str = "http://localhost:3001";

/// Where mails come from. Nobody gets any, so it need not exist.
const SENDER: &str = "no-reply@localhost.localdomain";

/// The ports that development servers commonly listen on.
const APPLICATION_PORTS: [u16; 4] = [3000, 3001, 5173, 8080];

/// Makes the environment, or has the one that is there follow what may have changed since: address, secret, options.
pub(crate) async fn prepare(
    store: &Store,
    credentials: &Credentials,
    base_url: &str,
    options: &Options,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<(), StartError> {
    let now = clock.now();
    let secret = PlainToken::presented(credentials.secret.clone());
    let environment = Environment {
        id: credentials.client_id,
        name: "Rookery".to_owned(),
        secrets: VendorSecrets::new(&secret),
        base_url: base_url.to_owned(),
        application_url: options.application_url.clone().unwrap_or_else(|| APPLICATION_URL.to_owned()),
        allowed_origins: usual_origins().chain(options.allow_origin.iter().cloned()).collect(),
        sender: SENDER.parse()?,
        configuration: IdentityConfiguration::default(),
        policies: Policies::default(),
        changed_mails: BTreeSet::new(),
        groups: rookery_domain::GroupsConfiguration::default(),
        mfa: rookery_domain::MfaConfiguration::default(),
        catalog_version: 0,
        created_at: now,
    };
    let created = store.environments().create(&environment, &first_roles(entropy, now), &[]).await?;
    if !created {
        follow(store, &environment, &secret, options).await?;
    }
    claim_hosts(store, credentials, options).await
}

/// Brings the environment up to date. What was changed through the API stays as it is.
async fn follow(
    store: &Store,
    wanted: &Environment,
    secret: &PlainToken,
    options: &Options,
) -> Result<(), StartError> {
    let change = |environment: &mut Environment| {
        environment.base_url.clone_from(&wanted.base_url);
        if let Some(url) = &options.application_url {
            environment.application_url.clone_from(url);
        }
        if !environment.secrets.accept(secret) {
            environment.secrets = wanted.secrets.clone();
        }
        for origin in &options.allow_origin {
            if !environment.allowed_origins.contains(origin) {
                environment.allowed_origins.push(origin.clone());
            }
        }
        Ok::<_, Infallible>(())
    };
    match store.environment(wanted.id).update(change).await {
        Ok(_) => Ok(()),
        Err(UpdateError::Store(error)) => Err(error.into()),
    }
}

async fn claim_hosts(store: &Store, credentials: &Credentials, options: &Options) -> Result<(), StartError> {
    for host in hosts(options) {
        if !store.environments().claim_host(&host, credentials.client_id).await? {
            return Err(StartError::HostTaken(host));
        }
    }
    Ok(())
}

/// The host names that lead to the environment.
pub(crate) fn hosts(options: &Options) -> impl Iterator<Item = String> {
    let named = options.vendor_host.as_deref().map(str::to_ascii_lowercase);
    ["127.0.0.1", "localhost"].map(str::to_owned).into_iter().chain(named)
}

fn usual_origins() -> impl Iterator<Item = String> {
    ["localhost", "127.0.0.1"]
        .into_iter()
        .flat_map(|host| APPLICATION_PORTS.map(|port| format!("http://{host}:{port}")))
}
