//! The directory of a list: how many entries each of its buckets has.

use std::collections::BTreeMap;

use rookery_domain::{Order, Timestamp};
use serde::{Deserialize, Serialize};

use crate::entity::{Item, number};

/// How many entries a bucket takes before the next is opened. A page is found by reading past the entries of its bucket
/// that come before it, so this bounds what it reads.
pub(super) const BUCKET: usize = 250;

/// The longest list that can be sorted or searched in any other way than by age.
pub const LARGEST_SORTED_LIST: usize = 10_000;

/// Where in a list an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(super) bucket: u32,
    pub(super) since: Timestamp,
    /// Whether the directory counts the entry among the invisible ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) invisible: bool,
}

/// How many entries each bucket of a list has.
///
/// Only the bucket that is being filled, and those that somebody has left since, have a count of their own: the others
/// have [`BUCKET`] entries. So the directory stays small, and cheap to change, however long the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directory {
    /// The bucket that is being filled; none before the first entry.
    pub(super) open: Option<u32>,
    pub(super) counts: BTreeMap<u32, usize>,
    /// How many of them are invisible.
    pub(super) invisible: BTreeMap<u32, usize>,
    /// Whether a list that can be closed is open.
    pub(super) taking: bool,
    /// Whether the list opens in the transaction that adds its first entries: nothing of it is there yet.
    pub(super) opening: bool,
}

/// The attribute that names the bucket that is being filled.
pub(super) const OPEN: &str = "open_bucket";

/// The attribute that a list which can be closed has while it is open.
pub(super) const TAKING: &str = "taking";

/// What the attributes that count begin with; the bucket's number follows.
pub(super) const COUNT: &str = "n";

/// What the attributes that count invisible entries begin with.
pub(super) const INVISIBLE: &str = "i";

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
            opening: false,
        }
    }

    /// That of a list of a tenant's members that opens with its first entries.
    pub(crate) fn opening() -> Self {
        Self { taking: true, opening: true, ..Self::default() }
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
    pub(super) fn seen(&self, sight: Sight) -> impl DoubleEndedIterator<Item = (u32, usize)> + '_ {
        self.buckets().map(move |(bucket, count)| (bucket, count.saturating_sub(self.unseen(bucket, sight))))
    }

    /// How many entries of a bucket somebody does not see.
    pub(super) fn unseen(&self, bucket: u32, sight: Sight) -> usize {
        match sight {
            Sight::All => 0,
            Sight::Visible => self.invisible.get(&bucket).copied().unwrap_or_default(),
        }
    }

    /// The buckets that have entries, if they are not too many to be sorted.
    pub(super) fn to_sort(&self) -> Vec<u32> {
        if self.total() > LARGEST_SORTED_LIST {
            return Vec::new();
        }
        self.buckets().filter(|(_, count)| *count > 0).map(|(bucket, _)| bucket).collect()
    }

    /// Where an entry that is added at `now` goes.
    pub(crate) fn next_place(&self, now: Timestamp, invisible: bool) -> Place {
        Place { bucket: self.next_bucket(), since: now, invisible }
    }

    pub(super) fn next_bucket(&self) -> u32 {
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

    pub(super) fn filled(&self, bucket: u32) -> usize {
        self.counts.get(&bucket).copied().unwrap_or_default()
    }

    /// The runs that cover `take` entries after the first `skip` ones.
    pub(super) fn runs(&self, skip: usize, take: usize, order: Order, sight: Sight) -> Vec<Run> {
        match order {
            Order::Ascending => runs(self.seen(sight), skip, take),
            Order::Descending => runs(self.seen(sight).rev(), skip, take),
        }
    }

    /// How much of a bucket has to be read for `run`, those too that are not seen.
    pub(super) fn depth(&self, run: &Run, sight: Sight) -> usize {
        run.skip + run.take + self.unseen(run.bucket, sight)
    }
}

/// Entries of one bucket that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) bucket: u32,
    /// How many entries come before.
    pub(super) skip: usize,
    pub(super) take: usize,
}

/// The runs that cover `take` entries after the first `skip` ones, of buckets with these counts.
pub(super) fn runs(
    buckets: impl Iterator<Item = (u32, usize)>,
    mut skip: usize,
    mut take: usize,
) -> Vec<Run> {
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

#[cfg(test)]
pub(super) mod tests {
    use rookery_domain::PageRequest;

    use super::*;

    pub(crate) fn directory(open: u32, counts: &[(u32, usize)]) -> Directory {
        let counts = counts.iter().copied().collect();
        Directory { open: Some(open), counts, ..Directory::default() }
    }

    pub(crate) fn page(index: usize, limit: usize, order: Order) -> PageRequest {
        PageRequest { limit, index, order }
    }

    fn run(bucket: u32, skip: usize, take: usize) -> Run {
        Run { bucket, skip, take }
    }

    pub(crate) fn of_page(directory: &Directory, request: PageRequest, sight: Sight) -> Vec<Run> {
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
