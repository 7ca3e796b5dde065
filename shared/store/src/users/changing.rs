//! Changing users.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use rookery_domain::{Action, EmailAddress, PasswordHistory, Session, SessionId, Timestamp, User, UserId};

use super::{Login, NewUserError, UserEntry, UserItem, UserSnapshot, Users, lists_of};
use crate::contention::while_contended;
use crate::entity::Stored;
use crate::error::unrefused;
use crate::keys::{Key, List};
use crate::transaction::{Cancelled, Transaction};
use crate::{StoreError, UpdateError};

/// A password that takes the place of the one before.
#[derive(Clone, Copy)]
pub struct NewPassword<'a> {
    /// Its hash, in PHC string format.
    pub hash: &'a str,
    /// The session that goes on: that of the user who changes their own.
    pub keeping: Option<SessionId>,
    /// The passwords before it, if they are to be remembered.
    pub history: Option<&'a PasswordHistory>,
}

impl<'a> NewPassword<'a> {
    /// The password whose hash is `hash`, with which no session goes on and none is remembered.
    #[must_use]
    pub fn new(hash: &'a str) -> Self {
        Self { hash, keeping: None, history: None }
    }
}

/// How many lists one transaction changes beside the user: in each an entry, and the directory if it counts the entry
/// otherwise. Other lists follow: they repeat what the user's item says, and only lists see the moment between.
const LISTS_AT_ONCE: usize = 45;

/// What the document of a user says who is not locked. Within a text that somebody chose, its quotes would be escaped.
const UNLOCKED: &str = r#""locked":null"#;

