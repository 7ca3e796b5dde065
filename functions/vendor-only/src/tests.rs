//! The group through its router.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::{EmailAddress, MembershipStatus};
use rookery_testkit::{TestApp, passwords};
use rookery_tokens::Verdict;
use serde_json::{Value, json};

const USERS: &str = "/identity/resources/vendor-only/users/v1";

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_user_is_made_as_told_and_without_a_mail() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let roles = app.roles(&["ReadOnly"]).await;
    let sent = json!({
        "email": "jane@example.com", "name": "Jane", "password": "Correct-Horse-7", "tenantId": acme,
        "roleIds": roles, "metadata": {"a": 1}, "vendorMetadata": "{\"b\":2}", "mfaBypass": true, "verified": true,
        "expirationInSeconds": 300, "somethingElse": true,
    });
    let made = app.vendor().post(USERS, sent).await.expect(201);
    assert_eq!((text(&made["email"]), text(&made["name"])), ("jane@example.com", "Jane"));
    assert_eq!((text(&made["metadata"]), text(&made["vendorMetadata"])), (r#"{"a":1}"#, r#"{"b":2}"#));
    assert_eq!((&made["verified"], &made["mfaBypass"]), (&json!(true), &json!(true)));
    assert_eq!((&made["tenantId"], text(&made["roles"][0]["key"])), (&json!(acme), "ReadOnly"));
    assert_eq!(text(&made["tenants"][0]["temporaryExpirationDate"]), "2026-01-01T00:05:00.000Z");
    assert!(app.mail().is_empty());
    let read = app.vendor().get(&format!("{USERS}/{}", text(&made["id"]))).await.expect(200);
    assert_eq!(read, made);

    let store = app.environment();
    let email: EmailAddress = "jane@example.com".parse().unwrap();
    let login = store.users().login(&email).await.unwrap().unwrap().value.unwrap();
    let hash = login.password_hash.unwrap().parse().unwrap();
    let verdict = passwords().verify("Correct-Horse-7".into(), &hash).await.unwrap();
    assert_eq!(verdict, Verdict::Right);
    let user = store.users().get(login.user_id).await.unwrap().unwrap();
    assert_eq!(user.landing_tenant(app.state().now()), Some(&acme), "they can sign in");
    app.clock().advance(Duration::from_mins(5));
    assert_eq!(user.landing_tenant(app.state().now()), None, "until the membership ends");
}

#[tokio::test]
async fn a_user_is_not_verified_unless_told() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let made =
        app.vendor().post(USERS, json!({"email": "jane@example.com", "tenantId": acme})).await.expect(201);
    assert_eq!((&made["verified"], &made["mfaBypass"]), (&json!(false), &json!(false)));
    assert_eq!(text(&made["roles"][0]["key"]), "Admin", "the first user of a tenant");
    let id = text(&made["id"]).parse().unwrap();
    let user = app.environment().users().get(id).await.unwrap().unwrap();
    assert_eq!(user.memberships[0].status, MembershipStatus::PendingLogin);
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_and_nothing_is_left_of_it() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor();
    let jane = |other: Value| {
        let mut body = json!({"email": "jane@example.com", "tenantId": acme});
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        body
    };
    for (status, body) in [
        (400, json!({"tenantId": acme})),
        (400, json!({"email": "jane@example.com"})),
        (400, jane(json!({"email": "jane"}))),
        (400, jane(json!({"password": "short"}))),
        (400, jane(json!({"phoneNumber": "0123"}))),
        (400, jane(json!({"metadata": "{nonsense"}))),
        (400, jane(json!({"metadata": {"a": "x".repeat(4_096)}}))),
        (400, jane(json!({"metadata": [1]}))),
        (400, jane(json!({"vendorMetadata": "{nonsense"}))),
        (400, jane(json!({"vendorMetadata": 7}))),
        (400, jane(json!({"expirationInSeconds": 299}))),
        (400, jane(json!({"name": "x".repeat(256)}))),
        (400, jane(json!({"roleIds": ["nonsense"]}))),
        (400, jane(json!({"roleIds": vec!["00000000-0000-4000-8000-000000000000"; 101]}))),
        (404, jane(json!({"roleIds": ["00000000-0000-4000-8000-000000000000"]}))),
        (404, jane(json!({"tenantId": "nowhere"}))),
    ] {
        let refused = vendor.post(USERS, body.clone()).await;
        assert_eq!(refused.status(), status, "{body}: {}", refused.text());
    }
    vendor.post(USERS, jane(json!({}))).await.expect(201);
    assert_eq!(vendor.post(USERS, jane(json!({}))).await.error(409), "a user with this email already exists");
}

