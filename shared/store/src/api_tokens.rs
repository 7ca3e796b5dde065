//! API tokens, and the exchanges that their refresh tokens go on from.
//!
//! A token stands by itself, where its client id leads. What lists the tokens of a tenant or of a user is a partition of its
//! own, with an entry for each token and their count, which change in the transactions that make and remove tokens: so there
//! are never more than there may be.

mod removal;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use rookery_domain::{
    Action, ApiRefreshToken, ApiToken, ApiTokenHolder, ApiTokenId, ApiTokenLogin, ApiTokenOwner, TenantId,
    Timestamp, VendorId,
};
use serde::{Deserialize, Serialize};

use crate::contention::while_contended;
use crate::entity::{Entity, Stored, corrupt, number, to_document};
use crate::keys::{API_TOKEN_ENTRY, Key, api_tokens_partition};
use crate::table::Table;
use crate::transaction::{Cancelled, Condition, Transaction};
use crate::{EnvironmentStore, Fact, StoreError, Subject, UpdateError, WithEnvironment};

impl Entity for ApiToken {
    const TYPE: &'static str = "api token";
    const MAX_BYTES: usize = 32 * 1024;
}

impl Entity for ApiTokenLogin {
    const TYPE: &'static str = "api token login";

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // When DynamoDB may clean the item up, in seconds since the epoch. Expiry is always checked by whoever reads.
        vec![("ttl", Some(AttributeValue::N(self.expires_at.as_seconds().to_string())))]
    }
}

/// What a list repeats of a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ApiTokenEntry {
    id: ApiTokenId,
    tenant_id: TenantId,
    created_at: Timestamp,
}

impl Entity for ApiTokenEntry {
    const TYPE: &'static str = "api token entry";
}

impl From<&ApiToken> for ApiTokenEntry {
    fn from(token: &ApiToken) -> Self {
        Self { id: token.id, tenant_id: token.tenant_id.clone(), created_at: token.created_at }
    }
}

/// The attribute that counts the tokens of a list.
const COUNT: &str = "api_tokens";

/// The attribute of a token that counts how often it was exchanged. It stands beside the document, so that exchanges do not wait
/// for each other.
const LOGINS: &str = "logins";

/// An API token was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewApiTokenError {
    /// The tenant is not there.
    #[error("the tenant is not there")]
    NoTenant,
    /// The user is not there.
    #[error("the user is not there")]
    NoUser,
    /// The tenant or the user has as many as there can be.
    #[error("there can be at most {0} API tokens: delete one that is not needed")]
    TooMany(usize),
}

