use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use rookery_testkit::TestApp;

/// Answers a string of so many quotation marks, of which each takes four bytes of what a function hands over: `\\\"`.
async fn quotes(Path(many): Path<usize>) -> Json<String> {
    Json("\"".repeat(many))
}

/// Answers a string of so many letters.
async fn letters(Path(many): Path<usize>) -> Json<String> {
    Json("x".repeat(many))
}

#[tokio::test]
async fn an_answer_that_is_larger_than_a_function_can_give_is_refused() {
    let router = Router::new().route("/quotes/{many}", get(quotes)).route("/letters/{many}", get(letters));
    let app = TestApp::start(router).await;
    for fitting in ["/quotes/1500000", "/letters/6200000"] {
        assert_eq!(app.anonymous().get(fitting).await.status(), 200, "{fitting}");
    }
    for too_large in ["/quotes/1600000", "/letters/6300000", "/letters/20000000"] {
        let refused = app.anonymous().get(too_large).await.error(400);
        assert!(refused.contains("smaller _limit"), "{refused}");
    }
}
