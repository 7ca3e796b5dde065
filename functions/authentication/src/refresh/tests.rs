//! Refreshing, through the router.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::{join, join_all};
use rookery_domain::{LockReason, RefreshToken, TenantId};
use serde_json::json;

use crate::support::{LOGOUT, REFRESH, Scene, claims, refresh_token, scene};

fn advance(scene: &Scene, seconds: u64) {
    scene.app.clock().advance(Duration::from_secs(seconds));
}

#[tokio::test]
async fn a_refresh_replaces_both_tokens() {
    let scene = scene().await;
    let first = scene.signed_in().await.refresh_token();
    advance(&scene, 60);
    let response = scene.refresh(&first).await;
    let answer = response.expect(201);
    let second = refresh_token(&answer);
    assert_ne!(first, second);
    let cookie = response.header("set-cookie").unwrap();
    assert!(cookie.contains(&second) && cookie.ends_with("Max-Age=2592000"), "{cookie}");
    assert_eq!(claims(&answer)["tenantId"], json!(scene.acme));
    assert_eq!((&answer["expiresIn"], &answer["expires"]), (&json!(300), &json!("2026-01-01T00:06:00.000Z")));
    advance(&scene, 60);
    scene.refresh(&second).await.expect(201);
    assert_eq!(scene.sessions().await, 1);
}

#[tokio::test]
async fn the_body_may_be_left_out_and_the_cookie_spelled_in_three_ways() {
    let scene = scene().await;
    scene.configure(|configuration| configuration.rotate_refresh_tokens = false).await;
    let token = scene.signed_in().await.refresh_token();
    let id = scene.app.environment().id().to_string();
    for name in [id.replacen('-', "", 1), id.replace('-', ""), id] {
        let client = scene.app.anonymous();
        let client = client.cookies(&format!("theme=dark; fe_refresh_{name}={token}; fe_device_x=y"));
        client.send("POST", REFRESH, None).await.expect(201);
        client.post(REFRESH, json!({ "tenantId": null })).await.expect(201);
        client.post(&format!("/frontegg{REFRESH}"), json!({})).await.expect(201);
    }
    let id = scene.app.environment().id();
    let two = format!("fe_refresh_{id}=stale; fe_refresh_{}={token}", id.to_string().replace('-', ""));
    scene.app.anonymous().cookies(&two).post(REFRESH, json!({})).await.expect(201);
}

#[tokio::test]
async fn without_a_good_cookie_there_is_no_session() {
    let scene = scene().await;
    let client = scene.signed_in().await;
    let token = client.refresh_token();
    assert_eq!(scene.app.anonymous().post(REFRESH, json!({})).await.status(), 401);
    assert_eq!(client.post(REFRESH, json!({})).await.status(), 401, "an access token is no refresh token");
    for bad in ["", "x", &token[1..], &"A".repeat(86), &"A".repeat(5_000)] {
        let error = scene.refresh(bad).await.error(401);
        assert!(error.contains("sign in again"), "{error}");
    }
    assert_eq!(scene.sessions().await, 1);
    let other = scene.app.neighbour().await;
    let foreign = other.anonymous().cookies(&format!("fe_refresh_{}={token}", other.environment().id()));
    assert_eq!(foreign.post(REFRESH, json!({})).await.status(), 401);
    scene.refresh(&token).await.expect(201);
}

#[tokio::test]
async fn refreshes_at_the_same_moment_get_the_same_successor() {
    let scene = scene().await;
    let first = scene.signed_in().await.refresh_token();
    let responses = join_all((0..8).map(|_| scene.refresh(&first))).await;
    let successors: HashSet<_> =
        responses.iter().map(|response| refresh_token(&response.expect(201))).collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(scene.sessions().await, 1);
    let successor = successors.into_iter().next().unwrap();
    advance(&scene, 60);
    scene.refresh(&successor).await.expect(201);
}

#[tokio::test]
async fn a_late_request_is_excused_for_ten_seconds() {
    let scene = scene().await;
    let first = scene.signed_in().await.refresh_token();
    let second = refresh_token(&scene.refresh(&first).await.expect(201));
    advance(&scene, 10);
    assert_eq!(refresh_token(&scene.refresh(&first).await.expect(201)), second);
    scene.refresh(&second).await.expect(201);
}

