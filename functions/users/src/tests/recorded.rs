//! What is recorded in the audit log.

use rookery_domain::Severity;
use serde_json::json;

use super::*;

const USERS: &str = "/identity/resources/users/v1";

#[tokio::test]
async fn what_a_vendor_does_with_a_user() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let made =
        vendor.post("/identity/resources/users/v2", json!({ "email": "jane@example.com" })).await.expect(201);
    let jane = format!("{USERS}/{}", made["id"].as_str().unwrap());
    let role = app.role("own", None);
    app.write_role(&role, &[]).await;
    vendor.post(&format!("{jane}/verify"), json!({})).await.expect(200);
    // Nothing changes, and so nothing is recorded.
    vendor.post(&format!("{jane}/verify"), json!({})).await.expect(200);
    vendor.put(&jane, json!({ "name": "Jane" })).await.expect(200);
    vendor.put(&format!("{jane}/invisible"), json!({ "invisible": true })).await.expect(200);
    vendor.put(&format!("{jane}/superuser"), json!({ "superUser": true })).await.expect(200);
    vendor.put(&format!("{jane}/email"), json!({ "email": "jane@example.org" })).await.expect(200);
    vendor.post(&format!("{jane}/lock"), json!({})).await.expect(200);
    vendor.post(&format!("{jane}/unlock"), json!({})).await.expect(200);
    vendor.post(&format!("{jane}/roles"), json!({ "roleIds": [role.id.to_string()] })).await.expect(201);
    app.vendor().put(&format!("{jane}/tenant"), json!({ "tenantId": labs.as_str() })).await.expect(200);
    vendor.delete(&jane).await.expect(200);
    app.vendor().delete(&jane).await.expect(200);
    assert_eq!(app.vendor().delete(&jane).await.status(), 404);
    let words = "user.created user.verified user.updated user.visibilityChanged user.superUserChanged user.emailChanged \
                 user.locked user.unlocked user.rolesChanged user.addedToTenant user.removedFromTenant user.deleted";
    assert_eq!(app.recorded_actions().await.join(" "), words);
}

#[tokio::test]
async fn a_record_says_who_from_where_and_to_whom() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let joe = app.user("joe@example.com", &acme, &[]).await;
    let client = app.sign_in(&jane, &acme).await.with("user-agent", "Firefox");
    app.vendor().post(&format!("{USERS}/{}/lock", joe.id), json!({})).await.expect(200);
    let gone = client.delete(&format!("{USERS}/{}", joe.id)).await;
    gone.expect(200);
    let [locked, deleted] = &app.recorded().await[..] else { panic!("two records") };
    assert_eq!(
        (locked.severity, locked.tenant_id.as_ref(), &locked.user),
        (Severity::High, Some(&acme), &None)
    );
    assert_eq!(locked.json["actor"].as_str(), Some("vendor"));
    assert_eq!((deleted.severity, deleted.tenant_id.as_ref()), (Severity::Medium, Some(&acme)));
    assert_eq!(deleted.user, Some(jane.id.to_string()));
    assert_eq!(deleted.email.as_deref(), Some("jane@example.com"));
    assert_eq!(deleted.user_agent.as_deref(), Some("Firefox"));
    assert_eq!(deleted.resource.as_deref(), Some("users"));
    assert_eq!(deleted.description.as_deref(), Some("A user was deleted."));
    assert_eq!(deleted.time, app.state().now());
    let details: Vec<_> =
        ["actor", "userId", "userEmail", "traceId"].map(|name| deleted.json[name].as_str()).into();
    let (id, trace) = (joe.id.to_string(), gone.header("frontegg-trace-id"));
    assert_eq!(details, [Some("user"), Some(id.as_str()), Some("joe@example.com"), trace.as_deref()]);
}

#[tokio::test]
async fn what_people_do_with_what_was_mailed_to_them() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let (id, token) = newcomer(&app, "jane@example.com", &acme).await;
    let joe = app.user("joe@example.com", &acme, &[]).await;
    let invitation = invite(&app, &joe, &labs).await;
    let activate =
        json!({ "userId": id.to_string(), "token": token.expose(), "password": "Correct-Horse-8" });
    app.anonymous().post(&format!("{USERS}/activate"), activate).await.expect(200);
    let accept = json!({ "userId": joe.id.to_string(), "token": invitation.expose() });
    app.anonymous().post(&format!("{USERS}/invitation/accept"), accept).await.expect(201);
    let client = app.sign_in(&joe, &acme).await;
    client.put(&format!("{USERS}/tenant"), json!({ "tenantId": labs.as_str() })).await.expect(200);
    let words: Vec<_> = app.recorded_actions().await;
    assert_eq!(words.join(" "), "user.activated user.signedIn user.invitationAccepted user.tenantSwitched");
}

#[tokio::test]
async fn what_is_refused_changes_nothing_and_is_not_recorded() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let client = app.sign_in(&jane, &acme).await;
    assert_eq!(client.delete(&format!("{USERS}/{}", jane.id)).await.status(), 403);
    app.vendor().put(&format!("{USERS}/{}/email", jane.id), json!({ "email": "nobody" })).await.expect(400);
    assert!(app.recorded().await.is_empty());
}
