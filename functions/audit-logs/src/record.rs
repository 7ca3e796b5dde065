//! A record as the API shows it.

use std::borrow::Cow;

use rookery_domain::{AuditRecord, Json, JsonObject, VendorId};
use rookery_store::FiledRecord;
use serde::Serialize;
use utoipa::ToSchema;

/// A record of the audit log. What a caller added to one of their own stands beside these fields.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditResponse {
    /// The record's id.
    #[serde(rename = "_id")]
    #[schema(rename = "_id")]
    id: String,
    /// The record's id, under its older name.
    frontegg_id: String,
    /// The environment.
    #[serde(rename = "vendorId")]
    #[schema(rename = "vendorId", value_type = uuid::Uuid)]
    vendor_id: VendorId,
    /// The tenant; empty when it concerns none.
    #[serde(rename = "tenantId")]
    #[schema(rename = "tenantId")]
    tenant_id: String,
    /// How grave it is.
    #[schema(value_type = String)]
    severity: &'static str,
    /// What was done, such as `user.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    action: Option<String>,
    /// What kind of thing it was done to, such as `users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource: Option<String>,
    /// What was done, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// The id of the user who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user: Option<String>,
    /// Their e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<String>,
    /// The address that the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ip: Option<String>,
    /// The browser or program that it came from.
    #[serde(rename = "userAgent", skip_serializing_if = "Option::is_none")]
    #[schema(rename = "userAgent", nullable = false)]
    user_agent: Option<String>,
    /// What else belongs to it: ids of what it was done to, and the trace id of the request.
    #[schema(value_type = Object)]
    json: JsonObject,
    /// When it happened.
    time: String,
    /// When it was recorded: moments later. Lists are in the order of this.
    #[serde(rename = "createdAt")]
    #[schema(rename = "createdAt")]
    created_at: String,
    /// The same: a record never changes.
    #[serde(rename = "updatedAt")]
    #[schema(rename = "updatedAt")]
    updated_at: String,
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    more: JsonObject,
}

impl AuditResponse {
    pub(crate) fn new(vendor: VendorId, filed: FiledRecord) -> Self {
        let FiledRecord { record, created_at, .. } = filed;
        let (id, created_at) = (record.id.to_string(), created_at.to_string());
        Self {
            frontegg_id: id.clone(),
            id,
            vendor_id: vendor,
            tenant_id: record.tenant_id.map(String::from).unwrap_or_default(),
            severity: record.severity.name(),
            action: record.action,
            resource: record.resource,
            description: record.description,
            user: record.user,
            email: record.email,
            ip: record.ip,
            user_agent: record.user_agent,
            json: record.json,
            time: record.time.to_string(),
            updated_at: created_at.clone(),
            created_at,
            more: record.more,
        }
    }
}

/// The names of the fields that every record has, which no caller can give another meaning.
pub(crate) const FIELDS: [&str; 16] = [
    "_id",
    "frontegg_id",
    "vendorId",
    "tenantId",
    "severity",
    "action",
    "resource",
    "description",
    "user",
    "email",
    "ip",
    "userAgent",
    "json",
    "time",
    "createdAt",
    "updatedAt",
];

/// The field `name` of a record as text, to be compared, sorted by or exported; none where it has no value.
pub(crate) fn text_of<'r>(vendor: VendorId, filed: &'r FiledRecord, name: &str) -> Option<Cow<'r, str>> {
    fn borrowed(text: Option<&String>) -> Option<Cow<'_, str>> {
        text.map(|text| Cow::Borrowed(text.as_str()))
    }
    let AuditRecord { tenant_id, action, resource, description, user, email, ip, user_agent, .. } =
        &filed.record;
    match name {
        "_id" | "frontegg_id" => Some(filed.record.id.to_string().into()),
        "vendorId" => Some(vendor.to_string().into()),
        "tenantId" => tenant_id.as_ref().map(|tenant| tenant.as_str().into()),
        "severity" => Some(filed.record.severity.name().into()),
        "action" => borrowed(action.as_ref()),
        "resource" => borrowed(resource.as_ref()),
        "description" => borrowed(description.as_ref()),
        "user" => borrowed(user.as_ref()),
        "email" => borrowed(email.as_ref()),
        "ip" => borrowed(ip.as_ref()),
        "userAgent" => borrowed(user_agent.as_ref()),
        "json" => Some(Json::Object(filed.record.json.clone()).to_string().into()),
        "time" => Some(filed.record.time.to_string().into()),
        "createdAt" | "updatedAt" => Some(filed.created_at.to_string().into()),
        own => match filed.record.more.get(own)? {
            Json::Null => None,
            Json::String(text) => Some(Cow::Borrowed(text.as_str())),
            other @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                Some(other.to_string().into())
            }
        },
    }
}
