//! How many round trips each change takes.

use rookery_testkit::{PASSWORD, Response};
use serde_json::json;

use super::*;

const USERS: &str = "/identity/resources/users/v1";

#[tokio::test]
async fn changes_take_these_round_trips() {
    let app = app().await;
    let (acme, labs, idle) = (app.tenant("Acme").await, app.tenant("Labs").await, app.tenant("Idle").await);
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let (newcomer, activation) = newcomer(&app, "new@example.com", &acme).await;
    let invitation = invite(&app, &jane, &idle).await;
    let (vendor, client) = (app.vendor(), app.sign_in(&jane, &acme).await);
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    let of_jane = format!("{USERS}/{}", jane.id);
    // What is remembered between requests: the catalogue, and which environment the host is for.
    let _ = in_acme.get(USERS).await.expect(200);
    let _ = app
        .anonymous()
        .post(&format!("{USERS}/activate"), json!({"userId": "", "token": ""}))
        .await
        .error(400);

    let mut counted = Vec::new();
    let mut before = 0;
    let mut count = |name: &str, response: Option<Response>| {
        let waves = app.store().round_trips().waves();
        if let Some(response) = response {
            assert!(response.status() < 300, "{name}: {}", response.text());
            counted.push(format!("{name}: {}", waves - before));
        }
        before = waves;
    };
    count("so far", None);
    count("read", Some(in_acme.get(&of_jane).await));
    let accept = json!({"userId": jane.id.to_string(), "token": invitation.expose()});
    count(
        "accept an invitation",
        Some(app.anonymous().post(&format!("{USERS}/invitation/accept"), accept).await),
    );
    count("switch the tenant", Some(client.put(&format!("{USERS}/tenant"), json!({"tenantId": idle})).await));
    let silently = json!({"tenantId": labs, "skipInviteEmail": true});
    count("add to a tenant", Some(vendor.post(&format!("{of_jane}/tenant"), silently).await));
    count("set the tenant", Some(vendor.put(&format!("{of_jane}/tenant"), json!({"tenantId": labs})).await));
    count("update", Some(vendor.put(&of_jane, json!({"name": "Jane Roe"})).await));
    count(
        "make invisible",
        Some(vendor.put(&format!("{of_jane}/invisible"), json!({"invisible": true})).await),
    );
    let activate =
        json!({"userId": newcomer.to_string(), "token": activation.expose(), "password": PASSWORD});
    count("activate", Some(app.anonymous().post(&format!("{USERS}/activate"), activate).await));
    count("leave a tenant", Some(in_acme.delete(&of_jane).await));
    count(
        "change the address",
        Some(vendor.put(&format!("{of_jane}/email"), json!({"email": "roe@example.com"})).await),
    );
    count("remove", Some(vendor.delete(&of_jane).await));
    assert_eq!(
        counted,
        [
            "read: 1",
            "accept an invitation: 2",
            "switch the tenant: 2",
            "add to a tenant: 2",
            "set the tenant: 2",
            "update: 2",
            "make invisible: 2",
            "activate: 4",
            "leave a tenant: 5",
            "change the address: 5",
            "remove: 5",
        ]
    );
}
