//! Lists that stay cheap to page through, however long they grow.
//!
//! A list is a row of buckets, each a partition of its own with at most [`BUCKET`] entries in the order in which they
//! came. Its *directory*, a single small item, holds how many entries each bucket has. So the total is known, and so is
//! the bucket in which any page begins: page 2,000 costs what page 0 costs. Entry and directory change in the
//! transaction that adds or removes whoever is listed.
//!
//! Entries can be invisible to some. Those are few, and the directory has their number in each bucket too: so whoever does
//! not see them finds a page, and the total, as others do.
//!
//! An entry also repeats what lists are sorted and searched by. For that, all entries are read, which is done for lists
//! of up to [`LARGEST_SORTED_LIST`] and refused for longer ones.

pub(crate) mod directory;
mod paging;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::VendorId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use directory::LARGEST_SORTED_LIST;
pub use paging::ListError;

pub(crate) use directory::{Directory, Place, Sight};
pub(crate) use paging::slice;

use crate::StoreError;
use crate::entity::Entity;
use crate::keys::{Key, List};
use crate::table::Table;
use crate::transaction::{Transaction, Write};
use directory::{BUCKET, COUNT, INVISIBLE, OPEN, TAKING};

/// What a list repeats of whoever is listed.
pub(crate) trait Entry: Clone + PartialEq + Serialize + DeserializeOwned {
    /// The type of the entry's item.
    const TYPE: &'static str;
    /// Whose entry it is, as it ends the sort key.
    fn id(&self) -> String;

    /// Whether there are some who do not see it.
    fn is_invisible(&self) -> bool {
        false
    }
}

/// The attribute that an entry has while it is invisible to some.
const INVISIBLE_ENTRY: &str = "invisible";

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EntryItem<E>(E);

impl<E: Entry> Entity for EntryItem<E> {
    const TYPE: &'static str = E::TYPE;

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        vec![(INVISIBLE_ENTRY, self.0.is_invisible().then_some(AttributeValue::Bool(true)))]
    }
}

/// One list.
pub(crate) struct Roster<'a> {
    table: &'a Table,
    vendor: VendorId,
    list: List,
}

impl<'a> Roster<'a> {
    pub(crate) fn new(table: &'a Table, vendor: VendorId, list: List) -> Self {
        Self { table, vendor, list }
    }

    pub(crate) fn directory_key(&self) -> Key {
        Key::directory(self.vendor, &self.list)
    }

    /// Adds `entry` to the list, which was as `directory` says. Should it have been closed since, or another bucket
    /// opened, the transaction fails as contended.
    pub(crate) fn add<E: Entry>(
        &self,
        transaction: &mut Transaction<'_>,
        directory: &Directory,
        place: Place,
        entry: &E,
    ) -> Result<(), StoreError> {
        self.enter(transaction, place, entry)?;
        self.count(transaction, directory, 1, usize::from(place.invisible))
    }

    /// Writes a new entry, which is to be counted in the same transaction.
    pub(crate) fn enter<E: Entry>(
        &self,
        transaction: &mut Transaction<'_>,
        place: Place,
        entry: &E,
    ) -> Result<(), StoreError> {
        transaction.insert(self.key(place, entry), &EntryItem(entry.clone()))?;
        Ok(())
    }

    /// Counts `added` entries, `invisible` of which are that, in the bucket that the next one goes to, as `directory` says.
    pub(crate) fn count(
        &self,
        transaction: &mut Transaction<'_>,
        directory: &Directory,
        added: usize,
        invisible: usize,
    ) -> Result<(), StoreError> {
        let bucket = directory.next_bucket();
        let count = format!("{COUNT}{bucket}");
        let number = |n: usize| AttributeValue::N(n.to_string());
        let mut values = vec![(":added", number(added)), (":bucket", AttributeValue::N(bucket.to_string()))];
        let (expression, condition) = match directory.open {
            None if directory.opening => {
                values.push((":yes", AttributeValue::Bool(true)));
                let expression = format!("SET {OPEN} = :bucket, {count} = :added, {TAKING} = :yes");
                (expression, "attribute_not_exists(pk)".to_owned())
            }
            None => {
                (format!("SET {OPEN} = :bucket, {count} = :added"), format!("attribute_not_exists({OPEN})"))
            }
            Some(open) if open == bucket => {
                // No bucket gets more than its share: only then can it be guessed where a page begins.
                values.push((":most", number(BUCKET - added)));
                let condition = format!("{OPEN} = :bucket AND {count} <= :most");
                (format!("SET {count} = {count} + :added"), condition)
            }
            Some(open) => {
                let filled = directory.filled(open);
                values.push((":open", AttributeValue::N(open.to_string())));
                values.push((":filled", number(filled)));
                // A bucket that is exactly full needs no count any more.
                let forget = if filled == BUCKET { format!(" REMOVE {COUNT}{open}") } else { String::new() };
                (
                    format!("SET {OPEN} = :bucket, {count} = :added{forget}"),
                    format!("{OPEN} = :open AND {COUNT}{open} = :filled"),
                )
            }
        };
        let expression = match invisible {
            0 => expression,
            _ => format!("{expression} ADD {INVISIBLE}{bucket} :invisible"),
        };
        if invisible > 0 {
            values.push((":invisible", number(invisible)));
        }
        let condition = match self.list {
            List::Members(_) if !directory.opening => {
                format!("{condition} AND attribute_exists({TAKING})")
            }
            List::Members(_) | List::Tenants | List::Users => condition,
        };
        transaction.update(self.directory_key(), &expression, Some(&condition), values)?;
        Ok(())
    }

