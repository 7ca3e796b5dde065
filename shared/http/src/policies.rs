//! What is asked of those who sign in: by the environment, and by the tenant that the caller speaks of, or by all of a user's.

use rookery_domain::{Action, LiveTenant, Membership, MembershipStatus, Policies, TenantId, User};
use rookery_store::EnvironmentStore;

use crate::auth::{Principal, ScopeAuth};
use crate::{ApiError, ApiResult, AppState};

/// The policies that count where the caller is.
pub struct Asked {
    /// What the environment asks.
    pub environment: Policies,
    /// What the tenant asks beside that, if the caller speaks of one.
    pub tenant: Option<Policies>,
}

impl Asked {
    /// Reads them.
    ///
    /// # Errors
    /// The tenant or the environment is gone, or the table fails.
    pub async fn of<P: Sync>(caller: &ScopeAuth<P>) -> ApiResult<Self> {
        let (environment, tenant) = tokio::try_join!(of_environment(caller), async {
            let Some(id) = &caller.tenant_id else { return Ok(None) };
            let tenant =
                caller.store.tenants().live(&[id]).await?.pop().ok_or(ApiError::NotFound("tenant"))?;
            Ok(Some(tenant.policies))
        })?;
        Ok(Self { environment, tenant })
    }
}

/// Those of the user's tenants that are there. Who was invited to one and has not accepted does not belong to it: it asks
/// nothing of them.
///
/// # Errors
/// The table fails.
pub async fn tenants_of(store: &EnvironmentStore, user: &User) -> ApiResult<Vec<LiveTenant>> {
    let belongs =
        |membership: &&Membership| !matches!(membership.status, MembershipStatus::PendingInvitation(_));
    let ids: Vec<_> =
        user.memberships.iter().filter(belongs).map(|membership| &membership.tenant_id).collect();
    Ok(store.tenants().live(&ids).await?)
}

/// Those of the tenants that the user has joined that are there. Of them, those in `read` have been read already; if that is
/// all, nothing is read.
///
/// # Errors
/// The table fails.
pub async fn joined_tenants(
    store: &EnvironmentStore,
    user: &User,
    read: &[LiveTenant],
) -> ApiResult<Vec<LiveTenant>> {
    let joined = user.memberships.iter().filter(|membership| membership.has_joined());
    let joined: Vec<_> = joined.map(|membership| &membership.tenant_id).collect();
    let known = |id: &&TenantId| read.iter().any(|tenant| tenant.id == **id);
    let unread: Vec<_> = joined.iter().copied().filter(|id| !known(id)).collect();
    let mut there: Vec<_> = read.iter().filter(|tenant| joined.contains(&&tenant.id)).cloned().collect();
    if !unread.is_empty() {
        there.extend(store.tenants().live(&unread).await?);
    }
    Ok(there)
}

/// What the environment of `caller` asks.
///
/// # Errors
/// It is gone, or the table fails.
pub async fn of_environment<P>(caller: &ScopeAuth<P>) -> ApiResult<Policies> {
    match &caller.principal {
        Principal::User(user) => Ok(user.environment.policies.clone()),
        Principal::Vendor(vendor) => Ok(vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?.policies),
    }
}

/// Changes the policies of the tenant that the caller speaks of, or else of the environment. `change` is told what the
/// environment asks of a tenant, and may be called more than once. The answer is what they are from now on.
///
/// Should the environment ask for more at the same moment, the tenant keeps what it asked for: both count.
///
/// # Errors
/// `change` refuses, the tenant or the environment is gone, or the table fails.
pub async fn update<P>(
    app: &AppState,
    caller: &ScopeAuth<P>,
    change: impl Fn(&mut Policies, Option<&Policies>) -> ApiResult<()>,
) -> ApiResult<Asked> {
    let Some(id) = &caller.tenant_id else {
        let updated = caller.store.update(|environment| change(&mut environment.policies, None)).await?;
        let environment = updated.ok_or(ApiError::Unauthenticated)?;
        return Ok(Asked { environment: environment.policies, tenant: None });
    };
    let environment = of_environment(caller).await?;
    let tenants = caller.store.tenants();
    let updated = tenants.update(id, Action::TenantPolicyChanged, app.now(), |tenant| {
        change(&mut tenant.policies, Some(&environment))
    });
    let tenant = updated.await?.ok_or(ApiError::NotFound("tenant"))?;
    Ok(Asked { environment, tenant: Some(tenant.policies) })
}
