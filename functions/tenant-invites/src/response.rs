//! How links are answered.

use rookery_domain::{RoleId, Tenant, TenantInvite, Timestamp, VendorId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An invitation link of a tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InviteResponse {
    id: Uuid,
    /// The environment.
    vendor_id: Uuid,
    tenant_id: String,
    /// The tenant's name.
    name: String,
    /// The user in whose name it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<Uuid>,
    /// What the link holds: whoever has it joins the tenant.
    token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    /// Whether the user in whose name it was made gets a mail when somebody joins by it.
    should_send_email: bool,
    /// The roles of whoever joins by it; when there are none, those for new members.
    role_ids: Vec<Uuid>,
}

impl InviteResponse {
    pub(crate) fn new(vendor: VendorId, tenant: &Tenant, invite: &TenantInvite) -> Self {
        Self {
            id: invite.id().as_uuid(),
            vendor_id: vendor.as_uuid(),
            tenant_id: invite.tenant_id.to_string(),
            name: tenant.name.clone(),
            user_id: invite.inviter.user_id().map(rookery_domain::UserId::as_uuid),
            token: invite.token.expose().to_owned(),
            expires: invite.expires_at,
            should_send_email: invite.should_send_email,
            role_ids: invite.role_ids.iter().copied().map(RoleId::as_uuid).collect(),
        }
    }
}
