//! Writing roles, permissions and categories.

use std::collections::{BTreeSet, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{
    Action, CategoryId, Permission, PermissionCategory, PermissionId, Role, RoleId, TenantId, VendorId,
};
use serde::{Deserialize, Serialize};

use super::{CatalogStore, owners};
use crate::contention::while_contended;
use crate::entity::{Entity, Stored, decode};
use crate::keys::{Key, ROLE, tenant_partition};
use crate::transaction::{Cancelled, Transaction, Write};
use crate::{StoreError, Subject, UpdateError};

/// A key or name that is taken.
#[derive(Serialize, Deserialize)]
pub(crate) struct Name {}

impl Entity for Name {
    const TYPE: &'static str = "name";
}

/// A role, permission or category was not written. Published clients look for the words `Roles already exists` and
/// `already exist`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogWriteError {
    /// Another role has this key.
    #[error("Roles already exists")]
    RoleTaken,
    /// Another permission has this key.
    #[error("Permissions already exist: {0}")]
    PermissionTaken(String),
    /// Another category has this name.
    #[error("Categories already exist: {0}")]
    CategoryTaken(String),
    /// The tenant whose role it was to be is not there.
    #[error("tenant {0} does not exist")]
    NoTenant(TenantId),
}

/// Something that the catalogue holds: a role, a permission or a category.
pub(crate) trait CatalogItem: Entity + Clone + PartialEq {
    /// What is recorded when some are made.
    const CREATED: Action;
    /// What is recorded when some are changed.
    const UPDATED: Action;
    /// What is recorded when some are deleted.
    const DELETED: Action;

    /// Its id.
    fn id(&self) -> String;

    /// Where this one is.
    fn key(&self, vendor: VendorId) -> Key;

    /// Where its key or name is held, in the tenant `owner` or in the environment.
    fn name_key(&self, vendor: VendorId, owner: Option<&TenantId>) -> Key;

    /// What to say when its key or name is taken.
    fn taken(&self) -> CatalogWriteError;

    /// The tenant whose own it is.
    fn owner(&self) -> Option<&TenantId> {
        None
    }
}

impl CatalogItem for Role {
    const CREATED: Action = Action::RoleCreated;
    const UPDATED: Action = Action::RoleUpdated;
    const DELETED: Action = Action::RoleDeleted;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self, vendor: VendorId) -> Key {
        Key::role(vendor, self.tenant_id.as_ref(), self.id)
    }

    fn name_key(&self, vendor: VendorId, owner: Option<&TenantId>) -> Key {
        Key::role_name(vendor, owner, &self.key)
    }

    fn taken(&self) -> CatalogWriteError {
        CatalogWriteError::RoleTaken
    }

    fn owner(&self) -> Option<&TenantId> {
        self.tenant_id.as_ref()
    }
}

impl CatalogItem for Permission {
    const CREATED: Action = Action::PermissionCreated;
    const UPDATED: Action = Action::PermissionUpdated;
    const DELETED: Action = Action::PermissionDeleted;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self, vendor: VendorId) -> Key {
        Key::permission(vendor, self.id)
    }

    fn name_key(&self, vendor: VendorId, _: Option<&TenantId>) -> Key {
        Key::permission_name(vendor, &self.key)
    }

    fn taken(&self) -> CatalogWriteError {
        CatalogWriteError::PermissionTaken(self.key.clone())
    }
}

impl CatalogItem for PermissionCategory {
    const CREATED: Action = Action::CategoryCreated;
    const UPDATED: Action = Action::CategoryUpdated;
    const DELETED: Action = Action::CategoryDeleted;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self, vendor: VendorId) -> Key {
        Key::category(vendor, self.id)
    }

    fn name_key(&self, vendor: VendorId, _: Option<&TenantId>) -> Key {
        Key::category_name(vendor, &self.name)
    }

    fn taken(&self) -> CatalogWriteError {
        CatalogWriteError::CategoryTaken(self.name.clone())
    }
}

/// Roles, permissions or categories as they were read, to be changed or removed: they are written only if nobody else
/// changed them since.
#[derive(Clone, Debug)]
pub struct CatalogSnapshot<T>(Vec<Stored<T>>);

