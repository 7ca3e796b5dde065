//! Reading a journal.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Order, Page, TenantId, Timestamp};

use super::{BUCKET, Day, FiledRecord, Head, Hour, HourStart, Journal};
use crate::StoreError;
use crate::entity::{Stored, decode};
use crate::keys::{HOUR, Key};

/// The longest stretch of a journal that is searched record by record.
pub(super) const SEARCHED_AT_MOST: u64 = 50_000;

/// How many buckets are read at a time: what a search holds in memory is so many times a hundred records.
const BUCKETS_AT_ONCE: usize = 16;

/// From when to when, both included; open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment.
    pub from: Option<Timestamp>,
    /// The last moment.
    pub to: Option<Timestamp>,
}

/// Which rows of a journal, by how many rows come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPage {
    /// How many rows come before.
    pub offset: u64,
    /// How many rows there are at most.
    pub count: u64,
    /// The direction; the newest come first when it is descending.
    pub order: Order,
}

/// A journal was not searched.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There are too many records to look at each.
    #[error(
        "{0} records are too many to search, of which {SEARCHED_AT_MOST} are the most: choose a shorter time with created_from and created_to"
    )]
    TooMany(u64),
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the statistics say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalStatistics {
    /// How many records were filed since midnight, UTC.
    pub today: u64,
    /// How many severe records were filed in the last seven days, of which today is one.
    pub severe_this_week: u64,
}

/// A stretch of a journal, by numbers; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    first: u64,
    end: u64,
}

impl Span {
    fn len(self) -> u64 {
        self.end.saturating_sub(self.first)
    }

    /// The part that `page` shows.
    fn page(self, page: RowPage) -> Self {
        let skipped = page.offset.min(self.len());
        let shown = page.count.min(self.len() - skipped);
        match page.order {
            Order::Ascending => Self { first: self.first + skipped, end: self.first + skipped + shown },
            Order::Descending => Self { first: self.end - skipped - shown, end: self.end - skipped },
        }
    }

    /// The buckets that it touches, each with the part of it that is there.
    fn buckets(self, order: Order) -> impl Iterator<Item = (u64, Self)> {
        let buckets = self.first / BUCKET..self.end.div_ceil(BUCKET);
        let number = if self.len() == 0 { 0 } else { buckets.end - buckets.start };
        (0..number).map(move |at| {
            let bucket = match order {
                Order::Ascending => buckets.start + at,
                Order::Descending => buckets.end - 1 - at,
            };
            let (first, end) = (bucket * BUCKET, (bucket + 1) * BUCKET);
            (bucket, Self { first: self.first.max(first), end: self.end.min(end) })
        })
    }
}

