use std::time::Duration;

use futures::future::join_all;

use super::*;

#[tokio::test]
async fn roles_are_made_in_order_read_changed_and_removed() {
    let app = app().await;
    let vendor = app.vendor();
    let sent = json!([
        {"key": "editor", "name": "Editor", "description": "Edits", "level": 5, "isDefault": true, "permissions": null},
        {"key": "auditor", "name": "Auditor", "level": 32767, "firstUserRole": true},
    ]);
    let made = vendor.post(ROLES, sent).await.expect(201);
    assert_eq!(made.as_array().unwrap().len(), 2);
    assert_eq!((&made[0]["key"], &made[1]["key"]), (&json!("editor"), &json!("auditor")));
    assert_eq!((&made[0]["isDefault"], &made[0]["firstUserRole"]), (&json!(true), &json!(false)));
    assert_eq!((&made[1]["level"], &made[1]["tenantId"]), (&json!(32767), &Value::Null));
    assert_eq!(by_key(&vendor, ROLES, "editor").await, made[0]);

    app.clock().advance(Duration::from_mins(1));
    let path = format!("{ROLES}/{}", id(&made));
    let changes = json!({"key": "writer", "description": null, "level": 6});
    let updated = vendor.patch(&path, changes).await.expect(200);
    assert_eq!((&updated["key"], &updated["name"]), (&json!("writer"), &json!("Editor")));
    assert_eq!((&updated["description"], &updated["level"]), (&Value::Null, &json!(6)));
    assert_eq!(updated["updatedAt"], "2026-01-01T00:01:00.000Z");
    for name in ["key", "name", "level", "isDefault", "firstUserRole", "migrateRole"] {
        let refused = vendor.patch(&path, json!({ name: null })).await.error(400);
        assert!(refused.starts_with(&format!("{name}: it cannot be null")), "{refused}");
    }
    assert_eq!(by_key(&vendor, ROLES, "writer").await, updated);
    let _ = role(&vendor, "editor", 1).await;

    let removed = vendor.delete(&path).await;
    assert_eq!((removed.status(), removed.text()), (204, ""));
    assert_eq!(by_key(&vendor, ROLES, "writer").await, Value::Null);
    assert_eq!(vendor.delete(&path).await.error(404), "role not found");
    assert_eq!(vendor.patch(&path, json!({"name": "x"})).await.status(), 404);
    let _ = role(&vendor, "writer", 1).await;
}

#[tokio::test]
async fn a_batch_is_made_whole_or_not_at_all() {
    let app = app().await;
    let vendor = app.vendor();
    let fresh = json!({"key": "fresh", "name": "Fresh", "level": 1});
    let admin = json!({"key": "Admin", "name": "Admin", "level": 1});
    let taken = vendor.post(ROLES, json!([fresh, admin])).await;
    assert_eq!(taken.error(409), "Roles already exists");
    let twice = vendor.post(ROLES, json!([fresh, fresh])).await;
    assert_eq!(twice.error(409), "Roles already exists");
    let wrong = vendor.post(ROLES, json!([fresh, {"key": "other", "name": "Other"}])).await;
    assert_eq!(wrong.error(400), "[1]: missing field `level` at line 1 column 72");
    let many: Vec<_> = (0..33).map(|n| json!({"key": n.to_string(), "name": "n", "level": 1})).collect();
    assert_eq!(
        vendor.post(ROLES, json!(many)).await.error(400),
        "one request can make at most 32, and these are 33"
    );
    assert_eq!(keys(&vendor, ROLES).await, ["Admin", "ReadOnly"]);

    assert_eq!(vendor.post(ROLES, json!([])).await.expect(201), json!([]));
    let alone = vendor.post(ROLES, fresh).await.expect(201);
    assert_eq!(alone.as_array().unwrap().len(), 1);
    let largest = vendor.post(ROLES, json!(many[..32])).await.expect(201);
    assert_eq!(largest.as_array().unwrap().len(), 32);
    let tenant = app.tenant("Acme").await;
    let own: Vec<_> = (0..32).map(|n| json!({"key": format!("own {n}"), "name": "n", "level": 1})).collect();
    assert_eq!(vendor_in(&app, &tenant).post(ROLES, json!(own)).await.status(), 201);
}

