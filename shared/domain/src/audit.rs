//! The audit log: who did what, to whom, from where.

use serde::{Deserialize, Serialize};

use crate::{JsonObject, RecordId, TenantId, Timestamp};

/// How grave an entry of the audit log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the API's own")]
pub enum Severity {
    Info,
    Medium,
    High,
    Critical,
    Error,
}

impl Severity {
    /// Whether it counts among the severe ones of the statistics.
    #[must_use]
    pub fn is_severe(self) -> bool {
        match self {
            Self::High | Self::Critical | Self::Error => true,
            Self::Info | Self::Medium => false,
        }
    }

    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
            Self::Error => "Error",
        }
    }
}

/// An entry of the audit log. Nobody changes it once it is there, and no secret is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Its id.
    pub id: RecordId,
    /// The tenant whose log it is in, beside the environment's; none: only in the latter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// How grave it is.
    pub severity: Severity,
    /// When it happened.
    pub time: Timestamp,
    /// What was done; the words for what Rookery records by itself are those of [`crate::Action`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// What kind of thing it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What was done, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who did it: the id of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The address that they did it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The browser or program that they did it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What else belongs to it: the ids of what it was done to, and the trace id of the request.
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub json: JsonObject,
    /// Fields of the caller's own, of a record that a caller wrote.
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub more: JsonObject,
}
