//! What a user may do in a tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Catalog, Environment, Grants, Membership, Role, TenantId, User};
use rookery_store::{EnvironmentStore, StoreError};

use crate::members::and_roles;

/// How many tenants' own roles are read at a time.
const TENANTS_AT_ONCE: usize = 32;

/// `catalog`, the environment's, and the own roles of those tenants in which one of `memberships` holds some.
///
/// # Errors
/// The table fails.
pub async fn with_own_roles<'a>(
    store: &EnvironmentStore,
    catalog: Arc<Catalog>,
    memberships: impl IntoIterator<Item = &'a Membership>,
) -> Result<Arc<Catalog>, StoreError> {
    let lacking = memberships.into_iter().filter(|membership| catalog.lacks_roles_of(membership));
    let tenants: BTreeSet<_> = lacking.map(|membership| membership.tenant_id.clone()).collect();
    if tenants.is_empty() {
        return Ok(catalog);
    }
    let roles = stream::iter(tenants)
        .map(|tenant| async move { store.catalog().roles_of_tenant(&tenant).await })
        .buffer_unordered(TENANTS_AT_ONCE)
        .try_concat();
    Ok(Arc::new(Catalog::clone(&catalog).with_roles(roles.await?)))
}

/// What counts of a user in a tenant.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The roles and permissions that there are: the environment's and, if they hold one of these, the tenant's own.
    pub catalog: Arc<Catalog>,
    /// What they hold, with the roles of their groups among their own; nothing, if they do not belong to it.
    pub membership: Option<Membership>,
}

impl Standing {
    /// Their roles.
    #[must_use]
    pub fn roles(&self) -> Vec<&Role> {
        self.membership.iter().flat_map(|membership| self.catalog.roles_of(membership)).collect()
    }

    /// What they may do.
    #[must_use]
    pub fn grants(&self) -> Grants {
        self.membership.as_ref().map(|membership| self.catalog.grants_of(membership)).unwrap_or_default()
    }
}

/// What counts of `user` in `tenant`. The groups that they are in are read at the same time as the tenant's own roles, which
/// these may have.
///
/// # Errors
/// The table fails.
pub async fn standing_in(
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    tenant: &TenantId,
) -> Result<Standing, StoreError> {
    let catalog = store.catalog().load(environment).await?;
    let Some(own) = user.membership(tenant) else {
        return Ok(Standing { catalog, membership: None });
    };
    if own.group_ids.is_empty() || !environment.groups.gives_roles() {
        let catalog = with_own_roles(store, catalog, [own]).await?;
        return Ok(Standing { catalog, membership: Some(own.clone()) });
    }
    let (groups, roles) = (store.groups(), store.catalog());
    let ids = own.group_ids.iter().map(|group| (tenant, *group));
    let (groups, roles) = tokio::try_join!(groups.get_all(ids), roles.roles_of_tenant(tenant))?;
    Ok(Standing { catalog: and_roles(catalog, roles), membership: Some(own.with_roles_of(&groups)) })
}
