//! Which groups users are in, and what they may do by these.

use rookery_domain::{Group, GroupColor, GroupId, GroupsConfiguration, ManagedBy, RoleId};
use rookery_http::ApiError;
use serde_json::{Value, json};

use super::*;

const GROUPS: &str = "/identity/resources/users/v3/groups";
const ME: &str = "/identity/resources/users/v2/me";
const AUTHORIZATION: &str = "/identity/resources/users/v1/me/authorization";

/// A group of `tenant` with these roles, and `user` in it.
async fn group(app: &TestApp, tenant: &TenantId, roles: Vec<RoleId>, user: &TestUser) -> GroupId {
    let (environment, now) = (app.environment(), app.state().now());
    let group = Group {
        id: GroupId::random(&*app.state().entropy),
        tenant_id: tenant.clone(),
        name: "Editors".to_owned(),
        color: GroupColor::default(),
        description: None,
        metadata: Metadata::default(),
        managed_by: ManagedBy::default(),
        role_ids: roles,
        created_at: now,
        updated_at: now,
    };
    environment.groups().create(&group).await.unwrap();
    let (users, members) = (environment.users(), [user.id].into());
    let entered = users.enter_group(tenant, group.id, &members, |_, _| Ok::<_, ApiError>(()));
    entered.await.unwrap().unwrap();
    group.id
}

fn keys(answer: &Value, of: &str) -> Vec<String> {
    let keys = answer[of].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned());
    keys.collect()
}

#[tokio::test]
async fn the_groups_of_users_are_listed_tenant_by_tenant() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let reader = app.role("Reader", None);
    app.write_role(&reader, &["fe.secure.read.groups"]).await;
    let environment = app.environment();
    let users = environment.users();
    users.join(jane.id, &membership(&app, &labs, MembershipStatus::Activated)).await.unwrap().unwrap();
    let in_acme = group(&app, &acme, vec![reader.id], &jane).await;
    let in_labs = group(&app, &labs, Vec::new(), &jane).await;
    let row = |tenant: &TenantId, group: GroupId| {
        json!({
            "vendorId": app.environment().id().as_uuid(),
            "tenantId": tenant,
            "userId": jane.id,
            "groupIds": [group.as_uuid()],
        })
    };
    let path = format!("{GROUPS}?ids={}", jane.id);
    let vendor = app.vendor();
    assert_eq!(vendor.get(&path).await.expect(200), json!([row(&acme, in_acme), row(&labs, in_labs)]));
    let of_labs = vendor.with("frontegg-tenant-id", labs.as_str()).get(&path).await.expect(200);
    assert_eq!(of_labs, json!([row(&labs, in_labs)]));
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(client.get(&path).await.expect(200), json!([row(&acme, in_acme)]));
    let in_labs = app.sign_in(&jane, &labs).await;
    assert!(in_labs.get(&path).await.error(403).contains("fe.secure.read.groups"));
    assert_eq!(vendor.get(GROUPS).await.status(), 400);
    assert_eq!(vendor.get(&format!("{GROUPS}?ids=x")).await.status(), 400);
    assert_eq!(app.neighbour().await.vendor().get(&path).await.expect(200), json!([]));
    let off = environment.update(|environment| {
        environment.groups = GroupsConfiguration { enabled: false, ..environment.groups };
        Ok::<_, ApiError>(())
    });
    off.await.unwrap().unwrap();
    assert_eq!(vendor.get(&path).await.status(), 403);
}

#[tokio::test]
async fn what_the_groups_of_a_user_allow_they_may_do_and_are_told() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let own = app.role("Own", Some(&acme));
    app.write_role(&own, &["fe.secure.write.users"]).await;
    group(&app, &acme, vec![own.id], &jane).await;
    let client = app.sign_in(&jane, &acme).await;
    for path in [AUTHORIZATION, ME] {
        let before = app.store().round_trips().waves();
        let answer = client.get(path).await.expect(200);
        assert_eq!(app.store().round_trips().waves() - before, 2);
        let mut roles = keys(&answer, "roles");
        roles.sort_unstable();
        assert_eq!(roles, ["Own", "ReadOnly"], "{path}");
        assert!(keys(&answer, "permissions").contains(&"fe.secure.write.users".to_owned()), "{path}");
    }
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let seen = vendor.get(&format!("/identity/resources/users/v1/{}", jane.id)).await.expect(200);
    assert_eq!(keys(&seen, "roles"), ["ReadOnly"], "their own are what can be taken from them");
}

#[tokio::test]
async fn whoever_is_taken_out_of_a_tenant_leaves_its_groups() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let environment = app.environment();
    let joining = membership(&app, &labs, MembershipStatus::Activated);
    environment.users().join(jane.id, &joining).await.unwrap().unwrap();
    let editors = group(&app, &acme, Vec::new(), &jane).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    assert_eq!(vendor.delete(&format!("/identity/resources/users/v1/{}", jane.id)).await.status(), 200);
    assert_eq!(environment.groups().members(&acme, editors).await.unwrap(), []);
    let back = membership(&app, &acme, MembershipStatus::Activated);
    environment.users().join(jane.id, &back).await.unwrap().unwrap();
    let path = format!("{GROUPS}?ids={}", jane.id);
    assert_eq!(vendor.get(&path).await.expect(200)[0]["groupIds"], json!([]));
}