#[tokio::test]
async fn a_token_that_is_used_again_ends_the_session() {
    let scene = scene().await;
    let client = scene.signed_in().await;
    let other_device = scene.signed_in().await.refresh_token();
    let first = client.refresh_token();
    let second = refresh_token(&scene.refresh(&first).await.expect(201));
    advance(&scene, 11);
    assert_eq!(scene.refresh(&first).await.status(), 401);
    assert_eq!(scene.refresh(&second).await.status(), 401, "whoever has the successor is out too");
    assert_eq!(client.get(crate::support::SESSIONS).await.status(), 401);
    assert_eq!(scene.sessions().await, 1);
    scene.refresh(&other_device).await.expect(201);
}

#[tokio::test]
async fn without_rotation_the_token_stays_and_lives_no_longer() {
    let scene = scene().await;
    scene.configure(|configuration| configuration.rotate_refresh_tokens = false).await;
    let token = scene.signed_in().await.refresh_token();
    advance(&scene, 1_000);
    let responses = join_all((0..8).map(|_| scene.refresh(&token))).await;
    assert!(responses.iter().all(|response| refresh_token(&response.expect(201)) == token));
    let cookie = responses[0].header("set-cookie").unwrap();
    assert!(cookie.ends_with("Max-Age=2591000"), "{cookie}");
    let session = &scene.app.environment().sessions().of_user(scene.jane.id).await.unwrap()[0];
    assert_eq!(session.last_active_at, scene.app.state().now());
    advance(&scene, 2_591_000);
    assert_eq!(scene.refresh(&token).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn rotation_may_be_switched_while_sessions_last() {
    let scene = scene().await;
    let first = scene.signed_in().await.refresh_token();
    let second = refresh_token(&scene.refresh(&first).await.expect(201));
    scene.configure(|configuration| configuration.rotate_refresh_tokens = false).await;
    assert_eq!(refresh_token(&scene.refresh(&first).await.expect(201)), second);
    assert_eq!(refresh_token(&scene.refresh(&second).await.expect(201)), second);
    scene.configure(|configuration| configuration.rotate_refresh_tokens = true).await;
    assert_ne!(refresh_token(&scene.refresh(&second).await.expect(201)), second);
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let scene = scene().await;
    let token = scene.signed_in().await.refresh_token();
    advance(&scene, 2_592_000);
    assert_eq!(scene.refresh(&token).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn who_may_not_sign_in_may_not_refresh() {
    let scene = scene().await;
    let now = scene.app.state().now();
    let ways: [fn(&mut rookery_domain::User, rookery_domain::Timestamp); 3] = [
        |user, _| user.locked = Some(LockReason::Administrator),
        |user, _| user.memberships[0].disabled = true,
        |user, now| user.memberships[0].expires_at = Some(now),
    ];
    for way in ways {
        let token = scene.signed_in().await.refresh_token();
        let before = scene.jane().await;
        scene.change_jane(|user| way(user, now)).await;
        assert_eq!(scene.refresh(&token).await.status(), 401);
        assert_eq!(scene.sessions().await, 0);
        scene.change_jane(|user| *user = before.clone()).await;
        assert_eq!(scene.refresh(&token).await.status(), 401, "the session stays over");
    }
    let token = scene.signed_in().await.refresh_token();
    scene.app.environment().users().remove(scene.jane.id).await.unwrap();
    assert_eq!(scene.refresh(&token).await.status(), 401);
}

#[tokio::test]
async fn a_refresh_reads_anew_who_somebody_is() {
    let scene = scene().await;
    let token = scene.signed_in().await.refresh_token();
    let role_ids = scene.app.roles(&["ReadOnly"]).await;
    scene
        .change_jane(|user| {
            user.name = Some("Jane Roe".to_owned());
            user.memberships[0].role_ids.clone_from(&role_ids);
        })
        .await;
    let claims = claims(&scene.refresh(&token).await.expect(201));
    assert_eq!((&claims["name"], &claims["roles"]), (&json!("Jane Roe"), &json!(["ReadOnly"])));
}

#[tokio::test]
async fn a_token_for_another_tenant_does_not_move_the_user_there() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    let token = scene.signed_in().await.refresh_token();
    let answer = scene.holder(&token).post(REFRESH, json!({ "tenantId": labs })).await.expect(201);
    assert_eq!(claims(&answer)["tenantId"], json!(labs));
    assert_eq!(claims(&answer)["roles"], json!(["ReadOnly"]));
    assert_eq!(scene.jane().await.active_tenant, Some(scene.acme.clone()));
    let answer = scene.refresh(&refresh_token(&answer)).await.expect(201);
    assert_eq!(claims(&answer)["tenantId"], json!(scene.acme));
}

#[tokio::test]
async fn a_tenant_of_others_is_as_good_as_none_and_costs_nothing() {
    let scene = scene().await;
    let token = scene.signed_in().await.refresh_token();
    let theirs = scene.app.tenant("Theirs").await;
    let mut answers = Vec::new();
    for tenant in [theirs.as_str(), "nowhere"] {
        let response = scene.holder(&token).post(REFRESH, json!({ "tenantId": tenant })).await;
        answers.push((response.status(), response.text().to_owned()));
    }
    assert_eq!((answers[0].0, &answers[0]), (403, &answers[1]));
    let malformed = scene.holder(&token).post(REFRESH, json!({ "tenantId": "a b" })).await;
    assert_eq!(malformed.status(), 400);
    advance(&scene, 60);
    scene.refresh(&token).await.expect(201);
}

#[tokio::test]
async fn a_session_follows_the_user_to_the_tenant_they_work_in() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    let token = scene.signed_in().await.refresh_token();
    scene.change_jane(|user| user.active_tenant = Some(labs.clone())).await;
    let answer = scene.refresh(&token).await.expect(201);
    assert_eq!(claims(&answer)["tenantId"], json!(labs));
    scene.change_jane(|user| user.memberships[1].disabled = true).await;
    assert_eq!(scene.refresh(&refresh_token(&answer)).await.status(), 401);
}

#[tokio::test]
async fn pages_of_foreign_origins_use_nobodys_session() {
    let scene = scene().await;
    let token = scene.signed_in().await.refresh_token();
    for origin in ["https://evil.example.com", "null", "https://app.example.com.evil.com"] {
        let page = scene.holder(&token).with("origin", origin);
        assert_eq!(page.post(REFRESH, json!({})).await.status(), 403, "{origin}");
        assert_eq!(page.post(LOGOUT, json!({})).await.status(), 403, "{origin}");
    }
    let own = format!("https://{}", scene.app.host());
    let mut token = token;
    for origin in ["https://app.example.com", own.as_str()] {
        let response = scene.holder(&token).with("origin", origin).post(REFRESH, json!({})).await;
        token = refresh_token(&response.expect(201));
        assert_eq!(response.header("access-control-allow-origin").as_deref(), Some(origin));
    }
}

#[tokio::test]
async fn a_session_that_is_signed_out_of_does_not_come_back() {
    let scene = scene().await;
    for _ in 0..5 {
        let token = scene.signed_in().await.refresh_token();
        let holder = scene.holder(&token);
        let (refreshed, _) = join(scene.refresh(&token), holder.post(LOGOUT, json!({}))).await;
        assert!([201, 401].contains(&refreshed.status()), "{}", refreshed.text());
        assert_eq!(scene.sessions().await, 0);
    }
}

#[tokio::test]
async fn a_refresh_takes_two_requests_to_the_table_and_one_signature() {
    let scene = scene().await;
    let table = scene.app.store().round_trips();
    let mut token = scene.signed_in().await.refresh_token();
    for rotate in [true, false] {
        scene.configure(|configuration| configuration.rotate_refresh_tokens = rotate).await;
        token = refresh_token(&scene.refresh(&token).await.expect(201));
        let (requests, signatures) = (table.requests(), scene.app.signatures());
        token = refresh_token(&scene.refresh(&token).await.expect(201));
        assert_eq!((table.requests() - requests, scene.app.signatures() - signatures), (2, 1));
        let page = scene.holder(&token).with("origin", "https://app.example.com");
        let waves = table.waves();
        token = refresh_token(&page.post(REFRESH, json!({})).await.expect(201));
        assert!(table.waves() - waves <= 2);
    }
    let labs = scene.join("Labs").await;
    scene.change_jane(|user| user.active_tenant = Some(labs.clone())).await;
    // The first token still names the tenant before: what the other one asks of sessions has to be known first.
    for requests in [3, 2] {
        let before = (table.requests(), table.waves());
        token = refresh_token(&scene.refresh(&token).await.expect(201));
        assert_eq!(table.requests() - before.0, requests);
        assert!(table.waves() - before.1 <= requests);
    }
}

#[tokio::test]
async fn the_tenant_that_a_token_names_is_looked_at_and_not_believed() {
    let scene = scene().await;
    let theirs = scene.app.tenant("Theirs").await;
    let leading_to = |token: String, tenant: &TenantId| {
        token.parse::<RefreshToken>().unwrap().leading_to(tenant).expose().to_string()
    };
    let mut token = scene.signed_in().await.refresh_token();
    for tenant in [theirs.clone(), "nowhere".parse().unwrap()] {
        let answer = scene.refresh(&leading_to(token, &tenant)).await.expect(201);
        assert_eq!(claims(&answer)["tenantId"], json!(scene.acme));
        token = refresh_token(&answer);
    }
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    environment.tenants().remove(&scene.acme, now, &|| false).await.unwrap();
    assert_eq!(scene.refresh(&leading_to(token, &theirs)).await.status(), 401);
    assert_eq!(scene.sessions().await, 0);
}

#[tokio::test]
async fn a_super_user_gets_tokens_for_every_tenant_there_is_and_leaves_one_that_is_removed() {
    let scene = scene().await;
    let other = scene.app.tenant("Other").await;
    let refresh = async |token: &str, tenant: &str| {
        scene.holder(token).post(REFRESH, json!({ "tenantId": tenant })).await
    };
    let token = scene.signed_in().await.refresh_token();
    assert_eq!(refresh(&token, other.as_str()).await.status(), 403);
    scene.change_jane(|user| user.super_user = true).await;
    assert_eq!(refresh(&token, "nowhere").await.status(), 403);
    let answer = refresh(&token, other.as_str()).await.expect(201);
    assert_eq!(claims(&answer)["tenantId"], json!(other));
    assert_eq!((&claims(&answer)["roles"], &claims(&answer)["superUser"]), (&json!([]), &json!(true)));
    let back = scene.refresh(&refresh_token(&answer)).await.expect(201);
    assert_eq!(claims(&back)["tenantId"], json!(scene.acme));

    scene.change_jane(|user| user.active_tenant = Some(other.clone())).await;
    let answer = scene.try_sign_in().await.expect(200);
    assert_eq!(claims(&answer)["tenantId"], json!(other));
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    environment.tenants().remove(&other, now, &|| true).await.unwrap();
    assert_eq!(scene.refresh(&refresh_token(&answer)).await.status(), 401);
    let answer = scene.try_sign_in().await.expect(200);
    assert_eq!(claims(&answer)["tenantId"], json!(scene.acme));
    scene.refresh(&refresh_token(&answer)).await.expect(201);
}

/// The cookie header of a browser that holds all of `tokens`, under different spellings of the name.
fn holding(scene: &crate::support::Scene, tokens: &[&str]) -> rookery_testkit::Client {
    let id = scene.app.environment().id().to_string();
    let names = [id.replacen('-', "", 1), id.replace('-', ""), id];
    let cookies: Vec<_> =
        names.iter().zip(tokens).map(|(id, token)| format!("fe_refresh_{id}={token}")).collect();
    scene.app.anonymous().cookies(&cookies.join("; "))
}

#[tokio::test]
async fn an_old_cookie_beside_the_current_one_does_no_harm() {
    let scene = scene().await;
    let ended = scene.signed_in().await.refresh_token();
    assert_eq!(scene.holder(&ended).post(crate::support::LOGOUT, json!({})).await.status(), 201);
    let first = scene.signed_in().await.refresh_token();
    let second = refresh_token(&scene.refresh(&first).await.expect(201));
    let third = refresh_token(&scene.refresh(&second).await.expect(201));
    for others in [[ended.as_str(), third.as_str()], [third.as_str(), ended.as_str()]] {
        // Within the grace, a token that was just replaced stands for its successor.
        scene.app.clock().advance(std::time::Duration::from_secs(1));
        let answer = holding(&scene, &others).post(REFRESH, json!({})).await;
        assert_eq!(answer.status(), 201, "{}", answer.text());
    }
    let current = {
        let answer = holding(&scene, &[&third]).post(REFRESH, json!({})).await;
        refresh_token(&answer.expect(201))
    };
    let answer = holding(&scene, &[&first, &current]).post(REFRESH, json!({})).await;
    assert_eq!(answer.status(), 201, "the first was replaced long ago, and that is no theft");
    assert_eq!(scene.sessions().await, 1);

    scene.app.clock().advance(std::time::Duration::from_mins(1));
    assert_eq!(holding(&scene, &[&first, &second]).post(REFRESH, json!({})).await.status(), 401);
    assert_eq!(scene.sessions().await, 0, "none of them is current: somebody else has that one");
}

#[tokio::test]
async fn signing_out_ends_the_session_of_each_cookie() {
    let scene = scene().await;
    let (one, other) = (scene.signed_in().await.refresh_token(), scene.signed_in().await.refresh_token());
    let third = scene.signed_in().await;
    let answer = holding(&scene, &[&one, &other]).post(crate::support::LOGOUT, json!({})).await;
    assert_eq!((answer.status(), scene.sessions().await), (201, 1));
    third.get(crate::support::SESSIONS).await.expect(200);
}
