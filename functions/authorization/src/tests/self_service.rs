use super::*;

/// A tenant, and somebody in it who has only the role `manager`, of level 5, with these permissions.
async fn manager(app: &TestApp, permissions: &[&str]) -> (TenantId, Client) {
    let vendor = app.vendor();
    let manager = role(&vendor, "manager", 5).await;
    let mut ids = Vec::new();
    for key in permissions {
        ids.push(by_key(&vendor, PERMISSIONS, key).await["id"].clone());
    }
    let set = json!({"permissionIds": ids});
    let _ = vendor.put(&format!("{ROLES}/{manager}/permissions"), set).await.expect(200);
    let tenant = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &tenant, &["manager"]).await;
    let client = app.sign_in(&jane, &tenant).await;
    (tenant, client)
}

const WRITES: [&str; 3] = ["fe.secure.read.roles", "fe.secure.write.roles", "fe.secure.delete.roles"];

#[tokio::test]
async fn a_user_makes_weaker_roles_of_their_own_tenant() {
    let app = app().await;
    let (tenant, jane) = manager(&app, &WRITES).await;
    let other = app.tenant("Labs").await;
    let made = jane
        .with(TENANT, other.as_str())
        .post(ROLES, json!([{"key": "mine", "name": "Mine", "level": 6}]))
        .await;
    let made = made.expect(201);
    assert_eq!(made[0]["tenantId"], tenant.as_str(), "the header does not count");
    for level in [0, 4, 5] {
        let strong = json!([{"key": "strong", "name": "Strong", "level": level}]);
        assert_eq!(jane.post(ROLES, strong).await.status(), 403, "{level}");
    }
    let path = format!("{ROLES}/{}", id(&made));
    assert_eq!(jane.patch(&path, json!({"level": 5})).await.status(), 403);
    assert_eq!(jane.patch(&path, json!({"level": 7, "name": "Ours"})).await.expect(200)["name"], "Ours");
    assert_eq!(keys(&jane, ROLES).await, ["Admin", "ReadOnly", "manager", "mine"]);
    assert_eq!(keys(&app.vendor(), ROLES).await, ["Admin", "ReadOnly", "manager"]);

    let in_tenant = vendor_in(&app, &tenant);
    let strong = format!("{ROLES}/{}", role(&in_tenant, "strong", 5).await);
    assert_eq!(jane.patch(&strong, json!({"name": "x"})).await.status(), 403);
    assert_eq!(jane.delete(&strong).await.status(), 403);
    let foreign = format!("{ROLES}/{}", role(&vendor_in(&app, &other), "foreign", 9).await);
    assert_eq!(jane.patch(&foreign, json!({"name": "x"})).await.status(), 404);
    assert_eq!(jane.delete(&foreign).await.status(), 404);
    assert_eq!(jane.delete(&path).await.status(), 204);
}

#[tokio::test]
async fn a_user_leaves_the_environments_roles_alone() {
    let app = app().await;
    let tenant = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &tenant, &["Admin"]).await;
    let jane = app.sign_in(&jane, &tenant).await;
    let shared = by_key(&jane, ROLES, "ReadOnly").await;
    let path = format!("{ROLES}/{}", id(&shared));
    assert_eq!(jane.patch(&path, json!({"name": "x"})).await.status(), 403);
    assert_eq!(jane.delete(&path).await.status(), 403);
    assert_eq!(jane.put(&format!("{path}/permissions"), json!({"permissionIds": []})).await.status(), 403);
    let users = by_key(&jane, PERMISSIONS, "fe.secure.write.users").await;
    let add =
        jane.put(&format!("{PERMISSIONS}/{}/roles", id(&users)), json!({"roleIds": [shared["id"]]})).await;
    assert_eq!(add.status(), 403);
    assert_eq!(by_key(&app.vendor(), ROLES, "ReadOnly").await, shared);
    let peer = jane.post(ROLES, json!([{"key": "peer", "name": "Peer", "level": 0}])).await;
    assert_eq!(peer.status(), 201, "the strongest may name their peers");
}

