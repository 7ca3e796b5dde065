//! Groups of users in tenants. Who is in one stands beside it; see also `users/grouping.rs`.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Action, Group, GroupId, TenantId, Timestamp, UserId, VendorId};
use serde::{Deserialize, Serialize};

use crate::catalog::Name;
use crate::contention::while_contended;
use crate::entity::{Entity, Stored};
use crate::keys::{GROUP, Key, group_members, groups_partition};
use crate::progress::{Progress, WhileTime};
use crate::table::Table;
use crate::transaction::{Cancelled, Transaction};
use crate::{EnvironmentStore, StoreError, Subject, UpdateError};

impl Entity for Group {
    const TYPE: &'static str = "group";
    // All groups of a tenant are one answer.
    const MAX_BYTES: usize = 16 * 1024;
}

/// Somebody in a group. Its item stands beside the group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GroupMember {
    pub(crate) user_id: UserId,
}

impl Entity for GroupMember {
    const TYPE: &'static str = "group member";
}

/// The attribute that counts the members of a group.
pub(crate) const SIZE: &str = "number_of_members";

/// The attribute that counts the groups of a tenant.
const COUNT: &str = "number_of_groups";

/// How many users are taken out of a deleted group at a time.
const DISMISSED_AT_ONCE: usize = 8;

/// A group was not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The tenant is not there.
    #[error("the tenant does not exist")]
    NoTenant,
    /// Another group of the tenant has this name.
    #[error("a group with this name already exists")]
    NameTaken,
    /// The tenant has as many groups as one can.
    #[error("a tenant can have at most {} groups", Group::MAX_IN_TENANT)]
    TooMany,
    /// Somebody who is to enter or leave it does not belong to the tenant.
    #[error("the user does not exist")]
    NoUser,
    /// Somebody who is to enter it is in as many groups as one user can be.
    #[error("a user can be in at most {} groups of a tenant", rookery_domain::Membership::MAX_GROUPS)]
    TooManyGroups,
    /// It has as many members as one group can.
    #[error("a group can have at most {} users", Group::MAX_MEMBERS)]
    Full,
}

impl Subject {
    /// A group, in the log of its tenant.
    #[must_use]
    pub fn group(group: &Group) -> Self {
        Self::environment().in_tenant(&group.tenant_id).with("groupId", &group.id)
    }
}

