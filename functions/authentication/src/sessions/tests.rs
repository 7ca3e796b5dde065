//! A user's sessions, through the router.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use rookery_domain::{SessionId, VendorId};
use rookery_testkit::{Client, TestApp};
use rookery_tokens::{LocalSigner, UserClaims, decode, encode};
use serde_json::{Value, json};

use crate::support::{SESSIONS, SIGN_IN, claims, scene};

fn as_user(client: &Client, id: &(impl ToString + ?Sized)) -> Client {
    client.with("frontegg-user-id", &id.to_string())
}

#[tokio::test]
async fn a_user_sees_where_they_are_signed_in() {
    let scene = scene().await;
    let phone = scene.app.anonymous().with("user-agent", "Phone");
    let body = json!({ "email": "jane@example.com", "password": rookery_testkit::PASSWORD });
    let first = phone.post(SIGN_IN, body).await.expect(200);
    scene.app.clock().advance(Duration::from_mins(1));
    let laptop = scene.signed_in().await;
    let sessions = laptop.get(SESSIONS).await.expect(200);
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    assert_eq!(sessions[0]["current"], true);
    assert_eq!(
        sessions[1],
        json!({
            "id": claims(&first)["sid"],
            "createdAt": "2026-01-01T00:00:00.000Z",
            "expires": "2026-01-31T00:00:00.000Z",
            "ipAddress": null,
            "userAgent": "Phone",
            "current": false,
            "impersonated": false,
        })
    );
    assert_eq!(laptop.get(&format!("{SESSIONS}/current")).await.expect(200), sessions[0]);
    let vendor = as_user(&scene.app.vendor(), &scene.jane.id);
    let seen = vendor.get(SESSIONS).await.expect(200);
    assert!(seen.as_array().unwrap().iter().all(|session| session["current"] == false));
    assert_eq!(vendor.get(&format!("{SESSIONS}/current")).await.status(), 404);
}

