//! The group through its router.

use rookery_domain::VendorId;
use rookery_testkit::TestApp;
use rookery_tokens::{UserClaims, VendorClaims, decode};
use serde_json::json;

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

#[tokio::test]
async fn a_client_id_and_its_secret_get_a_vendor_token() {
    let app = app().await;
    let (client_id, secret) = app.credentials();
    let body = json!({"clientId": client_id, "secret": secret});
    let before = app.store().round_trips().waves();
    let answer = app.anonymous().post("/auth/vendor/", body).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 1);
    assert_eq!(answer["expiresIn"], 86_400);
    let (token, state) = (answer["token"].as_str().unwrap(), app.state());
    let claims: VendorClaims = decode(token, &state.vendor_keys, state.now()).unwrap();
    assert_eq!((claims.vendor_id, claims.exp.seconds_since(claims.iat)), (client_id, 86_400));
    assert!(decode::<UserClaims>(token, &state.user_keys, state.now()).is_err(), "no user's token");
}

#[tokio::test]
async fn whichever_is_wrong_the_answer_is_the_same() {
    let app = app().await;
    let neighbour = app.neighbour().await;
    let (client_id, secret) = app.credentials();
    let (other_id, other_secret) = neighbour.credentials();
    let unknown: VendorId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let mut answers = Vec::new();
    for body in [
        json!({"clientId": client_id, "secret": "wrong"}),
        json!({"clientId": client_id, "secret": other_secret}),
        json!({"clientId": other_id, "secret": secret}),
        json!({"clientId": unknown, "secret": secret}),
        json!({"clientId": "nonsense", "secret": secret}),
    ] {
        answers.push(app.anonymous().post("/auth/vendor", body).await.error(401));
    }
    answers.dedup();
    assert_eq!(answers, ["Could not verify vendor: clientId or secret is wrong"]);
}

#[tokio::test]
async fn a_body_that_lacks_something_is_refused() {
    let app = app().await;
    for body in [json!({}), json!({"clientId": "x"}), json!({"clientId": 7, "secret": "x"}), json!("x")] {
        assert_eq!(app.anonymous().post("/auth/vendor", body.clone()).await.status(), 400, "{body}");
    }
    assert_eq!(app.anonymous().send("POST", "/auth/vendor", None).await.error(400), "a JSON body is needed");
}
