//! Records that callers write.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{AuditRecord, JsonObject, RecordId, Severity, TenantId, bounded};
use rookery_http::auth::{Principal, ScopeAuth, WriteAudits};
use rookery_http::extract::flattened;
use rookery_http::{ApiError, ApiResult, AppState, Body, ClientInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::record::FIELDS;

/// How large a record may be, in bytes of JSON.
const LARGEST_RECORD: usize = 8 * 1024;

/// A record to write. Fields that are not listed are kept as they are.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AuditRequest {
    #[serde(flatten, deserialize_with = "flattened")]
    #[schema(inline)]
    fields: AuditFields,
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    more: JsonObject,
}

/// What every record can say.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditFields {
    /// How grave it is: `Info`, `Medium`, `High`, `Critical` or `Error`.
    #[schema(value_type = String)]
    severity: Severity,
    /// The tenant, with a vendor token and without the header `frontegg-tenant-id`.
    #[schema(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// What was done.
    action: Option<String>,
    /// What kind of thing it was done to.
    resource: Option<String>,
    /// What was done, as a sentence.
    description: Option<String>,
    /// Who did it. With a user's token it is that user.
    user: Option<String>,
    /// Their e-mail address. With a user's token it is that user's.
    email: Option<String>,
    /// The address that they did it from. With a user's token it is that of the request.
    ip: Option<String>,
    /// The browser or program. With a user's token it is that of the request.
    user_agent: Option<String>,
    /// Anything else, as an object.
    #[schema(value_type = Option<Object>)]
    json: Option<JsonObject>,
}

/// The record that is going to be there.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditAccepted {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    frontegg_id: RecordId,
}

/// Writes a record of the caller's own to the audit log, where it is moments later.
#[utoipa::path(
    post,
    path = "/audits",
    tag = "audit-logs",
    operation_id = "AuditsController_addAudits",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "With a vendor token, the tenant; without any, it concerns the environment.")),
    request_body = AuditRequest,
    responses((status = ACCEPTED, body = AuditAccepted), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn add(
    caller: ScopeAuth<WriteAudits>,
    State(app): State<AppState>,
    client: ClientInfo,
    Body(request): Body<AuditRequest>,
) -> ApiResult<(StatusCode, Json<AuditAccepted>)> {
    let mut record = request.record(&app)?;
    if let Principal::User(user) = &caller.principal {
        // Nobody speaks for another.
        record.user = Some(user.user.id.to_string());
        record.email = Some(user.user.email.to_string());
        (record.ip, record.user_agent) = (client.ip_address, client.user_agent);
    }
    record.tenant_id = caller.tenant_id.clone().or(record.tenant_id);
    if let (Principal::Vendor(_), Some(tenant)) = (&caller.principal, &record.tenant_id) {
        caller.store.tenants().get(tenant).await?.ok_or(ApiError::NotFound("tenant"))?;
    }
    let id = record.id;
    caller.store.record_own(record).await?;
    Ok((StatusCode::ACCEPTED, Json(AuditAccepted { frontegg_id: id })))
}

impl AuditRequest {
    fn record(self, app: &AppState) -> ApiResult<AuditRecord> {
        let Self { fields, mut more } = self;
        more.retain(|name, _| !FIELDS.contains(&name.as_str()));
        let text = |name, text: Option<String>, max| text.map(|text| bounded(name, text, max)).transpose();
        let record = AuditRecord {
            id: RecordId::random(&*app.entropy),
            tenant_id: fields.tenant_id,
            severity: fields.severity,
            time: app.now(),
            action: text("action", fields.action, 255)?,
            resource: text("resource", fields.resource, 255)?,
            description: text("description", fields.description, 2_000)?,
            user: text("user", fields.user, 255)?,
            email: text("email", fields.email, 320)?,
            ip: text("ip", fields.ip, 64)?,
            user_agent: text("userAgent", fields.user_agent, 512)?,
            json: fields.json.unwrap_or_default(),
            more,
        };
        let size = serde_json::to_vec(&record).map_or(usize::MAX, |json| json.len());
        if size > LARGEST_RECORD {
            return Err(ApiError::Invalid(format!(
                "a record must be at most {LARGEST_RECORD} bytes of JSON"
            )));
        }
        Ok(record)
    }
}
