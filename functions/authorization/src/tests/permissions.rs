use futures::future::join_all;

use super::*;

#[tokio::test]
async fn permissions_are_made_in_order_read_changed_and_removed() {
    let app = app().await;
    let vendor = app.vendor();
    let category = id(&vendor.post(CATEGORIES, json!({"name": "Documents"})).await.expect(201));
    let sent = json!([
        {"key": "docs.write", "name": "Write", "categoryId": category, "assignmentType": "NEVER"},
        {"key": "docs.read", "name": "Read", "description": "Reads", "categoryId": ""},
    ]);
    let made = vendor.post(PERMISSIONS, sent).await.expect(201);
    assert_eq!((&made[0]["key"], &made[1]["key"]), (&json!("docs.write"), &json!("docs.read")));
    assert_eq!((&made[0]["categoryId"], &made[1]["categoryId"]), (&json!(category), &json!("")));
    assert_eq!(
        (&made[0]["assignmentType"], &made[1]["assignmentType"]),
        (&json!("NEVER"), &json!("ASSIGNABLE"))
    );
    assert_eq!((&made[0]["fePermission"], &made[0]["roleIds"]), (&json!(false), &json!([])));
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.write").await, made[0]);

    let path = format!("{PERMISSIONS}/{}", id(&made));
    let changes = json!({"key": "docs.*", "name": "All", "categoryId": null, "assignmentType": "ALWAYS"});
    let updated = vendor.patch(&path, changes).await.expect(200);
    assert_eq!((&updated["key"], &updated["name"]), (&json!("docs.*"), &json!("All")));
    assert_eq!((&updated["categoryId"], &updated["assignmentType"]), (&json!(""), &json!("ALWAYS")));
    for name in ["key", "name", "assignmentType"] {
        let refused = vendor.patch(&path, json!({ name: null })).await.error(400);
        assert!(refused.starts_with(&format!("{name}: it cannot be null")), "{refused}");
    }
    let listed = vendor.patch(&path, json!({"categoryId": category})).await.expect(200);
    assert_eq!(listed["categoryId"], category);
    assert_eq!(vendor.patch(&path, json!({"categoryId": ""})).await.expect(200)["categoryId"], "");
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.*").await, updated);

    let editor = role(&vendor, "editor", 5).await;
    let set = json!({"permissionIds": [id(&made)]});
    let _ = vendor.put(&format!("{ROLES}/{editor}/permissions"), set).await.expect(200);
    let removed = vendor.delete(&path).await;
    assert_eq!((removed.status(), removed.text()), (204, ""));
    assert_eq!(by_key(&vendor, ROLES, "editor").await["permissions"], json!([]));
    assert_eq!(vendor.delete(&path).await.error(404), "permission not found");
    assert_eq!(vendor.patch(&path, json!({"name": "x"})).await.status(), 404);
    let _ = permission(&vendor, "docs.*").await;
}

#[tokio::test]
async fn keys_are_unique_and_batches_whole() {
    let app = app().await;
    let vendor = app.vendor();
    let read = permission(&vendor, "docs.read").await;
    let fresh = json!({"key": "fresh", "name": "Fresh"});
    let taken = vendor.post(PERMISSIONS, json!([fresh, {"key": "docs.read", "name": "n"}])).await;
    assert_eq!(taken.error(409), "Permissions already exist: docs.read");
    assert_eq!(vendor.post(PERMISSIONS, json!([fresh, fresh])).await.status(), 409);
    assert_eq!(by_key(&vendor, PERMISSIONS, "fresh").await, Value::Null);
    let other = permission(&vendor, "other").await;
    let rename = vendor.patch(&format!("{PERMISSIONS}/{other}"), json!({"key": "docs.read"})).await;
    assert_eq!(rename.status(), 409);
    let same = vendor.patch(&format!("{PERMISSIONS}/{read}"), json!({"key": "docs.read", "name": "R"})).await;
    assert_eq!(same.expect(200)["name"], "R");

    let race = join_all((0..10).map(|_| vendor.post(PERMISSIONS, json!([fresh])))).await;
    assert_eq!(race.iter().filter(|answer| answer.status() == 201).count(), 1);
    assert_eq!(race.iter().filter(|answer| answer.status() == 409).count(), 9);

    let many: Vec<_> = (0..50).map(|n| json!({"key": n.to_string(), "name": "n"})).collect();
    assert_eq!(vendor.post(PERMISSIONS, json!(many)).await.status(), 400);
    assert_eq!(vendor.post(PERMISSIONS, json!(many[..49])).await.expect(201).as_array().unwrap().len(), 49);
    assert_eq!(vendor.post(PERMISSIONS, json!("x")).await.error(400), "Expected body to be an array");
    assert_eq!(
        vendor.post(PERMISSIONS, json!({"key": "alone", "name": "n"})).await.expect(201)[0]["key"],
        "alone"
    );
}

