//! The group through its router.

mod limits;
mod tenant_tokens;
mod user_tokens;

use rookery_domain::{ApiTokenOwner, IdentityConfiguration, TenantId};
use rookery_http::ApiError;
use rookery_testkit::{Client, TestApp, TestUser};
use serde_json::Value;

const TENANT_V1: &str = "/identity/resources/tenants/api-tokens/v1";
const TENANT_V2: &str = "/identity/resources/tenants/api-tokens/v2";
const USER_V1: &str = "/identity/resources/users/api-tokens/v1";

/// A server, and Jane, who is an administrator of Acme.
struct Scene {
    app: TestApp,
    acme: TenantId,
    jane: TestUser,
}

async fn scene() -> Scene {
    scene_on(TestApp::start(crate::router()).await).await
}

async fn scene_on(app: TestApp) -> Scene {
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    Scene { app, acme, jane }
}

impl Scene {
    /// A vendor who names Acme.
    fn vendor(&self) -> Client {
        self.app.vendor().with("frontegg-tenant-id", self.acme.as_str())
    }

    /// A vendor who names Acme and Jane.
    fn for_jane(&self) -> Client {
        self.vendor().with("frontegg-user-id", &self.jane.id.to_string())
    }

    /// Jane, signed in to Acme.
    async fn jane(&self) -> Client {
        self.app.sign_in(&self.jane, &self.acme).await
    }

    /// Somebody new in Acme, signed in, whose only role has rank 1 and these permissions.
    async fn holding(&self, email: &str, permissions: &[&str]) -> Client {
        let role = self.app.role(email, None);
        self.app.write_role(&role, permissions).await;
        let user = self.app.user(email, &self.acme, &[email]).await;
        self.app.sign_in(&user, &self.acme).await
    }

    async fn role_id(&self, key: &str) -> String {
        self.app.roles(&[key]).await[0].to_string()
    }

    /// The id of the permission `key`.
    async fn permission_id(&self, key: &str) -> String {
        let environment = self.app.environment();
        let catalog = environment.catalog().load(&environment.get().await.unwrap().unwrap()).await.unwrap();
        catalog.permissions.values().find(|permission| permission.key == key).unwrap().id.to_string()
    }

    async fn configure(&self, change: impl Fn(&mut IdentityConfiguration)) {
        let environment = self.app.environment();
        let updated = environment.update(|environment| {
            change(&mut environment.configuration);
            Ok::<_, ApiError>(())
        });
        updated.await.unwrap().unwrap();
    }

    async fn kept(&self, owner: &ApiTokenOwner) -> usize {
        self.app.environment().api_tokens().list(owner).await.unwrap().len()
    }

    fn of_acme(&self) -> ApiTokenOwner {
        ApiTokenOwner::Tenant(self.acme.clone())
    }

    fn of_jane(&self) -> ApiTokenOwner {
        ApiTokenOwner::User(self.jane.id)
    }
}

fn path(of: &str, made: &Value) -> String {
    format!("{of}/{}", made["clientId"].as_str().unwrap())
}
