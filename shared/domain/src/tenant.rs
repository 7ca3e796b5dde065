//! Tenants: the customers of a vendor.

use serde::{Deserialize, Serialize};

use crate::{Entropy, Metadata, Policies, RecordId, TenantId, Timestamp};

/// A customer of the vendor, with users of its own. The API also calls it an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// The id by which everything refers to it.
    pub tenant_id: TenantId,
    /// A second id, shown as `id` and otherwise unused.
    pub record_id: RecordId,
    /// Its name; not unique.
    pub name: String,
    /// What the customer keeps beside it.
    pub metadata: Metadata,
    /// The tenant it is a sub-tenant of.
    pub parent: Option<TenantId>,
    /// Whether its own administrators may make sub-tenants.
    pub is_reseller: bool,
    /// What is known of it.
    pub profile: TenantProfile,
    /// The addresses that the vendor registered for it, whatever its own administrators chose since.
    #[serde(default, skip_serializing_if = "RegisteredUrls::is_empty")]
    pub registered_urls: RegisteredUrls,
    /// What it asks of those who sign in to it, beside what the environment asks.
    #[serde(default, skip_serializing_if = "Policies::is_empty")]
    pub policies: Policies,
    /// When it was made, or made anew.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was removed.
    pub deleted_at: Option<Timestamp>,
}

impl Tenant {
    /// A tenant that nothing is known of but its id, which is its name until it gets another.
    #[must_use]
    pub fn new(id: TenantId, entropy: &dyn Entropy, now: Timestamp) -> Self {
        Self {
            name: id.to_string(),
            tenant_id: id,
            record_id: RecordId::random(entropy),
            metadata: Metadata::default(),
            parent: None,
            is_reseller: false,
            profile: TenantProfile::default(),
            registered_urls: RegisteredUrls::default(),
            policies: Policies::default(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }
}

/// A tenant that is there, and what it asks of those who sign in to it: all that a sign-in has to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveTenant {
    /// Its id.
    pub id: TenantId,
    /// What it asks.
    pub policies: Policies,
}

/// What is known of a tenant: none of it changes how Rookery treats it, except that invitations lead to `application_url` if
/// the vendor registered its origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the API's own and say all there is to say")]
pub struct TenantProfile {
    pub status: Option<String>,
    pub website: Option<String>,
    pub application_url: Option<String>,
    pub login_url: Option<String>,
    pub logo: Option<String>,
    pub logo_url: Option<String>,
    pub address: Option<String>,
    pub timezone: Option<String>,
    pub currency: Option<String>,
    pub date_format: Option<String>,
    pub time_format: Option<String>,
    pub creator_name: Option<String>,
    pub creator_email: Option<String>,
    pub tenant_type: Option<TenantType>,
}

/// Addresses of a tenant's own that a vendor's token set. Secrets may be sent to them, and its administrators may choose
/// others of the same origins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegisteredUrls {
    /// Where its application is.
    pub application: Option<String>,
    /// Where its users sign in.
    pub login: Option<String>,
}

impl RegisteredUrls {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &String> {
        self.application.iter().chain(&self.login)
    }
}

/// What kind of customer a tenant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the API's own and say all there is to say")]
pub enum TenantType {
    Customer,
    Spam,
    Test,
    Reseller,
    Headquarter,
}
