//! Writes that happen together or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::{PutBuilder, TransactWriteItemBuilder};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};

use crate::StoreError;
use crate::contention::jitter;
use crate::entity::{Entity, Item, Replacement, Stored, corrupt, encode, replacement, written};
use crate::error::is_throttle;
use crate::facts::Fact;
use crate::keys::Key;
use crate::table::Table;

/// A list of writes, each with the condition under which all of them are made.
pub(crate) struct Transaction<'a> {
    table: &'a Table,
    writes: Vec<TransactWriteItem>,
    facts: Vec<Fact>,
}

/// One write of a transaction, to recognise it when its condition did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Write(usize);

/// What an item has to fulfil, with one value.
pub(crate) struct Condition {
    expression: &'static str,
    name: &'static str,
    value: AttributeValue,
}

impl Condition {
    pub(crate) fn new(expression: &'static str, name: &'static str, value: AttributeValue) -> Self {
        Self { expression, name, value }
    }
}

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum Cancelled {
    /// These conditions did not hold.
    Conditions(Vec<Write>),
    /// The table failed.
    Store(StoreError),
}

impl Cancelled {
    /// Whether the condition of `write` did not hold.
    pub(crate) fn failed(&self, write: Write) -> bool {
        match self {
            Self::Conditions(writes) => writes.contains(&write),
            Self::Store(_) => false,
        }
    }

    /// As an error, for a caller to whom a condition that did not hold means that somebody else was quicker.
    pub(crate) fn into_store_error(self) -> StoreError {
        match self {
            Self::Conditions(_) => StoreError::Contended,
            Self::Store(error) => error,
        }
    }
}

impl From<StoreError> for Cancelled {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// That no newer version wrote an item, which knows more of it.
const NOT_NEWER: &str = "(attribute_not_exists(written) OR written <= :written)";

/// How often a transaction is tried when another one holds one of its items for the moment.
const TRIES: u32 = 12;

impl<'a> Transaction<'a> {
    /// How many writes one transaction has room for.
    pub(crate) const ROOM: usize = 100;

    pub(crate) fn new(table: &'a Table) -> Self {
        Self { table, writes: Vec::new(), facts: Vec::new() }
    }

