//! Bodies of requests, read as API Gateway reads them: to the end, before anything is answered.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use rookery_http::ApiError;

/// How much of a body is kept, in bytes: more than any endpoint takes, so that it is refused there.
const KEPT: usize = 1024 * 1024;

/// Has the request come in whole. A client that is still sending when it is answered finds the connection reset, and never
/// sees the answer.
pub(crate) async fn read_whole(request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return ApiError::Invalid("the request body cannot be read".to_owned()).into_response();
        };
        if let Some(data) = frame.data_ref().filter(|_| kept.len() < KEPT) {
            kept.extend_from_slice(data);
        }
    }
    next.run(Request::from_parts(parts, Body::from(kept))).await
}
