//! Second factors through the router.

use serde_json::json;

use super::app;

const MFA: &str = "/identity/resources/configurations/v1/mfa";

#[tokio::test]
async fn authenticator_apps_are_the_one_second_factor_and_call_the_service_what_it_says() {
    let app = app().await;
    let vendor = app.vendor();
    let before = vendor.get(MFA).await.expect(200);
    assert_eq!(before["authenticationApp"], json!({ "active": true, "serviceName": "Example" }));
    assert_eq!((&before["sms"]["active"], &before["email"]["active"]), (&json!(false), &json!(false)));
    let changes = json!({ "authenticationApp": { "active": true, "serviceName": "Acme Docs" } });
    let changed = vendor.post(MFA, changes).await.expect(201);
    assert_eq!(changed["authenticationApp"]["serviceName"], "Acme Docs");
    vendor.post(MFA, json!({})).await.expect(201);
    assert_eq!(vendor.get(MFA).await.expect(200), changed);
    assert_eq!(app.neighbour().await.vendor().get(MFA).await.expect(200), before);
}

#[tokio::test]
async fn what_is_not_supported_is_refused() {
    let app = app().await;
    let vendor = app.vendor();
    for wrong in [
        json!({ "sms": { "active": true, "tokenLifetimeSeconds": 300 } }),
        json!({ "email": { "active": true, "tokenLifetimeSeconds": 300, "sender": "a@example.com" } }),
        json!({ "authenticationApp": { "active": false, "serviceName": "Example" } }),
        json!({ "authenticationApp": { "active": true, "serviceName": " " } }),
        json!({ "authenticationApp": { "active": true, "serviceName": "x".repeat(65) } }),
        json!({ "authenticationApp": null }),
    ] {
        assert_eq!(vendor.post(MFA, wrong.clone()).await.status(), 400, "{wrong}");
    }
    vendor.post(MFA, json!({ "sms": { "active": false, "tokenLifetimeSeconds": 300 } })).await.expect(201);
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    assert_eq!(app.sign_in(&jane, &acme).await.get(MFA).await.status(), 403);
    assert_eq!(app.anonymous().get(MFA).await.status(), 401);
}
