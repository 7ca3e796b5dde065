//! Which tenants a user belongs to.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rookery_domain::{
    Catalog, Environment, JsonObject, Membership, MembershipStatus, OneTimeToken, RoleId, Tenant, TenantId,
    Timestamp, User, UserId,
};
use rookery_http::auth::{DeleteUsers, Principal, ScopeAuth, UserAuth, VendorAuth};
use rookery_http::mails::Mailing;
use rookery_http::members::{and_roles, catalog_in, require_outranked, show};
use rookery_http::newcomers::ensure_tenant;
use rookery_http::wire::{UserResponse, Viewer};
use rookery_http::{ApiError, ApiResult, AppState, Body, Created, Path, RateLimited};
use rookery_store::{Addition, Arrival, Progress, WithEnvironment};
use serde::Deserialize;
use utoipa::ToSchema;

/// The tenant that a user is to work in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActiveTenantRequest {
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// Whether the tenant must be there; by default one that is not is made.
    validate_tenant_exist: Option<bool>,
}

/// The tenant that a user is to belong to.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddToTenantRequest {
    #[schema(value_type = String)]
    tenant_id: TenantId,
    /// Whether they are added at once and without a mail.
    skip_invite_email: Option<bool>,
    /// Whether the tenant must be there even where tenants are not validated.
    validate_tenant_exist: Option<bool>,
}

/// Between which tenants users move.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MoveUsersRequest {
    #[schema(value_type = String)]
    src_tenant_id: TenantId,
    #[schema(value_type = String)]
    target_tenant_id: TenantId,
}

