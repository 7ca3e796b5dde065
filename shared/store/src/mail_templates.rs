//! What an environment changed of its mails.

use std::convert::Infallible;

use rookery_domain::{Action, Environment, MailTemplate, TemplateKind, Timestamp};

use crate::contention::while_contended;
use crate::entity::{Entity, Stored};
use crate::error::unrefused;
use crate::keys::{Key, MAIL_TEMPLATE, mail_partition};
use crate::table::Table;
use crate::transaction::{Cancelled, Transaction};
use crate::{EnvironmentStore, StoreError, Subject, UpdateError};

impl Entity for MailTemplate {
    const TYPE: &'static str = "mail template";
}

/// The mail templates of one environment: those that it changed. Which these are, the environment says too, so that nobody
/// looks for one of the others.
pub struct MailTemplates<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> MailTemplates<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// The template of `kind`, if it was changed.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, kind: TemplateKind) -> Result<Option<MailTemplate>, StoreError> {
        let found = self.table().get::<MailTemplate>(self.key(kind)).await?;
        Ok(found.map(|stored| stored.value))
    }

    /// All templates that were changed, in the order of their names.
    ///
    /// # Errors
    /// The table fails.
    pub async fn list(&self) -> Result<Vec<MailTemplate>, StoreError> {
        let partition = mail_partition(self.environment.id);
        let found = self.table().query_entities::<MailTemplate>(partition, MAIL_TEMPLATE).await?;
        Ok(found.into_iter().map(|stored| stored.value).collect())
    }

    /// Changes the template of `kind`, which begins as it is built in; `None` when there is no such environment. `change` may
    /// be called more than once.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update<E>(
        &self,
        kind: TemplateKind,
        now: Timestamp,
        mut change: impl FnMut(&mut MailTemplate) -> Result<(), E>,
    ) -> Result<Option<MailTemplate>, UpdateError<E>> {
        while_contended!(async {
            let (Some(environment), found) = self.read(kind).await? else {
                return Ok(None);
            };
            let mut template = match &found {
                Some(stored) => stored.value.clone(),
                None => MailTemplate::of(kind, now),
            };
            change(&mut template).map_err(UpdateError::Refused)?;
            template.updated_at = now;
            let mut transaction = Transaction::new(self.table());
            match found {
                Some(stored) => transaction.replace(self.key(kind), &stored.with(template.clone()))?,
                None => transaction.insert(self.key(kind), &template)?,
            };
            self.note(&mut transaction, environment, |environment| {
                environment.changed_mails.insert(kind);
            })?;
            transaction.record(self.environment.fact(Action::MailTemplateChanged, subject(kind)))?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(Some(template))
        })
    }

    /// Has mails of `kind` be as they are built in. `false`: they are.
    ///
    /// # Errors
    /// The table fails.
    pub async fn remove(&self, kind: TemplateKind) -> Result<bool, StoreError> {
        let removed = while_contended!(async {
            let (Some(environment), Some(stored)) = self.read(kind).await? else {
                return Ok::<_, UpdateError<Infallible>>(false);
            };
            let mut transaction = Transaction::new(self.table());
            transaction.remove_unchanged(self.key(kind), &stored)?;
            self.note(&mut transaction, environment, |environment| {
                environment.changed_mails.remove(&kind);
            })?;
            transaction.record(self.environment.fact(Action::MailTemplateChanged, subject(kind)))?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(true)
        });
        removed.map_err(unrefused)
    }

    /// The environment and the template of `kind`, read together.
    async fn read(
        &self,
        kind: TemplateKind,
    ) -> Result<(Option<Stored<Environment>>, Option<Stored<MailTemplate>>), StoreError> {
        let (environment, template) = (Key::environment(self.environment.id), self.key(kind));
        let mut batch = self.table().get_all(vec![environment.clone(), template.clone()]).await?;
        Ok((batch.take(&environment)?, batch.take(&template)?))
    }

    /// Writes the environment, if `change` changes it.
    fn note(
        &self,
        transaction: &mut Transaction<'_>,
        mut environment: Stored<Environment>,
        change: impl FnOnce(&mut Environment),
    ) -> Result<(), StoreError> {
        let before = environment.value.changed_mails.clone();
        change(&mut environment.value);
        if environment.value.changed_mails != before {
            transaction.replace(Key::environment(self.environment.id), &environment)?;
        }
        Ok(())
    }

    fn key(&self, kind: TemplateKind) -> Key {
        Key::mail_template(self.environment.id, kind)
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }
}

fn subject(kind: TemplateKind) -> Subject {
    Subject::environment().with("template", &kind.as_str())
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(mail_templates: MailTemplate);
}
