//! Signing in without a password, through the router.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{AuthStrategy, LockReason, MembershipStatus};
use rookery_testkit::{Client, Response};
use serde_json::{Value, json};

use crate::support::{REFRESH, Scene, claims, scene};

const PASSWORDLESS: &str = "/identity/resources/auth/v1/passwordless";
const WRONG_CODE: &str = "the code is wrong: after five tries, ask for a new one";
const WRONG_LINK: &str = "the link is wrong or was used: ask for a new one";

/// A way to sign in, on one device.
struct Way {
    name: &'static str,
    device: Client,
}

impl Way {
    async fn ask(&self, email: &str) -> Response {
        self.device.post(&format!("{PASSWORDLESS}/{}/prelogin", self.name), json!({ "email": email })).await
    }

    async fn show(&self, token: &str) -> Response {
        self.device.post(&format!("{PASSWORDLESS}/{}/postlogin", self.name), json!({ "token": token })).await
    }
}

/// The cookie that `response` sets, as it is sent back.
fn cookie(response: &Response) -> String {
    response.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn error_code(response: &Response) -> Value {
    response.json()["errorCode"].clone()
}

impl Scene {
    /// Has the environment sign users in with `strategy`.
    async fn strategy(self, strategy: AuthStrategy) -> Self {
        self.configure(|configuration| configuration.auth_strategy = strategy).await;
        self
    }

    /// Somebody on a device of their own, who signs in by codes.
    async fn codes(&self) -> Way {
        self.way("code").await
    }

    async fn links(&self) -> Way {
        self.way("magiclink").await
    }

    async fn way(&self, name: &'static str) -> Way {
        let stranger = Way { name, device: self.app.anonymous() };
        let response = stranger.ask("nobody@example.com").await;
        Way { name, device: self.app.anonymous().cookies(&cookie(&response)) }
    }

    /// What the newest mail brings.
    fn mailed_code(&self) -> String {
        self.app.mail()[0].variables["code"].as_str().unwrap().to_owned()
    }

    fn mailed_token(&self) -> String {
        let link = self.app.mail()[0].variables["redirectURL"].as_str().unwrap().to_owned();
        assert!(link.starts_with("https://app.example.com/account/login/magic-link?userId="), "{link}");
        link.split_once("token=").unwrap().1.to_owned()
    }
}

/// Another code than `code`.
fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_mailed_code_signs_in_once_on_the_device_that_asked_for_it() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    let (way, elsewhere) = (scene.codes().await, scene.codes().await);
    let asked = way.ask(" Jane@Example.com ").await;
    assert_eq!((asked.status(), asked.text()), (201, ""));
    let code = scene.mailed_code();
    assert!(scene.app.mail()[0].subject.starts_with(&code));
    let refused = elsewhere.show(&code).await;
    assert_eq!((refused.error(401), error_code(&refused)), (WRONG_CODE.to_owned(), json!("ER-01011")));
    let cookieless = Way { name: "code", device: scene.app.anonymous() };
    assert_eq!(cookieless.show(&code).await.error(401), WRONG_CODE);
    let signed_in = way.show(&format!("{} {}", &code[..3], &code[3..])).await;
    let answer = signed_in.expect(201);
    assert_eq!(claims(&answer)["sub"], json!(scene.jane.id));
    assert_eq!(claims(&answer)["tenantId"], json!(scene.acme));
    assert_eq!(way.show(&code).await.error(401), WRONG_CODE);
    let client = scene.app.anonymous().cookies(&cookie(&signed_in));
    assert_eq!(client.post(REFRESH, json!({})).await.status(), 201);
    let words = scene.app.recorded_actions().await;
    assert_eq!(
        words,
        [
            "user.signInMailed",
            "user.signInRefused",
            "user.signInRefused",
            "user.signedIn",
            "user.signInRefused"
        ]
    );
}

