use super::*;

#[tokio::test]
async fn categories_are_made_read_changed_and_removed() {
    let app = app().await;
    let vendor = app.vendor();
    let find = async |name: &str| {
        let list = vendor.get(CATEGORIES).await.expect(200);
        list.as_array().unwrap().iter().find(|category| category["name"] == name).cloned().unwrap_or_default()
    };
    let made =
        vendor.post(CATEGORIES, json!({"name": "Documents", "description": "Papers"})).await.expect(201);
    assert_eq!((&made["feCategory"], &made["description"]), (&json!(false), &json!("Papers")));
    let sent = json!([{"key": "docs.read", "name": "Read", "categoryId": made["id"]}]);
    let _ = vendor.post(PERMISSIONS, sent).await.expect(201);
    assert_eq!(find("Documents").await["permissions"][0]["key"], "docs.read");

    let path = format!("{CATEGORIES}/{}", id(&made));
    let updated = vendor.patch(&path, json!({"name": "Files", "description": null})).await.expect(200);
    assert_eq!(vendor.patch(&path, json!({"name": null})).await.status(), 400);
    assert_eq!((&updated["name"], &updated["description"]), (&json!("Files"), &Value::Null));
    assert_eq!(find("Files").await, updated);
    assert_eq!(find("Documents").await, Value::Null);

    let removed = vendor.delete(&path).await;
    assert_eq!((removed.status(), removed.text()), (200, ""));
    assert_eq!(find("Files").await, Value::Null);
    assert_eq!(by_key(&vendor, PERMISSIONS, "docs.read").await["categoryId"], "");
    assert_eq!(vendor.delete(&path).await.error(404), "category not found");
    let _ = vendor.post(CATEGORIES, json!({"name": "Files"})).await.expect(201);
}

#[tokio::test]
async fn refusals() {
    let app = app().await;
    let vendor = app.vendor();
    let made = vendor.post(CATEGORIES, json!({"name": "Documents"})).await.expect(201);
    let again = vendor.post(CATEGORIES, json!({"name": "Documents"})).await;
    assert_eq!(again.error(409), "Categories already exist: Documents");
    for name in [json!(""), json!("x".repeat(201)), Value::Null] {
        assert_eq!(vendor.post(CATEGORIES, json!({"name": name})).await.status(), 400);
    }
    let list = vendor.get(CATEGORIES).await.expect(200);
    let built_in = list.as_array().unwrap().iter().find(|category| category["feCategory"] == true).unwrap();
    assert!(!built_in["permissions"].as_array().unwrap().is_empty());
    let path = format!("{CATEGORIES}/{}", id(built_in));
    assert_eq!(vendor.patch(&path, json!({"name": "x"})).await.status(), 400);
    assert_eq!(vendor.delete(&path).await.status(), 400);
    let unknown = json!([{"key": "k", "name": "n", "categoryId": "00000000-0000-4000-8000-000000000000"}]);
    assert_eq!(vendor.post(PERMISSIONS, unknown).await.error(404), "category not found");

    let own = format!("{CATEGORIES}/{}", id(&made));
    assert_eq!(app.neighbour().await.vendor().delete(&own).await.status(), 404);
    let tenant = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &tenant, &["Admin"]).await;
    let jane = app.sign_in(&jane, &tenant).await;
    assert_eq!(jane.get(CATEGORIES).await.status(), 200);
    assert_eq!(jane.post(CATEGORIES, json!({"name": "n"})).await.status(), 403);
    assert_eq!(jane.delete(&own).await.status(), 403);
}
