//! What limits sessions: how long they may be idle, how long they last, and how many there may be.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{Limit, SessionPolicy, TenantId};
use serde_json::{Value, json};

use crate::support::{REFRESH, SESSIONS, SIGN_IN, Scene, claims, refresh_token, scene};

#[expect(clippy::unnecessary_wraps, reason = "a limit may have been set or not")]
fn limit(value: i64) -> Option<Limit> {
    Some(Limit { is_active: true, value })
}

fn idle(seconds: i64) -> SessionPolicy {
    SessionPolicy { idle_timeout: limit(seconds), ..SessionPolicy::default() }
}

fn absolute(seconds: i64) -> SessionPolicy {
    SessionPolicy { timeout: limit(seconds), ..SessionPolicy::default() }
}

fn at_most(sessions: i64) -> SessionPolicy {
    SessionPolicy { max_sessions: limit(sessions), ..SessionPolicy::default() }
}

impl Scene {
    async fn allow(&self, policy: SessionPolicy) {
        self.ask(|policies| policies.sessions = policy.clone()).await;
    }

    async fn allow_in(&self, tenant: &TenantId, policy: SessionPolicy) {
        self.ask_in(tenant, |policies| policies.sessions = policy.clone()).await;
    }

    /// Signs Jane in, a second after whatever was before.
    async fn signs_in(&self) -> Value {
        advance(self, 1);
        self.try_sign_in().await.expect(200)
    }
}

