use rookery_domain::Timestamp;
use serde_json::{Value, json};

use super::*;

const ME: &str = "/identity/resources/users/v2/me";
const ME_V3: &str = "/identity/resources/users/v3/me";
const UPDATE: &str = "/identity/resources/users/v1";
const TENANTS: &str = "/identity/resources/users/v2/me/tenants";
const TENANTS_V1: &str = "/identity/resources/users/v1/me/tenants";
const TENANTS_V3: &str = "/identity/resources/users/v3/me/tenants";
const AUTHORIZATION: &str = "/identity/resources/users/v1/me/authorization";
const SWITCH: &str = "/identity/resources/users/v1/tenant";

fn keys(values: &Value) -> Vec<&str> {
    values.as_array().unwrap().iter().map(|value| value["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_user_sees_themselves_in_the_tenant_of_their_token() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    join(
        &app,
        jane.id,
        &Membership {
            role_ids: app.roles(&["Admin"]).await,
            ..membership(&app, &labs, MembershipStatus::Activated)
        },
    )
    .await;
    invite(&app, &jane, &app.tenant("Later").await).await;
    let client = app.sign_in(&jane, &labs).await;

    let me = client.get(ME).await.expect(200);
    assert_eq!((&me["id"], &me["sub"]), (&json!(jane.id.to_string()), &json!(jane.id.to_string())));
    assert_eq!(me["tenantId"], labs.as_str());
    assert_eq!(me["tenantIds"], json!([acme.as_str(), labs.as_str()]), "not the one that waits");
    assert_eq!(keys(&me["roles"]), ["Admin"]);
    assert!(keys(&me["permissions"]).contains(&"fe.secure.write.users"));
    assert_eq!(keys(&me["tenants"][0]["roles"]), ["ReadOnly"]);
    assert!(me.get("vendorMetadata").is_none());

    let v3 = client.get(ME_V3).await.expect(200);
    assert_eq!((&v3["email"], &v3["tenantId"]), (&me["email"], &me["tenantId"]));
    assert!(v3.get("roles").is_none() && v3.get("permissions").is_none());

    let authorization = client.get(AUTHORIZATION).await.expect(200);
    assert_eq!(authorization, json!({"roles": me["roles"], "permissions": me["permissions"]}));
}

#[tokio::test]
async fn only_users_have_a_profile_of_their_own() {
    let app = app().await;
    for path in [ME, ME_V3, AUTHORIZATION, TENANTS_V1] {
        assert_eq!(app.vendor().get(path).await.status(), 403, "{path}");
        assert_eq!(app.anonymous().get(path).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn a_user_changes_what_is_theirs_to_change() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let changes = json!({
        "name": "Jane Roe", "phoneNumber": "+1-212-555-0100", "profilePictureUrl": "https://example.com/jane.png",
        "metadata": "{\"theme\":\"dark\"}", "email": "other@example.com", "vendorMetadata": "{\"vip\":true}",
        "verified": false, "superUser": true, "roleIds": app.roles(&["Admin"]).await,
    });
    let updated = client.put(ME, changes).await.expect(200);
    assert_eq!((&updated["name"], &updated["phoneNumber"]), (&json!("Jane Roe"), &json!("+1-212-555-0100")));
    assert_eq!(updated["metadata"], r#"{"theme":"dark"}"#);
    assert_eq!(client.get(ME).await.expect(200), updated);
    let user = stored(&app, jane.id).await;
    assert_eq!((user.email.as_str(), user.verified, user.super_user), ("jane@example.com", true, false));
    assert_eq!(user.vendor_metadata, Metadata::default());
    assert_eq!(keys(&updated["roles"]), ["ReadOnly"]);

    let updated = client.put(ME, json!({"phoneNumber": null, "metadata": {"lang": "de"}})).await.expect(200);
    assert_eq!((&updated["phoneNumber"], &updated["name"]), (&Value::Null, &json!("Jane Roe")));
    assert_eq!(updated["metadata"], r#"{"lang":"de"}"#, "it is replaced as a whole");
    let text = r#"{"b": 1, "a": 2.0, "n": 12345678901234567890123}"#;
    let updated = client.put(ME, json!({"metadata": text})).await.expect(200);
    assert_eq!(
        (&updated["metadata"], &client.get(ME).await.expect(200)["metadata"]),
        (&json!(text), &json!(text))
    );
}

#[tokio::test]
async fn bad_changes_are_named() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let client = app.sign_in(&jane, &acme).await;
    let before = stored(&app, jane.id).await;
    for (body, message) in [
        (json!({"name": "x".repeat(256)}), "name must be at most 255"),
        (json!({"name": "a\u{7}b"}), "control characters"),
        (json!({"phoneNumber": "555-0100"}), "phoneNumber"),
        (json!({"profilePictureUrl": "x".repeat(4_096)}), "profilePictureUrl: it must be an http"),
        (json!({"metadata": "{nonsense"}), "metadata must be a JSON object"),
        (json!({"metadata": "[1]"}), "metadata must be a JSON object"),
        (json!({"metadata": [1]}), "metadata must be a JSON object"),
        (json!({"metadata": "\"text\""}), "metadata must be a JSON object"),
        (json!({"metadata": 42}), "metadata must be a JSON object"),
        (json!({"metadata": {"a": "x".repeat(4_096)}}), "4096 bytes"),
        (json!({"name": 7}), "name"),
    ] {
        let refused = client.put(ME, body.clone()).await.error(400);
        assert!(refused.contains(message), "{body}: {refused}");
    }
    assert_eq!(stored(&app, jane.id).await, before);
}

#[tokio::test]
async fn a_super_user_works_in_every_tenant_of_the_environment_until_they_are_none_any_more() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    app.user("joe@example.com", &labs, &[]).await;
    let client = app.sign_in(&jane, &acme).await;
    let switch = async |tenant: &str| client.put(SWITCH, json!({"tenantId": tenant})).await;
    assert_eq!(switch(labs.as_str()).await.status(), 403);

    let path = format!("/identity/resources/users/v1/{}/superuser", jane.id);
    let _ = app.vendor().put(&path, json!({"superUser": true})).await.expect(200);
    let elsewhere = app.neighbour().await.tenant("Elsewhere").await;
    for nowhere in ["nowhere", elsewhere.as_str()] {
        assert_eq!(switch(nowhere).await.status(), 403, "{nowhere}");
    }
    let switched = switch(labs.as_str()).await.expect(200);
    assert_eq!((&switched["tenantId"], &switched["roles"]), (&json!(labs), &json!([])));
    let at_labs = app.sign_in(&jane, &labs).await;
    let seen = at_labs.get("/identity/resources/users/v1").await.expect(200);
    assert_eq!(
        (&seen["items"][0]["email"], &seen["_metadata"]["totalItems"]),
        (&json!("joe@example.com"), &json!(1))
    );
    let tenants = at_labs.get("/identity/resources/users/v3/me/tenants").await.expect(200);
    assert_eq!(tenants["activeTenant"]["tenantId"], labs.as_str());
    assert_eq!(tenants["tenants"].as_array().unwrap().len(), 2);

    let _ = app.vendor().put(&path, json!({"superUser": false})).await.expect(200);
    assert_eq!(at_labs.get(ME).await.status(), 401);
    assert_eq!(client.get(ME).await.expect(200)["tenantId"], acme.as_str());
    assert_eq!(stored(&app, jane.id).await.landing_tenant(app.state().now()), Some(&acme));
}

#[tokio::test]
async fn a_vendor_changes_the_user_that_the_headers_name() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let id = jane.id.to_string();
    let body = || json!({"name": "Jane Roe"});
    let vendor = app.vendor().with("frontegg-user-id", &id);
    let updated = vendor.with("frontegg-tenant-id", acme.as_str()).put(UPDATE, body()).await.expect(200);
    assert_eq!((&updated["name"], &updated["vendorMetadata"]), (&json!("Jane Roe"), &json!("{}")));
    assert_eq!(stored(&app, jane.id).await.name.as_deref(), Some("Jane Roe"));

    assert_eq!(vendor.put(UPDATE, body()).await.status(), 400, "no tenant");
    assert_eq!(
        app.vendor().with("frontegg-tenant-id", acme.as_str()).put(UPDATE, body()).await.status(),
        400
    );
    assert_eq!(vendor.with("frontegg-tenant-id", labs.as_str()).put(UPDATE, body()).await.status(), 404);
    let elsewhere = app.neighbour().await.vendor().with("frontegg-user-id", &id);
    assert_eq!(elsewhere.with("frontegg-tenant-id", acme.as_str()).put(UPDATE, body()).await.status(), 404);

    let joe = app.user("joe@example.com", &acme, &[]).await;
    let client = app.sign_in(&joe, &acme).await.with("frontegg-user-id", &id);
    let updated = client.put(UPDATE, json!({"name": "Joe"})).await.expect(200);
    assert_eq!(updated["id"], joe.id.to_string(), "a user's own token says who they are");
    assert!(updated.get("vendorMetadata").is_none());
}

#[tokio::test]
async fn tenants_that_can_be_worked_in_are_listed() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &[]).await;
    join(&app, jane.id, &membership(&app, &labs, MembershipStatus::PendingLogin)).await;
    invite(&app, &jane, &app.tenant("Later").await).await;
    let over = Membership {
        expires_at: Some(Timestamp::from_millis(0)),
        ..membership(&app, &app.tenant("Over").await, MembershipStatus::Activated)
    };
    join(&app, jane.id, &over).await;
    let client = app.sign_in(&jane, &acme).await;

    let names =
        json!([{"tenantId": acme.as_str(), "name": "Acme"}, {"tenantId": labs.as_str(), "name": "Labs"}]);
    assert_eq!(client.get(TENANTS).await.expect(200), names);
    let vendor = app.vendor().with("frontegg-user-id", &jane.id.to_string());
    assert_eq!(vendor.get(TENANTS).await.expect(200), names);
    let rows = client.get(TENANTS_V1).await.expect(200);
    assert_eq!((&rows[1]["tenantId"], &rows[1]["metadata"]), (&json!(labs.as_str()), &json!("{}")));
    assert_eq!(rows[1]["vendorId"], app.environment().id().to_string());
    assert!(rows[1].get("deletedAt").unwrap().is_null());
    let v3 = client.get(TENANTS_V3).await.expect(200);
    assert_eq!(v3, json!({"tenants": rows, "activeTenant": rows[0]}));
    assert_eq!(vendor.get(TENANTS_V3).await.expect(200), v3);
    assert_eq!(app.vendor().get(TENANTS).await.status(), 400);
}

