//! What a tenant asks of those who guess passwords, and of those who go back to one.

use serde_json::json;

use crate::support::{
    Client, PASSWORD, address, link_parameters, mail_after, new_tenant, new_user, refresh, sign_in,
};

const CONFIGURATIONS: &str = "/identity/resources/configurations/v1";
const USERS: &str = "/identity/resources/users";

#[tokio::test]
async fn guesses_lock_an_account_until_its_owner_unlocks_it_by_mail() {
    let vendor = Client::vendor().await;
    let (tenant, email) = (new_tenant(&vendor).await, address());
    let _ = new_user(&vendor, &tenant, &email, &[]).await;
    let policy = format!("{CONFIGURATIONS}/lockout-policy");
    let in_tenant = vendor.with("frontegg-tenant-id", &tenant);
    assert_eq!(in_tenant.get(&policy).await.refused(), 404);
    let made = in_tenant.post(&policy, json!({ "enabled": true, "maxAttempts": 3 })).await.ok(201);
    assert_eq!(in_tenant.get(&policy).await.ok(200), made);
    assert_eq!(in_tenant.get(&format!("{policy}/")).await.ok(200), made);

    let session = sign_in(&email, PASSWORD).await.cookie.unwrap();
    for _ in 0..3 {
        assert_eq!(sign_in(&email, "Wrong-Horse-7").await.refused(), 401);
    }
    let locked = sign_in(&email, PASSWORD).await;
    assert_eq!((locked.refused(), locked.text.contains("ER-01034")), (401, true));
    assert_eq!(refresh(&session, json!({})).await.refused(), 401);

    let mail = mail_after(&json!(null), &email).await;
    assert!(mail["subject"].as_str().unwrap().ends_with("account is locked"), "{mail}");
    let (_, token) = link_parameters(&mail);
    let unlock = format!("{USERS}/v3/me/unlock");
    let _ = Client::anonymous().post(&unlock, json!({ "token": token })).await.ok(200);
    assert_eq!(Client::anonymous().post(&unlock, json!({ "token": token })).await.refused(), 400);
    let _ = sign_in(&email, PASSWORD).await.ok(200);
}

#[tokio::test]
async fn nobody_goes_back_to_a_password_that_is_remembered() {
    let vendor = Client::vendor().await;
    let (tenant, email) = (new_tenant(&vendor).await, address());
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    let policy = format!("{CONFIGURATIONS}/password-history-policy");
    let in_tenant = vendor.with("frontegg-tenant-id", &tenant);
    let _ = in_tenant.post(&policy, json!({ "enabled": true, "historySize": 2 })).await.ok(201);
    let jane = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let change = async |password: &str, new: &str| {
        let body = json!({ "password": password, "newPassword": new });
        jane.post(&format!("{USERS}/v1/passwords/change"), body).await
    };
    assert_eq!(change("Wrong-Horse-7", "Second-Horse-2").await.refused(), 400);
    let _ = change(PASSWORD, "Second-Horse-2").await.ok(201);
    assert_eq!(change("Second-Horse-2", PASSWORD).await.refused(), 400);
    let _ = change("Second-Horse-2", "Third-Horse-3!").await.ok(201);
    let _ = change("Third-Horse-3!", PASSWORD).await.ok(201);
    let _ = vendor.delete(&format!("{USERS}/v1/{id}")).await;
    assert_eq!(sign_in(&email, PASSWORD).await.refused(), 401);
}
