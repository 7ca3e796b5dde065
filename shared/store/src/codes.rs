//! One-time codes: one item for each device that asked for one.

use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{OneTimeCode, TokenHash};

use crate::entity::{Entity, Stored, to_document};
use crate::keys::Key;
use crate::transaction::{Cancelled, Condition, Transaction};
use crate::tries::try_one;
use crate::{EnvironmentStore, StoreError};

impl Entity for OneTimeCode {
    const TYPE: &'static str = "one-time code";

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // When DynamoDB may clean the item up, in seconds since the epoch. Expiry is always checked by whoever reads.
        vec![("ttl", Some(AttributeValue::N(self.forgotten_at().as_seconds().to_string())))]
    }
}

/// A code that was tried, to be used up.
#[derive(Clone, Debug)]
pub struct TriedCode(Stored<OneTimeCode>);

impl Deref for TriedCode {
    type Target = OneTimeCode;

    fn deref(&self) -> &OneTimeCode {
        &self.0.value
    }
}

/// The codes that were mailed for signing in to one environment.
pub struct Codes<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Codes<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Keeps `code`, which was asked for on `device`, in place of the one before.
    ///
    /// # Errors
    /// The table fails.
    pub async fn keep(&self, device: &TokenHash, code: &OneTimeCode) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(self.environment.table());
        transaction.overwrite(self.key(device), code)?;
        transaction.commit().await.map_err(Cancelled::into_store_error)
    }

    /// The code that was asked for on `device`, which is tried once more by that; `None` if there is none, or it was tried
    /// [so often](OneTimeCode::TRIES) already. However many tries come at once, no more are let through.
    ///
    /// # Errors
    /// The table fails.
    pub async fn try_one(&self, device: &TokenHash) -> Result<Option<TriedCode>, StoreError> {
        let tried = try_one(self.environment.table(), self.key(device), OneTimeCode::TRIES).await?;
        Ok(tried.map(TriedCode))
    }

    /// Uses `code` of `device` up. `false`: it was used up, or another has taken its place.
    ///
    /// # Errors
    /// The table fails.
    pub async fn use_up(&self, device: &TokenHash, code: &TriedCode) -> Result<bool, StoreError> {
        let mut transaction = Transaction::new(self.environment.table());
        let unchanged = Condition::new("document = :tried", ":tried", to_document(&code.0.value)?);
        transaction.remove_if(self.key(device), unchanged)?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    fn key(&self, device: &TokenHash) -> Key {
        Key::code(self.environment.id, device)
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(codes: OneTimeCode);
}