impl Journal<'_> {
    /// Some rows of the records that were filed in `range`, of `tenant` or of the whole environment. What it costs depends
    /// on how many rows that is, and neither on how many records there are nor on how many rows come before.
    ///
    /// # Errors
    /// The table fails.
    pub async fn page(
        &self,
        tenant: Option<&TenantId>,
        range: TimeRange,
        page: RowPage,
        now: Timestamp,
    ) -> Result<Page<FiledRecord>, StoreError> {
        let span = self.span(tenant, range, now).await?;
        let buckets = span.page(page).buckets(page.order);
        let reads = stream::iter(buckets).map(|(bucket, part)| self.bucket(tenant, bucket, part, page.order));
        let mut items: Vec<_> = reads.buffered(BUCKETS_AT_ONCE).try_concat().await?;
        items.retain(|record| !record.is_over(now));
        Ok(Page { items, total: usize::try_from(span.len()).unwrap_or(usize::MAX) })
    }

    /// Shows `visit` every record that was filed in `range`, in the direction `order`.
    ///
    /// # Errors
    /// There are too many, or the table fails.
    pub async fn search(
        &self,
        tenant: Option<&TenantId>,
        range: TimeRange,
        order: Order,
        now: Timestamp,
        mut visit: impl FnMut(FiledRecord),
    ) -> Result<(), JournalError> {
        let span = self.span(tenant, range, now).await?;
        if span.len() > SEARCHED_AT_MOST {
            return Err(JournalError::TooMany(span.len()));
        }
        let reads = stream::iter(span.buckets(order));
        let reads = reads.map(|(bucket, part)| self.bucket(tenant, bucket, part, order));
        let mut reads = reads.buffered(BUCKETS_AT_ONCE);
        while let Some(records) = reads.try_next().await? {
            records.into_iter().filter(|record| !record.is_over(now)).for_each(&mut visit);
        }
        Ok(())
    }

    /// How many records there are lately, of `tenant` or of the whole environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn statistics(
        &self,
        tenant: Option<&TenantId>,
        now: Timestamp,
    ) -> Result<JournalStatistics, StoreError> {
        let today = TimeRange { from: Some(Day::of(now).start()), to: None };
        let (head, today) = tokio::try_join!(self.head(tenant), self.span(tenant, today, now))?;
        Ok(JournalStatistics { today: today.len(), severe_this_week: head.severe_lately(now) })
    }

    async fn head(&self, tenant: Option<&TenantId>) -> Result<Head, StoreError> {
        let head = self.table().get::<Head>(self.head_key(tenant)).await?;
        Ok(head.map(|head| head.value).unwrap_or_default())
    }

    /// The numbers of the records that were filed in `range`.
    async fn span(
        &self,
        tenant: Option<&TenantId>,
        range: TimeRange,
        now: Timestamp,
    ) -> Result<Span, StoreError> {
        let after = range.to.map(|to| Timestamp::from_millis(to.as_millis().saturating_add(1)));
        let (head, from, to) = tokio::try_join!(
            self.head(tenant),
            self.first_hours(tenant, range.from),
            self.first_hours(tenant, after),
        )?;
        let oldest = self.oldest(tenant, &head, now);
        let ((oldest, _), first, end) = tokio::try_join!(
            oldest,
            self.first_since(tenant, range.from, &from, head.next),
            self.first_since(tenant, after, &to, head.next),
        )?;
        let first = range.from.map_or(oldest, |_| first.max(oldest));
        let end = range.to.map_or(head.next, |_| end);
        Ok(Span { first, end: end.max(first) })
    }

    /// The number of the first record filed at `since` or later: `hours` are the first two hours from then on, and `end` is
    /// the number after the last of all.
    async fn first_since(
        &self,
        tenant: Option<&TenantId>,
        since: Option<Timestamp>,
        hours: &[HourStart],
        end: u64,
    ) -> Result<u64, StoreError> {
        let (Some(since), Some(start)) = (since, hours.first()) else { return Ok(end) };
        if start.hour.start() >= since {
            return Ok(start.first);
        }
        // Records of one hour are in order: a binary search.
        let (mut low, mut high) = (start.first, hours.get(1).map_or(end, |next| next.first));
        while low < high {
            let middle = low + (high - low) / 2;
            let key = Key::journal_record(self.vendor(), tenant, middle / BUCKET, middle);
            let found = self.table().get::<FiledRecord>(key).await?;
            // One that is gone has been cleaned up for its age.
            match found.is_none_or(|found| found.value.created_at < since) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }

    /// The first two hours with records, from that of `since` on.
    async fn first_hours(
        &self,
        tenant: Option<&TenantId>,
        since: Option<Timestamp>,
    ) -> Result<Vec<HourStart>, StoreError> {
        let Some(since) = since else { return Ok(Vec::new()) };
        let partition = self.head_key(tenant).pk;
        let from = Key::journal_hour(self.vendor(), tenant, Hour::of(since)).sk;
        self.query(partition, (from, format!("{HOUR}~")), Order::Ascending, Some(2)).await
    }

    /// The number of the oldest record whose time is not over at `now`, and the hour it is of.
    pub(super) async fn oldest(
        &self,
        tenant: Option<&TenantId>,
        head: &Head,
        now: Timestamp,
    ) -> Result<(u64, Option<Hour>), StoreError> {
        let cutoff = Hour::of(now.plus_seconds(-i64::from(head.keep_days) * 86_400));
        if head.since.is_none_or(|since| since > cutoff) {
            return Ok((head.first, head.since));
        }
        // Records of the hour of the cut stay until the hour is over.
        let hours = self.first_hours(tenant, Some(cutoff.start())).await?;
        Ok(hours.first().map_or((head.next, None), |start| (start.first, Some(start.hour))))
    }

    async fn bucket(
        &self,
        tenant: Option<&TenantId>,
        bucket: u64,
        part: Span,
        order: Order,
    ) -> Result<Vec<FiledRecord>, StoreError> {
        let first = Key::journal_record(self.vendor(), tenant, bucket, part.first);
        let last = Key::journal_record(self.vendor(), tenant, bucket, part.end.saturating_sub(1));
        self.query(first.pk, (first.sk, last.sk), order, None).await
    }

    async fn query<T: crate::entity::Entity>(
        &self,
        partition: String,
        (from, to): (String, String),
        order: Order,
        limit: Option<i32>,
    ) -> Result<Vec<T>, StoreError> {
        let request = self.table().query_between(partition, from, to);
        let request = request.scan_index_forward(order == Order::Ascending).set_limit(limit);
        let mut found = Vec::new();
        let mut pages = request.into_paginator().items().send();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| StoreError::from_sdk(&error))?;
            let Stored { value, .. } = decode::<T>(&item)?;
            found.push(value);
            if limit.is_some_and(|limit| i32::try_from(found.len()).is_ok_and(|found| found >= limit)) {
                break;
            }
        }
        Ok(found)
    }
}
