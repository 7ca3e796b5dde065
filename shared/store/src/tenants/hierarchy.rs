//! The tree that tenants form.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use rookery_domain::{Tenant, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{TenantItem, Tenants};
use crate::entity::{Entity, Stored};
use crate::error::while_contended;
use crate::keys::{CHILD, Key, tenant_partition};
use crate::progress::{Progress, WhileTime};
use crate::transaction::{Cancelled, Transaction, Write};
use crate::{ListError, StoreError, UpdateError};

/// Says that one tenant is directly below another.
#[derive(Serialize, Deserialize)]
struct Child {
    tenant_id: TenantId,
}

impl Entity for Child {
    const TYPE: &'static str = "child";
}

/// A tenant was not put below another.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A tenant cannot be below itself.
    #[error("parentTenantId and childTenantId must differ")]
    Same,
    /// One of the two is not there.
    #[error("tenant {0} does not exist")]
    NoTenant(TenantId),
    /// The child is below another tenant already.
    #[error("the child tenant already has a parent")]
    HasParent,
    /// The parent is below the child.
    #[error("the parent tenant is below the child tenant")]
    Cycle,
    /// The tree would become too deep.
    #[error("tenants can be nested at most {} levels deep", MAX_DEPTH)]
    TooDeep,
}

/// A tenant below another.
#[derive(Clone, Debug, PartialEq)]
pub struct Descendant {
    /// The tenant.
    pub tenant: Tenant,
    /// How many levels below; a direct child is one level below.
    pub level: usize,
}

/// How deep tenants can be nested.
const MAX_DEPTH: usize = 32;