impl Users<'_> {
    /// Changes a user, but neither their e-mail address nor the tenants they belong to; `None` when there is no such
    /// user. `change` may be called more than once. It is recorded as `action`, unless it is but a part of one.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update<E>(
        &self,
        id: UserId,
        action: impl Into<Option<Action>>,
        change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<User>, UpdateError<E>> {
        self.change(id, action.into(), None, change).await
    }

    /// The same as [`Self::update`], from what was read already: the user is read again only if somebody else was
    /// quicker.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update_from<E>(
        &self,
        snapshot: UserSnapshot,
        action: impl Into<Option<Action>>,
        change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<User>, UpdateError<E>> {
        self.change(snapshot.id, action.into(), Some(snapshot), change).await
    }

    pub(super) async fn change<E>(
        &self,
        id: UserId,
        action: Option<Action>,
        mut snapshot: Option<UserSnapshot>,
        mut change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<User>, UpdateError<E>> {
        while_contended!(async {
            let Some(mut stored) = self.read_or(&mut snapshot, id).await? else { return Ok(None) };
            let before = stored.value.user.clone();
            change(&mut stored.value.user).map_err(UpdateError::Refused)?;
            if before == stored.value.user && !stored.value.is_marked_wrongly() {
                return Ok(Some(before));
            }
            self.write(&before, &mut stored, action, |_, _| Ok(())).await?;
            Ok(Some(stored.value.user))
        })
    }

    /// Changes a user and sets their password, together, from what was read already, as [`Self::update_from`] does. The
    /// password before, and all sessions, are void, but for one that may be kept.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update_with_password<E>(
        &self,
        snapshot: UserSnapshot,
        action: Action,
        password: NewPassword<'_>,
        mut change: impl FnMut(&mut User) -> Result<(), E>,
    ) -> Result<Option<User>, UpdateError<E>> {
        let (id, mut snapshot) = (snapshot.id, Some(snapshot));
        while_contended!(async {
            let Some(mut stored) = self.read_or(&mut snapshot, id).await? else { return Ok(None) };
            let before = stored.value.user.clone();
            change(&mut stored.value.user).map_err(UpdateError::Refused)?;
            stored.value.user.void_credentials();
            let login = Login::of(&stored.value.user, Some(password.hash.to_owned()));
            let key = self.login_key(&before.email);
            let kept = self.kept_session(&before, &stored.value.user, password.keeping).await?;
            self.write(&before, &mut stored, Some(action), |transaction, _| {
                if let Some((key, session)) = &kept {
                    transaction.replace(key.clone(), session)?;
                }
                if let Some(history) = password.history {
                    transaction.overwrite(self.password_history_key(id), history)?;
                }
                transaction.overwrite_if(key.clone(), &login, Login::belongs_to(id)).map(|_| ())
            })
            .await?;
            Ok(Some(stored.value.user))
        })
    }

    /// The session `keeping`, if it was good until now, as it is to be for it to be good with `after`.
    async fn kept_session(
        &self,
        before: &User,
        after: &User,
        keeping: Option<SessionId>,
    ) -> Result<Option<(Key, Stored<Session>)>, StoreError> {
        let Some(session) = keeping else { return Ok(None) };
        let key = Key::session(self.vendor(), before.id, session);
        let found = self.table().get::<Session>(key.clone()).await?;
        Ok(found.filter(|stored| stored.value.is_of(before)).map(|mut stored| {
            stored.value.generation = after.session_generation;
            (key, stored)
        }))
    }

    /// Writes another hash of the same password, unless `login` is no longer what signs in to `email`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn renew_hash(
        &self,
        email: &EmailAddress,
        login: Login,
        password_hash: String,
    ) -> Result<(), StoreError> {
        let condition = login.is_unchanged()?;
        let renewed = Login { password_hash: Some(password_hash), ..login };
        let mut transaction = Transaction::new(self.table());
        transaction.overwrite_if(self.login_key(email), &renewed, condition)?;
        match transaction.commit().await {
            Ok(()) | Err(Cancelled::Conditions(_)) => Ok(()),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// Gives a user another e-mail address, from what was read already, as [`Self::update_from`] does. What was mailed to the
    /// old one, and all sessions, are void.
    ///
    /// # Errors
    /// Somebody has that address, or the table fails.
    pub async fn change_email(
        &self,
        snapshot: UserSnapshot,
        email: &EmailAddress,
    ) -> Result<Option<User>, UpdateError<NewUserError>> {
        let (id, mut snapshot) = (snapshot.id, Some(snapshot));
        while_contended!(async {
            let Some(mut stored) = self.read_or(&mut snapshot, id).await? else { return Ok(None) };
            let before = stored.value.user.clone();
            if before.email == *email {
                return Ok(Some(before));
            }
            let old_key = self.login_key(&before.email);
            let keys = vec![old_key.clone(), self.login_key(email)];
            let mut batch = self.table().get_all(keys).await?;
            if batch.take::<Login>(&self.login_key(email))?.is_some() {
                return Err(UpdateError::Refused(NewUserError::EmailTaken));
            }
            let Some(login) = batch.take::<Login>(&old_key)?.filter(|login| login.value.user_id == id) else {
                return Err(UpdateError::Store(StoreError::Contended));
            };
            login.require_known()?;
            // A link that was mailed to the old address proves nothing about the new one.
            stored.value.user.void_mailed_tokens();
            stored.value.user.void_credentials();
            stored.value.user.email = email.clone();
            let moved = Login { generation: stored.value.user.credential_generation, ..login.value };
            self.write(&before, &mut stored, Some(Action::UserEmailChanged), |transaction, _| {
                transaction.remove_if(old_key.clone(), Login::belongs_to(id))?;
                transaction.insert(self.login_key(email), &moved).map(|_| ())
            })
            .await?;
            Ok(Some(stored.value.user))
        })
    }

    /// What was read already, the first time; later what there is by then.
    async fn read_or(
        &self,
        snapshot: &mut Option<UserSnapshot>,
        id: UserId,
    ) -> Result<Option<Stored<UserItem>>, StoreError> {
        match snapshot.take() {
            Some(UserSnapshot(read)) => Ok(Some(read)),
            None => self.stored(id).await,
        }
    }

    /// Notes when a user signed in. `false`: they were locked meanwhile.
    ///
    /// # Errors
    /// The table fails.
    pub async fn note_login(&self, id: UserId, now: Timestamp) -> Result<bool, StoreError> {
        let noted = while_contended!(self.try_note_login(id, now));
        noted.map_err(unrefused)
    }

    async fn try_note_login<E>(&self, id: UserId, now: Timestamp) -> Result<bool, UpdateError<E>> {
        let request = self.table().client().update_item().table_name(self.table().name());
        let request = request
            .set_key(Some(self.key(id).into_attributes()))
            .update_expression("SET last_login = :now")
            .condition_expression("contains(document, :unlocked)")
            .expression_attribute_values(":now", AttributeValue::N(now.as_millis().to_string()))
            .expression_attribute_values(":unlocked", AttributeValue::S(UNLOCKED.to_owned()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = Box::pin(request.send()).await else { return Ok(true) };
        match error.as_service_error() {
            // Removed at this moment, there is nothing to note.
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(failed.item.is_none()),
            Some(_) | None => Err(StoreError::from_sdk(&error).into()),
        }
    }

    /// Writes a changed user, whatever `with` adds, and the entries of the lists they are in if those changed; and records
    /// `action`.
    pub(super) async fn write(
        &self,
        before: &User,
        stored: &mut Stored<UserItem>,
        action: Option<Action>,
        with: impl FnOnce(&mut Transaction<'_>, &mut UserItem) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let item = &mut stored.value;
        let (all, user) = (item.is_marked_wrongly(), &item.user);
        let changed = |list: &List| UserEntry::of(user, list) != UserEntry::of(before, list);
        let lists: Vec<_> = lists_of(user).filter(|list| all || changed(list)).collect();
        let (first, rest) = lists.split_at(lists.len().min(LISTS_AT_ONCE));
        let mut transaction = Transaction::new(self.table());
        self.rewrite(&mut transaction, item, first)?;
        with(&mut transaction, item)?;
        transaction.replace(self.key(before.id), stored)?;
        transaction.record(self.fact(action, &stored.value.user))?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        for lists in rest.chunks(LISTS_AT_ONCE) {
            let followed = while_contended!(self.try_follow(before.id, lists));
            followed.map_err(unrefused)?;
        }
        Ok(())
    }

    /// Has `transaction` write a user of whom nothing changed that lists show, and record `action`.
    pub(crate) fn rewrite_item(
        &self,
        transaction: &mut Transaction<'_>,
        stored: &Stored<UserItem>,
        action: Action,
    ) -> Result<(), StoreError> {
        transaction.replace(self.key(stored.value.user.id), stored)?;
        transaction.record(self.fact(Some(action), &stored.value.user))
    }

    /// Has `lists` repeat what the user's item says by now.
    async fn try_follow<E>(&self, id: UserId, lists: &[List]) -> Result<(), UpdateError<E>> {
        let Some(mut stored) = self.stored(id).await? else { return Ok(()) };
        let mut transaction = Transaction::new(self.table());
        self.rewrite(&mut transaction, &mut stored.value, lists)?;
        transaction.replace(self.key(id), &stored)?;
        transaction.commit().await.map_err(Cancelled::into_store_error)?;
        Ok(())
    }

    /// Writes the entry of the user `item` anew in those of `lists` that they are in, and counts it as what it is now. The
    /// user's item says how it is counted and is to be written in the same transaction.
    fn rewrite(
        &self,
        transaction: &mut Transaction<'_>,
        item: &mut UserItem,
        lists: &[List],
    ) -> Result<(), StoreError> {
        for list in lists {
            let entry = UserEntry::of(&item.user, list);
            if let Some(place) = item.places.get_mut(&list.name()) {
                let roster = self.roster(list);
                roster.mark(transaction, place, entry.invisible)?;
                roster.replace(transaction, *place, &entry)?;
            }
        }
        Ok(())
    }
}

impl UserItem {
    /// Whether a list counts the user otherwise than as what they are: a change that concerned very many lists has not come
    /// to all of them.
    fn is_marked_wrongly(&self) -> bool {
        self.places.values().any(|place| place.invisible != self.user.invisible)
    }
}
