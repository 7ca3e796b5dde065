//! Programs that sign in with API tokens, from the making of one to its end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, address, claims, new_tenant, new_user, role, sign_in};

const OF_TENANT: &str = "/identity/resources/tenants/api-tokens/v1";
const OF_USER: &str = "/identity/resources/users/api-tokens/v1";

async fn exchange(made: &Value) -> Answer {
    let pair = json!({ "clientId": made["clientId"], "secret": made["secret"] });
    Client::anonymous().post("/identity/resources/auth/v2/api-token", pair).await
}

async fn refresh(answer: &Value) -> Answer {
    let body = json!({ "refreshToken": answer["refresh_token"] });
    Client::anonymous().post("/identity/resources/auth/v2/api-token/token/refresh", body).await
}

fn path(of: &str, made: &Value) -> String {
    format!("{of}/{}", made["clientId"].as_str().unwrap())
}

#[tokio::test]
async fn a_program_signs_in_with_what_an_administrator_made_for_it_until_that_is_deleted() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let admin = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);

    let read_only = role(&vendor, "ReadOnly").await;
    let made =
        admin.post(OF_TENANT, json!({ "description": "Export", "roleIds": [read_only] })).await.ok(201);
    let first = exchange(&made).await.ok(200);
    let said = claims(&first["access_token"]);
    assert_eq!((&said["type"], &said["roles"]), (&json!("tenantApiToken"), &json!(["ReadOnly"])));
    assert_eq!((&said["createdByUserId"], &said["tenantId"]), (&json!(id), &json!(tenant)));
    let program = Client::anonymous().bearer(&first["access_token"]);
    assert_eq!(program.get(OF_TENANT).await.refused(), 401, "it is for the customer's own API");

    let body = Some(json!({ "metadata": { "team": "data" } }));
    let _ = admin.send(Method::PATCH, &path(OF_TENANT, &made), body).await.ok(200);
    let second = refresh(&first).await.ok(200);
    assert_eq!(claims(&second["access_token"])["metadata"], json!({ "team": "data" }));
    assert_eq!(refresh(&first).await.refused(), 401, "it is good once");

    let _ = admin.delete(&path(OF_TENANT, &made)).await.ok(200);
    assert_eq!(refresh(&second).await.refused(), 401);
    assert_eq!(exchange(&made).await.refused(), 401);
    assert_eq!(admin.get(OF_TENANT).await.ok(200), json!([]));
}

#[tokio::test]
async fn what_stands_for_a_user_goes_with_them() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let id = new_user(&vendor, &tenant, &email, &[&role(&vendor, "Admin").await]).await;
    let jane = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);
    let made = jane.post(OF_USER, json!({ "expiresInMinutes": 60 })).await.ok(201);
    let answer = exchange(&made).await.ok(200);
    let said = claims(&answer["access_token"]);
    assert_eq!((&said["type"], &said["userId"]), (&json!("userApiToken"), &json!(id)));
    let older = json!({ "clientId": made["clientId"], "secret": made["secret"] });
    let older = Client::anonymous().post("/identity/resources/auth/v1/api-token", older).await.ok(200);
    assert_eq!(claims(&older["accessToken"])["roles"], json!(["Admin"]));

    let _ = vendor.delete(&format!("/identity/resources/users/v1/{id}")).await.ok(200);
    assert_eq!(exchange(&made).await.refused(), 401);
    assert_eq!(refresh(&answer).await.refused(), 401);
}

#[tokio::test]
async fn what_is_for_a_tenant_goes_with_it() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let managing = vendor.with("frontegg-tenant-id", &tenant);
    let made = managing.post(OF_TENANT, json!({})).await.ok(201);
    let _ = exchange(&made).await.ok(200);
    let _ = vendor.delete(&format!("/tenants/resources/tenants/v1/{tenant}")).await.ok(200);
    assert_eq!(exchange(&made).await.refused(), 401);
    let _ = vendor
        .post("/tenants/resources/tenants/v1", json!({ "tenantId": tenant, "name": "Anew" }))
        .await
        .ok(201);
    assert_eq!(exchange(&made).await.refused(), 401);
    assert_eq!(managing.get(OF_TENANT).await.ok(200), json!([]));
}
