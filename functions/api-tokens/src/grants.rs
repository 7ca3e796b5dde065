//! What API tokens of a tenant allow, and who may give it to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rookery_domain::{ApiTokenGrants, Authority, Catalog, Environment, PermissionId, RoleId, TenantId};
use rookery_http::auth::TenantAuth;
use rookery_http::members::{
    catalog_in, distinct_roles, require_grantable, require_outranked, require_permissions_grantable,
};
use rookery_http::{ApiError, ApiResult};

/// How many permissions one request may name.
const MOST_PERMISSIONS: usize = 100;

/// What a request asks an API token to allow: roles win over permissions. None where it says nothing of that.
///
/// # Errors
/// It names too many.
pub(crate) fn wanted(
    roles: Option<Vec<RoleId>>,
    permissions: Option<Vec<PermissionId>>,
) -> ApiResult<Option<ApiTokenGrants>> {
    if roles.is_none() && permissions.is_none() {
        return Ok(None);
    }
    let roles = distinct_roles(roles.unwrap_or_default())?;
    let permissions = permissions.unwrap_or_default();
    if permissions.len() > MOST_PERMISSIONS {
        return Err(ApiError::Invalid(format!(
            "permissionIds must name at most {MOST_PERMISSIONS} permissions"
        )));
    }
    let (roles, permissions) = (roles.into_iter().collect(), permissions.into_iter().collect());
    Ok(Some(ApiTokenGrants::of(roles, permissions)))
}

/// Somebody who gives API tokens of a tenant what they allow.
pub(crate) struct Giver {
    tenant: TenantId,
    catalog: Arc<Catalog>,
    authority: Authority,
}

impl Giver {
    /// Whoever calls, with the catalogue as it is now.
    ///
    /// # Errors
    /// They have no role, or the table fails.
    pub(crate) async fn of<P>(caller: &TenantAuth<P>, environment: &Environment) -> ApiResult<Self> {
        let tenant = caller.tenant_id.clone();
        let catalog = async { Ok(catalog_in(&caller.store, environment, &[&tenant]).await?) };
        let (catalog, authority) = tokio::try_join!(catalog, caller.principal.authority())?;
        Ok(Self { tenant, catalog, authority })
    }

    /// Whether they may have a token allow what `after` says in place of what `before` does.
    ///
    /// # Errors
    /// A role or a permission is not there, or not theirs to give or to take.
    pub(crate) fn require(&self, after: &ApiTokenGrants, before: &ApiTokenGrants) -> ApiResult<()> {
        let (catalog, authority) = (&self.catalog, &self.authority);
        let given = missing(after.roles(), before.roles());
        let mut taken = missing(before.roles(), after.roles());
        taken.retain(|id| catalog.roles.contains_key(id));
        require_grantable(catalog, &self.tenant, &given, authority)?;
        require_outranked(catalog, &self.tenant, &taken, authority)?;
        let given = missing(after.permissions(), before.permissions());
        require_permissions_grantable(catalog, &given, authority)
    }
}

/// What is among `ids` and not among `others`.
fn missing<T: Copy + Ord>(ids: Option<&BTreeSet<T>>, others: Option<&BTreeSet<T>>) -> Vec<T> {
    let is_new = |id: &&T| others.is_none_or(|others| !others.contains(id));
    ids.into_iter().flatten().filter(is_new).copied().collect()
}
