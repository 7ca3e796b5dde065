//! What is done after a request, whoever made it: the facts that requests leave become records of the audit log.

use std::collections::BTreeMap;

use rookery_domain::{AuditRecord, Timestamp, VendorId};
use rookery_store::{Fact, Store, StoreError};

/// Files `facts` in the journals of their environments and tenants, to be kept for `keep_days`. One that comes again is
/// filed once.
///
/// # Errors
/// The table fails; the same call again goes on where it stopped.
pub async fn file(store: &Store, facts: Vec<Fact>, now: Timestamp, keep_days: u32) -> Result<(), StoreError> {
    let mut records: BTreeMap<VendorId, Vec<AuditRecord>> = BTreeMap::new();
    for fact in facts {
        records.entry(fact.vendor_id).or_default().push(fact.record);
    }
    for (vendor, records) in records {
        store.environment(vendor).journal().file(&records, now, keep_days).await?;
    }
    Ok(())
}
