use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::*;

const ACCEPT: &str = "/identity/resources/users/v1/invitation/accept";
const RESET: &str = "/identity/resources/users/v1/invitation/reset";
const RESET_ALL: &str = "/identity/resources/users/v1/invitation/reset/all";
const WRONG: &str = "the token is wrong, used or expired: ask for a new one";

fn request(user: UserId, token: &str) -> Value {
    json!({"userId": user.to_string(), "token": token})
}

/// Whether `user` may sign in to `tenant`.
async fn is_in(app: &TestApp, user: UserId, tenant: &TenantId) -> bool {
    let user = stored(app, user).await;
    user.usable_tenants(app.state().now()).any(|usable| usable == tenant)
}

#[tokio::test]
async fn an_invitation_is_accepted_once() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let token = invite(&app, &jane, &labs).await;
    assert!(!is_in(&app, jane.id, &labs).await);

    let anonymous = app.anonymous();
    let accept = || anonymous.post(ACCEPT, request(jane.id, token.expose()));
    let responses = join_all((0..10).map(|_| accept())).await;
    assert_eq!((statuses(&responses, 201), statuses(&responses, 400)), (1, 9));
    let accepted = responses.iter().find(|response| response.status() == 201).unwrap();
    assert_eq!(accepted.text(), "");
    assert_eq!(accept().await.error(400), WRONG);
    assert!(is_in(&app, jane.id, &labs).await);
}

#[tokio::test]
async fn a_wrong_invitation_is_refused() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let joe = app.user("joe@example.com", &acme, &[]).await;
    let token = invite(&app, &jane, &labs).await;
    let refused = async |body: Value| app.anonymous().post(ACCEPT, body).await.error(400);
    assert_eq!(refused(request(jane.id, "guess")).await, WRONG);
    assert_eq!(refused(request(joe.id, token.expose())).await, WRONG);
    assert_eq!(refused(json!({"userId": "nobody", "token": token.expose()})).await, WRONG);
    let elsewhere = app.neighbour().await.anonymous();
    assert_eq!(elsewhere.post(ACCEPT, request(jane.id, token.expose())).await.error(400), WRONG);
    app.clock().advance(Duration::from_hours(7 * 24));
    assert_eq!(refused(request(jane.id, token.expose())).await, WRONG);
    assert!(!is_in(&app, jane.id, &labs).await);
}

#[tokio::test]
async fn an_invitation_is_sent_again_in_the_name_of_who_asks() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let first = invite(&app, &jane, &labs).await;
    let boss = app.user("boss@example.com", &labs, &["Admin"]).await;
    let boss = app.sign_in(&boss, &labs).await;

    let answer = boss.post(RESET, json!({"email": "jane@example.com"})).await;
    assert_eq!((answer.status(), answer.text()), (200, ""));
    let mail = app.mail()[0].clone();
    assert_eq!(
        (mail.variables["tenantName"].as_str(), mail.variables["issuerEmail"].as_str()),
        (Some("Labs"), Some("boss@example.com"))
    );
    let second = mailed_token(&app, "InviteToTenant");
    assert_eq!(app.anonymous().post(ACCEPT, request(jane.id, first.expose())).await.error(400), WRONG);
    let _ = app.anonymous().post(ACCEPT, request(jane.id, &second)).await.expect(201);
    let refused = boss.post(RESET, json!({"email": "jane@example.com"})).await.error(400);
    assert!(refused.contains("joined already"), "{refused}");
}

#[tokio::test]
async fn a_newcomer_gets_the_activation_again() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, _) = newcomer(&app, "jane@example.com", &acme).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let _ = vendor.post(RESET, json!({"email": "jane@example.com"})).await.expect(200);
    let token = mailed_token(&app, "ActivateUser");
    let activate = json!({"userId": id.to_string(), "token": token, "password": rookery_testkit::PASSWORD});
    let _ = app.anonymous().post("/identity/resources/users/v1/activate", activate).await.expect(200);
}

#[tokio::test]
async fn nobody_sends_what_is_not_theirs_to_send() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    invite(&app, &jane, &labs).await;
    let boss = app.user("boss@example.com", &acme, &["Admin"]).await;
    let body = || json!({"email": "jane@example.com"});
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(client.post(RESET, body()).await.status(), 403);
    assert_eq!(app.anonymous().post(RESET, body()).await.status(), 401);
    assert_eq!(app.vendor().post(RESET, body()).await.status(), 400);
    // The header names the tenant that waits for her; a user's own tenant is that of the token.
    let boss = app.sign_in(&boss, &acme).await.with("frontegg-tenant-id", labs.as_str());
    assert_eq!(boss.post(RESET, body()).await.status(), 400);
    for (email, tenant) in [("nobody@example.com", &labs), ("boss@example.com", &labs)] {
        let vendor = app.vendor().with("frontegg-tenant-id", tenant.as_str());
        assert_eq!(vendor.post(RESET, json!({"email": email})).await.error(404), "user not found");
    }
    let elsewhere = app.neighbour().await.vendor().with("frontegg-tenant-id", labs.as_str());
    assert_eq!(elsewhere.post(RESET, body()).await.status(), 404);
    assert!(app.mail().is_empty());
}

#[tokio::test]
async fn all_invitations_to_tenants_below_are_sent_again() {
    let app = app().await;
    let (top, below, bottom, other) = (
        app.tenant("Top").await,
        app.tenant("Below").await,
        app.tenant("Bottom").await,
        app.tenant("Other").await,
    );
    for (parent, child) in [(&top, &below), (&below, &bottom)] {
        app.environment().tenants().link(parent, child, app.state().now()).await.unwrap();
    }
    let jane = app.user("jane@example.com", &other, &[]).await;
    for tenant in [&below, &bottom] {
        invite(&app, &jane, tenant).await;
    }
    let boss = app.user("boss@example.com", &top, &["Admin"]).await;
    let client = app.sign_in(&boss, &top).await;
    let body = || json!({"email": "jane@example.com"});
    assert_eq!(client.post(RESET_ALL, body()).await.status(), 404, "she may not act below");
    change(&app, boss.id, |user| user.sub_account_access_allowed = true).await;
    let _ = client.post(RESET_ALL, body()).await.expect(200);

    let mut sent: Vec<_> = app.mail().iter().map(|mail| json!(mail.variables["tenantName"])).collect();
    sent.sort_by_key(Value::to_string);
    assert_eq!(sent, ["Below", "Bottom"]);
    for mail in app.mail() {
        let link = mail.variables["redirectURL"].as_str().unwrap();
        let token = link.split_once("token=").unwrap().1;
        let _ = app.anonymous().post(ACCEPT, request(jane.id, token)).await.expect(201);
    }
    assert!(is_in(&app, jane.id, &below).await && is_in(&app, jane.id, &bottom).await);
}
