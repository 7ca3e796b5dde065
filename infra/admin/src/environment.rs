//! Environments and their secrets.

use std::collections::BTreeSet;
use std::convert::Infallible;

use rookery_domain::{
    Actor, ActorKind, Clock, Entropy, Environment, IdentityConfiguration, Origin, PlainToken, Policies,
    VendorId, VendorSecrets, first_roles,
};
use rookery_store::{Store, StoreError, UpdateError};
use serde::Serialize;
use url::Url;

use crate::options::{NewEnvironment, NewSecret};

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvironmentError {
    /// The address is not one that a browser could open.
    #[error("{0} is no web address with a host")]
    NoHost(Url),
    /// No environment is reached by that address.
    #[error("no environment has the host {0}")]
    Unknown(String),
    /// The host names lead to different environments.
    #[error("one of the hosts {0} leads to another environment")]
    HostTaken(String),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What there is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    /// Whether this call made the environment.
    created: bool,
    base_url: String,
    client_id: VendorId,
    /// The new secret, which is not stored and cannot be shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Outcome {
    pub(crate) fn explanation(&self) -> String {
        let Self { base_url, client_id, .. } = self;
        match (self.created, &self.secret) {
            (true, _) => format!(
                "The environment at {base_url} has the client id {client_id}. Its secret, in the line below, is shown this \
                 once: keep it."
            ),
            (false, Some(_)) => format!(
                "The environment {client_id} has another secret, in the line below. It is shown this once: keep it. The \
                 latest one before it stays good, and those before that do not."
            ),
            (false, None) => {
                format!("The environment {client_id} at {base_url} is there already. Nothing was changed.")
            }
        }
    }
}

