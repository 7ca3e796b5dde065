//! Every way to sign in, against every reason to be refused: the door is one, and what it looks at.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use rookery_domain::{
    AuthStrategy, LockReason, Membership, MembershipStatus, OneTimeToken, PlainToken, SystemEntropy,
    TenantId, Timestamp, User, UserId,
};
use rookery_store::NewUser;
use rookery_testkit::{PASSWORD, Response, TestApp};
use serde_json::{Value, json};

/// Why somebody is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    None,
    Strategy,
    Locked,
    Wrong,
    LockedAndWrong,
    NotVerified,
    NoTenant,
    /// Not refused, but not let in yet: she has a second factor.
    SecondFactor,
}

const REASONS: [Reason; 8] = [
    Reason::None,
    Reason::Strategy,
    Reason::Locked,
    Reason::Wrong,
    Reason::LockedAndWrong,
    Reason::NotVerified,
    Reason::NoTenant,
    Reason::SecondFactor,
];

/// Somebody, with what they show.
struct Scene {
    app: TestApp,
    id: UserId,
}

impl Scene {
    /// Jane, who has one reason to be refused.
    async fn new(reason: Reason, user: User, password_hash: Option<String>) -> Self {
        let app = TestApp::start(rookery_openapi::router()).await;
        let acme: TenantId = app.tenant("Acme").await;
        let now = app.state().now();
        let mut membership = Membership::new(acme.clone(), Vec::new(), MembershipStatus::Activated, now);
        if reason == Reason::NoTenant {
            membership.expires_at = Some(now);
        }
        let mut user = User { memberships: vec![membership], active_tenant: Some(acme), ..user };
        if matches!(reason, Reason::Locked | Reason::LockedAndWrong) {
            user.lock(LockReason::Administrator);
        }
        let id = user.id;
        app.environment().users().create(&NewUser { user, password_hash }).await.unwrap();
        if reason == Reason::SecondFactor {
            app.enrol(id).await;
        }
        let scene = Self { app, id };
        if reason == Reason::Strategy {
            scene.choose(AuthStrategy::NoLocalAuthentication).await;
        }
        scene
    }

    /// Has the environment sign users in with `strategy`.
    async fn choose(&self, strategy: AuthStrategy) {
        let environment = self.app.environment();
        let chosen = environment.update(|environment| {
            environment.configuration.auth_strategy = strategy;
            Ok::<_, std::convert::Infallible>(())
        });
        chosen.await.unwrap().unwrap();
    }

    /// Whether a session has begun, and what the audit log says.
    async fn outcome(&self) -> (bool, Vec<String>) {
        let sessions = self.app.environment().sessions().of_user(self.id).await.unwrap();
        (!sessions.is_empty(), self.app.recorded_actions().await)
    }
}

fn jane() -> User {
    let id = UserId::random(&SystemEntropy);
    User::new(id, "jane@example.com".parse().unwrap(), Timestamp::from_millis(0))
}

async fn by_password(reason: Reason) -> (Scene, Response) {
    let hash = rookery_testkit::passwords().hash(PASSWORD.into()).await.unwrap();
    let user = User { verified: reason != Reason::NotVerified, ..jane() };
    let scene = Scene::new(reason, user, Some(hash.into())).await;
    let is_wrong = matches!(reason, Reason::Wrong | Reason::LockedAndWrong);
    let password = if is_wrong { "Another-Horse-8" } else { PASSWORD };
    let body = json!({ "email": "jane@example.com", "password": password });
    let answer = scene.app.anonymous().post("/identity/resources/auth/v1/user", body).await;
    (scene, answer)
}

async fn by_activation(reason: Reason) -> (Scene, Response) {
    // When the clock of a test begins.
    let now = Timestamp::from_millis(1_767_225_600_000);
    let (token, kept) = OneTimeToken::issue(&SystemEntropy, now);
    let scene = Scene::new(reason, User { activation: Some(kept), ..jane() }, None).await;
    let is_wrong = matches!(reason, Reason::Wrong | Reason::LockedAndWrong);
    let token = if is_wrong { PlainToken::random(&SystemEntropy) } else { token };
    let mut body = json!({ "userId": scene.id.to_string(), "token": token.expose() });
    if reason != Reason::Strategy {
        body["password"] = json!(PASSWORD);
    }
    let answer = scene.app.anonymous().post("/identity/resources/users/v1/activate", body).await;
    (scene, answer)
}

