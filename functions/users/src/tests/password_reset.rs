//! Setting another password by a link.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{LockReason, TicketPurpose};
use rookery_testkit::{Client, PASSWORD};
use serde_json::{Value, json};

use super::*;

const RESET: &str = "/identity/resources/users/v1/passwords/reset";
const VERIFY: &str = "/identity/resources/users/v1/passwords/reset/verify";
const VALIDATE: &str = "/identity/resources/users/v1/passwords/reset/validate";
const ME: &str = "/identity/resources/users/v2/me";
const NEW: &str = "Another-Horse-8";

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
    async fn ask(&self, email: &str) -> Response {
        self.app.anonymous().post(RESET, json!({ "email": email })).await
    }

    /// The token in a mail that Jane has just got.
    async fn mailed(&self) -> String {
        self.ask("jane@example.com").await.expect(201);
        mailed_token(&self.app, "ResetPassword")
    }

    fn body(&self, token: &str, password: &str) -> Value {
        json!({ "userId": self.jane.id.to_string(), "token": token, "password": password })
    }

    async fn verify(&self, token: &str, password: &str) -> Response {
        self.app.anonymous().post(VERIFY, self.body(token, password)).await
    }

    async fn validate(&self, token: &str) -> u16 {
        self.app.anonymous().post(VALIDATE, self.body(token, "")).await.status()
    }

    async fn works(&self, password: &str) -> bool {
        let environment = self.app.environment();
        let login = environment
            .users()
            .login(&self.jane.email.parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .value
            .unwrap();
        let hash = login.password_hash.unwrap().parse().unwrap();
        let verdict = rookery_testkit::passwords().verify(password.into(), &hash).await.unwrap();
        verdict != rookery_tokens::Verdict::Wrong
    }

    async fn signed_in(&self) -> Client {
        self.app.sign_in(&self.jane, &self.acme).await
    }
}

const WRONG: &str = "the token is wrong, used or expired: ask for a new one";

#[tokio::test]
async fn the_link_sets_another_password_once_and_ends_all_sessions() {
    let scene = scene().await;
    let session = scene.signed_in().await;
    let token = scene.mailed().await;
    let mail = scene.app.mail().remove(0);
    assert!(mail.variables["redirectURL"].as_str().unwrap().contains("/account/reset-password?userId="));
    assert_eq!(scene.validate(&token).await, 200);
    let response = scene.verify(&token, NEW).await;
    assert_eq!((response.status(), response.text()), (201, ""));
    assert!(scene.works(NEW).await && !scene.works(PASSWORD).await);
    assert_eq!(session.get(ME).await.status(), 401);
    assert_eq!(scene.app.environment().sessions().of_user(scene.jane.id).await.unwrap(), []);
    assert_eq!(scene.verify(&token, "Third-Horse-9!").await.error(400), WRONG);
    assert_eq!(scene.validate(&token).await, 410);
    assert!(scene.works(NEW).await);
    let words = scene.app.recorded_actions().await;
    assert_eq!(words, ["user.passwordResetLinkIssued", "user.passwordReset"]);
}

#[tokio::test]
async fn the_answer_does_not_tell_whose_address_is_known() {
    let scene = scene().await;
    let known = scene.ask("jane@example.com").await;
    let unknown = scene.ask("nobody@example.com").await;
    assert_eq!((known.status(), known.text()), (unknown.status(), unknown.text()));
    assert_eq!(scene.app.mail().len(), 1);
    let wrong = "A".repeat(43);
    let stranger = json!({ "userId": UserId::random(&*scene.app.state().entropy).to_string(), "token": wrong, "password": NEW });
    let of_nobody = scene.app.anonymous().post(VERIFY, stranger).await.error(400);
    let malformed = json!({ "userId": "jane", "token": wrong, "password": NEW });
    let of_none = scene.app.anonymous().post(VERIFY, malformed).await.error(400);
    assert_eq!([of_nobody, of_none, scene.verify(&wrong, NEW).await.error(400)], [WRONG; 3]);
}

#[tokio::test]
async fn a_link_is_good_for_an_hour_and_until_the_next_one() {
    let scene = scene().await;
    let (first, second) = (scene.mailed().await, scene.mailed().await);
    assert_eq!(scene.verify(&first, NEW).await.error(400), WRONG);
    scene.app.clock().advance(Duration::from_secs(3_599));
    assert_eq!(scene.validate(&second).await, 200);
    scene.app.clock().advance(Duration::from_secs(1));
    assert_eq!(scene.validate(&second).await, 410);
    assert_eq!(scene.verify(&second, NEW).await.error(400), WRONG);
    assert!(scene.works(PASSWORD).await);
}

#[tokio::test]
async fn five_mails_are_enough_and_the_latest_link_goes_on_working() {
    let scene = scene().await;
    for _ in 0..5 {
        scene.ask("jane@example.com").await.expect(201);
    }
    let latest = mailed_token(&scene.app, "ResetPassword");
    scene.ask("jane@example.com").await.expect(201);
    assert_eq!(scene.app.mail().len(), 5);
    scene.app.clock().advance(Duration::from_mins(15));
    scene.ask("jane@example.com").await.expect(201);
    assert_eq!(scene.app.mail().len(), 6);
    assert_eq!(scene.validate(&latest).await, 410, "another took its place");
}

