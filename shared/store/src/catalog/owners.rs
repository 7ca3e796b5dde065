//! Which tenants have roles of their own.
//!
//! An item of each such tenant counts them. These items stand in one partition, so that the tenants are found without
//! looking at all there are, and change in the transactions that make and remove roles.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{TenantId, VendorId};

use super::CatalogStore;
use crate::StoreError;
use crate::entity::{corrupt, number};
use crate::keys::{Key, role_counts_partition};
use crate::transaction::Transaction;

/// The attribute that counts.
const COUNT: &str = "own_roles";

impl CatalogStore<'_> {
    /// The tenants that have roles of their own, by id.
    ///
    /// # Errors
    /// The table fails.
    pub async fn tenants_with_roles(&self) -> Result<Vec<TenantId>, StoreError> {
        let counts = self.environment.table().query_items(role_counts_partition(self.vendor()), "").await?;
        let with_roles =
            counts.into_iter().filter(|(_, item)| number(item, COUNT).is_some_and(|count| count > 0));
        let tenants = with_roles.map(|(key, _)| TenantId::try_from(key.sk));
        tenants.collect::<Result<_, _>>().map_err(|error| corrupt("role count", error))
    }
}

/// Counts one role more for each of `owners`; roles of the environment have none.
pub(super) fn count<'a>(
    transaction: &mut Transaction<'_>,
    vendor: VendorId,
    owners: impl Iterator<Item = Option<&'a TenantId>>,
) -> Result<(), StoreError> {
    add(transaction, vendor, owners, 1)
}

/// Counts one role fewer for each of `owners`.
pub(super) fn discount<'a>(
    transaction: &mut Transaction<'_>,
    vendor: VendorId,
    owners: impl Iterator<Item = Option<&'a TenantId>>,
) -> Result<(), StoreError> {
    add(transaction, vendor, owners, -1)
}

fn add<'a>(
    transaction: &mut Transaction<'_>,
    vendor: VendorId,
    owners: impl Iterator<Item = Option<&'a TenantId>>,
    each: i64,
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<&TenantId, i64> = BTreeMap::new();
    for owner in owners.flatten() {
        *sums.entry(owner).or_default() += each;
    }
    for (tenant, sum) in sums {
        let sum = vec![(":sum", AttributeValue::N(sum.to_string()))];
        transaction.update(Key::role_count(vendor, tenant), &format!("ADD {COUNT} :sum"), None, sum)?;
    }
    Ok(())
}
