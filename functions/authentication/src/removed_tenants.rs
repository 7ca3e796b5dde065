//! Signing in, refreshing and calling after a tenant was removed, through the router.

use futures::future::join;
use rookery_domain::TenantId;
use rookery_store::Progress;
use serde_json::json;

use crate::support::{REFRESH, SESSIONS, Scene, claims, refresh_token, scene};

/// Begins to remove `tenant`: it is marked, and none of its members is taken out yet.
async fn begin_to_remove(scene: &Scene, tenant: &TenantId) {
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    let progress = environment.tenants().remove(tenant, now, &|| false).await.unwrap();
    assert_eq!(progress, Progress::Unfinished);
}

#[tokio::test]
async fn from_the_moment_it_is_marked_nobody_uses_a_tenant_whose_member_they_still_are() {
    let scene = scene().await;
    let (client, other) = (scene.signed_in().await, scene.signed_in().await);
    begin_to_remove(&scene, &scene.acme).await;
    assert_eq!(scene.jane().await.memberships.len(), 1);
    assert_eq!(client.get(SESSIONS).await.status(), 401);
    assert_eq!(scene.refresh(&client.refresh_token()).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
    assert_eq!(scene.refresh(&other.refresh_token()).await.status(), 401);
    assert_eq!(scene.try_sign_in().await.status(), 401);
}

#[tokio::test]
async fn whoever_belonged_to_no_other_tenant_goes_when_they_try_to_sign_in() {
    let scene = scene().await;
    begin_to_remove(&scene, &scene.acme).await;
    let error = scene.try_sign_in().await.error(401);
    assert!(error.contains("no tenant"), "{error}");
    assert_eq!(scene.sessions().await, 0);
    assert!(scene.app.environment().users().get(scene.jane.id).await.unwrap().is_none());
    assert_eq!(scene.try_sign_in().await.error(401), "the email or the password is wrong");
}

#[tokio::test]
async fn a_sign_in_lands_in_the_next_tenant_that_is_there() {
    let scene = scene().await;
    let (labs, idle) = (scene.join("Labs").await, scene.join("Idle").await);
    begin_to_remove(&scene, &scene.acme).await;
    begin_to_remove(&scene, &labs).await;
    let answer = scene.try_sign_in().await.expect(200);
    assert_eq!((&claims(&answer)["tenantId"], &claims(&answer)["tenantIds"]), (&json!(idle), &json!([idle])));
    assert_eq!((scene.jane().await.memberships.len(), scene.sessions().await), (1, 1));
    scene.refresh(&refresh_token(&answer)).await.expect(201);
}

#[tokio::test]
async fn a_refresh_ends_the_session_and_the_next_sign_in_lands_elsewhere() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    let token = scene.signed_in().await.refresh_token();
    begin_to_remove(&scene, &scene.acme).await;
    assert_eq!(scene.refresh(&token).await.status(), 401);
    assert_eq!((scene.sessions().await, scene.jane().await.memberships.len()), (0, 1));
    assert_eq!(claims(&scene.try_sign_in().await.expect(200))["tenantId"], json!(labs));
}

#[tokio::test]
async fn a_late_refresh_is_not_excused_either() {
    let scene = scene().await;
    let first = scene.signed_in().await.refresh_token();
    scene.refresh(&first).await.expect(201);
    begin_to_remove(&scene, &scene.acme).await;
    assert_eq!(scene.refresh(&first).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn a_token_for_a_removed_tenant_is_refused_and_costs_nothing() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    let token = scene.signed_in().await.refresh_token();
    begin_to_remove(&scene, &labs).await;
    let holder = scene.holder(&token);
    assert_eq!(holder.post(REFRESH, json!({ "tenantId": labs })).await.status(), 403);
    scene.app.clock().advance(std::time::Duration::from_mins(1));
    scene.refresh(&token).await.expect(201);
}

#[tokio::test]
async fn the_id_of_a_tenant_that_was_half_removed_comes_back_without_anybody() {
    let scene = scene().await;
    scene.join("Labs").await;
    let client = scene.signed_in().await;
    begin_to_remove(&scene, &scene.acme).await;
    let now = scene.app.state().now();
    let again = rookery_domain::Tenant::new(scene.acme.clone(), &*scene.app.state().entropy, now);
    scene.app.environment().tenants().create(&again).await.unwrap();
    assert_eq!(client.get(SESSIONS).await.status(), 401);
    assert_eq!(scene.refresh(&client.refresh_token()).await.status(), 401);
    let answer = claims(&scene.try_sign_in().await.expect(200));
    assert_ne!(answer["tenantId"], json!(scene.acme));
    assert!(scene.jane().await.membership(&scene.acme).is_none());
}

#[tokio::test]
async fn a_sign_in_during_the_removal_is_of_no_use() {
    for _ in 0..8 {
        let scene = scene().await;
        let (environment, now) = (scene.app.environment(), scene.app.state().now());
        let tenants = environment.tenants();
        // The password takes its time, and the removal is to come at any point of what follows it.
        let removal = async {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            tenants.remove(&scene.acme, now, &|| true).await
        };
        let (signed_in, removed) = join(scene.try_sign_in(), removal).await;
        assert_eq!(removed.unwrap(), Progress::Finished);
        if signed_in.status() != 200 {
            assert_eq!(signed_in.status(), 401, "{}", signed_in.text());
            continue;
        }
        let answer = signed_in.json();
        let client = scene.app.anonymous().bearer(answer["accessToken"].as_str().unwrap());
        assert_eq!(client.get(SESSIONS).await.status(), 401);
        assert_eq!(scene.refresh(&refresh_token(&answer)).await.status(), 401);
    }
}
