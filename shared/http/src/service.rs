//! What stands around a group's router: tidy paths, cross-origin rules, a trace id, limits, and JSON for every error.

mod answer_size;
mod cors;
mod deadline;
mod headers;
pub mod health;
mod path;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use tower::{Service, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::actor::TraceId;
use crate::{ApiError, AppState, Observed};

/// The id by which a request is found in the logs; clients report it with errors.
const TRACE_ID: HeaderName = HeaderName::from_static("frontegg-trace-id");

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 512 * 1024;

/// For how long browsers may remember the answer to a preflight request.
const PREFLIGHT_REMEMBERED: Duration = Duration::from_mins(10);

/// A service that answers with the endpoints of `router`, and whether it runs.
pub fn service(
    router: Router<AppState>,
    app: AppState,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
    let router = router.merge(health::router());
    ServiceBuilder::new().map_request(path::tidy::<Body>).service(with_layers(router, app))
}

fn with_layers(router: Router<AppState>, app: AppState) -> Router {
    router
        .fallback(async || ApiError::NoRoute)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(answer_size::bound))
        // Within the cross-origin rules, so that a page may read the answer.
        .layer(from_fn(deadline::enforce))
        .layer(from_fn_with_state(app.clone(), cors::answer))
        .layer(CatchPanicLayer::custom(|panic: Box<dyn std::any::Any + Send>| {
            let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
            ApiError::internal(message.unwrap_or_else(|| "a handler panicked".to_owned())).into_response()
        }))
        .layer(map_response(headers::protect))
        .layer(from_fn({
            let app = app.clone();
            move |request: Request, next: Next| trace(app.clone(), request, next)
        }))
        .with_state(app)
}

/// Gives the request an id, which its log lines and its answer carry. The path as it was called is not logged: somebody may
/// have put an address or a token into it.
async fn trace(app: AppState, mut request: Request, next: Next) -> Response {
    let id = app.entropy.uuid().to_string();
    request.extensions_mut().insert(TraceId(id.clone()));
    let (method, extensions) = (request.method().clone(), request.extensions());
    let route = extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let observed = extensions.get::<Observed>().cloned().unwrap_or_default();
    let span = tracing::info_span!(
        "request",
        traceId = %id,
        %method,
        route = route.as_deref().unwrap_or("none"),
        status = tracing::field::Empty,
    );
    async {
        let mut response = next.run(request).await;
        let status = response.status();
        // Neither is an endpoint: they would be as many as paths times methods that somebody makes up.
        let called = method != Method::OPTIONS && status != StatusCode::METHOD_NOT_ALLOWED;
        let endpoint = route.filter(|_| called).map(|route| format!("{method} {route}"));
        if let Ok(id) = HeaderValue::try_from(&id) {
            response.headers_mut().insert(TRACE_ID, id);
        }
        observed.note_answer(id, endpoint);
        tracing::Span::current().record("status", status.as_u16());
        tracing::info!("answered");
        response
    }
    .instrument(span)
    .await
}