fn advance(scene: &Scene, seconds: u64) {
    scene.app.clock().advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn a_session_that_is_idle_ends_and_one_that_is_refreshed_goes_on() {
    let scene = scene().await;
    scene.allow(idle(600)).await;
    let response = scene.try_sign_in().await;
    let answer = response.expect(200);
    assert_eq!(answer["expiresIn"], 300);
    assert!(response.header("set-cookie").unwrap().ends_with("Max-Age=600"));
    let mut token = refresh_token(&answer);
    for _ in 0..3 {
        advance(&scene, 599);
        token = refresh_token(&scene.refresh(&token).await.expect(201));
    }
    advance(&scene, 600);
    assert_eq!(scene.refresh(&token).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn whoever_is_active_has_an_access_token_that_is_refreshed_in_time() {
    let scene = scene().await;
    scene.allow(idle(60)).await;
    let answer = scene.try_sign_in().await.expect(200);
    assert_eq!(answer["expiresIn"], 30);
    let said = claims(&answer);
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 30);
}

#[tokio::test]
async fn without_rotation_a_refresh_counts_as_activity_and_makes_no_session_longer() {
    let scene = scene().await;
    scene
        .configure(|configuration| {
            configuration.rotate_refresh_tokens = false;
            configuration.default_refresh_token_expiration = 1_000;
        })
        .await;
    scene.allow(idle(600)).await;
    let token = refresh_token(&scene.try_sign_in().await.expect(200));
    advance(&scene, 500);
    scene.refresh(&token).await.expect(201);
    advance(&scene, 499);
    let answer = scene.refresh(&token).await.expect(201);
    assert_eq!(answer["expiresIn"], 1, "an access token does not outlive its session");
    advance(&scene, 1);
    assert_eq!(scene.refresh(&token).await.status(), 401);
}

#[tokio::test]
async fn a_session_ends_at_an_age_whatever_its_user_does() {
    let scene = scene().await;
    scene.allow(absolute(1_000)).await;
    let mut token = refresh_token(&scene.try_sign_in().await.expect(200));
    for _ in 0..3 {
        advance(&scene, 300);
        token = refresh_token(&scene.refresh(&token).await.expect(201));
    }
    let response = scene.refresh(&token).await;
    assert_eq!(response.expect(201)["expiresIn"], 100);
    assert!(response.header("set-cookie").unwrap().ends_with("Max-Age=100"));
    advance(&scene, 100);
    assert_eq!(scene.refresh(&refresh_token(&response.json())).await.status(), 401);
}

#[tokio::test]
async fn a_limit_counts_for_sessions_that_have_begun_and_no_more_when_it_is_lifted() {
    let scene = scene().await;
    let (one, other) = (scene.signed_in().await.refresh_token(), scene.signed_in().await.refresh_token());
    advance(&scene, 700);
    scene.allow(idle(600)).await;
    assert_eq!(scene.refresh(&one).await.status(), 401);
    let inactive = SessionPolicy { idle_timeout: Some(Limit { is_active: false, value: 600 }), ..idle(600) };
    scene.allow(inactive).await;
    scene.refresh(&other).await.expect(201);
}

#[tokio::test]
async fn a_tenant_may_be_stricter_and_only_for_those_who_work_in_it() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    scene.allow(idle(3_600)).await;
    scene.allow_in(&scene.acme, idle(600)).await;
    // The environment's limit counts where the tenant has a looser one, which it can have from before.
    scene.allow_in(&labs, idle(7_200)).await;
    for (tenant, seconds) in [(&scene.acme, 600), (&labs, 3_600)] {
        scene.change_jane(|jane| jane.active_tenant = Some(tenant.clone())).await;
        let response = scene.try_sign_in().await;
        assert!(response.header("set-cookie").unwrap().ends_with(&format!("Max-Age={seconds}")), "{tenant}");
        let token = refresh_token(&response.expect(200));
        advance(&scene, seconds - 1);
        let token = refresh_token(&scene.refresh(&token).await.expect(201));
        advance(&scene, seconds);
        assert_eq!(scene.refresh(&token).await.status(), 401, "{tenant}");
    }
}

#[tokio::test]
async fn a_token_that_names_another_tenant_does_not_get_around_the_limits_of_its_own() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    scene.allow_in(&scene.acme, idle(600)).await;
    let answer = scene.try_sign_in().await.expect(200);
    let token: rookery_domain::RefreshToken = refresh_token(&answer).parse().unwrap();
    let altered = token.leading_to(&labs).expose().to_string();
    advance(&scene, 600);
    assert_eq!(scene.refresh(&altered).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn a_token_for_another_tenant_is_limited_by_that_one_too() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    let strict = SessionPolicy { max_sessions: limit(1), ..idle(200) };
    scene.allow_in(&labs, strict).await;
    let (older, newer) = (scene.signs_in().await, scene.signs_in().await);
    let into_labs = async |token: &str| scene.holder(token).post(REFRESH, json!({ "tenantId": labs })).await;
    assert_eq!(
        into_labs(&refresh_token(&older)).await.status(),
        403,
        "one session may, and there is a newer one"
    );
    let answer = into_labs(&refresh_token(&newer)).await.expect(201);
    assert_eq!((&claims(&answer)["tenantId"], &answer["expiresIn"]), (&json!(labs), &json!(100)));
    advance(&scene, 200);
    let token = refresh_token(&answer);
    assert_eq!(into_labs(&token).await.status(), 403, "it was idle for too long for this tenant");
    let answer = scene.refresh(&token).await.expect(201);
    assert_eq!(answer["expiresIn"], 300, "and not for its own");
    into_labs(&refresh_token(&answer)).await.expect(201);
}

#[tokio::test]
async fn one_sign_in_too_many_ends_the_oldest_session() {
    let scene = scene().await;
    scene.allow(at_most(2)).await;
    let (first, second) = (scene.signs_in().await, scene.signs_in().await);
    let third = scene.signs_in().await;
    assert_eq!(scene.sessions().await, 2);
    assert_eq!(scene.refresh(&refresh_token(&first)).await.status(), 401);
    let still = scene.refresh(&refresh_token(&second)).await.expect(201);
    let still = scene.app.anonymous().bearer(still["accessToken"].as_str().unwrap());
    assert_eq!(still.get(SESSIONS).await.expect(200).as_array().unwrap().len(), 2);
    let gone = scene.app.anonymous().bearer(first["accessToken"].as_str().unwrap());
    assert_eq!(gone.get(SESSIONS).await.status(), 401);
    scene.refresh(&refresh_token(&third)).await.expect(201);
    let replaced =
        scene.app.recorded_actions().await.into_iter().filter(|word| word == "user.sessionReplaced");
    assert_eq!(replaced.count(), 1);
}

#[tokio::test]
async fn a_tenant_limits_the_sessions_in_it_and_no_others() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    scene.change_jane(|jane| jane.active_tenant = Some(labs.clone())).await;
    let (in_labs, again) = (scene.signs_in().await, scene.signs_in().await);
    scene.change_jane(|jane| jane.active_tenant = Some(scene.acme.clone())).await;
    scene.allow_in(&scene.acme, at_most(1)).await;
    scene.signs_in().await;
    scene.signs_in().await;
    assert_eq!(scene.sessions().await, 3);
    scene.change_jane(|jane| jane.active_tenant = Some(labs.clone())).await;
    for answer in [in_labs, again] {
        scene.refresh(&refresh_token(&answer)).await.expect(201);
    }
}

