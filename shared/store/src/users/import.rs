//! Making many users, many at a time.

use super::{NewUser, NewUserError, Users, lists_of};
use crate::UpdateError;
use crate::contention::while_contended;
use crate::transaction::Transaction;

impl Users<'_> {
    /// Makes many users. They stand in lists in the order in which they come.
    ///
    /// Neighbours who belong to the same tenants are made together, as many as a transaction has room for: of the
    /// members of one tenant, 19. Someone who belongs to other tenants than the one before begins a new transaction.
    ///
    /// # Errors
    /// As for [`Self::create`], for any of them. Those whose transaction came before have been made.
    pub async fn import(&self, users: &[NewUser]) -> Result<(), UpdateError<NewUserError>> {
        let mut left = users;
        while let Some(first) = left.first() {
            let made = while_contended!(self.import_some(first, left))?;
            left = &left[made..];
        }
        Ok(())
    }

    /// Makes `first` and those of `users`, which begin with them, who go into the same transaction. Answers how many
    /// they are.
    async fn import_some(
        &self,
        first: &NewUser,
        users: &[NewUser],
    ) -> Result<usize, UpdateError<NewUserError>> {
        let lists: Vec<_> = lists_of(&first.user).collect();
        let directories = self.directories(lists.iter().cloned()).await?;
        // The user, their login, what is recorded, and an entry in each list; each list's directory is written once.
        let fitting = Transaction::ROOM.saturating_sub(lists.len()) / (3 + lists.len());
        let most = lists.iter().map(|list| directories.of(list).room()).fold(fitting.max(1), usize::min);
        let alike = |new: &&NewUser| lists_of(&new.user).eq(lists.iter().cloned());
        let together = users.iter().take(most).take_while(alike).count();
        self.insert(Transaction::new(self.table()), &users[..together], &directories).await?;
        Ok(together)
    }
}
