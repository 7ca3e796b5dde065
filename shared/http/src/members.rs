//! Members of tenants: which roles they can be given, and how they are answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use rookery_domain::{
    AssignmentType, Authority, Catalog, Environment, Membership, PermissionId, Role, RoleId, TenantId, User,
};
use rookery_store::{EnvironmentStore, StoreError};

use crate::wire::{UserDetails, UserResponse, Viewer};
use crate::{ApiError, ApiResult, standing_in, with_own_roles};

/// How many roles one request may name.
pub const MOST_ROLES: usize = 100;

/// The catalogue that applies in `tenants`: the environment's, and all of their own roles.
///
/// # Errors
/// The table fails.
pub async fn catalog_in(
    store: &EnvironmentStore,
    environment: &Environment,
    tenants: &[&TenantId],
) -> Result<Arc<Catalog>, StoreError> {
    let mut catalog = store.catalog().load(environment).await?;
    for tenant in tenants {
        catalog = and_roles(catalog, store.catalog().roles_of_tenant(tenant).await?);
    }
    Ok(catalog)
}

/// `catalog` and the roles `own` of a tenant.
#[must_use]
pub fn and_roles(catalog: Arc<Catalog>, own: Vec<Role>) -> Arc<Catalog> {
    if own.is_empty() { catalog } else { Arc::new(Catalog::clone(&catalog).with_roles(own)) }
}

/// `ids` without repetition, if they are not too many.
///
/// # Errors
/// There are more than [`MOST_ROLES`].
pub fn distinct_roles(ids: Vec<RoleId>) -> ApiResult<Vec<RoleId>> {
    if ids.len() > MOST_ROLES {
        return Err(ApiError::Invalid(format!("roleIds must name at most {MOST_ROLES} roles")));
    }
    Ok(ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
}

/// Whether somebody with `authority` may give all of the roles `ids` in `tenant`: they outrank each, and hold what Rookery's
/// own permissions it gives. Whoever gives a role, to whomever or whatever, asks this.
///
/// # Errors
/// A role is not there or another tenant's, too strong for them, or allows what they may not do.
pub fn require_grantable(
    catalog: &Catalog,
    tenant: &TenantId,
    ids: &[RoleId],
    authority: &Authority,
) -> ApiResult<()> {
    require_outranked(catalog, tenant, ids, authority)?;
    let mut roles = ids.iter().filter_map(|id| catalog.roles.get(id));
    match roles.find_map(|role| Some((role, authority.lacks(role, catalog)?))) {
        None => Ok(()),
        Some((role, permission)) => Err(ApiError::Forbidden(format!(
            "{} allows {permission}, which only somebody who has it can give",
            role.key
        ))),
    }
}

/// Whether somebody with `authority` may give all of the permissions `ids` by themselves: those that every role of a tenant has,
/// and of those that a tenant's roles can have the ones that they hold.
///
/// # Errors
/// A permission is not there, or not for them to give.
pub fn require_permissions_grantable(
    catalog: &Catalog,
    ids: &[PermissionId],
    authority: &Authority,
) -> ApiResult<()> {
    for id in ids {
        let permission = catalog.permissions.get(id).ok_or(ApiError::NotFound("permission"))?;
        let refusal = match (authority, permission.assignment_type) {
            (Authority::Unbounded, _) | (_, AssignmentType::Always) => continue,
            (Authority::Bounded { .. }, AssignmentType::Never) => "not a permission for tenants to give",
            (Authority::Bounded { grants, .. }, AssignmentType::Assignable) => {
                if grants.allow(&permission.key) {
                    continue;
                }
                "only somebody who has it can give it"
            }
        };
        return Err(ApiError::Forbidden(format!("{}: {refusal}", permission.key)));
    }
    Ok(())
}

/// Whether somebody with `authority` may take all of the roles `ids` in `tenant`: they outrank each.
///
/// # Errors
/// A role is not there or another tenant's, or too strong for them.
pub fn require_outranked(
    catalog: &Catalog,
    tenant: &TenantId,
    ids: &[RoleId],
    authority: &Authority,
) -> ApiResult<()> {
    for id in ids {
        let role = catalog.roles.get(id).filter(|role| role.applies_in(tenant));
        let role = role.ok_or(ApiError::NotFound("role"))?;
        if !authority.outranks(role) {
            return Err(ApiError::Forbidden(format!(
                "only somebody with a stronger role can give or take {}",
                role.key
            )));
        }
    }
    Ok(())
}

/// `user` as `viewer` sees them, with their roles and permissions in `tenant`; without one, in the tenant they last
/// worked in. To themselves those of their groups are among their own.
///
/// # Errors
/// The table fails.
pub async fn show(
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    tenant: Option<&TenantId>,
    viewer: Viewer,
) -> ApiResult<UserResponse> {
    let own = match (viewer, tenant) {
        (Viewer::Themselves, Some(tenant)) => Some(standing_in(store, environment, user, tenant).await?),
        (Viewer::Themselves | Viewer::Vendor | Viewer::Colleague, _) => None,
    };
    let counted = own.as_ref().and_then(|own| own.membership.clone());
    let user = &holding(user, counted);
    let catalog = match own {
        Some(own) => own.catalog,
        None => store.catalog().load(environment).await?,
    };
    let seen = user.memberships.iter().filter(|membership| match viewer {
        Viewer::Vendor | Viewer::Themselves => true,
        Viewer::Colleague => Some(&membership.tenant_id) == tenant,
    });
    let catalog = with_own_roles(store, catalog, seen).await?;
    let details = UserDetails { vendor: store.id(), catalog: Some(&catalog), tenant, viewer };
    Ok(details.show(user))
}

/// `user` with `counted` in place of their membership in its tenant.
fn holding(user: &User, counted: Option<Membership>) -> User {
    let mut user = user.clone();
    if let Some(counted) = counted
        && let Some(own) = user.membership_mut(&counted.tenant_id)
    {
        *own = counted;
    }
    user
}
