//! Who works with the groups of a tenant.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rookery_domain::{Authority, Catalog, Environment, Group, RoleId};
use rookery_http::auth::{Permission, Principal, TenantAuth};
use rookery_http::members::catalog_in;
use rookery_http::{ApiError, ApiResult, AppState};

/// Somebody who may do what `P` permits in one tenant, whose environment has groups.
pub(crate) struct GroupsAuth<P> {
    /// Who it is, and where.
    caller: TenantAuth<P>,
    /// The environment.
    pub(crate) environment: Environment,
}

impl<P> Deref for GroupsAuth<P> {
    type Target = TenantAuth<P>;

    fn deref(&self) -> &TenantAuth<P> {
        &self.caller
    }
}

impl<P: Permission> FromRequestParts<AppState> for GroupsAuth<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let caller = TenantAuth::<P>::from_request_parts(parts, app).await?;
        let environment = match &caller.principal {
            Principal::User(user) => user.environment.clone(),
            Principal::Vendor(_) => environment_of(&caller).await?,
        };
        require_groups(&environment)?;
        Ok(Self { caller, environment })
    }
}

/// The environment of a vendor, who names a tenant that is there.
async fn environment_of<P>(caller: &TenantAuth<P>) -> ApiResult<Environment> {
    let (tenants, id) = (caller.store.tenants(), [&caller.tenant_id]);
    let (environment, there) = tokio::try_join!(caller.store.get(), tenants.live(&id))?;
    let environment = environment.ok_or(ApiError::Unauthenticated)?;
    if there.is_empty() { Err(ApiError::NotFound("tenant")) } else { Ok(environment) }
}

fn require_groups(environment: &Environment) -> ApiResult<()> {
    match environment.groups.enabled {
        true => Ok(()),
        false => Err(ApiError::Forbidden("groups are switched off in this environment".to_owned())),
    }
}

/// The roles of a tenant, and what bounds the caller in giving and taking them.
pub(crate) struct Roles {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) authority: Authority,
}

impl Roles {
    pub(crate) async fn of<P>(caller: &GroupsAuth<P>) -> ApiResult<Self> {
        let tenants = [&caller.tenant_id];
        let (catalog, authority) = tokio::try_join!(
            async { Ok(catalog_in(&caller.store, &caller.environment, &tenants).await?) },
            caller.principal.authority(),
        )?;
        Ok(Self { catalog, authority })
    }

    /// Those of the roles of `group` that have not been deleted.
    pub(crate) fn of_group(&self, group: &Group) -> Vec<RoleId> {
        group.role_ids.iter().copied().filter(|id| self.catalog.roles.contains_key(id)).collect()
    }
}
