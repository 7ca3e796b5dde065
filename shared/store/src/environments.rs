//! Environments, and how they are found.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rookery_domain::{Action, Actor, ActorKind, Environment, Role, User, VendorId};
use serde::{Deserialize, Serialize};

use crate::catalog::CATALOG_VERSION;
use crate::contention::while_contended;
use crate::entity::{Entity, Item, Stored, decode, document, number};
use crate::keys::Key;
use crate::table::{Batch, Table};
use crate::transaction::{Cancelled, Transaction};
use crate::{
    ApiTokens, Attempts, CatalogStore, Challenges, Codes, Factors, Groups, Journal, MailTemplates, Sessions,
    Store, StoreError, Subject, TenantInvites, Tenants, Tickets, UpdateError, Users,
};

impl Entity for Environment {
    const TYPE: &'static str = "environment";
    const WRITTEN: u32 = 4;

    fn complete(&mut self, item: &Item) {
        self.catalog_version = number(item, CATALOG_VERSION).unwrap_or_default();
    }
}

/// Environments as they were last read. Every request reads one, and they hardly ever change: while the document is the
/// same, it is not parsed again.
#[derive(Clone, Default)]
pub(crate) struct KnownEnvironments(Arc<Mutex<HashMap<VendorId, (String, Environment)>>>);

impl KnownEnvironments {
    fn decode(&self, id: VendorId, item: &Item) -> Result<Environment, StoreError> {
        if let Some(mut environment) = self.recall(id, item) {
            environment.complete(item);
            return Ok(environment);
        }
        let environment = decode::<Environment>(item)?.value;
        if let (Ok(mut known), Some(document)) = (self.0.lock(), document(item)) {
            known.insert(id, (document.to_owned(), environment.clone()));
        }
        Ok(environment)
    }

    fn recall(&self, id: VendorId, item: &Item) -> Option<Environment> {
        let known = self.0.lock().ok()?;
        let (read, environment) = known.get(&id)?;
        (Some(read.as_str()) == document(item)).then(|| environment.clone())
    }
}

/// The environment that a host name belongs to.
#[derive(Serialize, Deserialize)]
struct Host {
    environment: VendorId,
}

impl Entity for Host {
    const TYPE: &'static str = "host";
}

/// The environments of a deployment.
pub struct Environments<'a> {
    table: &'a Table,
}

impl<'a> Environments<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { table: &store.table }
    }

    /// Which environment the host name `host` belongs to.
    ///
    /// # Errors
    /// The table fails.
    pub async fn find_by_host(&self, host: &str) -> Result<Option<VendorId>, StoreError> {
        let found = self.table.get::<Host>(Key::host(host)).await?;
        Ok(found.map(|host| host.value.environment))
    }

    /// Makes an environment with its first roles, and has `hosts` lead to it. `false`: there is one already, or one of the
    /// hosts leads to another, and nothing was written.
    ///
    /// # Errors
    /// The table fails.
    pub async fn create(
        &self,
        environment: &Environment,
        roles: &[Role],
        hosts: &[String],
    ) -> Result<bool, StoreError> {
        let id = environment.id;
        let mut transaction = Transaction::new(self.table);
        let mut unique = vec![transaction.insert(Key::environment(id), environment)?];
        for host in hosts {
            unique.push(transaction.insert(Key::host(host), &Host { environment: id })?);
        }
        crate::catalog::insert(&mut transaction, id, roles)?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(cancelled) if unique.iter().any(|write| cancelled.failed(*write)) => Ok(false),
            Err(cancelled) => Err(cancelled.into_store_error()),
        }
    }

    /// Has `host` lead to `environment`. `false`: it leads to another.
    ///
    /// # Errors
    /// The table fails.
    pub async fn claim_host(&self, host: &str, environment: VendorId) -> Result<bool, StoreError> {
        let mut transaction = Transaction::new(self.table);
        let claim = transaction.insert(Key::host(host), &Host { environment })?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(cancelled) if cancelled.failed(claim) => {
                Ok(self.find_by_host(host).await? == Some(environment))
            }
            Err(cancelled) => Err(cancelled.into_store_error()),
        }
    }
}

/// One environment's data.
#[derive(Clone)]
pub struct EnvironmentStore {
    pub(crate) store: Store,
    pub(crate) id: VendorId,
    /// Who does what is done with it.
    pub(crate) actor: Option<Arc<Actor>>,
}

