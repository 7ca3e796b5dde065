//! Tenants.

mod hierarchy;
mod removal;

pub use hierarchy::{Descendant, LinkError};

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{
    Action, LiveTenant, Order, Page, PageRequest, Policies, Tenant, TenantId, Timestamp, VendorId, folded,
};
use serde::{Deserialize, Serialize};

use crate::contention::while_contended;
use crate::entity::{Entity, Item, Stored, corrupt};
use crate::keys::{Key, List};
use crate::roster::{Directory, Entry, Place, Roster, Sight, slice};
use crate::table::{Batch, Table};
use crate::transaction::{Cancelled, Transaction, Write};
use crate::{EnvironmentStore, Fact, ListError, StoreError, Subject, UpdateError};

/// A tenant, and where in the list of tenants it is; nowhere once it is removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TenantItem {
    tenant: Tenant,
    place: Option<Place>,
}

impl Entity for TenantItem {
    const TYPE: &'static str = "tenant";
    // A page of them is one answer.
    const MAX_BYTES: usize = 64 * 1024;

    const WRITTEN: u32 = 4;

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        let policies = Some(&self.tenant.policies).filter(|policies| !policies.is_empty());
        let policies = policies.and_then(|policies| serde_json::to_string(policies).ok());
        vec![
            (LISTED, self.place.map(|_| AttributeValue::Bool(true))),
            (POLICIES, policies.map(AttributeValue::S)),
        ]
    }
}

/// The attribute that a tenant has while it is there, and in the list of tenants; a removed one is in none.
const LISTED: &str = "listed";

/// The attribute that repeats the tenant's policies, if it has any, for those who need nothing else of it.
const POLICIES: &str = "policies";

/// What the list of tenants repeats of a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TenantEntry {
    id: TenantId,
    name: String,
}

impl Entry for TenantEntry {
    const TYPE: &'static str = "tenant entry";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl From<&Tenant> for TenantEntry {
    fn from(tenant: &Tenant) -> Self {
        Self { id: tenant.tenant_id.clone(), name: tenant.name.clone() }
    }
}

/// A tenant was not made.
#[derive(Debug, thiserror::Error)]
pub enum NewTenantError {
    /// There is one with this id.
    #[error("Tenant already exists")]
    Exists,
    /// One with this id was removed, and much of it is left.
    #[error(
        "the tenant that had this id is still being removed: repeat its DELETE until it answers 404, or choose another id"
    )]
    BeingRemoved,
    /// The tenant above it is not there.
    #[error("the parent tenant does not exist")]
    NoParent,
    /// The tree would become too deep.
    #[error("{}", LinkError::TooDeep)]
    TooDeep,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn not_made(error: UpdateError<NewTenantError>) -> NewTenantError {
    match error {
        UpdateError::Refused(refused) => refused,
        UpdateError::Store(error) => error.into(),
    }
}

/// Which tenants to list, and how.
#[derive(Clone, Debug)]
pub struct TenantQuery {
    /// Only those whose name or id contains this, whatever its case.
    pub filter: Option<String>,
    /// Only those among these.
    pub ids: Option<Vec<TenantId>>,
    /// In which order.
    pub sort: TenantSort,
    /// Which page.
    pub page: PageRequest,
}

/// What tenants are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say all there is to say")]
pub enum TenantSort {
    #[default]
    CreatedAt,
    Name,
    TenantId,
}

