//! Searching the audit log.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rookery_domain::{Order, Page, Timestamp, VendorId};
use rookery_http::{ApiError, ApiResult, AppState, Query};
use rookery_store::{FiledRecord, RowPage, TimeRange};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::matching::Matcher;
use crate::record::text_of;
use crate::scope::Scope;

/// How many rows an answer has unless it says otherwise.
const DEFAULT_ROWS: u64 = 20;

/// How many rows a list may have.
pub(crate) const MOST_ROWS: u64 = 200;

/// How many records can be sorted by another field than `createdAt`.
const SORTED_AT_MOST: usize = 10_000;

/// What both versions of a search say.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowParameters {
    /// How many rows come before those of the answer.
    #[param(value_type = Option<u64>, minimum = 0)]
    offset: Option<String>,
    /// How many rows the answer has; 20 unless it says otherwise.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 200)]
    count: Option<String>,
    /// The field to sort by: `createdAt` unless it says otherwise.
    #[serde(rename = "sortBy")]
    #[param(rename = "sortBy", pattern = "^[A-Za-z0-9_]+$")]
    sort_by: Option<String>,
    /// `asc` or `desc`; the newest come first unless it says otherwise.
    #[serde(rename = "sortDirection")]
    #[param(rename = "sortDirection")]
    sort_direction: Option<String>,
    /// Only records that contain this in one of their fields, whatever its case.
    filter: Option<String>,
    /// Only records from then on (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<String>,
    /// Only records up to then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    created_to: Option<String>,
}

/// What the first version says besides. Any other parameter is the name of a field, and what it must be.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FirstParameters {
    /// The same as `count`, under another name.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `virtual`: for lists that are scrolled; the answer is the same.
    #[serde(rename = "paginationMode")]
    #[param(rename = "paginationMode")]
    pagination_mode: Option<String>,
}

/// What the second version says besides.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SecondParameters {
    /// Only records of these tenants, separated by commas or one parameter each.
    #[param(value_type = Option<Vec<String>>)]
    tenant_ids: Option<Vec<String>>,
    /// Only what these users did, by their ids.
    #[param(value_type = Option<Vec<String>>)]
    users: Option<Vec<String>>,
    /// Only what those with these addresses did.
    #[param(value_type = Option<Vec<String>>)]
    email: Option<Vec<String>>,
}

/// Parameters that are not the names of fields.
const NO_FIELDS: [&str; 11] = [
    "offset",
    "count",
    "limit",
    "paginationMode",
    "filter",
    "sortBy",
    "sortDirection",
    "created_from",
    "created_to",
    "vendorId",
    "tenantId",
];

/// What to look for, and which rows of what is found.
pub(crate) struct Search {
    matcher: Matcher,
    range: TimeRange,
    sort_by: String,
    order: Order,
    offset: u64,
    count: Option<u64>,
}

/// A search as the first version of an endpoint takes it.
pub(crate) struct FirstSearch(pub(crate) Search);

/// A search as the second version of an endpoint takes it.
pub(crate) struct SecondSearch(pub(crate) Search);

impl FromRequestParts<AppState> for FirstSearch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let Query(rows) = Query::<RowParameters>::from_request_parts(parts, app).await?;
        let Query(first) = Query::<FirstParameters>::from_request_parts(parts, app).await?;
        let Query(all) = Query::<BTreeMap<String, String>>::from_request_parts(parts, app).await?;
        if first.pagination_mode.is_some_and(|mode| !matches!(mode.as_str(), "" | "virtual")) {
            return Err(ApiError::Invalid("paginationMode must be virtual, or left out".to_owned()));
        }
        let count = rows.count.clone().or(first.limit);
        let mut search = Search::new(RowParameters { count, ..rows })?;
        let no_field = |name: &str| NO_FIELDS.contains(&name) || name.starts_with('_');
        for (name, value) in all.into_iter().filter(|(name, _)| !no_field(name)) {
            search.matcher = search.matcher.with_one_of(&name, Some(vec![value]))?;
        }
        Ok(Self(search))
    }
}

impl FromRequestParts<AppState> for SecondSearch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> ApiResult<Self> {
        let Query(rows) = Query::<RowParameters>::from_request_parts(parts, app).await?;
        let Query(second) = Query::<SecondParameters>::from_request_parts(parts, app).await?;
        let mut search = Search::new(rows)?;
        for (name, values) in
            [("tenantId", second.tenant_ids), ("user", second.users), ("email", second.email)]
        {
            search.matcher = search.matcher.with_one_of(name, values)?;
        }
        Ok(Self(search))
    }
}

