//! The audit log: an append-only journal of each tenant, and one of each environment.
//!
//! The records of a journal are numbered in the order in which they are filed, and their `created_at` never goes back. A
//! number says where a record is: in which bucket of [`BUCKET`] records, each a partition of its own. So a page is read
//! from one or two buckets, wherever in the journal it is, and writes move on to another partition all the time: a busy
//! tenant heats none.
//!
//! The *head* of a journal has the next number, and so the total. For each hour with records an item has the first number of
//! that hour: so a range of time is a range of numbers, found in one read, and a few more within the first and the last
//! hour.

mod filing;
mod reading;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{AuditRecord, TenantId, Timestamp, VendorId};
use serde::{Deserialize, Serialize};

pub use reading::{JournalError, JournalStatistics, RowPage, TimeRange};

use crate::EnvironmentStore;
use crate::entity::Entity;
use crate::facts::expires;
use crate::keys::Key;
use crate::table::Table;

/// How many records a partition holds. DynamoDB writes 1,000 units a second to one, and a record takes two.
const BUCKET: u64 = 100;

/// A record as it was filed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiledRecord {
    /// The record.
    pub record: AuditRecord,
    /// When it was filed: moments after it happened. Journals are in the order of this.
    pub created_at: Timestamp,
    /// For how many days it is kept.
    keep_days: u32,
}

impl FiledRecord {
    /// Whether its time is over, though DynamoDB has not cleaned it up yet.
    fn is_over(&self, now: Timestamp) -> bool {
        now.seconds_since(self.created_at) >= i64::from(self.keep_days) * 86_400
    }
}

impl Entity for FiledRecord {
    const TYPE: &'static str = "audit record";
    const MAX_BYTES: usize = 16 * 1024;

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        vec![("ttl", Some(expires(self.created_at, self.keep_days)))]
    }
}

/// What is known of a journal as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Head {
    /// The number of the next record.
    next: u64,
    /// The number of the oldest record whose time was not over when the last one was filed, and the hour it is of.
    first: u64,
    since: Option<Hour>,
    /// The hour of the last record, whose first number is kept.
    hour: Option<Hour>,
    /// When the last record was filed.
    last_at: Option<Timestamp>,
    /// For how many days records are kept.
    keep_days: u32,
    /// How many severe records were filed on each of the last days.
    severe: BTreeMap<Day, u64>,
}

impl Entity for Head {
    const TYPE: &'static str = "journal";
}

/// The number of the first record that was filed in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct HourStart {
    hour: Hour,
    first: u64,
    keep_days: u32,
}

impl Entity for HourStart {
    const TYPE: &'static str = "journal hour";

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        vec![("ttl", Some(expires(self.hour.start().plus_seconds(3_600), self.keep_days)))]
    }
}

/// Says that a record has been filed, whenever its fact comes again.
#[derive(Serialize, Deserialize)]
struct Filed {
    at: Timestamp,
}

impl Entity for Filed {
    const TYPE: &'static str = "filed";

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // The stream forgets after a day.
        vec![("ttl", Some(expires(self.at, 3)))]
    }
}

/// An hour of UTC: hours since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hour(i64);

impl Hour {
    pub(crate) fn of(time: Timestamp) -> Self {
        Self(time.as_seconds().div_euclid(3_600))
    }

    pub(crate) fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 * 3_600_000)
    }
}

/// A day of UTC: days since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
struct Day(i64);

impl Day {
    fn of(time: Timestamp) -> Self {
        Self(time.as_seconds().div_euclid(86_400))
    }

    fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 * 86_400_000)
    }
}

/// The journals of one environment: its own, and those of its tenants.
pub struct Journal<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    fn head_key(&self, of: Option<&TenantId>) -> Key {
        Key::journal(self.vendor(), of)
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }

    fn vendor(&self) -> VendorId {
        self.environment.id
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(records: FiledRecord);
    documented!(heads: Head);
    documented!(hours: HourStart);
    documented!(filed: Filed);
}
