//! What an environment has its mails say.

use serde_json::json;

use crate::support::{Client, address, link_parameters, mail_to, new_tenant, new_user};

const TEMPLATES: &str = "/identity/resources/mail/v1/configs/templates";

#[tokio::test]
async fn a_vendor_has_invitations_say_something_else_and_takes_it_back() {
    let vendor = Client::vendor().await;
    let (home, tenant) = (new_tenant(&vendor).await, new_tenant(&vendor).await);
    let email = address();
    let id = new_user(&vendor, &home, &email, &[]).await;
    // Other stories invite people meanwhile, and look for the link and for these words.
    let changes = json!({
        "type": "InviteToTenant",
        "subject": "A word to {{email}}: you are asked to join",
        "htmlTemplate": "<p>{{email}}, <a href=\"{{redirectURL}}\">press here</a></p>",
        "redirectURL": "https://portal.example.com/join",
    });
    let _ = vendor.post(TEMPLATES, changes).await.ok(201);
    let listed = vendor.get(TEMPLATES).await.ok(200);
    let listed =
        listed.as_array().unwrap().iter().find(|one| one["type"] == "InviteToTenant").unwrap().clone();
    let invite = format!("/identity/resources/users/v1/{id}/tenant");
    let _ = vendor.post(&invite, json!({ "tenantId": tenant })).await.ok(201);
    let mail = mail_to(&email).await.unwrap();
    assert_eq!(mail["subject"], format!("A word to {email}: you are asked to join"));
    let html = mail["html"].as_str().unwrap();
    assert!(
        html.contains("press here") && html.contains("https://portal.example.com/join?userId="),
        "{html}"
    );
    assert_eq!(link_parameters(&mail).0, id);
    let _ = vendor.delete(&format!("{TEMPLATES}/{}", listed["id"].as_str().unwrap())).await.ok(200);
    let default = vendor.get("/identity/resources/mail/v1/configs/InviteToTenant/default").await.ok(200);
    assert_ne!(default["subject"], listed["subject"]);
}
