//! The group through its router.

use std::time::Duration;

use futures::future::join_all;
use rookery_domain::TenantId;
use rookery_testkit::{Client, TestApp};
use serde_json::{Value, json};

const AUDITS: &str = "/audits";
const AUDITS_V2: &str = "/audits/resources/audits/v2";
const CSV: &str = "/audits/export/csv";

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

/// A vendor who names `tenant`.
fn vendor_of(app: &TestApp, tenant: &TenantId) -> Client {
    app.vendor().with("frontegg-tenant-id", tenant.as_str())
}

async fn add(client: &Client, record: Value) {
    client.post(AUDITS, record).await.expect(202);
}

/// One of `severity` about `resource`.
fn record(severity: &str, resource: &str, description: &str) -> Value {
    json!({ "severity": severity, "action": "Tested", "resource": resource, "description": description })
}

async fn descriptions(client: &Client, path: &str) -> (Vec<String>, u64) {
    let page = client.get(path).await.expect(200);
    let texts = page["data"].as_array().unwrap().iter();
    let texts = texts.map(|record| record["description"].as_str().unwrap().to_owned());
    (texts.collect(), page["total"].as_u64().unwrap())
}

#[tokio::test]
async fn a_vendors_own_record_is_kept_as_it_was_sent() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let sent = json!({
        "severity": "High", "action": "Exported", "resource": "reports", "description": "All of them", "user": "jane",
        "email": "jane@example.com", "ip": "192.0.2.7", "userAgent": "curl", "json": {"rows": 7}, "colour": "red",
        "vendorId": "forged", "createdAt": "1999-01-01T00:00:00Z", "_id": "forged", "tenantId": "other",
    });
    let accepted = vendor_of(&app, &acme).post(AUDITS, sent).await.expect(202);
    assert_eq!(app.vendor().get(AUDITS).await.expect(200)["total"], 0, "it is on its way");
    app.clock().advance(Duration::from_secs(2));
    app.work().await;
    let page = vendor_of(&app, &acme).get("/audits/?offset=0&count=10").await.expect(200);
    let (vendor, _) = app.credentials();
    let id = &accepted["frontegg_id"];
    assert_eq!(
        page["data"][0],
        json!({
            "_id": id, "frontegg_id": id, "vendorId": vendor.to_string(), "tenantId": acme.as_str(), "severity": "High",
            "action": "Exported", "resource": "reports", "description": "All of them", "user": "jane",
            "email": "jane@example.com", "ip": "192.0.2.7", "userAgent": "curl", "json": {"rows": 7}, "colour": "red",
            "time": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:02.000Z", "updatedAt": "2026-01-01T00:00:02.000Z",
        })
    );
    assert_eq!(page["total"], 1);
}

#[tokio::test]
async fn a_users_record_says_who_wrote_it_whatever_they_say() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let other = app.tenant("Other").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app
        .sign_in(&jane, &acme)
        .await
        .with("user-agent", "Firefox")
        .with("frontegg-tenant-id", other.as_str());
    let forged = json!({ "severity": "Info", "user": "joe", "email": "joe@example.com", "ip": "192.0.2.7", "tenantId": other.as_str() });
    add(&client, forged).await;
    app.work().await;
    let page =
        client.get(&format!("{AUDITS}?tenantId={other}&vendorId=x&user={}", jane.id)).await.expect(200);
    let record = &page["data"][0];
    assert_eq!(record["user"], jane.id.to_string());
    assert_eq!(record["email"], "jane@example.com");
    assert_eq!((&record["ip"], &record["userAgent"]), (&Value::Null, &json!("Firefox")));
    assert_eq!(record["tenantId"], acme.as_str());
    assert_eq!(vendor_of(&app, &other).get(AUDITS).await.expect(200)["total"], 0);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_refused() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = vendor_of(&app, &acme);
    for (body, message) in [
        (json!({}), "missing field `severity`"),
        (json!({"severity": "Loud"}), "severity: unknown variant `Loud`"),
        (json!({"severity": "Info", "action": 7}), "action: invalid type"),
        (json!({"severity": "Info", "json": "text"}), "json: invalid type"),
        (
            json!({"severity": "Info", "action": "x".repeat(256)}),
            "action must be at most 255 characters long",
        ),
        (
            json!({"severity": "Info", "description": "a\nb"}),
            "description must not contain control characters",
        ),
        (
            json!({"severity": "Info", "extra": "x".repeat(9_000)}),
            "a record must be at most 8192 bytes of JSON",
        ),
    ] {
        let error = vendor.post(AUDITS, body).await.error(400);
        assert!(error.starts_with(message), "{error}");
    }
    let nowhere = app.vendor().with("frontegg-tenant-id", "nowhere");
    assert_eq!(nowhere.post(AUDITS, json!({"severity": "Info"})).await.error(404), "tenant not found");
    let named = app.vendor().post(AUDITS, json!({"severity": "Info", "tenantId": "nowhere"})).await;
    assert_eq!(named.error(404), "tenant not found");
    app.work().await;
    assert_eq!(app.vendor().get(AUDITS).await.expect(200)["total"], 0);
}

