//! Going back to a password.

use rookery_domain::{Adopted, PasswordHistoryPolicy};
use rookery_testkit::PASSWORD;
use serde_json::json;

use super::*;

const CHANGE: &str = "/identity/resources/users/v1/passwords/change";
const RESET: &str = "/identity/resources/users/v1/passwords/reset";
const VERIFY: &str = "/identity/resources/users/v1/passwords/reset/verify";

struct Scene {
    app: TestApp,
    acme: TenantId,
    jane: TestUser,
}

async fn scene() -> Scene {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    Scene { app, acme, jane }
}

impl Scene {
    async fn remember(&self, history_size: u32) {
        let policy = PasswordHistoryPolicy { enabled: history_size > 0, history_size };
        let adopted = Adopted::new(policy, &*self.app.state().entropy, self.app.state().now());
        let environment = self.app.environment();
        let updated = environment.update(|environment| {
            environment.policies.password_history = Some(adopted);
            Ok::<_, std::convert::Infallible>(())
        });
        updated.await.unwrap().unwrap();
    }

    async fn change(&self, from: &str, to: &str) -> Response {
        let client = self.app.sign_in(&self.jane, &self.acme).await;
        client.post(CHANGE, json!({ "password": from, "newPassword": to })).await
    }
}

const SECOND: &str = "Second-Horse-2";
const THIRD: &str = "Third-Horse-3!";

#[tokio::test]
async fn the_last_passwords_are_refused_and_those_before_are_not() {
    let scene = scene().await;
    scene.remember(2).await;
    scene.change(PASSWORD, SECOND).await.expect(201);
    let refusal = "password must be none of the last 2: choose one that is new";
    assert_eq!(scene.change(SECOND, PASSWORD).await.error(400), refusal);
    scene.change(SECOND, THIRD).await.expect(201);
    assert_eq!(scene.change(THIRD, SECOND).await.error(400), refusal);
    scene.change(THIRD, PASSWORD).await.expect(201);
    let history = scene.app.environment().users().password_history(scene.jane.id).await.unwrap();
    assert_eq!(history.hashes().count(), 3);
}

#[tokio::test]
async fn a_reset_does_not_go_back_either_and_its_link_stays_good() {
    let scene = scene().await;
    scene.remember(1).await;
    scene.app.anonymous().post(RESET, json!({ "email": "jane@example.com" })).await.expect(201);
    let token = mailed_token(&scene.app, "ResetPassword");
    let verify = async |password: &str| {
        let body = json!({ "userId": scene.jane.id.to_string(), "token": token, "password": password });
        scene.app.anonymous().post(VERIFY, body).await
    };
    assert_eq!(verify(PASSWORD).await.error(400), "password must be another than the present one");
    verify(SECOND).await.expect(201);
}

#[tokio::test]
async fn nothing_is_remembered_where_nobody_asks_for_it() {
    let scene = scene().await;
    scene.change(PASSWORD, SECOND).await.expect(201);
    let history = async || scene.app.environment().users().password_history(scene.jane.id).await.unwrap();
    assert_eq!(history().await.hashes().count(), 0);
    scene.remember(10).await;
    scene.change(SECOND, THIRD).await.expect(201);
    assert_eq!(history().await.hashes().count(), 1);
    scene.remember(0).await;
    scene.change(THIRD, SECOND).await.expect(201);
    // With the user goes what is remembered of them.
    scene.app.environment().users().remove(scene.jane.id).await.unwrap();
    assert_eq!(history().await.hashes().count(), 0);
}