/// Takes a user out of the tenant; a vendor who names none removes them everywhere. With the last tenant goes the user.
///
/// Users can take out only those all of whose roles are weaker than their own strongest, and themselves.
#[utoipa::path(
    delete,
    path = "/identity/resources/users/v1/{userId}",
    tag = "users",
    operation_id = "UsersControllerV1_removeUserFromTenant",
    security(("vendor" = []), ("user" = [])),
    params(
        ("userId" = Uuid, Path),
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; all of them without."),
    ),
    responses((status = OK), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn remove(caller: ScopeAuth<DeleteUsers>, Path(id): Path<UserId>) -> ApiResult<StatusCode> {
    let users = caller.store.users();
    let removed = match (&caller.principal, &caller.tenant_id) {
        (Principal::User(user), _) if user.user.id != id => {
            remove_colleague(&caller.principal, user, id).await?
        }
        (_, Some(tenant)) => users.leave(id, tenant).await?,
        (_, None) => users.remove(id).await?,
    };
    match removed {
        true => Ok(StatusCode::OK),
        false => Err(ApiError::NotFound("user")),
    }
}

/// Takes the user `id` out of the tenant of `caller`, if they see them and could take each of their roles.
async fn remove_colleague(principal: &Principal, caller: &UserAuth, id: UserId) -> ApiResult<bool> {
    let (store, tenant) = (&caller.store, &caller.tenant_id);
    let (catalog, authority) = tokio::try_join!(
        async { Ok(catalog_in(store, &caller.environment, &[tenant]).await?) },
        principal.authority(),
    )?;
    let users = store.users();
    let removed = users.leave_if(id, tenant, |user: &User| {
        if !principal.sees(user) {
            return Err(ApiError::NotFound("user"));
        }
        let roles = user.membership(tenant).into_iter().flat_map(|member| catalog.roles_of(member));
        require_outranked(&catalog, tenant, &roles.map(|role| role.id).collect::<Vec<_>>(), &authority)
    });
    Ok(removed.await?)
}

/// Has a user work in a tenant from their next sign-in on. They are added to it if they do not belong to it yet; whoever
/// has not accepted an invitation to it yet need not do so any more.
///
/// Where their membership is disabled or over they cannot sign in: that is refused.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/{userId}/tenant",
    tag = "users",
    operation_id = "UsersControllerV1_updateUserTenantForVendor",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    request_body = ActiveTenantRequest,
    responses((status = OK, body = UserResponse), (status = BAD_REQUEST), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn set_active(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    Body(request): Body<ActiveTenantRequest>,
) -> ApiResult<Json<UserResponse>> {
    let tenant = &request.tenant_id;
    let make = |_: &Environment| !request.validate_tenant_exist.unwrap_or_default();
    let gate = Gate::read(&app, &vendor, id, tenant, make).await?;
    let now = app.now();
    let entered = gate.enter(&vendor, &MembershipStatus::PendingLogin, now, |user| {
        let_in(user.membership_mut(tenant).ok_or(ApiError::Busy)?, now)?;
        user.active_tenant = Some(tenant.clone());
        Ok(())
    });
    let (Addition::Added(user) | Addition::Already(user)) = entered.await?;
    Ok(Json(show(&vendor.store, &gate.environment, &user, Some(tenant), Viewer::Vendor).await?))
}

/// Lets somebody into the tenant of `membership` on the vendor's word. Whoever is new waits for their activation still.
fn let_in(membership: &mut Membership, now: Timestamp) -> ApiResult<()> {
    if let MembershipStatus::PendingInvitation(_) = membership.status {
        membership.status = MembershipStatus::PendingLogin;
    }
    if membership.has_joined() && !membership.is_usable(now) {
        return Err(ApiError::Forbidden(
            "the user's membership in this tenant is disabled or over".to_owned(),
        ));
    }
    Ok(())
}

/// Adds a user to a tenant, with the roles for new members, and mails them an invitation to accept. Whoever belongs to
/// it already is left as they are.
#[utoipa::path(
    post,
    path = "/identity/resources/users/v1/{userId}/tenant",
    tag = "users",
    operation_id = "UsersControllerV1_addUserToTenantForVendor",
    security(("vendor" = [])),
    params(("userId" = Uuid, Path)),
    request_body = AddToTenantRequest,
    responses((status = CREATED, body = UserResponse), (status = BAD_REQUEST), (status = NOT_FOUND)),
)]
pub(crate) async fn add(
    app: RateLimited,
    vendor: VendorAuth,
    Path(id): Path<UserId>,
    Body(request): Body<AddToTenantRequest>,
) -> ApiResult<Created<UserResponse>> {
    let tenant = &request.tenant_id;
    let make = |environment: &Environment| {
        environment.configuration.skip_tenant_validation && request.validate_tenant_exist != Some(true)
    };
    let gate = Gate::read(&app, &vendor, id, tenant, make).await?;
    let environment = &gate.environment;
    let (token, kept) = OneTimeToken::issue(&*app.entropy, app.now());
    let with_mail = !request.skip_invite_email.unwrap_or_default();
    let status = match with_mail {
        true => MembershipStatus::PendingInvitation(kept),
        false => MembershipStatus::PendingLogin,
    };
    let user = match gate.enter(&vendor, &status, app.now(), |_| Ok(())).await? {
        Addition::Already(user) => user,
        Addition::Added(user) => {
            if with_mail {
                let mailing = Mailing {
                    app: &app,
                    store: &vendor.store,
                    environment,
                    tenant: Some(&gate.tenant),
                    email_metadata: JsonObject::new(),
                };
                mailing.invitation(&user, &token, None).await.ok();
            }
            user
        }
    };
    Ok(Created(show(&vendor.store, environment, &user, Some(tenant), Viewer::Vendor).await?))
}