#[tokio::test]
async fn a_mailed_link_signs_in_once_on_any_device() {
    let scene = scene().await.strategy(AuthStrategy::MagicLink).await;
    let (way, elsewhere) = (scene.links().await, scene.links().await);
    let asked = way.ask("jane@example.com").await;
    assert_eq!((asked.status(), asked.text()), (200, ""));
    let token = scene.mailed_token();
    let answer = elsewhere.show(&token).await.expect(201);
    assert_eq!(claims(&answer)["sub"], json!(scene.jane.id));
    let again = way.show(&token).await;
    assert_eq!((again.error(400), error_code(&again)), (WRONG_LINK.to_owned(), json!("ER-01015")));
    assert_eq!(scene.sessions().await, 1);
}

#[tokio::test]
async fn where_the_environment_asks_for_it_a_link_works_only_where_it_was_asked_for() {
    let scene = scene().await.strategy(AuthStrategy::MagicLink).await;
    scene.configure(|configuration| configuration.force_same_device_on_auth = true).await;
    let (way, elsewhere) = (scene.links().await, scene.links().await);
    let _ = way.ask("jane@example.com").await.expect(200);
    let token = scene.mailed_token();
    let refused = elsewhere.show(&token).await;
    assert_eq!((refused.status(), error_code(&refused)), (401, json!("ER-01016")));
    way.show(&token).await.expect(201);
}

#[tokio::test]
async fn what_was_mailed_works_for_as_long_as_the_environment_says() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    scene.configure(|configuration| configuration.default_passwordless_token_expiration = 60).await;
    let way = scene.codes().await;
    let _ = way.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    scene.app.clock().advance(Duration::from_mins(1));
    assert_eq!(error_code(&way.show(&other_than(&code)).await), "ER-01011", "only the right one has expired");
    assert_eq!(error_code(&way.show(&code).await), "ER-01017");
    let scene = scene.strategy(AuthStrategy::MagicLink).await;
    let way = scene.links().await;
    let _ = way.ask("jane@example.com").await.expect(200);
    let token = scene.mailed_token();
    scene.app.clock().advance(Duration::from_secs(59));
    let other = way.ask("jane@example.com").await;
    assert_eq!(other.status(), 200);
    assert_eq!(error_code(&way.show(&token).await), "ER-01015", "another took its place");
    let token = scene.mailed_token();
    scene.app.clock().advance(Duration::from_mins(1));
    let expired = way.show(&token).await;
    assert_eq!((expired.status(), error_code(&expired)), (400, json!("ER-01014")));
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn five_wrong_tries_are_enough_however_many_come_at_once() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    let way = scene.codes().await;
    let _ = way.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    let wrong = other_than(&code);
    for _ in 0..4 {
        assert_eq!(way.show(&wrong).await.error(401), WRONG_CODE);
    }
    way.show(&code).await.expect(201);
    let _ = way.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    let wrong = other_than(&code);
    let answers = join_all((0..9).map(|_| way.show(&wrong))).await;
    assert!(answers.iter().all(|answer| answer.status() == 401));
    assert_eq!(way.show(&code).await.error(401), WRONG_CODE);
    // Another code may be tried anew.
    let _ = way.ask("jane@example.com").await.expect(201);
    way.show(&scene.mailed_code()).await.expect(201);
}

