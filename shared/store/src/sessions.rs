//! Sessions.

use std::ops::Deref;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures::future::try_join_all;
use rookery_domain::{Action, Session, SessionId, UserId};

use crate::entity::{Entity, Replacement, Stored, decode, encode, replacement};
use crate::facts::FACT;
use crate::keys::{Key, SESSION, user_partition};
use crate::transaction::{Cancelled, Transaction};
use crate::{EnvironmentStore, StoreError, Subject};

impl Entity for Session {
    const TYPE: &'static str = "session";
    const WRITTEN: u32 = 2;

    fn beside(&self) -> Vec<(&'static str, Option<AttributeValue>)> {
        // When DynamoDB may clean the item up, in seconds since the epoch. It does so days later: expiry is always
        // checked by whoever reads.
        vec![("ttl", Some(AttributeValue::N(self.ends_at().as_seconds().to_string())))]
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
        let mut item = encode(self.key(session.user_id, session.id), session, 1)?;
        // The session brings the fact, so that a sign-in stays a single write.
        let subject = Subject::session(session).with("sessionId", &session.id);
        let fact = self.environment.fact(Action::SignedIn, subject);
        if let Some(fact) = &fact {
            item.insert(FACT.to_owned(), fact.to_attribute()?);
        }
        let request = table.client().put_item().table_name(table.name()).set_item(Some(item));
        Box::pin(request.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
        table.tell(&fact);
        Ok(())
    }

    /// Replaces `before` by `after`, unless it has changed since it was read.
    ///
    /// # Errors
    /// The table fails.
    pub async fn rotate(&self, before: &SessionSnapshot, after: &Session) -> Result<Rotation, StoreError> {
        let table = self.environment.table();
        let mut stored = before.0.with(after.clone());
        let Replacement { expression, condition, names, values } = replacement(&stored)?;
        // The stream has brought it: from now on it would only make every refresh write more.
        let expression = format!("{expression} REMOVE {FACT}");
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

    /// Ends the session `session` of `user`, and records why, if that is an action of its own. `false`: there is none.
    ///
    /// # Errors
    /// The table fails.
    pub async fn end(
        &self,
        user: UserId,
        session: SessionId,
        why: impl Into<Option<Action>>,
    ) -> Result<bool, StoreError> {
        self.end_as(user, session, why.into(), Subject::environment().with("userId", &user)).await
    }

    /// The same for a session that was read: it is recorded in the log of its tenant.
    ///
    /// # Errors
    /// The table fails.
    pub async fn end_one(
        &self,
        session: &Session,
        why: impl Into<Option<Action>>,
    ) -> Result<bool, StoreError> {
        self.end_as(session.user_id, session.id, why.into(), Subject::session(session)).await
    }

    async fn end_as(
        &self,
        user: UserId,
        session: SessionId,
        why: Option<Action>,
        subject: Subject,
    ) -> Result<bool, StoreError> {
        let mut transaction = Transaction::new(self.environment.table());
        // Conditional, so that of several requests exactly one ends it and knows so.
        transaction.remove(self.key(user, session))?;
        let subject = subject.with("sessionId", &session);
        transaction.record(why.and_then(|action| self.environment.fact(action, subject)))?;
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Store(error)) => Err(error),
        }
    }

    /// Ends all sessions of `user` that `which` chooses, and records why, as [`Self::end_one`] does.
    ///
    /// # Errors
    /// The table fails; some may have ended.
    pub async fn end_all(
        &self,
        user: UserId,
        why: impl Into<Option<Action>>,
        which: impl Fn(&Session) -> bool,
    ) -> Result<(), StoreError> {
        let (why, sessions) = (why.into(), self.of_user(user).await?);
        let chosen = sessions.iter().filter(|session| which(session));
        try_join_all(chosen.map(|session| self.end_one(session, why))).await?;
        Ok(())
    }

    fn key(&self, user: UserId, session: SessionId) -> Key {
        Key::session(self.environment.id, user, session)
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(sessions: Session);
}
