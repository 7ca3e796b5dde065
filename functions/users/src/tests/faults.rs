use rookery_email::SendError;
use rookery_testkit::{Fault, PASSWORD};
use rookery_tokens::SigningError;
use serde_json::{Value, json};

use super::*;

const ACTIVATE: &str = "/identity/resources/users/v1/activate";
const ACTIVATE_RESET: &str = "/identity/resources/users/v1/activate/reset";
const ACCEPT: &str = "/identity/resources/users/v1/invitation/accept";
const RESET: &str = "/identity/resources/users/v1/invitation/reset";
const CREATE: &str = "/identity/resources/users/v2";

fn jane() -> Value {
    json!({"email": "jane@example.com"})
}

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

#[tokio::test]
async fn a_mail_that_is_all_that_was_asked_for_is_put_off_and_the_one_before_still_works() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    for refusal in [SendError::Throttled, SendError::Unavailable("AccountSendingPaused".into())] {
        app.refuse_mail(refusal);
        for path in [RESET, &format!("{RESET}/all"), CREATE] {
            assert!(is_put_off(&vendor.post(path, jane()).await), "{path}");
        }
    }
    let activate = json!({"userId": id.to_string(), "token": token.expose(), "password": PASSWORD});
    let _ = app.anonymous().post(ACTIVATE, activate).await.expect(200);

    let invited = TestUser { id, email: "jane@example.com".to_owned() };
    let token = invite(&app, &invited, &labs).await;
    let vendor = app.vendor().with("frontegg-tenant-id", labs.as_str());
    assert!(is_put_off(&vendor.post(RESET, jane()).await));
    app.refuse_mail(SendError::Rejected("MessageRejected".into()));
    let refused = vendor.post(RESET, jane()).await.error(400);
    assert_eq!(refused, "the mail is not accepted for this address: is it right?");
    let accept = json!({"userId": id.to_string(), "token": token.expose()});
    let _ = app.anonymous().post(ACCEPT, accept).await.expect(201);
    assert!(app.mail().is_empty());
}

#[tokio::test]
async fn a_mail_that_follows_a_change_does_not_undo_it() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    app.refuse_mail(SendError::Throttled);
    let made = vendor.post(CREATE, jane()).await.expect(201);
    app.refuse_mail(None);
    let _ = vendor.post(RESET, jane()).await.expect(200);
    let activate =
        json!({"userId": made["id"], "token": mailed_token(&app, "ActivateUser"), "password": PASSWORD});
    let _ = app.anonymous().post(ACTIVATE, activate).await.expect(200);
}

#[tokio::test]
async fn a_mail_that_fails_tells_nobody_who_is_known() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    newcomer(&app, "jane@example.com", &acme).await;
    app.refuse_mail(SendError::Throttled);
    for email in ["jane@example.com", "nobody@example.com"] {
        let answer = app.anonymous().post(ACTIVATE_RESET, json!({"email": email})).await;
        assert_eq!((answer.status(), answer.text()), (201, ""));
    }
}
