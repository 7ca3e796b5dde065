//! Reading items.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures::future::try_join_all;

use crate::contention::{TRIES, pause_after};
use crate::entity::{Entity, Item, Stored, corrupt, decode, key_of};
use crate::keys::Key;
use crate::last_seen::Directories;
use crate::{Connection, Consumption, Fact, RoundTrips, StoreError};

/// How many items `BatchGetItem` takes.
const BATCH: usize = 100;

#[derive(Clone)]
pub(crate) struct Table(Connection, Directories);

impl Table {
    pub(crate) fn new(connection: Connection) -> Self {
        Self(connection, Directories::default())
    }

    /// The directories of lists as they were last seen.
    pub(crate) fn directories(&self) -> &Directories {
        &self.1
    }

    pub(crate) fn round_trips(&self) -> &RoundTrips {
        &self.0.round_trips
    }

    pub(crate) fn consumption(&self) -> &Consumption {
        &self.0.consumption
    }

    pub(crate) fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.0.client
    }

    /// Says that `facts` have been written.
    pub(crate) fn tell<'f>(&self, facts: impl IntoIterator<Item = &'f Fact>) {
        self.0.tell(facts);
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.table_name
    }

    /// Reads one item, as it is after every write that has been answered.
    pub(crate) async fn get<T: Entity>(&self, key: Key) -> Result<Option<Stored<T>>, StoreError> {
        let request = self.client().get_item().table_name(self.name());
        let request = request.set_key(Some(key.into_attributes())).consistent_read(true);
        let answer = Box::pin(request.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
        answer.item.as_ref().map(decode).transpose()
    }

    /// Reads several items in one round trip, of whatever types.
    pub(crate) async fn get_all(&self, mut keys: Vec<Key>) -> Result<Batch, StoreError> {
        // DynamoDB refuses a batch that names an item twice.
        keys.sort_unstable();
        keys.dedup();
        let chunks = keys.chunks(BATCH).map(|chunk| self.get_chunk(chunk.to_vec()));
        let items = try_join_all(chunks).await?;
        Ok(Batch(items.into_iter().flatten().collect()))
    }

    async fn get_chunk(&self, keys: Vec<Key>) -> Result<Vec<(Key, Item)>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted: Vec<Item> = keys.into_iter().map(Key::into_attributes).collect();
        let mut tries = 0;
        loop {
            let keys = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(wanted)).build();
            let keys = keys.map_err(|error| corrupt("batch", error))?;
            let request = self.client().batch_get_item().request_items(self.name(), keys);
            let answer = Box::pin(request.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
            for item in answer.responses.unwrap_or_default().remove(self.name()).unwrap_or_default() {
                found.push((key_of(&item)?, item));
            }
            let rest = answer.unprocessed_keys.and_then(|mut rest| rest.remove(self.name()));
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            // What is left did not fit into an answer of 16 MB, or its partition was throttled.
            tries += 1;
            match wanted.is_empty() {
                true => return Ok(found),
                false if tries == TRIES => return Err(StoreError::Throttled),
                false => pause_after(tries).await,
            }
        }
    }

    /// Begins to read the items of a partition whose sort keys begin with `prefix`.
    pub(crate) fn query(&self, partition: String, prefix: &str) -> QueryFluentBuilder {
        let request = self.client().query().table_name(self.name()).consistent_read(true);
        let request = request.expression_attribute_values(":pk", AttributeValue::S(partition));
        if prefix.is_empty() {
            return request.key_condition_expression("pk = :pk");
        }
        let prefix = AttributeValue::S(prefix.to_owned());
        let request = request.expression_attribute_values(":sk", prefix);
        request.key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
    }

    /// Begins to read the items of a partition whose sort keys are between `from` and `to`, or one of the two.
    pub(crate) fn query_between(&self, partition: String, from: String, to: String) -> QueryFluentBuilder {
        let request = self.client().query().table_name(self.name()).consistent_read(true);
        request
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .expression_attribute_values(":from", AttributeValue::S(from))
            .expression_attribute_values(":to", AttributeValue::S(to))
    }

    /// Reads all items of a partition whose sort keys begin with `prefix`, and their sort keys.
    pub(crate) async fn query_items(
        &self,
        partition: String,
        prefix: &str,
    ) -> Result<Vec<(Key, Item)>, StoreError> {
        let mut found = Vec::new();
        let mut pages = self.query(partition, prefix).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::from_sdk(&error))?;
            found.push((key_of(&item)?, item));
        }
        Ok(found)
    }

    /// Reads all entities of a partition whose sort keys begin with `prefix`.
    pub(crate) async fn query_entities<T: Entity>(
        &self,
        partition: String,
        prefix: &str,
    ) -> Result<Vec<Stored<T>>, StoreError> {
        let items = self.query_items(partition, prefix).await?;
        items.iter().map(|(_, item)| decode(item)).collect()
    }
}

/// Items read together.
pub(crate) struct Batch(HashMap<Key, Item>);

impl Batch {
    /// Takes the item at `key` out of the batch, if it was found.
    pub(crate) fn take<T: Entity>(&mut self, key: &Key) -> Result<Option<Stored<T>>, StoreError> {
        self.0.remove(key).as_ref().map(decode).transpose()
    }

    /// The item at `key` as it is.
    pub(crate) fn item(&self, key: &Key) -> Option<&Item> {
        self.0.get(key)
    }
}
