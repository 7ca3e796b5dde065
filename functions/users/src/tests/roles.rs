use futures::future::join_all;
use serde_json::{Value, json};

use super::*;

fn path(user: &TestUser) -> String {
    format!("/identity/resources/users/v1/{}/roles", user.id)
}

fn keys(answer: &Value) -> Vec<&str> {
    let mut keys: Vec<_> =
        answer["roles"].as_array().unwrap().iter().map(|role| role["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    keys
}

async fn held(app: &TestApp, user: &TestUser, tenant: &TenantId) -> Vec<RoleId> {
    stored(app, user.id).await.membership(tenant).unwrap().role_ids.clone()
}

#[tokio::test]
async fn roles_are_added_to_those_there_are_and_taken_from_them() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let body = json!({"roleIds": app.roles(&["Admin", "ReadOnly"]).await});
    let before = app.store().round_trips().waves();
    let added = vendor.post(&path(&jane), body.clone()).await.expect(201);
    assert_eq!(app.store().round_trips().waves() - before, 2);
    assert_eq!((&added["tenantId"], &added["userId"]), (&json!(acme), &json!(jane.id)));
    assert_eq!(keys(&added), ["Admin", "ReadOnly"]);
    assert_eq!(held(&app, &jane, &acme).await.len(), 2);
    let removed = vendor.delete_with(&path(&jane), json!({"roleIds": app.roles(&["Admin"]).await})).await;
    assert_eq!(keys(&removed.expect(200)), ["ReadOnly"]);
    assert_eq!(
        keys(&vendor.delete_with(&path(&jane), body).await.expect(200)),
        [""; 0],
        "none is left, and none comes"
    );
}

#[tokio::test]
async fn all_roles_are_given_or_none() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let (own, foreign) = (app.role("Own", Some(&acme)), app.role("Foreign", Some(&labs)));
    app.write_role(&own, &[]).await;
    app.write_role(&foreign, &[]).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    for bad in [foreign.id, RoleId::random(&*app.state().entropy)] {
        let body = json!({"roleIds": [own.id, bad]});
        assert_eq!(vendor.post(&path(&jane), body.clone()).await.error(404), "role not found");
        assert_eq!(vendor.delete_with(&path(&jane), body).await.error(404), "role not found");
    }
    assert!(held(&app, &jane, &acme).await.is_empty());
    let many = vec![own.id; 101];
    assert_eq!(vendor.post(&path(&jane), json!({"roleIds": many})).await.status(), 400);
    assert_eq!(vendor.post(&path(&jane), json!({})).await.status(), 400);
    assert_eq!(keys(&vendor.post(&path(&jane), json!({"roleIds": [own.id]})).await.expect(201)), ["Own"]);
}

#[tokio::test]
async fn a_role_that_came_to_everybody_can_be_taken_and_given_again() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let later = app.state().now().plus_seconds(1);
    let everyone = Role { given_to_members_before: Some(later), ..app.role("Everyone", None) };
    app.write_role(&everyone, &[]).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let body = json!({"roleIds": [everyone.id]});
    let taken = vendor.delete_with(&path(&jane), body.clone()).await.expect(200);
    assert_eq!(keys(&taken), [""; 0]);
    assert_eq!(keys(&vendor.post(&path(&jane), body).await.expect(201)), ["Everyone"]);
}

#[tokio::test]
async fn nobody_gives_or_takes_a_role_as_strong_as_their_own_but_the_strongest() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let strong = Role { level: RoleLevel::SECOND, ..app.role("Manager", None) };
    let permissions = ["fe.secure.write.usersRoles", "fe.secure.delete.usersRoles"];
    app.write_role(&strong, &permissions).await;
    let weak = Role { level: 9.try_into().unwrap(), ..app.role("Weak", None) };
    app.write_role(&weak, &[]).await;
    let jane = app.user("jane@example.com", &acme, &["Manager", "Admin"]).await;
    let manager = app.user("manager@example.com", &acme, &["Manager"]).await;
    let reader = app.user("reader@example.com", &acme, &["ReadOnly"]).await;
    let manager = app.sign_in(&manager, &acme).await;
    for refused in app.roles(&["Manager", "Admin"]).await {
        let body = json!({"roleIds": [refused]});
        assert_eq!(manager.post(&path(&reader), body.clone()).await.status(), 403);
        assert_eq!(manager.delete_with(&path(&jane), body).await.status(), 403);
    }
    manager.post(&path(&reader), json!({"roleIds": [weak.id]})).await.expect(201);
    manager.delete_with(&path(&reader), json!({"roleIds": [weak.id]})).await.expect(200);
    let admin = app.sign_in(&jane, &acme).await;
    admin.post(&path(&reader), json!({"roleIds": app.roles(&["Admin"]).await})).await.expect(201);
    let nobody = app.user("nobody@example.com", &acme, &[]).await;
    let body = json!({"roleIds": [weak.id]});
    assert_eq!(app.sign_in(&nobody, &acme).await.post(&path(&jane), body).await.status(), 403);
}

#[tokio::test]
async fn changes_at_the_same_time_all_count() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let mut ids = Vec::new();
    for n in 0..10 {
        let role = app.role(&format!("Role{n}"), None);
        app.write_role(&role, &[]).await;
        ids.push(role.id);
    }
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let path = path(&jane);
    let added = join_all(ids.iter().map(|id| vendor.post(&path, json!({"roleIds": [id]})))).await;
    assert_eq!(statuses(&added, 201), 10);
    assert_eq!(held(&app, &jane, &acme).await.len(), 10);
    let removed = join_all(ids.iter().map(|id| vendor.delete_with(&path, json!({"roleIds": [id]})))).await;
    assert_eq!(statuses(&removed, 200), 10);
    assert!(held(&app, &jane, &acme).await.is_empty());
}

#[tokio::test]
async fn only_members_of_the_tenant_can_have_roles_in_it() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let boss = app.user("boss@example.com", &labs, &["Admin"]).await;
    let body = json!({"roleIds": app.roles(&["ReadOnly"]).await});
    let labs_vendor = app.vendor().with("frontegg-tenant-id", labs.as_str());
    assert_eq!(labs_vendor.post(&path(&jane), body.clone()).await.status(), 404);
    assert_eq!(app.sign_in(&boss, &labs).await.post(&path(&jane), body.clone()).await.status(), 404);
    assert_eq!(app.vendor().post(&path(&jane), body.clone()).await.status(), 400);
    let neighbour = app.neighbour().await.vendor().with("frontegg-tenant-id", acme.as_str());
    assert_eq!(neighbour.post(&path(&jane), body).await.status(), 404);
}