#[tokio::test]
async fn bodies_that_are_no_roles_are_refused() {
    let app = app().await;
    let vendor = app.vendor();
    for body in [json!("x"), json!(1), Value::Null, json!(true)] {
        assert_eq!(vendor.post(ROLES, body).await.error(400), "Expected body to be an array");
    }
    let role = json!({"key": "k", "name": "n", "level": 1});
    for (field, value) in [
        ("key", json!("")),
        ("key", json!("x".repeat(201))),
        ("key", json!("a\u{0}b")),
        ("key", json!(7)),
        ("name", json!("  ")),
        ("name", json!("ä".repeat(256))),
        ("description", json!("x".repeat(1001))),
        ("level", json!(-1)),
        ("level", json!(32768)),
        ("level", json!("1")),
        ("level", json!(1.5)),
        ("isDefault", json!("yes")),
    ] {
        let mut bad = role.clone();
        bad[field] = value.clone();
        assert_eq!(vendor.post(ROLES, json!([bad])).await.status(), 400, "{field}: {value}");
    }
    let mut longest = role;
    longest["key"] = json!("😀".repeat(200));
    assert_eq!(vendor.post(ROLES, json!([longest])).await.status(), 201);
    assert_eq!(vendor.send("POST", ROLES, Some("[".to_owned())).await.status(), 400);
    assert_eq!(vendor.delete(&format!("{ROLES}/no-uuid")).await.status(), 404);
}

#[tokio::test]
async fn of_ten_creations_of_one_key_one_succeeds() {
    let app = app().await;
    let vendor = app.vendor();
    let tenant = app.tenant("Acme").await;
    for client in [vendor.clone(), vendor_in(&app, &tenant)] {
        let key = if client.get(ROLES).await.json().as_array().unwrap().len() == 2 { "a" } else { "b" };
        let body = json!([{"key": key, "name": "n", "level": 3}]);
        let answers = join_all((0..10).map(|_| client.post(ROLES, body.clone()))).await;
        let statuses = |status: u16| answers.iter().filter(|answer| answer.status() == status).count();
        assert_eq!((statuses(201), statuses(409)), (1, 9));
        assert_eq!(keys(&client, ROLES).await.iter().filter(|made| *made == key).count(), 1);
    }
}

#[tokio::test]
async fn ten_creations_of_different_keys_all_succeed() {
    let app = app().await;
    let vendor = app.vendor();
    let make = |n: usize| vendor.post(ROLES, json!([{"key": format!("role {n}"), "name": "n", "level": 3}]));
    let mut requests = Vec::new();
    for n in 0..10 {
        requests.push(make(n));
    }
    assert!(join_all(requests).await.iter().all(|answer| answer.status() == 201));
    assert_eq!(keys(&vendor, ROLES).await.len(), 12);
}

#[tokio::test]
async fn changes_of_different_fields_at_once_are_all_kept() {
    let app = app().await;
    let vendor = app.vendor();
    let path = format!("{ROLES}/{}", role(&vendor, "editor", 5).await);
    let docs = permission(&vendor, "docs.read").await;
    let changes = [
        json!({"key": "writer"}),
        json!({"name": "Writer"}),
        json!({"description": "Writes"}),
        json!({"level": 9}),
        json!({"isDefault": true}),
        json!({"firstUserRole": true}),
    ];
    let patches = join_all(changes.map(|change| vendor.patch(&path, change)));
    let permissions_path = format!("{path}/permissions");
    let permissions = vendor.put(&permissions_path, json!({"permissionIds": [docs]}));
    let (patched, put) = tokio::join!(patches, permissions);
    assert!(patched.iter().all(|answer| answer.status() == 200), "{patched:?}");
    assert_eq!(put.status(), 200);
    let role = by_key(&vendor, ROLES, "writer").await;
    assert_eq!((&role["name"], &role["description"]), (&json!("Writer"), &json!("Writes")));
    assert_eq!(
        (&role["level"], &role["isDefault"], &role["firstUserRole"]),
        (&json!(9), &json!(true), &json!(true))
    );
    assert_eq!(role["permissions"], json!([docs]));
    assert_eq!(by_key(&vendor, ROLES, "editor").await, Value::Null);
}

