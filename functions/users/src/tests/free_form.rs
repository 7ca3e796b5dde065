//! JSON that callers make up.

use rookery_domain::JsonObject;
use serde_json::json;

use super::*;

const ME: &str = "/identity/resources/users/v2/me";
const USERS: &str = "/identity/resources/users/v2";
const RESET: &str = "/identity/resources/users/v1/activate/reset";

/// Keys that libraries give a meaning of their own.
const PRIVATE: [&str; 2] = ["$serde_json::private::RawValue", "$serde_json::private::Number"];

/// An object of one private key, whose value is such an object as a string, and so on.
fn within_itself(key: &str, depth: usize) -> String {
    (0..depth).fold("1".to_owned(), |inner, _| json!({ key: inner }).to_string())
}

/// The claims of the access token that somebody gets who signs in.
fn claims(token: &str) -> JsonObject {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn no_key_has_a_meaning_of_its_own_in_any_body() {
    let app = TestApp::start(crate::router().merge(rookery_authentication::router())).await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&jane, &acme).await;
    for key in PRIVATE {
        let object = within_itself(key, 6);
        for sent in [object.clone(), json!(object).to_string()] {
            let updated = client.send("PUT", ME, Some(format!(r#"{{"metadata":{sent}}}"#))).await.expect(200);
            assert_eq!(updated["metadata"], object.as_str());
            assert_eq!(stored(&app, jane.id).await.metadata.to_wire(), object);

            let body = json!({"email": "jane@example.com", "password": rookery_testkit::PASSWORD});
            let signed_in = app.anonymous().post("/identity/resources/auth/v1/user", body).await.expect(200);
            let token = signed_in["accessToken"].as_str().unwrap();
            assert_eq!(
                claims(token)["metadata"].to_string(),
                object,
                "what is stored is what the token says"
            );
            let me = app.anonymous().bearer(token).get(ME).await.expect(200);
            assert_eq!(me["metadata"], object.as_str(), "nobody is locked out by what they keep");
        }
    }
}

#[tokio::test]
async fn what_a_mail_may_show_besides_is_shown_as_it_is() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    newcomer(&app, "joe@example.com", &acme).await;
    for key in PRIVATE {
        let object = within_itself(key, 9);
        let body = format!(r#"{{"email":"joe@example.com","emailMetadata":{object}}}"#);
        let _ = app.anonymous().send("POST", RESET, Some(body)).await.expect(201);
        assert_eq!(json!(app.mail()[0].variables["emailMetadata"]).to_string(), object);
    }
}

#[tokio::test]
async fn what_a_mail_may_show_besides_is_bounded() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    newcomer(&app, "joe@example.com", &acme).await;
    let nested = (0..100).fold(json!(1), |inner, _| json!([inner]));
    for (metadata, message) in [
        (json!({"a": "x".repeat(4_090)}), "emailMetadata: the object must be at most 4096 bytes of JSON"),
        (json!({"a": nested}), "values nest at most 64 levels deep"),
        (json!([1]), "emailMetadata: a JSON object is needed"),
    ] {
        let body = json!({"email": "joe@example.com", "emailMetadata": metadata});
        let refused = app.anonymous().post(RESET, body).await.error(400);
        assert!(refused.contains(message), "{refused}");
        let body = json!({"email": "new@example.com", "emailMetadata": metadata});
        let refused =
            app.vendor().with("frontegg-tenant-id", acme.as_str()).post(USERS, body).await.error(400);
        assert!(refused.contains(message), "{refused}");
    }
    assert!(app.mail().is_empty());
}
