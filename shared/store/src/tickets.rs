//! One-time tickets: one item for each user and purpose.

use std::convert::Infallible;
use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{Action, Ticket, TicketPurpose, User, UserId};

use crate::contention::while_contended;
use crate::entity::{Entity, Stored};
use crate::error::unrefused;
use crate::keys::Key;
use crate::table::Table;
use crate::transaction::{Cancelled, Transaction};
use crate::{EnvironmentStore, StoreError, Subject, UpdateError};

impl Entity for Ticket {
    const TYPE: &'static str = "ticket";
    const WRITTEN: u32 = 2;

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // When DynamoDB may clean the item up, in seconds since the epoch. Expiry is always checked by whoever reads.
        vec![("ttl", Some(AttributeValue::N(self.forgotten_at().as_seconds().to_string())))]
    }
}

/// A ticket as it was read, to be used up.
#[derive(Clone, Debug)]
pub struct TicketSnapshot(Stored<Ticket>);

impl Deref for TicketSnapshot {
    type Target = Ticket;

    fn deref(&self) -> &Ticket {
        &self.0.value
    }
}

/// The tickets of one environment's users. Each is used up by the change of the user that it permits: see [`Ticket`].
pub struct Tickets<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Tickets<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// The ticket of `purpose` that `user` has out, if there is one.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, purpose: TicketPurpose, user: UserId) -> Result<Option<Ticket>, StoreError> {
        let found = self.table().get::<Ticket>(self.key(purpose, user)).await?;
        Ok(found.map(|stored| stored.value))
    }

    /// The same, to be used up.
    ///
    /// # Errors
    /// The table fails.
    pub async fn snapshot(
        &self,
        purpose: TicketPurpose,
        user: UserId,
    ) -> Result<Option<TicketSnapshot>, StoreError> {
        Ok(self.table().get::<Ticket>(self.key(purpose, user)).await?.map(TicketSnapshot))
    }

    /// Uses `ticket` of `user` up. `false`: it was used up, or another has taken its place.
    ///
    /// # Errors
    /// The table fails.
    pub async fn use_up(
        &self,
        purpose: TicketPurpose,
        user: UserId,
        ticket: TicketSnapshot,
    ) -> Result<bool, StoreError> {
        let TicketSnapshot(stored) = ticket;
        let used = stored.value.clone().used();
        let mut transaction = Transaction::new(self.table());
        transaction.replace(self.key(purpose, user), &stored.with(used))?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// Gives `user` a ticket in place of the one before, and records that as `action`, unless it is but a part of one. `make` gets the one before, and may
    /// refuse; it may be called more than once. `false`: it refused, and the one before is good still.
    ///
    /// # Errors
    /// The table fails.
    pub async fn issue(
        &self,
        purpose: TicketPurpose,
        user: &User,
        action: impl Into<Option<Action>>,
        mut make: impl FnMut(Option<&Ticket>) -> Option<Ticket>,
    ) -> Result<bool, StoreError> {
        let (key, action) = (self.key(purpose, user.id), action.into());
        let issued = while_contended!(async {
            let before = self.table().get::<Ticket>(key.clone()).await?;
            let Some(ticket) = make(before.as_ref().map(|stored| &stored.value)) else {
                return Ok::<_, UpdateError<Infallible>>(false);
            };
            let mut transaction = Transaction::new(self.table());
            match before {
                Some(stored) => transaction.replace(key.clone(), &stored.with(ticket))?,
                None => transaction.insert(key.clone(), &ticket)?,
            };
            let fact = action.and_then(|action| self.environment.fact(action, Subject::user(user)));
            transaction.record(fact)?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(true)
        });
        issued.map_err(unrefused)
    }

    fn key(&self, purpose: TicketPurpose, user: UserId) -> Key {
        Key::ticket(self.environment.id, purpose, user)
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(tickets: Ticket);
}
