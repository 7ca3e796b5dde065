//! Signing up: a user, and a tenant of their own.

use std::slice;

use rookery_domain::{Environment, Tenant};

use super::joining::Directories;
use super::{NewUser, NewUserError, Users};
use crate::contention::while_contended;
use crate::keys::List;
use crate::transaction::Transaction;
use crate::{StoreError, UpdateError};

/// What there is to know before somebody signs up, read together. Whose the e-mail address is, is not a part of it: that shows
/// when they are written, and takes as long for every address.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The environment.
    pub environment: Environment,
    directories: Directories,
}

/// The lists that exist before somebody signs up, and that they and their tenant get a place in.
const LISTS: [List; 2] = [List::Tenants, List::Users];

impl Users<'_> {
    /// What there is to know before somebody signs up; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn registration(&self) -> Result<Option<Registration>, StoreError> {
        let lists = LISTS.iter().map(|list| self.roster(list).directory_key());
        let batch = self.table().get_all(lists.chain([self.environment_key()]).collect()).await?;
        let environment = self.environment.among(&batch)?;
        let directories = self.directories_in(&batch, &LISTS);
        Ok(environment.map(|environment| Registration { environment, directories }))
    }

    /// Makes `tenant`, whose id nobody has had, and `new`, who belongs to it alone: both, or neither.
    ///
    /// # Errors
    /// The e-mail address is taken, or the table fails.
    pub async fn register(
        &self,
        registration: Registration,
        tenant: &Tenant,
        new: &NewUser,
    ) -> Result<(), UpdateError<NewUserError>> {
        let members = List::Members(tenant.tenant_id.clone());
        let mut read = Some(registration.directories);
        while_contended!(async {
            let directories = match read.take() {
                Some(directories) => directories,
                None => self.directories(LISTS.into_iter()).await?,
            };
            let mut transaction = Transaction::new(self.table());
            self.environment.tenants().insert(&mut transaction, tenant, &directories.of(&List::Tenants))?;
            let directories = directories.opening(&members);
            self.insert(transaction, slice::from_ref(new), &directories).await
        })
    }
}
