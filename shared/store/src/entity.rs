//! Entities, and the items that they are kept as.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::keys::{Key, PK, SK};

/// Something that is an item of the table.
///
/// A field that is added later has a serde default, so that items written before are still read. When that is not
/// enough, [`Entity::SCHEMA`] rises and the reader tells the versions apart.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    /// The item's attribute `type`.
    const TYPE: &'static str;
    /// The version of its shape, the item's attribute `schema`.
    const SCHEMA: u32 = 1;

    /// When DynamoDB may clean the item up, in seconds since the epoch. It does so days later: expiry is always
    /// checked by whoever reads.
    fn ttl(&self) -> Option<i64> {
        None
    }
}

/// An entity as it was read: a change is written only if nobody else changed it since.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored<T> {
    /// The entity.
    pub(crate) value: T,
    pub(crate) revision: u64,
}

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attributes that every item has beside its key.
const TYPE: &str = "type";
const SCHEMA: &str = "schema";
pub(crate) const TTL: &str = "ttl";
const REVISION: &str = "revision";
pub(crate) const DOCUMENT: &str = "document";

/// The item that `entity` becomes at `key`, in its revision `revision`.
pub(crate) fn encode<T: Entity>(key: Key, entity: &T, revision: u64) -> Result<Item, StoreError> {
    let document = to_document(entity)?;
    let mut item = key.into_attributes();
    item.insert(TYPE.to_owned(), AttributeValue::S(T::TYPE.to_owned()));
    item.insert(SCHEMA.to_owned(), AttributeValue::N(T::SCHEMA.to_string()));
    item.insert(REVISION.to_owned(), AttributeValue::N(revision.to_string()));
    item.insert(DOCUMENT.to_owned(), document);
    if let Some(ttl) = entity.ttl() {
        item.insert(TTL.to_owned(), AttributeValue::N(ttl.to_string()));
    }
    Ok(item)
}

/// The attribute that holds `entity`.
pub(crate) fn to_document<T: Entity>(entity: &T) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(entity).map_err(|error| corrupt(T::TYPE, error))
}

/// The entity in `item`.
pub(crate) fn decode<T: Entity>(mut item: Item) -> Result<Stored<T>, StoreError> {
    match item.get(TYPE) {
        Some(AttributeValue::S(found)) if found == T::TYPE => {}
        found => return Err(corrupt(T::TYPE, format!("its type is {found:?}"))),
    }
    let schema = number(&item, SCHEMA).unwrap_or_default();
    if schema > u64::from(T::SCHEMA) {
        return Err(corrupt(T::TYPE, format!("its schema {schema} is newer than this program")));
    }
    let revision = number(&item, REVISION).unwrap_or_default();
    let document = item.remove(DOCUMENT).ok_or_else(|| corrupt(T::TYPE, "it has no document"))?;
    let value = serde_dynamo::from_attribute_value(document).map_err(|error| corrupt(T::TYPE, error))?;
    Ok(Stored { value, revision })
}

/// The number in attribute `name`.
pub(crate) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(crate) fn key_of(item: &Item) -> Result<Key, StoreError> {
    let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    match (part(PK), part(SK)) {
        (Some(pk), Some(sk)) => Ok(Key { pk, sk }),
        _ => Err(corrupt("any", "it has no key")),
    }
}

pub(crate) fn corrupt(entity: &'static str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { entity, reason: reason.to_string() }
}