    /// Writes `entry` anew, where it is.
    pub(crate) fn replace<E: Entry>(
        &self,
        transaction: &mut Transaction<'_>,
        place: Place,
        entry: &E,
    ) -> Result<(), StoreError> {
        transaction.overwrite(self.key(place, entry), &EntryItem(entry.clone()))?;
        Ok(())
    }

    /// Counts the entry at `place` as `invisible` says. Whoever keeps the place writes it in the same transaction.
    pub(crate) fn mark(
        &self,
        transaction: &mut Transaction<'_>,
        place: &mut Place,
        invisible: bool,
    ) -> Result<(), StoreError> {
        if place.invisible == invisible {
            return Ok(());
        }
        place.invisible = invisible;
        let change = if invisible { "1" } else { "-1" };
        let values = vec![(":change", AttributeValue::N(change.to_owned()))];
        let expression = format!("ADD {INVISIBLE}{} :change", place.bucket);
        transaction.update(self.directory_key(), &expression, None, values)?;
        Ok(())
    }

    /// Removes `entry` from `place`.
    pub(crate) fn remove<E: Entry>(
        &self,
        transaction: &mut Transaction<'_>,
        place: Place,
        entry: &E,
    ) -> Result<(), StoreError> {
        self.take_out(transaction, place, entry, None)?;
        Ok(())
    }

    /// Removes `entry` from `place` if the list is closed. The answer is the write that fails when it is open.
    pub(crate) fn remove_if_closed<E: Entry>(
        &self,
        transaction: &mut Transaction<'_>,
        place: Place,
        entry: &E,
    ) -> Result<Write, StoreError> {
        self.take_out(transaction, place, entry, Some(&format!("attribute_not_exists({TAKING})")))
    }

    fn take_out<E: Entry>(
        &self,
        transaction: &mut Transaction<'_>,
        place: Place,
        entry: &E,
        condition: Option<&str>,
    ) -> Result<Write, StoreError> {
        transaction.remove(self.key(place, entry))?;
        // A bucket without a count is full.
        let count = format!("{COUNT}{}", place.bucket);
        let mut values = vec![
            (":full", AttributeValue::N(BUCKET.to_string())),
            (":one", AttributeValue::N("1".to_owned())),
        ];
        let set = format!("SET {count} = if_not_exists({count}, :full) - :one");
        let expression = if place.invisible {
            values.push((":less", AttributeValue::N("-1".to_owned())));
            format!("{set} ADD {INVISIBLE}{} :less", place.bucket)
        } else {
            set
        };
        transaction.update(self.directory_key(), &expression, condition, values)
    }

    /// Whether entries can be added, as `directory` says: a tenant's list is open while the tenant is there, and the
    /// environment's lists are always open.
    pub(crate) fn takes_entries(&self, directory: &Directory) -> bool {
        match self.list {
            List::Members(_) => directory.taking,
            List::Tenants | List::Users => true,
        }
    }

    /// Takes entries from now on.
    pub(crate) fn open(&self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        let yes = vec![(":yes", AttributeValue::Bool(true))];
        transaction.update(self.directory_key(), &format!("SET {TAKING} = :yes"), None, yes)?;
        Ok(())
    }

    /// Takes no more entries: what is added from now on fails.
    pub(crate) fn close(&self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        transaction.update(self.directory_key(), &format!("REMOVE {TAKING}"), None, Vec::new())?;
        Ok(())
    }

    fn key<E: Entry>(&self, place: Place, entry: &E) -> Key {
        Key::list_entry(self.vendor, &self.list, place.bucket, place.since, &entry.id())
    }
}
