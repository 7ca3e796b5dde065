use futures::future::join_all;
use rookery_testkit::PASSWORD;
use serde_json::{Value, json};

use super::activation::has_password;
use super::*;

const USERS: &str = "/identity/resources/users/v2";
const TENANT: &str = "frontegg-tenant-id";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn id(user: &Value) -> UserId {
    text(&user["id"]).parse().unwrap()
}

async fn status(app: &TestApp, user: UserId, tenant: &TenantId) -> MembershipStatus {
    stored(app, user).await.membership(tenant).unwrap().status.clone()
}

#[tokio::test]
async fn a_new_address_makes_a_user_who_is_mailed_to_activate_the_account() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor().with(TENANT, acme.as_str());
    let sent = json!({
        "email": "jane@example.com", "name": "Jane", "password": PASSWORD, "metadata": {"a": 1}, "provider": "google",
        "phoneNumber": "+1-212-555-0100", "profilePictureUrl": "https://example.com/jane.png",
        "expirationInSeconds": 300, "emailMetadata": {"campaign": "spring"},
    });
    for path in [USERS, "/identity/resources/users/v1"] {
        let mut sent = sent.clone();
        sent["email"] = json!(format!("jane{}@example.com", path.len()));
        let made = vendor.post(path, sent.clone()).await.expect(201);
        assert_eq!((&made["email"], &made["name"]), (&sent["email"], &json!("Jane")));
        assert_eq!((text(&made["provider"]), text(&made["metadata"])), ("google", r#"{"a":1}"#));
        assert_eq!(text(&made["phoneNumber"]), "+1-212-555-0100");
        assert_eq!(text(&made["profilePictureUrl"]), "https://example.com/jane.png");
        assert_eq!((text(&made["tenantId"]), &made["verified"]), (acme.as_str(), &json!(false)));
        assert_eq!(text(&made["tenants"][0]["temporaryExpirationDate"]), "2026-01-01T00:05:00.000Z");
        assert!(!made["permissions"].as_array().unwrap().is_empty());
        assert!(has_password(&app, text(&made["email"]), PASSWORD).await);
        assert_eq!(status(&app, id(&made), &acme).await, MembershipStatus::NotActivated);
        let mail = &app.mail()[0];
        assert_eq!(json!(mail.variables["emailMetadata"]), json!({"campaign": "spring"}));
        assert_eq!(mail.variables["tenantName"].as_str(), Some("Acme"));
        let token = PlainToken::presented(mailed_token(&app, "ActivateUser"));
        let kept = stored(&app, id(&made)).await.activation.unwrap();
        assert_eq!(kept.verify(&token, app.state().now()), Ok(()));
    }
    assert_eq!(app.mail().len(), 2);
}

#[tokio::test]
async fn the_first_member_of_a_tenant_gets_the_role_for_that_and_the_others_the_default_one() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor().with(TENANT, acme.as_str());
    let create = |n: usize| vendor.post(USERS, json!({"email": format!("user{n}@example.com")}));
    let made = join_all((0..10).map(create)).await;
    let role = |user: &Response| text(&user.expect(201)["roles"][0]["key"]).to_owned();
    let mut roles: Vec<_> = made.iter().map(role).collect();
    roles.sort();
    assert_eq!((roles[0].as_str(), &roles[1..]), ("Admin", vec!["ReadOnly".to_owned(); 9].as_slice()));

    let named = json!({"email": "named@example.com", "roleIds": app.roles(&["Admin"]).await});
    assert_eq!(role(&vendor.post(USERS, named).await), "Admin", "named roles win");
    let unnamed = json!({"email": "unnamed@example.com", "roleIds": []});
    assert_eq!(role(&vendor.post(USERS, unnamed).await), "ReadOnly");
}

#[tokio::test]
async fn without_a_mail_a_user_waits_for_the_first_sign_in_only() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let vendor = app.vendor();
    let sent = json!({"email": "jane@example.com", "skipInviteEmail": true});
    let made = vendor.with(TENANT, acme.as_str()).post(USERS, sent.clone()).await.expect(201);
    vendor.with(TENANT, labs.as_str()).post(USERS, sent.clone()).await.expect(201);
    for tenant in [&acme, &labs] {
        assert_eq!(status(&app, id(&made), tenant).await, MembershipStatus::PendingLogin);
    }
    assert!(app.mail().is_empty());
    let again = vendor.with(TENANT, labs.as_str()).post(USERS, sent).await;
    assert_eq!(again.error(409), "the user is already a member of this tenant");
}