#[tokio::test]
async fn no_key_has_a_meaning_of_its_own() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    for (index, key) in
        ["$serde_json::private::RawValue", "$serde_json::private::Number"].into_iter().enumerate()
    {
        let object = (0..6).fold("1".to_owned(), |inner, _| json!({ key: inner }).to_string());
        let body = format!(
            r#"{{"email":"jane{index}@example.com","tenantId":"{acme}","metadata":{object},"vendorMetadata":{object}}}"#
        );
        let made = app.vendor().send("POST", USERS, Some(body)).await.expect(201);
        assert_eq!(
            (text(&made["metadata"]), text(&made["vendorMetadata"])),
            (object.as_str(), object.as_str())
        );
        let user = app.environment().users().get(text(&made["id"]).parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(user.vendor_metadata.to_wire(), object);
    }
}

#[tokio::test]
async fn of_ten_creations_of_one_address_one_succeeds() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor();
    let create = || vendor.post(USERS, json!({"email": "jane@example.com", "tenantId": acme}));
    let responses = join_all((0..10).map(|_| create())).await;
    let with = |status| responses.iter().filter(|response| response.status() == status).count();
    assert_eq!((with(201), with(409)), (1, 9));
}

#[tokio::test]
async fn a_tenant_is_made_where_tenants_are_not_validated() {
    let app = app().await;
    let environment = app.environment();
    let relax = environment.update(|environment| {
        environment.configuration.skip_tenant_validation = true;
        Ok::<_, std::convert::Infallible>(())
    });
    relax.await.unwrap();
    let body = json!({"email": "jane@example.com", "tenantId": "soon"});
    assert_eq!(app.vendor().post(USERS, body).await.expect(201)["tenantId"], "soon");
    assert!(app.environment().tenants().get(&"soon".parse().unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn users_and_other_environments_have_no_business_here() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let path = format!("{USERS}/{}", jane.id);
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(client.get(&path).await.status(), 403);
    assert_eq!(client.post(USERS, json!({"email": "a@example.com", "tenantId": acme})).await.status(), 403);
    assert_eq!(app.anonymous().get(&path).await.status(), 401);
    let neighbour = app.neighbour().await;
    assert_eq!(neighbour.vendor().get(&path).await.status(), 404);
    let body = json!({"email": "a@example.com", "tenantId": acme});
    assert_eq!(neighbour.vendor().post(USERS, body).await.status(), 404);
    assert_eq!(app.vendor().get(&format!("{USERS}/nonsense")).await.status(), 404);
}

#[tokio::test]
async fn making_a_user_costs_two_waves_and_reading_one_costs_one() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor();
    vendor.post(USERS, json!({"email": "john@example.com", "tenantId": acme})).await.expect(201);
    let before = app.store().round_trips().waves();
    let made = vendor.post(USERS, json!({"email": "jane@example.com", "tenantId": acme})).await.expect(201);
    let between = app.store().round_trips().waves();
    vendor.get(&format!("{USERS}/{}", text(&made["id"]))).await.expect(200);
    assert_eq!((between - before, app.store().round_trips().waves() - between), (2, 1));
}

#[tokio::test]
async fn a_password_is_looked_at_and_nobody_signs_in() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let verify = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        app.vendor().post(&format!("{USERS}/passwords/verify"), body).await.expect(200)
    };
    assert_eq!(verify("JANE@example.com", rookery_testkit::PASSWORD).await, json!(true));
    assert_eq!(verify("jane@example.com", "wrong-wrong-wrong").await, json!(false));
    assert_eq!(verify("nobody@example.com", rookery_testkit::PASSWORD).await, json!(false));
    assert_eq!(app.environment().sessions().of_user(jane.id).await.unwrap(), []);
    let body = json!({ "email": "jane@example.com", "password": rookery_testkit::PASSWORD });
    let elsewhere =
        app.neighbour().await.vendor().post(&format!("{USERS}/passwords/verify"), body.clone()).await;
    assert_eq!(elsewhere.expect(200), json!(false));
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(client.post(&format!("{USERS}/passwords/verify"), body).await.status(), 403);
    assert_eq!(app.anonymous().post(&format!("{USERS}/passwords/verify"), json!({})).await.status(), 401);
}

#[tokio::test]
async fn second_factors_are_taken_away_and_sessions_end() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    app.sign_in(&jane, &acme).await;
    let (environment, path) = (app.environment(), format!("{USERS}/{}/mfa/unenroll", jane.id));
    let sessions = async || environment.sessions().of_user(jane.id).await.unwrap().len();
    assert_eq!(app.vendor().post(&path, json!({})).await.status(), 200);
    assert_eq!(sessions().await, 1, "whoever has none keeps them");
    app.enrol(jane.id).await;
    assert_eq!(app.neighbour().await.vendor().post(&path, json!({})).await.error(404), "user not found");
    assert_eq!(app.sign_in(&jane, &acme).await.post(&path, json!({})).await.status(), 403);
    let unenrolled = app.vendor().post(&path, json!({})).await;
    assert_eq!((unenrolled.status(), unenrolled.text()), (200, ""));
    let user = environment.users().get(jane.id).await.unwrap().unwrap();
    assert!(!user.mfa_enrolled && environment.factors().get(jane.id).await.unwrap().is_empty());
    assert_eq!(sessions().await, 0);
    assert_eq!(app.recorded_actions().await, ["user.secondFactorUnenrolled"]);
}
