//! Reading a page of a list, or all of it.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use rookery_domain::{Order, Page, PageRequest};

use super::directory::{BUCKET, Directory, LARGEST_SORTED_LIST, Run, Sight, runs};
use super::{Entry, EntryItem, INVISIBLE_ENTRY, Roster};
use crate::StoreError;
use crate::entity::{Item, corrupt, decode};
use crate::keys::{SK, bucket_partition};

/// How many buckets are read before it is known where a page begins: enough for every page that a list is asked for.
const GUESSED: usize = 2;

/// How many entries more than a page needs are read before it is known where it begins. So many may have left, or come,
/// since the directory was last seen.
const SPARE: usize = 8;

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

impl Roster<'_> {
    /// The directory.
    pub(crate) async fn directory(&self) -> Result<Directory, StoreError> {
        let key = self.directory_key();
        let batch = self.table.get_all(vec![key.clone()]).await?;
        let directory = Directory::of(batch.item(&key));
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
        let answer = Box::pin(query.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
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
            items.into_iter().map(|(_, item)| Ok(decode::<EntryItem<E>>(&item)?.value.0)).collect()
        }))
        .await
    }
}

/// What pages by age read of an entry.
const LISTED: &str = "sk, invisible";

impl Listed {
    fn of(row: &Item) -> Option<Self> {
        let (_, id) = row.get(SK)?.as_s().ok()?.split_once('#')?;
        Some(Self { id: id.to_owned(), invisible: row.contains_key(INVISIBLE_ENTRY) })
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
    use super::super::directory::tests::{directory, of_page, page};
    use super::*;

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
}
