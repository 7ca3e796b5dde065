//! Lists of roles.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use axum::Json;
use axum::extract::RawQuery;
use futures::future::try_join_all;
use rookery_domain::{Order, Page, Role, RoleLevel, TenantId, bounded, folded};
use rookery_http::auth::{ReadRoles, ScopeAuth};
use rookery_http::page::{PageParameters, PageResponse};
use rookery_http::wire::RoleResponse;
use rookery_http::{ApiError, ApiResult, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::author::Author;
use crate::limits::at_most;
use crate::roles::show;

/// How many roles a page has unless it says otherwise.
const DEFAULT_PAGE: usize = 50;

/// How many roles a page may have.
const LARGEST_PAGE: usize = 2_000;

/// How many characters a search may have.
const LONGEST_FILTER: usize = 254;

/// How many tenants a list may name: the roles of each are read.
const MOST_TENANTS: usize = 50;

/// Which roles, and in which order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RoleFilter {
    /// Only those whose key, name or description contains this, whatever its case.
    #[serde(rename = "_filter")]
    #[param(rename = "_filter")]
    filter: Option<String>,
    /// `createdAt`, `updatedAt`, `key`, `name`, `description`, `level`, `isDefault`, `firstUserRole` or `permissions`
    /// (how many they are).
    #[serde(rename = "_sortBy")]
    #[param(rename = "_sortBy")]
    sort_by: Option<String>,
    /// Only roles of these ranks, separated by commas or one parameter each. Given and left empty, none.
    #[serde(rename = "_levels")]
    #[param(rename = "_levels", value_type = Option<Vec<i64>>)]
    levels: Option<Vec<String>>,
    /// Only roles of these tenants' own, separated by commas or one parameter each; at most 50. Given and left empty, none.
    #[serde(rename = "_tenantIds")]
    #[param(rename = "_tenantIds", value_type = Option<Vec<String>>)]
    tenant_ids: Option<Vec<String>>,
}

/// Lists roles: those of the environment and, with a tenant, its own.
#[utoipa::path(
    get,
    path = "/identity/resources/roles/v1",
    tag = "authorization",
    operation_id = "PermissionsControllerV1_getAllRoles",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only.")),
    responses((status = OK, body = Vec<RoleResponse>), (status = FORBIDDEN)),
)]
pub(crate) async fn list_v1(caller: ScopeAuth<ReadRoles>) -> ApiResult<Json<Vec<RoleResponse>>> {
    let author = Author::of(&caller).await?;
    Ok(Json(author.roles().into_iter().map(|role| show(role, &author)).collect()))
}

/// Lists roles, a page at a time: those of the environment and, with a tenant, its own.
///
/// A vendor who names no tenant in the header may name several in `_tenantIds`.
#[utoipa::path(
    get,
    path = "/identity/resources/roles/v2",
    tag = "authorization",
    operation_id = "PermissionsControllerV2_getAllRoles",
    security(("vendor" = []), ("user" = [])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only."),
        PageParameters,
        RoleFilter,
    ),
    responses((status = OK, body = PageResponse<RoleResponse>), (status = BAD_REQUEST), (status = FORBIDDEN)),
)]
pub(crate) async fn list_v2(
    caller: ScopeAuth<ReadRoles>,
    Query(page): Query<PageParameters>,
    Query(filter): Query<RoleFilter>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Json<PageResponse<RoleResponse>>> {
    let request = page.request(DEFAULT_PAGE, LARGEST_PAGE)?;
    let selection = Selection::new(filter)?;
    let author = Author::of(&caller).await?;
    let author = selection.with_tenants_named(author, &caller).await?;
    let mut roles = author.roles();
    roles.retain(|role| selection.takes(role));
    roles.sort_by(|a, b| match request.order {
        Order::Ascending => (selection.sort)(a, b),
        Order::Descending => (selection.sort)(b, a),
    });
    let total = roles.len();
    let items = roles.into_iter().skip(request.skipped()).take(request.limit);
    let page = Page { items: items.map(|role| show(role, &author)).collect(), total };
    Ok(Json(PageResponse::new(page, request, raw.as_deref())))
}

/// Lists the ranks that roles have, each once and the strongest first.
#[utoipa::path(
    get,
    path = "/identity/resources/roles/v2/distinct-levels",
    tag = "authorization",
    operation_id = "RolesControllerV2_getDistinctLevels",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only.")),
    responses((status = OK, body = Vec<i64>), (status = FORBIDDEN)),
)]
pub(crate) async fn distinct_levels(caller: ScopeAuth<ReadRoles>) -> ApiResult<Json<BTreeSet<i64>>> {
    let author = Author::of(&caller).await?;
    Ok(Json(author.catalog.roles.values().map(|role| role.level.into()).collect()))
}

