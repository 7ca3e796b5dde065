//! Sessions: what keeps them alive and what ends them.

use futures::future::join_all;
use serde_json::json;

use crate::support::{Client, PASSWORD, address, claims, new_tenant, new_user, refresh, role, sign_in};

const ME: &str = "/identity/resources/users/v2/me";
const SESSIONS: &str = "/identity/resources/users/sessions/v1/me";

#[tokio::test]
async fn eight_tabs_that_refresh_at_once_stay_signed_in() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let _ = new_user(&vendor, &tenant, &email, &[]).await;
    let cookie = sign_in(&email, PASSWORD).await.cookie.unwrap();
    let answers = join_all((0..8).map(|_| refresh(&cookie, json!({})))).await;
    let mut tokens: Vec<_> =
        answers.iter().map(|answer| answer.ok(201)["refreshToken"].to_string()).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all got the same successor");
    let next = answers[0].cookie.clone().unwrap();
    let jane = Client::anonymous().bearer(&refresh(&next, json!({})).await.ok(201)["accessToken"]);
    assert_eq!(jane.get(SESSIONS).await.ok(200).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_an_administrator_changes_is_in_the_next_token() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let (email, admin) = (address(), role(&vendor, "Admin").await);
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    let cookie = sign_in(&email, PASSWORD).await.cookie.unwrap();
    let roles = format!("/identity/resources/users/v1/{id}/roles");
    let managing = vendor.with("frontegg-tenant-id", &tenant);
    let _ = managing.post(&roles, json!({"roleIds": [admin]})).await.ok(201);
    let refreshed = refresh(&cookie, json!({})).await;
    let token = claims(&refreshed.ok(201)["accessToken"]);
    assert!(token["roles"].as_array().unwrap().contains(&json!("Admin")), "{token}");
    let _ = managing.delete_with(&roles, json!({"roleIds": [admin]})).await.ok(200);
    let token = refresh(&refreshed.cookie.unwrap(), json!({})).await.ok(201);
    assert!(!claims(&token["accessToken"])["roles"].as_array().unwrap().contains(&json!("Admin")));
}

#[tokio::test]
async fn a_locked_user_is_out_at_once_and_in_again_when_unlocked() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    let signed_in = sign_in(&email, PASSWORD).await;
    let jane = Client::anonymous().bearer(&signed_in.ok(200)["accessToken"]);
    let _ = jane.get(ME).await.ok(200);
    let user = format!("/identity/resources/users/v1/{id}");
    let _ = vendor.post(&format!("{user}/lock"), json!({})).await.ok(200);
    assert_eq!(jane.get(ME).await.refused(), 401);
    assert_eq!(refresh(&signed_in.cookie.unwrap(), json!({})).await.refused(), 401);
    let refused = sign_in(&email, PASSWORD).await;
    assert_eq!(refused.refused(), 401);
    assert!(refused.text.contains("ER-01034"), "{}", refused.text);
    let _ = vendor.post(&format!("{user}/unlock"), json!({})).await.ok(200);
    let _ = sign_in(&email, PASSWORD).await.ok(200);
}

#[tokio::test]
async fn one_session_or_all_can_be_ended() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    let phone = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let desk = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let sessions = desk.get(SESSIONS).await.ok(200);
    let other = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    let _ = desk.delete(&format!("{SESSIONS}/{}", other["id"].as_str().unwrap())).await.ok(200);
    assert_eq!(phone.get(ME).await.refused(), 401);
    let _ = desk.get(ME).await.ok(200);
    let _ = vendor.with("frontegg-user-id", &id).delete(&format!("{SESSIONS}/all")).await.ok(200);
    assert_eq!(desk.get(ME).await.refused(), 401);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let _ = new_user(&vendor, &tenant, &email, &[]).await;
    let (wrong, unknown) = (sign_in(&email, "Wrong-Horse-77").await, sign_in(&address(), PASSWORD).await);
    assert_eq!(wrong.refused(), 401);
    assert_eq!((wrong.status, wrong.text), (unknown.status, unknown.text));
}