/// The tenants of one environment.
pub struct Tenants<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Tenants<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Makes a tenant, or revives a removed one with new contents. What a removal that did not finish has left of the old
    /// one goes first, if it is little.
    ///
    /// # Errors
    /// Its id is in use, much is left of an old one, its parent is not there or too deep, or the table fails.
    pub async fn create(&self, tenant: &Tenant) -> Result<(), NewTenantError> {
        let made = while_contended!(self.try_create(tenant, true));
        made.map_err(not_made)
    }

    /// Makes a tenant whose id none has had: one that was removed is not revived, as what others still keep under its id would
    /// be about the new one.
    ///
    /// # Errors
    /// Its id is or was in use, its parent is not there or too deep, or the table fails.
    pub async fn create_new(&self, tenant: &Tenant) -> Result<(), NewTenantError> {
        let made = while_contended!(self.try_create(tenant, false));
        made.map_err(not_made)
    }

    async fn try_create(&self, tenant: &Tenant, may_revive: bool) -> Result<(), UpdateError<NewTenantError>> {
        let (key, list) = (self.key(&tenant.tenant_id), self.roster());
        let line = async {
            match &tenant.parent {
                Some(parent) => self.line_for_new(parent).await,
                None => Ok(Vec::new()),
            }
        };
        let found = async {
            let read = tokio::try_join!(list.directory(), self.table().get::<TenantItem>(key.clone()));
            Ok(read?)
        };
        let (line, (directory, found)) = tokio::try_join!(line, found)?;
        let place = directory.next_place(tenant.created_at, false);
        let item = TenantItem { tenant: tenant.clone(), place: Some(place) };
        let mut transaction = Transaction::new(self.table());
        match found {
            None => transaction.insert(key, &item)?,
            Some(found) if may_revive && found.value.tenant.deleted_at.is_some() => {
                self.clear_little(&tenant.tenant_id, tenant.created_at).await?;
                transaction.replace(key, &found.with(item))?
            }
            Some(_) => return Err(UpdateError::Refused(NewTenantError::Exists)),
        };
        list.add(&mut transaction, &directory, place, &TenantEntry::from(tenant))?;
        self.members(&tenant.tenant_id).open(&mut transaction)?;
        self.attach(&mut transaction, &line, &tenant.tenant_id)?;
        transaction.record(self.fact(Action::TenantCreated, &tenant.tenant_id))?;
        transaction.commit().await.map_err(|cancelled| UpdateError::Store(cancelled.into_store_error()))
    }

    /// Writes a tenant whose id nobody has had, and which has no parent; `directory` is that of the list of tenants. Its list of
    /// members opens with whoever is written to it in the same transaction.
    pub(crate) fn insert(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &Tenant,
        directory: &Directory,
    ) -> Result<(), StoreError> {
        let place = directory.next_place(tenant.created_at, false);
        let item = TenantItem { tenant: tenant.clone(), place: Some(place) };
        transaction.insert(self.key(&tenant.tenant_id), &item)?;
        self.roster().add(transaction, directory, place, &TenantEntry::from(tenant))?;
        transaction.record(self.fact(Action::TenantCreated, &tenant.tenant_id))
    }

    /// The tenant `id`, unless it was removed.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let found = self.table().get::<TenantItem>(self.key(id)).await?;
        Ok(found.map(|stored| stored.value.tenant).filter(|tenant| tenant.deleted_at.is_none()))
    }

    /// Those of the tenants `ids` that are there, in the same order.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get_all(&self, ids: &[TenantId]) -> Result<Vec<Tenant>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| self.key(id)).collect();
        let mut batch = self.table().get_all(keys.clone()).await?;
        let mut tenants = Vec::with_capacity(ids.len());
        for key in keys {
            let found = batch.take::<TenantItem>(&key)?.map(|stored| stored.value.tenant);
            tenants.extend(found.filter(|tenant| tenant.deleted_at.is_none()));
        }
        Ok(tenants)
    }

    /// Those of the tenants `ids` that are there, with what they ask of those who sign in to them.
    ///
    /// # Errors
    /// The table fails.
    pub async fn live(&self, ids: &[&TenantId]) -> Result<Vec<LiveTenant>, StoreError> {
        let keys = ids.iter().map(|id| self.key(id)).collect();
        self.among(&self.table().get_all(keys).await?, ids)
    }

    /// Changes a tenant, and records that as `action`; `None` when it is not there. `change` may be called more than once.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update<E>(
        &self,
        id: &TenantId,
        action: Action,
        now: Timestamp,
        mut change: impl FnMut(&mut Tenant) -> Result<(), E>,
    ) -> Result<Option<Tenant>, UpdateError<E>> {
        while_contended!(async {
            let Some(mut stored) = self.stored(id).await? else {
                return Ok(None);
            };
            let before = TenantEntry::from(&stored.value.tenant);
            change(&mut stored.value.tenant).map_err(UpdateError::Refused)?;
            stored.value.tenant.updated_at = now;
            let mut transaction = Transaction::new(self.table());
            transaction.replace(self.key(id), &stored)?;
            let after = TenantEntry::from(&stored.value.tenant);
            if let Some(place) = stored.value.place.filter(|_| before != after) {
                self.roster().replace(&mut transaction, place, &after)?;
            }
            transaction.record(self.fact(action, id))?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(Some(stored.value.tenant))
        })
    }

    /// One page of tenants.
    ///
    /// # Errors
    /// There are too many to sort or search, or the table fails.
    pub async fn list(&self, query: &TenantQuery) -> Result<Page<Tenant>, ListError> {
        let page = self.page_of_ids(query).await?;
        Ok(Page { items: self.get_all(&page.items).await?, total: page.total })
    }

    async fn page_of_ids(&self, query: &TenantQuery) -> Result<Page<TenantId>, ListError> {
        if let Some(ids) = &query.ids {
            let mut tenants = self.get_all(ids).await?;
            tenants.sort_by_key(|tenant| tenant.created_at);
            let entries = tenants.iter().map(TenantEntry::from).collect();
            return Ok(select(entries, query));
        }
        if query.filter.is_none() && query.sort == TenantSort::CreatedAt {
            let page = self.list_of_ids(query.page).await?;
            return Ok(page);
        }
        Ok(select(self.roster().entries().await?, query))
    }

    async fn list_of_ids(&self, request: PageRequest) -> Result<Page<TenantId>, StoreError> {
        let page = self.roster().page(request, Sight::All).await?;
        let ids = page.items.into_iter().map(TenantId::try_from).collect::<Result<_, _>>();
        let items = ids.map_err(|error| corrupt(TenantEntry::TYPE, error))?;
        Ok(Page { items, total: page.total })
    }

    async fn stored(&self, id: &TenantId) -> Result<Option<Stored<TenantItem>>, StoreError> {
        let found = self.table().get::<TenantItem>(self.key(id)).await?;
        Ok(found.filter(|stored| stored.value.tenant.deleted_at.is_none()))
    }

    /// Makes `transaction` depend on the tenant `id` being there. The answer is the write that fails when it is not.
    pub(crate) fn require(
        &self,
        transaction: &mut Transaction<'_>,
        id: &TenantId,
    ) -> Result<Write, StoreError> {
        transaction.check(self.key(id), &format!("attribute_exists({LISTED})"), Vec::new())
    }

    /// Makes `transaction` depend on the tenant `id` not having been made anew.
    pub(crate) fn require_removed(
        &self,
        transaction: &mut Transaction<'_>,
        id: &TenantId,
    ) -> Result<(), StoreError> {
        let removed = format!("attribute_exists(pk) AND attribute_not_exists({LISTED})");
        transaction.check(self.key(id), &removed, Vec::new())?;
        Ok(())
    }

    /// The tenant `id` among what was read, unless it was removed.
    pub(crate) fn take(&self, batch: &mut Batch, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let found = batch.take::<TenantItem>(&self.key(id))?.map(|stored| stored.value.tenant);
        Ok(found.filter(|tenant| tenant.deleted_at.is_none()))
    }

    /// Those of the tenants `ids` that are among what was read, and were not removed.
    pub(crate) fn among(&self, batch: &Batch, ids: &[&TenantId]) -> Result<Vec<LiveTenant>, StoreError> {
        let mut there = Vec::with_capacity(ids.len());
        for id in ids {
            let item = batch.item(&self.key(id)).filter(|item| item.contains_key(LISTED));
            if let Some(item) = item {
                there.push(LiveTenant { id: TenantId::clone(id), policies: policies(item)? });
            }
        }
        Ok(there)
    }

    /// What is to be recorded of `action` on the tenant `id`.
    fn fact(&self, action: Action, id: &TenantId) -> Option<Fact> {
        self.environment.fact(action, Subject::tenant(id))
    }

    pub(crate) fn key(&self, id: &TenantId) -> Key {
        Key::tenant(self.vendor(), id)
    }

    fn roster(&self) -> Roster<'a> {
        Roster::new(self.table(), self.vendor(), List::Tenants)
    }

    fn members(&self, id: &TenantId) -> Roster<'a> {
        Roster::new(self.table(), self.vendor(), List::Members(id.clone()))
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }

    fn vendor(&self) -> VendorId {
        self.environment.id
    }
}

