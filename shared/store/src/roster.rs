//! Lists that stay cheap to page through, however long they grow.
//!
//! A list is a row of buckets, each a partition of its own with at most [`BUCKET`] entries in the order in which they
//! came. Its *directory*, a single small item, holds how many entries each bucket has. So the total is known, and so is
//! the bucket in which any page begins: page 2,000 costs what page 0 costs. Entry and directory change in the
//! transaction that adds or removes whoever is listed.
//!
//! An entry also repeats what lists are sorted and searched by. For that, all entries are read, which is done for lists
//! of up to [`LARGEST_SORTED_LIST`] and refused for longer ones.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use rookery_domain::{Order, Page, PageRequest, Timestamp, VendorId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::entity::{Entity, Item, corrupt, decode, number};
use crate::keys::{Key, List, SK, bucket_partition};
use crate::table::Table;
use crate::transaction::{Transaction, Write};

/// How many entries a bucket takes before the next is opened. A page is found by reading past the entries of its bucket
/// that come before it, so this bounds what it reads.
const BUCKET: usize = 250;

/// How many buckets are read before it is known where a page begins: enough for every page that a list is asked for.
const GUESSED: usize = 2;

/// The longest list that can be sorted or searched in any other way than by age.
pub const LARGEST_SORTED_LIST: usize = 10_000;

/// A list cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is too long to be sorted or searched.
    #[error("the list has {0} entries, more than can be sorted or searched")]
    TooLong(usize),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a list repeats of whoever is listed.
pub(crate) trait Entry: Clone + PartialEq + Serialize + DeserializeOwned {
    /// The type of the entry's item.
    const TYPE: &'static str;
    /// Whose entry it is, as it ends the sort key.
    fn id(&self) -> String;
}

/// Where in a list an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    bucket: u32,
    since: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct EntryItem<E>(E);

impl<E: Entry> Entity for EntryItem<E> {
    const TYPE: &'static str = E::TYPE;
}

/// One list.
pub(crate) struct Roster<'a> {
    table: &'a Table,
    vendor: VendorId,
    list: List,
}

/// How many entries each bucket of a list has.
///
/// Only the bucket that is being filled, and those that somebody has left since, have a count of their own: the others
/// have [`BUCKET`] entries. So the directory stays small, and cheap to change, however long the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directory {
    /// The bucket that is being filled; none before the first entry.
    open: Option<u32>,
    counts: BTreeMap<u32, usize>,
    /// Whether a list that can be closed is open.
    taking: bool,
}

/// The attribute that names the bucket that is being filled.
const OPEN: &str = "open_bucket";

/// The attribute that a list which can be closed has while it is open.
const TAKING: &str = "taking";

/// What the attributes that count begin with; the bucket's number follows.
const COUNT: &str = "n";

impl Directory {
    /// Reads a directory; a list that was never written to has none.
    pub(crate) fn of(item: Option<&Item>) -> Self {
        let Some(item) = item else { return Self::default() };
        let counts = item.keys().filter_map(|name| {
            let bucket = name.strip_prefix(COUNT)?.parse().ok()?;
            Some((bucket, usize::try_from(number(item, name)?).ok()?))
        });
        Self {
            open: number(item, OPEN).and_then(|bucket| u32::try_from(bucket).ok()),
            counts: counts.collect(),
            taking: item.contains_key(TAKING),
        }
    }

    /// How many entries the list has.
    pub(crate) fn total(&self) -> usize {
        self.buckets().map(|(_, count)| count).sum()
    }

    /// The buckets from the oldest, and how many entries each has.
    fn buckets(&self) -> impl DoubleEndedIterator<Item = (u32, usize)> + '_ {
        let buckets = 0..self.open.map_or(0, |open| open + 1);
        buckets.map(|bucket| (bucket, self.counts.get(&bucket).copied().unwrap_or(BUCKET)))
    }

    /// Where an entry that is added at `now` goes.
    pub(crate) fn next_place(&self, now: Timestamp) -> Place {
        Place { bucket: self.next_bucket(), since: now }
    }

    fn next_bucket(&self) -> u32 {
        match self.open {
            Some(open) if self.filled(open) >= BUCKET => open + 1,
            Some(open) => open,
            None => 0,
        }
    }

    /// How many entries can be added to the bucket that the next one goes to.
    pub(crate) fn room(&self) -> usize {
        BUCKET - self.filled(self.next_bucket())
    }

    fn filled(&self, bucket: u32) -> usize {
        self.counts.get(&bucket).copied().unwrap_or_default()
    }

    /// The runs of entries that a page consists of.
    fn runs(&self, request: PageRequest) -> Vec<Run> {
        match request.order {
            Order::Ascending => runs(self.buckets(), request.skipped(), request.limit),
            Order::Descending => runs(self.buckets().rev(), request.skipped(), request.limit),
        }
    }
}

