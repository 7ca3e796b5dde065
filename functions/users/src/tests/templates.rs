//! Mails as an environment has them.

use rookery_domain::{MailTemplate, TemplateKind};
use serde_json::json;

use super::*;

const USERS: &str = "/identity/resources/users/v2";

async fn change(app: &TestApp, kind: TemplateKind, change: impl Fn(&mut MailTemplate)) {
    let environment = app.environment();
    let templates = environment.mail_templates();
    let updated = templates.update(kind, app.state().now(), |template| {
        change(template);
        Ok::<_, std::convert::Infallible>(())
    });
    updated.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_mail_says_what_the_environment_has_it_say_and_leads_where_it_wants() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    change(&app, TemplateKind::ActivateUser, |template| {
        template.html =
            Some("<b>{{name}} of {{tenantName}}</b> {{emailMetadata.plan}} {{redirectURL}}".into());
        template.subject = Some("Welcome, {{name}}".into());
        let page = "https://portal.example.com/start?lang=de#top".to_owned();
        template.redirect_url = Some(page.try_into().unwrap());
    })
    .await;
    let in_acme = app.vendor().with("frontegg-tenant-id", acme.as_str());
    let body =
        json!({ "email": "jane@example.com", "name": "Jane <x>", "emailMetadata": { "plan": "gold" } });
    let user = in_acme.post(USERS, body).await.expect(201);
    let mail = app.mail().remove(0);
    assert_eq!(mail.subject, "Welcome, Jane <x>");
    assert!(mail.html.starts_with(
        "<b>Jane &lt;x&gt; of Acme</b> gold https://portal.example.com/start?lang=de&amp;userId="
    ));
    let link = format!(
        "/identity/resources/users/v1/{}/links/generate-activation-token",
        user["id"].as_str().unwrap()
    );
    let link = app.vendor().post(&link, json!({})).await.expect(201)["link"].take();
    assert!(link.as_str().unwrap().starts_with("https://portal.example.com/start?lang=de&userId="), "{link}");
    let other = app.neighbour().await;
    let tenant = other.tenant("Acme").await;
    let elsewhere = other.vendor().with("frontegg-tenant-id", tenant.as_str());
    elsewhere.post(USERS, json!({ "email": "jane@example.com" })).await.expect(201);
    assert!(other.mail()[0].subject.starts_with("Activate your "));
}

#[tokio::test]
async fn a_type_that_is_switched_off_is_not_mailed_and_nothing_fails() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    change(&app, TemplateKind::ActivateUser, |template| template.active = false).await;
    let in_acme = app.vendor().with("frontegg-tenant-id", acme.as_str());
    in_acme.post(USERS, json!({ "email": "jane@example.com" })).await.expect(201);
    app.anonymous()
        .post("/identity/resources/users/v1/activate/reset", json!({ "email": "jane@example.com" }))
        .await
        .expect(201);
    assert_eq!(app.mail().len(), 0);
    change(&app, TemplateKind::ActivateUser, |template| template.active = true).await;
    app.anonymous()
        .post("/identity/resources/users/v1/activate/reset", json!({ "email": "jane@example.com" }))
        .await
        .expect(201);
    assert_eq!(app.mail().len(), 1);
}
