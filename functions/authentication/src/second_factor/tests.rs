//! Second factors, through the router.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{
    Adopted, AuthStrategy, LockoutPolicy, Membership, MembershipStatus, MfaEnforcement, MfaPolicy,
    OneTimeToken, PlainToken, Policies, RecoveryCode, Sealed, SeededEntropy, SystemEntropy, Timestamp,
};
use rookery_testkit::{Client, PASSWORD, Response};
use serde_json::{Value, json};

use crate::support::{REFRESH, SIGN_IN, Scene, claims, scene};

const MFA: &str = "/identity/resources/auth/v1/user/mfa";
const WRONG: &str = "the code is wrong or was used: wait for the next one";
const GONE: &str = "the mfaToken is wrong, used or too old: sign in again";

/// Jane on a device of her own.
struct Jane {
    device: Client,
}

impl Scene {
    fn on_device(&self, number: u64) -> Jane {
        let id = self.app.environment().id().to_string().replacen('-', "", 1);
        let secret = PlainToken::random(&SeededEntropy::new(number));
        let device = self.app.anonymous().cookies(&format!("fe_device_{id}={}", secret.expose()));
        Jane { device }
    }

    async fn enrolled(&self) -> Sealed {
        self.app.enrol(self.jane.id).await
    }

    async fn code(&self, sealed: &Sealed, steps: i64) -> String {
        self.app.code(self.jane.id, sealed, steps).await
    }

    fn pass(&self, seconds: u64) {
        self.app.clock().advance(Duration::from_secs(seconds));
    }

    /// Has the environment force second factors, and remember devices for so many seconds if for any.
    async fn force(&self, enforcement: MfaEnforcement, remembered: Option<i64>) {
        let now = self.app.state().now();
        self.ask(|policies| *policies = mfa(enforcement, remembered, now)).await;
    }

    /// The secret of the authenticator app that whoever got `answer` has to enrol.
    async fn enrolment(&self, answer: &Value) -> Sealed {
        let hash = PlainToken::presented(answer["mfaToken"].as_str().unwrap().to_owned()).hash();
        let challenge = self.app.environment().challenges().get(&hash).await.unwrap().unwrap();
        challenge.enrolment.clone().unwrap()
    }
}

fn mfa(enforcement: MfaEnforcement, remembered: Option<i64>, now: Timestamp) -> Policies {
    let policy = MfaPolicy {
        enforcement,
        remembering_since: remembered.map(|_| now),
        remembered_seconds: remembered.unwrap_or(MfaPolicy::DEFAULT_SECONDS),
    };
    Policies { mfa: Some(Adopted::new(policy, &SystemEntropy, now)), ..Policies::default() }
}

impl Jane {
    async fn sign_in(&self) -> Response {
        self.device.post(SIGN_IN, json!({ "email": "jane@example.com", "password": PASSWORD })).await
    }

    /// The token of a sign-in that waits.
    async fn token(&self) -> String {
        let answer = self.sign_in().await.expect(200);
        assert_eq!(answer["mfaRequired"], true, "{answer}");
        answer["mfaToken"].as_str().unwrap().to_owned()
    }

    async fn verify(&self, token: &str, code: &str) -> Response {
        self.device.post(&format!("{MFA}/verify"), json!({ "mfaToken": token, "value": code })).await
    }

    async fn verify_and_remember(&self, token: &str, code: &str) -> Response {
        let body = json!({ "mfaToken": token, "value": code, "rememberDevice": true });
        self.device.post(&format!("{MFA}/verify"), body).await
    }

    /// Whether a sign-in here asks for a second factor.
    async fn is_asked(&self) -> bool {
        self.sign_in().await.expect(200)["mfaRequired"] == true
    }
}

