//! What a user may do in a tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use rookery_domain::{Catalog, Environment, Grants, Membership, TenantId, User};
use rookery_store::{EnvironmentStore, StoreError};

/// How many tenants' own roles are read at a time.
const TENANTS_AT_ONCE: usize = 32;

/// The catalogue that applies to `user` in `tenant`: the environment's and, if they hold a role of the tenant's own,
/// the tenant's roles too.
///
/// # Errors
/// The table fails.
pub async fn catalog_of(
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    tenant: &TenantId,
) -> Result<Arc<Catalog>, StoreError> {
    let catalog = store.catalog().load(environment).await?;
    with_own_roles(store, catalog, user.membership(tenant)).await
}

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

/// What `user` may do in `tenant`: nothing, if they do not belong to it.
///
/// # Errors
/// The table fails.
pub async fn grants_in(
    store: &EnvironmentStore,
    environment: &Environment,
    user: &User,
    tenant: &TenantId,
) -> Result<Grants, StoreError> {
    let catalog = catalog_of(store, environment, user, tenant).await?;
    Ok(user.membership(tenant).map(|membership| catalog.grants_of(membership)).unwrap_or_default())
}
