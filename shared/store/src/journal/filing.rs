//! Filing records.

use std::collections::{BTreeMap, BTreeSet};

use rookery_domain::{AuditRecord, RecordId, TenantId, Timestamp};

use super::{BUCKET, Day, Filed, FiledRecord, Head, Hour, HourStart, Journal};
use crate::contention::while_contended;
use crate::entity::Stored;
use crate::error::unrefused;
use crate::keys::Key;
use crate::transaction::{Cancelled, Transaction};
use crate::{StoreError, UpdateError};

/// For how many days severe records are counted.
const COUNTED_DAYS: i64 = 7;

/// The journals that a transaction writes to: the environment's, under no name, and those of tenants.
type Heads = BTreeMap<Option<TenantId>, Option<Stored<Head>>>;

impl Journal<'_> {
    /// Files `records` in the environment's journal and in those of their tenants, to be kept for `keep_days`. Those that
    /// were filed before are passed over. The answer is how many were new.
    ///
    /// # Errors
    /// The table fails; the same call again goes on where it stopped.
    pub async fn file(
        &self,
        records: &[AuditRecord],
        now: Timestamp,
        keep_days: u32,
    ) -> Result<usize, StoreError> {
        let (mut left, mut filed) = (records, 0);
        while !left.is_empty() {
            let (some, rest) = left.split_at(fitting(left));
            let outcome = while_contended!(self.try_file(some, now, keep_days));
            filed += outcome.map_err(unrefused)?;
            left = rest;
        }
        Ok(filed)
    }

    async fn try_file<E>(
        &self,
        records: &[AuditRecord],
        now: Timestamp,
        keep_days: u32,
    ) -> Result<usize, UpdateError<E>> {
        let (heads, records) = self.what_is_new(records).await?;
        if records.is_empty() {
            return Ok(0);
        }
        let latest = heads.values().flatten().filter_map(|head| head.value.last_at).max();
        let created_at = latest.map_or(now, |latest| latest.max(now));
        let mut transaction = Transaction::new(self.table());
        for record in &records {
            transaction.insert(Key::filed(self.vendor(), record.id), &Filed { at: created_at })?;
        }
        for (of, head) in &heads {
            let own = records.iter().filter(|record| of.is_none() || record.tenant_id == *of);
            let own = own.map(|record| FiledRecord { record: (*record).clone(), created_at, keep_days });
            let own: Vec<_> = own.collect();
            self.append(&mut transaction, of.as_ref(), head.as_ref(), &own).await?;
        }
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(records.len())
    }

    /// The heads of the journals that `records` go to, and those of them that have not been filed.
    async fn what_is_new<'r>(
        &self,
        records: &'r [AuditRecord],
    ) -> Result<(Heads, Vec<&'r AuditRecord>), StoreError> {
        let filed_key = |id: RecordId| Key::filed(self.vendor(), id);
        let of: BTreeSet<_> = records.iter().map(|record| record.tenant_id.clone()).chain([None]).collect();
        let keys = of.iter().map(|of| self.head_key(of.as_ref()));
        let keys = keys.chain(records.iter().map(|record| filed_key(record.id)));
        let mut batch = self.table().get_all(keys.collect()).await?;
        let mut seen = BTreeSet::new();
        let new = records.iter().filter(|record| batch.item(&filed_key(record.id)).is_none());
        let new: Vec<_> = new.filter(|record| seen.insert(record.id)).collect();
        let needed = |of: &Option<TenantId>| of.is_none() || new.iter().any(|record| record.tenant_id == *of);
        let mut heads = Heads::new();
        for of in of.into_iter().filter(needed) {
            let head = batch.take::<Head>(&self.head_key(of.as_ref()))?;
            heads.insert(of, head);
        }
        Ok((heads, new))
    }

    /// Writes `records`, which have been filed at the same moment, to the end of a journal.
    async fn append(
        &self,
        transaction: &mut Transaction<'_>,
        of: Option<&TenantId>,
        stored: Option<&Stored<Head>>,
        records: &[FiledRecord],
    ) -> Result<(), StoreError> {
        let Some(FiledRecord { created_at, keep_days, .. }) = records.first() else { return Ok(()) };
        let (created_at, hour) = (*created_at, Hour::of(*created_at));
        let mut head = stored.map(|stored| stored.value.clone()).unwrap_or_default();
        head.keep_days = *keep_days;
        (head.first, head.since) = self.oldest(of, &head, created_at).await?;
        if head.hour != Some(hour) {
            let start = HourStart { hour, first: head.next, keep_days: *keep_days };
            transaction.insert(Key::journal_hour(self.vendor(), of, hour), &start)?;
            head.hour = Some(hour);
            head.since = head.since.or(Some(hour));
        }
        for record in records {
            let bucket = head.next / BUCKET;
            transaction.insert(Key::journal_record(self.vendor(), of, bucket, head.next), record)?;
            head.next += 1;
        }
        let severe = records.iter().filter(|record| record.record.severity.is_severe()).count();
        head.count_severe(Day::of(created_at), severe);
        head.last_at = Some(created_at);
        let key = self.head_key(of);
        match stored {
            None => transaction.insert(key, &head)?,
            Some(read) => transaction.replace(key, &read.with(head))?,
        };
        Ok(())
    }
}

impl Head {
    fn count_severe(&mut self, today: Day, severe: usize) {
        self.severe.retain(|day, _| day.0 > today.0 - COUNTED_DAYS);
        if severe > 0 {
            *self.severe.entry(today).or_default() += severe as u64;
        }
    }

    /// How many severe records were filed in the seven days that end with that of `now`.
    pub(super) fn severe_lately(&self, now: Timestamp) -> u64 {
        let today = Day::of(now);
        self.severe.iter().filter(|(day, _)| day.0 > today.0 - COUNTED_DAYS).map(|(_, count)| count).sum()
    }
}

/// How many of `records`, from the first, one transaction has room for. A record takes a write for itself in each of its
/// journals and one that says it was filed; a journal takes one for its head and one for its hour.
fn fitting(records: &[AuditRecord]) -> usize {
    let (mut writes, mut journals) = (2, BTreeSet::new());
    for (at, record) in records.iter().enumerate() {
        writes += 2;
        if let Some(tenant) = &record.tenant_id {
            writes += if journals.insert(tenant) { 3 } else { 1 };
        }
        if writes > Transaction::ROOM {
            return at;
        }
    }
    records.len()
}
