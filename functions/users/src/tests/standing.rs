//! What one user may do to another.

use serde_json::{Value, json};

use super::*;

const USERS: &str = "/identity/resources/users/v1";
const INVITE: &str = "/identity/resources/users/v2";

fn path(user: &TestUser, rest: &str) -> String {
    format!("{USERS}/{}{rest}", user.id)
}

/// Somebody in `tenant` with a role of this rank that lets them invite, remove and give roles.
async fn manager(app: &TestApp, tenant: &TenantId, level: i64) -> TestUser {
    let key = format!("Manager{level}");
    let permissions = [
        "fe.secure.read.users",
        "fe.secure.write.users",
        "fe.secure.delete.users",
        "fe.secure.write.usersRoles",
        "fe.secure.delete.usersRoles",
        "fe.secure.write.resendActivationEmail",
    ];
    let role = Role { level: level.try_into().unwrap(), ..app.role(&key, None) };
    app.write_role(&role, &permissions).await;
    app.user(&format!("{key}@example.com"), tenant, &[&key]).await
}

#[tokio::test]
async fn an_invisible_user_is_there_for_vendors_and_themselves_alone() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let ghost = app.user("ghost@example.com", &acme, &["ReadOnly"]).await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    change(&app, ghost.id, |user| user.invisible = true).await;
    let before = stored(&app, ghost.id).await;
    let client = app.sign_in(&admin, &acme).await;
    let roles = json!({"roleIds": app.roles(&["Admin"]).await});
    let refusals = [
        client.get(&path(&ghost, "")).await,
        client.post(&path(&ghost, "/roles"), roles.clone()).await,
        client.delete_with(&path(&ghost, "/roles"), roles.clone()).await,
        client.post(&format!("{USERS}/invitation/reset"), json!({"email": ghost.email})).await,
    ];
    for refused in refusals {
        assert_eq!(refused.error(404), "user not found");
    }
    assert_eq!(client.post(INVITE, json!({"email": ghost.email})).await.status(), 409);
    assert_eq!(stored(&app, ghost.id).await, before);

    let themselves = app.sign_in(&ghost, &acme).await;
    assert_eq!(themselves.get(&path(&ghost, "")).await.expect(200)["email"], ghost.email);
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let _ = vendor.post(&path(&ghost, "/roles"), roles).await.expect(201);
}

#[tokio::test]
async fn nobody_invites_to_roles_that_they_could_not_give_be_they_named_or_not() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (weak, strong) = (manager(&app, &acme, 500).await, manager(&app, &acme, 0).await);
    let invite = async |caller: &TestUser, email: &str, body: Value| {
        let mut body = body;
        body["email"] = json!(email);
        app.sign_in(caller, &acme).await.post(INVITE, body).await
    };
    let refused = invite(&weak, "joe@example.com", json!({})).await.error(403);
    assert!(refused.contains("ReadOnly"), "the default role is stronger: {refused}");
    assert!(app.mail().is_empty());
    let refused = invite(&strong, "joe@example.com", json!({})).await.error(403);
    assert!(refused.contains("ReadOnly allows fe."), "they lack what it allows: {refused}");
    assert!(app.mail().is_empty());
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let made = invite(&admin, "joe@example.com", json!({})).await.expect(201);
    assert_eq!(made["roles"][0]["key"], "ReadOnly");

    let weaker = Role { level: 501.try_into().unwrap(), ..app.role("Weaker", None) };
    app.write_role(&weaker, &[]).await;
    let _ = invite(&weak, "ann@example.com", json!({"roleIds": [weaker.id]})).await.expect(201);
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let _ = vendor.post(INVITE, json!({"email": "zoe@example.com"})).await.expect(201);
}

#[tokio::test]
async fn nobody_takes_out_somebody_as_strong_as_themselves_but_the_strongest() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (weak, peer) =
        (manager(&app, &acme, 500).await, app.user("peer@example.com", &acme, &["Manager500"]).await);
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let (joe, ann) =
        (app.user("joe@example.com", &acme, &[]).await, app.user("ann@example.com", &acme, &["Admin"]).await);
    let client = app.sign_in(&weak, &acme).await;
    for stronger in [&peer, &admin] {
        assert_eq!(client.delete(&path(stronger, "")).await.status(), 403);
        assert!(stored(&app, stronger.id).await.membership(&acme).is_some());
    }
    let _ = client.delete(&path(&joe, "")).await.expect(200);
    let _ = app.sign_in(&admin, &acme).await.delete(&path(&ann, "")).await.expect(200);
    let _ = client.delete(&path(&weak, "")).await.expect(200);
    assert_eq!(client.get(&path(&peer, "")).await.status(), 401, "whoever took themselves out is out");
}

#[tokio::test]
async fn an_invisible_user_is_taken_out_by_vendors_and_themselves_alone() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let ghost = app.user("ghost@example.com", &acme, &[]).await;
    change(&app, ghost.id, |user| user.invisible = true).await;
    let client = app.sign_in(&admin, &acme).await;
    assert_eq!(client.delete(&path(&ghost, "")).await.error(404), "user not found");
    assert!(stored(&app, ghost.id).await.membership(&acme).is_some());
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let _ = vendor.delete(&path(&ghost, "")).await.expect(200);
}