#[tokio::test]
async fn rows_are_counted_and_not_pages() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = vendor_of(&app, &acme);
    for number in 0..7 {
        add(&vendor, record("Info", "tests", &number.to_string())).await;
        app.work().await;
    }
    let list = async |query: &str| descriptions(&vendor, &format!("{AUDITS}?{query}")).await;
    assert_eq!(
        list("").await,
        (["6", "5", "4", "3", "2", "1", "0"].iter().map(ToString::to_string).collect(), 7)
    );
    for (query, rows) in [
        ("offset=2&count=3", "4 3 2"),
        ("offset=2&limit=3&paginationMode=virtual", "4 3 2"),
        ("offset=5&count=10", "1 0"),
        ("offset=7&count=10", ""),
        ("offset=1&count=2&sortDirection=asc", "1 2"),
        ("offset=1&count=2&sortBy=createdAt&sortDirection=DESC", "5 4"),
        ("count=3&sortBy=description&sortDirection=desc", "6 5 4"),
        ("offset=1&count=2&sortBy=description&sortDirection=asc", "1 2"),
    ] {
        let (found, total) = list(query).await;
        assert_eq!((found.join(" ").as_str(), total), (rows, 7), "{query}");
    }
    for (query, message) in [
        ("count=0", "count must be from 1 to 200"),
        ("count=201", "count must be from 1 to 200"),
        ("offset=-1", "offset must be a whole number from zero"),
        ("sortBy=a-b", "sortBy must be the name of a field"),
        ("sortDirection=up", "sortDirection must be asc or desc"),
        ("paginationMode=real", "paginationMode must be virtual"),
        ("created_from=yesterday", "created_from must be a date and time"),
        ("count=1&count=2", "count: it must be given once"),
    ] {
        let error = vendor.get(&format!("{AUDITS}?{query}")).await.error(400);
        assert!(error.starts_with(message), "{query}: {error}");
    }
}