#[tokio::test]
async fn a_user_gives_only_permissions_that_they_hold() {
    let app = app().await;
    let vendor = app.vendor();
    let held = permission(&vendor, "docs.read").await;
    let lacking = permission(&vendor, "docs.write").await;
    let (tenant, jane) = manager(&app, &[&WRITES[..], &["docs.read"]].concat()).await;
    let mine = role(&jane, "mine", 6).await;
    let path = format!("{ROLES}/{mine}/permissions");
    assert_eq!(
        jane.put(&path, json!({"permissionIds": [held]})).await.expect(200)["permissions"],
        json!([held])
    );
    assert_eq!(jane.put(&path, json!({"permissionIds": [held, lacking]})).await.status(), 403);
    let add = jane.put(&format!("{PERMISSIONS}/{lacking}/roles"), json!({"roleIds": [mine]})).await;
    assert_eq!(add.status(), 403);

    let by_vendor = json!({"permissionIds": [held, lacking]});
    assert_eq!(vendor_in(&app, &tenant).put(&path, by_vendor).await.status(), 200);
    let kept = jane.put(&path, json!({"permissionIds": [lacking]})).await.expect(200);
    assert_eq!(kept["permissions"], json!([lacking]), "what the role holds already is not given anew");
}

#[tokio::test]
async fn classified_permissions_are_kept_out_of_a_tenants_roles_or_in_all() {
    let app = app().await;
    let vendor = app.vendor();
    let (never, always) = (permission(&vendor, "docs.purge").await, permission(&vendor, "docs.read").await);
    let (_, jane) = manager(&app, &[&WRITES[..], &["docs.purge"]].concat()).await;
    let classify = async |id: &str, class: &str| {
        let body = json!({"permissionIds": [id], "type": class});
        assert_eq!(vendor.put(&format!("{PERMISSIONS}/classification"), body).await.status(), 200);
    };
    classify(&never, "NEVER").await;
    classify(&always, "ALWAYS").await;
    let made = jane.post(ROLES, json!([{"key": "mine", "name": "Mine", "level": 6}])).await.expect(201);
    assert_eq!(made[0]["permissions"], json!([always]));
    let path = format!("{ROLES}/{}/permissions", id(&made));
    assert_eq!(jane.put(&path, json!({"permissionIds": [never]})).await.status(), 403);
    let emptied = jane.put(&path, json!({"permissionIds": []})).await.expect(200);
    assert_eq!(emptied["permissions"], json!([always]));
}

#[tokio::test]
async fn a_custom_role_has_the_rank_of_another_and_the_permissions_named() {
    let app = app().await;
    let vendor = app.vendor();
    let held = permission(&vendor, "docs.read").await;
    let lacking = permission(&vendor, "docs.write").await;
    let base = role(&vendor, "base", 8).await;
    let (tenant, jane) = manager(&app, &[&WRITES[..], &["docs.read"]].concat()).await;
    let body = |key: &str, base: &str, permission: &str| json!({"key": key, "name": "Custom", "baseRoleId": base, "permissionIds": [permission]});
    let made = jane.post(ROLES_V2, body("custom", &base, &held)).await.expect(200);
    assert_eq!((&made["level"], &made["tenantId"]), (&json!(8), &json!(tenant.as_str())));
    assert_eq!(made["permissions"], json!([held]));
    assert_eq!(by_key(&jane, ROLES, "custom").await, made);
    assert_eq!(jane.post(ROLES_V2, body("custom", &base, &held)).await.status(), 409);
    assert_eq!(jane.post(ROLES_V2, body("other", &base, &lacking)).await.status(), 403);
    let manager = by_key(&vendor, ROLES, "manager").await;
    assert_eq!(jane.post(ROLES_V2, body("other", &id(&manager), &held)).await.status(), 403);
    assert_eq!(jane.post(ROLES_V2, body("other", &held, &held)).await.error(404), "role not found");
    assert_eq!(vendor.post(ROLES_V2, body("other", &base, &held)).await.status(), 400);
    assert_eq!(vendor_in(&app, &tenant).post(ROLES_V2, body("other", &base, &lacking)).await.status(), 200);
}

#[tokio::test]
async fn each_endpoint_needs_its_permission() {
    let app = app().await;
    let (tenant, reader) = manager(&app, &["fe.secure.read.roles"]).await;
    assert_eq!(reader.get(ROLES).await.status(), 200);
    assert_eq!(reader.get(ROLES_V2).await.status(), 200);
    assert_eq!(reader.get(PERMISSIONS).await.status(), 403);
    let own = role(&vendor_in(&app, &tenant), "own", 9).await;
    let path = format!("{ROLES}/{own}");
    assert_eq!(reader.post(ROLES, json!([{"key": "k", "name": "n", "level": 9}])).await.status(), 403);
    assert_eq!(reader.patch(&path, json!({"name": "x"})).await.status(), 403);
    assert_eq!(reader.put(&format!("{path}/permissions"), json!({"permissionIds": []})).await.status(), 403);
    assert_eq!(reader.delete(&path).await.status(), 403);
    let before = app.store().round_trips().waves();
    let _ = reader.get(ROLES).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 2);
}
