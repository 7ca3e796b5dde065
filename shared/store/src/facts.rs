//! The outbox: what is to become an entry of the audit log.
//!
//! Whoever changes something writes a fact about it in the same transaction, so that neither exists without the other (the
//! pattern of a transactional outbox). The table's stream carries facts to a worker, which files them in the
//! [`Journal`](crate::Journal). A fact is an item of its own, or, where a single write is to stay one, an attribute of the
//! item that is written. Only a new item brings a fact: so none is brought twice, whatever becomes of the item later.

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{
    Action, Actor, ActorKind, AuditRecord, Json, JsonObject, Session, TenantId, Timestamp, User, UserId,
    VendorId,
};
use serde::{Deserialize, Serialize};

use crate::entity::{Item, TYPE};
use crate::keys::Key;
use crate::{EnvironmentStore, StoreError, entity};

/// The attribute that holds a fact.
pub(crate) const FACT: &str = "fact";

/// For how long a fact stays in the table, in seconds. The stream keeps it for a day; this is for whoever has to look for
/// one that the worker could not file.
const KEPT_SECONDS: i64 = 7 * 86_400;

/// Something that happened in an environment, on its way to the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The environment.
    pub vendor_id: VendorId,
    /// What is to be recorded.
    pub record: AuditRecord,
}

impl Fact {
    /// Reads a fact as the table's stream brings it: the text of the attribute `fact` of a new item.
    ///
    /// # Errors
    /// Another version wrote it.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text).map_err(|error| entity::corrupt(FACT, error))
    }

    /// The attribute that holds it.
    pub(crate) fn to_attribute(&self) -> Result<AttributeValue, StoreError> {
        let text = serde_json::to_string(self).map_err(|error| entity::corrupt(FACT, error))?;
        Ok(AttributeValue::S(text))
    }

    /// The item that it becomes where it stands alone.
    pub(crate) fn to_item(&self) -> Result<Item, StoreError> {
        let mut item = Key::fact(self.vendor_id, self.record.id).into_attributes();
        let expires = self.record.time.plus_seconds(KEPT_SECONDS).as_seconds();
        item.insert(TYPE.to_owned(), AttributeValue::S(FACT.to_owned()));
        item.insert("ttl".to_owned(), AttributeValue::N(expires.to_string()));
        item.insert(FACT.to_owned(), self.to_attribute()?);
        Ok(item)
    }
}

/// What something was done to.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    tenant_id: Option<TenantId>,
    /// Where it belongs if whoever acts is in no tenant.
    likely_tenant: Option<TenantId>,
    /// Who acts, if they have no token and what they show is as good as one.
    acting_user: Option<UserId>,
    details: JsonObject,
}

impl Subject {
    /// The environment.
    #[must_use]
    pub fn environment() -> Self {
        Self::default()
    }

    /// A tenant, in whose log it is recorded.
    #[must_use]
    pub fn tenant(id: &TenantId) -> Self {
        let subject = Self { tenant_id: Some(id.clone()), ..Self::default() };
        subject.with("tenantId", id)
    }

    /// A user. It is recorded in the log of the tenant that whoever acts is in, or of the one that the user works in.
    #[must_use]
    pub fn user(user: &User) -> Self {
        let first = || user.memberships.first().map(|membership| &membership.tenant_id);
        let likely_tenant = user.active_tenant.as_ref().or_else(first).cloned();
        let subject = Self { likely_tenant, ..Self::default() };
        subject.with("userId", &user.id).with("userEmail", &user.email)
    }

    /// A session, which whoever holds its refresh token acts on.
    #[must_use]
    pub fn session(session: &Session) -> Self {
        let user = session.user_id;
        let subject = Self { acting_user: Some(user), ..Self::default() }.in_tenant(&session.tenant_id);
        subject.with("userId", &user)
    }

    /// The same, recorded in the log of `tenant`.
    #[must_use]
    pub fn in_tenant(self, tenant: &TenantId) -> Self {
        Self { tenant_id: Some(tenant.clone()), ..self }
    }

    /// The same, with a detail that is worth recording: an id, or a word.
    #[must_use]
    pub fn with(mut self, name: &str, value: &impl ToString) -> Self {
        self.details.insert(name.to_owned(), Json::String(value.to_string()));
        self
    }

    /// The same, with several ids.
    #[must_use]
    pub fn with_all<T: ToString>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values = values.into_iter().map(|value| Json::String(value.to_string())).collect();
        self.details.insert(name.to_owned(), Json::Array(values));
        self
    }
}

impl EnvironmentStore {
    /// What is to be recorded of `action`; nothing when nobody acts, as in what tools do.
    pub(crate) fn fact(&self, action: Action, subject: Subject) -> Option<Fact> {
        let actor = self.actor.as_deref()?;
        Some(Fact { vendor_id: self.id, record: record(actor, action, subject) })
    }

    /// Records `action`, which changed nothing.
    ///
    /// # Errors
    /// The table fails.
    pub async fn record(&self, action: Action, subject: Subject) -> Result<(), StoreError> {
        match self.fact(action, subject) {
            Some(fact) => self.put(fact).await,
            None => Ok(()),
        }
    }

    /// Records `record`, which a caller wrote.
    ///
    /// # Errors
    /// The table fails.
    pub async fn record_own(&self, record: AuditRecord) -> Result<(), StoreError> {
        self.put(Fact { vendor_id: self.id, record }).await
    }

    async fn put(&self, fact: Fact) -> Result<(), StoreError> {
        let request = self.table().client().put_item().table_name(self.table().name());
        let request = request.set_item(Some(fact.to_item()?));
        Box::pin(request.send()).await.map_err(|error| StoreError::from_sdk(&error))?;
        self.table().tell([&fact]);
        Ok(())
    }
}

fn record(actor: &Actor, action: Action, subject: Subject) -> AuditRecord {
    let acts_in = actor.tenant_id().cloned();
    let tenant_id = subject.tenant_id.or(acts_in).or(subject.likely_tenant);
    let mut json = subject.details;
    json.insert("actor".to_owned(), Json::String(actor.kind().name().to_owned()));
    if let Some(trace_id) = &actor.origin().trace_id {
        json.insert("traceId".to_owned(), Json::String(trace_id.clone()));
    }
    let (user, email) = match actor.kind() {
        ActorKind::User(id, email) => (Some(id.to_string()), Some(email.to_string())),
        ActorKind::Anonymous => (subject.acting_user.map(|id| id.to_string()), None),
        ActorKind::Vendor | ActorKind::Operator => (None, None),
    };
    AuditRecord {
        id: actor.next_record_id(),
        tenant_id,
        severity: action.severity(),
        time: actor.now(),
        action: Some(action.word().to_owned()),
        resource: Some(action.resource().to_owned()),
        description: Some(action.sentence().to_owned()),
        user,
        email,
        ip: actor.origin().ip_address.clone(),
        user_agent: actor.origin().user_agent.clone(),
        json,
        more: JsonObject::new(),
    }
}

/// When a record of `time` that is kept for `days` may be cleaned up, as DynamoDB wants to know it.
pub(crate) fn expires(time: Timestamp, days: u32) -> AttributeValue {
    AttributeValue::N(time.plus_seconds(i64::from(days) * 86_400).as_seconds().to_string())
}
