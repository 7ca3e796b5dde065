use std::time::Duration;

use serde_json::{Value, json};

use super::*;

const USERS: &str = "/identity/resources/users/v1";

fn path(user: &TestUser, rest: &str) -> String {
    format!("{USERS}/{}{rest}", user.id)
}

#[tokio::test]
async fn a_vendor_changes_only_what_is_mentioned() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let vendor = app.vendor();
    let sent = json!({
        "name": "Jane", "phoneNumber": "+12125550100", "metadata": "{\"a\":1}", "vendorMetadata": {"b": 2},
        "mfaBypass": true, "email": "other@example.com",
    });
    let updated = vendor.put(&path(&jane, ""), sent).await.expect(200);
    assert_eq!((&updated["name"], &updated["email"]), (&json!("Jane"), &json!("jane@example.com")));
    assert_eq!(
        (&updated["metadata"], &updated["vendorMetadata"]),
        (&json!(r#"{"a":1}"#), &json!(r#"{"b":2}"#))
    );
    let updated =
        vendor.put(&path(&jane, ""), json!({"phoneNumber": null, "vendorMetadata": null})).await.expect(200);
    assert_eq!((&updated["name"], &updated["phoneNumber"]), (&json!("Jane"), &Value::Null));
    assert_eq!((&updated["metadata"], &updated["vendorMetadata"]), (&json!(r#"{"a":1}"#), &json!("{}")));
    assert_eq!(updated["mfaBypass"], true);
    assert_eq!(stored(&app, jane.id).await.name.as_deref(), Some("Jane"));

    let before = app.store().round_trips().waves();
    vendor.put(&path(&jane, ""), json!({"name": "Jane D."})).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 2);
    for refused in [
        json!({"metadata": {"a": "x".repeat(4_096)}}),
        json!({"metadata": "[1]"}),
        json!({"mfaBypass": null}),
        json!({"phoneNumber": "1"}),
        json!({"name": "a\u{0}"}),
    ] {
        assert_eq!(vendor.put(&path(&jane, ""), refused).await.status(), 400);
    }
    let refused = vendor.put(&path(&jane, ""), json!({"vendorMetadata": "bad"})).await.error(400);
    assert_eq!(refused, "vendorMetadata must be a JSON object, or a string that holds one");
}

#[tokio::test]
async fn switches_are_switched() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let vendor = app.vendor();
    for (name, body) in [("invisible", "invisible"), ("superuser", "superUser")] {
        for on in [true, false] {
            let updated =
                vendor.put(&path(&jane, &format!("/{name}")), json!({ body: on })).await.expect(200);
            assert_eq!(updated[body], on);
        }
        assert_eq!(vendor.put(&path(&jane, &format!("/{name}")), json!({})).await.status(), 400);
    }
}

#[tokio::test]
async fn a_locked_user_is_out_at_once_and_back_when_unlocked() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let locked = app.vendor().post(&path(&jane, "/lock"), json!({})).await;
    assert_eq!((locked.status(), locked.text()), (200, ""));
    assert!(app.environment().sessions().of_user(jane.id).await.unwrap().is_empty());
    assert_eq!(client.get("/identity/resources/users/v2/me").await.status(), 401);
    assert_eq!(stored(&app, jane.id).await.locked, Some(rookery_domain::LockReason::Administrator));
    app.vendor().post(&path(&jane, "/unlock"), json!({})).await.expect(200);
    assert_eq!(stored(&app, jane.id).await.locked, None);
    app.sign_in(&jane, &acme).await.get("/identity/resources/users/v2/me").await.expect(200);
}

#[tokio::test]
async fn a_verified_user_is_let_in_and_can_still_set_a_password() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, _) = newcomer(&app, "jane@example.com", &acme).await;
    let verified = app.vendor().post(&format!("{USERS}/{id}/verify"), json!({})).await;
    assert_eq!((verified.status(), verified.text()), (200, ""));
    let user = stored(&app, id).await;
    assert!(user.verified && user.activation.is_some());
    assert_eq!(user.memberships[0].status, MembershipStatus::Activated);
    assert!(app.mail().is_empty());
}

