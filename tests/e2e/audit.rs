//! The audit log, from what somebody does to what is read of it: the worker, fed by the table's stream, stands between.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, address, new_tenant, new_user, role, sign_in};

/// How often to look for what the worker files.
const LOOKS: usize = 150;

const PAUSE: Duration = Duration::from_millis(200);

/// The audit log as `reader` sees it, oldest first, once it has `number` records.
async fn audits(reader: &Client, number: usize) -> Vec<Value> {
    for _ in 0..LOOKS {
        let page = reader.get("/audits/?offset=0&count=100&sortDirection=asc").await.ok(200);
        if page["total"].as_u64().unwrap() >= number as u64 {
            return page["data"].as_array().unwrap().clone();
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("the audit log has not got {number} records");
}

#[tokio::test]
async fn what_happens_in_a_tenant_is_in_its_audit_log_moments_later() {
    let vendor = Client::vendor().await;
    let tenant = new_tenant(&vendor).await;
    let of_tenant = vendor.with("frontegg-tenant-id", &tenant);
    let jane = address();
    let id = new_user(&vendor, &tenant, &jane, &[&role(&vendor, "Admin").await]).await;
    let _ = sign_in(&jane, "typed-by-mistake").await.refused();
    let signed_in = sign_in(&jane, PASSWORD).await.ok(200);
    let own = json!({ "severity": "High", "action": "Exported", "resource": "reports", "colour": "red" });
    assert_eq!(of_tenant.post("/audits/", own).await.status, 202);

    let records = audits(&of_tenant, 6).await;
    let mut words: Vec<_> = records.iter().map(|record| record["action"].as_str().unwrap()).collect();
    words.sort_unstable();
    let expected = [
        "Exported",
        "tenant.created",
        "user.created",
        "user.signInRefused",
        "user.signedIn",
        "user.verified",
    ];
    assert_eq!(words, expected);
    let sign_in = records.iter().find(|record| record["action"] == "user.signedIn").unwrap();
    assert_eq!((&sign_in["user"], &sign_in["email"]), (&json!(id), &json!(jane)));

    // Jane sees the same, and of nobody else.
    let administrator = Client::anonymous().bearer(&signed_in["accessToken"]);
    assert_eq!(audits(&administrator, 6).await, records);
    let statistics = administrator.get("/audits//stats").await.ok(200);
    assert_eq!(statistics["severeThisWeek"], 1);
    assert!(statistics["totalToday"].as_u64().is_some_and(|total| total <= 6), "at midnight it is less");
    let found = administrator.get("/audits/resources/audits/v2?count=10&offset=0&filter=RED").await.ok(200);
    assert_eq!((&found["total"], &found["data"][0]["action"]), (&json!(1), &json!("Exported")));
    let columns = json!({ "properties": [{ "name": "action", "displayName": "What" }] });
    let file = administrator.post("/audits/export/csv/v2?sortBy=action&sortDirection=asc", columns).await;
    assert_eq!(file.text.lines().take(2).collect::<Vec<_>>(), ["What", "Exported"]);
    let metrics = vendor.get("/audits/resources/metrics/v1").await.ok(200);
    assert!(metrics["auditsCounterByTime"].as_object().is_some_and(|slots| !slots.is_empty()));
    assert_eq!(administrator.get("/audits/resources/metrics/v1").await.refused(), 403);
}