#[tokio::test]
async fn records_are_found_by_text_by_field_and_by_time() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    for (tenant, severity, resource, description, email) in [
        (&acme, "Info", "reports", "Straße gelesen", "jane@example.com"),
        (&acme, "High", "reports", "Two", "joe@example.com"),
        (&labs, "High", "users", "Three", "jane@example.com"),
    ] {
        let sent = json!({ "severity": severity, "resource": resource, "description": description, "email": email, "user": email, "kind": {"deep": true} });
        add(&vendor_of(&app, tenant), sent).await;
        app.work().await;
        app.clock().advance(Duration::from_hours(1));
    }
    let vendor = app.vendor();
    let from = "created_from=2026-01-01T01:00:00Z";
    for (path, query, found) in [
        (AUDITS, "filter=STRASSE", "Straße gelesen"),
        (AUDITS, "filter=deep", "Three Two Straße gelesen"),
        (AUDITS, "filter=nothing", ""),
        (AUDITS, "severity=high", "Three Two"),
        (AUDITS, "severity=High&resource=users", "Three"),
        (AUDITS, "severity=High&count=1", "Three"),
        (AUDITS, "colour=red", ""),
        (AUDITS, &format!("tenantId={acme}"), "Two Straße gelesen"),
        (AUDITS, from, "Three Two"),
        (AUDITS, "created_to=2026-01-01T01:00:00%2B00:00", "Two Straße gelesen"),
        (AUDITS_V2, &format!("{from}&created_to=2026-01-01T01:59:59Z"), "Two"),
        (AUDITS_V2, "email=jane@example.com,nobody@example.com", "Three Straße gelesen"),
        (AUDITS_V2, "users=joe@example.com", "Two"),
        (AUDITS_V2, &format!("tenant_ids={acme}&tenant_ids={labs}"), "Three Two Straße gelesen"),
        (AUDITS_V2, &format!("tenant_ids[]={labs}"), "Three"),
        (AUDITS_V2, "tenant_ids=", ""),
    ] {
        let (texts, _) = descriptions(&vendor, &format!("{path}?{query}")).await;
        assert_eq!(texts.join(" "), found, "{path} {query}");
    }
    let total = vendor.get(&format!("{AUDITS}?severity=High&count=1")).await.expect(200)["total"].clone();
    assert_eq!(total, 2, "what is found is counted, and not what is shown");
}

#[tokio::test]
async fn nobody_reads_what_is_not_theirs() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    add(&vendor_of(&app, &acme), record("High", "secret", "Acme's")).await;
    app.work().await;
    let neighbour = app.neighbour().await;
    let joe = app.user("joe@example.com", &labs, &["Admin"]).await;
    let joe = app.sign_in(&joe, &labs).await.with("frontegg-tenant-id", acme.as_str());
    let columns = json!({ "properties": [{"name": "description", "displayName": "What"}] });
    for client in [neighbour.vendor(), vendor_of(&neighbour, &acme), joe] {
        for path in [AUDITS, AUDITS_V2] {
            let page = client.get(&format!("{path}?tenantId={acme}&tenant_ids={acme}")).await.expect(200);
            assert_eq!((&page["total"], &page["data"]), (&json!(0), &json!([])), "{path}");
        }
        let statistics = client.get("/audits//stats").await.expect(200);
        assert_eq!(statistics, json!({"totalToday": 0, "severeThisWeek": 0}));
        let file = client.post(CSV, columns.clone()).await;
        assert_eq!((file.status(), file.text()), (201, "What\r\n"));
    }
    let member = app.user("jim@example.com", &acme, &[]).await;
    let member = app.sign_in(&member, &acme).await;
    for answer in join_all([AUDITS, AUDITS_V2, "/audits/stats"].map(|path| member.get(path))).await {
        assert_eq!(answer.error(403), "the permission fe.secure.read.audits is needed");
    }
    assert_eq!(member.post(AUDITS, record("Info", "x", "y")).await.status(), 403);
    assert_eq!(member.post(CSV, columns).await.status(), 403);
    assert_eq!(member.get("/audits/resources/metrics/v1").await.status(), 403);
    assert_eq!(app.anonymous().get(AUDITS).await.status(), 401);
}