#[tokio::test]
async fn the_active_tenant_is_switched_to_one_that_can_be_worked_in() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    join(&app, jane.id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    let client = app.sign_in(&jane, &acme).await;

    let switched = client.put(SWITCH, json!({"tenantId": labs.as_str()})).await.expect(200);
    assert_eq!((&switched["tenantId"], &switched["roles"]), (&json!(labs.as_str()), &json!([])));
    assert_eq!(stored(&app, jane.id).await.active_tenant.as_ref(), Some(&labs));
    let active = client.get(TENANTS_V3).await.expect(200)["activeTenant"].clone();
    assert_eq!(active["tenantId"], labs.as_str());

    let (pending, foreign, shut) = (app.tenant("P").await, app.tenant("F").await, app.tenant("S").await);
    invite(&app, &jane, &pending).await;
    let disabled = Membership { disabled: true, ..membership(&app, &shut, MembershipStatus::Activated) };
    join(&app, jane.id, &disabled).await;
    let mut answers = Vec::new();
    for tenant in [pending.as_str(), foreign.as_str(), shut.as_str(), "nowhere"] {
        let refused = client.put(SWITCH, json!({"tenantId": tenant})).await;
        answers.push((refused.status(), refused.text().to_owned()));
    }
    assert_eq!(answers[0].0, 403);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(stored(&app, jane.id).await.active_tenant.as_ref(), Some(&labs));

    let vendor = app.vendor().with("frontegg-user-id", &jane.id.to_string());
    let _ = vendor.put(SWITCH, json!({"tenantId": acme.as_str()})).await.expect(200);
    assert_eq!(stored(&app, jane.id).await.active_tenant.as_ref(), Some(&acme));
    assert_eq!(client.put(SWITCH, json!({})).await.status(), 400);
}

