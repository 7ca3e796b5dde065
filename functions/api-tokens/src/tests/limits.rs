//! How many there can be, and what is left behind when the table fails midway.

use std::collections::BTreeSet;

use futures::future::join_all;
use rookery_domain::{ApiToken, ApiTokenGrants, ApiTokenHolder};
use rookery_testkit::{Fault, Response, TestApp};
use serde_json::json;

use super::{TENANT_V1, TENANT_V2, USER_V1, path, scene, scene_on};

fn statuses(answers: &[Response]) -> Vec<u16> {
    let mut statuses: Vec<_> = answers.iter().map(Response::status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn a_user_has_at_most_a_hundred_however_many_are_made_at_once() {
    let scene = scene().await;
    let jane = scene.jane().await;
    for _ in 0..98 {
        jane.post(USER_V1, json!({})).await.expect(201);
    }
    let answers = join_all((0..6).map(|_| jane.post(USER_V1, json!({})))).await;
    assert_eq!(statuses(&answers), [201, 201, 400, 400, 400, 400]);
    let refused = jane.post(USER_V1, json!({})).await.error(400);
    assert_eq!(refused, "there can be at most 100 API tokens: delete one that is not needed");
    assert_eq!(scene.kept(&scene.of_jane()).await, 100);
    let made = answers.iter().find(|answer| answer.status() == 201).unwrap().json();
    let one = path(USER_V1, &made);
    join_all((0..3).map(|_| jane.delete(&one))).await;
    let answers = join_all((0..3).map(|_| jane.post(USER_V1, json!({})))).await;
    assert_eq!(statuses(&answers), [201, 400, 400], "one was deleted, once");
}

#[tokio::test]
async fn a_tenant_has_at_most_a_thousand() {
    let scene = scene().await;
    let (environment, state) = (scene.app.environment(), scene.app.state());
    for _ in 0..999 {
        let grants = ApiTokenGrants::Roles(BTreeSet::new());
        let holder = ApiTokenHolder::Tenant { grants, created_by: None };
        let (_, token) = ApiToken::issue(scene.acme.clone(), holder, &*state.entropy, state.now());
        environment.api_tokens().create(&token).await.unwrap();
    }
    let vendor = scene.vendor();
    let answers = join_all([TENANT_V1, TENANT_V2, TENANT_V1].map(|path| vendor.post(path, json!({})))).await;
    assert_eq!(statuses(&answers), [201, 400, 400]);
    let before = scene.app.store().round_trips().waves();
    assert_eq!(vendor.get(TENANT_V1).await.expect(200).as_array().unwrap().len(), 1_000);
    assert!(scene.app.store().round_trips().waves() - before <= 3);
    // A user's own are counted apart.
    scene.for_jane().post(USER_V1, json!({})).await.expect(201);
    let labs = scene.app.tenant("Labs").await;
    vendor.with("frontegg-tenant-id", labs.as_str()).post(TENANT_V1, json!({})).await.expect(201);
    let removed = environment.tenants().remove(&scene.acme, state.now(), &|| true).await.unwrap();
    assert_eq!(removed, rookery_store::Progress::Finished);
    assert_eq!(scene.kept(&scene.of_acme()).await, 0);
}

#[tokio::test]
async fn a_token_that_cannot_be_kept_is_not_counted() {
    let (app, gate) = TestApp::start_behind_gate(crate::router()).await;
    let scene = scene_on(app).await;
    let vendor = scene.vendor();
    let kept = vendor.post(TENANT_V1, json!({})).await.expect(201);
    gate.bar("TransactWriteItems", Fault::Answer(400, "ProvisionedThroughputExceededException"));
    assert_eq!(vendor.post(TENANT_V1, json!({})).await.status(), 503);
    assert_eq!(vendor.delete(&path(TENANT_V1, &kept)).await.status(), 503);
    assert_eq!(vendor.patch(&path(TENANT_V1, &kept), json!({ "description": "x" })).await.status(), 503);
    gate.open();
    let listed = vendor.get(TENANT_V1).await.expect(200);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["description"]), (1, &json!(null)));
}
