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

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use rookery_domain::{Order, Page, PageRequest, Timestamp, VendorId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::entity::{DOCUMENT, Entity, Item, corrupt, decode, number};
use crate::keys::{Key, List, SK, bucket_partition};
use crate::table::Table;
use crate::transaction::{Transaction, Write};

/// How many entries a bucket takes before the next is opened. A page is found by reading past the entries of its bucket
/// that come before it, so this bounds what it reads.
const BUCKET: usize = 250;

/// How many buckets are read before it is known where a page begins: enough for every page that a list is asked for.
const GUESSED: usize = 2;

/// How many entries more than a page needs are read before it is known where it begins. So many may have left, or come,
/// since the directory was last seen.
const SPARE: usize = 8;

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
    /// Whether the directory counts the entry among the invisible ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) invisible: bool,
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
    /// How many of them are invisible.
    invisible: BTreeMap<u32, usize>,
    /// Whether a list that can be closed is open.
    taking: bool,
}

/// The attribute that names the bucket that is being filled.
const OPEN: &str = "open_bucket";

/// The attribute that a list which can be closed has while it is open.
const TAKING: &str = "taking";

/// What the attributes that count begin with; the bucket's number follows.
const COUNT: &str = "n";

/// What the attributes that count invisible entries begin with.
const INVISIBLE: &str = "i";

/// Who looks at a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Somebody who sees all entries.
    All,
    /// Somebody who does not see the invisible ones.
    Visible,
}

impl Directory {
    /// Reads a directory; a list that was never written to has none.
    pub(crate) fn of(item: Option<&Item>) -> Self {
        let Some(item) = item else { return Self::default() };
        let counts = |prefix| {
            item.keys().filter_map(move |name| {
                let bucket = name.strip_prefix(prefix)?.parse().ok()?;
                Some((bucket, usize::try_from(number(item, name)?).ok()?))
            })
        };
        Self {
            open: number(item, OPEN).and_then(|bucket| u32::try_from(bucket).ok()),
            counts: counts(COUNT).collect(),
            invisible: counts(INVISIBLE).collect(),
            taking: item.contains_key(TAKING),
        }
    }

    /// How many entries the list has.
    pub(crate) fn total(&self) -> usize {
        self.seen(Sight::All).map(|(_, count)| count).sum()
    }