#[tokio::test]
async fn reading_and_changing_oneself_takes_few_round_trips() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let _ = client.get(ME).await.expect(200);
    let mut waves = Vec::new();
    for path in [ME, ME_V3, AUTHORIZATION, TENANTS, TENANTS_V1, TENANTS_V3] {
        let before = app.store().round_trips().waves();
        let _ = client.get(path).await.expect(200);
        waves.push(app.store().round_trips().waves() - before);
    }
    assert_eq!(waves, [1, 1, 1, 2, 2, 2]);
    let before = app.store().round_trips().waves();
    let _ = client.put(ME, json!({"name": "Jane Roe"})).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 2);
}

#[tokio::test]
async fn the_parts_of_a_profile_have_a_bound_together() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let session = app.sign_in(&jane, &acme).await;
    let _ = session.put(ME, json!({"metadata": {"a": "x".repeat(4_000)}})).await.expect(200);
    let picture = format!("https://example.com/{}", "x".repeat(400));
    for (client, method, path, body) in [
        (&session, "PUT", ME.to_owned(), json!({"profilePictureUrl": picture})),
        (
            &app.vendor(),
            "POST",
            "/identity/resources/users/v2".to_owned(),
            json!({"email": "joe@example.com", "metadata": {"a": "x".repeat(4_000)}, "profilePictureUrl": picture}),
        ),
    ] {
        let client = client.with("frontegg-tenant-id", acme.as_str());
        let refused = client.send(method, &path, Some(body.to_string())).await.error(400);
        assert_eq!(
            refused,
            "name, metadata and profilePictureUrl must be at most 4352 bytes of JSON together"
        );
    }
    assert_eq!(stored(&app, jane.id).await.profile_picture_url, None);
}
