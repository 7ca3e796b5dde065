//! Invitation links of tenants.
//!
//! The links of a tenant stand in one partition, each in its slot: one of every member's own, and those that vendors made.
//! Another item finds a link by its token; with it the link goes. A third counts the links of a tenant, so that there are never
//! more than [`TenantInvites::MOST`], however many are made at once.

use std::convert::Infallible;
use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{
    Action, InviteId, InviteSlot, Inviter, PlainToken, TenantId, TenantInvite, Timestamp, User, UserId,
    VendorId,
};
use serde::{Deserialize, Serialize};

use crate::contention::while_contended;
use crate::entity::{Entity, Stored, corrupt, number};
use crate::error::unrefused;
use crate::keys::{Key, invite_counts_partition, invites_partition};
use crate::table::Table;
use crate::transaction::{Cancelled, Transaction, Write};
use crate::{
    EnvironmentStore, LARGEST_SORTED_LIST, ListError, StoreError, Subject, UpdateError, UserSnapshot,
};

impl Entity for TenantInvite {
    const TYPE: &'static str = "tenant invite";
}

/// Where the link with a token is.
#[derive(Serialize, Deserialize)]
struct InviteToken {
    tenant_id: TenantId,
    slot: InviteSlot,
    /// The user in whose name it was made.
    user_id: Option<UserId>,
}

impl Entity for InviteToken {
    const TYPE: &'static str = "invite token";
}

/// The attribute that counts the links of a tenant.
const COUNT: &str = "invites";

/// How many links one transaction deletes: each takes two writes, and the count one.
const DELETED_AT_ONCE: usize = (Transaction::ROOM - 1) / 2;

/// How many tenants' links are read at a time.
const TENANTS_AT_ONCE: usize = 32;

/// A link was not made.
#[derive(Debug, thiserror::Error)]
pub enum NewInviteError {
    /// The tenant is not there.
    #[error("tenant {0} does not exist")]
    NoTenant(TenantId),
    /// The tenant has as many links as it can have.
    #[error("a tenant can have at most {} invitation links: delete some", TenantInvites::MOST)]
    TooMany,
}

/// A link that works, and the user in whose name it was made, as they were read.
#[derive(Clone, Debug)]
pub struct InviteSnapshot {
    invite: TenantInvite,
    inviter: Option<UserSnapshot>,
}

impl InviteSnapshot {
    /// The user in whose name it was made.
    #[must_use]
    pub fn inviter(&self) -> Option<&User> {
        self.inviter.as_deref()
    }
}

impl Deref for InviteSnapshot {
    type Target = TenantInvite;

    fn deref(&self) -> &TenantInvite {
        &self.invite
    }
}

