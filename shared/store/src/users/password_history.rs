//! The passwords that users had: an item of its own, which few functions may read.

use rookery_domain::{PasswordHistory, UserId};

use super::Users;
use crate::StoreError;
use crate::entity::Entity;
use crate::keys::Key;

impl Entity for PasswordHistory {
    const TYPE: &'static str = "password history";
}

impl Users<'_> {
    /// The passwords that `user` had. [`NewPassword::history`](crate::NewPassword::history) writes them.
    ///
    /// # Errors
    /// The table fails.
    pub async fn password_history(&self, user: UserId) -> Result<PasswordHistory, StoreError> {
        let found = self.table().get::<PasswordHistory>(self.password_history_key(user)).await?;
        Ok(found.map(|stored| stored.value).unwrap_or_default())
    }

    pub(super) fn password_history_key(&self, user: UserId) -> Key {
        Key::password_history(self.vendor(), user)
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(histories: PasswordHistory);
}