#[tokio::test]
async fn of_two_roles_renamed_to_one_key_one_is() {
    let app = app().await;
    let vendor = app.vendor();
    let (one, two) = (role(&vendor, "one", 1).await, role(&vendor, "two", 1).await);
    let rename = |id: &str| {
        let (vendor, path) = (vendor.clone(), format!("{ROLES}/{id}"));
        async move { vendor.patch(&path, json!({"key": "same"})).await }
    };
    let (a, b, again) = tokio::join!(rename(&one), rename(&two), rename(&one));
    let mut statuses = [a.status(), b.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(again.status(), a.status(), "to ask twice for the same is no conflict");
    assert_eq!(keys(&vendor, ROLES).await.iter().filter(|key| *key == "same").count(), 1);
}

#[tokio::test]
async fn permissions_of_a_role_are_replaced() {
    let app = app().await;
    let vendor = app.vendor();
    let path = format!("{ROLES}/{}/permissions", role(&vendor, "editor", 5).await);
    let (read, write) = (permission(&vendor, "docs.read").await, permission(&vendor, "docs.write").await);
    let built_in = by_key(&vendor, PERMISSIONS, "fe.secure.read.users").await["id"].clone();
    let set = vendor.put(&path, json!({"permissionIds": [read, read, built_in]})).await.expect(200);
    assert_eq!(set["permissions"].as_array().unwrap().len(), 2);
    let set = vendor.put(&path, json!({"permissionIds": [write]})).await.expect(200);
    assert_eq!(set["permissions"], json!([write]));
    assert_eq!(by_key(&vendor, ROLES, "editor").await["permissions"], json!([write]));
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.read").await["roleIds"], json!([]));

    let unknown = json!({"permissionIds": ["00000000-0000-4000-8000-000000000000"]});
    assert_eq!(vendor.put(&path, unknown).await.error(404), "permission not found");
    assert_eq!(vendor.put(&path, json!({})).await.status(), 400);
    assert_eq!(vendor.put(&path, json!({"permissionIds": ["x"]})).await.status(), 400);
    let many = vec![read; 2_001];
    assert_eq!(vendor.put(&path, json!({"permissionIds": many})).await.status(), 400);
    assert_eq!(vendor.put(&path, json!({"permissionIds": []})).await.expect(200)["permissions"], json!([]));
}

#[tokio::test]
async fn a_tenants_roles_are_its_own() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let (vendor, in_acme, in_labs) = (app.vendor(), vendor_in(&app, &acme), vendor_in(&app, &labs));
    let own = role(&in_acme, "local", 7).await;
    let _ = role(&in_labs, "local", 7).await;
    assert_eq!(by_key(&in_acme, ROLES, "local").await["tenantId"], acme.as_str());
    assert_eq!(keys(&in_acme, ROLES).await, ["Admin", "ReadOnly", "local"]);
    assert_eq!(keys(&vendor, ROLES).await, ["Admin", "ReadOnly"]);
    let path = format!("{ROLES}/{own}");
    for elsewhere in [&vendor, &in_labs, &app.neighbour().await.vendor()] {
        assert_eq!(elsewhere.patch(&path, json!({"name": "x"})).await.status(), 404);
        assert_eq!(elsewhere.delete(&path).await.status(), 404);
        let permissions = elsewhere.put(&format!("{path}/permissions"), json!({"permissionIds": []})).await;
        assert_eq!(permissions.status(), 404);
    }
    let admin = json!([{"key": "Admin", "name": "Mine", "level": 1}]);
    assert_eq!(in_acme.post(ROLES, admin).await.error(409), "Roles already exists");
    assert_eq!(in_acme.patch(&path, json!({"key": "Admin"})).await.status(), 409);
    assert_eq!(in_acme.patch(&path, json!({"key": "ours"})).await.expect(200)["key"], "ours");
    let shared = by_key(&vendor, ROLES, "ReadOnly").await["id"].as_str().unwrap().to_owned();
    let shared = in_acme.patch(&format!("{ROLES}/{shared}"), json!({"description": "Reads"})).await;
    assert_eq!(shared.expect(200)["tenantId"], Value::Null);
    assert_eq!(in_acme.delete(&path).await.status(), 204);
    assert_eq!(by_key(&in_labs, ROLES, "local").await["key"], "local");
}

