//! Exchanges of API tokens, with the routes that manage them beside.

use std::time::Duration;

use futures::future::{join, join_all};
use rookery_domain::{
    ApiTokenOwner, LockReason, Membership, MembershipStatus, Metadata, Tenant, TenantId, User,
};
use rookery_testkit::{Client, Response, TestApp};
use rookery_tokens::SigningError;
use serde_json::{Value, json};

use crate::support::{SESSIONS, Scene, claims, scene_on};

const EXCHANGE: &str = "/identity/resources/auth/v2/api-token";
const REFRESH: &str = "/identity/resources/auth/v2/api-token/token/refresh";
const OF_TENANT: &str = "/identity/resources/tenants/api-tokens/v1";
const OF_USER: &str = "/identity/resources/users/api-tokens/v1";

/// A server that manages API tokens too.
async fn scene() -> Scene {
    scene_on(TestApp::start(crate::router().merge(rookery_api_tokens::router())).await).await
}

/// A vendor who names Acme and Jane.
fn vendor(scene: &Scene) -> Client {
    let vendor = scene.app.vendor().with("frontegg-tenant-id", scene.acme.as_str());
    vendor.with("frontegg-user-id", &scene.jane.id.to_string())
}

/// A new API token: its client id and its secret.
async fn made(scene: &Scene, path: &str, body: Value) -> Value {
    let made = vendor(scene).post(path, body).await.expect(201);
    json!({ "clientId": made["clientId"], "secret": made["secret"] })
}

async fn exchange(scene: &Scene, pair: &Value) -> Response {
    scene.app.anonymous().post(EXCHANGE, pair.clone()).await
}

async fn refresh(scene: &Scene, token: &Value) -> Response {
    scene.app.anonymous().post(REFRESH, json!({ "refreshToken": token })).await
}

fn said(answer: &Value) -> Value {
    claims(&json!({ "accessToken": answer["access_token"] }))
}

async fn role_ids(scene: &Scene, keys: &[&str]) -> Vec<String> {
    scene.app.roles(keys).await.into_iter().map(|id| id.to_string()).collect()
}

#[tokio::test]
async fn a_tenants_token_gets_what_its_roles_allow() {
    let scene = scene().await;
    let roles = role_ids(&scene, &["ReadOnly"]).await;
    let pair = made(&scene, OF_TENANT, json!({ "roleIds": roles, "metadata": { "team": "data" } })).await;
    let before = scene.app.store().round_trips().waves();
    let answered = exchange(&scene, &pair).await;
    assert!(
        scene.app.store().round_trips().waves() - before <= 6,
        "the host and the catalogue are read once"
    );
    let before = scene.app.store().round_trips().waves();
    let answered_again = exchange(&scene, &pair).await.expect(200);
    assert_eq!(scene.app.store().round_trips().waves() - before, 4);
    assert_eq!(answered.header("cache-control").as_deref(), Some("no-store"));
    let answer = answered.expect(200);
    let mut keys: Vec<_> = answer.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["access_token", "expires", "expires_in", "refresh_token"]);
    assert_eq!(
        (&answer["expires_in"], &answer["expires"]),
        (&json!(300), &json!("2026-01-01T00:05:00.000Z"))
    );
    assert_ne!(answer["refresh_token"], answered_again["refresh_token"]);
    let said = said(&answer);
    assert_eq!((&said["type"], &said["sub"]), (&json!("tenantApiToken"), &pair["clientId"]));
    assert_eq!((&said["tenantId"], &said["roles"]), (&json!(scene.acme), &json!(["ReadOnly"])));
    assert!(said["permissions"].as_array().unwrap().contains(&json!("fe.secure.read.users")));
    assert_eq!((&said["metadata"], &said["createdByUserId"]), (&json!({ "team": "data" }), &Value::Null));
    let environment = scene.app.environment().get().await.unwrap().unwrap();
    assert_eq!((&said["iss"], &said["aud"]), (&json!(environment.base_url), &json!(environment.id)));
}

