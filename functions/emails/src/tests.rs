//! The group through its router.

use futures::future::join_all;
use rookery_domain::{MailTemplate, TemplateKind};
use rookery_testkit::{Client, TestApp};
use serde_json::{Value, json};

const TEMPLATES: &str = "/identity/resources/mail/v1/configs/templates";

async fn app() -> TestApp {
    TestApp::start(crate::router()).await
}

async fn listed(client: &Client) -> Vec<Value> {
    client.get(TEMPLATES).await.expect(200).as_array().unwrap().clone()
}

async fn stored(app: &TestApp, kind: TemplateKind) -> Option<MailTemplate> {
    app.environment().mail_templates().get(kind).await.unwrap()
}

#[tokio::test]
async fn what_is_changed_is_listed_and_the_rest_is_as_it_is_built_in() {
    let app = app().await;
    let vendor = app.vendor();
    assert_eq!(listed(&vendor).await, Vec::<Value>::new());
    let changes = json!({
        "type": "ActivateUser",
        "redirectURL": "https://portal.example.com/activate?from=mail",
        "htmlTemplate": "<p>{{name}}: <a href=\"{{redirectURL}}\">go</a></p>",
        "fromName": "Support",
        "somethingElse": 1,
    });
    let response = vendor.post(TEMPLATES, changes).await;
    assert_eq!((response.status(), response.text()), (201, ""));
    let one = listed(&vendor).await.remove(0);
    assert_eq!(one["htmlTemplate"], "<p>{{name}}: <a href=\"{{redirectURL}}\">go</a></p>");
    assert_eq!(one["subject"], "Activate your {{senderName}} account");
    assert_eq!((&one["fromName"], &one["active"]), (&json!("Support"), &json!(true)));
    assert_eq!(one["redirectURL"], "https://portal.example.com/activate?from=mail");
    assert_eq!(one["redirectURLPattern"], one["redirectURL"]);
    assert_eq!(one["type"], "ActivateUser");
    let environment = app.environment().get().await.unwrap().unwrap();
    assert_eq!(one["senderEmail"], environment.sender.as_str());
    assert_eq!((&one["successRedirectUrl"], &one["successRedirectUrlPattern"]), (&json!(""), &json!("")));

    vendor
        .post(TEMPLATES, json!({ "type": "ActivateUser", "active": false, "fromName": "" }))
        .await
        .expect(201);
    let again = listed(&vendor).await.remove(0);
    assert_eq!((&again["id"], &again["active"]), (&one["id"], &json!(false)));
    assert_eq!(
        (&again["fromName"], &again["htmlTemplate"]),
        (&json!(environment.name), &one["htmlTemplate"])
    );
    assert_eq!(listed(&app.neighbour().await.vendor()).await, Vec::<Value>::new());
}

#[tokio::test]
async fn templates_are_found_by_type() {
    let app = app().await;
    let vendor = app.vendor();
    for kind in ["OTC", "PwnedPassword"] {
        vendor.post(TEMPLATES, json!({ "type": kind, "subject": "Read this" })).await.expect(201);
    }
    assert_eq!(listed(&vendor).await.len(), 2);
    let found = vendor.get(&format!("{TEMPLATES}?type=OTC")).await.expect(200);
    assert_eq!((found.as_array().unwrap().len(), &found[0]["type"]), (1, &json!("OTC")));
    assert_eq!(vendor.get(&format!("{TEMPLATES}?type=MagicLink")).await.expect(200), json!([]));
    let refused = vendor.get(&format!("{TEMPLATES}?type=Nonsense")).await.error(400);
    assert!(refused.contains("it must be one of ResetPassword, "), "{refused}");
}

