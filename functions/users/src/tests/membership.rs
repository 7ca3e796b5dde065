use futures::future::join_all;
use serde_json::json;

use super::*;

const USERS: &str = "/identity/resources/users/v1";
const MIGRATE: &str = "/identity/resources/users/v1/tenants/migrate";

fn path(user: &TestUser, rest: &str) -> String {
    format!("{USERS}/{}{rest}", user.id)
}

async fn find(app: &TestApp, user: UserId) -> Option<User> {
    app.environment().users().get(user).await.unwrap()
}

async fn members(app: &TestApp, tenant: &TenantId) -> u64 {
    let vendor = app.vendor().with("frontegg-tenant-id", tenant.as_str());
    vendor.get("/identity/resources/users/v3").await.expect(200)["_metadata"]["totalItems"].as_u64().unwrap()
}

#[tokio::test]
async fn a_user_leaves_one_tenant_or_all_and_their_sessions_end_there() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    join(&app, jane.id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    let (at_acme, at_labs) = (app.sign_in(&jane, &acme).await, app.sign_in(&jane, &labs).await);
    let vendor = app.vendor();
    let left = vendor.with("frontegg-tenant-id", acme.as_str()).delete(&path(&jane, "")).await;
    assert_eq!((left.status(), left.text()), (200, ""));
    assert_eq!(at_acme.get("/identity/resources/users/v2/me").await.status(), 401);
    at_labs.get("/identity/resources/users/v2/me").await.expect(200);
    assert_eq!((members(&app, &acme).await, members(&app, &labs).await), (0, 1));
    assert_eq!(vendor.with("frontegg-tenant-id", acme.as_str()).delete(&path(&jane, "")).await.status(), 404);

    let removed = vendor.delete(&path(&jane, "")).await;
    assert_eq!((removed.status(), removed.text()), (200, ""));
    assert!(find(&app, jane.id).await.is_none());
    assert_eq!(vendor.delete(&path(&jane, "")).await.error(404), "user not found");
    assert_eq!(at_labs.get("/identity/resources/users/v2/me").await.status(), 401);
    app.user("jane@example.com", &acme, &[]).await;
}

#[tokio::test]
async fn with_the_last_tenant_goes_the_user() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let reader = app.user("reader@example.com", &acme, &["ReadOnly"]).await;
    assert_eq!(app.sign_in(&reader, &acme).await.delete(&path(&jane, "")).await.status(), 403);
    app.sign_in(&admin, &acme).await.delete(&path(&jane, "")).await.expect(200);
    assert!(find(&app, jane.id).await.is_none());
    let labs = app.tenant("Labs").await;
    let john = app.user("john@example.com", &labs, &[]).await;
    assert_eq!(app.sign_in(&admin, &acme).await.delete(&path(&john, "")).await.status(), 404);
    assert_eq!(app.neighbour().await.vendor().delete(&path(&john, "")).await.status(), 404);
    assert!(find(&app, john.id).await.is_some());
}

#[tokio::test]
async fn a_user_of_many_tenants_is_removed_from_all() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let mut last = acme;
    for n in 0..45 {
        last = app.tenant(&format!("Tenant {n}")).await;
        join(&app, jane.id, &membership(&app, &last, MembershipStatus::Activated)).await;
    }
    app.vendor().delete(&path(&jane, "")).await.expect(200);
    assert!(find(&app, jane.id).await.is_none());
    assert_eq!(members(&app, &last).await, 0);
}

#[tokio::test]
async fn who_is_removed_while_being_added_is_gone_or_refused() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    for n in 0..5 {
        let jane = app.user(&format!("jane{n}@example.com"), &acme, &[]).await;
        let vendor = app.vendor();
        let (add, remove) = (path(&jane, "/tenant"), path(&jane, ""));
        let (added, removed) =
            tokio::join!(vendor.post(&add, json!({"tenantId": labs})), vendor.delete(&remove));
        assert_eq!(removed.status(), 200);
        assert!(matches!(added.status(), 201 | 404), "{}", added.text());
        assert!(find(&app, jane.id).await.is_none());
    }
    assert_eq!((members(&app, &acme).await, members(&app, &labs).await), (0, 0));
}

#[tokio::test]
async fn a_user_is_added_to_a_tenant_and_asked_to_accept() {
    let app = app().await;
    let (acme, labs, idle) = (app.tenant("Acme").await, app.tenant("Labs").await, app.tenant("Idle").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    app.user("boss@example.com", &labs, &["Admin"]).await;
    let vendor = app.vendor();
    let added = vendor.post(&path(&jane, "/tenant"), json!({"tenantId": labs})).await.expect(201);
    assert_eq!((&added["tenantId"], &added["roles"][0]["key"]), (&json!(labs), &json!("ReadOnly")));
    let token = PlainToken::presented(mailed_token(&app, "InviteToTenant"));
    vendor.post(&path(&jane, "/tenant"), json!({"tenantId": labs})).await.expect(201);
    assert_eq!(app.mail().len(), 1, "whoever is there is left as they are");
    assert_eq!(stored(&app, jane.id).await.accept_invitation(&token, app.state().now()), Ok(labs));

    let silently = json!({"tenantId": idle, "skipInviteEmail": true});
    let added = vendor.post(&path(&jane, "/tenant"), silently).await.expect(201);
    assert_eq!(added["roles"][0]["key"], "Admin", "the first user of a tenant");
    assert_eq!(stored(&app, jane.id).await.membership(&idle).unwrap().status, MembershipStatus::PendingLogin);
    assert_eq!(app.mail().len(), 1);
    let nowhere = json!({"tenantId": "nowhere", "validateTenantExist": true});
    assert_eq!(vendor.post(&path(&jane, "/tenant"), nowhere).await.error(404), "tenant not found");
    assert_eq!(vendor.post(&path(&jane, "/tenant"), json!({"tenantId": "no/where"})).await.status(), 400);
}

#[tokio::test]
async fn ten_additions_to_one_tenant_are_one() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let (vendor, path) = (app.vendor(), path(&jane, "/tenant"));
    let responses = join_all((0..10).map(|_| vendor.post(&path, json!({"tenantId": labs})))).await;
    assert_eq!((statuses(&responses, 201), app.mail().len()), (10, 1));
    assert_eq!((stored(&app, jane.id).await.memberships.len(), members(&app, &labs).await), (2, 1));
}

