//! Links that vendors make, and all that there are.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use rookery_domain::{
    Authority, InviteId, Inviter, RoleId, TenantId, TenantInvite, UserId, WholeNumber, may_invite,
};
use rookery_http::auth::VendorAuth;
use rookery_http::invites::require_allowed;
use rookery_http::members::{catalog_in, distinct_roles, require_grantable};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Path, Query};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::response::InviteResponse;

/// A new link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateInviteRequest {
    /// The tenant that it leads to.
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// The member in whose name it is made: it works for as long as they belong to the tenant.
    #[schema(value_type = Option<Uuid>)]
    user_id: Option<UserId>,
    /// For how many minutes it works, up to a year; seven days by default.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 525_600)]
    expires_in_minutes: Option<WholeNumber>,
    /// Whether that member gets a mail when somebody joins by it.
    should_send_email: Option<bool>,
    /// The roles of whoever joins by it; when none are named, those for new members.
    #[schema(value_type = Option<Vec<String>>)]
    role_ids: Option<Vec<RoleId>>,
}

/// Which links are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedInvites {
    /// Only those of this tenant.
    #[param(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
}

/// Makes a link by which people join a tenant, until it expires or is deleted. A tenant can have a thousand.
#[utoipa::path(
    post,
    path = "/identity/resources/tenants/invites/v1",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_createTenantInvite",
    security(("vendor" = [])),
    request_body = CreateInviteRequest,
    responses(
        (status = CREATED, body = InviteResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN, description = "It is no vendor's token, or allowTenantInvitations is switched off."),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn create(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(request): Body<CreateInviteRequest>,
) -> ApiResult<Created<InviteResponse>> {
    let (store, id, now) = (&vendor.store, &request.tenant_id, app.now());
    let environment = store.get().await?.ok_or(ApiError::Unauthenticated)?;
    require_allowed(&environment)?;
    let (tenants, users, only) = (store.tenants(), store.users(), [id]);
    let (tenant, catalog, inviter) =
        tokio::try_join!(tenants.get(id), catalog_in(store, &environment, &only), async {
            match request.user_id {
                Some(user) => users.get(user).await,
                None => Ok(None),
            }
        })?;
    let tenant = tenant.ok_or(ApiError::NotFound("tenant"))?;
    if request.user_id.is_some() && !inviter.is_some_and(|user| may_invite(&user, id, now)) {
        return Err(ApiError::NotFound("user"));
    }
    let role_ids = distinct_roles(request.role_ids.unwrap_or_default())?;
    require_grantable(&catalog, id, &role_ids, &Authority::Unbounded)?;
    let by = Inviter::Vendor { on_behalf_of: request.user_id };
    let mut invite = TenantInvite::new(id.clone(), by, &*app.entropy, now);
    invite.role_ids = role_ids;
    invite.should_send_email = request.should_send_email.unwrap_or_default();
    if let Some(minutes) = request.expires_in_minutes {
        invite.expire_in(minutes.into(), now)?;
    }
    store.tenant_invites().create(&invite, now).await?;
    Ok(Created(InviteResponse::new(store.id(), &tenant, &invite)))
}

/// Lists all links that have not expired, those of members too.
///
/// In an environment with more than 10000 they are listed tenant by tenant.
#[utoipa::path(
    get,
    path = "/identity/resources/tenants/invites/v1/all",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_getAllInvites",
    security(("vendor" = [])),
    params(WantedInvites),
    responses((status = OK, body = Vec<InviteResponse>), (status = BAD_REQUEST)),
)]
pub(crate) async fn list(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Query(wanted): Query<WantedInvites>,
) -> ApiResult<Json<Vec<InviteResponse>>> {
    let (store, now) = (&vendor.store, app.now());
    let mut invites = match &wanted.tenant_id {
        Some(tenant) => store.tenant_invites().of_tenant(tenant).await?,
        None => store.tenant_invites().list().await?,
    };
    invites.retain(|invite| invite.is_in_time(now));
    let mut ids: Vec<_> = invites.iter().map(|invite| invite.tenant_id.clone()).collect();
    ids.dedup();
    let tenants = store.tenants().get_all(&ids).await?;
    let tenants: BTreeMap<_, _> = tenants.iter().map(|tenant| (&tenant.tenant_id, tenant)).collect();
    let shown = |invite: &TenantInvite| {
        Some(InviteResponse::new(store.id(), tenants.get(&invite.tenant_id)?, invite))
    };
    Ok(Json(invites.iter().filter_map(shown).collect()))
}

/// Deletes a link, be it a vendor's or a member's: nobody joins by it any more.
#[utoipa::path(
    delete,
    path = "/identity/resources/tenants/invites/v1/token/{id}",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_deleteTenantInvite",
    security(("vendor" = [])),
    params(("id" = Uuid, Path)),
    responses((status = OK), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(vendor: VendorAuth, Path(id): Path<InviteId>) -> ApiResult<()> {
    match vendor.store.tenant_invites().remove_by_id(id).await? {
        true => Ok(()),
        false => Err(ApiError::NotFound("invitation")),
    }
}
