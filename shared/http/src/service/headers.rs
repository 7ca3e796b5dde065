//! What every answer tells browsers and caches.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;

/// Has caches keep nothing of an answer that does not say otherwise: nearly all hold personal data or tokens (RFC 9111,
/// section 5.2.2.5). And has browsers take it for what it says it is.
pub(super) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
