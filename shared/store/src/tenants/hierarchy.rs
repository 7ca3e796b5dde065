//! The tree that tenants form.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Action, Tenant, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{NewTenantError, TenantItem, Tenants};
use crate::contention::while_contended;
use crate::entity::{Entity, Stored, corrupt};
use crate::keys::{CHILD, Key, tenant_partition};
use crate::progress::{Progress, WhileTime};
use crate::transaction::{Cancelled, Transaction};
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

/// How many levels the tree has at most, the root's among them.
const MAX_DEPTH: usize = 32;

/// How many tenants' children are read at a time.
const PARENTS_AT_ONCE: usize = 64;

/// Where a tenant goes.
#[derive(Clone, Copy)]
enum Move<'a> {
    Below(&'a TenantId),
    Away {
        from: &'a TenantId,
    },
    /// To where a tenant was that has been removed.
    Up {
        from: &'a TenantId,
        to: Option<&'a TenantId>,
    },
}

impl<'a> Move<'a> {
    fn from(self) -> Option<&'a TenantId> {
        match self {
            Self::Below(_) => None,
            Self::Away { from } | Self::Up { from, .. } => Some(from),
        }
    }

    /// What is recorded of it. That children move up is a part of the removal of what was above them.
    fn action(self) -> Option<Action> {
        match self {
            Self::Below(_) => Some(Action::TenantLinked),
            Self::Away { .. } => Some(Action::TenantUnlinked),
            Self::Up { .. } => None,
        }
    }

    fn to(self) -> Option<&'a TenantId> {
        match self {
            Self::Below(to) => Some(to),
            Self::Away { .. } => None,
            Self::Up { to, .. } => to,
        }
    }
}

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
        let found = self.table().get::<TenantItem>(self.key(id)).await?;
        match found.and_then(|stored| stored.value.tenant.parent) {
            Some(parent) => self.line(&parent).await,
            None => Ok(Vec::new()),
        }
    }

    /// The tenant `id` and those above it, up to the root. One that was removed is left out: what was below it is on its
    /// way up.
    async fn line(&self, id: &TenantId) -> Result<Vec<Stored<TenantItem>>, StoreError> {
        let (mut line, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next = Some(id.clone());
        while let Some(id) = next.take() {
            if !seen.insert(id.clone()) {
                return Err(corrupt(TenantItem::TYPE, "it is above itself"));
            }
            if let Some(stored) = self.table().get::<TenantItem>(self.key(&id)).await? {
                next.clone_from(&stored.value.tenant.parent);
                line.push(stored);
            }
        }
        line.retain(|stored| stored.value.tenant.deleted_at.is_none());
        Ok(line)
    }

    /// The tenants below `id`, level by level.
    ///
    /// # Errors
    /// There are too many, or the table fails.
    pub async fn descendants(&self, id: &TenantId) -> Result<Vec<Descendant>, ListError> {
        let mut below = Vec::new();
        let mut parents = vec![id.clone()];
        for level in 1.. {
            let children = self.children_of(&parents).await?;
            if children.is_empty() {
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

    /// How many levels the tree of `id` has, itself among them. Nobody looks further than one level too many.
    async fn levels(&self, id: &TenantId, most: usize) -> Result<usize, StoreError> {
        let mut levels = 0;
        let mut tenants = vec![id.clone()];
        while !tenants.is_empty() && levels <= most {
            levels += 1;
            tenants = self.children_of(&tenants).await?;
        }
        Ok(levels)
    }

    async fn children_of(&self, parents: &[TenantId]) -> Result<Vec<TenantId>, StoreError> {
        let reads = stream::iter(parents.to_vec()).map(|parent| async move { self.children(&parent).await });
        reads.buffered(PARENTS_AT_ONCE).try_concat().await
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
        self.reparent(child, Move::Below(parent), now).await
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
        match self.reparent(child, Move::Away { from: parent }, now).await {
            Ok(_) => Ok(true),
            Err(UpdateError::Refused(_)) => Ok(false),
            Err(UpdateError::Store(error)) => Err(error),
        }
    }

    async fn reparent(
        &self,
        child: &TenantId,
        way: Move<'_>,
        now: Timestamp,
    ) -> Result<Tenant, UpdateError<LinkError>> {
        let (from, to) = (way.from(), way.to());
        while_contended!(async {
            let refused = |error| Err(UpdateError::Refused(error));
            // It is read before what is below it: see `attach`.
            let Some(mut stored) = self.stored(child).await? else {
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
            if let Some(to) = to {
                let line = self.line_for(child, to, way).await?;
                self.attach(&mut transaction, &line, child)?;
            }
            if let Some(from) = from {
                transaction.remove_if_present(Key::child(self.vendor(), from, child))?;
            }
            if let Move::Up { from, .. } = way {
                self.require_removed(&mut transaction, from)?;
            }
            stored.value.tenant.parent = to.cloned();
            stored.value.tenant.updated_at = now;
            transaction.replace(self.key(child), &stored)?;
            transaction.record(way.action().and_then(|action| self.fact(action, child)))?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(stored.value.tenant)
        })
    }

    /// The line of tenants that `child` comes below, from `to` to the root.
    async fn line_for(
        &self,
        child: &TenantId,
        to: &TenantId,
        way: Move<'_>,
    ) -> Result<Vec<Stored<TenantItem>>, UpdateError<LinkError>> {
        let line = self.line(to).await?;
        let refused = |error| Err(UpdateError::Refused(error));
        if line.first().is_none_or(|stored| stored.value.tenant.tenant_id != *to) {
            return refused(LinkError::NoTenant(to.clone()));
        }
        if line.iter().any(|stored| stored.value.tenant.tenant_id == *child) {
            return refused(LinkError::Cycle);
        }
        // Whoever moves up comes no deeper.
        if let Move::Below(_) = way {
            let room = MAX_DEPTH.saturating_sub(line.len());
            if self.levels(child, room).await? > room {
                return refused(LinkError::TooDeep);
            }
        }
        Ok(line)
    }

    /// The line of tenants that a new one comes below, from `parent` to the root.
    pub(super) async fn line_for_new(
        &self,
        parent: &TenantId,
    ) -> Result<Vec<Stored<TenantItem>>, UpdateError<NewTenantError>> {
        let line = self.line(parent).await?;
        if line.first().is_none_or(|stored| stored.value.tenant.tenant_id != *parent) {
            return Err(UpdateError::Refused(NewTenantError::NoParent));
        }
        if line.len() >= MAX_DEPTH {
            return Err(UpdateError::Refused(NewTenantError::TooDeep));
        }
        Ok(line)
    }

    /// Puts `child` below the first of `line`, which is to stay as it was read until the transaction is through: so there
    /// is no cycle, and nothing too deep.
    ///
    /// Whoever adds to a tree raises the revision of its root. So does whoever hangs a tree below a tenant, who has looked
    /// how deep it is: should it have grown since, one of the two has to look again.
    pub(super) fn attach(
        &self,
        transaction: &mut Transaction<'_>,
        line: &[Stored<TenantItem>],
        child: &TenantId,
    ) -> Result<(), StoreError> {
        let mut below = None;
        for (at, stored) in line.iter().enumerate() {
            let id = &stored.value.tenant.tenant_id;
            below = below.or(Some(id));
            let revision = |revision: u64| AttributeValue::N(revision.to_string());
            let read = (":read", revision(stored.revision));
            if at + 1 < line.len() {
                transaction.check(self.key(id), "revision = :read", vec![read])?;
            } else {
                let values = vec![read, (":next", revision(stored.revision + 1))];
                transaction.update(self.key(id), "SET revision = :next", Some("revision = :read"), values)?;
            }
        }
        if let Some(parent) = below {
            let row = Child { tenant_id: child.clone() };
            transaction.overwrite(Key::child(self.vendor(), parent, child), &row)?;
        }
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
            let moved = self.reparent(child, Move::Up { from: id, to: parent.as_ref() }, now).await;
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
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(children: Child);
}
