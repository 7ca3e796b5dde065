//! Roles, permissions and categories.

mod owners;
mod writing;

use std::sync::Arc;

use rookery_domain::{
    Catalog, Environment, Permission, PermissionCategory, Role, TenantId, VendorId, built_in_permissions,
};

pub(crate) use writing::{CATALOG_VERSION, Name, insert};
pub use writing::{CatalogSnapshot, CatalogWriteError};

use crate::entity::{Entity, Stored, decode};
use crate::keys::{CATEGORY, PERMISSION, ROLE, catalog_partition, tenant_partition};
use crate::{EnvironmentStore, StoreError};

impl Entity for Role {
    const TYPE: &'static str = "role";
}

impl Entity for Permission {
    const TYPE: &'static str = "permission";
}

impl Entity for PermissionCategory {
    const TYPE: &'static str = "category";
}

/// The roles, permissions and categories of one environment.
pub struct CatalogStore<'a> {
    environment: &'a EnvironmentStore,
}

impl<'a> CatalogStore<'a> {
    pub(crate) fn new(environment: &'a EnvironmentStore) -> Self {
        Self { environment }
    }

    /// Everything that applies in the whole environment.
    ///
    /// It is remembered for as long as the version in `environment`, which has just been read, stays the same: then
    /// this costs nothing.
    ///
    /// # Errors
    /// The table fails.
    pub async fn load(&self, environment: &Environment) -> Result<Arc<Catalog>, StoreError> {
        if let Some(catalog) = self.remembered(environment.catalog_version) {
            return Ok(catalog);
        }
        let catalog = Arc::new(self.read(environment).await?);
        if let Ok(mut catalogs) = self.environment.store.catalogs.lock() {
            catalogs.insert(self.vendor(), (environment.catalog_version, Arc::clone(&catalog)));
        }
        Ok(catalog)
    }

    /// The roles that `tenant` made for itself.
    ///
    /// # Errors
    /// The table fails.
    pub async fn roles_of_tenant(&self, tenant: &TenantId) -> Result<Vec<Role>, StoreError> {
        let partition = tenant_partition(self.vendor(), tenant);
        let roles = self.environment.table().query_entities::<Role>(partition, ROLE).await?;
        Ok(roles.into_iter().map(|stored| stored.value).collect())
    }

    fn remembered(&self, version: u64) -> Option<Arc<Catalog>> {
        let catalogs = self.environment.store.catalogs.lock().ok()?;
        let (remembered, catalog) = catalogs.get(&self.vendor())?;
        (*remembered == version).then(|| Arc::clone(catalog))
    }

    async fn read(&self, environment: &Environment) -> Result<Catalog, StoreError> {
        let mut catalog = built_in_catalog(environment);
        let items = self.environment.table().query_items(catalog_partition(self.vendor()), "").await?;
        for (key, item) in items {
            if key.sk.starts_with(ROLE) {
                let Stored { value: role, .. } = decode::<Role>(&item)?;
                catalog.roles.insert(role.id, role);
            } else if key.sk.starts_with(PERMISSION) {
                let Stored { value: permission, .. } = decode::<Permission>(&item)?;
                catalog.permissions.insert(permission.id, permission);
            } else if key.sk.starts_with(CATEGORY) {
                let Stored { value: category, .. } = decode::<PermissionCategory>(&item)?;
                catalog.categories.insert(category.id, category);
            }
        }
        Ok(catalog)
    }

    fn vendor(&self) -> VendorId {
        self.environment.id
    }
}

fn built_in_catalog(environment: &Environment) -> Catalog {
    let (categories, permissions) = built_in_permissions(environment.created_at);
    Catalog {
        categories: categories.into_iter().map(|category| (category.id, category)).collect(),
        permissions: permissions.into_iter().map(|permission| (permission.id, permission)).collect(),
        ..Catalog::default()
    }
}

#[cfg(test)]
mod documents {
    use super::*;
    use crate::documents::documented;

    documented!(roles: Role);
    documented!(permissions: Permission);
    documented!(categories: PermissionCategory);
}