#[tokio::test]
async fn a_known_address_gets_an_invitation_and_stays_as_it_is() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let jane = app.user("jane@example.com", &acme, &["ReadOnly"]).await;
    let boss = app.user("boss@example.com", &labs, &["Admin"]).await;
    let boss = app.sign_in(&boss, &labs).await;
    let sent = json!({"email": "Jane@Example.com", "name": "Mallory", "metadata": {"x": 1}});
    let invited = boss.post(USERS, sent).await.expect(201);
    assert_eq!(invited["tenantIds"], json!([labs]), "other tenants are nobody's business");
    assert!(invited.get("vendorMetadata").is_none());
    let user = stored(&app, jane.id).await;
    assert_eq!((user.name.as_deref(), user.metadata.to_wire().as_str()), (Some("Jane Doe"), "{}"));
    assert!(matches!(status(&app, jane.id, &labs).await, MembershipStatus::PendingInvitation(_)));
    let mail = &app.mail()[0];
    assert_eq!(
        (mail.variables["issuerEmail"].as_str(), mail.variables["tenantName"].as_str()),
        (Some("boss@example.com"), Some("Labs"))
    );
    let token = PlainToken::presented(mailed_token(&app, "InviteToTenant"));
    assert_eq!(stored(&app, jane.id).await.accept_invitation(&token, app.state().now()), Ok(labs.clone()));

    let again = json!({"email": "jane@example.com", "password": "Other-Horse-77"});
    app.vendor().with(TENANT, labs.as_str()).post(USERS, again).await.expect(201);
    assert!(has_password(&app, "jane@example.com", PASSWORD).await);
}

#[tokio::test]
async fn who_has_not_accepted_yet_is_mailed_again_and_who_has_is_not() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor().with(TENANT, acme.as_str());
    let sent = json!({"email": "jane@example.com"});
    let made = vendor.post(USERS, sent.clone()).await.expect(201);
    let first = mailed_token(&app, "ActivateUser");
    assert_eq!(vendor.post(USERS, sent.clone()).await.expect(201)["id"], made["id"]);
    assert_ne!(mailed_token(&app, "ActivateUser"), first, "the earlier link is void");

    let silently = json!({"email": "jane@example.com", "skipInviteEmail": true});
    vendor.post(USERS, silently).await.expect(201);
    assert_eq!(status(&app, id(&made), &acme).await, MembershipStatus::PendingLogin);
    assert_eq!(app.mail().len(), 2);
    assert_eq!(vendor.post(USERS, sent).await.status(), 409);
}

#[tokio::test]
async fn of_ten_invitations_of_one_address_one_makes_the_user() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let tenants = [&acme, &labs];
    let clients = tenants.map(|tenant| app.vendor().with(TENANT, tenant.as_str()));
    let sent = json!({"email": "jane@example.com", "skipInviteEmail": true});
    let responses = join_all((0..10).map(|n| clients[n % 2].post(USERS, sent.clone()))).await;
    assert_eq!((statuses(&responses, 201), statuses(&responses, 409)), (2, 8), "one for each tenant");
    let jane = app.environment().users().login(&"jane@example.com".parse().unwrap()).await.unwrap().unwrap();
    let jane = stored(&app, jane.value.unwrap().user_id).await;
    assert_eq!(jane.memberships.len(), 2);
    let listed = app.vendor().get("/identity/resources/users/v3").await.expect(200);
    assert_eq!(listed["_metadata"]["totalItems"], 1);
}

#[tokio::test]
async fn ten_mailed_invitations_of_one_address_all_end_well() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor().with(TENANT, acme.as_str());
    let responses = join_all((0..10).map(|_| vendor.post(USERS, json!({"email": "jane@example.com"})))).await;
    assert_eq!(statuses(&responses, 201), 10);
    let listed = app.vendor().get("/identity/resources/users/v3").await.expect(200);
    assert_eq!(listed["_metadata"]["totalItems"], 1);
}

