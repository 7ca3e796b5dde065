//! The single table: the only crate that speaks to DynamoDB.
//!
//! Everything hangs off an [`EnvironmentStore`], whose id is the first part of every key: no call can reach another
//! environment's items. Look-ups answer `Option`; it is the caller who decides what absence means. Rules that must hold
//! whatever else happens at the same time (one user an e-mail address, a refresh token used once, kept totals) are
//! conditions and transactions, never a read before a write.
//!
//! `docs/access-patterns.md` says what each call reads and writes.

mod api_tokens;
mod attempts;
mod catalog;
mod challenges;
mod codes;
mod connection;
mod consumption;
mod contention;
#[cfg(test)]
mod documents;
mod entity;
mod environments;
mod error;
mod factors;
mod facts;
mod greeting;
mod groups;
mod journal;
mod keys;
mod last_seen;
mod mail_templates;
mod progress;
mod roster;
mod sessions;
mod table;
mod tenant_invites;
mod tenants;
mod tickets;
mod transaction;
mod tries;
mod users;

pub use api_tokens::{ApiTokens, NewApiTokenError};
pub use attempts::Attempts;
pub use catalog::{CatalogSnapshot, CatalogStore, CatalogWriteError};
pub use challenges::{Challenges, WaitingChallenge};
pub use codes::{Codes, TriedCode};
pub use connection::{Connection, RoundTrips};
pub use consumption::{Consumed, Consumption};
pub use environments::{EnvironmentStore, Environments};
pub use error::{StoreError, UpdateError};
pub use factors::{Factors, FactorsSnapshot};
pub use facts::{Fact, Subject};
pub use groups::{GroupError, Groups};
pub use journal::{FiledRecord, Journal, JournalError, JournalStatistics, RowPage, TimeRange};
pub use mail_templates::MailTemplates;
pub use progress::{Progress, WhileTime};
pub use roster::{LARGEST_SORTED_LIST, ListError};
pub use sessions::{Rotation, SessionSnapshot, Sessions};
pub use tenant_invites::{InviteSnapshot, NewInviteError, TenantInvites};
pub use tenants::{Descendant, LinkError, NewTenantError, TenantQuery, TenantSort, Tenants};
pub use tickets::{TicketSnapshot, Tickets};
pub use users::{
    Addition, Admission, Arrival, Caller, Glance, InvitedError, Login, NewPassword, NewUser, NewUserError,
    Registration, UserQuery, UserSnapshot, UserSort, Users, WithEnvironment,
};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rookery_domain::{Actor, Catalog, VendorId};

use environments::KnownEnvironments;
use table::Table;

/// The table, and what is remembered of it between requests.
#[derive(Clone)]
pub struct Store {
    table: Table,
    catalogs: Arc<Mutex<HashMap<VendorId, CachedCatalog>>>,
    known_environments: KnownEnvironments,
}

/// A catalogue, and the version of the environment at which it was read.
type CachedCatalog = (u64, Arc<Catalog>);

impl Store {
    /// The store behind `connection`.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self {
            table: Table::new(connection),
            catalogs: Arc::default(),
            known_environments: KnownEnvironments::default(),
        }
    }

    /// The environments of this deployment.
    #[must_use]
    pub fn environments(&self) -> Environments<'_> {
        Environments::new(self)
    }

    /// One environment's data, for what no request asks for: nothing of it is recorded in the audit log.
    #[must_use]
    pub fn environment(&self, id: VendorId) -> EnvironmentStore {
        EnvironmentStore::new(self.clone(), id, None)
    }

    /// One environment's data, for `actor`, who does whatever is done.
    #[must_use]
    pub fn environment_for(&self, id: VendorId, actor: Actor) -> EnvironmentStore {
        EnvironmentStore::new(self.clone(), id, Some(actor))
    }

    /// How many requests have gone to the table.
    #[must_use]
    pub fn round_trips(&self) -> &RoundTrips {
        self.table.round_trips()
    }

    /// What requests have consumed of the table's capacity.
    #[must_use]
    pub fn consumption(&self) -> &Consumption {
        self.table.consumption()
    }
}