#[tokio::test]
async fn whoever_has_an_authenticator_app_gets_tokens_only_for_its_code() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let waits = jane.sign_in().await;
    assert!(waits.header("set-cookie").unwrap().starts_with("fe_device_"), "no other cookie");
    let answer = waits.expect(200);
    let names: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["mfaDevices", "mfaEnrolled", "mfaRequired", "mfaStrategies", "mfaToken"]);
    assert_eq!(answer["mfaEnrolled"], true);
    let id = answer["mfaDevices"]["authenticators"][0]["id"].as_str().unwrap();
    assert_eq!(scene.sessions().await, 0);
    let token = answer["mfaToken"].as_str().unwrap();
    let code = scene.code(&sealed, 0).await;
    let path = format!("{MFA}/authenticator/{id}/verify");
    let signed_in = jane.device.post(&path, json!({ "mfaToken": token, "value": code })).await;
    let tokens = signed_in.expect(201);
    assert_eq!(claims(&tokens)["sub"], json!(scene.jane.id));
    assert_eq!((&tokens["mfaRequired"], scene.sessions().await), (&json!(false), 1));
    let refreshed = scene.refresh(tokens["refreshToken"].as_str().unwrap()).await;
    assert_eq!(refreshed.status(), 201);
    assert_eq!(jane.verify(token, &scene.code(&sealed, 1).await).await.error(401), GONE);
    let words = scene.app.recorded_actions().await;
    let expected = ["user.secondFactorAsked", "user.signedIn", "user.signInRefused"];
    assert_eq!(words, expected);
}

#[tokio::test]
async fn a_code_works_once_and_so_does_its_step() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let (ahead, code) = (scene.code(&sealed, 1).await, scene.code(&sealed, 0).await);
    jane.verify(&jane.token().await, &ahead).await.expect(201);
    let token = jane.token().await;
    let refused = jane.verify(&token, &ahead).await;
    assert_eq!((refused.error(401), &refused.json()["errorCode"]), (WRONG.to_owned(), &json!("ER-01011")));
    assert_eq!(jane.verify(&token, &code).await.error(401), WRONG, "it is older than the one taken");
    scene.pass(60);
    jane.verify(&token, &scene.code(&sealed, 0).await).await.expect(201);
}

#[tokio::test]
async fn an_apps_clock_may_be_one_step_off() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let token = jane.token().await;
    for steps in [-2, 2] {
        assert_eq!(jane.verify(&token, &scene.code(&sealed, steps).await).await.error(401), WRONG);
    }
    jane.verify(&token, &scene.code(&sealed, -1).await).await.expect(201);
    jane.verify(&jane.token().await, &scene.code(&sealed, 1).await).await.expect(201);
}

#[tokio::test]
async fn a_sign_in_is_completed_where_it_began_and_in_time() {
    let scene = scene().await;
    let (sealed, jane, elsewhere) = (scene.enrolled().await, scene.on_device(1), scene.on_device(2));
    let token = jane.token().await;
    let code = scene.code(&sealed, 0).await;
    assert_eq!(elsewhere.verify(&token, &code).await.error(401), GONE);
    let cookieless = Jane { device: scene.app.anonymous() };
    assert_eq!(cookieless.verify(&token, &code).await.error(401), GONE);
    assert_eq!(jane.verify("nonsense", &code).await.error(401), GONE);
    // The app of somebody else.
    let joe = scene.app.user("joe@example.com", &scene.acme, &[]).await;
    let of_joe = scene.app.enrol(joe.id).await;
    let code_of_joe = scene.app.code(joe.id, &of_joe, 0).await;
    assert_eq!(jane.verify(&token, &code_of_joe).await.error(401), WRONG);
    scene.pass(600);
    assert_eq!(jane.verify(&token, &scene.code(&sealed, 0).await).await.error(401), GONE);
    let neighbour = scene.app.neighbour().await;
    let there = neighbour.anonymous();
    let body = json!({ "mfaToken": jane.token().await, "value": scene.code(&sealed, 0).await });
    assert_eq!(there.post(&format!("{MFA}/verify"), body).await.error(401), GONE);
}

#[tokio::test]
async fn five_tries_are_enough_for_a_sign_in_and_ten_for_a_minute() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let token = jane.token().await;
    for _ in 0..5 {
        assert_eq!(jane.verify(&token, "000000x").await.error(401), WRONG);
    }
    assert_eq!(jane.verify(&token, &scene.code(&sealed, 0).await).await.error(401), GONE);
    let another = jane.token().await;
    let tried = join_all((0..5).map(|_| jane.verify(&another, "000000x"))).await;
    assert!(tried.iter().all(|answer| answer.status() == 401));
    let third = jane.token().await;
    let slowed = jane.verify(&third, &scene.code(&sealed, 0).await).await;
    assert_eq!((slowed.status(), slowed.header("retry-after").as_deref()), (429, Some("60")));
    scene.pass(60);
    jane.verify(&third, &scene.code(&sealed, 0).await).await.expect(201);
}