/// The groups of the tenants of one environment.
pub struct Groups<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Makes a group.
    ///
    /// # Errors
    /// Its name is taken, the tenant is not there or has too many, or the table fails.
    pub async fn create(&self, group: &Group) -> Result<(), UpdateError<GroupError>> {
        while_contended!(self.try_create(group))
    }

    async fn try_create(&self, group: &Group) -> Result<(), UpdateError<GroupError>> {
        let mut transaction = Transaction::new(self.table());
        let there = self.environment.tenants().require(&mut transaction, &group.tenant_id)?;
        let room = transaction.update(
            Key::group_count(self.vendor(), &group.tenant_id),
            &format!("ADD {COUNT} :one"),
            Some(&format!("attribute_not_exists({COUNT}) OR {COUNT} < :most")),
            vec![
                (":one", AttributeValue::N("1".to_owned())),
                (":most", AttributeValue::N(Group::MAX_IN_TENANT.to_string())),
            ],
        )?;
        let name = transaction.insert(self.name_key(group), &Name {})?;
        transaction.insert(self.key(&group.tenant_id, group.id), group)?;
        transaction.record(self.environment.fact(Action::GroupCreated, Subject::group(group)))?;
        let claims =
            [(there, GroupError::NoTenant), (name, GroupError::NameTaken), (room, GroupError::TooMany)];
        transaction.commit().await.map_err(|cancelled| {
            match claims.into_iter().find(|(claim, _)| cancelled.failed(*claim)) {
                Some((_, error)) => UpdateError::Refused(error),
                None => cancelled.into_store_error().into(),
            }
        })
    }

    /// The groups of `tenant`, oldest first.
    ///
    /// # Errors
    /// The table fails.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<Group>, StoreError> {
        let partition = groups_partition(self.vendor(), tenant);
        let found = self.table().query_entities::<Group>(partition, GROUP).await?;
        let mut groups: Vec<_> = found.into_iter().map(|stored| stored.value).collect();
        groups.sort_by_key(|group| (group.created_at, group.id));
        Ok(groups)
    }

    /// The group `id` of `tenant`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, tenant: &TenantId, id: GroupId) -> Result<Option<Group>, StoreError> {
        Ok(self.stored(tenant, id).await?.map(|stored| stored.value))
    }

    /// Those of the groups `ids`, each of its tenant, that are there, in the same order.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get_all(
        &self,
        ids: impl IntoIterator<Item = (&TenantId, GroupId)>,
    ) -> Result<Vec<Group>, StoreError> {
        let keys: Vec<_> = ids.into_iter().map(|(tenant, id)| self.key(tenant, id)).collect();
        let mut batch = self.table().get_all(keys.clone()).await?;
        let found = keys.iter().filter_map(|key| batch.take::<Group>(key).transpose());
        found.map(|stored| Ok(stored?.value)).collect()
    }

    /// Who is in the group `id` of `tenant`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn members(&self, tenant: &TenantId, id: GroupId) -> Result<Vec<UserId>, StoreError> {
        let partition = groups_partition(self.vendor(), tenant);
        let found = self.table().query_entities::<GroupMember>(partition, &group_members(id)).await?;
        Ok(found.into_iter().map(|stored| stored.value.user_id).collect())
    }

    /// Changes a group, and records that as `action`; `None` when it is not there. `change` may be called more than once.
    ///
    /// # Errors
    /// `change` refuses, its name is taken, or the table fails.
    pub async fn update<E: From<GroupError>>(
        &self,
        tenant: &TenantId,
        id: GroupId,
        action: Action,
        now: Timestamp,
        mut change: impl FnMut(&mut Group) -> Result<(), E>,
    ) -> Result<Option<Group>, UpdateError<E>> {
        while_contended!(async {
            let Some(before) = self.stored(tenant, id).await? else { return Ok(None) };
            let mut group = before.value.clone();
            change(&mut group).map_err(UpdateError::Refused)?;
            if group == before.value {
                return Ok(Some(group));
            }
            group.updated_at = now;
            let mut transaction = Transaction::new(self.table());
            let replaced = transaction.replace(self.key(tenant, id), &before.with(group.clone()))?;
            let (old_name, name) = (self.name_key(&before.value), self.name_key(&group));
            let mut claim = None;
            if old_name != name {
                transaction.remove_if_present(old_name)?;
                claim = Some(transaction.insert(name, &Name {})?);
            }
            transaction.record(self.environment.fact(action, Subject::group(&group)))?;
            transaction.commit().await.map_err(|cancelled| {
                // When the group has changed since it was read, somebody else may have made the very same change.
                let is_taken =
                    claim.is_some_and(|claim| cancelled.failed(claim)) && !cancelled.failed(replaced);
                match is_taken {
                    true => UpdateError::Refused(GroupError::NameTaken.into()),
                    false => cancelled.into_store_error().into(),
                }
            })?;
            Ok(Some(group))
        })
    }

    /// Deletes a group, unless `check` refuses, and takes its members out of it for as long as there is time; its roles count no
    /// more from the first of several transactions on. `Nothing`: it is not there, and nothing of it is left.
    ///
    /// # Errors
    /// `check` refuses, or the table fails; the same call again goes on where it stopped.
    pub async fn remove<E>(
        &self,
        tenant: &TenantId,
        id: GroupId,
        check: impl Fn(&Group) -> Result<(), E>,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, UpdateError<E>> {
        let removed = while_contended!(self.try_remove(tenant, id, &check))?;
        Ok(removed.and(self.dismiss_all(tenant, id, while_time).await?))
    }

    async fn try_remove<E>(
        &self,
        tenant: &TenantId,
        id: GroupId,
        check: &impl Fn(&Group) -> Result<(), E>,
    ) -> Result<Progress, UpdateError<E>> {
        let Some(stored) = self.stored(tenant, id).await? else { return Ok(Progress::Nothing) };
        check(&stored.value).map_err(UpdateError::Refused)?;
        let mut transaction = Transaction::new(self.table());
        transaction.remove_unchanged(self.key(tenant, id), &stored)?;
        transaction.remove_if_present(self.name_key(&stored.value))?;
        let one_less = vec![(":less", AttributeValue::N("-1".to_owned()))];
        let count = Key::group_count(self.vendor(), tenant);
        transaction.update(count, &format!("ADD {COUNT} :less"), None, one_less)?;
        transaction.record(self.environment.fact(Action::GroupDeleted, Subject::group(&stored.value)))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(Progress::Finished)
    }

    /// Takes everybody out of a group that has been deleted. Nobody enters it any more.
    async fn dismiss_all(
        &self,
        tenant: &TenantId,
        id: GroupId,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        let members = self.members(tenant, id).await?;
        if members.is_empty() {
            return Ok(Progress::Nothing);
        }
        let users = self.environment.users();
        let all = members.len();
        let in_time = stream::iter(members).take_while(|_| ready(while_time()));
        let dismissals = in_time.map(|user| users.dismiss(user, tenant, id));
        let dismissed: Vec<()> = dismissals.buffer_unordered(DISMISSED_AT_ONCE).try_collect().await?;
        if dismissed.len() < all {
            return Ok(Progress::Unfinished);
        }
        let mut transaction = Transaction::new(self.table());
        transaction.remove_if_present(Key::group_size(self.vendor(), tenant, id))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(Progress::Finished)
    }

    /// Removes the groups of `tenant`, which was removed and has no members any more. `false`: there was none.
    pub(crate) async fn remove_groups_of_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let items = self.table().query_items(groups_partition(self.vendor(), tenant), "").await?;
        for items in items.chunks(Transaction::ROOM - 1) {
            let mut transaction = Transaction::new(self.table());
            self.environment.tenants().require_removed(&mut transaction, tenant)?;
            for (key, _) in items {
                transaction.remove_if_present(key.clone())?;
            }
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
        }
        Ok(!items.is_empty())
    }

    async fn stored(&self, tenant: &TenantId, id: GroupId) -> Result<Option<Stored<Group>>, StoreError> {
        self.table().get(self.key(tenant, id)).await
    }

    fn key(&self, tenant: &TenantId, id: GroupId) -> Key {
        Key::group(self.vendor(), tenant, id)
    }

    fn name_key(&self, group: &Group) -> Key {
        Key::group_name(self.vendor(), &group.tenant_id, &group.name)
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

    documented!(groups: Group);
    documented!(members: GroupMember);
}
