//! Joining by an invitation link, as somebody who has shown who they are.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use rookery_domain::{Inviter, PlainToken, TenantId, TenantInvite, User, UserId};
use rookery_http::{ApiResult, AppState, Body, HostEnvironment, RateLimited, invites};
use rookery_testkit::{Response, TestApp, TestUser};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Joining {
    user: UserId,
    token: String,
}

/// A door whose guard believes everybody.
async fn join(
    app: RateLimited,
    HostEnvironment(store): HostEnvironment,
    State(_): State<AppState>,
    Body(joining): Body<Joining>,
) -> ApiResult<Json<Value>> {
    let environment = store.get().await?.unwrap();
    let token = PlainToken::presented(joining.token);
    let user = invites::join(&app, &store, &environment, joining.user, &token).await?;
    Ok(Json(json!({ "activeTenant": user.active_tenant })))
}

/// A server, and Jane, who belongs to Labs and is invited to Acme.
struct Scene {
    app: TestApp,
    acme: TenantId,
    jane: TestUser,
    invite: TenantInvite,
}

async fn scene() -> Scene {
    let app = TestApp::start(Router::new().route("/join", post(join))).await;
    allow(&app, true).await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &labs, &[]).await;
    let boss = app.user("boss@example.com", &acme, &["Admin"]).await;
    let (entropy, now) = (&*app.state().entropy, app.state().now());
    let mut invite = TenantInvite::new(acme.clone(), Inviter::Member(boss.id), entropy, now);
    invite.should_send_email = true;
    app.environment().tenant_invites().create(&invite, now).await.unwrap();
    Scene { app, acme, jane, invite }
}

async fn allow(app: &TestApp, links: bool) {
    let environment = app.environment();
    let updated = environment.update(|environment| {
        environment.configuration.allow_tenant_invitations = links;
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
}

impl Scene {
    async fn join(&self, user: UserId) -> Response {
        let body = json!({ "user": user, "token": self.invite.token.expose() });
        self.app.anonymous().post("/join", body).await
    }

    async fn jane(&self) -> User {
        self.app.environment().users().get(self.jane.id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_known_user_joins_works_there_and_the_inviter_is_told_once() {
    let scene = scene().await;
    for _ in 0..2 {
        let answer = scene.join(scene.jane.id).await.expect(200);
        assert_eq!(answer["activeTenant"], json!(scene.acme));
    }
    let jane = scene.jane().await;
    assert_eq!(jane.memberships.len(), 2);
    let there = jane.membership(&scene.acme).unwrap();
    assert!(there.is_usable(scene.app.state().now()));
    assert_eq!(there.role_ids, scene.app.roles(&["ReadOnly"]).await);
    let mails: Vec<_> = scene.app.mail().iter().map(|mail| mail.to.to_string()).collect();
    assert_eq!(mails, ["boss@example.com"]);
    let words = scene.app.recorded_actions().await.join(" ");
    assert_eq!(words, "tenantInvite.used user.addedToTenant");
}

#[tokio::test]
async fn an_invitation_that_was_mailed_is_accepted_with_that() {
    let scene = scene().await;
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    let (_, kept) = rookery_domain::OneTimeToken::issue(&*scene.app.state().entropy, now);
    let pending = rookery_domain::MembershipStatus::PendingInvitation(kept);
    let membership = rookery_domain::Membership::new(scene.acme.clone(), Vec::new(), pending, now);
    environment.users().join(scene.jane.id, &membership).await.unwrap();
    scene.join(scene.jane.id).await.expect(200);
    let jane = scene.jane().await;
    assert!(jane.reaches(&scene.acme, now) && jane.active_tenant == Some(scene.acme.clone()));
    assert!(jane.membership(&scene.acme).unwrap().role_ids.is_empty(), "what they were invited as");
}

#[tokio::test]
async fn by_a_link_that_does_not_work_nobody_joins() {
    let scene = scene().await;
    let before = scene.jane().await;
    allow(&scene.app, false).await;
    assert_eq!(scene.join(scene.jane.id).await.error(404), "invitation not found");
    allow(&scene.app, true).await;
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    let nobody = UserId::random(&*scene.app.state().entropy);
    assert_eq!(scene.join(nobody).await.status(), 401);
    environment.tenants().remove(&scene.acme, now, &|| false).await.unwrap();
    assert_eq!(scene.join(scene.jane.id).await.error(404), "invitation not found");
    environment.tenant_invites().remove(&scene.acme, scene.invite.slot()).await.unwrap();
    assert_eq!(scene.join(scene.jane.id).await.error(404), "invitation not found");
    assert_eq!(scene.jane().await, before);
}
