//! What the group's tests share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rookery_domain::{
    Action, Group, GroupColor, GroupId, IdentityConfiguration, ManagedBy, Metadata, Policies, TenantId, User,
};
use rookery_http::ApiError;
use rookery_store::NewPassword;
use rookery_testkit::{Client, PASSWORD, Response, TestApp, TestUser};
use rookery_tokens::PasswordHash;
use serde_json::{Value, json};

pub(crate) const SIGN_IN: &str = "/identity/resources/auth/v1/user";
pub(crate) const REFRESH: &str = "/identity/resources/auth/v1/user/token/refresh";
pub(crate) const LOGOUT: &str = "/identity/resources/auth/v1/logout";
pub(crate) const SESSIONS: &str = "/identity/resources/users/sessions/v1/me";

/// A server, and Jane, who is an administrator of Acme.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) acme: TenantId,
    pub(crate) jane: TestUser,
}

pub(crate) async fn scene() -> Scene {
    scene_on(TestApp::start(crate::router()).await).await
}

/// The same, on a server that has been started.
pub(crate) async fn scene_on(app: TestApp) -> Scene {
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    Scene { app, acme, jane }
}

impl Scene {
    /// Jane, signed in to Acme.
    pub(crate) async fn signed_in(&self) -> Client {
        self.app.sign_in(&self.jane, &self.acme).await
    }

    /// The answer to Jane's address and `password`.
    pub(crate) async fn try_password(&self, password: &str) -> Response {
        let body = json!({ "email": "jane@example.com", "password": password });
        self.app.anonymous().post(SIGN_IN, body).await
    }

    /// The answer to Jane's address and password.
    pub(crate) async fn try_sign_in(&self) -> Response {
        self.try_password(PASSWORD).await
    }

    /// Somebody whose cookie holds `token`, under the name that the server gives it.
    pub(crate) fn holder(&self, token: &str) -> Client {
        let id = self.app.environment().id().to_string();
        self.app.anonymous().cookies(&format!("fe_refresh_{}={token}", id.replacen('-', "", 1)))
    }

    /// The answer to a refresh with `token`.
    pub(crate) async fn refresh(&self, token: &str) -> Response {
        self.holder(token).post(REFRESH, json!({})).await
    }

    pub(crate) async fn configure(&self, change: impl Fn(&mut IdentityConfiguration)) {
        let environment = self.app.environment();
        let updated = environment.update(|environment| {
            change(&mut environment.configuration);
            Ok::<_, ApiError>(())
        });
        updated.await.unwrap().unwrap();
    }

    /// Changes what the environment asks of those who sign in.
    pub(crate) async fn ask(&self, change: impl Fn(&mut Policies)) {
        let environment = self.app.environment();
        let updated = environment.update(|environment| {
            change(&mut environment.policies);
            Ok::<_, ApiError>(())
        });
        updated.await.unwrap().unwrap();
    }

    /// Changes what `tenant` asks of those who sign in to it.
    pub(crate) async fn ask_in(&self, tenant: &TenantId, change: impl Fn(&mut Policies)) {
        let environment = self.app.environment();
        let tenants = environment.tenants();
        let updated = tenants.update(tenant, Action::TenantPolicyChanged, self.app.state().now(), |tenant| {
            change(&mut tenant.policies);
            Ok::<_, ApiError>(())
        });
        updated.await.unwrap().unwrap();
    }

    pub(crate) async fn change_jane(&self, change: impl Fn(&mut User)) {
        let environment = self.app.environment();
        let users = environment.users();
        let updated = users.update(self.jane.id, None, |user| {
            change(user);
            Ok::<_, ApiError>(())
        });
        updated.await.unwrap().unwrap();
    }

    /// Has Jane sign in with the password that `hash` is made of.
    pub(crate) async fn set_password_hash(&self, hash: PasswordHash) {
        let (environment, hash) = (self.app.environment(), String::from(hash));
        let users = environment.users();
        let jane = users.snapshot(self.jane.id).await.unwrap().unwrap().value.unwrap();
        let updated =
            users.update_with_password(jane, Action::UserActivated, NewPassword::new(&hash), |_| {
                Ok::<_, ApiError>(())
            });
        updated.await.unwrap().unwrap();
    }

    pub(crate) async fn jane(&self) -> User {
        self.app.environment().users().get(self.jane.id).await.unwrap().unwrap()
    }

    /// How many sessions Jane has.
    pub(crate) async fn sessions(&self) -> usize {
        self.app.environment().sessions().of_user(self.jane.id).await.unwrap().len()
    }

    /// Puts Jane into a group with the roles of these keys.
    pub(crate) async fn group_jane(&self, roles: &[&str]) {
        let (environment, now) = (self.app.environment(), self.app.state().now());
        let group = Group {
            id: GroupId::random(&*self.app.state().entropy),
            tenant_id: self.acme.clone(),
            name: "Editors".to_owned(),
            color: GroupColor::default(),
            description: None,
            metadata: Metadata::default(),
            managed_by: ManagedBy::default(),
            role_ids: self.app.roles(roles).await,
            created_at: now,
            updated_at: now,
        };
        environment.groups().create(&group).await.unwrap();
        let (users, members) = (environment.users(), [self.jane.id].into());
        let entered = users.enter_group(&self.acme, group.id, &members, |_, _| Ok::<_, ApiError>(()));
        entered.await.unwrap().unwrap();
    }

    /// Adds Jane to a new tenant.
    pub(crate) async fn join(&self, name: &str) -> TenantId {
        let tenant = self.app.tenant(name).await;
        let membership = rookery_domain::Membership {
            tenant_id: tenant.clone(),
            role_ids: self.app.roles(&["ReadOnly"]).await,
            ..self.jane().await.memberships[0].clone()
        };
        self.app.environment().users().join(self.jane.id, &membership).await.unwrap().unwrap();
        tenant
    }
}

/// What the access token in `answer` says.
pub(crate) fn claims(answer: &Value) -> Value {
    let token = answer["accessToken"].as_str().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The refresh token in `answer`.
pub(crate) fn refresh_token(answer: &Value) -> String {
    answer["refreshToken"].as_str().unwrap().to_owned()
}