#[tokio::test]
async fn sign_ins_at_the_same_moment_are_too_many_until_the_next_refresh_at_most() {
    let scene = scene().await;
    scene.allow(at_most(1)).await;
    let answers = join_all((0..5).map(|_| scene.try_sign_in())).await;
    let tokens: Vec<_> = answers.iter().map(|response| refresh_token(&response.expect(200))).collect();
    let mut left = 0;
    for token in &tokens {
        left += usize::from(scene.refresh(token).await.status() == 201);
    }
    assert_eq!((left, scene.sessions().await), (1, 1));
    let replaced =
        scene.app.recorded_actions().await.into_iter().filter(|word| word == "user.sessionReplaced");
    assert_eq!(replaced.count(), 4);
}

#[tokio::test]
async fn a_list_says_when_sessions_end_and_leaves_out_what_is_over() {
    let scene = scene().await;
    scene.try_sign_in().await.expect(200);
    scene.allow(idle(600)).await;
    let limited = scene.try_sign_in().await.expect(200);
    let ends = async |answer: &Value| {
        let client = scene.app.anonymous().bearer(answer["accessToken"].as_str().unwrap());
        let listed = client.get(SESSIONS).await.expect(200);
        let listed = listed.as_array().unwrap().iter().map(|session| session["expires"].clone());
        listed.collect::<Vec<_>>()
    };
    let mut expected = ends(&limited).await;
    expected.sort_by_key(ToString::to_string);
    assert_eq!(expected, [json!("2026-01-01T00:10:00.000Z"), json!("2026-01-31T00:00:00.000Z")]);
    advance(&scene, 601);
    scene.allow(SessionPolicy::default()).await;
    let again = scene.try_sign_in().await.expect(200);
    assert_eq!(ends(&again).await.len(), 2, "the idle one is over");
}

#[tokio::test]
async fn limits_cost_no_round_trip() {
    let scene = scene().await;
    let strict = SessionPolicy { max_sessions: limit(1), timeout: limit(3_600), ..idle(600) };
    scene.allow(strict.clone()).await;
    scene.allow_in(&scene.acme, strict).await;
    let mut token = refresh_token(&scene.try_sign_in().await.expect(200));
    token = refresh_token(&scene.refresh(&token).await.expect(201));
    let table = scene.app.store().round_trips();
    let waves = table.waves();
    scene.refresh(&token).await.expect(201);
    assert!(table.waves() - waves <= 2, "{}", table.waves() - waves);
    scene.allow(at_most(5)).await;
    scene.allow_in(&scene.acme, at_most(5)).await;
    let waves = table.waves();
    let body = json!({ "email": "jane@example.com", "password": rookery_testkit::PASSWORD });
    scene.app.anonymous().post(SIGN_IN, body).await.expect(200);
    assert!(table.waves() - waves <= 3, "{}", table.waves() - waves);
}