/// Makes the environment, unless its base URL leads to one.
pub(crate) async fn create(
    store: &Store,
    wanted: &NewEnvironment,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Outcome, EnvironmentError> {
    let hosts = hosts(wanted)?;
    if let Some(there) = existing(store, &hosts[0]).await? {
        return Ok(there);
    }
    let (now, secret) = (clock.now(), PlainToken::random(entropy));
    let application_url = wanted.application_url.as_ref().unwrap_or(&wanted.base_url);
    let origins = wanted.allow_origin.iter().chain([application_url]);
    let environment = Environment {
        id: VendorId::random(entropy),
        name: wanted.name.clone(),
        secrets: VendorSecrets::new(&secret),
        base_url: address(&wanted.base_url),
        application_url: address(application_url),
        allowed_origins: origins.map(|url| url.origin().ascii_serialization()).collect(),
        sender: wanted.sender.clone(),
        configuration: IdentityConfiguration::default(),
        policies: Policies::default(),
        changed_mails: BTreeSet::new(),
        groups: rookery_domain::GroupsConfiguration::default(),
        mfa: rookery_domain::MfaConfiguration::default(),
        catalog_version: 0,
        created_at: now,
    };
    if store.environments().create(&environment, &first_roles(entropy, now), &hosts).await? {
        let (base_url, client_id) = (environment.base_url, environment.id);
        return Ok(Outcome { created: true, base_url, client_id, secret: Some(secret.expose().to_owned()) });
    }
    // Somebody else made it at the same time, or a host leads elsewhere.
    existing(store, &hosts[0]).await?.ok_or_else(|| EnvironmentError::HostTaken(hosts.join(", ")))
}

async fn existing(store: &Store, host: &str) -> Result<Option<Outcome>, EnvironmentError> {
    let Some(client_id) = store.environments().find_by_host(host).await? else {
        return Ok(None);
    };
    let found = store.environment(client_id).get().await?;
    Ok(found.map(|found| Outcome { created: false, base_url: found.base_url, client_id, secret: None }))
}

/// Makes another secret.
pub(crate) async fn new_secret(
    store: &Store,
    wanted: &NewSecret,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Outcome, EnvironmentError> {
    let host = host(&wanted.base_url)?;
    let found = store.environments().find_by_host(&host).await?;
    let client_id = found.ok_or_else(|| EnvironmentError::Unknown(host.clone()))?;
    let mut made = None;
    let operator = Actor::new(ActorKind::Operator, Origin::default(), clock.now(), entropy);
    let data = store.environment_for(client_id, operator);
    let changed = data.update(|environment| {
        let (secret, secrets) = environment.secrets.rotate(entropy);
        environment.secrets = secrets;
        made = Some(secret.expose().to_owned());
        Ok::<_, Infallible>(())
    });
    match changed.await {
        Ok(Some(environment)) => {
            Ok(Outcome { created: false, base_url: environment.base_url, client_id, secret: made })
        }
        Ok(None) => Err(EnvironmentError::Unknown(host)),
        Err(UpdateError::Store(error)) => Err(error.into()),
    }
}

/// The hosts that are to lead to the environment, that of the base URL first.
fn hosts(wanted: &NewEnvironment) -> Result<Vec<String>, EnvironmentError> {
    let mut hosts = vec![host(&wanted.base_url)?];
    for host in &wanted.host {
        let host = host.to_ascii_lowercase();
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

fn host(url: &Url) -> Result<String, EnvironmentError> {
    let web = matches!(url.scheme(), "http" | "https");
    let host = url.host_str().filter(|_| web);
    host.map(str::to_owned).ok_or_else(|| EnvironmentError::NoHost(url.clone()))
}

/// An address as clients add paths to it.
fn address(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use clap::Parser as _;
    use rookery_domain::{SystemClock, SystemEntropy};
    use rookery_store::Connection;
    use rookery_table::LocalTable;

    use super::*;
    use crate::options::{Command, Options};

    async fn table() -> (LocalTable, Store) {
        let table = LocalTable::in_memory().await.unwrap();
        let store = Store::new(Connection::new(&table.sdk_config(), table.table_name()));
        (table, store)
    }

    fn wanted(more: &str) -> NewEnvironment {
        let line = format!("rookery-admin create-environment --table t --sender no-reply@example.com {more}");
        match Options::parse_from(line.split_whitespace()).command {
            Command::CreateEnvironment(wanted) => wanted,
            Command::NewSecret(_) | Command::NewKeyPairs(_) => panic!("{line}"),
        }
    }

    async fn created(store: &Store, more: &str) -> Result<Outcome, EnvironmentError> {
        create(store, &wanted(more), &SystemClock, &SystemEntropy).await
    }

    #[tokio::test]
    async fn the_environment_is_made_once() {
        let (_table, store) = table().await;
        let options = "--base-url https://Auth.example.com/id/ --host api.execute-api.example.com \
                       --application-url https://app.example.com/home";
        let first = created(&store, options).await.unwrap();
        assert!(first.created && first.secret.is_some());
        for host in ["auth.example.com", "api.execute-api.example.com"] {
            let found = store.environments().find_by_host(host).await.unwrap();
            assert_eq!(found, Some(first.client_id), "{host}");
        }
        let environment = store.environment(first.client_id).get().await.unwrap().unwrap();
        assert_eq!(environment.base_url, "https://auth.example.com/id");
        assert!(environment.trusts_origin("https://app.example.com"));
        assert!(environment.secrets.accept(&PlainToken::presented(first.secret.unwrap())));

        let again = created(&store, options).await.unwrap();
        assert_eq!((again.created, again.client_id, again.secret), (false, first.client_id, None));
        assert_eq!(store.environment(first.client_id).get().await.unwrap(), Some(environment));
    }

    #[test]
    fn an_address_that_is_none_of_a_page_is_refused() {
        for option in ["--base-url", "--application-url", "--allow-origin"] {
            for bad in ["javascript:alert(1)", "file:///tmp", "data:text/html,x", "example.com", ""] {
                let named = format!("{option}={bad}");
                let mut line =
                    vec!["rookery-admin", "create-environment", "--table=t", "--sender=no-reply@example.com"];
                if option != "--base-url" {
                    line.push("--base-url=https://auth.example.com");
                }
                line.push(&named);
                let parsed = Options::try_parse_from(line);
                assert!(parsed.is_err(), "{named}");
            }
        }
    }

    #[tokio::test]
    async fn of_several_at_once_one_makes_it() {
        let (_table, store) = table().await;
        let options = "--base-url https://auth.example.com";
        let outcomes = futures::future::join_all((0..8).map(|_| created(&store, options))).await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.created).count(), 1);
        assert!(outcomes.iter().all(|outcome| outcome.client_id == outcomes[0].client_id));
    }

    #[tokio::test]
    async fn a_host_that_leads_elsewhere_stays_where_it_leads() {
        let (_table, store) = table().await;
        let first = created(&store, "--base-url https://one.example.com").await.unwrap();
        let second = created(&store, "--base-url https://two.example.com --host one.example.com").await;
        assert!(matches!(second, Err(EnvironmentError::HostTaken(_))));
        let environments = store.environments();
        assert_eq!(environments.find_by_host("two.example.com").await.unwrap(), None, "nothing was written");
        assert_eq!(environments.find_by_host("one.example.com").await.unwrap(), Some(first.client_id));
    }

    #[tokio::test]
    async fn another_secret_leaves_the_latest_one_good_and_is_recorded() {
        let table = LocalTable::in_memory().await.unwrap();
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&recorded);
        let connection = Connection::new(&table.sdk_config(), table.table_name());
        let store = Store::new(connection.telling(move |fact| {
            listener.lock().unwrap().push(fact.record.json["actor"].to_string());
        }));
        let first = created(&store, "--base-url https://auth.example.com").await.unwrap();
        let base_url: Url = "https://auth.example.com/x".parse().unwrap();
        let wanted = NewSecret { table: "t".to_owned(), base_url };
        let second = new_secret(&store, &wanted, &SystemClock, &SystemEntropy).await.unwrap();
        let third = new_secret(&store, &wanted, &SystemClock, &SystemEntropy).await.unwrap();
        let secrets = store.environment(first.client_id).get().await.unwrap().unwrap().secrets;
        let accepted = [first, second, third].map(|outcome| {
            let secret = outcome.secret.unwrap();
            secrets.accept(&PlainToken::presented(secret))
        });
        assert_eq!(accepted, [false, true, true]);

        assert_eq!(*recorded.lock().unwrap(), [r#""operator""#; 2]);

        let nowhere = NewSecret { base_url: "https://x.example.com".parse().unwrap(), ..wanted };
        let refused = new_secret(&store, &nowhere, &SystemClock, &SystemEntropy).await;
        assert!(matches!(refused, Err(EnvironmentError::Unknown(_))));
    }
}
