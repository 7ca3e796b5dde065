//! How far a caller sees: their tenant, and those below it.

use rookery_domain::TenantId;
use rookery_http::auth::Principal;
use rookery_http::wire::Viewer;
use rookery_http::{ApiError, ApiResult};
use rookery_store::EnvironmentStore;

/// How many tenants below one are looked through: the members of each are a list of their own.
const MOST_TENANTS: usize = 1_000;

/// The tenants below `tenant` that the caller reaches: all of them for a vendor; for a user only if they may act in
/// sub-tenants.
pub(crate) async fn tenants_below(
    principal: &Principal,
    store: &EnvironmentStore,
    tenant: &TenantId,
) -> ApiResult<Vec<TenantId>> {
    if principal.user().is_some_and(|caller| !caller.user.sub_account_access_allowed) {
        return Ok(Vec::new());
    }
    let below = store.tenants().descendants(tenant).await?;
    if below.len() > MOST_TENANTS {
        return Err(ApiError::Invalid(format!(
            "more than {MOST_TENANTS} tenants are below this one: name one of them, or set _includeSubTenants to false"
        )));
    }
    Ok(below.into_iter().map(|below| below.tenant.tenant_id).collect())
}

/// How the caller sees users.
pub(crate) fn viewer(principal: &Principal) -> Viewer {
    match principal {
        Principal::Vendor(_) => Viewer::Vendor,
        Principal::User(_) => Viewer::Colleague,
    }
}
