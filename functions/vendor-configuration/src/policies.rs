//! What is asked of those who sign in: by the environment, and by the tenant that the caller speaks of.

use rookery_domain::{Action, Policies};
use rookery_http::auth::{Principal, ScopeAuth};
use rookery_http::{ApiError, ApiResult, AppState};

/// The policies that count where the caller is.
pub(crate) struct Asked {
    /// What the environment asks.
    pub(crate) environment: Policies,
    /// What the tenant asks beside that, if the caller speaks of one.
    pub(crate) tenant: Option<Policies>,
}

impl Asked {
    /// Reads them.
    pub(crate) async fn of<P: Sync>(caller: &ScopeAuth<P>) -> ApiResult<Self> {
        let (environment, tenant) = tokio::try_join!(of_environment(caller), async {
            let Some(id) = &caller.tenant_id else { return Ok(None) };
            let tenant =
                caller.store.tenants().live(&[id]).await?.pop().ok_or(ApiError::NotFound("tenant"))?;
            Ok(Some(tenant.policies))
        })?;
        Ok(Self { environment, tenant })
    }
}

async fn of_environment<P>(caller: &ScopeAuth<P>) -> ApiResult<Policies> {
    match &caller.principal {
        Principal::User(user) => Ok(user.environment.policies.clone()),
        Principal::Vendor(vendor) => Ok(vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?.policies),
    }
}

/// Changes the policies of the tenant that the caller speaks of, or else of the environment. `change` is told what the
/// environment asks of a tenant, and may be called more than once. The answer is what they are from now on.
///
/// Should the environment ask for more at the same moment, the tenant keeps what it asked for: both count.
pub(crate) async fn update<P>(
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
