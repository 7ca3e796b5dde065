//! Groups: what somebody may do by being in one.

use serde_json::{Value, json};

use crate::support::{
    Client, PASSWORD, address, claims, new_tenant, new_user, refresh, role, sign_in, unique,
};

const GROUPS: &str = "/identity/resources/groups/v1";
const USERS: &str = "/identity/resources/users";

#[tokio::test]
async fn whoever_is_in_a_group_has_its_roles_until_they_leave_it() {
    let vendor = Client::vendor().await;
    let (tenant, email) = (new_tenant(&vendor).await, address());
    // The first user of a tenant who is given no role is its administrator.
    let jane = new_user(&vendor, &tenant, &email, &[&role(&vendor, "ReadOnly").await]).await;
    let in_tenant = vendor.with("frontegg-tenant-id", &tenant);
    let group = in_tenant.post(GROUPS, json!({ "name": unique("group"), "color": "#336699" })).await.ok(201);
    let path = format!("{GROUPS}/{}", group["id"].as_str().unwrap());
    let admin = role(&vendor, "Admin").await;
    let _ = in_tenant.post(&format!("{path}/roles"), json!({ "roleIds": [admin] })).await.ok(201);

    let before = sign_in(&email, PASSWORD).await;
    let roles = |answer: &Value| claims(&answer["accessToken"])["roles"].clone();
    assert!(!holds(&roles(&before.ok(200)), "Admin"));
    let member =
        Client::anonymous().bearer(&before.ok(200)["accessToken"]).with("frontegg-tenant-id", &tenant);
    assert_eq!(member.post(GROUPS, json!({ "name": unique("own") })).await.refused(), 403);

    let members = format!("{path}/users");
    let _ = in_tenant.post(&members, json!({ "userIds": [jane] })).await.ok(201);
    let refreshed = refresh(&before.cookie.unwrap(), json!({})).await;
    assert!(holds(&roles(&refreshed.ok(201)), "Admin"));
    let member = Client::anonymous().bearer(&refreshed.ok(201)["accessToken"]);
    let _ = member.post(GROUPS, json!({ "name": unique("own") })).await.ok(201);
    let listed = member.get(&format!("{GROUPS}?_groupsRelations=rolesAndUsers")).await.ok(200);
    assert_eq!(listed["groups"][0]["users"][0]["email"], json!(email));
    assert_eq!(listed["groups"][0]["roles"][0]["key"], "Admin");
    let authorization = member.get(&format!("{USERS}/v1/me/authorization")).await.ok(200);
    assert!(authorization["roles"].as_array().unwrap().iter().any(|role| role["key"] == "Admin"));
    let rows = in_tenant.get(&format!("{USERS}/v3/groups?ids={jane}")).await.ok(200);
    assert_eq!(rows[0]["groupIds"], json!([group["id"]]));

    let _ = in_tenant.delete_with(&members, json!({ "userIds": [jane] })).await.ok(200);
    assert_eq!(member.post(GROUPS, json!({ "name": unique("own") })).await.refused(), 403);
    assert!(!holds(&roles(&sign_in(&email, PASSWORD).await.ok(200)), "Admin"));
    assert_eq!(in_tenant.delete(&path).await.status.as_u16(), 200);
    assert_eq!(in_tenant.get(&path).await.refused(), 404);
}

fn holds(roles: &Value, key: &str) -> bool {
    roles.as_array().unwrap().iter().any(|role| role == key)
}