#[tokio::test]
async fn of_two_who_use_it_at_the_same_moment_one_signs_in() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    let way = scene.codes().await;
    let _ = way.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    let answers = join_all((0..4).map(|_| way.show(&code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 1);
    let scene = scene.strategy(AuthStrategy::MagicLink).await;
    let way = scene.links().await;
    let _ = way.ask("jane@example.com").await.expect(200);
    let token = scene.mailed_token();
    let answers = join_all((0..4).map(|_| way.show(&token))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 1);
    assert_eq!(scene.sessions().await, 2);
}

#[tokio::test]
async fn asking_tells_nobody_whose_address_is_known() {
    for (strategy, name, status) in
        [(AuthStrategy::Code, "code", 201), (AuthStrategy::MagicLink, "magiclink", 200)]
    {
        let scene = scene().await.strategy(strategy).await;
        let way = scene.way(name).await;
        let mut answers = Vec::new();
        for email in ["jane@example.com", "nobody@example.com"] {
            let response = way.ask(email).await;
            answers.push((response.status(), response.text().to_owned(), response.header("set-cookie")));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].0, status);
        assert_eq!(scene.app.mail().len(), 1);
        scene.change_jane(|jane| jane.locked = Some(LockReason::Administrator)).await;
        let _ = way.ask("jane@example.com").await.expect(status);
        assert_eq!(scene.app.mail().len(), 1, "whoever is locked gets none");
        for body in [json!({}), json!({ "email": "no address" }), json!({ "userId": "jane" })] {
            let refused =
                scene.app.anonymous().post(&format!("{PASSWORDLESS}/{name}/prelogin"), body.clone()).await;
            assert_eq!(refused.status(), 400, "{body}");
        }
    }
}

#[tokio::test]
async fn a_stranger_cannot_fill_a_mailbox_and_voids_nothing_with_it() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    let (jane, stranger) = (scene.codes().await, scene.codes().await);
    let _ = jane.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    for _ in 0..7 {
        let _ = stranger.ask("jane@example.com").await.expect(201);
    }
    assert_eq!(scene.app.mail().len(), 5);
    jane.show(&code).await.expect(201);
    scene.app.clock().advance(Duration::from_mins(15));
    let _ = jane.ask("jane@example.com").await.expect(201);
    assert_eq!(scene.app.mail().len(), 6);
}

#[tokio::test]
async fn only_what_the_environment_has_chosen_signs_in() {
    let scene = scene().await;
    for name in ["code", "magiclink"] {
        let way = Way { name, device: scene.app.anonymous() };
        for refused in [way.ask("jane@example.com").await, way.show("123456").await] {
            assert_eq!((refused.status(), error_code(&refused)), (400, json!("ER-01012")));
        }
    }
    let scene = scene.strategy(AuthStrategy::Code).await;
    let refused = scene.try_sign_in().await;
    assert_eq!((refused.status(), error_code(&refused)), (400, json!("ER-01012")));
}

#[tokio::test]
async fn whoever_reads_the_mailbox_has_shown_that_the_address_is_theirs() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    scene
        .change_jane(|jane| {
            jane.verified = false;
            jane.memberships[0].status = MembershipStatus::NotActivated;
        })
        .await;
    let way = scene.codes().await;
    let _ = way.ask("jane@example.com").await.expect(201);
    let answer = way.show(&scene.mailed_code()).await.expect(201);
    assert_eq!((&answer["emailVerified"], &claims(&answer)["tenantId"]), (&json!(true), &json!(scene.acme)));
    let jane = scene.jane().await;
    assert!(jane.verified && jane.memberships[0].status == MembershipStatus::Activated);
}

