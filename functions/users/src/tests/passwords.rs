//! Which passwords are good enough.

use rookery_domain::{Action, PasswordPolicy, Policies};
use rookery_testkit::PASSWORD;
use serde_json::json;

use super::*;

const USERS: &str = "/identity/resources/users/v1";
const CONFIGURATION: &str = "/identity/resources/users/v1/passwords/config";

fn at_least(min_length: usize) -> Policies {
    let policy = PasswordPolicy { min_length, min_phrase_length: 40, ..PasswordPolicy::default() };
    Policies { password: Some(policy), ..Policies::default() }
}

async fn ask(app: &TestApp, policies: Policies) {
    let environment = app.environment();
    let updated = environment.update(|environment| {
        environment.policies = policies.clone();
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
}

async fn ask_in(app: &TestApp, tenant: &TenantId, policies: Policies) {
    let environment = app.environment();
    let tenants = environment.tenants();
    let updated = tenants.update(tenant, Action::TenantPolicyChanged, app.state().now(), |tenant| {
        tenant.policies = policies.clone();
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_sets_a_password_is_told_what_is_asked_of_it() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    join(&app, jane.id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    ask(&app, at_least(12)).await;
    ask_in(&app, &acme, at_least(14)).await;
    let strict = PasswordPolicy { allow_passphrases: false, max_length: 130, ..PasswordPolicy::default() };
    ask_in(&app, &labs, Policies { password: Some(strict), ..Policies::default() }).await;

    let read = async |query: String| {
        let shown = app.anonymous().get(&format!("{CONFIGURATION}{query}")).await.expect(200);
        json!([shown["minLength"], shown["maxLength"], shown["allowPassphrases"], shown["minPhraseLength"]])
    };
    assert_eq!(read(String::new()).await, json!([12, 128, true, 40]));
    assert_eq!(read(format!("?userId={}", jane.id)).await, json!([14, 128, false, 40]));
    let stranger = UserId::random(&*app.state().entropy);
    assert_eq!(read(format!("?userId={stranger}")).await, json!([12, 128, true, 40]));
    assert_eq!(app.anonymous().get(&format!("{CONFIGURATION}?userId=jane")).await.status(), 400);
    let neighbour = app.neighbour().await;
    let elsewhere =
        neighbour.anonymous().get(&format!("{CONFIGURATION}?userId={}", jane.id)).await.expect(200);
    assert_eq!(elsewhere["minLength"], 10);
}

#[tokio::test]
async fn an_activation_needs_a_password_that_every_tenant_accepts_and_is_not_used_up_by_another() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let (jane, token) = newcomer(&app, "jane@example.com", &acme).await;
    join(&app, jane, &membership(&app, &labs, MembershipStatus::NotActivated)).await;
    ask(&app, at_least(12)).await;
    ask_in(&app, &labs, at_least(20)).await;
    let activate = async |password: &str| {
        let body = json!({ "userId": jane.to_string(), "token": token.expose(), "password": password });
        app.anonymous().post(&format!("{USERS}/activate"), body).await
    };
    assert_eq!(activate("eleven-char").await.error(400), "password must be at least 12 characters long");
    assert_eq!(
        activate("nineteen-characters").await.error(400),
        "password must be at least 20 characters long"
    );
    activate("twenty-characters-it").await.expect(200);
}

#[tokio::test]
async fn a_vendor_makes_nobody_with_a_password_that_is_not_good_enough() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    ask_in(&app, &acme, at_least(16)).await;
    let in_acme = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let body = |password: &str| json!({ "email": "jane@example.com", "password": password, "skipInviteEmail": true });
    let refused = in_acme.post("/identity/resources/users/v2", body("fifteen-letters")).await.error(400);
    assert_eq!(refused, "password must be at least 16 characters long");
    in_acme.post("/identity/resources/users/v2", body("sixteen-letters!")).await.expect(201);
}

const CHANGE: &str = "/identity/resources/users/v1/passwords/change";
const ME: &str = "/identity/resources/users/v2/me";
const NEW: &str = "Another-Horse-8";

fn from_to(password: &str, new_password: &str) -> serde_json::Value {
    json!({ "password": password, "newPassword": new_password })
}

#[tokio::test]
async fn whoever_changes_their_password_stays_signed_in_where_they_do_it_and_nowhere_else() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let (desk, phone) = (app.sign_in(&jane, &acme).await, app.sign_in(&jane, &acme).await);
    let response = desk.post(CHANGE, from_to(PASSWORD, NEW)).await;
    assert_eq!((response.status(), response.text()), (201, ""));
    assert_eq!((desk.get(ME).await.status(), phone.get(ME).await.status()), (200, 401));
    assert_eq!(app.environment().sessions().of_user(jane.id).await.unwrap().len(), 1);
    assert_eq!(
        desk.post(CHANGE, from_to(PASSWORD, "Third-Horse-9!")).await.error(400),
        "password is not the one that the user has"
    );
    desk.post(CHANGE, from_to(NEW, "Third-Horse-9!")).await.expect(201);
    assert_eq!(app.recorded_actions().await, ["user.passwordChanged", "user.passwordChanged"]);
}

#[tokio::test]
async fn a_new_password_is_another_one_and_good_enough() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    ask_in(&app, &acme, at_least(14)).await;
    let client = app.sign_in(&jane, &acme).await;
    for (body, error) in [
        (from_to(PASSWORD, "thirteen-long"), "password must be at least 14 characters long"),
        (from_to(PASSWORD, PASSWORD), "newPassword must be another than password"),
        (from_to("wrong-wrong-wrong", "fourteen-long!"), "password is not the one that the user has"),
    ] {
        assert_eq!(client.post(CHANGE, body).await.error(400), error);
    }
    assert_eq!(client.get(ME).await.status(), 200);
    assert_eq!(app.anonymous().post(CHANGE, from_to(PASSWORD, NEW)).await.status(), 401);
}

#[tokio::test]
async fn a_vendor_changes_the_password_of_a_user_who_tells_it_and_all_their_sessions_end() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(app.vendor().post(CHANGE, from_to(PASSWORD, NEW)).await.status(), 400);
    let on_behalf = app.vendor().with("frontegg-user-id", &jane.id.to_string());
    on_behalf.post(CHANGE, from_to(PASSWORD, NEW)).await.expect(201);
    assert_eq!(client.get(ME).await.status(), 401);
    let elsewhere = app.neighbour().await.vendor().with("frontegg-user-id", &jane.id.to_string());
    assert_eq!(elsewhere.post(CHANGE, from_to(NEW, PASSWORD)).await.status(), 404);
}

#[tokio::test]
async fn of_changes_at_once_that_show_the_same_password_one_is_made() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let bodies = (0..4).map(|number| from_to(PASSWORD, &format!("Password-number-{number}")));
    let answers = futures::future::join_all(bodies.map(|body| client.post(CHANGE, body))).await;
    assert_eq!(statuses(&answers, 201), 1);
    assert_eq!(client.get(ME).await.status(), 200);
}

#[tokio::test]
async fn a_tenant_that_a_user_has_not_joined_asks_nothing_of_them() {
    let app = app().await;
    let (acme, theirs) = (app.tenant("Acme").await, app.tenant("Theirs").await);
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    ask_in(&app, &theirs, at_least(100)).await;
    invite(&app, &jane, &theirs).await;
    let shown = app.anonymous().get(&format!("{CONFIGURATION}?userId={}", jane.id)).await.expect(200);
    assert_eq!(shown["minLength"], 10);
    app.sign_in(&jane, &acme).await.post(CHANGE, from_to(PASSWORD, NEW)).await.expect(201);
}
