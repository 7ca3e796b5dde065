//! Failures in a row, counted without a read: one counter for each user and sign-in.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use rookery_domain::{FailuresSince, Timestamp, UserId};

use crate::entity::{TYPE, corrupt, number};
use crate::keys::Key;
use crate::{EnvironmentStore, StoreError};

/// What a counter is called where an item says what it is.
const COUNTER: &str = "attempts";

/// For how long tries of one minute are counted, in seconds: clocks may differ a little.
const MINUTE_KEPT_SECONDS: i64 = 300;

/// The wrong passwords and codes of one environment's users.
///
/// A counter begins anew when what it counts [since](FailuresSince) is another, so that a sign-in does not have to write one.
pub struct Attempts<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Counts another wrong password of `user`, and says how many there are. None is lost, however many come at once. They count
    /// until `forgotten_at`, or until after the next one.
    ///
    /// # Errors
    /// The table fails.
    pub async fn count(
        &self,
        user: UserId,
        since: &FailuresSince,
        forgotten_at: Timestamp,
    ) -> Result<u32, StoreError> {
        self.add_one(Key::attempts(self.environment.id, user, since), forgotten_at).await
    }

    /// The same for wrong codes of second factors.
    ///
    /// # Errors
    /// The table fails.
    pub async fn count_second_factor(
        &self,
        user: UserId,
        since: &FailuresSince,
        forgotten_at: Timestamp,
    ) -> Result<u32, StoreError> {
        self.add_one(Key::second_factor_attempts(self.environment.id, user, since), forgotten_at).await
    }

    /// Counts another try of `user` to show a second factor, whatever becomes of it, and says how many there were in the minute of
    /// `now`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn count_in_minute(&self, user: UserId, now: Timestamp) -> Result<u32, StoreError> {
        let key = Key::tries_in_minute(self.environment.id, user, now.as_seconds() / 60);
        self.add_one(key, now.plus_seconds(MINUTE_KEPT_SECONDS)).await
    }

    /// Adds one to the counter `key`, which is kept until `forgotten`, and says what it is then.
    async fn add_one(&self, key: Key, forgotten: Timestamp) -> Result<u32, StoreError> {
        let table = self.environment.table();
        let request = table
            .client()
            .update_item()
            .table_name(table.name())
            .set_key(Some(key.into_attributes()))
            .update_expression("SET #type = :type, #ttl = :ttl ADD failures :one")
            .expression_attribute_names("#type", TYPE)
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":type", AttributeValue::S(COUNTER.to_owned()))
            .expression_attribute_values(":ttl", AttributeValue::N(forgotten.as_seconds().to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::UpdatedNew);
        let counted = Box::pin(request.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
        let failures = counted.attributes.as_ref().and_then(|item| number(item, "failures"));
        let failures = failures.and_then(|failures| u32::try_from(failures).ok());
        failures.ok_or_else(|| corrupt(COUNTER, "it has no number"))
    }
}
