//! Who reads and writes the catalogue, and what they may do to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rookery_domain::{AssignmentType, Catalog, Grants, Permission, PermissionId, Role, TenantId, VendorId};
use rookery_http::auth::{Principal, ScopeAuth};
use rookery_http::members::and_roles;
use rookery_http::{ApiError, ApiResult};
use rookery_store::EnvironmentStore;

/// Somebody who reads or writes the catalogue of an environment, or of it and one tenant.
pub(crate) struct Author {
    /// The environment.
    pub(crate) vendor: VendorId,
    /// The tenant; none for the environment alone.
    pub(crate) tenant: Option<TenantId>,
    /// What they see.
    pub(crate) catalog: Arc<Catalog>,
    standing: Standing,
}

/// What bounds an author.
enum Standing {
    /// Nothing: a vendor.
    Vendor,
    /// Roles of the environment are not theirs to write: a user who reaches every tenant.
    SuperUser,
    /// The same, and what they may do themselves: any other user.
    User(Grants),
}

impl Standing {
    async fn of(principal: &Principal) -> ApiResult<Self> {
        match principal {
            Principal::Vendor(_) => Ok(Self::Vendor),
            Principal::User(user) if user.user.super_user => Ok(Self::SuperUser),
            Principal::User(user) => Ok(Self::User(user.grants().await?)),
        }
    }
}

impl Author {
    /// Whoever calls, with the catalogue as it is now.
    ///
    /// # Errors
    /// The environment is gone, or the table fails.
    pub(crate) async fn of<P>(caller: &ScopeAuth<P>) -> ApiResult<Self> {
        let (shared, own, standing) = tokio::try_join!(
            shared_catalog(&caller.principal),
            own_roles(caller),
            Standing::of(&caller.principal)
        )?;
        let catalog = and_roles(shared, own);
        Ok(Self { vendor: caller.store.id(), tenant: caller.tenant_id.clone(), catalog, standing })
    }

    /// The same author, who sees `roles` too.
    pub(crate) fn seeing(self, roles: Vec<Role>) -> Self {
        Self { catalog: and_roles(self.catalog, roles), ..self }
    }

    /// The roles that they see, oldest first.
    pub(crate) fn roles(&self) -> Vec<&Role> {
        let mut roles: Vec<_> = self.catalog.roles.values().collect();
        roles.sort_by(|a, b| (a.created_at, &a.key).cmp(&(b.created_at, &b.key)));
        roles
    }

    /// How many roles there are where a new one of theirs goes: in the tenant, or in the environment.
    pub(crate) fn roles_beside(&self) -> usize {
        self.catalog.roles.values().filter(|role| role.tenant_id == self.tenant).count()
    }

    /// Whether they may write `role`, as it is or as it is to become.
    ///
    /// # Errors
    /// A user may neither write a role of the environment, nor one that is not weaker than their own.
    pub(crate) fn require_writable(&self, role: &Role) -> ApiResult<()> {
        let grants = match &self.standing {
            Standing::Vendor => return Ok(()),
            Standing::SuperUser => None,
            Standing::User(grants) => Some(grants),
        };
        if role.tenant_id.is_none() {
            return Err(ApiError::Forbidden(format!(
                "the role {} is one of the environment's, which only a vendor token can change",
                role.key
            )));
        }
        let outranked =
            grants.is_none_or(|grants| grants.strongest.is_some_and(|own| own.may_grant(role.level)));
        if outranked {
            Ok(())
        } else {
            Err(ApiError::Forbidden("only roles weaker than one's own can be written".to_owned()))
        }
    }

    /// The permissions of a role that is to hold `wanted` and held `before`: when a user writes it, with those that every
    /// role of a tenant has.
    ///
    /// # Errors
    /// A permission is not there, or not for this author to give.
    pub(crate) fn assign(
        &self,
        wanted: &BTreeSet<PermissionId>,
        before: &BTreeSet<PermissionId>,
    ) -> ApiResult<BTreeSet<PermissionId>> {
        for id in wanted {
            let permission = self.catalog.permissions.get(id).ok_or(ApiError::NotFound("permission"))?;
            if !before.contains(id) {
                self.require_assignable(permission)?;
            }
        }
        Ok(wanted.iter().copied().chain(self.always()).collect())
    }

    /// The permissions that a role which they write has in any case.
    pub(crate) fn always(&self) -> BTreeSet<PermissionId> {
        let everywhere = |permission: &&Permission| match (&self.standing, permission.assignment_type) {
            (Standing::SuperUser | Standing::User(_), AssignmentType::Always) => true,
            (_, AssignmentType::Always | AssignmentType::Assignable | AssignmentType::Never) => false,
        };
        self.catalog.permissions.values().filter(everywhere).map(|permission| permission.id).collect()
    }

    fn require_assignable(&self, permission: &Permission) -> ApiResult<()> {
        let held = match &self.standing {
            Standing::Vendor => return Ok(()),
            Standing::SuperUser => true,
            Standing::User(grants) => grants.allow(&permission.key),
        };
        let refusal = match permission.assignment_type {
            AssignmentType::Always => return Ok(()),
            AssignmentType::Assignable if held => return Ok(()),
            AssignmentType::Assignable => "only permissions that one holds can be given",
            AssignmentType::Never => "not a permission for roles of a tenant",
        };
        Err(ApiError::Forbidden(format!("{}: {refusal}", permission.key)))
    }
}

/// The environment's catalogue.
///
/// # Errors
/// The environment is gone, or the table fails.
pub(crate) async fn environment_catalog(store: &EnvironmentStore) -> ApiResult<Arc<Catalog>> {
    let environment = store.get().await?.ok_or(ApiError::Unauthenticated)?;
    Ok(store.catalog().load(&environment).await?)
}

async fn shared_catalog(principal: &Principal) -> ApiResult<Arc<Catalog>> {
    match principal {
        Principal::Vendor(vendor) => environment_catalog(&vendor.store).await,
        Principal::User(user) => Ok(user.store.catalog().load(&user.environment).await?),
    }
}

async fn own_roles<P>(caller: &ScopeAuth<P>) -> ApiResult<Vec<Role>> {
    match &caller.tenant_id {
        Some(tenant) => Ok(caller.store.catalog().roles_of_tenant(tenant).await?),
        None => Ok(Vec::new()),
    }
}
