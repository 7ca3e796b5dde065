//! What is recorded in the audit log.

use serde_json::json;

use super::*;

#[tokio::test]
async fn what_is_done_with_roles_and_permissions() {
    let app = app().await;
    let vendor = app.vendor();
    let acme = app.tenant("Acme").await;
    let category = json!({ "name": "Documents" });
    let made = vendor.post("/identity/resources/permissions/v1/categories", category).await.expect(201);
    let category = format!("/identity/resources/permissions/v1/categories/{}", made["id"].as_str().unwrap());
    let permission = json!([{ "key": "docs.read", "name": "Read" }]);
    let made = vendor.post("/identity/resources/permissions/v1", permission).await.expect(201);
    let permission = format!("/identity/resources/permissions/v1/{}", made[0]["id"].as_str().unwrap());
    let role = json!([{ "key": "own", "name": "Own", "level": 1 }]);
    let of_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    let made = of_acme.post("/identity/resources/roles/v1", role).await.expect(201);
    let role = format!("/identity/resources/roles/v1/{}", made[0]["id"].as_str().unwrap());
    vendor.patch(&permission, json!({ "name": "Read documents" })).await.expect(200);
    vendor.patch(&category, json!({ "name": "Papers" })).await.expect(200);
    of_acme.patch(&role, json!({ "name": "Own role" })).await.expect(200);
    of_acme.delete(&role).await;
    vendor.delete(&permission).await;
    vendor.delete(&category).await;
    let records = app.recorded().await;
    let words: Vec<_> = records.iter().map(|record| record.action.as_deref().unwrap()).collect();
    let expected = "permissionCategory.created permission.created role.created permission.updated \
                    permissionCategory.updated role.updated role.deleted permission.deleted permissionCategory.deleted";
    assert_eq!(words.join(" "), expected);
    let of_acme = records.iter().filter(|record| record.tenant_id.as_ref() == Some(&acme));
    assert_eq!(of_acme.count(), 3, "a tenant's roles are its own");
    assert!(records.iter().all(|record| record.json.contains_key("ids")));
}