impl EnvironmentStore {
    pub(crate) fn new(store: Store, id: VendorId, actor: Option<Actor>) -> Self {
        Self { store, id, actor: actor.map(Arc::new) }
    }

    /// Which environment this is.
    #[must_use]
    pub fn id(&self) -> VendorId {
        self.id
    }

    /// The same data, for `user`, who has proved to be the one who asks for it.
    #[must_use]
    pub fn acting_as(&self, user: &User) -> Self {
        let kind = ActorKind::User(user.id, user.email.clone());
        let actor = self.actor.as_deref().map(|actor| Arc::new(actor.turning_out_to_be(kind)));
        Self { actor, ..self.clone() }
    }

    /// The roles, permissions and categories.
    #[must_use]
    pub fn catalog(&self) -> CatalogStore<'_> {
        CatalogStore::new(self)
    }

    /// The tenants.
    #[must_use]
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants::new(self)
    }

    /// The users.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users::new(self)
    }

    /// The sessions.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(self)
    }

    /// The audit log.
    #[must_use]
    pub fn journal(&self) -> Journal<'_> {
        Journal::new(self)
    }

    /// The one-time tickets of users.
    #[must_use]
    pub fn tickets(&self) -> Tickets<'_> {
        Tickets::new(self)
    }

    /// The wrong passwords of users.
    #[must_use]
    pub fn attempts(&self) -> Attempts<'_> {
        Attempts::new(self)
    }

    /// The codes that were mailed for signing in.
    #[must_use]
    pub fn codes(&self) -> Codes<'_> {
        Codes::new(self)
    }

    /// The invitation links of tenants.
    #[must_use]
    pub fn tenant_invites(&self) -> TenantInvites<'_> {
        TenantInvites::new(self)
    }

    /// The groups of tenants.
    #[must_use]
    pub fn groups(&self) -> Groups<'_> {
        Groups::new(self)
    }

    /// The sign-ins that wait for a second factor.
    #[must_use]
    pub fn challenges(&self) -> Challenges<'_> {
        Challenges::new(self)
    }

    /// Its users' second factors.
    #[must_use]
    pub fn factors(&self) -> Factors<'_> {
        Factors::new(self)
    }

    /// The mail templates.
    #[must_use]
    pub fn mail_templates(&self) -> MailTemplates<'_> {
        MailTemplates::new(self)
    }

    /// The API tokens.
    #[must_use]
    pub fn api_tokens(&self) -> ApiTokens<'_> {
        ApiTokens::new(self)
    }

    /// The environment itself.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self) -> Result<Option<Environment>, StoreError> {
        let found = self.table().get::<Environment>(Key::environment(self.id)).await?;
        Ok(found.map(|stored| stored.value))
    }

    /// Changes the environment; `None` when there is none.
    ///
    /// `change` may be called more than once.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update<E>(
        &self,
        mut change: impl FnMut(&mut Environment) -> Result<(), E>,
    ) -> Result<Option<Environment>, UpdateError<E>> {
        let key = Key::environment(self.id);
        while_contended!(async {
            let Some(mut stored) = self.table().get::<Environment>(key.clone()).await? else {
                return Ok(None);
            };
            change(&mut stored.value).map_err(UpdateError::Refused)?;
            self.write(&key, &stored).await?;
            Ok(Some(stored.value))
        })
    }

    /// The environment, if it is among what was read.
    pub(crate) fn among(&self, batch: &Batch) -> Result<Option<Environment>, StoreError> {
        let item = batch.item(&Key::environment(self.id));
        item.map(|item| self.store.known_environments.decode(self.id, item)).transpose()
    }

    async fn write(&self, key: &Key, stored: &Stored<Environment>) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(self.table());
        transaction.replace(key.clone(), stored)?;
        transaction.record(self.fact(Action::SettingsChanged, Subject::environment()))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)
    }

    pub(crate) fn table(&self) -> &Table {
        &self.store.table
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use rookery_domain::TemplateKind;

    use crate::documents::documented;

    documented!(environments: Environment);

    /// Every request reads it, and DynamoDB counts reads by 4 KiB.
    #[test]
    fn an_environment_is_read_for_one_unit() {
        let mut environment: Environment =
            serde_json::from_str(include_str!("documents/environment.4.json")).unwrap();
        environment.changed_mails = TemplateKind::ALL.iter().copied().collect();
        environment.allowed_origins = vec!["https://a-rather-long-name.example.com".to_owned(); 20];
        assert!(serde_json::to_string(&environment).unwrap().len() < 3_800);
    }
    documented!(hosts: Host);
}
