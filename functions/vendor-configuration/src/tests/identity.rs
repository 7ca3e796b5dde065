//! The environment's identity configuration.

use super::*;
use futures::future::join_all;
use serde_json::{Value, json};

const CONFIGURATION: &str = "/identity/resources/configurations/v1";
const PUBLIC: &str = "/identity/resources/configurations/v1/public";

async fn stored(app: &TestApp) -> Value {
    app.vendor().get(CONFIGURATION).await.expect(200)
}

#[tokio::test]
async fn a_new_environment_has_safe_defaults() {
    let app = app().await;
    let mut configuration = stored(&app).await;
    let pem = configuration["publicKey"].take();
    assert_eq!(pem, app.state().user_keys.current().public_key().pem());
    assert!(pem.as_str().unwrap().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    assert_eq!(
        configuration,
        json!({
            "id": app.environment().id(),
            "publicKey": null,
            "jwtSecret": null,
            "defaultTokenExpiration": 300,
            "defaultRefreshTokenExpiration": 2_592_000,
            "defaultPasswordlessTokenExpiration": 300,
            "cookieSameSite": "LAX",
            "jwtAlgorithm": "RS256",
            "authStrategy": "EmailAndPassword",
            "machineToMachineAuthStrategy": "ClientCredentials",
            "allowSignups": false,
            "apiTokensEnabled": true,
            "allowOverridePasswordComplexity": false,
            "allowOverridePasswordExpiration": false,
            "allowOverrideEnforcePasswordHistory": false,
            "allowNotVerifiedUsersLogin": false,
            "forcePermissions": true,
            "addSamlAttributesToJwt": false,
            "forceSameDeviceOnAuth": false,
            "allowTenantInvitations": false,
            "rotateRefreshTokens": true,
            "skipTenantValidation": false,
            "addRolesToJwt": true,
            "addPermissionsToJwt": true,
        })
    );
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_nothing_else() {
    let app = app().await;
    let mut expected = stored(&app).await;
    let changes = json!({
        "defaultTokenExpiration": 3_600.0,
        "cookieSameSite": "NONE",
        "authStrategy": "NoLocalAuthentication",
        "machineToMachineAuthStrategy": "AccessToken",
        "allowSignups": true,
        "rotateRefreshTokens": false,
        "unheardOf": 1,
    });
    for name in [
        "defaultTokenExpiration",
        "cookieSameSite",
        "authStrategy",
        "machineToMachineAuthStrategy",
        "allowSignups",
        "rotateRefreshTokens",
    ] {
        expected[name] = changes[name].clone();
    }
    expected["defaultTokenExpiration"] = json!(3_600);
    let answer = app.vendor().post(CONFIGURATION, changes).await.expect(201);
    assert_eq!(answer, expected);
    assert_eq!(stored(&app).await, expected);
    assert_eq!(app.vendor().post(CONFIGURATION, json!({})).await.expect(201), expected);
    let neighbour = app.neighbour().await;
    assert_eq!(stored(&neighbour).await["defaultTokenExpiration"], 300);
}

#[tokio::test]
async fn every_setting_can_be_changed() {
    let app = app().await;
    let before = stored(&app).await;
    for (name, value) in before.as_object().unwrap() {
        let changed = match value {
            Value::Bool(on) => json!(!on),
            Value::Number(seconds) => json!(seconds.as_i64().unwrap() + 60),
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => continue,
        };
        let answer = app.vendor().post(CONFIGURATION, json!({ name: changed })).await.expect(201);
        assert_eq!(answer[name], changed, "{name}");
    }
    for name in before.as_object().unwrap().keys().filter(|name| before[*name] != Value::Null) {
        if matches!(name.as_str(), "id" | "publicKey") {
            continue;
        }
        let refused = app.vendor().post(CONFIGURATION, json!({ name: null })).await.error(400);
        assert!(refused.starts_with(&format!("{name}: it cannot be null")), "{refused}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_nothing_of_it_is_kept() {
    let app = app().await;
    let before = stored(&app).await;
    for (changes, expected) in [
        (json!({ "jwtAlgorithm": "HS256" }), "HS256 is not supported"),
        (json!({ "authStrategy": "SmsCode" }), "authStrategy must be"),
        (json!({ "authStrategy": "Telepathy" }), "authStrategy: unknown variant"),
        (json!({ "cookieSameSite": "lax" }), "cookieSameSite: unknown variant"),
        (json!({ "defaultTokenExpiration": 59 }), "defaultTokenExpiration must be"),
        (json!({ "defaultTokenExpiration": "300" }), "defaultTokenExpiration: invalid type"),
        (json!({ "defaultTokenExpiration": 1e300 }), "defaultTokenExpiration: invalid value"),
        (json!({ "defaultRefreshTokenExpiration": 15_552_001 }), "defaultRefreshTokenExpiration must be"),
        (json!({ "defaultRefreshTokenExpiration": -1 }), "defaultRefreshTokenExpiration must be"),
        (json!({ "defaultPasswordlessTokenExpiration": 0 }), "defaultPasswordlessTokenExpiration must be"),
        (
            json!({ "defaultTokenExpiration": 86_400, "defaultRefreshTokenExpiration": 300 }),
            "must not be shorter than defaultTokenExpiration",
        ),
        (json!({ "allowSignups": "yes" }), "allowSignups: invalid type"),
    ] {
        let mut changes = changes;
        changes["addRolesToJwt"] = json!(false);
        let error = app.vendor().post(CONFIGURATION, changes).await.error(400);
        assert!(error.contains(expected), "{error}");
    }
    for body in [None, Some("7"), Some("{")] {
        let response = app.vendor().send("POST", CONFIGURATION, body.map(str::to_owned)).await;
        assert_eq!(response.status(), 400, "{body:?}");
    }
    assert_eq!(stored(&app).await, before);
}

#[tokio::test]
async fn users_read_and_vendors_write() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let jane = app.sign_in(&jane, &acme).await;
    assert_eq!(jane.get(CONFIGURATION).await.expect(200), stored(&app).await);
    assert_eq!(jane.post(CONFIGURATION, json!({ "allowSignups": true })).await.status(), 403);
    let anonymous = app.anonymous();
    assert_eq!(anonymous.get(CONFIGURATION).await.status(), 401);
    assert_eq!(anonymous.post(CONFIGURATION, json!({})).await.status(), 401);
    assert_eq!(stored(&app).await["allowSignups"], false);
}

#[tokio::test]
async fn a_sign_in_page_reads_what_it_needs() {
    let app = app().await;
    app.vendor().post(CONFIGURATION, json!({ "allowSignups": true })).await.expect(201);
    let expected = json!({
        "authStrategy": "EmailAndPassword",
        "machineToMachineAuthStrategy": "ClientCredentials",
        "allowSignups": true,
        "allowNotVerifiedUsersLogin": false,
        "apiTokensEnabled": true,
        "forcePermissions": true,
    });
    assert_eq!(app.anonymous().get(PUBLIC).await.expect(200), expected);
    let prefixed = format!("/frontegg{PUBLIC}/");
    assert_eq!(app.anonymous().get(&prefixed).await.expect(200), expected);
    let neighbour = app.neighbour().await.anonymous();
    assert_eq!(neighbour.get(PUBLIC).await.expect(200)["allowSignups"], false);
    let named = neighbour.with("frontegg-vendor-host", &app.host());
    assert_eq!(named.get(PUBLIC).await.expect(200), expected);
    let nowhere = app.anonymous().with("host", "nowhere.example.com");
    assert!(nowhere.get(PUBLIC).await.error(400).contains("frontegg-vendor-host"));
}

#[tokio::test]
async fn updates_at_once_all_count() {
    let app = app().await;
    let names = ["allowSignups", "allowTenantInvitations", "skipTenantValidation", "addSamlAttributesToJwt"];
    let vendor = app.vendor();
    let responses =
        join_all(names.iter().map(|name| vendor.post(CONFIGURATION, json!({ *name: true })))).await;
    assert!(responses.iter().all(|response| response.status() == 201));
    let configuration = stored(&app).await;
    assert!(names.iter().all(|name| configuration[*name] == true), "{configuration}");
}

#[tokio::test]
async fn reading_takes_one_wave_and_writing_two() {
    let app = app().await;
    app.anonymous().get(PUBLIC).await.expect(200);
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &[]).await;
    let jane = app.sign_in(&jane, &acme).await;
    let waves = || app.store().round_trips().waves();
    let before = waves();
    stored(&app).await;
    assert_eq!(waves() - before, 1);
    jane.get(CONFIGURATION).await.expect(200);
    assert_eq!(waves() - before, 2);
    app.anonymous().get(PUBLIC).await.expect(200);
    assert_eq!(waves() - before, 3);
    app.vendor().post(CONFIGURATION, json!({ "allowSignups": true })).await.expect(201);
    assert_eq!(waves() - before, 5);
}