#[tokio::test]
async fn wrong_codes_lock_whoever_has_the_right_password() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let lockout = LockoutPolicy { enabled: true, max_attempts: 3 };
    let now = scene.app.state().now();
    scene.ask(|policies| policies.lockout = Some(Adopted::new(lockout, &SystemEntropy, now))).await;
    for _ in 0..3 {
        // The right password in between does not begin the counting anew.
        assert_eq!(jane.verify(&jane.token().await, "000000x").await.error(401), WRONG);
    }
    assert_eq!(jane.sign_in().await.json()["errorCode"], "ER-01034");
    assert!(scene.jane().await.locked.is_some());
    assert!(scene.app.recorded_actions().await.contains(&"user.lockedOut".to_owned()));
    drop(sealed);
}

#[tokio::test]
async fn of_two_who_show_the_same_code_one_gets_in() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let (one, other) = (jane.token().await, jane.token().await);
    let code = scene.code(&sealed, 0).await;
    let answers = join_all([&one, &one, &other, &other].map(|token| jane.verify(token, &code))).await;
    let let_in = answers.iter().filter(|answer| answer.status() == 201).count();
    assert_eq!((let_in, scene.sessions().await), (1, 1));
}

#[tokio::test]
async fn what_voids_sessions_voids_a_sign_in_that_waits() {
    let scene = scene().await;
    let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
    let token = jane.token().await;
    scene.change_jane(rookery_domain::User::void_credentials).await;
    assert_eq!(jane.verify(&token, &scene.code(&sealed, 0).await).await.error(401), GONE);
}

#[tokio::test]
async fn where_a_policy_forces_it_whoever_has_none_enrols_one() {
    let scene = scene().await;
    scene.force(MfaEnforcement::Force, None).await;
    let (jane, elsewhere) = (scene.on_device(1), scene.on_device(2));
    let answer = jane.sign_in().await.expect(200);
    assert_eq!((&answer["mfaEnrolled"], &answer["accessToken"]), (&json!(false), &Value::Null));
    assert!(answer["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,"));
    let token = answer["mfaToken"].as_str().unwrap();
    let replaced = scene.enrolment(&answer).await;
    let begun = jane.device.post(&format!("{MFA}/authenticator/enroll"), json!({ "mfaToken": token })).await;
    assert!(begun.expect(201)["qrCode"].is_string());
    let sealed = scene.enrolment(&answer).await;
    assert_ne!(sealed, replaced);
    let thief =
        elsewhere.device.post(&format!("{MFA}/authenticator/enroll"), json!({ "mfaToken": token })).await;
    assert_eq!(thief.error(401), GONE);
    assert_eq!(jane.verify(token, &scene.code(&replaced, 0).await).await.error(401), WRONG);
    let waiting_elsewhere = elsewhere.sign_in().await.expect(200);
    let body = json!({ "mfaToken": token, "token": scene.code(&sealed, 0).await });
    let signed_in = jane.device.post(&format!("{MFA}/authenticator/enroll/verify"), body).await.expect(201);
    assert_eq!(claims(&signed_in)["sub"], json!(scene.jane.id));
    assert_eq!(signed_in["recoveryCode"].as_str().unwrap().len(), 23);
    assert!(scene.jane().await.mfa_enrolled);
    // Whoever was about to enrol another one has to show this.
    let late = waiting_elsewhere["mfaToken"].as_str().unwrap();
    let secret = scene.enrolment(&waiting_elsewhere).await;
    assert_eq!(elsewhere.verify(late, &scene.code(&secret, 0).await).await.error(401), WRONG);
    assert_eq!(jane.sign_in().await.expect(200)["mfaEnrolled"], true);
}

