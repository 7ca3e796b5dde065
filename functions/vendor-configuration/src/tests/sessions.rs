//! Limits to sessions.

use super::*;
use rookery_testkit::Client;
use serde_json::{Value, json};

const SESSIONS: &str = "/identity/resources/configurations/sessions/v1";
const OF_ENVIRONMENT: &str = "/identity/resources/configurations/sessions/v1/vendor";

fn limits(idle: (bool, i64), timeout: (bool, i64), most: (bool, i64)) -> Value {
    json!({
        "sessionIdleTimeoutConfiguration": { "isActive": idle.0, "timeout": idle.1 },
        "sessionTimeoutConfiguration": { "isActive": timeout.0, "timeout": timeout.1 },
        "sessionConcurrentConfiguration": { "isActive": most.0, "maxSessions": most.1 },
    })
}

async fn read(client: &Client) -> Value {
    client.get(SESSIONS).await.expect(200)
}

#[tokio::test]
async fn at_first_nothing_is_limited() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor();
    assert_eq!(read(&vendor).await, json!({}));
    assert_eq!(read(&vendor.with("frontegg-tenant-id", acme.as_str())).await, json!({}));
    let inactive = limits((false, 86_400), (false, 86_400), (false, 1));
    assert_eq!(vendor.get(OF_ENVIRONMENT).await.expect(200), inactive);
}

#[tokio::test]
async fn what_is_left_out_stays_as_it_is() {
    let app = app().await;
    let vendor = app.vendor();
    let all = limits((true, 600), (false, 3_600), (true, 3));
    let response = vendor.post(SESSIONS, all.clone()).await;
    assert_eq!((response.status(), response.text()), (201, ""));
    assert_eq!((read(&vendor).await, vendor.get(OF_ENVIRONMENT).await.expect(200)), (all.clone(), all));
    let one = json!({ "sessionTimeoutConfiguration": { "isActive": true, "timeout": 7_200.0 } });
    assert_eq!(vendor.post(SESSIONS, one).await.status(), 201);
    assert_eq!(vendor.post(SESSIONS, json!({})).await.status(), 201);
    assert_eq!(read(&vendor).await, limits((true, 600), (true, 7_200), (true, 3)));
    assert_eq!(read(&app.neighbour().await.vendor()).await, json!({}));
}

#[tokio::test]
async fn a_limit_that_makes_no_sense_changes_nothing() {
    let app = app().await;
    let vendor = app.vendor();
    let refused = [
        (
            limits((false, 59), (true, 60), (true, 1)),
            "sessionIdleTimeoutConfiguration.timeout must be from 60 to",
        ),
        (limits((true, 60), (true, -1), (true, 1)), "sessionTimeoutConfiguration.timeout must be from 60 to"),
        (
            limits((true, 60), (true, 60), (true, 0)),
            "sessionConcurrentConfiguration.maxSessions must be from 1",
        ),
        (json!({ "sessionTimeoutConfiguration": { "isActive": true } }), "sessionTimeoutConfiguration: "),
        (json!({ "sessionTimeoutConfiguration": null }), "sessionTimeoutConfiguration: it cannot be null"),
        (
            json!({ "sessionTimeoutConfiguration": { "isActive": 1, "timeout": 60 } }),
            "sessionTimeoutConfiguration.isActive",
        ),
        (
            json!({ "sessionTimeoutConfiguration": { "isActive": true, "timeout": 60.5 } }),
            "sessionTimeoutConfiguration.timeout",
        ),
        (json!([]), ""),
    ];
    for (body, beginning) in refused {
        let error = vendor.post(SESSIONS, body.clone()).await.error(400);
        assert!(error.starts_with(beginning), "{body}: {error}");
    }
    assert_eq!(read(&vendor).await, json!({}));
}

#[tokio::test]
async fn a_tenant_lowers_what_the_environment_allows_and_does_not_raise_it() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let vendor = app.vendor();
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    vendor.post(SESSIONS, limits((true, 600), (true, 3_600), (false, 1))).await.expect(201);
    for (field, looser) in [
        ("sessionIdleTimeoutConfiguration", limits((true, 601), (true, 3_600), (true, 5))),
        ("sessionTimeoutConfiguration", limits((true, 600), (true, 3_601), (true, 5))),
    ] {
        let error = in_acme.post(SESSIONS, looser).await.error(400);
        assert!(error.starts_with(field) && error.contains("must not be above"), "{error}");
    }
    in_acme.post(SESSIONS, limits((true, 60), (false, 9_999), (true, 5))).await.expect(201);
    assert_eq!(read(&in_acme).await, limits((true, 60), (true, 3_600), (true, 5)));
    // An environment that allows less from now on is not kept from it by its tenants.
    vendor.post(SESSIONS, limits((true, 300), (true, 3_600), (true, 2))).await.expect(201);
    assert_eq!(read(&in_acme).await, limits((true, 60), (true, 3_600), (true, 2)));
    let in_labs = vendor.with("frontegg-tenant-id", labs.as_str());
    assert_eq!(read(&in_labs).await, limits((true, 300), (true, 3_600), (true, 2)));
    let nowhere = vendor.with("frontegg-tenant-id", "nowhere");
    assert_eq!(nowhere.get(SESSIONS).await.error(404), "tenant not found");
    assert_eq!(nowhere.post(SESSIONS, json!({})).await.error(404), "tenant not found");
}

#[tokio::test]
async fn users_read_the_limits_of_their_tenant_and_administrators_set_them() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let reader = app.user("reader@example.com", &acme, &["ReadOnly"]).await;
    let (admin, reader) = (app.sign_in(&admin, &acme).await, app.sign_in(&reader, &acme).await);
    let some = limits((true, 600), (false, 3_600), (true, 3));
    // With a user's token the header counts for nothing.
    let elsewhere = admin.with("frontegg-tenant-id", labs.as_str());
    assert_eq!(elsewhere.post(SESSIONS, some.clone()).await.status(), 201);
    assert_eq!(read(&reader).await, some);
    assert_eq!(read(&app.vendor()).await, json!({}), "the environment is not theirs");
    assert_eq!(read(&app.vendor().with("frontegg-tenant-id", labs.as_str())).await, json!({}));
    let refused = reader.post(SESSIONS, some).await.error(403);
    assert!(refused.contains("fe.secure.write.securityPolicy"), "{refused}");
    assert_eq!(admin.get(OF_ENVIRONMENT).await.status(), 403);
    assert_eq!(app.anonymous().get(SESSIONS).await.status(), 401);
    let words = app.recorded_actions().await;
    assert_eq!(words.iter().filter(|word| *word == "tenant.policyChanged").count(), 1);
}

#[tokio::test]
async fn a_tenant_that_comes_back_has_no_limits_of_the_one_before() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let in_acme = app.vendor().with("frontegg-tenant-id", acme.as_str());
    in_acme.post(SESSIONS, limits((true, 60), (true, 60), (true, 1))).await.expect(201);
    let (environment, now) = (app.environment(), app.state().now());
    environment.tenants().remove(&acme, now, &|| true).await.unwrap();
    assert_eq!(in_acme.get(SESSIONS).await.status(), 404);
    let anew = rookery_domain::Tenant::new(acme.clone(), &*app.state().entropy, now);
    environment.tenants().create(&anew).await.unwrap();
    assert_eq!(read(&in_acme).await, json!({}));
}