    /// Writes a new item, if there is none.
    pub(crate) fn insert<T: Entity>(&mut self, key: Key, entity: &T) -> Result<Write, StoreError> {
        let put = self.put(encode(key, entity, 1)?).condition_expression("attribute_not_exists(pk)");
        let put = put.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.put(put)))
    }

    /// Writes `stored` in place of the item it was read from, if that has not changed since.
    pub(crate) fn replace<T: Entity>(&mut self, key: Key, stored: &Stored<T>) -> Result<Write, StoreError> {
        let Replacement { expression, condition, names, values } = replacement(stored)?;
        let update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(key.into_attributes()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names((!names.is_empty()).then_some(names))
            .set_expression_attribute_values(Some(values));
        let update = update.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.update(update)))
    }

    /// Writes an item, whether there is one or not.
    pub(crate) fn overwrite<T: Entity>(&mut self, key: Key, entity: &T) -> Result<Write, StoreError> {
        let put = self.put(encode(key, entity, 1)?).condition_expression(NOT_NEWER);
        let put = put.expression_attribute_values(":written", written::<T>());
        let put = put.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.put(put)))
    }

    /// Writes an item in place of one that fulfils `condition`.
    pub(crate) fn overwrite_if<T: Entity>(
        &mut self,
        key: Key,
        entity: &T,
        condition: Condition,
    ) -> Result<Write, StoreError> {
        let put = self.put(encode(key, entity, 1)?);
        let put = put
            .condition_expression(format!("({}) AND {NOT_NEWER}", condition.expression))
            .expression_attribute_values(condition.name, condition.value)
            .expression_attribute_values(":written", written::<T>());
        let put = put.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.put(put)))
    }

    /// Deletes an item that fulfils `condition`.
    pub(crate) fn remove_if(&mut self, key: Key, condition: Condition) -> Result<Write, StoreError> {
        let delete = Delete::builder()
            .table_name(self.table.name())
            .set_key(Some(key.into_attributes()))
            .condition_expression(condition.expression)
            .expression_attribute_values(condition.name, condition.value);
        let delete = delete.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.delete(delete)))
    }

    /// Deletes an item, if it is there.
    pub(crate) fn remove(&mut self, key: Key) -> Result<Write, StoreError> {
        let delete = Delete::builder()
            .table_name(self.table.name())
            .set_key(Some(key.into_attributes()))
            .condition_expression("attribute_exists(pk)");
        let delete = delete.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.delete(delete)))
    }

    /// Deletes the item that `stored` was read from, if that has not changed since.
    pub(crate) fn remove_unchanged<T: Entity>(
        &mut self,
        key: Key,
        stored: &Stored<T>,
    ) -> Result<Write, StoreError> {
        let delete = Delete::builder()
            .table_name(self.table.name())
            .set_key(Some(key.into_attributes()))
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", AttributeValue::N(stored.revision.to_string()));
        let delete = delete.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.delete(delete)))
    }

    /// Deletes an item, whether it is there or not.
    pub(crate) fn remove_if_present(&mut self, key: Key) -> Result<Write, StoreError> {
        let delete = Delete::builder().table_name(self.table.name()).set_key(Some(key.into_attributes()));
        let delete = delete.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.delete(delete)))
    }

    /// Has `fact`, if there is one, recorded if all of this is written, and only then.
    pub(crate) fn record(&mut self, fact: Option<Fact>) -> Result<(), StoreError> {
        if let Some(fact) = fact {
            let put = self.put(fact.to_item()?).build().map_err(unbuildable)?;
            self.push(|item| item.put(put));
            self.facts.push(fact);
        }
        Ok(())
    }

    /// Requires `condition` of an item that stays as it is.
    pub(crate) fn check(
        &mut self,
        key: Key,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<Write, StoreError> {
        let mut check = ConditionCheck::builder()
            .table_name(self.table.name())
            .set_key(Some(key.into_attributes()))
            .condition_expression(condition);
        for (name, value) in values {
            check = check.expression_attribute_values(name, value);
        }
        let check = check.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.condition_check(check)))
    }

    /// Changes attributes of an item in place, under `condition`.
    pub(crate) fn update(
        &mut self,
        key: Key,
        expression: &str,
        condition: Option<&str>,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<Write, StoreError> {
        let mut update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(key.into_attributes()))
            .update_expression(expression)
            .set_condition_expression(condition.map(str::to_owned));
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        let update = update.build().map_err(unbuildable)?;
        Ok(self.push(|item| item.update(update)))
    }

    /// Writes all of it, or nothing.
    ///
    /// When another transaction holds one of the items, it is tried again a moment later.
    pub(crate) async fn commit(self) -> Result<(), Cancelled> {
        self.attempts().await?;
        self.table.tell(&self.facts);
        Ok(())
    }

    async fn attempts(&self) -> Result<(), Cancelled> {
        let mut pause = Duration::from_millis(4);
        for _ in 1..TRIES {
            match self.attempt().await {
                Err(Cancelled::Store(StoreError::Contended)) => {
                    tokio::time::sleep(pause + jitter(pause)).await;
                }
                outcome => return outcome,
            }
            pause = (pause * 2).min(Duration::from_millis(400));
        }
        self.attempt().await
    }

    async fn attempt(&self) -> Result<(), Cancelled> {
        let request = self.table.client().transact_write_items();
        let outcome = Box::pin(request.set_transact_items(Some(self.writes.clone())).send()).await;
        outcome.map(|_| ()).map_err(|error| cancellation(&error))
    }

    fn put(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(self.table.name()).set_item(Some(item))
    }

    fn push(&mut self, write: impl FnOnce(TransactWriteItemBuilder) -> TransactWriteItemBuilder) -> Write {
        self.writes.push(write(TransactWriteItem::builder()).build());
        Write(self.writes.len() - 1)
    }
}

/// A write without a key or a table name, which no code here makes.
fn unbuildable(error: BuildError) -> StoreError {
    corrupt("write", error)
}

fn cancellation(error: &SdkError<TransactWriteItemsError>) -> Cancelled {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return Cancelled::Store(StoreError::from_sdk(error));
    };
    let reasons = cancelled.cancellation_reasons();
    let codes = || reasons.iter().map(|reason| reason.code().unwrap_or("None"));
    let failed = codes().enumerate().filter(|(_, code)| *code == "ConditionalCheckFailed");
    let failed: Vec<_> = failed.map(|(index, _)| Write(index)).collect();
    if !failed.is_empty() {
        return Cancelled::Conditions(failed);
    }
    Cancelled::Store(match codes().find(|code| *code != "None") {
        Some("TransactionConflict") => StoreError::Contended,
        Some(code) if is_throttle(code) => StoreError::Throttled,
        code => StoreError::Refused {
            code: code.unwrap_or("TransactionCanceled").to_owned(),
            message: cancelled.message().unwrap_or_default().to_owned(),
        },
    })
}