#[tokio::test]
async fn the_first_code_completes_an_enrolment_by_the_older_path_too() {
    let scene = scene().await;
    scene.force(MfaEnforcement::ForceExceptSaml, None).await;
    let jane = scene.on_device(1);
    let answer = jane.sign_in().await.expect(200);
    let code = scene.code(&scene.enrolment(&answer).await, 0).await;
    let signed_in = jane.verify(answer["mfaToken"].as_str().unwrap(), &code).await.expect(201);
    assert!(signed_in["recoveryCode"].is_string() && signed_in["accessToken"].is_string());
}

#[tokio::test]
async fn all_tenants_that_a_user_has_joined_count_and_no_others() {
    let scene = scene().await;
    let now = scene.app.state().now();
    let (jane, strict) = (scene.on_device(1), scene.app.tenant("Strict").await);
    scene.ask_in(&strict, |policies| *policies = mfa(MfaEnforcement::Force, None, now)).await;
    assert!(!jane.is_asked().await);
    let (_, invitation) = OneTimeToken::issue(&SystemEntropy, now);
    let status = MembershipStatus::PendingInvitation(invitation);
    let membership = Membership::new(strict.clone(), Vec::new(), status, now);
    scene.app.environment().users().join(scene.jane.id, &membership).await.unwrap().unwrap();
    assert!(!jane.is_asked().await, "she has not accepted");
    scene
        .change_jane(|user| user.membership_mut(&strict).unwrap().status = MembershipStatus::Activated)
        .await;
    assert!(jane.is_asked().await);
    scene.change_jane(|user| user.mfa_bypass = true).await;
    assert!(!jane.is_asked().await);
    scene.enrolled().await;
    assert!(!jane.is_asked().await);
}

#[tokio::test]
async fn no_other_way_to_sign_in_goes_around_it() {
    for (strategy, way) in [(AuthStrategy::Code, "code"), (AuthStrategy::MagicLink, "magiclink")] {
        let scene = scene().await;
        scene.configure(|configuration| configuration.auth_strategy = strategy).await;
        let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
        let path = |step: &str| format!("/identity/resources/auth/v1/passwordless/{way}/{step}");
        jane.device.post(&path("prelogin"), json!({ "email": "jane@example.com" })).await;
        let mail = scene.app.mail().remove(0);
        let mailed = match mail.variables.get("code") {
            Some(code) => code.as_str().unwrap().to_owned(),
            None => {
                mail.variables["redirectURL"].as_str().unwrap().split_once("token=").unwrap().1.to_owned()
            }
        };
        let shown = jane.device.post(&path("postlogin"), json!({ "token": mailed })).await;
        assert!(shown.header("set-cookie").unwrap().starts_with("fe_device_"));
        let answer = shown.expect(201);
        assert_eq!((&answer["mfaRequired"], &answer["accessToken"]), (&json!(true), &Value::Null));
        assert_eq!(scene.sessions().await, 0);
        assert_eq!(jane.device.post(REFRESH, json!({})).await.status(), 401);
        let again = jane.device.post(&path("postlogin"), json!({ "token": mailed })).await;
        assert_ne!(again.status(), 201, "it is used up");
        let token = answer["mfaToken"].as_str().unwrap();
        jane.verify(token, &scene.code(&sealed, 0).await).await.expect(201);
    }
}

#[tokio::test]
async fn a_device_is_remembered_where_every_policy_allows_it() {
    let scene = scene().await;
    let sealed = scene.enrolled().await;
    let (jane, elsewhere) = (scene.on_device(1), scene.on_device(2));
    jane.verify_and_remember(&jane.token().await, &scene.code(&sealed, 0).await).await.expect(201);
    assert!(jane.is_asked().await, "nobody allows it");
    scene.force(MfaEnforcement::DontForce, Some(600)).await;
    scene.pass(60);
    jane.verify_and_remember(&jane.token().await, &scene.code(&sealed, 0).await).await.expect(201);
    assert!(!jane.is_asked().await && elsewhere.is_asked().await);
    let now = scene.app.state().now();
    scene.ask_in(&scene.acme, |policies| *policies = mfa(MfaEnforcement::Force, Some(60), now)).await;
    assert!(!jane.is_asked().await);
    scene.pass(60);
    assert!(jane.is_asked().await, "the shortest time counts");
    scene.ask_in(&scene.acme, |policies| *policies = Policies::default()).await;
    assert!(!jane.is_asked().await);
    scene.pass(540);
    assert!(jane.is_asked().await, "its time is over");
}

