//! Taking users out of tenants, and out of the environment.

use std::convert::Infallible;

use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Action, Membership, Order, PageRequest, Session, TenantId, User, UserId};

use super::listing::parse_id;
use super::{Login, UserEntry, UserItem, Users};
use crate::contention::while_contended;
use crate::error::unrefused;
use crate::keys::{Key, List};
use crate::progress::{Progress, WhileTime};
use crate::roster::Sight;
use crate::transaction::{Transaction, Write};
use crate::{StoreError, Subject, UpdateError};

/// How many users leave a tenant at a time when it is removed. All of them change the same totals, and more at once
/// would only wait for each other.
const LEAVING_AT_ONCE: usize = 4;

/// How many writes one transaction makes for the tenants that a user leaves; the others are for the user. What a membership takes
/// is never more.
const WRITES_TO_LEAVE: usize = 90;

/// How many writes the end of `membership` takes: two for the list of members, and two for each group.
fn writes_to_end(membership: &Membership) -> usize {
    2 + 2 * membership.group_ids.len()
}

const _: () =
    assert!(2 + 2 * Membership::MAX_GROUPS <= WRITES_TO_LEAVE && WRITES_TO_LEAVE + 7 <= Transaction::ROOM);

/// What a user leaves.
#[derive(Clone, Copy)]
enum Leaving<'a> {
    Tenant(&'a TenantId),
    /// A tenant that was removed, unless it has been made anew since: whoever belongs to it then does so by right.
    Removed(&'a TenantId),
    Everything,
}

impl Leaving<'_> {
    fn includes(self, membership: &Membership) -> bool {
        match self {
            Self::Tenant(tenant) | Self::Removed(tenant) => membership.tenant_id == *tenant,
            Self::Everything => true,
        }
    }

    /// What is recorded of it. That a removed tenant has no members any more is a part of its removal.
    fn action(self, user: &User) -> Option<Action> {
        match self {
            Self::Tenant(_) | Self::Everything if user.memberships.is_empty() => Some(Action::UserDeleted),
            Self::Tenant(_) => Some(Action::UserRemovedFromTenant),
            // The latter is one step of several.
            Self::Removed(_) | Self::Everything => None,
        }
    }
}

