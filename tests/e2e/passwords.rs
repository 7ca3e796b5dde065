//! Forgotten and changed passwords.

use serde_json::json;

use crate::support::{
    Client, PASSWORD, address, link_parameters, mail_after, mail_to, new_tenant, new_user, refresh, sign_in,
};

const PASSWORDS: &str = "/identity/resources/users/v1/passwords";

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_and_then_changed() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    let before = sign_in(&email, PASSWORD).await;
    let anybody = Client::anonymous();
    let _ = anybody.post(&format!("{PASSWORDS}/reset"), json!({ "email": email })).await.ok(201);
    let mail = mail_after(&json!(null), &email).await;
    assert!(mail["subject"].as_str().unwrap().starts_with("Reset your"), "{mail}");
    let (user, token) = link_parameters(&mail);
    assert_eq!(user, id);
    let validate = json!({ "userId": user, "token": token });
    let _ = anybody.post(&format!("{PASSWORDS}/reset/validate"), validate.clone()).await.ok(200);
    let verify = json!({ "userId": user, "token": token, "password": "Another-Horse-8" });
    let _ = anybody.post(&format!("{PASSWORDS}/reset/verify"), verify.clone()).await.ok(201);
    assert_eq!(anybody.post(&format!("{PASSWORDS}/reset/verify"), verify).await.refused(), 400);
    assert_eq!(anybody.post(&format!("{PASSWORDS}/reset/validate"), validate).await.refused(), 410);
    assert_eq!(refresh(&before.cookie.unwrap(), json!({})).await.refused(), 401);
    assert_eq!(sign_in(&email, PASSWORD).await.refused(), 401);

    let signed_in = sign_in(&email, "Another-Horse-8").await;
    let jane = Client::anonymous().bearer(&signed_in.ok(200)["accessToken"]);
    let change = json!({ "password": "Another-Horse-8", "newPassword": PASSWORD });
    let _ = jane.post(&format!("{PASSWORDS}/change"), change).await.ok(201);
    let _ = refresh(&signed_in.cookie.unwrap(), json!({})).await.ok(201);
    let _ = sign_in(&email, PASSWORD).await.ok(200);
    let known = json!({ "email": email, "password": PASSWORD });
    let verify = "/identity/resources/vendor-only/users/v1/passwords/verify";
    assert_eq!(vendor.post(verify, known).await.ok(200), json!(true));
}

#[tokio::test]
async fn a_stranger_learns_nothing_and_gets_no_mail() {
    let email = address();
    let anybody = Client::anonymous();
    let _ = anybody.post(&format!("{PASSWORDS}/reset"), json!({ "email": email })).await.ok(201);
    assert_eq!(mail_to(&email).await, None);
}
