//! Lists of tenants.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::RawQuery;
use rookery_domain::{TenantId, bounded};
use rookery_http::auth::VendorAuth;
use rookery_http::page::{PageParameters, PageResponse};
use rookery_http::{ApiError, ApiResult, Query};
use rookery_store::{TenantQuery, TenantSort};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::profile::TenantResponse;

/// How many tenants a page has unless it says otherwise.
const DEFAULT_PAGE: usize = 50;

/// How many tenants a page may have.
const LARGEST_PAGE: usize = 200;

/// How many tenants the list that is not paged may have. That many fit the 6 MB that a function can answer as long as they
/// have little metadata; an answer that does not fit is refused whatever it lists.
const LARGEST_UNPAGED: usize = 2_000;

/// How many characters a search may have: as many as a name or an id.
const LONGEST_FILTER: usize = 255;

/// Which tenants, and in which order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TenantFilter {
    /// Only those whose name or id contains this, whatever its case.
    #[serde(rename = "_filter")]
    #[param(rename = "_filter")]
    filter: Option<String>,
    /// `createdAt`, `name` or `tenantId`.
    #[serde(rename = "_sortBy")]
    #[param(rename = "_sortBy")]
    sort_by: Option<String>,
    /// Only these, separated by commas or one parameter each; at most 200. Given and left empty, none.
    #[serde(rename = "_tenantIds")]
    #[param(rename = "_tenantIds", value_type = Option<Vec<String>>)]
    tenant_ids: Option<Vec<String>>,
}

impl TenantFilter {
    fn query(self, mut query: TenantQuery) -> ApiResult<TenantQuery> {
        query.sort = match self.sort_by.as_deref() {
            None | Some("createdAt") => TenantSort::CreatedAt,
            Some("name") => TenantSort::Name,
            Some("tenantId") => TenantSort::TenantId,
            Some(_) => {
                return Err(ApiError::Invalid("_sortBy must be createdAt, name or tenantId".to_owned()));
            }
        };
        query.ids = self.tenant_ids.as_deref().map(tenant_ids).transpose()?;
        query.filter = self.filter.map(|text| bounded("_filter", text, LONGEST_FILTER)).transpose()?;
        Ok(query)
    }
}

fn tenant_ids(ids: &[String]) -> ApiResult<Vec<TenantId>> {
    let ids = ids.iter().map(|id| id.parse()).collect::<Result<BTreeSet<TenantId>, _>>()?;
    if ids.len() > LARGEST_PAGE {
        return Err(ApiError::Invalid(format!("_tenantIds may name at most {LARGEST_PAGE} tenants")));
    }
    Ok(ids.into_iter().collect())
}

/// Lists tenants, a page at a time.
#[utoipa::path(
    get,
    path = "/tenants/resources/tenants/v2",
    tag = "tenants",
    operation_id = "TenantControllerV2_getTenants",
    security(("vendor" = [])),
    params(PageParameters, TenantFilter),
    responses((status = OK, body = PageResponse<TenantResponse>), (status = BAD_REQUEST)),
)]
pub(crate) async fn list_v2(
    vendor: VendorAuth,
    Query(page): Query<PageParameters>,
    Query(filter): Query<TenantFilter>,
    RawQuery(raw): RawQuery,
) -> ApiResult<Json<PageResponse<TenantResponse>>> {
    let request = page.request(DEFAULT_PAGE, LARGEST_PAGE)?;
    let query =
        filter.query(TenantQuery { page: request, ..TenantQuery::page(request.limit, request.index) })?;
    let tenants = vendor.store.tenants().list(&query).await?;
    let tenants = tenants.map(|tenant| TenantResponse::new(vendor.store.id(), tenant));
    Ok(Json(PageResponse::new(tenants, request, raw.as_deref())))
}

/// Lists tenants, all of them unless `_limit` says otherwise.
///
/// An environment with more than 2,000, or with tenants that make more than 6 MB, must be read a page at a time.
#[utoipa::path(
    get,
    path = "/tenants/resources/tenants/v1",
    tag = "tenants",
    operation_id = "TenantControllerV1_getTenants",
    security(("vendor" = [])),
    params(PageParameters, TenantFilter),
    responses((status = OK, body = Vec<TenantResponse>), (status = BAD_REQUEST)),
)]
pub(crate) async fn list_v1(
    vendor: VendorAuth,
    Query(page): Query<PageParameters>,
    Query(filter): Query<TenantFilter>,
) -> ApiResult<Json<Vec<TenantResponse>>> {
    let request = page.request(LARGEST_UNPAGED, LARGEST_UNPAGED)?;
    let query =
        filter.query(TenantQuery { page: request, ..TenantQuery::page(request.limit, request.index) })?;
    let tenants = vendor.store.tenants().list(&query).await?;
    if page.limit.is_none() && tenants.total > LARGEST_UNPAGED {
        return Err(ApiError::Invalid(format!(
            "there are more than {LARGEST_UNPAGED} tenants: read them by page, with _limit and _offset"
        )));
    }
    Ok(Json(tenants.map(|tenant| TenantResponse::new(vendor.store.id(), tenant)).items))
}
