//! Second factors: one item for each user who has any, or is about to.

use std::ops::Deref;

use rookery_domain::{Action, LiveTenant, SecondFactorError, SecondFactors, TenantId, User, UserId};

use crate::contention::while_contended;
use crate::entity::{Entity, Stored};
use crate::keys::Key;
use crate::transaction::Transaction;
use crate::users::UserItem;
use crate::{EnvironmentStore, StoreError, UpdateError, WaitingChallenge};

impl Entity for SecondFactors {
    const TYPE: &'static str = "second factors";
}

/// The second factors of a user as they were read; none of those who have no item.
#[derive(Clone, Debug, Default)]
pub struct FactorsSnapshot {
    stored: Option<Stored<SecondFactors>>,
    factors: SecondFactors,
}

impl Deref for FactorsSnapshot {
    type Target = SecondFactors;

    fn deref(&self) -> &SecondFactors {
        &self.factors
    }
}

impl From<Option<Stored<SecondFactors>>> for FactorsSnapshot {
    fn from(stored: Option<Stored<SecondFactors>>) -> Self {
        let factors = stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default();
        Self { stored, factors }
    }
}

/// The second factors of one environment's users.
///
/// Whether a user has any, the user's own item says. Both are written together.
pub struct Factors<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Factors<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// The second factors of `user`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, user: UserId) -> Result<FactorsSnapshot, StoreError> {
        Ok(self.environment.table().get(self.key(user)).await?.into())
    }

    /// The user `user`, their second factors, and which of the tenants `tenants` are there, in one round trip.
    ///
    /// # Errors
    /// The table fails.
    pub async fn with_user(
        &self,
        user: UserId,
        tenants: &[&TenantId],
    ) -> Result<(Option<User>, FactorsSnapshot, Vec<LiveTenant>), StoreError> {
        let (user_key, key) = (self.user_key(user), self.key(user));
        let keys = tenants.iter().map(|tenant| self.environment.tenants().key(tenant));
        let keys = keys.chain([user_key.clone(), key.clone()]).collect();
        let mut batch = self.environment.table().get_all(keys).await?;
        let there = self.environment.tenants().among(&batch, tenants)?;
        let user = batch.take::<UserItem>(&user_key)?.map(|stored| stored.value.user);
        Ok((user, batch.take::<SecondFactors>(&key)?.into(), there))
    }

    /// Changes the second factors of `user`, but not whether there are any, from what was read already: they are read again only
    /// if somebody else was quicker. With that `challenge` is used up, if there is one. `change` may be called more than once.
    ///
    /// # Errors
    /// `change` refuses, the challenge does not wait any more, or the table fails.
    pub async fn update(
        &self,
        user: UserId,
        snapshot: FactorsSnapshot,
        challenge: Option<&WaitingChallenge>,
        mut change: impl FnMut(&mut SecondFactors) -> Result<(), SecondFactorError>,
    ) -> Result<(), UpdateError<SecondFactorError>> {
        let mut snapshot = Some(snapshot);
        while_contended!(async {
            let FactorsSnapshot { stored, mut factors } = match snapshot.take() {
                Some(read) => read,
                None => self.get(user).await?,
            };
            change(&mut factors).map_err(UpdateError::Refused)?;
            let mut transaction = Transaction::new(self.environment.table());
            self.write(&mut transaction, user, stored.as_ref(), factors)?;
            self.commit(transaction, challenge).await
        })
    }

    /// Changes a user and their second factors, together, and records that as `action`, if anything changes; `None` when there
    /// is no such user. With that `challenge` is used up, if there is one. `change` may be called more than once.
    ///
    /// # Errors
    /// `change` refuses, the challenge does not wait any more, or the table fails.
    pub async fn update_with_user(
        &self,
        user: UserId,
        action: Action,
        challenge: Option<&WaitingChallenge>,
        mut change: impl FnMut(&mut User, &mut SecondFactors) -> Result<(), SecondFactorError>,
    ) -> Result<Option<User>, UpdateError<SecondFactorError>> {
        let users = self.environment.users();
        while_contended!(async {
            let (user_key, key) = (self.user_key(user), self.key(user));
            let mut batch = self.environment.table().get_all(vec![user_key.clone(), key.clone()]).await?;
            let Some(mut item) = batch.take::<UserItem>(&user_key)? else { return Ok(None) };
            let FactorsSnapshot { stored, mut factors } = batch.take::<SecondFactors>(&key)?.into();
            let before = (item.value.user.clone(), factors.clone());
            change(&mut item.value.user, &mut factors).map_err(UpdateError::Refused)?;
            item.value.user.mfa_enrolled = factors.is_enrolled();
            if before == (item.value.user.clone(), factors.clone()) && challenge.is_none() {
                return Ok(Some(before.0));
            }
            let mut transaction = Transaction::new(self.environment.table());
            self.write(&mut transaction, user, stored.as_ref(), factors)?;
            users.rewrite_item(&mut transaction, &item, action)?;
            self.commit(transaction, challenge).await?;
            Ok(Some(item.value.user))
        })
    }

    /// Writes `factors` in place of what was read, if nobody else was quicker.
    fn write(
        &self,
        transaction: &mut Transaction<'_>,
        user: UserId,
        stored: Option<&Stored<SecondFactors>>,
        factors: SecondFactors,
    ) -> Result<(), StoreError> {
        let key = self.key(user);
        match stored {
            Some(stored) if factors.is_empty() => transaction.remove_unchanged(key, stored)?,
            Some(stored) => transaction.replace(key, &stored.with(factors))?,
            None if factors.is_empty() => return Ok(()),
            None => transaction.insert(key, &factors)?,
        };
        Ok(())
    }

    async fn commit(
        &self,
        mut transaction: Transaction<'_>,
        challenge: Option<&WaitingChallenge>,
    ) -> Result<(), UpdateError<SecondFactorError>> {
        let used = match challenge {
            Some(challenge) => {
                let key = Key::challenge(self.environment.id, &challenge.token);
                Some(transaction.remove_if(key, challenge.is_unchanged()?)?)
            }
            None => None,
        };
        match transaction.commit().await {
            Ok(()) => Ok(()),
            Err(cancelled) if used.is_some_and(|used| cancelled.failed(used)) => {
                Err(UpdateError::Refused(SecondFactorError::NoChallenge))
            }
            Err(cancelled) => Err(cancelled.into_store_error().into()),
        }
    }

    fn key(&self, user: UserId) -> Key {
        Key::factors(self.environment.id, user)
    }

    fn user_key(&self, user: UserId) -> Key {
        Key::user(self.environment.id, user)
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(factors: SecondFactors);
}
