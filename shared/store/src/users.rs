//! Users: one item each, with all of their memberships, and their places in the lists they appear in.

mod admission;
mod changing;
mod grouping;
mod import;
mod invited;
mod joining;
mod listing;
mod moving;
mod password_history;
mod registration;
mod removal;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{
    Action, EmailAddress, Environment, LiveTenant, MembershipStatus, Provider, SessionId, TenantId,
    Timestamp, User, UserId, VendorId,
};
use serde::{Deserialize, Serialize};

pub use admission::{Admission, Arrival};
pub use changing::NewPassword;
pub use invited::InvitedError;
pub use joining::{Addition, NewUser, NewUserError};
pub use listing::{Glance, UserQuery, UserSort};
pub use registration::Registration;

use crate::entity::{Entity, Item, Stored, number, to_document};
use crate::keys::{Key, List};
use crate::roster::{Entry, Place, Roster};
use crate::table::{Batch, Table};
use crate::transaction::{Condition, Transaction, Write};
use crate::{EnvironmentStore, Fact, SessionSnapshot, StoreError, Subject};

/// A user, and where in each list they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UserItem {
    pub(crate) user: User,
    /// By the name of the list.
    places: BTreeMap<String, Place>,
}

impl Entity for UserItem {
    const TYPE: &'static str = "user";
    const WRITTEN: u32 = 2;

    fn complete(&mut self, item: &Item) {
        let millis = number(item, LAST_LOGIN).and_then(|millis| i64::try_from(millis).ok());
        self.user.last_login = millis.map(Timestamp::from_millis);
    }
}

/// When the user last signed in. It stands beside the document, so that signing in rewrites neither.
const LAST_LOGIN: &str = "last_login";

/// What an e-mail address signs in to. Its item holds the address, so that no two users have the same.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// Whose address it is.
    pub user_id: UserId,
    /// The hash of their password, in PHC string format; none until they set one.
    pub password_hash: Option<String>,
    /// The tenant that a sign-in lands in, most likely: which one to read together with the user. It is as it was when the
    /// password was set.
    #[serde(default)]
    pub likely_tenant: Option<TenantId>,
    /// The user's [`User::credential_generation`] when the login was written: with another, it leads nowhere any more.
    #[serde(default)]
    pub generation: u64,
}

impl Login {
    /// Whether it leads to `user` still. Between reading the one and the other, the password or the address may have changed.
    #[must_use]
    pub fn is_of(&self, user: &User) -> bool {
        self.user_id == user.id && self.generation == user.credential_generation
    }

    /// That a login is the one of `user`, whose address it may no longer be by the time of the write.
    fn belongs_to(user: UserId) -> Condition {
        let text = format!(r#""user_id":"{user}""#);
        Condition::new("contains(document, :owner)", ":owner", AttributeValue::S(text))
    }

    /// That a login is this one still.
    fn is_unchanged(&self) -> Result<Condition, StoreError> {
        Ok(Condition::new("document = :read", ":read", to_document(self)?))
    }

    fn of(user: &User, password_hash: Option<String>) -> Self {
        let tenants = user.memberships.iter().map(|membership| &membership.tenant_id);
        let likely_tenant = user.active_tenant.iter().chain(tenants).next().cloned();
        Self { user_id: user.id, password_hash, likely_tenant, generation: user.credential_generation }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.user_id)
    }
}

impl Entity for Login {
    const TYPE: &'static str = "login";
}

/// What lists repeat of a user.
#[expect(clippy::struct_excessive_bools, reason = "each is something to sort or search by")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct UserEntry {
    id: UserId,
    email: EmailAddress,
    name: Option<String>,
    provider: Provider,
    verified: bool,
    locked: bool,
    invisible: bool,
    active_tenant: Option<TenantId>,
    created_at: Timestamp,
    /// Whether they have not joined the tenant whose list it is.
    #[serde(default, skip_serializing_if = "is_false")]
    pending: bool,
}

impl Entry for UserEntry {
    const TYPE: &'static str = "user entry";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn is_invisible(&self) -> bool {
        self.invisible
    }
}

impl UserEntry {
    /// What `list` repeats of `user`.
    fn of(user: &User, list: &List) -> Self {
        let pending = match list {
            List::Members(tenant) => is_pending(user, tenant),
            List::Users | List::Tenants => false,
        };
        Self {
            id: user.id,
            email: user.email.clone(),
            name: user.name.clone(),
            provider: user.provider,
            verified: user.verified,
            locked: user.locked.is_some(),
            invisible: user.invisible,
            active_tenant: user.active_tenant.clone(),
            created_at: user.created_at,
            pending,
        }
    }
}

/// Whether `user` belongs to `tenant` and has not joined it: nobody there sees more of them than their address.
fn is_pending(user: &User, tenant: &TenantId) -> bool {
    user.membership(tenant).is_some_and(|membership| membership.status != MembershipStatus::Activated)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Something, and the environment as it was read together with it.
#[derive(Clone, Debug)]
pub struct WithEnvironment<T> {
    /// The environment.
    pub environment: Environment,
    /// The thing.
    pub value: T,
}

/// A user as they were read: a change that starts from it need not read them again.
#[derive(Clone, Debug)]
pub struct UserSnapshot(Stored<UserItem>);

impl Deref for UserSnapshot {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0.value.user
    }
}

impl From<UserSnapshot> for User {
    fn from(snapshot: UserSnapshot) -> Self {
        snapshot.0.value.user
    }
}

impl UserSnapshot {
    /// That they are as they were read.
    pub(crate) fn is_unchanged(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![(":read", AttributeValue::N(self.0.revision.to_string()))]
    }
}