#[tokio::test]
async fn a_password_that_is_not_good_enough_does_not_use_the_link_up() {
    let scene = scene().await;
    let token = scene.mailed().await;
    assert_eq!(
        scene.verify(&token, "short").await.error(400),
        "password must be at least 10 characters long"
    );
    scene.verify(&token, NEW).await.expect(201);
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_sets_the_password() {
    let scene = scene().await;
    let token = scene.mailed().await;
    let passwords: Vec<_> = (0..5).map(|number| format!("Password-number-{number}")).collect();
    let answers = join_all(passwords.iter().map(|password| scene.verify(&token, password))).await;
    assert_eq!(statuses(&answers, 201), 1);
    let winner = answers.iter().position(|answer| answer.status() == 201).unwrap();
    assert!(scene.works(&passwords[winner]).await);
}

#[tokio::test]
async fn a_link_to_an_address_that_was_given_up_is_void() {
    let scene = scene().await;
    let token = scene.mailed().await;
    let email = json!({ "email": "jane@elsewhere.example" });
    scene
        .app
        .vendor()
        .put(&format!("/identity/resources/users/v1/{}/email", scene.jane.id), email)
        .await
        .expect(200);
    assert_eq!(scene.verify(&token, NEW).await.error(400), WRONG);
}

#[tokio::test]
async fn who_was_locked_by_attempts_is_let_in_again_and_who_was_locked_by_somebody_is_not() {
    let scene = scene().await;
    let token = scene.mailed().await;
    change(&scene.app, scene.jane.id, |jane| jane.lock(LockReason::Attempts)).await;
    scene.verify(&token, NEW).await.expect(201);
    assert_eq!(stored(&scene.app, scene.jane.id).await.locked, None);
    let token = scene.mailed().await;
    change(&scene.app, scene.jane.id, |jane| jane.lock(LockReason::Administrator)).await;
    assert_eq!(scene.verify(&token, "Third-Horse-9!").await.error(400), WRONG);
    let mails = scene.app.mail().len();
    scene.ask("jane@example.com").await.expect(201);
    assert_eq!(scene.app.mail().len(), mails);
    assert!(stored(&scene.app, scene.jane.id).await.locked.is_some());
}

#[tokio::test]
async fn whoever_has_the_mailbox_has_shown_that_the_address_is_theirs() {
    let scene = scene().await;
    let (id, _) = newcomer(&scene.app, "new@example.com", &scene.acme).await;
    scene.ask("new@example.com").await.expect(201);
    let token = mailed_token(&scene.app, "ResetPassword");
    let body = json!({ "userId": id.to_string(), "token": token, "password": NEW });
    scene.app.anonymous().post(VERIFY, body).await.expect(201);
    let user = stored(&scene.app, id).await;
    assert!(user.verified && user.activation.is_none());
    assert_eq!(user.memberships[0].status, MembershipStatus::Activated);
}

#[tokio::test]
async fn where_passwords_or_their_mails_are_switched_off_nothing_is_reset() {
    let scene = scene().await;
    let environment = scene.app.environment();
    let templates = environment.mail_templates();
    let now = scene.app.state().now();
    let switched = templates.update(rookery_domain::TemplateKind::ResetPassword, now, |template| {
        template.active = false;
        Ok::<_, std::convert::Infallible>(())
    });
    switched.await.unwrap().unwrap();
    for email in ["jane@example.com", "nobody@example.com"] {
        assert_eq!(scene.ask(email).await.error(400), "this environment sends no mails that reset passwords");
    }
    let updated = environment.update(|environment| {
        environment.configuration.auth_strategy = rookery_domain::AuthStrategy::NoLocalAuthentication;
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
    let refused = scene.ask("jane@example.com").await;
    assert_eq!((refused.status(), refused.json()["errorCode"].as_str()), (400, Some("ER-01012")));
    assert_eq!(environment.tickets().get(TicketPurpose::PasswordReset, scene.jane.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_vendor_makes_a_link_without_a_mail() {
    let scene = scene().await;
    let path = format!("/identity/resources/users/v1/{}/links/generate-password-reset-token", scene.jane.id);
    let made = scene.app.vendor().post(&path, json!({})).await.expect(201);
    assert_eq!((scene.app.mail().len(), &made["userId"]), (0, &json!(scene.jane.id.to_string())));
    let token = made["token"].as_str().unwrap();
    assert!(made["link"].as_str().unwrap().ends_with(&format!("token={token}")));
    assert_eq!(scene.app.neighbour().await.vendor().post(&path, json!({})).await.status(), 404);
    assert_eq!(scene.signed_in().await.post(&path, json!({})).await.status(), 403);
    scene.verify(token, NEW).await.expect(201);
    change(&scene.app, scene.jane.id, |jane| jane.lock(LockReason::Administrator)).await;
    assert_eq!(scene.app.vendor().post(&path, json!({})).await.status(), 400);
}

#[tokio::test]
async fn another_environment_takes_no_link() {
    let scene = scene().await;
    let token = scene.mailed().await;
    let elsewhere = scene.app.neighbour().await.anonymous();
    assert_eq!(elsewhere.post(VERIFY, scene.body(&token, NEW)).await.error(400), WRONG);
    assert_eq!(elsewhere.post(VALIDATE, scene.body(&token, "")).await.status(), 410);
    assert!(scene.works(PASSWORD).await);
}

#[tokio::test]
async fn who_has_a_password_resets_it_however_they_first_came() {
    let scene = scene().await;
    change(&scene.app, scene.jane.id, |jane| jane.provider = rookery_domain::Provider::Google).await;
    let token = scene.mailed().await;
    scene.verify(&token, NEW).await.expect(201);
    let admin = scene.signed_in().await;
    let body = json!({ "email": "new@example.com", "provider": "saml" });
    let refused = admin.post("/identity/resources/users/v2", body).await.error(403);
    assert_eq!(refused, "only a vendor can set another provider than local");
    let body = json!({ "email": "new@example.com", "provider": "local" });
    admin.post("/identity/resources/users/v2", body).await.expect(201);
}
