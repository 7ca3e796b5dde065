//! The group through its router.

mod categories;
mod permissions;
mod recorded;
mod role_lists;
mod roles;
mod self_service;

use rookery_domain::TenantId;
use rookery_testkit::{Client, TestApp};
use serde_json::{Value, json};

const ROLES: &str = "/identity/resources/roles/v1";
const ROLES_V2: &str = "/identity/resources/roles/v2";
const PERMISSIONS: &str = "/identity/resources/permissions/v1";
const CATEGORIES: &str = "/identity/resources/permissions/v1/categories";
const TENANT: &str = "frontegg-tenant-id";

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

/// The id in the first item of `made`, or in `made` itself.
fn id(made: &Value) -> String {
    let item = made.get(0).unwrap_or(made);
    item["id"].as_str().unwrap_or_else(|| panic!("no id in {made}")).to_owned()
}

async fn role(client: &Client, key: &str, level: i64) -> String {
    id(&client.post(ROLES, json!([{"key": key, "name": key, "level": level}])).await.expect(201))
}

async fn permission(client: &Client, key: &str) -> String {
    id(&client.post(PERMISSIONS, json!([{"key": key, "name": key}])).await.expect(201))
}

/// The item of the list at `path` that has the key `key`.
async fn by_key(client: &Client, path: &str, key: &str) -> Value {
    let list = client.get(path).await.expect(200);
    list.as_array().unwrap().iter().find(|item| item["key"] == key).cloned().unwrap_or_default()
}

async fn keys(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).await.expect(200);
    let items = list.get("items").unwrap_or(&list).as_array().unwrap();
    items.iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

/// A vendor who names `tenant`.
fn vendor_in(app: &TestApp, tenant: &TenantId) -> Client {
    app.vendor().with(TENANT, tenant.as_str())
}
