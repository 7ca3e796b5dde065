//! What is asked of new passwords.

use super::*;
use serde_json::json;

const PASSWORD_CONFIGURATION: &str = "/identity/resources/configurations/v1/password";
const CONFIGURATION: &str = "/identity/resources/configurations/v1";

#[tokio::test]
async fn at_first_only_the_length_counts() {
    let app = app().await;
    let default = json!({
        "allowPassphrases": true,
        "maxLength": 128,
        "minLength": 10,
        "minPhraseLength": 20,
        "minOptionalTestsToPass": 0,
        "blockPwnedPasswords": false,
        "optionalTests": {
            "requireLowercase": true,
            "requireUppercase": true,
            "requireNumbers": true,
            "requireSpecialChars": true,
            "checkThreeRepeatedChars": false,
        },
        "requiredTests": {
            "requireLowercase": false,
            "requireUppercase": false,
            "requireNumbers": false,
            "requireSpecialChars": false,
            "checkThreeRepeatedChars": false,
        },
    });
    assert_eq!(app.vendor().get(PASSWORD_CONFIGURATION).await.expect(200), default);
    assert_eq!(app.vendor().post(PASSWORD_CONFIGURATION, json!({})).await.expect(201), default);
}

#[tokio::test]
async fn what_is_left_out_stays_as_it_is() {
    let app = app().await;
    let vendor = app.vendor();
    let changes = json!({ "minLength": 12.0, "minOptionalTestsToPass": 2, "optionalTests": { "requireNumbers": false } });
    let answer = vendor.post(PASSWORD_CONFIGURATION, changes).await.expect(201);
    assert_eq!((&answer["minLength"], &answer["maxLength"]), (&json!(12), &json!(128)));
    let changes =
        json!({ "requiredTests": { "checkThreeRepeatedChars": true }, "blockPwnedPasswords": false });
    let answer = vendor.post(PASSWORD_CONFIGURATION, changes).await.expect(201);
    assert_eq!((&answer["minLength"], &answer["minOptionalTestsToPass"]), (&json!(12), &json!(2)));
    assert_eq!(answer["optionalTests"]["requireNumbers"], false);
    assert_eq!(answer["optionalTests"]["requireLowercase"], true);
    assert_eq!(answer["requiredTests"]["checkThreeRepeatedChars"], true);
    assert_eq!(vendor.get(PASSWORD_CONFIGURATION).await.expect(200), answer);
    let neighbour = app.neighbour().await.vendor();
    assert_eq!(neighbour.get(PASSWORD_CONFIGURATION).await.expect(200)["minLength"], 10);
}

#[tokio::test]
async fn a_policy_that_no_password_satisfies_changes_nothing() {
    let app = app().await;
    let vendor = app.vendor();
    let refused = [
        (json!({ "minLength": 5 }), "minLength must be from 6 to 128"),
        (json!({ "minLength": -1 }), "minLength must not be negative"),
        (json!({ "maxLength": 127 }), "maxLength must be from 128 to 1024"),
        (json!({ "maxLength": 9_000_000_000_000_000_i64 }), "maxLength must be from 128 to 1024"),
        (json!({ "minPhraseLength": 129 }), "minPhraseLength must be at most maxLength"),
        (json!({ "minOptionalTestsToPass": 5 }), "minOptionalTestsToPass must be from 0 to 4"),
        (
            json!({ "minOptionalTestsToPass": 4, "optionalTests": { "requireNumbers": false } }),
            "minOptionalTestsToPass must be from 0 to 3",
        ),
        (json!({ "blockPwnedPasswords": true }), "blockPwnedPasswords is not supported"),
        (json!({ "minLength": null }), "minLength: it cannot be null"),
        (json!({ "requiredTests": { "requireNumbers": "yes" } }), "requiredTests.requireNumbers"),
    ];
    let before = vendor.get(PASSWORD_CONFIGURATION).await.expect(200);
    for (body, beginning) in refused {
        let error = vendor.post(PASSWORD_CONFIGURATION, body.clone()).await.error(400);
        assert!(error.starts_with(beginning), "{body}: {error}");
    }
    assert_eq!(vendor.get(PASSWORD_CONFIGURATION).await.expect(200), before);
}

#[tokio::test]
async fn a_tenant_asks_for_more_and_not_for_less() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor();
    let in_acme = vendor.with("frontegg-tenant-id", acme.as_str());
    vendor.post(PASSWORD_CONFIGURATION, json!({ "minLength": 12 })).await.expect(201);
    for (weaker, field) in [
        (json!({ "minLength": 11 }), "minLength"),
        (json!({ "maxLength": 129 }), "maxLength"),
        (json!({ "minPhraseLength": 19 }), "minPhraseLength"),
    ] {
        let error = in_acme.post(PASSWORD_CONFIGURATION, weaker).await.error(400);
        assert_eq!(error, format!("{field} must not ask for less than the environment does"));
    }
    let stricter = json!({ "minLength": 14, "allowPassphrases": false });
    let answer = in_acme.post(PASSWORD_CONFIGURATION, stricter).await.expect(201);
    assert_eq!((&answer["minLength"], &answer["allowPassphrases"]), (&json!(14), &json!(false)));
    vendor.post(PASSWORD_CONFIGURATION, json!({ "minLength": 16 })).await.expect(201);
    let counts = in_acme.get(PASSWORD_CONFIGURATION).await.expect(200);
    assert_eq!((&counts["minLength"], &counts["allowPassphrases"]), (&json!(16), &json!(false)));
    assert_eq!(vendor.get(PASSWORD_CONFIGURATION).await.expect(200)["allowPassphrases"], true);
}

#[tokio::test]
async fn administrators_of_tenants_set_it_where_the_environment_lets_them() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let reader = app.user("reader@example.com", &acme, &["ReadOnly"]).await;
    let (admin, reader) = (app.sign_in(&admin, &acme).await, app.sign_in(&reader, &acme).await);
    let refused = admin.post(PASSWORD_CONFIGURATION, json!({ "minLength": 20 })).await.error(403);
    assert!(refused.contains("allowOverridePasswordComplexity"), "{refused}");
    app.vendor().post(CONFIGURATION, json!({ "allowOverridePasswordComplexity": true })).await.expect(201);
    admin.post(PASSWORD_CONFIGURATION, json!({ "minLength": 20 })).await.expect(201);
    assert_eq!(reader.get(PASSWORD_CONFIGURATION).await.expect(200)["minLength"], 20);
    assert_eq!(app.vendor().get(PASSWORD_CONFIGURATION).await.expect(200)["minLength"], 10);
    let refused = reader.post(PASSWORD_CONFIGURATION, json!({ "minLength": 21 })).await.error(403);
    assert!(refused.contains("fe.secure.write.securityPolicy"), "{refused}");
}
