//! Entities, and the items that they are kept as.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::keys::{Key, PK, SK};

/// Something that is an item of the table.
///
/// Its contents are one attribute, a string of JSON, which is read in a fraction of the time that an attribute a field
/// takes. What DynamoDB itself has to see stands beside it: see [`Entity::beside`] and [`Entity::complete`].
///
/// Several versions of a program work on the table at the same time: during a deployment, and after a roll-back. A field that is
/// added later has a serde default, so that items written before are still read, and [`Entity::WRITTEN`] rises, so that a
/// program that does not know the field leaves the item as it is instead of writing it back without. When a default is not
/// enough, [`Entity::SCHEMA`] rises and the reader tells the versions apart. `src/documents` has a sample of every document of
/// every version.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    /// The item's attribute `type`.
    const TYPE: &'static str;
    /// The version of its shape, the item's attribute `schema`.
    const SCHEMA: u32 = 1;
    /// Which fields whoever wrote it knew, the item's attribute `written`: rises with every field that is added.
    const WRITTEN: u32 = 1;
    /// How large its document may be, in bytes. DynamoDB takes items of 400 KiB, with their keys and what stands beside.
    const MAX_BYTES: usize = 384 * 1024;

    /// What conditions, projections and DynamoDB's own clean-up see of the entity. An attribute without a value is not
    /// there.
    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        Vec::new()
    }

    /// Takes over from `item` what is changed there in place, without the document.
    fn complete(&mut self, item: &Item) {
        let _ = item;
    }
}

/// An entity as it was read: a change is written only if nobody else changed it since.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored<T> {
    /// The entity.
    pub(crate) value: T,
    pub(crate) revision: u64,
    /// Which fields whoever wrote it knew.
    pub(crate) written: u32,
}

impl<T: Entity> Stored<T> {
    /// The same item with other contents.
    pub(crate) fn with(&self, value: T) -> Self {
        Self { value, revision: self.revision, written: self.written }
    }

    /// Whether this program knows all that the item holds: if not, what it writes in its place would be less.
    pub(crate) fn require_known(&self) -> Result<(), StoreError> {
        match self.written > T::WRITTEN {
            true => Err(StoreError::Newer { entity: T::TYPE }),
            false => Ok(()),
        }
    }
}

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attributes that every item has beside its key.
pub(crate) const TYPE: &str = "type";
const SCHEMA: &str = "schema";
const REVISION: &str = "revision";
pub(crate) const WRITTEN: &str = "written";
const DOCUMENT: &str = "document";