#[tokio::test]
async fn the_tenant_to_work_in_is_set_and_made_if_need_be() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let vendor = app.vendor();
    for tenant in [labs.as_str(), acme.as_str(), "fresh"] {
        let updated = vendor.put(&path(&jane, "/tenant"), json!({"tenantId": tenant})).await.expect(200);
        assert_eq!(updated["tenantId"], tenant);
        let user = stored(&app, jane.id).await;
        assert_eq!(user.landing_tenant(app.state().now()).map(TenantId::as_str), Some(tenant));
    }
    let fresh = app.environment().tenants().get(&"fresh".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(fresh.name, "fresh");
    let nowhere = json!({"tenantId": "nowhere", "validateTenantExist": true});
    assert_eq!(vendor.put(&path(&jane, "/tenant"), nowhere).await.error(404), "tenant not found");
    assert_eq!(stored(&app, jane.id).await.memberships.len(), 3);
    assert!(app.mail().is_empty());
}

#[tokio::test]
async fn whoever_is_to_work_in_a_tenant_need_not_accept_their_invitation_to_it() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let _ = invite(&app, &jane, &labs).await;
    let (vendor, body) = (app.vendor(), json!({"tenantId": labs}));
    let _ = vendor.put(&path(&jane, "/tenant"), body.clone()).await.expect(200);
    let user = stored(&app, jane.id).await;
    assert_eq!(user.landing_tenant(app.state().now()), Some(&labs));
    assert_eq!(user.membership(&labs).unwrap().status, MembershipStatus::PendingLogin);

    change(&app, jane.id, |user| {
        user.active_tenant = Some(acme.clone());
        user.membership_mut(&labs).unwrap().disabled = true;
    })
    .await;
    let refused = vendor.put(&path(&jane, "/tenant"), body).await.error(403);
    assert!(refused.contains("disabled or over"), "{refused}");
    assert_eq!(stored(&app, jane.id).await.active_tenant, Some(acme));
}

#[tokio::test]
async fn everybody_moves_and_keeps_what_they_can() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let own = app.role("Own", Some(&acme));
    app.write_role(&own, &[]).await;
    let keeper = app.user("keeper@example.com", &acme, &["Admin"]).await;
    let dropper = app.user("dropper@example.com", &acme, &[]).await;
    let both = app.user("both@example.com", &acme, &["Admin"]).await;
    let none = app.user("none@example.com", &acme, &[]).await;
    for user in [&keeper, &dropper] {
        change(&app, user.id, |user| user.membership_mut(&acme).unwrap().give(&own)).await;
    }
    let roles = app.roles(&["ReadOnly", "Admin"]).await;
    let there =
        Membership { role_ids: vec![roles[0]], ..membership(&app, &labs, MembershipStatus::NotActivated) };
    join(&app, both.id, &there).await;
    let client = app.sign_in(&keeper, &acme).await;

    let moved = app.vendor().put(MIGRATE, json!({"srcTenantId": acme, "targetTenantId": labs})).await;
    assert_eq!((moved.status(), moved.text()), (200, ""));
    assert_eq!((members(&app, &acme).await, members(&app, &labs).await), (0, 4));
    for (user, expected) in
        [(&keeper, vec![roles[1]]), (&dropper, vec![roles[0]]), (&both, roles.clone()), (&none, Vec::new())]
    {
        let user = stored(&app, user.id).await;
        assert_eq!(user.memberships.len(), 1);
        assert_eq!(user.memberships[0].role_ids, expected, "{:?}", user.email.as_str());
        assert_eq!(user.memberships[0].status, MembershipStatus::Activated);
        assert_eq!(user.landing_tenant(app.state().now()), Some(&labs));
    }
    assert_eq!(client.get("/identity/resources/users/v2/me").await.status(), 401);
    app.vendor().put(MIGRATE, json!({"srcTenantId": acme, "targetTenantId": labs})).await.expect(200);
}

#[tokio::test]
async fn users_move_only_between_two_tenants_of_the_environment() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let body = |source: &str, target: &str| json!({"srcTenantId": source, "targetTenantId": target});
    let vendor = app.vendor();
    assert_eq!(vendor.put(MIGRATE, body(acme.as_str(), acme.as_str())).await.status(), 400);
    assert_eq!(vendor.put(MIGRATE, body(acme.as_str(), "nowhere")).await.status(), 404);
    assert_eq!(vendor.put(MIGRATE, body("nowhere", acme.as_str())).await.status(), 404);
    let neighbour = app.neighbour().await;
    assert_eq!(neighbour.vendor().put(MIGRATE, body(acme.as_str(), labs.as_str())).await.status(), 404);
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(client.put(MIGRATE, body(acme.as_str(), labs.as_str())).await.status(), 403);
    assert_eq!(members(&app, &acme).await, 1);
}