impl Tenants<'_> {
    /// The tenants above `id`, from its parent to the root.
    ///
    /// # Errors
    /// The table fails.
    pub async fn ancestors(&self, id: &TenantId) -> Result<Vec<Tenant>, StoreError> {
        let above = self.stored_ancestors(id).await?;
        Ok(above.into_iter().map(|stored| stored.value.tenant).collect())
    }

    async fn stored_ancestors(&self, id: &TenantId) -> Result<Vec<Stored<TenantItem>>, StoreError> {
        let mut above = Vec::new();
        let mut next = self.live(id).await?.and_then(|stored| stored.value.tenant.parent);
        while let Some(id) = next.take().filter(|_| above.len() <= 2 * MAX_DEPTH) {
            let Some(stored) = self.live(&id).await? else {
                break;
            };
            next.clone_from(&stored.value.tenant.parent);
            above.push(stored);
        }
        Ok(above)
    }

    /// The tenants below `id`, level by level.
    ///
    /// # Errors
    /// There are too many, or the table fails.
    pub async fn descendants(&self, id: &TenantId) -> Result<Vec<Descendant>, ListError> {
        let mut below = Vec::new();
        let mut parents = vec![id.clone()];
        for level in 1.. {
            let children = try_join_all(parents.iter().map(|parent| self.children(parent))).await?;
            let children: Vec<_> = children.into_iter().flatten().collect();
            if children.is_empty() || level > 2 * MAX_DEPTH {
                break;
            }
            if below.len() + children.len() > crate::LARGEST_SORTED_LIST {
                return Err(ListError::TooLong(below.len() + children.len()));
            }
            let tenants = self.get_all(&children).await?;
            below.extend(tenants.into_iter().map(|tenant| Descendant { tenant, level }));
            parents = children;
        }
        Ok(below)
    }

    async fn children(&self, id: &TenantId) -> Result<Vec<TenantId>, StoreError> {
        let rows = self.table().query_entities::<Child>(tenant_partition(self.vendor(), id), CHILD).await?;
        Ok(rows.into_iter().map(|stored| stored.value.tenant_id).collect())
    }

    /// Puts `child` below `parent`. It may be there already.
    ///
    /// # Errors
    /// [`LinkError`], or the table fails.
    pub async fn link(
        &self,
        parent: &TenantId,
        child: &TenantId,
        now: Timestamp,
    ) -> Result<Tenant, UpdateError<LinkError>> {
        if parent == child {
            return Err(UpdateError::Refused(LinkError::Same));
        }
        self.reparent(child, None, Some(parent), now).await
    }

    /// Takes `child` from below `parent`. `false`: it is not directly below it.
    ///
    /// # Errors
    /// The table fails.
    pub async fn unlink(
        &self,
        parent: &TenantId,
        child: &TenantId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.reparent(child, Some(parent), None, now).await {
            Ok(_) => Ok(true),
            Err(UpdateError::Refused(_)) => Ok(false),
            Err(UpdateError::Store(error)) => Err(error),
        }
    }

    /// Moves `child` from below `from` to below `to`.
    async fn reparent(
        &self,
        child: &TenantId,
        from: Option<&TenantId>,
        to: Option<&TenantId>,
        now: Timestamp,
    ) -> Result<Tenant, UpdateError<LinkError>> {
        while_contended!(async {
            let refused = |error| Err(UpdateError::Refused(error));
            let Some(mut stored) = self.live(child).await? else {
                return refused(LinkError::NoTenant(child.clone()));
            };
            let parent = stored.value.tenant.parent.as_ref();
            if parent == to && to.is_some() {
                return Ok(stored.value.tenant);
            }
            if parent != from {
                return refused(LinkError::HasParent);
            }
            let mut transaction = Transaction::new(self.table());
            if let Some(from) = from {
                transaction.remove_if_present(Key::child(self.vendor(), from, child))?;
            }
            if let Some(to) = to {
                self.attach_without_cycle(&mut transaction, to, child).await?;
            }
            stored.value.tenant.parent = to.cloned();
            stored.value.tenant.updated_at = now;
            transaction.replace(self.key(child), &stored)?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(stored.value.tenant)
        })
    }

    /// Puts `child` below `parent` if it is not above it, which stays true until the transaction is through: every
    /// tenant from `parent` to the root must still be as it was read here.
    async fn attach_without_cycle(
        &self,
        transaction: &mut Transaction<'_>,
        parent: &TenantId,
        child: &TenantId,
    ) -> Result<(), UpdateError<LinkError>> {
        let Some(stored) = self.live(parent).await? else {
            return Err(UpdateError::Refused(LinkError::NoTenant(parent.clone())));
        };
        let mut line = vec![stored];
        line.extend(self.stored_ancestors(parent).await?);
        if line.iter().any(|stored| stored.value.tenant.tenant_id == *child) {
            return Err(UpdateError::Refused(LinkError::Cycle));
        }
        if line.len() >= MAX_DEPTH {
            return Err(UpdateError::Refused(LinkError::TooDeep));
        }
        for stored in line {
            let read = AttributeValue::N(stored.revision.to_string());
            let key = self.key(&stored.value.tenant.tenant_id);
            transaction.check(key, "revision = :read", vec![(":read", read)])?;
        }
        let row = Child { tenant_id: child.clone() };
        transaction.overwrite(Key::child(self.vendor(), parent, child), &row)?;
        Ok(())
    }

    /// Puts the children of a removed tenant below its parent, for as long as there is time.
    pub(super) async fn move_children_up(
        &self,
        id: &TenantId,
        now: Timestamp,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        let children = self.children(id).await?;
        if children.is_empty() {
            return Ok(Progress::Nothing);
        }
        let parent = self.nearest_above(id).await?;
        for child in &children {
            if !while_time() {
                return Ok(Progress::Unfinished);
            }
            let moved = self.reparent(child, Some(id), parent.as_ref(), now).await;
            moved.map_err(|error| match error {
                UpdateError::Refused(_) => StoreError::Contended,
                UpdateError::Store(error) => error,
            })?;
        }
        Ok(Progress::Finished)
    }

    /// The nearest tenant above the removed tenant `id`: its own parent may have been removed too since.
    async fn nearest_above(&self, id: &TenantId) -> Result<Option<TenantId>, StoreError> {
        let mut found = self.table().get::<TenantItem>(self.key(id)).await?;
        while let Some(parent) = found.and_then(|stored| stored.value.tenant.parent) {
            found = self.table().get::<TenantItem>(self.key(&parent)).await?;
            if found.as_ref().is_some_and(|stored| stored.value.tenant.deleted_at.is_none()) {
                return Ok(Some(parent));
            }
        }
        Ok(None)
    }

    /// Puts `child` below `parent`, which must be there. The answer is the write that fails when it is not.
    pub(super) fn attach(
        &self,
        transaction: &mut Transaction<'_>,
        parent: &TenantId,
        child: &TenantId,
    ) -> Result<Write, StoreError> {
        let row = Child { tenant_id: child.clone() };
        transaction.overwrite(Key::child(self.vendor(), parent, child), &row)?;
        self.require(transaction, parent)
    }
}
