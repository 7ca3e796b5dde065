//! Sessions.

use std::ops::Deref;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures::future::try_join_all;
use rookery_domain::{Session, SessionId, UserId};

use crate::entity::{Entity, Replacement, Stored, decode, encode, replacement};
use crate::keys::{Key, SESSION, user_partition};
use crate::{EnvironmentStore, StoreError};

impl Entity for Session {
    const TYPE: &'static str = "session";

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // When DynamoDB may clean the item up, in seconds since the epoch. It does so days later: expiry is always
        // checked by whoever reads.
        vec![("ttl", Some(AttributeValue::N(self.expires_at.as_seconds().to_string())))]
    }
}

/// A session as it was read: a change that starts from it need not read it again.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionSnapshot(pub(crate) Stored<Session>);

impl Deref for SessionSnapshot {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0.value
    }
}

impl From<SessionSnapshot> for Session {
    fn from(snapshot: SessionSnapshot) -> Self {
        snapshot.0.value
    }
}

/// How an attempt to rotate a refresh token ended.
#[derive(Debug)]
pub enum Rotation {
    /// The session has the new token.
    Won(Box<SessionSnapshot>),
    /// Another request was quicker: the session as it left it.
    Lost(Box<SessionSnapshot>),
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
        Box::pin(request.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Replaces `before` by `after`, unless it has changed since it was read.
    ///
    /// # Errors
    /// The table fails.
    pub async fn rotate(&self, before: &SessionSnapshot, after: &Session) -> Result<Rotation, StoreError> {
        let table = self.environment.table();
        let mut stored = Stored { value: after.clone(), revision: before.0.revision };
        let Replacement { expression, condition, names, values } = replacement(&stored)?;
        let request = table
            .client()
            .update_item()
            .table_name(table.name())
            .set_key(Some(self.key(before.user_id, before.id).into_attributes()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = Box::pin(request.send()).await else {
            stored.revision += 1;
            return Ok(Rotation::Won(Box::new(SessionSnapshot(stored))));
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
            return Err(StoreError::from_sdk(&error));
        };
        match &failed.item {
            Some(item) => Ok(Rotation::Lost(Box::new(SessionSnapshot(decode(item)?)))),
            None => Ok(Rotation::Ended),
        }
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
        let Err(error) = Box::pin(request.send()).await else {
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
