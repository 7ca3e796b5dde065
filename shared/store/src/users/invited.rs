//! Joining a tenant by an invitation link. The link is looked at in the transaction that lets somebody in: whoever deletes it,
//! or takes its inviter out of the tenant, can rely on that nobody joins by it any more.

use std::slice;

use rookery_domain::{Action, LinkToken, Membership, Timestamp, User, UserId};

use super::admission::lists_for;
use super::joining::Addition;
use super::{Admission, NewUser, NewUserError, Users};
use crate::contention::while_contended;
use crate::transaction::Transaction;
use crate::{InviteSnapshot, UpdateError};

/// Nobody joined by a link.
#[derive(Debug, thiserror::Error)]
pub enum InvitedError {
    /// The link works no longer.
    #[error("the invitation was deleted, or is over")]
    Gone,
    /// They cannot join.
    #[error(transparent)]
    NewUser(#[from] NewUserError),
}

impl Users<'_> {
    /// Makes a user in the tenant that the link `invite` leads to, for which `admission` was read, if the link still works. `make`
    /// is told whether the tenant has no members yet, and may be called more than once.
    ///
    /// # Errors
    /// The link works no longer, the e-mail address is taken, the tenant is not there, or the table fails.
    pub async fn create_invited(
        &self,
        invite: InviteSnapshot,
        admission: Admission,
        now: Timestamp,
        make: impl Fn(bool) -> NewUser,
    ) -> Result<User, UpdateError<InvitedError>> {
        let invites = self.environment.tenant_invites();
        let (token, [users, members]) = (invite.token.clone(), lists_for(&invite.tenant_id));
        let mut read = Some((invite, admission.directories));
        while_contended!(async {
            let (invite, directories) = match read.take() {
                Some(read) => read,
                None => (
                    self.find_again(&token, now).await?,
                    self.directories([users.clone(), members.clone()].into_iter()).await?,
                ),
            };
            let new = make(directories.of(&members).total() == 0);
            let mut transaction = Transaction::new(self.table());
            invites.use_by(&mut transaction, &invite, &new.user)?;
            self.insert(transaction, slice::from_ref(&new), &directories).await?;
            Ok(new.user)
        })
    }

    /// Lets the user `id` into the tenant that the link `invite` leads to, unless they belong to it, and makes `change`, all at
    /// once and if the link still works; `None` when there is no such user. `membership` is told whether the tenant has no
    /// members yet. Both may be called more than once.
    ///
    /// # Errors
    /// The link works no longer, `change` refuses, the tenant is not there, they belong to too many, or the table fails.
    pub async fn admit_invited<E: From<InvitedError> + From<NewUserError>>(
        &self,
        id: UserId,
        invite: InviteSnapshot,
        now: Timestamp,
        membership: impl Fn(bool) -> Membership,
        mut change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<Addition>, UpdateError<E>> {
        let invites = self.environment.tenant_invites();
        let (token, tenant) = (invite.token.clone(), invite.tenant_id.clone());
        let mut read = Some(invite);
        while_contended!(async {
            let invite = match read.take() {
                Some(invite) => invite,
                None => self.find_again(&token, now).await?,
            };
            let doorstep = self.doorstep(id, &tenant).await?;
            let with =
                |transaction: &mut Transaction<'_>, user: &User| invites.use_by(transaction, &invite, user);
            self.step_in(doorstep, &tenant, Action::InvitationAccepted, &membership, &mut change, with).await
        })
    }

    /// The link with `token` as it is now, when somebody else was quicker.
    async fn find_again<E: From<InvitedError>>(
        &self,
        token: &LinkToken,
        now: Timestamp,
    ) -> Result<InviteSnapshot, UpdateError<E>> {
        let found = self.environment.tenant_invites().find(token.plain(), now).await?;
        found.ok_or_else(|| UpdateError::Refused(InvitedError::Gone.into()))
    }
}