/// Who presents a token: their session, themselves and the tenants they name, as far as they are there.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The session, unless it is void.
    pub session: Option<SessionSnapshot>,
    /// The user.
    pub user: Option<UserSnapshot>,
    /// Those of the tenants that are there.
    pub tenants: Vec<LiveTenant>,
}

/// The users of one environment.
pub struct Users<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Users<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// The user `id`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.stored(id).await?.map(|stored| stored.value.user))
    }

    /// The user `id`, and which of the tenants `tenants` are there, in one round trip.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get_with_tenants(
        &self,
        id: UserId,
        tenants: &[&TenantId],
    ) -> Result<(Option<User>, Vec<LiveTenant>), StoreError> {
        let keys = tenants.iter().map(|tenant| self.environment.tenants().key(tenant));
        let mut batch = self.table().get_all(keys.chain([self.key(id)]).collect()).await?;
        let there = self.environment.tenants().among(&batch, tenants)?;
        Ok((batch.take::<UserItem>(&self.key(id))?.map(|stored| stored.value.user), there))
    }

    /// The user `id`, and the environment; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get_with_environment(
        &self,
        id: UserId,
    ) -> Result<Option<WithEnvironment<Option<User>>>, StoreError> {
        let read = self.snapshot(id).await?;
        Ok(read.map(|WithEnvironment { environment, value }| WithEnvironment {
            environment,
            value: value.map(User::from),
        }))
    }

    /// Those of the users `ids` that are there, in the same order.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get_all(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| self.key(*id)).collect();
        let mut batch = self.table().get_all(keys.clone()).await?;
        let found = keys.iter().filter_map(|key| batch.take::<UserItem>(key).transpose());
        found.map(|stored| Ok(stored?.value.user)).collect()
    }

    /// What `email` signs in to, and the environment; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn login(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<WithEnvironment<Option<Login>>>, StoreError> {
        let key = self.login_key(email);
        let mut batch = self.table().get_all(vec![self.environment_key(), key.clone()]).await?;
        let login = batch.take::<Login>(&key)?.map(|stored| stored.value);
        let environment = self.environment.among(&batch)?;
        Ok(environment.map(|environment| WithEnvironment { environment, value: login }))
    }

    /// The user whose session `session` is, the session, which of the tenants `tenants` are there, and the environment, in
    /// one round trip; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn caller(
        &self,
        user: UserId,
        session: SessionId,
        tenants: &[&TenantId],
    ) -> Result<Option<WithEnvironment<Caller>>, StoreError> {
        let session_key = Key::session(self.vendor(), user, session);
        let mut keys = vec![self.environment_key(), session_key.clone(), self.key(user)];
        keys.extend(tenants.iter().map(|tenant| self.environment.tenants().key(tenant)));
        let mut batch = self.table().get_all(keys).await?;
        let user = batch.take(&self.key(user))?.map(UserSnapshot);
        let session = batch.take(&session_key)?.map(SessionSnapshot);
        let caller = Caller {
            tenants: self.environment.tenants().among(&batch, tenants)?,
            session: session.filter(|session| user.as_ref().is_none_or(|user| session.is_of(user))),
            user,
        };
        let environment = self.environment.among(&batch)?;
        Ok(environment.map(|environment| WithEnvironment { environment, value: caller }))
    }

    /// The user `id` as they are now, to be changed, and the environment; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn snapshot(
        &self,
        id: UserId,
    ) -> Result<Option<WithEnvironment<Option<UserSnapshot>>>, StoreError> {
        let mut batch = self.table().get_all(vec![self.environment_key(), self.key(id)]).await?;
        let user = batch.take(&self.key(id))?;
        let environment = self.environment.among(&batch)?;
        Ok(environment.map(|environment| WithEnvironment { environment, value: user.map(UserSnapshot) }))
    }

    /// Makes `transaction` depend on the user `id` being there. The answer is the write that fails when they are not.
    pub(crate) fn require(&self, transaction: &mut Transaction<'_>, id: UserId) -> Result<Write, StoreError> {
        transaction.check(self.key(id), "attribute_exists(pk)", Vec::new())
    }

    /// The user `id` among what was read.
    pub(crate) fn take(&self, batch: &mut Batch, id: UserId) -> Result<Option<UserSnapshot>, StoreError> {
        Ok(batch.take(&self.key(id))?.map(UserSnapshot))
    }

    /// What is to be recorded of `action` on `user`, if it is one.
    fn fact(&self, action: Option<Action>, user: &User) -> Option<Fact> {
        self.environment.fact(action?, Subject::user(user))
    }

    async fn stored(&self, id: UserId) -> Result<Option<Stored<UserItem>>, StoreError> {
        self.table().get(self.key(id)).await
    }

    fn roster(&self, list: &List) -> Roster<'a> {
        Roster::new(self.table(), self.vendor(), list.clone())
    }

    pub(crate) fn key(&self, id: UserId) -> Key {
        Key::user(self.vendor(), id)
    }

    fn login_key(&self, email: &EmailAddress) -> Key {
        Key::login(self.vendor(), email)
    }

    fn environment_key(&self) -> Key {
        Key::environment(self.vendor())
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }

    fn vendor(&self) -> VendorId {
        self.environment.id
    }
}

/// The lists that a user belongs in: the environment's, and that of each tenant.
fn lists_of(user: &User) -> impl Iterator<Item = List> {
    let tenants = user.memberships.iter().map(|membership| List::Members(membership.tenant_id.clone()));
    std::iter::once(List::Users).chain(tenants)
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(users: UserItem);
    documented!(logins: Login);
    documented!(entries: crate::roster::EntryItem<UserEntry>);
}
