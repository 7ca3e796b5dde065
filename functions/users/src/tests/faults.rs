use rookery_testkit::{Fault, PASSWORD};
use rookery_tokens::SigningError;
use serde_json::json;

use super::*;

const ACTIVATE: &str = "/identity/resources/users/v1/activate";

/// Whether the caller was told to try again.
fn is_put_off(response: &Response) -> bool {
    response.error(503) == "the service is busy: try again in a moment"
        && response.header("retry-after").as_deref() == Some("1")
}

fn throttled() -> SigningError {
    SigningError::Throttled("too many signatures".into())
}

#[tokio::test]
async fn an_activation_that_fails_does_not_use_the_token_up() {
    let (app, gate) = TestApp::start_behind_gate(crate::router()).await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let body = json!({"userId": id.to_string(), "token": token.expose(), "password": PASSWORD});

    app.fail_signatures(throttled as fn() -> SigningError);
    assert!(is_put_off(&app.anonymous().post(ACTIVATE, body.clone()).await));
    app.fail_signatures(None);
    gate.bar("TransactWriteItems", Fault::Answer(400, "ProvisionedThroughputExceededException"));
    assert!(is_put_off(&app.anonymous().post(ACTIVATE, body.clone()).await));
    gate.open();

    let user = stored(&app, id).await;
    assert!(!user.verified && user.activation.is_some() && user.last_login.is_none());
    assert!(app.environment().sessions().of_user(id).await.unwrap().is_empty());
    let _ = app.anonymous().post(ACTIVATE, body).await.expect(200);
}
