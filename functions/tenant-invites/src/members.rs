//! The one link that a member of a tenant has for it.

use axum::Json;
use axum::extract::State;
use rookery_domain::{
    Action, Authority, InviteSlot, Inviter, RoleId, TenantInvite, Timestamp, WholeNumber, may_invite,
};
use rookery_http::auth::{
    ActingMember, DeleteTenantInvites, Principal, ReadTenantInvites, WriteTenantInvites,
};
use rookery_http::invites::require_allowed;
use rookery_http::members::{catalog_in, distinct_roles, require_grantable};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, not_null};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::response::InviteResponse;

/// A new link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateOwnInviteRequest {
    /// For how many minutes it works, up to a year; seven days by default.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 525_600)]
    expires_in_minutes: Option<WholeNumber>,
    /// Whether its maker gets a mail when somebody joins by it.
    should_send_email: Option<bool>,
}

/// A new link with roles.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateOwnInviteWithRolesRequest {
    #[serde(flatten, deserialize_with = "rookery_http::extract::flattened")]
    invite: CreateOwnInviteRequest,
    /// The roles of whoever joins by it; when none are named, those for new members.
    #[schema(value_type = Option<Vec<String>>)]
    role_ids: Option<Vec<RoleId>>,
}

/// What is to change of a link. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateInviteRequest {
    /// For how many minutes it works from now on, up to a year.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, nullable = false, minimum = 1, maximum = 525_600)]
    expires_in_minutes: Option<WholeNumber>,
    /// Whether its maker gets a mail when somebody joins by it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    should_send_email: Option<bool>,
}