/// Jane is mailed what signs her in; after that there is a reason to refuse her.
async fn by_mail(strategy: AuthStrategy, reason: Reason) -> (Scene, Response) {
    let user = User { verified: reason != Reason::NotVerified, ..jane() };
    let scene = Scene::new(Reason::None, user, None).await;
    scene.choose(strategy).await;
    let way = if strategy == AuthStrategy::Code { "code" } else { "magiclink" };
    let path = |step: &str| format!("/identity/resources/auth/v1/passwordless/{way}/{step}");
    let asked = scene.app.anonymous().post(&path("prelogin"), json!({ "email": "jane@example.com" })).await;
    let device = asked.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mail = scene.app.mail().remove(0);
    let mailed = match mail.variables.get("code") {
        Some(code) => code.as_str().unwrap().to_owned(),
        None => mail.variables["redirectURL"].as_str().unwrap().split_once("token=").unwrap().1.to_owned(),
    };
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    let users = environment.users();
    let updated = users.update(scene.id, None, |user| {
        if matches!(reason, Reason::Locked | Reason::LockedAndWrong) {
            user.lock(LockReason::Administrator);
        }
        if reason == Reason::NoTenant {
            user.memberships[0].expires_at = Some(now);
        }
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
    if reason == Reason::Strategy {
        scene.choose(AuthStrategy::NoLocalAuthentication).await;
    }
    if reason == Reason::SecondFactor {
        scene.app.enrol(scene.id).await;
    }
    let shown = if matches!(reason, Reason::Wrong | Reason::LockedAndWrong) { "0" } else { &mailed };
    let answer =
        scene.app.anonymous().cookies(&device).post(&path("postlogin"), json!({ "token": shown })).await;
    (scene, answer)
}

fn code(answer: &Response) -> Value {
    answer.json()["errorCode"].clone()
}

#[tokio::test]
async fn a_password() {
    for reason in REASONS {
        let (scene, answer) = by_password(reason).await;
        let (status, expected) = match reason {
            Reason::None | Reason::SecondFactor => (200, Value::Null),
            Reason::Strategy => (400, json!("ER-01012")),
            // That somebody is locked is said whatever they show.
            Reason::Locked | Reason::LockedAndWrong => (401, json!("ER-01034")),
            Reason::NotVerified => (401, json!("ER-01060")),
            Reason::Wrong | Reason::NoTenant => (401, Value::Null),
        };
        assert_eq!((answer.status(), code(&answer)), (status, expected), "{reason:?}");
        let recorded = match reason {
            Reason::None => vec!["user.signedIn"],
            Reason::SecondFactor => vec!["user.secondFactorAsked"],
            // Nobody was looked for.
            Reason::Strategy => vec![],
            Reason::NotVerified => vec!["user.signInRefused", "user.activationLinkIssued"],
            Reason::Locked | Reason::Wrong | Reason::LockedAndWrong | Reason::NoTenant => {
                vec!["user.signInRefused"]
            }
        };
        let recorded = recorded.into_iter().map(str::to_owned).collect();
        assert_eq!(scene.outcome().await, (reason == Reason::None, recorded), "{reason:?}");
    }
}

#[tokio::test]
async fn an_activation() {
    for reason in REASONS {
        let (scene, answer) = by_activation(reason).await;
        let (status, expected) = match reason {
            // It shows that the address is theirs, and no password is asked for where none is used.
            Reason::None | Reason::Strategy | Reason::NotVerified | Reason::SecondFactor => {
                (200, Value::Null)
            }
            Reason::Locked => (401, json!("ER-01034")),
            // A token that is not good is answered alike, whosever it is.
            Reason::Wrong | Reason::LockedAndWrong => (400, Value::Null),
            Reason::NoTenant => (401, Value::Null),
        };
        assert_eq!((answer.status(), code(&answer)), (status, expected), "{reason:?}");
        let recorded = match reason {
            Reason::None | Reason::Strategy | Reason::NotVerified => {
                vec!["user.activated", "user.signedIn"]
            }
            Reason::SecondFactor => vec!["user.activated", "user.secondFactorAsked"],
            Reason::Locked | Reason::NoTenant => vec!["user.signInRefused"],
            Reason::Wrong | Reason::LockedAndWrong => vec![],
        };
        let recorded: Vec<_> = recorded.into_iter().map(str::to_owned).collect();
        let begins = status == 200 && reason != Reason::SecondFactor;
        assert_eq!(scene.outcome().await, (begins, recorded), "{reason:?}");
        // What is refused does not use the token up.
        let waits =
            scene.app.environment().users().get(scene.id).await.unwrap().unwrap().activation.is_some();
        assert_eq!(waits, status != 200, "{reason:?}");
    }
}

#[tokio::test]
async fn a_mailed_code_or_link() {
    for (strategy, wrong) in
        [(AuthStrategy::Code, (401, json!("ER-01011"))), (AuthStrategy::MagicLink, (400, json!("ER-01015")))]
    {
        for reason in REASONS {
            let (scene, answer) = by_mail(strategy, reason).await;
            let (status, expected) = match reason {
                // It shows that the address is theirs.
                Reason::None | Reason::NotVerified | Reason::SecondFactor => (201, Value::Null),
                Reason::Strategy => (400, json!("ER-01012")),
                Reason::Locked => (401, json!("ER-01034")),
                // What is not good is answered alike, whosever it is.
                Reason::Wrong | Reason::LockedAndWrong => wrong.clone(),
                Reason::NoTenant => (401, Value::Null),
            };
            assert_eq!((answer.status(), code(&answer)), (status, expected), "{strategy:?} {reason:?}");
            let recorded = match reason {
                Reason::None => vec!["user.signInMailed", "user.signedIn"],
                Reason::NotVerified => vec!["user.signInMailed", "user.verified", "user.signedIn"],
                Reason::SecondFactor => vec!["user.signInMailed", "user.secondFactorAsked"],
                Reason::Strategy => vec!["user.signInMailed"],
                Reason::Locked | Reason::Wrong | Reason::LockedAndWrong | Reason::NoTenant => {
                    vec!["user.signInMailed", "user.signInRefused"]
                }
            };
            let recorded = recorded.into_iter().map(str::to_owned).collect();
            let begins = status == 201 && reason != Reason::SecondFactor;
            assert_eq!(scene.outcome().await, (begins, recorded), "{strategy:?} {reason:?}");
        }
    }
}

/// Whoever signs up has no account yet that could be locked or lack a tenant. What is left is whether passwords sign in, and
/// whether the address is to be verified.
#[tokio::test]
async fn a_sign_up() {
    for reason in [Reason::None, Reason::Strategy, Reason::NotVerified] {
        let app = TestApp::start(rookery_openapi::router()).await;
        let environment = app.environment();
        let configured = environment.update(|environment| {
            environment.configuration.allow_signups = true;
            environment.configuration.allow_not_verified_users_login = reason != Reason::NotVerified;
            if reason == Reason::Strategy {
                environment.configuration.auth_strategy = AuthStrategy::NoLocalAuthentication;
            }
            Ok::<_, std::convert::Infallible>(())
        });
        configured.await.unwrap().unwrap();
        let body = json!({ "email": "jane@example.com", "companyName": "Acme", "password": PASSWORD });
        let answer = app.anonymous().post("/identity/resources/users/v1/signUp", body).await;
        let (status, expected, made) = match reason {
            Reason::Strategy => (400, json!("ER-01012"), ""),
            // Nobody is refused: they are to activate the account first.
            Reason::NotVerified => (201, Value::Null, "tenant.created user.created"),
            Reason::None
            | Reason::Locked
            | Reason::Wrong
            | Reason::LockedAndWrong
            | Reason::NoTenant
            | Reason::SecondFactor => (201, Value::Null, "tenant.created user.created user.signedIn"),
        };
        assert_eq!((answer.status(), code(&answer)), (status, expected), "{reason:?}");
        assert_eq!(answer.header("set-cookie").is_some(), reason == Reason::None, "{reason:?}");
        assert_eq!(app.recorded_actions().await.join(" "), made, "{reason:?}");
    }
}

#[tokio::test]
async fn a_second_factor() {
    for reason in [Reason::None, Reason::Locked, Reason::Wrong, Reason::NoTenant, Reason::NotVerified] {
        let (scene, waits) = by_password(Reason::SecondFactor).await;
        let device = waits.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let environment = scene.app.environment();
        let sealed = environment.factors().get(scene.id).await.unwrap().authenticators()[0].secret.clone();
        let (users, now) = (environment.users(), scene.app.state().now());
        let updated = users.update(scene.id, None, |user| {
            if reason == Reason::Locked {
                user.lock(LockReason::Administrator);
            }
            if reason == Reason::NoTenant {
                user.memberships[0].expires_at = Some(now);
            }
            // Whoever showed a password was verified then.
            user.verified = reason != Reason::NotVerified;
            Ok::<_, std::convert::Infallible>(())
        });
        updated.await.unwrap().unwrap();
        let code = scene.app.code(scene.id, &sealed, 0).await;
        let shown = if reason == Reason::Wrong { "000000x" } else { &code };
        let body = json!({ "mfaToken": waits.json()["mfaToken"], "value": shown });
        let client = scene.app.anonymous().cookies(&device);
        let answer = client.post("/identity/resources/auth/v1/user/mfa/verify", body).await;
        let (status, expected, recorded) = match reason {
            Reason::None | Reason::NotVerified => (201, Value::Null, "user.signedIn"),
            Reason::Wrong | Reason::LockedAndWrong => (401, json!("ER-01011"), "user.signInRefused"),
            // A lock voids the sign-in that waits.
            Reason::Locked | Reason::NoTenant | Reason::Strategy | Reason::SecondFactor => {
                (401, Value::Null, "user.signInRefused")
            }
        };
        assert_eq!((answer.status(), self::code(&answer)), (status, expected), "{reason:?}");
        let recorded = ["user.secondFactorAsked", recorded].map(str::to_owned).to_vec();
        assert_eq!(scene.outcome().await, (status == 201, recorded), "{reason:?}");
    }
}
