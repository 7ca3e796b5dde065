//! Moving users from one tenant to another.

use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Action, Membership, Order, PageRequest, RoleId, TenantId, Timestamp, User, UserId};

use super::joining::require_open;
use super::listing::parse_id;
use super::{NewUserError, UserEntry, UserItem, Users};
use crate::contention::while_contended;
use crate::keys::List;
use crate::progress::{Progress, WhileTime};
use crate::roster::{Directory, Sight};
use crate::transaction::{Cancelled, Transaction};
use crate::{Fact, Subject, UpdateError};

/// How many users move at a time. All of them change the same totals, and more at once would only wait for each other.
const MOVING_AT_ONCE: usize = 4;

/// From where to where, and when.
#[derive(Clone, Copy)]
struct Move<'a> {
    source: &'a TenantId,
    target: &'a TenantId,
    now: Timestamp,
}

impl Users<'_> {
    /// Moves everybody from the tenant `source` to `target` for as long as there is time, each in one transaction, and
    /// ends their sessions in `source`, and their API tokens for it. Whoever belongs to both already keeps what they have in
    /// either. `roles` says which roles a membership of `source` becomes.
    ///
    /// # Errors
    /// `target` is not there, or the table fails; the same call again goes on where it stopped.
    pub async fn move_all(
        &self,
        source: &TenantId,
        target: &TenantId,
        now: Timestamp,
        roles: impl Fn(&Membership) -> Vec<RoleId>,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, UpdateError<NewUserError>> {
        let roster = self.roster(&List::Members(source.clone()));
        let first = PageRequest { limit: 100, index: 0, order: Order::Ascending };
        let moving = Move { source, target, now };
        let mut progress = Progress::Nothing;
        loop {
            let page = roster.page(first, Sight::All).await?;
            if page.items.is_empty() {
                return Ok(progress);
            }
            let ids: Vec<_> = page.items.iter().map(|id| parse_id(id)).collect::<Result<_, _>>()?;
            let in_time = stream::iter(ids).take_while(|_| ready(while_time()));
            let moves = in_time.map(|id| self.move_one(id, moving, &roles));
            let moved: Vec<bool> = moves.buffer_unordered(MOVING_AT_ONCE).try_collect().await?;
            // The time is over, or another request does the same.
            if !moved.contains(&true) {
                return Ok(Progress::Unfinished);
            }
            progress = Progress::Finished;
        }
    }

    /// `false`: they have left `source` meanwhile.
    async fn move_one(
        &self,
        id: UserId,
        moving: Move<'_>,
        roles: &impl Fn(&Membership) -> Vec<RoleId>,
    ) -> Result<bool, UpdateError<NewUserError>> {
        let moved = while_contended!(self.try_move(id, moving, roles))?;
        if moved {
            self.end_access(id, moving.source).await?;
        }
        Ok(moved)
    }

    async fn try_move(
        &self,
        id: UserId,
        moving: Move<'_>,
        roles: &impl Fn(&Membership) -> Vec<RoleId>,
    ) -> Result<bool, UpdateError<NewUserError>> {
        let list = List::Members(moving.target.clone());
        let roster = self.roster(&list);
        let mut batch = self.table().get_all(vec![self.key(id), roster.directory_key()]).await?;
        let Some(mut stored) = batch.take::<UserItem>(&self.key(id))? else {
            return Ok(false);
        };
        let Some(arriving) =
            stored.value.user.membership(moving.source).map(|left| moving.arrival(left, roles))
        else {
            return Ok(false);
        };
        let was_active = stored.value.user.active_tenant.as_ref() == Some(moving.source);
        let mut transaction = Transaction::new(self.table());
        self.take_out(&mut transaction, &mut stored.value, moving.source, false)?;
        if was_active {
            stored.value.user.active_tenant = Some(moving.target.clone());
        }
        let UserItem { user, places } = &mut stored.value;
        if let Some(there) = user.membership_mut(moving.target) {
            there.absorb(arriving);
            if let Some(place) = places.get(&list.name()) {
                roster.replace(&mut transaction, *place, &UserEntry::of(user, &list))?;
            }
        } else {
            let directory = Directory::of(batch.item(&roster.directory_key()));
            require_open(&list, roster.takes_entries(&directory)).map_err(UpdateError::Refused)?;
            let place = directory.next_place(moving.now, user.invisible);
            user.memberships.push(arriving);
            places.insert(list.name(), place);
            roster.add(&mut transaction, &directory, place, &UserEntry::of(user, &list))?;
        }
        transaction.replace(self.key(id), &stored)?;
        transaction.record(self.moved(&stored.value.user, moving))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(true)
    }

    fn moved(&self, user: &User, Move { source, target, .. }: Move<'_>) -> Option<Fact> {
        let subject = Subject::user(user).in_tenant(target).with("from", source).with("to", target);
        self.environment.fact(Action::UserMoved, subject)
    }
}

impl Move<'_> {
    /// What the membership `left` becomes. Its roles are all given by name from now on: none comes for having joined the
    /// new tenant early, and none of a group, as groups stay where they are.
    fn arrival(self, left: &Membership, roles: &impl Fn(&Membership) -> Vec<RoleId>) -> Membership {
        Membership {
            tenant_id: self.target.clone(),
            role_ids: roles(left),
            declined_role_ids: Vec::new(),
            group_ids: Vec::new(),
            created_at: self.now,
            ..left.clone()
        }
    }
}
