//! Where the secrets in mails are sent.

use rookery_domain::Action;
use serde_json::json;

use super::*;

const USERS: &str = "/identity/resources/users/v2";
const RESET: &str = "/identity/resources/users/v1/activate/reset";

/// What somebody who may change the tenant could have stored before anybody looked.
async fn set_application(app: &TestApp, tenant: &TenantId, url: &str, is_registered: bool) {
    let environment = app.environment();
    let tenants = environment.tenants();
    let changed = tenants.update(tenant, Action::TenantUpdated, app.state().now(), |tenant| {
        tenant.profile.application_url = Some(url.to_owned());
        tenant.registered_urls.application = is_registered.then(|| url.to_owned());
        Ok::<_, std::convert::Infallible>(())
    });
    changed.await.unwrap().unwrap();
}

fn mailed_to(app: &TestApp) -> String {
    app.mail()[0].variables["redirectURL"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_link_leads_to_an_address_that_the_vendor_did_not_register() {
    let app = app().await;
    let (trap, acme) = (app.tenant("Trap").await, app.tenant("Acme").await);
    set_application(&app, &trap, "https://evil.example", false).await;
    let boss = app.user("boss@example.com", &trap, &["Admin"]).await;
    let boss = app.sign_in(&boss, &trap).await;
    let (victim, _) = newcomer(&app, "jane@example.com", &trap).await;
    join(&app, victim, &membership(&app, &acme, MembershipStatus::NotActivated)).await;

    let body = json!({"email": "jane@example.com"});
    let _ = app.anonymous().post(RESET, body.clone()).await.expect(201);
    assert!(mailed_to(&app).starts_with("https://app.example.com/account/activate?"), "{}", mailed_to(&app));
    let _ = boss.post(USERS, body).await.expect(201);
    assert!(mailed_to(&app).starts_with("https://app.example.com/account/activate?"), "{}", mailed_to(&app));
    let joe = app.user("joe@example.com", &acme, &[]).await;
    let _ = boss.post(USERS, json!({"email": joe.email})).await.expect(201);
    assert!(
        mailed_to(&app).starts_with("https://app.example.com/account/invitation/"),
        "{}",
        mailed_to(&app)
    );
}

#[tokio::test]
async fn an_invitation_leads_to_the_address_that_the_vendor_registered_for_the_tenant() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let joe = app.user("joe@example.com", &acme, &[]).await;
    set_application(&app, &labs, "https://labs.example/portal", true).await;
    let at_labs = app.vendor().with("frontegg-tenant-id", labs.as_str());
    let _ = at_labs.post(USERS, json!({"email": joe.email})).await.expect(201);
    assert!(
        mailed_to(&app).starts_with("https://labs.example/portal/account/invitation/"),
        "{}",
        mailed_to(&app)
    );

    let _ = at_labs.post(USERS, json!({"email": "new@example.com"})).await.expect(201);
    assert!(mailed_to(&app).starts_with("https://app.example.com/account/activate?"), "it is about the user");
}

#[tokio::test]
async fn an_address_of_no_page_leads_nowhere_even_if_it_is_registered() {
    let app = app().await;
    let (acme, labs) = (app.tenant("Acme").await, app.tenant("Labs").await);
    let joe = app.user("joe@example.com", &acme, &[]).await;
    set_application(&app, &labs, "javascript:alert(1)", true).await;
    let at_labs = app.vendor().with("frontegg-tenant-id", labs.as_str());
    let _ = at_labs.post(USERS, json!({"email": joe.email})).await.expect(201);
    assert!(
        mailed_to(&app).starts_with("https://app.example.com/account/invitation/"),
        "{}",
        mailed_to(&app)
    );
}

#[tokio::test]
async fn a_picture_is_a_picture() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let jane = app.user("jane@example.com", &acme, &["Admin"]).await;
    let client = app.sign_in(&jane, &acme).await;
    for bad in ["javascript:alert(1)", "data:text/html,x", "jane.png"] {
        let body = json!({"profilePictureUrl": bad});
        let refused = client.put("/identity/resources/users/v2/me", body.clone()).await.error(400);
        assert!(refused.starts_with("profilePictureUrl: it must be an http"), "{refused}");
        let path = format!("/identity/resources/users/v1/{}", jane.id);
        assert_eq!(app.vendor().put(&path, body).await.status(), 400);
        let new = json!({"email": "new@example.com", "profilePictureUrl": bad});
        assert_eq!(client.post(USERS, new).await.status(), 400);
    }
    let good = json!({"profilePictureUrl": "data:image/png;base64,iVBORw0KGgo="});
    let _ = client.put("/identity/resources/users/v2/me", good).await.expect(200);
}
