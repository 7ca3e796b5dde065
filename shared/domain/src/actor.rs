//! Who does something.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use uuid::Uuid;

use crate::{EmailAddress, Entropy, RecordId, TenantId, Timestamp, UserId};

/// Who acts in a request, and from where: what the audit log says of them.
#[derive(Clone, Debug)]
pub struct Actor {
    kind: ActorKind,
    tenant_id: Option<TenantId>,
    origin: Origin,
    now: Timestamp,
    /// What the ids of the records of this request are derived from.
    seed: Uuid,
    /// How many there are; known to all that is said of this caller.
    recorded: Arc<AtomicU32>,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address.
    pub ip_address: Option<String>,
    /// The browser or program, by its own word.
    pub user_agent: Option<String>,
    /// The trace id of the request.
    pub trace_id: Option<String>,
}

/// What kind of caller it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A vendor, by a token of the environment.
    Vendor,
    /// A user, by a token of theirs.
    User(UserId, EmailAddress),
    /// Somebody without a token.
    Anonymous,
    /// Whoever runs the deployment, with credentials of AWS.
    Operator,
}

impl ActorKind {
    /// Its name in a record.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::User(..) => "user",
            Self::Anonymous => "anonymous",
            Self::Operator => "operator",
        }
    }
}

impl Actor {
    /// Somebody whose request came at `now` from `origin`.
    #[must_use]
    pub fn new(kind: ActorKind, origin: Origin, now: Timestamp, entropy: &dyn Entropy) -> Self {
        Self { kind, tenant_id: None, origin, now, seed: entropy.uuid(), recorded: Arc::default() }
    }

    /// The same caller, of whom more is known now.
    #[must_use]
    pub fn turning_out_to_be(&self, kind: ActorKind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// The same, who acts in `tenant`.
    #[must_use]
    pub fn in_tenant(self, tenant: Option<TenantId>) -> Self {
        Self { tenant_id: tenant, ..self }
    }

    /// The tenant that they act in.
    #[must_use]
    pub fn tenant_id(&self) -> Option<&TenantId> {
        self.tenant_id.as_ref()
    }

    /// Where the request came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When the request came.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What kind of caller it is.
    #[must_use]
    pub fn kind(&self) -> &ActorKind {
        &self.kind
    }

    /// The id of the next record of what they do.
    #[must_use]
    pub fn next_record_id(&self) -> RecordId {
        let number = self.recorded.fetch_add(1, Ordering::Relaxed);
        Uuid::new_v5(&self.seed, &number.to_be_bytes()).into()
    }
}
