//! Making users, and adding them to tenants.

use std::collections::BTreeMap;
use std::slice;

use rookery_domain::{Action, Membership, TenantId, User, UserId};

use super::{Login, UserEntry, UserItem, Users, lists_of};
use crate::contention::while_contended;
use crate::entity::Stored;
use crate::keys::List;
use crate::roster::Directory;
use crate::table::Batch;
use crate::transaction::{Transaction, Write};
use crate::{StoreError, UpdateError};

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The user, with their memberships.
    pub user: User,
    /// The hash of their password, if they have one.
    pub password_hash: Option<String>,
}

/// A user was not made, or not added to a tenant.
#[derive(Debug, thiserror::Error)]
pub enum NewUserError {
    /// Somebody has this e-mail address.
    #[error("a user with this email already exists")]
    EmailTaken,
    /// The tenant is not there.
    #[error("tenant {0} does not exist")]
    NoTenant(TenantId),
    /// They belong to as many tenants as one user can.
    #[error("a user can belong to at most {} tenants", User::MAX_MEMBERSHIPS)]
    TooManyTenants,
}

/// What letting somebody into a tenant came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Addition {
    /// They were added.
    Added(User),
    /// They belonged to it before.
    Already(User),
}

impl Users<'_> {
    /// Makes a user, with a place in the environment's list and in that of each of their tenants.
    ///
    /// # Errors
    /// The e-mail address is taken, a tenant is not there, or the table fails.
    pub async fn create(&self, new: &NewUser) -> Result<(), UpdateError<NewUserError>> {
        while_contended!(self.try_create(new))
    }

    async fn try_create(&self, new: &NewUser) -> Result<(), UpdateError<NewUserError>> {
        let directories = self.directories(lists_of(&new.user)).await?;
        self.insert(Transaction::new(self.table()), slice::from_ref(new), &directories).await
    }

    /// Writes `new`, who are all in the same lists, which are as `directories` says and have room for them; and whatever else
    /// `transaction` does.
    pub(super) async fn insert<E: From<NewUserError>>(
        &self,
        mut transaction: Transaction<'_>,
        new: &[NewUser],
        directories: &Directories,
    ) -> Result<(), UpdateError<E>> {
        let mut emails = Vec::with_capacity(new.len());
        for new in new {
            emails.push(self.insert_one(&mut transaction, new, directories)?);
        }
        for list in new.first().into_iter().flat_map(|new| lists_of(&new.user)) {
            let (roster, directory) = (self.roster(&list), directories.of(&list));
            let open = require_open(&list, roster.takes_entries(&directory));
            open.map_err(|error| UpdateError::Refused(error.into()))?;
            let invisible = new.iter().filter(|new| new.user.invisible).count();
            roster.count(&mut transaction, &directory, new.len(), invisible)?;
        }
        transaction.commit().await.map_err(|cancelled| {
            match emails.iter().any(|email| cancelled.failed(*email)) {
                true => UpdateError::Refused(NewUserError::EmailTaken.into()),
                false => UpdateError::Store(cancelled.into_store_error()),
            }
        })
    }

    /// Writes `new`, but does not count them. The write that is answered fails when the e-mail address is taken.
    fn insert_one(
        &self,
        transaction: &mut Transaction<'_>,
        new: &NewUser,
        directories: &Directories,
    ) -> Result<Write, StoreError> {
        let user = &new.user;
        let login = Login::of(user, new.password_hash.clone());
        let email = transaction.insert(self.login_key(&user.email), &login)?;
        let mut places = BTreeMap::new();
        for list in lists_of(user) {
            let place = directories.of(&list).next_place(user.created_at, user.invisible);
            self.roster(&list).enter(transaction, place, &UserEntry::of(user, &list))?;
            places.insert(list.name(), place);
        }
        transaction.insert(self.key(user.id), &UserItem { user: user.clone(), places })?;
        transaction.record(self.fact(Some(Action::UserCreated), user))?;
        Ok(email)
    }

    /// Adds a user to the tenant of `membership`; `None` when there is no such user.
    ///
    /// # Errors
    /// The tenant is not there, they belong to too many, or the table fails.
    pub async fn join(
        &self,
        id: UserId,
        membership: &Membership,
    ) -> Result<Option<Addition>, UpdateError<NewUserError>> {
        self.admit(id, &membership.tenant_id, |_| membership.clone()).await
    }

    /// Adds a user to `tenant`; `None` when there is no such user. `membership` is told whether the tenant has no members
    /// yet, and may be called more than once.
    ///
    /// # Errors
    /// The tenant is not there, they belong to too many, or the table fails.
    pub async fn admit(
        &self,
        id: UserId,
        tenant: &TenantId,
        membership: impl Fn(bool) -> Membership,
    ) -> Result<Option<Addition>, UpdateError<NewUserError>> {
        self.enter(id, tenant, None, Action::UserUpdated, membership, |_| Ok(())).await
    }

    /// Adds a user to `tenant`, unless they belong to it, and makes `change` in the same transaction, which is recorded as
    /// `changed` if that is all. What was `read` of them and of the list of members is read again only if somebody else was
    /// quicker.
    pub(super) async fn enter<E: From<NewUserError>>(
        &self,
        id: UserId,
        tenant: &TenantId,
        mut read: Option<Doorstep>,
        changed: Action,
        membership: impl Fn(bool) -> Membership,
        mut change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<Addition>, UpdateError<E>> {
        while_contended!(async {
            let doorstep = match read.take() {
                Some(read) => read,
                None => self.doorstep(id, tenant).await?,
            };
            self.step_in(doorstep, tenant, changed, &membership, &mut change, |_, _| Ok(())).await
        })
    }

    /// One attempt at [`Self::enter`], from what was read. If anything is written, `with` adds to that.
    pub(super) async fn step_in<E: From<NewUserError>>(
        &self,
        doorstep: Doorstep,
        tenant: &TenantId,
        changed: Action,
        membership: &impl Fn(bool) -> Membership,
        change: &mut impl FnMut(&mut User) -> Result<(), E>,
        with: impl FnOnce(&mut Transaction<'_>, &User) -> Result<(), StoreError>,
    ) -> Result<Option<Addition>, UpdateError<E>> {
        let list = List::Members(tenant.clone());
        let roster = self.roster(&list);
        let Doorstep { user, directory } = doorstep;
        let Some(mut stored) = user else { return Ok(None) };
        let before = stored.value.user.clone();
        let mut added_at = None;
        if before.membership(tenant).is_none() {
            require_room(&before, &list, roster.takes_entries(&directory))?;
            let membership = membership(directory.total() == 0);
            added_at = Some(membership.created_at);
            stored.value.user.memberships.push(membership);
        }
        change(&mut stored.value.user).map_err(UpdateError::Refused)?;
        if before == stored.value.user {
            return Ok(Some(Addition::Already(before)));
        }
        let action = if added_at.is_some() { Action::UserAddedToTenant } else { changed };
        self.write(&before, &mut stored, Some(action), |transaction, item| {
            with(transaction, &item.user)?;
            let Some(now) = added_at else { return Ok(()) };
            let place = directory.next_place(now, item.user.invisible);
            item.places.insert(list.name(), place);
            roster.add(transaction, &directory, place, &UserEntry::of(&item.user, &list)).map(drop)
        })
        .await?;
        let user = stored.value.user;
        Ok(Some(if added_at.is_some() { Addition::Added(user) } else { Addition::Already(user) }))
    }

    pub(super) async fn doorstep(&self, id: UserId, tenant: &TenantId) -> Result<Doorstep, StoreError> {
        let directory_key = self.roster(&List::Members(tenant.clone())).directory_key();
        let mut batch = self.table().get_all(vec![self.key(id), directory_key.clone()]).await?;
        Ok(Doorstep {
            user: batch.take(&self.key(id))?,
            directory: Directory::of(batch.item(&directory_key)),
        })
    }

    pub(super) async fn directories(
        &self,
        lists: impl Iterator<Item = List>,
    ) -> Result<Directories, StoreError> {
        let lists: Vec<_> = lists.collect();
        let keys = lists.iter().map(|list| self.roster(list).directory_key()).collect();
        let batch = self.table().get_all(keys).await?;
        Ok(self.directories_in(&batch, &lists))
    }

    pub(super) fn directories_in(&self, batch: &Batch, lists: &[List]) -> Directories {
        let directory = |list: &List| {
            let item = batch.item(&self.roster(list).directory_key());
            (list.name(), Directory::of(item))
        };
        Directories(lists.iter().map(directory).collect())
    }
}

/// The directories of the lists that somebody gets a place in.
#[derive(Clone, Debug)]
pub(crate) struct Directories(BTreeMap<String, Directory>);

impl Directories {
    pub(super) fn of(&self, list: &List) -> Directory {
        self.0.get(&list.name()).cloned().unwrap_or_default()
    }

    /// The same, and that of `list`, which opens with its first entries.
    pub(super) fn opening(mut self, list: &List) -> Self {
        self.0.insert(list.name(), Directory::opening());
        self
    }
}

/// A user as they are before they enter a tenant, and the directory of its members.
pub(super) struct Doorstep {
    pub(super) user: Option<Stored<UserItem>>,
    pub(super) directory: Directory,
}

/// Whether `user` can belong to one tenant more, and that can take an entry in `list`.
fn require_room<E: From<NewUserError>>(user: &User, list: &List, open: bool) -> Result<(), UpdateError<E>> {
    let room = match user.memberships.len() < User::MAX_MEMBERSHIPS {
        true => require_open(list, open),
        false => Err(NewUserError::TooManyTenants),
    };
    room.map_err(|error| UpdateError::Refused(error.into()))
}

/// Whether `list` can take an entry: that of a tenant who is not there cannot.
pub(super) fn require_open(list: &List, open: bool) -> Result<(), NewUserError> {
    match list {
        List::Members(tenant) if !open => Err(NewUserError::NoTenant(tenant.clone())),
        List::Members(_) | List::Tenants | List::Users => Ok(()),
    }
}