impl Search {
    fn new(rows: RowParameters) -> ApiResult<Self> {
        let sort_by = rows.sort_by.filter(|name| !name.is_empty()).unwrap_or_else(|| "createdAt".to_owned());
        let is_name = |name: &str| {
            name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !is_name(&sort_by) {
            return Err(ApiError::Invalid(
                "sortBy must be the name of a field: letters, digits and _".to_owned(),
            ));
        }
        let order = match rows.sort_direction.as_deref() {
            None | Some("") => Order::Descending,
            Some(text) if text.eq_ignore_ascii_case("asc") => Order::Ascending,
            Some(text) if text.eq_ignore_ascii_case("desc") => Order::Descending,
            Some(_) => return Err(ApiError::Invalid("sortDirection must be asc or desc".to_owned())),
        };
        Ok(Self {
            matcher: Matcher::default().containing(rows.filter)?,
            range: TimeRange {
                from: moment("created_from", rows.created_from)?,
                to: moment("created_to", rows.created_to)?,
            },
            sort_by,
            order,
            offset: number("offset", rows.offset)?.unwrap_or_default(),
            count: number("count", rows.count)?,
        })
    }

    /// The rows of a list.
    pub(crate) async fn list(self, scope: &Scope, now: Timestamp) -> ApiResult<Page<FiledRecord>> {
        let count = self.count.unwrap_or(DEFAULT_ROWS);
        if !(1..=MOST_ROWS).contains(&count) {
            return Err(ApiError::Invalid(format!("count must be from 1 to {MOST_ROWS}")));
        }
        let mut rows = Vec::new();
        let total = Self { count: Some(count), ..self }.run(scope, now, |filed| rows.push(filed)).await?;
        Ok(Page { items: rows, total })
    }

    /// Shows `visit` the rows that are asked for, all of them if no number is, and answers how many records were found.
    pub(crate) async fn run(
        self,
        scope: &Scope,
        now: Timestamp,
        mut visit: impl FnMut(FiledRecord),
    ) -> ApiResult<usize> {
        let (journal, vendor) = (scope.store.journal(), scope.store.id());
        let (tenant, by_time) = (scope.tenant.as_ref(), self.sort_by == "createdAt");
        if let (true, true, Some(count)) = (by_time, self.matcher.is_open(), self.count) {
            let rows = RowPage { offset: self.offset, count: count.min(MOST_ROWS), order: self.order };
            let page = journal.page(tenant, self.range, rows, now).await?;
            if count <= MOST_ROWS {
                page.items.into_iter().for_each(visit);
                return Ok(page.total);
            }
        }
        let (offset, end) = (self.offset, self.offset.saturating_add(self.count.unwrap_or(u64::MAX)));
        let is_shown = |row: usize| (offset..end).contains(&(row as u64));
        let (mut found, mut sorted) = (0_usize, Vec::new());
        let order = if by_time { self.order } else { Order::Ascending };
        let search = journal.search(tenant, self.range, order, now, |filed| {
            if self.matcher.finds(vendor, &filed) {
                if !by_time {
                    // More than can be sorted are counted and not kept.
                    sorted.extend((sorted.len() <= SORTED_AT_MOST).then_some(filed));
                } else if is_shown(found) {
                    visit(filed);
                }
                found += 1;
            }
        });
        search.await?;
        if !by_time {
            self.sort(vendor, &mut sorted)?;
            let rows = sorted.into_iter().enumerate().filter(|(row, _)| is_shown(*row));
            rows.for_each(|(_, filed)| visit(filed));
        }
        Ok(found)
    }

    fn sort(&self, vendor: VendorId, records: &mut [FiledRecord]) -> ApiResult<()> {
        if records.len() > SORTED_AT_MOST {
            return Err(ApiError::Invalid(format!(
                "more than {SORTED_AT_MOST} records cannot be sorted by {}: sort by createdAt, or ask for fewer",
                self.sort_by
            )));
        }
        let key =
            |filed: &FiledRecord| text_of(vendor, filed, &self.sort_by).unwrap_or_default().into_owned();
        records.sort_by_cached_key(key);
        if self.order == Order::Descending {
            records.reverse();
        }
        Ok(())
    }
}

fn number(name: &str, text: Option<String>) -> ApiResult<Option<u64>> {
    let parsed = text.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose();
    parsed.map_err(|_| ApiError::Invalid(format!("{name} must be a whole number from zero")))
}

fn moment(name: &str, text: Option<String>) -> ApiResult<Option<Timestamp>> {
    let parsed = text.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose();
    let wrong = "must be a date and time with its zone, such as 2026-01-31T00:00:00Z (RFC 3339)";
    parsed.map_err(|_| ApiError::Invalid(format!("{name} {wrong}")))
}