/// What is told to somebody who makes something of each of `keys` at `path`.
async fn refusals<const N: usize>(vendor: &Client, path: &str, keys: [&str; N]) -> [u16; N] {
    let made =
        join_all(keys.map(|key| vendor.post(path, json!([{"key": key, "name": "n", "level": 1}])))).await;
    made.iter().map(rookery_testkit::Response::status).collect::<Vec<_>>().try_into().unwrap()
}

#[tokio::test]
async fn keys_that_look_alike_are_the_same() {
    let app = app().await;
    let vendor = app.vendor();
    let (read, editor) = (permission(&vendor, "stra\u{df}e.read").await, role(&vendor, "editor", 1).await);
    for (path, id, key) in [(PERMISSIONS, read, "STRASSE.Read"), (ROLES, editor, "Editor")] {
        let hidden = "edi\u{200b}tor";
        let refused = refusals(&vendor, path, [key, " x", "x ", "x\u{a0}", hidden, "x\u{202e}y"]).await;
        assert_eq!(refused, [409, 400, 400, 400, 400, 400], "{path}");
        let renamed = vendor.patch(&format!("{path}/{id}"), json!({"key": key})).await;
        assert_eq!(renamed.expect(200)["key"], key, "its own key may change its case");
    }
}

#[tokio::test]
async fn no_key_covers_what_is_built_in() {
    let app = app().await;
    let vendor = app.vendor();
    assert_eq!(refusals(&vendor, PERMISSIONS, ["*", "f*", "fe*", "FE.x", "Fe.*"]).await, [400; 5]);
    assert_eq!(refusals(&vendor, PERMISSIONS, ["d*", "feed.*"]).await, [201; 2]);
}

#[tokio::test]
async fn built_in_permissions_stay_as_they_are() {
    let app = app().await;
    let vendor = app.vendor();
    let built_in = by_key(&vendor, PERMISSIONS, "fe.secure.read.users").await;
    assert_eq!(built_in["fePermission"], true);
    assert!(built_in["categoryId"].is_string());
    let path = format!("{PERMISSIONS}/{}", built_in["id"].as_str().unwrap());
    assert_eq!(vendor.patch(&path, json!({"name": "x"})).await.status(), 400);
    assert_eq!(vendor.delete(&path).await.status(), 400);
    let own = json!([{"key": "fe.secure.mine", "name": "Mine"}]);
    assert_eq!(vendor.post(PERMISSIONS, own).await.status(), 400);
    let mine = permission(&vendor, "mine").await;
    assert_eq!(vendor.patch(&format!("{PERMISSIONS}/{mine}"), json!({"key": "fe.mine"})).await.status(), 400);
    let classify = json!({"permissionIds": [mine, built_in["id"]], "type": "NEVER"});
    assert_eq!(vendor.put(&format!("{PERMISSIONS}/classification"), classify).await.status(), 400);
    assert_eq!(by_key(&vendor, PERMISSIONS, "mine").await["assignmentType"], "ASSIGNABLE");
    assert_eq!(by_key(&vendor, PERMISSIONS, "fe.secure.read.users").await, built_in);
}

