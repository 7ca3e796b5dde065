//! From a client id to a user who signs in and out.

use serde_json::json;

use crate::support::{
    Client, PASSWORD, address, claims, mail_to, new_tenant, pair, refresh, sign_in, target, unique,
};

#[tokio::test]
async fn from_a_client_id_to_a_signed_in_user_and_out_again() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;

    let key = unique("docs.read");
    let permission = json!([{"key": key, "name": "Read documents"}]);
    let permission = vendor.post("/identity/resources/permissions/v1", permission).await.ok(201)[0].clone();
    let reader = unique("Reader");
    let role = json!([{"key": reader, "name": "Reader", "level": 5}]);
    let role = vendor.post("/identity/resources/roles/v1", role).await.ok(201)[0].clone();
    let path = format!("/identity/resources/roles/v1/{}/permissions", role["id"].as_str().unwrap());
    let held = vendor.put(&path, json!({"permissionIds": [permission["id"]]})).await.ok(200);
    assert_eq!(held["permissions"], json!([permission["id"]]));

    let email = address();
    let user = json!({"email": email, "password": PASSWORD, "tenantId": tenant, "roleIds": [role["id"]]});
    let user = vendor.post("/identity/resources/vendor-only/users/v1", user).await.ok(201);
    assert!(mail_to(&email).await.is_none(), "made without a mail");
    let verify = format!("/identity/resources/users/v1/{}/verify", user["id"].as_str().unwrap());
    let _ = vendor.post(&verify, json!({})).await.ok(200);

    let signed_in = sign_in(&email, PASSWORD).await;
    let cookie = signed_in.cookie.clone().unwrap();
    let body = signed_in.ok(200);
    let token = claims(&body["accessToken"]);
    assert_eq!((&token["sub"], &token["tenantId"]), (&user["id"], &json!(tenant)));
    assert_eq!((&token["roles"], &token["permissions"]), (&json!([reader]), &json!([key])));
    assert_eq!(token["aud"], target().client_id);
    assert!(body["expiresIn"].as_i64().unwrap() > 0);

    let jane = Client::anonymous().bearer(&body["accessToken"]);
    let me = jane.get("/identity/resources/users/v2/me").await.ok(200);
    assert_eq!((&me["email"], &me["verified"]), (&json!(email), &json!(true)));
    let grants = jane.get("/identity/resources/users/v1/me/authorization").await.ok(200);
    assert_eq!(grants["permissions"][0]["key"], key);

    let refreshed = refresh(&cookie, json!({})).await;
    let next = refreshed.cookie.clone().unwrap();
    assert_eq!(claims(&refreshed.ok(201)["accessToken"])["sid"], token["sid"], "the same session");

    let sessions = jane.get("/identity/resources/users/sessions/v1/me").await.ok(200);
    assert_eq!((sessions.as_array().unwrap().len(), &sessions[0]["current"]), (1, &json!(true)));

    let out = Client::anonymous().with("cookie", pair(&next));
    let out = out.post("/identity/resources/auth/v1/logout", json!({})).await;
    assert_eq!(out.status, 201);
    assert!(out.cookie.unwrap().contains("Max-Age=0"));
    assert_eq!(refresh(&next, json!({})).await.refused(), 401);
    assert_eq!(jane.get("/identity/resources/users/v2/me").await.refused(), 401, "the session ended at once");
}

#[tokio::test]
async fn both_roots_and_untidy_paths_are_answered_in_place() {
    for path in ["/auth/vendor", "/auth/vendor/", "/frontegg/auth/vendor", "//auth//vendor"] {
        let body = json!({"clientId": target().client_id, "secret": target().secret});
        let _ = Client::anonymous().post(path, body).await.ok(200);
    }
    let jwks = Client::anonymous().get("/.well-known/jwks.json").await.ok(200);
    assert_eq!(jwks["keys"][0]["alg"], "RS256");
    let discovery = Client::anonymous().get("/.well-known/openid-configuration").await.ok(200);
    assert!(discovery["jwks_uri"].as_str().unwrap().ends_with("/.well-known/jwks.json"));
}
