//! The group through its router.

mod mfa;

use rookery_testkit::TestApp;
use serde_json::{Value, json};

const LOCKOUT: &str = "/identity/resources/configurations/v1/lockout-policy";
const HISTORY: &str = "/identity/resources/configurations/v1/password-history-policy";

/// Each policy, with the name of its number, two values that are good, the first of them stricter, and some that are not.
const POLICIES: [(&str, &str, [i64; 2], [i64; 4]); 2] = [
    (LOCKOUT, "maxAttempts", [3, 5], [0, -1, 101, 4_294_967_297]),
    (HISTORY, "historySize", [5, 3], [0, -1, 11, 4_294_967_297]),
];

fn policy(enabled: bool, field: &str, number: i64) -> Value {
    json!({ "enabled": enabled, field: number })
}

/// What of an answer a caller has chosen.
fn chosen(answer: &Value, field: &str) -> Value {
    policy(answer["enabled"].as_bool().unwrap(), field, answer[field].as_i64().unwrap())
}

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

#[tokio::test]
async fn a_policy_is_made_once_and_changed_thereafter() {
    let app = app().await;
    let vendor = app.vendor();
    for (path, field, [one, other], _) in POLICIES {
        assert_eq!(vendor.get(path).await.error(404), "policy not found");
        assert_eq!(vendor.patch(path, policy(true, field, one)).await.status(), 404);
        let made = vendor.post(path, policy(true, field, one)).await.expect(201);
        assert_eq!(chosen(&made, field), policy(true, field, one));
        let (again, said) = (
            vendor.post(path, policy(false, field, other)).await,
            "there is such a policy already: change it with PATCH",
        );
        assert_eq!(again.error(409), said);
        assert_eq!(vendor.get(path).await.expect(200), made);
        app.clock().advance(std::time::Duration::from_secs(1));
        let changed = vendor.patch(path, policy(false, field, other)).await.expect(200);
        assert_eq!(chosen(&changed, field), policy(false, field, other));
        assert_eq!((&changed["id"], &changed["createdAt"]), (&made["id"], &made["createdAt"]));
        assert_ne!(changed["updatedAt"], made["updatedAt"]);
        let part = vendor.patch(path, json!({ "enabled": true })).await.expect(200);
        assert_eq!(chosen(&part, field), policy(true, field, other));
        assert_eq!(vendor.get(&format!("{path}/vendor")).await.expect(200), part);
        assert_eq!(app.neighbour().await.vendor().get(path).await.status(), 404);
    }
    assert_eq!(app.recorded_actions().await, ["environment.settingsChanged"; 6]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let app = app().await;
    let vendor = app.vendor();
    for (path, field, [one, _], wrong) in POLICIES {
        for number in wrong {
            assert!(
                vendor.post(path, policy(true, field, number)).await.error(400).contains(field),
                "{number}"
            );
        }
        for body in
            [json!({}), json!({ "enabled": true }), json!({ "enabled": "yes", field: one }), json!([])]
        {
            assert_eq!(vendor.post(path, body.clone()).await.status(), 400, "{body}");
        }
        assert_eq!(vendor.get(path).await.status(), 404);
        vendor.post(path, policy(true, field, one)).await.expect(201);
        for body in
            [json!({}), json!({ "enabled": null }), json!({ field: "three" }), policy(true, field, wrong[0])]
        {
            assert_eq!(vendor.patch(path, body.clone()).await.status(), 400, "{body}");
        }
        assert_eq!(chosen(&vendor.get(path).await.expect(200), field), policy(true, field, one));
    }
}

#[tokio::test]
async fn a_tenant_has_a_policy_of_its_own_that_asks_for_no_less() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let vendor = app.vendor();
    let (in_acme, in_labs) =
        (vendor.with("frontegg-tenant-id", acme.as_str()), vendor.with("frontegg-tenant-id", labs.as_str()));
    for (path, field, [strict, loose], _) in POLICIES {
        let own = in_acme.post(path, policy(true, field, loose)).await.expect(201);
        vendor.post(path, policy(true, field, strict)).await.expect(201);
        assert_eq!(in_acme.get(path).await.expect(200), own, "what it asked for before stays");
        assert!(in_acme.patch(path, policy(true, field, loose)).await.error(400).contains("the environment"));
        in_acme.patch(path, policy(false, field, loose)).await.expect(200);
        in_acme.patch(path, policy(true, field, strict)).await.expect(200);
        assert_eq!(in_labs.get(path).await.status(), 404);
        assert_eq!(
            chosen(&in_labs.get(&format!("{path}/vendor")).await.expect(200), field),
            policy(true, field, strict)
        );
        let nowhere = vendor.with("frontegg-tenant-id", "nowhere");
        assert_eq!(nowhere.post(path, policy(true, field, strict)).await.error(404), "tenant not found");
    }
}

#[tokio::test]
async fn members_read_and_administrators_write_what_their_own_tenant_asks() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let admin = app.user("jane@example.com", &acme, &["Admin"]).await;
    let reader = app.user("joe@example.com", &acme, &["ReadOnly"]).await;
    let admin = app.sign_in(&admin, &acme).await.with("frontegg-tenant-id", labs.as_str());
    let reader = app.sign_in(&reader, &acme).await;
    for (path, field, [one, _], _) in POLICIES {
        if path == HISTORY {
            let refused = admin.post(path, policy(true, field, one)).await.error(403);
            assert!(refused.contains("allowOverrideEnforcePasswordHistory"), "{refused}");
            let environment = app.environment();
            let allowed = environment.update(|environment| {
                environment.configuration.allow_override_enforce_password_history = true;
                Ok::<_, std::convert::Infallible>(())
            });
            allowed.await.unwrap().unwrap();
        }
        assert_eq!(reader.post(path, policy(true, field, one)).await.status(), 403);
        admin.post(path, policy(true, field, one)).await.expect(201);
        reader.get(path).await.expect(200);
        assert_eq!(reader.patch(path, json!({ "enabled": false })).await.status(), 403);
        assert_eq!(reader.get(&format!("{path}/vendor")).await.status(), 404, "the environment has none");
        assert_eq!(app.vendor().with("frontegg-tenant-id", labs.as_str()).get(path).await.status(), 404);
        assert_eq!(app.anonymous().get(path).await.status(), 401);
    }
}