#[tokio::test]
async fn another_address_is_another_way_to_sign_in() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    app.user("john@example.com", &acme, &["ReadOnly"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let vendor = app.vendor();
    let taken = vendor.put(&path(&jane, "/email"), json!({"email": "John@example.com"})).await;
    assert_eq!(taken.error(409), "a user with this email already exists");
    client.get("/identity/resources/users/v2/me").await.expect(200);
    let same = vendor.put(&path(&jane, "/email"), json!({"email": "JANE@example.com"})).await.expect(200);
    assert_eq!(same["email"], "jane@example.com");
    assert!(app.mail().is_empty());
    client.get("/identity/resources/users/v2/me").await.expect(200);

    let moved = vendor.put(&path(&jane, "/email"), json!({"email": "jd@example.com"})).await.expect(200);
    assert_eq!((&moved["email"], &moved["verified"]), (&json!("jd@example.com"), &json!(true)));
    assert_eq!(client.get("/identity/resources/users/v2/me").await.status(), 401);
    let told = app.mail().remove(0);
    assert_eq!(
        (told.template.as_str(), told.to.to_string().as_str()),
        ("EmailAddressChanged", "jane@example.com")
    );
    let by_email = |email: &str| format!("{USERS}/email?email={email}");
    assert_eq!(vendor.get(&by_email("jane@example.com")).await.status(), 404);
    assert_eq!(vendor.get(&by_email("jd%40example.com")).await.expect(200)["id"], json!(jane.id));
    assert_eq!(vendor.put(&path(&jane, "/email"), json!({"email": "jd"})).await.status(), 400);
}

#[tokio::test]
async fn an_activation_link_is_made_without_a_mail() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let (id, earlier) = newcomer(&app, "jane@example.com", &acme).await;
    app.clock().advance(Duration::from_mins(1));
    let make = format!("{USERS}/{id}/links/generate-activation-token");
    let made = app.vendor().post(&make, json!({})).await.expect(201);
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["userId"], json!(id));
    assert_eq!(made["link"], format!("https://app.example.com/account/activate?userId={id}&token={token}"));
    assert!(app.mail().is_empty());
    let kept = stored(&app, id).await.activation.unwrap();
    assert!(kept.verify(&earlier, app.state().now()).is_err(), "earlier links no longer work");
    assert_eq!(kept.verify(&PlainToken::presented(token.to_owned()), app.state().now()), Ok(()));

    let john = app.user("john@example.com", &acme, &["Admin"]).await;
    let refused = app.vendor().post(&path(&john, "/links/generate-activation-token"), json!({})).await;
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn a_user_is_read_in_a_tenant() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    join(&app, jane.id, &membership(&app, &labs, MembershipStatus::Activated)).await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let vendor = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let before = app.store().round_trips().waves();
    let read = vendor.get(&path(&jane, "")).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 1);
    assert_eq!((&read["roles"][0]["key"], &read["tenantIds"]), (&json!("ReadOnly"), &json!([acme, labs])));
    assert_eq!((&read["vendorMetadata"], &read["activatedForTenant"]), (&json!("{}"), &json!(true)));

    let colleague = app.sign_in(&admin, &acme).await;
    let before = app.store().round_trips().waves();
    let seen = colleague.get(&path(&jane, "")).await.expect(200);
    assert_eq!(app.store().round_trips().waves() - before, 2);
    assert_eq!((&seen["tenantIds"], seen.get("vendorMetadata")), (&json!([acme]), None));

    change(&app, jane.id, |user| user.invisible = true).await;
    assert_eq!(colleague.get(&path(&jane, "")).await.status(), 404, "invisible to users");
    change(&app, admin.id, |user| user.invisible = true).await;
    colleague.get(&path(&admin, "")).await.expect(200);
    vendor.get(&path(&jane, "")).await.expect(200);

    let elsewhere = app.tenant("Elsewhere").await;
    assert_eq!(
        app.vendor().with("frontegg-tenant-id", elsewhere.as_str()).get(&path(&jane, "")).await.status(),
        404
    );
    assert_eq!(app.vendor().get(&path(&jane, "")).await.status(), 400, "the tenant must be named");
    let stranger = app.user("stranger@example.com", &labs, &["Admin"]).await;
    assert_eq!(app.sign_in(&stranger, &labs).await.get(&path(&admin, "")).await.status(), 404);
}

#[tokio::test]
async fn users_and_other_environments_have_no_business_here() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&jane, &acme).await;
    let neighbour = app.neighbour().await.vendor();
    for (method, rest, body) in [
        ("PUT", "", json!({"name": "Mallory"})),
        ("POST", "/verify", json!({})),
        ("POST", "/lock", json!({})),
        ("POST", "/unlock", json!({})),
        ("PUT", "/invisible", json!({"invisible": true})),
        ("PUT", "/superuser", json!({"superUser": true})),
        ("PUT", "/email", json!({"email": "mallory@example.com"})),
        ("PUT", "/tenant", json!({"tenantId": acme})),
        ("POST", "/tenant", json!({"tenantId": acme})),
        ("POST", "/links/generate-activation-token", json!({})),
    ] {
        let path = path(&jane, rest);
        assert_eq!(client.send(method, &path, Some(body.to_string())).await.status(), 403, "{path}");
        assert_eq!(neighbour.send(method, &path, Some(body.to_string())).await.status(), 404, "{path}");
    }
    assert_eq!(client.get(&format!("{USERS}/email?email=jane@example.com")).await.status(), 403);
    assert_eq!(neighbour.get(&format!("{USERS}/email?email=jane@example.com")).await.status(), 404);
    assert_eq!(app.vendor().get(&format!("{USERS}/email?email=jane")).await.status(), 400);
    let user = stored(&app, jane.id).await;
    assert_eq!(
        (user.name.as_deref(), user.super_user, user.email.as_str()),
        (Some("Jane Doe"), false, "jane@example.com")
    );
}