/// Lists the tenants that have roles of their own: those of the environment or, with a tenant, that one or none.
#[utoipa::path(
    get,
    path = "/identity/resources/roles/v2/distinct-tenants",
    tag = "authorization",
    operation_id = "RolesControllerV2_getDistinctTenants",
    security(("vendor" = []), ("user" = [])),
    params(("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; with a vendor token only.")),
    responses((status = OK, body = Vec<String>), (status = FORBIDDEN)),
)]
pub(crate) async fn distinct_tenants(caller: ScopeAuth<ReadRoles>) -> ApiResult<Json<BTreeSet<TenantId>>> {
    if caller.tenant_id.is_none() {
        return Ok(Json(caller.store.catalog().tenants_with_roles().await?.into_iter().collect()));
    }
    let author = Author::of(&caller).await?;
    Ok(Json(author.catalog.roles.values().filter_map(|role| role.tenant_id.clone()).collect()))
}

/// Which roles of those that are seen, and in which order.
struct Selection {
    filter: Option<String>,
    levels: Option<Vec<RoleLevel>>,
    tenants: Option<HashSet<TenantId>>,
    sort: fn(&Role, &Role) -> Ordering,
}

impl Selection {
    fn new(filter: RoleFilter) -> ApiResult<Self> {
        let text = filter.filter.map(|text| bounded("_filter", text, LONGEST_FILTER)).transpose()?;
        Ok(Self {
            filter: text.as_deref().map(folded),
            levels: filter.levels.as_deref().map(levels).transpose()?,
            tenants: filter.tenant_ids.as_deref().map(tenants).transpose()?,
            sort: sort(filter.sort_by.as_deref())?,
        })
    }

    /// `author`, who sees the roles of the tenants named too, if it is a vendor who asks about no single tenant.
    async fn with_tenants_named(&self, author: Author, caller: &ScopeAuth<ReadRoles>) -> ApiResult<Author> {
        if author.tenant.is_some() {
            return Ok(author);
        }
        let catalog = caller.store.catalog();
        let named = self.tenants.iter().flatten();
        let roles = try_join_all(named.map(|tenant| catalog.roles_of_tenant(tenant))).await?;
        Ok(author.seeing(roles.concat()))
    }

    fn takes(&self, role: &Role) -> bool {
        let contains = |filter: &String| {
            let description = role.description.as_deref().unwrap_or_default();
            let texts = [role.key.as_str(), role.name.as_str(), description];
            texts.iter().any(|text| folded(text).contains(filter))
        };
        let tenant = role.tenant_id.as_ref();
        self.filter.as_ref().is_none_or(contains)
            && self.levels.as_ref().is_none_or(|levels| levels.contains(&role.level))
            && self.tenants.as_ref().is_none_or(|named| tenant.is_some_and(|own| named.contains(own)))
    }
}

fn levels(named: &[String]) -> ApiResult<Vec<RoleLevel>> {
    let levels = named.iter().map(|level| {
        let level = level.parse::<i64>().ok().and_then(|level| level.try_into().ok());
        level.ok_or_else(|| ApiError::Invalid("_levels must be whole numbers from 0 to 32767".to_owned()))
    });
    levels.collect()
}

fn tenants(named: &[String]) -> ApiResult<HashSet<TenantId>> {
    let ids = named.iter().map(|id| id.parse()).collect::<Result<Vec<_>, _>>()?;
    Ok(at_most(MOST_TENANTS, "_tenantIds can name", ids)?.into_iter().collect())
}

/// The order that `_sortBy` asks for. The roles come oldest first, and stay so where they are equal; that is all there
/// is to the orders by users and groups, which roles do not know.
fn sort(by: Option<&str>) -> ApiResult<fn(&Role, &Role) -> Ordering> {
    Ok(match by {
        None | Some("createdAt") => |a, b| a.created_at.cmp(&b.created_at),
        Some("updatedAt") => |a, b| a.updated_at.cmp(&b.updated_at),
        Some("key") => |a, b| a.key.cmp(&b.key),
        Some("name") => |a, b| a.name.cmp(&b.name),
        Some("description") => |a, b| a.description.cmp(&b.description),
        Some("level") => |a, b| a.level.cmp(&b.level),
        Some("isDefault") => |a, b| a.is_default.cmp(&b.is_default),
        Some("firstUserRole") => |a, b| a.is_first_user.cmp(&b.is_first_user),
        Some("permissions") => |a, b| a.permission_ids.len().cmp(&b.permission_ids.len()),
        Some("userTenants" | "groups") => |_, _| Ordering::Equal,
        Some(_) => {
            return Err(ApiError::Invalid(
                "_sortBy must be createdAt, updatedAt, key, name, description, level, isDefault, firstUserRole or permissions"
                    .to_owned(),
            ));
        }
    })
}