#[tokio::test]
async fn every_type_has_a_default_that_can_be_saved() {
    let app = app().await;
    let vendor = app.vendor();
    for kind in TemplateKind::ALL {
        let path = format!("/identity/resources/mail/v1/configs/{}/default", kind.as_str());
        let default = vendor.get(&path).await.expect(200);
        assert_eq!(default["type"], kind.as_str());
        let saved = vendor.post(TEMPLATES, default.clone()).await;
        assert_eq!(saved.status(), 201, "{kind:?}: {}", saved.text());
        let back = vendor.get(&format!("{TEMPLATES}?type={}", kind.as_str())).await.expect(200);
        assert_eq!(back[0], default);
    }
    assert_eq!(listed(&vendor).await.len(), TemplateKind::ALL.len());
    let unknown = vendor.get("/identity/resources/mail/v1/configs/Nonsense/default").await.error(400);
    assert!(unknown.starts_with("there is no mail of this type"), "{unknown}");
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_changes_nothing() {
    let app = app().await;
    let vendor = app.vendor();
    let long = "x".repeat(100_001);
    for (body, beginning) in [
        (json!({}), "missing field `type`"),
        (json!({ "type": "Nonsense" }), "type: there is no mail of this type"),
        (
            json!({ "type": "OTC", "htmlTemplate": "{{#each x}}{{/each}}" }),
            "htmlTemplate: {{#each}} with what follows it",
        ),
        (
            json!({ "type": "OTC", "htmlTemplate": "{{nonsense}}" }),
            "htmlTemplate: there is no variable nonsense",
        ),
        (json!({ "type": "OTC", "subject": "{{{name}}}" }), "subject: {{{name}}} is not supported"),
        (json!({ "type": "OTC", "subject": "{{#if name}}" }), "subject: it is no Handlebars template"),
        (json!({ "type": "OTC", "subject": "a\nb" }), "subject"),
        (json!({ "type": "OTC", "subject": "x".repeat(256) }), "subject"),
        (json!({ "type": "OTC", "fromName": "a\r\nBcc: x@example.com" }), "fromName"),
        (json!({ "type": "OTC", "htmlTemplate": long }), "htmlTemplate must have at most 100000 characters"),
        (
            json!({ "type": "OTC", "redirectURL": "javascript:alert(1)" }),
            "redirectURL: it must be an http or https",
        ),
        (json!({ "type": "OTC", "senderEmail": "nobody" }), "senderEmail"),
        (
            json!({ "type": "OTC", "redirectURL": "https://a.example/{{APP_ID}}" }),
            "redirectURL cannot have variables",
        ),
        (json!({ "type": "MagicLink", "subject": "Hi" }), "redirectURL is needed: mails of type MagicLink"),
        (json!({ "type": "OTC", "active": null }), "active: it cannot be null"),
    ] {
        let error = vendor.post(TEMPLATES, body.clone()).await.error(400);
        assert!(error.starts_with(beginning), "{beginning}: {error}");
    }
    assert_eq!(listed(&vendor).await, Vec::<Value>::new());
    assert_eq!(app.environment().get().await.unwrap().unwrap().changed_mails.len(), 0);
}

#[tokio::test]
async fn what_is_deleted_is_as_it_is_built_in() {
    let app = app().await;
    let vendor = app.vendor();
    vendor.post(TEMPLATES, json!({ "type": "OTC", "subject": "Hi {{name}}" })).await.expect(201);
    let id = listed(&vendor).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{TEMPLATES}/{id}");
    assert_eq!(app.neighbour().await.vendor().delete(&path).await.error(404), "template not found");
    assert_eq!(vendor.delete(&path).await.status(), 200);
    assert_eq!(stored(&app, TemplateKind::OTC).await, None);
    assert_eq!(app.environment().get().await.unwrap().unwrap().changed_mails.len(), 0);
    assert_eq!(vendor.delete(&path).await.error(404), "template not found");
    assert_eq!(vendor.delete(&format!("{TEMPLATES}/nonsense")).await.status(), 404);
    let words = app.recorded_actions().await;
    assert_eq!(words, ["mailTemplate.changed", "mailTemplate.changed"]);
}

#[tokio::test]
async fn only_vendors_say_what_mails_say() {
    let app = app().await;
    let acme = app.tenant("Acme").await;
    let admin = app.user("admin@example.com", &acme, &["Admin"]).await;
    let admin = app.sign_in(&admin, &acme).await;
    for client in [&admin, &app.anonymous()] {
        let status = if std::ptr::eq(client, &raw const admin) { 403 } else { 401 };
        assert_eq!(client.get(TEMPLATES).await.status(), status);
        assert_eq!(client.post(TEMPLATES, json!({ "type": "OTC" })).await.status(), status);
        assert_eq!(client.get("/identity/resources/mail/v1/configs/OTC/default").await.status(), status);
    }
    assert_eq!(stored(&app, TemplateKind::OTC).await, None);
}

#[tokio::test]
async fn changes_at_the_same_moment_are_all_kept() {
    let app = app().await;
    let vendor = app.vendor();
    let changes = [
        json!({ "type": "OTC", "subject": "a" }),
        json!({ "type": "OTC", "fromName": "b" }),
        json!({ "type": "OTC", "active": false }),
        json!({ "type": "MFAOTC", "active": false }),
        json!({ "type": "PwnedPassword", "active": false }),
    ];
    for response in join_all(changes.map(|body| vendor.post(TEMPLATES, body))).await {
        assert_eq!(response.status(), 201);
    }
    let otc = stored(&app, TemplateKind::OTC).await.unwrap();
    assert_eq!((otc.subject.as_deref(), otc.from_name.as_deref(), otc.active), (Some("a"), Some("b"), false));
    assert_eq!(app.environment().get().await.unwrap().unwrap().changed_mails.len(), 3);
}