/// Entries of one bucket that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    bucket: u32,
    /// How many entries come before.
    skip: usize,
    take: usize,
}

/// The runs that cover `take` entries after the first `skip` ones, of buckets with these counts.
fn runs(buckets: impl Iterator<Item = (u32, usize)>, mut skip: usize, mut take: usize) -> Vec<Run> {
    let mut runs = Vec::new();
    for (bucket, count) in buckets {
        if take == 0 {
            break;
        }
        if let Some(here) = count.checked_sub(skip).filter(|here| *here > 0) {
            let run = Run { bucket, skip, take: here.min(take) };
            (skip, take) = (0, take - run.take);
            runs.push(run);
        } else {
            skip -= count;
        }
    }
    runs
}

/// The first runs that a page consists of if all buckets are full.
fn guess(request: PageRequest) -> Vec<Run> {
    if request.order == Order::Descending {
        return Vec::new();
    }
    let (first, skip) = (request.skipped() / BUCKET, request.skipped() % BUCKET);
    let first = u32::try_from(first).unwrap_or(u32::MAX);
    let full = (first..=u32::MAX).take(GUESSED).map(|bucket| (bucket, BUCKET));
    runs(full, skip, request.limit)
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
        self.count(transaction, directory, 1)
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

    /// Counts `added` entries in the bucket that the next one goes to, as `directory` says.
    pub(crate) fn count(
        &self,
        transaction: &mut Transaction<'_>,
        directory: &Directory,
        added: usize,
    ) -> Result<(), StoreError> {
        let bucket = directory.next_bucket();
        let count = format!("{COUNT}{bucket}");
        let number = |n: usize| AttributeValue::N(n.to_string());
        let mut values = vec![(":added", number(added)), (":bucket", AttributeValue::N(bucket.to_string()))];
        let (expression, condition) = match directory.open {
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
        let condition = match self.list {
            List::Members(_) => format!("{condition} AND attribute_exists({TAKING})"),
            List::Tenants | List::Users => condition,
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
        let values = vec![
            (":full", AttributeValue::N(BUCKET.to_string())),
            (":one", AttributeValue::N("1".to_owned())),
        ];
        let expression = format!("SET {count} = if_not_exists({count}, :full) - :one");
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

    /// The directory.
    pub(crate) async fn directory(&self) -> Result<Directory, StoreError> {
        let mut batch = self.table.get_all(vec![self.directory_key()]).await?;
        Ok(Directory::of(batch.take_item(&self.directory_key()).as_ref()))
    }

    /// The ids on one page, by age.
    ///
    /// In ascending order this is one round trip as long as nobody has left the list before the page: the buckets that the
    /// page then spans are read together with the directory.
    pub(crate) async fn page(&self, request: PageRequest) -> Result<Page<String>, StoreError> {
        let guess = guess(request);
        let (directory, guessed) = tokio::try_join!(self.directory(), self.read(&guess, request.order))?;
        let mut known: Vec<_> = guess.into_iter().zip(guessed).collect();
        let runs = directory.runs(request);
        let covers = |known: &Run, run: &Run| {
            (known.bucket, known.skip) == (run.bucket, run.skip) && known.take >= run.take
        };
        let unknown = |run: &&Run| !known.iter().any(|(known, _)| covers(known, run));
        let missing: Vec<_> = runs.iter().filter(unknown).copied().collect();
        let found = self.read(&missing, request.order).await?;
        known.extend(missing.into_iter().zip(found));
        let read = |run: &Run| known.iter().find(|(known, _)| covers(known, run)).map(|(_, ids)| ids);
        let ids = runs.iter().flat_map(|run| read(run).into_iter().flatten().take(run.take));
        Ok(Page { items: ids.cloned().collect(), total: directory.total() })
    }

    /// The ids of `runs`, read at the same time.
    async fn read(&self, runs: &[Run], order: Order) -> Result<Vec<Vec<String>>, StoreError> {
        try_join_all(runs.iter().map(|run| self.ids(*run, order))).await
    }

    async fn ids(&self, run: Run, order: Order) -> Result<Vec<String>, StoreError> {
        let wanted = i32::try_from(run.skip + run.take).unwrap_or(i32::MAX);
        let query = self.table.query(bucket_partition(self.vendor, &self.list, run.bucket), "");
        let query = query.projection_expression(SK).scan_index_forward(order == Order::Ascending);
        let answer = query.limit(wanted).send().await.map_err(|error| StoreError::from_sdk(&error))?;
        let rows = answer.items.unwrap_or_default().into_iter().skip(run.skip);
        rows.map(|row| id_of(&row).ok_or_else(|| corrupt("list entry", "it has no id"))).collect()
    }

    /// All entries, oldest first, if they are not too many to be sorted.
    pub(crate) async fn entries<E: Entry>(&self) -> Result<Vec<E>, ListError> {
        let first = self.bucket_entries(0);
        let (directory, first) = tokio::try_join!(self.directory(), first)?;
        if directory.total() > LARGEST_SORTED_LIST {
            return Err(ListError::TooLong(directory.total()));
        }
        let others = 1..directory.open.map_or(0, |open| open + 1);
        let others = try_join_all(others.map(|bucket| self.bucket_entries(bucket))).await?;
        Ok(first.into_iter().chain(others.into_iter().flatten()).collect())
    }

    async fn bucket_entries<E: Entry>(&self, bucket: u32) -> Result<Vec<E>, StoreError> {
        let partition = bucket_partition(self.vendor, &self.list, bucket);
        let items = self.table.query_items(partition, "").await?;
        items.into_iter().map(|(_, item)| Ok(decode::<EntryItem<E>>(item)?.value.0)).collect()
    }
}

fn id_of(row: &Item) -> Option<String> {
    let (_, id) = row.get(SK)?.as_s().ok()?.split_once('#')?;
    Some(id.to_owned())
}

/// The page of `entries` that `request` asks for. They come in ascending order.
pub(crate) fn slice<E>(mut entries: Vec<E>, request: PageRequest) -> Page<E> {
    if request.order == Order::Descending {
        entries.reverse();
    }
    let total = entries.len();
    let items = entries.into_iter().skip(request.skipped()).take(request.limit).collect();
    Page { items, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(open: u32, counts: &[(u32, usize)]) -> Directory {
        Directory { open: Some(open), counts: counts.iter().copied().collect(), taking: false }
    }

    fn page(index: usize, limit: usize, order: Order) -> PageRequest {
        PageRequest { limit, index, order }
    }

    fn run(bucket: u32, skip: usize, take: usize) -> Run {
        Run { bucket, skip, take }
    }

    #[test]
    fn a_page_is_found_from_either_end() {
        let directory = directory(3, &[(1, 0), (3, 100)]);
        assert_eq!(directory.total(), 600);
        let ascending = |index| directory.runs(page(index, 100, Order::Ascending));
        assert_eq!(ascending(0), [run(0, 0, 100)]);
        assert_eq!(ascending(2), [run(0, 200, 50), run(2, 0, 50)]);
        assert_eq!(ascending(5), [run(3, 0, 100)]);
        assert_eq!(ascending(6), []);
        let descending = |index| directory.runs(page(index, 150, Order::Descending));
        assert_eq!(descending(0), [run(3, 0, 100), run(2, 0, 50)]);
        assert_eq!(descending(3), [run(0, 100, 150)]);
        assert_eq!(Directory::default().runs(page(0, 10, Order::Descending)), []);
    }

    #[test]
    fn where_nobody_has_left_a_page_is_guessed_right() {
        let directory = directory(4, &[(4, 90)]);
        for (index, limit) in [(0, 50), (2, 100), (4, 200), (5, 200), (7, 50), (21, 50)] {
            let request = page(index, limit, Order::Ascending);
            for (guessed, run) in guess(request).iter().zip(directory.runs(request)) {
                assert_eq!((guessed.bucket, guessed.skip), (run.bucket, run.skip), "{index} {limit}");
                assert!(guessed.take >= run.take, "{index} {limit}");
            }
        }
        assert_eq!(
            guess(page(usize::MAX, 200, Order::Ascending)).first().map(|run| run.bucket),
            Some(u32::MAX)
        );
    }

    #[test]
    fn a_bucket_is_filled_before_the_next_and_never_reopened() {
        let now = Timestamp::from_millis(0);
        assert_eq!(Directory::default().next_place(now).bucket, 0);
        assert_eq!(directory(0, &[(0, 249)]).next_place(now).bucket, 0);
        assert_eq!(directory(0, &[(0, 250)]).next_place(now).bucket, 1);
        assert_eq!(directory(1, &[(0, 3), (1, 5)]).next_place(now).bucket, 1);
    }
}
