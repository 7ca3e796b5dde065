//! Sign-ins that wait for a second factor: one item for each, found by the hash of its token.

use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{Action, Sealed, SecondFactorChallenge, TokenHash, User};

use crate::entity::{Entity, Stored, to_document};
use crate::keys::Key;
use crate::transaction::{Cancelled, Condition, Transaction};
use crate::tries::try_one;
use crate::{EnvironmentStore, StoreError, Subject};

impl Entity for SecondFactorChallenge {
    const TYPE: &'static str = "second-factor challenge";

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // When DynamoDB may clean the item up, in seconds since the epoch. Expiry is always checked by whoever reads.
        vec![("ttl", Some(AttributeValue::N(self.forgotten_at().as_seconds().to_string())))]
    }
}

/// A sign-in that waits, as it was read, to be used up.
#[derive(Clone, Debug)]
pub struct WaitingChallenge {
    stored: Stored<SecondFactorChallenge>,
    pub(crate) token: TokenHash,
}

impl Deref for WaitingChallenge {
    type Target = SecondFactorChallenge;

    fn deref(&self) -> &SecondFactorChallenge {
        &self.stored.value
    }
}

impl WaitingChallenge {
    /// That it waits still, as it was read.
    pub(crate) fn is_unchanged(&self) -> Result<Condition, StoreError> {
        Ok(Condition::new("document = :tried", ":tried", to_document(&self.stored.value)?))
    }
}

/// The sign-ins to one environment that wait for a second factor.
pub struct Challenges<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Challenges<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Keeps `challenge` of `user`, which is found by `token`, and records it.
    ///
    /// # Errors
    /// The table fails.
    pub async fn keep(
        &self,
        token: &TokenHash,
        user: &User,
        challenge: &SecondFactorChallenge,
    ) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(self.environment.table());
        transaction.insert(self.key(token), challenge)?;
        transaction.record(self.environment.fact(Action::SecondFactorAsked, Subject::user(user)))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)
    }

    /// The sign-in that is found by `token`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, token: &TokenHash) -> Result<Option<WaitingChallenge>, StoreError> {
        let found = self.environment.table().get(self.key(token)).await?;
        Ok(found.map(|stored| WaitingChallenge { stored, token: token.clone() }))
    }

    /// The sign-in that is found by `token`, for which a code is tried once more by that; `None` if there is none, or codes were
    /// tried [so often](SecondFactorChallenge::TRIES) already. However many tries come at once, no more are let through.
    ///
    /// # Errors
    /// The table fails.
    pub async fn try_one(&self, token: &TokenHash) -> Result<Option<WaitingChallenge>, StoreError> {
        let tried = try_one(self.environment.table(), self.key(token), SecondFactorChallenge::TRIES).await?;
        Ok(tried.map(|stored| WaitingChallenge { stored, token: token.clone() }))
    }

    /// Has `challenge` wait for the first code of another authenticator app, with the secret `enrolment`. `false`: it does not
    /// wait any more.
    ///
    /// # Errors
    /// The table fails.
    pub async fn replace_enrolment(
        &self,
        challenge: WaitingChallenge,
        enrolment: Sealed,
    ) -> Result<bool, StoreError> {
        let WaitingChallenge { stored, token } = challenge;
        let mut waiting = stored.value.clone();
        waiting.enrolment = Some(enrolment);
        let mut transaction = Transaction::new(self.environment.table());
        // An update: how often it was tried stays.
        transaction.replace(self.key(&token), &stored.with(waiting))?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    fn key(&self, token: &TokenHash) -> Key {
        Key::challenge(self.environment.id, token)
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(challenges: SecondFactorChallenge);
}