/// The item that `entity` becomes at `key`, in its revision `revision`.
pub(crate) fn encode<T: Entity>(key: Key, entity: &T, revision: u64) -> Result<Item, StoreError> {
    let mut item = key.into_attributes();
    item.insert(TYPE.to_owned(), AttributeValue::S(T::TYPE.to_owned()));
    item.insert(SCHEMA.to_owned(), AttributeValue::N(T::SCHEMA.to_string()));
    item.insert(REVISION.to_owned(), AttributeValue::N(revision.to_string()));
    item.insert(WRITTEN.to_owned(), written::<T>());
    item.insert(DOCUMENT.to_owned(), to_document(entity)?);
    let beside = entity.beside().into_iter();
    item.extend(beside.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(item)
}

/// An update of an item, as DynamoDB's requests take it.
pub(crate) struct Replacement {
    pub(crate) expression: String,
    pub(crate) condition: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: HashMap<String, AttributeValue>,
}

/// The update that writes `stored` in place of the item it was read from, if that has not changed since.
///
/// It is an update and not a put, so that what others keep beside the document stays.
pub(crate) fn replacement<T: Entity>(stored: &Stored<T>) -> Result<Replacement, StoreError> {
    stored.require_known()?;
    let revision = |revision: u64| AttributeValue::N(revision.to_string());
    let mut set = vec![
        format!("{DOCUMENT} = :document"),
        format!("{REVISION} = :next"),
        format!("{WRITTEN} = :written"),
    ];
    let mut remove = Vec::new();
    let mut names = HashMap::new();
    let mut values = HashMap::from([
        (":document".to_owned(), to_document(&stored.value)?),
        (":read".to_owned(), revision(stored.revision)),
        (":next".to_owned(), revision(stored.revision + 1)),
        (":written".to_owned(), written::<T>()),
    ]);
    for (name, value) in stored.value.beside() {
        names.insert(format!("#{name}"), name.to_owned());
        match value {
            Some(value) => {
                set.push(format!("#{name} = :{name}"));
                values.insert(format!(":{name}"), value);
            }
            None => remove.push(format!("#{name}")),
        }
    }
    let expression = match remove.is_empty() {
        true => format!("SET {}", set.join(", ")),
        false => format!("SET {} REMOVE {}", set.join(", "), remove.join(", ")),
    };
    Ok(Replacement { expression, condition: format!("{REVISION} = :read"), names, values })
}

/// The attribute that says which fields this program knows.
pub(crate) fn written<T: Entity>() -> AttributeValue {
    AttributeValue::N(T::WRITTEN.to_string())
}

/// The attribute that holds `entity`.
pub(crate) fn to_document<T: Entity>(entity: &T) -> Result<AttributeValue, StoreError> {
    let document = serde_json::to_string(entity).map_err(|error| corrupt(T::TYPE, error))?;
    if document.len() > T::MAX_BYTES {
        return Err(StoreError::TooLarge { entity: T::TYPE, most: T::MAX_BYTES });
    }
    Ok(AttributeValue::S(document))
}

/// The entity in `item`.
pub(crate) fn decode<T: Entity>(item: &Item) -> Result<Stored<T>, StoreError> {
    match item.get(TYPE) {
        Some(AttributeValue::S(found)) if found == T::TYPE => {}
        found => return Err(corrupt(T::TYPE, format!("its type is {found:?}"))),
    }
    let schema = number(item, SCHEMA).unwrap_or_default();
    if schema > u64::from(T::SCHEMA) {
        return Err(corrupt(T::TYPE, format!("its schema {schema} is newer than this program")));
    }
    let revision = number(item, REVISION).unwrap_or_default();
    let document = document(item)
        .ok_or_else(|| corrupt(T::TYPE, "its document is no JSON: another version wrote it"))?;
    let mut value: T = serde_json::from_str(document).map_err(|error| corrupt(T::TYPE, error))?;
    value.complete(item);
    let written = number(item, WRITTEN).and_then(|written| u32::try_from(written).ok());
    Ok(Stored { value, revision, written: written.unwrap_or_default() })
}

/// What the document in `item` says.
pub(crate) fn document(item: &Item) -> Option<&str> {
    item.get(DOCUMENT)?.as_s().ok().map(String::as_str)
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

#[cfg(test)]
mod tests {
    use rookery_domain::Session;

    use super::*;

    fn item() -> Item {
        let session: Session = serde_json::from_str(include_str!("documents/session.2.json")).unwrap();
        encode(Key::host("auth.example.com"), &session, 1).unwrap()
    }

    #[test]
    fn an_item_of_another_type_or_another_version_is_refused() {
        assert!(decode::<Session>(&item()).is_ok());
        let of_fields = AttributeValue::M(HashMap::new());
        let newer = AttributeValue::N((Session::SCHEMA + 1).to_string());
        let other = AttributeValue::S("tenant".to_owned());
        for (name, value) in [(DOCUMENT, of_fields), (SCHEMA, newer), (TYPE, other)] {
            let item: Item = item().into_iter().chain([(name.to_owned(), value)]).collect();
            let refused = decode::<Session>(&item);
            assert!(matches!(refused, Err(StoreError::Corrupt { entity: "session", .. })), "{refused:?}");
        }
    }

    #[test]
    fn what_a_newer_program_wrote_is_read_and_not_written_back() {
        let mut item = item();
        item.insert(WRITTEN.to_owned(), AttributeValue::N((Session::WRITTEN + 1).to_string()));
        let stored = decode::<Session>(&item).unwrap();
        assert!(matches!(replacement(&stored), Err(StoreError::Newer { entity: "session" })));
        // One that was written before anybody counted.
        item.remove(WRITTEN);
        assert!(replacement(&decode::<Session>(&item).unwrap()).is_ok());
    }

    #[test]
    fn what_stands_beside_a_document_is_written_with_it() {
        let mut item = item();
        let stored = decode::<Session>(&item).unwrap();
        let Replacement { expression, names, values, .. } = replacement(&stored).unwrap();
        assert_eq!(expression, "SET document = :document, revision = :next, written = :written, #ttl = :ttl");
        assert_eq!((&names["#ttl"], values.get(":ttl")), (&"ttl".to_owned(), item.remove("ttl").as_ref()));
    }
}