#[tokio::test]
async fn whoever_was_locked_or_has_another_address_since_does_not_get_in() {
    let scene = scene().await.strategy(AuthStrategy::MagicLink).await;
    let way = scene.links().await;
    let _ = way.ask("jane@example.com").await.expect(200);
    let token = scene.mailed_token();
    scene.change_jane(|jane| jane.locked = Some(LockReason::Administrator)).await;
    assert_eq!(way.show(&token).await.error(401), "the user is locked");
    scene.change_jane(|jane| jane.locked = None).await;
    scene.change_jane(rookery_domain::User::void_credentials).await;
    assert_eq!(way.show(&token).await.error(400), WRONG_LINK);
    let scene = scene.strategy(AuthStrategy::Code).await;
    let way = scene.codes().await;
    let _ = way.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    scene.change_jane(rookery_domain::User::void_credentials).await;
    assert_eq!(way.show(&code).await.error(401), WRONG_CODE);
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_neither_asks_nor_signs_in() {
    let scene = scene().await.strategy(AuthStrategy::MagicLink).await;
    let way = scene.links().await;
    let _ = way.ask("jane@example.com").await.expect(200);
    let token = scene.mailed_token();
    let foreign = Way { name: "magiclink", device: way.device.with("origin", "https://evil.example") };
    assert_eq!(
        (foreign.ask("jane@example.com").await.status(), foreign.show(&token).await.status()),
        (403, 403)
    );
    way.show(&token).await.expect(201);
}

#[tokio::test]
async fn nothing_that_is_made_up_signs_in() {
    let scene = scene().await.strategy(AuthStrategy::MagicLink).await;
    let way = scene.links().await;
    let _ = way.ask("jane@example.com").await.expect(200);
    let token = scene.mailed_token();
    let (user, secret) = token.split_once('.').unwrap();
    let joe = scene.app.user("joe@example.com", &scene.acme, &["Admin"]).await;
    let of_another = format!("{}.{secret}", joe.id.as_uuid().simple());
    let wrong = format!("{user}.{}", "A".repeat(43));
    let long = "x".repeat(10_000);
    for bad in ["", ".", "x", secret, &of_another, &wrong, &long] {
        let refused = way.show(bad).await;
        assert_eq!((refused.error(400), error_code(&refused)), (WRONG_LINK.to_owned(), json!("ER-01015")));
    }
    let neighbour = scene.app.neighbour().await;
    let environment = neighbour.environment();
    let updated = environment.update(|environment| {
        environment.configuration.auth_strategy = AuthStrategy::MagicLink;
        Ok::<_, rookery_http::ApiError>(())
    });
    updated.await.unwrap().unwrap();
    let elsewhere = Way { name: "magiclink", device: neighbour.anonymous() };
    assert_eq!(elsewhere.show(&token).await.error(400), WRONG_LINK);
    way.show(&token).await.expect(201);
}

#[tokio::test]
async fn signing_in_takes_so_many_round_trips() {
    let table_of = |scene: &Scene| scene.app.store().round_trips().waves();
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    let way = scene.codes().await;
    let _ = way.ask("jane@example.com").await.expect(201);
    let before = table_of(&scene);
    way.show(&scene.mailed_code()).await.expect(201);
    // The try, with the environment; the user and their tenant; the code; the session.
    assert_eq!(table_of(&scene) - before, 4);
    let scene = scene.strategy(AuthStrategy::MagicLink).await;
    let way = scene.links().await;
    let _ = way.ask("jane@example.com").await.expect(200);
    let before = table_of(&scene);
    way.show(&scene.mailed_token()).await.expect(201);
    // The user and the environment, with the ticket; their tenant; the ticket; the session.
    assert_eq!(table_of(&scene) - before, 4);
}

#[tokio::test]
async fn guessed_codes_lock_as_guessed_passwords_do_and_cost_as_much_for_nobody() {
    let scene = scene().await.strategy(AuthStrategy::Code).await;
    let policy = rookery_domain::LockoutPolicy { enabled: true, max_attempts: 3 };
    let adopted = rookery_domain::Adopted::new(policy, &*scene.app.state().entropy, scene.app.state().now());
    scene.ask(|policies| policies.lockout = Some(adopted)).await;
    let (way, stranger) = (scene.codes().await, scene.codes().await);
    let _ = way.ask("jane@example.com").await.expect(201);
    let code = scene.mailed_code();
    let table = scene.app.store().round_trips();
    let mut costs = Vec::new();
    for guesser in [&way, &stranger] {
        let before = (table.waves(), table.requests());
        assert_eq!(guesser.show(&other_than(&code)).await.error(401), WRONG_CODE);
        costs.push((table.waves() - before.0, table.requests() - before.1));
    }
    assert_eq!(costs[0], costs[1]);
    for _ in 0..2 {
        let _ = way.show(&other_than(&code)).await.error(401);
    }
    assert_eq!(scene.jane().await.locked, Some(LockReason::Attempts));
    assert_eq!(way.show(&code).await.status(), 401);
}