#[tokio::test]
async fn older_clients_are_answered_in_camel_case() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let path = "/identity/resources/auth/v1/api-token";
    let answer = scene.app.anonymous().post(path, pair).await.expect(200);
    assert_eq!((&answer["expiresIn"], &answer["expires"]), (&json!(300), &json!("2026-01-01T00:05:00.000Z")));
    assert_eq!(claims(&answer)["roles"], json!([]));
    let body = json!({ "refreshToken": answer["refreshToken"] });
    let path = format!("{path}/token/refresh");
    let next = scene.app.anonymous().post(&path, body.clone()).await.expect(200);
    assert!(next["accessToken"].is_string() && next["refreshToken"] != answer["refreshToken"]);
    assert_eq!(scene.app.anonymous().post(&path, body).await.status(), 401);
    refresh(&scene, &next["refreshToken"]).await.expect(200);
}

#[tokio::test]
async fn whichever_is_wrong_the_answer_is_the_same() {
    let scene = scene().await;
    let (one, other) = (made(&scene, OF_TENANT, json!({})).await, made(&scene, OF_USER, json!({})).await);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let mut answers = Vec::new();
    for pair in [
        json!({ "clientId": one["clientId"], "secret": "wrong" }),
        json!({ "clientId": one["clientId"], "secret": other["secret"] }),
        json!({ "clientId": one["clientId"], "secret": "" }),
        json!({ "clientId": unknown, "secret": one["secret"] }),
        json!({ "clientId": "nonsense", "secret": one["secret"] }),
    ] {
        answers.push(exchange(&scene, &pair).await.error(401));
    }
    let neighbour = scene.app.neighbour().await;
    answers.push(neighbour.anonymous().post(EXCHANGE, one.clone()).await.error(401));
    answers.dedup();
    assert_eq!(answers, ["the clientId or the secret is wrong, or no longer good"]);
    assert_eq!(exchange(&scene, &json!({ "clientId": unknown })).await.status(), 400);
    exchange(&scene, &one).await.expect(200);
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to_and_so_does_all_that_came_of_it() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({ "expiresInMinutes": 2 })).await;
    let answer = exchange(&scene, &pair).await.expect(200);
    assert_eq!(
        (&answer["expires_in"], &answer["expires"]),
        (&json!(120), &json!("2026-01-01T00:02:00.000Z"))
    );
    scene.app.clock().advance(Duration::from_secs(119));
    let answer = refresh(&scene, &answer["refresh_token"]).await.expect(200);
    assert_eq!(answer["expires_in"], 1);
    scene.app.clock().advance(Duration::from_secs(1));
    assert_eq!(exchange(&scene, &pair).await.status(), 401);
    assert_eq!(refresh(&scene, &answer["refresh_token"]).await.status(), 401);
}

#[tokio::test]
async fn a_refresh_token_lasts_as_long_as_the_environment_says() {
    let scene = scene().await;
    scene.configure(|configuration| configuration.default_refresh_token_expiration = 600).await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let first = exchange(&scene, &pair).await.expect(200);
    scene.app.clock().advance(Duration::from_secs(599));
    let second = refresh(&scene, &first["refresh_token"]).await.expect(200);
    scene.app.clock().advance(Duration::from_mins(10));
    let refused = refresh(&scene, &second["refresh_token"]).await.error(401);
    assert!(refused.starts_with("the refresh token is wrong, used or no longer good"), "{refused}");
}

#[tokio::test]
async fn a_users_token_gets_what_they_may_do_by_then() {
    let scene = scene().await;
    let pair = made(&scene, OF_USER, json!({ "metadata": { "team": "data" } })).await;
    let said_by_then = async || said(&exchange(&scene, &pair).await.expect(200));
    let first = said_by_then().await;
    assert_eq!((&first["type"], &first["sub"]), (&json!("userApiToken"), &pair["clientId"]));
    assert_eq!((&first["userId"], &first["email"]), (&json!(scene.jane.id), &json!("jane@example.com")));
    assert_eq!((&first["userMetadata"], &first["metadata"]), (&json!({}), &json!({ "team": "data" })));
    assert_eq!((&first["roles"], &first["tenantId"]), (&json!(["Admin"]), &json!(scene.acme)));
    let read_only = scene.app.roles(&["ReadOnly"]).await;
    scene.change_jane(|jane| jane.memberships[0].role_ids.clone_from(&read_only)).await;
    assert_eq!(said_by_then().await["roles"], json!(["ReadOnly"]));
    let own = scene.app.role("Own", Some(&scene.acme));
    scene.app.write_role(&own, &["fe.secure.write.users"]).await;
    scene.change_jane(|jane| jane.memberships[0].role_ids = vec![own.id]).await;
    let last = said_by_then().await;
    assert_eq!((&last["roles"], &last["permissions"]), (&json!(["Own"]), &json!(["fe.secure.write.users"])));
}

