//! Roles and permissions on the wire.

use rookery_domain::{AssignmentType, Catalog, Permission, Role, RoleId, VendorId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A role.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleResponse {
    id: Uuid,
    vendor_id: Uuid,
    /// The tenant that made it for itself; null for a role of the whole environment.
    tenant_id: Option<String>,
    /// What tokens carry.
    key: String,
    name: String,
    description: Option<String>,
    /// Whether users who are given no roles get this one.
    is_default: bool,
    /// Whether the first user of a tenant gets it.
    first_user_role: bool,
    /// Its rank: the smaller, the stronger.
    level: i64,
    /// The ids of its permissions.
    permissions: Vec<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: rookery_domain::Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: rookery_domain::Timestamp,
}

impl RoleResponse {
    /// `role`, with those of its permissions that are still in `catalog`.
    #[must_use]
    pub fn new(vendor: VendorId, role: &Role, catalog: &Catalog) -> Self {
        let live = role.permission_ids.iter().filter(|id| catalog.permissions.contains_key(id));
        Self {
            id: role.id.as_uuid(),
            vendor_id: vendor.as_uuid(),
            tenant_id: role.tenant_id.clone().map(String::from),
            key: role.key.clone(),
            name: role.name.clone(),
            description: role.description.clone(),
            is_default: role.is_default,
            first_user_role: role.is_first_user,
            level: role.level.into(),
            permissions: live.map(|id| id.as_uuid()).collect(),
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}

/// A permission.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionResponse {
    id: Uuid,
    /// What tokens carry.
    key: String,
    name: String,
    description: Option<String>,
    /// Empty when it is in no category: some clients decode no null here.
    category_id: String,
    /// Whether Rookery itself provides it; then it cannot be changed.
    fe_permission: bool,
    /// How tenants may use it in roles of their own: `NEVER`, `ALWAYS` or `ASSIGNABLE`.
    #[schema(value_type = String)]
    assignment_type: AssignmentType,
    /// The roles that hold it.
    role_ids: Vec<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    created_at: rookery_domain::Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: rookery_domain::Timestamp,
}

impl PermissionResponse {
    /// `permission`, with the roles of `catalog` that hold it, and its category if that is still there.
    #[must_use]
    pub fn new(permission: &Permission, catalog: &Catalog) -> Self {
        let category = permission.category_id.filter(|id| catalog.categories.contains_key(id));
        Self {
            id: permission.id.as_uuid(),
            key: permission.key.clone(),
            name: permission.name.clone(),
            description: permission.description.clone(),
            category_id: category.map(|id| id.to_string()).unwrap_or_default(),
            fe_permission: permission.built_in,
            assignment_type: permission.assignment_type,
            role_ids: catalog.roles_holding(permission.id).into_iter().map(RoleId::as_uuid).collect(),
            created_at: permission.created_at,
            updated_at: permission.updated_at,
        }
    }
}
