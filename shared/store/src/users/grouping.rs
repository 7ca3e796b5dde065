//! Who is in which group.
//!
//! A user's item says which groups they are in, as whoever signs in needs the roles of these; an item for each member beside the
//! group says who is in it, so that they are found without looking at a tenant's users. Both change in one transaction.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{Action, Group, GroupId, Membership, TenantId, User, UserId};

use super::{UserItem, Users};
use crate::contention::while_contended;
use crate::entity::Stored;
use crate::error::unrefused;
use crate::groups::{GroupError, GroupMember, SIZE};
use crate::keys::Key;
use crate::table::Batch;
use crate::transaction::{Cancelled, Transaction, Write};
use crate::{StoreError, Subject, UpdateError};

impl Users<'_> {
    /// How many users can enter or leave a group together: each takes two writes, and the group, its size and what is recorded
    /// one each.
    pub const MOST_GROUPED: usize = (Transaction::ROOM - 3) / 2;

    /// Puts the users `ids` of `tenant` into a group, all or none; those who are in it stay. `None`: the group is not there.
    /// `check` sees the group and each of the users as they are at that moment.
    ///
    /// # Errors
    /// `check` refuses, one of them is not in the tenant or in too many groups, the group is full, or the table fails.
    pub async fn enter_group<E: From<GroupError>>(
        &self,
        tenant: &TenantId,
        group: GroupId,
        ids: &BTreeSet<UserId>,
        check: impl Fn(&Group, &User) -> Result<(), E>,
    ) -> Result<Option<()>, UpdateError<E>> {
        while_contended!(async {
            let Some(read) = self.grouped(tenant, group, ids, &check).await? else { return Ok(None) };
            let enters = |membership: &Membership| !membership.group_ids.contains(&group);
            let entering = read.users_who(tenant, enters);
            if entering.iter().any(|user| is_in_too_many(&user.value.user, tenant)) {
                return Err(UpdateError::Refused(GroupError::TooManyGroups.into()));
            }
            let mut transaction = Transaction::new(self.table());
            for mut user in entering.iter().cloned() {
                let id = user.value.user.id;
                if let Some(membership) = user.value.user.membership_mut(tenant) {
                    membership.group_ids.push(group);
                }
                transaction.replace(self.key(id), &user)?;
                let member = GroupMember { user_id: id };
                transaction.insert(Key::group_member(self.vendor(), tenant, group, id), &member)?;
            }
            let full = self.count_members(&mut transaction, tenant, group, entering.len())?;
            self.commit_grouping(transaction, &read, &entering, "added").await.map_err(|cancelled| {
                match cancelled.failed(full) && is_alone(&cancelled) {
                    true => UpdateError::Refused(GroupError::Full.into()),
                    false => cancelled.into_store_error().into(),
                }
            })?;
            Ok(Some(()))
        })
    }

    /// Takes the users `ids` of `tenant` out of a group, all or none; those who are not in it stay out. `None`: the group is not
    /// there. `check` sees the group and each of the users as they are at that moment.
    ///
    /// # Errors
    /// `check` refuses, one of them is not in the tenant, or the table fails.
    pub async fn leave_group<E: From<GroupError>>(
        &self,
        tenant: &TenantId,
        group: GroupId,
        ids: &BTreeSet<UserId>,
        check: impl Fn(&Group, &User) -> Result<(), E>,
    ) -> Result<Option<()>, UpdateError<E>> {
        while_contended!(async {
            let Some(read) = self.grouped(tenant, group, ids, &check).await? else { return Ok(None) };
            let leaving = read.users_who(tenant, |membership| membership.group_ids.contains(&group));
            let mut transaction = Transaction::new(self.table());
            for user in leaving.iter().cloned() {
                self.dismiss_one(&mut transaction, tenant, group, user)?;
            }
            let size = i64::try_from(leaving.len()).unwrap_or(i64::MAX);
            self.resize(&mut transaction, tenant, group, -size)?;
            let left = self.commit_grouping(transaction, &read, &leaving, "removed").await;
            left.map_err(Cancelled::into_store_error)?;
            Ok(Some(()))
        })
    }

    /// Takes a user out of a group of `tenant` that has been deleted.
    pub(crate) async fn dismiss(
        &self,
        id: UserId,
        tenant: &TenantId,
        group: GroupId,
    ) -> Result<(), StoreError> {
        let dismissed = while_contended!(async {
            let Some(user) = self.stored(id).await? else { return Ok(()) };
            let is_in = |membership: &Membership| membership.group_ids.contains(&group);
            if !user.value.user.membership(tenant).is_some_and(is_in) {
                return Ok(());
            }
            let mut transaction = Transaction::new(self.table());
            self.dismiss_one(&mut transaction, tenant, group, user)?;
            self.resize(&mut transaction, tenant, group, -1)?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(())
        });
        dismissed.map_err(unrefused)
    }

    /// Removes what a group says of its member `user`, who leaves it with the tenant.
    pub(super) fn leave_group_of(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &TenantId,
        group: GroupId,
        user: UserId,
    ) -> Result<(), StoreError> {
        transaction.remove_if_present(Key::group_member(self.vendor(), tenant, group, user))?;
        self.resize(transaction, tenant, group, -1)
    }

    fn dismiss_one(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &TenantId,
        group: GroupId,
        mut user: Stored<UserItem>,
    ) -> Result<(), StoreError> {
        let id = user.value.user.id;
        if let Some(membership) = user.value.user.membership_mut(tenant) {
            membership.group_ids.retain(|is_in| *is_in != group);
        }
        transaction.replace(self.key(id), &user)?;
        transaction.remove_if_present(Key::group_member(self.vendor(), tenant, group, id))?;
        Ok(())
    }

    /// Counts `more` members. The answer is the write that fails when there is no room for them.
    fn count_members(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &TenantId,
        group: GroupId,
        more: usize,
    ) -> Result<Write, StoreError> {
        let room = Group::MAX_MEMBERS.saturating_sub(more);
        transaction.update(
            Key::group_size(self.vendor(), tenant, group),
            &format!("ADD {SIZE} :more"),
            Some(&format!("attribute_not_exists({SIZE}) OR {SIZE} <= :room")),
            vec![
                (":more", AttributeValue::N(more.to_string())),
                (":room", AttributeValue::N(room.to_string())),
            ],
        )
    }

    /// Counts members who leave, whatever has become of the group: the count goes when the last one has left.
    fn resize(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &TenantId,
        group: GroupId,
        by: i64,
    ) -> Result<(), StoreError> {
        let by = vec![(":by", AttributeValue::N(by.to_string()))];
        let key = Key::group_size(self.vendor(), tenant, group);
        transaction.update(key, &format!("ADD {SIZE} :by"), None, by)?;
        Ok(())
    }

    async fn grouped<E: From<GroupError>>(
        &self,
        tenant: &TenantId,
        group: GroupId,
        ids: &BTreeSet<UserId>,
        check: &impl Fn(&Group, &User) -> Result<(), E>,
    ) -> Result<Option<Grouped>, UpdateError<E>> {
        let group_key = Key::group(self.vendor(), tenant, group);
        let keys = ids.iter().map(|id| self.key(*id)).chain([group_key.clone()]);
        let mut batch = self.table().get_all(keys.collect()).await?;
        let Some(group) = batch.take::<Group>(&group_key)? else { return Ok(None) };
        let mut users = Vec::with_capacity(ids.len());
        for id in ids {
            let user = self.member_among(&mut batch, *id, tenant)?;
            let user = user.ok_or_else(|| UpdateError::Refused(GroupError::NoUser.into()))?;
            check(&group.value, &user.value.user).map_err(UpdateError::Refused)?;
            users.push(user);
        }
        Ok(Some(Grouped { group, users }))
    }

    fn member_among(
        &self,
        batch: &mut Batch,
        id: UserId,
        tenant: &TenantId,
    ) -> Result<Option<Stored<UserItem>>, StoreError> {
        let found = batch.take::<UserItem>(&self.key(id))?;
        Ok(found.filter(|stored| stored.value.user.membership(tenant).is_some()))
    }

    /// Commits `transaction`, if the group is the one that was read, and if it changes anybody.
    async fn commit_grouping(
        &self,
        mut transaction: Transaction<'_>,
        read: &Grouped,
        changed: &[Stored<UserItem>],
        change: &str,
    ) -> Result<(), Cancelled> {
        if changed.is_empty() {
            return Ok(());
        }
        let group = &read.group.value;
        let revision = vec![(":read", AttributeValue::N(read.group.revision.to_string()))];
        let key = Key::group(self.vendor(), &group.tenant_id, group.id);
        transaction.check(key, "revision = :read", revision)?;
        let ids = changed.iter().map(|user| user.value.user.id);
        let subject = Subject::group(group).with_all(change, ids);
        transaction.record(self.environment.fact(Action::GroupMembersChanged, subject))?;
        transaction.commit().await
    }
}

/// A group, and users who are to enter or leave it, read together.
struct Grouped {
    group: Stored<Group>,
    users: Vec<Stored<UserItem>>,
}

impl Grouped {
    fn users_who(&self, tenant: &TenantId, fit: impl Fn(&Membership) -> bool) -> Vec<Stored<UserItem>> {
        let fits = |user: &&Stored<UserItem>| user.value.user.membership(tenant).is_some_and(&fit);
        self.users.iter().filter(fits).cloned().collect()
    }
}

fn is_in_too_many(user: &User, tenant: &TenantId) -> bool {
    user.membership(tenant).is_some_and(|membership| membership.group_ids.len() >= Membership::MAX_GROUPS)
}

/// Whether one condition alone did not hold.
fn is_alone(cancelled: &Cancelled) -> bool {
    matches!(cancelled, Cancelled::Conditions(failed) if failed.len() == 1)
}
