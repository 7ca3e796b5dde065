//! Between API Gateway's events (payload format 2.0) and HTTP requests.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http::header::{COOKIE, HOST, HeaderName, STRICT_TRANSPORT_SECURITY};
use lambda_http::http::{HeaderMap, HeaderValue, Uri};
use lambda_http::lambda_runtime::Runtime;
use lambda_http::lambda_runtime::layers::TracingLayer;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Error, LambdaEvent};
use rookery_http::{AppState, ClientAddress, GatewayRoute, service};
use serde::Serialize;
use tower::util::AndThenLayer;
use tower::{Service, ServiceBuilder};
use url::Url;

use crate::metrics::{Metrics, measure};
use crate::mount::{DEFAULT_STAGE, Mount};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Answers events until Lambda stops the function.
pub(crate) async fn run(router: Router<AppState>, metrics: Metrics, mount: Mount) -> Result<(), Error> {
    let app = metrics.app.clone();
    // What is deferred is done between sending the answer and asking for the next event: only then may Lambda stop the process.
    let after_the_answer = AndThenLayer::new(move |()| {
        let app = app.clone();
        async move {
            app.run_deferred().await;
            Ok(())
        }
    });
    let runtime = Runtime::new(handler(router, metrics, mount));
    runtime.layer(TracingLayer::new()).layer(after_the_answer).run().await
}

/// What answers an event with one of the endpoints.
pub(crate) fn handler(
    router: Router<AppState>,
    metrics: Metrics,
    mount: Mount,
) -> impl Service<LambdaEvent<LambdaRequest>, Response: Serialize, Error = Infallible, Future: Send> {
    let endpoints = service::service(router, metrics.app.clone());
    let endpoints = ServiceBuilder::new()
        .map_request(request)
        .layer(from_fn_with_state(Arc::new(metrics), measure))
        .map_response(by_https_alone)
        .service(endpoints);
    ServiceBuilder::new()
        .map_request(move |event: LambdaEvent<LambdaRequest>| LambdaEvent {
            payload: harmless(event.payload, &mount),
            ..event
        })
        .service(Adapter::from(endpoints))
}

/// The request, with the address of the client as API Gateway saw it, and the route that API Gateway chose.
fn request(request: lambda_http::Request) -> Request {
    let mut request = request.map(Body::new);
    let (address, route) = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            (context.http.source_ip.as_deref(), context.route_key.clone())
        }
        Some(_) | None => (None, None),
    };
    if let Some(address) = address.and_then(|address| address.parse().ok()) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    // One that is not known has no limit of its own.
    request.extensions_mut().insert(GatewayRoute(route.unwrap_or_default()));
    request
}

/// Has browsers come by HTTPS alone from now on (RFC 6797): API Gateway takes no other requests, but a first one could be led
/// elsewhere.
fn by_https_alone(mut response: Response) -> Response {
    let year = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, year);
    response
}

/// The event with the path that the endpoints know, and without what makes the adapter panic: it puts an absolute URL
/// together from the parts of an event, and takes for granted that it is one.
fn harmless(event: LambdaRequest, mount: &Mount) -> LambdaRequest {
    match event {
        LambdaRequest::ApiGatewayV2(mut event) => {
            unmount(&mut event, mount);
            disarm(&mut event);
            LambdaRequest::ApiGatewayV2(event)
        }
        other => other,
    }
}

fn unmount(event: &mut ApiGatewayV2httpRequest, mount: &Mount) {
    let context = &mut event.request_context;
    // The adapter would put the stage's name back at the beginning of the path.
    let stage = context.stage.replace(DEFAULT_STAGE.to_owned());
    let path = event.raw_path.take().unwrap_or_default();
    event.raw_path = Some(mount.strip(&path, stage.as_deref().unwrap_or(DEFAULT_STAGE)).to_owned());
}

fn disarm(event: &mut ApiGatewayV2httpRequest) {
    // Only API Gateway can be reached from outside, and it is by HTTPS.
    event.headers.remove(FORWARDED_PROTO);
    if !has_usable_host(&event.headers) {
        event.headers.remove(HOST);
    }
    // The adapter would drop all of them for one that has other letters than those of ASCII.
    for cookie in event.cookies.take().unwrap_or_default() {
        if let Ok(cookie) = HeaderValue::from_bytes(cookie.as_bytes()) {
            event.headers.append(COOKIE, cookie);
        }
    }
    let path = event.raw_path.take().unwrap_or_default();
    // The path has been decoded: what looks like the beginning of a query or fragment is part of it.
    let path = path.replace('?', "%3F").replace('#', "%23");
    event.raw_path = Some(if path.starts_with('/') { path } else { format!("/{path}") });
    if let Some(query) = &mut event.raw_query_string
        && Uri::try_from(format!("/?{query}")).is_err()
    {
        *query = encoded(query);
    }
}