impl<T> CatalogSnapshot<T> {
    /// The items, in the order in which they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|stored| &stored.value)
    }
}

#[expect(private_bounds, reason = "only roles, permissions and categories are items of the catalogue")]
impl CatalogStore<'_> {
    /// How many roles can be made together: a tenant's role takes three writes of a transaction, and the tenant, its count
    /// and what is recorded one each.
    pub const MOST_ROLES_MADE: usize = (Transaction::ROOM - 3) / 3;

    /// How many permissions or categories can be made together: each takes two writes, and the version of the catalogue and
    /// what is recorded one each.
    pub const MOST_MADE: usize = (Transaction::ROOM - 2) / 2;

    /// How many items can be changed together.
    pub const MOST_CHANGED: usize = 95;

    /// The roles `ids` of the environment and of `tenant`; `None` when one of them is not there.
    ///
    /// # Errors
    /// The table fails.
    pub async fn find_roles(
        &self,
        ids: &[RoleId],
        tenant: Option<&TenantId>,
    ) -> Result<Option<CatalogSnapshot<Role>>, StoreError> {
        let own = |id| tenant.map(|tenant| Key::role(self.vendor(), Some(tenant), id));
        let shared = |id| Key::role(self.vendor(), None, id);
        let places = ids.iter().map(|id| own(*id).into_iter().chain([shared(*id)]).collect());
        self.read_places(&places.collect::<Vec<_>>()).await
    }

    /// The permissions `ids`; `None` when one of them is not there, or built in.
    ///
    /// # Errors
    /// The table fails.
    pub async fn find_permissions(
        &self,
        ids: &[PermissionId],
    ) -> Result<Option<CatalogSnapshot<Permission>>, StoreError> {
        let places = ids.iter().map(|id| vec![Key::permission(self.vendor(), *id)]);
        self.read_places(&places.collect::<Vec<_>>()).await
    }

    /// The category `id`; `None` when it is not there, or built in.
    ///
    /// # Errors
    /// The table fails.
    pub async fn find_category(
        &self,
        id: CategoryId,
    ) -> Result<Option<CatalogSnapshot<PermissionCategory>>, StoreError> {
        self.read_places(&[vec![Key::category(self.vendor(), id)]]).await
    }

    /// Makes all of `items`, or none.
    ///
    /// # Errors
    /// A key or name is taken, a tenant is not there, or the table fails.
    pub async fn create<T: CatalogItem>(&self, items: &[T]) -> Result<(), UpdateError<CatalogWriteError>> {
        let mut names = HashSet::with_capacity(items.len());
        for item in items {
            if !names.insert(item.name_key(self.vendor(), item.owner())) {
                return Err(UpdateError::Refused(item.taken()));
            }
        }
        if items.is_empty() {
            return Ok(());
        }
        let mut transaction = Transaction::new(self.environment.table());
        let mut claims = insert(&mut transaction, self.vendor(), items)?;
        for tenant in items.iter().filter_map(T::owner).collect::<BTreeSet<_>>() {
            let there = self.environment.tenants().require(&mut transaction, tenant)?;
            claims.0.push((there, CatalogWriteError::NoTenant(tenant.clone())));
        }
        owners::count(&mut transaction, self.vendor(), items.iter().map(T::owner))?;
        self.record(&mut transaction, T::CREATED, &items.iter().collect::<Vec<_>>())?;
        claims.commit(transaction, self.vendor(), items.iter()).await
    }

    /// Changes all of the items that were read, or none; `None` when one of them is gone. `change` may be called more
    /// than once; of several items it must leave the keys and names as they are.
    ///
    /// # Errors
    /// `change` refuses, a key or name is taken, or the table fails.
    pub async fn update<T: CatalogItem, E: From<CatalogWriteError>>(
        &self,
        snapshot: CatalogSnapshot<T>,
        mut change: impl FnMut(&mut T) -> Result<(), E>,
    ) -> Result<Option<Vec<T>>, UpdateError<E>> {
        let places = self.places_of(&snapshot);
        let mut read = Some(snapshot);
        while_contended!(async {
            let Some(before) = self.once_or_again(read.take(), &places).await? else {
                return Ok(None);
            };
            let mut after = before.clone();
            for stored in &mut after.0 {
                change(&mut stored.value).map_err(UpdateError::Refused)?;
            }
            self.replace(&before, &after).await?;
            Ok(Some(after.0.into_iter().map(|stored| stored.value).collect()))
        })
    }

    /// Removes all of the items that were read, or none; `false` when one of them is gone. `permit` may be called more
    /// than once.
    ///
    /// # Errors
    /// `permit` refuses, or the table fails.
    pub async fn remove<T: CatalogItem, E: From<CatalogWriteError>>(
        &self,
        snapshot: CatalogSnapshot<T>,
        mut permit: impl FnMut(&T) -> Result<(), E>,
    ) -> Result<bool, UpdateError<E>> {
        let places = self.places_of(&snapshot);
        let mut read = Some(snapshot);
        while_contended!(async {
            let Some(found) = self.once_or_again(read.take(), &places).await? else {
                return Ok(false);
            };
            let mut transaction = Transaction::new(self.environment.table());
            for stored in &found.0 {
                permit(&stored.value).map_err(UpdateError::Refused)?;
                transaction.remove_unchanged(stored.value.key(self.vendor()), stored)?;
                let name = stored.value.name_key(self.vendor(), stored.value.owner());
                transaction.remove_if_present(name)?;
            }
            owners::discount(&mut transaction, self.vendor(), found.iter().map(T::owner))?;
            let removed: Vec<_> = found.iter().collect();
            self.record(&mut transaction, T::DELETED, &removed)?;
            Claims::default().commit(transaction, self.vendor(), found.iter()).await?;
            Ok(true)
        })
    }

    /// Removes the roles that `tenant` made for itself. `false`: there was none.
    ///
    /// # Errors
    /// The table fails.
    pub(crate) async fn remove_roles_of_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let partition = tenant_partition(self.vendor(), tenant);
        let roles = self.environment.table().query_entities::<Role>(partition, ROLE).await?;
        for roles in roles.chunks(Self::MOST_MADE) {
            let mut transaction = Transaction::new(self.environment.table());
            transaction.remove_if_present(Key::role_count(self.vendor(), tenant))?;
            for Stored { value: role, .. } in roles {
                transaction.remove_if_present(role.key(self.vendor()))?;
                transaction.remove_if_present(role.name_key(self.vendor(), role.owner()))?;
            }
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
        }
        Ok(!roles.is_empty())
    }

    async fn replace<T: CatalogItem, E: From<CatalogWriteError>>(
        &self,
        before: &CatalogSnapshot<T>,
        after: &CatalogSnapshot<T>,
    ) -> Result<(), UpdateError<E>> {
        let pairs = before.iter().zip(&after.0);
        let changed: Vec<_> = pairs.filter(|(before, after)| **before != after.value).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let vendor = self.vendor();
        let mut transaction = Transaction::new(self.environment.table());
        let mut claims = Claims::default();
        for (before, after) in &changed {
            transaction.replace(after.value.key(vendor), after)?;
            let old_name = before.name_key(vendor, before.owner());
            if old_name != after.value.name_key(vendor, after.value.owner()) {
                transaction.remove_if_present(old_name)?;
                claims.claim_name(&mut transaction, vendor, &after.value)?;
            }
        }
        let before: Vec<_> = changed.iter().map(|(before, _)| *before).collect();
        self.record(&mut transaction, T::UPDATED, &before)?;
        claims.commit(transaction, vendor, before.into_iter()).await
    }

    /// Records `action` on `items`, in the log of the tenant whose own they are.
    fn record<T: CatalogItem>(
        &self,
        transaction: &mut Transaction<'_>,
        action: Action,
        items: &[&T],
    ) -> Result<(), StoreError> {
        let mut subject = Subject::environment().with_all("ids", items.iter().map(|item| item.id()));
        if let Some(owner) = items.iter().find_map(|item| item.owner()) {
            subject = subject.in_tenant(owner);
        }
        transaction.record(self.environment.fact(action, subject))
    }

    fn places_of<T: CatalogItem>(&self, snapshot: &CatalogSnapshot<T>) -> Vec<Vec<Key>> {
        snapshot.iter().map(|item| vec![item.key(self.vendor())]).collect()
    }

    async fn once_or_again<T: CatalogItem>(
        &self,
        read: Option<CatalogSnapshot<T>>,
        places: &[Vec<Key>],
    ) -> Result<Option<CatalogSnapshot<T>>, StoreError> {
        match read {
            Some(read) => Ok(Some(read)),
            None => self.read_places(places).await,
        }
    }

    async fn read_places<T: CatalogItem>(
        &self,
        places: &[Vec<Key>],
    ) -> Result<Option<CatalogSnapshot<T>>, StoreError> {
        let batch = self.environment.table().get_all(places.concat()).await?;
        let mut found = Vec::with_capacity(places.len());
        for keys in places {
            let Some(item) = keys.iter().find_map(|key| batch.item(key)) else {
                return Ok(None);
            };
            found.push(decode(item)?);
        }
        Ok(Some(CatalogSnapshot(found)))
    }
}

