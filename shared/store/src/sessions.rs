//! Sessions.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures::future::try_join_all;
use rookery_domain::{Session, SessionId, UserId};

use crate::entity::{Entity, TTL, decode, encode, to_document};
use crate::keys::{Key, SESSION, user_partition};
use crate::{EnvironmentStore, StoreError};

impl Entity for Session {
    const TYPE: &'static str = "session";

    fn ttl(&self) -> Option<i64> {
        Some(self.expires_at.as_seconds())
    }
}

/// How an attempt to rotate a refresh token ended.
#[derive(Debug)]
pub enum Rotation {
    /// The session has the new token.
    Won,
    /// Another request was quicker: the session as it left it.
    Lost(Box<Session>),
    /// The session has ended meanwhile.
    Ended,
}

/// The sessions of one environment. They stand with their users, so that no partition grows with a tenant.
pub struct Sessions<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Begins a session.
    ///
    /// # Errors
    /// The table fails.
    pub async fn begin(&self, session: &Session) -> Result<(), StoreError> {
        let table = self.environment.table();
        let item = encode(self.key(session.user_id, session.id), session, 1)?;
        let request = table.client().put_item().table_name(table.name()).set_item(Some(item));
        request.send().await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Replaces `before`, as it was read, by `after`, unless its refresh token has been rotated since.
    ///
    /// # Errors
    /// The table fails.
    pub async fn rotate(&self, before: &Session, after: &Session) -> Result<Rotation, StoreError> {
        let table = self.environment.table();
        let current = serde_dynamo::to_attribute_value::<_, AttributeValue>(&before.current)
            .map_err(|error| crate::entity::corrupt(Session::TYPE, error))?;
        let request = table
            .client()
            .update_item()
            .table_name(table.name())
            .set_key(Some(self.key(before.user_id, before.id).into_attributes()))
            .update_expression("SET document = :after, revision = revision + :one, #ttl = :ttl")
            .condition_expression("document.#current = :current")
            .expression_attribute_names("#current", "current")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":ttl", AttributeValue::N(after.expires_at.as_seconds().to_string()))
            .expression_attribute_values(":after", to_document(after)?)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":current", current)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else {
            return Ok(Rotation::Won);
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
            return Err(StoreError::from_sdk(&error));
        };
        match failed.item.clone() {
            Some(item) => Ok(Rotation::Lost(Box::new(decode::<Session>(item)?.value))),
            None => Ok(Rotation::Ended),
        }
    }

    /// The session `session` of `user`.
    ///
    /// # Errors
    /// The table fails.
    pub async fn get(&self, user: UserId, session: SessionId) -> Result<Option<Session>, StoreError> {
        let found = self.environment.table().get::<Session>(self.key(user, session)).await?;
        Ok(found.map(|stored| stored.value))
    }

    /// All sessions of `user`, those too that have expired and are not cleaned up yet.
    ///
    /// # Errors
    /// The table fails.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let partition = user_partition(self.environment.id, user);
        let sessions = self.environment.table().query_entities::<Session>(partition, SESSION).await?;
        Ok(sessions.into_iter().map(|stored| stored.value).collect())
    }

    /// Ends one session. `false`: there was none.
    ///
    /// # Errors
    /// The table fails.
    pub async fn end(&self, user: UserId, session: SessionId) -> Result<bool, StoreError> {
        let table = self.environment.table();
        // Conditional, so that of several requests exactly one ends it and knows so.
        let request = table
            .client()
            .delete_item()
            .table_name(table.name())
            .set_key(Some(self.key(user, session).into_attributes()))
            .condition_expression("attribute_exists(pk)");
        let Err(error) = request.send().await else {
            return Ok(true);
        };
        match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(StoreError::from_sdk(&error)),
        }
    }

    /// Ends all sessions of `user` that `which` chooses.
    ///
    /// # Errors
    /// The table fails; some may have ended.
    pub async fn end_all(&self, user: UserId, which: impl Fn(&Session) -> bool) -> Result<(), StoreError> {
        let sessions = self.of_user(user).await?;
        let chosen = sessions.iter().filter(|session| which(session));
        try_join_all(chosen.map(|session| self.end(user, session.id))).await?;
        Ok(())
    }

    fn key(&self, user: UserId, session: SessionId) -> Key {
        Key::session(self.environment.id, user, session)
    }
}
