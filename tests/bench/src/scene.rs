//! What requests are made of: two tenants, a short list of users and a long one, and somebody to sign in.

use aws_sdk_dynamodb::types::AttributeValue;
use rookery_domain::{Membership, MembershipStatus, Password, RoleId, TenantId, Timestamp, User, UserId};
use rookery_store::NewUser;
use rookery_table::LocalTable;
use rookery_testkit::{Client, PASSWORD, TestApp, TestUser};
use rookery_tokens::PasswordHash;

use crate::Failure;

/// How many users the short list has.
pub(crate) const SHORT_LIST: usize = 1_000;

/// How many users a page has.
pub(crate) const PAGE: usize = 50;

/// The bytes of the item that is read by itself, its key among them.
const ITEM_BYTES: usize = 400;

/// The table that this item is in.
const ITEM_TABLE: &str = "rookery-bench";

/// How many users are made before it is told how far the list is.
const BATCH: usize = 20_000;

/// A server, and everybody in it.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    /// The user who signs in. She is in the short list.
    pub(crate) jane: TestUser,
    /// The hash of her password.
    pub(crate) hash: PasswordHash,
    /// A vendor that names the tenant with the short list, and one that names the other.
    pub(crate) short_vendor: Client,
    pub(crate) long_vendor: Client,
    /// The index of the page in the middle of the long list.
    pub(crate) middle: usize,
    /// A client of the SDK as it comes.
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    table: LocalTable,
}

impl Scene {
    /// Makes everybody, in the engine at `endpoint`. The long list is of `users` users.
    pub(crate) async fn set(endpoint: &str, users: usize) -> Result<Self, Failure> {
        let app = TestApp::start(rookery_openapi::router()).await;
        let (short, long) = (app.tenant("Short").await, app.tenant("Long").await);
        let jane = app.user("jane@example.com", &short, &["Admin"]).await;
        let roles = app.roles(&["ReadOnly"]).await;
        fill(&app, &short, &roles, SHORT_LIST - 1).await?;
        fill(&app, &long, &roles, users).await?;
        let hash = app.state().passwords.hash(Password::from(PASSWORD)).await?;
        let vendor = |tenant: &TenantId| app.vendor().with("frontegg-tenant-id", tenant.as_str());
        let table = LocalTable::at_endpoint(endpoint, ITEM_TABLE).await?;
        let dynamodb = aws_sdk_dynamodb::Client::new(&table.sdk_config());
        let (short_vendor, long_vendor) = (vendor(&short), vendor(&long));
        let middle = users / 2 / PAGE;
        let scene = Self { app, jane, hash, short_vendor, long_vendor, middle, dynamodb, table };
        scene.put_item().await?;
        Ok(scene)
    }

    /// The name of the table that holds the item which is read by itself.
    pub(crate) fn item_table(&self) -> &str {
        self.table.table_name()
    }

    async fn put_item(&self) -> Result<(), Failure> {
        let names_and_key = "pk".len() + "ITEM".len() + "sk".len() + "ITEM".len() + "text".len();
        let text = "x".repeat(ITEM_BYTES - names_and_key);
        let request = self.dynamodb.put_item().table_name(self.item_table());
        let request = request.item("pk", item_key()).item("sk", item_key());
        request.item("text", AttributeValue::S(text)).send().await?;
        Ok(())
    }
}

/// Both parts of the key of the item that is read by itself.
pub(crate) fn item_key() -> AttributeValue {
    AttributeValue::S("ITEM".to_owned())
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