/// Writes of a transaction whose failure has a meaning of its own.
#[derive(Default)]
pub(crate) struct Claims(Vec<(Write, CatalogWriteError)>);

impl Claims {
    /// Holds the key or name of `item`. A tenant's role cannot have the key of one of the environment's.
    fn claim_name<T: CatalogItem>(
        &mut self,
        transaction: &mut Transaction<'_>,
        vendor: VendorId,
        item: &T,
    ) -> Result<(), StoreError> {
        let held = transaction.insert(item.name_key(vendor, item.owner()), &Name {})?;
        self.0.push((held, item.taken()));
        if item.owner().is_some() {
            let free = "attribute_not_exists(pk)";
            let free = transaction.check(item.name_key(vendor, None), free, Vec::new())?;
            self.0.push((free, item.taken()));
        }
        Ok(())
    }

    /// Commits `transaction`, which writes `items`, and says what a failed claim means.
    async fn commit<'a, T: CatalogItem + 'a, E: From<CatalogWriteError>>(
        self,
        mut transaction: Transaction<'_>,
        vendor: VendorId,
        mut items: impl Iterator<Item = &'a T>,
    ) -> Result<(), UpdateError<E>> {
        if items.any(|item| item.owner().is_none()) {
            raise_version(&mut transaction, vendor)?;
        }
        transaction.commit().await.map_err(|cancelled| self.explain(cancelled))
    }