/// Gets the link that a member has for their tenant.
#[utoipa::path(
    get,
    path = "/identity/resources/tenants/invites/v1/user",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_getTenantInviteForUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The member; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    responses((status = OK, body = InviteResponse), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn get(
    caller: ActingMember<ReadTenantInvites>,
    State(app): State<AppState>,
) -> ApiResult<Json<InviteResponse>> {
    require_allowed(&caller.environment)?;
    let invites = caller.store.tenant_invites();
    let found = invites.get(&caller.tenant_id, caller.user.id).await?;
    let invite = found.filter(|invite| works(&caller, invite, app.now())).ok_or_else(none)?;
    Ok(Json(show(&caller, &invite).await?))
}

/// Makes the link that a member has for their tenant, in place of the one before, which no longer works. People join by it
/// until it expires, is deleted or replaced, or the member leaves the tenant.
///
/// Whoever joins gets the roles for new members. With a user's token these must be such as the user could give.
#[utoipa::path(
    post,
    path = "/identity/resources/tenants/invites/v1/user",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_createTenantInviteForUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The member; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = CreateOwnInviteRequest,
    responses((status = CREATED, body = InviteResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn create(
    caller: ActingMember<WriteTenantInvites>,
    State(app): State<AppState>,
    Body(request): Body<CreateOwnInviteRequest>,
) -> ApiResult<Created<InviteResponse>> {
    replace(&app, &caller, request, Vec::new()).await
}

/// Makes the link that a member has for their tenant, as version 1 does, with roles for whoever joins by it. With a user's token
/// they must be such as the user could give.
#[utoipa::path(
    post,
    path = "/identity/resources/tenants/invites/v2/user",
    tag = "tenant-invites",
    operation_id = "TenantInvitesV2Controller_createTenantInviteForUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The member; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = CreateOwnInviteWithRolesRequest,
    responses((status = CREATED, body = InviteResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn create_v2(
    caller: ActingMember<WriteTenantInvites>,
    State(app): State<AppState>,
    Body(request): Body<CreateOwnInviteWithRolesRequest>,
) -> ApiResult<Created<InviteResponse>> {
    let role_ids = distinct_roles(request.role_ids.unwrap_or_default())?;
    replace(&app, &caller, request.invite, role_ids).await
}

async fn replace(
    app: &AppState,
    caller: &ActingMember<WriteTenantInvites>,
    request: CreateOwnInviteRequest,
    role_ids: Vec<RoleId>,
) -> ApiResult<Created<InviteResponse>> {
    require_allowed(&caller.environment)?;
    let (tenant, now) = (&caller.tenant_id, app.now());
    if !may_invite(&caller.user, tenant, now) {
        return Err(ApiError::Invalid("the user cannot sign in to this tenant".to_owned()));
    }
    require_roles(caller, &role_ids).await?;
    let by = Inviter::Member(caller.user.id);
    let mut invite = TenantInvite::new(tenant.clone(), by, &*app.entropy, now);
    invite.role_ids = role_ids;
    invite.should_send_email = request.should_send_email.unwrap_or_default();
    if let Some(minutes) = request.expires_in_minutes {
        invite.expire_in(minutes.into(), now)?;
    }
    caller.store.tenant_invites().create(&invite, now).await?;
    Ok(Created(show(caller, &invite).await?))
}

/// Whether the caller may give the roles `named`, or those for new members when none are.
async fn require_roles(caller: &ActingMember<WriteTenantInvites>, named: &[RoleId]) -> ApiResult<()> {
    let tenant = &caller.tenant_id;
    let catalog = catalog_in(&caller.store, &caller.environment, &[tenant]).await?;
    let given = match (&caller.principal, named) {
        (Principal::User(_), []) => catalog.roles_for_new_member(tenant, false),
        (Principal::Vendor(_) | Principal::User(_), named) => named.to_vec(),
    };
    let authority = match given.is_empty() {
        true => Authority::Unbounded,
        false => caller.principal.authority().await?,
    };
    require_grantable(&catalog, tenant, &given, &authority)
}

/// Changes for how long the link of a member works, or whether they get mails of its use. The link stays the same.
#[utoipa::path(
    patch,
    path = "/identity/resources/tenants/invites/v1/user",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_updateTenantInviteForUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The member; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    request_body = UpdateInviteRequest,
    responses((status = OK, body = InviteResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn update(
    caller: ActingMember<WriteTenantInvites>,
    State(app): State<AppState>,
    Body(request): Body<UpdateInviteRequest>,
) -> ApiResult<Json<InviteResponse>> {
    require_allowed(&caller.environment)?;
    let (invites, slot, now) = (caller.store.tenant_invites(), InviteSlot::Member(caller.user.id), app.now());
    let updated = invites.update(&caller.tenant_id, slot, Action::TenantInviteUpdated, |invite| {
        if !works(&caller, invite, now) {
            return Err(none());
        }
        if let Some(minutes) = request.expires_in_minutes {
            invite.expire_in(minutes.into(), now)?;
        }
        invite.should_send_email = request.should_send_email.unwrap_or(invite.should_send_email);
        Ok(())
    });
    let invite = updated.await?.ok_or_else(none)?;
    Ok(Json(show(&caller, &invite).await?))
}

/// Deletes the link that a member has for their tenant: nobody joins by it any more.
#[utoipa::path(
    delete,
    path = "/identity/resources/tenants/invites/v1/user",
    tag = "tenant-invites",
    operation_id = "TenantInvitesController_deleteTenantInviteForUser",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-user-id" = Option<String>, Header, description = "The member; needed with a vendor token."),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
    ),
    responses((status = OK), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(caller: ActingMember<DeleteTenantInvites>) -> ApiResult<()> {
    let slot = InviteSlot::Member(caller.user.id);
    match caller.store.tenant_invites().remove(&caller.tenant_id, slot).await? {
        true => Ok(()),
        false => Err(none()),
    }
}

/// Whether people join by `invite`, which is the member's: one that they made before they left and came back is over.
fn works<P>(caller: &ActingMember<P>, invite: &TenantInvite, now: Timestamp) -> bool {
    invite.admits(invite.token.plain(), Some(&caller.user), now)
}

/// The answer where the member has no link.
fn none() -> ApiError {
    ApiError::NotFound("invitation")
}

async fn show<P>(caller: &ActingMember<P>, invite: &TenantInvite) -> ApiResult<InviteResponse> {
    let tenant = caller.store.tenants().get(&invite.tenant_id).await?.ok_or(ApiError::NotFound("tenant"))?;
    Ok(InviteResponse::new(caller.store.id(), &tenant, invite))
}
