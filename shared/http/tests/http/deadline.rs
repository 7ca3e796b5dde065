use std::future::pending;

use axum::Router;
use axum::routing::get;
use rookery_testkit::TestApp;
use serde_json::json;
use tokio::time::{Instant, pause};

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_before_the_gateway_gives_up() {
    let app = TestApp::start(Router::new().route("/never", get(pending::<()>))).await;
    pause();
    let begun = Instant::now();
    let response = app.anonymous().get("/never").await;
    assert_eq!(begun.elapsed().as_secs(), 25);
    assert_eq!(response.expect(503), json!({"errors": ["the service is busy: try again in a moment"]}));
    assert_eq!(response.header("retry-after").unwrap(), "1");
    assert!(response.header("frontegg-trace-id").is_some());
    assert_eq!(app.anonymous().get("/health").await.status(), 200);
}
