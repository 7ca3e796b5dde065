//! Removing tenants.
//!
//! A tenant is gone as soon as it is marked, which is one transaction: nobody signs in to it, refreshes or calls for it
//! from then on. Its members, its children, its own roles, its groups, its API tokens and its invitation links are cleared away
//! after that. There may be more of them than one request has time for, and then the same request goes on; until nothing is
//! left, nobody gets the id anew.

use std::sync::atomic::{AtomicUsize, Ordering};

use rookery_domain::{Action, TenantId, Timestamp};

use super::{NewTenantError, TenantEntry, Tenants};
use crate::contention::while_contended;
use crate::error::unrefused;
use crate::keys::Key;
use crate::progress::{Progress, WhileTime};
use crate::transaction::{Cancelled, Transaction};
use crate::{StoreError, UpdateError};

/// How much may be left of a removed tenant for whoever uses its id anew to clear it away first.
const LITTLE: usize = 100;

impl Tenants<'_> {
    /// Removes a tenant: its users' memberships, its own roles, its groups, its API tokens, its links and its own place go, its
    /// children move up to its parent. `Nothing`: it is not there, and nothing of it is left.
    ///
    /// The tenant is gone after the first of several transactions, however much time there is. Should the rest not
    /// finish, the same call again goes on where it stopped.
    ///
    /// # Errors
    /// The table fails.
    pub async fn remove(
        &self,
        id: &TenantId,
        now: Timestamp,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        let marked = while_contended!(self.try_mark(id, now));
        let marked = marked.map_err(unrefused)?;
        Ok(marked.and(self.clear(id, now, while_time).await?))
    }

    async fn try_mark<E>(&self, id: &TenantId, now: Timestamp) -> Result<Progress, UpdateError<E>> {
        let Some(mut stored) = self.stored(id).await? else {
            return Ok(Progress::Nothing);
        };
        let mut transaction = Transaction::new(self.table());
        if let Some(place) = stored.value.place.take() {
            self.roster().remove(&mut transaction, place, &TenantEntry::from(&stored.value.tenant))?;
        }
        if let Some(parent) = &stored.value.tenant.parent {
            transaction.remove_if_present(Key::child(self.vendor(), parent, id))?;
        }
        stored.value.tenant.deleted_at = Some(now);
        transaction.replace(self.key(id), &stored)?;
        self.members(id).close(&mut transaction)?;
        transaction.record(self.fact(Action::TenantDeleted, id))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(Progress::Finished)
    }

    /// Clears away what is left of the removed tenant `id`.
    async fn clear(
        &self,
        id: &TenantId,
        now: Timestamp,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        let moved = self.move_children_up(id, now, while_time).await?;
        if moved == Progress::Unfinished {
            return Ok(moved);
        }
        let emptied = self.environment.users().leave_all(id, while_time).await?;
        if emptied == Progress::Unfinished {
            // Whoever leaves is counted in the groups they leave.
            return Ok(emptied);
        }
        let (catalog, groups) = (self.environment.catalog(), self.environment.groups());
        let (api_tokens, invites) = (self.environment.api_tokens(), self.environment.tenant_invites());
        let (stripped, ungrouped, disarmed, revoked) = tokio::try_join!(
            catalog.remove_roles_of_tenant(id),
            groups.remove_groups_of_tenant(id),
            api_tokens.remove_of_tenant(id, while_time),
            invites.remove_of_tenant(id),
        )?;
        let [stripped, ungrouped, revoked] = [stripped, ungrouped, revoked].map(|removed| match removed {
            true => Progress::Finished,
            false => Progress::Nothing,
        });
        Ok(moved.and(emptied).and(stripped).and(ungrouped).and(disarmed).and(revoked))
    }

    /// Clears away what is left of the removed tenant `id`, if it is little: its id is wanted anew.
    pub(super) async fn clear_little(
        &self,
        id: &TenantId,
        now: Timestamp,
    ) -> Result<(), UpdateError<NewTenantError>> {
        let begun = AtomicUsize::new(0);
        let little = || begun.fetch_add(1, Ordering::Relaxed) < LITTLE;
        match self.clear(id, now, &little).await? {
            Progress::Nothing | Progress::Finished => Ok(()),
            Progress::Unfinished => Err(UpdateError::Refused(NewTenantError::BeingRemoved)),
        }
    }
}