/// The API tokens of one environment.
pub struct ApiTokens<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> ApiTokens<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Makes `token`.
    ///
    /// # Errors
    /// Its tenant or its user is not there, there are as many as there can be, or the table fails.
    pub async fn create(&self, token: &ApiToken) -> Result<(), UpdateError<NewApiTokenError>> {
        let (owner, entry) = (token.owner(), ApiTokenEntry::from(token));
        let mut transaction = Transaction::new(self.table());
        transaction.insert(self.key(token.id), token)?;
        transaction.insert(self.entry_key(&owner, &entry), &entry)?;
        let room = transaction.update(
            self.count_key(&owner),
            &format!("ADD {COUNT} :one"),
            Some(&format!("attribute_not_exists({COUNT}) OR {COUNT} < :most")),
            vec![(":one", n(1)), (":most", n(owner.most()))],
        )?;
        let tenant = self.environment.tenants().require(&mut transaction, &token.tenant_id)?;
        let user = match owner {
            ApiTokenOwner::Tenant(_) => None,
            ApiTokenOwner::User(user) => Some(self.environment.users().require(&mut transaction, user)?),
        };
        transaction.record(self.fact(token, Change::Created))?;
        let refusal = |cancelled: &Cancelled| match () {
            () if cancelled.failed(tenant) => Some(NewApiTokenError::NoTenant),
            () if user.is_some_and(|user| cancelled.failed(user)) => Some(NewApiTokenError::NoUser),
            () if cancelled.failed(room) => Some(NewApiTokenError::TooMany(owner.most())),
            () => None,
        };
        transaction.commit().await.map_err(|cancelled| match refusal(&cancelled) {
            Some(refused) => UpdateError::Refused(refused),
            None => UpdateError::Store(cancelled.into_store_error()),
        })
    }

    /// The token `id`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        let found = self.table().get::<ApiToken>(self.key(id)).await?;
        Ok(found.map(|stored| stored.value))
    }

    /// The tokens of `owner`, oldest first.
    ///
    /// # Errors
    /// The table fails.
    pub async fn list(&self, owner: &ApiTokenOwner) -> Result<Vec<ApiToken>, StoreError> {
        let keys: Vec<_> = self.entries(owner).await?.iter().map(|entry| self.key(entry.id)).collect();
        let mut batch = self.table().get_all(keys.clone()).await?;
        let found = keys.iter().filter_map(|key| batch.take::<ApiToken>(key).transpose());
        found.map(|stored| Ok(stored?.value)).collect()
    }

    /// Changes the token `id`; `None` when it is not there. `change` may be called more than once.
    ///
    /// # Errors
    /// `change` refuses, or the table fails.
    pub async fn update<E>(
        &self,
        id: ApiTokenId,
        mut change: impl FnMut(&mut ApiToken) -> Result<(), E>,
    ) -> Result<Option<ApiToken>, UpdateError<E>> {
        while_contended!(async {
            let Some(mut stored) = self.table().get::<ApiToken>(self.key(id)).await? else {
                return Ok(None);
            };
            change(&mut stored.value).map_err(UpdateError::Refused)?;
            let mut transaction = Transaction::new(self.table());
            transaction.replace(self.key(id), &stored)?;
            transaction.record(self.fact(&stored.value, Change::Updated))?;
            transaction.commit().await.map_err(Cancelled::into_store_error)?;
            Ok(Some(stored.value))
        })
    }

    /// The token `id` and the environment; `None` when there is no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn presented(
        &self,
        id: ApiTokenId,
    ) -> Result<Option<WithEnvironment<Option<ApiToken>>>, StoreError> {
        let (environment, token) = (Key::environment(self.vendor()), self.key(id));
        let mut batch = self.table().get_all(vec![environment, token.clone()]).await?;
        let token = batch.take::<ApiToken>(&token)?.map(|stored| stored.value);
        let environment = self.environment.among(&batch)?;
        Ok(environment.map(|environment| WithEnvironment { environment, value: token }))
    }

    /// The token whose refresh token `refresh` is, the exchange that this goes on from, and the environment; `None` when there is
    /// no such environment.
    ///
    /// # Errors
    /// The table fails.
    pub async fn refreshing(
        &self,
        refresh: &ApiRefreshToken,
    ) -> Result<Option<WithEnvironment<Option<(ApiToken, ApiTokenLogin)>>>, StoreError> {
        let token = self.key(refresh.token_id());
        let login = self.login_key(refresh.token_id(), refresh.slot());
        let keys = vec![Key::environment(self.vendor()), token.clone(), login.clone()];
        let mut batch = self.table().get_all(keys).await?;
        let (token, login) = (batch.take::<ApiToken>(&token)?, batch.take::<ApiTokenLogin>(&login)?);
        let value = token.zip(login).map(|(token, login)| (token.value, login.value));
        let environment = self.environment.among(&batch)?;
        Ok(environment.map(|environment| WithEnvironment { environment, value }))
    }

    /// Counts another exchange of the token `id`, and answers how many there were before; `None` when the token is not there.
    ///
    /// # Errors
    /// The table fails.
    pub async fn count_login(&self, id: ApiTokenId) -> Result<Option<u64>, StoreError> {
        let request = self
            .table()
            .client()
            .update_item()
            .table_name(self.table().name())
            .set_key(Some(self.key(id).into_attributes()))
            .update_expression(format!("ADD {LOGINS} :one"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::UpdatedNew);
        match Box::pin(request.send()).await {
            Ok(answer) => {
                let count = answer.attributes.as_ref().and_then(|item| number(item, LOGINS));
                count
                    .map(|count| Some(count - 1))
                    .ok_or_else(|| corrupt(ApiToken::TYPE, "it counts no exchanges"))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                Some(_) | None => Err(StoreError::from_sdk(&error)),
            },
        }
    }

    /// Keeps `login` of the token `id`, in place of the one that had its place before.
    ///
    /// # Errors
    /// The table fails.
    pub async fn keep_login(&self, id: ApiTokenId, login: &ApiTokenLogin) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(self.table());
        transaction.overwrite(self.login_key(id, login.slot), login)?;
        transaction.commit().await.map_err(Cancelled::into_store_error)
    }

    /// Keeps `after` in place of `before`, whose refresh token has been exchanged. `false`: it had been before, or another exchange
    /// took its place.
    ///
    /// # Errors
    /// The table fails.
    pub async fn rotate_login(
        &self,
        id: ApiTokenId,
        before: &ApiTokenLogin,
        after: &ApiTokenLogin,
    ) -> Result<bool, StoreError> {
        let unchanged = Condition::new("document = :read", ":read", to_document(before)?);
        let mut transaction = Transaction::new(self.table());
        transaction.overwrite_if(self.login_key(id, before.slot), after, unchanged)?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    async fn entries(&self, owner: &ApiTokenOwner) -> Result<Vec<ApiTokenEntry>, StoreError> {
        let partition = api_tokens_partition(self.vendor(), owner);
        let found = self.table().query_entities::<ApiTokenEntry>(partition, API_TOKEN_ENTRY).await?;
        Ok(found.into_iter().map(|Stored { value, .. }| value).collect())
    }

    /// What is to be recorded of a `change` of `token`.
    fn fact(&self, token: &ApiToken, change: Change) -> Option<Fact> {
        let subject = Subject::tenant(&token.tenant_id).with("clientId", &token.id);
        match &token.holder {
            ApiTokenHolder::Tenant { .. } => self.environment.fact(change.of_tenant(), subject),
            ApiTokenHolder::User { id, .. } => {
                self.environment.fact(change.of_user()?, subject.with("userId", id))
            }
        }
    }

    fn key(&self, id: ApiTokenId) -> Key {
        Key::api_token(self.vendor(), id)
    }

    fn login_key(&self, id: ApiTokenId, slot: u8) -> Key {
        Key::api_token_login(self.vendor(), id, slot)
    }

    fn entry_key(&self, owner: &ApiTokenOwner, entry: &ApiTokenEntry) -> Key {
        Key::api_token_entry(self.vendor(), owner, entry.created_at, entry.id)
    }

    fn count_key(&self, owner: &ApiTokenOwner) -> Key {
        Key::api_token_count(self.vendor(), owner)
    }

    fn table(&self) -> &'a Table {
        self.environment.table()
    }

    fn vendor(&self) -> VendorId {
        self.environment.id
    }
}

/// What is done to a token.
#[derive(Clone, Copy)]
enum Change {
    Created,
    Updated,
    Deleted,
}

impl Change {
    fn of_tenant(self) -> Action {
        match self {
            Self::Created => Action::TenantApiTokenCreated,
            Self::Updated => Action::TenantApiTokenUpdated,
            Self::Deleted => Action::TenantApiTokenDeleted,
        }
    }

    /// None for what nobody does to a user's.
    fn of_user(self) -> Option<Action> {
        match self {
            Self::Created => Some(Action::UserApiTokenCreated),
            Self::Updated => None,
            Self::Deleted => Some(Action::UserApiTokenDeleted),
        }
    }
}

fn n(number: usize) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(api_tokens: ApiToken);
    documented!(logins: ApiTokenLogin);
    documented!(entries: ApiTokenEntry);
}