/// Whether the host in `headers` makes a URL in the eyes of both libraries that will look at it.
fn has_usable_host(headers: &HeaderMap) -> bool {
    headers
        .get(HOST)
        .and_then(|host| Url::parse(&format!("https://{}/", host.to_str().ok()?)).ok())
        .is_some_and(|url| url.path() == "/" && Uri::try_from(url.as_str()).is_ok())
}

fn encoded(query: &str) -> String {
    let Ok(mut url) = Url::parse("https://localhost/") else {
        return String::new();
    };
    url.set_query(Some(query));
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use lambda_http::request::RequestOrigin;
    use serde_json::{Value, json};

    use super::*;

    fn event(host: &str, path: &str, query: &str) -> Value {
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": { "host": host, "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http,https" },
            "requestContext": {
                "accountId": "111122223333",
                "apiId": "api",
                "domainName": "api.execute-api.eu-central-1.amazonaws.com",
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7" },
                "requestId": "id",
                "stage": "$default",
            },
            "isBase64Encoded": false,
        })
    }

    fn converted(host: &str, path: &str, query: &str) -> Request {
        let event: LambdaRequest = serde_json::from_value(event(host, path, query)).unwrap();
        assert!(matches!(event.request_origin(), RequestOrigin::ApiGatewayV2));
        request(harmless(event, &Mount::default()).into())
    }

    #[test]
    fn the_endpoints_see_neither_base_path_nor_stage() {
        let mount = Mount::below(Some("id".to_owned()));
        for (stage, path) in
            [("prod", "/id/prod/tenants/a"), ("prod", "/prod/tenants/a"), ("$default", "/id/tenants/a")]
        {
            let mut event = event("auth.example.com", path, "");
            event["requestContext"]["stage"] = stage.into();
            let event: LambdaRequest = serde_json::from_value(event).unwrap();
            let request = request(harmless(event, &mount).into());
            assert_eq!(request.uri().path(), "/tenants/a", "{stage} {path}");
        }
    }

    #[test]
    fn an_event_becomes_a_request_with_the_address_that_the_gateway_saw() {
        let request = converted("auth.example.com", "/tenants/a", "x=1&x=2");
        assert_eq!(request.uri(), "https://auth.example.com/tenants/a?x=1&x=2");
        assert_eq!(request.headers()[HOST], "auth.example.com");
        let expected: IpAddr = "198.51.100.7".parse().unwrap();
        assert_eq!(request.extensions().get(), Some(&ClientAddress(expected)));
    }

    #[test]
    fn a_cookie_of_another_application_hides_no_other() {
        let mut event = event("auth.example.com", "/", "");
        event["cookies"] = json!(["city=Z\u{fc}rich", "bad=\u{1}", "fe_refresh_x=y"]);
        let event: LambdaRequest = serde_json::from_value(event).unwrap();
        let request = request(harmless(event, &Mount::default()).into());
        let cookies: Vec<_> = request.headers().get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(cookies, ["city=Z\u{fc}rich".as_bytes(), b"fe_refresh_x=y"]);
    }

    #[test]
    fn browsers_are_told_to_come_by_https_alone() {
        let answer = by_https_alone(Response::default());
        assert_eq!(answer.headers()[STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    }

    #[test]
    fn an_odd_host_is_none() {
        for host in ["", "1.2.3.4.5", "a b", "[::1", "a:port", "user@", "a/b?c", "é"] {
            let request = converted(host, "/x", "");
            assert_eq!(request.uri().path(), "/x", "{host}");
            assert!(!request.headers().contains_key(HOST), "{host}");
        }
    }

    #[test]
    fn an_odd_path_or_query_is_encoded() {
        let request = converted("auth.example.com", "/a b?c#d", "q=\"é\" <x>#y");
        assert_eq!(request.uri().path(), "/a%20b%3Fc%23d");
        assert_eq!(request.uri().query(), Some("q=%22%C3%A9%22%20%3Cx%3E%23y"));
        assert_eq!(converted("auth.example.com", "", "").uri().path(), "/");
    }
}
