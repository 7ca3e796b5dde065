//! What voids the sessions of a user voids those too that are being begun.

use futures::future::join;
use rookery_store::{NewPassword, WithEnvironment};
use rookery_testkit::{Client, PASSWORD, passwords};
use serde_json::json;

use super::*;

const SIGN_IN: &str = "/identity/resources/auth/v1/user";
const REFRESH: &str = "/identity/resources/auth/v1/user/token/refresh";
const ME: &str = "/identity/resources/users/v2/me";

/// How often each race is run.
const ROUNDS: usize = 16;

async fn with_sign_in() -> TestApp {
    TestApp::start(crate::router().merge(rookery_authentication::router())).await
}

/// Signs in, and says with what, if that succeeds.
async fn try_sign_in(app: &TestApp, email: &str, password: &str) -> Option<String> {
    let body = json!({"email": email, "password": password});
    let answer = app.anonymous().post(SIGN_IN, body).await;
    (answer.status() == 200).then(|| answer.json()["accessToken"].as_str().unwrap().to_owned())
}

async fn works(app: &TestApp, token: &str) -> bool {
    app.anonymous().bearer(token).get(ME).await.status() == 200
}

/// Sets a password as an activation or a reset does.
async fn set_password(app: &TestApp, user: UserId, password: &str) {
    let hash = passwords().hash(password.into()).await.unwrap().into();
    let environment = app.environment();
    let found = environment.users().snapshot(user).await.unwrap();
    let WithEnvironment { value, .. } = found.unwrap();
    let set: String = hash;
    let users = environment.users();
    let updated = users.update_with_password(
        value.unwrap(),
        rookery_domain::Action::UserActivated,
        NewPassword::new(&set),
        |_| Ok::<_, std::convert::Infallible>(()),
    );
    updated.await.unwrap().unwrap();
}

/// Runs `void` while somebody signs in with what it voids, and answers the access tokens that they get.
async fn begun_during(
    app: &TestApp,
    email: &str,
    password: &str,
    void: impl Future<Output = ()>,
) -> Vec<String> {
    let sign_ins = async {
        let mut tokens = Vec::new();
        for _ in 0..3 {
            tokens.extend(try_sign_in(app, email, password).await);
        }
        tokens
    };
    join(sign_ins, void).await.0
}

async fn none_works(app: &TestApp, tokens: &[String]) -> bool {
    for token in tokens {
        if works(app, token).await {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn no_session_of_an_old_password_outlives_it() {
    let app = with_sign_in().await;
    let acme = app.tenant("Acme").await;
    for round in 0..ROUNDS {
        let email = format!("jane{round}@example.com");
        let jane = app.user(&email, &acme, &[]).await;
        let earlier = app.sign_in(&jane, &acme).await;
        let void = set_password(&app, jane.id, "Other-Horse-8");
        let tokens = begun_during(&app, &email, PASSWORD, void).await;
        assert!(none_works(&app, &tokens).await);
        assert_eq!(earlier.get(ME).await.status(), 401);
        assert_eq!(earlier.send("POST", REFRESH, None).await.status(), 401);
        let token = try_sign_in(&app, &email, "Other-Horse-8").await.unwrap();
        assert!(works(&app, &token).await);
    }
}

#[tokio::test]
async fn no_session_of_an_old_address_outlives_it() {
    let app = with_sign_in().await;
    let acme = app.tenant("Acme").await;
    for round in 0..ROUNDS {
        let email = format!("jane{round}@example.com");
        let jane = app.user(&email, &acme, &[]).await;
        let path = format!("/identity/resources/users/v1/{}/email", jane.id);
        let vendor = app.vendor();
        let moved = async {
            let _ = vendor.put(&path, json!({"email": format!("roe{round}@example.com")})).await.expect(200);
        };
        let tokens = begun_during(&app, &email, PASSWORD, moved).await;
        assert!(none_works(&app, &tokens).await);
        assert!(try_sign_in(&app, &format!("roe{round}@example.com"), PASSWORD).await.is_some());
    }
}

#[tokio::test]
async fn no_session_comes_back_with_the_unlock() {
    let app = with_sign_in().await;
    let acme = app.tenant("Acme").await;
    for round in 0..ROUNDS {
        let email = format!("jane{round}@example.com");
        let jane = app.user(&email, &acme, &[]).await;
        let path = format!("/identity/resources/users/v1/{}", jane.id);
        let vendor = app.vendor();
        let locked = async {
            let _ = vendor.post(&format!("{path}/lock"), json!({})).await.expect(200);
        };
        let earlier: Client = app.sign_in(&jane, &acme).await;
        let tokens = begun_during(&app, &email, PASSWORD, locked).await;
        let _ = vendor.post(&format!("{path}/unlock"), json!({})).await.expect(200);
        assert!(none_works(&app, &tokens).await, "they began before the lock, or during it");
        assert_eq!(earlier.send("POST", REFRESH, None).await.status(), 401);
        assert!(try_sign_in(&app, &email, PASSWORD).await.is_some());
    }
}

/// A session that the race leaves behind is not even listed.
#[tokio::test]
async fn a_void_session_is_no_session_anywhere() {
    let app = with_sign_in().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let client = app.sign_in(&jane, &acme).await;
    change(&app, jane.id, User::void_sessions).await;
    assert_eq!(app.environment().sessions().of_user(jane.id).await.unwrap().len(), 1, "it is in the table");
    assert_eq!(client.get(ME).await.status(), 401);
    assert_eq!(client.send("POST", REFRESH, None).await.status(), 401);
    let vendor = app.vendor().with("frontegg-user-id", &jane.id.to_string());
    let listed = vendor.get("/identity/resources/users/sessions/v1/me").await.expect(200);
    assert_eq!(listed, json!([]));
}

#[tokio::test]
async fn what_was_mailed_to_an_old_address_is_void() {
    let app = with_sign_in().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let token = invite(&app, &jane, &labs).await;
    let path = format!("/identity/resources/users/v1/{}/email", jane.id);
    let _ = app.vendor().put(&path, json!({"email": "roe@example.com"})).await.expect(200);
    let accept = json!({"userId": jane.id.to_string(), "token": token.expose()});
    let refused = app.anonymous().post("/identity/resources/users/v1/invitation/accept", accept).await;
    assert_eq!(refused.status(), 400);
    let membership = stored(&app, jane.id).await.membership(&labs).cloned().unwrap();
    assert!(!membership.has_joined(), "the invitation waits, for another mail");
}
