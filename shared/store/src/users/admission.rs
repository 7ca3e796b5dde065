//! Letting people into a tenant by their e-mail address.

use std::slice;

use rookery_domain::{EmailAddress, Environment, Tenant, TenantId, User, UserId};

use super::joining::Directories;
use super::{Login, NewUser, NewUserError, Users};
use crate::error::while_contended;
use crate::keys::List;
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
    directories: Directories,
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
        let Some(environment) = batch.take::<Environment>(&self.environment_key())? else {
            return Ok(None);
        };
        let login = batch.take::<Login>(&login_key)?;
        Ok(Some(Admission {
            environment: environment.value,
            tenant: tenants.take(&mut batch, tenant)?,
            user: login.map(|login| login.value.user_id),
            directories: self.take_directories(&mut batch, &lists),
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
            self.insert(slice::from_ref(&new), &directories).await?;
            Ok(new.user)
        })
    }
}

/// The lists that a user of `tenant` alone is in.
fn lists_for(tenant: &TenantId) -> [List; 2] {
    [List::Users, List::Members(tenant.clone())]
}
