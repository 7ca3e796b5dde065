//! Removing API tokens: one, or those of a tenant or a user that is gone.
//!
//! What a token's exchanges have left is of no use without it, and is cleaned up when it expires.

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{ApiToken, ApiTokenOwner, TenantId, UserId};

use super::{ApiTokenEntry, ApiTokens, COUNT, Change};
use crate::StoreError;
use crate::progress::{Progress, WhileTime};
use crate::transaction::{Cancelled, Transaction};

/// How many tokens go in one transaction, which has room for a hundred writes.
const REMOVED_AT_ONCE: usize = 40;

impl ApiTokens<'_> {
    /// Removes `token`: neither its secret nor its refresh tokens are good from then on. `false`: it is not there.
    ///
    /// # Errors
    /// The table fails.
    pub async fn remove(&self, token: &ApiToken) -> Result<bool, StoreError> {
        let mut transaction = Transaction::new(self.table());
        self.take_out(&mut transaction, &token.owner(), &[ApiTokenEntry::from(token)])?;
        transaction.record(self.fact(token, Change::Deleted))?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// Removes the tokens of `tenant`, which was removed, for as long as there is time: none may be good again for whoever gets its
    /// id.
    pub(crate) async fn remove_of_tenant(
        &self,
        tenant: &TenantId,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        self.remove_all(&ApiTokenOwner::Tenant(tenant.clone()), |_| true, while_time).await
    }

    /// Removes the tokens of `user`, in whichever tenant: somebody else may have made them.
    ///
    /// # Errors
    /// The table fails.
    pub async fn remove_all_of(&self, user: UserId) -> Result<(), StoreError> {
        self.remove_of_user(user, |_| true).await
    }

    /// Removes the tokens of `user` that `which` chooses by their tenants: those that they have left.
    pub(crate) async fn remove_of_user(
        &self,
        user: UserId,
        which: impl Fn(&TenantId) -> bool,
    ) -> Result<(), StoreError> {
        let chosen = |entry: &ApiTokenEntry| which(&entry.tenant_id);
        self.remove_all(&ApiTokenOwner::User(user), chosen, &|| true).await?;
        Ok(())
    }

    async fn remove_all(
        &self,
        owner: &ApiTokenOwner,
        which: impl Fn(&ApiTokenEntry) -> bool,
        while_time: WhileTime<'_>,
    ) -> Result<Progress, StoreError> {
        let mut progress = Progress::Nothing;
        loop {
            let entries = self.entries(owner).await?.into_iter().filter(|entry| which(entry));
            let entries: Vec<_> = entries.take(REMOVED_AT_ONCE).collect();
            if entries.is_empty() {
                return Ok(progress);
            }
            if !while_time() {
                return Ok(Progress::Unfinished);
            }
            let mut transaction = Transaction::new(self.table());
            self.take_out(&mut transaction, owner, &entries)?;
            match transaction.commit().await {
                // Somebody else has removed one of them: the others are left to be looked at again.
                Ok(()) | Err(Cancelled::Conditions(_)) => progress = Progress::Finished,
                Err(Cancelled::Store(error)) => return Err(error),
            }
        }
    }

    /// Removes the tokens of `entries`, if all of them are listed still: so none is counted out twice.
    fn take_out(
        &self,
        transaction: &mut Transaction<'_>,
        owner: &ApiTokenOwner,
        entries: &[ApiTokenEntry],
    ) -> Result<(), StoreError> {
        for entry in entries {
            transaction.remove(self.entry_key(owner, entry))?;
            transaction.remove_if_present(self.key(entry.id))?;
        }
        let fewer = AttributeValue::N(format!("-{}", entries.len()));
        transaction.update(
            self.count_key(owner),
            &format!("ADD {COUNT} :fewer"),
            None,
            vec![(":fewer", fewer)],
        )?;
        Ok(())
    }
}