#[tokio::test]
async fn a_users_token_is_no_good_while_they_are_shut_out() {
    let scene = scene().await;
    let pair = made(&scene, OF_USER, json!({})).await;
    let mut token = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    let locked = |jane: &mut User| jane.lock(LockReason::Administrator);
    let disabled = |jane: &mut User| jane.memberships[0].disabled = true;
    for shut_out in [locked as fn(&mut User), disabled] {
        scene.change_jane(shut_out).await;
        assert_eq!(exchange(&scene, &pair).await.status(), 401);
        assert_eq!(refresh(&scene, &token).await.status(), 401);
        scene
            .change_jane(|jane| {
                jane.locked = None;
                jane.memberships[0].disabled = false;
            })
            .await;
        exchange(&scene, &pair).await.expect(200);
        token = refresh(&scene, &token).await.expect(200)["refresh_token"].clone();
    }
}

#[tokio::test]
async fn a_users_token_goes_with_the_membership_and_no_other_one_revives_it() {
    let scene = scene().await;
    let labs = scene.join("Labs").await;
    let (pair, of_tenant) =
        (made(&scene, OF_USER, json!({})).await, made(&scene, OF_TENANT, json!({})).await);
    let in_labs = vendor(&scene).with("frontegg-tenant-id", labs.as_str());
    let elsewhere = in_labs.post(OF_USER, json!({})).await.expect(201);
    let environment = scene.app.environment();
    let token = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    assert!(environment.users().leave(scene.jane.id, &scene.acme).await.unwrap());
    assert_eq!(exchange(&scene, &pair).await.status(), 401);
    assert_eq!(refresh(&scene, &token).await.status(), 401);
    let owner = ApiTokenOwner::User(scene.jane.id);
    assert_eq!(environment.api_tokens().list(&owner).await.unwrap().len(), 1);
    scene.app.clock().advance(Duration::from_secs(1));
    let now = scene.app.state().now();
    let again = Membership::new(scene.acme.clone(), Vec::new(), MembershipStatus::Activated, now);
    environment.users().join(scene.jane.id, &again).await.unwrap().unwrap();
    assert_eq!(exchange(&scene, &pair).await.status(), 401);
    exchange(&scene, &json!({ "clientId": elsewhere["clientId"], "secret": elsewhere["secret"] }))
        .await
        .expect(200);
    environment.users().remove(scene.jane.id).await.unwrap();
    assert_eq!(environment.api_tokens().list(&owner).await.unwrap(), []);
    exchange(&scene, &of_tenant).await.expect(200);
}

#[tokio::test]
async fn tokens_go_with_their_tenant_and_a_new_one_of_its_id_has_none() {
    let scene = scene().await;
    let labs: TenantId = scene.join("Labs").await;
    let in_labs = vendor(&scene).with("frontegg-tenant-id", labs.as_str());
    let mut pairs = Vec::new();
    for path in [OF_TENANT, OF_USER] {
        let made = in_labs.post(path, json!({})).await.expect(201);
        pairs.push(json!({ "clientId": made["clientId"], "secret": made["secret"] }));
    }
    let refused = async || {
        for pair in &pairs {
            assert_eq!(exchange(&scene, pair).await.status(), 401);
        }
    };
    let (environment, now) = (scene.app.environment(), scene.app.state().now());
    let tenants = environment.tenants();
    // There is time for nothing but to mark it.
    tenants.remove(&labs, now, &|| false).await.unwrap();
    refused().await;
    assert_eq!(in_labs.post(OF_TENANT, json!({})).await.error(404), "tenant not found");
    scene.app.clock().advance(Duration::from_secs(1));
    let now = scene.app.state().now();
    tenants.create(&Tenant::new(labs.clone(), &*scene.app.state().entropy, now)).await.unwrap();
    let member = Membership::new(labs.clone(), Vec::new(), MembershipStatus::Activated, now);
    environment.users().join(scene.jane.id, &member).await.unwrap().unwrap();
    refused().await;
    assert_eq!(in_labs.get(OF_TENANT).await.expect(200), json!([]));
    assert_eq!(in_labs.get(OF_USER).await.expect(200), json!([]));
}

