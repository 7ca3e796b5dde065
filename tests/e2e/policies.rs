//! What a tenant's administrator asks of those who sign in to it.

use serde_json::json;

use crate::support::{Client, PASSWORD, address, new_tenant, new_user, refresh, role, sign_in};

const LIMITS: &str = "/identity/resources/configurations/sessions/v1";
const PASSWORDS: &str = "/identity/resources/configurations/v1/password";

#[tokio::test]
async fn an_administrator_allows_one_session_each() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let (admin_email, email, admin) = (address(), address(), role(&vendor, "Admin").await);
    let _ = new_user(&vendor, &tenant, &admin_email, &[&admin]).await;
    let _ = new_user(&vendor, &tenant, &email, &[]).await;
    let admin = Client::anonymous().bearer(&sign_in(&admin_email, PASSWORD).await.ok(200)["accessToken"]);
    let limit = json!({ "isActive": true, "maxSessions": 1 });
    let _ = admin.post(LIMITS, json!({ "sessionConcurrentConfiguration": limit })).await.ok(201);
    let phone = sign_in(&email, PASSWORD).await;
    let desk = sign_in(&email, PASSWORD).await;
    let jane = Client::anonymous().bearer(&desk.ok(200)["accessToken"]);
    assert_eq!(jane.get(LIMITS).await.ok(200)["sessionConcurrentConfiguration"], limit);
    assert_eq!(refresh(&phone.cookie.unwrap(), json!({})).await.refused(), 401);
    let _ = refresh(&desk.cookie.unwrap(), json!({})).await.ok(201);
}

#[tokio::test]
async fn a_user_is_asked_for_the_password_that_their_tenant_wants() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let id = new_user(&vendor, &tenant, &address(), &[]).await;
    let in_tenant = vendor.with("frontegg-tenant-id", &tenant);
    let _ = in_tenant.post(PASSWORDS, json!({ "minLength": 30, "minPhraseLength": 40 })).await.ok(201);
    let asked = format!("/identity/resources/users/v1/passwords/config?userId={id}");
    assert_eq!(Client::anonymous().get(&asked).await.ok(200)["minLength"], 30);
    let body = json!({ "email": address(), "password": PASSWORD, "skipInviteEmail": true });
    assert_eq!(in_tenant.post("/identity/resources/users/v2", body).await.refused(), 400);
}
