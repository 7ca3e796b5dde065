//! What the audit log counts, for a vendor.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use rookery_domain::{Order, Timestamp};
use rookery_http::auth::VendorAuth;
use rookery_http::{ApiError, ApiResult, AppState, Query};
use rookery_store::TimeRange;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const DAY: i64 = 86_400_000;

/// The shortest slot, in milliseconds.
const SHORTEST_SLOT: i64 = 60_000;

/// How many slots there may be.
const MOST_SLOTS: i64 = 1_000;

/// How many names a ranking may have.
const LONGEST_RANKING: usize = 100;

/// From when to when, and how fine.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MetricsParameters {
    /// Milliseconds since the epoch; a week before `to` unless it says otherwise.
    #[param(value_type = Option<i64>)]
    from: Option<String>,
    /// Milliseconds since the epoch; now unless it says otherwise.
    #[param(value_type = Option<i64>)]
    to: Option<String>,
    /// How many names each ranking has; 10 unless it says otherwise.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The length of a slot of `auditsCounterByTime` in milliseconds; a day unless it says otherwise.
    #[param(value_type = Option<u64>, minimum = 60_000)]
    frequency: Option<String>,
}

/// How many records there are, by what.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetricsResponse {
    /// The resources with the most records.
    top_resources: BTreeMap<String, u64>,
    /// The tenants with the most records.
    top_tenants: BTreeMap<String, u64>,
    /// The number of records of each slot that has some, by when the slot begins.
    audits_counter_by_time: BTreeMap<String, u64>,
}

struct Metrics {
    range: (i64, i64),
    limit: usize,
    slot: i64,
}

impl MetricsParameters {
    fn metrics(self, now: Timestamp) -> ApiResult<Metrics> {
        let to = number("to", self.to)?.unwrap_or_else(|| now.as_millis());
        let from = number("from", self.from)?.unwrap_or(to.saturating_sub(7 * DAY));
        let slot = number("frequency", self.frequency)?.unwrap_or(DAY);
        let limit = number("limit", self.limit)?.unwrap_or(10);
        if slot < SHORTEST_SLOT {
            return Err(ApiError::Invalid(format!(
                "frequency must be at least {SHORTEST_SLOT} milliseconds"
            )));
        }
        if to < from || (to - from) / slot >= MOST_SLOTS {
            return Err(ApiError::Invalid(format!(
                "from must be before to, and at most {MOST_SLOTS} times frequency before it"
            )));
        }
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=LONGEST_RANKING).contains(limit));
        let limit =
            limit.ok_or_else(|| ApiError::Invalid(format!("limit must be from 1 to {LONGEST_RANKING}")))?;
        Ok(Metrics { range: (from, to), limit, slot })
    }
}

/// Counts the records of an environment by resource, by tenant and by time. Of at most 50,000 records: more are refused.
#[utoipa::path(
    get,
    path = "/audits/resources/metrics/v1",
    tag = "audit-logs",
    operation_id = "MetricsController_getMetrics",
    security(("vendor" = [])),
    params(MetricsParameters),
    responses((status = OK, body = MetricsResponse), (status = BAD_REQUEST)),
)]
pub(crate) async fn get(
    vendor: VendorAuth,
    State(app): State<AppState>,
    Query(parameters): Query<MetricsParameters>,
) -> ApiResult<Json<MetricsResponse>> {
    let now = app.now();
    let Metrics { range: (from, to), limit, slot } = parameters.metrics(now)?;
    let range = TimeRange { from: Some(Timestamp::from_millis(from)), to: Some(Timestamp::from_millis(to)) };
    let (mut resources, mut tenants, mut times) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let journal = vendor.store.journal();
    let search = journal.search(None, range, Order::Ascending, now, |filed| {
        let begins = from + (filed.created_at.as_millis() - from).div_euclid(slot) * slot;
        *times.entry(Timestamp::from_millis(begins).to_string()).or_default() += 1;
        if let Some(resource) = filed.record.resource {
            *resources.entry(resource).or_default() += 1;
        }
        if let Some(tenant) = filed.record.tenant_id {
            *tenants.entry(tenant.to_string()).or_default() += 1;
        }
    });
    search.await?;
    Ok(Json(MetricsResponse {
        top_resources: top(resources, limit),
        top_tenants: top(tenants, limit),
        audits_counter_by_time: times,
    }))
}

/// The `limit` names with the largest numbers.
fn top(counts: BTreeMap<String, u64>, limit: usize) -> BTreeMap<String, u64> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(limit);
    counts.into_iter().collect()
}

fn number(name: &str, text: Option<String>) -> ApiResult<Option<i64>> {
    let parsed = text.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose();
    let number: Option<i64> =
        parsed.map_err(|_| ApiError::Invalid(format!("{name} must be a whole number")))?;
    // The years up to 9999: whatever is counted with them stays within 64 bits.
    match number.is_some_and(|number| !(0..=253_402_207_200_000).contains(&number)) {
        true => Err(ApiError::Invalid(format!("{name} must be a number of milliseconds from zero"))),
        false => Ok(number),
    }
}
