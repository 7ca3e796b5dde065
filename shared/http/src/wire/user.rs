//! Users on the wire.

use rookery_domain::{Catalog, Membership, MembershipStatus, TenantId, Timestamp, User, VendorId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PermissionResponse, RoleResponse};

/// A user.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the API's own shape")]
pub struct UserResponse {
    id: Uuid,
    /// The same as `id`.
    sub: Uuid,
    email: String,
    name: String,
    /// Empty when there is none: some clients decode no null here.
    profile_picture_url: String,
    phone_number: Option<String>,
    /// How they first came, such as `local` or `google`.
    #[schema(value_type = String)]
    provider: rookery_domain::Provider,
    /// Who maintains them: `frontegg`, `scim2` or `external`.
    #[schema(value_type = String)]
    managed_by: rookery_domain::ManagedBy,
    verified: bool,
    mfa_enrolled: bool,
    mfa_bypass: bool,
    is_locked: bool,
    invisible: bool,
    super_user: bool,
    sub_account_access_allowed: bool,
    /// The tenant that was asked about; without one, the tenant they last worked in.
    tenant_id: Option<String>,
    tenant_ids: Vec<String>,
    tenants: Vec<UserTenantResponse>,
    /// Whether they are fully in the tenant `tenantId`.
    activated_for_tenant: bool,
    /// What the customer keeps beside them, as a string of JSON.
    metadata: String,
    /// What the vendor keeps beside them, as a string of JSON; only vendors see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_metadata: Option<String>,
    /// Their roles in the tenant `tenantId`; left out of lists that say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleResponse>>,
    /// Their permissions in the tenant `tenantId`; left out of lists that say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<PermissionResponse>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_login: Option<Timestamp>,
    /// Always empty: which groups users are in is answered by `users/v3/groups`.
    #[schema(value_type = Vec<Object>)]
    groups: [(); 0],
}

/// A user's place in one tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserTenantResponse {
    tenant_id: String,
    /// Left out of lists that say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleResponse>>,
    /// When the membership ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    temporary_expiration_date: Option<Timestamp>,
    /// Whether they are shut out of this tenant.
    is_disabled: bool,
}

/// How much of a user is shown.
#[derive(Clone, Copy)]
pub struct UserDetails<'a> {
    /// The environment.
    pub vendor: VendorId,
    /// The roles and permissions to show; none to leave them out.
    pub catalog: Option<&'a Catalog>,
    /// The tenant that was asked about.
    pub tenant: Option<&'a TenantId>,
    /// Who asks.
    pub viewer: Viewer,
}

/// Who looks at a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A vendor, who sees everything.
    Vendor,
    /// The user: everything but what the vendor keeps beside them.
    Themselves,
    /// Another user, who does not learn which other tenants they belong to and, of somebody who has not joined their own yet,
    /// nothing but the address and the roles on offer.
    Colleague,
}

impl UserDetails<'_> {
    /// `user`, as far as they are shown.
    #[must_use]
    pub fn show(&self, user: &User) -> UserResponse {
        let tenant = self.tenant.or(user.active_tenant.as_ref());
        let tenant = tenant.or_else(|| user.memberships.first().map(|first| &first.tenant_id));
        let membership = tenant.and_then(|tenant| user.membership(tenant));
        let roles =
            |catalog: &Catalog| membership.map(|member| self.roles(member, catalog)).unwrap_or_default();
        let shown: Vec<_> = match self.viewer {
            Viewer::Vendor | Viewer::Themselves => user.memberships.iter().collect(),
            Viewer::Colleague => membership.into_iter().collect(),
        };
        if self.viewer == Viewer::Colleague
            && let Some(offered) = membership.filter(|member| member.status != MembershipStatus::Activated)
        {
            return self.show_invited(user, offered);
        }
        let id = user.id.as_uuid();
        UserResponse {
            id,
            sub: id,
            email: user.email.to_string(),
            name: user.name.clone().unwrap_or_default(),
            profile_picture_url: user.profile_picture_url.clone().unwrap_or_default(),
            phone_number: user.phone_number.clone().map(String::from),
            provider: user.provider,
            managed_by: user.managed_by,
            verified: user.verified,
            mfa_enrolled: user.mfa_enrolled,
            mfa_bypass: user.mfa_bypass,
            is_locked: user.locked.is_some(),
            invisible: user.invisible,
            super_user: user.super_user,
            sub_account_access_allowed: user.sub_account_access_allowed,
            tenant_id: tenant.map(ToString::to_string),
            tenant_ids: shown.iter().map(|member| member.tenant_id.to_string()).collect(),
            tenants: shown.into_iter().map(|member| self.tenant(member)).collect(),
            activated_for_tenant: membership
                .is_some_and(|member| member.status == MembershipStatus::Activated),
            metadata: user.metadata.to_wire(),
            vendor_metadata: (self.viewer == Viewer::Vendor).then(|| user.vendor_metadata.to_wire()),
            roles: self.catalog.map(roles),
            permissions: self.catalog.map(|catalog| permissions(membership, catalog)),
            created_at: user.created_at,
            last_login: user.last_login,
            groups: [],
        }
    }

    /// What a colleague sees of somebody who has not joined the tenant: an address and what they are offered. Who they are, and
    /// whether they had an account before, is nobody's business until they come.
    fn show_invited(&self, user: &User, offered: &Membership) -> UserResponse {
        let invited = User {
            created_at: offered.created_at,
            memberships: vec![offered.clone()],
            ..User::new(user.id, user.email.clone(), offered.created_at)
        };
        Self { viewer: Viewer::Themselves, ..*self }.show(&invited)
    }

    fn tenant(&self, membership: &Membership) -> UserTenantResponse {
        UserTenantResponse {
            tenant_id: membership.tenant_id.to_string(),
            roles: self.catalog.map(|catalog| self.roles(membership, catalog)),
            temporary_expiration_date: membership.expires_at,
            is_disabled: membership.disabled,
        }
    }

    fn roles(&self, membership: &Membership, catalog: &Catalog) -> Vec<RoleResponse> {
        catalog.roles_of(membership).map(|role| RoleResponse::new(self.vendor, role, catalog)).collect()
    }
}

fn permissions(membership: Option<&Membership>, catalog: &Catalog) -> Vec<PermissionResponse> {
    let Some(membership) = membership else {
        return Vec::new();
    };
    let roles: Vec<_> = catalog.roles_of(membership).collect();
    let held = catalog.permissions_of(&roles).into_iter();
    held.map(|permission| PermissionResponse::new(permission, catalog)).collect()
}