/// Moves all users of one tenant to another. They keep the roles of the whole environment; in place of others they get
/// those for new members, if none is left. Whoever belongs to both already has the roles of both.
///
/// To move very many users takes more than one request: the answer is 409 as long as the same request has to be made
/// once more.
#[utoipa::path(
    put,
    path = "/identity/resources/users/v1/tenants/migrate",
    tag = "users",
    operation_id = "UsersControllerV1_moveAllUsersTenants",
    security(("vendor" = [])),
    request_body = MoveUsersRequest,
    responses((status = OK), (status = BAD_REQUEST), (status = NOT_FOUND), (status = CONFLICT)),
)]
pub(crate) async fn move_all(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Body(request): Body<MoveUsersRequest>,
) -> ApiResult<StatusCode> {
    let (source, target) = (&request.src_tenant_id, &request.target_tenant_id);
    if source == target {
        return Err(ApiError::Invalid("srcTenantId and targetTenantId must differ".to_owned()));
    }
    let pair = [source.clone(), target.clone()];
    let tenants = vendor.store.tenants();
    let (environment, found) = tokio::try_join!(vendor.store.get(), tenants.get_all(&pair))?;
    if found.len() < pair.len() {
        return Err(ApiError::NotFound("tenant"));
    }
    let environment = environment.ok_or(ApiError::Unauthenticated)?;
    let catalog = catalog_in(&vendor.store, &environment, &[source, target]).await?;
    let roles = |left: &Membership| roles_after_move(&catalog, left, target);
    let (users, time_for_more) = (vendor.store.users(), app.time_for_more());
    match users.move_all(source, target, app.now(), roles, &time_for_more).await? {
        Progress::Nothing | Progress::Finished => Ok(StatusCode::OK),
        Progress::Unfinished => Err(ApiError::Conflict(
            "there are too many users to move at once: some have moved, and the same request goes on with the others"
                .to_owned(),
        )),
    }
}

/// The roles in `target` of somebody who was `left` where they come from.
fn roles_after_move(catalog: &Catalog, left: &Membership, target: &TenantId) -> Vec<RoleId> {
    let (kept, dropped): (Vec<_>, Vec<_>) = catalog.roles_of(left).partition(|role| role.tenant_id.is_none());
    if kept.is_empty() && !dropped.is_empty() {
        return catalog.roles_for_new_member(target, false);
    }
    kept.into_iter().map(|role| role.id).collect()
}

/// A known user and the tenant that they are to be let into, read together.
struct Gate {
    environment: Environment,
    tenant: Tenant,
    /// The roles and permissions in the tenant.
    catalog: Arc<Catalog>,
    arrival: Arrival,
}

impl Gate {
    /// A tenant that is not there is made, if `make` says so of the environment.
    async fn read(
        app: &AppState,
        vendor: &VendorAuth,
        user: UserId,
        tenant: &TenantId,
        make: impl Fn(&Environment) -> bool,
    ) -> ApiResult<Self> {
        let store = &vendor.store;
        let (users, catalog) = (store.users(), store.catalog());
        let read = || async { users.arrival(user, tenant).await?.ok_or(ApiError::Unauthenticated) };
        let (WithEnvironment { environment, value: mut arrival }, own) =
            tokio::try_join!(read(), async { Ok(catalog.roles_of_tenant(tenant).await?) })?;
        if arrival.as_ref().is_some_and(|arrival| arrival.tenant.is_none()) && make(&environment) {
            ensure_tenant(app, store, tenant).await?;
            arrival = read().await?.value;
        }
        let arrival = arrival.ok_or(ApiError::NotFound("user"))?;
        let tenant = arrival.tenant.clone().ok_or(ApiError::NotFound("tenant"))?;
        let catalog = and_roles(catalog.load(&environment).await?, own);
        Ok(Self { environment, tenant, catalog, arrival })
    }

    /// Lets the user in, with the roles for new members unless they belong to the tenant, and makes `change`.
    async fn enter(
        &self,
        vendor: &VendorAuth,
        status: &MembershipStatus,
        now: Timestamp,
        change: impl FnMut(&mut User) -> ApiResult<()>,
    ) -> ApiResult<Addition> {
        let tenant = &self.tenant.tenant_id;
        let membership = |is_first| {
            let role_ids = self.catalog.roles_for_new_member(tenant, is_first);
            Membership::new(tenant.clone(), role_ids, status.clone(), now)
        };
        let entered = vendor.store.users().let_in(tenant, self.arrival.clone(), membership, change).await?;
        entered.ok_or(ApiError::NotFound("user"))
    }
}