    /// The buckets from the oldest, and how many entries each has.
    fn buckets(&self) -> impl DoubleEndedIterator<Item = (u32, usize)> + '_ {
        let buckets = 0..self.open.map_or(0, |open| open + 1);
        buckets.map(|bucket| (bucket, self.counts.get(&bucket).copied().unwrap_or(BUCKET)))
    }

    /// The same, of the entries that somebody sees.
    fn seen(&self, sight: Sight) -> impl DoubleEndedIterator<Item = (u32, usize)> + '_ {
        self.buckets().map(move |(bucket, count)| (bucket, count.saturating_sub(self.unseen(bucket, sight))))
    }

    /// How many entries of a bucket somebody does not see.
    fn unseen(&self, bucket: u32, sight: Sight) -> usize {
        match sight {
            Sight::All => 0,
            Sight::Visible => self.invisible.get(&bucket).copied().unwrap_or_default(),
        }
    }

    /// The buckets that have entries, if they are not too many to be sorted.
    fn to_sort(&self) -> Vec<u32> {
        if self.total() > LARGEST_SORTED_LIST {
            return Vec::new();
        }
        self.buckets().filter(|(_, count)| *count > 0).map(|(bucket, _)| bucket).collect()
    }

    /// Where an entry that is added at `now` goes.
    pub(crate) fn next_place(&self, now: Timestamp, invisible: bool) -> Place {
        Place { bucket: self.next_bucket(), since: now, invisible }
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

    /// The runs that cover `take` entries after the first `skip` ones.
    fn runs(&self, skip: usize, take: usize, order: Order, sight: Sight) -> Vec<Run> {
        match order {
            Order::Ascending => runs(self.seen(sight), skip, take),
            Order::Descending => runs(self.seen(sight).rev(), skip, take),
        }
    }

    /// How much of a bucket has to be read for `run`, those too that are not seen.
    fn depth(&self, run: &Run, sight: Sight) -> usize {
        run.skip + run.take + self.unseen(run.bucket, sight)
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

/// The first entries of a bucket, from the end that an order begins at.
struct Beginning {
    bucket: u32,
    /// How many were asked for.
    depth: usize,
    entries: Vec<Listed>,
}

/// An entry, as far as pages by age need it.
struct Listed {
    id: String,
    invisible: bool,
}

/// How much is to be read of which buckets for a page. `seen` is the directory as it was last seen; without it, all
/// buckets are taken to be full, and nothing can be said of the end of the list.
fn guess(seen: Option<&Directory>, request: PageRequest, sight: Sight) -> Vec<(u32, usize)> {
    let PageRequest { limit, order, .. } = request;
    let (skip, take) = (request.skipped(), limit.saturating_add(SPARE));
    let runs = match (seen, order) {
        (Some(directory), _) => directory.runs(skip, take, order, sight),
        (None, Order::Ascending) => runs_if_full(skip, take),
        (None, Order::Descending) => Vec::new(),
    };
    let unseen = |bucket| seen.map_or(0, |directory| directory.unseen(bucket, sight));
    let depth = |run: &Run| run.skip + run.take.min(limit) + unseen(run.bucket) + SPARE;
    runs.iter().map(|run| (run.bucket, depth(run).min(BUCKET))).collect()
}

/// The first runs that a page consists of if all buckets are full.
fn runs_if_full(skip: usize, take: usize) -> Vec<Run> {
    let first = u32::try_from(skip / BUCKET).unwrap_or(u32::MAX);
    let full = (first..=u32::MAX).take(GUESSED).map(|bucket| (bucket, BUCKET));
    runs(full, skip % BUCKET, take)
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

    /// The directory.
    pub(crate) async fn directory(&self) -> Result<Directory, StoreError> {
        let key = self.directory_key();
        let mut batch = self.table.get_all(vec![key.clone()]).await?;
        let directory = Directory::of(batch.take_item(&key).as_ref());
        self.table.directories().remember(key, &directory);
        Ok(directory)
    }

    /// The directory as this process saw it last, which only tells where to look first.
    fn last_seen(&self) -> Option<Directory> {
        self.table.directories().recall(&self.directory_key())
    }

    /// The ids on one page, by age.
    ///
    /// This is one round trip as long as the list is about as it was when it was last seen or, in ascending order, hardly
    /// anybody has left it before the page: the entries that the page then consists of are read together with the
    /// directory.
    pub(crate) async fn page(&self, request: PageRequest, sight: Sight) -> Result<Page<String>, StoreError> {
        let guess = guess(self.last_seen().as_ref(), request, sight);
        let (directory, mut known) =
            tokio::try_join!(self.directory(), self.beginnings(guess, request.order))?;
        let runs = directory.runs(request.skipped(), request.limit, request.order, sight);
        let read = |known: &[Beginning], run: &Run| {
            let deep_enough =
                |known: &Beginning| known.bucket == run.bucket && known.depth >= directory.depth(run, sight);
            known.iter().position(deep_enough)
        };
        let missing = runs.iter().filter(|run| read(&known, run).is_none());
        let missing = missing.map(|run| (run.bucket, directory.depth(run, sight))).collect();
        known.extend(self.beginnings(missing, request.order).await?);
        let mut items = Vec::with_capacity(request.limit.min(BUCKET));
        for run in &runs {
            let entries = read(&known, run).and_then(|at| known.get(at)).into_iter();
            let seen = entries.flat_map(|known| &known.entries).filter(|entry| entry.is_seen(sight));
            items.extend(seen.skip(run.skip).take(run.take).map(|entry| entry.id.clone()));
        }
        Ok(Page { items, total: directory.seen(sight).map(|(_, count)| count).sum() })
    }

    /// So many entries of these buckets, read at the same time.
    async fn beginnings(
        &self,
        buckets: Vec<(u32, usize)>,
        order: Order,
    ) -> Result<Vec<Beginning>, StoreError> {
        try_join_all(buckets.into_iter().map(|(bucket, depth)| self.beginning(bucket, depth, order))).await
    }

    async fn beginning(&self, bucket: u32, depth: usize, order: Order) -> Result<Beginning, StoreError> {
        let query = self.table.query(bucket_partition(self.vendor, &self.list, bucket), "");
        let query = query.projection_expression(LISTED).scan_index_forward(order == Order::Ascending);
        let query = query.limit(i32::try_from(depth).unwrap_or(i32::MAX));
        let answer = query.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        let rows = answer.items.unwrap_or_default();
        let listed = |row: &Item| Listed::of(row).ok_or_else(|| corrupt("list entry", "it has no id"));
        Ok(Beginning { bucket, depth, entries: rows.iter().map(listed).collect::<Result<_, _>>()? })
    }

    /// All entries, oldest first, if they are not too many to be sorted.
    pub(crate) async fn entries<E: Entry>(&self) -> Result<Vec<E>, ListError> {
        let guess = self.last_seen().map_or_else(|| vec![0], |directory| directory.to_sort());
        let (directory, guessed) = tokio::try_join!(self.directory(), self.bucket_entries::<E>(&guess))?;
        if directory.total() > LARGEST_SORTED_LIST {
            return Err(ListError::TooLong(directory.total()));
        }
        let mut known: BTreeMap<_, _> = guess.into_iter().zip(guessed).collect();
        let missing: Vec<_> =
            directory.to_sort().into_iter().filter(|bucket| !known.contains_key(bucket)).collect();
        let found = self.bucket_entries(&missing).await?;
        known.extend(missing.into_iter().zip(found));
        Ok(known.into_values().flatten().collect())
    }

    /// The entries of these buckets, read at the same time.
    async fn bucket_entries<E: Entry>(&self, buckets: &[u32]) -> Result<Vec<Vec<E>>, StoreError> {
        try_join_all(buckets.iter().map(|bucket| async {
            let partition = bucket_partition(self.vendor, &self.list, *bucket);
            let items = self.table.query_items(partition, "").await?;
            items.into_iter().map(|(_, item)| Ok(decode::<EntryItem<E>>(item)?.value.0)).collect()
        }))
        .await
    }
}

/// What pages by age read of an entry. If it is invisible to some, its field of that name says so.
const LISTED: &str = "sk, document.invisible";

impl Listed {
    fn of(row: &Item) -> Option<Self> {
        let (_, id) = row.get(SK)?.as_s().ok()?.split_once('#')?;
        let document = row.get(DOCUMENT).and_then(|document| document.as_m().ok());
        let invisible = document.and_then(|document| document.get("invisible")?.as_bool().ok().copied());
        Some(Self { id: id.to_owned(), invisible: invisible.unwrap_or_default() })
    }

    fn is_seen(&self, sight: Sight) -> bool {
        match sight {
            Sight::All => true,
            Sight::Visible => !self.invisible,
        }
    }
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
        let counts = counts.iter().copied().collect();
        Directory { open: Some(open), counts, ..Directory::default() }
    }

    fn page(index: usize, limit: usize, order: Order) -> PageRequest {
        PageRequest { limit, index, order }
    }

    fn run(bucket: u32, skip: usize, take: usize) -> Run {
        Run { bucket, skip, take }
    }

    fn of_page(directory: &Directory, request: PageRequest, sight: Sight) -> Vec<Run> {
        directory.runs(request.skipped(), request.limit, request.order, sight)
    }

    #[test]
    fn a_page_is_found_from_either_end() {
        let directory = directory(3, &[(1, 0), (3, 100)]);
        assert_eq!(directory.total(), 600);
        let ascending = |index| of_page(&directory, page(index, 100, Order::Ascending), Sight::All);
        assert_eq!(ascending(0), [run(0, 0, 100)]);
        assert_eq!(ascending(2), [run(0, 200, 50), run(2, 0, 50)]);
        assert_eq!(ascending(5), [run(3, 0, 100)]);
        assert_eq!(ascending(6), []);
        let descending = |index| of_page(&directory, page(index, 150, Order::Descending), Sight::All);
        assert_eq!(descending(0), [run(3, 0, 100), run(2, 0, 50)]);
        assert_eq!(descending(3), [run(0, 100, 150)]);
        assert_eq!(of_page(&Directory::default(), page(0, 10, Order::Descending), Sight::All), []);
    }

    #[test]
    fn a_page_of_what_is_seen_reads_past_what_is_not() {
        let mut directory = directory(1, &[(1, 100)]);
        directory.invisible = [(0, 10), (1, 1)].into_iter().collect();
        let runs = of_page(&directory, page(2, 100, Order::Ascending), Sight::Visible);
        assert_eq!(runs, [run(0, 200, 40), run(1, 0, 60)]);
        assert_eq!(
            runs.iter().map(|run| directory.depth(run, Sight::Visible)).collect::<Vec<_>>(),
            [250, 61]
        );
    }

    /// Whether what is guessed for a page covers it.
    fn is_guessed(seen: Option<&Directory>, directory: &Directory, request: PageRequest) -> bool {
        [Sight::All, Sight::Visible].into_iter().all(|sight| {
            let guess: BTreeMap<_, _> = guess(seen, request, sight).into_iter().collect();
            let covered = |run: &Run| guess.get(&run.bucket) >= Some(&directory.depth(run, sight));
            of_page(directory, request, sight).iter().all(covered)
        })
    }

    #[test]
    fn where_hardly_anybody_has_left_a_page_is_guessed_right() {
        let full = directory(4, &[(4, 90)]);
        let mut left = directory(4, &[(0, 246), (2, 249), (4, 90)]);
        left.invisible = [(1, 3)].into_iter().collect();
        for (index, limit) in [(0, 50), (2, 100), (4, 200), (5, 200), (7, 50), (21, 50), (4, 50)] {
            let request = page(index, limit, Order::Ascending);
            assert!(is_guessed(None, &full, request), "{index} {limit}");
            assert!(is_guessed(None, &left, request), "{index} {limit}");
        }
        let far = guess(None, page(usize::MAX, 200, Order::Ascending), Sight::All);
        assert_eq!(far.first().map(|(bucket, _)| *bucket), Some(u32::MAX));
    }

    #[test]
    fn where_it_was_seen_before_any_page_is_guessed_right() {
        let mut seen = directory(3, &[(0, 100), (1, 0), (3, 40)]);
        seen.invisible = [(0, 30), (2, 5)].into_iter().collect();
        let mut since = directory(3, &[(0, 99), (1, 0), (3, 46)]);
        since.invisible = [(0, 30), (2, 6)].into_iter().collect();
        for order in [Order::Ascending, Order::Descending] {
            for (index, limit) in [(0, 50), (1, 50), (2, 100), (1, 200), (5, 50), (6, 50)] {
                let request = page(index, limit, order);
                assert!(is_guessed(Some(&seen), &seen, request), "{index} {limit} {order:?}");
                assert!(is_guessed(Some(&seen), &since, request), "{index} {limit} {order:?}");
            }
        }
    }

    #[test]
    fn of_a_list_that_is_too_long_to_sort_nothing_is_read() {
        assert_eq!(directory(3, &[(1, 0), (3, 1)]).to_sort(), [0, 2, 3]);
        assert_eq!(directory(39, &[]).to_sort().len(), 40);
        assert!(directory(40, &[(40, 1)]).to_sort().is_empty());
    }

    #[test]
    fn a_bucket_is_filled_before_the_next_and_never_reopened() {
        let now = Timestamp::from_millis(0);
        assert_eq!(Directory::default().next_place(now, false).bucket, 0);
        assert_eq!(directory(0, &[(0, 249)]).next_place(now, false).bucket, 0);
        assert_eq!(directory(0, &[(0, 250)]).next_place(now, false).bucket, 1);
        assert_eq!(directory(1, &[(0, 3), (1, 5)]).next_place(now, false).bucket, 1);
    }
}