#[tokio::test]
async fn a_user_invites_only_with_the_permission_and_with_weaker_roles() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let reader = app.user("reader@example.com", &acme, &["ReadOnly"]).await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let weak = Role { level: 5.try_into().unwrap(), ..app.role("Inviter", None) };
    app.write_role(&weak, &["fe.secure.write.users"]).await;
    let inviter = app.user("inviter@example.com", &acme, &["Inviter"]).await;
    let roles = app.roles(&["ReadOnly"]).await;
    let sent = json!({"email": "jane@example.com", "roleIds": roles});
    assert_eq!(app.sign_in(&reader, &acme).await.post(USERS, sent.clone()).await.status(), 403);
    assert_eq!(app.sign_in(&inviter, &acme).await.post(USERS, sent.clone()).await.status(), 403);
    assert!(app.mail().is_empty());
    app.sign_in(&admin, &acme).await.post(USERS, sent).await.expect(201);
    let unnamed = app.sign_in(&inviter, &acme).await.post(USERS, json!({"email": "john@example.com"})).await;
    assert_eq!(unnamed.status(), 403, "the roles for new members are as strong");
}

#[tokio::test]
async fn an_administrator_cannot_know_the_password_of_somebody_they_invite() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let admin = app.sign_in(&admin, &acme).await;
    let sent = json!({"email": "victim@example.com", "password": PASSWORD, "skipInviteEmail": true});
    assert!(admin.post(USERS, sent).await.error(403).contains("only a vendor"));
    assert!(
        app.environment()
            .users()
            .login(&"victim@example.com".parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .value
            .is_none()
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let vendor = app.vendor().with(TENANT, acme.as_str());
    let own = app.role("Own", Some(&labs));
    app.write_role(&own, &[]).await;
    for (status, body) in [
        (400, json!({})),
        (400, json!({"email": "nobody"})),
        (400, json!({"email": "a@example.com", "expirationInSeconds": 299})),
        (400, json!({"email": "a@example.com", "provider": "carrier pigeon"})),
        (400, json!({"email": "a@example.com", "profilePictureUrl": "x".repeat(4_096)})),
        (400, json!({"email": "a@example.com", "password": "password"})),
        (404, json!({"email": "a@example.com", "roleIds": [own.id]})),
    ] {
        let refused = vendor.post(USERS, body.clone()).await;
        assert_eq!(refused.status(), status, "{body}: {}", refused.text());
    }
    let named = vendor.post(USERS, json!({"email": "a@example.com", "roleIds": ["Admin"]})).await.error(400);
    assert!(named.starts_with("roleIds[0]: "), "the field is named: {named}");
    let sent = json!({"email": "a@example.com"});
    assert_eq!(app.vendor().post(USERS, sent.clone()).await.status(), 400, "the tenant must be named");
    assert_eq!(
        app.vendor().with(TENANT, "nowhere").post(USERS, sent.clone()).await.error(404),
        "tenant not found"
    );
    let neighbour = app.neighbour().await.vendor().with(TENANT, acme.as_str());
    assert_eq!(neighbour.post(USERS, sent.clone()).await.status(), 404);
    assert_eq!(app.anonymous().post(USERS, sent).await.status(), 401);
    assert!(app.mail().is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_undoes_nothing() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let environment = app.environment();
    let broken = environment.update(|environment| {
        environment.application_url = "nowhere".to_owned();
        Ok::<_, std::convert::Infallible>(())
    });
    broken.await.unwrap();
    let vendor = app.vendor().with(TENANT, acme.as_str());
    let made = vendor.post(USERS, json!({"email": "jane@example.com"})).await.expect(201);
    assert!(app.mail().is_empty());
    assert_eq!(status(&app, id(&made), &acme).await, MembershipStatus::NotActivated);
}

#[tokio::test]
async fn inviting_a_new_user_costs_two_waves_and_a_known_one_three() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let vendor = app.vendor().with(TENANT, acme.as_str());
    vendor.post(USERS, json!({"email": "john@example.com"})).await.expect(201);
    let before = app.store().round_trips().waves();
    vendor.post(USERS, json!({"email": "jane@example.com"})).await.expect(201);
    let between = app.store().round_trips().waves();
    let labs = app.tenant("Labs").await;
    let (sent, start) = (json!({"email": "jane@example.com"}), app.store().round_trips().waves());
    app.vendor().with(TENANT, labs.as_str()).post(USERS, sent).await.expect(201);
    assert_eq!(
        (between - before, app.store().round_trips().waves() - start),
        (2, 3),
        "and a known one three"
    );
}
