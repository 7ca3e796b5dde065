//! Cross-origin requests (Fetch standard, "CORS protocol"): only origins that the environment lists, each by name.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rookery_domain::Environment;

use super::deadline::within;
use super::{PREFLIGHT_REMEMBERED, TRACE_ID};
use crate::{ApiResult, AppState, host};

/// Answers preflight requests, and tells browsers which pages may read the other answers.
pub(super) async fn answer(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let headers = request.headers().clone();
    let preflight =
        request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let (allowed, mut response) = if preflight {
        let allowed = is_allowed(&origin, &headers, &app).await;
        let wanted = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let headers = if allowed { preflight_headers(wanted) } else { HeaderMap::new() };
        (allowed, (StatusCode::NO_CONTENT, headers).into_response())
    } else {
        // Whether the page may read the answer is found out while the answer is made.
        tokio::join!(is_allowed(&origin, &headers, &app), next.run(request))
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, TRACE_ID.into());
    }
    response
}

fn preflight_headers(wanted: Option<HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_REMEMBERED.as_secs().into());
    // The origin is trusted, and clients add headers of their own with every release: what is asked for is allowed.
    if let Some(wanted) = wanted {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    }
    headers
}

/// Whether pages of `origin` may call the environment that `headers` lead to. When that cannot be found out they may
/// not: the browser then reports an error, and that is what it is.
async fn is_allowed(origin: &HeaderValue, headers: &HeaderMap, app: &AppState) -> bool {
    let environment = async || -> ApiResult<Option<Environment>> {
        match host::environment_of(headers, app).await? {
            Some(vendor) => Ok(app.store.environment(vendor).get().await?),
            None => Ok(None),
        }
    };
    match (within(environment()).await.flatten(), origin.to_str()) {
        (Ok(Some(environment)), Ok(origin)) => environment.trusts_origin(origin),
        (Ok(_), _) => false,
        (Err(error), _) => {
            tracing::error!(
                cause = &error as &dyn std::error::Error,
                "the origins of an environment are not known"
            );
            false
        }
    }
}
