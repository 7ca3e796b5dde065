//! An authenticator app, from the tenant that asks for one to whoever has lost it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rookery_domain::{Clock as _, SystemClock};
use serde_json::{Value, json};
use totp_rs::TOTP;

use crate::support::{Client, PASSWORD, address, new_tenant, new_user, sign_in};

const MFA: &str = "/identity/resources/auth/v1/user/mfa";

/// Who signs in, as an app that has scanned `qr_code`.
fn scan(qr_code: &Value) -> TOTP {
    let png = STANDARD.decode(qr_code.as_str().unwrap().split_once(',').unwrap().1).unwrap();
    let picture = image::load_from_memory(&png).unwrap().to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(picture);
    let (_, url) = prepared.detect_grids()[0].decode().unwrap();
    TOTP::from_url(url).unwrap()
}

/// What the app shows so many steps from now.
fn code(app: &TOTP, steps: u64) -> String {
    app.generate(u64::try_from(SystemClock.now().as_seconds()).unwrap() + 30 * steps)
}

#[tokio::test]
async fn a_tenant_asks_for_a_second_factor_and_its_member_enrols_shows_and_loses_one() {
    let vendor = Client::vendor().await;
    let (tenant, email) = (new_tenant(&vendor).await, address());
    let id = new_user(&vendor, &tenant, &email, &[]).await;
    let policy = "/identity/resources/configurations/v1/mfa-policy";
    let in_tenant = vendor.with("frontegg-tenant-id", &tenant);
    let _ = in_tenant.put(policy, json!({ "enforceMFAType": "Force" })).await.ok(200);

    let waits = sign_in(&email, PASSWORD).await;
    let device = Client::anonymous().with("cookie", waits.cookie.clone().unwrap());
    let answer = waits.ok(200);
    assert_eq!((&answer["mfaEnrolled"], &answer["accessToken"]), (&json!(false), &Value::Null));
    let app = scan(&answer["qrCode"]);
    assert_eq!(app.account_name, email);
    let body = json!({ "mfaToken": answer["mfaToken"], "token": code(&app, 0) });
    let enrolled = device.post(&format!("{MFA}/authenticator/enroll/verify"), body.clone()).await.ok(201);
    let jane = Client::anonymous().bearer(&enrolled["accessToken"]);
    assert_eq!(jane.get("/identity/resources/users/v2/me").await.ok(200)["mfaEnrolled"], true);
    assert_eq!(device.post(&format!("{MFA}/authenticator/enroll/verify"), body).await.refused(), 401);

    let waits = sign_in(&email, PASSWORD).await;
    let device = Client::anonymous().with("cookie", waits.cookie.clone().unwrap());
    let answer = waits.ok(200);
    let verify = async |value: &str| {
        let body = json!({ "mfaToken": answer["mfaToken"], "value": value });
        device.post(&format!("{MFA}/verify"), body).await
    };
    assert_eq!(verify("000000x").await.refused(), 401);
    let _ = verify(&code(&app, 1)).await.ok(201);
    let last = json!({ "token": "000000x" });
    assert_eq!(jane.post("/identity/resources/users/v1/mfa/disable", last).await.refused(), 401);

    let recovery = json!({ "email": email, "recoveryCode": enrolled["recoveryCode"] });
    let _ = Client::anonymous().post(&format!("{MFA}/recover"), recovery.clone()).await.ok(200);
    assert_eq!(Client::anonymous().post(&format!("{MFA}/recover"), recovery).await.refused(), 401);
    assert_eq!(jane.get("/identity/resources/users/v2/me").await.refused(), 401);
    assert_eq!(sign_in(&email, PASSWORD).await.ok(200)["mfaEnrolled"], false);
    let bypass = json!({ "mfaBypass": true });
    let _ = vendor.put(&format!("/identity/resources/users/v1/{id}"), bypass).await.ok(200);
    let jane = Client::anonymous().bearer(&sign_in(&email, PASSWORD).await.ok(200)["accessToken"]);

    let own = "/identity/resources/users/v1/mfa";
    let begun = jane.post(&format!("{own}/authenticator/enroll"), json!({})).await.ok(200);
    let app = scan(&begun["qrCode"]);
    let first = json!({ "token": code(&app, 0) });
    let enrolled = jane.post(&format!("{own}/authenticator/enroll/verify"), first).await.ok(200);
    assert!(enrolled["recoveryCode"].is_string());
    let _ = in_tenant.put(policy, json!({ "enforceMFAType": "DontForce" })).await.ok(200);
    let last = json!({ "token": code(&app, 1) });
    let _ = jane.post(&format!("{own}/disable"), last).await.ok(200);
    assert_eq!(jane.get("/identity/resources/users/v2/me").await.ok(200)["mfaEnrolled"], false);
}