/// The policies that stand beside a tenant.
fn policies(item: &Item) -> Result<Policies, StoreError> {
    let Some(AttributeValue::S(text)) = item.get(POLICIES) else {
        return Ok(Policies::default());
    };
    serde_json::from_str(text).map_err(|error| corrupt(TenantItem::TYPE, error))
}

/// The page that `query` asks for of `entries`, which come oldest first.
fn select(mut entries: Vec<TenantEntry>, query: &TenantQuery) -> Page<TenantId> {
    if let Some(filter) = &query.filter {
        let filter = folded(filter);
        entries.retain(|entry| {
            [&entry.name, entry.id.as_str()].iter().any(|text| folded(text).contains(&filter))
        });
    }
    match query.sort {
        TenantSort::CreatedAt => {}
        TenantSort::Name => entries.sort_by_cached_key(|entry| entry.name.to_lowercase()),
        TenantSort::TenantId => entries.sort_by(|one, other| one.id.cmp(&other.id)),
    }
    slice(entries, query.page).map(|entry| entry.id)
}

impl TenantQuery {
    /// The tenants of one page, oldest first.
    #[must_use]
    pub fn page(limit: usize, index: usize) -> Self {
        let page = PageRequest { limit, index, order: Order::Ascending };
        Self { filter: None, ids: None, sort: TenantSort::CreatedAt, page }
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(tenants: TenantItem);
    documented!(entries: crate::roster::EntryItem<TenantEntry>);
}
