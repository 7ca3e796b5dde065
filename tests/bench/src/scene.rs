//! What requests are made of: two tenants, a short list of users and a long one, and somebody to sign in.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{Membership, MembershipStatus, Password, RoleId, TenantId, Timestamp, User, UserId};
use rookery_store::NewUser;
use rookery_testkit::{Client, PASSWORD, TestApp, TestUser, table};
use rookery_tokens::{PasswordHash, PasswordHasher};
use serde_json::json;

use crate::Failure;
use crate::operation::require;

/// How many users the short list has.
pub(crate) const SHORT_LIST: usize = 1_000;

/// How many users a page has.
pub(crate) const PAGE: usize = 50;

/// The role that everybody holds, which allows a few things in the vendor's application.
const ROLE: &str = "member";

/// How many users are made before it is told how far the list is.
const BATCH: usize = 20_000;

/// A server, and everybody in it.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    /// The user who signs in. She is in the short list.
    pub(crate) jane: TestUser,
    /// What hashes passwords.
    pub(crate) passwords: PasswordHasher,
    /// The hash of her password.
    pub(crate) hash: PasswordHash,
    /// A vendor that names the tenant with the short list, and one that names the other.
    pub(crate) short_vendor: Client,
    pub(crate) long_vendor: Client,
    /// The index of the page in the middle of the long list.
    pub(crate) middle: usize,
    /// Where the item is that holds her.
    pub(crate) item: ItemAddress,
}

/// Where an item is, and a client of the SDK as it comes.
pub(crate) struct ItemAddress {
    pub(crate) dynamodb: DynamoDb,
    pub(crate) table_name: &'static str,
    pub(crate) key: HashMap<String, AttributeValue>,
}

impl Scene {
    /// Makes everybody. The long list is of `users` users.
    pub(crate) async fn set(users: usize) -> Result<Self, Failure> {
        let app = TestApp::start(rookery_openapi::router()).await;
        let (short, long) = (app.tenant("Short").await, app.tenant("Long").await);
        make_role(&app).await?;
        let jane = app.user("jane@example.com", &short, &[ROLE]).await;
        let item = ItemAddress::of(&jane).await?;
        let roles = app.roles(&[ROLE]).await;
        fill(&app, &short, &roles, SHORT_LIST - 1).await?;
        fill(&app, &long, &roles, users).await?;
        let passwords = rookery_testkit::passwords();
        let hash = passwords.hash(Password::from(PASSWORD)).await?;
        let vendor = |tenant: &TenantId| app.vendor().with("frontegg-tenant-id", tenant.as_str());
        let (short_vendor, long_vendor) = (vendor(&short), vendor(&long));
        Ok(Self { app, jane, passwords, hash, short_vendor, long_vendor, middle: users / 2 / PAGE, item })
    }
}

impl ItemAddress {
    /// That of `user`, which is looked for in the whole table.
    async fn of(user: &TestUser) -> Result<Self, Failure> {
        let table = table().await;
        let dynamodb = DynamoDb::new(&table.sdk_config());
        let request = dynamodb.scan().table_name(table.table_name());
        let request = request.filter_expression("#type = :user AND contains(document, :id)");
        let request = request.expression_attribute_names("#type", "type");
        let request = request.expression_attribute_values(":user", AttributeValue::S("user".to_owned()));
        let request = request.expression_attribute_values(":id", AttributeValue::S(user.id.to_string()));
        let mut found = request.into_paginator().items().send();
        let mut key = found.next().await.ok_or("the user is in no item")??;
        key.retain(|name, _| name == "pk" || name == "sk");
        Ok(Self { dynamodb, table_name: table.table_name(), key })
    }
}

/// Makes the role [`ROLE`], as a vendor does.
async fn make_role(app: &TestApp) -> Result<(), Failure> {
    let vendor = app.vendor();
    let permission = |key: &str| json!({ "key": key, "name": key });
    let permissions = json!(["documents.read", "documents.write", "comments.write"].map(permission));
    let permissions = vendor.post("/identity/resources/permissions/v1", permissions).await;
    require(&permissions, 201)?;
    let roles = json!([{ "key": ROLE, "name": "Member", "level": 1 }]);
    let roles = vendor.post("/identity/resources/roles/v1", roles).await;
    require(&roles, 201)?;
    let ids: Vec<_> =
        permissions.json().as_array().into_iter().flatten().map(|one| one["id"].clone()).collect();
    let path = format!(
        "/identity/resources/roles/v1/{}/permissions",
        roles.json()[0]["id"].as_str().unwrap_or_default()
    );
    require(&vendor.put(&path, json!({ "permissionIds": ids })).await, 200)
}

/// Makes `count` users of `tenant`.
pub(crate) async fn fill(
    app: &TestApp,
    tenant: &TenantId,
    roles: &[RoleId],
    count: usize,
) -> Result<(), Failure> {
    let users: Vec<_> = (0..count).map(|n| new_user(app, tenant, roles, n)).collect::<Result<_, _>>()?;
    let mut made = 0;
    for users in users.chunks(BATCH) {
        app.environment().users().import(users).await?;
        made += users.len();
        eprintln!("{made} of {count} users made");
    }
    Ok(())
}

fn new_user(app: &TestApp, tenant: &TenantId, roles: &[RoleId], n: usize) -> Result<NewUser, Failure> {
    let created_at = Timestamp::from_millis(i64::try_from(n)?).plus_seconds(app.state().now().as_seconds());
    let id = UserId::random(&*app.state().entropy);
    let email = format!("user{n}@{tenant}.example.com").parse()?;
    let membership = Membership::new(tenant.clone(), roles.to_vec(), MembershipStatus::Activated, created_at);
    let user = User {
        name: Some(format!("User {n}")),
        verified: true,
        active_tenant: Some(tenant.clone()),
        memberships: vec![membership],
        ..User::new(id, email, created_at)
    };
    Ok(NewUser { user, password_hash: None })
}