#[tokio::test]
async fn what_is_over_is_not_listed() {
    let scene = scene().await;
    scene.signed_in().await;
    scene.app.clock().advance(Duration::from_hours(720));
    let client = scene.signed_in().await;
    let sessions = client.get(SESSIONS).await.expect(200);
    assert_eq!(sessions.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn one_session_ends_and_the_others_go_on() {
    let scene = scene().await;
    let (phone, laptop) = (scene.signed_in().await, scene.signed_in().await);
    let id = phone.get(&format!("{SESSIONS}/current")).await.expect(200)["id"].as_str().unwrap().to_owned();
    let response = laptop.delete(&format!("{SESSIONS}/{id}")).await;
    assert_eq!((response.status(), response.text()), (200, ""));
    assert_eq!(phone.get(SESSIONS).await.status(), 401, "its access token is good for nothing any more");
    assert_eq!(scene.refresh(&phone.refresh_token()).await.status(), 401);
    assert_eq!(laptop.get(SESSIONS).await.expect(200).as_array().unwrap().len(), 1);
    assert_eq!(laptop.delete(&format!("{SESSIONS}/{id}")).await.status(), 404);
}

#[tokio::test]
async fn all_sessions_end_the_current_one_too() {
    let scene = scene().await;
    let clients = join_all((0..3).map(|_| scene.signed_in())).await;
    let response = clients[0].delete(&format!("{SESSIONS}/all")).await;
    assert_eq!((response.status(), response.text()), (200, ""));
    for client in &clients {
        assert_eq!(client.get(SESSIONS).await.status(), 401);
    }
    assert_eq!(scene.sessions().await, 0);
    let vendor = as_user(&scene.app.vendor(), &scene.jane.id);
    assert_eq!(vendor.delete(&format!("{SESSIONS}/all")).await.status(), 200, "nothing is left to end");
}

#[tokio::test]
async fn ending_the_same_sessions_at_once_is_no_error() {
    let scene = scene().await;
    let client = scene.signed_in().await;
    let vendor = as_user(&scene.app.vendor(), &scene.jane.id);
    let id = client.get(&format!("{SESSIONS}/current")).await.expect(200)["id"].as_str().unwrap().to_owned();
    let path = format!("{SESSIONS}/{id}");
    let responses = join_all((0..10).map(|_| vendor.delete(&path))).await;
    assert_eq!(responses.iter().filter(|response| response.status() == 200).count(), 1);
    assert_eq!(responses.iter().filter(|response| response.status() == 404).count(), 9);
    join_all((0..3).map(|_| scene.signed_in())).await;
    let all = format!("{SESSIONS}/all");
    let responses = join_all((0..10).map(|_| vendor.delete(&all))).await;
    assert!(responses.iter().all(|response| response.status() == 200));
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn sessions_of_others_are_out_of_reach() {
    let scene = scene().await;
    let john = scene.app.user("john@example.com", &scene.acme, &["Admin"]).await;
    let johns = scene.app.sign_in(&john, &scene.acme).await;
    let janes = scene.signed_in().await;
    let id = janes.get(&format!("{SESSIONS}/current")).await.expect(200)["id"].as_str().unwrap().to_owned();
    assert_eq!(johns.delete(&format!("{SESSIONS}/{id}")).await.status(), 404);
    // With a user's token the header counts for nothing.
    let pretender = as_user(&johns, &scene.jane.id);
    assert_eq!(pretender.delete(&format!("{SESSIONS}/{id}")).await.status(), 404);
    assert_eq!(pretender.get(SESSIONS).await.expect(200).as_array().unwrap().len(), 1);
    let other = as_user(&scene.app.neighbour().await.vendor(), &scene.jane.id);
    assert_eq!(other.get(SESSIONS).await.status(), 404);
    assert_eq!(other.delete(&format!("{SESSIONS}/all")).await.status(), 404);
    assert_eq!(other.delete(&format!("{SESSIONS}/{id}")).await.status(), 404);
    assert_eq!(scene.sessions().await, 1);
}

#[tokio::test]
async fn a_vendor_says_whose_sessions_are_meant() {
    let scene = scene().await;
    let vendor = scene.app.vendor();
    assert_eq!(vendor.get(SESSIONS).await.status(), 400);
    assert_eq!(as_user(&vendor, "nobody").get(SESSIONS).await.status(), 400);
    let nobody = SessionId::random(&*scene.app.state().entropy);
    assert_eq!(as_user(&vendor, &nobody).get(SESSIONS).await.status(), 404);
    let vendor = as_user(&vendor, &scene.jane.id);
    for id in ["nothing", &nobody.to_string(), "%23"] {
        assert_eq!(vendor.delete(&format!("{SESSIONS}/{id}")).await.status(), 404);
    }
}

#[tokio::test]
async fn a_list_takes_two_waves() {
    let scene = scene().await;
    let client = scene.signed_in().await;
    client.get(SESSIONS).await.expect(200);
    let waves = scene.app.store().round_trips().waves();
    client.get(SESSIONS).await.expect(200);
    assert_eq!(scene.app.store().round_trips().waves() - waves, 2);
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// What the access token in an authorization header says.
fn claims_of(app: &TestApp, token: &str) -> UserClaims {
    decode(token, &app.state().user_keys, app.state().now()).unwrap()
}

#[tokio::test]
async fn only_a_token_that_rookery_signed_for_this_session_is_good() {
    let scene = scene().await;
    let app = &scene.app;
    let answer = scene.try_sign_in().await.expect(200);
    let token = answer["accessToken"].as_str().unwrap();
    let claims = claims_of(app, token);
    let body = serde_json::to_value(&claims).unwrap();
    let signer = app.state().user_keys.current();
    let get = async |token: &str| app.anonymous().bearer(token).get(SESSIONS).await.status();
    assert_eq!(get(token).await, 200);

    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut raised = body.clone();
    raised["superUser"] = json!(true);
    let (header, _) = message.split_once('.').unwrap();
    let tampered = format!("{header}.{}.{signature}", encoded(&raised));
    let unsigned = format!("{}.{}.", encoded(&json!({ "alg": "none", "typ": "JWT" })), encoded(&body));
    let symmetric = {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": signer.kid() });
        let message = format!("{}.{}", encoded(&header), encoded(&body));
        let key = hmac::Key::new(hmac::HMAC_SHA256, signer.public_key().pem().as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())))
    };
    let stranger = encode(&claims, &LocalSigner::generate().unwrap()).await.unwrap();
    let elsewhere: VendorId = app.neighbour().await.environment().id();
    let elsewhere = encode(&UserClaims { aud: elsewhere, ..claims.clone() }, signer).await.unwrap();
    let no_session = SessionId::random(&*app.state().entropy);
    let no_session = encode(&UserClaims { sid: no_session, ..claims.clone() }, signer).await.unwrap();
    for bad in [
        tampered.as_str(),
        &unsigned,
        &symmetric,
        stranger.expose(),
        elsewhere.expose(),
        no_session.expose(),
        message,
        "",
        "x",
    ] {
        assert_eq!(get(bad).await, 401, "{bad}");
    }
    assert_eq!(app.anonymous().get(SESSIONS).await.status(), 401);
    app.clock().advance(Duration::from_mins(5));
    assert_eq!(get(token).await, 401, "it has expired");
}
