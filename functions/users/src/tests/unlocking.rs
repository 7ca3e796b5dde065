//! Unlocking oneself by a link.

use std::time::Duration;

use rookery_domain::{Adopted, LockReason, LockoutPolicy};
use rookery_testkit::Client;
use serde_json::json;

use super::*;

const CHANGE: &str = "/identity/resources/users/v1/passwords/change";
const UNLOCK: &str = "/identity/resources/users/v3/me/unlock";
const WRONG_TOKEN: &str = "the token is wrong, used or expired: ask for a new one";

struct Scene {
    app: TestApp,
    acme: TenantId,
    jane: TestUser,
}

impl Scene {
    /// Jane, whom one wrong password locks.
    async fn new() -> Self {
        let app = app().await;
        let acme = app.tenant("Acme").await;
        let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
        let policy = LockoutPolicy { enabled: true, max_attempts: 1 };
        let adopted = Adopted::new(policy, &*app.state().entropy, app.state().now());
        let environment = app.environment();
        let updated = environment.update(|environment| {
            environment.policies.lockout = Some(adopted);
            Ok::<_, std::convert::Infallible>(())
        });
        updated.await.unwrap().unwrap();
        Self { app, acme, jane }
    }

    /// Has Jane locked by a wrong password, and answers the token that she is mailed.
    async fn locked(&self) -> String {
        let client: Client = self.app.sign_in(&self.jane, &self.acme).await;
        let body = json!({ "password": "Wrong-Horse-7", "newPassword": "Another-Horse-8" });
        assert_eq!(client.post(CHANGE, body).await.error(400), "password is not the one that the user has");
        assert_eq!(self.lock().await, Some(LockReason::Attempts));
        assert_eq!(client.get("/identity/resources/users/v2/me").await.status(), 401);
        mailed_token(&self.app, "BruteForceProtection")
    }

    async fn unlock(&self, token: &str) -> Response {
        self.app.anonymous().post(UNLOCK, json!({ "token": token })).await
    }

    async fn lock(&self) -> Option<LockReason> {
        stored(&self.app, self.jane.id).await.locked
    }
}

#[tokio::test]
async fn the_link_unlocks_once_from_the_lock_that_it_was_mailed_for() {
    let scene = Scene::new().await;
    let first = scene.locked().await;
    let response = scene.unlock(&first).await;
    assert_eq!((response.status(), response.text(), scene.lock().await), (200, "", None));
    assert_eq!(scene.app.mail()[0].template.as_str(), "UnlockUserSuccess");
    assert_eq!(scene.unlock(&first).await.error(400), WRONG_TOKEN);
    let second = scene.locked().await;
    assert_eq!(scene.unlock(&first).await.error(400), WRONG_TOKEN);
    assert_eq!(scene.lock().await, Some(LockReason::Attempts));
    scene.unlock(&second).await.expect(200);
    let words = scene.app.recorded_actions().await;
    assert_eq!(words[..3], ["user.lockedOut", "user.unlockLinkIssued", "user.unlockedByLink"]);
}

#[tokio::test]
async fn the_link_is_good_for_an_hour_and_not_for_whom_a_vendor_locked() {
    let scene = Scene::new().await;
    let token = scene.locked().await;
    scene.app.clock().advance(Duration::from_hours(1));
    assert_eq!(scene.unlock(&token).await.error(400), WRONG_TOKEN);
    change(&scene.app, scene.jane.id, |jane| jane.locked = None).await;
    let token = scene.locked().await;
    change(&scene.app, scene.jane.id, |jane| jane.lock(LockReason::Administrator)).await;
    assert_eq!(scene.unlock(&token).await.error(400), WRONG_TOKEN);
    assert_eq!(scene.lock().await, Some(LockReason::Administrator));
}

#[tokio::test]
async fn no_other_token_unlocks() {
    let scene = Scene::new().await;
    let token = scene.locked().await;
    let (user, secret) = token.split_once('.').unwrap();
    let joe = scene.app.user("joe@example.com", &scene.acme, &["Admin"]).await;
    let of_another = format!("{}.{secret}", joe.id.as_uuid().simple());
    let wrong = format!("{user}.{}", "A".repeat(43));
    for bad in ["", ".", "x", secret, &of_another, &wrong] {
        assert_eq!(scene.unlock(bad).await.error(400), WRONG_TOKEN, "{bad:?}");
    }
    let neighbour = scene.app.neighbour().await;
    assert_eq!(neighbour.anonymous().post(UNLOCK, json!({ "token": token })).await.error(400), WRONG_TOKEN);
    assert_eq!(scene.app.anonymous().post(UNLOCK, json!({ "token": 7 })).await.status(), 400);
    assert_eq!(scene.lock().await, Some(LockReason::Attempts));
}