#[tokio::test]
async fn what_changes_of_a_token_is_in_the_next_access_token() {
    let scene = scene().await;
    let roles = role_ids(&scene, &["Admin"]).await;
    let pair = made(&scene, OF_TENANT, json!({ "roleIds": roles })).await;
    let first = exchange(&scene, &pair).await.expect(200);
    let path = format!("{OF_TENANT}/{}", pair["clientId"].as_str().unwrap());
    let changes = json!({ "roleIds": role_ids(&scene, &["ReadOnly"]).await, "metadata": { "a": 1 } });
    vendor(&scene).patch(&path, changes).await.expect(200);
    let next = said(&refresh(&scene, &first["refresh_token"]).await.expect(200));
    assert_eq!((&next["roles"], &next["metadata"]), (&json!(["ReadOnly"]), &json!({ "a": 1 })));
    // A role that is gone allows nothing.
    let own = scene.app.role("Own", Some(&scene.acme));
    scene.app.write_role(&own, &["fe.secure.read.roles"]).await;
    vendor(&scene).patch(&path, json!({ "roleIds": [own.id.to_string()] })).await.expect(200);
    assert_eq!(
        said(&exchange(&scene, &pair).await.expect(200))["permissions"],
        json!(["fe.secure.read.roles"])
    );
    let environment = scene.app.environment();
    let catalog = environment.catalog();
    let found = catalog.find_roles(&[own.id], Some(&scene.acme)).await.unwrap().unwrap();
    assert!(catalog.remove(found, |_| Ok::<_, rookery_http::ApiError>(())).await.unwrap());
    let last = said(&exchange(&scene, &pair).await.expect(200));
    assert_eq!((&last["roles"], &last["permissions"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let first = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    let before = scene.app.store().round_trips().waves();
    let second = refresh(&scene, &first).await.expect(200)["refresh_token"].clone();
    assert_eq!(scene.app.store().round_trips().waves() - before, 3);
    assert_eq!(refresh(&scene, &first).await.status(), 401);
    refresh(&scene, &second).await.expect(200);
    for wrong in [json!("nonsense"), json!(""), pair["secret"].clone()] {
        assert_eq!(refresh(&scene, &wrong).await.status(), 401);
    }
    let neighbour = scene.app.neighbour().await;
    let third = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    let elsewhere = neighbour.anonymous().post(REFRESH, json!({ "refreshToken": third })).await;
    assert_eq!(elsewhere.status(), 401);
}

#[tokio::test]
async fn of_several_who_refresh_with_one_token_at_once_one_gets_another() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let token = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    let answers = join_all((0..8).map(|_| refresh(&scene, &token))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!((won.len(), lost.len()), (1, 7));
    assert!(lost.iter().all(|answer| answer.status() == 401));
    refresh(&scene, &won[0].json()["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn the_hundred_latest_refresh_tokens_are_good_however_many_come_at_once() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let token = |answer: &Response| answer.expect(200)["refresh_token"].clone();
    let mut early = Vec::new();
    for _ in 0..100 {
        early.push(token(&exchange(&scene, &pair).await));
    }
    // What is refreshed keeps its place among the others.
    early[50] = token(&refresh(&scene, &early[50]).await);
    let late = join_all((0..5).map(|_| exchange(&scene, &pair))).await;
    let late: Vec<_> = late.iter().map(token).collect();
    let mut good = 0;
    for (number, token) in early.iter().chain(&late).enumerate() {
        let status = refresh(&scene, token).await.status();
        assert_eq!(status, if number < 5 { 401 } else { 200 }, "{number}");
        good += usize::from(status == 200);
    }
    assert_eq!(good, 100);
}

#[tokio::test]
async fn a_deleted_token_is_no_good_from_then_on_whatever_goes_on_at_that_moment() {
    let scene = scene().await;
    for path in [OF_TENANT, OF_USER] {
        let pair = made(&scene, path, json!({})).await;
        let refreshable = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
        let own = format!("{path}/{}", pair["clientId"].as_str().unwrap());
        let exchanges = join_all((0..8).map(|_| exchange(&scene, &pair)));
        let (exchanged, deleted) = join(exchanges, vendor(&scene).delete(&own)).await;
        assert_eq!((deleted.status(), deleted.text()), (200, ""));
        let statuses: Vec<_> = exchanged.iter().map(Response::status).collect();
        assert!(statuses.iter().all(|status| [200, 401].contains(status)), "{statuses:?}");
        assert_eq!(exchange(&scene, &pair).await.status(), 401);
        let late = exchanged.iter().map(|answer| answer.json()["refresh_token"].clone());
        for token in late.filter(Value::is_string).chain([refreshable]) {
            assert_eq!(refresh(&scene, &token).await.status(), 401);
        }
    }
}

#[tokio::test]
async fn what_nothing_signs_uses_nothing_up() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let token = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    let throttled: fn() -> SigningError = || SigningError::Throttled("too many signatures".into());
    scene.app.fail_signatures(throttled);
    assert_eq!(exchange(&scene, &pair).await.status(), 503);
    assert_eq!(refresh(&scene, &token).await.status(), 503);
    scene.app.fail_signatures(None);
    let signatures = scene.app.signatures();
    refresh(&scene, &token).await.expect(200);
    assert_eq!(exchange(&scene, &json!({ "clientId": pair["clientId"], "secret": "x" })).await.status(), 401);
    assert_eq!(scene.app.signatures() - signatures, 1, "nothing is signed for whoever has no secret");
}

#[tokio::test]
async fn an_api_token_is_no_user_and_no_vendor() {
    let scene = scene().await;
    let roles = role_ids(&scene, &["Admin"]).await;
    for (path, body) in [(OF_TENANT, json!({ "roleIds": roles })), (OF_USER, json!({}))] {
        let answer = exchange(&scene, &made(&scene, path, body).await).await.expect(200);
        let client = scene.app.anonymous().bearer(answer["access_token"].as_str().unwrap());
        for path in [OF_TENANT, OF_USER, SESSIONS] {
            assert_eq!(client.get(path).await.status(), 401, "{path}");
        }
    }
}

#[tokio::test]
async fn what_a_token_allows_fits_or_is_left_out() {
    let scene = scene().await;
    let large = json!({ "x": "x".repeat(4_000) });
    let pair = made(&scene, OF_USER, json!({ "metadata": large })).await;
    let metadata = Metadata::of_user(serde_json::from_value(large.clone()).unwrap()).unwrap();
    scene.change_jane(|jane| jane.metadata = metadata.clone()).await;
    let said = said(&exchange(&scene, &pair).await.expect(200));
    assert_eq!((said.get("userMetadata"), &said["metadata"]), (None, &large));
}

#[tokio::test]
async fn where_api_tokens_are_switched_off_none_is_exchanged() {
    let scene = scene().await;
    let pair = made(&scene, OF_TENANT, json!({})).await;
    let refresh_token = exchange(&scene, &pair).await.expect(200)["refresh_token"].clone();
    scene.configure(|configuration| configuration.api_tokens_enabled = false).await;
    assert_eq!(exchange(&scene, &pair).await.error(403), "Api tokens are disabled");
    assert_eq!(refresh(&scene, &refresh_token).await.error(403), "Api tokens are disabled");
    scene.configure(|configuration| configuration.api_tokens_enabled = true).await;
    refresh(&scene, &refresh_token).await.expect(200);
}
