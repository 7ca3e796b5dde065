//! One's own second factors.

use std::time::Duration;

use rookery_domain::{Adopted, MfaEnforcement, MfaPolicy, Sealed};
use rookery_testkit::Client;
use serde_json::{Value, json};

use super::*;

const MFA: &str = "/identity/resources/users/v1/mfa";

struct Scene {
    app: TestApp,
    acme: TenantId,
    jane: TestUser,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        let app = app().await;
        let acme = app.tenant("Acme").await;
        let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
        let client = app.sign_in(&jane, &acme).await;
        Self { app, acme, jane, client }
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        self.client.post(&format!("{MFA}/{path}"), body).await
    }

    /// Has Jane begin to enrol an authenticator app, and answers its secret.
    async fn begin(&self) -> Sealed {
        let begun = self.post("authenticator/enroll", json!({})).await.expect(200);
        assert!(begun["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,"));
        let factors = self.app.environment().factors().get(self.jane.id).await.unwrap();
        factors.pending(self.app.state().now()).unwrap().clone()
    }

    async fn code(&self, sealed: &Sealed, steps: i64) -> String {
        self.app.code(self.jane.id, sealed, steps).await
    }

    /// The ids of her authenticator apps.
    async fn devices(&self) -> Vec<String> {
        let devices = self.client.get(&format!("{MFA}/devices")).await.expect(200);
        let apps = devices["authenticators"].as_array().unwrap().iter();
        apps.map(|app| app["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn is_enrolled(&self) -> bool {
        self.client.get("/identity/resources/users/v2/me").await.expect(200)["mfaEnrolled"] == true
    }

    async fn force(&self) {
        let now = self.app.state().now();
        let policy = MfaPolicy {
            enforcement: MfaEnforcement::Force,
            remembering_since: None,
            remembered_seconds: MfaPolicy::DEFAULT_SECONDS,
        };
        let adopted = Adopted::new(policy, &*self.app.state().entropy, now);
        let environment = self.app.environment();
        let updated = environment.update(|environment| {
            environment.policies.mfa = Some(adopted);
            Ok::<_, std::convert::Infallible>(())
        });
        updated.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_authenticator_app_is_enrolled_by_its_first_code() {
    let scene = Scene::new().await;
    let nothing = scene.post("authenticator/enroll/verify", json!({ "token": "123456" })).await;
    assert!(nothing.error(400).contains("enroll one again"));
    let replaced = scene.begin().await;
    let sealed = scene.begin().await;
    let old =
        scene.post("authenticator/enroll/verify", json!({ "token": scene.code(&replaced, 0).await })).await;
    assert_eq!((old.status(), &old.json()["errorCode"]), (401, &json!("ER-01011")));
    assert!(!scene.is_enrolled().await && scene.devices().await.is_empty());
    let code = scene.code(&sealed, 0).await;
    let enrolled = scene.post("enroll/verify", json!({ "token": code })).await.expect(200);
    assert_eq!(enrolled["recoveryCode"].as_str().unwrap().len(), 23);
    assert!(scene.is_enrolled().await && scene.devices().await.len() == 1);
    assert_eq!(scene.post("enroll/verify", json!({ "token": code })).await.status(), 400);
    let late = scene.begin().await;
    scene.app.clock().advance(Duration::from_mins(10));
    let client = scene.app.sign_in(&scene.jane, &scene.acme).await;
    let code = scene.code(&late, 0).await;
    let too_late = client.post(&format!("{MFA}/enroll/verify"), json!({ "token": code })).await;
    assert_eq!(too_late.status(), 400);
    let words = scene.app.recorded_actions().await;
    assert_eq!(words.iter().filter(|word| *word == "user.secondFactorEnrolled").count(), 1);
}

#[tokio::test]
async fn an_authenticator_app_is_given_up_with_a_fresh_code() {
    let scene = Scene::new().await;
    let none = scene.post("disable", json!({ "token": "123456" })).await;
    assert_eq!((none.status(), &none.json()["errorCode"]), (400, &json!("ER-01097")));
    let first = scene.app.enrol(scene.jane.id).await;
    let second = scene.app.enrol(scene.jane.id).await;
    let ids = scene.devices().await;
    let path = |id: &str| format!("authenticator/{id}/disable/verify");
    assert!(scene.post(&path(&ids[0]), json!({})).await.error(400).contains("token is needed"));
    let other = scene.post(&path(&ids[0]), json!({ "token": scene.code(&second, 0).await })).await;
    assert_eq!(other.status(), 401, "it is the other one's");
    let stranger = "00000000-0000-4000-8000-000000000000";
    assert_eq!(scene.post(&path(stranger), json!({ "token": "1" })).await.status(), 400);
    let given_up = scene.post(&path(&ids[0]), json!({ "token": scene.code(&first, 0).await })).await;
    assert_eq!((given_up.status(), given_up.text()), (200, ""));
    assert_eq!(scene.devices().await, ids[1..]);
    scene.force().await;
    let last = scene.post("disable", json!({ "token": scene.code(&second, 0).await })).await;
    assert!(last.error(400).contains("the last one"));
    let vendor = scene.app.vendor().with("frontegg-user-id", &scene.jane.id.to_string());
    assert_eq!(vendor.post(&format!("{MFA}/disable"), json!({})).await.status(), 400);
    let users = scene.app.environment();
    let bypassed = users.users();
    let bypassed = bypassed.update(scene.jane.id, None, |user| {
        user.mfa_bypass = true;
        Ok::<_, std::convert::Infallible>(())
    });
    bypassed.await.unwrap().unwrap();
    assert_eq!(vendor.post(&format!("{MFA}/disable"), json!({})).await.status(), 200);
    assert!(!scene.is_enrolled().await && scene.devices().await.is_empty());
}

#[tokio::test]
async fn codes_are_tried_ten_times_a_minute_and_nobody_reaches_the_factors_of_others() {
    let scene = Scene::new().await;
    let sealed = scene.app.enrol(scene.jane.id).await;
    let joe = scene.app.user("joe@example.com", &scene.acme, &["Admin"]).await;
    let joe = scene.app.sign_in(&joe, &scene.acme).await.with("frontegg-user-id", &scene.jane.id.to_string());
    let code = scene.code(&sealed, 0).await;
    assert_eq!(joe.post(&format!("{MFA}/disable"), json!({ "token": code })).await.status(), 400);
    assert_eq!(joe.get(&format!("{MFA}/devices")).await.expect(200)["authenticators"], json!([]));
    for _ in 0..10 {
        assert_eq!(scene.post("disable", json!({ "token": "000000x" })).await.status(), 401);
    }
    let slowed = scene.post("disable", json!({ "token": code })).await;
    assert_eq!((slowed.status(), slowed.header("retry-after").as_deref()), (429, Some("60")));
    assert_eq!(scene.app.anonymous().get(&format!("{MFA}/devices")).await.status(), 401);
}

#[tokio::test]
async fn an_activation_asks_for_a_second_factor_too() {
    let scene = Scene::new().await;
    scene.force().await;
    let (id, token) = newcomer(&scene.app, "new@example.com", &scene.acme).await;
    let body =
        json!({ "userId": id.to_string(), "token": token.expose(), "password": rookery_testkit::PASSWORD });
    let answer = scene.app.anonymous().post("/identity/resources/users/v1/activate", body).await.expect(200);
    assert_eq!((&answer["mfaRequired"], &answer["accessToken"]), (&json!(true), &Value::Null));
    assert!(answer["qrCode"].is_string());
    assert!(scene.app.environment().sessions().of_user(id).await.unwrap().is_empty());
}