#[tokio::test]
async fn a_tenant_that_is_not_there_gets_no_roles_and_a_removed_one_loses_them() {
    let app = app().await;
    let nowhere = app.vendor().with(TENANT, "nowhere");
    let body = json!([{"key": "local", "name": "Local", "level": 7}]);
    assert_eq!(nowhere.post(ROLES, body.clone()).await.error(404), "tenant not found");
    let acme = app.tenant("Acme").await;
    let in_acme = vendor_in(&app, &acme);
    let _ = in_acme.post(ROLES, body.clone()).await.expect(201);
    let removed = app.environment().tenants().remove(&acme, app.state().now(), &|| true).await.unwrap();
    assert_eq!(removed, rookery_store::Progress::Finished);
    assert_eq!(keys(&in_acme, ROLES).await, ["Admin", "ReadOnly"]);
    assert_eq!(in_acme.post(ROLES, body).await.status(), 404);
}

#[tokio::test]
async fn a_default_role_goes_to_everybody_when_asked() {
    let app = app().await;
    let vendor = app.vendor();
    let tenant = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &tenant, &[]).await;
    let (made, migrated) = (role(&vendor, "late", 4).await, role(&vendor, "never", 4).await);
    app.clock().advance(Duration::from_mins(1));
    let change = json!({"isDefault": true, "migrateRole": true});
    let _ = vendor.patch(&format!("{ROLES}/{made}"), change).await.expect(200);
    let _ = vendor.patch(&format!("{ROLES}/{migrated}"), json!({"migrateRole": true})).await.expect(200);
    let fresh =
        json!([{"key": "fresh", "name": "Fresh", "level": 4, "isDefault": true, "migrateRole": true}]);
    let _ = vendor.post(ROLES, fresh).await.expect(201);
    let newcomer = app.user("new@example.com", &tenant, &[]).await;
    let roles_of = async |user| {
        let environment = app.environment().get().await.unwrap().unwrap();
        let catalog = app.environment().catalog().load(&environment).await.unwrap();
        let user = app.environment().users().get(user).await.unwrap().unwrap();
        catalog.grants_of(&user.memberships[0]).roles
    };
    assert_eq!(roles_of(jane.id).await, ["fresh", "late"]);
    assert_eq!(roles_of(newcomer.id).await, [] as [String; 0]);
    let own = json!([{"key": "own", "name": "Own", "level": 4, "isDefault": true, "migrateRole": true}]);
    assert_eq!(vendor_in(&app, &tenant).post(ROLES, own).await.status(), 400);
}

#[tokio::test]
async fn a_removed_role_is_nobodys() {
    let app = app().await;
    let vendor = app.vendor();
    let tenant = app.tenant("Acme").await;
    let made = role(&vendor, "editor", 4).await;
    let jane = app.user("jane@example.com", &tenant, &["editor"]).await;
    assert_eq!(vendor.delete(&format!("{ROLES}/{made}")).await.status(), 204);
    let environment = app.environment().get().await.unwrap().unwrap();
    let catalog = app.environment().catalog().load(&environment).await.unwrap();
    let user = app.environment().users().get(jane.id).await.unwrap().unwrap();
    assert_eq!(catalog.grants_of(&user.memberships[0]).roles, [] as [String; 0]);
}

#[tokio::test]
async fn reading_takes_one_wave_and_writing_two() {
    let app = app().await;
    let tenant = app.tenant("Acme").await;
    let in_acme = vendor_in(&app, &tenant);
    let path = format!("{ROLES}/{}", role(&in_acme, "local", 7).await);
    let _ = in_acme.get(ROLES).await.expect(200);
    let before = app.store().round_trips().waves();
    let _ = in_acme.get(ROLES).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 1, "a list");
    let before = app.store().round_trips().waves();
    let _ = in_acme.patch(&path, json!({"name": "Local"})).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 2, "an update");
    let before = app.store().round_trips().waves();
    let _ = app.vendor().post(ROLES, json!([{"key": "new", "name": "New", "level": 1}])).await.expect(201);
    assert_eq!(app.store().round_trips().waves() - before, 2, "a creation");
}
