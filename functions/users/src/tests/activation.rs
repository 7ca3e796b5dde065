use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{LockReason, Password};
use rookery_testkit::{Fault, PASSWORD, passwords};
use rookery_tokens::{PasswordHash, Verdict};
use serde_json::{Value, json};

use super::*;

const ACTIVATE: &str = "/identity/resources/users/v1/activate";
const RESET: &str = "/identity/resources/users/v1/activate/reset";
const STRATEGY: &str = "/identity/resources/users/v1/activate/strategy";
const WRONG: &str = "the token is wrong, used or expired: ask for a new one";

fn request(user: UserId, token: &PlainToken) -> Value {
    json!({"userId": user.to_string(), "token": token.expose(), "password": PASSWORD})
}

pub(super) async fn has_password(app: &TestApp, email: &str, password: &str) -> bool {
    let login = app.environment().users().login(&email.parse().unwrap()).await.unwrap().unwrap().value;
    let Some(hash) = login.unwrap().password_hash else { return false };
    let hash: PasswordHash = hash.parse().unwrap();
    passwords().verify(Password::from(password), &hash).await.unwrap() == Verdict::Right
}

#[tokio::test]
async fn nothing_that_depends_on_the_address_is_done_before_the_answer() {
    let (app, gate) = TestApp::start_behind_gate(crate::router()).await;
    let acme = app.tenant("Acme").await;
    let (_, _) = newcomer(&app, "waits@example.com", &acme).await;
    app.user("active@example.com", &acme, &[]).await;
    let mails = app.mail().len();
    // The look-up of the address is a batch; what follows is not.
    for operation in ["GetItem", "TransactWriteItems"] {
        gate.bar(operation, Fault::Answer(400, "ProvisionedThroughputExceededException"));
    }
    for address in ["waits@example.com", "active@example.com", "nobody@example.com"] {
        let answer = app.anonymous().post(RESET, json!({"email": address})).await;
        assert_eq!((answer.status(), answer.text()), (201, ""), "{address}");
    }
    assert_eq!(app.mail().len(), mails);
}

#[tokio::test]
async fn an_account_is_activated_once_and_its_owner_signed_in() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;

    let activated = app.anonymous().post(ACTIVATE, request(id, &token)).await;
    let body = activated.expect(200);
    assert_eq!((&body["userId"], &body["emailVerified"]), (&json!(id.to_string()), &json!(true)));
    assert!(activated.header("set-cookie").unwrap().starts_with("fe_refresh_"));
    let me = app.anonymous().bearer(body["accessToken"].as_str().unwrap());
    let me = me.get("/identity/resources/users/v2/me").await.expect(200);
    assert_eq!((&me["tenantId"], &me["activatedForTenant"]), (&json!(acme.as_str()), &json!(true)));

    let user = stored(&app, id).await;
    assert!(user.verified && user.activation.is_none() && user.last_login.is_some());
    assert_eq!(user.memberships[0].status, MembershipStatus::Activated);
    assert!(has_password(&app, "jane@example.com", PASSWORD).await);
    assert_eq!(app.anonymous().post(ACTIVATE, request(id, &token)).await.error(400), WRONG);
}

#[tokio::test]
async fn of_ten_activations_with_one_token_one_succeeds() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let anonymous = app.anonymous();
    let responses = join_all((0..10).map(|_| anonymous.post(ACTIVATE, request(id, &token)))).await;
    assert_eq!((statuses(&responses, 200), statuses(&responses, 400)), (1, 9));
    assert_eq!(app.environment().sessions().of_user(id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_password_that_is_missing_or_poor_does_not_use_the_token_up() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    for (password, message) in [
        (Value::Null, "password is needed"),
        (json!("Sh0rt!"), "at least 10 characters"),
        (json!("x1Y-".repeat(2_000)), "at most 128 characters"),
    ] {
        let body = json!({"userId": id.to_string(), "token": token.expose(), "password": password});
        let refused = app.anonymous().post(ACTIVATE, body).await.error(400);
        assert!(refused.contains(message), "{refused}");
    }
    assert!(!stored(&app, id).await.verified);
    let _ = app.anonymous().post(ACTIVATE, request(id, &token)).await.expect(200);
}

#[tokio::test]
async fn every_wrong_token_is_answered_alike() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let active = app.user("joe@example.com", &acme, &[]).await;
    let refused = async |body: Value| app.anonymous().post(ACTIVATE, body).await.error(400);

    assert_eq!(refused(request(id, &PlainToken::presented("guess".to_owned()))).await, WRONG);
    assert_eq!(refused(request(active.id, &token)).await, WRONG);
    assert_eq!(refused(request(UserId::random(&*app.state().entropy), &token)).await, WRONG);
    assert_eq!(refused(json!({"userId": "nobody", "token": "guess"})).await, WRONG);
    let query = format!("{STRATEGY}?userId={id}&token=guess");
    assert_eq!(app.anonymous().get(&query).await.error(400), WRONG);
    let elsewhere = app.neighbour().await.anonymous();
    assert_eq!(elsewhere.post(ACTIVATE, request(id, &token)).await.error(400), WRONG);

    app.clock().advance(Duration::from_hours(7 * 24));
    assert_eq!(refused(request(id, &token)).await, WRONG);
}

