use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use rookery_http::auth::{Member, TenantAuth};
use rookery_http::{HostEnvironment, Observed, service};
use rookery_testkit::TestApp;
use tower::ServiceExt as _;

/// What was observed of a request with these headers.
async fn observed(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)]) -> Observed {
    let router = Router::new()
        .route("/things/{id}", get(async |_: TenantAuth<Member>| "a thing"))
        .route("/host", get(async |_: HostEnvironment| "a host"));
    let observed = Observed::default();
    let mut request = Request::builder().method(method).uri(path).extension(observed.clone());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let Ok(response) = service::service(router, app.state().clone()).oneshot(request).await;
    assert_eq!(response.headers()["frontegg-trace-id"], observed.trace_id().unwrap());
    observed
}

#[tokio::test]
async fn an_endpoint_is_known_by_its_pattern_and_nothing_else_is_one() {
    let app = TestApp::start(Router::new()).await;
    let endpoint = async |method, path, headers: &[_]| {
        observed(&app, method, path, headers).await.endpoint().map(str::to_owned)
    };
    assert_eq!(endpoint("GET", "/things/1?x=1", &[]).await.unwrap(), "GET /things/{id}");
    assert_eq!(endpoint("GET", "/frontegg/things//2/", &[]).await.unwrap(), "GET /things/{id}");
    assert_eq!(endpoint("GET", "/elsewhere/jane@example.com", &[]).await, None);
    assert_eq!(endpoint("DELETE", "/things/1", &[]).await, None);
    assert_eq!(endpoint("MADE-UP", "/things/1", &[]).await, None);
    let preflight = [("origin", "https://evil.example.com"), ("access-control-request-method", "GET")];
    assert_eq!(endpoint("OPTIONS", "/things/1", &preflight).await, None);
}

#[tokio::test]
async fn whom_a_request_is_for_is_known_once_it_has_been_proved() {
    let app = TestApp::start(Router::new()).await;
    let acme = app.tenant("Acme").await;
    let environment = Some(app.environment().id());
    let bearer = format!("Bearer {}", app.vendor_token());
    let vendor = [("authorization", bearer.as_str()), ("frontegg-tenant-id", acme.as_str())];
    let by_vendor = observed(&app, "GET", "/things/1", &vendor).await;
    assert_eq!((by_vendor.environment(), by_vendor.tenant()), (environment, Some(&acme)));
    let by_host = observed(&app, "GET", "/host", &[("host", &app.host())]).await;
    assert_eq!((by_host.environment(), by_host.tenant()), (environment, None));
    let by_nobody = observed(&app, "GET", "/things/1", &vendor[1..]).await;
    assert_eq!((by_nobody.environment(), by_nobody.tenant()), (None, None));
}