#[tokio::test]
async fn a_file_has_the_columns_that_are_asked_for_and_no_formulas() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = vendor_of(&app, &acme);
    for text in ["=1+1", "+1", "-1", "@x", "a,\"b\"", "Zoë"] {
        add(&vendor, record("Info", "tests", text)).await;
        app.work().await;
    }
    let columns = json!({ "properties": [
        {"name": "description", "displayName": "=What"},
        {"name": "severity", "displayName": "How, grave"},
        {"name": "nothing", "displayName": ""},
    ]});
    let file = vendor.post(&format!("{CSV}?sortDirection=asc"), columns.clone()).await;
    let expected = "'=What,\"How, grave\",\r\n'=1+1,Info,\r\n'+1,Info,\r\n'-1,Info,\r\n'@x,Info,\r\n\"a,\"\"b\"\"\",Info,\r\nZoë,Info,\r\n";
    assert_eq!((file.status(), file.text()), (201, expected));
    assert_eq!(file.header("content-type").as_deref(), Some("text/csv; charset=utf-8"));
    assert_eq!(file.header("content-disposition").as_deref(), Some("attachment; filename=\"audits.csv\""));
    let some = vendor.post("/audits/export/csv/v2?offset=1&count=1&sortDirection=asc", columns.clone()).await;
    assert_eq!((some.status(), some.text().lines().nth(1)), (201, Some("'+1,Info,")));
    let found = vendor.post(&format!("{AUDITS_V2}/export/csv?filter=zo"), columns).await;
    assert_eq!((found.status(), found.text().lines().count()), (200, 2));
    for (body, message) in [
        (json!({}), "missing field `properties`"),
        (json!({"properties": []}), "properties must name 1 to 50 columns"),
        (json!({"properties": [{"name": "", "displayName": "x"}]}), "name must not be empty"),
        (json!({"properties": [{"name": "x"}]}), "properties[0]: missing field `displayName`"),
    ] {
        let error = vendor.post(CSV, body).await.error(400);
        assert!(error.starts_with(message), "{error}");
    }
}

#[tokio::test]
async fn statistics_and_metrics_count() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    for (tenant, severity, resource) in
        [(&acme, "Critical", "reports"), (&acme, "Info", "reports"), (&labs, "High", "users")]
    {
        add(&vendor_of(&app, tenant), record(severity, resource, "x")).await;
        app.work().await;
        app.clock().advance(Duration::from_hours(12));
    }
    let statistics = vendor_of(&app, &acme).get("/audits/stats").await.expect(200);
    assert_eq!(statistics, json!({"totalToday": 0, "severeThisWeek": 1}));
    let statistics = app.vendor().get("/audits/stats").await.expect(200);
    assert_eq!(statistics, json!({"totalToday": 1, "severeThisWeek": 2}));
    let metrics = async |query: &str| app.vendor().get(&format!("/audits/resources/metrics/v1{query}")).await;
    let start = 1_767_225_600_000_i64;
    assert_eq!(
        metrics(&format!("?from={start}")).await.expect(200),
        json!({
            "topResources": {"reports": 2, "users": 1},
            "topTenants": {acme.as_str(): 2, labs.as_str(): 1},
            "auditsCounterByTime": {"2026-01-01T00:00:00.000Z": 2, "2026-01-02T00:00:00.000Z": 1},
        })
    );
    let fine = metrics(&format!("?from={start}&to={}&limit=1&frequency=3600000", start + 43_200_000))
        .await
        .expect(200);
    assert_eq!(
        fine["auditsCounterByTime"],
        json!({"2026-01-01T00:00:00.000Z": 1, "2026-01-01T12:00:00.000Z": 1})
    );
    assert_eq!(fine["topTenants"], json!({acme.as_str(): 2}));
    for (query, message) in [
        ("?from=x", "from must be a whole number"),
        ("?frequency=1", "frequency must be at least 60000"),
        ("?from=5&to=4", "from must be before to"),
        ("?limit=0", "limit must be from 1 to 100"),
        ("?from=-1", "from must be a number of milliseconds from zero"),
    ] {
        let error = metrics(query).await.error(400);
        assert!(error.starts_with(message), "{query}: {error}");
    }
}

#[tokio::test]
async fn a_page_takes_two_round_trips() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    add(&vendor_of(&app, &acme), record("Info", "tests", "x")).await;
    app.work().await;
    let waves = || app.store().round_trips().waves();
    let before = waves();
    vendor_of(&app, &acme).get(AUDITS).await.expect(200);
    assert_eq!(waves() - before, 2);
    let before = waves();
    add(&vendor_of(&app, &acme), record("Info", "tests", "y")).await;
    assert_eq!(waves() - before, 2);
}