impl Users<'_> {
    /// Takes a user out of `tenant`; out of the environment, if they belong to no other. Their sessions there end if so, and their
    /// API tokens for it are removed. `false`: they do not belong to it.
    ///
    /// # Errors
    /// The table fails.
    pub async fn leave(&self, id: UserId, tenant: &TenantId) -> Result<bool, StoreError> {
        self.leave_one(id, tenant, Leaving::Tenant(tenant)).await
    }

    /// The same as [`Self::leave`], unless `check`, which sees the user as they are at that moment, refuses.
    ///
    /// # Errors
    /// `check` refuses, or the table fails.
    pub async fn leave_if<E>(
        &self,
        id: UserId,
        tenant: &TenantId,
        check: impl Fn(&User) -> Result<(), E>,
    ) -> Result<bool, UpdateError<E>> {
        let left = while_contended!(self.try_leave(id, Leaving::Tenant(tenant), &check))?;
        if left {
            self.end_access(id, tenant).await?;
        }
        Ok(left)
    }

    /// Takes a user out of `tenant` as [`Self::leave`] does, if it was removed: its removal has not come to them yet.
    /// `false`: they do not belong to it, or it is there. Whoever works in it without belonging to it does so no longer.
    ///
    /// # Errors
    /// The table fails.
    pub async fn leave_removed(&self, id: UserId, tenant: &TenantId) -> Result<bool, StoreError> {
        let left = self.leave_one(id, tenant, Leaving::Removed(tenant)).await?;
        if !left {
            self.stop_visiting(id, tenant).await?;
        }
        Ok(left)
    }

    async fn stop_visiting(&self, id: UserId, tenant: &TenantId) -> Result<(), StoreError> {
        let stopped = self.change(id, None, None, |user| {
            if user.membership(tenant).is_none() {
                user.leave(tenant);
            }
            Ok::<_, Infallible>(())
        });
        match stopped.await {
            Ok(_) => Ok(()),
            Err(UpdateError::Refused(never)) => match never {},
            Err(UpdateError::Store(error)) => Err(error),
        }
    }

    async fn leave_one(
        &self,
        id: UserId,
        tenant: &TenantId,
        leaving: Leaving<'_>,
    ) -> Result<bool, StoreError> {
        let left = self.leave_some(id, leaving).await?;
        if left {
            self.end_access(id, tenant).await?;
        }
        Ok(left)
    }

    /// Ends the sessions of a user in `tenant`, which they have left, and removes their API tokens for it.
    pub(super) async fn end_access(&self, id: UserId, tenant: &TenantId) -> Result<(), StoreError> {
        let (sessions, api_tokens) = (self.environment.sessions(), self.environment.api_tokens());
        sessions.end_all(id, None, |session: &Session| session.tenant_id == *tenant).await?;
        api_tokens.remove_of_user(id, |of| of == tenant).await
    }

    /// Removes a user everywhere, with their sessions and API tokens. `false`: there is no such user.
    ///
    /// # Errors
    /// The table fails; the same call again goes on where it stopped.
    pub async fn remove(&self, id: UserId) -> Result<bool, StoreError> {
        let mut removed = false;
        // One step is enough, unless they belong to very many tenants or are added to another one meanwhile.
        while self.leave_some(id, Leaving::Everything).await? {
            removed = true;
        }
        if removed {
            let (sessions, api_tokens) = (self.environment.sessions(), self.environment.api_tokens());
            sessions.end_all(id, None, |_| true).await?;
            api_tokens.remove_of_user(id, |_| true).await?;
        }
        Ok(removed)
    }

    async fn leave_some(&self, id: UserId, leaving: Leaving<'_>) -> Result<bool, StoreError> {
        let left = while_contended!(self.try_leave(id, leaving, &|_| Ok(())));
        left.map_err(unrefused)
    }

    async fn try_leave<E>(
        &self,
        id: UserId,
        leaving: Leaving<'_>,
        check: &impl Fn(&User) -> Result<(), E>,
    ) -> Result<bool, UpdateError<E>> {
        let Some(mut stored) = self.stored(id).await? else {
            return Ok(false);
        };
        check(&stored.value.user).map_err(UpdateError::Refused)?;
        let left = stored.value.user.memberships.iter().filter(|one| leaving.includes(one));
        let at_once = left.scan(0, |writes, membership| {
            *writes += writes_to_end(membership);
            (*writes <= WRITES_TO_LEAVE).then(|| membership.tenant_id.clone())
        });
        let left: Vec<_> = at_once.collect();
        if left.is_empty() && !matches!(leaving, Leaving::Everything) {
            return Ok(false);
        }
        let mut transaction = Transaction::new(self.table());
        let mut removed = None;
        for tenant in &left {
            let only_if_removed = matches!(leaving, Leaving::Removed(_));
            removed = self.take_out(&mut transaction, &mut stored.value, tenant, only_if_removed)?;
        }
        let user = &stored.value.user;
        let subject = left.first().map_or(Subject::user(user), |left| Subject::user(user).in_tenant(left));
        let action = leaving.action(user);
        transaction.record(action.and_then(|action| self.environment.fact(action, subject)))?;
        if user.memberships.is_empty() {
            transaction.remove_if(self.login_key(&user.email), Login::belongs_to(user.id))?;
            transaction.remove_if_present(self.password_history_key(id))?;
            transaction.remove_if_present(Key::factors(self.vendor(), id))?;
            if let Some(place) = stored.value.places.get(&List::Users.name()) {
                let entry = UserEntry::of(user, &List::Users);
                self.roster(&List::Users).remove(&mut transaction, *place, &entry)?;
            }
            transaction.remove_unchanged(self.key(id), &stored)?;
        } else {
            transaction.replace(self.key(id), &stored)?;
        }
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(cancelled) if removed.is_some_and(|removed| cancelled.failed(removed)) => Ok(false),
            Err(cancelled) => Err(cancelled.into_store_error().into()),
        }
    }

    /// Takes the user `item`, and their entry, out of `tenant` and its groups; with `only_if_removed`, if that is there no more.
    /// The answer is the write that fails when it is.
    pub(super) fn take_out(
        &self,
        transaction: &mut Transaction<'_>,
        item: &mut UserItem,
        tenant: &TenantId,
        only_if_removed: bool,
    ) -> Result<Option<Write>, StoreError> {
        let list = List::Members(tenant.clone());
        let mut removed = None;
        if let Some(place) = item.places.remove(&list.name()) {
            let (roster, entry) = (self.roster(&list), UserEntry::of(&item.user, &list));
            if only_if_removed {
                removed = Some(roster.remove_if_closed(transaction, place, &entry)?);
            } else {
                roster.remove(transaction, place, &entry)?;
            }
        }
        for group in item.user.membership(tenant).into_iter().flat_map(|membership| &membership.group_ids) {
            self.leave_group_of(transaction, tenant, *group, item.user.id)?;
        }
        item.user.leave(tenant);
        Ok(removed)
    }

    /// Takes everybody out of `tenant`, which was removed, for as long as there is time.
    pub(crate) async fn leave_all(
        &self,
        tenant: &TenantId,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        let roster = self.roster(&List::Members(tenant.clone()));
        let first = PageRequest { limit: 100, index: 0, order: Order::Ascending };
        let (mut progress, mut idle) = (Progress::Nothing, false);
        loop {
            let page = roster.page(first, Sight::All).await?;
            if page.items.is_empty() {
                return Ok(progress);
            }
            // The time is over, or others take them out: the second look told that some are left.
            if idle {
                return Ok(Progress::Unfinished);
            }
            let ids: Vec<_> = page.items.iter().map(|id| parse_id(id)).collect::<Result<_, _>>()?;
            let in_time = stream::iter(ids).take_while(|_| ready(while_time()));
            let leaving = in_time.map(|id| self.leave_removed(id, tenant));
            let left: Vec<bool> = leaving.buffer_unordered(LEAVING_AT_ONCE).try_collect().await?;
            idle = !left.contains(&true);
            if !idle {
                progress = Progress::Finished;
            }
        }
    }
}
