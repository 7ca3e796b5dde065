//! People who come by mail.

use serde_json::json;

use crate::support::{
    Client, PASSWORD, address, claims, link_parameters, mail_after, mail_to, new_tenant, new_user, refresh,
    sign_in,
};

const USERS: &str = "/identity/resources/users/v1";
const INVITE: &str = "/identity/resources/users/v2";

#[tokio::test]
async fn an_invited_newcomer_activates_the_account_once() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let inviting = vendor.with("frontegg-tenant-id", &tenant);
    let user = inviting.post(INVITE, json!({"email": email, "name": "Jane"})).await.ok(201);
    assert_eq!(sign_in(&email, PASSWORD).await.refused(), 401, "there is no password yet");

    let mail = mail_to(&email).await.unwrap();
    assert!(mail["subject"].as_str().unwrap().starts_with("Activate your"), "{mail}");
    let (id, token) = link_parameters(&mail);
    assert_eq!(user["id"], id);
    let strategy = format!("{USERS}/activate/strategy?userId={id}&token={token}");
    assert_eq!(Client::anonymous().get(&strategy).await.ok(200)["shouldSetPassword"], true);

    let activate = |password: &str| {
        let body = json!({"userId": id, "token": token, "password": password});
        async move { Client::anonymous().post(&format!("{USERS}/activate"), body).await }
    };
    assert_eq!(activate("short").await.refused(), 400, "and the token is still good");
    let activated = activate(PASSWORD).await;
    assert!(activated.cookie.is_some());
    assert_eq!(claims(&activated.ok(200)["accessToken"])["tenantId"], tenant);
    assert_eq!(activate(PASSWORD).await.refused(), 400, "once");
    let _ = sign_in(&email, PASSWORD).await.ok(200);
}

#[tokio::test]
async fn a_new_activation_mail_voids_the_old_one_and_unknown_addresses_learn_nothing() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let email = address();
    let _ = vendor.with("frontegg-tenant-id", &tenant).post(INVITE, json!({"email": email})).await.ok(201);
    let first = mail_to(&email).await.unwrap();
    let (id, old) = link_parameters(&first);
    let reset = |email: String| async move {
        Client::anonymous().post(&format!("{USERS}/activate/reset"), json!({"email": email})).await
    };
    let (known, unknown) = (reset(email.clone()).await, reset(address()).await);
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    let (_, new) = link_parameters(&mail_after(&first, &email).await);
    let activate = |token: String| {
        let body = json!({"userId": id, "token": token, "password": PASSWORD});
        async move { Client::anonymous().post(&format!("{USERS}/activate"), body).await }
    };
    assert_eq!(activate(old).await.refused(), 400);
    let _ = activate(new).await.ok(200);
}

#[tokio::test]
async fn a_user_of_one_tenant_accepts_an_invitation_to_another_and_moves_between_them() {
    let vendor = Client::vendor().await;
    let (first, second) = (new_tenant(&vendor).await, new_tenant(&vendor).await);
    let email = address();
    let id = new_user(&vendor, &first, &email, &[]).await;
    let signed_in = sign_in(&email, PASSWORD).await;
    let cookie = signed_in.cookie.clone().unwrap();
    let jane = Client::anonymous().bearer(&signed_in.ok(200)["accessToken"]);

    let _ = vendor.with("frontegg-tenant-id", &second).post(INVITE, json!({"email": email})).await.ok(201);
    let switch = json!({"tenantId": second});
    assert_eq!(jane.put(&format!("{USERS}/tenant"), switch.clone()).await.refused(), 403, "not accepted yet");
    assert_eq!(refresh(&cookie, switch.clone()).await.refused(), 403);

    let mail = mail_to(&email).await.unwrap();
    assert!(mail["subject"].as_str().unwrap().contains("to join"), "{mail}");
    let (user_id, token) = link_parameters(&mail);
    assert_eq!(user_id, id);
    let accept = json!({"userId": id, "token": token});
    let accepted = Client::anonymous().post(&format!("{USERS}/invitation/accept"), accept.clone()).await;
    assert_eq!(accepted.status, 201, "{}", accepted.text);
    let again = Client::anonymous().post(&format!("{USERS}/invitation/accept"), accept).await;
    assert_eq!(again.refused(), 400);

    let _ = jane.put(&format!("{USERS}/tenant"), switch).await.ok(200);
    let refreshed = refresh(&cookie, json!({})).await.ok(201);
    let token = claims(&refreshed["accessToken"]);
    assert_eq!(token["tenantId"], second);
    let mut tenants = vec![first, second];
    let mut seen: Vec<_> =
        token["tenantIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    tenants.sort();
    seen.sort_unstable();
    assert_eq!(seen, tenants);
}

#[tokio::test]
async fn whoever_signs_in_before_their_address_is_verified_gets_a_mail_that_verifies_it() {
    let vendor = Client::vendor().await;
    let (tenant, email) = (new_tenant(&vendor).await, address());
    let user = json!({"email": email, "password": PASSWORD, "tenantId": tenant});
    let _ = vendor.post("/identity/resources/vendor-only/users/v1", user).await.ok(201);
    assert_eq!(mail_to(&email).await, None);
    assert_eq!(sign_in(&email, PASSWORD).await.refused(), 401);
    let (id, token) = link_parameters(&mail_to(&email).await.unwrap());
    let activate = json!({"userId": id, "token": token});
    let _ = Client::anonymous().post(&format!("{USERS}/activate"), activate).await.ok(200);
    let _ = sign_in(&email, PASSWORD).await.ok(200);
}