    /// A claim says something only if nothing else failed: when an item has changed since it was read, somebody else may
    /// have made the very same change.
    fn explain<E: From<CatalogWriteError>>(self, cancelled: Cancelled) -> UpdateError<E> {
        let failed = match cancelled {
            Cancelled::Conditions(failed) => failed,
            Cancelled::Store(error) => return error.into(),
        };
        let (claims, others): (Vec<_>, Vec<_>) =
            failed.iter().partition(|write| self.0.iter().any(|(claim, _)| claim == *write));
        let meant = self.0.into_iter().find(|(claim, _)| claims.contains(&claim));
        match meant {
            Some((_, error)) if others.is_empty() => UpdateError::Refused(error.into()),
            Some(_) | None => StoreError::Contended.into(),
        }
    }
}

/// Adds `items`, and holds their keys and names.
pub(crate) fn insert<T: CatalogItem>(
    transaction: &mut Transaction<'_>,
    vendor: VendorId,
    items: &[T],
) -> Result<Claims, StoreError> {
    let mut claims = Claims::default();
    for item in items {
        claims.claim_name(transaction, vendor, item)?;
        transaction.insert(item.key(vendor), item)?;
    }
    Ok(claims)
}

/// How often the catalogue has changed: an attribute of the environment's item, changed in place, so that roles can be
/// written without the environment.
pub(crate) const CATALOG_VERSION: &str = "catalog_version";

/// Has everybody read the catalogue anew: belongs in every transaction that changes it.
fn raise_version(transaction: &mut Transaction<'_>, vendor: VendorId) -> Result<(), StoreError> {
    let one = vec![(":one", AttributeValue::N("1".to_owned()))];
    let expression = format!("ADD {CATALOG_VERSION} :one");
    transaction.update(Key::environment(vendor), &expression, Some("attribute_exists(pk)"), one)?;
    Ok(())
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(names: Name);
}
