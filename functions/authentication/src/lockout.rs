//! Locking users after too many wrong passwords.

use futures::future::join_all;
use rookery_domain::{Adopted, LockReason, LockoutPolicy, MembershipStatus, Policies};
use rookery_testkit::Response;
use serde_json::json;

use crate::support::{SESSIONS, SIGN_IN, Scene, scene};

const WRONG: &str = "Wrong-Horse-7";

impl Scene {
    fn after(&self, max_attempts: u32) -> impl Fn(&mut Policies) + use<> {
        let (policy, now) = (LockoutPolicy { enabled: true, max_attempts }, self.app.state().now());
        let adopted = Adopted::new(policy, &*self.app.state().entropy, now);
        move |policies| policies.lockout = Some(adopted)
    }

    async fn guess(&self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.try_password(WRONG).await.error(401), "the email or the password is wrong");
        }
    }

    async fn lock(&self) -> Option<LockReason> {
        self.jane().await.locked
    }

    async fn try_address(&self, email: &str) -> Response {
        self.app.anonymous().post(SIGN_IN, json!({ "email": email, "password": WRONG })).await
    }
}

#[tokio::test]
async fn the_last_wrong_password_locks_and_the_right_one_does_not_unlock() {
    let scene = scene().await;
    scene.ask(scene.after(3)).await;
    let session = scene.signed_in().await;
    scene.guess(2).await;
    assert_eq!(scene.lock().await, None);
    scene.guess(1).await;
    assert_eq!(scene.lock().await, Some(LockReason::Attempts));
    let refused = scene.try_sign_in().await;
    assert_eq!(
        (refused.error(401), refused.json()["errorCode"].clone()),
        ("the user is locked".to_owned(), json!("ER-01034"))
    );
    assert_eq!(scene.sessions().await, 0);
    assert_eq!(session.get(SESSIONS).await.status(), 401);
    let mail = scene.app.mail();
    assert_eq!((mail.len(), mail[0].template.as_str()), (1, "BruteForceProtection"));
    assert!(
        mail[0].variables["redirectURL"]
            .as_str()
            .unwrap()
            .starts_with("https://app.example.com/account/unlock?")
    );
    let words = scene.app.recorded_actions().await;
    assert_eq!(words.iter().filter(|word| *word == "user.lockedOut").count(), 1);
    // Whoever is locked is not locked again.
    assert_eq!(scene.try_password(WRONG).await.error(401), "the user is locked");
    assert_eq!(scene.app.mail().len(), 1);
}

#[tokio::test]
async fn with_the_right_password_counting_begins_anew() {
    let scene = scene().await;
    scene.ask(scene.after(2)).await;
    for _ in 0..3 {
        scene.guess(1).await;
        scene.app.clock().advance(std::time::Duration::from_secs(1));
        scene.try_sign_in().await.expect(200);
    }
    scene.guess(2).await;
    assert_eq!(scene.lock().await, Some(LockReason::Attempts));
}

#[tokio::test]
async fn whoever_is_unlocked_has_all_attempts_again() {
    let scene = scene().await;
    scene.ask(scene.after(2)).await;
    scene.guess(2).await;
    scene.change_jane(|jane| jane.locked = None).await;
    scene.guess(1).await;
    assert_eq!(scene.lock().await, None);
    scene.try_sign_in().await.expect(200);
}

#[tokio::test]
async fn without_a_policy_nobody_is_locked() {
    let scene = scene().await;
    scene.guess(4).await;
    scene.ask(|policies| policies.lockout = None).await;
    let switched_off = scene.after(2);
    scene
        .ask(move |policies| {
            switched_off(policies);
            policies.lockout.as_mut().unwrap().policy.enabled = false;
        })
        .await;
    scene.guess(1).await;
    assert_eq!(scene.lock().await, None);
    scene.try_sign_in().await.expect(200);
}

#[tokio::test]
async fn the_strictest_of_the_tenants_counts_and_none_that_nobody_accepted() {
    let scene = scene().await;
    scene.ask(scene.after(4)).await;
    let labs = scene.join("Labs").await;
    scene.ask_in(&labs, scene.after(2)).await;
    scene
        .change_jane(|jane| {
            let (_, token) = rookery_domain::OneTimeToken::issue(
                &rookery_domain::SeededEntropy::new(1),
                rookery_domain::Timestamp::from_millis(0),
            );
            jane.memberships[1].status = MembershipStatus::PendingInvitation(token);
        })
        .await;
    scene.guess(2).await;
    assert_eq!(scene.lock().await, None, "whoever invites somebody does not lock them");
    scene.change_jane(|jane| jane.memberships[1].status = MembershipStatus::Activated).await;
    scene.guess(1).await;
    assert_eq!(scene.lock().await, Some(LockReason::Attempts));
}

#[tokio::test]
async fn guesses_at_the_same_moment_are_all_counted_and_lock_once() {
    let scene = scene().await;
    scene.ask(scene.after(5)).await;
    let answers = join_all((0..12).map(|_| scene.try_password(WRONG))).await;
    assert!(answers.iter().all(|answer| answer.status() == 401));
    assert_eq!(scene.lock().await, Some(LockReason::Attempts));
    assert_eq!(scene.app.mail().len(), 1);
    let words = scene.app.recorded_actions().await;
    assert_eq!(words.iter().filter(|word| *word == "user.lockedOut").count(), 1);
}

#[tokio::test]
async fn a_stranger_cannot_fill_a_mailbox() {
    let scene = scene().await;
    scene.ask(scene.after(1)).await;
    for _ in 0..7 {
        scene.guess(1).await;
        scene.change_jane(|jane| jane.locked = None).await;
    }
    assert_eq!(scene.app.mail().len(), 5);
}

#[tokio::test]
async fn a_wrong_password_costs_as_much_whoever_it_is_for() {
    let scene = scene().await;
    scene.ask(scene.after(5)).await;
    let table = scene.app.store().round_trips();
    let _ = scene.try_address("nobody@example.com").await.error(401);
    let mut costs = Vec::new();
    for email in ["jane@example.com", "nobody@example.com"] {
        let before = (table.waves(), table.requests());
        let _ = scene.try_address(email).await.error(401);
        costs.push((table.waves() - before.0, table.requests() - before.1));
    }
    // The environment and the login; the user and their tenant; the counter, the record and the tenants.
    assert_eq!(costs, [(3, 5); 2]);
}

#[tokio::test]
async fn whoever_was_locked_while_their_password_was_looked_at_is_told_that_and_not_that_it_was_right() {
    let scene = scene().await;
    let users = scene.app.environment();
    let users = users.users();
    assert!(users.note_login(scene.jane.id, scene.app.state().now()).await.unwrap());
    scene.change_jane(|jane| jane.lock(LockReason::Attempts)).await;
    assert!(!users.note_login(scene.jane.id, scene.app.state().now()).await.unwrap());
    // Texts that people choose do not unlock them.
    let text = r#"{"locked":null,"x":"\"locked\":null"}"#.to_owned();
    scene
        .change_jane(|jane| {
            jane.name = Some(r#""locked":null"#.to_owned());
            jane.metadata =
                rookery_domain::Metadata::of_user(rookery_domain::Json::String(text.clone())).unwrap();
        })
        .await;
    assert!(!users.note_login(scene.jane.id, scene.app.state().now()).await.unwrap());
}