#[tokio::test]
async fn another_password_another_factor_or_another_policy_forgets_devices() {
    type Wipe = for<'a> fn(&'a Scene) -> futures::future::BoxFuture<'a, ()>;
    let wipes: [Wipe; 3] = [
        |scene| Box::pin(async { scene.change_jane(rookery_domain::User::void_credentials).await }),
        |scene| Box::pin(async { drop(scene.enrolled().await) }),
        |scene| {
            Box::pin(async {
                scene.force(MfaEnforcement::DontForce, None).await;
                scene.pass(1);
                scene.force(MfaEnforcement::DontForce, Some(600)).await;
            })
        },
    ];
    for wipe in wipes {
        let scene = scene().await;
        scene.force(MfaEnforcement::DontForce, Some(600)).await;
        let (sealed, jane) = (scene.enrolled().await, scene.on_device(1));
        jane.verify_and_remember(&jane.token().await, &scene.code(&sealed, 0).await).await.expect(201);
        assert!(!jane.is_asked().await);
        wipe(&scene).await;
        // A login is of the password that it was written with.
        let hash = rookery_testkit::passwords().hash(PASSWORD.into()).await.unwrap();
        let generation = scene.jane().await.credential_generation;
        if generation > 0 {
            scene.set_password_hash(hash).await;
        }
        assert!(jane.is_asked().await);
    }
}

#[tokio::test]
async fn a_recovery_code_gives_all_factors_up_once_and_signs_nobody_in() {
    let scene = scene().await;
    scene.force(MfaEnforcement::Force, None).await;
    let jane = scene.on_device(1);
    let answer = jane.sign_in().await.expect(200);
    let code = scene.code(&scene.enrolment(&answer).await, 0).await;
    let signed_in = jane.verify(answer["mfaToken"].as_str().unwrap(), &code).await.expect(201);
    let recovery = signed_in["recoveryCode"].as_str().unwrap().to_lowercase();
    let recover = async |email: &str, code: &str| {
        let body = json!({ "email": email, "recoveryCode": code });
        scene.app.anonymous().post(&format!("{MFA}/recover"), body).await
    };
    let other = RecoveryCode::random(&SystemEntropy);
    let (wrong, unknown) =
        (recover("jane@example.com", &other.expose()).await, recover("nobody@example.com", &recovery).await);
    assert_eq!((wrong.status(), wrong.text()), (401, unknown.text()));
    assert!(scene.jane().await.mfa_enrolled);
    let answers = join_all((0..2).map(|_| recover("jane@example.com", &recovery))).await;
    let mut statuses: Vec<_> = answers.iter().map(Response::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    assert!(answers.iter().all(|answer| answer.header("set-cookie").is_none()));
    assert!(!scene.jane().await.mfa_enrolled && scene.sessions().await == 0);
    assert_eq!(scene.refresh(signed_in["refreshToken"].as_str().unwrap()).await.status(), 401);
    assert_eq!(jane.sign_in().await.expect(200)["mfaEnrolled"], false, "she enrols another");
    for email in ["jane@example.com", "nobody@example.com"] {
        let tried = join_all((0..11).map(|_| recover(email, &recovery))).await;
        assert!(tried.iter().any(|answer| answer.status() == 429), "{email}");
    }
}

#[tokio::test]
async fn it_takes_so_many_round_trips() {
    let scene = scene().await;
    let waves = || scene.app.store().round_trips().waves();
    let jane = scene.on_device(1);
    jane.sign_in().await.expect(200);
    let before = waves();
    jane.sign_in().await.expect(200);
    assert_eq!(waves() - before, 3, "whoever has none pays nothing");
    let labs = scene.join("Labs").await;
    let before = waves();
    jane.sign_in().await.expect(200);
    assert_eq!(waves() - before, 4, "{labs} was not read yet");
    let sealed = scene.enrolled().await;
    let before = waves();
    let token = jane.token().await;
    assert_eq!(waves() - before, 4);
    let code = scene.code(&sealed, 0).await;
    let before = waves();
    jane.verify(&token, &code).await.expect(201);
    assert_eq!(waves() - before, 4);
}