#[tokio::test]
async fn a_permission_is_added_to_roles_that_are_all_there() {
    let app = app().await;
    let vendor = app.vendor();
    let read = permission(&vendor, "docs.read").await;
    let (one, two) = (role(&vendor, "one", 1).await, role(&vendor, "two", 1).await);
    let path = format!("{PERMISSIONS}/{read}/roles");
    let unknown = json!({"roleIds": [one, "00000000-0000-4000-8000-000000000000"]});
    assert_eq!(vendor.put(&path, unknown).await.error(404), "role not found");
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.read").await["roleIds"], json!([]));
    assert_eq!(vendor.put(&path, json!({"roleIds": [one, one]})).await.expect(200)["roleIds"], json!([one]));
    let both = vendor.put(&path, json!({"roleIds": [two]})).await.expect(200);
    assert_eq!(both["roleIds"].as_array().unwrap().len(), 2, "those that hold it keep it");
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.read").await["roleIds"], both["roleIds"]);
    assert_eq!(vendor.put(&path, json!({"roleIds": []})).await.expect(200)["roleIds"], both["roleIds"]);
    assert_eq!(vendor.put(&path, json!({"roleIds": vec![one.as_str(); 96]})).await.status(), 400);
    let unknown = format!("{PERMISSIONS}/00000000-0000-4000-8000-000000000000/roles");
    assert_eq!(vendor.put(&unknown, json!({"roleIds": [two]})).await.error(404), "permission not found");

    let tenant = app.tenant("Acme").await;
    let own = role(&vendor_in(&app, &tenant), "own", 1).await;
    assert_eq!(vendor.put(&path, json!({"roleIds": [own]})).await.status(), 404);
    let added = vendor_in(&app, &tenant).put(&path, json!({"roleIds": [own, one]})).await.expect(200);
    assert_eq!(added["roleIds"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn additions_to_one_role_at_once_are_all_kept() {
    let app = app().await;
    let vendor = app.vendor();
    let editor = role(&vendor, "editor", 5).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(permission(&vendor, &format!("docs.{n}")).await);
    }
    let paths: Vec<_> = ids.iter().map(|id| format!("{PERMISSIONS}/{id}/roles")).collect();
    let added = join_all(paths.iter().map(|path| vendor.put(path, json!({"roleIds": [editor]})))).await;
    assert!(added.iter().all(|answer| answer.status() == 200), "{added:?}");
    assert_eq!(by_key(&vendor, ROLES, "editor").await["permissions"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn permissions_are_classified_together() {
    let app = app().await;
    let vendor = app.vendor();
    let (read, write) = (permission(&vendor, "docs.read").await, permission(&vendor, "docs.write").await);
    let path = format!("{PERMISSIONS}/classification");
    let classified =
        vendor.put(&path, json!({"permissionIds": [read, write], "type": "ALWAYS"})).await.expect(200);
    assert_eq!(classified.as_array().unwrap().len(), 2);
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.write").await["assignmentType"], "ALWAYS");
    let unknown = json!({"permissionIds": [read, "00000000-0000-4000-8000-000000000000"], "type": "NEVER"});
    assert_eq!(vendor.put(&path, unknown).await.status(), 404);
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.read").await["assignmentType"], "ALWAYS");
    assert_eq!(vendor.put(&path, json!({"permissionIds": [read], "type": "SOMETIMES"})).await.status(), 400);
}

#[tokio::test]
async fn only_a_vendor_writes_permissions_and_only_its_own() {
    let app = app().await;
    let other = app.neighbour().await;
    let read = permission(&app.vendor(), "docs.read").await;
    let path = format!("{PERMISSIONS}/{read}");
    assert_eq!(other.vendor().patch(&path, json!({"name": "x"})).await.status(), 404);
    assert_eq!(other.vendor().delete(&path).await.status(), 404);
    assert_eq!(by_key(&other.vendor(), PERMISSIONS, "docs.read").await, Value::Null);
    let tenant = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &tenant, &["Admin"]).await;
    let jane = app.sign_in(&jane, &tenant).await;
    assert_eq!(jane.post(PERMISSIONS, json!([{"key": "k", "name": "n"}])).await.status(), 403);
    assert_eq!(jane.patch(&path, json!({"name": "x"})).await.status(), 403);
    assert_eq!(jane.delete(&path).await.status(), 403);
    assert_eq!(by_key(&jane, PERMISSIONS, "docs.read").await["id"], read);
    let bob = app.user("bob@example.com", &tenant, &[]).await;
    assert_eq!(app.sign_in(&bob, &tenant).await.get(PERMISSIONS).await.status(), 403);
}
