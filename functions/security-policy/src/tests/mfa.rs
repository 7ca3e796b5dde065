//! Policies for second factors.

use std::time::Duration;

use rookery_domain::{PlainToken, SecondFactorChallenge, SeededEntropy};
use serde_json::{Value, json};

use super::app;

const MFA: &str = "/identity/resources/configurations/v1/mfa-policy";

fn chosen(answer: &Value) -> (&str, bool, i64) {
    (
        answer["enforceMFAType"].as_str().unwrap(),
        answer["allowRememberMyDevice"].as_bool().unwrap(),
        answer["mfaDeviceExpiration"].as_i64().unwrap(),
    )
}

#[tokio::test]
async fn a_policy_has_its_defaults_and_is_made_once() {
    let app = app().await;
    let vendor = app.vendor();
    assert_eq!(vendor.get(MFA).await.error(404), "policy not found");
    assert_eq!(vendor.patch(MFA, json!({ "enforceMFAType": "Force" })).await.error(404), "policy not found");
    let made = vendor.post(MFA, json!({})).await.expect(201);
    assert_eq!(chosen(&made), ("Force", false, 1_209_600));
    assert_eq!(vendor.post(MFA, json!({})).await.status(), 409);
    app.clock().advance(Duration::from_secs(1));
    let changed = vendor.patch(MFA, json!({ "allowRememberMyDevice": true })).await.expect(200);
    assert_eq!(chosen(&changed), ("Force", true, 1_209_600));
    assert_eq!((&changed["id"], &changed["createdAt"]), (&made["id"], &made["createdAt"]));
    assert_ne!(changed["updatedAt"], made["updatedAt"]);
    assert_eq!(vendor.get(MFA).await.expect(200), changed);
    assert_eq!(vendor.get(&format!("{MFA}/vendor")).await.expect(200), changed);
}

#[tokio::test]
async fn put_makes_a_policy_or_changes_it() {
    let app = app().await;
    let vendor = app.vendor();
    let made = vendor.put(MFA, json!({ "enforceMFAType": "DontForce" })).await.expect(200);
    assert_eq!(chosen(&made), ("DontForce", false, 1_209_600));
    let changed = vendor.put(MFA, json!({ "mfaDeviceExpiration": 60 })).await.expect(200);
    assert_eq!((chosen(&changed), &changed["id"]), (("DontForce", false, 60), &made["id"]));
    let acme = app.tenant("Acme").await;
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    let own = in_acme.put(MFA, json!({ "enforceMFAType": "ForceExceptSAML" })).await.expect(200);
    assert_eq!(chosen(&own), ("ForceExceptSAML", false, 1_209_600));
    assert_eq!(vendor.get(MFA).await.expect(200), changed);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let app = app().await;
    let vendor = app.vendor();
    vendor.post(MFA, json!({})).await.expect(201);
    for wrong in [
        json!({}),
        json!({ "enforceMFAType": null }),
        json!({ "enforceMFAType": "Always" }),
        json!({ "mfaDeviceExpiration": 59 }),
        json!({ "mfaDeviceExpiration": 31_536_001 }),
        json!({ "allowRememberMyDevice": "yes" }),
    ] {
        assert_eq!(vendor.patch(MFA, wrong.clone()).await.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_tenant_asks_for_no_less_than_its_environment() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor();
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    let floor = json!({ "enforceMFAType": "ForceExceptSAML", "allowRememberMyDevice": true, "mfaDeviceExpiration": 600 });
    vendor.post(MFA, floor).await.expect(201);
    for weaker in [
        json!({ "enforceMFAType": "DontForce" }),
        json!({ "allowRememberMyDevice": true, "mfaDeviceExpiration": 601 }),
    ] {
        assert!(in_acme.post(MFA, weaker.clone()).await.error(400).contains("environment"), "{weaker}");
        assert!(in_acme.put(MFA, weaker.clone()).await.error(400).contains("environment"), "{weaker}");
    }
    in_acme.post(MFA, json!({ "mfaDeviceExpiration": 600 })).await.expect(201);
    vendor.patch(MFA, json!({ "allowRememberMyDevice": false })).await.expect(200);
    assert_eq!(in_acme.patch(MFA, json!({ "allowRememberMyDevice": true })).await.status(), 400);
    let (admin, reader) = (
        app.user("jane@example.com", &acme, &["Admin"]).await,
        app.user("joe@example.com", &acme, &["ReadOnly"]).await,
    );
    let (admin, reader) = (app.sign_in(&admin, &acme).await, app.sign_in(&reader, &acme).await);
    admin.patch(MFA, json!({ "enforceMFAType": "ForceExceptSAML" })).await.expect(200);
    reader.get(MFA).await.expect(200);
    reader.get(&format!("{MFA}/vendor")).await.expect(200);
    assert_eq!(reader.put(MFA, json!({ "enforceMFAType": "Force" })).await.status(), 403);
    assert_eq!(app.anonymous().get(MFA).await.status(), 401);
}

#[tokio::test]
async fn whoever_waits_for_a_second_factor_learns_whether_the_device_may_be_remembered() {
    let app = app().await;
    let (acme, vendor) = (app.tenant("Acme").await, app.vendor());
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let (environment, entropy) = (app.environment(), SeededEntropy::new(1));
    let user = environment.users().get(jane.id).await.unwrap().unwrap();
    let (token, device) = (PlainToken::random(&entropy), PlainToken::random(&entropy));
    let challenge = SecondFactorChallenge::new(&user, device.hash(), None, app.state().now());
    environment.challenges().keep(&token.hash(), &user, &challenge).await.unwrap();
    let id = environment.id().to_string().replacen('-', "", 1);
    let browser = app.anonymous().cookies(&format!("fe_device_{id}={}", device.expose()));
    let path = format!("{MFA}/allow-remember-device?mfaToken={}", token.expose());
    let answer = |allowed: bool, seconds: i64| json!({ "isAllowedToRemember": allowed, "mfaDeviceExpiration": seconds });
    assert_eq!(browser.get(&path).await.expect(200), answer(false, 1_209_600));
    let policy = |seconds: i64| json!({ "allowRememberMyDevice": true, "mfaDeviceExpiration": seconds });
    vendor.post(MFA, policy(600)).await.expect(201);
    assert_eq!(browser.get(&path).await.expect(200), answer(true, 600));
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    in_acme.post(MFA, policy(60)).await.expect(201);
    assert_eq!(browser.get(&path).await.expect(200), answer(true, 60));
    in_acme.patch(MFA, json!({ "allowRememberMyDevice": false })).await.expect(200);
    assert_eq!(browser.get(&path).await.expect(200), answer(false, 1_209_600));
    assert_eq!(app.anonymous().get(&path).await.status(), 401, "on another device");
    assert_eq!(browser.get(&format!("{MFA}/allow-remember-device?mfaToken=x")).await.status(), 401);
    app.clock().advance(Duration::from_mins(10));
    assert_eq!(browser.get(&path).await.status(), 401);
}
