//! Lists of users.

use std::sync::Arc;

use axum::Json;
use axum::extract::RawQuery;
use rookery_domain::{Catalog, EmailAddress, Membership, Page, TenantId, User, UserId};
use rookery_http::auth::{Applicant, Principal, ReadUsers, ScopeAuth};
use rookery_http::page::{PageParameters, PageResponse};
use rookery_http::wire::{UserDetails, UserResponse, Viewer};
use rookery_http::{ApiError, ApiResult, Query, with_own_roles};
use rookery_store::{Glance, UserQuery};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::filter::{LARGEST_PAGE, NamedUsers, UserFilter, UserFilterV3, user_ids};
use crate::scope::tenants_below;

/// How many users a page has unless it says otherwise.
const DEFAULT_PAGE: usize = 50;

/// The roles of a user in one tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserRolesRow {
    vendor_id: Uuid,
    tenant_id: String,
    user_id: Uuid,
    role_ids: Vec<Uuid>,
}

/// Lists users with their roles and permissions, a page at a time.
///
/// A vendor sees the users of the whole environment, or those of the tenant that the header names. A user sees those of
/// their own tenant. Users of the tenants below are among them, for a user only if they may act in sub-tenants.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v1",
    tag = "users",
    operation_id = "UsersControllerV1_getUsers",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only."),
        PageParameters,
        UserFilter,
    ),
    responses((status = OK, body = PageResponse<UserResponse>), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list_v1(
    applicant: Applicant<ReadUsers>,
    page: ApiResult<Query<PageParameters>>,
    filter: ApiResult<Query<UserFilter>>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Json<PageResponse<UserResponse>>> {
    list(applicant, page, filter, raw.as_deref()).await
}

/// Lists users as version 1 does.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v2",
    tag = "users",
    operation_id = "UsersControllerV2_getUsers",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only."),
        PageParameters,
        UserFilter,
    ),
    responses((status = OK, body = PageResponse<UserResponse>), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list_v2(
    applicant: Applicant<ReadUsers>,
    page: ApiResult<Query<PageParameters>>,
    filter: ApiResult<Query<UserFilter>>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Json<PageResponse<UserResponse>>> {
    list(applicant, page, filter, raw.as_deref()).await
}

async fn list(
    applicant: Applicant<ReadUsers>,
    page: ApiResult<Query<PageParameters>>,
    filter: ApiResult<Query<UserFilter>>,
    raw: Option<&str>,
) -> ApiResult<Json<PageResponse<UserResponse>>> {
    let asked = || {
        let (Query(page), Query(filter)) = (page?, filter?);
        let request = page.request(DEFAULT_PAGE, LARGEST_PAGE)?;
        let with_sub_tenants = filter.include_sub_tenants.unwrap_or(true);
        let query = within(applicant.tenant_id.clone(), applicant.is_vendor(), filter.query(request)?);
        Ok((request, with_sub_tenants, query))
    };
    let (request, with_sub_tenants, query) = match asked() {
        Ok(asked) => asked,
        Err(error) => return Err(applicant.refuse(error).await),
    };
    let (caller, glance) = begin(applicant, query).await?;
    let (found, catalog) = tokio::try_join!(find(&caller, glance, with_sub_tenants), catalog_for(&caller))?;
    let memberships: Vec<_> = found.users.items.iter().flat_map(|user| &user.memberships).collect();
    let catalog = with_own_roles(&caller.store, catalog, memberships).await?;
    Ok(Json(PageResponse::new(found.show(&caller, Some(&catalog)), request, raw)))
}

/// Lists users without their roles and permissions, a page at a time.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v3",
    tag = "users",
    operation_id = "UsersControllerV3_getUsers",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only."),
        PageParameters,
        UserFilterV3,
    ),
    responses((status = OK, body = PageResponse<UserResponse>), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list_v3(
    applicant: Applicant<ReadUsers>,
    page: ApiResult<Query<PageParameters>>,
    filter: ApiResult<Query<UserFilterV3>>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Json<PageResponse<UserResponse>>> {
    let asked = || {
        let (Query(page), Query(filter)) = (page?, filter?);
        let request = page.request(DEFAULT_PAGE, LARGEST_PAGE)?;
        let tenant = tenant_named_twice(&applicant, filter.tenant_id.as_deref())?;
        let with_sub_tenants = filter.include_sub_tenants.unwrap_or(true);
        let addresses = filter.addresses()?;
        let query = within(tenant, applicant.is_vendor(), filter.query(request)?);
        Ok((request, with_sub_tenants, addresses, query))
    };
    let (request, with_sub_tenants, addresses, query) = match asked() {
        Ok(asked) => asked,
        Err(error) => return Err(applicant.refuse(error).await),
    };
    let (caller, glance) = match addresses.is_empty() {
        true => begin(applicant, query).await?,
        false => begin_with_owners(applicant, query, &addresses).await?,
    };
    let found = find(&caller, glance, with_sub_tenants).await?;
    Ok(Json(PageResponse::new(found.show(&caller, None), request, raw.as_deref())))
}

/// Lists the roles of users, a row for each of their tenants.
#[utoipa::path(
    get,
    path = "/identity/resources/users/v3/roles",
    tag = "users",
    operation_id = "UsersControllerV3_getUsersRoles",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only."),
        NamedUsers,
    ),
    responses((status = OK, body = Vec<UserRolesRow>), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn roles(
    caller: ScopeAuth<ReadUsers>,
    Query(named): Query<NamedUsers>,
) -> ApiResult<Json<Vec<UserRolesRow>>> {
    let named = named.ids.ok_or_else(|| ApiError::Invalid("ids must name the users".to_owned()))?;
    let ids = user_ids(&named)?;
    let page = UserQuery::page(Vec::new(), LARGEST_PAGE, 0);
    let is_vendor = caller.principal.user().is_none();
    let query = within(caller.tenant_id.clone(), is_vendor, UserQuery { ids: Some(ids), ..page });
    let glance = caller.store.users().glance(query).await?;
    let (found, catalog) = tokio::try_join!(find(&caller, glance, false), catalog_for(&caller))?;
    let mut rows = Vec::new();
    for user in &found.users.items {
        rows.extend(found.memberships(user).map(|membership| (user.id, membership)));
    }
    let memberships: Vec<_> = rows.iter().map(|(_, membership)| *membership).collect();
    let catalog = with_own_roles(&caller.store, catalog, memberships).await?;
    let rows = rows.into_iter().map(|(user, membership)| UserRolesRow {
        vendor_id: caller.store.id().as_uuid(),
        tenant_id: membership.tenant_id.to_string(),
        user_id: user.as_uuid(),
        role_ids: catalog.roles_of(membership).map(|role| role.id.as_uuid()).collect(),
    });
    Ok(Json(rows.collect()))
}

/// Users that were found, and where they were looked for.
struct Found {
    users: Page<User>,
    /// The tenants whose members they are; none for the whole environment.
    scope: Vec<TenantId>,
}

impl Found {
    fn show(self, caller: &ScopeAuth<ReadUsers>, catalog: Option<&Catalog>) -> Page<UserResponse> {
        let Self { users, scope } = self;
        let viewer = match caller.principal {
            Principal::Vendor(_) => Viewer::Vendor,
            Principal::User(_) => Viewer::Colleague,
        };
        users.map(|user| {
            // Of several tenants that are asked about, the upper ones come first.
            let tenant = scope.iter().find(|tenant| user.membership(tenant).is_some());
            UserDetails { vendor: caller.store.id(), catalog, tenant, viewer }.show(&user)
        })
    }

    /// The memberships of `user` in the tenants that are asked about.
    fn memberships<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Membership> {
        let asked = |membership: &&Membership| self.covers(membership);
        user.memberships.iter().filter(asked)
    }

    fn covers(&self, membership: &Membership) -> bool {
        self.scope.is_empty() || self.scope.contains(&membership.tenant_id)
    }
}

/// `query` within `tenant`; without one, in the whole environment. Vendors see invisible users too.
fn within(tenant: Option<TenantId>, is_vendor: bool, query: UserQuery) -> UserQuery {
    UserQuery { tenants: tenant.into_iter().collect(), by_vendor: is_vendor, ..query }
}

/// Looks up who asks, and at the same time who is on the page.
async fn begin(
    applicant: Applicant<ReadUsers>,
    query: UserQuery,
) -> ApiResult<(ScopeAuth<ReadUsers>, Glance)> {
    let store = applicant.store.clone();
    let users = store.users();
    let (caller, glance) = tokio::join!(applicant.admit(), users.glance(query));
    Ok((caller?, glance?))
}

/// The same, of those who own all of `addresses`.
async fn begin_with_owners(
    applicant: Applicant<ReadUsers>,
    mut query: UserQuery,
    addresses: &[EmailAddress],
) -> ApiResult<(ScopeAuth<ReadUsers>, Glance)> {
    let caller = applicant.admit().await?;
    for address in addresses {
        let mut owner: Vec<_> = owner_of(&caller, address).await?.into_iter().collect();
        owner.retain(|id| query.ids.as_ref().is_none_or(|ids| ids.contains(id)));
        query.ids = Some(owner);
    }
    let glance = caller.store.users().glance(query).await?;
    Ok((caller, glance))
}

/// The users that `glance` begins with and, if `with_sub_tenants`, those in the tenants below.
///
/// Most tenants have none below them. So their own list is read at the same time as the tree, and again with the others
/// only where there are others.
async fn find(caller: &ScopeAuth<ReadUsers>, glance: Glance, with_sub_tenants: bool) -> ApiResult<Found> {
    let users = caller.store.users();
    let mut query = glance.query().clone();
    let below = async {
        match query.tenants.first().filter(|_| with_sub_tenants) {
            Some(tenant) => tenants_below(&caller.principal, &caller.store, tenant).await,
            None => Ok(Vec::new()),
        }
    };
    let (found, below) = tokio::try_join!(async { Ok(users.list_from(glance).await?) }, below)?;
    if below.is_empty() {
        return Ok(Found { users: found, scope: query.tenants });
    }
    query.tenants.extend(below);
    Ok(Found { users: users.list(&query).await?, scope: query.tenants })
}

/// The roles and permissions of the environment.
async fn catalog_for(caller: &ScopeAuth<ReadUsers>) -> ApiResult<Arc<Catalog>> {
    let environment = match &caller.principal {
        Principal::Vendor(vendor) => vendor.store.get().await?.ok_or(ApiError::Unauthenticated)?,
        Principal::User(user) => user.environment.clone(),
    };
    Ok(caller.store.catalog().load(&environment).await?)
}

/// Whose address `email` is.
async fn owner_of(caller: &ScopeAuth<ReadUsers>, email: &EmailAddress) -> ApiResult<Option<UserId>> {
    let found = caller.store.users().login(email).await?;
    Ok(found.and_then(|found| found.value).map(|login| login.user_id))
}

/// The tenant that the header and the parameter `_tenantId` name, which must not be two.
fn tenant_named_twice(
    applicant: &Applicant<ReadUsers>,
    parameter: Option<&str>,
) -> ApiResult<Option<TenantId>> {
    let parameter: Option<TenantId> = parameter.map(str::parse).transpose()?;
    let agree = match (&applicant.tenant_id, &parameter) {
        (Some(tenant), Some(parameter)) => tenant == parameter,
        (Some(_) | None, _) => true,
    };
    match (agree, applicant.is_vendor()) {
        (true, _) => Ok(applicant.tenant_id.clone().or(parameter)),
        (false, false) => {
            Err(ApiError::Forbidden("_tenantId must be the tenant that the token is for".to_owned()))
        }
        (false, true) => {
            Err(ApiError::Invalid("_tenantId and the header frontegg-tenant-id must agree".to_owned()))
        }
    }
}