/// The invitation links of one environment's tenants.
pub struct TenantInvites<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> TenantInvites<'a> {
    /// How many links a tenant can have.
    pub const MOST: usize = 1_000;

    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Makes `invite`, at `now`; a member's own in place of the one that they had in the tenant.
    ///
    /// # Errors
    /// The tenant is not there or has too many, or the table fails.
    pub async fn create(
        &self,
        invite: &TenantInvite,
        now: Timestamp,
    ) -> Result<(), UpdateError<NewInviteError>> {
        while_contended!(self.try_create(invite, now))
    }

    async fn try_create(
        &self,
        invite: &TenantInvite,
        now: Timestamp,
    ) -> Result<(), UpdateError<NewInviteError>> {
        let (tenant, key) = (&invite.tenant_id, self.key(&invite.tenant_id, invite.slot()));
        let before = match invite.inviter {
            Inviter::Member(_) => self.table().get::<TenantInvite>(key.clone()).await?,
            Inviter::Vendor { .. } => None,
        };
        let mut transaction = Transaction::new(self.table());
        let there = self.environment.tenants().require(&mut transaction, tenant)?;
        let counted = if let Some(before) = before {
            transaction.remove_if_present(self.token_key(before.value.id()))?;
            transaction.replace(key, &before.with(invite.clone()))?;
            None
        } else {
            transaction.insert(key, invite)?;
            Some(self.count_one(&mut transaction, tenant)?)
        };
        let token =
            InviteToken { tenant_id: tenant.clone(), slot: invite.slot(), user_id: invite.inviter.user_id() };
        transaction.insert(self.token_key(invite.id()), &token)?;
        transaction.record(self.environment.fact(Action::TenantInviteCreated, subject(invite)))?;
        match transaction.commit().await {
            Ok(()) => Ok(()),
            Err(cancelled) if cancelled.failed(there) => {
                Err(UpdateError::Refused(NewInviteError::NoTenant(tenant.clone())))
            }
            Err(cancelled) if counted.is_some_and(|counted| cancelled.failed(counted)) => {
                match self.make_room(tenant, now).await? {
                    true => Err(StoreError::Contended.into()),
                    false => Err(UpdateError::Refused(NewInviteError::TooMany)),
                }
            }
            Err(cancelled) => Err(cancelled.into_store_error().into()),
        }
    }

    /// Deletes links of `tenant` that are over at `now`. `false`: none is.
    async fn make_room(&self, tenant: &TenantId, now: Timestamp) -> Result<bool, StoreError> {
        let mut over = self.stored(tenant).await?;
        over.retain(|stored| !stored.value.is_in_time(now));
        over.truncate(DELETED_AT_ONCE);
        if over.is_empty() {
            return Ok(false);
        }
        let mut transaction = Transaction::new(self.table());
        for stored in &over {
            transaction.remove_unchanged(self.key(tenant, stored.value.slot()), stored)?;
            transaction.remove_if_present(self.token_key(stored.value.id()))?;
        }
        self.discount(&mut transaction, tenant, over.len())?;
        match transaction.commit().await {
            // Somebody else made room.
            Ok(()) | Err(Cancelled::Conditions(_)) => Ok(true),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// The link of `user`'s own in `tenant`, be it over or not.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, tenant: &TenantId, user: UserId) -> Result<Option<TenantInvite>, StoreError> {
        let found = self.table().get::<TenantInvite>(self.key(tenant, InviteSlot::Member(user))).await?;
        Ok(found.map(|stored| stored.value))
    }

    /// Changes the link in a slot of `tenant`, but neither its token nor whose it is; `None` when there is none. `change` may be
    /// called more than once. It is recorded as `action`, unless it is but a part of one.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update<E>(
        &self,
        tenant: &TenantId,
        slot: InviteSlot,
        action: impl Into<Option<Action>>,
        mut change: impl FnMut(&mut TenantInvite) -> Result<(), E>,
    ) -> Result<Option<TenantInvite>, UpdateError<E>> {
        let (key, action) = (self.key(tenant, slot), action.into());
        while_contended!(async {
            let Some(mut stored) = self.table().get::<TenantInvite>(key.clone()).await? else {
                return Ok(None);
            };
            let before = stored.value.clone();
            change(&mut stored.value).map_err(UpdateError::Refused)?;
            if before == stored.value {
                return Ok(Some(before));
            }
            let mut transaction = Transaction::new(self.table());
            transaction.replace(key.clone(), &stored)?;
            let fact = action.and_then(|action| self.environment.fact(action, subject(&stored.value)));
            transaction.record(fact)?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(Some(stored.value))
        })
    }

    /// Deletes the link in a slot of `tenant`: nobody joins by it any more. `false`: there is none.
    ///
    /// # Errors
    /// The table fails.
    pub async fn remove(&self, tenant: &TenantId, slot: InviteSlot) -> Result<bool, StoreError> {
        let removed = while_contended!(self.try_remove(tenant, slot, None));
        removed.map_err(unrefused)
    }

    /// Deletes the link `id`. `false`: there is none.
    ///
    /// # Errors
    /// The table fails.
    pub async fn remove_by_id(&self, id: InviteId) -> Result<bool, StoreError> {
        let Some(found) = self.table().get::<InviteToken>(self.token_key(id)).await? else {
            return Ok(false);
        };
        let InviteToken { tenant_id, slot, .. } = found.value;
        let removed = while_contended!(self.try_remove(&tenant_id, slot, Some(id)));
        removed.map_err(unrefused)
    }

    /// Deletes the link in a slot, if it is `only` that.
    async fn try_remove(
        &self,
        tenant: &TenantId,
        slot: InviteSlot,
        only: Option<InviteId>,
    ) -> Result<bool, UpdateError<Infallible>> {
        let key = self.key(tenant, slot);
        let found = self.table().get::<TenantInvite>(key.clone()).await?;
        let Some(stored) = found.filter(|stored| only.is_none_or(|only| stored.value.id() == only)) else {
            return Ok(false);
        };
        let mut transaction = Transaction::new(self.table());
        transaction.remove_unchanged(key, &stored)?;
        transaction.remove_if_present(self.token_key(stored.value.id()))?;
        self.discount(&mut transaction, tenant, 1)?;
        transaction.record(self.environment.fact(Action::TenantInviteDeleted, subject(&stored.value)))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(true)
    }

    /// The link with `token`, if whoever has it may join at `now`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn find(
        &self,
        token: &PlainToken,
        now: Timestamp,
    ) -> Result<Option<InviteSnapshot>, StoreError> {
        let Some(found) = self.table().get::<InviteToken>(self.token_key(InviteId::of(token))).await? else {
            return Ok(None);
        };
        let InviteToken { tenant_id, slot, user_id } = found.value;
        let (key, users) = (self.key(&tenant_id, slot), self.environment.users());
        let keys = user_id.map(|id| users.key(id)).into_iter().chain([key.clone()]);
        let mut batch = self.table().get_all(keys.collect()).await?;
        let inviter = match user_id {
            Some(id) => users.take(&mut batch, id)?,
            None => None,
        };
        let invite = batch.take::<TenantInvite>(&key)?.map(|stored| stored.value);
        let invite = invite.filter(|invite| invite.admits(token, inviter.as_deref(), now));
        Ok(invite.map(|invite| InviteSnapshot { invite, inviter }))
    }

    /// All links, be they over or not, tenant by tenant.
    ///
    /// # Errors
    /// There are too many, or the table fails.
    pub async fn list(&self) -> Result<Vec<TenantInvite>, ListError> {
        let counts = self.table().query_items(invite_counts_partition(self.vendor()), "").await?;
        let (mut total, mut tenants) = (0, Vec::new());
        for (key, item) in counts {
            let count =
                number(&item, COUNT).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
            if count > 0 {
                total += count;
                let tenant = TenantId::try_from(key.sk);
                tenants.push(tenant.map_err(|error| corrupt(TenantInvite::TYPE, error))?);
            }
        }
        if total > LARGEST_SORTED_LIST {
            return Err(ListError::TooLong(total));
        }
        let reads = stream::iter(tenants).map(|tenant| async move { self.of_tenant(&tenant).await });
        Ok(reads.buffered(TENANTS_AT_ONCE).try_concat().await?)
    }

    /// The links of `tenant`, be they over or not.
    ///
    /// # Errors
    /// The table fails.
    pub async fn of_tenant(&self, tenant: &TenantId) -> Result<Vec<TenantInvite>, StoreError> {
        Ok(self.stored(tenant).await?.into_iter().map(|stored| stored.value).collect())
    }

    /// Deletes the links of `tenant`, which was removed. `false`: there was none.
    pub(crate) async fn remove_of_tenant(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        let invites = self.of_tenant(tenant).await?;
        for invites in invites.chunks(DELETED_AT_ONCE) {
            let mut transaction = Transaction::new(self.table());
            transaction.remove_if_present(Key::invite_count(self.vendor(), tenant))?;
            for invite in invites {
                transaction.remove_if_present(self.key(tenant, invite.slot()))?;
                transaction.remove_if_present(self.token_key(invite.id()))?;
            }
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
        }
        Ok(!invites.is_empty())
    }

    /// Has `transaction`, in which `user` joins by the link `invite`, depend on that being there, and on its inviter being as they
    /// were read; and records the use.
    pub(crate) fn use_by(
        &self,
        transaction: &mut Transaction<'_>,
        invite: &InviteSnapshot,
        user: &User,
    ) -> Result<(), StoreError> {
        transaction.check(self.token_key(invite.id()), "attribute_exists(pk)", Vec::new())?;
        // Whoever comes by their own link is written in this transaction, under the same condition.
        if let Some(inviter) = invite.inviter.as_ref().filter(|inviter| inviter.id != user.id) {
            let key = self.environment.users().key(inviter.id);
            transaction.check(key, "revision = :read", inviter.is_unchanged())?;
        }
        let used = Subject::user(user).in_tenant(&invite.tenant_id).with("inviteId", &invite.id());
        transaction.record(self.environment.fact(Action::TenantInviteUsed, used))
    }

    fn count_one(&self, transaction: &mut Transaction<'_>, tenant: &TenantId) -> Result<Write, StoreError> {
        let values =
            [(":one", 1), (":most", Self::MOST)].map(|(name, n)| (name, AttributeValue::N(n.to_string())));
        let room = format!("attribute_not_exists({COUNT}) OR {COUNT} < :most");
        let key = Key::invite_count(self.vendor(), tenant);
        transaction.update(key, &format!("ADD {COUNT} :one"), Some(&room), values.into())
    }

    fn discount(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &TenantId,
        removed: usize,
    ) -> Result<(), StoreError> {
        let less = vec![(":less", AttributeValue::N(format!("-{removed}")))];
        let key = Key::invite_count(self.vendor(), tenant);
        transaction.update(key, &format!("ADD {COUNT} :less"), None, less)?;
        Ok(())
    }

    async fn stored(&self, tenant: &TenantId) -> Result<Vec<Stored<TenantInvite>>, StoreError> {
        self.table().query_entities(invites_partition(self.vendor(), tenant), "").await
    }

    fn key(&self, tenant: &TenantId, slot: InviteSlot) -> Key {
        Key::tenant_invite(self.vendor(), tenant, slot)
    }

    fn token_key(&self, id: InviteId) -> Key {
        Key::invite_token(self.vendor(), id)
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }

    fn vendor(&self) -> VendorId {
        self.environment.id
    }
}

fn subject(invite: &TenantInvite) -> Subject {
    Subject::tenant(&invite.tenant_id).with("inviteId", &invite.id())
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(tenant_invites: TenantInvite);
    documented!(invite_tokens: InviteToken);
}
