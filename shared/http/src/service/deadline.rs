//! How long a request may take.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::{ApiError, ApiResult};

/// API Gateway gives up after 30 seconds, and then answers in its own words. Calls to AWS have limits of their own, but a
/// change that others keep getting in the way of is tried many times.
const DEADLINE: Duration = Duration::from_secs(25);

/// Answers in time: as `next` does or, when that takes too long, that the server is busy.
pub(super) async fn enforce(request: Request, next: Next) -> Response {
    within(next.run(request)).await.unwrap_or_else(IntoResponse::into_response)
}

/// Awaits `work`, which is dropped at the deadline: a write that is under way by then is made or not.
pub(super) async fn within<T>(work: impl Future<Output = T>) -> ApiResult<T> {
    timeout(DEADLINE, work).await.map_err(|_| {
        tracing::warn!("a request took too long and was given up");
        ApiError::Busy
    })
}
