//! Lists of groups.

use axum::Json;
use axum::extract::RawQuery;
use rookery_domain::{Group, GroupId, Order, Page, PageRequest};
use rookery_http::auth::ReadGroups;
use rookery_http::page::{PageParameters, PageResponse};
use rookery_http::{ApiError, ApiResult, Body, Created, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::caller::GroupsAuth;
use crate::show::{GroupResponse, WantedRelations, show};

/// How many groups a page has unless it says otherwise.
const DEFAULT_PAGE: usize = 50;

/// How many groups a page may have.
const LARGEST_PAGE: usize = 200;

/// Groups.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupsResponse {
    groups: Vec<GroupResponse>,
}

/// Which groups are wanted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupsByIdsRequest {
    /// At most 200. Those that are not there are left out.
    #[schema(value_type = Vec<String>)]
    groups_ids: Vec<GroupId>,
}

/// In which order groups come.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupOrder {
    /// `createdAt`, `updatedAt`, `name` or `id`.
    #[serde(rename = "_sortBy")]
    #[param(rename = "_sortBy")]
    sort_by: Option<String>,
}

impl GroupOrder {
    /// The page of `groups` that `request` asks for.
    fn page(&self, mut groups: Vec<Group>, request: PageRequest) -> ApiResult<Page<Group>> {
        match self.sort_by.as_deref() {
            None | Some("createdAt") => groups.sort_by_key(|group| group.created_at),
            Some("updatedAt") => groups.sort_by_key(|group| group.updated_at),
            Some("name") => groups.sort_by_cached_key(|group| rookery_domain::folded(&group.name)),
            Some("id") => groups.sort_by_key(|group| group.id),
            Some(_) => {
                return Err(ApiError::Invalid("_sortBy must be createdAt, updatedAt, name or id".to_owned()));
            }
        }
        if request.order == Order::Descending {
            groups.reverse();
        }
        let total = groups.len();
        let before = request.index.saturating_mul(request.limit);
        Ok(Page { items: groups.into_iter().skip(before).take(request.limit).collect(), total })
    }
}

/// Lists the groups of a tenant.
#[utoipa::path(
    get,
    path = "/identity/resources/groups/v1",
    tag = "groups",
    operation_id = "GroupsControllerV1_getAllGroups",
    security(("vendor" = []), ("user" = ["fe.secure.read.groups"])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
        WantedRelations,
    ),
    responses((status = OK, body = GroupsResponse), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn list_v1(
    caller: GroupsAuth<ReadGroups>,
    Query(wanted): Query<WantedRelations>,
) -> ApiResult<Json<GroupsResponse>> {
    let groups = caller.store.groups().list(&caller.tenant_id).await?;
    Ok(Json(GroupsResponse { groups: show(&caller, groups, wanted.relations).await? }))
}

/// Lists the groups of a tenant, a page at a time.
#[utoipa::path(
    get,
    path = "/identity/resources/groups/v2",
    tag = "groups",
    operation_id = "GroupsControllerV2_getAllGroupsPaginated",
    security(("vendor" = []), ("user" = ["fe.secure.read.groups"])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
        WantedRelations,
        PageParameters,
        GroupOrder,
    ),
    responses((status = OK, body = PageResponse<GroupResponse>), (status = FORBIDDEN), (status = NOT_FOUND)),
)]
pub(crate) async fn list_v2(
    caller: GroupsAuth<ReadGroups>,
    Query(wanted): Query<WantedRelations>,
    Query(page): Query<PageParameters>,
    Query(order): Query<GroupOrder>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Json<PageResponse<GroupResponse>>> {
    let request = page.request(DEFAULT_PAGE, LARGEST_PAGE)?;
    let groups = caller.store.groups().list(&caller.tenant_id).await?;
    let Page { items, total } = order.page(groups, request)?;
    let page = Page { items: show(&caller, items, wanted.relations).await?, total };
    Ok(Json(PageResponse::new(page, request, raw.as_deref())))
}

/// Gets groups of a tenant by their ids.
#[utoipa::path(
    post,
    path = "/identity/resources/groups/v1/bulkGet",
    tag = "groups",
    operation_id = "GroupsControllerV1_getGroupsByIds",
    security(("vendor" = []), ("user" = ["fe.secure.read.groups"])),
    params(
        ("frontegg-tenant-id" = Option<String>, Header, description = "The tenant; needed with a vendor token."),
        WantedRelations,
    ),
    request_body = GroupsByIdsRequest,
    responses(
        (status = CREATED, body = GroupsResponse),
        (status = BAD_REQUEST),
        (status = FORBIDDEN),
        (status = NOT_FOUND),
    ),
)]
pub(crate) async fn get_by_ids(
    caller: GroupsAuth<ReadGroups>,
    Query(wanted): Query<WantedRelations>,
    Body(request): Body<GroupsByIdsRequest>,
) -> ApiResult<Created<GroupsResponse>> {
    if request.groups_ids.len() > LARGEST_PAGE {
        return Err(ApiError::Invalid(format!("groupsIds can name at most {LARGEST_PAGE} groups")));
    }
    let ids = request.groups_ids.into_iter().map(|id| (&caller.tenant_id, id));
    let groups = caller.store.groups().get_all(ids).await?;
    Ok(Created(GroupsResponse { groups: show(&caller, groups, wanted.relations).await? }))
}
