//! Letting people into a tenant by their e-mail address.

use std::slice;

use rookery_domain::{Action, EmailAddress, Environment, Membership, Tenant, TenantId, User, UserId};

use super::joining::{Addition, Directories, Doorstep};
use super::{Login, NewUser, NewUserError, UserItem, UserSnapshot, Users, WithEnvironment};
use crate::contention::while_contended;
use crate::keys::List;
use crate::roster::Directory;
use crate::transaction::Transaction;
use crate::{StoreError, UpdateError};

/// What there is to know before whoever has an e-mail address is let into a tenant, read together.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The environment.
    pub environment: Environment,
    /// The tenant, if it is there.
    pub tenant: Option<Tenant>,
    /// The user who has the address.
    pub user: Option<UserId>,
    pub(super) directories: Directories,
}

impl Users<'_> {
    /// What there is to know before whoever has `email` is let into `tenant`; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn admission(
        &self,
        email: &EmailAddress,
        tenant: &TenantId,
    ) -> Result<Option<Admission>, StoreError> {
        let (tenants, login_key, lists) =
            (self.environment.tenants(), self.login_key(email), lists_for(tenant));
        let mut keys = vec![self.environment_key(), login_key.clone(), tenants.key(tenant)];
        keys.extend(lists.iter().map(|list| self.roster(list).directory_key()));
        let mut batch = self.table().get_all(keys).await?;
        let Some(environment) = self.environment.among(&batch)? else {
            return Ok(None);
        };
        let login = batch.take::<Login>(&login_key)?;
        Ok(Some(Admission {
            environment,
            tenant: tenants.take(&mut batch, tenant)?,
            user: login.map(|login| login.value.user_id),
            directories: self.directories_in(&batch, &lists),
        }))
    }

    /// Makes a user in `tenant`, for which `admission` was read. `make` is told whether the tenant has no members yet,
    /// and may be called more than once.
    ///
    /// # Errors
    /// The e-mail address is taken, the tenant is not there, or the table fails.
    pub async fn create_in(
        &self,
        tenant: &TenantId,
        admission: Admission,
        make: impl Fn(bool) -> NewUser,
    ) -> Result<User, UpdateError<NewUserError>> {
        let [users, members] = lists_for(tenant);
        let mut read = Some(admission.directories);
        while_contended!(async {
            let directories = match read.take() {
                Some(directories) => directories,
                None => self.directories([users.clone(), members.clone()].into_iter()).await?,
            };
            let new = make(directories.of(&members).total() == 0);
            let transaction = Transaction::new(self.table());
            self.insert(transaction, slice::from_ref(&new), &directories).await?;
            Ok(new.user)
        })
    }
}

impl Admission {
    /// Whether `tenant`, for which it was read, has no members.
    #[must_use]
    pub fn is_first_in(&self, tenant: &TenantId) -> bool {
        self.directories.of(&List::Members(tenant.clone())).total() == 0
    }
}

/// What there is to know before a known user is let into a tenant, read together.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The user.
    pub user: UserSnapshot,
    /// The tenant, if it is there.
    pub tenant: Option<Tenant>,
    directory: Directory,
}

impl Users<'_> {
    /// What there is to know before the user `id` is let into `tenant`, if they are there, and the environment; `None`
    /// when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn arrival(
        &self,
        id: UserId,
        tenant: &TenantId,
    ) -> Result<Option<WithEnvironment<Option<Arrival>>>, StoreError> {
        let tenants = self.environment.tenants();
        let directory_key = self.roster(&List::Members(tenant.clone())).directory_key();
        let keys = vec![self.environment_key(), self.key(id), tenants.key(tenant), directory_key.clone()];
        let mut batch = self.table().get_all(keys).await?;
        let Some(environment) = self.environment.among(&batch)? else {
            return Ok(None);
        };
        let tenant = tenants.take(&mut batch, tenant)?;
        let directory = Directory::of(batch.item(&directory_key));
        let user = batch.take::<UserItem>(&self.key(id))?;
        let arrival = user.map(|user| Arrival { user: UserSnapshot(user), tenant, directory });
        Ok(Some(WithEnvironment { environment, value: arrival }))
    }

    /// Lets a user into `tenant`, for which `arrival` was read, unless they belong to it, and makes `change`, all at once;
    /// `None` when they have been removed. `membership` is told whether the tenant has no members yet. Both may be called
    /// more than once.
    ///
    /// # Errors
    /// `change` refuses, the tenant is not there, they belong to too many, or the table fails.
    pub async fn let_in<E: From<NewUserError>>(
        &self,
        tenant: &TenantId,
        arrival: Arrival,
        membership: impl Fn(bool) -> Membership,
        change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<Addition>, UpdateError<E>> {
        let Arrival { user: UserSnapshot(user), directory, tenant: _ } = arrival;
        let id = user.value.user.id;
        let doorstep = Doorstep { user: Some(user), directory };
        self.enter(id, tenant, Some(doorstep), Action::TenantSwitched, membership, change).await
    }
}

/// The lists that a user of `tenant` alone is in.
pub(super) fn lists_for(tenant: &TenantId) -> [List; 2] {
    [List::Users, List::Members(tenant.clone())]
}