#[tokio::test]
async fn the_strategy_says_whether_a_password_must_be_set() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let strategy = async |id: UserId, token: &PlainToken| {
        let query = format!("{STRATEGY}?userId={id}&token={}", token.expose());
        app.anonymous().get(&query).await.expect(200)
    };
    assert_eq!(strategy(id, &token).await, json!({"shouldSetPassword": true}));

    let jane = app.user("joe@example.com", &acme, &[]).await;
    let (secret, kept) = OneTimeToken::issue(&*app.state().entropy, app.state().now());
    change(&app, jane.id, |user| {
        user.verified = false;
        user.activation = Some(kept.clone());
    })
    .await;
    assert_eq!(strategy(jane.id, &secret).await, json!({"shouldSetPassword": false}));
    let body = json!({"userId": jane.id.to_string(), "token": secret.expose()});
    let _ = app.anonymous().post(ACTIVATE, body).await.expect(200);
    assert!(has_password(&app, "joe@example.com", PASSWORD).await, "it stays");
}

#[tokio::test]
async fn an_account_that_has_a_password_keeps_it() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let client = app.sign_in(&jane, &acme).await;
    let (secret, kept) = OneTimeToken::issue(&*app.state().entropy, app.state().now());
    change(&app, jane.id, |user| user.activation = Some(kept.clone())).await;
    let body = json!({"userId": jane.id.to_string(), "token": secret.expose(), "password": "Other-Horse-8"});
    let refused = app.anonymous().post(ACTIVATE, body).await.error(400);
    assert!(refused.contains("password must be left out"), "{refused}");
    assert!(has_password(&app, "jane@example.com", PASSWORD).await);
    let body = json!({"userId": jane.id.to_string(), "token": secret.expose()});
    let _ = app.anonymous().post(ACTIVATE, body).await.expect(200);
    let _ = client.get("/identity/resources/users/v2/me").await.expect(200);
}

#[tokio::test]
async fn who_could_not_sign_in_keeps_the_token() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    change(&app, id, |user| user.locked = Some(LockReason::Administrator)).await;
    let refused = app.anonymous().post(ACTIVATE, request(id, &token)).await.expect(401);
    assert_eq!(refused["errorCode"], "ER-01034");

    change(&app, id, |user| {
        user.locked = None;
        user.memberships[0].disabled = true;
    })
    .await;
    let refused = app.anonymous().post(ACTIVATE, request(id, &token)).await.error(401);
    assert!(refused.contains("no tenant"), "{refused}");
    change(&app, id, |user| user.memberships[0].disabled = false).await;
    let _ = app.anonymous().post(ACTIVATE, request(id, &token)).await.expect(200);
}

#[tokio::test]
async fn another_mail_voids_the_one_before_and_tells_nobody_who_is_known() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, first) = newcomer(&app, "jane@example.com", &acme).await;
    app.user("joe@example.com", &acme, &[]).await;
    for email in ["nobody@example.com", "joe@example.com"] {
        let answer = app.anonymous().post(RESET, json!({"email": email})).await;
        assert_eq!((answer.status(), answer.text()), (201, ""));
    }
    assert!(app.mail().is_empty());

    let answer =
        app.anonymous().post(RESET, json!({"email": " Jane@Example.com ", "emailMetadata": null})).await;
    assert_eq!((answer.status(), answer.text()), (201, ""));
    assert_eq!(app.mail()[0].variables["tenantName"].as_str(), Some("Acme"));
    let second = PlainToken::presented(mailed_token(&app, "ActivateUser"));
    assert_eq!(app.anonymous().post(ACTIVATE, request(id, &first)).await.error(400), WRONG);
    let _ = app.anonymous().post(ACTIVATE, request(id, &second)).await.expect(200);
    let refused = app.anonymous().post(RESET, json!({"email": "jane"})).await.error(400);
    assert!(refused.contains("email"), "{refused}");
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_activates_nothing() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let page = app.anonymous().with("origin", "https://evil.example.com");
    let answer = page.post(ACTIVATE, request(id, &token)).await;
    assert_eq!((answer.status(), answer.header("set-cookie")), (403, None));
    let page = app.anonymous().with("origin", "https://app.example.com");
    let _ = page.post(ACTIVATE, request(id, &token)).await.expect(200);
}

#[tokio::test]
async fn a_stranger_cannot_fill_a_mailbox_and_the_latest_link_goes_on_working() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, _) = newcomer(&app, "jane@example.com", &acme).await;
    for _ in 0..7 {
        let again = json!({ "email": "jane@example.com" });
        let _ = app.anonymous().post("/identity/resources/users/v1/activate/reset", again).await.expect(201);
    }
    assert_eq!(app.mail().len(), 5);
    let token = mailed_token(&app, "ActivateUser");
    let body = json!({ "userId": id.to_string(), "token": token, "password": PASSWORD });
    app.anonymous().post("/identity/resources/users/v1/activate", body).await.expect(200);
}
